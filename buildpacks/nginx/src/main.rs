//! The buildpack `kouti/nginx`: nginx for the app's own configuration, for a generated one, or for
//! another buildpack.
//!
//! What it shares with httpd is in `kouti_web`; here is what nginx does in its own way.

mod check;
mod settings;
mod site_conf;

use std::io;
use std::path::Path;

use kouti::setting::{BadSetting, Declared};
use kouti::{BuildContext, Buildpack, Context, Detection, Env, Launch, Log, Problem, Setting};
use kouti_web::{Provider, Served, Site, WebServer};

struct Nginx;

impl Buildpack for Nginx {
    const NAME: &'static str = "Kouti nginx";
    const SETTINGS: &'static [Declared] = settings::ALL;

    fn detect(context: &Context) -> Result<Detection, Problem> {
        settings::NGINX.detect(context)
    }

    fn build(context: &BuildContext, log: &mut Log) -> Result<Launch, Problem> {
        kouti_web::build(&Self, context, log)
    }
}

impl WebServer for Nginx {
    fn provider(&self) -> Provider {
        settings::NGINX
    }

    fn conf_name(&self) -> &'static str {
        "nginx.conf"
    }

    fn program(&self) -> &'static str {
        "sbin/nginx"
    }

    fn check_setting(&self) -> Setting<bool> {
        settings::CONFIG_CHECK
    }

    fn prepare(&self, dist: &Path) -> io::Result<()> {
        kouti_nginx::note_optional_directives(dist)
    }

    fn generate(
        &self,
        site: &Site,
        served: &Served,
        include: Option<&str>,
        env: &Env,
    ) -> Result<String, Problem> {
        Ok(site_conf::generate(site, served, include, &status(env)?))
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
        ["nginx", "-c", conf].map(str::to_owned).to_vec()
    }
}

/// Where the status page listens: `8083`, `127.0.0.1:8083`.
fn status(env: &Env) -> Result<Vec<String>, BadSetting> {
    let Some(port) = settings::STUB_STATUS_PORT.read(env)? else { return Ok(Vec::new()) };
    if !(1..=65535).contains(&port) {
        let name = settings::STUB_STATUS_PORT.declared.name;
        return Err(BadSetting { name, value: port.to_string(), form: "a number from 1 to 65535" });
    }
    Ok(match settings::STUB_STATUS_ADDRESS.read(env)? {
        Some(address) if address.contains(':') => vec![format!("[{address}]:{port}")],
        Some(address) => vec![format!("{address}:{port}")],
        None => vec![port.to_string(), format!("[::]:{port}")],
    })
}

fn main() {
    kouti::main::<Nginx>();
}
