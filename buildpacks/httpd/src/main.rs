//! The buildpack `kouti/httpd`: Apache httpd for the app's own configuration, for a generated one,
//! or for another buildpack.
//!
//! What it shares with nginx is in `kouti_web`; here is what httpd does in its own way.

mod check;
mod settings;
mod site_conf;

use std::path::Path;

use kouti::setting::{BadSetting, Declared};
use kouti::{
    BuildContext, Buildpack, Context, Detection, Env, Launch, LayerEnv, Log, Problem, Scope,
    Setting,
};
use kouti_web::{Provider, RuntimeEnv, Served, Site, WebServer};

struct Httpd;

impl Buildpack for Httpd {
    const NAME: &'static str = "Kouti httpd";
    const SETTINGS: &'static [Declared] = settings::ALL;

    fn detect(context: &Context) -> Result<Detection, Problem> {
        settings::HTTPD.detect(context)
    }

    fn build(context: &BuildContext, log: &mut Log) -> Result<Launch, Problem> {
        kouti_web::build(&Self, context, log)
    }
}

impl WebServer for Httpd {
    fn provider(&self) -> Provider {
        settings::HTTPD
    }

    fn conf_name(&self) -> &'static str {
        "httpd.conf"
    }

    fn program(&self) -> &'static str {
        "bin/httpd"
    }

    fn check_setting(&self) -> Setting<bool> {
        settings::CONFIG_CHECK
    }

    fn layer_env(&self, env: LayerEnv, dist: &Path) -> LayerEnv {
        env.default_value(Scope::Both, "SERVER_ROOT", dist.to_string_lossy())
    }

    fn generate(
        &self,
        site: &Site,
        served: &Served,
        include: Option<&str>,
        _: &Env,
    ) -> Result<String, Problem> {
        if site.runtime_env == RuntimeEnv::Html {
            let name = kouti_web::settings::RUNTIME_ENV.declared.name;
            let value = "html".to_owned();
            return Err(BadSetting { name, value, form: "`js` or `json`, with httpd" }.into());
        }
        Ok(site_conf::generate(site, served, include))
    }

    fn check(
        &self,
        context: &BuildContext,
        log: &mut Log,
        dist: &Path,
        conf: &Path,
    ) -> Result<(), Problem> {
        check::check(context, log, dist, conf)
    }

    fn command(&self, conf: &str) -> Vec<String> {
        ["httpd", "-f", conf, "-k", "start", "-DFOREGROUND"].map(str::to_owned).to_vec()
    }
}

fn main() {
    kouti::main::<Httpd>();
}
