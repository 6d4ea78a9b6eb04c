//! The miniature lifecycle: detector, restorer, builder, exporter and launcher on plain directories.
//!
//! It follows lifecycle 0.21 with Platform API 0.14 and Buildpack API 0.10, as far as a buildpack can tell the
//! difference. There is no container: the layers and the app stay where they were built, and a process is
//! started on this host.

mod build;
mod buildpack;
mod detect;
mod export;
mod failure;
mod files;
mod image;
mod launch;
mod metadata;
mod plan;
mod program;
mod restore;
mod slices;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use self::buildpack::{Buildpack, Member, Order, Target};
pub use self::detect::{Detected, Detection, Run, Verdict};
pub use self::export::{Build, Layer, Outcome};
pub use self::failure::Failure;
pub use self::files::Types;
pub use self::image::{BuildpackRecord, Image, LayerRecord, Process};
pub use self::launch::{Exit, Launch, Running};
pub use self::plan::{Alternative, BuildPlan, Entry, Plan, Provide, Require};
pub use self::slices::Slice;
pub use kouti_launch::launcher::Variables as Env;

pub(crate) use self::buildpack::escaped;

use self::image::Cache;
use crate::tree;
use kouti_launch::launcher::Unsuffixed;

type Result<T, E = Failure> = std::result::Result<T, E>;

/// One app's place on disk, with what is kept between its builds.
///
/// Before each build the caller puts a fresh copy of the app into [`Lifecycle::app_dir`],
/// since a build may change it.
#[derive(Debug)]
pub struct Lifecycle {
    root: PathBuf,
    /// What the image will run on.
    pub target: Target,
    /// Environment of the build container; only `PATH`, `HOME`, proxies and the like of it reach a buildpack.
    pub build_env: Env,
    /// Environment of the run container.
    pub launch_env: Env,
    /// When a build program and everything it has started is killed, counted from its start.
    pub kill_after: Option<Duration>,
    /// Whether a build finds the layers directory as a failed one has left it, as where one
    /// container serves many builds.
    pub keep_rest: bool,
    state: State,
}

/// What the next build needs to know about this one.
#[derive(Debug, Default, Deserialize, Serialize)]
struct State {
    image: Option<Image>,
    cache: Cache,
    /// Whether the layers directory holds the image, not the rest of a failed build.
    exported: bool,
}

impl Lifecycle {
    /// The lifecycle of the app in `root`, continuing after an earlier build there.
    pub fn at(root: impl Into<PathBuf>) -> Result<Self> {
        let root = root.into();
        fs_err::create_dir_all(&root)?;
        let state = match fs_err::read(root.join(STATE)) {
            // A state of another version of this program is as good as none.
            Ok(json) => serde_json::from_slice(&json).unwrap_or_default(),
            Err(_) => State::default(),
        };
        let (target, build_env, launch_env) = (Target::default(), Env::new(), Env::new());
        let (kill_after, keep_rest) = (None, false);
        Ok(Self { root, target, build_env, launch_env, kill_after, keep_rest, state })
    }

    /// Builds the app with the group that detect has found; `on_line` gets what the buildpacks print.
    pub fn build(
        &mut self,
        detected: &Detected,
        on_line: &mut dyn FnMut(&str, &str),
    ) -> Result<Build> {
        self.begin()?;
        self.restore(&detected.group)?;
        let products = self.run_buildpacks(detected, on_line)?;
        self.export(&detected.group, products)
    }

    /// The image is gone, as after `docker rmi`.
    pub fn forget_image(&mut self) -> Result<()> {
        self.state.image = None;
        tree::remove(&self.previous_dir())?;
        self.save_state()
    }

    /// The cache is gone, as with `pack build --clear-cache`.
    pub fn forget_cache(&mut self) -> Result<()> {
        self.state.cache = Cache::default();
        tree::remove(&self.cache_dir())?;
        self.save_state()
    }

    /// Replaces the app by a fresh copy of `from`.
    pub fn copy_app(&self, from: &Path) -> Result<()> {
        tree::remove(&self.app_dir())?;
        Ok(tree::copy(from, &self.app_dir())?)
    }

    /// Replaces the user's variables.
    pub fn set_user_env(&self, variables: &Env) -> Result<()> {
        let dir = self.platform_dir().join("env");
        tree::remove(&dir)?;
        fs_err::create_dir_all(&dir)?;
        for (name, value) in variables.iter() {
            tree::write(&dir.join(name), value.as_encoded_bytes())?;
        }
        Ok(())
    }

    /// The app; its copy is the caller's duty.
    #[must_use]
    pub fn app_dir(&self) -> PathBuf {
        self.root.join("app")
    }

    /// The layers; after a build only what is in the image.
    #[must_use]
    pub fn layers_dir(&self) -> PathBuf {
        self.root.join("layers")
    }

    /// The user's variables in `env`, one file each, and `bindings`.
    #[must_use]
    pub fn platform_dir(&self) -> PathBuf {
        self.root.join("platform")
    }

    /// The operator's variables in `env`, one file each.
    #[must_use]
    pub fn build_config_dir(&self) -> PathBuf {
        self.root.join("build-config")
    }

    fn previous_dir(&self) -> PathBuf {
        self.root.join("previous-layers")
    }

    fn cache_dir(&self) -> PathBuf {
        self.root.join("cache")
    }

    pub(crate) fn aside_dir(&self) -> PathBuf {
        self.root.join("layers-not-in-image")
    }

    /// Clears the layers directory; the last image's layers are put aside, for the exporter to take over.
    fn begin(&mut self) -> Result<()> {
        let layers_dir = self.layers_dir();
        if self.state.exported && layers_dir.exists() {
            tree::remove(&self.previous_dir())?;
            fs_err::create_dir_all(self.previous_dir())?;
            for name in tree::names(&layers_dir)? {
                tree::relocate(&layers_dir.join(&name), &self.previous_dir().join(&name))?;
            }
        }
        if self.state.image.is_none() {
            tree::remove(&self.previous_dir())?;
        }
        fs_err::create_dir_all(&layers_dir)?;
        if !self.keep_rest {
            // The directory itself may be a disk.
            for name in tree::names(&layers_dir)? {
                tree::remove(&layers_dir.join(name))?;
            }
        }
        self.state.exported = false;
        self.save_state()
    }

    fn save_state(&self) -> Result<()> {
        let json = serde_json::to_vec_pretty(&self.state).map_err(std::io::Error::other)?;
        Ok(tree::write(&self.root.join(STATE), json)?)
    }

    fn base_env(&self) -> Env {
        Env::for_build(&self.build_env)
    }

    /// The whole environment of one buildpack's program, apart from the paths that differ by phase.
    fn env_for(&self, buildpack: &Buildpack, base: &Env) -> Result<Env> {
        let mut env = base.clone();
        if !buildpack.clear_env {
            env.add_platform(&self.platform_dir())?;
        }
        env.add_files(&self.build_config_dir().join("env"), Unsuffixed::Default)?;
        env.set("CNB_BUILDPACK_DIR", &buildpack.dir);
        env.set("CNB_PLATFORM_DIR", self.platform_dir());
        for (name, value) in self.target.variables() {
            if !value.is_empty() {
                env.set(name, value);
            }
        }
        Ok(env)
    }

    /// The image that was built last.
    #[must_use]
    pub fn image(&self) -> Option<&Image> {
        self.state.image.as_ref()
    }
}

const STATE: &str = "state.json";
