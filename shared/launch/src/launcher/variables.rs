//! Environment variables as the lifecycle computes them for a buildpack or a process.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

/// What of the surrounding environment reaches a buildpack; everything else is dropped.
const PASSED_THROUGH: [&str; 10] = [
    // Not passed by the real lifecycle, whose containers have a temporary directory of their own.
    "TMPDIR",
    "CNB_STACK_ID",
    "HOSTNAME",
    "HOME",
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "NO_PROXY",
    "no_proxy",
];

/// Directories of a layer that are prepended to a path list while building.
const BUILD_ROOTS: [(&str, &str); 5] = [
    ("bin", "PATH"),
    ("lib", "LD_LIBRARY_PATH"),
    ("lib", "LIBRARY_PATH"),
    ("include", "CPATH"),
    ("pkgconfig", "PKG_CONFIG_PATH"),
];

/// Directories of a layer that are prepended to a path list when the app starts.
const LAUNCH_ROOTS: [(&str, &str); 2] = [("bin", "PATH"), ("lib", "LD_LIBRARY_PATH")];

/// What is for the launcher itself and not for the app.
const HIDDEN_AT_LAUNCH: [&str; 5] = [
    "CNB_LAYERS_DIR",
    "CNB_APP_DIR",
    "CNB_PROCESS_TYPE",
    "CNB_PLATFORM_API",
    "CNB_DEPRECATION_MODE",
];

/// When an environment applies.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum When {
    /// While a later buildpack builds.
    Build,
    /// When the app starts.
    Launch,
}

/// What a file without a suffix does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unsuffixed {
    /// In a layer.
    Override,
    /// In the operator's configuration.
    Default,
}

/// A set of environment variables; values are bytes, as the platform gives them.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Variables(BTreeMap<OsString, OsString>);

impl Variables {
    /// No variables.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds or replaces a variable.
    #[must_use]
    pub fn with(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.set(name, value);
        self
    }

    /// Adds or replaces a variable.
    pub fn set(&mut self, name: impl Into<OsString>, value: impl Into<OsString>) {
        self.0.insert(name.into(), value.into());
    }

    /// Takes a variable away.
    pub fn remove(&mut self, name: &str) {
        self.0.remove(OsStr::new(name));
    }

    /// Value of a variable, if it is set and UTF-8.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(OsStr::new(name)).and_then(|value| value.to_str())
    }

    /// All variables by name.
    pub fn iter(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.0.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }

    /// What is new or different here, compared with `before`, as text.
    #[must_use]
    pub fn changes_since(&self, before: &Self) -> BTreeMap<String, String> {
        let text = |value: &OsStr| value.to_string_lossy().into_owned();
        self.iter()
            .filter(|(name, value)| before.0.get(*name).is_none_or(|old| old != value))
            .map(|(name, value)| (text(name), text(value)))
            .collect()
    }

    /// What of `surroundings` a buildpack sees.
    #[must_use]
    pub fn for_build(surroundings: &Self) -> Self {
        let roots = BUILD_ROOTS.map(|(_, variable)| variable);
        let kept = |name: &OsStr| PASSED_THROUGH.iter().chain(&roots).any(|known| name == *known);
        Self(surroundings.0.clone().into_iter().filter(|(name, _)| kept(name)).collect())
    }

    /// What of `surroundings` a process sees.
    #[must_use]
    pub fn for_launch(surroundings: &Self) -> Self {
        let hidden = |name: &OsStr| HIDDEN_AT_LAUNCH.iter().any(|known| name == *known);
        Self(surroundings.0.clone().into_iter().filter(|(name, _)| !hidden(name)).collect())
    }

    /// Prepends `bin`, `lib` and so on of a layer to the path lists they belong to.
    pub fn add_roots(&mut self, layer_dir: &Path, when: When) {
        let roots = match when {
            When::Build => BUILD_ROOTS.as_slice(),
            When::Launch => LAUNCH_ROOTS.as_slice(),
        };
        for (dir, variable) in roots {
            let dir = layer_dir.join(dir);
            if dir.exists() {
                self.prepend(OsStr::new(variable), dir.as_os_str(), OsStr::new(":"));
            }
        }
    }

    /// Applies `NAME[.suffix]` files of one directory in the order of their names.
    pub fn add_files(&mut self, dir: &Path, unsuffixed: Unsuffixed) -> io::Result<()> {
        for (file_name, value) in files(dir)? {
            let (name, suffix) = match file_name.as_bytes().iter().position(|byte| *byte == b'.') {
                Some(dot) => {
                    let (name, suffix) = file_name.as_bytes().split_at(dot);
                    (OsStr::from_bytes(name), Some(&suffix[1..]))
                }
                None => (file_name.as_os_str(), None),
            };
            let delimiter = || {
                let file = dir.join([name, OsStr::new(".delim")].join(OsStr::new("")));
                fs_err::read(file).map(OsString::from_vec).unwrap_or_default()
            };
            match suffix {
                None if unsuffixed == Unsuffixed::Override => self.set(name, value),
                None | Some(b"default") => self.set_default(name, value),
                Some(b"override") => self.set(name, value),
                Some(b"prepend") => self.prepend(name, &value, &delimiter()),
                Some(b"append") => self.append(name, &value, &delimiter()),
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// What a later buildpack sees of a layer: its directories, then `env`, then `env.build`.
    pub fn add_build_layer(&mut self, layer_dir: &Path) -> io::Result<()> {
        self.add_roots(layer_dir, When::Build);
        self.add_files(&layer_dir.join("env"), Unsuffixed::Override)?;
        self.add_files(&layer_dir.join("env.build"), Unsuffixed::Override)
    }

    /// Applies the user's variables, one file each: path lists grow at the front, others are replaced.
    pub fn add_platform(&mut self, platform_dir: &Path) -> io::Result<()> {
        for (name, value) in files(&platform_dir.join("env"))? {
            if BUILD_ROOTS.iter().any(|(_, variable)| name == *variable) {
                self.prepend(&name, &value, OsStr::new(":"));
            } else {
                self.set(name, value);
            }
        }
        Ok(())
    }

    fn set_default(&mut self, name: &OsStr, value: OsString) {
        // A variable that is set but empty counts as unset here.
        if self.0.get(name).is_none_or(|old| old.is_empty()) {
            self.set(name, value);
        }
    }

    fn prepend(&mut self, name: &OsStr, value: &OsStr, delimiter: &OsStr) {
        self.join(name, |old| [value, old].join(delimiter), value);
    }

    fn append(&mut self, name: &OsStr, value: &OsStr, delimiter: &OsStr) {
        self.join(name, |old| [old, value].join(delimiter), value);
    }

    /// The delimiter is only inserted if there is something to delimit.
    fn join(&mut self, name: &OsStr, joined: impl Fn(&OsStr) -> OsString, alone: &OsStr) {
        let new = match self.0.get(name) {
            Some(old) if !old.is_empty() => joined(old),
            _ => alone.to_owned(),
        };
        self.set(name, new);
    }
}

impl<N: Into<OsString>, V: Into<OsString>> FromIterator<(N, V)> for Variables {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

/// Files of a directory with their contents, by name; a missing directory has none.
fn files(dir: &Path) -> io::Result<BTreeMap<OsString, OsString>> {
    let mut files = BTreeMap::new();
    if !dir.is_dir() {
        return Ok(files);
    }
    for entry in fs_err::read_dir(dir)? {
        let entry = entry?;
        if !fs_err::metadata(entry.path())?.is_dir() {
            let value = OsString::from_vec(fs_err::read(entry.path())?);
            files.insert(entry.file_name(), value);
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (name, content) in files {
            fs_err::write(dir.path().join(name), content).unwrap();
        }
        dir
    }

    /// Value of `X` after a file was applied to the value it had before.
    fn after(before: Option<&str>, files: &[(&str, &str)]) -> Option<String> {
        let mut env = Variables::new();
        if let Some(before) = before {
            env.set("X", before);
        }
        env.add_files(layer(files).path(), Unsuffixed::Override).unwrap();
        env.get("X").map(str::to_owned)
    }

    #[test]
    fn suffixes_say_how_a_value_is_joined() {
        type Row<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a str, &'a str);
        let rows: [Row; 11] = [
            // files                                        unset   empty   "old"
            (&[("X", "new")], "new", "new", "new"),
            (&[("X.override", "new")], "new", "new", "new"),
            (&[("X.default", "new")], "new", "new", "old"),
            (&[("X.append", "new")], "new", "new", "oldnew"),
            (&[("X.prepend", "new")], "new", "new", "newold"),
            (&[("X.append", "new"), ("X.delim", ":")], "new", "new", "old:new"),
            (&[("X.prepend", "new"), ("X.delim", ", ")], "new", "new", "new, old"),
            (&[("X.prepend", "new\n")], "new\n", "new\n", "new\nold"),
            (&[("X.delim", ":")], "-", "", "old"),
            (&[("X.unknown", "new")], "-", "", "old"),
            (&[("X.append.extra", "new")], "-", "", "old"),
        ];
        for (files, unset, empty, old) in rows {
            assert_eq!(after(None, files).unwrap_or("-".to_owned()), unset, "{files:?} on unset");
            assert_eq!(after(Some(""), files).as_deref(), Some(empty), "{files:?} on empty");
            assert_eq!(after(Some("old"), files).as_deref(), Some(old), "{files:?} on old");
        }
    }

    #[test]
    fn files_of_a_directory_apply_in_the_order_of_their_names() {
        let files = [("X", "base"), ("X.append", "+"), ("X.override", "end"), ("X.prepend", "-")];
        assert_eq!(after(None, &files).as_deref(), Some("-end"));
    }

    #[test]
    fn operator_files_without_a_suffix_are_defaults() {
        let dir = layer(&[("X", "operator"), ("Y", "operator"), ("Z.override", "operator")]);
        let mut env = Variables::new().with("X", "user").with("Z", "user");
        env.add_files(dir.path(), Unsuffixed::Default).unwrap();
        assert_eq!(env.get("X"), Some("user"));
        assert_eq!(env.get("Y"), Some("operator"));
        assert_eq!(env.get("Z"), Some("operator"));
    }

    #[test]
    fn user_variables_replace_but_path_lists_grow() {
        let dir = tempfile::tempdir().unwrap();
        fs_err::create_dir(dir.path().join("env")).unwrap();
        for name in ["PATH", "CPATH", "NODE_ENV", "FOO.append"] {
            fs_err::write(dir.path().join("env").join(name), "user").unwrap();
        }
        let mut env = Variables::new().with("PATH", "/bin").with("NODE_ENV", "production");
        env.add_platform(dir.path()).unwrap();
        assert_eq!(env.get("PATH"), Some("user:/bin"));
        assert_eq!(env.get("CPATH"), Some("user"));
        assert_eq!(env.get("NODE_ENV"), Some("user"));
        assert_eq!(env.get("FOO.append"), Some("user"), "suffixes mean nothing here");
    }

    #[test]
    fn layer_directories_lengthen_path_lists() {
        let layer = tempfile::tempdir().unwrap();
        for dir in ["bin", "lib", "include", "pkgconfig"] {
            fs_err::create_dir(layer.path().join(dir)).unwrap();
        }
        let names = |env: &Variables| {
            env.0.keys().map(|n| n.to_str().unwrap().to_owned()).collect::<Vec<_>>()
        };

        let mut build = Variables::new().with("PATH", "/bin");
        build.add_roots(layer.path(), When::Build);
        assert_eq!(build.get("PATH").unwrap(), format!("{}/bin:/bin", layer.path().display()));
        assert_eq!(
            names(&build),
            ["CPATH", "LD_LIBRARY_PATH", "LIBRARY_PATH", "PATH", "PKG_CONFIG_PATH"]
        );

        let mut launch = Variables::new();
        launch.add_roots(layer.path(), When::Launch);
        assert_eq!(names(&launch), ["LD_LIBRARY_PATH", "PATH"]);
    }

    #[test]
    fn only_known_variables_of_the_surroundings_pass() {
        let surroundings: Variables =
            ["HOME", "PATH", "no_proxy", "LD_LIBRARY_PATH", "EDITOR", "CNB_LAYERS_DIR"]
                .map(|name| (name, "x"))
                .into_iter()
                .collect();
        let names = |env: &Variables| {
            env.0.keys().map(|n| n.to_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(
            names(&Variables::for_build(&surroundings)),
            ["HOME", "LD_LIBRARY_PATH", "PATH", "no_proxy"]
        );
        assert_eq!(
            names(&Variables::for_launch(&surroundings)),
            ["EDITOR", "HOME", "LD_LIBRARY_PATH", "PATH", "no_proxy"]
        );
    }
}
