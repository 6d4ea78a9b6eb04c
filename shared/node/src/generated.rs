//! What scripts have generated inside of packages, kept where packages are installed anew.

use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::project::Project;

/// Directories beside packages in which generators write: `.prisma` is where the client of a
/// database is made of its schema, and the app does not run without.
const GENERATED: [&str; 1] = [".prisma"];

/// Generated directories that were put aside, and where they belong.
pub(crate) struct Generated {
    aside: TempDir,
    places: Vec<PathBuf>,
}

impl Generated {
    /// Moves them out of the way of an install.
    pub(crate) fn put_aside(project: &Project) -> io::Result<Self> {
        // Beside the packages, so that nothing has to be copied.
        let aside = tempfile::Builder::new().prefix(".generated-").tempdir_in(&project.root)?;
        let mut places = Vec::new();
        for tree in project.module_trees() {
            find(&project.root.join(tree), &mut places)?;
        }
        for (number, place) in places.iter().enumerate() {
            fs_err::rename(place, aside.path().join(number.to_string()))?;
        }
        Ok(Self { aside, places })
    }

    /// Moves them back to where their packages still are, in place of what an install has made.
    pub(crate) fn put_back(self) -> io::Result<()> {
        for (number, place) in self.places.iter().enumerate() {
            if !place.parent().is_some_and(Path::is_dir) {
                continue;
            }
            if place.is_dir() {
                fs_err::remove_dir_all(place)?;
            }
            fs_err::rename(self.aside.path().join(number.to_string()), place)?;
        }
        self.aside.close()
    }
}

fn find(dir: &Path, places: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs_err::read_dir(dir)? {
        let entry = entry?;
        if !entry.file_type()?.is_dir() {
            continue;
        }
        if GENERATED.iter().any(|name| entry.file_name() == *name) {
            places.push(entry.path());
        } else {
            find(&entry.path(), places)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_generated_outlives_its_packages_being_installed_anew() {
        let app = tempfile::tempdir().unwrap();
        let modules = app.path().join("node_modules");
        let write = |path: &str, text: &str| {
            let path = modules.join(path);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, text).unwrap();
        };
        write(".pnpm/client/node_modules/.prisma/client/index.js", "made");
        write(".pnpm/gone/node_modules/.prisma/index.js", "made");
        let project = Project::read(app.path(), "").unwrap();

        let kept = Generated::put_aside(&project).unwrap();
        fs_err::remove_dir_all(&modules).unwrap();
        write(".pnpm/client/node_modules/.prisma/client/index.js", "installed");
        kept.put_back().unwrap();

        let made = modules.join(".pnpm/client/node_modules/.prisma/client/index.js");
        assert_eq!(fs_err::read_to_string(made).unwrap(), "made");
        assert!(!modules.join(".pnpm/gone").exists());
        assert_eq!(fs_err::read_dir(app.path()).unwrap().count(), 1);
    }
}
