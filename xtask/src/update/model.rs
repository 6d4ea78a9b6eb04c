//! What a family is declared with, and what a feed tells of it.

use std::collections::BTreeMap;

use kouti_catalog::{Artifact, Checksum, Date};
use kouti_version::Version;

/// Runtimes that are updated together: one catalogue, one pull request.
pub(super) struct Family {
    /// `nodejs`.
    pub(super) name: &'static str,
    /// The file that is rewritten.
    pub(super) catalogue: &'static str,
    /// For the changelog: the buildpacks that offer it.
    pub(super) buildpacks: &'static str,
    pub(super) products: &'static [Product],
}

/// One id of a catalogue, and the policy for it.
///
/// There is no template of a record: the newest record of the same line and platform is the template, and what is
/// spelled in it after its version is spelled anew.
pub(super) struct Product {
    pub(super) id: &'static str,
    pub(super) feed: Feed,
    pub(super) proof: Proof,
    pub(super) line: LineBy,
    /// The id that `[[lines]]` are kept under, where several products share them.
    pub(super) lines_of: Option<&'static str>,
    /// How many releases of each line are offered, the newest ones.
    pub(super) keep: usize,
    /// Whether the newest pre-release of a line without a release is offered.
    pub(super) previews: bool,
    pub(super) eol: Eol,
    /// How upstream writes a version that ends in `.0`.
    pub(super) zero: Zero,
}

/// What most products are.
pub(super) const PRODUCT: Product = Product {
    id: "",
    feed: Feed::Maven,
    proof: Proof::Listed,
    line: LineBy::Major,
    lines_of: None,
    keep: 1,
    previews: false,
    eol: Eol::Manual,
    zero: Zero::Kept,
};

/// Where releases are announced, and in which format.
pub(super) enum Feed {
    /// No releases, only lines.
    Lines,
    /// Node.js: `index.json`.
    Node,
    /// Package metadata of the npm registry; files by the `registry-package` of each record.
    Npm { package: &'static str },
    /// Releases of a GitHub repository, `{line}` in its name is each line of the catalogue.
    GitHub { repository: &'static str },
    /// Microsoft's release metadata, one component of it.
    Dotnet { component: &'static str },
    /// Azul's metadata service: `jdk` or `jre`.
    Azul { package: &'static str },
    /// `maven-metadata.xml` beside the artifacts.
    Maven,
    /// Gradle's list of versions.
    Gradle,
    /// Composer's list of versions.
    Composer,
    /// The directories of Apache Tomcat's download site, one for each major version.
    Tomcat,
    /// `buildpack.toml` of the buildpack that compiles it, for each distribution.
    Paketo { buildpack: &'static str },
}

/// What proves a file.
pub(super) enum Proof {
    /// The feed itself names the checksum.
    Listed,
    /// A list of checksums beside the file, signed in clear text by one of these keys.
    SignedList { file: &'static str, keys: &'static str },
    /// A file with the checksum, at the address of the file with one of these at its end.
    Beside(&'static [&'static str]),
}

#[derive(Clone, Copy)]
pub(super) enum LineBy {
    Major,
    Minor,
}

/// Where the days come from on which support ends.
pub(super) enum Eol {
    /// A person looks after them.
    Manual,
    /// The feed of releases has them.
    Feed,
    /// Node.js: `schedule.json`.
    NodeSchedule,
    /// This product of the data set at endoflife.date.
    DataSet(&'static str),
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Zero {
    /// `2.2.0`.
    Kept,
    /// `2.2`.
    Dropped,
}

impl Product {
    /// `24` or `8.4`.
    pub(super) fn line(&self, version: &Version) -> String {
        match self.line {
            LineBy::Major => version.major().to_string(),
            LineBy::Minor => format!("{}.{}", version.major(), version.minor()),
        }
    }

    pub(super) fn lines_id(&self) -> &'static str {
        self.lines_of.unwrap_or(self.id)
    }
}

/// What a feed says.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pub(super) releases: Vec<Release>,
    pub(super) lines: Vec<LineDates>,
}

/// One release.
#[derive(Clone, Debug)]
pub(super) struct Release {
    pub(super) version: Version,
    /// As the vendor writes it.
    pub(super) upstream: String,
    pub(super) date: Option<Date>,
    pub(super) security: bool,
    pub(super) cves: Vec<String>,
    /// Where a person reads about it.
    pub(super) notes: Option<String>,
    pub(super) offers: Vec<Offer>,
    /// What is compiled into it: `openssl 3.5.4`.
    pub(super) bundles: Vec<String>,
}

impl Release {
    pub(super) fn new(version: Version, upstream: impl Into<String>) -> Self {
        Self {
            version,
            upstream: upstream.into(),
            date: None,
            security: false,
            cves: Vec::new(),
            notes: None,
            offers: Vec::new(),
            bundles: Vec::new(),
        }
    }
}

/// A file of a release.
#[derive(Clone, Debug)]
pub(super) struct Offer {
    pub(super) key: Key,
    pub(super) uri: Option<String>,
    pub(super) checksum: Option<Checksum>,
    /// Keys of the record that the feed knows better than the template.
    pub(super) facts: BTreeMap<&'static str, Fact>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fact {
    Text(String),
    List(Vec<String>),
    /// A number that is left out if it is nothing.
    Count(u32),
}

/// What tells which record an [`Offer`] is for.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Key {
    /// By the last part of its address.
    File(String),
    /// By the package of the registry.
    Package(String),
    /// By architecture, and distribution if it is tied to one.
    Platform { arch: Option<String>, distro: Option<String> },
}

impl Key {
    /// The platform of a record.
    pub(super) fn platform(artifact: &Artifact) -> Self {
        let distros = artifact.distros.iter();
        let distro: Vec<_> = distros.map(|it| format!("{} {}", it.name, it.version)).collect();
        Self::Platform {
            arch: artifact.arch.clone(),
            distro: (!distro.is_empty()).then(|| distro.join(", ")),
        }
    }
}

/// The days of a line, as `[[lines]]` has them.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct LineDates {
    pub(super) line: String,
    /// In the order of the catalogue: `codename`, `start`, `lts`, `maintenance`.
    pub(super) others: Vec<(&'static str, String)>,
    pub(super) eol: Option<Date>,
}

/// Why something of a family was not updated.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Problem {
    /// `Node.js 24.22.0`.
    pub(super) title: String,
    pub(super) what: String,
    pub(super) todo: &'static str,
}
