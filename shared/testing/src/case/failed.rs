//! The result of a build that did not succeed.

use super::{Built, Case, Disk, Finds};
use crate::lifecycle::{Failure, Run, escaped};
use crate::tree::{self, Kind};

/// What a failed build has left.
#[derive(Clone)]
#[must_use]
pub struct Failed {
    case: Case,
    main: String,
    failure: std::sync::Arc<Failure>,
    runs: Vec<Run>,
    output: Vec<(String, String)>,
}

impl Failed {
    pub(super) fn new(
        case: Case,
        main: String,
        failure: Failure,
        runs: Vec<Run>,
        output: Vec<(String, String)>,
    ) -> Self {
        Self { case, main, failure: failure.into(), runs, output }
    }

    /// What the lifecycle says about it.
    #[must_use]
    pub fn failure(&self) -> String {
        self.case.place.cleaner().paths(&self.failure.to_string())
    }

    /// Exit code of the lifecycle: 20 nothing detected, 21 detect failed, 51 build failed, 62 no image.
    #[must_use]
    pub fn exit_code(&self) -> i32 {
        self.failure.exit_code()
    }

    /// Everything that the buildpacks printed: in build, or in detect if it came no further.
    #[must_use]
    pub fn log(&self) -> String {
        let mut log = String::new();
        if self.output.is_empty() {
            self.runs.iter().for_each(|run| log.push_str(&run.output));
        }
        for (_, line) in &self.output {
            log.push_str(line);
            log.push('\n');
        }
        self.case.place.cleaner().log(&log)
    }

    /// The error page: the log from its last line that starts with `error`.
    #[track_caller]
    #[must_use]
    pub fn error(&self) -> String {
        let log = self.log();
        let page = log.rfind("\nerror").map(|start| start + 1);
        let page = page.or_else(|| log.starts_with("error").then_some(0));
        match page {
            Some(start) => log[start..].to_owned(),
            None => panic!("no error page: {}\n{log}", self.failure),
        }
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
        let is_told = |secret: &str| self.log_lines().any(|line| line.contains(secret));
        let told = secrets.iter().filter(|secret| is_told(secret));
        found.extend(told.map(|secret| (*secret, "the log".to_owned())));
        found
    }

    fn log_lines(&self) -> impl Iterator<Item = &str> {
        let build = self.output.iter().map(|(_, line)| line.as_str());
        self.runs.iter().map(|run| run.output.as_str()).chain(build)
    }

    /// Names of the files and directories left in the layers directory of the buildpack under test.
    #[track_caller]
    #[must_use]
    pub fn layers_left(&self) -> Vec<String> {
        let dir = self.case.place.lifecycle().layers_dir().join(escaped(&self.main));
        tree::names(&dir).expect("the layers directory can be read")
    }

    /// All files and links left there.
    #[track_caller]
    #[must_use]
    pub fn files_left(&self) -> Vec<String> {
        let dir = self.case.place.lifecycle().layers_dir().join(escaped(&self.main));
        let entries = tree::entries(&dir).expect("the layers directory can be read").into_iter();
        entries.filter(|entry| entry.kind != Kind::Dir).map(|entry| entry.name).collect()
    }

    /// Builds again in the same place: with a fresh app, and with everything in the layers
    /// directory that this build has left there.
    #[track_caller]
    pub fn build_on_rest(&self) -> Built {
        Case { finds: Finds::Rest, ..self.case.clone() }.build()
    }

    /// The same where so many bytes fit onto a disk now.
    #[track_caller]
    pub fn build_on_rest_in(&self, disk: Disk, room: u64) -> Built {
        Case { finds: Finds::Rest, room: Some((disk, room)), ..self.case.clone() }.build()
    }

    /// Builds again after a change, with the image and the cache of the last build that succeeded.
    #[track_caller]
    pub fn rebuild_with(&self, change: impl FnOnce(Case) -> Case) -> Built {
        change(self.case.clone()).build()
    }
}
