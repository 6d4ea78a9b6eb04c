//! Service bindings: what a platform hands to an app besides its source.
//!
//! Kubernetes and `pack` mount a directory per binding, Cloud Foundry sets
//! `VCAP_SERVICES`. Both are read, because a platform may do both; where a name is in
//! both, the directory counts. Names, types and providers are compared without regard to case.

mod directory;
mod error;
mod vcap;

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use fs_err::os::unix::fs::OpenOptionsExt as _;
use kouti_report::Notice;

pub use error::{MissingEntry, SeveralBindings, UnusableBindings};

/// All bindings of a build or of a launch, sorted by name.
#[derive(Clone, Debug, Default)]
pub struct Bindings {
    all: Vec<Binding>,
    notices: Vec<Notice>,
    remarks: Vec<String>,
}

/// One binding: a name, a type and some secrets.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Binding {
    /// Name of the directory or of the service instance.
    pub name: String,
    /// What it is for: `maven`, `ca-certificates`.
    pub kind: String,
    /// Who provides it, if that is known.
    pub provider: Option<String>,
    /// Tags of a Cloud Foundry service; a binding is also of each of these types.
    pub tags: Vec<String>,
    entries: BTreeMap<String, Entry>,
}

/// A value, and the file it is in if the platform mounted one.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Entry {
    value: Secret,
    file: Option<PathBuf>,
}

/// A value that cannot be shown by accident: no `Display`, and `Debug` hides it.
#[derive(Clone, Eq, PartialEq)]
pub struct Secret(Vec<u8>);

/// A file that holds the value of an entry, for tools that want to be pointed at one.
#[derive(Debug)]
pub struct EntryFile {
    path: PathBuf,
    /// Removes what was made for a value that had no file.
    made: Option<tempfile::TempDir>,
}

impl Bindings {
    /// The bindings of a build.
    ///
    /// Directories are looked for in `SERVICE_BINDING_ROOT`, else `CNB_BINDINGS`; where
    /// neither is set or what is set does not exist, in `<platform_dir>/bindings`: users often mean the
    /// variable for the launch only.
    pub fn for_build(
        env: &BTreeMap<String, String>,
        platform_dir: &Path,
    ) -> Result<Self, UnusableBindings> {
        Self::read(env, Some(&platform_dir.join("bindings")))
    }

    /// The bindings of a launch: as in a build, but there is no platform directory.
    pub fn for_launch(env: &BTreeMap<String, String>) -> Result<Self, UnusableBindings> {
        Self::read(env, None)
    }

    fn read(
        env: &BTreeMap<String, String>,
        fallback: Option<&Path>,
    ) -> Result<Self, UnusableBindings> {
        let given = |name: &'static str| {
            let value = env.get(name).map(String::as_str).unwrap_or_default();
            (!value.is_empty()).then(|| (name, Path::new(value)))
        };
        let mut found = Self::default();
        let asked = given("SERVICE_BINDING_ROOT").or_else(|| given("CNB_BINDINGS"));
        let root = match asked {
            Some((name, root)) if !root.is_dir() => {
                found.remarks.push(format!("{name} is {}, which is no directory", root.display()));
                fallback
            }
            Some((_, root)) => Some(root),
            None => fallback,
        };
        if let Some(root) = root.filter(|root| root.is_dir()) {
            directory::read(root, &mut found)?;
        }
        for binding in vcap::read(env)? {
            if found.named(&binding.name).is_none() {
                found.all.push(binding);
            }
        }
        found.all.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Binding> {
        self.all.iter()
    }

    /// What the user should know: directories that look like bindings and are none.
    #[must_use]
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    /// What is worth a line in a debug log.
    #[must_use]
    pub fn remarks(&self) -> &[String] {
        &self.remarks
    }

    /// Those of a type, or tagged with it.
    #[must_use]
    pub fn find(&self, kind: &str) -> Vec<&Binding> {
        self.all.iter().filter(|binding| binding.is(kind)).collect()
    }

    /// The only one of a type, if there is any. More than one is an error: which of them
    /// is meant cannot be guessed.
    pub fn exactly_one(&self, kind: &str) -> Result<Option<&Binding>, SeveralBindings> {
        match self.find(kind).as_slice() {
            [] => Ok(None),
            [binding] => Ok(Some(binding)),
            several => Err(SeveralBindings {
                kind: kind.to_owned(),
                names: several.iter().map(|binding| binding.name.clone()).collect(),
            }),
        }
    }

    fn named(&self, name: &str) -> Option<&Binding> {
        self.all.iter().find(|binding| same(&binding.name, name))
    }
}

impl Binding {
    /// Whether it is of a type: by its own type or by a tag.
    #[must_use]
    pub fn is(&self, kind: &str) -> bool {
        same(&self.kind, kind) || self.tags.iter().any(|tag| same(tag, kind))
    }

    /// The keys of its entries, sorted.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// The value of an entry. Keys are case-sensitive.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Secret> {
        self.entries.get(key).map(|entry| &entry.value)
    }

    /// The text of an entry: UTF-8, without white space around it.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        self.get(key)?.text()
    }

    /// The value of an entry that must be there.
    pub fn require(&self, key: &str) -> Result<&Secret, MissingEntry> {
        self.get(key).ok_or_else(|| MissingEntry {
            binding: self.name.clone(),
            key: key.to_owned(),
            present: self.entries.keys().cloned().collect(),
        })
    }

    /// The platform's own file of an entry, if it mounted one: it changes when the platform changes the value.
    #[must_use]
    pub fn mounted(&self, key: &str) -> Option<&Path> {
        self.entries.get(key)?.file.as_deref()
    }

    /// A file with the raw value of an entry.
    ///
    /// The platform's own file if it mounted one, otherwise one that only this user can read and
    /// that is removed with the returned value.
    pub fn file(&self, key: &str) -> std::io::Result<Option<EntryFile>> {
        let Some(entry) = self.entries.get(key) else {
            return Ok(None);
        };
        match &entry.file {
            Some(path) => Ok(Some(EntryFile { path: path.clone(), made: None })),
            None => entry.value.write_down(key).map(Some),
        }
    }

    /// The texts of all entries, to be masked in whatever a tool prints.
    pub fn secrets(&self) -> impl Iterator<Item = String> {
        self.entries
            .values()
            .filter_map(|entry| entry.value.text())
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    }
}

impl Secret {
    /// The raw bytes.
    #[must_use]
    pub fn reveal(&self) -> &[u8] {
        &self.0
    }

    /// As text, if it is UTF-8, without white space around it: files usually end
    /// with a line feed that is no part of a password.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        str::from_utf8(&self.0).ok().map(str::trim)
    }

    fn write_down(&self, key: &str) -> std::io::Result<EntryFile> {
        let dir = tempfile::Builder::new().prefix("binding-").tempdir()?;
        // Tools look at extensions, so the file is named after the key if that can be a name.
        let name = if key.contains('/') || matches!(key, "" | "." | "..") { "value" } else { key };
        let path = dir.path().join(name);
        let mut options = fs_err::OpenOptions::new();
        options.write(true).create_new(true).mode(0o600).open(&path)?.write_all(&self.0)?;
        Ok(EntryFile { path, made: Some(dir) })
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl EntryFile {
    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Leaves the file behind when this program ends, for the app that is about to start.
    #[must_use]
    pub fn keep(self) -> PathBuf {
        if let Some(dir) = self.made {
            let _ = dir.keep();
        }
        self.path
    }
}

fn same(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.trim().to_lowercase()
}
