//! Actions: carries a recipe out, step by step.

use std::path::Path;

use kouti::catalog::Artifact;
use kouti::fetch::Unpack;
use kouti::{
    BuildContext, Explain, Fault, Launch, Layer, LayerEnv, Log, Notice, Problem, Scope, Uses,
    settings as shared, sha256,
};
use kouti_nginx::note_optional_directives;
use serde::Serialize;

use crate::app::{App, Served};
use crate::check::{self, Server};
use crate::processes;
use crate::recipe::{Conf, Generated, Recipe};
use crate::site_conf;

/// Layer of the server, and the directory in it: not its top, whose `lib` every process would get.
const NGINX: &str = "nginx";
const DIST: &str = "dist";
/// Layer of a generated configuration.
const CONFIG: &str = "web-server-config";

pub(crate) fn build(context: &BuildContext, log: &mut Log) -> Result<Launch, Problem> {
    let app = App::read(context)?;
    let recipe = Recipe::decide(&app, &context.plan, &context.catalog, &context.target)?;
    context.explain_choice(log, &recipe.nginx, shared::EOL_POLICY.read(&context.env)?)?;
    for notice in &recipe.notices {
        log.warn(notice.clone());
    }

    install(context, log, &recipe)?;
    let conf = match &recipe.conf {
        Conf::Elsewhere => None,
        Conf::App(name) => {
            let conf = context.app_dir.join(name);
            if recipe.check {
                let nginx = server(context, log, &recipe)?;
                check::check(context, log, &nginx, &conf)?;
            }
            Some(name.clone())
        }
        Conf::Generated(generated) => Some(config(context, log, &recipe, generated, &app)?),
    };
    if !recipe.uses.launch {
        return Ok(Launch::default());
    }
    let env = launch_env(context, conf.as_deref());
    context.helper_layer(log, &[], &["nginx"], env)?;
    let processes = conf.map(|conf| processes::declare(&conf, recipe.live_reload));
    Ok(Launch { processes: processes.unwrap_or_default(), ..Launch::default() })
}

/// Every value can be changed with `docker run --env`.
fn launch_env(context: &BuildContext, conf: Option<&str>) -> LayerEnv {
    let app_dir = context.app_dir.to_string_lossy();
    let env = LayerEnv::new().default_value(Scope::Launch, "PORT", "8080").default_value(
        Scope::Launch,
        "APP_ROOT",
        app_dir,
    );
    match conf {
        // Paketo's name, for commands of a Procfile that name no configuration.
        Some(conf) => {
            let path = context.app_dir.join(conf);
            env.default_value(Scope::Launch, "EXECD_CONF", path.to_string_lossy())
        }
        None => env,
    }
}

#[derive(Serialize)]
struct Key {
    checksum: String,
}

fn install(context: &BuildContext, log: &mut Log, recipe: &Recipe) -> Result<(), Problem> {
    let artifact = &recipe.nginx.artifact;
    let dist = context.layers.path(NGINX).join(DIST);
    let sbin = dist.join("sbin");
    // At launch the program in front of it is on the PATH.
    let mut env = LayerEnv::new().append(Scope::Build, "PATH", sbin.to_string_lossy(), ":");
    if artifact.uri.as_deref().is_some_and(|uri| uri.contains("artifacts.paketo.io")) {
        env = env.append(Scope::Build, "LD_LIBRARY_PATH", dist.join("lib").to_string_lossy(), ":");
    }
    let layer = Layer {
        name: NGINX,
        title: artifact.title(),
        uses: recipe.uses,
        key: Key { checksum: artifact.checksum.to_string() },
        env,
        sbom: Some(context.document(artifact)),
    };
    context
        .layers
        .ensure(log, &layer, |dir, log| unpack(context, log, artifact, &dir.join(DIST)))?;
    Ok(())
}

fn unpack(
    context: &BuildContext,
    log: &mut Log,
    artifact: &Artifact,
    dir: &Path,
) -> Result<(), Problem> {
    context.fetcher(None, log)?.archive(artifact, &Unpack::into(dir), log)?;
    Ok(note_optional_directives(dir)?)
}

/// nginx for this build: a launch layer that is taken over from the last image has no content.
fn server(context: &BuildContext, log: &mut Log, recipe: &Recipe) -> Result<Server, Problem> {
    let dir = context.layers.path(NGINX).join(DIST);
    if dir.join("sbin/nginx").is_file() {
        return Ok(Server { dir });
    }
    let artifact = &recipe.nginx.artifact;
    let layer = Layer {
        name: "nginx-check",
        title: format!("{} for the check of the configuration", artifact.title()),
        uses: Uses::BUILD,
        key: Key { checksum: artifact.checksum.to_string() },
        env: LayerEnv::new(),
        sbom: None,
    };
    let made = context
        .layers
        .ensure(log, &layer, |dir, log| unpack(context, log, artifact, &dir.join(DIST)))?;
    Ok(Server { dir: made.dir.join(DIST) })
}

#[derive(Serialize)]
struct ConfigKey {
    configuration: String,
    content: String,
    /// What has checked it.
    nginx: String,
}

/// Writes the configuration; returns where it is.
fn config(
    context: &BuildContext,
    log: &mut Log,
    recipe: &Recipe,
    generated: &Generated,
    app: &App,
) -> Result<String, Problem> {
    let served = Served::read(context, &app.env)?;
    log.step(&format!("Serving {} ({})", shown(&served), served.root.origin));
    if !served.has_index && !generated.site.directory_listing {
        log.warn(Notice::new(format!("there is no index.html in {}", shown(&served))));
    }
    let include = include(context, generated)?;
    let text = site_conf::generate(generated, &served, include.as_deref());
    for line in text.lines() {
        log.debug(line);
    }
    let layer = Layer {
        name: CONFIG,
        title: "configuration of nginx".to_owned(),
        uses: Uses::LAUNCH,
        key: ConfigKey {
            configuration: sha256(&text),
            content: served.version.clone(),
            nginx: recipe.nginx.artifact.checksum.to_string(),
        },
        env: LayerEnv::new(),
        sbom: None,
    };
    let conf = context.layers.path(CONFIG).join("nginx.conf");
    // What the last build has checked is not checked again.
    context.layers.ensure(log, &layer, |dir, log| {
        fs_err::write(dir.join("nginx.conf"), &text)?;
        fs_err::write(dir.join("content-version"), &served.version)?;
        if recipe.check {
            let nginx = server(context, log, recipe)?;
            check::check(context, log, &nginx, &conf)?;
        }
        Ok(())
    })?;
    Ok(conf.display().to_string())
}

fn shown(served: &Served) -> &str {
    if served.root.shown.is_empty() { "the app's directory" } else { &served.root.shown }
}

/// The user's addition, which has to be there.
fn include(context: &BuildContext, generated: &Generated) -> Result<Option<String>, Problem> {
    let Some(file) = &generated.site.include_file else { return Ok(None) };
    if context.app_dir.join(file).is_file() {
        return Ok(Some(file.trim_start_matches("./").to_owned()));
    }
    Err(NoIncludeFile { file: file.clone() }.into())
}

/// The file of `BP_WEB_SERVER_INCLUDE_FILE_PATH` is not there.
#[derive(Debug, thiserror::Error)]
#[error("BP_WEB_SERVER_INCLUDE_FILE_PATH names `{file}`, which does not exist")]
struct NoIncludeFile {
    file: String,
}

impl Explain for NoIncludeFile {
    fn id(&self) -> &'static str {
        "include-file-missing"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec!["name a file of the app, relative to its root".to_owned()]
    }
}
