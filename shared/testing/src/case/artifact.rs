//! Fake artifacts: small archives with a catalogue entry.

use std::io::Write;
use std::sync::{Arc, OnceLock};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::tool::Tool;
use crate::tree;

/// Something a buildpack can install: a `.tar.gz` made of a few files, or any bytes.
///
/// A case puts its bytes into the offline store of the buildpack under test, unless
/// [`Artifact::uri`] says where a buildpack can fetch them.
#[derive(Clone, Debug)]
pub struct Artifact {
    entry: toml::Table,
    content: Content,
    /// Its bytes and their SHA-256, made once for all builds of a case.
    packed: Arc<OnceLock<(Vec<u8>, String)>>,
    stored: bool,
}

#[derive(Clone, Debug)]
enum Content {
    Files(Vec<File>),
    Bytes(Vec<u8>),
}

#[derive(Clone, Debug)]
struct File {
    path: String,
    kind: FileKind,
}

#[derive(Clone, Debug)]
enum FileKind {
    Plain(Vec<u8>),
    Program(Vec<u8>),
    Link(String),
}

impl Artifact {
    /// An empty archive for any operating system, architecture and distribution.
    #[must_use]
    pub fn new(id: &str, version: &str) -> Self {
        let entry = toml::toml! { strip-components = 0 };
        Self { entry, content: Content::Files(Vec::new()), packed: Arc::default(), stored: true }
            .with("id", id)
            .with("name", id)
            .with("version", version)
            .with("uri", format!("https://artifacts.test/{id}-{version}.tar.gz"))
    }

    /// Adds a file.
    #[must_use]
    pub fn file(self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.entry_of(path, FileKind::Plain(content.into()))
    }

    /// Adds an executable file.
    #[must_use]
    pub fn program(self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.entry_of(path, FileKind::Program(content.into()))
    }

    /// Adds a fake tool.
    #[must_use]
    pub fn tool(self, path: &str, tool: Tool) -> Self {
        self.program(path, tool.into_text())
    }

    /// Adds a symbolic link.
    #[must_use]
    pub fn link(self, path: &str, target: &str) -> Self {
        self.entry_of(path, FileKind::Link(target.to_owned()))
    }

    /// Replaces the archive by these bytes: a jar, a broken archive, another format.
    #[must_use]
    pub fn bytes(mut self, content: impl Into<Vec<u8>>) -> Self {
        self.content = Content::Bytes(content.into());
        self.packed = Arc::default();
        self
    }

    /// Sets or replaces a key of the catalogue entry: `arch`, `cpes`, `eol-date` …
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<toml::Value>) -> Self {
        self.entry.insert(key.to_owned(), value.into());
        self
    }

    /// Where it is to be fetched from; it is not in the offline store then.
    #[must_use]
    pub fn uri(mut self, uri: impl Into<String>) -> Self {
        self.stored = false;
        self.with("uri", uri.into())
    }

    /// The bytes that a buildpack downloads.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.packed().0.clone()
    }

    /// SHA-256 of the bytes, in hexadecimal.
    #[must_use]
    pub fn sha256(&self) -> String {
        self.packed().1.clone()
    }

    fn packed(&self) -> &(Vec<u8>, String) {
        self.packed.get_or_init(|| {
            let bytes = match &self.content {
                Content::Bytes(bytes) => bytes.clone(),
                Content::Files(files) => archive(files),
            };
            let digest = tree::sha256(&bytes);
            (bytes, digest)
        })
    }

    pub(super) fn is_stored(&self) -> bool {
        self.stored
    }

    /// The catalogue entry, as the packager writes it.
    pub(super) fn catalogue_entry(&self) -> toml::Table {
        let mut entry = self.entry.clone();
        let checksum = format!("sha256:{}", self.sha256());
        entry.entry("checksum").or_insert_with(|| checksum.into());
        entry
    }

    fn entry_of(mut self, path: &str, kind: FileKind) -> Self {
        let file = File { path: path.to_owned(), kind };
        match &mut self.content {
            Content::Files(files) => files.push(file),
            Content::Bytes(_) => self.content = Content::Files(vec![file]),
        }
        self.packed = Arc::default();
        self
    }
}

/// The same files make the same bytes, always and everywhere.
fn archive(files: &[File]) -> Vec<u8> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for File { path, kind } in files {
        let (mode, kind, content, target) = match kind {
            FileKind::Plain(content) => (0o644, tar::EntryType::Regular, content.as_slice(), None),
            FileKind::Program(content) => {
                (0o755, tar::EntryType::Regular, content.as_slice(), None)
            }
            FileKind::Link(target) => (0o777, tar::EntryType::Symlink, [].as_slice(), Some(target)),
        };
        let mut header = tar::Header::new_gnu();
        header.set_mode(mode);
        header.set_entry_type(kind);
        header.set_size(content.len() as u64);
        let appended = match target {
            Some(target) => archive.append_link(&mut header, path, target),
            None => archive.append_data(&mut header, path, content),
        };
        appended.expect("writing to memory cannot fail");
    }
    let mut compressed = archive.into_inner().expect("writing to memory cannot fail");
    compressed.flush().expect("writing to memory cannot fail");
    compressed.finish().expect("writing to memory cannot fail")
}
