//! Decision: which package manager an app gets, and which version of it.

use std::path::{Path, PathBuf};

use kouti::catalog::{Artifact, Catalog, Choice, Request, Target, Wanted, choose};
use kouti::version::{Range, Version};
use kouti::{Notice, Problem};
use serde::Serialize;

use crate::lockfile::{Format, Lockfile};
use crate::manager::Kind;
use crate::package_json::PackageJson;
use crate::pin::{Asked, Pin};
use crate::project::Project;
use crate::selection_error::SelectionError;
use crate::sources::Sources;

/// The package manager of an app.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PackageManager {
    /// Which.
    pub kind: Kind,
    /// Its version; not known of the npm that Node.js brings.
    pub version: Option<Version>,
    /// Where it comes from.
    pub supply: Supply,
    /// The hash that `packageManager` demands: algorithm and digits.
    pub hash: Option<(String, String)>,
    /// What the user should know.
    #[serde(skip)]
    pub notices: Vec<Notice>,
}

impl PackageManager {
    /// The npm of Node.js, where nobody asks for anything.
    pub(crate) fn bundled() -> Self {
        let (kind, supply) = (Kind::Npm, Supply::Bundled);
        Self { kind, version: None, supply, hash: None, notices: Vec::new() }
    }
}

/// Where a package manager comes from.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Supply {
    /// It is part of Node.js.
    Bundled,
    /// The catalogue has it.
    Catalogue(Box<Choice>),
    /// The registry has it, for which npm asks there; and who wants this version.
    Registry(String),
    /// It came with the app: this file, relative to the root.
    App(PathBuf),
}

/// What takes part in the choice.
#[derive(Clone, Copy, Debug)]
pub struct ManagerWishes<'a> {
    /// `BP_NODE_PACKAGE_MANAGER`.
    pub setting: Option<&'a str>,
    /// `BP_NPM_VERSION`, `BP_YARN_VERSION` and `BP_PNPM_VERSION`: program and range.
    pub versions: &'a [(&'static str, Option<String>)],
    /// The app.
    pub project: &'a Project,
    /// How it sets its package manager up.
    pub sources: &'a Sources,
}

/// One request for a version.
struct Ask {
    origin: String,
    range: Range,
}

/// A package manager by its program, who named it, and the versions asked for.
#[derive(Default)]
struct Named {
    program: &'static str,
    origin: String,
    asks: Vec<Ask>,
    /// `packageManager`, if it names one version.
    pin: Option<Pin>,
    /// What the user should know about it.
    remark: Option<Notice>,
}

const PROGRAMS: [&str; 3] = ["npm", "yarn", "pnpm"];

impl ManagerWishes<'_> {
    /// Which one it is, without its version: enough for a build plan.
    #[must_use]
    pub fn kind(&self) -> Kind {
        let named = self.named().map(|named| self.family(&named));
        named.and_then(|family| family).unwrap_or(Kind::Npm)
    }

    /// Chooses by setting, `yarnPath`, `packageManager`, `devEngines`, lockfile, `engines`.
    ///
    /// It has to run on `node`.
    pub fn choose(
        &self,
        node: &Version,
        catalog: &Catalog,
        target: &Target,
    ) -> Result<PackageManager, Problem> {
        let mut named = self.named()?;
        let mut notices = self.ignored_lockfiles(&named);
        notices.extend(named.remark.take());
        let kind = self.family(&named)?;
        let manager =
            |version, supply, hash| PackageManager { kind, version, supply, hash, notices };
        if let Some(path) = self.yarn_in_app(&named)? {
            return Ok(manager(version_in_name(&path), Supply::App(path), None));
        }
        self.ask_lockfile(kind, &mut named)?;
        self.ask_engines(&mut named)?;
        if named.program == "npm" && bundled_npm_fits(&named, node) {
            return Ok(manager(None, Supply::Bundled, None));
        }
        let asks = named.asks.into_iter();
        let wanted: Vec<_> =
            asks.map(|ask| Wanted { range: ask.range, origin: ask.origin }).collect();
        let hash = named.pin.as_ref().and_then(|pin| pin.hash.clone());
        let decides = wanted.first().map_or("", |wanted| wanted.origin.as_str());
        match in_catalogue(kind, &wanted, node, catalog, target) {
            Ok(choice) => {
                let hash = hash.filter(|_| decides == PIN);
                let version = choice.artifact.version.clone();
                Ok(manager(Some(version), Supply::Catalogue(Box::new(choice)), hash))
            }
            Err(problem) => match named.pin {
                Some(pin) if decides == PIN && problem.id == "no-release" => {
                    Ok(manager(Some(pin.version), Supply::Registry(PIN.to_owned()), hash))
                }
                _ => Err(problem),
            },
        }
    }

    fn named(&self) -> Result<Named, SelectionError> {
        let named = match self.by_setting()? {
            Some(named) => Some(named),
            None if self.sources.yarn_path.is_some() => {
                Some(Named { program: "yarn", origin: YARN_PATH.to_owned(), ..Named::default() })
            }
            None => match self.by_pin()? {
                Some(named) => Some(named),
                None => self.by_dev_engines(),
            },
        };
        let mut named = match named {
            Some(named) => named,
            None => self.by_lockfile()?.unwrap_or_else(|| self.by_engines()),
        };
        for (program, text) in self.versions {
            if let Some(text) = text.as_deref().filter(|_| *program == named.program) {
                let origin = format!("BP_{}_VERSION", program.to_ascii_uppercase());
                let range = Range::npm(text).map_err(|error| error.asked_for_in(&origin))?;
                named.asks.insert(0, Ask { origin, range });
            }
        }
        Ok(named)
    }

    fn package(&self) -> Option<&PackageJson> {
        self.project.root_package.as_ref()
    }

    fn by_setting(&self) -> Result<Option<Named>, SelectionError> {
        const ORIGIN: &str = "BP_NODE_PACKAGE_MANAGER";
        let Some(text) = self.setting else { return Ok(None) };
        let (name, range) = text.split_once('@').unwrap_or((text, ""));
        let program = known(name, ORIGIN)?;
        let mut named = Named { program, origin: ORIGIN.to_owned(), ..Named::default() };
        if !range.is_empty() {
            let range = Range::npm(range).map_err(|error| error.asked_for_in(ORIGIN))?;
            named.asks.push(Ask { origin: ORIGIN.to_owned(), range });
        } else if let Some(pinned) = self.by_pin()?.filter(|pinned| pinned.program == program) {
            named.asks = pinned.asks;
            named.pin = pinned.pin;
            named.remark = pinned.remark;
        }
        Ok(Some(named))
    }

    fn by_pin(&self) -> Result<Option<Named>, SelectionError> {
        let Some(text) = self.package().and_then(|package| package.package_manager.as_deref())
        else {
            return Ok(None);
        };
        let (name, _) = text.split_once('@').unwrap_or((text, ""));
        let program = known(name, PIN)?;
        let (range, pin, remark) = match Asked::read(text)? {
            Asked::Range(range) => (range, None, Some(ranged(text))),
            Asked::Version(pin) => {
                let range = Range::npm(&pin.version.to_string());
                (range.map_err(|error| error.asked_for_in(PIN))?, Some(pin), None)
            }
        };
        let asks = vec![Ask { origin: PIN.to_owned(), range }];
        Ok(Some(Named { program, origin: PIN.to_owned(), asks, pin, remark }))
    }

    fn by_dev_engines(&self) -> Option<Named> {
        const ORIGIN: &str = "package.json (devEngines.packageManager)";
        let engines = self.package().map(|package| package.dev_package_managers.as_slice());
        engines.unwrap_or_default().iter().find_map(|engine| {
            let program = PROGRAMS.into_iter().find(|program| *program == engine.name)?;
            if engine.on_fail.as_deref() == Some("ignore") {
                return None;
            }
            let range = engine.version.as_deref().and_then(|text| Range::npm(text).ok());
            let asks = range.map(|range| Ask { origin: ORIGIN.to_owned(), range });
            let asks = asks.into_iter().collect();
            Some(Named { program, origin: ORIGIN.to_owned(), asks, ..Named::default() })
        })
    }

    fn by_lockfile(&self) -> Result<Option<Named>, SelectionError> {
        let lockfiles = &self.project.lockfiles;
        let mut programs: Vec<_> =
            lockfiles.iter().filter_map(|lockfile| program_of(*lockfile)).collect();
        programs.dedup();
        match (programs.as_slice(), lockfiles.first()) {
            ([], None) => Ok(None),
            ([], Some(bun)) => Err(SelectionError::Bun { origin: bun.file_name().to_owned() }),
            ([program], _) => {
                let file = lockfiles.iter().find(|file| program_of(**file) == Some(program));
                let origin = file.map_or("", |file| file.file_name()).to_owned();
                Ok(Some(Named { program, origin, ..Named::default() }))
            }
            _ => Err(SelectionError::Conflict {
                lockfiles: lockfiles.iter().map(|file| file.file_name()).collect(),
            }),
        }
    }

    fn by_engines(&self) -> Named {
        let engines = self.package().map(|package| &package.engines);
        let named = ["pnpm", "yarn", "npm"]
            .into_iter()
            .find(|program| engines.is_some_and(|engines| engines.contains_key(*program)));
        let program = named.unwrap_or("npm");
        Named { program, origin: format!("package.json (engines.{program})"), ..Named::default() }
    }

    /// Yarn is two programs, which share a name and nothing else.
    fn family(&self, named: &Named) -> Result<Kind, SelectionError> {
        match named.program {
            "npm" => return Ok(Kind::Npm),
            "pnpm" => return Ok(Kind::Pnpm),
            _ => {}
        }
        if let Some(path) = self.yarn_in_app(named)? {
            let is_classic = version_in_name(&path).is_some_and(|version| version.major() < 2);
            return Ok(if is_classic { Kind::YarnClassic } else { Kind::YarnBerry });
        }
        let classic = |range: &Range| CLASSIC.iter().any(|text| matches(range, text));
        let engines = self.package().and_then(|package| package.engines.get("yarn"));
        let engines = engines.and_then(|text| Range::npm(text).ok());
        let by_lockfile = match self.format(Lockfile::Yarn) {
            Some(Format::YarnBerry(_)) => Some(Kind::YarnBerry),
            Some(_) => Some(Kind::YarnClassic),
            None => None,
        };
        Ok(match (named.asks.first(), by_lockfile, engines) {
            (Some(ask), _, _) if !classic(&ask.range) => Kind::YarnBerry,
            (Some(ask), _, _) if !BERRY.iter().any(|text| matches(&ask.range, text)) => {
                Kind::YarnClassic
            }
            (_, Some(kind), _) => kind,
            (_, None, Some(range)) if !classic(&range) => Kind::YarnBerry,
            _ => Kind::YarnClassic,
        })
    }

    /// The format of a lockfile, as far as it can be read.
    fn format(&self, lockfile: Lockfile) -> Option<&Format> {
        let formats = self.sources.formats.iter();
        formats.filter(|(found, _)| *found == lockfile).find_map(|(_, format)| format.as_ref().ok())
    }

    fn yarn_in_app(&self, named: &Named) -> Result<Option<PathBuf>, SelectionError> {
        let overruled = named.program != "yarn" || !named.asks.is_empty() && named.pin.is_none();
        let Some(path) = self.sources.yarn_path.as_ref().filter(|_| !overruled) else {
            return Ok(None);
        };
        if self.sources.has_yarn_path {
            return Ok(Some(path.clone()));
        }
        Err(SelectionError::YarnPath { path: path.clone() })
    }

    /// The version that wrote the lockfile, where nobody names one.
    fn ask_lockfile(&self, kind: Kind, named: &mut Named) -> Result<(), Problem> {
        let lockfiles = kind.manager().lockfiles();
        let formats = &self.sources.formats;
        let Some((lockfile, format)) = formats.iter().find(|(file, _)| lockfiles.contains(file))
        else {
            if kind == Kind::YarnBerry {
                return Err(SelectionError::NoBerryLockfile.into());
            }
            return Ok(());
        };
        let range = match format.as_ref().map_err(Clone::clone)? {
            Format::Npm => return Ok(()),
            Format::YarnClassic => "1.x",
            Format::YarnBerry(..=4) => "2.4.3",
            Format::YarnBerry(5 | 6) => "3.x",
            Format::YarnBerry(_) => "4.x",
            Format::Pnpm(version) => match version.as_str() {
                "5.0" | "5.1" | "5.2" | "5.3" => "6.x",
                "5.4" => "7.x",
                "6.0" | "6.1" => "8.x",
                // Its number tells no more of four lines; 10 accepts most.
                "9.0" if self.sources.allow_builds => "11.x",
                "9.0" => "10.x",
                _ => {
                    let format = version.clone();
                    return Err(SelectionError::UnknownFormat { format }.into());
                }
            },
        };
        let range = Range::npm(range).map_err(|error| error.asked_for_in("the lockfile"))?;
        named.asks.push(Ask { origin: lockfile.file_name().to_owned(), range });
        Ok(())
    }

    fn ask_engines(&self, named: &mut Named) -> Result<(), Problem> {
        let program = named.program;
        let Some(text) = self.package().and_then(|package| package.engines.get(program)) else {
            return Ok(());
        };
        let origin = format!("package.json (engines.{program})");
        let range = Range::npm(text).map_err(|error| error.asked_for_in(&origin))?;
        named.asks.push(Ask { origin, range });
        Ok(())
    }

    fn ignored_lockfiles(&self, named: &Named) -> Vec<Notice> {
        let others = self.project.lockfiles.iter();
        let others = others.filter(|lockfile| program_of(**lockfile) != Some(named.program));
        others
            .map(|lockfile| {
                let (file, program) = (lockfile.file_name(), named.program);
                let origin = &named.origin;
                Notice::new(format!(
                    "{file} is ignored: {origin} makes {program} the package manager"
                ))
                .hint(format!("remove {file} from the app"))
            })
            .collect()
    }
}

/// What is told about a `packageManager` of several versions.
fn ranged(text: &str) -> Notice {
    Notice::new(format!(
        "package.json says `\"packageManager\": \"{text}\"`: the newest version that fits is taken"
    ))
    .hint("name one version there, so that every machine uses the same")
}

/// Whether nobody asks for another npm than that of Node.js.
fn bundled_npm_fits(named: &Named, node: &Version) -> bool {
    let bundled = match node.major() {
        ..=20 => "10.8.2",
        21..=22 => "10.9.4",
        _ => "11.6.0",
    };
    named.asks.iter().all(|ask| {
        // A constraint is met by the line of the bundled one.
        matches(&ask.range, bundled) && ask.origin.starts_with("package.json (")
    }) && named.pin.is_none()
}

fn in_catalogue(
    kind: Kind,
    wanted: &[Wanted],
    node: &Version,
    catalog: &Catalog,
    target: &Target,
) -> Result<Choice, Problem> {
    let manager = kind.manager();
    let request = |catalog: &Catalog| {
        let name = manager.title();
        choose(catalog, &Request { id: manager.artifact(), name, wanted, target })
    };
    let mut running = catalog.clone();
    running.artifacts.retain(|artifact| runs_on(artifact, node));
    request(&running).map_err(|error| match request(catalog) {
        Ok(choice) => SelectionError::NeedsOtherNode {
            title: format!("{} {}", manager.title(), choice.artifact.version),
            range: choice.artifact.extra("node").unwrap_or_default().to_owned(),
            node: node.clone(),
            origin: wanted.first().map(|wanted| wanted.origin.clone()).unwrap_or_default(),
        }
        .into(),
        Err(_) => error.into(),
    })
}

/// Where most apps name their package manager.
pub(crate) const PIN: &str = "package.json (packageManager)";

const YARN_PATH: &str = ".yarnrc.yml (yarnPath)";

/// Versions that tell the two kinds of Yarn apart.
const CLASSIC: [&str; 3] = ["1.22.22", "1.22.19", "1.0.0"];
const BERRY: [&str; 4] = ["2.4.3", "3.8.7", "4.0.0", "4.18.1"];

fn matches(range: &Range, version: &str) -> bool {
    Version::parse(version).is_ok_and(|version| range.matches(&version))
}

fn runs_on(artifact: &Artifact, node: &Version) -> bool {
    let range = artifact.extra("node").and_then(|text| Range::npm(text).ok());
    range.is_none_or(|range| range.matches(node))
}

fn program_of(lockfile: Lockfile) -> Option<&'static str> {
    let kind = Kind::ALL.into_iter().find(|kind| kind.manager().lockfiles().contains(&lockfile))?;
    Some(kind.manager().program())
}

fn known(name: &str, origin: &str) -> Result<&'static str, SelectionError> {
    if name == "bun" {
        return Err(SelectionError::Bun { origin: origin.to_owned() });
    }
    PROGRAMS
        .into_iter()
        .find(|program| *program == name)
        .ok_or_else(|| SelectionError::Unknown { name: name.to_owned(), origin: origin.to_owned() })
}

/// `4.9.1` of `.yarn/releases/yarn-4.9.1.cjs`.
fn version_in_name(path: &Path) -> Option<Version> {
    let stem = path.file_stem()?.to_str()?;
    Version::parse(stem.rsplit_once('-')?.1).ok()
}
