//! Who may see a site: `htpasswd` lines from a binding or a variable.

use std::io::{self, Write as _};
use std::path::Path;

use fs_err::os::unix::fs::OpenOptionsExt as _;
use kouti::binding::Bindings;
use kouti::{Explain, Fault};
use kouti_launch::Env;

use crate::functions::{TEMP_DIR_HINT, temp_dir};

/// Type of the binding.
pub const BINDING: &str = "htpasswd";
/// Its entry.
pub const KEY: &str = ".htpasswd";
/// Lines of such a file, for platforms without bindings.
pub const USERS: &str = "BPL_WEB_SERVER_BASIC_AUTH_USERS";
const BIND: &str = "bind one service of type `htpasswd` with the key `.htpasswd`, or set \
                    BPL_WEB_SERVER_BASIC_AUTH_USERS";

/// There is no way to tell who may see the site. Nobody sees it then.
#[derive(Debug, thiserror::Error)]
pub enum NoUsers {
    /// The bindings, or the one that counts, cannot be used.
    #[error("{0}")]
    Binding(String),
    /// Neither a binding nor the variable.
    #[error("the site is protected by basic authentication, but nothing says who may see it")]
    Missing,
    /// The file for the users cannot be written.
    #[error("the list of those who may see the site: {0}")]
    File(#[from] io::Error),
}

impl Explain for NoUsers {
    fn id(&self) -> &'static str {
        "no-users"
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Binding(_) | Self::Missing => Fault::App,
            Self::File(_) => Fault::Surroundings,
        }
    }

    fn hints(&self) -> Vec<String> {
        vec![self.hint().to_owned()]
    }
}

impl NoUsers {
    /// What to do.
    #[must_use]
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::Binding(_) | Self::Missing => BIND,
            Self::File(_) => TEMP_DIR_HINT,
        }
    }
}

/// The file with the users, as the server wants it.
pub fn file(env: &Env) -> Result<String, NoUsers> {
    let unusable = |error: &dyn std::fmt::Display| NoUsers::Binding(error.to_string());
    let bindings = Bindings::for_launch(env.as_map()).map_err(|error| unusable(&error))?;
    let binding = bindings.exactly_one(BINDING).map_err(|error| unusable(&error))?;
    let path = temp_dir(env).join("kouti-htpasswd");
    if let Some(binding) = binding {
        let users = binding.require(KEY).map_err(|error| unusable(&error))?;
        if let Some(file) = binding.mounted(KEY) {
            return Ok(file.display().to_string());
        }
        write(&path, users.text().unwrap_or_default().lines())?;
    } else {
        write(&path, env.given(USERS).ok_or(NoUsers::Missing)?.split(['\n', ' ']))?;
    }
    Ok(path.display().to_string())
}

/// A file of this user alone, in place of what may be there.
fn write<'a>(path: &Path, users: impl Iterator<Item = &'a str>) -> io::Result<()> {
    match fs_err::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = fs_err::OpenOptions::new();
    // As root the server's workers are somebody else.
    let mode = if rustix::process::geteuid().is_root() { 0o644 } else { 0o600 };
    let mut file = options.write(true).create_new(true).mode(mode).open(path)?;
    for line in users.map(str::trim).filter(|line| !line.is_empty()) {
        writeln!(file, "{line}")?;
    }
    Ok(())
}
