//! Decision: which runtimes the image gets.

use std::collections::{BTreeMap, BTreeSet};

use kouti::catalog::{Artifact, Catalog, Date, Support, Target, support};
use kouti::version::{Range, Version};
use kouti::{Entry, Explain, Fault, Notice, Problem};
use serde::Serialize;

use crate::constraint;
use crate::fixes::Lacking;
use crate::runtime_config::{ASPNETCORE, NETCORE, RuntimeConfig};
use crate::runtime_roll_forward::{RollForward, resolve};
use crate::settings::Settings;

/// Ids in the catalogue, and names of plan entries.
pub(crate) const ASPNET: &str = "dotnet-core-aspnet-runtime";
pub(crate) const RUNTIME: &str = "dotnet-runtime";

/// What takes part in the choice.
pub(crate) struct Wishes<'a> {
    pub(crate) settings: &'a Settings,
    /// What the apps of the image say.
    pub(crate) configs: &'a [RuntimeConfig],
    /// What other buildpacks ask for.
    pub(crate) entries: &'a [&'a Entry],
    pub(crate) catalog: &'a Catalog,
    pub(crate) target: &'a Target,
    pub(crate) today: Date,
}

/// The runtimes as they were chosen.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Runtimes {
    /// One for each version, the oldest first.
    pub(crate) versions: Vec<Runtime>,
    /// What the host has to be told, so that it takes what was chosen.
    pub(crate) roll_forward: Option<RollForward>,
    /// One line for each app: what it asked for and what it gets.
    pub(crate) reasons: Vec<[String; 3]>,
    pub(crate) notices: Vec<Notice>,
}

/// One version of the runtime.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Runtime {
    pub(crate) artifact: Artifact,
    /// Whether some app needs ASP.NET Core of it.
    pub(crate) has_aspnet: bool,
}

/// What one app needs.
struct Need<'a> {
    config: &'a str,
    framework: &'static str,
    version: Version,
    policy: RollForward,
    /// Where the policy is from, if not from the app.
    is_ours: bool,
}

impl Wishes<'_> {
    pub(crate) fn choose(&self) -> Result<Runtimes, Problem> {
        let mut chosen = Runtimes::default();
        let mut wanted: BTreeMap<Version, bool> = BTreeMap::new();
        for config in self.configs {
            warn_about_unknown(config, &mut chosen.notices);
            let Some(need) = self.need(config) else { continue };
            let (version, origin) = self.resolve(&need, &mut chosen)?;
            if version.major() != need.version.major() {
                chosen.roll_forward.get_or_insert(match need.policy {
                    RollForward::LatestMajor => RollForward::LatestMajor,
                    _ => RollForward::Major,
                });
            }
            let shown = format!("{} {}", need.framework, need.version);
            chosen.reasons.push([config.path.clone(), shown, format!("{version} ({origin})")]);
            *wanted.entry(version).or_default() |= need.framework == ASPNETCORE;
        }
        for (version, has_aspnet) in wanted {
            let artifact = self.artifact(&version, has_aspnet);
            self.check_support(&artifact)?;
            chosen.notices.extend(self.newer_patch(&artifact));
            chosen.versions.push(Runtime { artifact, has_aspnet });
        }
        Ok(chosen)
    }

    /// The higher one of the two known frameworks; `None` for an app that brings its runtime.
    fn need<'a>(&self, config: &'a RuntimeConfig) -> Option<Need<'a>> {
        let known = |name: &str| name == NETCORE || name == ASPNETCORE;
        let frameworks: Vec<_> =
            config.frameworks.iter().filter(|framework| known(&framework.name)).collect();
        let decides = frameworks
            .iter()
            .max_by_key(|framework| (framework.version.clone(), framework.name == ASPNETCORE))?;
        let is_web = frameworks.iter().any(|framework| framework.name == ASPNETCORE);
        let policy = self.settings.roll_forward.or(decides.roll_forward).unwrap_or_default();
        let any = || Version::parse("0.0.0").ok();
        Some(Need {
            config: &config.path,
            framework: if is_web { ASPNETCORE } else { NETCORE },
            version: decides.version.clone().or_else(any)?,
            policy: if decides.version.is_some() { policy } else { RollForward::LatestMajor },
            is_ours: self.settings.roll_forward.is_some(),
        })
    }

    fn resolve(
        &self,
        need: &Need<'_>,
        chosen: &mut Runtimes,
    ) -> Result<(Version, String), Problem> {
        if let Some(text) = &self.settings.runtime_version {
            let origin = "BP_DOTNET_RUNTIME_VERSION";
            let version = self.pinned(text, origin, need, chosen)?;
            return Ok((version, origin.to_owned()));
        }
        if let Some(text) = &self.settings.framework_version {
            let origin = "BP_DOTNET_FRAMEWORK_VERSION";
            let range = constraint::read(text, origin, &[])?;
            let version = self.newest_in(&range, need.framework);
            let version = version.ok_or_else(|| self.not_found(need, text, origin))?;
            return Ok((self.can_run(need, version, chosen)?, origin.to_owned()));
        }
        let versions = self.versions(need.framework);
        match resolve(&need.version, need.policy, &versions) {
            Some(version) => {
                let by = if need.is_ours { "BP_DOTNET_ROLL_FORWARD " } else { "" };
                Ok((version.clone(), format!("{by}{}", need.policy.name())))
            }
            None => Err(self.not_found(need, &need.version.to_string(), need.config).into()),
        }
    }

    /// The setting, or the nearest that Paketo would take in its place.
    fn pinned(
        &self,
        text: &str,
        origin: &str,
        need: &Need<'_>,
        chosen: &mut Runtimes,
    ) -> Result<Version, Problem> {
        let range = constraint::read(text, origin, &[])?;
        if let Some(version) = self.newest_in(&range, need.framework) {
            return self.can_run(need, version, chosen);
        }
        let parts: Vec<&str> = text.trim().split('.').collect();
        if let (&[major, minor, _], false) = (parts.as_slice(), need.policy == RollForward::Disable)
        {
            let floor = text.replace(['*', 'x', 'X'], "0");
            for wider in
                [format!(">={floor} ~{major}.{minor}.0"), format!(">={floor} ^{major}.0.0")]
            {
                let Ok(range) = Range::parse(&wider) else { continue };
                if let Some(version) = self.newest_in(&range, need.framework) {
                    chosen.notices.push(Notice::new(format!(
                        "there is no runtime `{text}` ({origin}): {version} takes its place"
                    )));
                    return self.can_run(need, version, chosen);
                }
            }
        }
        Err(self.not_found(need, text, origin).into())
    }

    /// The host refuses a runtime that is older than what the app was built for.
    fn can_run(
        &self,
        need: &Need<'_>,
        version: Version,
        chosen: &mut Runtimes,
    ) -> Result<Version, Problem> {
        if version < need.version {
            return Err(RuntimeTooOld {
                version: version.to_string(),
                config: need.config.to_owned(),
                needed: need.version.to_string(),
            }
            .into());
        }
        // What the app says about rolling forward must not undo what the user has set.
        chosen.roll_forward = Some(self.settings.roll_forward.unwrap_or(RollForward::Major));
        Ok(version)
    }

    fn newest_in(&self, range: &Range, framework: &str) -> Option<Version> {
        self.versions(framework).into_iter().filter(|version| range.matches(version)).max()
    }

    /// Archives of ASP.NET Core hold the plain runtime as well.
    fn versions(&self, framework: &str) -> BTreeSet<Version> {
        let holds = |artifact: &&Artifact| {
            artifact.id == ASPNET || (artifact.id == RUNTIME && framework == NETCORE)
        };
        let allowed = |version: &&Version| {
            !version.is_prerelease()
                || self.settings.enable_prerelease
                || self.configs.iter().any(|config| {
                    config
                        .frameworks
                        .iter()
                        .any(|f| f.version.as_ref().is_some_and(Version::is_prerelease))
                })
        };
        self.artifacts()
            .filter(holds)
            .map(|artifact| &artifact.version)
            .filter(allowed)
            .cloned()
            .collect()
    }

    fn artifacts(&self) -> impl Iterator<Item = &Artifact> {
        let ours = |artifact: &&Artifact| {
            [ASPNET, RUNTIME].contains(&artifact.id.as_str()) && artifact.fits(self.target)
        };
        self.catalog.artifacts.iter().filter(ours)
    }

    fn artifact(&self, version: &Version, has_aspnet: bool) -> Artifact {
        let of = |id: &str| {
            self.artifacts().find(|artifact| artifact.id == id && artifact.version == *version)
        };
        let smaller = if has_aspnet { None } else { of(RUNTIME) };
        let artifact = smaller.or_else(|| of(ASPNET));
        artifact.expect("only versions of the catalogue are chosen").clone()
    }

    /// An error if support has ended so long ago that nobody should start with it.
    fn check_support(&self, artifact: &Artifact) -> Result<(), Problem> {
        let Support::Ended(date) = support(artifact, self.today) else { return Ok(()) };
        let is_long_ago = (self.today - date).get_days() > 365;
        // Where there is nothing better, a warning has to do.
        let supported = self
            .artifacts()
            .filter(|other| !other.version.is_prerelease() && other.version > artifact.version)
            .filter(|other| !matches!(support(other, self.today), Support::Ended(_)))
            .map(|other| &other.version)
            .max();
        match supported {
            Some(supported) if is_long_ago && !self.settings.allow_eol => Err(LongUnsupported {
                title: artifact.title(),
                date,
                supported: format!("{}.{}", supported.major(), supported.minor()),
            }
            .into()),
            _ => Ok(()),
        }
    }

    fn newer_patch(&self, artifact: &Artifact) -> Option<Notice> {
        let line = |version: &Version| (version.major(), version.minor());
        let is_same = |other: &&Artifact| line(&other.version) == line(&artifact.version);
        let lacks = Lacking::of(artifact, self.artifacts().filter(is_same))?;
        Some(lacks.notice("loosen what pins it, so that builds take the newest patch"))
    }

    fn not_found(&self, need: &Need<'_>, wanted: &str, origin: &str) -> RuntimeNotFound {
        let versions = self.versions(need.framework);
        let line = |version: &Version| (version.major(), version.minor());
        let mut newest: BTreeMap<(u64, u64), &Version> = BTreeMap::new();
        for version in &versions {
            newest.insert(line(version), version);
        }
        RuntimeNotFound {
            framework: need.framework,
            wanted: wanted.to_owned(),
            origin: origin.to_owned(),
            policy: need.policy,
            newest: newest.values().rev().map(ToString::to_string).collect(),
        }
    }

    /// What other buildpacks ask for, where there is no app.
    pub(crate) fn for_others(&self) -> Result<Option<Artifact>, Problem> {
        let Some(entry) = self.entries.first() else { return Ok(None) };
        let text = entry.text("version").unwrap_or(self.catalog.default_version(ASPNET));
        let origin = entry.text("version-source").unwrap_or("another buildpack");
        let range = constraint::read(text, origin, &[])?;
        let version = self.newest_in(&range, ASPNETCORE).ok_or_else(|| RuntimeNotFound {
            framework: ASPNETCORE,
            wanted: text.to_owned(),
            origin: origin.to_owned(),
            policy: RollForward::Minor,
            newest: self
                .versions(ASPNETCORE)
                .iter()
                .rev()
                .take(3)
                .map(ToString::to_string)
                .collect(),
        })?;
        Ok(Some(self.artifact(&version, true)))
    }
}

/// Frameworks that are neither .NET nor ASP.NET Core.
fn warn_about_unknown(config: &RuntimeConfig, notices: &mut Vec<Notice>) {
    for framework in &config.frameworks {
        if framework.name != NETCORE && framework.name != ASPNETCORE {
            notices.push(Notice::new(format!(
                "{} needs the framework {}, which this buildpack does not have: the app has to bring it",
                config.path, framework.name
            )));
        }
    }
}

/// What is told about the old setting where no SDK is chosen, which tells it otherwise.
pub(crate) fn deprecated() -> Notice {
    Notice::new("BP_DOTNET_FRAMEWORK_VERSION is deprecated")
        .hint("set BP_DOTNET_RUNTIME_VERSION for the runtime")
}

/// No runtime fits.
#[derive(Debug, thiserror::Error)]
#[error("no runtime fits {framework} `{wanted}` (asked for in {origin})")]
struct RuntimeNotFound {
    framework: &'static str,
    wanted: String,
    origin: String,
    policy: RollForward,
    newest: Vec<String>,
}

impl Explain for RuntimeNotFound {
    fn id(&self) -> &'static str {
        "runtime-not-found"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        let newest = self.newest.join(", ");
        let mut hints = Vec::new();
        if self.policy == RollForward::Disable {
            hints
                .push("rolling forward is disabled: only exactly this version would do".to_owned());
        } else {
            hints.push("set BP_DOTNET_ROLL_FORWARD=Major to let it run on a newer line".to_owned());
        }
        hints.push(format!("the newest of each line: {newest}"));
        hints
    }
}

/// The user pins a runtime that cannot run the app.
#[derive(Debug, thiserror::Error)]
#[error("the runtime {version} is older than {needed}, which {config} asks for")]
struct RuntimeTooOld {
    version: String,
    config: String,
    needed: String,
}

impl Explain for RuntimeTooOld {
    fn id(&self) -> &'static str {
        "runtime-too-old"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![
            "unset BP_DOTNET_RUNTIME_VERSION, or set it to that version or a newer one".to_owned(),
            "or publish the app for an older target framework".to_owned(),
        ]
    }
}

/// Nobody has fixed this runtime for more than a year.
#[derive(Debug, thiserror::Error)]
#[error("support of {title} ended on {date}, more than a year ago")]
struct LongUnsupported {
    title: String,
    date: Date,
    supported: String,
}

impl Explain for LongUnsupported {
    fn id(&self) -> &'static str {
        "unsupported-runtime"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![
            format!("target net{}", self.supported),
            "or run it on a newer line as it is: BP_DOTNET_ROLL_FORWARD=LatestMajor".to_owned(),
            "or accept the risk: BP_DOTNET_ALLOW_EOL=true".to_owned(),
        ]
    }
}
