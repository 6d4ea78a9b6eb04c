//! The files in which people note which Java an app wants.

use std::collections::BTreeMap;
use std::path::Path;

use kouti::{Explain, Fault, Problem, Span, excerpt};

use crate::vendor::Vendor;

/// A version that a file asks for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Wish {
    pub(crate) version: String,
    pub(crate) vendor: Option<Vendor>,
    /// Of the vendor something was written that we do not have.
    pub(crate) unknown_vendor: Option<String>,
    /// `.sdkmanrc`.
    pub(crate) origin: String,
}

impl Wish {
    /// What a build file or a manifest says: the Java that was or will be compiled for.
    pub(crate) fn compiled_for(version: &str, origin: &str) -> Self {
        let (version, origin) = (version.to_owned(), origin.to_owned());
        Self { version, vendor: None, unknown_vendor: None, origin }
    }

    /// Whether a later Java is as good.
    pub(crate) fn is_minimum(&self) -> bool {
        !self.origin.starts_with('.') && !self.origin.starts_with("system.properties")
    }
}

/// Versions of tools by their names, as `.sdkmanrc` and `system.properties` have them.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Properties(pub(crate) BTreeMap<String, String>);

impl Properties {
    /// `key=value` in each line, with keys in any case.
    pub(crate) fn sdkmanrc(app_dir: &Path) -> Result<Self, Problem> {
        let Some(text) = read(app_dir, ".sdkmanrc")? else { return Ok(Self::default()) };
        let mut properties = BTreeMap::new();
        for (number, line) in (1..).zip(text.lines()) {
            let content = line.split('#').next().unwrap_or_default().trim();
            if content.is_empty() {
                continue;
            }
            let Some((key, value)) = content.split_once('=') else {
                let excerpt = excerpt(".sdkmanrc", &text, &Span::at(&text, number, 1), "no `=`");
                return Err(BadSdkmanrc { line: number, excerpt }.into());
            };
            properties.insert(key.trim().to_ascii_lowercase(), value.trim().to_owned());
        }
        Ok(Self(properties))
    }

    /// A properties file of Java.
    pub(crate) fn system(app_dir: &Path) -> Result<Self, Problem> {
        let text = read(app_dir, "system.properties")?.unwrap_or_default();
        let lines = text.lines().map(str::trim).filter(|line| !line.starts_with(['#', '!']));
        let pairs = lines.filter_map(|line| line.split_once(['=', ':']));
        Ok(Self(pairs.map(|(key, value)| (key.trim().into(), value.trim().into())).collect()))
    }

    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str).filter(|value| !value.is_empty())
    }
}

fn read(app_dir: &Path, name: &str) -> Result<Option<String>, Problem> {
    let path = app_dir.join(name);
    if !path.is_file() {
        return Ok(None);
    }
    Ok(Some(String::from_utf8_lossy(&fs_err::read(path)?).into_owned()))
}

/// What the files say, the one that counts first.
pub(crate) fn wishes(
    app_dir: &Path,
    system: &Properties,
    sdkmanrc: &Properties,
) -> Result<Vec<Wish>, Problem> {
    let mut wishes = Vec::new();
    if let Some(text) = system.get("java.runtime.version") {
        wishes.push(with_vendor_in_front(text, "system.properties (java.runtime.version)"));
    }
    if let Some(text) = sdkmanrc.get("java") {
        let (version, vendor) = text.split_once('-').unwrap_or((text, ""));
        wishes.push(wish(version, vendor, ".sdkmanrc"));
    }
    if let Some(text) = read(app_dir, ".java-version")?
        && let Some(line) = text.lines().map(str::trim).find(|line| !line.is_empty())
    {
        wishes.push(with_vendor_in_front(line, ".java-version"));
    }
    let tools = read(app_dir, ".tool-versions")?.unwrap_or_default();
    let line = tools.lines().find_map(|line| line.trim().strip_prefix("java "));
    if let Some(text) = line.and_then(|line| line.split_whitespace().next()) {
        wishes.push(with_vendor_in_front(text, ".tool-versions"));
    }
    Ok(wishes)
}

/// `temurin-21.0.4+7`, `zulu-17`, or a version alone.
fn with_vendor_in_front(text: &str, origin: &str) -> Wish {
    match text.rsplit_once('-') {
        Some((vendor, version)) if version.starts_with(|c: char| c.is_ascii_digit()) => {
            // `liberica-jre-21` and the like.
            wish(version, vendor.split('-').next().unwrap_or(vendor), origin)
        }
        _ => wish(text, "", origin),
    }
}

fn wish(version: &str, vendor: &str, origin: &str) -> Wish {
    // OpenJDK is what all of them are made of.
    let neutral = ["", "openjdk", "heroku", "open", "system"].contains(&vendor);
    let known = Vendor::of_file(vendor);
    Wish {
        version: version.split('+').next().unwrap_or(version).to_owned(),
        vendor: known,
        unknown_vendor: (!neutral && known.is_none()).then(|| vendor.to_owned()),
        origin: origin.to_owned(),
    }
}

/// A line that is not `key=value`.
#[derive(Debug, thiserror::Error)]
#[error("line {line} of .sdkmanrc has no `=`")]
struct BadSdkmanrc {
    line: usize,
    excerpt: String,
}

impl Explain for BadSdkmanrc {
    fn id(&self) -> &'static str {
        "bad-sdkmanrc"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec!["write `java=21.0.4-tem`, or begin the line with `#`".to_owned()]
    }

    fn excerpt(&self) -> Option<String> {
        Some(self.excerpt.clone())
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use kouti_report::Colour;

    use super::*;
    use crate::testing::write;

    fn read_all(files: &[(&str, &str)]) -> Result<Vec<String>, Problem> {
        let dir = tempfile::tempdir().unwrap();
        for (path, content) in files {
            write(dir.path(), path, content.as_bytes());
        }
        let system = Properties::system(dir.path())?;
        let sdkmanrc = Properties::sdkmanrc(dir.path())?;
        let wishes = wishes(dir.path(), &system, &sdkmanrc)?;
        let vendor = |wish: &Wish| {
            wish.vendor.map(Vendor::id).or(wish.unknown_vendor.as_deref()).unwrap_or("-").to_owned()
        };
        let shown =
            wishes.iter().map(|wish| format!("{} {} {}", wish.version, vendor(wish), wish.origin));
        Ok(shown.collect())
    }

    #[test]
    fn every_file_is_understood() {
        let wishes = read_all(&[
            ("system.properties", "# x\njava.runtime.version = zulu-17.0.9\nmaven.version=3.9.4\n"),
            (".sdkmanrc", "# comment\n\nJAVA = 21.0.2-tem # mine\nmaven=3.9.6\n"),
            (".java-version", "\nliberica-17\n"),
            (".tool-versions", "nodejs 20\njava corretto-21.0.4.7.1\n"),
        ]);
        assert_snapshot!(wishes.unwrap().join("\n"), @r"
        17.0.9 zulu system.properties (java.runtime.version)
        21.0.2 temurin .sdkmanrc
        17 liberica .java-version
        21.0.4.7.1 corretto .tool-versions
        ");
        assert_eq!(read_all(&[(".java-version", "17.0")]).unwrap(), ["17.0 - .java-version"]);
    }

    #[test]
    fn a_bad_line_of_sdkmanrc_is_shown() {
        let problem = read_all(&[(".sdkmanrc", "java=21-tem\nmaven\n")]).unwrap_err();
        assert_snapshot!(problem.page("", Colour::Off), @"
        error[bad-sdkmanrc]: line 2 of .sdkmanrc has no `=`
         --> .sdkmanrc:2:1
          |
        2 | maven
          | ^ no `=`

        hint: write `java=21.0.4-tem`, or begin the line with `#`
        ");
    }
}
