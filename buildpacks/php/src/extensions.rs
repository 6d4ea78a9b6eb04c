//! Decision: which extensions PHP loads, and in which order.

use std::collections::{BTreeMap, BTreeSet};

use kouti::version::{BadRange, Range, Version};
use kouti::{Explain, Fault, Notice, Problem};
use serde::Serialize;

use crate::app::{Composer, Snippet};
use crate::inventory::{Inventory, ZEND, canonical};

/// What everybody expects of PHP, and what PHP's own build has inside.
const DEFAULTS: &[&str] = &[
    "bcmath",
    "calendar",
    "ctype",
    "curl",
    "dom",
    "fileinfo",
    "filter",
    "hash",
    "iconv",
    "intl",
    "json",
    "libxml",
    "mbstring",
    "mysqlnd",
    "opcache",
    "openssl",
    "pdo",
    "phar",
    "posix",
    "readline",
    "session",
    "simplexml",
    "sodium",
    "sqlite3",
    "tokenizer",
    "xml",
    "xmlreader",
    "xmlwriter",
    "zip",
    "zlib",
];

/// What an extension needs loaded before it, if it is there at all.
const NEEDS: &[(&str, &[&str])] = &[
    ("dom", &["xml"]),
    ("event", &["sockets"]),
    ("exif", &["mbstring"]),
    ("memcached", &["igbinary", "msgpack"]),
    ("mysqli", &["mysqlnd"]),
    ("pdo_dblib", &["pdo"]),
    ("pdo_firebird", &["pdo"]),
    ("pdo_mysql", &["pdo", "mysqlnd"]),
    ("pdo_odbc", &["pdo"]),
    ("pdo_pgsql", &["pdo"]),
    ("pdo_sqlite", &["pdo"]),
    ("pdo_sqlsrv", &["pdo"]),
    ("phalcon", &["psr"]),
    ("redis", &["igbinary", "lzf", "msgpack"]),
    ("simplexml", &["xml"]),
    ("swoole", &["sockets"]),
    ("xmlreader", &["dom"]),
    ("xmlwriter", &["xml"]),
    ("xsl", &["dom"]),
];

/// Extensions that left PHP itself, and its last line that had them.
const GONE: &[(&str, &str)] = &[("imap", "8.3"), ("pspell", "8.3")];

/// Packages that stand in for an extension, in PHP itself.
const STAND_INS: &[(&str, &str)] = &[
    ("apcu", "symfony/polyfill-apcu"),
    ("bcmath", "phpseclib/bcmath_compat"),
    ("ctype", "symfony/polyfill-ctype"),
    ("iconv", "symfony/polyfill-iconv"),
    ("imap", "javanile/php-imap2"),
    ("intl", "symfony/polyfill-intl-icu"),
    ("mbstring", "symfony/polyfill-mbstring"),
    ("mcrypt", "phpseclib/mcrypt_compat"),
    ("mongo", "alcaeus/mongo-php-adapter"),
    ("sodium", "paragonie/sodium_compat"),
    ("uuid", "symfony/polyfill-uuid"),
];

/// One reason for an extension.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Required {
    pub(crate) name: String,
    pub(crate) range: String,
    /// The package, file or setting.
    pub(crate) origin: String,
}

/// What is loaded.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Extensions {
    /// Loaded with `zend_extension`.
    pub(crate) zend: Vec<String>,
    /// Loaded with `extension`, in this order.
    pub(crate) plain: Vec<String>,
    /// Loaded by files of the app.
    pub(crate) by_app: Vec<String>,
    #[serde(skip)]
    pub(crate) notices: Vec<Notice>,
}

/// Whose wishes count.
pub(crate) struct Wishes<'a> {
    pub(crate) required: &'a [Required],
    /// Names that some package provides or replaces, such as polyfills.
    pub(crate) stood_for: &'a BTreeSet<String>,
    /// `BP_PHP_EXTENSIONS`.
    pub(crate) setting: &'a [String],
    /// `.php.ini.d` of the app.
    pub(crate) snippets: &'a [Snippet],
    pub(crate) php: &'a Version,
}

impl Extensions {
    /// Everything asked for that can be loaded, with what it needs.
    pub(crate) fn decide(wishes: &Wishes<'_>, inventory: &Inventory) -> Result<Self, Problem> {
        let mut wanted: BTreeSet<String> = DEFAULTS
            .iter()
            .filter(|name| inventory.is_shared(name))
            .map(ToString::to_string)
            .collect();
        for required in wishes.required {
            if inventory.has(&required.name) {
                check_version(required, inventory, wishes.php)?;
                wanted.insert(required.name.clone());
            } else if !wishes.stood_for.contains(&required.name) {
                return Err(NoExtension::of(required, inventory).into());
            }
        }
        let mut notices = Vec::new();
        for entry in wishes.setting {
            if let Some(name) = entry.strip_prefix('-') {
                remove(&canonical(name), wishes, &mut wanted, &mut notices);
            } else {
                let name = canonical(entry);
                let origin = "BP_PHP_EXTENSIONS".to_owned();
                let required = Required { name, range: "*".to_owned(), origin };
                if !inventory.has(&required.name) {
                    return Err(NoExtension::of(&required, inventory).into());
                }
                wanted.insert(required.name);
            }
        }
        let by_app = loaded_by(wishes.snippets);
        let mut closed = closure(wanted, inventory);
        closed.retain(|name| inventory.is_shared(name) && !by_app.contains(name));
        let ordered = in_order(&closed.into_iter().collect::<Vec<_>>());
        let (mut zend, plain): (Vec<_>, Vec<_>) =
            ordered.into_iter().partition(|name| ZEND.contains(&name.as_str()));
        // It wants to be the first of them.
        zend.sort_by_key(|name| name != "ioncube");
        Ok(Self { zend, plain, by_app: by_app.into_iter().collect(), notices })
    }

    /// Everything that is loaded from a file.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.zend.iter().chain(&self.plain).chain(&self.by_app).map(String::as_str)
    }
}

/// What the files of Composer require: `ext-*` of the app and of every package to be installed.
pub(crate) fn required(composer: &Composer, with_dev: bool) -> Vec<Required> {
    let mut found = Vec::new();
    let mut add = |requirements: &[(String, String)], origin: &str| {
        for (name, range) in requirements.iter().filter(|(name, _)| name.starts_with("ext-")) {
            let origin = origin.to_owned();
            found.push(Required { name: canonical(name), range: range.clone(), origin });
        }
    };
    if let Some(lock) = &composer.lock {
        add(&lock.platform, &composer.files.lock);
        if with_dev {
            add(&lock.platform_dev, &composer.files.lock);
        }
        for package in lock.installed(with_dev) {
            add(&package.require, &package.name);
        }
    } else {
        add(&composer.json.require, &composer.files.json);
        if with_dev {
            add(&composer.json.require_dev, &composer.files.json);
        }
    }
    found
}

/// The extensions that a package provides or replaces.
pub(crate) fn stood_for(composer: &Composer, with_dev: bool) -> BTreeSet<String> {
    let packages = composer.lock.iter().flat_map(|lock| lock.installed(with_dev));
    let names = packages.flat_map(|package| &package.stands_for);
    names.filter(|name| name.starts_with("ext-")).map(|name| canonical(name)).collect()
}

/// Each after those it needs; otherwise by name.
pub(crate) fn in_order(names: &[String]) -> Vec<String> {
    let mut ordered: Vec<String> = Vec::new();
    for name in names {
        place(name, names, &mut ordered);
    }
    ordered
}

fn place(name: &str, names: &[String], ordered: &mut Vec<String>) {
    if ordered.iter().any(|known| known == name) {
        return;
    }
    for need in needs(name) {
        if names.iter().any(|known| known == need) {
            place(need, names, ordered);
        }
    }
    ordered.push(name.to_owned());
}

fn needs(name: &str) -> &'static [&'static str] {
    NEEDS.iter().find(|(known, _)| *known == name).map_or(&[], |(_, needs)| needs)
}

fn closure(wanted: BTreeSet<String>, inventory: &Inventory) -> BTreeSet<String> {
    let mut open: Vec<String> = wanted.into_iter().collect();
    let mut closed = BTreeSet::new();
    while let Some(name) = open.pop() {
        let there = needs(&name).iter().filter(|need| inventory.is_shared(need));
        open.extend(there.map(ToString::to_string));
        closed.insert(name);
    }
    closed
}

fn remove(
    name: &str,
    wishes: &Wishes<'_>,
    wanted: &mut BTreeSet<String>,
    notices: &mut Vec<Notice>,
) {
    wanted.remove(name);
    if let Some(required) = wishes.required.iter().find(|required| required.name == name) {
        notices.push(Notice::new(format!(
            "BP_PHP_EXTENSIONS leaves out ext-{name}, which {} requires",
            required.origin
        )));
    }
}

/// The extensions that ini files of the app load, by name, file name or path.
fn loaded_by(snippets: &[Snippet]) -> BTreeSet<String> {
    let lines = snippets.iter().flat_map(|snippet| snippet.text.lines());
    let values = lines.filter_map(|line| {
        let (directive, value) = line.split(';').next()?.split_once('=')?;
        matches!(directive.trim(), "extension" | "zend_extension").then_some(value)
    });
    let name = |value: &str| {
        let file = value.trim().trim_matches(['"', '\'']).rsplit('/').next().unwrap_or_default();
        let name = file.strip_suffix(".so").unwrap_or(file);
        canonical(name.strip_prefix("php_").unwrap_or(name))
    };
    values.map(name).collect()
}

fn check_version(required: &Required, inventory: &Inventory, php: &Version) -> Result<(), Problem> {
    let range = Range::composer(&required.range).map_err(|error: BadRange| {
        error.asked_for_in(format!("{} (ext-{})", required.origin, required.name))
    })?;
    let version = match inventory.versions.get(&required.name) {
        Some(text) => Version::parse(text).ok(),
        None => Some(php.clone()),
    };
    match version {
        Some(version) if !range.matches(&version) => {
            Err(WrongExtensionVersion { required: required.clone(), found: version.to_string() }
                .into())
        }
        _ => Ok(()),
    }
}

/// An extension that this PHP does not have.
#[derive(Debug, thiserror::Error)]
#[error("{origin} requires the PHP extension `{name}`, which this PHP does not have")]
pub(crate) struct NoExtension {
    name: String,
    origin: String,
    near: Vec<String>,
    available: Vec<String>,
    last_line: Option<&'static str>,
}

impl NoExtension {
    fn of(required: &Required, inventory: &Inventory) -> Self {
        let name = required.name.as_str();
        let all: BTreeSet<&String> = inventory.built_in.iter().chain(&inventory.shared).collect();
        let is_near = |known: &&&String| {
            let (short, long) = if known.len() < name.len() {
                (known.as_str(), name)
            } else {
                (name, known.as_str())
            };
            short.len() > 2 && long.contains(short)
        };
        Self {
            near: all.iter().filter(is_near).map(ToString::to_string).collect(),
            available: all.iter().map(ToString::to_string).collect(),
            last_line: GONE.iter().find(|(gone, _)| *gone == name).map(|(_, line)| *line),
            name: name.to_owned(),
            origin: required.origin.clone(),
        }
    }
}

impl Explain for NoExtension {
    fn id(&self) -> &'static str {
        "no-php-extension"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        let mut hints = Vec::new();
        if !self.near.is_empty() {
            hints.push(format!("did you mean {}?", self.near.join(" or ")));
        }
        if let Some(line) = self.last_line {
            hints.push(format!("PHP {line} was the last to have it: set BP_PHP_VERSION={line}"));
        }
        if let Some((_, package)) = STAND_INS.iter().find(|(name, _)| *name == self.name) {
            hints.push(format!(
                "the package {package} provides it: `composer require {package}`, and commit the \
                 lock"
            ));
        }
        hints.push(match self.origin.as_str() {
            "BP_PHP_EXTENSIONS" => "correct BP_PHP_EXTENSIONS".to_owned(),
            origin if origin.starts_with("the binding") => {
                "keep sessions elsewhere: leave the binding out".to_owned()
            }
            _ => format!(
                "do without it: `composer why ext-{}` tells everything that needs it",
                self.name
            ),
        });
        hints.push(format!(
            "an extension of your own is loaded by its path: `extension=/workspace/{}.so` in \
             .php.ini.d/own.ini",
            self.name
        ));
        hints.push(format!("available: {}", self.available.join(", ")));
        hints
    }
}

/// An extension that is too old or too new.
#[derive(Debug, thiserror::Error)]
#[error(
    "{} requires the PHP extension `{}` in a version that fits `{}`, but this PHP has {found}",
    required.origin, required.name, required.range
)]
pub(crate) struct WrongExtensionVersion {
    required: Required,
    found: String,
}

impl Explain for WrongExtensionVersion {
    fn id(&self) -> &'static str {
        "wrong-extension-version"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![
            format!("change the version of ext-{} that is asked for", self.required.name),
            "another PHP may have another version of it: set BP_PHP_VERSION".to_owned(),
        ]
    }
}

/// By name, for the tables of a document.
pub(crate) fn versions(
    extensions: &Extensions,
    inventory: &Inventory,
    php: &Version,
) -> BTreeMap<String, String> {
    let version = |name: &str| match inventory.versions.get(name) {
        Some(version) => version.clone(),
        None => php.to_string(),
    };
    extensions.names().map(|name| (name.to_owned(), version(name))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inventory() -> Inventory {
        let names = |all: &[&str]| all.iter().map(ToString::to_string).collect();
        Inventory {
            built_in: names(&["core", "standard"]),
            shared: names(&[
                "dom",
                "igbinary",
                "mysqli",
                "mysqlnd",
                "opcache",
                "pdo",
                "pdo_mysql",
                "redis",
                "xdebug",
                "xml",
                "xsl",
                "zip",
            ]),
            versions: BTreeMap::from([("redis".to_owned(), "6.1.0".to_owned())]),
            ..Inventory::default()
        }
    }

    fn decide(
        required: &[(&str, &str)],
        setting: &[&str],
        ini: &str,
    ) -> Result<Extensions, Problem> {
        let required: Vec<_> = required
            .iter()
            .map(|(name, range)| Required {
                name: canonical(name),
                range: (*range).to_owned(),
                origin: "acme/shop".to_owned(),
            })
            .collect();
        let setting: Vec<_> = setting.iter().map(ToString::to_string).collect();
        let wishes = Wishes {
            required: &required,
            stood_for: &BTreeSet::from(["ctype".to_owned()]),
            setting: &setting,
            snippets: &[Snippet { path: "x.ini".to_owned(), text: ini.to_owned() }],
            php: &Version::parse("8.4.2").unwrap(),
        };
        Extensions::decide(&wishes, &inventory())
    }

    #[test]
    fn what_an_extension_needs_comes_before_it() {
        let found = decide(&[("ext-redis", "*"), ("ext-pdo_mysql", "*")], &["xsl"], "").unwrap();
        assert_eq!(
            found.plain,
            ["xml", "dom", "igbinary", "mysqlnd", "pdo", "pdo_mysql", "redis", "xsl", "zip"]
        );
        assert_eq!(found.zend, ["opcache"]);
    }

    #[test]
    fn what_the_app_loads_itself_is_left_to_it() {
        let found =
            decide(&[], &[], "extension=\"/workspace/php_zip.so\"\n;extension=pdo\n").unwrap();
        assert!(
            !found.plain.contains(&"zip".to_owned()) && found.plain.contains(&"pdo".to_owned())
        );
        assert_eq!(found.by_app, ["zip"]);
    }

    #[test]
    fn the_setting_adds_and_removes() {
        let found = decide(&[("ext-zip", "*")], &["xdebug", "-zip"], "").unwrap();
        assert_eq!(found.zend, ["opcache", "xdebug"]);
        assert!(!found.plain.contains(&"zip".to_owned()));
        assert_eq!(
            found.notices[0].text,
            "BP_PHP_EXTENSIONS leaves out ext-zip, which acme/shop requires"
        );
    }

    #[test]
    fn a_polyfill_is_as_good_as_the_extension() {
        assert!(decide(&[("ext-ctype", "*")], &[], "").is_ok());
        assert_eq!(decide(&[("ext-imap", "*")], &[], "").unwrap_err().id, "no-php-extension");
    }

    #[test]
    fn versions_of_extensions_count() {
        assert!(decide(&[("ext-redis", "^6.0")], &[], "").is_ok());
        assert!(decide(&[("ext-zip", ">=8.2")], &[], "").is_ok(), "it has the version of PHP");
        let problem = decide(&[("ext-redis", "^99")], &[], "").unwrap_err();
        assert_eq!(problem.id, "wrong-extension-version");
    }
}
