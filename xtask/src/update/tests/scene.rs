//! A repository with one catalogue, and a server with a recorded feed.
//!
//! A recording is a text with one section for each document, in the true format of its upstream but with few entries:
//!
//! ```text
//! === https://nodejs.org/dist/index.json
//! […]
//! === https://nodejs.org/dist/v1.0.0/SHASUMS256.txt.asc signed
//! <sha256 https://nodejs.org/dist/v1.0.0/node.tar.gz>  node.tar.gz
//! === https://nodejs.org/dist/v1.0.0/node.tar.gz archive node-v1.0.0/bin/node
//! === https://example.org/composer.phar file
//! ```
//!
//! What is served for `archive` and `file` is made by the test, and so are the checksums in `<…>` that go with it.

use std::collections::BTreeMap;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use kouti_catalog::Date;
use kouti_fetch::{Limits, Options};
use kouti_testing::upstream::Upstream;
use sha2::{Digest as _, Sha224, Sha256, Sha512};
use similar::{ChangeTag, TextDiff};

use super::super::engine::Context;
use super::super::net::Net;
use super::super::signature::tests::Signer;
use super::super::{FAMILIES, Summary, update};
use crate::audit::Advisories;
use crate::stamp;
use crate::tarball::{self, Content, Entry};

const CHANGELOG: &str = "# Changelog\n\n## [Unreleased]\n\n### Added\n\n* All of it.\n";
const TODAY: &str = "2026-11-27";

pub(super) struct Scene {
    family: &'static str,
    catalogue: String,
    sections: BTreeMap<String, Section>,
    signer: Signer,
    /// Changed on the way: address, what was sent, what arrives.
    altered: Vec<(String, String, String)>,
    /// Who signs in place of the pinned key.
    forger: Option<Signer>,
    today: Date,
}

#[derive(Clone)]
struct Section {
    kind: String,
    body: String,
}

/// What a person sees after an update.
pub(super) struct Seen {
    pub(super) diff: String,
    pub(super) changelog: String,
    pub(super) request: String,
    pub(super) issue: String,
    pub(super) lines: Vec<String>,
}

impl Scene {
    pub(super) fn new(family: &'static str) -> Self {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/update/tests");
        let read = |end: &str| fs_err::read_to_string(dir.join(format!("{family}.{end}"))).unwrap();
        let feed = read("feed.txt");
        let sections = feed.split("\n=== ").skip(1).map(|section| {
            let (head, body) = section.split_once('\n').unwrap_or((section, ""));
            let (uri, kind) = head.split_once(' ').unwrap_or((head, ""));
            (uri.to_owned(), Section { kind: kind.to_owned(), body: body.to_owned() })
        });
        Self {
            family,
            catalogue: read("catalog.toml"),
            sections: sections.collect(),
            signer: Signer::new(),
            altered: Vec::new(),
            forger: None,
            today: TODAY.parse().unwrap(),
        }
    }

    pub(super) fn family(&self) -> &'static str {
        self.family
    }

    /// Changes the recording; `from` must be there.
    pub(super) fn replace(mut self, uri: &str, from: &str, to: &str) -> Self {
        let section = self.sections.get_mut(uri).unwrap_or_else(|| panic!("no {uri}"));
        assert!(section.body.contains(from), "{from} is not in {uri}:\n{}", section.body);
        section.body = section.body.replace(from, to);
        self
    }

    /// Changes addresses and bodies.
    pub(super) fn everywhere(mut self, from: &str, to: &str) -> Self {
        let sections = std::mem::take(&mut self.sections).into_iter();
        let changed = sections.map(|(uri, Section { kind, body })| {
            let section = Section { kind: kind.replace(from, to), body: body.replace(from, to) };
            (uri.replace(from, to), section)
        });
        self.sections = changed.collect();
        self
    }

    /// Removes what is recorded there.
    pub(super) fn without(mut self, uri: &str) -> Self {
        let section = self.sections.get_mut(uri).unwrap_or_else(|| panic!("no {uri}"));
        section.kind.push_str(" gone");
        self
    }

    /// Changes what is served, after it was signed and its checksum was taken.
    pub(super) fn altered(mut self, uri: &str, from: &str, to: &str) -> Self {
        self.altered.push((uri.to_owned(), from.to_owned(), to.to_owned()));
        self
    }

    /// Serves other bytes than those that the checksums are of.
    pub(super) fn altered_bytes(mut self, uri: &str) -> Self {
        let section = self.sections.get_mut(uri).unwrap_or_else(|| panic!("no {uri}"));
        section.kind.push_str(" altered");
        self
    }

    /// Signs with a key that is not pinned.
    pub(super) fn forged(mut self) -> Self {
        self.forger = Some(Signer::new());
        self
    }

    pub(super) fn today(mut self, day: &str) -> Self {
        self.today = day.parse().unwrap();
        self
    }

    /// Runs the update.
    pub(super) fn run(&self) -> Seen {
        let root = tempfile::tempdir().unwrap();
        let family = FAMILIES.iter().find(|family| family.name == self.family).unwrap();
        let catalogue = root.path().join(family.catalogue);
        fs_err::create_dir_all(catalogue.parent().unwrap()).unwrap();
        fs_err::write(&catalogue, &self.catalogue).unwrap();
        fs_err::write(root.path().join("CHANGELOG.md"), CHANGELOG).unwrap();

        let server = Upstream::start();
        for (uri, section) in self.sections.iter().filter(|(_, it)| !it.kind.ends_with("gone")) {
            server.serve(&uri.replacen("https:/", "", 1), self.content(uri, section));
        }
        let options =
            Options { limits: Limits { attempts: 1, ..Limits::default() }, ..Options::default() };
        let context = Context {
            net: Net::new(options, Some(&server.url("")), root.path().join("downloads")),
            today: self.today,
            advisories: self.advisories(),
            keys: Some(self.signer.certificate()),
        };
        let texts = root.path().join("texts");
        let Summary { lines, .. } = update(&context, root.path(), &texts, family).unwrap();

        let text = |path: &Path| {
            let text = fs_err::read_to_string(path).unwrap_or_default();
            self.anonymous(&text.replace(&server.address().to_string(), "<server>"))
        };
        Seen {
            diff: diff(&self.catalogue, &text(&catalogue)),
            changelog: diff(CHANGELOG, &text(&root.path().join("CHANGELOG.md"))),
            request: text(&texts.join("pull-request.md")),
            issue: text(&texts.join("issue.md")),
            lines: lines.iter().map(|line| self.anonymous(line)).collect(),
        }
    }

    /// What is recorded as an entry of OSV.
    fn advisories(&self) -> Advisories {
        let mut advisories = Advisories::default();
        for (uri, section) in &self.sections {
            if uri.starts_with("https://api.osv.dev/") {
                advisories.add(&serde_json::from_str(&section.body).unwrap()).unwrap();
            }
        }
        advisories
    }

    fn content(&self, uri: &str, section: &Section) -> Vec<u8> {
        let mut bytes = self.bytes(uri, section);
        if section.kind.ends_with("altered") {
            bytes.push(b'!');
        }
        for (_, from, to) in self.altered.iter().filter(|(of, ..)| of == uri) {
            let text = String::from_utf8(bytes).expect("only text is altered");
            assert!(text.contains(from), "{from} is not in {uri}");
            bytes = text.replace(from, to).into_bytes();
        }
        bytes
    }

    fn bytes(&self, uri: &str, section: &Section) -> Vec<u8> {
        match section.kind.split_whitespace().collect::<Vec<_>>()[..] {
            ["archive", path, ..] => archive(uri, path),
            ["file", ..] => format!("{}\n", uri.rsplit('/').next().unwrap()).into_bytes(),
            ["signed", ..] => {
                let signer = self.forger.as_ref().unwrap_or(&self.signer);
                signer.sign(&self.filled(&section.body)).into_bytes()
            }
            _ => self.filled(&section.body).into_bytes(),
        }
    }

    /// The text with `<sha256 uri>` and its like replaced.
    fn filled(&self, text: &str) -> String {
        let mut filled = text.to_owned();
        for (name, of) in [
            ("sha256", (|bytes| stamp::hex(&Sha256::digest(bytes))) as fn(&[u8]) -> String),
            ("sha512", |bytes| stamp::hex(&Sha512::digest(bytes))),
            ("integrity", |bytes| base64(&Sha512::digest(bytes))),
        ] {
            while let Some(at) = filled.find(&format!("<{name} ")) {
                let end = at + filled[at..].find('>').expect("a placeholder ends");
                let uri = &filled[at + name.len() + 2..end];
                let section = self.sections.get(uri).cloned().unwrap_or_else(|| panic!("no {uri}"));
                filled.replace_range(at..=end, &of(&self.bytes(uri, &section)));
            }
        }
        filled
    }

    /// The text without what is another in each run, and with digests that say what they are of.
    fn anonymous(&self, text: &str) -> String {
        let mut text = text.replace(&self.signer.fingerprint(), "<fingerprint>");
        for (uri, section) in &self.sections {
            if !section.kind.starts_with("archive") && !section.kind.starts_with("file") {
                continue;
            }
            let bytes = self.bytes(uri, section);
            let name = uri.rsplit('/').next().unwrap();
            for digest in [
                stamp::hex(&Sha224::digest(&bytes)),
                stamp::hex(&Sha256::digest(&bytes)),
                stamp::hex(&Sha512::digest(&bytes)),
            ] {
                text = text.replace(&digest, &format!("<of {name}>"));
            }
        }
        text
    }
}

/// Not compressed, so that its size is the same whoever packs it.
fn archive(uri: &str, path: &str) -> Vec<u8> {
    let (top, name) = path.split_once('/').unwrap();
    let file = |name: &str, text: &str| {
        Entry::new(format!("{top}/{name}"), Content::Bytes(format!("{text}\n").into_bytes()))
    };
    let mut entries = vec![file("README", uri), file(name, name.rsplit('/').next().unwrap())];
    tarball::sort(&mut entries);
    let gzip = GzEncoder::new(Vec::new(), Compression::none());
    tarball::write(&entries, gzip).unwrap().finish().unwrap()
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk
            .iter()
            .chain([0; 2].iter())
            .take(3)
            .fold(0, |all, byte| all << 8 | usize::from(*byte));
        for digit in 0..=chunk.len() {
            text.push(char::from(ALPHABET[word >> (18 - 6 * digit) & 63]));
        }
    }
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}

/// The lines that differ, as `diff` shows them, with long digests cut.
fn diff(old: &str, new: &str) -> String {
    let mut text = String::new();
    for change in TextDiff::from_lines(old, new).iter_all_changes() {
        let sign = match change.tag() {
            ChangeTag::Delete => '-',
            ChangeTag::Insert => '+',
            ChangeTag::Equal => continue,
        };
        text.push_str(format!("{sign} {}", cut(change.value()).trim_end()).trim_end());
        text.push('\n');
    }
    text
}

/// Eight digits tell one digest from another.
fn cut(line: &str) -> String {
    let mut text = String::new();
    let mut run = 0;
    for c in line.chars() {
        run = if c.is_ascii_hexdigit() { run + 1 } else { 0 };
        if run <= 40 {
            text.push(c);
        }
        if run == 41 {
            text.truncate(text.len() - 32);
            text.push('…');
        }
    }
    text
}
