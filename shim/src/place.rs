//! Where things are when the app runs. The build happens at these paths, so that whatever it writes down is true later.

use std::path::{Path, PathBuf};

use kouti_launch::Env;

/// Where in the app that is.
pub(crate) const ALONE: &str = ".cloudfoundry";

#[derive(Clone, Debug)]
pub(crate) struct Place {
    root: PathBuf,
    deps: PathBuf,
}

impl Place {
    /// The platform's place; tests have one of their own.
    pub(crate) fn new(env: &Env) -> Self {
        let root = PathBuf::from(env.given("KOUTI_CF_ROOT").unwrap_or("/home/vcap"));
        Self { deps: root.join("deps"), root }
    }

    /// On platforms that know one buildpack for an app: what it supplies is part of the app.
    pub(crate) fn alone(env: &Env) -> Self {
        let place = Self::new(env);
        Self { deps: place.app().join(ALONE), ..place }
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
        self.deps.clone()
    }

    pub(crate) fn layers(&self, index: &str) -> PathBuf {
        self.deps().join(index).join("layers")
    }
}
