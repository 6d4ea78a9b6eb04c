//! What is left for the platform and for the start of the app.

use std::fmt::Write as _;
use std::path::Path;

use kouti_report::Problem;

use super::before;
use crate::processes::Started;
use crate::record::{LaunchRecord, Metadata};
use crate::staging::Staging;
use crate::{cache, commands, settings, words};

/// Lines longer than that are refused where the platform takes them.
const LONGEST: usize = 4000;

/// Everything in our directory of the droplet besides the layers, and the scripts that run before the app.
pub(crate) fn write(
    staging: &Staging,
    metadata: &Metadata,
    started: &mut Started,
) -> Result<(), Problem> {
    let (own, about) = (staging.own(), &staging.zip.about);
    let kouti = own.join("kouti");
    fs_err::create_dir_all(&kouti)?;
    fs_err::copy(staging.zip.program(), kouti.join("kouti-cf"))?;
    for (kind, command) in &mut started.processes {
        if command.len() > LONGEST {
            let script = kouti.join(format!("run-{kind}"));
            fs_err::write(&script, format!("{command}\n"))?;
            *command =
                format!("bash \"$DEPS_DIR\"/{}/kouti/run-{kind}", words::quoted(&staging.index));
        }
    }
    let record = LaunchRecord {
        buildpacks: metadata.buildpacks.iter().map(|built| built.id.clone()).collect(),
        commands: started.processes.values().cloned().collect(),
        original_types: started.original_types.clone(),
    };
    record.write(&kouti.join("launch.toml"))?;
    let config = commands::config_yml(&about.language, &about.version, &metadata.buildpacks);
    fs_err::write(own.join("config.yml"), config)?;
    fs_err::write(own.join("launch.yml"), commands::launch_yml(started))?;
    profile(staging)
}

/// Removes what only the build needed.
pub(crate) fn prune(staging: &Staging, layers_dir: &Path, ids: &[String]) -> Result<(), Problem> {
    for layer in cache::layers(layers_dir, ids)? {
        if !layer.types.launch && layer.dir.exists() {
            fs_err::remove_dir_all(&layer.dir)?;
            fs_err::remove_file(&layer.toml)?;
        }
    }
    let sbom = layers_dir.join("sbom");
    let mut unwanted = vec![sbom.join("build"), sbom.join("cache")];
    if !settings::flag(&staging.env, "BP_CF_KEEP_SBOM", true)? {
        unwanted.push(sbom);
    }
    for dir in unwanted.into_iter().filter(|dir| dir.is_dir()) {
        fs_err::remove_dir_all(dir)?;
    }
    Ok(())
}

/// The scripts that run before the app: those of all buildpacks, and ours.
fn profile(staging: &Staging) -> Result<(), Problem> {
    let dir = &staging.profile_dir;
    fs_err::create_dir_all(dir)?;
    let others: Vec<_> = before::indices(&staging.deps_dir)?
        .into_iter()
        .filter(|index| *index != staging.index)
        .collect();
    let lists = lists_of(&staging.deps_dir, &others);
    if !lists.is_empty() {
        fs_err::write(dir.join("000_multi-supply.sh"), lists)?;
    }
    for index in &others {
        let scripts = staging.deps_dir.join(index).join("profile.d");
        if !scripts.is_dir() {
            continue;
        }
        for entry in fs_err::read_dir(scripts)? {
            let entry = entry?;
            let name = format!("{index}_{}", entry.file_name().to_string_lossy());
            fs_err::copy(entry.path(), dir.join(name))?;
        }
    }
    let script = launch_script(&staging.index);
    Ok(fs_err::write(dir.join(format!("{}_kouti.sh", staging.index)), script)?)
}

/// Path lists of what other buildpacks have supplied.
fn lists_of(deps_dir: &Path, indices: &[String]) -> String {
    let mut script = String::new();
    for (dir, list) in before::lists().filter(|(dir, _)| ["bin", "lib"].contains(dir)) {
        let has = |index: &&String| deps_dir.join(index).join(dir).is_dir();
        let parts: Vec<_> =
            indices.iter().filter(has).map(|index| format!("$DEPS_DIR/{index}/{dir}")).collect();
        if !parts.is_empty() {
            let _ = writeln!(script, "export {list}=\"{}${{{list}:+:${list}}}\"", parts.join(":"));
        }
    }
    script
}

/// Gives the app the environment of its layers. It must not end the shell that reads it, whatever happens, unless the
/// app must not start.
pub(crate) fn launch_script(index: &str) -> String {
    format!(
        r#"case ",${{KOUTI_LAUNCH_DONE:-}}," in
*,{index},*) ;;
*)
  if [ -x "$DEPS_DIR/{index}/kouti/kouti-cf" ]; then
    {{ kouti_env=$(KOUTI_START_COMMAND="${{2-}}" "$DEPS_DIR/{index}/kouti/kouti-cf" launch-env {index} 3>&1 1>&8); }} 8>&1
    if [ $? -eq 82 ]; then exit 1; fi
    eval "$kouti_env"
    unset kouti_env
    export KOUTI_LAUNCH_DONE="${{KOUTI_LAUNCH_DONE:-}},{index}"
  else
    echo "warning: $DEPS_DIR/{index}/kouti/kouti-cf is missing: the app starts without the environment of its layers; restage it" >&2
  fi
  ;;
esac
"#
    )
}
