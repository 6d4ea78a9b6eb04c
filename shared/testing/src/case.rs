//! A test case: an app, a group of buildpacks, and what surrounds them.
#![expect(clippy::missing_panics_doc, reason = "a test fails by panicking, here like anywhere")]

mod artifact;
mod built;
mod detected;
mod disk;
mod failed;
mod place;
mod subject;
mod text;
mod tool;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::lifecycle::{Detection, Env, Member, Target};
use crate::tree;

pub use self::artifact::Artifact;
pub use self::built::{Built, BuiltLayer};
pub use self::detected::Detected;
pub use self::disk::{Disk, SmallDisk, with_disks};
pub use self::failed::Failed;
pub use self::subject::{Fake, Part, Subject};
pub use self::tool::{Call, Tool};

use self::place::Place;

type JsonEdit = Arc<dyn Fn(&mut serde_json::Value) + Send + Sync>;

/// One change of the app directory; they are made in the order in which a test names them.
#[derive(Clone)]
enum Change {
    Tree(PathBuf),
    File(String, Vec<u8>),
    Program(String, Vec<u8>),
    Dir(String),
    Link(String, String),
    Remove(String),
    Json(String, JsonEdit),
}

/// What a build finds of those before it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Finds {
    Nothing,
    /// The image and the cache.
    Kept,
    /// Also what a failed build has left in the layers directory.
    Rest,
}

/// Describes what is built and with what; [`Case::detect`] and [`Case::build`] then do it.
///
/// Everything lives in a temporary directory. Of this host, a build sees a handful of basic programs
/// and nothing else.
#[derive(Clone)]
#[must_use]
pub struct Case {
    place: Arc<Place>,
    group: Vec<Part>,
    /// Which member of the group the shortcuts are about.
    main: usize,
    app: Vec<Change>,
    /// Files below the platform directory.
    platform: BTreeMap<PathBuf, Vec<u8>>,
    operator_env: BTreeMap<String, Vec<u8>>,
    container_env: Env,
    tools: BTreeMap<String, Tool>,
    target: Target,
    finds: Finds,
    without_cache: bool,
    without_image: bool,
    kill_after: Option<Duration>,
    /// Bytes that fit somewhere.
    room: Option<(Disk, u64)>,
}

impl Case {
    /// A case for one buildpack: the program that runs its phases, and its `buildpack.toml`.
    #[track_caller]
    pub fn new(program: impl Into<PathBuf>, descriptor: impl Into<PathBuf>) -> Self {
        Self::group([Subject::new(program, descriptor)])
    }

    /// A case for a group of buildpacks; the first one is the one that shortcuts are about.
    #[track_caller]
    pub fn group<P: Into<Part>>(group: impl IntoIterator<Item = P>) -> Self {
        let place = Place::new().expect("a temporary directory can be made");
        Self {
            place: Arc::new(place),
            group: group.into_iter().map(Into::into).collect(),
            main: 0,
            app: Vec::new(),
            platform: BTreeMap::new(),
            operator_env: BTreeMap::new(),
            container_env: Env::new(),
            tools: BTreeMap::new(),
            target: Target::default(),
            finds: Finds::Nothing,
            without_cache: false,
            without_image: false,
            kill_after: None,
            room: None,
        }
    }

    // The app ------------------------------------------------------------------------------

    /// Copies a directory into the app, usually `tests/apps/<name>`.
    pub fn app_dir(self, dir: impl Into<PathBuf>) -> Self {
        self.changed(Change::Tree(dir.into()))
    }

    /// Writes a file of the app.
    pub fn file(self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.changed(Change::File(path.to_owned(), content.into()))
    }

    /// Writes an executable file of the app.
    pub fn program(self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.changed(Change::Program(path.to_owned(), content.into()))
    }

    /// Makes an empty directory in the app.
    pub fn dir(self, path: &str) -> Self {
        self.changed(Change::Dir(path.to_owned()))
    }

    /// Makes a symbolic link in the app.
    pub fn link(self, path: &str, target: &str) -> Self {
        self.changed(Change::Link(path.to_owned(), target.to_owned()))
    }

    /// Removes a file or directory from the app.
    pub fn without(self, path: &str) -> Self {
        self.changed(Change::Remove(path.to_owned()))
    }

    /// Changes a JSON file of the app; it starts as `{}` if there is none.
    pub fn json(
        self,
        path: &str,
        edit: impl Fn(&mut serde_json::Value) + Send + Sync + 'static,
    ) -> Self {
        self.changed(Change::Json(path.to_owned(), Arc::new(edit)))
    }

    fn changed(mut self, change: Change) -> Self {
        self.app.push(change);
        self
    }

    // What the user and the platform give --------------------------------------------------

    /// Sets a variable as the user does, `pack build --env`.
    pub fn env(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.platform_file(format!("env/{name}"), value.as_ref())
    }

    /// Binds a service: a name, its type, and its files.
    pub fn binding<'a>(
        mut self,
        name: &str,
        r#type: &'a str,
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        for (file, content) in files.into_iter().chain([("type", r#type)]) {
            self = self.platform_file(format!("bindings/{name}/{file}"), content);
        }
        self
    }

    /// Writes any file of the platform directory.
    pub fn platform_file(mut self, path: impl Into<PathBuf>, content: impl AsRef<[u8]>) -> Self {
        self.platform.insert(path.into(), content.as_ref().to_owned());
        self
    }

    /// Sets a variable as the builder's operator does; the name may have a suffix as in a layer.
    pub fn operator_env(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.operator_env.insert(name.to_owned(), value.as_ref().to_owned());
        self
    }

    /// Sets a variable of the build container; the lifecycle passes on few of them, such as proxies.
    pub fn container_env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.container_env.set(name, value);
        self
    }

    /// What the image will run on, if not the same as everywhere.
    pub fn target(mut self, target: Target) -> Self {
        self.target = target;
        self
    }

    /// Puts a fake tool on the `PATH` of the build.
    pub fn tool(mut self, name: &str, tool: Tool) -> Self {
        self.tools.insert(name.to_owned(), tool);
        self
    }

    // The buildpacks -----------------------------------------------------------------------

    /// Adds an artifact to the catalogue of the buildpack under test.
    pub fn artifact(self, artifact: Artifact) -> Self {
        self.subject(|subject| subject.artifact(artifact))
    }

    /// Version of `id` that is installed if nobody asks for one.
    pub fn default_version(self, id: &str, version: &str) -> Self {
        self.subject(|subject| subject.default_version(id, version))
    }

    /// Adds to `[metadata]` of the buildpack under test: release lines, for example.
    #[track_caller]
    pub fn metadata(self, text: &str) -> Self {
        self.subject(|subject| subject.metadata(text))
    }

    /// Gives the buildpack under test its helper program.
    pub fn helper(self, program: impl Into<PathBuf>) -> Self {
        self.subject(|subject| subject.helper(program))
    }

    /// Changes the buildpack under test.
    #[track_caller]
    pub fn subject(mut self, change: impl FnOnce(Subject) -> Subject) -> Self {
        let Part::Subject(subject) = &self.group[self.main] else {
            panic!("the buildpack under test is a fake");
        };
        self.group[self.main] = change((**subject).clone()).into();
        self
    }

    /// Puts a buildpack before all others.
    pub fn before(mut self, part: impl Into<Part>) -> Self {
        self.group.insert(0, part.into());
        self.main += 1;
        self
    }

    /// Puts a buildpack after all others.
    pub fn after(mut self, part: impl Into<Part>) -> Self {
        self.group.push(part.into());
        self
    }

    /// Puts a buildpack before all others that provides `name`.
    pub fn provides(self, name: &str) -> Self {
        let plan = format!("provides = [{{ name = \"{name}\" }}]");
        self.before(Fake::new(&format!("test/provides-{name}")).plan(&plan))
    }

    /// Puts a buildpack after all others that requires `name`, with metadata such as `version = "22", build = true`.
    pub fn requires(self, name: &str, metadata: &str) -> Self {
        let plan = format!("requires = [{{ name = \"{name}\", metadata = {{ {metadata} }} }}]");
        self.after(Fake::new(&format!("test/requires-{name}")).plan(&plan))
    }

    // What a rebuild finds -----------------------------------------------------------------

    /// The rebuild finds no cache.
    pub fn without_cache(mut self) -> Self {
        self.without_cache = true;
        self
    }

    /// The rebuild finds no previous image.
    pub fn without_image(mut self) -> Self {
        self.without_image = true;
        self
    }

    // Running ------------------------------------------------------------------------------

    /// Runs detect.
    #[track_caller]
    pub fn detect(&self) -> Detected {
        let group = self.place.prepare(self).expect("the case can be written");
        let main = group[self.main].buildpack.id.clone();
        Detected::new(self.run_detect(group), main, self.place.cleaner())
    }

    /// Runs detect and build, which have to succeed, without an image and a cache of builds before.
    #[track_caller]
    pub fn build(&self) -> Built {
        match self.try_build() {
            Ok(built) => built,
            Err(failed) => panic!("{}\n{}", failed.failure(), failed.log()),
        }
    }

    /// Runs detect and build, one of which has to fail.
    #[track_caller]
    pub fn fails(&self) -> Failed {
        match self.try_build() {
            Ok(built) => panic!("the build should have failed\n{}", built.log()),
            Err(failed) => *failed,
        }
    }

    /// Runs detect and build, and kills the build and everything it has started after `time`;
    /// `None` if it was done by then.
    #[must_use]
    #[track_caller]
    pub fn killed_after(&self, time: Duration) -> Option<Failed> {
        let case = Self { kill_after: Some(time), ..self.clone() };
        match case.try_build() {
            Ok(_) => None,
            Err(failed) if failed.failure().ends_with("signal: 9 (SIGKILL)") => Some(*failed),
            Err(failed) => panic!("{}\n{}", failed.failure(), failed.log()),
        }
    }

    /// Runs detect and build where so many bytes fit onto a disk; only in [`with_disks`].
    #[track_caller]
    pub fn build_in(&self, disk: Disk, room: u64) -> Result<Built, Failed> {
        Self { room: Some((disk, room)), ..self.clone() }.try_build().map_err(|failed| *failed)
    }

    /// The same as a rebuild.
    fn again(&self) -> Self {
        Self {
            finds: Finds::Kept,
            without_cache: false,
            without_image: false,
            kill_after: None,
            room: None,
            ..self.clone()
        }
    }

    #[track_caller]
    fn try_build(&self) -> Result<Built, Box<Failed>> {
        let group = self.place.prepare(self).expect("the case can be written");
        let main = group[self.main].buildpack.id.clone();
        let generation = self.place.next_generation();
        let Detection { runs, outcome, .. } = self.run_detect(group);

        if let Some((disk, room)) = self.room {
            self.place.make_room(disk, room).expect("a disk can be made");
        }
        let mut lifecycle = self.place.lifecycle();
        lifecycle.kill_after = self.kill_after;
        lifecycle.keep_rest = self.finds == Finds::Rest;
        if self.without_cache || self.finds == Finds::Nothing {
            lifecycle.forget_cache().expect("the cache can be removed");
        }
        if self.without_image || self.finds == Finds::Nothing {
            lifecycle.forget_image().expect("the image can be removed");
        }
        let mut output = Vec::new();
        let build = outcome.and_then(|detected| {
            let build = lifecycle.build(&detected, &mut |id, line| {
                output.push((id.to_owned(), line.to_owned()));
            });
            build.map(|build| (detected, build))
        });
        drop(lifecycle);
        match build {
            Ok((detected, build)) => {
                Ok(Built::new(self.again(), main, generation, detected, build, output))
            }
            Err(failure) => Err(Box::new(Failed::new(self.again(), main, failure, runs, output))),
        }
    }

    /// Runs detect, which has to leave the app alone: others run at the same time.
    #[track_caller]
    fn run_detect(&self, group: Vec<Member>) -> Detection {
        let lifecycle = self.place.lifecycle();
        let app = || tree::entries(&lifecycle.app_dir()).and_then(|entries| tree::digest(&entries));
        let before = app().expect("the app can be read");
        let detection = lifecycle.detect(&vec![group]).expect("detect can be run");
        let after = app().expect("the app can be read");
        assert_eq!(before, after, "detect has changed the app");
        detection
    }
}
