//! Which Java: every place that may say so, and what comes of it.

use kouti::catalog::{Catalog, Choice, Request, Target, Wanted, choose};
use kouti::version::{BadRange, Range};
use kouti::{Env, Explain, Fault, Notice, Plan, Problem};

use crate::app::App;
use crate::settings;
use crate::vendor::Vendor;
use crate::version_file::Wish;

/// Used where nothing says which one.
const DEFAULT: &str = "21";

/// Lines with long-term support, for those who ask for `lts`.
const LTS: &str = "8 || 11 || 17 || 21 || 25";

/// What runs or compiles.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Jdk,
    Jre,
}

/// The wish that counts, and all others.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct JavaVersion {
    pub(crate) vendor: Vendor,
    pub(crate) wanted: Vec<Wanted>,
    pub(crate) notices: Vec<Notice>,
}

/// What can be installed, and on what.
#[derive(Clone, Copy)]
pub(crate) struct Shelf<'a> {
    pub(crate) catalog: &'a Catalog,
    pub(crate) target: &'a Target,
}

impl Shelf<'_> {
    /// The newest artifact that fits.
    pub(crate) fn choose(
        &self,
        id: &str,
        name: &str,
        wanted: &[Wanted],
    ) -> Result<Choice, Problem> {
        Ok(choose(self.catalog, &Request { id, name, wanted, target: self.target })?)
    }

    /// Major versions of a JDK or JRE, ascending.
    fn majors(&self, vendor: Vendor) -> Vec<u64> {
        let ids = [id(vendor, Kind::Jdk), id(vendor, Kind::Jre)];
        let fitting = self.catalog.artifacts.iter();
        let fitting = fitting.filter(|one| ids.contains(&one.id) && one.fits(self.target));
        let mut majors: Vec<u64> = fitting.map(|one| one.version.major()).collect();
        majors.sort_unstable();
        majors.dedup();
        majors
    }
}

fn id(vendor: Vendor, kind: Kind) -> String {
    let kind = match kind {
        Kind::Jdk => "jdk",
        Kind::Jre => "jre",
    };
    format!("{}-{kind}", vendor.id())
}

impl JavaVersion {
    /// Puts the wishes in order.
    pub(crate) fn decide(
        app: &App,
        env: &Env,
        plan: &Plan,
        shelf: Shelf<'_>,
    ) -> Result<Self, Problem> {
        let mut notices = Vec::new();
        let vendor = vendor(app, env, &mut notices)?;
        let mut wanted = Vec::new();
        if let Some(text) = settings::JVM_VERSION.read(env)? {
            wanted.push(strict(&text, "BP_JVM_VERSION", shelf, vendor)?);
        }
        for name in ["jdk", "jre"] {
            for entry in plan.entries(name) {
                if let Some(text) = entry.text("version") {
                    wanted.push(strict(text, "another buildpack", shelf, vendor)?);
                }
            }
        }
        for wish in &app.wishes {
            let is_first = wanted.is_empty();
            if is_first && wish.origin.starts_with("system.properties") {
                wanted.push(strict(&wish.version, &wish.origin, shelf, vendor)?);
            } else if is_first {
                wanted.extend(lenient(wish, shelf, vendor, &mut notices));
            } else {
                wanted.extend(lower(wish));
            }
        }
        if wanted.is_empty() {
            wanted.push(Wanted { range: range(DEFAULT)?, origin: "default".to_owned() });
        }
        Ok(Self { vendor, wanted, notices })
    }

    /// The artifact of this kind.
    pub(crate) fn choose(&self, kind: Kind, from: Shelf<'_>) -> Result<Choice, Problem> {
        from.choose(&id(self.vendor, kind), "Java", &self.wanted)
    }
}

fn vendor(app: &App, env: &Env, notices: &mut Vec<Notice>) -> Result<Vendor, Problem> {
    if let Some(vendor) = settings::JVM_VENDOR.read(env)? {
        return Ok(vendor);
    }
    for wish in &app.wishes {
        if let Some(vendor) = wish.vendor {
            return Ok(vendor);
        }
        if let Some(name) = &wish.unknown_vendor {
            notices.push(
                Notice::new(format!(
                    "{} asks for a Java of `{name}`, which this buildpack does not have",
                    wish.origin
                ))
                .hint("BP_JVM_VENDOR chooses: liberica, temurin or zulu"),
            );
        }
    }
    Ok(Vendor::default())
}

/// A version as vendors number it: `1.8` and `8u492` are 8.
fn normal(text: &str) -> String {
    let text = text.trim();
    match text.to_ascii_lowercase().as_str() {
        "latest" => return "*".to_owned(),
        "lts" => return LTS.to_owned(),
        _ => {}
    }
    if let Some((major, update)) = text.split_once('u')
        && let (Ok(major), Ok(update)) = (major.parse::<u64>(), update.parse::<u64>())
    {
        return format!("{major}.0.{update}");
    }
    let old = text.strip_prefix("1.").filter(|rest| {
        let major = rest.split(['.', '_', '*']).next().and_then(|part| part.parse::<u64>().ok());
        major.is_some_and(|major| major < 10)
    });
    match old {
        Some(rest) => rest.replace(".0_", ".0."),
        None => text.to_owned(),
    }
}

fn range(text: &str) -> Result<Range, BadRange> {
    Range::parse(&normal(text))
}

/// Whether anything fits.
fn fits(range: &Range, shelf: Shelf<'_>, vendor: Vendor) -> bool {
    let ids = [id(vendor, Kind::Jdk), id(vendor, Kind::Jre)];
    let mut all = shelf.catalog.artifacts.iter();
    all.any(|one| ids.contains(&one.id) && one.fits(shelf.target) && range.matches(&one.version))
}

/// A wish that is met or is an error. A release of three numbers is also one with a fourth: vendors
/// number what they bring out again so.
fn strict(text: &str, origin: &str, shelf: Shelf<'_>, vendor: Vendor) -> Result<Wanted, Problem> {
    let exact = range(text)
        .map_err(|_| BadJavaVersion { text: text.to_owned(), origin: origin.to_owned() })?;
    let parts: Vec<u64> = normal(text).split('.').map_while(|part| part.parse().ok()).collect();
    if let [major, minor, patch] = parts[..]
        && normal(text).split('.').count() == 3
        && !fits(&exact, shelf, vendor)
    {
        let respun = format!(">={major}.{minor}.{patch} <{major}.{minor}.{}", patch + 1);
        let respun = Range::parse(&respun)?;
        if fits(&respun, shelf, vendor) {
            return Ok(Wanted { range: respun, origin: origin.to_owned() });
        }
    }
    Ok(Wanted { range: exact, origin: origin.to_owned() })
}

/// A wish of a file: at least its major version, or the next one that there is.
fn lenient(
    wish: &Wish,
    shelf: Shelf<'_>,
    vendor: Vendor,
    notices: &mut Vec<Notice>,
) -> Option<Wanted> {
    let origin = wish.origin.clone();
    let exact = range(&wish.version).ok()?;
    if fits(&exact, shelf, vendor) {
        return Some(Wanted { range: exact, origin });
    }
    let major = major(&wish.version)?;
    let majors = shelf.majors(vendor);
    if majors.contains(&major) {
        notices.push(Notice::new(format!(
            "{origin} asks for Java {}, which is not to be had: the newest {major} is used",
            wish.version
        )));
        return Some(Wanted { range: range(&major.to_string()).ok()?, origin });
    }
    let next = majors.into_iter().find(|have| *have > major);
    if let Some(next) = next {
        notices.push(
            Notice::new(format!(
                "{origin} asks for Java {major}, which is not to be had: {next} is used"
            ))
            .hint("set BP_JVM_VERSION to the version that the app is meant for"),
        );
        return Some(Wanted { range: range(&next.to_string()).ok()?, origin });
    }
    Some(Wanted { range: range(&major.to_string()).ok()?, origin })
}

/// A wish that does not decide. What compiles for a Java runs on later ones too.
fn lower(wish: &Wish) -> Option<Wanted> {
    let major = major(&wish.version)?;
    let text = if wish.is_minimum() { format!(">={major}") } else { major.to_string() };
    Some(Wanted { range: range(&text).ok()?, origin: wish.origin.clone() })
}

fn major(version: &str) -> Option<u64> {
    normal(version).split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// A text that is no version.
#[derive(Debug, thiserror::Error)]
#[error("`{text}` in {origin} is no version of Java")]
struct BadJavaVersion {
    text: String,
    origin: String,
}

impl Explain for BadJavaVersion {
    fn id(&self) -> &'static str {
        "bad-java-version"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec!["write `21`, `21.0.*`, `21.0.4`, `>=17 <22`, `~17.0.1`, `lts` or `latest`".to_owned()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_vendors_number_them() {
        for (text, expected) in [
            ("1.8", "8"),
            ("1.8.0_492", "8.0.492"),
            ("8u492", "8.0.492"),
            ("17.0.*", "17.0.*"),
            ("latest", "*"),
            ("11", "11"),
            ("1.10", "1.10"),
        ] {
            assert_eq!(normal(text), expected, "{text}");
        }
        assert_eq!(major("1.8.0_1"), Some(8));
        assert_eq!(major("21.0.4+7"), Some(21));
    }
}
