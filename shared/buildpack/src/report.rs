//! The machine-readable report of a build, for whoever names a directory in
//! `BP_REPORT_DIR`. Nothing is sent anywhere.

use std::path::Path;

use kouti_catalog::Target;
use kouti_report::{Event, EventKind, Log, Notice, Problem};
use serde::Serialize;

use crate::setting::Declared;
use crate::{Env, Masks, settings};

/// Raised when the meaning of a field changes.
const SCHEMA: u32 = 1;

#[derive(Serialize)]
struct Report<'a> {
    schema: u32,
    buildpack: &'a str,
    version: &'a str,
    phase: &'a str,
    target: &'a Target,
    settings: Vec<Setting>,
    events: Vec<ReportedEvent<'a>>,
    warnings: Vec<&'a str>,
    error: Option<Failure<'a>>,
    seconds: f64,
}

#[derive(Serialize)]
struct Setting {
    name: String,
    value: String,
}

#[derive(Serialize)]
struct ReportedEvent<'a> {
    kind: &'static str,
    name: &'a str,
    outcome: &'a str,
    reasons: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    started: f64,
    seconds: f64,
}

#[derive(Serialize)]
struct Failure<'a> {
    id: &'a str,
    summary: &'a str,
}

impl<'a> From<&'a Event> for ReportedEvent<'a> {
    fn from(event: &'a Event) -> Self {
        Self {
            kind: match event.kind {
                EventKind::Choice => "choice",
                EventKind::Layer => "layer",
                EventKind::Command => "command",
                EventKind::Download => "download",
            },
            name: &event.name,
            outcome: &event.outcome,
            reasons: &event.reasons,
            bytes: event.bytes,
            started: event.started.as_secs_f64(),
            seconds: event.took.as_secs_f64(),
        }
    }
}

/// Whose report it is: known before anything can go wrong that a report should tell.
#[derive(Clone, Debug)]
pub(crate) struct About {
    /// Id of the buildpack.
    pub(crate) id: String,
    pub(crate) version: String,
    /// `detect` or `build`.
    pub(crate) phase: &'static str,
    pub(crate) target: Target,
}

impl About {
    /// Writes `<BP_REPORT_DIR>/<id with _>.json`, also of a build that failed, or that could not begin.
    ///
    /// A report that cannot be written is a warning: the build is what counts.
    pub(crate) fn write(
        &self,
        env: &Env,
        masks: &Masks,
        declared: &[Declared],
        log: &mut Log,
        problem: Option<&Problem>,
    ) -> Result<(), Problem> {
        let Some(dir) = settings::REPORT_DIR.read(env)? else { return Ok(()) };
        let report = Report {
            schema: SCHEMA,
            buildpack: &self.id,
            version: &self.version,
            phase: self.phase,
            target: &self.target,
            settings: settings::in_use(env, declared)
                .into_iter()
                .map(|[name, value]| Setting { name, value })
                .collect(),
            events: log.events().iter().map(ReportedEvent::from).collect(),
            warnings: log.notices().iter().map(|notice| notice.text.as_str()).collect(),
            error: problem.map(|problem| Failure { id: problem.id, summary: &problem.summary }),
            seconds: log.elapsed().as_secs_f64(),
        };
        let text = serde_json::to_string_pretty(&report).map_err(anyhow::Error::from)?;
        let path = Path::new(&dir).join(format!("{}.json", self.id.replace('/', "_")));
        if let Err(error) = fs_err::write(&path, masks.mask(&text) + "\n") {
            log.warn(Notice::new(format!("the report of this build is lost: {error}")));
        }
        Ok(())
    }
}
