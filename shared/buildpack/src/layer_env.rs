//! The environment a layer gives to later buildpacks and to the app.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::Env;

/// Who sees a variable.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Scope {
    /// Later buildpacks.
    Build,
    /// The app.
    Launch,
    /// Both.
    Both,
}

impl Scope {
    fn directory(self) -> &'static str {
        match self {
            Self::Build => "env.build",
            Self::Launch => "env.launch",
            Self::Both => "env",
        }
    }
}

/// Environment files of one layer, as [the specification][spec] has them: path
/// below the layer, such as `env.launch/PATH.append`, and content.
///
/// What a user may want to change is written with [`LayerEnv::default`]: an
/// override would beat `docker run --env`.
///
/// [spec]: https://github.com/buildpacks/spec/blob/buildpack/v0.10/buildpack.md#environment-variable-modification-rules
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct LayerEnv(BTreeMap<String, String>);

impl LayerEnv {
    /// No variables.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets `name` where it is unset or empty.
    #[must_use]
    pub fn default_value(self, scope: Scope, name: &str, value: impl Into<String>) -> Self {
        self.file(scope, &format!("{name}.default"), value.into())
    }

    /// Sets `name` whatever it was.
    #[must_use]
    pub fn override_value(self, scope: Scope, name: &str, value: impl Into<String>) -> Self {
        self.file(scope, &format!("{name}.override"), value.into())
    }

    /// Puts `value` at the end of the list `name`.
    #[must_use]
    pub fn append(self, scope: Scope, name: &str, value: impl Into<String>, delim: &str) -> Self {
        self.file(scope, &format!("{name}.append"), value.into()).file(
            scope,
            &format!("{name}.delim"),
            delim.to_owned(),
        )
    }

    /// Puts `value` in front of the list `name`.
    #[must_use]
    pub fn prepend(self, scope: Scope, name: &str, value: impl Into<String>, delim: &str) -> Self {
        self.file(scope, &format!("{name}.prepend"), value.into()).file(
            scope,
            &format!("{name}.delim"),
            delim.to_owned(),
        )
    }

    /// Sets `name` for one process type only, where it is unset or empty.
    #[must_use]
    pub fn default_for_process(
        mut self,
        process: &str,
        name: &str,
        value: impl Into<String>,
    ) -> Self {
        self.0.insert(format!("env.launch/{process}/{name}.default"), value.into());
        self
    }

    /// The variables of both; where both say something, those of `other`.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    fn file(mut self, scope: Scope, name: &str, content: String) -> Self {
        self.0.insert(format!("{}/{name}", scope.directory()), content);
        self
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The files in the order of their paths.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(path, content)| (path.as_str(), content.as_str()))
    }

    /// Writes the files into `layer_dir`, in place of those that are there.
    pub fn write(&self, layer_dir: &Path) -> std::io::Result<()> {
        for directory in ["env", "env.build", "env.launch"] {
            remove_directory(&layer_dir.join(directory))?;
        }
        for (path, content) in self.files() {
            let path = layer_dir.join(path);
            if let Some(parent) = path.parent() {
                fs_err::create_dir_all(parent)?;
            }
            fs_err::write(path, content)?;
        }
        Ok(())
    }

    /// Changes `env` as the lifecycle will for later buildpacks: the layer's own
    /// directories first, then `env`, then `env.build`.
    ///
    /// For the commands that this buildpack runs itself.
    pub fn apply(&self, layer_dir: &Path, env: &mut Env) {
        for (directory, variables) in [
            ("bin", ["PATH", ""]),
            ("lib", ["LD_LIBRARY_PATH", "LIBRARY_PATH"]),
            ("include", ["CPATH", ""]),
            ("pkgconfig", ["PKG_CONFIG_PATH", ""]),
        ] {
            let path = layer_dir.join(directory);
            if path.is_dir() {
                for variable in variables.iter().filter(|variable| !variable.is_empty()) {
                    env.prepend(variable, &path, ":");
                }
            }
        }
        for directory in ["env/", "env.build/"] {
            for (path, content) in self.files() {
                if let Some(file) = path.strip_prefix(directory) {
                    self.apply_file(directory, file, content, env);
                }
            }
        }
    }

    fn apply_file(&self, directory: &str, file: &str, content: &str, env: &mut Env) {
        let (name, suffix) = file.split_once('.').unwrap_or((file, "override"));
        let delimiter = self.0.get(&format!("{directory}{name}.delim")).map_or("", String::as_str);
        let content = OsStr::from_bytes(content.as_bytes());
        match suffix {
            "override" => env.set(name, content),
            "default" if env.given(name).is_none() => env.set(name, content),
            "append" => env.append(name, content, delimiter),
            "prepend" => env.prepend(name, content, delimiter),
            _ => {}
        }
    }
}

pub(crate) fn remove_directory(path: &Path) -> std::io::Result<()> {
    match fs_err::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_buildpacks_and_own_commands_see_the_same() {
        let dir = tempfile::tempdir().unwrap();
        fs_err::create_dir(dir.path().join("bin")).unwrap();
        let layer_env = LayerEnv::new()
            .default_value(Scope::Both, "NODE_ENV", "production")
            .default_value(Scope::Launch, "ONLY_LAUNCH", "1")
            .override_value(Scope::Build, "CI", "true")
            .append(Scope::Both, "NODE_OPTIONS", "--trace", " ");

        let mut env: Env =
            [("PATH", "/bin"), ("CI", "false"), ("NODE_OPTIONS", "-x")].into_iter().collect();
        layer_env.apply(dir.path(), &mut env);

        assert_eq!(env.get("PATH"), Some(format!("{}/bin:/bin", dir.path().display()).as_str()));
        assert_eq!(env.get("NODE_ENV"), Some("production"));
        assert_eq!(env.get("NODE_OPTIONS"), Some("-x --trace"));
        assert_eq!(env.get("CI"), Some("true"));
        assert_eq!(env.get("ONLY_LAUNCH"), None);
    }

    #[test]
    fn every_suffix_does_what_it_does_for_the_lifecycle() {
        let layer_env = LayerEnv::new()
            .default_value(Scope::Build, "EMPTY", "default")
            .default_value(Scope::Build, "SET", "default")
            .prepend(Scope::Build, "LIST", "/a", ":")
            .append(Scope::Build, "LIST", "/z", ":")
            .prepend(Scope::Build, "NEW_LIST", "/a", ":")
            .override_value(Scope::Build, "WON", "override")
            .default_for_process("web", "ONLY_WEB", "1");
        let mut env: Env =
            [("EMPTY", ""), ("SET", "x"), ("LIST", "/m"), ("WON", "x")].into_iter().collect();
        layer_env.apply(Path::new("/nowhere"), &mut env);
        for (name, value) in [
            ("EMPTY", Some("default")),
            ("SET", Some("x")),
            ("LIST", Some("/a:/m:/z")),
            ("NEW_LIST", Some("/a")),
            ("WON", Some("override")),
            ("ONLY_WEB", None),
        ] {
            assert_eq!(env.get(name), value, "{name}");
        }
    }

    #[test]
    fn writing_leaves_no_file_of_the_last_build() {
        let dir = tempfile::tempdir().unwrap();
        LayerEnv::new().default_value(Scope::Both, "OLD", "1").write(dir.path()).unwrap();
        LayerEnv::new().default_value(Scope::Launch, "NEW", "1").write(dir.path()).unwrap();
        assert!(!dir.path().join("env").exists());
        assert_eq!(fs_err::read_to_string(dir.path().join("env.launch/NEW.default")).unwrap(), "1");
    }
}
