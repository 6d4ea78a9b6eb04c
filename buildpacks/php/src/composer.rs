//! Action: Composer installs the packages of the app.

use std::path::{Path, PathBuf};

use kouti::{BuildContext, Command, Env, Layer, LayerEnv, Log, Problem, Uses, sha256, tree};
use serde::Serialize;

use crate::audit;
use crate::auth;
use crate::composer_failure::{Step, explain};
use crate::install::Install;
use crate::settings::Audit;
use crate::toolchain::{Key, Toolchain};

/// Settings for a build. What the user has set of them stays.
const DEFAULTS: [(&str, &str); 5] = [
    ("COMPOSER_NO_INTERACTION", "1"),
    ("COMPOSER_FUND", "0"),
    // A link would lead out of the directory of the packages.
    ("COMPOSER_MIRROR_PATH_REPOS", "1"),
    ("COMPOSER_ALLOW_SUPERUSER", "1"),
    ("COMPOSER_DISABLE_XDEBUG_WARN", "1"),
];

/// The packages of the last build as one file, and the lock they were made from.
const SNAPSHOT: &str = "vendor.tar";
const SNAPSHOT_LOCK: &str = "vendor.lock";

/// Everything that a kept directory of packages must have in common with this build.
#[derive(Serialize)]
struct SnapshotKey<'a> {
    platform: String,
    php: String,
    composer: u64,
    vendor_dir: &'a str,
    with_dev: bool,
}

/// Runs Composer, with what it needs from build to build.
pub(crate) struct Runner<'a> {
    context: &'a BuildContext,
    install: &'a Install,
    /// The program.
    phar: PathBuf,
    env: Env,
}

impl<'a> Runner<'a> {
    /// Installs Composer itself. `php` is an environment in which PHP runs.
    pub(crate) fn new(
        context: &'a BuildContext,
        install: &'a Install,
        log: &mut Log,
        toolchain: &Toolchain<'_>,
        php: &Env,
    ) -> Result<Self, Problem> {
        let artifact = &install.composer.artifact;
        let layer = Layer {
            name: "composer",
            title: artifact.title(),
            uses: Uses::BUILD,
            key: Key::of(artifact),
            env: LayerEnv::new(),
            sbom: Some(context.document(artifact)),
        };
        let made = context.layers.ensure(log, &layer, |dir, log| {
            fs_err::create_dir(dir.join("bin"))?;
            toolchain.file(artifact, &dir.join("bin/composer"), log)
        })?;
        let cache = context.layers.cache(log, "composer-cache", CacheKey { format: 1 })?;
        Ok(Self {
            env: environment(context, install, &cache, php)?,
            phar: made.dir.join("bin/composer"),
            context,
            install,
        })
    }

    /// Afterwards the packages are in the app, the autoloader is fresh, and scripts have run.
    ///
    /// It runs even if no package has changed: scripts may make files outside the packages, and the
    /// autoloader lists the classes of the app.
    pub(crate) fn install(&mut self, log: &mut Log) -> Result<(), Problem> {
        self.install_global(log)?;
        let vendor = self.context.app_dir.join(&self.install.vendor_dir);
        let snapshot = self.snapshot(log)?;
        let is_restored = match &snapshot {
            Some(dir) => self.restore(dir, &vendor)?,
            None => false,
        };
        let mut words = vec!["install", "--no-progress", "--no-interaction"];
        words.extend(self.install.options.iter().map(String::as_str));
        self.run(log, &words, Step::Packages)?;
        for script in &self.install.scripts {
            let mut words = vec!["run-script", "--no-interaction"];
            if !self.install.with_dev {
                words.push("--no-dev");
            }
            words.push(script);
            self.run(log, &words, Step::Script(script))?;
        }
        self.audit(log)?;
        if let Some(dir) = snapshot.filter(|_| !is_restored) {
            self.keep(&dir, &vendor)?;
        }
        Ok(())
    }

    fn run(&self, log: &mut Log, words: &[&str], step: Step<'_>) -> Result<(), Problem> {
        self.command(words).run(log).map_err(|failed| explain(failed, step))
    }

    /// `composer …`, by PHP: the first line of the program names one that may not be there.
    fn command(&self, words: &[&str]) -> Command {
        let mut masks = self.context.masks();
        for secret in auth::secrets(&self.env) {
            masks.add(&secret);
        }
        // Not in the directory of the composer file: Composer's paths begin where it is called.
        Command::new("composer", &self.context.app_dir, &self.env)
            .through("php", [&self.phar])
            .args(words.iter().copied())
            .masks(masks)
    }

    fn install_global(&mut self, log: &mut Log) -> Result<(), Problem> {
        if self.install.global.is_empty() {
            return Ok(());
        }
        let mut words = vec!["global", "require", "--no-progress", "--no-interaction"];
        words.extend(self.install.global.iter().map(String::as_str));
        let key = GlobalKey {
            packages: self.install.global.clone(),
            php: self.env.get("KOUTI_PHP_LINE").unwrap_or_default().to_owned(),
            composer: self.install.composer.artifact.version.to_string(),
        };
        let home = self.context.layers.cache(log, "composer-global", key)?;
        // The variables that say where the app's packages go do not count for these.
        let mut own = self.env.clone();
        own.set("COMPOSER_HOME", &home);
        own.remove("COMPOSER");
        own.remove("COMPOSER_BIN_DIR");
        own.set("COMPOSER_VENDOR_DIR", "vendor");
        let env = std::mem::replace(&mut self.env, own);
        let done = self.run(log, &words, Step::Global);
        self.env = env;
        done?;
        self.env.prepend("PATH", home.join("vendor/bin"), ":");
        Ok(())
    }

    /// Where packages are kept from build to build; nowhere if they may differ from day to day.
    fn snapshot(&self, log: &mut Log) -> Result<Option<PathBuf>, Problem> {
        if !self.install.can_reuse {
            self.context.layers.discard("composer-packages")?;
            return Ok(None);
        }
        let target = &self.context.target;
        let version = &self.install.composer.artifact.version;
        let key = SnapshotKey {
            platform: format!(
                "{}/{} {} {}",
                target.os, target.arch, target.distro_name, target.distro_version
            ),
            php: self.env.get("KOUTI_PHP_LINE").unwrap_or_default().to_owned(),
            composer: version.major(),
            vendor_dir: &self.install.vendor_dir,
            with_dev: self.install.with_dev,
        };
        self.context.layers.cache(log, "composer-packages", key).map(Some)
    }

    /// Puts back the packages of the last build; says whether they are of the same lock.
    fn restore(&self, dir: &Path, vendor: &Path) -> Result<bool, Problem> {
        let archive = dir.join(SNAPSHOT);
        if !archive.is_file() || vendor.exists() {
            return Ok(false);
        }
        tree::unpack(&archive, &self.context.app_dir)?;
        let kept = fs_err::read_to_string(dir.join(SNAPSHOT_LOCK)).unwrap_or_default();
        Ok(kept == self.lock_digest()?)
    }

    fn keep(&self, dir: &Path, vendor: &Path) -> Result<(), Problem> {
        if vendor.is_dir() {
            let trees = [PathBuf::from(&self.install.vendor_dir)];
            tree::pack(&self.context.app_dir, &trees, &dir.join(SNAPSHOT))?;
            fs_err::write(dir.join(SNAPSHOT_LOCK), self.lock_digest()?)?;
        }
        Ok(())
    }

    fn lock_digest(&self) -> Result<String, Problem> {
        let lock = self.install.lock.as_deref().unwrap_or_default();
        Ok(sha256(fs_err::read(self.context.app_dir.join(lock))?))
    }

    fn audit(&self, log: &mut Log) -> Result<(), Problem> {
        let wanted = self.install.audit;
        if wanted == Audit::Off {
            return Ok(());
        }
        let mut words = vec!["audit", "--locked", "--no-interaction"];
        if !self.install.with_dev {
            words.push("--no-dev");
        }
        log.step(&format!("Running {}", self.command(&words).arg("--format=json").shown()));
        // By a shell, because what it finds is its exit code too, and of a failed command only the
        // last lines are known.
        let answer = Command::new("sh", &self.context.app_dir, &self.env)
            .args(["-c", "php \"$0\" \"$@\" || :"])
            .arg(&self.phar)
            .args(words.iter().copied())
            .arg("--format=json")
            .output()
            .unwrap_or_default();
        if audit::tell(&answer, wanted, log)? {
            return Ok(());
        }
        // Once more, for everybody to see why there is no answer.
        audit::without_answer(self.run(log, &words, Step::Audit), wanted, log)
    }
}

/// What packages for the build alone depend on.
#[derive(Serialize)]
struct GlobalKey {
    packages: Vec<String>,
    php: String,
    composer: String,
}

#[derive(Serialize)]
struct CacheKey {
    format: u64,
}

/// The variables for Composer. Home and cache are ours, so that nothing of the app can lead
/// Composer elsewhere.
fn environment(
    context: &BuildContext,
    install: &Install,
    cache: &Path,
    php: &Env,
) -> Result<Env, Problem> {
    let mut env = php.clone();
    for (name, value) in DEFAULTS {
        env.set_default(name, value);
    }
    let home = cache.join("home");
    fs_err::create_dir_all(&home)?;
    if install.lock.is_none() {
        // Otherwise it is a random one, and no two builds are equal.
        fs_err::write(home.join("config.json"), AUTOLOADER)?;
    }
    env.set("COMPOSER_HOME", &home);
    env.set("COMPOSER_CACHE_DIR", cache.join("files"));
    env.set("COMPOSER", context.app_dir.join(&install.file));
    env.set("COMPOSER_VENDOR_DIR", context.app_dir.join(&install.vendor_dir));
    env.set("COMPOSER_BIN_DIR", context.app_dir.join(&install.bin_dir));
    if let Some(auth) = auth::composer_auth(context)? {
        env.set("COMPOSER_AUTH", auth);
    }
    Ok(env)
}

const AUTOLOADER: &str = "{\"config\": {\"autoloader-suffix\": \"Kouti\"}}\n";
