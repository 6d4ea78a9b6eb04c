//! Room on the disk, looked at before the work and not after it.

use std::io;
use std::path::Path;

use kouti_report::{Fault, Log, Notice, Problem, bytes};

/// Refuses an app for which there is no room: the platform copies it once more at the end. Returns its size.
pub(crate) fn check(log: &mut Log, app_dir: &Path, place: &Path) -> Result<u64, Problem> {
    let size = size(app_dir)?;
    let free = rustix::fs::statvfs(place).map_err(io::Error::from)?;
    let free = free.f_bavail.saturating_mul(free.f_frsize);
    if free < size {
        return Err(full(place, size, free));
    }
    if free / 2 < size {
        log.warn(
            Notice::new(format!(
                "{} are free, and the app alone has {}: layers may not find room",
                bytes(free),
                bytes(size)
            ))
            .hint("leave out with `.cfignore` what the app does not need"),
        );
    }
    Ok(size)
}

fn full(place: &Path, need: u64, free: u64) -> Problem {
    let summary = format!(
        "{} has {} left, and another copy of the app needs {}",
        place.display(),
        bytes(free),
        bytes(need)
    );
    Problem::new("cf-disk-full", Fault::Surroundings, summary)
        .hint("leave out with `.cfignore` what the app does not need")
        .hint("ask the operator for more disk while staging: `cc.staging.minimum_staging_disk_mb`")
}

/// Bytes of all files below `dir`.
pub(crate) fn size(dir: &Path) -> io::Result<u64> {
    let mut size = 0;
    for entry in walkdir::WalkDir::new(dir) {
        let entry = entry.map_err(io::Error::from)?;
        if entry.file_type().is_file() {
            size += entry.metadata().map_err(io::Error::from)?.len();
        }
    }
    Ok(size)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use kouti_report::Colour;

    use super::*;

    #[test]
    fn what_does_not_fit_is_told_with_its_size() {
        let problem = full(Path::new("/home/vcap"), 300_000_000, 20_000_000);
        assert_snapshot!(problem.page("", Colour::Off), @"
        error[cf-disk-full]: /home/vcap has 20.0 MB left, and another copy of the app needs 300.0 MB

        hint: leave out with `.cfignore` what the app does not need
        hint: ask the operator for more disk while staging: `cc.staging.minimum_staging_disk_mb`
        ");
    }
}
