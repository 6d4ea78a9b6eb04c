//! The release build of the buildpacks: static binaries that do not depend on where they were compiled.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::command::Command;
use crate::workspace::{ARCH, TRIPLE, Workspace};

/// Compiles these buildpacks, or all if none is named, and returns the directory of their binaries.
pub(crate) fn release(workspace: &Workspace, buildpacks: &[String]) -> Result<PathBuf> {
    workspace.say("build", "compiling the buildpacks");
    optimised(workspace)?
        .args(binaries(buildpacks))
        .args(packages(workspace)?)
        .quiet(workspace, "build")
        .context("the buildpacks do not compile")?;
    Ok(workspace.release())
}

/// Compiles what makes our buildpacks classic Cloud Foundry buildpacks.
pub(crate) fn shim(workspace: &Workspace) -> Result<()> {
    optimised(workspace)?
        .args(["--bins", "-p", "kouti-shim"])
        .quiet(workspace, "build-shim")
        .context("the Cloud Foundry adapter does not compile")
}

/// `cargo build` as for a release; still to be told what.
pub(crate) fn optimised(workspace: &Workspace) -> Result<Command> {
    let mut flags = vec![
        "target-feature=+crt-static",
        // A panic ends the program: nothing ever unwinds, and nothing needs to know how to.
        "force-unwind-tables=no",
    ];
    if ARCH == "amd64" {
        // Of functions that are equal to the byte, one is enough; only here Rust's own linker is the default.
        flags.push("link-arg=-Wl,--icf=all");
        // A static program at a random address relocates itself: packed, that takes a tenth of the bytes.
        flags.push("link-arg=-Wl,-z,pack-relative-relocs");
    }
    let mut flags: Vec<String> =
        flags.into_iter().flat_map(|flag| ["-C".to_owned(), flag.to_owned()]).collect();
    for (from, to) in remapped(workspace)? {
        flags.push(format!("--remap-path-prefix={}={to}", from.display()));
    }
    Ok(Command::cargo(workspace)
        .args(["build", "--release", "--locked", "--target", TRIPLE, "--target-dir"])
        .arg(workspace.target())
        // Encoded flags win over all that a user may have set; the separator allows blanks in paths.
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f")))
}

/// Compiles all buildpacks quickly, for trying them out, and returns the directory of their binaries.
pub(crate) fn debug(workspace: &Workspace) -> Result<PathBuf> {
    workspace.say("build", "compiling the buildpacks for development");
    Command::cargo(workspace)
        .args(["build", "--bins", "--target-dir"])
        .arg(workspace.target())
        .args(packages(workspace)?)
        .quiet(workspace, "build-debug")
        .context("the buildpacks do not compile")?;
    Ok(workspace.target().join("debug"))
}

/// The crates of all buildpacks, as arguments. The features of what they share follow from all of them, and so do the
/// bytes of each program, also where not all programs are wanted.
fn packages(workspace: &Workspace) -> Result<Vec<String>> {
    let names = workspace.buildpacks()?.into_iter();
    Ok(names.flat_map(|name| ["-p".to_owned(), format!("kouti-{name}")]).collect())
}

/// The programs of these buildpacks, or of all, as arguments.
fn binaries(buildpacks: &[String]) -> Vec<String> {
    if buildpacks.is_empty() {
        return vec!["--bins".to_owned()];
    }
    // With the helper, where there is one.
    buildpacks.iter().map(|name| format!("--bin=kouti-{name}*")).collect()
}

/// Directories whose names must not show in a binary, and what stands for them; a later one wins over an earlier.
fn remapped(workspace: &Workspace) -> Result<Vec<(PathBuf, String)>> {
    let print = |what| Command::new("rustc").args(["--print", what]).dir(&workspace.root).output();
    let version = Command::new("rustc").arg("-vV").dir(&workspace.root).output()?;
    let commit =
        version.lines().find_map(|line| line.strip_prefix("commit-hash: ")).unwrap_or("unknown");
    // Where the component rust-src is installed, the standard library's own paths appear.
    let library = Path::new(print("sysroot")?.trim()).join("lib/rustlib/src/rust");
    Ok(vec![
        (workspace.cargo_home.clone(), "/cargo".to_owned()),
        (library, format!("/rustc/{commit}")),
        (workspace.root.clone(), "/kouti".to_owned()),
    ])
}
