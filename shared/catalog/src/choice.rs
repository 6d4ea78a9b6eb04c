//! Which artifact an app gets.

use std::collections::BTreeSet;

use kouti_report::{Explain, Fault};
use kouti_version::{Range, Version};
use serde::Serialize;

use crate::{Artifact, Catalog, Target};

/// One request for a version, and where it came from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Wanted {
    /// The set of versions asked for.
    pub range: Range,
    /// Where: `BP_NODE_VERSION`, `package.json (engines.node)`, `default`.
    pub origin: String,
}

/// What to choose from.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Selection key.
    pub id: &'a str,
    /// Shown to people: `Node.js`.
    pub name: &'a str,
    /// Requests in priority order; the first one decides.
    pub wanted: &'a [Wanted],
    /// What the image is built for.
    pub target: &'a Target,
}

/// What was asked for and what it led to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Choice {
    /// All requests in priority order; the first one decided.
    pub wanted: Vec<Wanted>,
    /// The artifact to install.
    pub artifact: Artifact,
}

impl Choice {
    /// The request that decided.
    #[must_use]
    pub fn used(&self) -> Option<&Wanted> {
        self.wanted.first()
    }

    /// Lower requests that the chosen version does not satisfy.
    pub fn overruled(&self) -> impl Iterator<Item = &Wanted> {
        self.wanted.iter().skip(1).filter(|wanted| {
            wanted.origin != "default" && !wanted.range.matches(&self.artifact.version)
        })
    }
}

/// No artifact fits.
#[derive(Debug, thiserror::Error)]
#[error("no {name} release fits `{range}` (asked for in {origin})")]
pub struct NoRelease {
    /// `Node.js`.
    pub name: String,
    /// What was asked for.
    pub range: String,
    /// Where it was asked for.
    pub origin: String,
    /// Versions there are for this platform, newest first, one for each minor line.
    pub available: Vec<String>,
    /// How many more there are.
    pub more: usize,
    /// Platforms for which one would fit: `linux/arm64`.
    pub elsewhere: Vec<String>,
}

impl Explain for NoRelease {
    fn id(&self) -> &'static str {
        "no-release"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        let mut hints = vec![format!("change the version in {}", self.origin)];
        if !self.elsewhere.is_empty() {
            hints.push(format!("it exists for {} only", self.elsewhere.join(", ")));
        }
        hints.push(match (self.available.as_slice(), self.more) {
            ([], _) => format!("this buildpack has no {} at all for this platform", self.name),
            (available, 0) => format!("available: {}", available.join(", ")),
            (available, more) => format!("available: {} and {more} more", available.join(", ")),
        });
        hints
    }
}

/// How many versions an error lists.
const LISTED: usize = 12;

/// Chooses the newest artifact that fits the first request.
///
/// Ties go to the artifact that is bound to a distribution, then to the one that
/// names an architecture: it was made for this place.
pub fn choose(catalog: &Catalog, request: &Request<'_>) -> Result<Choice, NoRelease> {
    let of_id = || catalog.artifacts.iter().filter(|artifact| artifact.id == request.id);
    let here = || of_id().filter(|artifact| artifact.fits(request.target));
    let used = request.wanted.first();
    let matches = |artifact: &&Artifact| match used {
        Some(wanted) => wanted.range.matches(&artifact.version),
        None => !artifact.version.is_prerelease(),
    };

    let rank = |artifact: &&Artifact| {
        (artifact.version.clone(), !artifact.distros.is_empty(), artifact.arch.is_some())
    };
    if let Some(artifact) = here().filter(matches).max_by_key(rank) {
        return Ok(Choice { wanted: request.wanted.to_vec(), artifact: artifact.clone() });
    }

    let versions: BTreeSet<&Version> = here().map(|artifact| &artifact.version).collect();
    let (available, more) = newest_of_each_line(&versions);
    Err(NoRelease {
        name: request.name.to_owned(),
        range: used.map_or("*".to_owned(), |wanted| wanted.range.to_string()),
        origin: used.map_or("default", |wanted| &wanted.origin).to_owned(),
        available,
        more,
        elsewhere: of_id()
            .filter(matches)
            .map(platform)
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect(),
    })
}

/// As `linux/arm64`, `linux/amd64 ubuntu 24.04` or `ubuntu 24.04`: what it is not bound to is left out.
fn platform(artifact: &Artifact) -> String {
    let part = |part: &Option<String>| part.clone().unwrap_or_else(|| "any".to_owned());
    let is_bound = artifact.os.is_some() || artifact.arch.is_some();
    let machine = is_bound.then(|| format!("{}/{}", part(&artifact.os), part(&artifact.arch)));
    let distros =
        artifact.distros.iter().map(|distro| format!("{} {}", distro.name, distro.version));
    let parts: Vec<_> = machine.into_iter().chain(distros).collect();
    parts.join(" ").trim_end().to_owned()
}

fn newest_of_each_line(versions: &BTreeSet<&Version>) -> (Vec<String>, usize) {
    let mut lines = BTreeSet::new();
    let newest: Vec<_> = versions
        .iter()
        .rev()
        .filter(|version| lines.insert((version.major(), version.minor())))
        .map(ToString::to_string)
        .take(LISTED)
        .collect();
    let more = versions.len() - newest.len();
    (newest, more)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use kouti_report::{Colour, Problem};
    use std::fmt::Write as _;

    use super::*;

    fn catalog(records: &[(&str, &str)]) -> Catalog {
        let mut text = String::new();
        for (version, rest) in records {
            let checksum = "0".repeat(64);
            let _ = writeln!(
                text,
                "[[dependencies]]\nid = 'node'\nname = 'Node.js'\nversion = '{version}'\n\
                 checksum = 'sha256:{checksum}'\n{rest}"
            );
        }
        toml::from_str(&text).unwrap()
    }

    fn target() -> Target {
        Target {
            os: "linux".into(),
            arch: "amd64".into(),
            distro_name: "debian".into(),
            distro_version: "13".into(),
        }
    }

    fn wanted(text: &str) -> Vec<Wanted> {
        vec![Wanted { range: Range::npm(text).unwrap(), origin: "package.json".into() }]
    }

    fn chosen(catalog: &Catalog, wanted: &[Wanted]) -> Result<Choice, NoRelease> {
        let target = target();
        choose(catalog, &Request { id: "node", name: "Node.js", wanted, target: &target })
    }

    #[test]
    fn the_newest_that_fits_wins() {
        let catalog = catalog(&[("22.1.0", ""), ("22.11.0", ""), ("22.2.0", ""), ("24.0.0", "")]);
        let choice = chosen(&catalog, &wanted("22")).unwrap();
        assert_eq!(choice.artifact.version.to_string(), "22.11.0");
    }

    #[test]
    fn other_platforms_do_not_count() {
        let catalog = catalog(&[
            ("22.1.0", "arch = 'amd64'"),
            ("22.2.0", "arch = 'arm64'"),
            ("22.3.0", "os = 'windows'"),
            ("22.4.0", "distros = [{ name = 'ubuntu', version = '24.04' }]"),
        ]);
        let choice = chosen(&catalog, &wanted("22")).unwrap();
        assert_eq!(choice.artifact.version.to_string(), "22.1.0");
    }

    #[test]
    fn an_artifact_made_for_this_place_wins_a_tie() {
        let catalog = catalog(&[
            ("22.1.0", ""),
            ("22.1.0", "distros = [{ name = 'debian' }]"),
            ("22.1.0", "arch = 'amd64'"),
        ]);
        assert_eq!(chosen(&catalog, &wanted("22")).unwrap().artifact.distros.len(), 1);
    }

    #[test]
    fn lower_requests_that_are_not_met_are_told() {
        let catalog = catalog(&[("22.1.0", ""), ("24.1.0", "")]);
        let mut requests = wanted("22");
        for (text, origin) in [(">=20", ".nvmrc"), ("20", ".node-version"), ("24.x", "default")] {
            requests.push(Wanted { range: Range::npm(text).unwrap(), origin: origin.into() });
        }
        let choice = chosen(&catalog, &requests).unwrap();
        let origins: Vec<_> = choice.overruled().map(|wanted| wanted.origin.as_str()).collect();
        assert_eq!(origins, [".node-version"]);
    }

    #[test]
    fn a_refusal_lists_what_there_is() {
        let catalog = catalog(&[
            ("20.1.0", ""),
            ("22.1.0", ""),
            ("22.1.1", ""),
            ("30.0.0", "os = 'linux'\narch = 'arm64'"),
            ("32.0.0", "distros = [{ name = 'ubuntu', version = '24.04' }]"),
        ]);
        let problem = Problem::from(chosen(&catalog, &wanted("^30")).unwrap_err());
        assert_snapshot!(problem.page("", Colour::Off), @r"
        error[no-release]: no Node.js release fits `^30` (asked for in package.json)

        hint: change the version in package.json
        hint: it exists for linux/arm64 only
        hint: available: 22.1.1, 20.1.0 and 1 more
        ");
        let refused = chosen(&catalog, &wanted("32")).unwrap_err();
        assert_eq!(refused.hints()[1], "it exists for ubuntu 24.04 only");
    }

    #[test]
    fn an_empty_catalogue_says_so() {
        let problem = Problem::from(chosen(&Catalog::default(), &wanted("24")).unwrap_err());
        assert_snapshot!(problem.page("", Colour::Off), @r"
        error[no-release]: no Node.js release fits `24` (asked for in package.json)

        hint: change the version in package.json
        hint: this buildpack has no Node.js at all for this platform
        ");
    }
}
