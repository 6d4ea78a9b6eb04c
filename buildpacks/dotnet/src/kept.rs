//! What was published, kept for the next build: where nothing has changed the SDK has nothing to do.

use std::fmt::Write as _;
use std::path::Path;

use kouti::{Env, Layer, LayerEnv, Log, Problem, Uses, sha256, tree};
use serde::{Deserialize, Serialize};

use crate::compile::{Compiled, Job, compile};
use crate::nuget;
use crate::placement::STAGE;
use crate::publish::Publish;
use crate::restored::Restored;
use crate::sdk::Sdk;

/// What a build has made; the output is in the stage.
pub(crate) struct Built {
    pub(crate) publishes: Vec<Publish>,
    pub(crate) restored: Restored,
    /// Only if it had something to do.
    pub(crate) sdk: Option<Sdk>,
}

/// Everything that decides what comes of a build.
#[derive(Serialize)]
struct Key {
    sdk: String,
    checksum: String,
    architecture: String,
    buildpack: String,
    files: String,
    commit: String,
    environment: String,
    feeds: String,
}

/// What the output does not tell.
#[derive(Deserialize, Serialize)]
struct Record {
    publishes: Vec<Publish>,
    restored: Restored,
}

const RECORD: &str = "record.json";
const OUTPUT: &str = "output";

/// Publishes the source, or takes what the last build has made of the same.
pub(crate) fn build(job: Job<'_>, log: &mut Log) -> Result<Built, Problem> {
    // What a front end is made of depends on more than the source and the SDK; and where the source
    // stays, a build leaves more than its output.
    let keeps_source = job.settings.keep_source || !job.settings.keep_files.is_empty();
    if job.app.node.runs_in_build(job.settings) || keeps_source {
        let Compiled { publishes, restored, sdk } = compile(job, log)?;
        return Ok(Built { publishes, restored, sdk: Some(sdk) });
    }
    let layer = Layer {
        name: "application",
        title: "application".to_owned(),
        uses: Uses::CACHE,
        key: key(job)?,
        env: LayerEnv::new(),
        sbom: None,
    };
    let stage = job.app.root.join(STAGE);
    let layers = &job.context.layers;
    if read(&layers.path(layer.name)).is_err() {
        layers.discard(layer.name)?;
    }
    let mut sdk = None;
    let made = layers.ensure(log, &layer, |dir, log| {
        let compiled = compile(job, log)?;
        let record = Record { publishes: compiled.publishes, restored: compiled.restored };
        let text = serde_json::to_string(&record).map_err(std::io::Error::from)?;
        fs_err::write(dir.join(RECORD), text)?;
        tree::link(&stage, &dir.join(OUTPUT))?;
        sdk = Some(compiled.sdk);
        Ok(())
    })?;
    let Record { publishes, restored } = read(&made.dir)?;
    if sdk.is_none() {
        tree::link(&made.dir.join(OUTPUT), &stage)?;
    }
    if restored.floats {
        log.debug("packages float, so the next build asks for them again");
        layers.discard(layer.name)?;
    }
    Ok(Built { publishes, restored, sdk })
}

fn read(dir: &Path) -> std::io::Result<Record> {
    let text = fs_err::read(dir.join(RECORD))?;
    Ok(serde_json::from_slice(&text)?)
}

fn key(job: Job<'_>) -> Result<Key, Problem> {
    let Job { context, app, recipe, .. } = job;
    let artifact = &recipe.sdk.artifact;
    Ok(Key {
        sdk: artifact.version.to_string(),
        checksum: artifact.checksum.to_string(),
        architecture: context.target.arch.clone(),
        buildpack: context.version.clone(),
        // Before anything is written there.
        files: tree::digest(&app.root)?,
        commit: commit(&app.root),
        environment: sha256(environment(&context.env)),
        feeds: nuget::digest(context),
    })
}

/// Variables that say nothing about what is built. To MSBuild every other one is a property.
const IRRELEVANT: [&str; 6] = ["HOSTNAME", "OLDPWD", "PWD", "SHLVL", "_", "KOUTI_TODAY"];

fn environment(env: &Env) -> String {
    let relevant = |name: &str| {
        !IRRELEVANT.contains(&name) && (!name.starts_with("CNB_") || name == "CNB_EXEC_ENV")
    };
    env.texts().filter(|(name, _)| relevant(name)).fold(String::new(), |mut list, (name, value)| {
        let _ = writeln!(list, "{name}={value}");
        list
    })
}

/// What `.git` has checked out: the SDK writes it into assemblies.
fn commit(app_dir: &Path) -> String {
    let read =
        |path: &str| fs_err::read_to_string(app_dir.join(".git").join(path)).unwrap_or_default();
    let head = read("HEAD");
    match head.trim().strip_prefix("ref: ").filter(|name| !name.contains("..")) {
        // A reference may be in a file of its own, or in that of all.
        Some(name) => sha256(read(name) + &read("packed-refs")),
        None => head.trim().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commit_is_what_head_leads_to() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(commit(dir.path()), "");
        let write = |path: &str, text: &str| {
            let path = dir.path().join(".git").join(path);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, text).unwrap();
        };
        write("HEAD", "0123abcd\n");
        assert_eq!(commit(dir.path()), "0123abcd");
        write("HEAD", "ref: refs/heads/main\n");
        write("refs/heads/main", "0123abcd\n");
        let first = commit(dir.path());
        write("refs/heads/main", "4567cdef\n");
        assert_ne!(commit(dir.path()), first);
    }

    #[test]
    fn what_differs_between_containers_is_no_part_of_the_environment() {
        let env = |name: &str, value: &str| environment(&[(name, value)].into_iter().collect());
        assert_eq!(env("HOSTNAME", "1f2e"), "");
        assert_eq!(env("CNB_LAYERS_DIR", "/layers"), "");
        assert_eq!(env("MyProperty", "1"), "MyProperty=1\n");
    }
}
