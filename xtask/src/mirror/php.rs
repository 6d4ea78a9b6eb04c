//! PHP with its usual extensions, from Debian.

use std::path::Path;

use anyhow::{Context as _, Result};

use super::debian::{self, Pin, Stage};
use super::pins::Pins;
use super::tree::Tree;
use super::{Made, Recipe, Resolved, Sources, composer};

pub(super) const IDS: &[&str] = &["php", composer::ID];

/// Packages below `phpV-`. Image processing by `ImageMagick` is not among them: it needs directories of its own.
const PARTS: &[&str] = &[
    "cli",
    "fpm",
    "opcache",
    "bcmath",
    "bz2",
    "curl",
    "gd",
    "gmp",
    "intl",
    "ldap",
    "mbstring",
    "mysql",
    "pgsql",
    "readline",
    "soap",
    "sqlite3",
    "xml",
    "zip",
    "apcu",
    "igbinary",
    "redis",
    "memcached",
    "msgpack",
    "mongodb",
    "amqp",
    "yaml",
    "uuid",
    "xdebug",
    "pcov",
];

pub(super) fn recipes(pins: &Pins) -> Vec<Box<dyn Recipe>> {
    let php = pins.php.iter().map(|pin| Box::new(Php(pin.clone())) as Box<dyn Recipe>);
    let composer = pins
        .composer
        .iter()
        .map(|pin| Box::new(composer::Composer(pin.clone())) as Box<dyn Recipe>);
    php.chain(composer).collect()
}

struct Php(Pin);

impl Php {
    fn packages(&self) -> Vec<String> {
        PARTS.iter().map(|part| format!("php{}-{part}", self.0.line())).collect()
    }
}

impl Recipe for Php {
    fn name(&self) -> String {
        self.0.name("php")
    }

    fn pin(&self) -> String {
        self.0.text(&self.packages())
    }

    fn resolve(&self, sources: &Sources) -> Result<Resolved> {
        let debs = sources.suite(&self.0.suite)?.closure(&self.packages())?;
        let main = self.0.main(&debs, &format!("php{}-cli", self.0.line()))?;
        let record = debian::Record {
            id: "php",
            name: "PHP",
            version: main.upstream_version(),
            license: "PHP-3.01",
            cpe: "php:php",
        };
        let record = record.table(&main, &self.0);
        Resolved::from_debian("php", record, debs)
    }

    fn make(&self, sources: &Sources, resolved: &Resolved, work: &Path) -> Result<Made> {
        let (suite, line) = (sources.suite(&self.0.suite)?, self.0.line());
        let stage = suite.stage(&self.packages(), &resolved.debs, &work.join("stage"))?;
        let mut tree = Tree::new(&stage, work.join("tree"))?;
        tree.take(&format!("usr/bin/php{line}"), "bin/php")?;
        tree.take(&format!("usr/sbin/php-fpm{line}"), "sbin/php-fpm")?;
        for name in ["php.ini-development", "php.ini-production"] {
            tree.take(&format!("usr/lib/php/{line}/{name}"), &format!("etc/{name}"))?;
        }
        tree.take_libraries(&extensions(&stage)?, "lib/php/extensions")?;
        for path in settings(&stage, line) {
            let name = path.rsplit('/').next().unwrap_or(&path);
            tree.take(&path, &format!("etc/mods-available/{name}"))?;
        }
        tree.bundle("libs", &[], &[])?;
        tree.made()
    }
}

/// The directory of the extensions, which is named after the interface they were compiled for.
fn extensions(stage: &Stage) -> Result<String> {
    let mut paths = stage.owners.keys().filter_map(|path| path.to_str());
    let opcache =
        paths.find(|path| path.starts_with("usr/lib/php/") && path.ends_with("/opcache.so"));
    let (dir, _) =
        opcache.and_then(|path| path.rsplit_once('/')).context("no package has extensions")?;
    Ok(dir.to_owned())
}

/// The files that load an extension: `priority` and `extension=`.
fn settings(stage: &Stage, line: &str) -> Vec<String> {
    let (own, others) =
        (format!("usr/share/php{line}-"), format!("etc/php/{line}/mods-available/"));
    let paths = stage.owners.keys().filter_map(|path| path.to_str());
    let is_setting = |path: &&str| path.starts_with(&own) || path.starts_with(&others);
    paths
        .filter(is_setting)
        .filter(|path| Path::new(path).extension() == Some("ini".as_ref()))
        .map(str::to_owned)
        .collect()
}
