//! A CVE in a runtime, and one in the base image, from the announcement to ten images: what is done, how long it takes,
//! and which layers change. More than those of what was fixed is a failure.
//!
//! The announcement is played: a feed on loopback has a next patch of Node.js, signed with a key made for it, whose
//! archive is that of the local profile with some bytes added to the program. Everything else are the commands that a
//! maintainer and an operator type, in a copy of the workspace.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use kouti_testing::upstream::Upstream;
use kouti_version::Version;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use toml_edit::{ArrayOfTables, DocumentMut, Table};

use super::pack_build::forget_caches;
use super::{Figure, images};
use crate::builder::{pack, pull_policy};
use crate::command::Command;
use crate::setup::Setup;
use crate::stamp;
use crate::workspace::{Workspace, today};
use crate::{base, host, mirror, upstream};

const CATALOG: &str = "shared/node/catalog.toml";
const BUILDER: &str = "kouti/builder:rollout";
const RUN_IMAGE: &str = "kouti/run:rollout";

/// What the story rebuilds: a front end, whose image holds no Node.js, and apps that run on it.
const APPS: usize = 10;

/// Labels with the layers of an image, by what made them.
const METADATA: &str = "io.buildpacks.lifecycle.metadata";

pub(super) fn measure(workspace: &Workspace, setup: &Setup) -> Result<Vec<Figure>> {
    host::need(workspace, &[("gpg", &["gnupg"])])?;
    let story = Story::begin(workspace, setup)?;
    let images = story.images()?;
    let result = story.tell(&images);
    for image in images.iter().map(|(image, _)| &image[..]).chain([BUILDER, RUN_IMAGE]) {
        // It may not have been made.
        let _ = Command::new("docker").args(["rmi", "--force", image]).output();
    }
    forget_caches("kouti_rollout");
    result
}

struct Story<'a> {
    workspace: &'a Workspace,
    setup: &'a Setup,
    /// A copy of the workspace, with a catalogue of Node.js alone.
    copy: PathBuf,
    feed: Upstream,
    /// The newest Node.js of the local profile, and its archive.
    present: (String, PathBuf),
}

/// What an image is made of: each layer's digest by the name of what made it.
type Layers = BTreeMap<String, String>;

impl<'a> Story<'a> {
    fn begin(workspace: &'a Workspace, setup: &'a Setup) -> Result<Self> {
        let copy = workspace.target().join("bench/rollout");
        if copy.exists() {
            fs_err::remove_dir_all(&copy)?;
        }
        copy_workspace(&workspace.root, &copy)?;
        keep_only_node(&copy.join(CATALOG))?;
        let present = newest_node(workspace)?;
        let story = Self { workspace, setup, copy, feed: Upstream::start(), present };
        // Whoever maintains Kouti has compiled it before.
        workspace.say("rollout", "compiling in a copy of the workspace");
        story.xtask("package nodejs").quiet(workspace, "rollout-before")?;
        Command::new("cargo")
            .args(["build", "--quiet"])
            .args(upstream::PROGRAM)
            .dir(&story.copy)
            .quiet(workspace, "rollout-before")?;
        Ok(story)
    }

    /// Ten images as they were before the announcement, by name, with the app of each.
    fn images(&self) -> Result<Vec<(String, PathBuf)>> {
        let mut apps = Vec::new();
        for number in 1..=APPS {
            let sample = if number == APPS { "vite" } else { "nodejs" };
            let app = self.copy.join(format!("target/apps/{number}"));
            images::copy_sample(self.workspace, sample, &app)?;
            fs_err::write(app.join("NUMBER"), number.to_string())?;
            let image = format!("kouti/rollout-{number}");
            self.workspace.say("rollout", format_args!("before: {image}, {sample}"));
            self.build(&image, &app, self.setup.builder)?;
            apps.push((image, app));
        }
        Ok(apps)
    }

    fn tell(&self, images: &[(String, PathBuf)]) -> Result<Vec<Figure>> {
        let mut figures = Vec::new();
        let mut step = |name: &str, since: Instant| {
            let seconds = since.elapsed().as_secs_f64();
            self.workspace.say("rollout", format_args!("{name}: {seconds:.1} s"));
            figures.push(Figure::new(format!("roll-out, {name}"), seconds, "s"));
        };

        let fixed = self.announce()?;
        let since = Instant::now();
        let keys = self.copy.join("target/keys.asc");
        let update = format!("update nodejs --feed {} --today {}", self.feed.url(""), today());
        self.xtask(&update).arg("--keys").arg(&keys).quiet(self.workspace, "rollout-update")?;
        step("update", since);

        let since = Instant::now();
        let package = format!("package nodejs --offline --filter node@{fixed}");
        let package = self.xtask(&package).output()?;
        step("package", since);

        let since = Instant::now();
        self.builder(package.lines().last().unwrap_or_default())?;
        step("builder", since);

        let since = Instant::now();
        for (image, app) in images {
            let before = layers(image)?;
            self.build(image, app, BUILDER)?;
            let changed = changed(&before, &layers(image)?);
            self.workspace.say("rollout", format_args!("{image}: {}", told(&changed)));
            let is_front_end = !before.contains_key("kouti/nodejs:node");
            let wanted: &[&str] =
                if is_front_end { &[] } else { &["bill of materials", "kouti/nodejs:node"] };
            if changed != wanted.iter().map(ToString::to_string).collect() {
                bail!("Node.js was fixed, but in {image} changed: {}", told(&changed));
            }
        }
        step("ten images rebuilt", since);

        let before = images.iter().map(|(image, _)| layers(image)).collect::<Result<Vec<_>>>()?;
        self.fix_base()?;
        let since = Instant::now();
        for (image, _) in images {
            // Forced, for it has another name here than the image it stands for.
            pack(self.workspace, &self.setup.tools)
                .args(["rebase", image, "--force", "--run-image", RUN_IMAGE])
                .args(["--pull-policy", pull_policy(self.setup.profile)])
                .quiet(self.workspace, "rollout-rebase")?;
        }
        step("ten images rebased", since);
        for ((image, _), before) in images.iter().zip(&before) {
            let changed = changed(before, &layers(image)?);
            if changed != BTreeSet::from(["base".to_owned()]) {
                bail!("the base was fixed, but in {image} changed: {}", told(&changed));
            }
        }
        Ok(figures)
    }

    /// Publishes the next patch of Node.js, signed. Returns its version.
    fn announce(&self) -> Result<String> {
        let (present, archive) = &self.present;
        let mut version = semver(present)?;
        version.2 += 1;
        let fixed = format!("{}.{}.{}", version.0, version.1, version.2);
        let bytes = patched(archive, present, &fixed)?;
        let checksum = stamp::hex(&Sha256::digest(&bytes));
        let dist = format!("/nodejs.org/dist/v{fixed}");
        let mut sums = String::new();
        for arch in ["arm64", "x64"] {
            let file = format!("node-v{fixed}-linux-{arch}.tar.gz");
            sums += &(checksum.clone() + "  " + &file + "\n");
            self.feed.serve(&format!("{dist}/{file}"), bytes.clone());
        }
        self.feed.serve(&format!("{dist}/SHASUMS256.txt.asc"), self.signed(&sums)?);
        let index = serde_json::json!([{
            "version": format!("v{fixed}"), "date": today().to_string(), "security": true,
            "files": ["linux-arm64", "linux-x64"], "lts": "Krypton",
        }]);
        self.feed.serve("/nodejs.org/dist/index.json", index.to_string());
        let schedule = self.schedule()?.to_string();
        self.feed.serve("/raw.githubusercontent.com/nodejs/Release/main/schedule.json", schedule);
        Ok(fixed)
    }

    /// The lines of the catalogue, as Node.js publishes them.
    fn schedule(&self) -> Result<Value> {
        let text = fs_err::read_to_string(self.copy.join(CATALOG))?;
        let catalog: toml::Table = toml::from_str(&text)?;
        let lines = catalog.get("lines").and_then(toml::Value::as_array).into_iter().flatten();
        let mut schedule = serde_json::Map::new();
        for line in lines {
            let text = |key: &str| line.get(key).and_then(toml::Value::as_str);
            let mut entry = serde_json::Map::new();
            for (theirs, ours) in [
                ("start", "start"),
                ("lts", "lts"),
                ("maintenance", "maintenance"),
                ("codename", "codename"),
                ("end", "eol"),
            ] {
                entry.extend(text(ours).map(|value| (theirs.to_owned(), value.into())));
            }
            schedule.extend(text("line").map(|line| (format!("v{line}"), entry.into())));
        }
        Ok(schedule.into())
    }

    /// A text signed in clear by a key that is made for it; the key is put where `update` is told to look.
    fn signed(&self, text: &str) -> Result<String> {
        // A socket is made in there, whose path may only be 107 bytes long.
        let home = tempfile::Builder::new().prefix("kouti-gpg-").tempdir()?;
        let gpg = || {
            let home = home.path().as_os_str();
            Command::new("gpg").arg("--homedir").arg(home).args(["--batch", "--quiet", "--armor"])
        };
        let who = "Kouti's bench <bench@kouti.invalid>";
        let key = ["--passphrase", "", "--quick-generate-key", who, "ed25519", "sign", "never"];
        gpg().args(key).output()?;
        let plain = home.path().join("SHASUMS256.txt");
        fs_err::write(&plain, text)?;
        let signed = gpg().args(["--output", "-", "--clearsign"]).arg(&plain).output()?;
        fs_err::write(self.copy.join("target/keys.asc"), gpg().arg("--export").output()?)?;
        // Ends the agent that gpg has started; where there is none, there is nothing to end.
        let agent = Command::new("gpgconf").arg("--homedir").arg(home.path());
        let _ = agent.args(["--kill", "all"]).output();
        Ok(signed)
    }

    /// `cargo xtask` in the copy.
    fn xtask(&self, line: &str) -> Command {
        // Not by its path: it may have been compiled anew since.
        Command::new("/proc/self/exe")
            .args(line.split_whitespace())
            .env("CARGO_MANIFEST_DIR", self.copy.join("xtask"))
            .dir(&self.copy)
    }

    /// The builder that there is, with the new package in place of the old one.
    fn builder(&self, package: &str) -> Result<()> {
        let present = self.workspace.target().join(format!("builder/{}.toml", self.setup.profile));
        let mut descriptor: DocumentMut = fs_err::read_to_string(present)?.parse()?;
        let buildpacks = descriptor["buildpacks"].as_array_of_tables_mut();
        let nodejs = buildpacks
            .and_then(|all| all.iter_mut().find(|it| text(it, "id") == Some("kouti/nodejs")))
            .context("kouti/nodejs is in the builder")?;
        nodejs["uri"] = toml_edit::value(package);
        let config = self.copy.join("target/builder.toml");
        fs_err::write(&config, descriptor.to_string())?;
        pack(self.workspace, &self.setup.tools)
            .args(["builder", "create", BUILDER, "--config"])
            .arg(&config)
            .args(["--pull-policy", pull_policy(self.setup.profile)])
            .quiet(self.workspace, "rollout-builder")
    }

    fn build(&self, image: &str, app: &Path, builder: &str) -> Result<()> {
        pack(self.workspace, &self.setup.tools)
            .args(["build", image, "--builder", builder, "--trust-builder", "--path"])
            .arg(app)
            .args(["--pull-policy", pull_policy(self.setup.profile)])
            .env("PACK_VOLUME_KEY", "kouti-rollout")
            .quiet(self.workspace, "rollout-build")
    }

    /// A run image with a fixed package: the present one and a layer on top.
    fn fix_base(&self) -> Result<()> {
        let dir = self.copy.join("target/base");
        fs_err::create_dir_all(&dir)?;
        fs_err::write(dir.join("fixed"), "a fixed package\n")?;
        let run_image = base::RUN_IMAGE;
        fs_err::write(
            dir.join("Dockerfile"),
            format!("FROM {run_image}\nCOPY fixed /etc/fixed\n"),
        )?;
        Command::new("docker")
            .args(["build", "--quiet", "--tag", RUN_IMAGE])
            .arg(&dir)
            .quiet(self.workspace, "rollout-base")
    }
}

/// The sources without what is made from them.
fn copy_workspace(from: &Path, to: &Path) -> Result<()> {
    const LEFT_OUT: [&str; 3] = [".git", "node_modules", "target"];
    let is_source =
        |entry: &walkdir::DirEntry| LEFT_OUT.iter().all(|name| entry.file_name() != *name);
    for entry in walkdir::WalkDir::new(from).into_iter().filter_entry(is_source) {
        let entry = entry?;
        let target = to.join(entry.path().strip_prefix(from)?);
        if entry.file_type().is_dir() {
            fs_err::create_dir_all(target)?;
        } else {
            fs_err::copy(entry.path(), &target)?;
            // Cargo tells by the time whether a file has changed.
            let time = entry.metadata()?.modified()?;
            fs_err::File::options().write(true).open(target)?.set_modified(time)?;
        }
    }
    Ok(())
}

/// npm and the others have feeds of their own, which this story has nothing of.
fn keep_only_node(path: &Path) -> Result<()> {
    let mut catalog: DocumentMut = fs_err::read_to_string(path)?.parse()?;
    for key in ["dependencies", "lines"] {
        if let Some(tables) = catalog.get_mut(key).and_then(toml_edit::Item::as_array_of_tables_mut)
        {
            tables.retain(|table| text(table, "id") == Some("node"));
        }
    }
    if let Some(defaults) = catalog.get_mut("default-versions").and_then(|it| it.as_table_mut()) {
        defaults.retain(|id, _| id == "node");
    }
    Ok(fs_err::write(path, catalog.to_string())?)
}

/// The Node.js that the local builder installs when nothing asks for one, and its archive.
fn newest_node(workspace: &Workspace) -> Result<(String, PathBuf)> {
    let read = |path: &Path| anyhow::Ok(fs_err::read_to_string(path)?.parse::<DocumentMut>()?);
    let ours = read(&workspace.root.join(CATALOG))?;
    let line = ours["default-versions"]["node"].as_str().unwrap_or_default().replace('x', "");
    let local = read(&mirror::catalog(workspace))?;
    let records =
        local["dependencies"].as_array_of_tables().into_iter().flat_map(ArrayOfTables::iter);
    let (_, version, uri) = records
        .filter(|record| text(record, "id") == Some("node"))
        .filter_map(|record| {
            let version = text(record, "version").filter(|it| it.starts_with(&line))?;
            Some((Version::parse(version).ok()?, version.to_owned(), text(record, "uri")?))
        })
        .max()
        .context("the local profile has the default line of Node.js")?;
    Ok((version, mirror::artifact(workspace, uri)?))
}

fn text<'a>(table: &'a Table, key: &str) -> Option<&'a str> {
    table.get(key).and_then(toml_edit::Item::as_str)
}

fn semver(version: &str) -> Result<(u64, u64, u64)> {
    let mut numbers = version.splitn(3, '.').map(str::parse::<u64>);
    let mut next = || numbers.next().and_then(Result::ok);
    match (next(), next(), next()) {
        (Some(major), Some(minor), Some(patch)) => Ok((major, minor, patch)),
        _ => bail!("{version} has not three numbers"),
    }
}

/// The archive of `present` as one of `fixed`: other directory, other bytes of the program, which still runs.
fn patched(archive: &Path, present: &str, fixed: &str) -> Result<Vec<u8>> {
    let around = format!("node-v{fixed}-linux-x64");
    let mut from = tar::Archive::new(GzDecoder::new(fs_err::File::open(archive)?));
    let mut to = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for entry in from.entries()? {
        let mut entry = entry?;
        // Upstream's archives have a directory around everything, those of the local profile need not.
        let path = entry.path()?.to_string_lossy().replace(present, fixed);
        let path = if path.starts_with(&around) { path } else { format!("{around}/{path}") };
        let mut header = entry.header().clone();
        let link = entry.link_name()?.map(Cow::into_owned);
        if let Some(link) = link {
            to.append_link(&mut header, path, link)?;
            continue;
        }
        let mut content = Vec::new();
        std::io::copy(&mut entry, &mut content)?;
        if path.ends_with("/bin/node") {
            content.extend(fixed.as_bytes());
        }
        header.set_size(content.len() as u64);
        to.append_data(&mut header, path, &content[..])?;
    }
    let mut bytes = to.into_inner()?.finish()?;
    bytes.flush()?;
    Ok(bytes)
}

/// The layers of an image, by the names that the lifecycle gives them.
fn layers(image: &str) -> Result<Layers> {
    let label = crate::docker::label(image, METADATA).unwrap_or_default();
    let metadata: Value = serde_json::from_str(&label)
        .with_context(|| format!("{image} does not say what it is made of"))?;
    let sha = |value: &Value| value["sha"].as_str().map(str::to_owned);
    let mut layers = Layers::new();
    for (number, slice) in metadata["app"].as_array().into_iter().flatten().enumerate() {
        layers.extend(sha(slice).map(|sha| (format!("app, slice {number}"), sha)));
    }
    let parts = [
        ("bill of materials", &metadata["sbom"]),
        ("launcher", &metadata["launcher"]),
        ("launcher's configuration", &metadata["config"]),
        ("process types", &metadata["process-types"]),
    ];
    layers.extend(parts.into_iter().filter_map(|(name, part)| Some((name.to_owned(), sha(part)?))));
    for buildpack in metadata["buildpacks"].as_array().into_iter().flatten() {
        let id = buildpack["key"].as_str().unwrap_or_default();
        let of = buildpack["layers"].as_object().into_iter().flatten();
        let of = of.filter_map(|(name, layer)| Some((format!("{id}:{name}"), sha(layer)?)));
        layers.extend(of);
    }
    let base = metadata["runImage"]["topLayer"].as_str().unwrap_or_default();
    layers.insert("base".to_owned(), base.to_owned());
    Ok(layers)
}

/// The names of what is not the same.
fn changed(before: &Layers, after: &Layers) -> BTreeSet<String> {
    let names = before.keys().chain(after.keys());
    names.filter(|name| before.get(*name) != after.get(*name)).cloned().collect()
}

fn told(names: &BTreeSet<String>) -> String {
    if names.is_empty() {
        return "nothing".to_owned();
    }
    names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_is_named_also_where_it_is_new_or_gone() {
        let layers = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, sha)| ((*name).to_owned(), (*sha).to_owned())).collect()
        };
        let before = layers(&[("base", "1"), ("kouti/nodejs:node", "2"), ("launcher", "3")]);
        let after = layers(&[("base", "1"), ("kouti/nodejs:node", "4"), ("kouti/nodejs:npm", "5")]);
        assert_eq!(
            told(&changed(&before, &after)),
            "kouti/nodejs:node, kouti/nodejs:npm, launcher"
        );
        assert_eq!(told(&changed(&before, &before)), "nothing");
    }
}
