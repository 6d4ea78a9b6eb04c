//! The machine-readable report of a build, for whoever names a directory in
//! `BP_REPORT_DIR`. Nothing is sent anywhere.

use std::path::{Path, PathBuf};

use kouti_catalog::Target;
use kouti_report::{Event, EventKind, Log, Notice, Problem};
use serde::Serialize;

use crate::layer::{LayerToml, Types};
use crate::setting::Declared;
use crate::{Env, Masks, settings, size_of};

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
    layers: Vec<ReportedLayer>,
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
struct ReportedLayer {
    name: String,
    #[serde(flatten)]
    types: Types,
    /// None for what stays in the image of the last build.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
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
    /// Where its layers are; in detect there are none.
    pub(crate) layers: Option<PathBuf>,
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
        // Before layers are measured: that is work for the report, not for the app.
        let seconds = log.elapsed().as_secs_f64();
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
            layers: self.layers.as_deref().map(layers).unwrap_or_default(),
            warnings: log.notices().iter().map(|notice| notice.text.as_str()).collect(),
            error: problem.map(|problem| Failure { id: problem.id, summary: &problem.summary }),
            seconds,
        };
        let text = serde_json::to_string_pretty(&report).map_err(anyhow::Error::from)?;
        let path = Path::new(&dir).join(format!("{}.json", self.id.replace('/', "_")));
        if let Err(error) = fs_err::write(&path, masks.mask(&text) + "\n") {
            log.warn(Notice::new(format!("the report of this build is lost: {error}")));
        }
        Ok(())
    }
}

/// The layers that this build leaves, in the order of their names.
fn layers(dir: &Path) -> Vec<ReportedLayer> {
    let Ok(entries) = fs_err::read_dir(dir) else { return Vec::new() };
    let mut layers: Vec<_> =
        entries.flatten().filter_map(|entry| reported_layer(&entry.path())).collect();
    layers.sort_by(|a, b| a.name.cmp(&b.name));
    layers
}

/// What `<name>.toml` says of a layer; other files of that directory have no types.
fn reported_layer(path: &Path) -> Option<ReportedLayer> {
    let name = path.file_name()?.to_str()?.strip_suffix(".toml")?.to_owned();
    let LayerToml { types, .. } = toml::from_str(&fs_err::read_to_string(path).ok()?).ok()?;
    let content = path.with_extension("");
    let bytes = content.is_dir().then(|| size_of(&content));
    let is_used = types.launch || types.build || types.cache;
    is_used.then_some(ReportedLayer { name, types, bytes })
}
