//! Facts: what the app is, read once from its files. Both phases start here.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use kouti::{Context, Problem};
use serde_json::Value;

use crate::classic_files::{HTTPD, HTTPD_DIR, NGINX_DIR, NGINX_HTTP, NGINX_MAIN, NGINX_SERVER};
use crate::cloud_foundry::{Classic, FPM_DIR, INI_DIR};
use crate::composer_file::{ComposerFiles, NoComposerFile, inside, read_object};
use crate::composer_json::ComposerJson;
use crate::composer_lock::ComposerLock;
use crate::framework::WORDPRESS_FILE;
use crate::web_dir::{CONVENTIONAL, HTDOCS};

/// The app, as far as this buildpack is interested in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct App {
    pub(crate) dir: PathBuf,
    /// Nothing without a composer file.
    pub(crate) composer: Option<Composer>,
    /// Whether a `*.php` lies directly in the app.
    pub(crate) has_php_in_root: bool,
    /// Directories of the app, those that begin with a dot left out.
    pub(crate) top_dirs: Vec<String>,
    /// Whether it is `WordPress` as it is downloaded.
    pub(crate) is_plain_wordpress: bool,
    /// `.nginx.conf.d/*-server.conf` and `*-http.conf` of the app, and the like.
    pub(crate) snippets: Snippets,
    /// Files of the app that are the whole configuration of a server, and that are not used.
    pub(crate) server_confs: Vec<String>,
    /// Options for Cloud Foundry's classic buildpack.
    pub(crate) classic: Classic,
    /// Whether the app brings the directory of its packages.
    pub(crate) is_vendored: bool,
}

/// The packages of the app.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Composer {
    pub(crate) files: ComposerFiles,
    pub(crate) json: ComposerJson,
    pub(crate) lock: Option<ComposerLock>,
}

/// Files with which an app changes what is generated.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Snippets {
    /// `.php.ini.d/*.ini`
    pub(crate) ini: Vec<Snippet>,
    /// `.php.fpm.d/*.conf`
    pub(crate) fpm: Vec<Snippet>,
    /// `.nginx.conf.d/*-server.conf`
    pub(crate) nginx_server: Vec<Snippet>,
    /// `.nginx.conf.d/*-http.conf`
    pub(crate) nginx_http: Vec<Snippet>,
    /// `.httpd.conf.d/*.conf`
    pub(crate) httpd: Vec<Snippet>,
    /// Those of them that Cloud Foundry's classic buildpack knows.
    pub(crate) classic: ClassicSnippets,
}

/// Files for Cloud Foundry's classic buildpack, in the order in which they are included.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ClassicSnippets {
    pub(crate) nginx_main: Vec<Snippet>,
    pub(crate) nginx_http: Vec<Snippet>,
    pub(crate) nginx_server: Vec<Snippet>,
    pub(crate) httpd: Vec<Snippet>,
}

/// One such file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Snippet {
    /// Relative to the app.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl App {
    /// For the build: whatever cannot be read is an error.
    pub(crate) fn read(context: &Context, classic: Classic) -> Result<Self, Problem> {
        let dir = &context.app_dir;
        let named = context.env.given("COMPOSER");
        let files = ComposerFiles::find(dir, named);
        let composer = match (files.has_json, named) {
            (true, _) => Some(Composer::read(dir, files)?),
            (false, Some(_)) => return Err(NoComposerFile { path: files.json }.into()),
            (false, None) => None,
        };
        let vendor = vendor_dir(context, composer.as_ref().map(|composer| &composer.json));
        Ok(Self {
            is_vendored: inside(dir, &vendor)
                .is_some_and(|vendor| dir.join(vendor).join("composer/installed.json").is_file()),
            composer,
            has_php_in_root: has_php(dir)?,
            top_dirs: top_dirs(dir)?,
            is_plain_wordpress: dir.join(WORDPRESS_FILE).is_file(),
            snippets: Snippets::read(dir, classic.is_active)?,
            classic,
            server_confs: ["nginx.conf", "httpd.conf"]
                .into_iter()
                .filter(|name| dir.join(name).is_file())
                .map(str::to_owned)
                .collect(),
            dir: dir.clone(),
        })
    }

    /// The names of all packages that the app depends on.
    pub(crate) fn package_names(&self) -> BTreeSet<&str> {
        let Some(composer) = &self.composer else { return BTreeSet::new() };
        let required = composer.json.require.iter().map(|(name, _)| name.as_str());
        let locked = composer.lock.iter().flat_map(|lock| &lock.packages);
        required.chain(locked.map(|package| package.name.as_str())).collect()
    }
}

impl Composer {
    fn read(dir: &Path, files: ComposerFiles) -> Result<Self, Problem> {
        let json = ComposerJson::read(&dir.join(&files.json), &files.json)?;
        let lock = files.has_lock.then(|| ComposerLock::read(&dir.join(&files.lock), &files.lock));
        Ok(Self { json, lock: lock.transpose()?, files })
    }

    /// For detection, which must not fail where another buildpack may be meant.
    pub(crate) fn peek(dir: &Path, files: &ComposerFiles) -> Option<Self> {
        files.has_json.then(|| Self::read(dir, files.clone()).ok()).flatten()
    }
}

/// Where Composer puts packages: `COMPOSER_VENDOR_DIR`, `config.vendor-dir`, `vendor`.
pub(crate) fn vendor_dir(context: &Context, json: Option<&ComposerJson>) -> String {
    let set = context.env.given("COMPOSER_VENDOR_DIR").map(str::to_owned);
    set.or_else(|| json?.vendor_dir.clone()).unwrap_or_else(|| "vendor".to_owned())
}

/// Whether a `*.php` lies where PHP looks first: in the app or in a document root of it.
pub(crate) fn has_entry_script(dir: &Path) -> Result<bool, Problem> {
    for candidate in ["", HTDOCS].iter().chain(&CONVENTIONAL) {
        if has_php(&dir.join(candidate))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether `package.json` has a script that builds assets; one nobody can read has none.
pub(crate) fn builds_assets(dir: &Path) -> bool {
    let path = dir.join("package.json");
    let fields = path.is_file().then(|| read_object(&path, "package.json").ok()).flatten();
    let script = fields.and_then(|fields| fields.get("scripts")?.get("build").cloned());
    script.as_ref().and_then(Value::as_str).is_some_and(|text| !text.trim().is_empty())
}

fn has_php(dir: &Path) -> Result<bool, Problem> {
    if !dir.is_dir() {
        return Ok(false);
    }
    for entry in fs_err::read_dir(dir)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "php") && path.is_file() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn top_dirs(dir: &Path) -> Result<Vec<String>, Problem> {
    let mut names = Vec::new();
    for entry in fs_err::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_dir() && !name.starts_with('.') {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

impl Snippets {
    fn read(dir: &Path, is_classic: bool) -> Result<Self, Problem> {
        let read = |below: &str, ending: &str| snippets(dir, below, ending);
        let mut ini = read(".php.ini.d", ".ini")?;
        let mut fpm = read(".php.fpm.d", ".conf")?;
        let mut classic = ClassicSnippets::default();
        if is_classic {
            ini.extend(read(INI_DIR, ".ini")?);
            fpm.extend(read(FPM_DIR, ".conf")?);
            classic = ClassicSnippets {
                nginx_main: named(dir, NGINX_DIR, &NGINX_MAIN)?,
                nginx_http: named(dir, NGINX_DIR, &NGINX_HTTP)?,
                nginx_server: named(dir, NGINX_DIR, &NGINX_SERVER)?,
                httpd: named(dir, HTTPD_DIR, &HTTPD)?,
            };
        }
        Ok(Self {
            ini,
            fpm,
            nginx_server: read(".nginx.conf.d", "-server.conf")?,
            nginx_http: read(".nginx.conf.d", "-http.conf")?,
            httpd: read(".httpd.conf.d", ".conf")?,
            classic,
        })
    }
}

/// Those of the files `names` that the app has.
fn named(dir: &Path, below: &str, names: &[&str]) -> Result<Vec<Snippet>, Problem> {
    let all = snippets(dir, below, ".conf")?;
    let with = |name: &&str| {
        let path = format!("{below}/{name}");
        all.iter().find(|snippet| snippet.path == path).cloned()
    };
    Ok(names.iter().filter_map(with).collect())
}

fn snippets(dir: &Path, below: &str, ending: &str) -> Result<Vec<Snippet>, Problem> {
    let mut found = Vec::new();
    if dir.join(below).is_dir() {
        for entry in fs_err::read_dir(dir.join(below))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.ends_with(ending) && entry.path().is_file() {
                let text = String::from_utf8_lossy(&fs_err::read(entry.path())?).into_owned();
                found.push(Snippet { path: format!("{below}/{name}"), text });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}
