//! Facts: what an unpacked PHP consists of.
//!
//! Asked of the program itself, once for each archive; later builds remember the answer.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use kouti::{
    BuildContext, CommandFailed, Env, Explain, Fault, Layer, LayerEnv, Log, Problem, Uses,
};
use serde::{Deserialize, Serialize};

use crate::toolchain::Toolchain;

/// What an unpacked PHP consists of.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Inventory {
    /// Extensions inside the program, by the names that Composer has for them.
    pub(crate) built_in: Vec<String>,
    /// Extensions that can be loaded, by the names of their files.
    pub(crate) shared: Vec<String>,
    /// Their versions, as far as they differ from that of PHP.
    pub(crate) versions: BTreeMap<String, String>,
    /// Where they are, relative to the archive.
    pub(crate) extension_dir: String,
    /// Interface for which they were compiled.
    pub(crate) api: String,
    /// Files of libraries beside the program, which it finds by `LD_LIBRARY_PATH` only.
    pub(crate) libraries: Vec<String>,
}

/// Extensions that PHP loads in another way than the others.
pub(crate) const ZEND: [&str; 3] = ["ioncube", "opcache", "xdebug"];

const FILE: &str = "inventory.json";
const EXTENSIONS: &str = "lib/php/extensions";

/// Lists names and versions of what is loaded.
const LIST: &str = r#"foreach (get_loaded_extensions() as $e) echo $e, "=", phpversion($e), "\n";"#;

#[derive(Serialize)]
struct Key {
    checksum: String,
}

impl Inventory {
    /// What the PHP of this build consists of.
    pub(crate) fn take(
        context: &BuildContext,
        log: &mut Log,
        toolchain: &mut Toolchain<'_>,
    ) -> Result<Self, Problem> {
        let layer = Layer {
            name: "php-inventory",
            title: "list of PHP's extensions".to_owned(),
            uses: Uses::CACHE,
            key: Key { checksum: toolchain.php().checksum.to_string() },
            env: LayerEnv::new(),
            sbom: None,
        };
        if let Some(known) = Self::remembered(context, &layer)? {
            // Also keeps it for the build after this one.
            context.layers.ensure(log, &layer, |_, _| Ok(()))?;
            return Ok(known);
        }
        let dir = toolchain.unpacked(log)?;
        let found = Self::ask(context, &dir)?;
        let text = serde_json::to_string_pretty(&found).map_err(|error| internal(&error))?;
        context.layers.ensure(log, &layer, |dir, _| Ok(fs_err::write(dir.join(FILE), text)?))?;
        Ok(found)
    }

    fn remembered(context: &BuildContext, layer: &Layer<Key>) -> Result<Option<Self>, Problem> {
        if !context.layers.is_current(layer)? {
            return Ok(None);
        }
        let text = fs_err::read_to_string(context.layers.path(layer.name).join(FILE));
        Ok(text.ok().and_then(|text| serde_json::from_str(&text).ok()))
    }

    fn ask(context: &BuildContext, dir: &Path) -> Result<Self, Problem> {
        let (extension_dir, api) = extension_dir(dir)?;
        let shared = shared(&dir.join(&extension_dir))?;
        let libraries = dir.join("lib");
        let bundled = bundled(&libraries)?;
        let mut env = context.env.clone();
        if !bundled.is_empty() {
            env.append("LD_LIBRARY_PATH", &libraries, ":");
        }
        let built_in = list(context, dir, &env, &[])?;
        let mut options = vec![format!("extension_dir={}", dir.join(&extension_dir).display())];
        options.extend(crate::extensions::in_order(&shared).into_iter().map(|name| {
            let directive =
                if ZEND.contains(&name.as_str()) { "zend_extension" } else { "extension" };
            format!("{directive}={name}")
        }));
        let versions = list(context, dir, &env, &options)?;
        let php = built_in.get("core").cloned().unwrap_or_default();
        Ok(Self {
            versions: versions.into_iter().filter(|(_, version)| *version != php).collect(),
            built_in: built_in.into_keys().collect(),
            shared,
            extension_dir,
            api,
            libraries: bundled,
        })
    }

    /// Whether an extension is there, in whatever form.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.is_built_in(name) || self.is_shared(name)
    }

    pub(crate) fn is_built_in(&self, name: &str) -> bool {
        self.built_in.iter().any(|known| known == name)
    }

    pub(crate) fn is_shared(&self, name: &str) -> bool {
        self.shared.iter().any(|known| known == name)
    }
}

/// Composer's name of an extension, without `ext-`: `Zend OPcache` is `opcache` here.
pub(crate) fn canonical(name: &str) -> String {
    let name = name.trim().to_ascii_lowercase().replace(' ', "-");
    match name.strip_prefix("ext-").unwrap_or(&name) {
        "zend-opcache" => "opcache".to_owned(),
        "ioncube-loader" => "ioncube".to_owned(),
        name => name.to_owned(),
    }
}

fn list(
    context: &BuildContext,
    dir: &Path,
    env: &Env,
    options: &[String],
) -> Result<BTreeMap<String, String>, Problem> {
    let php = dir.join("bin/php");
    let options = options.iter().flat_map(|option| ["-d", option.as_str()]);
    let output = context
        .command(&php.to_string_lossy(), &context.app_dir, env)
        .args(["-n", "-d", "display_errors=stderr"])
        .args(options)
        .args(["-r", LIST])
        .output()
        .map_err(|failed| match failed {
            CommandFailed::Status { tail, .. } => Problem::from(DoesNotRun {
                reason: tail.into_iter().find(|line| !line.trim().is_empty()).unwrap_or_default(),
            }),
            other => other.into(),
        })?;
    let pairs = output.lines().filter_map(|line| line.split_once('='));
    Ok(pairs.map(|(name, version)| (canonical(name), version.trim().to_owned())).collect())
}

/// The directory with the extensions, and the interface they were compiled for.
fn extension_dir(dir: &Path) -> Result<(String, String), Problem> {
    let root = dir.join(EXTENSIONS);
    let mut below = Vec::new();
    let mut is_flat = false;
    if root.is_dir() {
        for entry in fs_err::read_dir(&root)? {
            let path: PathBuf = entry?.path();
            is_flat |= path.extension().is_some_and(|extension| extension == "so");
            if path.is_dir() {
                below.extend(path.file_name().map(|name| name.to_string_lossy().into_owned()));
            }
        }
    }
    match below.as_slice() {
        [name] if !is_flat => {
            let api = name.rsplit('-').next().unwrap_or_default().to_owned();
            Ok((format!("{EXTENSIONS}/{name}"), api))
        }
        [] if is_flat => Ok((EXTENSIONS.to_owned(), String::new())),
        _ => Err(UnusualArchive { found: below.len() }.into()),
    }
}

fn shared(dir: &Path) -> Result<Vec<String>, Problem> {
    let mut names = Vec::new();
    for entry in fs_err::read_dir(dir)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        names.extend(name.strip_suffix(".so").map(str::to_owned));
    }
    names.sort();
    Ok(names)
}

/// The files of libraries, each once: the other names of one are links to it.
fn bundled(dir: &Path) -> Result<Vec<String>, Problem> {
    let mut names = Vec::new();
    if dir.is_dir() {
        for entry in fs_err::read_dir(dir)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.contains(".so") && entry.file_type()?.is_file() {
                names.push(name);
            }
        }
    }
    names.sort();
    Ok(names)
}

fn internal(error: &serde_json::Error) -> Problem {
    Problem::new("internal", Fault::Buildpack, error.to_string())
}

/// PHP itself does not start.
#[derive(Debug, thiserror::Error)]
#[error("PHP does not run in this image: {reason}")]
struct DoesNotRun {
    reason: String,
}

impl Explain for DoesNotRun {
    fn id(&self) -> &'static str {
        "php-does-not-run"
    }

    fn fault(&self) -> Fault {
        Fault::Surroundings
    }

    fn hints(&self) -> Vec<String> {
        vec![
            "if it lacks a library, use a fuller build and run image".to_owned(),
            "set BP_LOG_LEVEL=debug and build again to see more".to_owned(),
        ]
    }
}

/// An archive whose extensions cannot be found.
#[derive(Debug, thiserror::Error)]
#[error("this PHP archive has {found} directories of extensions below {EXTENSIONS}, not one")]
struct UnusualArchive {
    found: usize,
}

impl Explain for UnusualArchive {
    fn id(&self) -> &'static str {
        "unusual-php-archive"
    }

    fn fault(&self) -> Fault {
        Fault::Buildpack
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_files() {
        for (name, file) in [
            ("ext-zend-opcache", "opcache"),
            ("Zend OPcache", "opcache"),
            ("ext-PDO_MySQL", "pdo_mysql"),
            ("mbstring", "mbstring"),
        ] {
            assert_eq!(canonical(name), file);
        }
    }
}
