//! `cargo xtask new-buildpack`: a buildpack that compiles, passes its tests and is known everywhere.
//!
//! Everything is checked before anything is written, and what was written goes again if a later step fails.

mod builder;
mod name;
mod templates;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::ValueEnum;

use crate::advice::Advice;
use crate::command::Command;
use crate::workspace::{Workspace, print};
use crate::{docs, files};

use name::Name;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Its name, which becomes `kouti/<name>`: lower-case words with `-` between them
    name: String,
    /// What it is to start from
    #[arg(long, value_enum, default_value_t)]
    variant: Variant,
}

/// What a buildpack does; each has a working example.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(crate) enum Variant {
    /// A language whose runtime is installed from a pinned artifact
    Provider,
    /// A language whose packages are installed, or whose code is compiled, by a tool
    Tool,
    /// A language that needs nothing but a command to start its apps
    #[default]
    Start,
    /// Something for apps of every language
    Utility,
}

/// What is written anew for it from all buildpacks.
const WRITTEN: [&str; 8] = [
    "Cargo.lock",
    "docs/SUMMARY.md",
    "docs/bindings.md",
    "docs/calendar.svg",
    "docs/errors.md",
    "docs/settings.md",
    "docs/versions.md",
    "shared/buildpack/src/known_settings.txt",
];

/// What the new buildpack touches, to be undone unless all went well.
struct Undo {
    /// Files with the text they had.
    texts: Vec<(PathBuf, Vec<u8>)>,
    dirs: Vec<PathBuf>,
}

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    let name = Name::parse(&args.name)?;
    let root = &workspace.root;
    refuse_taken(root, &name)?;
    let edits = [
        edited(&root.join("builder.toml"), |text| builder::with(text, &name, args.variant))?,
        edited(&root.join("README.md"), |text| with_row(text, &name, args.variant))?,
    ];

    let places = [name.dir(root), name.app(root)];
    let written = WRITTEN.map(|path| root.join(path));
    let mut undo = Undo::new(edits.iter().map(|(path, _)| path).chain(&written))?;
    let made = put(&places, &name, args.variant, &mut undo).and_then(|()| {
        for (path, text) in &edits {
            files::write(path, text)?;
        }
        finish(workspace, &name)
    });
    if let Err(error) = made {
        undo.undo()?;
        return Err(error.context(format!("kouti/{name} was not made, and nothing has changed")));
    }
    tell(workspace, &name, args.variant);
    Ok(())
}

/// A name that something else has would break the workspace, or be broken by it.
fn refuse_taken(root: &Path, name: &Name) -> Result<()> {
    let manifest = fs_err::read_to_string(root.join("Cargo.toml"))?;
    let builder = fs_err::read_to_string(root.join("builder.toml"))?;
    let crates = fs_err::read_to_string(root.join("Cargo.lock"))?;
    let (dir, app) = (name.dir(root), name.app(root));
    let by = if dir.exists() {
        format!("there is {}", shown(root, &dir))
    } else if app.exists() {
        format!("there is {}", shown(root, &app))
    } else if crates.contains(&format!("\nname = \"kouti-{name}\"\n"))
        || manifest.contains(&format!("\nkouti-{name} = "))
    {
        format!("the workspace has a crate kouti-{name}")
    } else if builder.contains(&format!("\"kouti/{name}\"")) {
        format!("builder.toml has kouti/{name}")
    } else {
        return Ok(());
    };
    let summary = format!("the name `{name}` is taken: {by}");
    Err(Advice::new(summary, "choose another name, or remove what has it").into())
}

fn edited(path: &Path, edit: impl FnOnce(&str) -> Result<String>) -> Result<(PathBuf, String)> {
    let text = fs_err::read_to_string(path)?;
    let text = edit(&text).with_context(|| format!("{} cannot be extended", path.display()))?;
    Ok((path.to_owned(), text))
}

/// Writes the crate and its app aside, then puts both in place.
fn put(places: &[PathBuf; 2], name: &Name, variant: Variant, undo: &mut Undo) -> Result<()> {
    let files = [templates::buildpack(name, variant), templates::app(name, variant)];
    for (place, files) in places.iter().zip(files) {
        // Outside of the directories whose every entry is a member of the workspace.
        let aside = files::dir_beside(place.parent().context("a buildpack is in a directory")?)?;
        for (path, text) in files {
            files::write(&aside.path().join(path), text)?;
        }
        undo.dirs.push(place.clone());
        files::put_dir(aside, place)?;
    }
    Ok(())
}

/// What other tools write: layout, the lockfile, the tables of the docs.
fn finish(workspace: &Workspace, name: &Name) -> Result<()> {
    let package = format!("kouti-{name}");
    let update = Command::cargo(workspace).args(["update", "--workspace", "--offline", "--quiet"]);
    update.quiet(workspace, "new-buildpack-lock").context("Cargo.lock cannot be written")?;
    // Names of another length than in the templates end lines elsewhere.
    let format = Command::cargo(workspace).args(["fmt", "--package", &package]);
    format.quiet(workspace, "new-buildpack-format").context("it cannot be formatted")?;
    docs::write(workspace)
}

fn tell(workspace: &Workspace, name: &Name, variant: Variant) {
    let made = format!("buildpacks/{name}, with an app in tests/apps/{name}");
    workspace.say("new", format_args!("made {made}"));
    workspace.say("new", "named it in builder.toml, README.md, Cargo.lock and docs/");
    print(format_args!("\nnext: cargo test -p kouti-{name}"));
    match variant {
        Variant::Start | Variant::Tool => {
            print(format_args!("      cargo xtask dev tests/apps/{name} --run"));
        }
        Variant::Provider => print(format_args!(
            "      put real records into buildpacks/{name}/catalog.toml: the one there is made up"
        )),
        // It starts nothing by itself.
        Variant::Utility => {}
    }
    print("then: docs/add-a-language.md shows how one goes on from here");
}

/// The README with a row for the buildpack, at the end of the table.
fn with_row(text: &str, name: &Name, variant: Variant) -> Result<String> {
    let row = format!(
        "| [`kouti/{name}`](buildpacks/{name}) | {} |",
        templates::description(name, variant)
    );
    let mut lines: Vec<&str> = text.lines().collect();
    let last = lines
        .iter()
        .rposition(|line| line.starts_with("| [`kouti/"))
        .context("it has no table of buildpacks")?;
    lines.insert(last + 1, &row);
    Ok(lines.join("\n") + "\n")
}

fn shown(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).display().to_string()
}

impl Undo {
    fn new<'a>(files: impl Iterator<Item = &'a PathBuf>) -> Result<Self> {
        let texts = files.map(|path| Ok((path.clone(), fs_err::read(path)?)));
        Ok(Self { texts: texts.collect::<Result<_>>()?, dirs: Vec::new() })
    }

    fn undo(self) -> Result<()> {
        for dir in self.dirs.iter().filter(|dir| dir.exists()) {
            fs_err::remove_dir_all(dir)?;
        }
        for (path, text) in self.texts {
            if fs_err::read(&path)? != text {
                files::write(&path, text)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
