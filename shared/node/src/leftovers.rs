//! Clean-up: what installs leave that differs from build to build, or that nobody needs.

use std::io;
use std::path::Path;

use crate::manager::Manager;
use crate::project::Project;
use crate::sources::Sources;

/// Files that node-gyp writes for itself; the compiled modules beside them stay.
const OF_NODE_GYP: [&str; 6] =
    ["Makefile", "binding.Makefile", "config.gypi", "gyp-mac-tool", "node_gyp_bins", ".deps"];

impl Project {
    /// Removes them from the packages, and what the package manager leaves beside them.
    pub fn remove_leftovers(&self, manager: &dyn Manager, sources: &Sources) -> io::Result<()> {
        // Who compiles nothing is spared a look at every file.
        let trees =
            if manager.may_compile(sources) { manager.trees(self, sources) } else { Vec::new() };
        for tree in trees {
            let path = self.root.join(tree);
            if path.is_dir() {
                clean(&path, false)?;
            }
        }
        for build in self.compiled.iter().map(|dir| dir.join("build")).filter(|dir| dir.is_dir()) {
            clean(&build, false)?;
        }
        for path in manager.leftovers(self, sources) {
            remove(&self.root.join(path))?;
        }
        Ok(())
    }
}

/// `compiled` says whether `dir` is in the `build` directory of a package.
fn clean(dir: &Path, compiled: bool) -> io::Result<()> {
    let is_build = compiled
        || dir.file_name().is_some_and(|name| name == "build") && {
            dir.join("config.gypi").is_file() || dir.join("Makefile").is_file()
        };
    for entry in fs_err::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_dir = entry.file_type()?.is_dir();
        let is_leftover = name == "__pycache__"
            || is_build
                && (OF_NODE_GYP.contains(&name.as_ref())
                    || name == "obj.target"
                    || name.ends_with(".mk")
                    || name.ends_with(".d"));
        if is_leftover {
            remove(&entry.path())?;
        } else if is_dir {
            clean(&entry.path(), is_build)?;
        }
    }
    Ok(())
}

fn remove(path: &Path) -> io::Result<()> {
    let result = match fs_err::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs_err::remove_dir_all(path),
        Ok(_) => fs_err::remove_file(path),
        Err(error) => Err(error),
    };
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compiled_modules_stay_and_their_scaffold_goes() {
        let dir = tempfile::tempdir().unwrap();
        let package = dir.path().join("bcrypt");
        for path in [
            "Makefile",
            "lib/build/Makefile.js",
            "build/Makefile",
            "build/config.gypi",
            "build/Release/bcrypt.node",
            "build/Release/obj.target/a.o",
            "build/Release/.deps/a.d",
            "build/node_gyp_bins/python3",
            "gyp/__pycache__/x.pyc",
        ] {
            let path = package.join(path);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, "").unwrap();
        }
        clean(dir.path(), false).unwrap();
        assert!(package.join("build/Release/bcrypt.node").is_file());
        assert!(
            package.join("Makefile").is_file() && package.join("lib/build/Makefile.js").is_file()
        );
        for gone in [
            "build/Makefile",
            "build/config.gypi",
            "build/node_gyp_bins",
            "build/Release/obj.target",
            "gyp/__pycache__",
        ] {
            assert!(!package.join(gone).exists(), "{gone}");
        }
    }
}
