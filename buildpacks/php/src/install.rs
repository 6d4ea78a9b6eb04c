//! Decision: whether and how Composer installs packages.

use kouti::catalog::{Catalog, Choice, Request, Target, Wanted, choose};
use kouti::version::Range;
use kouti::{Env, Explain, Fault, Notice, Problem};
use serde::Serialize;

use crate::app::{App, Composer};
use crate::composer_file::inside;
use crate::content_hash::content_hash;
use crate::settings::{Audit, Check, Settings};

/// Id in the catalogue, and name in the build plan.
pub(crate) const COMPOSER: &str = "composer";

/// What Composer is told to do.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Install {
    /// Which Composer.
    pub(crate) composer: Choice,
    /// The composer file, relative to the app.
    pub(crate) file: String,
    /// The lock, if there is one.
    pub(crate) lock: Option<String>,
    /// Where packages go, relative to the app.
    pub(crate) vendor_dir: String,
    /// Where their programs go, relative to the app.
    pub(crate) bin_dir: String,
    /// Options of `composer install`.
    pub(crate) options: Vec<String>,
    /// Whether development packages are installed.
    pub(crate) with_dev: bool,
    /// Packages for the build alone.
    pub(crate) global: Vec<String>,
    /// Scripts to run afterwards.
    pub(crate) scripts: Vec<String>,
    #[serde(skip)]
    pub(crate) audit: Audit,
    /// Whether packages of the last build may be put back: they are those that the lock names.
    pub(crate) can_reuse: bool,
}

impl Install {
    pub(crate) fn decide(
        app: &App,
        composer: &Composer,
        settings: &Settings,
        env: &Env,
        catalog: &Catalog,
        target: &Target,
        notices: &mut Vec<Notice>,
    ) -> Result<Self, Problem> {
        check_lock(composer, settings, notices)?;
        let base = |name: &'static str, config: &Option<String>, default: String| {
            let set = env.given(name).map(str::to_owned);
            let dir = set.or_else(|| config.clone()).unwrap_or(default);
            inside(&app.dir, &dir).filter(|clean| !clean.is_empty()).ok_or(DirOutside { name, dir })
        };
        let vendor_dir =
            base("COMPOSER_VENDOR_DIR", &composer.json.vendor_dir, "vendor".to_owned())?;
        let bin_dir =
            base("COMPOSER_BIN_DIR", &composer.json.bin_dir, format!("{vendor_dir}/bin"))?;
        let with_dev = with_dev(settings, env);
        if app.is_vendored {
            notices.push(
                Notice::new(format!("the source has a `{vendor_dir}` of its own: it is kept"))
                    .hint("leave it out of the repository: Composer installs what the lock says"),
            );
        }
        let abandoned: Vec<_> = composer
            .lock
            .iter()
            .flat_map(|lock| lock.installed(with_dev))
            .filter(|package| package.abandoned)
            .map(|package| package.name.as_str())
            .collect();
        if !abandoned.is_empty() {
            notices.push(Notice::new(format!(
                "nobody maintains these packages any more: {}",
                abandoned.join(", ")
            )));
        }
        Ok(Self {
            composer: choose_composer(composer, settings, catalog, target, notices)?,
            file: composer.files.json.clone(),
            lock: composer.files.has_lock.then(|| composer.files.lock.clone()),
            scripts: scripts(composer, settings)?,
            options: settings.install_options.clone(),
            global: settings.install_global.clone(),
            audit: settings.audit,
            can_reuse: !app.is_vendored
                && composer
                    .lock
                    .as_ref()
                    .is_some_and(|lock| lock.installed(with_dev).all(|package| !package.is_path)),
            vendor_dir,
            bin_dir,
            with_dev,
        })
    }
}

/// Whether development packages are installed with these options.
pub(crate) fn with_dev(settings: &Settings, env: &Env) -> bool {
    let has = |option: &str| settings.install_options.iter().any(|word| word == option);
    let refused = has("--no-dev") || env.given("COMPOSER_NO_DEV").is_some_and(|text| text != "0");
    !refused
}

fn check_lock(
    composer: &Composer,
    settings: &Settings,
    notices: &mut Vec<Notice>,
) -> Result<(), Problem> {
    let files = &composer.files;
    let Some(lock) = &composer.lock else {
        if settings.require_lock {
            return Err(BadLock::Missing { path: files.lock.clone() }.into());
        }
        if !composer.json.require.is_empty() {
            notices.push(
                Notice::new(format!(
                    "there is no {}: every build installs the newest packages that {} allows",
                    files.lock, files.json
                ))
                .hint("run `composer update` and commit the lock; check .gitignore"),
            );
        }
        return Ok(());
    };
    let fits =
        lock.content_hash.as_ref().is_none_or(|hash| *hash == content_hash(&composer.json.fields));
    if fits || settings.lock_check == Check::Off {
        return Ok(());
    }
    let bad = BadLock::OutOfDate { path: files.lock.clone(), json: files.json.clone() };
    if settings.lock_check == Check::Fail {
        return Err(bad.into());
    }
    let hint = bad.hints().swap_remove(0);
    notices.push(Notice::new(bad.to_string()).hint(hint));
    Ok(())
}

/// The newest 2.x; 2.2 for plugins that were written for it, where this builder has it.
fn choose_composer(
    composer: &Composer,
    settings: &Settings,
    catalog: &Catalog,
    target: &Target,
    notices: &mut Vec<Notice>,
) -> Result<Choice, Problem> {
    let wanted = |text: &str, origin: &str| {
        let range = Range::parse(text).map_err(|error| error.asked_for_in(origin))?;
        Ok::<_, Problem>(Wanted { range, origin: origin.to_owned() })
    };
    let default = wanted(catalog.default_version(COMPOSER), "default")?;
    let newest = |all: Vec<Wanted>| {
        choose(catalog, &Request { id: COMPOSER, name: "Composer", wanted: &all, target })
    };
    if let Some(text) = &settings.composer_version {
        return Ok(newest(vec![wanted(text, "BP_COMPOSER_VERSION")?, default])?);
    }
    let Some(lock) = &composer.lock else { return Ok(newest(vec![default])?) };
    let api = lock.plugin_api.as_deref();
    let is_old =
        api.is_some_and(|api| ["2.0.", "2.1.", "2.2."].iter().any(|line| api.starts_with(line)));
    let plugin = lock.packages.iter().find(|package| package.kind == "composer-plugin");
    match (api, plugin) {
        (None, _) => notices.push(
            Notice::new(format!("{} was written by a very old Composer", composer.files.lock))
                .hint("run `composer update --lock` with Composer 2 and commit it"),
        ),
        (_, Some(plugin)) if is_old => {
            let origin = format!("{} (plugin-api-version)", composer.files.lock);
            match newest(vec![wanted("2.2.*", &origin)?, default.clone()]) {
                Ok(choice) => return Ok(choice),
                Err(_) => notices.push(
                    Notice::new(format!(
                        "the plugin {} was locked by Composer 2.2 or older, which this builder \
                         does not have",
                        plugin.name
                    ))
                    .hint("if it fails, update it: `composer update` with the newest Composer"),
                ),
            }
        }
        _ => {}
    }
    Ok(newest(vec![default])?)
}

fn scripts(composer: &Composer, settings: &Settings) -> Result<Vec<String>, UnknownScript> {
    let known = &composer.json.scripts;
    let Some(wanted) = &settings.run_scripts else {
        return Ok(known.iter().filter(|name| *name == "compile").cloned().collect());
    };
    match wanted.iter().find(|name| !known.contains(name)) {
        Some(name) => Err(UnknownScript { name: name.clone(), known: known.clone() }),
        None => Ok(wanted.clone()),
    }
}

/// The lock is not as the user wants it to be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadLock {
    #[error("{path} is missing, and BP_COMPOSER_REQUIRE_LOCK is true")]
    Missing { path: String },
    #[error("{path} does not fit {json}: it was made from another version of it")]
    OutOfDate { path: String, json: String },
}

impl Explain for BadLock {
    fn id(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "no-composer-lock",
            Self::OutOfDate { .. } => "composer-lock-out-of-date",
        }
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Missing { path } => vec![
                format!("run `composer update` and commit {path}"),
                "if it is there on your machine, check .gitignore, and what is left out of uploads"
                    .to_owned(),
            ],
            Self::OutOfDate { path, .. } => {
                vec![format!("run `composer update --lock` and commit {path}")]
            }
        }
    }
}

/// A directory of Composer that is not below the app, and so not in the image.
#[derive(Debug, thiserror::Error)]
#[error("packages would go to `{dir}`, which is not a directory within the app")]
pub(crate) struct DirOutside {
    name: &'static str,
    dir: String,
}

impl Explain for DirOutside {
    fn id(&self) -> &'static str {
        "composer-dir-outside"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        let key = if self.name.contains("BIN") { "config.bin-dir" } else { "config.vendor-dir" };
        vec![format!("set {} or {key} to a path relative to the app, such as `vendor`", self.name)]
    }
}

/// `BP_COMPOSER_RUN_SCRIPTS` names a script that is not there.
#[derive(Debug, thiserror::Error)]
#[error("BP_COMPOSER_RUN_SCRIPTS names the script `{name}`, which composer.json does not have")]
pub(crate) struct UnknownScript {
    name: String,
    known: Vec<String>,
}

impl Explain for UnknownScript {
    fn id(&self) -> &'static str {
        "unknown-composer-script"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        if self.known.is_empty() {
            return vec!["composer.json has no scripts: add one below `scripts`".to_owned()];
        }
        vec![format!("its scripts are: {}", self.known.join(", "))]
    }
}
