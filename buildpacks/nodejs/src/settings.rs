//! What the user can set.

use kouti::setting::{BadSetting, Declared, Paths, Value, Words};
use kouti::settings::LIVE_RELOAD_ENABLED;
use kouti::{Env, Setting};
pub(crate) use kouti_node::settings::{CACHE_DIRS, PREFER_LTS, PROJECT_PATH, RUN_SCRIPTS, VERSION};
use kouti_node::settings::{
    MODULES_CACHE, NPM_VERSION, OFFLINE, PACKAGE_MANAGER, PNPM_STORE, PNPM_VERSION,
    PackageSettings, ROOT_RUN_SCRIPTS, VENDORED, YARN_VERSION,
};

/// Script behind the process `web`.
const START_SCRIPT: Setting<String> =
    Setting::build("BP_NPM_START_SCRIPT", "start", "script of package.json that starts the app");

/// File behind the process `web`.
const LAUNCHPOINT: Setting<Option<String>> = Setting::build(
    "BP_LAUNCHPOINT",
    "",
    "file that Node.js starts, instead of a script, relative to the app",
);

/// Whether that file has to be in the source.
const VERIFY_LAUNCHPOINT: Setting<bool> = Setting::build(
    "BP_VERIFY_LAUNCHPOINT",
    "true",
    "whether the file of BP_LAUNCHPOINT must exist before the build",
);

/// Whether development dependencies leave the image.
const PRUNE: Setting<bool> = Setting::build(
    "BP_NODE_PRUNE_DEV_DEPENDENCIES",
    "true",
    "remove what only builds need from node_modules",
);

/// What the image is for; platforms set it, as `pack build --exec-env` does.
const EXEC_ENV: Setting<String> = Setting::build(
    "CNB_EXEC_ENV",
    "production",
    "what the image is for: with `test` or `development`, it has development packages",
);

/// Whether our supervisor is the first process of the container.
const INIT: Setting<Init> = Setting::build(
    "BP_NODE_INIT",
    "auto",
    "`none` starts the app without the supervisor that passes signals on",
);

/// Paketo's switch for the same, which is always on here.
const LAUNCH_WITH_TINI: Setting<bool> =
    Setting::build("BP_LAUNCH_WITH_TINI", "false", "accepted and without effect");

/// More process types.
const PROCESSES: Setting<Words> = Setting::build(
    "BP_NODE_PROCESSES",
    "",
    "more process types, such as `worker=start:worker,release=db:migrate`",
);

/// Whether Node.js sizes its heap by the memory of the container.
const OPTIMIZE_MEMORY: Setting<bool> = Setting::build(
    "BP_NODE_OPTIMIZE_MEMORY",
    "false",
    "size the heap by the memory of the container: the default of OPTIMIZE_MEMORY",
);

/// Whether the cache of tools stays in the image.
const KEEP_CACHE: Setting<bool> = Setting::build(
    "BP_KEEP_NODE_BUILD_CACHE",
    "false",
    "leave node_modules/.cache in the image as the build has made it",
);

/// Whether compiled code is kept while a container runs.
const COMPILE_CACHE: Setting<bool> = Setting::build(
    "BP_NODE_COMPILE_CACHE",
    "false",
    "have Node.js keep compiled code in the temporary directory when the app runs",
);

/// Paketo's switch for Python.
const BUILD_PYTHON: Setting<Option<bool>> = Setting::build(
    "BP_NPM_INCLUDE_BUILD_PYTHON",
    "",
    "`true` or set to nothing: have a buildpack bring Python for modules that are compiled",
);

/// Where packages are in the image.
const MODULES_LAYOUT: Setting<Layout> = Setting::build(
    "BP_NODE_MODULES_LAYOUT",
    "app",
    "where packages are: `app`, the only place there is",
);

/// Whether packages lose what does not run.
const STRIP: Setting<bool> = Setting::build(
    "BP_NODE_STRIP",
    "false",
    "remove documents, source maps, tests and examples from node_modules",
);

/// Whether the image has package managers.
const STRIP_NPM: Setting<bool> = Setting::build(
    "BP_NODE_STRIP_NPM",
    "false",
    "leave npm, Yarn and pnpm out of the image, except what starts the app",
);

/// What is done about packages that are known to be dangerous.
const SECURITY_POLICY: Setting<SecurityPolicy> = Setting::build(
    "BP_NODE_SECURITY_POLICY",
    "warn",
    "what to do about packages with a critical vulnerability: `warn`, `error` or `off`",
);

/// Whether what is built is served by a web server.
const FRONTEND: Setting<Frontend> = Setting::build(
    "BP_NODE_FRONTEND",
    "auto",
    "`true` has a web server serve what the build makes, `false` never does",
);

/// Which web server; a setting of theirs.
const WEB_SERVER: Setting<WebServer> = Setting::build(
    "BP_WEB_SERVER",
    "",
    "web server for what the build makes: nginx, httpd or none",
);

/// Another setting of theirs.
const NGINX_CONF_LOCATION: Setting<Option<String>> =
    Setting::build("BP_NGINX_CONF_LOCATION", "", "where the app's own configuration of nginx is");

/// The variables that our helper reads when a container starts.
const LAUNCH: [Setting<Option<String>>; 6] = [
    Setting::launch("BPL_DEBUG_ENABLED", "false", "start the debugger of Node.js"),
    Setting::launch("BPL_DEBUG_HOST", "127.0.0.1", "address at which the debugger listens"),
    Setting::launch("BPL_DEBUG_PORT", "9229", "port at which the debugger listens"),
    Setting::launch("BPL_DEBUG_SUSPEND", "false", "wait for the debugger before the app starts"),
    Setting::launch(
        "BPL_NODE_HEAP_PERCENT",
        "75",
        "share of the memory that becomes the heap, with OPTIMIZE_MEMORY",
    ),
    Setting::launch(
        "BPL_WEB_CONCURRENCY_ENABLED",
        "false",
        "set WEB_CONCURRENCY by the memory of the container",
    ),
];

/// All of them, in the order of their names.
pub(crate) const ALL: &[Declared] = &[
    KEEP_CACHE.declared,
    CACHE_DIRS.declared,
    COMPILE_CACHE.declared,
    BUILD_PYTHON.declared,
    MODULES_LAYOUT.declared,
    STRIP.declared,
    STRIP_NPM.declared,
    SECURITY_POLICY.declared,
    FRONTEND.declared,
    WEB_SERVER.declared,
    NGINX_CONF_LOCATION.declared,
    LAUNCH[0].declared,
    LAUNCH[1].declared,
    LAUNCH[2].declared,
    LAUNCH[3].declared,
    LAUNCH[4].declared,
    LAUNCH[5].declared,
    LAUNCHPOINT.declared,
    LAUNCH_WITH_TINI.declared,
    INIT.declared,
    OFFLINE.declared,
    OPTIMIZE_MEMORY.declared,
    PACKAGE_MANAGER.declared,
    PREFER_LTS.declared,
    PROCESSES.declared,
    PROJECT_PATH.declared,
    PRUNE.declared,
    ROOT_RUN_SCRIPTS.declared,
    RUN_SCRIPTS.declared,
    VENDORED.declared,
    VERSION.declared,
    START_SCRIPT.declared,
    NPM_VERSION.declared,
    PNPM_STORE.declared,
    PNPM_VERSION.declared,
    VERIFY_LAUNCHPOINT.declared,
    YARN_VERSION.declared,
    EXEC_ENV.declared,
    MODULES_CACHE.declared,
];

/// The values of one build.
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Settings {
    pub(crate) version: Option<String>,
    pub(crate) prefer_lts: bool,
    pub(crate) project_path: String,
    /// What concerns the package manager.
    pub(crate) packages: PackageSettings,
    /// `None` where it is not set: set to nothing, it means no scripts at all.
    pub(crate) run_scripts: Option<Vec<String>>,
    pub(crate) start_script: String,
    /// Whether the user named the start script, so that it has to exist.
    pub(crate) start_script_is_set: bool,
    pub(crate) launchpoint: Option<String>,
    pub(crate) verify_launchpoint: bool,
    pub(crate) prune: bool,
    /// Why it is not, if another variable than the one for it says so.
    pub(crate) kept_for: Option<String>,
    /// Whether the user has set the variable for it.
    pub(crate) prune_is_set: bool,
    pub(crate) supervise: bool,
    pub(crate) reload: bool,
    pub(crate) optimize_memory: bool,
    pub(crate) keep_cache: bool,
    pub(crate) cache_dirs: Vec<String>,
    pub(crate) compile_cache: bool,
    pub(crate) build_python: bool,
    pub(crate) strip: bool,
    pub(crate) strip_npm: bool,
    pub(crate) security: SecurityPolicy,
    pub(crate) frontend: Frontend,
    pub(crate) web_server: WebServer,
    pub(crate) nginx_conf: Option<String>,
    /// Process types and their scripts.
    pub(crate) processes: Vec<(String, String)>,
}

/// What is the first process of the container.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Init {
    Auto,
    None,
}

impl Value for Init {
    const FORM: &'static str = "`auto` or `none`";

    fn parse(text: &str) -> Option<Self> {
        match text {
            "auto" => Some(Self::Auto),
            "none" => Some(Self::None),
            _ => None,
        }
    }
}

/// Whether the app is a front end, without a server of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Frontend {
    #[default]
    Auto,
    Yes,
    No,
}

impl Value for Frontend {
    const FORM: &'static str = "`auto`, `true` or `false`";

    fn parse(text: &str) -> Option<Self> {
        match text {
            "auto" => Some(Self::Auto),
            text => bool::parse(text).map(|yes| if yes { Self::Yes } else { Self::No }),
        }
    }
}

/// Who serves the app's files.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum WebServer {
    /// Whichever has a configuration in the app.
    #[default]
    Any,
    Nginx,
    Httpd,
    None,
}

impl Value for WebServer {
    const FORM: &'static str = "`nginx`, `httpd` or `none`";

    fn parse(text: &str) -> Option<Self> {
        match text {
            "" => Some(Self::Any),
            "nginx" => Some(Self::Nginx),
            "httpd" => Some(Self::Httpd),
            "none" => Some(Self::None),
            _ => None,
        }
    }
}

/// Paketo has layers for packages, which compilers that follow links cannot use.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Layout;

impl Value for Layout {
    const FORM: &'static str = "`app`: packages stay in the app, there is no layout of layers";

    fn parse(text: &str) -> Option<Self> {
        (text == "app").then_some(Self)
    }
}

/// What is done about packages that are known to be dangerous.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum SecurityPolicy {
    #[default]
    Warn,
    Error,
    Off,
}

impl Value for SecurityPolicy {
    const FORM: &'static str = "`warn`, `error` or `off`";

    fn parse(text: &str) -> Option<Self> {
        match text {
            "warn" => Some(Self::Warn),
            "error" => Some(Self::Error),
            "off" => Some(Self::Off),
            _ => None,
        }
    }
}

impl Settings {
    pub(crate) fn read(env: &Env) -> Result<Self, BadSetting> {
        let Words(scripts) = RUN_SCRIPTS.read(env)?;
        let Words(processes) = PROCESSES.read(env)?;
        let processes: Vec<_> =
            processes.iter().map(|text| process(text)).collect::<Result<_, _>>()?;
        let Paths(cache_dirs) = CACHE_DIRS.read(env)?;
        LAUNCH_WITH_TINI.read(env)?;
        MODULES_LAYOUT.read(env)?;
        Ok(Self {
            processes,
            project_path: PROJECT_PATH.read(env)?,
            supervise: INIT.read(env)? == Init::Auto,
            reload: LIVE_RELOAD_ENABLED.read(env)?,
            frontend: FRONTEND.read(env)?,
            web_server: WEB_SERVER.read(env)?,
            nginx_conf: NGINX_CONF_LOCATION.read(env)?,
            keep_cache: KEEP_CACHE.read(env)?,
            cache_dirs,
            compile_cache: COMPILE_CACHE.read(env)?,
            build_python: BUILD_PYTHON.read(env)?.unwrap_or(BUILD_PYTHON.is_set(env)),
            strip: STRIP.read(env)?,
            strip_npm: STRIP_NPM.read(env)?,
            security: SECURITY_POLICY.read(env)?,
            optimize_memory: OPTIMIZE_MEMORY.read(env)?,
            version: VERSION.read(env)?,
            prefer_lts: PREFER_LTS.read(env)?,
            packages: PackageSettings::read(env)?,
            run_scripts: RUN_SCRIPTS.is_set(env).then_some(scripts),
            start_script: START_SCRIPT.read(env)?,
            start_script_is_set: env.given(START_SCRIPT.declared.name).is_some(),
            launchpoint: LAUNCHPOINT.read(env)?,
            verify_launchpoint: VERIFY_LAUNCHPOINT.read(env)?,
            prune: PRUNE.read(env)?,
            kept_for: kept_for(env)?,
            prune_is_set: env.given(PRUNE.declared.name).is_some(),
        })
    }
}

/// The variable of npm or of a platform by which the user wants development packages.
fn kept_for(env: &Env) -> Result<Option<String>, BadSetting> {
    let name = "NPM_CONFIG_PRODUCTION";
    if env.texts().any(|(key, value)| key.eq_ignore_ascii_case(name) && value == "false") {
        return Ok(Some(format!("{name} is false")));
    }
    let exec_env = EXEC_ENV.read(env)?;
    // Platforms may have names of their own besides these.
    if ["test", "development"].contains(&exec_env.as_str()) {
        return Ok(Some(format!("CNB_EXEC_ENV is {exec_env}")));
    }
    let other = env.given("NODE_ENV").filter(|value| *value != "production");
    Ok(other.map(|other| format!("NODE_ENV is {other}")))
}

/// Reads `worker=start:worker`.
fn process(text: &str) -> Result<(String, String), BadSetting> {
    let is_type = |name: &str| {
        !matches!(name, "" | "web" | "no-reload")
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
    };
    text.split_once('=')
        .map(|(name, script)| (name.trim().to_owned(), script.trim().to_owned()))
        .filter(|(name, script)| is_type(name) && !script.is_empty())
        .ok_or_else(|| BadSetting {
            name: PROCESSES.declared.name,
            value: text.to_owned(),
            form: "a list of process types other than `web` with their scripts, such as \
                   `worker=start:worker`",
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_descriptor_lists_the_same_settings() {
        let descriptor = include_str!("../buildpack.toml");
        assert_eq!(kouti::setting::descriptor_differences(descriptor, ALL), [""; 0]);
    }
}
