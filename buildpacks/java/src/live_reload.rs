//! Apps that are started again when their files change, for development.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use kouti::{Log, Notice, Problem};
use walkdir::WalkDir;

use crate::packaged::Packaged;

/// Lets the group change the files; whether this kind of app can be reloaded.
pub(crate) fn prepare(app_dir: &Path, packaged: &Packaged, log: &mut Log) -> Result<bool, Problem> {
    if packaged.kind == "tomcat" {
        log.warn(Notice::new("Tomcat is not started again when files change"));
        return Ok(false);
    }
    if packaged.is_one_file {
        log.warn(Notice::new("the app is started again only when its whole JAR changes"));
    }
    for entry in WalkDir::new(app_dir).into_iter().flatten() {
        if entry.file_type().is_symlink() {
            continue;
        }
        let mode = fs_err::metadata(entry.path())?.permissions().mode();
        fs_err::set_permissions(entry.path(), Permissions::from_mode(mode | 0o060))?;
    }
    Ok(true)
}
