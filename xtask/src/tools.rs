//! `cargo xtask tools`: the pack CLI and the lifecycle, built from their Go modules where they are missing.
//!
//! `tools/*/go.mod` are the only place that names their versions.

mod bill;

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use indoc::formatdoc;
use kouti_sbom::{Format, render};

use crate::command::Command;
use crate::stamp::{self, Key};
use crate::workspace::Workspace;
use crate::{files, host, tarball};

const PACK: &str = "github.com/buildpacks/pack";
const LIFECYCLE: &str = "github.com/buildpacks/lifecycle";

/// The phases as which the one program `lifecycle` can be started.
const PHASES: [&str; 8] =
    ["analyzer", "builder", "creator", "detector", "exporter", "extender", "rebaser", "restorer"];

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only install the browser in which a test opens the book
    #[arg(long)]
    browser: bool,
}

/// What `target/tools/` holds.
pub(crate) struct Tools {
    pub(crate) pack: PathBuf,
    pub(crate) lifecycle: PathBuf,
    pub(crate) launcher: PathBuf,
    /// What the `[lifecycle] uri` of a builder wants.
    pub(crate) archive: PathBuf,
    /// Of lifecycle and launcher.
    pub(crate) lifecycle_version: String,
}

/// The buildpack APIs that the lifecycle knows.
pub(crate) const BUILDPACK_APIS: [&str; 6] = ["0.7", "0.8", "0.9", "0.10", "0.11", "0.12"];

impl Tools {
    /// The lifecycle's bill of materials, as CycloneDX.
    pub(crate) fn lifecycle_bill(&self) -> Result<String> {
        Ok(render(&bill::of("lifecycle", &self.lifecycle)?, Format::CycloneDx))
    }
}

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    if args.browser {
        return host::need(workspace, &[("chromium", &["chromium"])]);
    }
    let tools = ensure(workspace)?;
    for path in [tools.pack, tools.lifecycle, tools.launcher, tools.archive] {
        workspace.say("tools", path.display());
    }
    Ok(())
}

/// Makes what is missing.
pub(crate) fn ensure(workspace: &Workspace) -> Result<Tools> {
    let _lock = workspace.lock("tools")?;
    let dir = workspace.tools();
    files::sweep(&dir)?;
    let tools = Tools {
        pack: dir.join("pack"),
        lifecycle: dir.join("lifecycle"),
        launcher: dir.join("launcher"),
        archive: dir.join("lifecycle.tgz"),
        lifecycle_version: Module::read(workspace, "lifecycle", LIFECYCLE)?.version,
    };
    pack(workspace, &tools.pack)?;
    lifecycle(workspace, &tools)?;
    Ok(tools)
}

fn pack(workspace: &Workspace, pack: &Path) -> Result<()> {
    let module = Module::read(workspace, "pack", PACK)?;
    if let Some(found) =
        host::find(workspace, "pack").filter(|found| is_version(found, &module.version))
    {
        files::link(&found, pack)?;
        return Ok(());
    }
    module.build(workspace, &[PACK], &format!("{PACK}/pkg/client.Version"), &workspace.tools())
}

/// Whether this pack says it is `version`; releases add the commit and build after a `+`.
fn is_version(pack: &Path, version: &str) -> bool {
    let said = Command::new(pack).arg("version").output().unwrap_or_default();
    said.trim().split('+').next() == Some(version)
}

fn lifecycle(workspace: &Workspace, tools: &Tools) -> Result<()> {
    let module = Module::read(workspace, "lifecycle", LIFECYCLE)?;
    let commands =
        [&format!("{LIFECYCLE}/cmd/lifecycle")[..], &format!("{LIFECYCLE}/cmd/launcher")];
    module.build(workspace, &commands, &format!("{LIFECYCLE}/cmd.Version"), &workspace.tools())?;

    let descriptor = descriptor(&module.version);
    let stamp = workspace.tools().join(".lifecycle.tgz.key");
    let key = Key::new().text("descriptor", &descriptor).file("lifecycle", &tools.lifecycle)?;
    let key = key.file("launcher", &tools.launcher)?.finish();
    if tools.archive.exists() && stamp::is_current(&stamp, &key) {
        return Ok(());
    }
    let tree = files::dir_beside(&tools.archive)?;
    let bin = tree.path().join("lifecycle");
    fs_err::create_dir(&bin)?;
    fs_err::write(tree.path().join("lifecycle.toml"), descriptor)?;
    for (name, program) in [("lifecycle", &tools.lifecycle), ("launcher", &tools.launcher)] {
        fs_err::copy(program, bin.join(name))?;
        // The lifecycle takes its own bill into the build, and the launcher's into every app image.
        let bill = bill::of(name, program)?;
        for format in Format::ALL {
            fs_err::write(
                bin.join(format!("{name}.{}", format.file_extension())),
                render(&bill, format),
            )?;
        }
    }
    for phase in PHASES {
        symlink("lifecycle", bin.join(phase))?;
    }
    let archive = tarball::gzip(files::new_in(&workspace.tools())?);
    let archive = tarball::write(&tarball::entries(tree.path())?, archive)?.finish()?;
    archive.persist(&tools.archive).context("cannot replace lifecycle.tgz")?;
    stamp::set(&stamp, &key)
}

/// `lifecycle.toml`, from which pack learns what this lifecycle can do.
fn descriptor(version: &str) -> String {
    let apis = BUILDPACK_APIS.map(|api| format!("\"{api}\"")).join(", ");
    formatdoc! {r#"
        [apis.buildpack]
        deprecated = []
        supported = [{apis}]

        [apis.platform]
        deprecated = []
        supported = ["0.7", "0.8", "0.9", "0.10", "0.11", "0.12", "0.13", "0.14", "0.15"]

        [lifecycle]
        version = "{version}"
    "#}
}

/// A Go module under `tools/` that pins one tool.
struct Module {
    name: &'static str,
    dir: PathBuf,
    version: String,
}

impl Module {
    fn read(workspace: &Workspace, name: &'static str, path: &str) -> Result<Self> {
        let dir = workspace.root.join("tools").join(name);
        let text = fs_err::read_to_string(dir.join("go.mod"))?;
        let version = required(&text, path)
            .with_context(|| format!("tools/{name}/go.mod does not require {path}"))?;
        Ok(Self { name, dir, version })
    }

    /// Builds static commands of the module into `dir`, unless they are there already; `variable` gets the version.
    fn build(
        &self,
        workspace: &Workspace,
        commands: &[&str],
        variable: &str,
        dir: &Path,
    ) -> Result<()> {
        let key = Key::new()
            .file("go.mod", &self.dir.join("go.mod"))?
            .file("go.sum", &self.dir.join("go.sum"))?;
        let key = key.text("variable", variable).finish();
        let stamp = dir.join(format!(".{}.key", self.name));
        let names: Vec<&str> =
            commands.iter().filter_map(|command| command.rsplit('/').next()).collect();
        if names.iter().all(|name| dir.join(name).is_file()) && stamp::is_current(&stamp, &key) {
            return Ok(());
        }
        host::need(workspace, &[("go", &["golang-go"])])?;
        workspace.say("tools", format_args!("building {} {} with Go", self.name, self.version));
        let out = files::dir_beside(&stamp)?;
        let flags = format!("-s -w -X {variable}={}", self.version);
        Command::new("go")
            .args(["build", "-trimpath", "-buildvcs=false", "-ldflags", &flags, "-o"])
            .arg(out.path())
            .args(commands)
            .dir(&self.dir)
            .env("CGO_ENABLED", "0")
            .quiet(workspace, &format!("tools-{}", self.name))
            .with_context(|| format!("cannot build {} from tools/{}", self.name, self.name))?;
        for name in names {
            fs_err::rename(out.path().join(name), dir.join(name))?;
        }
        stamp::set(&stamp, &key)
    }
}

/// The version of `path` that a `go.mod` requires, without the `v`.
fn required(go_mod: &str, path: &str) -> Option<String> {
    go_mod.lines().find_map(|line| {
        let mut words = line.trim().trim_start_matches("require ").split_whitespace();
        let version = words.next().filter(|word| *word == path).and(words.next())?;
        Some(version.trim_start_matches('v').to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_both_forms_of_require() {
        let single = "module x\n\nrequire example.com/tool v1.2.3\n";
        assert_eq!(required(single, "example.com/tool").as_deref(), Some("1.2.3"));
        let block =
            "require (\n\texample.com/tool/v2 v2.0.0\n\texample.com/tool v1.2.3 // indirect\n)\n";
        assert_eq!(required(block, "example.com/tool").as_deref(), Some("1.2.3"));
        assert_eq!(required(block, "example.com/other"), None);
    }

    #[test]
    fn the_lifecycle_descriptor_is_toml_and_names_the_version() {
        let table: toml::Table = descriptor("1.2.3").parse().unwrap();
        assert_eq!(table["lifecycle"]["version"].as_str(), Some("1.2.3"));
    }
}
