//! Whether the app is ours, and the build plan.

use kouti::{Alternative, Context, Detection, Entry, Problem, settings};

use crate::app::{Composer, builds_assets, has_entry_script};
use crate::cloud_foundry::Classic;
use crate::composer_file::{ComposerFiles, NoComposerFile};
use crate::install::COMPOSER;
use crate::php_version::{PHP, plan_requests};
use crate::server::ServerName;
use crate::settings::{COMPOSER_VERSION, VERSION};

/// A bad value of a setting does not end the detection: the build tells, whose output people see.
pub(crate) fn detect(context: &Context) -> Result<Detection, Problem> {
    // The build tells what is wrong with them.
    let classic = Classic::read(context).unwrap_or_default();
    let context = &context.with_env(classic.apply(&context.env));
    let (dir, env) = (&context.app_dir, &context.env);
    let named = env.given("COMPOSER");
    let files = ComposerFiles::find(dir, named);
    // Whoever sets one of these means PHP, even where the value is wrong.
    let is_meant = ["BP_PHP_SERVER", "BP_PHP_WEB_DIR"].iter().any(|name| env.given(name).is_some());
    let is_app = is_meant || files.has_json || has_entry_script(dir)?;
    if !is_app {
        if named.is_some() {
            return Err(NoComposerFile { path: files.json }.into());
        }
        // Another buildpack may want PHP; if nobody does, the platform leaves this one out.
        let php = Alternative::new().provides(PHP);
        return Ok(Detection::Pass(vec![php.clone().provides(COMPOSER), php]));
    }
    let plan = AppPlan {
        context,
        composer: Composer::peek(dir, &files),
        has_composer: files.has_json,
        has_assets: builds_assets(dir),
        reloads: settings::LIVE_RELOAD_ENABLED.read(env).unwrap_or(false),
    };
    Ok(Detection::Pass(plan.alternatives()))
}

/// What the plan of an app depends on.
struct AppPlan<'a> {
    context: &'a Context,
    composer: Option<Composer>,
    has_composer: bool,
    has_assets: bool,
    reloads: bool,
}

impl AppPlan<'_> {
    /// Each with and without somebody who builds the assets of the app.
    fn alternatives(&self) -> Vec<Alternative> {
        let mut all = Vec::new();
        for server in self.servers() {
            let plain = self.alternative(server);
            if self.has_assets {
                let node_modules =
                    Entry::new("node_modules").with("build", true).with("assets", true);
                all.push(plain.clone().requires(node_modules));
            }
            all.push(plain);
        }
        all
    }

    /// The one that is asked for; else nginx, and PHP's own where nobody provides nginx.
    fn servers(&self) -> Vec<ServerName> {
        use kouti::setting::Value as _;

        let text = self.context.env.given("BP_PHP_SERVER").map(str::trim);
        match text.map(ServerName::parse) {
            Some(Some(server)) => vec![server],
            Some(None) | None => vec![ServerName::Nginx, ServerName::PhpServer],
        }
    }

    /// What we provide we require ourselves, because nobody else may.
    fn alternative(&self, server: ServerName) -> Alternative {
        let own = |name: &str| Entry::new(name).with("mode", "app").with("launch", true);
        let mut plan = Alternative::new();
        let mut add = |entry: Entry| {
            plan = std::mem::take(&mut plan).provides(entry.name.as_str()).requires(entry);
        };
        add(own(PHP));
        if self.has_composer {
            let version = COMPOSER_VERSION.read(&self.context.env).ok().flatten();
            let composer = Entry::new(COMPOSER).with("mode", "app").with("build", true);
            add(match version {
                Some(version) => {
                    composer.with("version", version).with("version-source", "BP_COMPOSER_VERSION")
                }
                None => composer,
            });
            add(own("composer-packages"));
        }
        if server.uses_fpm() {
            add(own("php-fpm").with("build", true));
        }
        if let Some(name) = server.config_entry() {
            add(own(name).with("build", true));
        }
        // Only seen by those who provide PHP in our place.
        let setting = VERSION.read(&self.context.env).ok().flatten();
        for (version, source) in plan_requests(setting.as_deref(), self.composer.as_ref()) {
            plan = plan.requires(
                Entry::new(PHP)
                    .with("mode", "app")
                    .with("version", version)
                    .with("version-source", source),
            );
        }
        if let Some((name, setting)) = server.program() {
            plan = plan.requires(self.program(name, setting));
        }
        if self.reloads && server.has_site() {
            plan = plan.requires(Entry::new("watchexec").with("launch", true));
        }
        plan
    }

    /// `config` tells its provider not to serve anything by itself, and `build` that we check what
    /// we make.
    fn program(&self, name: &str, setting: &str) -> Entry {
        let entry = Entry::new(name).with("build", true).with("launch", true).with("config", PHP);
        match self.context.env.given(setting) {
            Some(version) => entry.with("version", version).with("version-source", setting),
            None => entry,
        }
    }
}
