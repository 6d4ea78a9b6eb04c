//! `cf.toml` beside a descriptor: how a language becomes a classic buildpack.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};

/// Counted up when the file changes its meaning.
const SCHEMA: u32 = 1;

/// The stacks that there are, and the distributions they are.
const STACKS: [(&str, Distro); 2] = [
    ("cflinuxfs4", Distro { name: "ubuntu", version: "22.04" }),
    ("cflinuxfs5", Distro { name: "ubuntu", version: "24.04" }),
];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Classic {
    schema: u32,
    /// What the platform's people call it.
    pub(super) language: String,
    /// Stacks for which there may be a zip of its own; all if none is named.
    #[serde(default)]
    stacks: Vec<String>,
    #[serde(default)]
    pub(super) detect: Detect,
    pub(super) supply: Option<Supply>,
    #[serde(default)]
    pub(super) compat: Compat,
    #[serde(default)]
    pub(super) order: Order,
    #[serde(default)]
    pub(super) size: Size,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Detect {
    /// What stands before the version where the platform asks who takes the app.
    pub(super) display: Option<String>,
}

/// What is built if another buildpack comes after this one.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Supply {
    pub(super) components: Vec<String>,
    /// Whether they look at the app; those that would build it must not.
    #[serde(default)]
    sees_app: bool,
    #[serde(default)]
    requires: Vec<Require>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Require {
    name: String,
    #[serde(default)]
    metadata: toml::Table,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Compat {
    /// Classic buildpacks whose settings are understood.
    #[serde(default)]
    pub(super) translations: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Order {
    /// Utilities that take no part, besides those that make no sense without an image.
    #[serde(default)]
    pub(super) exclude: Vec<String>,
}

/// Sizes of which more than a tenth above is a mistake: something was packed that should not be there.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Size {
    expected_uncached_mb: Option<u64>,
    expected_cached_mb: Option<u64>,
}

/// A Linux distribution, as `/etc/os-release` names it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub(super) struct Distro {
    pub(super) name: &'static str,
    pub(super) version: &'static str,
}

impl Classic {
    pub(super) fn read(path: &Path) -> Result<Self> {
        Self::parse(&fs_err::read_to_string(path)?)
            .with_context(|| format!("{} is wrong", path.display()))
    }

    fn parse(text: &str) -> Result<Self> {
        let language: Self = toml::from_str(text)?;
        if language.schema != SCHEMA {
            bail!("schema is {}, and only {SCHEMA} is known", language.schema);
        }
        if let Some(unknown) =
            language.stacks.iter().find(|name| STACKS.iter().all(|(known, _)| known != name))
        {
            bail!("there is no stack `{unknown}`; there are {}", names());
        }
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if language.language.is_empty() || !language.language.chars().all(is_plain) {
            bail!(
                "`{}` cannot be the name of a language: letters, digits and `_`",
                language.language
            );
        }
        Ok(language)
    }

    /// The distribution of a stack for which there is to be a zip.
    pub(super) fn distro(&self, stack: &str) -> Result<Distro> {
        let allowed = self.stacks.is_empty() || self.stacks.iter().any(|name| name == stack);
        match STACKS.iter().find(|(name, _)| *name == stack && allowed) {
            Some((_, distro)) => Ok(*distro),
            None if self.stacks.is_empty() => {
                bail!("there is no stack `{stack}`; there are {}", names())
            }
            None => bail!(
                "there is no zip for the stack `{stack}`; there are {}",
                self.stacks.join(", ")
            ),
        }
    }
}

impl Size {
    /// Refuses a zip that has become much larger than it was.
    pub(super) fn check(&self, cached: bool, bytes: u64) -> Result<()> {
        let (key, expected) = if cached {
            ("expected-cached-mb", self.expected_cached_mb)
        } else {
            ("expected-uncached-mb", self.expected_uncached_mb)
        };
        match expected {
            Some(megabytes) if bytes > megabytes * 1_100_000 => bail!(
                "the zip has {}, and {key} in cf.toml says {megabytes} MB: see what was packed, or raise it",
                kouti_report::bytes(bytes)
            ),
            _ => Ok(()),
        }
    }
}

fn names() -> String {
    STACKS.map(|(name, _)| name).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zip_for_a_stack_is_for_its_distribution() {
        let language =
            Classic::parse("schema = 1\nlanguage = \"x\"\nstacks = [\"cflinuxfs4\"]").unwrap();
        assert_eq!(language.distro("cflinuxfs4").unwrap().version, "22.04");
        let problem = |stack: &str| language.distro(stack).unwrap_err().to_string();
        assert_eq!(
            problem("cflinuxfs5"),
            "there is no zip for the stack `cflinuxfs5`; there are cflinuxfs4"
        );
        let all = Classic::parse("schema = 1\nlanguage = \"x\"").unwrap();
        let problem = all.distro("windows").unwrap_err().to_string();
        assert_eq!(problem, "there is no stack `windows`; there are cflinuxfs4, cflinuxfs5");
    }

    #[test]
    fn mistakes_in_the_file_are_told() {
        let problem = |text: &str| Classic::parse(text).unwrap_err().to_string();
        assert_eq!(problem("schema = 2\nlanguage = \"x\""), "schema is 2, and only 1 is known");
        assert!(
            problem("schema = 1\nlanguage = \"x\"\nstacks = [\"a\"]")
                .starts_with("there is no stack `a`")
        );
        assert!(
            problem("schema = 1\nlanguage = \"a b\"").contains("cannot be the name of a language")
        );
        assert!(
            problem("schema = 1\nlanguage = \"x\"\nother = 1").contains("unknown field `other`")
        );
    }

    #[test]
    fn a_zip_that_has_grown_is_refused() {
        let size = Size { expected_uncached_mb: Some(20), expected_cached_mb: None };
        size.check(false, 21_000_000).unwrap();
        size.check(true, 900_000_000).unwrap();
        assert_eq!(
            size.check(false, 23_000_000).unwrap_err().to_string(),
            "the zip has 23.0 MB, and expected-uncached-mb in cf.toml says 20 MB: see what was packed, or raise it"
        );
    }

    #[test]
    fn every_language_has_a_file_that_can_be_read() {
        let buildpacks = Path::new(env!("CARGO_MANIFEST_DIR")).join("../buildpacks");
        let mut found = Vec::new();
        for name in ["dotnet", "httpd", "java", "nginx", "nodejs", "php", "static"] {
            let language = Classic::read(&buildpacks.join(name).join("cf.toml")).unwrap();
            found.push(language.language);
        }
        assert_eq!(found, ["dotnet_core", "httpd", "java", "nginx", "nodejs", "php", "staticfile"]);
    }
}
