//! The result of detect.

use super::subject::plan_text;
use super::text::Cleaner;
use crate::lifecycle::{BuildPlan, Detection, Failure, Plan, Run, Verdict};

/// What detect decided; about the buildpack under test, unless a method says otherwise.
#[derive(Debug)]
#[must_use]
pub struct Detected {
    detection: Detection,
    main: String,
    cleaner: Cleaner,
}

impl Detected {
    pub(super) fn new(detection: Detection, main: String, cleaner: Cleaner) -> Self {
        Self { detection, main, cleaner }
    }

    /// The same about another buildpack.
    pub fn of(mut self, id: &str) -> Self {
        id.clone_into(&mut self.main);
        self
    }

    /// Whether it passed, whatever became of the group.
    #[must_use]
    pub fn passes(&self) -> bool {
        matches!(self.run().verdict, Verdict::Pass(_))
    }

    /// The build plan it wrote, as TOML.
    #[track_caller]
    #[must_use]
    pub fn plan(&self) -> String {
        plan_text(self.build_plan())
    }

    /// The build plan it wrote.
    #[track_caller]
    #[must_use]
    pub fn build_plan(&self) -> &BuildPlan {
        match &self.run().verdict {
            Verdict::Pass(plan) => plan,
            Verdict::Skip => panic!("{} skips: {}", self.main, self.log()),
            Verdict::Error(reason) => panic!("{} fails: {reason}\n{}", self.main, self.log()),
        }
    }

    /// Why it is not for this app; nothing if it is.
    #[must_use]
    pub fn skipped(&self) -> Option<String> {
        let log = self.log();
        let reason = log.trim().strip_prefix("skipped: ").unwrap_or(log.trim());
        (self.run().verdict == Verdict::Skip).then(|| reason.to_owned())
    }

    /// What it printed before it failed; nothing if it passed or skipped.
    #[must_use]
    pub fn error(&self) -> Option<String> {
        matches!(self.run().verdict, Verdict::Error(_)).then(|| self.log())
    }

    /// What it printed.
    #[must_use]
    pub fn log(&self) -> String {
        self.cleaner.log(&self.run().output)
    }

    /// Ids of the buildpacks that will build; none if the group failed.
    #[must_use]
    pub fn group(&self) -> Vec<&str> {
        let group = self.detection.outcome.as_ref().map(|detected| detected.group.as_slice());
        group.unwrap_or_default().iter().map(|buildpack| buildpack.id.as_str()).collect()
    }

    /// What the group agreed on.
    #[track_caller]
    #[must_use]
    pub fn resolved(&self) -> &Plan {
        match &self.detection.outcome {
            Ok(detected) => &detected.plan,
            Err(failure) => panic!("{failure}"),
        }
    }

    /// Why the group failed.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        self.detection.outcome.as_ref().err()
    }

    #[track_caller]
    fn run(&self) -> &Run {
        let mut runs = self.detection.runs.iter();
        runs.find(|run| run.buildpack == self.main).expect("the buildpack is in the group")
    }
}
