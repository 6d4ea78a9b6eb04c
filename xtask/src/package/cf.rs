//! `cargo xtask package --cf`: a buildpack, and all that belongs into a build with it, as a zip for Cloud Foundry.
//!
//! The same input gives the same bytes: entries in order, one fixed time, only the x bit of a mode.

mod language;
mod manifest;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use kouti_report::bytes;
use serde::Serialize;
use zip::write::{SimpleFileOptions, ZipWriter};
use zip::{CompressionMethod, DateTime};

use language::{Classic, Distro, Supply};

use super::{Args, Package, make};
use crate::builder::Descriptor;
use crate::profile::Profile;
use crate::tarball::{self, Content};
use crate::tools::{self, Tools};
use crate::workspace::Workspace;
use crate::{build, files};

/// Counted up when the file changes its meaning; the shim compares it with its own.
const SCHEMA: u32 = 1;

/// Utilities that make no sense without an image.
const ONLY_FOR_IMAGES: [&str; 3] =
    ["kouti/image-labels", "kouti/health-checker", "kouti/source-removal"];

/// The programs that the platform calls; each names itself to the one behind them.
const STEPS: [&str; 5] = ["compile", "detect", "finalize", "release", "supply"];

/// The distribution on which the local profile builds and runs.
const LOCAL: Distro = Distro { name: "debian", version: "13" };

/// A zip above that is refused by many platforms.
const LARGE: u64 = 1_000_000_000;

/// `kouti/shim.toml` in the zip, which the shim reads.
#[derive(Serialize)]
struct About<'a> {
    schema: u32,
    language: &'a str,
    version: &'a str,
    /// Version of the lifecycle.
    lifecycle: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    display: Option<&'a str>,
    compat: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    distro: Option<Distro>,
    buildpacks: Vec<Component<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    supply: Option<&'a Supply>,
}

#[derive(Serialize)]
struct Component<'a> {
    id: &'a str,
    version: &'a str,
    api: String,
}

/// `kouti/order.toml` in the zip, which the lifecycle reads.
#[derive(Serialize)]
struct Order<'a> {
    order: Vec<Group<'a>>,
}

#[derive(Serialize)]
struct Group<'a> {
    group: Vec<Member<'a>>,
}

#[derive(Serialize)]
struct Member<'a> {
    id: &'a str,
    version: &'a str,
    optional: bool,
}

/// Names the zip that holds every language; its `cf.toml` is that of the workspace.
const ALL: &str = "all";

/// Where it says how a language, or all of them, become a classic buildpack.
fn cf_toml(workspace: &Workspace, name: &str) -> PathBuf {
    let dir = workspace.root.join("buildpacks").join(name);
    if name == ALL { workspace.root.join("cf.toml") } else { dir.join("cf.toml") }
}

/// A zip for each of these languages, or for all that have a `cf.toml`; one for all together only if it is named.
pub(super) fn zips(workspace: &Workspace, args: &Args) -> Result<Vec<PathBuf>> {
    let tools = tools::ensure(workspace)?;
    build::shim(workspace)?;
    let has_file = |name: &String| cf_toml(workspace, name).is_file();
    let mut known = workspace.buildpacks()?;
    let mut names = args.buildpacks.clone();
    if names.is_empty() {
        names = known.iter().filter(|name| has_file(name)).cloned().collect();
    }
    known.push(ALL.to_owned());
    if let Some(unknown) = names.iter().find(|name| !known.contains(name) || !has_file(name)) {
        bail!(
            "buildpacks/{unknown}/cf.toml is missing: it says how to package it for Cloud Foundry"
        );
    }
    names.iter().map(|name| zip(workspace, args, &tools, name)).collect()
}

fn zip(workspace: &Workspace, args: &Args, tools: &Tools, name: &str) -> Result<PathBuf> {
    let language = Classic::read(&cf_toml(workspace, name))?;
    let stack = args.stack.as_deref().filter(|stack| *stack != "any");
    let distro = stack.map(|stack| language.distro(stack)).transpose()?;
    let descriptor = Descriptor::read(&workspace.root)?;
    let id = format!("kouti/{name}");
    let groups = groups(&descriptor, name, &language.order.exclude);
    if groups.is_empty() {
        bail!("no order group of builder.toml requires {id}");
    }
    let supplied =
        language.supply.iter().flat_map(|supply| supply.components.iter().map(String::as_str));
    let wanted: Vec<&str> = groups.iter().flatten().map(|(id, _)| *id).chain(supplied).collect();
    let mut buildpacks = workspace.buildpacks()?;
    buildpacks.retain(|name| wanted.contains(&format!("kouti/{name}").as_str()));
    let packages = make(workspace, &Args { buildpacks, ..args.clone() })?;
    let packages: BTreeMap<&str, &Package> =
        packages.iter().map(|package| (package.id.as_str(), package)).collect();

    let is_local = args.profile == Profile::Local;
    let components = packages.values().map(|package| component(package)).collect::<Result<_>>()?;
    let about = About {
        schema: SCHEMA,
        language: &language.language,
        version: workspace.version,
        lifecycle: &tools.lifecycle_version,
        display: language.detect.display.as_deref(),
        compat: &language.compat.translations,
        distro: if is_local { Some(LOCAL) } else { distro },
        buildpacks: components,
        supply: language.supply.as_ref(),
    };
    let cached = is_local || args.offline;
    let mut suffix = if cached { "-offline" } else { "" }.to_owned();
    if let Some(stack) = stack {
        suffix = format!("{suffix}-{stack}");
    }
    let file = workspace.packages().join(format!("{}{suffix}.zip", id.replace('/', "_")));
    let manifest =
        manifest::yaml(about.language, about.version, stack, packages.values().copied())?;
    let mut content = Zip::new(workspace, tools, &about, &order(&groups, &packages)?, &packages)?;
    content.text("manifest.yml", &manifest, false);
    let size = content.write(&file)?;
    workspace.say("package", format_args!("{id} for Cloud Foundry: {}", bytes(size)));
    for (part, size) in content.parts()? {
        workspace.say("package", format_args!("{id}:   {part}, {}", bytes(size)));
    }
    if size > LARGE {
        workspace.say(
            "package",
            "many platforms refuse a zip of that size; leave artifacts out with --filter",
        );
    }
    language.size.check(cached, size)?;
    Ok(file)
}

/// The order groups of a language, or of all, without what takes no part here.
fn groups<'a>(
    descriptor: &'a Descriptor,
    name: &str,
    exclude: &[String],
) -> Vec<Vec<(&'a str, bool)>> {
    let id = format!("kouti/{name}");
    let takes_part =
        |id: &str| !ONLY_FOR_IMAGES.contains(&id) && !exclude.iter().any(|name| name == id);
    descriptor
        .groups()
        .filter(|group| name == ALL || group.contains(&(id.as_str(), false)))
        .map(|group| group.into_iter().filter(|(id, _)| takes_part(id)).collect())
        .collect()
}

/// How the shim names a buildpack to the lifecycle; one that speaks another language than the lifecycle does would only
/// be found out while an app is staged.
fn component(package: &Package) -> Result<Component<'_>> {
    #[derive(serde::Deserialize)]
    struct Descriptor {
        api: String,
    }
    let path = package.dir.join("buildpack.toml");
    let Descriptor { api } = toml::from_str(&fs_err::read_to_string(&path)?)
        .with_context(|| format!("{} is wrong", path.display()))?;
    if !tools::BUILDPACK_APIS.contains(&api.as_str()) {
        bail!(
            "{} needs buildpack API {api}; the lifecycle knows {}",
            package.id,
            tools::BUILDPACK_APIS.join(", ")
        );
    }
    Ok(Component { id: &package.id, version: &package.version, api })
}

/// The groups as far as there are packages for them.
fn order(groups: &[Vec<(&str, bool)>], packages: &BTreeMap<&str, &Package>) -> Result<String> {
    let is_whole = |group: &&Vec<(&str, bool)>| {
        group.iter().all(|(id, optional)| *optional || packages.contains_key(id))
    };
    let member = |(id, optional): &(&str, bool)| {
        let package = packages.get(id)?;
        Some(Member { id: &package.id, version: &package.version, optional: *optional })
    };
    let group =
        |group: &Vec<(&str, bool)>| Group { group: group.iter().filter_map(member).collect() };
    let order: Vec<_> = groups.iter().filter(is_whole).map(group).collect();
    if order.is_empty() {
        bail!("no order group has all its required buildpacks");
    }
    Ok(toml::to_string(&Order { order })?)
}

/// What goes into a zip, by path; all of them files, because not everybody who unpacks it knows anything else.
struct Zip(BTreeMap<String, (Source, bool)>);

enum Source {
    File(PathBuf),
    Bytes(Vec<u8>),
}

impl Zip {
    fn new(
        workspace: &Workspace,
        tools: &Tools,
        about: &About<'_>,
        order: &str,
        packages: &BTreeMap<&str, &Package>,
    ) -> Result<Self> {
        let mut zip = Self(BTreeMap::new());
        for step in STEPS {
            zip.text(&format!("bin/{step}"), &script(step), true);
        }
        zip.text("VERSION", about.version, false);
        zip.text("kouti/shim.toml", &toml::to_string(about)?, false);
        zip.text("kouti/order.toml", order, false);
        zip.file("kouti/kouti-cf", workspace.release().join("kouti-cf"), true);
        zip.file("kouti/lifecycle/lifecycle", tools.lifecycle.clone(), true);
        zip.file("LICENSE", workspace.root.join("LICENSE"), false);
        // The lifecycle has the same licence, and its own text has to be with it.
        zip.file("kouti/lifecycle/LICENSE", workspace.root.join("LICENSE"), false);
        let bill = tools.lifecycle_bill()?;
        zip.text("kouti/lifecycle/lifecycle.sbom.cdx.json", &bill, false);
        for package in packages.values() {
            let prefix = format!("kouti/cnb/{}/{}", package.id.replace('/', "_"), package.version);
            zip.tree(&prefix, &package.dir)?;
        }
        Ok(zip)
    }

    fn text(&mut self, name: &str, text: &str, executable: bool) {
        let bytes = format!("{}\n", text.trim_end()).into_bytes();
        self.0.insert(name.to_owned(), (Source::Bytes(bytes), executable));
    }

    fn file(&mut self, name: &str, path: PathBuf, executable: bool) {
        self.0.insert(name.to_owned(), (Source::File(path), executable));
    }

    /// A directory, with copies in place of links.
    fn tree(&mut self, prefix: &str, dir: &Path) -> Result<()> {
        for entry in tarball::entries(dir)? {
            // Several buildpacks may carry the same artifact: beside all of them it is there once.
            let is_artifact = entry.name.starts_with("dependencies");
            let name = entry.name.display();
            let name = if is_artifact { name.to_string() } else { format!("{prefix}/{name}") };
            if name == "dependencies/index.toml" {
                continue;
            }
            match entry.content {
                Content::File { path, executable } => self.file(&name, path, executable),
                Content::Link(_) => {
                    let target = fs_err::canonicalize(dir.join(&entry.name))?;
                    self.file(&name, target, true);
                }
                Content::Bytes(bytes) => {
                    self.0.insert(name, (Source::Bytes(bytes), false));
                }
                Content::Dir => {}
            }
        }
        Ok(())
    }

    /// How large its parts are before compression, the largest first.
    fn parts(&self) -> Result<Vec<(String, u64)>> {
        let mut parts = BTreeMap::<String, u64>::new();
        for (name, (source, _)) in &self.0 {
            let part = if name.starts_with("dependencies/") {
                "artifacts"
            } else {
                name.strip_prefix("kouti/cnb/")
                    .and_then(|rest| rest.split('/').next())
                    .unwrap_or("adapter and lifecycle")
            };
            let size = match source {
                Source::Bytes(bytes) => bytes.len() as u64,
                Source::File(file) => fs_err::metadata(file)?.len(),
            };
            *parts.entry(part.to_owned()).or_default() += size;
        }
        let mut parts: Vec<_> = parts.into_iter().collect();
        parts.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
        Ok(parts)
    }

    /// Writes the zip in one step and returns its size.
    fn write(&self, path: &Path) -> Result<u64> {
        let dir = path.parent().context("a file has a directory")?;
        let mut zip = ZipWriter::new(files::new_in(dir)?);
        for (name, (source, executable)) in &self.0 {
            // What is compressed already only costs time.
            let is_packed = name.starts_with("dependencies/");
            let method =
                if is_packed { CompressionMethod::Stored } else { CompressionMethod::Deflated };
            let options = SimpleFileOptions::default()
                .compression_method(method)
                .last_modified_time(DateTime::default())
                .unix_permissions(if *executable { 0o755 } else { 0o644 })
                .large_file(is_packed);
            zip.start_file(name.as_str(), options)?;
            match source {
                Source::Bytes(bytes) => zip.write_all(bytes)?,
                Source::File(file) => {
                    std::io::copy(&mut fs_err::File::open(file)?, &mut zip)?;
                }
            }
        }
        let file = zip.finish()?;
        let size = file.as_file().metadata()?.len();
        file.persist(path).with_context(|| format!("cannot replace {}", path.display()))?;
        Ok(size)
    }
}

/// Runs the shim from wherever the platform has put the zip.
fn script(step: &str) -> String {
    format!(
        "#!/bin/sh\ndir=$(cd \"$(dirname \"$0\")/..\" && pwd) || exit 1\nexec \"$dir/kouti/kouti-cf\" {step} \"$@\"\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_zip_may_hold_every_language() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let descriptor = Descriptor::read(&root).unwrap();
        let required = |name: &str| -> Vec<String> {
            let required = |group: Vec<(&str, bool)>| {
                let ids = group.iter().filter(|(_, optional)| !optional).map(|(id, _)| *id);
                ids.collect::<Vec<_>>().join(" ")
            };
            groups(&descriptor, name, &[]).into_iter().map(required).collect()
        };
        assert_eq!(required("php"), ["kouti/php"]);
        insta::assert_snapshot!(required(ALL).join("\n"), @"
        kouti/dotnet
        kouti/java
        kouti/php
        kouti/nodejs kouti/nginx
        kouti/nodejs kouti/httpd
        kouti/nginx
        kouti/httpd
        kouti/nodejs
        kouti/static
        kouti/procfile
        ");
        let all = groups(&descriptor, ALL, &["kouti/watchexec".to_owned()]);
        let ids: Vec<_> = all.iter().flatten().map(|(id, _)| *id).collect();
        assert!(ids.contains(&"kouti/procfile") && ids.contains(&"kouti/java"));
        assert!(!ids.contains(&"kouti/image-labels") && !ids.contains(&"kouti/watchexec"));
        let language = Classic::read(&root.join("cf.toml")).unwrap();
        assert!(language.supply.is_none(), "nobody could say which language it is to supply");
    }

    #[test]
    fn a_zip_holds_only_files_and_is_the_same_wherever_it_is_made() {
        let root = tempfile::tempdir().unwrap();
        let make = |name: &str| {
            let dir = root.path().join(name).join("cnb");
            fs_err::create_dir_all(dir.join("bin")).unwrap();
            fs_err::write(dir.join("bin/build"), "program").unwrap();
            std::os::unix::fs::symlink("build", dir.join("bin/detect")).unwrap();
            let mut zip = Zip(BTreeMap::new());
            zip.text("bin/detect", &script("detect"), true);
            zip.tree("kouti/cnb/a/1", &dir).unwrap();
            let path = root.path().join(name).join("made.zip");
            zip.write(&path).unwrap();
            fs_err::read(path).unwrap()
        };
        let bytes = make("one");
        assert_eq!(bytes, make("a/longer/way/to/another"));
        let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
        let names: Vec<_> = zip.file_names().map(|name| name.unwrap().into_owned()).collect();
        assert_eq!(names, ["bin/detect", "kouti/cnb/a/1/bin/build", "kouti/cnb/a/1/bin/detect"]);
        let mode = zip.by_name("bin/detect").unwrap().unix_mode().unwrap();
        assert_eq!(mode & 0o777, 0o755);
        assert!(!zip.by_name("kouti/cnb/a/1/bin/detect").unwrap().is_symlink());
    }
}
