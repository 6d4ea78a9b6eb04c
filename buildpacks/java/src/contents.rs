//! What the archives of an app have inside. Each of them is opened once, for its bill of materials, for the number of
//! its classes, and for those that tell how the app serves requests.

use std::io::{BufReader, Cursor, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use kouti_java::classes;
use walkdir::WalkDir;
use zip::ZipArchive;

use crate::jar::name_and_version;
use crate::manifest::{self, Manifest};
use crate::web_type::Telling;

/// Everything below the directory of an app.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    /// JARs and WARs, in the order of their names.
    pub(crate) archives: Vec<Archive>,
    /// Classes in files of their own.
    loose: u64,
}

/// A JAR or WAR.
#[derive(Debug)]
pub(crate) struct Archive {
    /// Relative to the app; `outer.jar!/inner.jar` of one within another.
    pub(crate) place: String,
    pub(crate) manifest: Manifest,
    /// Several where archives were merged into one.
    pub(crate) coordinates: Vec<Coordinates>,
    /// SHA-256, in hexadecimal digits.
    pub(crate) digest: String,
    pub(crate) nested: Vec<Self>,
    telling: Telling,
    /// Without those of nested ones.
    classes: u64,
}

/// What Maven knows a library by.
#[derive(Clone, Debug)]
pub(crate) struct Coordinates {
    /// Empty if it is not known.
    pub(crate) group: String,
    pub(crate) name: String,
    pub(crate) version: String,
}

impl Contents {
    /// What a link leads to is in a layer, which has a bill of its own.
    pub(crate) fn read(app_dir: &Path) -> Self {
        let mut paths = Vec::new();
        let mut loose = 0;
        for entry in WalkDir::new(app_dir).sort_by_file_name().into_iter().flatten() {
            if !entry.file_type().is_file() {
                continue;
            }
            if entry.path().extension().is_some_and(|e| e == "jar" || e == "war") {
                paths.push(entry.into_path());
            } else {
                loose += u64::from(classes::is_class(&entry.file_name().to_string_lossy()));
            }
        }
        Self { archives: read_all(app_dir, &paths), loose }
    }

    /// How many classes the app has: in files, in JARs, and in JARs within JARs, as [`classes::count`] counts them.
    pub(crate) fn classes(&self) -> u64 {
        let jars = self.archives.iter().filter(|archive| classes::is_jar_name(&archive.place));
        let count = |jar: &Archive| {
            jar.classes + jar.nested.iter().map(|nested| nested.classes).sum::<u64>()
        };
        self.loose + jars.map(count).sum::<u64>()
    }

    /// What tells how the app serves requests, of the libraries in this directory.
    pub(crate) fn telling<'a>(&'a self, lib: &'a Path) -> impl Iterator<Item = Telling> + 'a {
        let is_in = |archive: &&Archive| Path::new(&archive.place).parent() == Some(lib);
        self.archives.iter().filter(is_in).map(|archive| archive.telling)
    }
}

/// Nearly all of the time goes into digests: every processor makes some of them.
fn read_all(app_dir: &Path, paths: &[PathBuf]) -> Vec<Archive> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(path) = paths.get(index) else { return done };
            let place = path.strip_prefix(app_dir).unwrap_or(path).display().to_string();
            done.extend(Archive::of_file(place, path).map(|archive| (index, archive)));
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from).min(paths.len());
    let mut done: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let join = |worker: thread::ScopedJoinHandle<'_, _>| {
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        workers.into_iter().flat_map(join).collect()
    });
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, archive)| archive).collect()
}

impl Archive {
    /// Nothing if the file is no archive.
    fn of_file(place: String, path: &Path) -> Option<Self> {
        let file = fs_err::File::open(path).ok()?;
        let archive = ZipArchive::new(BufReader::new(file)).ok()?;
        Some(Self::read(place, archive, kouti::sha256_of(path).ok()?))
    }

    fn read<R: Read + Seek>(place: String, mut archive: ZipArchive<R>, digest: String) -> Self {
        let mut manifest = Manifest::default();
        let mut coordinates = Vec::new();
        let mut nested = Vec::new();
        for index in 0..archive.len() {
            let Some(Ok(name)) = archive.name_for_index(index) else { continue };
            let is_jar = classes::is_jar_name(&name);
            let is_wanted = name == manifest::PATH
                || is_jar
                || (name.starts_with("META-INF/maven/") && name.ends_with("/pom.properties"));
            if !is_wanted {
                continue;
            }
            let name = name.into_owned();
            let Some(bytes) = content(&mut archive, index) else { continue };
            if is_jar {
                let place = format!("{place}!/{name}");
                nested.extend(Self::of_bytes(place, &bytes));
            } else if name == manifest::PATH {
                manifest = Manifest::parse(&String::from_utf8_lossy(&bytes));
            } else {
                coordinates.extend(Coordinates::parse(&String::from_utf8_lossy(&bytes)));
            }
        }
        if coordinates.is_empty() {
            coordinates.push(Coordinates::guess(&place, &manifest));
        }
        let telling = Telling::in_archive(&archive);
        let classes = classes::names(&archive);
        Self { place, manifest, coordinates, digest, nested, telling, classes }
    }

    fn of_bytes(place: String, bytes: &[u8]) -> Option<Self> {
        let archive = ZipArchive::new(Cursor::new(bytes)).ok()?;
        Some(Self::read(place, archive, kouti::sha256(bytes)))
    }
}

fn content<R: Read + Seek>(archive: &mut ZipArchive<R>, index: usize) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    archive.by_index(index).ok()?.read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

impl Coordinates {
    /// Reads a `pom.properties`, which Maven puts into what it packages.
    pub(crate) fn parse(properties: &str) -> Option<Self> {
        let get = |key: &str| {
            let mut lines = properties.lines().filter_map(|line| line.split_once('='));
            lines.find(|(name, _)| name.trim() == key).map(|(_, value)| value.trim().to_owned())
        };
        Some(Self { group: get("groupId")?, name: get("artifactId")?, version: get("version")? })
    }

    /// From the manifest and the name of the file.
    fn guess(place: &str, manifest: &Manifest) -> Self {
        let file = place.rsplit('/').next().unwrap_or(place);
        let (name, version) = name_and_version(file);
        let said = manifest.get("Implementation-Version");
        let version = if version.is_empty() { said.unwrap_or_default() } else { version };
        let group = manifest.get("Implementation-Vendor-Id").unwrap_or_default();
        Self { group: group.to_owned(), name: name.to_owned(), version: version.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{jar, write};

    #[test]
    fn classes_are_as_many_as_at_launch() {
        let dir = tempfile::tempdir().unwrap();
        let inner = jar(&[("a/A.class", ""), ("a/B.class", ""), ("a/a.txt", "")]);
        write(dir.path(), "lib/outer.jar", &{
            let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
            for (name, content) in [("C.class", &b""[..]), ("lib/inner.jar", &inner)] {
                writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
                std::io::Write::write_all(&mut writer, content).unwrap();
            }
            writer.finish().unwrap().into_inner()
        });
        write(dir.path(), "D.class", b"");
        write(dir.path(), "E.java", b"");
        write(dir.path(), "app.war", &jar(&[("F.class", "")]));
        write(dir.path(), "broken.jar", b"");
        let contents = Contents::read(dir.path());
        assert_eq!(contents.classes(), 4);
        assert_eq!(contents.classes(), classes::count(dir.path()));
        let places: Vec<_> = contents.archives.iter().map(|found| found.place.as_str()).collect();
        assert_eq!(places, ["app.war", "lib/outer.jar"]);
        assert_eq!(contents.archives[1].nested[0].place, "lib/outer.jar!/lib/inner.jar");
        assert_eq!(contents.archives[1].nested[0].digest, kouti::sha256(&inner));
    }
}
