//! `cargo xtask package`: every buildpack as a directory and as a `.cnb` file, the same bytes wherever it is made.

mod catalog;
mod cf;
mod contents;
mod descriptor;
mod download;
mod image;
mod mirrored;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use kouti_report::{bytes, duration};

use crate::profile::Profile;
use crate::workspace::{ARCH, Workspace, print};
use crate::{build, files, mirror, stamp};

use catalog::Catalog;
use contents::Carried;
use descriptor::Descriptor;

pub(crate) use mirrored::mirror_to;

#[derive(Clone, clap::Args)]
pub(crate) struct Args {
    /// Buildpacks, by the name of their directory; all if none is named
    buildpacks: Vec<String>,
    /// Put the artifacts into the packages; always so in the local profile
    #[arg(long)]
    offline: bool,
    /// Where artifacts come from
    #[arg(long, value_enum, default_value_t = Profile::Public)]
    profile: Profile,
    /// Which artifacts an offline package carries: glob on id@version, may be repeated; by default the newest of each
    /// release line
    #[arg(long = "filter", value_name = "GLOB", requires = "offline")]
    filters: Vec<String>,
    /// Make classic Cloud Foundry buildpacks: a zip for each
    #[arg(long)]
    cf: bool,
    /// The stack of a Cloud Foundry that a zip is for: cflinuxfs4, cflinuxfs5, or any
    #[arg(long, requires = "cf")]
    stack: Option<String>,
    /// Architecture of the packages: that of this machine
    #[arg(long, default_value = ARCH, value_parser = [ARCH])]
    arch: String,
}

impl Args {
    /// Whether packages carry what upstreams have.
    pub(crate) fn downloads(&self) -> bool {
        self.offline && self.profile == Profile::Public
    }
}

/// One packaged buildpack.
#[derive(Clone, Debug)]
pub(crate) struct Package {
    pub(crate) id: String,
    pub(crate) version: String,
    /// The package as a directory.
    pub(crate) dir: PathBuf,
    /// The package as a file for `pack` and registries.
    pub(crate) cnb: PathBuf,
}

/// Packages of these buildpacks, or of all, made where something changed. Their programs must be compiled.
pub(crate) fn packages(
    workspace: &Workspace,
    profile: Profile,
    offline: bool,
    buildpacks: &[String],
) -> Result<Vec<Package>> {
    let args = Args {
        buildpacks: buildpacks.to_vec(),
        offline,
        profile,
        filters: Vec::new(),
        cf: false,
        arch: ARCH.to_owned(),
        stack: None,
    };
    make(workspace, &args)
}

/// The classic Cloud Foundry buildpacks of these languages, or of all that can be one.
pub(crate) fn classic(
    workspace: &Workspace,
    profile: Profile,
    buildpacks: &[String],
) -> Result<Vec<PathBuf>> {
    let args = Args {
        buildpacks: buildpacks.to_vec(),
        offline: profile == Profile::Local,
        profile,
        filters: Vec::new(),
        cf: true,
        arch: ARCH.to_owned(),
        stack: None,
    };
    cf::zips(workspace, &args)
}

/// All packages as directories below `into`, with the programs in `programs`: for trying them out on this host.
///
/// Those whose artifacts have been made on this machine carry them, the others have to download.
pub(crate) fn directories(
    workspace: &Workspace,
    programs: &Path,
    into: &Path,
) -> Result<Vec<PathBuf>> {
    let mirror = mirror::catalog(workspace);
    let mirror = if mirror.is_file() { Catalog::read(&mirror)? } else { Catalog::default() };
    fs_err::create_dir_all(into)?;
    let directory = |Source { dir, descriptor, catalog }| {
        let local = catalog.as_ref().map(|catalog| catalog.supplied_by(&mirror));
        let local = local.filter(|catalog| !catalog.records.is_empty());
        let artifacts = match &local {
            Some(catalog) => artifacts(workspace, Profile::Local, catalog)?,
            None => Vec::new(),
        };
        let id = &descriptor.info.id;
        if local.is_none() && catalog.is_some() {
            let hint = "downloads what it installs; `cargo xtask mirror` makes it here";
            workspace.say("package", format_args!("{id}: {hint}"));
        }
        let text = descriptor.packaged(local.or(catalog).as_ref())?;
        let mut entries = contents::of_package(text, programs, &dir, &workspace.root)?;
        if !artifacts.is_empty() {
            contents::add_artifacts(&mut entries, &artifacts)?;
        }
        let package = into.join(descriptor.file_name());
        contents::write_dir(&package, &entries)?;
        Ok(package)
    };
    sources(workspace, &[])?.into_iter().map(directory).collect()
}

/// Makes the runtimes that these buildpacks, or all, install in the local profile.
pub(crate) fn runtimes(workspace: &Workspace, buildpacks: &[String]) -> Result<()> {
    from_mirror(workspace, sources(workspace, buildpacks)?, ARCH).map(drop)
}

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    // A zip has other buildpacks beside the one that is named.
    let named = if args.cf { &[] } else { &args.buildpacks[..] };
    let sources = sources(workspace, named)?;
    if args.profile == Profile::Public {
        check_filters(&args.filters, &sources)?;
    }
    build::release(workspace, named)?;
    if args.cf {
        for zip in cf::zips(workspace, args)? {
            print(zip.display());
        }
        return Ok(());
    }
    for package in make(workspace, args)? {
        print(package.cnb.display());
    }
    Ok(())
}

fn make(workspace: &Workspace, args: &Args) -> Result<Vec<Package>> {
    let offline = args.offline || args.profile == Profile::Local;
    let sources = sources(workspace, &args.buildpacks)?;
    let sources = match args.profile {
        Profile::Public => sources,
        Profile::Local => from_mirror(workspace, sources, &args.arch)?,
    };
    let _lock = workspace.lock("package")?;
    files::sweep(&workspace.packages())?;
    sources.into_iter().map(|source| package(workspace, args, source, offline)).collect()
}

/// One buildpack as it is in the source tree.
struct Source {
    dir: PathBuf,
    descriptor: Descriptor,
    catalog: Option<Catalog>,
}

impl Source {
    fn read(workspace: &Workspace, dir: &Path) -> Result<Self> {
        let descriptor = Descriptor::read(dir, workspace.version)?;
        let mut catalog = None;
        if let Some(path) = descriptor.catalog() {
            let arches: Vec<&str> =
                descriptor.targets.iter().map(|target| target.arch.as_str()).collect();
            let read = Catalog::read(&dir.join(path))?;
            read.check(&arches)
                .with_context(|| format!("{} is wrong", dir.join(path).display()))?;
            catalog = Some(read);
        }
        Ok(Self { dir: dir.to_owned(), descriptor, catalog })
    }
}

/// These buildpacks, or all.
fn sources(workspace: &Workspace, names: &[String]) -> Result<Vec<Source>> {
    let mut known = workspace.buildpacks()?;
    if let Some(unknown) = names.iter().find(|name| !known.contains(name)) {
        bail!("there is no buildpack `{unknown}`; there are {}", known.join(", "));
    }
    known.retain(|name| names.is_empty() || names.contains(name));
    let dir = workspace.root.join("buildpacks");
    known.into_iter().map(|name| Source::read(workspace, &dir.join(name))).collect()
}

/// Gives each catalogue the artifacts of the mirror, after making those that are missing.
fn from_mirror(workspace: &Workspace, sources: Vec<Source>, arch: &str) -> Result<Vec<Source>> {
    let ids = sources.iter().filter_map(|source| source.catalog.as_ref()).flat_map(Catalog::ids);
    let families: Vec<_> = mirror::families_of(ids).into_iter().collect();
    let mut mirror = Catalog::default();
    if !families.is_empty() {
        mirror::ensure(workspace, &families)?;
        mirror = Catalog::read(&mirror::catalog(workspace))?;
    }
    let supply = |source: Source| {
        let catalog = source.catalog.as_ref().map(|catalog| catalog.supplied_by(&mirror));
        if let Some(catalog) = &catalog {
            catalog
                .check(&[arch])
                .with_context(|| format!("{} is wrong", mirror::catalog(workspace).display()))?;
        }
        Ok(Source { catalog, ..source })
    };
    sources.into_iter().map(supply).collect()
}

fn package(workspace: &Workspace, args: &Args, source: Source, offline: bool) -> Result<Package> {
    let Source { dir: buildpack_dir, descriptor, catalog } = source;
    let (info, start) = (&descriptor.info, Instant::now());
    let name = format!("{}{}", descriptor.file_name(), if offline { "-offline" } else { "" });
    let path = |suffix: &str| workspace.packages().join(format!("{name}{suffix}"));
    let package = Package {
        id: info.id.clone(),
        version: info.version.clone(),
        dir: path(""),
        cnb: path(".cnb"),
    };

    let (catalog, artifacts) = match catalog {
        Some(catalog) if offline => {
            let catalog = chosen(catalog, args)?;
            let artifacts = artifacts(workspace, args.profile, &catalog)?;
            (Some(catalog), artifacts)
        }
        catalog => (catalog, Vec::new()),
    };
    let text = descriptor.packaged(catalog.as_ref())?;
    let mut entries =
        contents::of_package(text, &workspace.release(), &buildpack_dir, &workspace.root)?;
    if !artifacts.is_empty() {
        contents::add_artifacts(&mut entries, &artifacts)?;
    }

    let (key, stamp) = (contents::key(&entries)?, path(".key"));
    if stamp::is_current(&stamp, &key) && package.dir.is_dir() && package.cnb.is_file() {
        workspace.say("package", format_args!("{}: unchanged", package.id));
        return Ok(package);
    }
    contents::write_dir(&package.dir, &entries)?;
    let size = image::write(&package.cnb, &descriptor, &args.arch, &entries)?;
    stamp::set(&stamp, &key)?;
    for Carried { id, version, size, .. } in &artifacts {
        workspace
            .say("package", format_args!("{}:   {id} {version}, {}", package.id, bytes(*size)));
    }
    workspace.say(
        "package",
        format_args!("{}: {} in {}", package.id, bytes(size), duration(start.elapsed())),
    );
    Ok(package)
}

/// The files of a catalogue's records.
fn artifacts(workspace: &Workspace, profile: Profile, catalog: &Catalog) -> Result<Vec<Carried>> {
    match profile {
        Profile::Local => contents::artifacts(catalog, |record| {
            mirror::artifact(workspace, catalog::text(record, "uri").unwrap_or_default())
        }),
        Profile::Public => contents::artifacts(catalog, |record| download::file(workspace, record)),
    }
}

/// What of a catalogue an offline package carries. The rest is not in its descriptor either, so that asking for it is
/// answered by a list of what there is and not by a download that fails.
fn chosen(catalog: Catalog, args: &Args) -> Result<Catalog> {
    let wanted = filter(&args.filters)?;
    let newest = catalog.newest_of_lines();
    let all = args.profile == Profile::Local || !args.filters.is_empty();
    let carried = catalog.only(&args.arch, |id, version| {
        wanted(id, version) && (all || newest.contains(&format!("{id}@{version}")))
    });
    if let Some((id, version)) = carried.broken_default().filter(|_| !args.filters.is_empty()) {
        bail!(
            "--filter leaves no {id} that fits the default `{version}`: an app that asks for no version could not be built"
        );
    }
    Ok(carried)
}

/// A glob that fits nothing is a mistake; one that fits an artifact of another buildpack is not.
fn check_filters(globs: &[String], sources: &[Source]) -> Result<()> {
    let names: Vec<_> = sources
        .iter()
        .filter_map(|source| source.catalog.as_ref())
        .flat_map(Catalog::names)
        .collect();
    for glob in globs {
        fast_glob::validate(glob).with_context(|| format!("--filter `{glob}` cannot be read"))?;
        if !names.iter().any(|name| fast_glob::glob_match(glob, name)) {
            bail!(
                "--filter `{glob}` fits no artifact of these buildpacks: write id@version, such as `node@24.*`"
            );
        }
    }
    Ok(())
}

/// Whether one of the globs fits `id@version`; without a glob everything does.
fn filter(globs: &[String]) -> Result<impl Fn(&str, &str) -> bool> {
    for glob in globs {
        fast_glob::validate(glob).with_context(|| format!("--filter `{glob}` cannot be read"))?;
    }
    Ok(move |id: &str, version: &str| {
        let name = format!("{id}@{version}");
        globs.is_empty() || globs.iter().any(|glob| fast_glob::glob_match(glob, &name))
    })
}
