//! Facts: what the files of the app say, each read once.

use std::path::Path;

use kouti::Problem;

/// The file that asks for this buildpack.
pub(crate) const FILE: &str = "{{name}}.env";

/// The text of the file; `None` where there is none.
pub(crate) fn read(app_dir: &Path) -> Result<Option<String>, Problem> {
    let path = app_dir.join(FILE);
    if !path.is_file() {
        return Ok(None);
    }
    Ok(Some(fs_err::read_to_string(path)?))
}
