//! Where things are when the app runs. The build happens at these paths, so that whatever it writes down is true later.

use std::path::{Path, PathBuf};

use kouti_launch::Env;

#[derive(Clone, Debug)]
pub(crate) struct Place {
    root: PathBuf,
}

impl Place {
    /// The platform's place; tests have one of their own.
    pub(crate) fn new(env: &Env) -> Self {
        Self { root: PathBuf::from(env.given("KOUTI_CF_ROOT").unwrap_or("/home/vcap")) }
    }

    /// The home directory of the user who builds.
    pub(crate) fn home(&self) -> &Path {
        &self.root
    }

    pub(crate) fn app(&self) -> PathBuf {
        self.root.join("app")
    }

    /// What buildpacks have supplied, by index.
    pub(crate) fn deps(&self) -> PathBuf {
        self.root.join("deps")
    }

    pub(crate) fn layers(&self, index: &str) -> PathBuf {
        self.deps().join(index).join("layers")
    }
}
