//! The dependencies that a tool keeps for the next build.

use std::collections::BTreeSet;
use std::fs::FileTimes;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use walkdir::WalkDir;

use crate::tool::Tool;

/// From this size on it is looked which ones are still needed.
const MUCH: u64 = 2 << 30;

/// Says in a cache that it is larger than [`MUCH`]: to measure it takes a walk over thousands of files.
const MARK: &str = ".kouti-much";

/// Removes what must not be found by the next build: locks, and notes that a download has failed. Notes whether the
/// rest is much.
pub(crate) fn tidy(tool: Tool, cache: &Path) -> io::Result<()> {
    tidy_above(MUCH, tool, cache)
}

fn tidy_above(much: u64, tool: Tool, cache: &Path) -> io::Result<()> {
    if tool == Tool::Gradle {
        for name in ["daemon", "workers", "notifications"] {
            // Best effort: a leftover costs space only.
            let _ = fs_err::remove_dir_all(cache.join(name));
        }
    }
    let mut size = 0;
    for path in files(cache) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let length = path.metadata().map_or(0, |found| found.len());
        let is_empty_jar = name.ends_with(".jar") && length == 0;
        let is_note = name.ends_with(".lastUpdated");
        if is_empty_jar || is_note || (tool == Tool::Gradle && name.ends_with(".lock")) {
            let _ = fs_err::remove_file(path);
        } else {
            size += length;
        }
    }
    let mark = cache.join(MARK);
    if size > much {
        fs_err::write(mark, "")
    } else if mark.exists() {
        fs_err::remove_file(mark)
    } else {
        Ok(())
    }
}

/// A build during which it is noted what is read of the dependencies, if they are many.
///
/// When a build has read a file says whether it needs it; how old the file is says nothing, because
/// a platform that restores a cache gives all files of it one time.
pub(crate) struct Watch {
    /// Nothing if they are few.
    dirs: Vec<PathBuf>,
}

impl Watch {
    pub(crate) fn begin(tool: Tool, cache: &Path) -> Self {
        if !cache.join(MARK).exists() {
            return Self { dirs: Vec::new() };
        }
        let names: &[&str] = match tool {
            Tool::Maven => &["repository"],
            Tool::Gradle => &["caches/modules-2/files-2.1"],
            Tool::Sbt => &["coursier", "ivy"],
        };
        let dirs: Vec<PathBuf> = names.iter().map(|name| cache.join(name)).collect();
        for path in dirs.iter().flat_map(|dir| files(dir)) {
            let unread = FileTimes::new().set_accessed(SystemTime::UNIX_EPOCH);
            let _ = fs_err::File::open(path).and_then(|file| file.file().set_times(unread));
        }
        Self { dirs }
    }

    /// Removes what was not read, and tells how many bytes that were.
    ///
    /// By directories: a library for tests is looked up, and only its description is read.
    pub(crate) fn end(self) -> u64 {
        let (read, unread): (Vec<_>, Vec<_>) =
            self.dirs.iter().flat_map(|dir| files(dir)).partition(|path| was_read(path));
        if read.is_empty() {
            // The disk does not note it.
            return 0;
        }
        let needed: BTreeSet<_> = read.iter().filter_map(|path| path.parent()).collect();
        let mut freed = 0;
        for path in unread {
            if path.parent().is_some_and(|dir| needed.contains(dir)) {
                continue;
            }
            let size = path.metadata().map_or(0, |found| found.len());
            freed += fs_err::remove_file(path).map_or(0, |()| size);
        }
        freed
    }
}

fn files(dir: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = WalkDir::new(dir).into_iter().flatten();
    entries.filter(|entry| entry.file_type().is_file()).map(walkdir::DirEntry::into_path)
}

fn was_read(path: &Path) -> bool {
    let accessed = path.metadata().and_then(|found| found.accessed());
    accessed.is_ok_and(|time| time != SystemTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::testing::write;

    #[test]
    fn of_many_dependencies_those_stay_that_a_build_reads() {
        let dir = tempfile::tempdir().unwrap();
        let place = |name: &str| dir.path().join(name);
        for name in ["a/1/a.jar", "a/1/a.pom", "a/2/a.jar", "a/2/a.pom", "b/1/b.jar"] {
            write(dir.path(), &format!("repository/{name}"), b"xy");
        }
        write(dir.path(), "wrapper/mvn", b"xy");
        let begin = |much| {
            tidy_above(much, Tool::Maven, dir.path()).unwrap();
            Watch::begin(Tool::Maven, dir.path())
        };
        let read = |name: &str| {
            let later = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
            let read = FileTimes::new().set_accessed(later);
            fs_err::File::open(place(name)).unwrap().file().set_times(read).unwrap();
        };

        let few = begin(12);
        read("repository/a/2/a.pom");
        assert_eq!(few.end(), 0);
        assert_eq!(begin(11).end(), 0, "a disk that does not note what is read");
        let many = begin(11);
        read("repository/a/2/a.pom");
        write(dir.path(), "repository/c/1/c.jar", b"new");
        assert_eq!(many.end(), 6);
        for (name, stays) in [
            ("repository/a/1/a.jar", false),
            ("repository/a/2/a.jar", true),
            ("repository/b/1/b.jar", false),
            ("repository/c/1/c.jar", true),
            ("wrapper/mvn", true),
        ] {
            assert_eq!(place(name).exists(), stays, "{name}");
        }
    }
}
