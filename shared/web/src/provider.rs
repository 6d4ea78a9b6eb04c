//! What nginx and httpd have in common in the build plan, and which version is installed.

use std::path::{Path, PathBuf};

use kouti::catalog::{Catalog, Choice, Request, Target, Wanted, choose};
use kouti::version::Range;
use kouti::{
    Alternative, Context, Detection, Entry, Env, Explain, Fault, Plan, Problem, Setting, settings,
};

use crate::settings as set;

/// Key of a requirement's metadata that holds settings of a generated configuration.
pub const SITE: &str = "site";
/// Value of the key `config` in a requirement by PHP, which brings its own configuration and process.
pub const PHP: &str = "php";

/// A web server as a buildpack provides it.
#[derive(Clone, Debug)]
pub struct Provider {
    /// Plan entry, catalogue id and value of `BP_WEB_SERVER`: `nginx`.
    pub id: &'static str,
    /// `nginx`, `Apache HTTP Server`.
    pub title: &'static str,
    /// Where the app's own configuration is.
    pub conf_location: Setting<String>,
    /// Which version.
    pub version: Setting<Option<String>>,
}

/// Who is to serve the app, as far as a server can tell for itself.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Asked {
    /// The app's own configuration: as the user would call it.
    pub conf: Option<String>,
    /// Whether `BP_WEB_SERVER` names this server.
    pub by_setting: bool,
    /// Where a configuration was said to be, but is not.
    pub missing_conf: Option<String>,
}

impl Asked {
    /// Whether the server takes part on its own account.
    #[must_use]
    pub fn is_needed(&self) -> bool {
        self.conf.is_some() || self.by_setting
    }
}

/// `BP_WEB_SERVER` has a value that nobody knows.
#[derive(Debug, thiserror::Error)]
#[error("BP_WEB_SERVER is set to `{value}`, which is none of nginx, httpd and none")]
pub struct UnknownServer {
    /// What it is set to.
    pub value: String,
}

impl Explain for UnknownServer {
    fn id(&self) -> &'static str {
        "unknown-web-server"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        let meant = match self.value.to_lowercase().as_str() {
            "apache" | "apache2" | "apache-httpd" | "http" => Some("did you mean httpd?"),
            "ngnix" | "nginx-plus" | "engine-x" | "ngx" => Some("did you mean nginx?"),
            "node" | "nodejs" | "static" | "off" | "false" => Some("did you mean none?"),
            _ => None,
        };
        let all = "set BP_WEB_SERVER to nginx, httpd or none, or leave it out";
        meant.into_iter().chain([all]).map(str::to_owned).collect()
    }
}

impl Provider {
    /// Reads who is to serve the app.
    pub fn asked(&self, app_dir: &Path, env: &Env) -> Result<Asked, Problem> {
        let server = wanted_server(app_dir, env)?;
        if server.as_deref().is_some_and(|server| server != self.id) {
            return Ok(Asked::default());
        }
        let location = self.conf_location.read(env)?;
        let exists = app_dir.join(&location).is_file();
        let is_set = env.given(self.conf_location.declared.name).is_some();
        Ok(Asked {
            // A site with a `Staticfile` is for the buildpack that reads it, which asks for this server.
            by_setting: server.is_some() && !app_dir.join("Staticfile").is_file(),
            missing_conf: (is_set && !exists).then(|| location.clone()),
            conf: exists.then(|| shown(app_dir, &location)),
        })
    }

    /// The build plan: the server is always offered, and required if it has to serve by itself.
    pub fn detect(&self, context: &Context) -> Result<Detection, Problem> {
        let asked = self.asked(&context.app_dir, &context.env)?;
        let mut plan = Alternative::new().provides(self.id);
        if asked.is_needed() {
            self.wanted(&context.env, &[], &context.catalog)?;
            plan = plan.requires(self.entry(&context.env)?);
            if settings::LIVE_RELOAD_ENABLED.read(&context.env)? {
                plan = plan.requires(Entry::watchexec());
            }
        }
        Ok(Detection::Pass(vec![plan]))
    }

    fn entry(&self, env: &Env) -> Result<Entry, Problem> {
        let entry = Entry::new(self.id).with("launch", true);
        Ok(match self.version.read(env)? {
            Some(version) => {
                entry.with("version", version).with("version-source", self.version.declared.name)
            }
            None => entry,
        })
    }

    /// Takes the newest version that fits the first wish: the setting, other buildpacks, the default.
    pub fn choose(
        &self,
        env: &Env,
        plan: &Plan,
        catalog: &Catalog,
        target: &Target,
    ) -> Result<Choice, Problem> {
        let entries: Vec<_> = plan.entries(self.id).collect();
        let wanted = self.wanted(env, &entries, catalog)?;
        Ok(choose(catalog, &Request { id: self.id, name: self.title, wanted: &wanted, target })?)
    }

    fn wanted(
        &self,
        env: &Env,
        entries: &[&Entry],
        catalog: &Catalog,
    ) -> Result<Vec<Wanted>, Problem> {
        let own = self.version.declared.name;
        let mut requests = Vec::new();
        requests.extend(self.version.read(env)?.map(|text| (own.to_owned(), text)));
        for entry in entries {
            let origin = entry.text("version-source").unwrap_or("another buildpack");
            if let Some(text) = entry.text("version").filter(|_| origin != own) {
                requests.push((origin.to_owned(), text.to_owned()));
            }
        }
        let mut wanted = Vec::new();
        for (origin, text) in requests {
            if text == "default" {
                continue;
            }
            let line = catalog
                .lines
                .iter()
                .find(|line| line.id == self.id && line.codename.as_deref() == Some(text.as_str()));
            let (text, origin) = match line {
                Some(line) => (format!("{}.*", line.line), format!("{origin}: {text}")),
                None => (text, origin),
            };
            let range = Range::parse(&text).map_err(|error| self.bad_version(error, &origin))?;
            wanted.push(Wanted { range, origin });
        }
        let range = Range::parse(catalog.default_version(self.id))
            .map_err(|error| error.asked_for_in("the catalogue"))?;
        wanted.push(Wanted { range, origin: "default".to_owned() });
        Ok(wanted)
    }

    /// What is no range may still be a name that people expect to work.
    fn bad_version(&self, error: kouti::version::BadRange, origin: &str) -> Problem {
        let hint = if self.id == "nginx" {
            "write it like `1.30.*`, `^1.30` or `1.30.4`, or name a line: `mainline` or `stable`"
        } else {
            "write it like `2.4.*`, `^2.4` or `2.4.68`"
        };
        let problem = Problem::from(error.asked_for_in(origin));
        Problem { hints: vec![hint.to_owned()], ..problem }
    }
}

/// The value of `BP_WEB_SERVER`. PHP reads it with other values, so those only count where
/// nothing looks like PHP.
pub(crate) fn wanted_server(app_dir: &Path, env: &Env) -> Result<Option<String>, Problem> {
    let Some(value) = set::WEB_SERVER.read(env)? else { return Ok(None) };
    match value.as_str() {
        "nginx" | "httpd" | "none" => Ok(Some(value)),
        _ if looks_like_php(app_dir)? => Ok(None),
        _ => Err(UnknownServer { value }.into()),
    }
}

fn looks_like_php(app_dir: &Path) -> std::io::Result<bool> {
    for entry in fs_err::read_dir(app_dir)? {
        let path = entry?.path();
        if path.ends_with("composer.json") || path.extension().is_some_and(|ext| ext == "php") {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A path of the app as it is written in processes and messages: without `./`, and relative.
fn shown(app_dir: &Path, location: &str) -> String {
    let path: PathBuf = Path::new(location).components().collect();
    let path = path.strip_prefix(app_dir).map(Path::to_owned).unwrap_or(path);
    path.strip_prefix(".").unwrap_or(&path).display().to_string()
}
