//! What is left for the platform and for the start of the app.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use kouti_report::{Notice, Problem};

use super::before;
use crate::commands::Config;
use crate::processes::Started;
use crate::record::{LaunchRecord, Metadata, escaped};
use crate::staging::Staging;
use crate::{bills, cache, commands, moving, parent, settings, words};

/// Lines longer than that are refused where the platform takes them.
const LONGEST: usize = 4000;

/// Puts commands that are too long for the platform into scripts.
pub(crate) fn shorten(staging: &Staging, started: &mut Started) -> Result<(), Problem> {
    for (kind, command) in &mut started.processes {
        if command.len() > LONGEST {
            let dir = staging.own().join("kouti");
            fs_err::create_dir_all(&dir)?;
            fs_err::write(dir.join(format!("run-{kind}")), format!("{command}\n"))?;
            started.notices.push(Notice::new(format!(
                "the command of `{kind}` has {} bytes, more than the platform takes: it is in a script",
                command.len()
            )));
            *command =
                format!("bash \"$DEPS_DIR\"/{}/kouti/run-{kind}", words::quoted(&staging.index));
        }
    }
    Ok(())
}

/// Everything in our directory of the droplet besides the layers, and the scripts that run before the app.
pub(crate) fn write(
    staging: &Staging,
    metadata: &Metadata,
    started: &Started,
) -> Result<(), Problem> {
    own(staging, metadata, started)?;
    fs_err::write(staging.own().join("launch.yml"), commands::launch_yml(started))?;
    profile(staging)
}

/// What every buildpack of ours leaves, the last one or not.
pub(crate) fn own(
    staging: &Staging,
    metadata: &Metadata,
    started: &Started,
) -> Result<(), Problem> {
    let (own, about) = (staging.own(), &staging.zip.about);
    let kouti = own.join("kouti");
    fs_err::create_dir_all(&kouti)?;
    fs_err::copy(staging.zip.program(), kouti.join("kouti-cf"))?;
    let record = LaunchRecord {
        buildpacks: metadata.buildpacks.iter().map(|built| built.id.clone()).collect(),
        // Sidecars may have too little memory for what a layer prepares: they start all the same.
        commands: started.processes.values().cloned().collect(),
        original_types: started.original_types.clone(),
        compat: about.compat.clone(),
    };
    record.write(&kouti.join("launch.toml"))?;
    let config = commands::config_yml(&Config {
        language: &about.language,
        version: &about.version,
        lifecycle: &about.lifecycle,
        cached: staging.zip.artifacts().is_some(),
        buildpacks: &metadata.buildpacks,
        dependencies: bills::runtimes(&own.join("layers"))?,
    });
    Ok(fs_err::write(own.join("config.yml"), config)?)
}

/// Where the platform asks several buildpacks which of them it is, it looks for `launch.yml` below a wrong index: the
/// number of all buildpacks less one. Processes reach it by `release` as well; sidecars do not.
pub(crate) fn lost_sidecars(
    staging: &Staging,
    started: &Started,
) -> Result<Option<Notice>, Problem> {
    if started.sidecars.is_empty() {
        return Ok(None);
    }
    let index = match parent::call() {
        Some(call) if !call.detects => return Ok(None),
        Some(call) => (call.buildpacks - 1).to_string(),
        None => {
            let names = started.sidecars.iter().map(|sidecar| sidecar.name.as_str());
            let names = names.collect::<Vec<_>>().join(", ");
            return Ok(Some(
                Notice::new(format!("the platform may not start the sidecars: {names}"))
                    .hint("name the buildpack with `cf push -b`"),
            ));
        }
    };
    let dir = staging.deps_dir.join(&index);
    if index != staging.index {
        fs_err::create_dir_all(&dir)?;
        fs_err::write(dir.join("launch.yml"), commands::launch_yml(started))?;
    }
    Ok(None)
}

/// Removes what only the build needed.
pub(crate) fn prune(staging: &Staging, layers_dir: &Path, ids: &[String]) -> Result<(), Problem> {
    for layer in cache::layers(layers_dir, ids)? {
        if !layer.types.launch {
            remove(&layer.dir)?;
            fs_err::remove_file(&layer.toml)?;
        }
    }
    for id in ids {
        let dir = layers_dir.join(escaped(id));
        for entry in dir.read_dir().into_iter().flatten() {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "ignore") {
                // What a buildpack has not asked for again; the lifecycle only puts it aside.
                remove(&path)?;
            } else if path.is_file() && is_bill(&path) {
                // The lifecycle has collected those that count in a place of their own.
                fs_err::remove_file(&path)?;
            }
        }
    }
    let sbom = layers_dir.join("sbom");
    for kind in ["build", "cache"] {
        remove(&sbom.join(kind))?;
    }
    if !settings::flag(&staging.env, "BP_CF_KEEP_SBOM", true)? {
        remove(&sbom)?;
    }
    Ok(())
}

/// Removes what earlier buildpacks of this kind have built for this one only.
pub(crate) fn prune_others(staging: &Staging) -> Result<(), Problem> {
    for index in
        before::indices(&staging.deps_dir)?.into_iter().filter(|index| *index != staging.index)
    {
        let own = staging.deps_dir.join(index);
        let Ok(record) = LaunchRecord::read(&own.join("kouti/launch.toml")) else { continue };
        prune(staging, &own.join("layers"), &record.buildpacks)?;
        for (dir, _) in before::lists() {
            for entry in own.join(dir).read_dir().into_iter().flatten() {
                let link = entry?.path();
                if link.is_symlink() && !link.exists() {
                    fs_err::remove_file(link)?;
                }
            }
        }
    }
    Ok(())
}

/// `node.sbom.cdx.json`, as a buildpack leaves it.
fn is_bill(path: &Path) -> bool {
    path.file_name().is_some_and(|name| {
        let name = name.to_string_lossy();
        cache::BILLS.iter().any(|end| name.ends_with(&format!(".{end}")))
    })
}

fn remove(dir: &Path) -> io::Result<()> {
    if dir.is_dir() { moving::remove_dir(dir) } else { Ok(()) }
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
    kouti_code=0
    {{ kouti_env=$(KOUTI_START_COMMAND="${{2-}}" "$DEPS_DIR/{index}/kouti/kouti-cf" launch-env {index} 3>&1 1>&8) || kouti_code=$?; }} 8>&1
    if [ "$kouti_code" -eq 82 ]; then exit 1; fi
    eval "$kouti_env"
    unset kouti_env kouti_code
    export KOUTI_LAUNCH_DONE="${{KOUTI_LAUNCH_DONE:-}},{index}"
  else
    echo "warning: $DEPS_DIR/{index}/kouti/kouti-cf is missing: the app starts without the environment of its layers; restage it" >&2
  fi
  ;;
esac
"#
    )
}
