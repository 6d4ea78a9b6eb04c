//! JARs: what they say about themselves, and which of several is the app.

use std::io::{BufReader, Read as _};
use std::path::{Path, PathBuf};

use zip::ZipArchive;

use crate::manifest::{self, Manifest};

/// A JAR file.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Jar {
    /// Relative to the app.
    pub(crate) path: PathBuf,
    pub(crate) manifest: Manifest,
}

/// What a search has found.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Search {
    /// The one that counts.
    pub(crate) found: Option<Jar>,
    /// Others that could be started, relative to the app.
    pub(crate) others: Vec<PathBuf>,
    /// Files that are called JARs and cannot be read, relative to the app.
    pub(crate) unreadable: Vec<PathBuf>,
}

/// A search goes no deeper, and looks at no more files: a source tree can be endless.
const DEEPEST: usize = 8;
const MOST: usize = 2_000;

/// The manifest of a JAR file; nothing if it is none, or has none.
pub(crate) fn manifest(path: &Path) -> Option<Manifest> {
    let file = fs_err::File::open(path).ok()?;
    let mut archive = ZipArchive::new(BufReader::new(file)).ok()?;
    Some(read_manifest(&mut archive).unwrap_or_default())
}

fn read_manifest<R: std::io::Read + std::io::Seek>(
    archive: &mut ZipArchive<R>,
) -> Option<Manifest> {
    let mut bytes = Vec::new();
    archive.by_name(manifest::PATH).ok()?.read_to_end(&mut bytes).ok()?;
    Some(Manifest::parse(&String::from_utf8_lossy(&bytes)))
}

/// Whether an archive has files below a directory, such as `WEB-INF/`.
pub(crate) fn has_dir(path: &Path, dir: &str) -> bool {
    let Ok(file) = fs_err::File::open(path) else { return false };
    let archive = ZipArchive::new(BufReader::new(file));
    archive.is_ok_and(|archive| archive.file_names().flatten().any(|name| name.starts_with(dir)))
}

/// The JAR to start: level by level, of a level one of Spring Boot first, then by name.
pub(crate) fn search(app_dir: &Path, matches: Option<&dyn Fn(&Path) -> bool>) -> Search {
    let mut search = Search::default();
    let mut level = vec![PathBuf::new()];
    let mut seen = 0;
    for _ in 0..DEEPEST {
        let mut jars = Vec::new();
        let mut deeper = Vec::new();
        for dir in level {
            for (path, is_dir) in sorted_entries(app_dir, &dir) {
                seen += 1;
                if is_dir {
                    deeper.push(path);
                } else if path.extension().is_some_and(|extension| extension == "jar")
                    && matches.is_none_or(|matches| matches(&path))
                {
                    jars.push(path);
                }
            }
        }
        search.take(app_dir, jars);
        if deeper.is_empty() || seen > MOST {
            break;
        }
        level = deeper;
    }
    search
}

fn sorted_entries(app_dir: &Path, dir: &Path) -> Vec<(PathBuf, bool)> {
    let entries = fs_err::read_dir(app_dir.join(dir)).into_iter().flatten().flatten();
    let mut entries: Vec<_> = entries
        .map(|entry| {
            let is_dir = entry.file_type().is_ok_and(|kind| kind.is_dir());
            (dir.join(entry.file_name()), is_dir)
        })
        .collect();
    entries.sort();
    entries
}

impl Search {
    /// Looks at the JARs of one level.
    fn take(&mut self, app_dir: &Path, paths: Vec<PathBuf>) {
        let mut runnable = Vec::new();
        for path in paths {
            match manifest(&app_dir.join(&path)) {
                None => self.unreadable.push(path),
                Some(manifest) if manifest.main_class().is_some() => {
                    runnable.push(Jar { path, manifest });
                }
                Some(_) => {}
            }
        }
        // A stable sort: the order of names stays.
        runnable.sort_by_key(|jar| jar.manifest.get("Spring-Boot-Version").is_none());
        for jar in runnable {
            if self.found.is_none() {
                self.found = Some(jar);
            } else {
                self.others.push(jar.path);
            }
        }
    }
}

/// `Implementation-Version` and the like are in the manifest; a name may be in the file name only.
pub(crate) fn name_and_version(file_name: &str) -> (&str, &str) {
    let stem = file_name.strip_suffix(".jar").unwrap_or(file_name);
    let split = stem.char_indices().find(|(at, c)| {
        *c == '-' && stem[at + 1..].starts_with(|next: char| next.is_ascii_digit())
    });
    match split {
        Some((at, _)) => (&stem[..at], &stem[at + 1..]),
        None => (stem, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{jar, write};

    #[test]
    fn the_search_goes_level_by_level_and_prefers_spring_boot() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), "lib/a.jar", &jar(&[]));
        write(dir.path(), "app/b.jar", &jar(&[(manifest::PATH, "Main-Class: B\n")]));
        write(
            dir.path(),
            "app/c.jar",
            &jar(&[(manifest::PATH, "Main-Class: C\nSpring-Boot-Version: 3\n")]),
        );
        write(dir.path(), "app/deep/d.jar", &jar(&[(manifest::PATH, "Main-Class: D\n")]));
        write(dir.path(), "app/e.jar", b"broken");
        let search = search(dir.path(), None);
        assert_eq!(search.found.unwrap().path, Path::new("app/c.jar"));
        assert_eq!(search.others, [Path::new("app/b.jar"), Path::new("app/deep/d.jar")]);
        assert_eq!(search.unreadable, [Path::new("app/e.jar")]);
    }

    #[test]
    fn a_version_begins_with_a_digit() {
        assert_eq!(name_and_version("spring-web-6.2.1.jar"), ("spring-web", "6.2.1"));
        assert_eq!(name_and_version("a-b.jar"), ("a-b", ""));
        assert_eq!(name_and_version("x-1.0-SNAPSHOT.jar"), ("x", "1.0-SNAPSHOT"));
    }
}
