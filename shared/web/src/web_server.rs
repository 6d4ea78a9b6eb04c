//! Actions of a build, the same for every server: install it, make or check its configuration,
//! declare how it starts.

use std::io;
use std::path::{Path, PathBuf};

use kouti::catalog::Artifact;
use kouti::fetch::Unpack;
use kouti::{
    BuildContext, Env, Explain, Fault, Launch, Layer, LayerEnv, Log, Notice, Problem, Process,
    Scope, Setting, Uses, settings as shared, sha256,
};
use serde::Serialize;

use crate::document_root::DocumentRoot;
use crate::precompress::precompress;
use crate::provider::Provider;
use crate::serving::{App, Conf, Recipe, Served};
use crate::settings::ROOT;
use crate::site::Site;

/// Directory of the server in its layer: not the top, whose `lib` every process would get.
const DIST: &str = "dist";
/// Layer of a generated configuration.
const CONFIG: &str = "web-server-config";

/// What a server does in its own way.
pub trait WebServer {
    /// Its names in plan, catalogue and settings.
    fn provider(&self) -> Provider;

    /// Name of its configuration: `nginx.conf`.
    fn conf_name(&self) -> &'static str;

    /// Its program below [`DIST`], to see whether the server is there: `sbin/nginx`.
    fn program(&self) -> &'static str;

    /// Whether configurations are tried out.
    fn check_setting(&self) -> Setting<bool>;

    /// Makes what was just unpacked ready.
    fn prepare(&self, _dist: &Path) -> io::Result<()> {
        Ok(())
    }

    /// What its layer sets besides the `PATH` of the build.
    fn layer_env(&self, env: LayerEnv, _dist: &Path) -> LayerEnv {
        env
    }

    /// The configuration of a site. `include` is the user's addition, relative to the app.
    fn generate(
        &self,
        site: &Site,
        served: &Served,
        include: Option<&str>,
        env: &Env,
    ) -> Result<String, Problem>;

    /// Tries a configuration out.
    fn check(
        &self,
        context: &BuildContext,
        log: &mut Log,
        dist: &Path,
        conf: &Path,
    ) -> Result<(), Problem>;

    /// The command that starts it.
    fn command(&self, conf: &str) -> Vec<String>;
}

/// The build phase of a web server's buildpack.
pub fn build(
    server: &dyn WebServer,
    context: &BuildContext,
    log: &mut Log,
) -> Result<Launch, Problem> {
    let provider = server.provider();
    let app = App::read(context, &provider)?;
    let recipe = Recipe::decide(&app, &provider, context)?;
    context.explain_choice(log, &recipe.server, shared::EOL_POLICY.read(&context.env)?)?;
    for notice in &recipe.notices {
        log.warn(notice.clone());
    }
    let build = Build { server, context, recipe: &recipe, app: &app, id: provider.id };
    build.run(log)
}

struct Build<'a> {
    server: &'a dyn WebServer,
    context: &'a BuildContext,
    recipe: &'a Recipe,
    app: &'a App,
    id: &'static str,
}

#[derive(Serialize)]
struct Key {
    checksum: String,
}

#[derive(Serialize)]
struct ConfigKey {
    configuration: String,
    content: String,
    /// What has checked it.
    server: String,
}

impl Build<'_> {
    fn run(&self, log: &mut Log) -> Result<Launch, Problem> {
        self.install(log)?;
        let conf = match &self.recipe.conf {
            Conf::Elsewhere => None,
            Conf::App(name) => {
                self.check(log, &self.context.app_dir.join(name))?;
                Some(name.clone())
            }
            Conf::Generated(site) => Some(self.config(log, site)?),
        };
        if !self.recipe.uses.launch {
            return Ok(Launch::default());
        }
        let program = self.id;
        self.context.helper_layer(log, &[], &[program], self.launch_env(conf.as_deref()))?;
        let processes = conf.map(|conf| self.processes(&conf)).unwrap_or_default();
        Ok(Launch { processes, ..Launch::default() })
    }

    fn artifact(&self) -> &Artifact {
        &self.recipe.server.artifact
    }

    fn install(&self, log: &mut Log) -> Result<(), Problem> {
        let artifact = self.artifact();
        let dist = self.context.layers.path(self.id).join(DIST);
        let bin = dist.join(self.server.program());
        let bin = bin.parent().unwrap_or(&dist).to_string_lossy();
        // In the image, the program in front of it is on the PATH.
        let mut env = LayerEnv::new().append(Scope::Build, "PATH", bin, ":");
        if artifact.uri.as_deref().is_some_and(|uri| uri.contains("artifacts.paketo.io")) {
            let libraries = dist.join("lib");
            env = env.append(Scope::Build, "LD_LIBRARY_PATH", libraries.to_string_lossy(), ":");
        }
        let layer = Layer {
            name: self.id,
            title: artifact.title(),
            uses: self.recipe.uses,
            key: Key { checksum: artifact.checksum.to_string() },
            env: self.server.layer_env(env, &dist),
            sbom: Some(self.context.document(artifact)),
        };
        self.context.layers.ensure(log, &layer, |dir, log| self.unpack(log, &dir.join(DIST)))?;
        Ok(())
    }

    fn unpack(&self, log: &mut Log, dir: &Path) -> Result<(), Problem> {
        let fetcher = self.context.fetcher(None, log)?;
        fetcher.archive(self.artifact(), &Unpack::into(dir), log)?;
        Ok(self.server.prepare(dir)?)
    }

    /// The server for this build: a launch layer that is taken over from the last image has no
    /// content.
    fn dist(&self, log: &mut Log) -> Result<PathBuf, Problem> {
        let dist = self.context.layers.path(self.id).join(DIST);
        if dist.join(self.server.program()).is_file() {
            return Ok(dist);
        }
        let artifact = self.artifact();
        let layer = Layer {
            name: "check",
            title: format!("{} to check the configuration", artifact.title()),
            uses: Uses::BUILD,
            key: Key { checksum: artifact.checksum.to_string() },
            env: LayerEnv::new(),
            sbom: None,
        };
        let unpack = |dir: &Path, log: &mut Log| self.unpack(log, &dir.join(DIST));
        Ok(self.context.layers.ensure(log, &layer, unpack)?.dir.join(DIST))
    }

    fn check(&self, log: &mut Log, conf: &Path) -> Result<(), Problem> {
        if !self.server.check_setting().read(&self.context.env)? {
            return Ok(());
        }
        let dist = self.dist(log)?;
        log.step("Checking the configuration");
        self.server.check(self.context, log, &dist, conf)
    }

    /// Makes the configuration; returns where it is.
    fn config(&self, log: &mut Log, site: &Site) -> Result<String, Problem> {
        self.show_project(log);
        let asked = ROOT.read(&self.app.env)?;
        let origin =
            if self.of_project(ROOT.declared.name) { "project.toml" } else { ROOT.declared.name };
        let asked = asked.as_deref().map(|root| (root, origin));
        let root = DocumentRoot::find(&self.context.app_dir, asked)?;
        precompress(&root, site, log)?;
        let served = Served::read(root)?;
        log.step(&format!("Serving {} ({})", served.shown(), served.root.origin));
        if !served.has_index && !site.directory_listing {
            log.warn(Notice::new(format!("there is no index.html in {}", served.shown())));
        }
        let include = self.include(site)?;
        let text = self.server.generate(site, &served, include.as_deref(), &self.app.env)?;
        for line in text.lines() {
            log.debug(line);
        }
        let name = self.server.conf_name();
        let layer = Layer {
            name: CONFIG,
            title: format!("configuration of {}", self.id),
            uses: Uses::LAUNCH,
            key: ConfigKey {
                configuration: sha256(&text),
                content: served.version.clone(),
                server: self.artifact().checksum.to_string(),
            },
            env: LayerEnv::new(),
            sbom: None,
        };
        let conf = self.context.layers.path(CONFIG).join(name);
        // What the last build has checked is not checked again.
        self.context.layers.ensure(log, &layer, |dir, log| {
            fs_err::write(dir.join(name), &text)?;
            fs_err::write(dir.join("content-version"), &served.version)?;
            self.check(log, &conf)
        })?;
        Ok(conf.display().to_string())
    }

    /// Whether `project.toml` decides a setting.
    fn of_project(&self, name: &str) -> bool {
        let project = self.app.project.as_ref();
        self.context.env.given(name).is_none() && project.is_some_and(|it| it.get(name).is_some())
    }

    /// What counts of `project.toml`.
    fn show_project(&self, log: &mut Log) {
        let Some(project) = &self.app.project else { return };
        log.step(&format!("Reading {}", project.title()));
        for (name, text) in project.settings().filter(|(name, _)| self.of_project(name)) {
            for line in text.lines() {
                log.detail(&format!("{name}={line}"));
            }
        }
    }

    /// The user's addition, which has to be there.
    fn include(&self, site: &Site) -> Result<Option<String>, NoIncludeFile> {
        let Some(file) = &site.include_file else { return Ok(None) };
        if self.context.app_dir.join(file).is_file() {
            return Ok(Some(file.trim_start_matches("./").to_owned()));
        }
        Err(NoIncludeFile { file: file.clone() })
    }

    /// Every value can be changed with `docker run --env`.
    fn launch_env(&self, conf: Option<&str>) -> LayerEnv {
        let app_dir = &self.context.app_dir;
        let env = LayerEnv::new().default_value(Scope::Launch, "PORT", "8080").default_value(
            Scope::Launch,
            "APP_ROOT",
            app_dir.to_string_lossy(),
        );
        match conf {
            // Paketo's name, for commands of a Procfile that name no configuration.
            Some(conf) => {
                let path = app_dir.join(conf);
                env.default_value(Scope::Launch, "EXECD_CONF", path.to_string_lossy())
            }
            None => env,
        }
    }

    fn processes(&self, conf: &str) -> Vec<Process> {
        let plain = self.server.command(conf);
        if !self.recipe.live_reload {
            return vec![Process::new("web", plain).default()];
        }
        // Restarted, not reloaded: the configuration is rendered anew then. The app is where the
        // process starts, which may be another directory than in the build.
        Process::new("web", plain).default().reloading(Path::new(".")).to_vec()
    }
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
        vec![
            "name a file of the app, relative to its root".to_owned(),
            "in a Staticfile, the key is location_include".to_owned(),
        ]
    }
}
