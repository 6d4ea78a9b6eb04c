//! What the lifecycle's launcher does before it starts a process: the environment of the layers,
//! and exec.d programs. For those who start processes in its place. Rules: [specification][spec].
//!
//! [spec]: https://github.com/buildpacks/spec/blob/buildpack/v0.10/buildpack.md#launch

mod variables;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub use variables::{Unsuffixed, Variables, When};

/// The layers of an app: for each buildpack, in the order in which they ran, those it has left.
#[derive(Clone, Debug, Default)]
pub struct Launcher(Vec<Vec<PathBuf>>);

impl Launcher {
    /// Reads which layers there are; each of `buildpack_dirs` holds those of one buildpack.
    pub fn read(buildpack_dirs: &[PathBuf]) -> io::Result<Self> {
        let layers =
            |dir: &PathBuf| Ok(sorted(dir)?.into_iter().filter(|layer| layer.is_dir()).collect());
        buildpack_dirs.iter().map(layers).collect::<io::Result<_>>().map(Self)
    }

    /// Adds what the layers set for processes of this type; exec.d programs come afterwards.
    pub fn add_layers(&self, process_type: &str, variables: &mut Variables) -> io::Result<()> {
        for layers in &self.0 {
            for layer in layers {
                variables.add_roots(layer, When::Launch);
            }
            for layer in layers {
                let launch = layer.join("env.launch");
                for dir in [layer.join("env"), launch.clone(), launch.join(process_type)] {
                    variables.add_files(&dir, Unsuffixed::Override)?;
                }
            }
        }
        Ok(())
    }

    /// The exec.d programs for processes of this type, in the order in which they have to run.
    pub fn exec_d(&self, process_type: &str) -> io::Result<Vec<PathBuf>> {
        let mut programs = Vec::new();
        for layer in self.0.iter().flatten() {
            let dir = layer.join("exec.d");
            for dir in [dir.clone(), dir.join(process_type)] {
                programs.extend(sorted(&dir)?.into_iter().filter(|program| !program.is_dir()));
            }
        }
        Ok(programs)
    }
}

/// How to run an exec.d program so that its standard output is what it writes to descriptor 3, for
/// [`Variables::take_over`], and its standard error all that it prints.
#[must_use]
pub fn exec_d_command(program: &Path, app_dir: &Path, variables: &Variables) -> Command {
    // A shell moves the descriptors, since safe Rust passes on only the first three.
    // `env -i` keeps out what the shell itself would add.
    let mut arguments: Vec<OsString> =
        ["-c", r#"exec 3>&1 1>&2 env -i "$@""#, "sh"].map(OsString::from).to_vec();
    arguments.extend(variables.iter().map(|(name, value)| [name, value].join(OsStr::new("="))));
    arguments.push(program.into());
    let mut command = Command::new("/bin/sh");
    command
        .args(arguments)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .current_dir(app_dir)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

impl Variables {
    /// Sets what an exec.d program has written: a TOML table of texts.
    pub fn take_over(&mut self, written: &[u8]) -> Result<(), toml::de::Error> {
        let table: BTreeMap<String, String> = toml::from_slice(written)?;
        for (name, value) in table {
            self.set(name, value);
        }
        Ok(())
    }
}

/// The paths in a directory, by name; a missing directory has none.
fn sorted(dir: &Path) -> io::Result<Vec<PathBuf>> {
    if !dir.is_dir() {
        return Ok(Vec::new());
    }
    let mut paths: Vec<_> =
        fs_err::read_dir(dir)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    paths.sort();
    Ok(paths)
}
