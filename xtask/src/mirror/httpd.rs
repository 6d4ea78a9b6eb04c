//! Apache httpd with its modules, from Debian.

use std::path::Path;

use anyhow::Result;

use super::debian::{self, Pin};
use super::pins::Pins;
use super::tree::Tree;
use super::{Made, Recipe, Resolved, Sources};

pub(super) const IDS: &[&str] = &["httpd"];

const PACKAGES: &[&str] =
    &["apache2", "apache2-bin", "apache2-data", "apache2-utils", "media-types"];

/// Programs and the names they have upstream.
const PROGRAMS: &[(&str, &str)] = &[
    ("usr/sbin/apache2", "bin/httpd"),
    ("usr/bin/ab", "bin/ab"),
    ("usr/bin/htdigest", "bin/htdigest"),
    ("usr/bin/htpasswd", "bin/htpasswd"),
    ("usr/bin/rotatelogs", "bin/rotatelogs"),
];

pub(super) fn recipes(pins: &Pins) -> Vec<Box<dyn Recipe>> {
    pins.httpd.iter().map(|pin| Box::new(Httpd(pin.clone())) as Box<dyn Recipe>).collect()
}

struct Httpd(Pin);

impl Recipe for Httpd {
    fn name(&self) -> String {
        self.0.name("httpd")
    }

    fn pin(&self) -> String {
        self.0.text(&debian::names(PACKAGES))
    }

    fn resolve(&self, sources: &Sources) -> Result<Resolved> {
        let debs = sources.suite(&self.0.suite)?.closure(&debian::names(PACKAGES))?;
        let main = self.0.main(&debs, "apache2-bin")?;
        let record = debian::Record {
            id: "httpd",
            name: "Apache HTTP Server",
            version: main.upstream_version(),
            license: "Apache-2.0",
            cpe: "apache:http_server",
        };
        let record = record.table(&main, &self.0);
        Resolved::from_debian("httpd", record, debs)
    }

    fn make(&self, sources: &Sources, resolved: &Resolved, work: &Path) -> Result<Made> {
        let suite = sources.suite(&self.0.suite)?;
        let stage = suite.stage(&debian::names(PACKAGES), &resolved.debs, &work.join("stage"))?;
        let mut tree = Tree::new(&stage, work.join("tree"))?;
        for (from, to) in PROGRAMS {
            tree.take(from, to)?;
        }
        tree.take_libraries("usr/lib/apache2/modules", "modules")?;
        tree.take("etc/mime.types", "conf/mime.types")?;
        tree.take("etc/apache2/magic", "conf/magic")?;
        tree.bundle("libs", &[], &[])?;
        tree.made()
    }
}
