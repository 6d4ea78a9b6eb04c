//! The variables with which the commands of a build run.

use std::ffi::OsStr;
use std::path::Path;

use kouti::Env;
use kouti::setting::Value as _;
use kouti::version::Version;

/// Where Debian, Ubuntu and Alpine keep the certificates of the system, those
/// that an administrator added included.
const SYSTEM_CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Settings of npm that make a build quicker and quieter. None of them changes
/// what is installed.
const NPM_DEFAULTS: &[(&str, &str)] = &[
    ("audit", "false"),
    ("fund", "false"),
    ("logs_max", "0"),
    ("prefer_offline", "true"),
    ("progress", "false"),
    ("update_notifier", "false"),
];

/// Switches of other tools, each for the reason beside it.
const DEFAULTS: &[(&str, &str)] = &[
    // Nobody can answer a question.
    ("CI", "true"),
    // Git hooks cannot be installed without a repository.
    ("HUSKY", "0"),
    // A build tells nobody about itself.
    ("ASTRO_TELEMETRY_DISABLED", "1"),
    ("NEXT_TELEMETRY_DISABLED", "1"),
    ("NG_CLI_ANALYTICS", "false"),
    ("NUXT_TELEMETRY_DISABLED", "1"),
    // Nothing goes on working behind a build.
    ("NX_DAEMON", "false"),
    // The package manager is known without it.
    ("TURBO_DANGEROUSLY_DISABLE_PACKAGE_MANAGER_CHECK", "true"),
    ("TURBO_TELEMETRY_DISABLED", "1"),
    ("NO_UPDATE_NOTIFIER", "1"),
    // Compiled Python files hold times, and nobody needs them later.
    ("PYTHONDONTWRITEBYTECODE", "1"),
    // Development dependencies are asked for by option; what reads this are build
    // scripts, and they build what goes into production.
    ("NODE_ENV", "production"),
];

/// The variables for commands; whatever the user has set stays as it is.
pub(crate) fn for_commands(user: &Env, node_dir: &Path, node: &Version) -> Env {
    let mut env = user.clone();
    for (name, value) in DEFAULTS {
        env.set_default(*name, *value);
    }
    // What Heroku and Cloud Foundry call it.
    if bool::parse(user.get("NODE_VERBOSE").unwrap_or_default()) == Some(true) {
        env.set_npm_default("loglevel", "verbose");
    }
    for (name, value) in NPM_DEFAULTS {
        env.set_npm_default(name, value);
    }
    // node-gyp would download the headers otherwise. Newer npm warns about
    // `npm_config_nodedir`, and this form is read by the node-gyp it comes with.
    env.set_default("npm_package_config_node_gyp_nodedir", node_dir);
    if node.major() < 22 {
        // The npm of these does not know it, and does not warn of the other either.
        env.set_default("npm_config_nodedir", node_dir);
    }
    // Node.js brings its own list of authorities. Where a proxy inspects TLS,
    // the system's list has one more, and npm must know it.
    if Path::new(SYSTEM_CERTIFICATES).is_file() {
        env.set_default("NODE_EXTRA_CA_CERTS", SYSTEM_CERTIFICATES);
    }
    env
}

/// Options of npm as variables.
pub(crate) trait NpmOptions {
    /// Sets one option of npm unless the user did, in whatever letters.
    fn set_npm_default(&mut self, option: &str, value: impl AsRef<OsStr>);
}

impl NpmOptions for Env {
    fn set_npm_default(&mut self, option: &str, value: impl AsRef<OsStr>) {
        let name = format!("npm_config_{option}");
        let is_set = self.texts().any(|(known, _)| known.eq_ignore_ascii_case(&name));
        if !is_set {
            self.set(name, value.as_ref());
        }
    }
}

/// How Node.js is made to trust the certificates of the system: name and value.
///
/// The variable adds them to Node.js's own; the option, for versions that do not
/// know the variable, replaces these, and worker threads with an environment of
/// their own refuse it.
pub(crate) fn system_trust(node: &Version) -> (&'static str, &'static str) {
    let knows_variable = match node.major() {
        ..22 | 23 => false,
        22 => node.minor() >= 19,
        24 => node.minor() >= 6,
        25.. => true,
    };
    if knows_variable { ("NODE_USE_SYSTEM_CA", "1") } else { ("NODE_OPTIONS", "--use-openssl-ca") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(variables: &[(&str, &str)]) -> Env {
        let node = Version::parse("24.18.1").unwrap();
        let mut env = for_commands(&variables.iter().copied().collect(), Path::new("/node"), &node);
        env.set_npm_default("cache", "/cache");
        env
    }

    #[test]
    fn what_the_user_has_set_stays() {
        let env = env(&[
            ("NODE_ENV", "staging"),
            ("CI", ""),
            ("NPM_CONFIG_AUDIT", "true"),
            ("npm_config_cache", "/mine"),
        ]);
        assert_eq!(env.get("NODE_ENV"), Some("staging"));
        assert_eq!(env.get("CI"), Some(""));
        assert_eq!(env.get("npm_config_audit"), None);
        assert_eq!(env.get("npm_config_cache"), Some("/mine"));
    }

    #[test]
    fn npm_tells_more_if_it_should() {
        assert_eq!(env(&[("NODE_VERBOSE", "true")]).get("npm_config_loglevel"), Some("verbose"));
        assert_eq!(env(&[("NODE_VERBOSE", "false")]).get("npm_config_loglevel"), None);
        let both = env(&[("NODE_VERBOSE", "1"), ("NPM_CONFIG_LOGLEVEL", "warn")]);
        assert_eq!(both.get("npm_config_loglevel"), None);
    }

    #[test]
    fn a_build_is_for_production_and_keeps_quiet() {
        let env = env(&[]);
        assert_eq!(env.get("NODE_ENV"), Some("production"));
        assert_eq!(env.get("npm_config_audit"), Some("false"));
        assert_eq!(env.get("npm_config_cache"), Some("/cache"));
        assert_eq!(env.get("npm_package_config_node_gyp_nodedir"), Some("/node"));
    }

    #[test]
    fn the_way_to_trust_the_system_depends_on_the_version() {
        let name = |version: &str| system_trust(&Version::parse(version).unwrap()).0;
        for version in ["18.20.8", "20.20.2", "22.18.0", "23.11.0", "24.5.0"] {
            assert_eq!(name(version), "NODE_OPTIONS", "{version}");
        }
        for version in ["22.19.0", "24.6.0", "25.0.0", "26.5.0"] {
            assert_eq!(name(version), "NODE_USE_SYSTEM_CA", "{version}");
        }
    }
}
