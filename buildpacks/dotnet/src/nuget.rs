//! NuGet: where packages come from, and where they are kept.

use std::collections::BTreeSet;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use kouti::{BuildContext, Explain, Fault, Log, Problem, size_of};
use serde::Serialize;

/// Type of the binding, and the names its key may have.
const BINDING: &str = "nugetconfig";
const KEYS: [&str; 3] = ["nuget.config", "NuGet.Config", "NuGet.config"];

/// What is wrong with the binding.
#[derive(Debug, thiserror::Error)]
enum BadBinding {
    #[error("there are several bindings of type `{BINDING}`: {}", .names.join(", "))]
    Several { names: Vec<String> },
    #[error("the binding `{name}` of type `{BINDING}` has no `nuget.config`")]
    NoConfig { name: String },
}

/// Tells one bound configuration from another; nothing if there is none.
pub(crate) fn digest(context: &BuildContext) -> String {
    let texts = context.bindings.find(BINDING).into_iter().filter_map(config_of);
    kouti::sha256(texts.collect::<Vec<_>>().join("\n"))
}

fn config_of(binding: &kouti::binding::Binding) -> Option<&str> {
    KEYS.iter().find_map(|key| binding.text(key))
}

/// Puts the bound configuration to where the SDK looks for that of its user: the project's own ones
/// still count more. It is gone with `home`.
pub(crate) fn configure(context: &BuildContext, home: &Path) -> Result<(), Problem> {
    let bindings = context.bindings.find(BINDING);
    let binding = match bindings.as_slice() {
        [] => return Ok(()),
        [one] => one,
        several => {
            let names = several.iter().map(|binding| binding.name.clone()).collect();
            return Err(BadBinding::Several { names }.into());
        }
    };
    let text =
        config_of(binding).ok_or_else(|| BadBinding::NoConfig { name: binding.name.clone() })?;
    let dir = home.join(".nuget/NuGet");
    fs_err::create_dir_all(&dir)?;
    let file = dir.join("NuGet.Config");
    fs_err::write(&file, "")?;
    fs_err::set_permissions(&file, Permissions::from_mode(0o600))?;
    fs_err::write(file, text)?;
    Ok(())
}

#[derive(Serialize)]
struct Key {
    format: u32,
}

/// Packages that were restored once. They are the same for every platform and SDK.
pub(crate) fn cache(context: &BuildContext, log: &mut Log) -> Result<PathBuf, Problem> {
    context.layers.cache(log, "nuget", Key { format: 1 })
}

/// Removes package versions that this build did not use, once there are many.
///
/// `used` are directories below the cache, `<name>/<version>` in lower case. What belongs to the SDK
/// itself or to tools is not listed anywhere, so only packages with another version in use go.
pub(crate) fn prune(packages: &Path, used: &BTreeSet<String>) -> std::io::Result<u64> {
    let names: BTreeSet<&str> = used.iter().filter_map(|path| path.split('/').next()).collect();
    let mut freed = 0;
    for name in names {
        let dir = packages.join(name);
        if !dir.is_dir() {
            continue;
        }
        for entry in fs_err::read_dir(&dir)? {
            let entry = entry?;
            let version = entry.file_name().to_string_lossy().to_lowercase();
            if !used.contains(&format!("{name}/{version}")) {
                freed += size_of(&entry.path());
                fs_err::remove_dir_all(entry.path())?;
            }
        }
    }
    Ok(freed)
}

/// How many builds may add to a cache that cannot be looked through.
const BUILDS: usize = 20;

/// Counts the builds that only add to the cache; whether there were too many of them.
pub(crate) fn grows_too_long(packages: &Path) -> std::io::Result<bool> {
    let file = packages.join(".kouti-builds");
    // Without a number it is the first one.
    let count = fs_err::read_to_string(&file).ok().and_then(|text| text.trim().parse().ok());
    let count = count.unwrap_or(0_usize) + 1;
    fs_err::write(file, count.to_string())?;
    Ok(count >= BUILDS)
}

impl Explain for BadBinding {
    fn id(&self) -> &'static str {
        "nuget-binding"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::Several { .. } => "put all sources into one nuget.config and bind that",
            Self::NoConfig { .. } => "add the file under the key `nuget.config`",
        };
        vec![hint.to_owned()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cache_that_only_grows_is_emptied_after_twenty_builds() {
        let dir = tempfile::tempdir().unwrap();
        let ends: Vec<bool> = (0..20).map(|_| grows_too_long(dir.path()).unwrap()).collect();
        assert_eq!(ends.iter().filter(|end| **end).count(), 1);
        assert!(ends[19]);
    }

    #[test]
    fn only_other_versions_of_used_packages_go() {
        let dir = tempfile::tempdir().unwrap();
        for path in ["json/1.0.0", "json/2.0.0", "tool/1.0.0"] {
            fs_err::create_dir_all(dir.path().join(path)).unwrap();
            fs_err::write(dir.path().join(path).join("x.dll"), "12345").unwrap();
        }
        let freed = prune(dir.path(), &BTreeSet::from(["json/2.0.0".to_owned()])).unwrap();
        assert_eq!(freed, 5);
        assert!(!dir.path().join("json/1.0.0").exists());
        assert!(dir.path().join("json/2.0.0").exists() && dir.path().join("tool/1.0.0").exists());
    }
}
