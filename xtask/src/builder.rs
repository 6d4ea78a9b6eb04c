//! `cargo xtask builder`: the builder image, from `builder.toml` and the packages that there are.

mod descriptor;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::advice::Advice;
use crate::command::Command;
use crate::package::Package;
use crate::profile::{Choice, Profile};
use crate::setup::{self, Setup, Times};
use crate::stamp::Key;
use crate::tools::Tools;
use crate::workspace::Workspace;
use crate::{base, docker, files};

pub(crate) use descriptor::Descriptor;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Base images and sources of runtimes
    #[arg(long, value_enum, default_value_t)]
    profile: Choice,
    /// Also make kouti/builder:local-full, which has compilers for native modules
    #[arg(long)]
    full: bool,
}

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    let times = &Times::default();
    let made = if args.full {
        make_full(workspace, times)?
    } else {
        setup::make(workspace, args.profile, &[], times)?
    };
    workspace.say("builder", format_args!("{} is up to date", made.builder));
    if args.full {
        workspace.say("builder", format_args!("{} is up to date", FULL.image));
    }
    Ok(())
}

/// The builder of the local profile, and the one with compilers.
pub(crate) fn make_full(workspace: &Workspace, times: &Times) -> Result<Setup> {
    let made = setup::make(workspace, Choice::Local, &[], times)?;
    base::ensure_full(workspace)?;
    ensure_variant(workspace, &FULL, &made.tools, &made.packages)?;
    Ok(made)
}

/// A builder image, and what its builds run in.
struct Variant {
    profile: Profile,
    image: &'static str,
    build_image: &'static str,
    /// What its files are called.
    name: &'static str,
}

/// With compilers.
const FULL: Variant = Variant {
    profile: Profile::Local,
    image: "kouti/builder:local-full",
    build_image: base::BUILD_IMAGE_FULL,
    name: "local-full",
};

impl Variant {
    /// The ordinary one.
    fn of(profile: Profile) -> Self {
        let name = match profile {
            Profile::Public => "public",
            Profile::Local => "local",
        };
        Self { profile, image: image(profile), build_image: base::BUILD_IMAGE, name }
    }
}

/// The image of a profile.
pub(crate) fn image(profile: Profile) -> &'static str {
    match profile {
        Profile::Public => "kouti/builder:noble",
        Profile::Local => "kouti/builder:local",
    }
}

/// Creates the builder image of `packages`, unless the daemon has that very one.
pub(crate) fn ensure(
    workspace: &Workspace,
    profile: Profile,
    tools: &Tools,
    packages: &[Package],
) -> Result<()> {
    ensure_variant(workspace, &Variant::of(profile), tools, packages)
}

fn ensure_variant(
    workspace: &Workspace,
    variant: &Variant,
    tools: &Tools,
    packages: &[Package],
) -> Result<()> {
    let _lock = workspace.lock("builder")?;
    let &Variant { profile, image, build_image, name } = variant;
    let mut descriptor = Descriptor::read(&workspace.root)?.with(packages);
    if profile == Profile::Local {
        descriptor = descriptor.on(build_image, base::RUN_IMAGE, &tools.archive);
    }
    let config = config(workspace, name);
    files::write(&config, descriptor.to_toml()?)?;

    let stamp = config.with_file_name(format!(".{name}.key"));
    let key = key(&config, tools, packages, &descriptor)?;
    if docker::is_made_from(image, &stamp, &key) {
        return Ok(());
    }
    workspace.say("builder", format_args!("creating {image} with {} buildpacks", packages.len()));
    pack(workspace, tools)
        .args(["builder", "create", image, "--pull-policy", pull_policy(profile), "--config"])
        .arg(&config)
        .quiet(workspace, "builder")
        .map_err(|error| {
            let hint = format!(
                "the descriptor is {}; `{image}` can be removed and made anew",
                config.display()
            );
            Advice::new("pack cannot create the builder", hint).because(error)
        })?;
    docker::made_from(image, &stamp, &key)
}

/// The pack CLI, with settings of its own instead of the user's.
pub(crate) fn pack(workspace: &Workspace, tools: &Tools) -> Command {
    settings(workspace, Command::new(&tools.pack))
}

/// The environment of [`pack`] for a command that runs it.
pub(crate) fn settings(workspace: &Workspace, command: Command) -> Command {
    // With a fixed volume key an app finds its build cache again, whoever builds it.
    command.env("PACK_HOME", workspace.target().join("pack")).env("PACK_VOLUME_KEY", "kouti")
}

/// Images of the local profile are in the daemon or nowhere.
pub(crate) fn pull_policy(profile: Profile) -> &'static str {
    match profile {
        Profile::Public => "if-not-present",
        Profile::Local => "never",
    }
}

/// The directories of the buildpacks that a builder for these languages needs, together with those that it has
/// already; none means all.
pub(crate) fn members(
    workspace: &Workspace,
    profile: Profile,
    languages: &[String],
) -> Result<Vec<String>> {
    // Without this, who asks for all would get no more than the builder that is there holds.
    if languages.is_empty() {
        return Ok(Vec::new());
    }
    let committed = Descriptor::read(&workspace.root)?;
    let mut ids = BTreeSet::new();
    for language in languages {
        let members = committed.members_for(&format!("kouti/{language}"));
        if members.is_empty() {
            return Ok(Vec::new());
        }
        ids.extend(members.into_iter().map(str::to_owned));
    }
    if let Ok(present) = fs_err::read_to_string(config(workspace, Variant::of(profile).name)) {
        ids.extend(Descriptor::parse(&present)?.ids().map(str::to_owned));
    }
    let mut names = workspace.buildpacks()?;
    names.retain(|name| ids.contains(&format!("kouti/{name}")));
    Ok(names)
}

/// Where the descriptor of the builder that there is, is kept.
fn config(workspace: &Workspace, name: &str) -> PathBuf {
    workspace.target().join("builder").join(format!("{name}.toml"))
}

fn key(
    config: &Path,
    tools: &Tools,
    packages: &[Package],
    descriptor: &Descriptor,
) -> Result<String> {
    let key = Key::new()
        .file("config", config)?
        .file("pack", &tools.pack)?
        .file("lifecycle", &tools.archive)?;
    let build_image = docker::image_id(descriptor.build_image()).unwrap_or_default();
    let key = key.text("build image", &build_image);
    let key = packages.iter().try_fold(key, |key, package| {
        key.file(&package.id, &package.cnb)
            .with_context(|| format!("{} is not packaged", package.id))
    })?;
    Ok(key.finish())
}
