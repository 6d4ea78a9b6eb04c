//! Actions: output in the place of the source.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use kouti::{Globs, Keep, Problem, Pruning};

/// Where output is put until everything is published. MSBuild leaves alone what begins with a dot.
pub(crate) const STAGE: &str = ".kouti-publish";

/// Removes everything from the app but the stage and what the patterns cover.
pub(crate) fn remove_source(app_dir: &Path, keep: &[String]) -> Result<(), Problem> {
    let list = format!("{STAGE}:{}", keep.join(":"));
    let globs = Globs::parse("BP_KEEP_FILES", &list)?;
    Pruning::plan(app_dir, &globs, Keep::Covered)?.carry_out()?;
    Ok(())
}

/// Moves a published app to where it stays; its files win over those that are there.
pub(crate) fn move_into(from: &Path, to: &Path) -> io::Result<()> {
    fs_err::create_dir_all(to)?;
    for entry in fs_err::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        let is_there = target.symlink_metadata();
        if entry.file_type()?.is_dir() && is_there.as_ref().is_ok_and(std::fs::Metadata::is_dir) {
            move_into(&entry.path(), &target)?;
        } else {
            match is_there {
                Ok(found) if found.is_dir() => fs_err::remove_dir_all(&target)?,
                Ok(_) => fs_err::remove_file(&target)?,
                Err(_) => {}
            }
            fs_err::rename(entry.path(), &target)?;
        }
    }
    Ok(())
}

/// Makes a file a program.
pub(crate) fn make_executable(path: &Path) -> io::Result<()> {
    let mode = fs_err::metadata(path)?.permissions().mode();
    fs_err::set_permissions(path, PermissionsExt::from_mode(mode | 0o111))
}

/// Lets the group of the app's user replace files, for tools that copy changed ones into a container.
pub(crate) fn let_group_write(dir: &Path) -> io::Result<()> {
    for entry in fs_err::read_dir(dir)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_symlink() {
            continue;
        }
        let mode = entry.metadata()?.permissions().mode();
        fs_err::set_permissions(entry.path(), PermissionsExt::from_mode(mode | 0o060))?;
        if kind.is_dir() {
            let_group_write(&entry.path())?;
        }
    }
    Ok(())
}
