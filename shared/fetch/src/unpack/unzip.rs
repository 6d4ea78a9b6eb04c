//! Reads zip files.

use std::io::Read;

use zip::ZipArchive;
use zip::result::ZipError;

use super::tree::{Tree, UnpackError};

/// A target of a symbolic link is never longer.
const LONGEST_PATH: u64 = 4096;

/// What kind of entry a Unix mode tells of.
const TYPE: u32 = 0o170_000;
const FIFO: u32 = 0o010_000;
const CHARACTER_DEVICE: u32 = 0o020_000;
const BLOCK_DEVICE: u32 = 0o060_000;

/// Unpacks all entries of a file.
pub(super) fn unpack(file: fs_err::File, tree: &mut Tree<'_>) -> Result<(), UnpackError> {
    let mut archive = ZipArchive::new(file).map_err(read_error)?;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(read_error)?;
        let about = entry.entry();
        let name = about.name_raw().to_vec();
        // Archives made where there are no modes have none.
        let (is_dir, is_symlink, mode) = (about.is_dir(), about.is_symlink(), about.unix_mode());
        let Some(spot) = tree.place(&name)? else {
            continue;
        };
        if is_dir {
            tree.dir(&spot, mode.unwrap_or(0o755))?;
        } else if is_symlink {
            let mut target = Vec::new();
            entry.take(LONGEST_PATH).read_to_end(&mut target).map_err(UnpackError::Read)?;
            tree.symlink(spot, &target);
        } else {
            match mode.unwrap_or_default() & TYPE {
                FIFO => tree.remark(&name, "a named pipe"),
                CHARACTER_DEVICE | BLOCK_DEVICE => tree.remark(&name, "a device"),
                _ => tree.file(&spot, mode.unwrap_or(0o644), &mut entry)?,
            }
        }
    }
    Ok(())
}

fn read_error(error: ZipError) -> UnpackError {
    match error {
        ZipError::Io(error) => UnpackError::Read(error),
        other => UnpackError::damaged(&other.to_string()),
    }
}
