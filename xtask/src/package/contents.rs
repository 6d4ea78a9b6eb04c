//! The files of one package, from wherever they are.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::Serialize;
use toml_edit::Table;

use super::catalog::{Catalog, text};
use crate::files;
use crate::stamp::Key;
use crate::tarball::{self, Content, Entry};

/// Counted up when the same contents give another package than before.
const PACKAGER: &str = "1";

/// An artifact that travels in an offline package.
#[derive(Debug, Serialize)]
pub(super) struct Carried {
    pub(super) id: String,
    pub(super) version: String,
    pub(super) checksum: String,
    pub(super) size: u64,
    #[serde(skip)]
    pub(super) path: PathBuf,
}

/// What every package has: the descriptor, one program under two names, the helper if there is one, the documents.
pub(super) fn of_package(
    descriptor: String,
    release: &Path,
    buildpack_dir: &Path,
    root: &Path,
) -> Result<Vec<Entry>> {
    let name =
        buildpack_dir.file_name().context("a buildpack directory has a name")?.to_string_lossy();
    let program = |suffix: &str| release.join(format!("kouti-{name}{suffix}"));
    let file = |path: PathBuf, executable| -> Result<Content> {
        if !path.is_file() {
            bail!("{} is missing", path.display());
        }
        Ok(Content::File { path, executable })
    };
    let mut entries = vec![
        Entry::new("LICENSE", file(root.join("LICENSE"), false)?),
        Entry::new("README.md", file(buildpack_dir.join("README.md"), false)?),
        Entry::new("bin", Content::Dir),
        Entry::new("bin/build", file(program(""), true)?),
        // Relative: platforms move the directory.
        Entry::new("bin/detect", Content::Link("build".into())),
        Entry::new("buildpack.toml", Content::Bytes(descriptor.into_bytes())),
    ];
    if fs_err::read_to_string(buildpack_dir.join("Cargo.toml"))?
        .contains(&format!("kouti-{name}-helper"))
    {
        entries.push(Entry::new("bin/helper", file(program("-helper"), true)?));
    }
    tarball::sort(&mut entries);
    Ok(entries)
}

/// Adds artifacts, under the names by which a buildpack looks for them, and the list of them.
pub(super) fn add_artifacts(entries: &mut Vec<Entry>, artifacts: &[Carried]) -> Result<()> {
    #[derive(Serialize)]
    struct Index<'a> {
        artifacts: &'a [Carried],
    }
    let dir = Path::new("dependencies");
    entries.push(Entry::new(dir, Content::Dir));
    let index = toml::to_string(&Index { artifacts })?;
    entries.push(Entry::new(dir.join("index.toml"), Content::Bytes(index.into_bytes())));
    for artifact in artifacts {
        let (algorithm, hex) =
            artifact.checksum.split_once(':').context("a checksum names its algorithm")?;
        let path = artifact.path.clone();
        entries.push(Entry::new(dir.join(algorithm), Content::Dir));
        entries.push(Entry::new(
            dir.join(algorithm).join(hex),
            Content::File { path, executable: false },
        ));
    }
    tarball::sort(entries);
    entries.dedup_by(|a, b| a.name == b.name);
    Ok(())
}

/// The artifacts of a catalogue; `find` tells where the file of a record is.
pub(super) fn artifacts(
    catalog: &Catalog,
    find: impl Fn(&Table) -> Result<PathBuf>,
) -> Result<Vec<Carried>> {
    let mut artifacts = Vec::new();
    for record in &catalog.records {
        let part = |key| text(record, key).unwrap_or_default().to_owned();
        let path = find(record)?;
        let size = fs_err::metadata(&path)?.len();
        artifacts.push(Carried {
            id: part("id"),
            version: part("version"),
            checksum: part("checksum"),
            size,
            path,
        });
    }
    Ok(artifacts)
}

/// Digest of everything that the package's bytes depend on.
pub(super) fn key(entries: &[Entry]) -> Result<String> {
    let mut key = Key::new().text("packager", PACKAGER);
    for entry in entries {
        let name = entry.name.to_string_lossy();
        key = match &entry.content {
            Content::Dir => key.text(&name, "directory"),
            Content::Link(target) => key.text(&name, &target.to_string_lossy()),
            Content::Bytes(bytes) => key.text(&name, &String::from_utf8_lossy(bytes)),
            // An artifact's name is its digest, and it was verified when it came here.
            Content::File { .. } if is_artifact(entry) => key.text(&name, "artifact"),
            Content::File { path, .. } => key.file(&name, path)?,
        };
    }
    Ok(key.finish())
}

fn is_artifact(entry: &Entry) -> bool {
    entry.name.starts_with("dependencies")
}

/// Writes the package as a directory, in place of what was there.
pub(super) fn write_dir(dir: &Path, entries: &[Entry]) -> Result<()> {
    let new = files::dir_beside(dir)?;
    for entry in entries {
        let to = new.path().join(&entry.name);
        match &entry.content {
            Content::Dir => fs_err::create_dir(&to)?,
            Content::Link(target) => std::os::unix::fs::symlink(target, &to)?,
            Content::Bytes(bytes) => fs_err::write(&to, bytes)?,
            // A gigabyte of artifacts need not be there twice; another file system gets a copy.
            Content::File { path, .. } if is_artifact(entry) => {
                fs_err::hard_link(path, &to).or_else(|_| fs_err::copy(path, &to).map(|_| ()))?;
            }
            Content::File { path, .. } => {
                fs_err::copy(path, &to)?;
            }
        }
    }
    files::put_dir(new, dir)
}
