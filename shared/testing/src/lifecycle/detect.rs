//! The detector: which group fits the app, and what its buildpacks agree on.

use std::fmt::Write as _;
use std::path::Path;

use super::buildpack::{Buildpack, Member, Order};
use super::failure::Failure;
use super::plan::{BuildPlan, Candidate, Plan, resolve};
use super::program::{Invocation, Outcome};
use super::{Lifecycle, Result};

/// What detect found out.
#[derive(Debug)]
pub struct Detection {
    /// Every buildpack that was asked, each once, in the order of asking.
    pub runs: Vec<Run>,
    /// Why trials of the plan failed, in words.
    pub trials: Vec<String>,
    /// The first group that passed, or why there is none.
    pub outcome: Result<Detected>,
}

/// The group that builds the app.
#[derive(Clone, Debug)]
pub struct Detected {
    /// Its buildpacks, in order.
    pub group: Vec<Buildpack>,
    /// What they agreed on.
    pub plan: Plan,
}

/// One buildpack's answer.
#[derive(Clone, Debug)]
pub struct Run {
    /// Id of the buildpack.
    pub buildpack: String,
    /// What it decided.
    pub verdict: Verdict,
    /// What it printed; a platform shows this only if it failed.
    pub output: String,
}

/// What a buildpack decided in detect.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It takes part, with this plan.
    Pass(BuildPlan),
    /// It is not for this app (exit code 100).
    Skip,
    /// It failed: another exit code, or an unreadable plan.
    Error(String),
}

impl Lifecycle {
    /// Asks the buildpacks of each group until one group passes.
    pub fn detect(&self, order: &Order) -> Result<Detection> {
        let mut detection = Detection {
            runs: Vec::new(),
            trials: Vec::new(),
            outcome: Err(Failure::NothingDetected(String::new())),
        };
        let mut failed = false;
        for group in order {
            match self.detect_group(group, &mut detection)? {
                Group::Passed(detected) => {
                    detection.outcome = Ok(detected);
                    return Ok(detection);
                }
                Group::Errored => failed = true,
                Group::Failed => {}
            }
        }
        let report = report(&detection);
        detection.outcome = Err(if failed {
            Failure::DetectFailed(report)
        } else {
            Failure::NothingDetected(report)
        });
        Ok(detection)
    }

    fn detect_group(&self, group: &[Member], detection: &mut Detection) -> Result<Group> {
        let mut candidates = Vec::new();
        let (mut passes, mut errored) = (true, false);
        for member in group {
            match self.verdict(member, detection)? {
                Verdict::Pass(plan) => candidates.push((member, plan)),
                Verdict::Skip => passes &= member.optional,
                Verdict::Error(_) => {
                    errored = true;
                    passes &= member.optional;
                }
            }
        }
        if !passes && errored {
            return Ok(Group::Errored);
        }
        if !passes || candidates.is_empty() {
            return Ok(Group::Failed);
        }
        let trials: Vec<_> = candidates
            .iter()
            .map(|(member, plan)| Candidate {
                id: &member.buildpack.id,
                optional: member.optional,
                plan,
            })
            .collect();
        match resolve(&trials) {
            Ok((ids, plan)) => {
                let members = group.iter().map(|member| &member.buildpack);
                let group = members.filter(|buildpack| ids.contains(&buildpack.id)).cloned();
                Ok(Group::Passed(Detected { group: group.collect(), plan }))
            }
            Err(reasons) => {
                detection.trials.extend(reasons);
                Ok(Group::Failed)
            }
        }
    }

    /// Asks a buildpack, unless it has been asked as a member of an earlier group.
    fn verdict(&self, member: &Member, detection: &mut Detection) -> Result<Verdict> {
        let buildpack = &member.buildpack;
        if let Some(run) = detection.runs.iter().find(|run| run.buildpack == buildpack.id) {
            return Ok(run.verdict.clone());
        }
        // An optional buildpack for another target is asked all the same; so does the real detector.
        let run = if member.optional || self.target.fits(&buildpack.targets) {
            self.run_detect(buildpack)?
        } else {
            let reason = "none of its targets fits the run image".to_owned();
            let buildpack = buildpack.id.clone();
            Run { buildpack, verdict: Verdict::Error(reason), output: String::new() }
        };
        let verdict = run.verdict.clone();
        detection.runs.push(run);
        Ok(verdict)
    }

    fn run_detect(&self, buildpack: &Buildpack) -> Result<Run> {
        let plan_dir = tempfile::tempdir()?;
        let plan_path = plan_dir.path().join("plan.toml");
        fs_err::write(&plan_path, "")?;

        let env = self.env_for(buildpack, &self.base_env())?;
        let Outcome { code, status, output } = Invocation {
            program: &buildpack.program("detect"),
            arguments: &[&self.platform_dir(), &plan_path],
            variables: &[("CNB_BUILD_PLAN_PATH", &plan_path)],
            env,
            dir: &self.app_dir(),
            killed_after: None,
        }
        .run(&mut |_| {})?;

        let verdict = match code {
            Some(0) => read_plan(&plan_path),
            Some(100) => Verdict::Skip,
            _ => Verdict::Error(status),
        };
        Ok(Run { buildpack: buildpack.id.clone(), verdict, output })
    }
}

/// How a group did.
enum Group {
    Passed(Detected),
    Failed,
    Errored,
}

fn read_plan(path: &Path) -> Verdict {
    let text = fs_err::read_to_string(path).map_err(|error| error.to_string());
    match text.and_then(|text| BuildPlan::parse(&text)) {
        Ok(plan) => Verdict::Pass(plan),
        Err(reason) => Verdict::Error(reason),
    }
}

fn report(detection: &Detection) -> String {
    let mut report = String::new();
    for Run { buildpack, verdict, output } in &detection.runs {
        let verdict = match verdict {
            Verdict::Pass(_) => "passes",
            Verdict::Skip => "skips",
            Verdict::Error(reason) => &format!("fails: {reason}"),
        };
        let _ = writeln!(report, "  {buildpack} {verdict}");
        for line in output.lines() {
            let _ = writeln!(report, "    {line}");
        }
    }
    for trial in &detection.trials {
        let _ = writeln!(report, "  {trial}");
    }
    report
}
