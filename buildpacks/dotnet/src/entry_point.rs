//! What starts a published app.

use std::path::Path;

use kouti::{Explain, Fault};
use serde::Serialize;

use crate::elf;
use crate::runtime_config::RuntimeConfig;
use crate::source_text::has_extension;

/// A file of the output, and how it is started.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum EntryPoint {
    /// By itself. Archives from Windows have lost the mode that makes it a program.
    Executable { file: String, lacks_mode: bool },
    /// With the `dotnet` program of the runtime.
    Assembly { file: String },
}

/// Nothing that can be started.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum NoEntryPoint {
    #[error("the published app has neither `{name}` nor `{name}.dll`")]
    Missing { name: String, files: Vec<String> },
    #[error("`{file}` is made for {found}, and the image for {wanted}")]
    Architecture { file: String, found: &'static str, wanted: String },
    #[error("several apps lie together: {}", .names.join(", "))]
    Ambiguous { names: Vec<String> },
}

impl EntryPoint {
    /// Looks in `dir` for the app called `name`, or for the file of that name.
    pub(crate) fn find(
        dir: &Path,
        name: &str,
        config: Option<&RuntimeConfig>,
        arch: &str,
    ) -> Result<Self, NoEntryPoint> {
        let is_file = |name: &str| dir.join(name).is_file();
        let needs_runtime = config.is_some_and(|config| !config.is_self_contained());
        if let Some(stem) = name.strip_suffix(".dll") {
            if is_file(name) && needs_runtime {
                return Ok(Self::Assembly { file: name.to_owned() });
            }
            return Self::find(dir, stem, config, arch);
        }
        if is_file(name) {
            match elf::architecture(&dir.join(name)) {
                Some(found) if found == arch => {
                    let lacks_mode = !is_executable(&dir.join(name));
                    return Ok(Self::Executable { file: name.to_owned(), lacks_mode });
                }
                // The DLL runs anywhere.
                Some(_) if needs_runtime && is_file(&format!("{name}.dll")) => {}
                Some(found) => {
                    let (file, wanted) = (name.to_owned(), arch.to_owned());
                    return Err(NoEntryPoint::Architecture { file, found, wanted });
                }
                // A script of the user is a program too.
                None if is_executable(&dir.join(name)) => {
                    return Ok(Self::Executable { file: name.to_owned(), lacks_mode: false });
                }
                None => {}
            }
        }
        let assembly = format!("{name}.dll");
        if is_file(&assembly) && needs_runtime {
            return Ok(Self::Assembly { file: assembly });
        }
        let windows = format!("{name}.exe");
        if is_file(&windows) && elf::is_for_windows(&dir.join(&windows)) {
            let wanted = format!("linux/{arch}");
            return Err(NoEntryPoint::Architecture { file: windows, found: "Windows", wanted });
        }
        Err(NoEntryPoint::Missing { name: name.to_owned(), files: startable(dir) })
    }
}

fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs_err::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o111 != 0)
}

/// Names of what might have been meant.
fn startable(dir: &Path) -> Vec<String> {
    let Ok(entries) = fs_err::read_dir(dir) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| {
            has_extension(name, &["dll"]) || elf::architecture(&dir.join(name)).is_some()
        })
        .collect();
    names.sort();
    names.truncate(10);
    names
}

/// The app of a directory that was published elsewhere, by its `*.runtimeconfig.json`.
///
/// An app that refers to another one has two of them: the main one lists the other as a library.
pub(crate) fn main_app(dir: &Path) -> std::io::Result<Result<String, NoEntryPoint>> {
    let mut names = Vec::new();
    for entry in fs_err::read_dir(dir)? {
        let Ok(name) = entry?.file_name().into_string() else { continue };
        names.extend(name.strip_suffix(".runtimeconfig.json").map(str::to_owned));
    }
    names.sort();
    let exists = |name: &str, ending: &str| dir.join(format!("{name}{ending}")).is_file();
    let whole =
        |name: &&String| exists(name, ".deps.json") && (exists(name, "") || exists(name, ".dll"));
    let whole_ones: Vec<String> = names.iter().filter(whole).cloned().collect();
    let candidates = if whole_ones.is_empty() { names } else { whole_ones };
    if let [one] = candidates.as_slice() {
        return Ok(Ok(one.clone()));
    }
    let refers_to_all = |name: &&String| {
        let text = fs_err::read_to_string(dir.join(format!("{name}.deps.json")));
        let text = text.unwrap_or_default();
        candidates.iter().all(|other| other == *name || text.contains(&format!("\"{other}/")))
    };
    let mut main = candidates.iter().filter(refers_to_all);
    Ok(match (main.next(), main.next()) {
        (Some(one), None) => Ok(one.clone()),
        _ => Err(NoEntryPoint::Ambiguous { names: candidates }),
    })
}

impl Explain for NoEntryPoint {
    fn id(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "no-entry-point",
            Self::Architecture { .. } => "wrong-architecture",
            Self::Ambiguous { .. } => "ambiguous-entry-point",
        }
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Missing { files, .. } if files.is_empty() => {
                vec![
                    "set `<OutputType>Exe</OutputType>` in the project: it makes no program"
                        .to_owned(),
                ]
            }
            Self::Missing { files, .. } => vec![
                format!("there is {}", files.join(", ")),
                "name the one to start: BP_DOTNET_ENTRYPOINT".to_owned(),
            ],
            Self::Architecture { wanted, .. } => {
                let arch = wanted.rsplit('/').next().unwrap_or_default();
                let rid = if arch == "arm64" { "linux-arm64" } else { "linux-x64" };
                vec![format!("publish it with `--runtime {rid}`, or for any platform without one")]
            }
            Self::Ambiguous { .. } => {
                vec!["name the one to start: BP_DOTNET_ENTRYPOINT".to_owned()]
            }
        }
    }
}
