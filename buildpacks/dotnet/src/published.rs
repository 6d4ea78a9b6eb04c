//! Facts: what `dotnet publish` has made, here or elsewhere.

use std::path::{Path, PathBuf};

use kouti::Problem;

use crate::deps_json::DepsJson;
use crate::entry_point::{EntryPoint, NoEntryPoint};
use crate::runtime_config::RuntimeConfig;
use crate::source_text::decode;

/// An app as it was published.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Published {
    /// Where it is now.
    pub(crate) dir: PathBuf,
    /// Name of the assembly.
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) config: Option<RuntimeConfig>,
    pub(crate) deps: Option<DepsJson>,
    /// Whether its own properties say that it knows no cultures.
    pub(crate) invariant: bool,
    /// Whether ICU lies beside it.
    pub(crate) has_own_icu: bool,
    /// Whether its files cannot be told apart by package.
    pub(crate) is_fused: bool,
}

/// What an app is in the image.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Role {
    Web(EntryPoint),
    Other(EntryPoint),
    /// Files for a web server.
    Site,
    /// Something that only others start.
    Library,
}

impl Published {
    /// Reads the output of a build in `dir`.
    pub(crate) fn read(dir: &Path, name: &str) -> Result<Self, Problem> {
        let of_name = |ending: &str| dir.join(format!("{name}.{ending}"));
        let read = |path: PathBuf| -> Result<Option<String>, Problem> {
            if !path.is_file() {
                return Ok(None);
            }
            Ok(Some(decode(&fs_err::read(path)?)))
        };
        let config = match read(of_name("runtimeconfig.json"))? {
            Some(text) => Some(RuntimeConfig::parse(&format!("{name}.runtimeconfig.json"), &text)?),
            None => None,
        };
        let deps = read(of_name("deps.json"))?.and_then(|text| DepsJson::parse(&text));
        Ok(Self {
            dir: dir.to_owned(),
            name: name.to_owned(),
            role: Role::Library,
            config,
            deps,
            invariant: false,
            has_own_icu: has_icu(dir)?,
            is_fused: false,
        })
    }

    /// Finds out what starts it.
    pub(crate) fn find_entry(&self, arch: &str) -> Result<EntryPoint, NoEntryPoint> {
        EntryPoint::find(&self.dir, &self.name, self.config.as_ref(), arch)
    }

    /// Whether it runs on ASP.NET Core.
    pub(crate) fn uses_aspnet(&self) -> bool {
        matches!(self.role, Role::Web(_))
            || self.config.as_ref().is_some_and(RuntimeConfig::uses_aspnet)
    }

    /// Whether it works with cultures, and so needs ICU of the image. What the configuration says
    /// counts more than anything else.
    pub(crate) fn needs_icu(&self) -> bool {
        let (Role::Web(_) | Role::Other(_)) = self.role else { return false };
        let config = self.config.as_ref();
        let invariant = config.and_then(|config| config.invariant).unwrap_or(self.invariant);
        !invariant && !self.has_own_icu && !config.is_some_and(|config| config.has_own_icu)
    }
}

fn has_icu(dir: &Path) -> std::io::Result<bool> {
    for entry in fs_err::read_dir(dir)? {
        if entry?.file_name().to_string_lossy().starts_with("libicuuc") {
            return Ok(true);
        }
    }
    Ok(false)
}
