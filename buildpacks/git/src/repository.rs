//! What a repository says about what is checked out, read without the program `git`: that may be missing,
//! and refuses a repository of another user.
//!
//! Layout: [gitrepository-layout](https://git-scm.com/docs/gitrepository-layout).

use std::io;
use std::path::{Component, Path, PathBuf};

use kouti::Notice;

use crate::config;

/// The directory of a repository in the app, or a file that leads to it.
pub(crate) const DIR: &str = ".git";
/// References that lead to references that lead to ...
const MOST_STEPS: usize = 5;

const BRANCHES: &str = "refs/heads/";
const TAGS: &str = "refs/tags/";

/// A repository of an app.
#[derive(Debug)]
pub(crate) struct Repository {
    /// What belongs to this working tree: `HEAD`.
    own: PathBuf,
    /// What all working trees share: references and configuration.
    shared: PathBuf,
}

/// What is checked out.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Head {
    pub(crate) revision: String,
    /// Its branch, or else a tag of it.
    pub(crate) name: Option<String>,
}

/// Why it is not known what is checked out. The app is built all the same.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Unknown {
    /// `.git` is a file that leads to a directory which is not there.
    Elsewhere(String),
    /// Nothing has been committed.
    NoCommit(String),
    /// A file is not what git writes, or cannot be read.
    Strange(String),
}

impl Unknown {
    pub(crate) fn notice(&self) -> Notice {
        let (text, hint) = match self {
            Self::Elsewhere(dir) => (
                format!("`.git` leads to `{dir}`, which is not part of the build"),
                "set BP_OCI_REVISION, or build from a clone of its own instead of a working tree or submodule",
            ),
            Self::NoCommit(branch) => (
                format!("the branch `{branch}` has no commit, so the image gets no revision"),
                "commit before you build",
            ),
            Self::Strange(what) => {
                (format!("the revision of the app is not known: {what}"), "set BP_OCI_REVISION")
            }
        };
        Notice::new(text).hint(hint)
    }
}

/// What `HEAD` holds.
enum Value {
    Revision(String),
    Reference(String),
}

impl Repository {
    /// The repository of an app, if it has one.
    pub(crate) fn of_app(app_dir: &Path) -> Option<Result<Self, Unknown>> {
        let path = app_dir.join(DIR);
        path.exists().then(|| Self::open(app_dir, path))
    }

    fn open(app_dir: &Path, path: PathBuf) -> Result<Self, Unknown> {
        let own = if path.is_file() {
            let text = read(&path)?;
            let Some(dir) = text.trim().strip_prefix("gitdir:").map(str::trim) else {
                return Err(Unknown::Strange("the file `.git` names no directory".to_owned()));
            };
            let own = app_dir.join(dir);
            if !own.is_dir() {
                return Err(Unknown::Elsewhere(dir.to_owned()));
            }
            own
        } else {
            path
        };
        let shared = match fs_err::read_to_string(own.join("commondir")) {
            Ok(dir) => own.join(dir.trim()),
            Err(_) => own.clone(),
        };
        Ok(Self { own, shared })
    }

    pub(crate) fn head(&self) -> Result<Head, Unknown> {
        match value(&read(&self.own.join("HEAD"))?, "HEAD")? {
            Value::Revision(revision) => {
                let name = self.tag_of(&revision);
                Ok(Head { revision, name })
            }
            Value::Reference(reference) => {
                let name = reference.strip_prefix(BRANCHES).unwrap_or(&reference).to_owned();
                let revision = self.resolve(reference, &name)?;
                Ok(Head { revision, name: Some(name) })
            }
        }
    }

    /// The revision that a reference leads to.
    fn resolve(&self, mut reference: String, branch: &str) -> Result<String, Unknown> {
        for _ in 0..MOST_STEPS {
            if !is_reference(&reference) {
                break;
            }
            let loose = [&self.own, &self.shared].map(|dir| dir.join(&reference));
            let found = loose.iter().find(|path| path.is_file());
            let found = found.map(|path| value(&read(path)?, &reference)).transpose()?;
            match found {
                Some(Value::Revision(revision)) => return Ok(revision),
                Some(Value::Reference(next)) => reference = next,
                None => {
                    let packed = self.packed().into_iter().find(|packed| packed.name == reference);
                    if let Some(packed) = packed {
                        return Ok(packed.revision);
                    }
                    if self.shared.join("reftable").exists() {
                        return Err(Unknown::Strange(
                            "its references are kept in the format `reftable`".to_owned(),
                        ));
                    }
                    return Err(Unknown::NoCommit(branch.to_owned()));
                }
            }
        }
        Err(Unknown::Strange(format!("`{reference}` is no reference that git would write")))
    }

    /// A tag of a revision; the last of several, which is usually the longest version.
    fn tag_of(&self, revision: &str) -> Option<String> {
        let mut tags: Vec<String> = self
            .packed()
            .into_iter()
            .filter(|tag| tag.commit == revision)
            .map(|tag| tag.name)
            .collect();
        let mut loose = Vec::new();
        files(&self.shared.join(TAGS), TAGS, &mut loose);
        // An annotated tag that is not packed names an object which would have to be inflated.
        let is_of = |(_, path): &(String, PathBuf)| {
            fs_err::read_to_string(path).is_ok_and(|text| text.trim() == revision)
        };
        tags.extend(loose.into_iter().filter(is_of).map(|(name, _)| name));
        let names = tags.iter().filter_map(|name| name.strip_prefix(TAGS));
        names.max().map(str::to_owned)
    }

    /// The references of `packed-refs`; a file that nobody can read is as good as none.
    fn packed(&self) -> Vec<Packed> {
        let text = fs_err::read_to_string(self.shared.join("packed-refs")).unwrap_or_default();
        let mut packed: Vec<Packed> = Vec::new();
        for line in text.lines() {
            if let (Some(commit), Some(tag)) = (line.strip_prefix('^'), packed.last_mut()) {
                commit.trim().clone_into(&mut tag.commit);
            } else if let Some((revision, name)) = line.split_once(' ')
                && is_revision(revision)
            {
                let (revision, name) = (revision.to_owned(), name.trim().to_owned());
                packed.push(Packed { name, commit: revision.clone(), revision });
            }
        }
        packed
    }

    /// Where the app comes from, as its configuration says.
    pub(crate) fn origin(&self) -> Option<String> {
        let text = fs_err::read_to_string(self.shared.join("config")).ok()?;
        config::value(&text, "remote", "origin", "url")
    }
}

/// A line of `packed-refs`.
struct Packed {
    name: String,
    /// What it names: a commit, or an annotated tag.
    revision: String,
    /// The commit behind that.
    commit: String,
}

fn read(path: &Path) -> Result<String, Unknown> {
    let strange = |error: io::Error| Unknown::Strange(format!("{error}"));
    let bytes = fs_err::read(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            let name = path.file_name().unwrap_or_default().display();
            Unknown::Strange(format!("`.git` has no file `{name}`"))
        }
        _ => strange(error),
    })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn value(text: &str, origin: &str) -> Result<Value, Unknown> {
    let text = text.trim();
    if let Some(reference) = text.strip_prefix("ref:") {
        return Ok(Value::Reference(reference.trim().to_owned()));
    }
    if is_revision(text) {
        return Ok(Value::Revision(text.to_ascii_lowercase()));
    }
    Err(Unknown::Strange(format!("`{origin}` names no revision")))
}

/// SHA-1 or SHA-256.
fn is_revision(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A name below `refs`, and no way out of there.
fn is_reference(name: &str) -> bool {
    name.starts_with("refs/")
        && Path::new(name).components().all(|part| matches!(part, Component::Normal(_)))
}

/// All files below a directory with the names of their references.
fn files(dir: &Path, above: &str, found: &mut Vec<(String, PathBuf)>) {
    let Ok(entries) = fs_err::read_dir(dir) else { return };
    for entry in entries.flatten() {
        let name = format!("{above}{}", entry.file_name().to_string_lossy());
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => files(&entry.path(), &(name + "/"), found),
            Ok(kind) if kind.is_file() => found.push((name, entry.path())),
            _ => {}
        }
    }
}
