//! Tells later buildpacks and the image what there is to know.

use std::path::{Path, PathBuf};

use kouti::{BuildContext, Env, Launch, Layer, LayerEnv, Log, Problem, Scope, Uses, sha256};
use serde::Serialize;

use crate::credentials::{Access, ssh_command};
use crate::remote::web_address;
use crate::repository::{Head, Repository};

const REVISION_LABEL: &str = "org.opencontainers.image.revision";
const NAME_LABEL: &str = "org.opencontainers.image.ref.name";
const SOURCE_LABEL: &str = "org.opencontainers.image.source";

#[derive(Serialize)]
struct RevisionKey {
    revision: String,
}

#[derive(Serialize)]
struct AccessKey {
    configuration: String,
}

pub(crate) fn build(context: &BuildContext, log: &mut Log) -> Result<Launch, Problem> {
    let labels = match Repository::of_app(&context.app_dir) {
        Some(repository) => {
            match repository.and_then(|repository| Ok((repository.head()?, repository.origin()))) {
                Ok((head, origin)) => revision(context, head, origin.as_deref(), log)?,
                Err(unknown) => {
                    log.warn(unknown.notice());
                    Vec::new()
                }
            }
        }
        None => Vec::new(),
    };
    access(context, log)?;
    Ok(Launch { labels, ..Launch::default() })
}

/// The variable for the app and later buildpacks; gives the labels of the image.
fn revision(
    context: &BuildContext,
    head: Head,
    origin: Option<&str>,
    log: &mut Log,
) -> Result<Vec<(String, String)>, Problem> {
    let Head { revision, name } = head;
    let all = [
        (NAME_LABEL, "name", name),
        (REVISION_LABEL, "revision", Some(revision.clone())),
        (SOURCE_LABEL, "source", origin.and_then(web_address)),
    ];
    let known: Vec<_> =
        all.into_iter().filter_map(|(label, title, value)| Some((label, title, value?))).collect();
    log.step("Reading .git");
    let row = |(_, title, value): &(_, &str, String)| [(*title).to_owned(), value.clone()];
    log.table(&known.iter().map(row).collect::<Vec<_>>());

    let layer = Layer {
        name: "git",
        title: "variable REVISION".to_owned(),
        uses: Uses { launch: true, ..Uses::BUILD },
        env: LayerEnv::new().default_value(Scope::Both, "REVISION", revision.as_str()),
        key: RevisionKey { revision },
        sbom: None,
    };
    context.layers.ensure(log, &layer, |_, _| Ok(()))?;
    Ok(known.into_iter().map(|(label, _, value)| (label.to_owned(), value)).collect())
}

/// What git needs to reach private repositories, for the build alone.
fn access(context: &BuildContext, log: &mut Log) -> Result<(), Problem> {
    let all = Access::all(&context.bindings)?;
    let ssh = ssh_command(&context.bindings)?;
    if all.is_empty() && ssh.is_none() {
        return Ok(());
    }
    log.step("Giving git access to repositories");
    let place = |access: &Access| {
        access
            .context
            .as_ref()
            .map_or("everywhere".to_owned(), |context| context.as_str().to_owned())
    };
    let ssh_row = ssh.iter().map(|_| ["a bound key".to_owned(), "over SSH".to_owned()]);
    let rows = all.iter().map(|access| [access.binding.clone(), place(access)]);
    log.table(&rows.chain(ssh_row).collect::<Vec<_>>());

    let before = users_configuration(&context.env).map(|path| include(&path)).unwrap_or_default();
    let configuration = before + &all.iter().map(Access::section).collect::<String>();
    let name = "git-access";
    let path = context.layers.path(name).join("config");
    let mut env = LayerEnv::new()
        // What nobody can answer is not asked.
        .default_value(Scope::Build, "GIT_TERMINAL_PROMPT", "0")
        .override_value(Scope::Build, "GIT_CONFIG_GLOBAL", path.to_string_lossy());
    if let Some(ssh) = ssh {
        env = env.override_value(Scope::Build, "GIT_SSH_COMMAND", ssh);
    }
    let layer = Layer {
        name,
        title: "configuration of git".to_owned(),
        uses: Uses::BUILD,
        key: AccessKey { configuration: sha256(&configuration) },
        env,
        sbom: None,
    };
    context
        .layers
        .ensure(log, &layer, |dir, _| Ok(fs_err::write(dir.join("config"), &configuration)?))?;
    Ok(())
}

/// The configuration that ours takes the place of.
fn users_configuration(env: &Env) -> Option<PathBuf> {
    let given = env.given("GIT_CONFIG_GLOBAL").map(PathBuf::from);
    let own = || Some(Path::new(env.given("HOME")?).join(".gitconfig"));
    given.or_else(own).filter(|path| path.is_file())
}

fn include(path: &Path) -> String {
    crate::config::section("include", None, "path", &path.to_string_lossy())
}
