#![no_main]
//! Well-formed archives whose names and links lead anywhere.

use std::io::{Cursor, Write};

use arbitrary::Arbitrary;
use kouti_fuzz::archives::{compressed, unpack};
use tar::{EntryType, Header};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Kind {
    File,
    Dir,
    Link,
    HardLink,
    Device,
}

#[derive(Arbitrary, Debug)]
struct Entry<'a> {
    kind: Kind,
    mode: u32,
    /// Each half byte is one part of a path; see `path`.
    name: &'a [u8],
    target: &'a [u8],
}

#[derive(Arbitrary, Debug)]
struct Archive<'a> {
    format: u8,
    outside_links: bool,
    entries: Vec<Entry<'a>>,
}

const PARTS: [&str; 16] = [
    "a", "b", "c", "..", ".", "", "victim", "layers", "it", "A", "\u{e4}", "a\n", "..a", "a b", "-", "\\",
];

/// Few names, so that entries meet each other.
fn path(bytes: &[u8]) -> String {
    let parts = bytes.iter().take(6).flat_map(|byte| [byte >> 4, byte & 15]);
    parts.map(|part| PARTS[usize::from(part)]).collect::<Vec<_>>().join("/")
}

fn tar(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in entries {
        let mut header = Header::new_gnu();
        let (kind, size) = match entry.kind {
            Kind::File => (EntryType::Regular, 7),
            Kind::Dir => (EntryType::Directory, 0),
            Kind::Link => (EntryType::Symlink, 0),
            Kind::HardLink => (EntryType::Link, 0),
            Kind::Device => (EntryType::Char, 0),
        };
        header.set_entry_type(kind);
        header.set_mode(entry.mode & 0o7777);
        header.set_size(size);
        let old = header.as_old_mut();
        let (name, target) = (path(entry.name), path(entry.target));
        old.name[..name.len()].copy_from_slice(name.as_bytes());
        old.linkname[..target.len()].copy_from_slice(target.as_bytes());
        header.set_cksum();
        bytes.extend_from_slice(header.as_bytes());
        if size > 0 {
            bytes.extend_from_slice(b"written");
            bytes.extend([0; 505]);
        }
    }
    bytes.extend([0; 1024]);
    bytes
}

fn zip(entries: &[Entry<'_>]) -> Option<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for entry in entries {
        let options = SimpleFileOptions::default().unix_permissions(entry.mode & 0o7777);
        let name = path(entry.name);
        match entry.kind {
            Kind::Dir => zip.add_directory(name, options).ok()?,
            Kind::Link => zip.add_symlink(name, path(entry.target), options).ok()?,
            Kind::File | Kind::HardLink | Kind::Device => {
                zip.start_file(name, options).ok()?;
                zip.write_all(b"written").ok()?;
            }
        }
    }
    Some(zip.finish().ok()?.into_inner())
}

libfuzzer_sys::fuzz_target!(|archive: Archive<'_>| {
    let entries = &archive.entries[..archive.entries.len().min(20)];
    let strip = usize::from(archive.format >> 6);
    let content = if archive.format & 8 == 0 {
        Some(compressed(archive.format & 7, &tar(entries)))
    } else {
        zip(entries)
    };
    if let Some(content) = content {
        unpack(&content, strip, archive.outside_links);
    }
});
