//! Decision: which SDK builds the app.

use kouti::catalog::{Artifact, Catalog, Choice, Line, Target, Wanted};
use kouti::version::{Range, Version};
use kouti::{Entry, Explain, Fault, Notice, Problem};

use crate::constraint;
use crate::fixes::Lacking;
use crate::global_json::{GlobalJson, SdkRequest};
use crate::sdk_roll_forward::resolve;
use crate::settings::Settings;

/// The artifact's id in the catalogue, and the name of the plan entry.
pub(crate) const SDK: &str = "dotnet-sdk";

/// What takes part in the choice.
pub(crate) struct Wishes<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) global_json: Option<&'a GlobalJson>,
    /// The highest line that a project targets, and the project.
    pub(crate) line: Option<((u64, u64), &'a str)>,
    /// What other buildpacks ask for.
    pub(crate) entries: &'a [&'a Entry],
    pub(crate) catalog: &'a Catalog,
    pub(crate) target: &'a Target,
}

/// The SDK as it was chosen.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SdkVersion {
    pub(crate) choice: Choice,
    /// Whether `global.json` would keep this SDK from running.
    pub(crate) sets_global_json_aside: bool,
    pub(crate) notices: Vec<Notice>,
}

/// One request.
struct Request {
    origin: String,
    want: Want,
}

enum Want {
    Range(Range),
    Policy(SdkRequest),
}

impl Wishes<'_> {
    /// Takes the version that the first wish leads to.
    pub(crate) fn choose(&self) -> Result<SdkVersion, Problem> {
        let mut notices = Vec::new();
        let requests = self.requests(&mut notices)?;
        let artifacts: Vec<&Artifact> = self.artifacts().collect();
        let versions = || artifacts.iter().map(|artifact| &artifact.version);
        let found = |request: &Request| match &request.want {
            Want::Range(range) => versions().filter(|version| range.matches(version)).max(),
            Want::Policy(policy) => {
                let allowed = versions().filter(|found| self.allows(found, policy));
                resolve(policy, allowed)
            }
        };
        // There is always one: the default.
        let first = &requests[0];
        let Some(version) = found(first).cloned() else {
            return Err(self.not_found(first, &artifacts).into());
        };
        let wanted = requests.iter().map(|request| request.wanted(found(request))).collect();
        let fits = |artifact: &&&Artifact| artifact.version == version;
        let artifact = artifacts.iter().find(fits).map(|artifact| (*artifact).clone());
        let Some(artifact) = artifact else { return Err(self.not_found(first, &artifacts).into()) };
        notices.extend(newer_patch(&artifact, &artifacts));
        let is_refused = |file: &GlobalJson| {
            file.has_paths
                || file
                    .wanted
                    .as_ref()
                    .is_some_and(|request| resolve(request, [&artifact.version]).is_none())
        };
        Ok(SdkVersion {
            sets_global_json_aside: self.global_json.is_some_and(is_refused),
            choice: Choice { wanted, artifact },
            notices,
        })
    }

    fn requests(&self, notices: &mut Vec<Notice>) -> Result<Vec<Request>, Problem> {
        let mut requests = Vec::new();
        let lines = self.lines();
        if let Some(text) = &self.settings.sdk_version {
            let origin = "BP_DOTNET_SDK_VERSION";
            let range = constraint::read(text, origin, &lines)?;
            let is_word = range.to_string() != *text;
            let origin = if is_word { format!("{origin}: {text}") } else { origin.to_owned() };
            requests.push(Request { origin, want: Want::Range(range) });
        }
        if let Some(text) = &self.settings.framework_version {
            let origin = "BP_DOTNET_FRAMEWORK_VERSION";
            let asked = constraint::read(text, origin, &[])?;
            let range = match constraint::line_of(text) {
                Some((major, minor)) => Range::parse(&format!("{major}.{minor}.*"))?,
                None => asked,
            };
            requests.push(Request { origin: origin.to_owned(), want: Want::Range(range) });
            notices.push(Notice::new(format!("{origin} is deprecated")).hint(
                "set BP_DOTNET_SDK_VERSION for the SDK and BP_DOTNET_RUNTIME_VERSION for the runtime",
            ));
        }
        if let Some(file) = self.global_json {
            requests.extend(request_of(file));
            notices.extend(file.useless_policy.map(|policy| {
                let name = policy.name();
                Notice::new(format!(
                    "{} has the rollForward `{name}` without a version, which says nothing",
                    file.path
                ))
                .hint("add `version`, or remove `rollForward`")
            }));
        }
        if let Some((line, project)) = self.line {
            requests.push(self.request_for_line(line, project, notices)?);
        }
        for entry in self.entries {
            if let Some(text) = entry.text("version") {
                let origin = entry.text("version-source").unwrap_or("another buildpack");
                let range = constraint::read(text, origin, &lines)?;
                let known = requests.iter().any(|known| known.origin == origin);
                if !known {
                    requests.push(Request { origin: origin.to_owned(), want: Want::Range(range) });
                }
            }
        }
        let range = Range::parse(self.catalog.default_version(SDK))?;
        requests.push(Request { origin: "default".to_owned(), want: Want::Range(range) });
        Ok(requests)
    }

    /// The SDK of the line that a project targets; a newer one if that line is too old to be here.
    fn request_for_line(
        &self,
        line: (u64, u64),
        project: &str,
        notices: &mut Vec<Notice>,
    ) -> Result<Request, Problem> {
        let shown = format!("{}.{}", line.0, line.1);
        let is_listed = |artifact: &&Artifact| {
            self.settings.enable_prerelease || !artifact.version.is_prerelease()
        };
        let lines: Vec<(u64, u64)> = self.artifacts().filter(is_listed).map(line_of).collect();
        let request = |origin: String, text: String| -> Result<Request, Problem> {
            Ok(Request { origin, want: Want::Range(Range::parse(&text)?) })
        };
        if lines.contains(&line) {
            let preview = if self.settings.enable_prerelease { "~" } else { "" };
            let suffix = if self.settings.enable_prerelease { "-0" } else { "" };
            return request(project.to_owned(), format!("{preview}{shown}.*{suffix}"));
        }
        match lines.iter().max() {
            Some(newest) if *newest < line => Err(FrameworkTooNew {
                project: project.to_owned(),
                line: shown,
                newest: format!("{}.{}", newest.0, newest.1),
            }
            .into()),
            _ => {
                notices.push(
                    Notice::new(format!(
                        "{project} targets .NET {shown}, which is older than every SDK here: a newer \
                         SDK builds it, and fetches what it needs of {shown} from the package feed"
                    ))
                    .hint("move the project to a line with support"),
                );
                let default = self.catalog.default_version(SDK).to_owned();
                request(format!("default, because {project} targets {shown}"), default)
            }
        }
    }

    fn artifacts(&self) -> impl Iterator<Item = &Artifact> {
        let fits = |artifact: &&Artifact| artifact.id == SDK && artifact.fits(self.target);
        self.catalog.artifacts.iter().filter(fits)
    }

    /// Lines of which there is a release.
    fn lines(&self) -> Vec<&Line> {
        let has_release = |line: &&Line| {
            self.artifacts().any(|artifact| {
                let (major, minor) = line_of(artifact);
                !artifact.version.is_prerelease() && line.line == format!("{major}.{minor}")
            })
        };
        self.catalog.lines.iter().filter(|line| line.id == SDK).filter(has_release).collect()
    }

    /// Whether a version may stand in for what `global.json` names. Its `allowPrerelease` alone does
    /// not let previews in: a catalogue is not a developer's machine.
    fn allows(&self, found: &Version, request: &SdkRequest) -> bool {
        let asks_for_preview = request.version.as_ref().is_some_and(Version::is_prerelease);
        let is_forbidden =
            self.global_json.is_some_and(|file| file.allow_prerelease == Some(false));
        !found.is_prerelease()
            || asks_for_preview
            || (self.settings.enable_prerelease && !is_forbidden)
    }

    fn not_found(&self, request: &Request, artifacts: &[&Artifact]) -> SdkNotFound {
        let mut versions: Vec<&Version> =
            artifacts.iter().map(|artifact| &artifact.version).collect();
        versions.sort();
        versions.dedup();
        let line = match &request.want {
            Want::Policy(SdkRequest { version: Some(version), .. }) => {
                Some((version.major(), version.minor()))
            }
            Want::Policy(_) => None,
            Want::Range(range) => constraint::line_of(&range.to_string()),
        };
        let asking_file = self.global_json.filter(|_| matches!(&request.want, Want::Policy(_)));
        let of_line = |version: &&&Version| Some((version.major(), version.minor())) == line;
        let of_line: Vec<&Version> = versions.iter().filter(of_line).copied().collect();
        let is_runtime = matches!(&request.want,
            Want::Policy(SdkRequest { version: Some(version), .. }) if version.patch() < 100);
        SdkNotFound {
            wanted: request.wanted(None).range.to_string(),
            origin: request.origin.clone(),
            of_line: ranges(&of_line),
            newest: newest_of_lines(&versions),
            is_runtime,
            by_setting: request.origin.starts_with("BP_DOTNET_SDK_VERSION"),
            message: asking_file.and_then(|file| file.message.clone()),
        }
    }
}

fn request_of(file: &GlobalJson) -> Option<Request> {
    let wanted = file.wanted.clone()?;
    let version = wanted.version.as_ref().map(|version| format!("{version}, ")).unwrap_or_default();
    let origin = format!("{} ({version}{})", file.path, wanted.policy.name());
    Some(Request { origin, want: Want::Policy(wanted) })
}

impl Request {
    /// As the log shows it: for a policy, the version that it leads to.
    fn wanted(&self, found: Option<&Version>) -> Wanted {
        let range = match &self.want {
            Want::Range(range) => range.clone(),
            Want::Policy(request) => {
                let version = found.or(request.version.as_ref()).map(ToString::to_string);
                Range::parse(&version.unwrap_or_default()).unwrap_or_else(|_| Range::any())
            }
        };
        Wanted { range, origin: self.origin.clone() }
    }
}

fn line_of(artifact: &Artifact) -> (u64, u64) {
    (artifact.version.major(), artifact.version.minor())
}

/// Says that a pinned SDK lacks fixes of its own feature band.
fn newer_patch(artifact: &Artifact, artifacts: &[&Artifact]) -> Option<Notice> {
    let band = |version: &Version| (version.major(), version.minor(), version.patch() / 100);
    let is_same = |other: &&Artifact| band(&other.version) == band(&artifact.version);
    let lacks = Lacking::of(artifact, artifacts.iter().copied().filter(is_same))?;
    Some(lacks.notice("move the pin, or let `rollForward` in global.json be `latestPatch`"))
}

/// `8.0.100 to 8.0.129`, one for each feature band.
fn ranges(versions: &[&Version]) -> Vec<String> {
    let band = |version: &&&Version| version.patch() / 100;
    versions
        .chunk_by(|a, b| band(&a) == band(&b))
        .filter_map(|chunk| match chunk {
            [] => None,
            [one] => Some(one.to_string()),
            [first, .., last] => Some(format!("{first} to {last}")),
        })
        .collect()
}

/// The newest release of each line, the newest line first.
fn newest_of_lines(versions: &[&Version]) -> Vec<String> {
    let line = |version: &Version| (version.major(), version.minor());
    let releases: Vec<_> = versions.iter().filter(|version| !version.is_prerelease()).collect();
    let last = |chunk: &[&&Version]| chunk.last().map(ToString::to_string);
    let mut newest: Vec<_> =
        releases.chunk_by(|a, b| line(a) == line(b)).filter_map(last).collect();
    newest.reverse();
    newest
}

/// No SDK fits.
#[derive(Debug, thiserror::Error)]
#[error("no .NET SDK fits `{wanted}` (asked for in {origin})")]
struct SdkNotFound {
    wanted: String,
    origin: String,
    of_line: Vec<String>,
    newest: Vec<String>,
    is_runtime: bool,
    /// Whether the user has asked for it in our own setting.
    by_setting: bool,
    message: Option<String>,
}

impl Explain for SdkNotFound {
    fn id(&self) -> &'static str {
        "sdk-not-found"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        let mut hints: Vec<String> =
            self.message.iter().map(|text| format!("the file says: {text}")).collect();
        if self.is_runtime {
            hints.push(format!(
                "`{}` is the version of a runtime: those of SDKs end with three digits",
                self.wanted
            ));
        }
        if !self.of_line.is_empty() {
            hints.push(format!("of this line there is {}", self.of_line.join(", ")));
        }
        hints.push(match self.newest.as_slice() {
            [] => "this buildpack has no SDK for this platform".to_owned(),
            newest => format!("the newest are {}", newest.join(", ")),
        });
        let remedy = if self.by_setting {
            "change BP_DOTNET_SDK_VERSION, or unset it"
        } else {
            "or let another one build: BP_DOTNET_SDK_VERSION"
        };
        hints.push(remedy.to_owned());
        hints
    }
}

/// A project targets a line that is not there yet.
#[derive(Debug, thiserror::Error)]
#[error("{project} targets .NET {line}, and the newest SDK here is of .NET {newest}")]
struct FrameworkTooNew {
    project: String,
    line: String,
    newest: String,
}

impl Explain for FrameworkTooNew {
    fn id(&self) -> &'static str {
        "framework-too-new"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![
            format!("target net{}", self.newest),
            "for a preview of .NET set BP_DOTNET_ENABLE_PRERELEASE=true".to_owned(),
        ]
    }
}
