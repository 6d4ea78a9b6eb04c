//! nginx with its dynamic modules, from Debian.

use std::path::Path;

use anyhow::Result;

use super::debian::{self, Pin};
use super::pins::Pins;
use super::tree::Tree;
use super::{Made, Recipe, Resolved, Sources};

pub(super) const IDS: &[&str] = &["nginx"];

/// Not among them: the image filter, whose codecs alone are three times the size of everything else.
const MODULES: &[&str] = &[
    "http-brotli-filter",
    "http-brotli-static",
    "http-geoip2",
    "http-headers-more-filter",
    "http-xslt-filter",
    "mail",
    "stream",
    "stream-geoip2",
];

/// Not in releases before trixie.
const NEW_MODULES: &[&str] = &["http-js", "stream-js"];

/// Files that an app's configuration includes.
const CONF: &[&str] = &[
    "fastcgi.conf",
    "fastcgi_params",
    "koi-utf",
    "koi-win",
    "mime.types",
    "scgi_params",
    "uwsgi_params",
    "win-utf",
];

pub(super) fn recipes(pins: &Pins) -> Vec<Box<dyn Recipe>> {
    pins.nginx.iter().map(|pin| Box::new(Nginx(pin.clone())) as Box<dyn Recipe>).collect()
}

struct Nginx(Pin);

impl Nginx {
    fn packages(&self) -> Vec<String> {
        let new = if self.0.suite == "bookworm" { &[] } else { NEW_MODULES };
        let modules = MODULES.iter().chain(new).map(|module| format!("libnginx-mod-{module}"));
        std::iter::once("nginx".to_owned()).chain(modules).collect()
    }
}

impl Recipe for Nginx {
    fn name(&self) -> String {
        self.0.name("nginx")
    }

    fn pin(&self) -> String {
        self.0.text(&self.packages())
    }

    fn resolve(&self, sources: &Sources) -> Result<Resolved> {
        let debs = sources.suite(&self.0.suite)?.closure(&self.packages())?;
        let main = self.0.main(&debs, "nginx")?;
        let record = debian::Record {
            id: "nginx",
            name: "nginx",
            version: main.upstream_version(),
            license: "BSD-2-Clause",
            cpe: "f5:nginx",
        };
        let record = record.table(&main, &self.0);
        Resolved::from_debian("nginx", record, debs)
    }

    fn make(&self, sources: &Sources, resolved: &Resolved, work: &Path) -> Result<Made> {
        let suite = sources.suite(&self.0.suite)?;
        let stage = suite.stage(&self.packages(), &resolved.debs, &work.join("stage"))?;
        let mut tree = Tree::new(&stage, work.join("tree"))?;
        tree.take("usr/sbin/nginx", "sbin/nginx")?;
        tree.take_libraries("usr/lib/nginx/modules", "modules")?;
        for file in CONF {
            tree.take(&format!("etc/nginx/{file}"), &format!("conf/{file}"))?;
        }
        tree.bundle("libs", &[], &[])?;
        tree.made()
    }
}
