//! Decision: which Node.js an app gets.

use kouti::catalog::{Catalog, Choice, Request, Target, Wanted, choose};
use kouti::version::{BadRange, Range};
use kouti::{Entry, Notice, Problem};

use crate::node_range::{self, Kind, Reading};
use crate::project::VersionRequest;

/// The artifact's id in the catalogue, and the name of the plan entry.
pub const NODE: &str = "node";

/// The plan entry for npm, which comes with Node.js.
pub const NPM: &str = "npm";

/// The plan entry for installed packages.
pub const NODE_MODULES: &str = "node_modules";

/// Origin of the version that is taken when nobody asks, and what Paketo takes as a request for it.
const DEFAULT: &str = "default";

/// Node.js as it was chosen, and what the user should know about it.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeVersion {
    /// Every request, the one that decided first, and the artifact.
    pub choice: Choice,
    /// Remarks on how the requests are written.
    pub notices: Vec<Notice>,
}

/// What takes part in the choice.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wishes<'a> {
    /// `BP_NODE_VERSION`.
    pub setting: Option<&'a str>,
    /// What the app's files ask for.
    pub files: &'a [VersionRequest],
    /// What other buildpacks ask for: the plan entries called `node`.
    pub entries: &'a [&'a Entry],
    /// `BP_NODE_PREFER_LTS`.
    pub prefer_lts: bool,
}

impl NodeVersion {
    /// Takes the newest version that fits the first wish.
    pub fn choose(
        wishes: &Wishes<'_>,
        catalog: &Catalog,
        target: &Target,
    ) -> Result<Self, Problem> {
        let mut wanted: Vec<Wanted> = Vec::new();
        let mut used = None;
        for request in wishes.in_order(catalog) {
            match request.read(catalog) {
                Ok(reading) => {
                    wanted.push(request.wanted(&reading));
                    used.get_or_insert((request, reading));
                }
                Err(error) if wanted.is_empty() => {
                    return Err(error.asked_for_in(request.origin).into());
                }
                // It would not have been used anyway.
                Err(_) => {}
            }
        }
        let request = Request { id: NODE, name: "Node.js", wanted: &wanted, target };
        let preferred = if wishes.prefer_lts { newest_lts(catalog, &request) } else { None };
        let choice = preferred.map_or_else(|| choose(catalog, &request), Ok)?;
        let notices = used
            .and_then(|(request, reading)| {
                request.remark(&reading, choice.artifact.version.major())
            })
            .into_iter()
            .collect();
        Ok(Self { choice, notices })
    }
}

impl Wishes<'_> {
    fn in_order(&self, catalog: &Catalog) -> Vec<VersionRequest> {
        let request = |origin: &str, text: &str| VersionRequest {
            origin: origin.to_owned(),
            text: text.to_owned(),
        };
        let mut requests = Vec::new();
        requests.extend(self.setting.map(|text| request("BP_NODE_VERSION", text)));
        requests.extend_from_slice(self.files);
        for entry in self.entries {
            let origin = entry.text("version-source").unwrap_or("another buildpack");
            // Our own entries repeat what the files say.
            let known = requests.iter().any(|known| known.origin == origin);
            if let Some(text) = entry.text("version").filter(|_| !known) {
                requests.push(request(origin, text));
            }
        }
        requests.push(request(DEFAULT, catalog.default_version(NODE)));
        requests
    }
}

/// The newest version of the newest long-term support line in which one fits.
fn newest_lts(catalog: &Catalog, request: &Request<'_>) -> Option<Choice> {
    let mut majors: Vec<u64> = catalog
        .lines
        .iter()
        .filter(|line| line.id == NODE && line.codename.is_some())
        .filter_map(|line| line.line.parse().ok())
        .collect();
    majors.sort_unstable();
    majors.iter().rev().find_map(|major| {
        let mut of_line = catalog.clone();
        of_line.artifacts.retain(|artifact| artifact.version.major() == *major);
        choose(&of_line, request).ok()
    })
}

impl VersionRequest {
    fn read(&self, catalog: &Catalog) -> Result<Reading, BadRange> {
        if self.text.trim() == DEFAULT {
            let range = Range::npm(catalog.default_version(NODE))?;
            return Ok(Reading { range, kind: Kind::Name });
        }
        node_range::read(&self.text, &catalog.lines)
    }

    fn wanted(&self, reading: &Reading) -> Wanted {
        let range = reading.range.clone();
        // A name is shown together with what it stands for.
        let origin = match reading.kind {
            Kind::Name => format!("{}: {}", self.origin, self.text),
            Kind::Range | Kind::Mistake => self.origin.clone(),
        };
        Wanted { range, origin }
    }

    fn remark(&self, reading: &Reading, chosen: u64) -> Option<Notice> {
        let Self { origin, text } = self;
        let range = &reading.range;
        match reading.kind {
            Kind::Mistake => Some(
                Notice::new(format!(
                    "{origin} asks for Node.js `{text}`, which npm cannot read; \
                     it was read as `{range}`"
                ))
                .hint(format!("write `{range}` in {origin}")),
            ),
            // A default is ours to move, and a name such as `latest` says what is wanted.
            Kind::Range if origin != DEFAULT && range.is_open_ended() => Some(
                Notice::new(format!(
                    "{origin} asks for Node.js `{text}`: without an upper bound, the next major \
                     release is taken as soon as there is one"
                ))
                .hint(format!("write `{chosen}.x` to stay with this line")),
            ),
            Kind::Range | Kind::Name => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use kouti::version::Version;

    use super::*;

    const VERSIONS: [&str; 14] = [
        "18.20.7", "18.20.8", "20.20.1", "20.20.2", "22.22.3", "22.23.1", "22.23.2", "24.17.0",
        "24.18.0", "24.18.1", "25.9.0", "26.0.0", "26.5.0", "26.5.1",
    ];

    fn catalog() -> Catalog {
        let lines = [("22", "jod"), ("24", "krypton")].map(|(line, codename)| {
            format!("[[lines]]\nid = 'node'\nline = '{line}'\ncodename = '{codename}'\n")
        });
        let checksum = "0".repeat(64);
        let artifacts = VERSIONS.map(|version| {
            format!(
                "[[dependencies]]\nid = 'node'\nname = 'Node.js'\nversion = '{version}'\n\
                 checksum = 'sha256:{checksum}'\n"
            )
        });
        let text = "default-versions = { node = '24.x' }\n".to_owned()
            + &lines.concat()
            + &artifacts.concat();
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

    fn chosen(wishes: &Wishes<'_>) -> NodeVersion {
        NodeVersion::choose(wishes, &catalog(), &target()).unwrap()
    }

    fn version(wishes: &Wishes<'_>) -> Version {
        chosen(wishes).choice.artifact.version
    }

    fn requests(pairs: &[(&str, &str)]) -> Vec<VersionRequest> {
        pairs
            .iter()
            .map(|(origin, text)| VersionRequest {
                origin: (*origin).to_owned(),
                text: (*text).to_owned(),
            })
            .collect()
    }

    fn notices(wishes: &Wishes<'_>) -> String {
        let notices = chosen(wishes).notices.into_iter();
        let lines = notices.flat_map(|notice| [Some(notice.text), notice.hint]).flatten();
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_setting_beats_the_files_and_the_files_beat_other_buildpacks() {
        let files = requests(&[("package.json (engines.node)", "22"), (".nvmrc", "20")]);
        let entry = Entry::new("node").with("version", "18").with("version-source", "rails");
        let all =
            Wishes { setting: Some("25"), files: &files, entries: &[&entry], ..Wishes::default() };
        assert_eq!(version(&all).to_string(), "25.9.0");
        assert_eq!(version(&Wishes { setting: None, ..all }).to_string(), "22.23.2");
        assert_eq!(version(&Wishes { setting: None, files: &[], ..all }).to_string(), "18.20.8");
        assert_eq!(version(&Wishes::default()).to_string(), "24.18.1");
        let origins: Vec<_> =
            chosen(&all).choice.wanted.into_iter().map(|wanted| wanted.origin).collect();
        assert_eq!(
            origins,
            ["BP_NODE_VERSION", "package.json (engines.node)", ".nvmrc", "rails", "default"]
        );
    }

    #[test]
    fn our_own_plan_entries_do_not_count_twice() {
        let files = requests(&[(".nvmrc", "22")]);
        let own = Entry::new("node").with("version", "22").with("version-source", ".nvmrc");
        let wishes = Wishes { files: &files, entries: &[&own], ..Wishes::default() };
        assert_eq!(chosen(&wishes).choice.wanted.len(), 2);
    }

    #[test]
    fn long_term_support_can_be_preferred() {
        let wishes = Wishes { setting: Some(">=20"), prefer_lts: true, ..Wishes::default() };
        assert_eq!(version(&wishes).to_string(), "24.18.1");
        assert_eq!(version(&Wishes { setting: Some("25"), ..wishes }).to_string(), "25.9.0");
        assert_eq!(version(&Wishes { prefer_lts: false, ..wishes }).to_string(), "26.5.1");
    }

    #[test]
    fn a_name_is_shown_with_what_it_stands_for() {
        let files = requests(&[(".nvmrc", "lts/jod")]);
        let choice = chosen(&Wishes { files: &files, ..Wishes::default() }).choice;
        assert_eq!(choice.wanted[0].origin, ".nvmrc: lts/jod");
        assert_eq!(choice.wanted[0].range.to_string(), "22.x");
        let choice = chosen(&Wishes { setting: Some("default"), ..Wishes::default() }).choice;
        assert_eq!(choice.wanted[0].origin, "BP_NODE_VERSION: default");
        assert_eq!(choice.artifact.version.to_string(), "24.18.1");
    }

    #[test]
    fn mistakes_and_open_ends_are_told() {
        assert_snapshot!(notices(&Wishes { setting: Some(">=18,<25"), ..Wishes::default() }), @"
        BP_NODE_VERSION asks for Node.js `>=18,<25`, which npm cannot read; it was read as `>=18 <25`
        write `>=18 <25` in BP_NODE_VERSION
        ");
        assert_snapshot!(notices(&Wishes { setting: Some(">=18"), ..Wishes::default() }), @"
        BP_NODE_VERSION asks for Node.js `>=18`: without an upper bound, the next major release is taken as soon as there is one
        write `26.x` to stay with this line
        ");
        for silent in ["22", "latest", "lts/*"] {
            let wishes = Wishes { setting: Some(silent), ..Wishes::default() };
            assert_eq!(notices(&wishes), "", "{silent}");
        }
    }

    #[test]
    fn only_the_request_that_decides_must_be_readable() {
        let files = requests(&[("package.json (engines.node)", "22"), (".nvmrc", "iojs")]);
        let wishes = Wishes { files: &files, ..Wishes::default() };
        assert_eq!(version(&wishes).to_string(), "22.23.2");
        let wishes = Wishes { files: &files[1..], ..wishes };
        let problem = NodeVersion::choose(&wishes, &catalog(), &target()).unwrap_err();
        assert_snapshot!(problem.page("", kouti_report::Colour::Off), @"
        error[bad-version-range]: `iojs` (asked for in .nvmrc) is not a range of versions

        hint: write it like `24.x`, `~24.18.1`, `^24.18.1`, `>=22 <25` or `22.x || 24.x`
        ");
    }
}
