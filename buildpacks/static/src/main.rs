//! The buildpack `kouti/static`: recognises sites that nothing else serves, and has `kouti/nginx`
//! or `kouti/httpd` serve them.
//!
//! It has no program and no layer: what it finds travels in the build plan.

mod site;
mod staticfile;

use kouti::setting::Declared;
use kouti::{
    Alternative, BuildContext, Buildpack, Context, Detection, Entry, Launch, Log, Problem,
    settings as shared,
};
use kouti_web::SITE;
use kouti_web::settings::WEB_SERVER;

use crate::site::Found;

struct Static;

impl Buildpack for Static {
    const NAME: &'static str = "Kouti static";
    const SETTINGS: &'static [Declared] = &[];

    fn detect(context: &Context) -> Result<Detection, Problem> {
        let mut server = WEB_SERVER.read(&context.env)?;
        if server.as_deref() == Some("none") {
            return Detection::skip("BP_WEB_SERVER is none");
        }
        let Some(found) = Found::read(&context.app_dir)? else {
            if let Some((name, _)) = site::description(&context.app_dir) {
                return Detection::skip(format!(
                    "{name} has no effect: set BP_WEB_SERVER and BP_WEB_SERVER_ROOT, or write a \
                     Staticfile"
                ));
            }
            return Detection::skip(
                "no Staticfile, no table for a site in project.toml, no front end with a build script, \
                 no index.html where sites have one",
            );
        };
        if server.is_none() {
            server = found.server().map(str::to_owned);
        }
        let server = if server.as_deref() == Some("httpd") { "httpd" } else { "nginx" };
        let entry = Entry::new(server)
            .with("launch", true)
            .with("version-source", "static")
            .with(SITE, found.settings());
        let mut plan = Alternative::new().requires(entry);
        if shared::LIVE_RELOAD_ENABLED.read(&context.env)? {
            plan = plan.requires(Entry::watchexec());
        }
        if found.needs_node() {
            plan =
                plan.requires(Entry::new("node_modules").with("build", true).with("assets", true));
        }
        Ok(Detection::Pass(vec![plan]))
    }

    fn build(context: &BuildContext, log: &mut Log) -> Result<Launch, Problem> {
        if let Some(found) = Found::read(&context.app_dir)? {
            log.step(&format!("Recognised {}", found.title()));
            for (name, value) in found.settings() {
                log.detail(&format!("{name}={}", value.as_str().unwrap_or_default()));
            }
            for notice in found.notices().into_iter().chain(site::unread(&context.app_dir)) {
                log.warn(notice);
            }
        }
        Ok(Launch::default())
    }
}

fn main() {
    kouti::main::<Static>();
}
