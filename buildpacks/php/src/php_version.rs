//! Decision: which PHP.

use kouti::catalog::{Artifact, Catalog, Choice, NoRelease, Request, Target, Wanted, choose};
use kouti::version::{BadRange, Range};
use kouti::{Entry, Explain, Fault, Notice, Plan, Problem};

use crate::app::Composer;

/// Id in the catalogue, and name in the build plan.
pub(crate) const PHP: &str = "php";

/// What somebody demands of PHP.
#[derive(Clone, Debug, PartialEq)]
struct Demand {
    wanted: Wanted,
    /// A conflict: what fits is excluded.
    excludes: bool,
    /// By the app itself, not by one of its packages.
    is_root: bool,
}

impl Demand {
    fn is_met_by(&self, artifact: &Artifact) -> bool {
        self.wanted.range.matches(&artifact.version) != self.excludes
    }

    /// The range, with a sign that it is one to stay away from.
    fn text(&self) -> String {
        format!("{}{}", if self.excludes { "not " } else { "" }, self.wanted.range)
    }
}

/// What decides.
pub(crate) struct Wishes<'a> {
    pub(crate) setting: Option<&'a str>,
    pub(crate) composer: Option<&'a Composer>,
    /// Whether development packages will be installed.
    pub(crate) with_dev: bool,
    /// Of Cloud Foundry's classic buildpack.
    pub(crate) classic: Option<&'a str>,
    pub(crate) plan: &'a Plan,
}

/// Chooses the newest PHP with which everything works, and says what the user should know.
pub(crate) fn choose_php(
    wishes: &Wishes<'_>,
    catalog: &Catalog,
    target: &Target,
) -> Result<(Choice, Vec<Notice>), Problem> {
    let demands = match wishes.composer {
        Some(composer) => demands(composer, wishes.with_dev)?,
        None => Vec::new(),
    };
    let default =
        Wanted { range: Range::parse(catalog.default_version(PHP))?, origin: "default".to_owned() };
    if let Some(text) = wishes.setting {
        let range = Range::parse(text).map_err(|error| error.asked_for_in("BP_PHP_VERSION"))?;
        let setting = Wanted { range, origin: "BP_PHP_VERSION".to_owned() };
        let choice = newest(&[setting, default], catalog, target)?;
        let notices = contradictions(&choice, &demands);
        return Ok((choice, notices));
    }
    if demands.is_empty() {
        let mut wanted = Vec::new();
        if let Some(text) = wishes.classic {
            let origin = ".bp-config/options.json".to_owned();
            let range = Range::parse(text).map_err(|error| error.asked_for_in(origin.as_str()))?;
            wanted.push(Wanted { range, origin });
        }
        wanted.extend(requests_of_others(wishes.plan)?);
        wanted.push(default);
        return Ok((newest(&wanted, catalog, target)?, Vec::new()));
    }
    Ok((solve(&demands, wishes.composer, default, catalog, target)?, Vec::new()))
}

fn newest(wanted: &[Wanted], catalog: &Catalog, target: &Target) -> Result<Choice, NoRelease> {
    choose(catalog, &Request { id: PHP, name: "PHP", wanted, target })
}

fn requests_of_others(plan: &Plan) -> Result<Vec<Wanted>, BadRange> {
    let is_ours = |entry: &&Entry| entry.text("version-source").is_some_and(is_own_source);
    let others = plan.entries(PHP).filter(|entry| !is_ours(entry));
    let requests = others.filter_map(|entry| Some((entry, entry.text("version")?)));
    requests
        .map(|(entry, text)| {
            let origin = entry.text("version-source").unwrap_or("another buildpack").to_owned();
            let range = Range::parse(text).map_err(|error| error.asked_for_in(origin.as_str()))?;
            Ok(Wanted { range, origin })
        })
        .collect()
}

fn is_own_source(source: &str) -> bool {
    matches!(source, "BP_PHP_VERSION" | "composer.lock" | "composer.json")
}

/// The version requests that a plan shows to others: constraint and Paketo's name of its source.
pub(crate) fn plan_requests(
    setting: Option<&str>,
    composer: Option<&Composer>,
) -> Vec<(String, &'static str)> {
    let mut requests: Vec<_> =
        setting.map(|text| (text.to_owned(), "BP_PHP_VERSION")).into_iter().collect();
    let Some(composer) = composer else { return requests };
    let (platform, source) = match &composer.lock {
        Some(lock) => (&lock.platform, "composer.lock"),
        None => (&composer.json.require, "composer.json"),
    };
    let php = platform.iter().filter(|(name, _)| matches!(name.as_str(), "php" | "php-64bit"));
    requests.extend(php.map(|(_, text)| (text.clone(), source)));
    requests
}

/// Everything that the app and its packages demand, the app first.
fn demands(composer: &Composer, with_dev: bool) -> Result<Vec<Demand>, Problem> {
    let (platform, file) = match &composer.lock {
        Some(lock) => (&lock.platform, &composer.files.lock),
        None => (&composer.json.require, &composer.files.json),
    };
    let mut demands = Vec::new();
    for (name, text) in platform {
        add(&mut demands, (name, text), file, false, true)?;
    }
    for package in composer.lock.iter().flat_map(|lock| lock.installed(with_dev)) {
        for requirement in &package.require {
            let (name, text) = requirement;
            add(&mut demands, (name, text), &package.name, false, false)?;
        }
        for (name, text) in package.conflict.iter().filter(|(name, _)| name == PHP) {
            add(&mut demands, (name, text), &package.name, true, false)?;
        }
    }
    // Most packages say the same as the app, and one row for each range is enough.
    let mut seen = Vec::new();
    demands.retain(|demand: &Demand| {
        let key = (demand.text(), demand.excludes);
        let is_new = !seen.contains(&key);
        seen.push(key);
        is_new
    });
    Ok(demands)
}

fn add(
    demands: &mut Vec<Demand>,
    (name, text): (&str, &str),
    origin: &str,
    excludes: bool,
    is_root: bool,
) -> Result<(), Problem> {
    match name {
        "php-zts" | "php-debug" => {
            return Err(
                UnsupportedBuild { origin: origin.to_owned(), name: name.to_owned() }.into()
            );
        }
        "php" | "php-64bit" => {}
        _ => return Ok(()),
    }
    let origin = format!("{origin} ({name})");
    let range = Range::composer(text).map_err(|error| error.asked_for_in(origin.as_str()))?;
    demands.push(Demand { wanted: Wanted { range, origin }, excludes, is_root });
    Ok(())
}

/// The newest release that meets all demands; of the line that the developer resolved for, if
/// there is one.
fn solve(
    demands: &[Demand],
    composer: Option<&Composer>,
    default: Wanted,
    catalog: &Catalog,
    target: &Target,
) -> Result<Choice, Problem> {
    let all: Vec<&Artifact> = catalog
        .artifacts
        .iter()
        .filter(|artifact| artifact.id == PHP && artifact.fits(target))
        .filter(|artifact| !artifact.version.is_prerelease())
        .collect();
    let fits = |artifact: &&Artifact| demands.iter().all(|demand| demand.is_met_by(artifact));
    let rank = |artifact: &&Artifact| (artifact.version.clone(), !artifact.distros.is_empty());

    let line = composer.and_then(platform_line);
    let is_of_line =
        |artifact: &&Artifact| line == Some((artifact.version.major(), artifact.version.minor()));
    let fitting: Vec<&Artifact> = all.iter().copied().filter(fits).collect();
    let of_line = fitting.iter().copied().filter(is_of_line).max_by_key(rank);
    let Some(artifact) = of_line.or_else(|| fitting.into_iter().max_by_key(rank)) else {
        return Err(NoPhp::of(demands, &all, catalog).into());
    };
    let narrows =
        |demand: &&Demand| demand.is_root || all.iter().any(|artifact| !demand.is_met_by(artifact));
    let shown = demands.iter().filter(narrows).map(|demand| demand.wanted.clone());
    let mut wanted: Vec<_> = shown.collect();
    if wanted.is_empty() {
        wanted.extend(demands.first().map(|demand| demand.wanted.clone()));
    }
    wanted.push(default);
    if of_line.is_some()
        && let Some((major, minor)) = line
    {
        let range = Range::parse(&format!("{major}.{minor}.*"))?;
        wanted
            .insert(0, Wanted { range, origin: "composer.json (config.platform.php)".to_owned() });
    }
    Ok(Choice { wanted, artifact: artifact.clone() })
}

/// The line that `config.platform.php` pretends to have.
fn platform_line(composer: &Composer) -> Option<(u64, u64)> {
    let locked = composer.lock.as_ref().map(|lock| lock.override_php.as_deref());
    let text = locked.unwrap_or(composer.json.platform_php.as_deref())?;
    let version = kouti::version::Version::parse(text).ok()?;
    Some((version.major(), version.minor()))
}

fn contradictions(choice: &Choice, demands: &[Demand]) -> Vec<Notice> {
    let unmet = demands.iter().filter(|demand| !demand.is_met_by(&choice.artifact));
    unmet
        .map(|demand| {
            Notice::new(format!(
                "BP_PHP_VERSION leads to PHP {}, but {} asks for {}: Composer will refuse it",
                choice.artifact.version,
                demand.wanted.origin,
                demand.text()
            ))
            .hint("leave BP_PHP_VERSION out, or change what is asked for")
        })
        .collect()
}

/// No release meets all demands.
#[derive(Debug, thiserror::Error)]
#[error("no PHP release fits everything that the app and its packages ask for")]
pub(crate) struct NoPhp {
    /// Origin and range.
    demands: Vec<(String, String)>,
    /// Two that cannot both be met by anything there is.
    clash: Option<(String, String)>,
    /// A version with two numbers, which Composer takes for an exact one.
    partial: Option<String>,
    available: Vec<String>,
    elsewhere: bool,
}

impl NoPhp {
    fn of(demands: &[Demand], all: &[&Artifact], catalog: &Catalog) -> Self {
        let nothing_meets = |some: &[&Demand]| {
            !all.iter().any(|artifact| some.iter().all(|demand| demand.is_met_by(artifact)))
        };
        let alone = demands.iter().find(|demand| nothing_meets(&[demand]));
        let pairs = demands
            .iter()
            .enumerate()
            .flat_map(|(index, one)| demands[index + 1..].iter().map(move |other| (one, other)));
        let clash = match alone {
            Some(_) => None,
            None => pairs.into_iter().find(|(one, other)| nothing_meets(&[one, other])),
        };
        let shown = |demand: &Demand| format!("{}: {}", demand.wanted.origin, demand.text());
        let is_partial = |text: &&str| {
            let numbers = text.trim_start_matches(['=', 'v', ' ']);
            numbers.split('.').count() < 3
                && numbers
                    .split('.')
                    .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
        };
        let text = alone.map(|demand| demand.wanted.range.to_string());
        let mut versions: Vec<_> = all.iter().map(|artifact| artifact.version.clone()).collect();
        versions.sort();
        versions.dedup();
        Self {
            demands: demands
                .iter()
                .map(|demand| (demand.wanted.origin.clone(), demand.text()))
                .collect(),
            clash: clash.map(|(one, other)| (shown(one), shown(other))),
            partial: text.as_deref().filter(is_partial).map(str::to_owned),
            available: versions.iter().rev().map(ToString::to_string).collect(),
            elsewhere: catalog.artifacts.iter().any(|artifact| {
                artifact.id == PHP && demands.iter().all(|demand| demand.is_met_by(artifact))
            }),
        }
    }
}

impl Explain for NoPhp {
    fn id(&self) -> &'static str {
        "no-php-release"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        let mut hints = Vec::new();
        if let Some(text) = &self.partial {
            let line = text.trim_start_matches(['=', 'v', ' ']);
            hints.push(format!(
                "Composer takes `{text}` for exactly that version: write `{line}.*` or `^{line}`"
            ));
        }
        if let Some((one, other)) = &self.clash {
            hints.push(format!("these two contradict each other: {one}, and {other}"));
        }
        hints.push(format!("available: {}", self.available.join(", ")));
        if self.elsewhere {
            hints.push("what fits exists for another distribution or architecture only".to_owned());
        }
        hints.push(
            "update the packages that keep PHP back with `composer update`; BP_PHP_VERSION alone \
             does not help, because Composer checks again"
                .to_owned(),
        );
        hints
    }

    fn excerpt(&self) -> Option<String> {
        let width = self.demands.iter().map(|(origin, _)| origin.len()).max()?;
        let rows = self.demands.iter().map(|(origin, text)| format!("  {origin:width$}   {text}"));
        Some(rows.collect::<Vec<_>>().join("\n"))
    }
}

/// Somebody needs a PHP that is compiled in another way.
#[derive(Debug, thiserror::Error)]
#[error("{origin} requires {name}, a way to compile PHP that this buildpack does not have")]
pub(crate) struct UnsupportedBuild {
    origin: String,
    name: String,
}

impl Explain for UnsupportedBuild {
    fn id(&self) -> &'static str {
        "unsupported-php-build"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![format!("choose a package or version that does without {}", self.name)]
    }
}
