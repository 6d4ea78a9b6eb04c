//! The one place that is written to when a container starts.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use fs_err::os::unix::fs::OpenOptionsExt as _;
use kouti_launch::Env;
use kouti_report::{Explain, Fault};

use crate::names;

/// Where it is in a container; the configuration of nginx names it literally.
pub const RUN_DIR: &str = "/tmp/kouti-php";

/// The directory, made or found, that belongs to this user alone.
pub(crate) fn run_dir(env: &Env) -> Result<PathBuf, NoRunDir> {
    let dir = PathBuf::from(env.given(names::RUN_DIR).unwrap_or(RUN_DIR));
    let unusable = |error| NoRunDir::Unusable { dir: dir.clone(), error };
    match DirBuilder::new().mode(0o700).create(&dir) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(unusable(error)),
        _ => {}
    }
    let found = fs_err::symlink_metadata(&dir).map_err(unusable)?;
    if !found.is_dir() || found.uid() != rustix::process::getuid().as_raw() {
        return Err(NoRunDir::Foreign { dir });
    }
    Ok(dir)
}

/// Writes a file that nobody else can read, in place of an older one.
pub(crate) fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs_err::create_dir_all(parent)?;
    }
    // A file that was made with other rights would keep them.
    forget(path)?;
    let mut options = fs_err::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    io::Write::write_all(&mut options.open(path)?, text.as_bytes())
}

/// Removes a file if there is one.
pub(crate) fn forget(path: &Path) -> io::Result<()> {
    match fs_err::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Nothing can be written when the container starts.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoRunDir {
    #[error("`{}` cannot be made", dir.display())]
    Unusable {
        dir: PathBuf,
        #[source]
        error: io::Error,
    },
    #[error("`{}` belongs to somebody else", dir.display())]
    Foreign { dir: PathBuf },
}

impl Explain for NoRunDir {
    fn id(&self) -> &'static str {
        "no-run-directory"
    }

    fn fault(&self) -> Fault {
        Fault::Surroundings
    }

    fn hints(&self) -> Vec<String> {
        vec![
            "give the container a /tmp of its own that the app can write to: `--tmpfs /tmp`"
                .to_owned(),
        ]
    }
}
