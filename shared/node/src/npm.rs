//! What npm is told to do.

use std::io;
use std::path::Path;

use serde::Serialize;

use crate::project::Project;

/// How packages are installed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Exactly what the lockfile says.
    Ci,
    /// What `package.json` allows today.
    Install,
    /// `node_modules` came with the app: only compile its modules for this platform.
    Rebuild,
}

/// What is there to install from.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sources {
    /// `package-lock.json` or `npm-shrinkwrap.json`.
    pub lockfile: bool,
    /// `node_modules` with packages.
    pub modules: bool,
    /// `npm-cache`, a cache that came with the app.
    pub cache: bool,
}

impl Sources {
    pub(crate) fn read(project: &Project) -> io::Result<Self> {
        Ok(Self {
            lockfile: project.has_npm_lockfile(),
            modules: has_packages(&project.root.join("node_modules"))?,
            cache: project.root.join("npm-cache").is_dir(),
        })
    }
}

/// A directory with nothing but `.cache` and the like holds no packages.
fn has_packages(dir: &Path) -> io::Result<bool> {
    if !dir.is_dir() {
        return Ok(false);
    }
    for entry in fs_err::read_dir(dir)? {
        if !entry?.file_name().to_string_lossy().starts_with('.') {
            return Ok(true);
        }
    }
    Ok(false)
}

impl Mode {
    /// Paketo's table.
    #[must_use]
    pub fn of(sources: Sources) -> Self {
        let Sources { lockfile, modules, cache } = sources;
        // With both a cache and modules, the lockfile knows better what belongs together.
        if modules && !(lockfile && cache) {
            Self::Rebuild
        } else if lockfile {
            Self::Ci
        } else {
            Self::Install
        }
    }
}

/// The commands that install, each as a list of words.
///
/// No option here may be unknown to any npm from 7 on: npm 12 refuses those it
/// does not know.
#[must_use]
pub fn install(mode: Mode, with_dev: bool) -> Vec<Vec<&'static str>> {
    // Said explicitly, because NODE_ENV=production would leave them out.
    let dev = if with_dev { "--include=dev" } else { "--omit=dev" };
    match mode {
        Mode::Ci => vec![vec!["npm", "ci", dev]],
        Mode::Install => vec![vec!["npm", "install", dev, "--no-package-lock"]],
        Mode::Rebuild => vec![
            vec!["npm", "ls", "--all", "--omit=dev"],
            vec!["npm", "run", "preinstall", "--if-present"],
            vec!["npm", "rebuild"],
            vec!["npm", "run", "install", "--if-present"],
            vec!["npm", "run", "postinstall", "--if-present"],
        ],
    }
}

/// The command that removes what only builds need.
#[must_use]
pub fn prune() -> Vec<&'static str> {
    vec!["npm", "prune", "--omit=dev", "--ignore-scripts"]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mode_follows_from_what_is_there() {
        let mode = |lockfile, modules, cache| Mode::of(Sources { lockfile, modules, cache });
        for cache in [false, true] {
            assert_eq!(mode(false, false, cache), Mode::Install);
            assert_eq!(mode(false, true, cache), Mode::Rebuild);
            assert_eq!(mode(true, false, cache), Mode::Ci);
        }
        assert_eq!(mode(true, true, false), Mode::Rebuild);
        assert_eq!(mode(true, true, true), Mode::Ci);
    }
}
