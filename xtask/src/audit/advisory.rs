//! What is known of vulnerabilities: OSV entries, and what a CycloneDX VEX document says of them.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use kouti_version::Version;
use serde::Deserialize;
use serde_json::Value;

use super::subject::{Part, Subject, package};

/// All that is known.
#[derive(Default)]
pub(crate) struct Advisories {
    known: Vec<Advisory>,
    statements: Vec<Statement>,
}

/// <https://ossf.github.io/osv-schema/>
#[derive(Deserialize)]
struct Advisory {
    id: String,
    #[serde(default)]
    aliases: Vec<String>,
    withdrawn: Option<String>,
    #[serde(default)]
    affected: Vec<Affected>,
}

#[derive(Deserialize)]
struct Affected {
    package: Option<Package>,
    #[serde(default)]
    ranges: Vec<Range>,
    #[serde(default)]
    versions: Vec<String>,
}

#[derive(Deserialize)]
struct Package {
    ecosystem: String,
    name: String,
    purl: Option<String>,
}

#[derive(Deserialize)]
struct Range {
    #[serde(rename = "type")]
    kind: String,
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct Event {
    introduced: Option<String>,
    fixed: Option<String>,
    last_affected: Option<String>,
}

/// `vulnerabilities` of <https://cyclonedx.org/docs/1.5/json/>
#[derive(Deserialize)]
struct Vulnerability {
    id: String,
    #[serde(default)]
    analysis: Analysis,
    #[serde(default)]
    affects: Vec<Affects>,
}

#[derive(Default, Deserialize)]
struct Analysis {
    state: Option<String>,
}

#[derive(Deserialize)]
struct Affects {
    #[serde(rename = "ref")]
    reference: String,
    #[serde(default)]
    versions: Vec<AffectedVersion>,
}

#[derive(Deserialize)]
struct AffectedVersion {
    version: Option<String>,
    status: Option<String>,
}

/// Whether a vulnerability affects a package in a version; in all if there is none.
struct Statement {
    id: String,
    package: String,
    version: Option<String>,
    affected: bool,
}

impl Advisories {
    pub(crate) fn read(paths: &[PathBuf]) -> Result<Self> {
        let mut all = Self::default();
        for path in paths {
            let json: Value = serde_json::from_slice(&fs_err::read(path)?)
                .with_context(|| format!("{} is not JSON", path.display()))?;
            all.add(&json).with_context(|| format!("cannot read {}", path.display()))?;
        }
        Ok(all)
    }

    /// A document: an entry, a list of entries, what the API of osv.dev answers, or VEX.
    pub(crate) fn add(&mut self, json: &Value) -> Result<()> {
        if let Some(entries) = json.as_array().or_else(|| json.get("vulns")?.as_array()) {
            return entries.iter().try_for_each(|entry| self.add(entry));
        }
        if let Some(found) = json.get("vulnerabilities").filter(|_| json.get("bomFormat").is_some())
        {
            let found: Vec<Vulnerability> = serde_json::from_value(found.clone())?;
            self.statements.extend(found.iter().flat_map(statements));
        } else if json.get("affected").is_some() || json.get("withdrawn").is_some() {
            self.known.push(serde_json::from_value(json.clone())?);
        } else {
            bail!("it is neither OSV nor CycloneDX VEX");
        }
        Ok(())
    }

    /// The names of what affects an artifact, or what is compiled into it.
    #[cfg(feature = "upstream")]
    pub(crate) fn names(
        &self,
        artifact: &kouti_catalog::Artifact,
    ) -> std::collections::BTreeSet<String> {
        let name = |text: String| text.split(' ').next().unwrap_or_default().to_owned();
        self.of(&Subject::of_artifact(artifact)).into_iter().map(name).collect()
    }

    /// What affects a subject: `CVE-2026-1 (openssl 3.5.4, fixed in 3.5.5)`.
    pub(super) fn of(&self, subject: &Subject) -> Vec<String> {
        subject.parts.iter().flat_map(|part| self.of_part(part)).collect()
    }

    fn of_part(&self, part: &Part) -> Vec<String> {
        let mut found = Vec::new();
        for advisory in self.known.iter().filter(|advisory| advisory.withdrawn.is_none()) {
            let hit = advisory.affected.iter().find_map(|affected| affected.hits(part));
            if let Some(Hit { fixed }) = hit
                && self.stated(part, &advisory.names()) != Some(false)
            {
                let fixed = fixed.map(|it| format!(", fixed in {it}")).unwrap_or_default();
                let name = advisory.name();
                found.push(format!("{name} ({} {}{fixed})", part.name, part.version));
            }
        }
        for statement in self.statements.iter().filter(|it| it.affected && it.is_about(part)) {
            let is_known = found.iter().any(|it| it.starts_with(&format!("{} ", statement.id)));
            if !is_known {
                found.push(format!("{} ({} {})", statement.id, part.name, part.version));
            }
        }
        found
    }

    /// What VEX says: of the part itself, or of what it is compiled into.
    fn stated(&self, part: &Part, names: &[&str]) -> Option<bool> {
        let about = |it: &&Statement| {
            let within =
                part.within.as_ref().is_some_and(|(package, version)| it.covers(package, version));
            names.contains(&it.id.as_str()) && (within || it.is_about(part))
        };
        self.statements.iter().filter(about).map(|it| it.affected).next_back()
    }
}

impl Advisory {
    /// The CVE, if it has one.
    fn name(&self) -> &str {
        self.aliases.iter().find(|alias| alias.starts_with("CVE-")).unwrap_or(&self.id)
    }

    fn names(&self) -> Vec<&str> {
        self.aliases.iter().chain([&self.id]).map(String::as_str).collect()
    }
}

/// It is affected; the version that is not any more, if there is one.
struct Hit<'a> {
    fixed: Option<&'a str>,
}

impl Affected {
    fn hits(&self, part: &Part) -> Option<Hit<'_>> {
        let of = self.package.as_ref()?;
        let purl = of.purl.as_deref().map_or_else(|| of.as_purl(), |purl| Some(package(purl)))?;
        if part.package.as_deref() != Some(&purl) {
            return None;
        }
        if self.versions.contains(&part.version) {
            return Some(Hit { fixed: None });
        }
        let version = Version::parse(&part.version).ok()?;
        self.ranges
            .iter()
            .filter(|range| range.kind != "GIT")
            .find_map(|range| range.hits(&version))
    }
}

impl Package {
    fn as_purl(&self) -> Option<String> {
        let kind = match self.ecosystem.split(':').next()? {
            "Bitnami" => "generic",
            "Maven" => "maven",
            "NuGet" => "nuget",
            "Packagist" => "composer",
            "npm" => "npm",
            _ => return None,
        };
        Some(
            format!("pkg:{kind}/{}", self.name.replace(':', "/").replace('@', "%40"))
                .to_lowercase(),
        )
    }
}

impl Range {
    /// Events come in pairs: since when, and until when.
    fn hits(&self, version: &Version) -> Option<Hit<'_>> {
        let before = |text: &str| Version::parse(text).is_ok_and(|bound| *version < bound);
        let mut since = false;
        for event in &self.events {
            if let Some(introduced) = &event.introduced {
                since = introduced == "0" || !before(introduced);
            }
            let fixed = event.fixed.as_deref();
            if since && let Some(fixed) = fixed.filter(|fixed| before(fixed)) {
                return Some(Hit { fixed: Some(fixed) });
            }
            let last = event.last_affected.as_deref();
            let is_within = |last: &&str| Version::parse(last).is_ok_and(|last| *version <= last);
            if since && last.is_some_and(|last| is_within(&last)) {
                return Some(Hit { fixed: None });
            }
            if fixed.is_some() || last.is_some() {
                since = false;
            }
        }
        since.then_some(Hit { fixed: None })
    }
}

impl Statement {
    fn is_about(&self, part: &Part) -> bool {
        part.package.as_deref().is_some_and(|package| self.covers(package, &part.version))
    }

    fn covers(&self, package: &str, version: &str) -> bool {
        self.package == package && self.version.as_deref().is_none_or(|it| it == version)
    }
}

fn statements(of: &Vulnerability) -> Vec<Statement> {
    let state = of.analysis.state.as_deref();
    let is_affected = !matches!(state, Some("not_affected" | "false_positive" | "resolved"));
    let mut statements = Vec::new();
    for affects in &of.affects {
        // The last part of a BOM-Link, else the reference itself.
        let purl = affects.reference.rsplit_once("#pkg:");
        let purl = purl.map_or(affects.reference.clone(), |(_, purl)| format!("pkg:{purl}"));
        let bare = purl.split(['?', '#']).next().unwrap_or(&purl);
        let version =
            bare.rsplit_once('@').map(|(_, version)| version.trim_start_matches('v').to_owned());
        let statement = |version, affected| Statement {
            id: of.id.clone(),
            package: package(&purl),
            version,
            affected,
        };
        if affects.versions.is_empty() {
            statements.push(statement(version, is_affected));
        }
        for listed in affects.versions.iter().filter(|it| it.version.is_some()) {
            let affected = is_affected && listed.status.as_deref() != Some("unaffected");
            statements.push(statement(listed.version.clone(), affected));
        }
    }
    statements
}
