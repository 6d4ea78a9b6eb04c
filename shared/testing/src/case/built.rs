//! The result of a build.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::text::Cleaner;
use super::tool::Call;
use super::{Case, Failed};
use crate::lifecycle::{self, Build, Image, Launch, Outcome, Types};
use crate::summary::{Summary, env_files};
use crate::tree::{self, Kind};

/// A successful build.
///
/// Logs, metadata, processes and digests are remembered; files and processes can be
/// asked for until the case is built again.
#[derive(Clone)]
#[must_use]
pub struct Built {
    case: Case,
    main: String,
    generation: u32,
    detected: lifecycle::Detected,
    build: Build,
    output: Vec<(String, String)>,
    calls: Vec<Call>,
    layers: Vec<BuiltLayer>,
}

impl Built {
    #[track_caller]
    pub(super) fn new(
        case: Case,
        main: String,
        generation: u32,
        detected: lifecycle::Detected,
        build: Build,
        output: Vec<(String, String)>,
    ) -> Self {
        let calls = case.place.calls().expect("the journal can be read");
        let cleaner = case.place.cleaner();
        let layers = build.layers.iter().map(|layer| BuiltLayer::new(layer, &cleaner)).collect();
        Self { case, main, generation, detected, build, output, calls, layers }
    }

    // What was said ------------------------------------------------------------------------

    /// What all buildpacks printed, without what differs from run to run.
    #[must_use]
    pub fn log(&self) -> String {
        self.log_where(|_| true)
    }

    /// What one buildpack printed.
    #[must_use]
    pub fn log_of(&self, id: &str) -> String {
        self.log_where(|owner| owner == id)
    }

    /// Where a secret stands that nobody should see: in what was printed, in layers, cache, SBOM, labels
    /// and all else that is kept, and in the app. What the case itself has given is not searched.
    #[must_use]
    pub fn leaks(&self, secret: &str) -> Vec<String> {
        self.leaks_of(&[secret]).into_iter().map(|(_, place)| place).collect()
    }

    /// The same for several secrets: which of them stands where.
    #[must_use]
    pub fn leaks_of<'a>(&self, secrets: &[&'a str]) -> Vec<(&'a str, String)> {
        let mut found = self.case.place.places_of(secrets).expect("all that is left can be read");
        let is_told = |secret: &str| self.output.iter().any(|(_, line)| line.contains(secret));
        let told = secrets.iter().filter(|secret| is_told(secret));
        found.extend(told.map(|secret| (*secret, "the log".to_owned())));
        found
    }

    fn log_where(&self, wanted: impl Fn(&str) -> bool) -> String {
        let mut log = String::new();
        for (_, line) in self.output.iter().filter(|(id, _)| wanted(id)) {
            log.push_str(line);
            log.push('\n');
        }
        self.case.place.cleaner().log(&log)
    }

    /// Remarks of the lifecycle.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.build.warnings
    }

    // What was made ------------------------------------------------------------------------

    /// A layer by its name.
    #[track_caller]
    #[must_use]
    pub fn layer(&self, name: &str) -> &BuiltLayer {
        match self.find_layer(name) {
            Some(layer) => layer,
            None => panic!("there is no layer `{name}`, only:\n{}", self.layers()),
        }
    }

    /// A layer by its name, if there is one.
    #[must_use]
    pub fn find_layer(&self, name: &str) -> Option<&BuiltLayer> {
        self.layers.iter().find(|layer| layer.name == name)
    }

    /// All layers with their types and what became of them, one per line.
    #[must_use]
    pub fn layers(&self) -> String {
        let line = |layer: &BuiltLayer| {
            format!("{}:{} ({}) {:?}\n", layer.buildpack, layer.name, layer.types, layer.outcome)
        };
        self.layers.iter().map(line).collect()
    }

    /// The image as the exporter made it.
    #[must_use]
    pub fn image(&self) -> &Image {
        &self.build.image
    }

    /// Two builds of a case with the same digest are the same image.
    #[must_use]
    pub fn image_digest(&self) -> String {
        self.build.image.digest()
    }

    /// The processes, one per line: `web (default): node server.js`.
    #[must_use]
    pub fn processes(&self) -> String {
        let image = &self.build.image;
        let mut text = String::new();
        for process in &image.processes {
            let default = image.default_process.as_ref() == Some(&process.r#type);
            text.push_str(&process.r#type);
            text.push_str(if default { " (default): " } else { ": " });
            let words = process.command.iter().chain(&process.args);
            text.push_str(&words.map(String::as_str).collect::<Vec<_>>().join(" "));
            if let Some(dir) = &process.working_dir {
                text.push_str(" in ");
                text.push_str(dir);
            }
            text.push('\n');
        }
        self.clean(&text)
    }

    /// Labels of the image.
    #[must_use]
    pub fn labels(&self) -> &BTreeMap<String, String> {
        &self.build.image.labels
    }

    /// Files of each slice of the app; what no slice takes comes last.
    #[must_use]
    pub fn slices(&self) -> Vec<&[String]> {
        self.build.slices.iter().map(|slice| slice.files.as_slice()).collect()
    }

    /// What a later buildpack's environment would have, as far as layers changed it.
    #[must_use]
    pub fn build_env(&self) -> BTreeMap<String, String> {
        let before = &self.case.place.lifecycle().build_env.clone();
        let cleaner = self.case.place.cleaner();
        let changes = self.build.env.changes_since(before).into_iter();
        changes.map(|(name, value)| (name, cleaner.paths(&value))).collect()
    }

    /// What this build must have in common with one by the real lifecycle.
    #[track_caller]
    #[must_use]
    pub fn summary(&self) -> Summary {
        self.assert_current();
        let summary = Summary::of(&self.detected, &self.build).expect("the layers can be read");
        let cleaner = self.case.place.cleaner();
        summary.map_text(|text| cleaner.paths(text))
    }

    // Files --------------------------------------------------------------------------------

    /// Text of a file in the app directory after the build.
    #[track_caller]
    #[must_use]
    pub fn app_file(&self, path: &str) -> String {
        let path = self.app_path(path);
        let text = fs_err::read_to_string(path).expect("the file can be read");
        self.clean(&text)
    }

    /// A path in the app directory.
    #[track_caller]
    #[must_use]
    pub fn app_path(&self, path: &str) -> PathBuf {
        self.assert_current();
        self.case.place.lifecycle().app_dir().join(path)
    }

    /// SBOM files of the image: `kouti_nodejs/node/sbom.cdx.json`.
    #[track_caller]
    #[must_use]
    pub fn sboms(&self) -> Vec<String> {
        let dir = self.sbom_dir();
        if !dir.is_dir() {
            return Vec::new();
        }
        let entries = tree::entries(&dir).expect("the SBOMs can be listed").into_iter();
        entries.filter(|entry| entry.kind == Kind::File).map(|entry| entry.name).collect()
    }

    /// Text of an SBOM file of the image.
    #[track_caller]
    #[must_use]
    pub fn sbom(&self, path: &str) -> String {
        let text = fs_err::read_to_string(self.sbom_dir().join(path));
        self.clean(&text.expect("the SBOM can be read"))
    }

    /// Text of an SBOM file of the build, which is not in the image.
    #[track_caller]
    #[must_use]
    pub fn build_sbom(&self, path: &str) -> String {
        self.assert_current();
        let dir = self.case.place.lifecycle().aside_dir().join("sbom/build");
        let text = fs_err::read_to_string(dir.join(path));
        self.clean(&text.expect("the SBOM of the build can be read"))
    }

    #[track_caller]
    fn sbom_dir(&self) -> PathBuf {
        self.assert_current();
        self.case.place.lifecycle().layers_dir().join("sbom/launch")
    }

    // Fake tools ---------------------------------------------------------------------------

    /// The calls of fake tools in this build, as a user would type them.
    #[must_use]
    pub fn commands(&self) -> Vec<String> {
        self.calls.iter().map(Call::line).collect()
    }

    /// The calls of one fake tool in this build.
    #[must_use]
    pub fn calls(&self, tool: &str) -> Vec<&Call> {
        self.calls.iter().filter(|call| call.tool == tool).collect()
    }

    /// The calls of fake tools since this build: of processes and exec.d programs that were started.
    #[track_caller]
    #[must_use]
    pub fn launch_calls(&self) -> Vec<Call> {
        self.assert_current();
        let mut calls = self.case.place.calls().expect("the journal can be read");
        calls.split_off(self.calls.len())
    }

    // Running ------------------------------------------------------------------------------

    /// Prepares a process of the image.
    #[track_caller]
    #[must_use]
    pub fn launch(&self, process_type: &str) -> Launch {
        self.assert_current();
        match self.case.place.lifecycle().launch(process_type) {
            Ok(launch) => launch,
            Err(failure) => panic!("{failure}"),
        }
    }

    /// The environment of a process, as far as the image changes it.
    #[track_caller]
    #[must_use]
    pub fn launch_env(&self, process_type: &str) -> BTreeMap<String, String> {
        let cleaner = self.case.place.cleaner();
        let (env, _) = match self.launch(process_type).prepare() {
            Ok(prepared) => prepared,
            Err(failure) => panic!("{failure}"),
        };
        let changes = env.changes_since(&self.case.place.lifecycle().launch_env).into_iter();
        changes.map(|(name, value)| (name, cleaner.paths(&value))).collect()
    }

    // Building again -----------------------------------------------------------------------

    /// Builds the same once more, with the image and the cache of this build.
    #[track_caller]
    pub fn rebuild(&self) -> Self {
        self.case.build()
    }

    /// Builds again after a change, with the image and the cache of this build.
    #[track_caller]
    pub fn rebuild_with(&self, change: impl FnOnce(Case) -> Case) -> Self {
        change(self.case.clone()).build()
    }

    /// Builds again after a change, which has to fail.
    #[track_caller]
    pub fn rebuild_fails(&self, change: impl FnOnce(Case) -> Case) -> Failed {
        change(self.case.clone()).fails()
    }

    #[track_caller]
    fn assert_current(&self) {
        let current = self.case.place.generation();
        assert_eq!(
            self.generation, current,
            "the files of this build were replaced by a later one"
        );
    }

    /// Any text of this build without the paths of this run: `<app>/server.js`.
    #[must_use]
    pub fn clean(&self, text: &str) -> String {
        self.case.place.cleaner().paths(text)
    }

    /// Id of the buildpack under test.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.main
    }
}

/// One layer of a build.
#[derive(Clone, Debug)]
pub struct BuiltLayer {
    buildpack: String,
    name: String,
    types: Types,
    metadata: toml::Table,
    outcome: Outcome,
    digest: String,
    dir: PathBuf,
    cleaner: Cleaner,
    env: BTreeMap<String, String>,
}

impl BuiltLayer {
    #[track_caller]
    fn new(layer: &lifecycle::Layer, cleaner: &Cleaner) -> Self {
        let lifecycle::Layer { buildpack, name, types, metadata, dir, digest, outcome, .. } =
            layer.clone();
        let cleaner = cleaner.clone();
        let env = env_files(&dir).expect("the layer can be read").into_iter();
        let env = env.map(|(file, value)| (file, cleaner.paths(&value))).collect();
        Self { buildpack, name, types, metadata, outcome, digest, dir, cleaner, env }
    }

    /// When it is needed.
    #[must_use]
    pub fn types(&self) -> Types {
        self.types
    }

    /// How it compares with the build before.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// Whether its content is that of the build before.
    #[must_use]
    pub fn is_reused(&self) -> bool {
        self.outcome != Outcome::Added
    }

    /// Digest of its content.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Its metadata as TOML.
    #[must_use]
    pub fn metadata(&self) -> String {
        self.cleaner.paths(&self.metadata.to_string())
    }

    /// Its metadata.
    #[must_use]
    pub fn metadata_table(&self) -> &toml::Table {
        &self.metadata
    }

    /// Its environment files: `env.launch/NODE_ENV.default` and what it holds.
    #[must_use]
    pub fn env(&self) -> &BTreeMap<String, String> {
        &self.env
    }

    /// Where it is now.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Whether it has such a file or directory.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.dir.join(path).symlink_metadata().is_ok()
    }

    /// Text of one of its files.
    #[track_caller]
    #[must_use]
    pub fn read(&self, path: &str) -> String {
        let text = fs_err::read_to_string(self.dir.join(path)).expect("the file can be read");
        self.cleaner.paths(&text)
    }

    /// All its files and links.
    #[track_caller]
    #[must_use]
    pub fn files(&self) -> Vec<String> {
        let entries = tree::entries(&self.dir).expect("the layer can be listed").into_iter();
        entries.filter(|entry| entry.kind != Kind::Dir).map(|entry| entry.name).collect()
    }
}
