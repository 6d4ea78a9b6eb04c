//! Which scripts of `package.json` a build runs.

use kouti::{Explain, Fault};
use serde::Serialize;

use crate::package_json::PackageJson;

/// The scripts of one build, in the order in which they run.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Scripts {
    /// Before packages are installed.
    pub before_install: Vec<String>,
    /// Those of the workspace, with all packages in place.
    pub root: Vec<String>,
    /// Those of the package, after them.
    pub build: Vec<String>,
}

impl Scripts {
    /// Takes what `BP_NODE_RUN_SCRIPTS` names, where it is set; otherwise what other
    /// platforms would run, and then `build`.
    pub fn choose(
        package: &PackageJson,
        setting: Option<&[String]>,
    ) -> Result<Self, UnknownScript> {
        if let Some(names) = setting {
            let unknown = names.iter().find(|name| package.script(name).is_none());
            return match unknown {
                None => Ok(Self { build: names.to_vec(), ..Self::default() }),
                Some(name) => Err(UnknownScript::new("BP_NODE_RUN_SCRIPTS", name, package)),
            };
        }
        let those = |names: &[&str]| {
            let known = names.iter().filter(|name| package.script(name).is_some());
            known.map(|name| (*name).to_owned()).collect::<Vec<_>>()
        };
        let before_install = those(&["heroku-prebuild"]);
        let after = those(&["heroku-build", "heroku-postbuild"]);
        if !before_install.is_empty() || !after.is_empty() {
            let mut build = after;
            if !build.iter().any(|name| name == "heroku-build") {
                build.splice(0..0, those(&["build"]));
            }
            return Ok(Self { before_install, build, ..Self::default() });
        }
        let mut build = those(&["gcp-build", "build"]);
        build.truncate(1);
        Ok(Self { before_install, build, ..Self::default() })
    }

    /// Whether there is nothing to run.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.before_install.is_empty() && self.root.is_empty() && self.build.is_empty()
    }
}

/// A setting names a script that `package.json` does not have.
#[derive(Debug, thiserror::Error)]
#[error("{setting} names the script `{name}`, which package.json does not have")]
pub struct UnknownScript {
    setting: &'static str,
    name: String,
    known: Vec<String>,
}

impl UnknownScript {
    /// The script `name`, asked for by `setting`.
    #[must_use]
    pub fn new(setting: &'static str, name: &str, package: &PackageJson) -> Self {
        Self { setting, name: name.to_owned(), known: package.scripts.keys().cloned().collect() }
    }
}

impl Explain for UnknownScript {
    fn id(&self) -> &'static str {
        "unknown-script"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![if self.known.is_empty() {
            "it has no scripts at all: add one below `scripts`".to_owned()
        } else {
            format!("its scripts are: {}", self.known.join(", "))
        }]
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use kouti::Problem;
    use serde_json::json;

    use super::*;

    fn package(scripts: &[&str]) -> PackageJson {
        let scripts: serde_json::Map<_, _> =
            scripts.iter().map(|name| ((*name).to_owned(), json!("true"))).collect();
        PackageJson::parse(&json!({ "scripts": scripts }).to_string(), "package.json").unwrap()
    }

    fn run(scripts: &[&str], setting: Option<&[&str]>) -> String {
        let setting: Option<Vec<String>> =
            setting.map(|names| names.iter().map(ToString::to_string).collect());
        let chosen = Scripts::choose(&package(scripts), setting.as_deref()).unwrap();
        format!("{} | {}", chosen.before_install.join(" "), chosen.build.join(" "))
    }

    #[test]
    fn the_setting_decides_where_it_is_set() {
        assert_eq!(run(&["build", "lint"], Some(&["lint", "build"])), " | lint build");
        assert_eq!(run(&["build"], Some(&[])), " | ");
        assert_eq!(run(&["build"], None), " | build");
        assert_eq!(run(&["test"], None), " | ");
    }

    #[test]
    fn scripts_of_other_platforms_run_as_there() {
        let all = ["build", "gcp-build", "heroku-postbuild", "heroku-prebuild"];
        assert_eq!(run(&all, None), "heroku-prebuild | build heroku-postbuild");
        assert_eq!(run(&["build", "heroku-build"], None), " | heroku-build");
        assert_eq!(run(&["build", "gcp-build"], None), " | gcp-build");
    }

    #[test]
    fn an_unknown_script_is_an_error_that_lists_the_known_ones() {
        let error = Scripts::choose(&package(&["build", "lint"]), Some(&["bulid".to_owned()]));
        assert_snapshot!(Problem::from(error.unwrap_err()).page("", kouti_report::Colour::Off), @"
        error[unknown-script]: BP_NODE_RUN_SCRIPTS names the script `bulid`, which package.json does not have

        hint: its scripts are: build, lint
        ");
    }
}
