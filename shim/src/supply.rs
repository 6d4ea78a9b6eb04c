//! `bin/supply`: what comes before the last buildpack. If this is the last one, everything happens in `finalize`;
//! otherwise it builds what another buildpack may need, such as a runtime, and leaves the app alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::{Path, PathBuf};

use kouti_launch::launcher::{Unsuffixed, Variables};
use kouti_report::{Fault, Log, Notice, Problem};

use crate::finalize::{self, after, before};
use crate::lifecycle::Lifecycle;
use crate::platform::Platform;
use crate::processes::{Started, Wishes};
use crate::record::Metadata;
use crate::staging::{Staging, scratch};
use crate::zip::{Require, Supply};
use crate::{cache, commands, settings};

pub(crate) fn run(staging: &Staging, log: &mut Log) -> Result<(), Problem> {
    let about = &staging.zip.about;
    log.title(&format!("Kouti for Cloud Foundry {}", about.version));
    let is_last = staging.cache_dir.file_name().is_some_and(|name| name == "final");
    if is_last {
        return Ok(());
    }
    let supply = wanted(staging)?;
    let mut platform = Platform::of(&staging.env, &staging.zip, &staging.build_dir)?;
    platform.tell(log);
    platform.add(before::supplied(&staging.deps_dir)?);
    platform.set("BP_CF_SUPPLY_ONLY", "true");

    let before = listing(&staging.build_dir)?;
    let sees_app = supply.sees_app;
    let place = if sees_app { before::Moved::app(staging)? } else { before::Moved::deps(staging)? };
    let built = build(staging, log, &platform, &supply);
    place.back()?;
    let metadata = built?;
    if let Some(notice) = changed(&before, &listing(&staging.build_dir)?) {
        log.warn(notice);
    }
    // Paths that were written down while building have to be true for the buildpacks that follow.
    symlink(&staging.deps_dir, staging.place.deps())?;

    publish(staging, &supply.components)?;
    leave(staging, log, &metadata)?;
    log.finish();
    Ok(())
}

/// What can be seen of each file of an app: size, time of the last change, mode.
type Listing = BTreeMap<PathBuf, (u64, i64, u32)>;

fn listing(dir: &Path) -> io::Result<Listing> {
    let mut all = Listing::new();
    for entry in walkdir::WalkDir::new(dir).min_depth(1) {
        let entry = entry.map_err(io::Error::from)?;
        let found = entry.metadata().map_err(io::Error::from)?;
        // A directory changes with what is in it, which is looked at as well.
        let (size, time) = if found.is_dir() {
            (0, 0)
        } else {
            (found.size(), found.mtime_nsec() + found.mtime() * 1_000_000_000)
        };
        let path = entry.path().strip_prefix(dir).unwrap_or(entry.path()).to_owned();
        all.insert(path, (size, time, found.mode()));
    }
    Ok(all)
}

/// A buildpack that is not the last one has to leave the app alone: another one builds it.
fn changed(before: &Listing, after: &Listing) -> Option<Notice> {
    let differs = |path: &&PathBuf| before.get(*path) != after.get(*path);
    let paths: BTreeSet<_> = before.keys().chain(after.keys()).filter(differs).collect();
    if paths.is_empty() {
        return None;
    }
    let mut names: Vec<_> = paths.iter().take(10).map(|path| path.display().to_string()).collect();
    if paths.len() > names.len() {
        names.push(format!("and {} more", paths.len() - names.len()));
    }
    Some(
        Notice::new(format!(
            "the app has changed while a runtime was supplied: {}",
            names.join(", ")
        ))
        .hint("put this buildpack at the end of the list if it has to build the app"),
    )
}

/// What is to be built, by the user's wish or by that of the language.
fn wanted(staging: &Staging) -> Result<Supply, Problem> {
    let about = &staging.zip.about;
    let given = settings::list(&staging.env, "BP_CF_SUPPLY");
    let requires = given.iter().map(|item| require(item)).collect::<Result<Vec<_>, _>>()?;
    match &about.supply {
        Some(supply) if requires.is_empty() => Ok(supply.clone()),
        Some(supply) => Ok(Supply { requires, ..supply.clone() }),
        None => Err(Problem::new(
            "cf-nothing-to-supply",
            Fault::App,
            format!("{} can only be the last buildpack of an app", staging.zip.title()),
        )
        .hint("put it at the end of the list of buildpacks")),
    }
}

/// Reads `node@22.x:build:launch`.
fn require(item: &str) -> Result<Require, Problem> {
    let mut parts = item.split(':');
    let (name, version) = match parts.next().unwrap_or_default().split_once('@') {
        Some((name, version)) => (name, Some(version)),
        None => (item.split(':').next().unwrap_or_default(), None),
    };
    let mut metadata = toml::Table::new();
    let mut is_good = !name.is_empty() && version != Some("");
    if let Some(version) = version {
        metadata.insert("version".to_owned(), version.into());
        metadata.insert("version-source".to_owned(), "BP_CF_SUPPLY".into());
    }
    for flag in parts {
        is_good &= matches!(flag, "build" | "launch");
        metadata.insert(flag.to_owned(), true.into());
    }
    if is_good {
        return Ok(Require { name: name.to_owned(), metadata });
    }
    let form = "a list such as `node@22.x:build:launch,npm:build`";
    Err(settings::bad("BP_CF_SUPPLY", item, form))
}

fn build(
    staging: &Staging,
    log: &mut Log,
    platform: &Platform,
    supply: &Supply,
) -> Result<Metadata, Problem> {
    let scratch = scratch()?;
    let layers_dir = staging.place.layers(&staging.index);
    let mut app_dir = staging.place.app();
    if !supply.sees_app {
        app_dir = scratch.path().join("app");
        fs_err::create_dir(&app_dir)?;
    }
    let platform_dir = platform.write(scratch.path())?;
    let env = before::with_supplied_paths(&staging.env, &staging.deps_dir)?;
    let lifecycle = Lifecycle {
        zip: &staging.zip,
        env: &env,
        place: &staging.place,
        distro: &staging.distro,
        app_dir: &app_dir,
        layers_dir: &layers_dir,
        platform_dir: &platform_dir,
        scratch: scratch.path(),
    };
    // Nobody detects: what is to be built does not depend on the app.
    fs_err::write(lifecycle.group(), group(staging, supply))?;
    fs_err::write(lifecycle.plan(), plan(staging, supply))?;
    let cache = finalize::cache(staging)?.shared();
    cache.restore(log, &supply.components, &layers_dir)?;
    finalize::run_buildpacks(&lifecycle, log)?;
    if !supply.sees_app {
        for layer in cache::layers(&layers_dir, &supply.components)? {
            relocate(&layer.dir, &app_dir, &staging.place.app())?;
        }
    }
    cache.save(log, &supply.components, &layers_dir)?;
    Metadata::read(&layers_dir)
}

/// Variables of a layer that say where the app is: it was looked for in an empty directory, which is gone soon.
fn relocate(layer: &Path, from: &Path, to: &Path) -> io::Result<()> {
    let (from, to) = (from.display().to_string(), to.display().to_string());
    for dir in ["env", "env.build", "env.launch"] {
        let files = walkdir::WalkDir::new(layer.join(dir)).into_iter().flatten();
        for file in files.filter(|entry| entry.file_type().is_file()) {
            // What is no text is no path of ours.
            let Ok(text) = fs_err::read_to_string(file.path()) else { continue };
            if text.contains(&from) {
                fs_err::write(file.path(), text.replace(&from, &to))?;
            }
        }
    }
    Ok(())
}

fn component<'a>(staging: &'a Staging, id: &str) -> Option<&'a crate::zip::Buildpack> {
    staging.zip.about.buildpacks.iter().find(|buildpack| buildpack.id == id)
}

fn group(staging: &Staging, supply: &Supply) -> String {
    let mut text = String::new();
    for found in supply.components.iter().filter_map(|id| component(staging, id)) {
        let _ = writeln!(
            text,
            "[[group]]\nid = \"{}\"\nversion = \"{}\"\napi = \"{}\"",
            found.id, found.version, found.api
        );
    }
    text
}

fn plan(staging: &Staging, supply: &Supply) -> String {
    let mut text = String::new();
    for require in &supply.requires {
        text.push_str("[[entries]]\n");
        for found in supply.components.iter().filter_map(|id| component(staging, id)) {
            let _ = writeln!(
                text,
                "[[entries.providers]]\nid = \"{}\"\nversion = \"{}\"",
                found.id, found.version
            );
        }
        let name = toml::Value::from(require.name.as_str());
        let _ = writeln!(text, "[[entries.requires]]\nname = {name}\n[entries.requires.metadata]");
        let _ = write!(text, "{}", require.metadata);
    }
    text
}

/// Shows what was built in the directories in which classic buildpacks look.
fn publish(staging: &Staging, ids: &[String]) -> Result<(), Problem> {
    let own = staging.own();
    let layers_dir = own.join("layers");
    let mut variables = Variables::new();
    let surroundings: Variables = staging.env.as_map().iter().collect();
    for layer in cache::layers(&layers_dir, ids)? {
        if !layer.types.build && !layer.types.launch {
            continue;
        }
        for (dir, _) in before::lists() {
            let from = layer.dir.join(dir);
            if from.is_dir() {
                link_all(&own, &from, &own.join(dir))?;
            }
        }
        if layer.types.build {
            for dir in ["env", "env.build"] {
                variables.add_files(&layer.dir.join(dir), Unsuffixed::Override)?;
            }
        }
    }
    let env = own.join("env");
    fs_err::create_dir_all(&env)?;
    for (name, value) in variables.changes_since(&surroundings) {
        let Some((dir, _)) = before::lists().find(|(_, list)| *list == name) else {
            fs_err::write(env.join(name), value)?;
            continue;
        };
        // A layer may have its programs anywhere, and say so by the variable.
        let places = std::env::split_paths(&value).collect::<Vec<_>>();
        for place in places.iter().rev() {
            let inner = place.strip_prefix(staging.place.layers(&staging.index));
            let from = inner.map(|inner| layers_dir.join(inner)).unwrap_or_default();
            if from.is_dir() {
                link_all(&own, &from, &own.join(dir))?;
            }
        }
    }
    Ok(())
}

/// Links to everything in `from`, relative so that they are true wherever the platform puts `own`.
fn link_all(own: &Path, from: &Path, to: &Path) -> io::Result<()> {
    fs_err::create_dir_all(to)?;
    let inner = from.strip_prefix(own).unwrap_or(from);
    for entry in fs_err::read_dir(from)? {
        let name = entry?.file_name();
        let link = to.join(&name);
        if link.is_symlink() {
            fs_err::remove_file(&link)?;
        }
        if !link.exists() {
            symlink(PathBuf::from("..").join(inner).join(&name), link)?;
        }
    }
    Ok(())
}

/// What the platform and the start of the app look for.
fn leave(staging: &Staging, log: &mut Log, metadata: &Metadata) -> Result<(), Problem> {
    let app_dir = staging.place.app().display().to_string();
    // What runs is the last buildpack's to say; only what stands beside it may come from here.
    let decided = Started::decide(metadata, &Wishes::default(), &app_dir);
    let started = Started { sidecars: decided.sidecars, ..Started::default() };
    for (kind, _) in decided.processes {
        log.debug(&format!("leaving out the process {kind}: this is not the last buildpack"));
    }
    after::own(staging, metadata, &started)?;
    if !started.sidecars.is_empty() {
        fs_err::write(staging.own().join("launch.yml"), commands::launch_yml(&started))?;
    }
    let profile = staging.own().join("profile.d");
    fs_err::create_dir_all(&profile)?;
    Ok(fs_err::write(profile.join("kouti.sh"), after::launch_script(&staging.index))?)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use kouti_report::Colour;

    use super::*;

    #[test]
    fn a_changed_app_is_told_by_its_files() {
        let app = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs_err::write(app.path().join(name), text).unwrap();
        write("same", "1");
        write("other", "1");
        let before = listing(app.path()).unwrap();
        assert_eq!(changed(&before, &listing(app.path()).unwrap()), None);
        write("other", "12");
        write("new", "1");
        let notice = changed(&before, &listing(app.path()).unwrap()).unwrap();
        assert_eq!(notice.text, "the app has changed while a runtime was supplied: new, other");
    }

    #[test]
    fn what_cannot_be_read_is_shown_with_its_form() {
        assert_snapshot!(require("node:both").unwrap_err().page("", Colour::Off), @"
        error[cf-bad-setting]: BP_CF_SUPPLY is `node:both`, which is not a list such as `node@22.x:build:launch,npm:build`

        hint: correct it with `cf set-env APP BP_CF_SUPPLY …`, then `cf restage APP`
        ");
    }

    #[test]
    fn a_wish_has_a_name_and_maybe_a_version_and_uses() {
        let read = |item: &str| require(item).map(|read| (read.name, read.metadata.to_string()));
        assert_eq!(read("npm").unwrap(), ("npm".to_owned(), String::new()));
        let (name, metadata) = read("node@22.x:build:launch").unwrap();
        assert_eq!(name, "node");
        assert!(
            metadata.contains("version = \"22.x\"") && metadata.contains("launch = true"),
            "{metadata}"
        );
        for bad in ["@1", "node@", "node:both", ":build"] {
            assert_eq!(require(bad).unwrap_err().id, "cf-bad-setting", "{bad}");
        }
    }
}
