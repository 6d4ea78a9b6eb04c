//! `cargo xtask audit`: what is offered, and what is in images, that has known CVEs or no support any more.
//!
//! Answers come from files alone: catalogues of this repository, advisories (`OSV`, CycloneDX VEX) and bills of materials
//! (CycloneDX, SPDX, Syft) that are given. Nothing is fetched.

mod advisory;
mod deny;
mod subject;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use kouti_catalog::{Artifact, Catalog, Date, Support, support};
use kouti_version::Version;

use crate::docs;
use crate::workspace::{Workspace, print, today};

pub(crate) use advisory::Advisories;
pub(crate) use deny::check as deny;
use subject::{Part, Subject};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Advisories: OSV entries or a CycloneDX VEX document
    #[arg(long, value_name = "FILE", num_args = 1..)]
    advisories: Vec<PathBuf>,
    /// Bills of materials of images: CycloneDX, SPDX or Syft, as JSON
    #[arg(long, value_name = "FILE", num_args = 1..)]
    sbom: Vec<PathBuf>,
    /// Tell what carries this component
    #[arg(long, value_name = "NAME", requires = "below")]
    component: Option<String>,
    /// In versions before this one
    #[arg(long, value_name = "VERSION", requires = "component", value_parser = version)]
    below: Option<Version>,
    /// Fail if a crate that is built in has a licence that is not in deny.toml, comes from elsewhere than the registry, or
    /// is in the advisories
    #[arg(long, conflicts_with_all = ["component", "sbom"])]
    deny: bool,
    /// The day to decide by [default: today]
    #[arg(long, value_name = "DATE")]
    today: Option<Date>,
}

fn version(text: &str) -> Result<Version, String> {
    Version::parse(text).map_err(|error| error.to_string())
}

/// All that is looked at.
struct Audit {
    artifacts: Vec<Artifact>,
    subjects: Vec<Subject>,
    advisories: Advisories,
    today: Date,
}

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    if args.deny {
        return deny(workspace, &Advisories::read(&args.advisories)?);
    }
    let mut artifacts = Vec::new();
    for (_, path) in docs::catalogues(&workspace.root)? {
        let catalogue: Catalog = toml::from_str(&fs_err::read_to_string(&path)?)
            .with_context(|| format!("cannot read {}", path.display()))?;
        artifacts.extend(catalogue.artifacts);
    }
    let mut subjects: Vec<_> = artifacts.iter().map(Subject::of_artifact).collect();
    for path in &args.sbom {
        subjects.push(Subject::read(path)?);
    }
    let audit = Audit {
        artifacts,
        subjects,
        advisories: Advisories::read(&args.advisories)?,
        today: args.today.unwrap_or_else(today),
    };
    match (&args.component, &args.below) {
        (Some(component), Some(below)) => print(audit.carriers(component, below).trim_end()),
        _ => print(audit.report(!args.advisories.is_empty()).trim_end()),
    }
    Ok(())
}

impl Audit {
    /// What carries a component in a version before `below`.
    fn carriers(&self, component: &str, below: &Version) -> String {
        let is_it = |part: &Part| {
            part.is_called(component)
                && Version::parse(&part.version).map_or(true, |version| version < *below)
        };
        let mut text = format!("{component} below {below}\n");
        self.found(&mut text, |subject| {
            let parts = subject.parts.iter().filter(|part| is_it(part));
            parts.map(|part| format!("{} {}", part.name, part.version)).collect()
        });
        // Silence about these would be taken for an answer.
        let silent = self.artifacts.iter().filter(|artifact| artifact.bundles.is_empty());
        let silent: BTreeSet<&str> = silent.map(|artifact| artifact.name.as_str()).collect();
        if !silent.is_empty() {
            let names = silent.into_iter().collect::<Vec<_>>().join(", ");
            let _ = writeln!(text, "Not recorded is what is compiled into releases of: {names}");
        }
        text
    }

    /// Known CVEs, if there is a file to know them from, and ends of support.
    fn report(&self, with_advisories: bool) -> String {
        let mut text = String::new();
        if with_advisories {
            text.push_str("Known vulnerabilities\n");
            self.found(&mut text, |subject| self.advisories.of(subject));
            text.push('\n');
        }
        text.push_str("End of support\n");
        let mut days = BTreeMap::new();
        for artifact in &self.artifacts {
            let (day, word) = match support(artifact, self.today) {
                Support::Good => continue,
                Support::Ended(day) => (day, "ended"),
                Support::EndsSoon(day) => (day, "ends"),
            };
            let versions: &mut Vec<&Version> =
                days.entry((day, word, artifact.name.as_str())).or_default();
            if !versions.contains(&&artifact.version) {
                versions.push(&artifact.version);
            }
        }
        for ((day, word, name), versions) in &days {
            let versions: Vec<_> = versions.iter().map(ToString::to_string).collect();
            let _ = writeln!(text, "  {word} {day}  {name} {}", versions.join(", "));
        }
        if days.is_empty() {
            text.push_str("  nothing\n");
        }
        text
    }

    /// A line for each subject of which there is something to tell; platforms of one release share it.
    fn found(&self, text: &mut String, tell: impl Fn(&Subject) -> Vec<String>) {
        let mut lines: Vec<String> = Vec::new();
        for subject in &self.subjects {
            let mut told = tell(subject);
            told.sort();
            told.dedup();
            let line = format!("  {}: {}\n", subject.title, told.join(", "));
            if !told.is_empty() && !lines.contains(&line) {
                lines.push(line);
            }
        }
        if lines.is_empty() {
            lines.push("  nothing\n".to_owned());
        }
        text.extend(lines);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;
    use serde_json::json;

    fn audit(advisories: &[serde_json::Value], sboms: &[serde_json::Value]) -> Audit {
        let record = |id: &str, name: &str, version: &str, rest: &str| {
            format!(
                "[[dependencies]]\nid = '{id}'\nname = '{name}'\nversion = '{version}'\n\
                 checksum = 'sha256:{}'\npurl = 'pkg:generic/{id}@{version}?arch=amd64'\n{rest}\n",
                "0".repeat(64)
            )
        };
        let text = record(
            "node",
            "Node.js",
            "18.20.8",
            "eol-date = '2025-04-30'\nbundles = ['openssl 3.0.16']",
        ) + &record(
            "node",
            "Node.js",
            "24.21.0",
            "arch = 'amd64'\nbundles = ['openssl 3.5.4', 'zlib 1.3.1']",
        ) + &record(
            "node",
            "Node.js",
            "24.21.0",
            "arch = 'arm64'\nbundles = ['openssl 3.5.4', 'zlib 1.3.1']",
        ) + &record("node", "Node.js", "24.22.0", "bundles = ['openssl 3.5.5']")
            + &record("php", "PHP", "8.2.32", "eol-date = '2026-12-31'");
        let artifacts = toml::from_str::<Catalog>(&text).unwrap().artifacts;
        let mut subjects: Vec<_> = artifacts.iter().map(Subject::of_artifact).collect();
        subjects.extend(sboms.iter().map(|sbom| Subject::parse("image.json", sbom).unwrap()));
        let mut all = Advisories::default();
        for advisory in advisories {
            all.add(advisory).unwrap();
        }
        Audit { artifacts, subjects, advisories: all, today: "2026-11-27".parse().unwrap() }
    }

    /// As <https://ossf.github.io/osv-schema/> describes it.
    fn osv() -> serde_json::Value {
        json!({
            "schema_version": "1.7.0",
            "id": "BIT-openssl-2026-1",
            "aliases": ["CVE-2026-1"],
            "affected": [{
                "package": { "ecosystem": "Bitnami", "name": "openssl", "purl": "pkg:bitnami/openssl" },
                "ranges": [{ "type": "SEMVER", "events": [
                    { "introduced": "3.0.0" }, { "fixed": "3.0.16" },
                    { "introduced": "3.5.0" }, { "fixed": "3.5.5" }
                ] }]
            }]
        })
    }

    #[test]
    fn artifacts_and_images_with_a_component_are_told() {
        let nested = json!({ "bomFormat": "CycloneDX", "components": [
            { "name": "Node.js", "version": "24.21.0", "components": [
                { "name": "openssl", "version": "3.5.4", "purl": "pkg:generic/openssl@3.5.4" }] }] });
        let spdx = json!({ "spdxVersion": "SPDX-2.3", "packages": [{ "name": "openssl", "versionInfo": "3.0.1" }] });
        let syft = json!({ "artifacts": [{ "name": "openssl", "version": "3.5.5" }, { "name": "openssl", "version": "1.1.1w" }] });
        let audit = audit(&[], &[nested, spdx, syft]);
        let below = |name, version| audit.carriers(name, &Version::parse(version).unwrap());
        assert_snapshot!(below("OpenSSL", "3.5.5"), @r"
        OpenSSL below 3.5.5
          Node.js 18.20.8: openssl 3.0.16
          Node.js 24.21.0: openssl 3.5.4
          image.json: openssl 3.5.4
          image.json: openssl 3.0.1
          image.json: openssl 1.1.1w
        Not recorded is what is compiled into releases of: PHP
        ");
        assert_snapshot!(below("node", "24"), @r"
        node below 24
          Node.js 18.20.8: Node.js 18.20.8
        Not recorded is what is compiled into releases of: PHP
        ");
        assert_snapshot!(below("log4j", "3"), @r"
        log4j below 3
          nothing
        Not recorded is what is compiled into releases of: PHP
        ");
    }

    #[test]
    fn vulnerabilities_and_ends_of_support_are_told() {
        let image = json!({ "bomFormat": "CycloneDX", "components": [
            { "name": "openssl", "version": "3.5.4", "purl": "pkg:generic/openssl@3.5.4" }] });
        assert_snapshot!(audit(&[osv()], &[image]).report(true), @r"
        Known vulnerabilities
          Node.js 24.21.0: CVE-2026-1 (openssl 3.5.4, fixed in 3.5.5)
          image.json: CVE-2026-1 (openssl 3.5.4, fixed in 3.5.5)

        End of support
          ended 2025-04-30  Node.js 18.20.8
          ends 2026-12-31  PHP 8.2.32
        ");
        assert_snapshot!(audit(&[], &[]).report(false), @r"
        End of support
          ended 2025-04-30  Node.js 18.20.8
          ends 2026-12-31  PHP 8.2.32
        ");
    }

    #[test]
    fn what_a_vex_document_calls_unaffected_is_not_told() {
        let vex = |state: &str| {
            json!({ "bomFormat": "CycloneDX", "specVersion": "1.5", "vulnerabilities": [{
                "id": "CVE-2026-1",
                "analysis": { "state": state },
                "affects": [{ "ref": "pkg:generic/node@24.21.0" }]
            }] })
        };
        let told = |advisories: &[_]| audit(advisories, &[]).report(true);
        assert_snapshot!(told(&[osv(), vex("not_affected")]).split_once("\n\n").unwrap().0, @r"
        Known vulnerabilities
          nothing
        ");
        assert_snapshot!(told(&[vex("exploitable")]).split_once("\n\n").unwrap().0, @r"
        Known vulnerabilities
          Node.js 24.21.0: CVE-2026-1 (Node.js 24.21.0)
        ");
    }
}
