//! The result of a build that did not succeed.

use super::{Built, Case};
use crate::lifecycle::{Failure, Run, escaped};
use crate::tree;

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

    /// Names of the files and directories left in the layers directory of the buildpack under test.
    #[track_caller]
    #[must_use]
    pub fn layers_left(&self) -> Vec<String> {
        let dir = self.case.place.lifecycle().layers_dir().join(escaped(&self.main));
        tree::names(&dir).expect("the layers directory can be read")
    }

    /// Builds again after a change, with the image and the cache of the last build that succeeded.
    #[track_caller]
    pub fn rebuild_with(&self, change: impl FnOnce(Case) -> Case) -> Built {
        change(self.case.clone()).build()
    }
}
