//! How many classes there are, from which the memory for them is estimated.

use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use zip::ZipArchive;

use crate::jimage;

/// Names of what becomes a class when the program runs.
const ENDINGS: [&str; 5] = [".class", ".classdata", ".clj", ".groovy", ".kts"];

/// Counts the classes below `root`: in files, in JARs, and in JARs within JARs.
///
/// For a Java runtime those of its image of modules. What cannot be read counts nothing: the
/// number is an estimate anyway.
#[must_use]
pub fn count(root: &Path) -> u64 {
    let modules = root.join("lib/modules");
    if modules.is_file()
        && let Ok(count) = jimage::count_classes(&modules)
    {
        return count;
    }
    if root.is_file() {
        return if is_jar_name(&root.to_string_lossy()) { count_jar(root) } else { 0 };
    }
    let files = walkdir::WalkDir::new(root).into_iter().flatten();
    files
        // A link may lead to a layer that has no content in this build.
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let name = entry.file_name().to_string_lossy();
            if is_jar_name(&name) { count_jar(entry.path()) } else { u64::from(is_class(&name)) }
        })
        .sum()
}

/// Counts the classes of one JAR; nothing if it is none.
#[must_use]
pub fn count_jar(path: &Path) -> u64 {
    let Ok(file) = fs_err::File::open(path) else { return 0 };
    let Ok(mut archive) = ZipArchive::new(io::BufReader::new(file)) else { return 0 };
    let mut inner = Vec::new();
    let mut count = 0;
    for index in 0..archive.len() {
        let Some(Ok(name)) = archive.name_for_index(index) else { continue };
        count += u64::from(is_class(&name));
        if is_jar_name(&name) {
            inner.push(index);
        }
    }
    for index in inner {
        count += count_nested(&mut archive, path, index);
    }
    count
}

/// The directory of a JAR within a JAR is enough; packers store those as they are.
fn count_nested<R: Read + Seek>(archive: &mut ZipArchive<R>, path: &Path, index: usize) -> u64 {
    let Ok(mut entry) = archive.by_index(index) else { return 0 };
    if entry.compression() == zip::CompressionMethod::Stored
        && let (Some(start), Ok(file)) = (entry.data_start(), fs_err::File::open(path))
    {
        let part = Part { file, start, length: entry.size(), at: 0 };
        return ZipArchive::new(io::BufReader::new(part)).map_or(0, |archive| names(&archive));
    }
    let mut bytes = Vec::new();
    if entry.read_to_end(&mut bytes).is_err() {
        return 0;
    }
    ZipArchive::new(io::Cursor::new(bytes)).map_or(0, |archive| names(&archive))
}

/// How many entries of an archive become classes; what is in JARs within it is not looked at.
#[must_use]
pub fn names<R: Read + Seek>(archive: &ZipArchive<R>) -> u64 {
    archive.file_names().flatten().map(|name| u64::from(is_class(&name))).sum()
}

/// Whether a file of this name becomes a class.
#[must_use]
pub fn is_class(name: &str) -> bool {
    ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// Whether a file of this name is taken for a JAR.
#[must_use]
pub fn is_jar_name(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "jar")
}

/// A part of a file, as a file of its own.
struct Part {
    file: fs_err::File,
    start: u64,
    length: u64,
    at: u64,
}

impl Read for Part {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.length.saturating_sub(self.at);
        self.file.seek(SeekFrom::Start(self.start + self.at))?;
        let count = self.file.by_ref().take(left).read(buffer)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Part {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use zip::write::SimpleFileOptions;

    use super::*;

    fn jar(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
        for (name, content) in files {
            let method = if is_jar_name(name) {
                zip::CompressionMethod::Stored
            } else {
                zip::CompressionMethod::Deflated
            };
            let options = SimpleFileOptions::default().compression_method(method);
            writer.start_file(*name, options).unwrap();
            writer.write_all(content).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn files_jars_and_jars_in_jars_count() {
        let dir = tempfile::tempdir().unwrap();
        let inner = jar(&[("a/A.class", b""), ("a/B.class", b""), ("a/a.txt", b"")]);
        let outer = jar(&[("C.class", b"x"), ("lib/inner.jar", &inner), ("c.groovy", b"")]);
        fs_err::create_dir_all(dir.path().join("sub")).unwrap();
        fs_err::write(dir.path().join("sub/outer.jar"), outer).unwrap();
        fs_err::write(dir.path().join("D.class"), "").unwrap();
        fs_err::write(dir.path().join("none.jar"), "").unwrap();
        fs_err::write(dir.path().join("broken.jar"), "not a zip").unwrap();
        fs_err::write(dir.path().join("E.java"), "").unwrap();
        assert_eq!(count(dir.path()), 5);
        assert_eq!(count(&dir.path().join("sub/outer.jar")), 4);
        assert_eq!(count(&dir.path().join("missing")), 0);
    }
}
