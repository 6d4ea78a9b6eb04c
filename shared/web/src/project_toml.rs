//! `project.toml`: what an app says of its site in a file, beside what pack reads there.
//!
//! Each key becomes the text of the setting that it stands for, so that values are read in one place only.

mod heroku;
mod value;

use std::collections::BTreeMap;
use std::path::Path;

use kouti::setting::nearest;
use kouti::{Env, Notice, Problem};
use toml::de::DeTable;

pub use self::value::BadProjectToml;
use self::value::{Item, Line, Value};
use crate::settings as set;
use crate::site::Site;

/// Name of the file.
const NAME: &str = "project.toml";
/// Our table.
const OURS: &str = "io.kouti.web-server";
/// That of Heroku's buildpack.
const HEROKU: &str = "com.heroku.static-web-server";

/// What the file says of the site.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProjectToml {
    /// The tables that it has.
    tables: Vec<&'static str>,
    settings: BTreeMap<&'static str, String>,
    notices: Vec<Notice>,
}

/// A key of our table.
struct Known {
    key: &'static str,
    /// The setting that it stands for.
    setting: &'static str,
    form: Form,
    /// A line that is right.
    example: &'static str,
}

/// What may be written.
#[derive(Clone, Copy, Debug)]
enum Form {
    Flag,
    FlagOrText,
    Text,
    Texts,
    Server,
    /// Names and values by path.
    Headers,
    /// Files by status.
    Pages,
    /// Values by path, or one word for all.
    ByPath,
    Redirects,
}

const fn known(
    key: &'static str,
    setting: &'static str,
    form: Form,
    example: &'static str,
) -> Known {
    Known { key, setting, form, example }
}

/// `BP_WEB_SERVER_IGNORE_APP_CONF` is for a build that differs from the app, and has no key.
const KEYS: [Known; 22] = [
    known("basic_auth", set::BASIC_AUTH.declared.name, Form::Flag, "basic_auth = true"),
    known(
        "cache_control",
        set::CACHE_CONTROL.declared.name,
        Form::ByPath,
        r#"cache_control."/img/**" = "max-age=3600""#,
    ),
    known("clean_urls", set::CLEAN_URLS.declared.name, Form::Flag, "clean_urls = true"),
    known("csp", set::CSP.declared.name, Form::Text, r#"csp = "default-src 'self'""#),
    known(
        "directory_listing",
        set::DIRECTORY_LISTING.declared.name,
        Form::Flag,
        "directory_listing = true",
    ),
    known("errors", set::ERROR_PAGES.declared.name, Form::Pages, r#"errors.404 = "404.html""#),
    known("force_https", set::FORCE_HTTPS.declared.name, Form::Flag, "force_https = true"),
    known(
        "headers",
        set::HEADERS.declared.name,
        Form::Headers,
        r#"headers."/docs/**" = { X-Frame-Options = "DENY" }"#,
    ),
    known("health_path", set::HEALTH_PATH.declared.name, Form::Text, r#"health_path = "/healthz""#),
    known("hsts", set::HSTS.declared.name, Form::FlagOrText, "hsts = true"),
    known(
        "include_file_path",
        set::INCLUDE_FILE.declared.name,
        Form::Text,
        r#"include_file_path = "more.conf""#,
    ),
    known(
        "location_path",
        set::LOCATION_PATH.declared.name,
        Form::Text,
        r#"location_path = "/app""#,
    ),
    known("precompress", set::PRECOMPRESS.declared.name, Form::Text, r#"precompress = "off""#),
    known("push_state", set::PUSH_STATE.declared.name, Form::Flag, "push_state = true"),
    known(
        "push_state_exclude",
        set::PUSH_STATE_EXCLUDE.declared.name,
        Form::Texts,
        r#"push_state_exclude = ["assets", "/api/**"]"#,
    ),
    known(
        "redirects",
        set::REDIRECTS.declared.name,
        Form::Redirects,
        r#"redirects = [{ from = "/old/**", to = "/new", status = 301 }]"#,
    ),
    known("root", set::ROOT.declared.name, Form::Text, r#"root = "public""#),
    known("runtime_env", set::RUNTIME_ENV.declared.name, Form::Text, r#"runtime_env = "js""#),
    known(
        "runtime_env_files",
        set::RUNTIME_ENV_FILES.declared.name,
        Form::Texts,
        r#"runtime_env_files = ["/index.html"]"#,
    ),
    known("serve_dotfiles", set::SERVE_DOTFILES.declared.name, Form::Flag, "serve_dotfiles = true"),
    known("server", set::WEB_SERVER.declared.name, Form::Server, r#"server = "httpd""#),
    known("ssi", set::SSI.declared.name, Form::Flag, "ssi = true"),
];

impl ProjectToml {
    /// Reads the file of an app; `None` if it says nothing of a site.
    pub fn read(app_dir: &Path) -> Result<Option<Self>, Problem> {
        let path = app_dir.join(NAME);
        if !path.is_file() {
            return Ok(None);
        }
        let bytes = fs_err::read(path)?;
        Ok(Self::parse(&String::from_utf8_lossy(&bytes))?)
    }

    fn parse(text: &str) -> Result<Option<Self>, BadProjectToml> {
        let document = match DeTable::parse(text) {
            Ok(document) => document,
            Err(error) if text.contains(OURS) || text.contains(HEROKU) => {
                return Err(BadProjectToml::syntax(text, &error));
            }
            // That is for those to tell who read the file for its own sake.
            Err(_) => return Ok(None),
        };
        let mut project = Self::default();
        // What comes later wins.
        if let Some(table) = table(document.get_ref(), HEROKU) {
            project.tables.push(HEROKU);
            heroku::read(&mut project, &Item::table(text, HEROKU, table))?;
        }
        if let Some(table) = table(document.get_ref(), OURS) {
            project.tables.push(OURS);
            project.read_ours(&Item::table(text, OURS, table))?;
        }
        Ok(Some(project).filter(|project| !project.tables.is_empty()))
    }

    /// The settings that it stands for, by name.
    pub fn settings(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.settings.iter().map(|(name, text)| (*name, text.as_str()))
    }

    /// The text of a setting.
    #[must_use]
    pub fn get(&self, setting: &str) -> Option<&str> {
        self.settings.get(setting).map(String::as_str)
    }

    /// The variables of the user, and what the file says below them.
    #[must_use]
    pub fn below(&self, env: &Env) -> Env {
        let mut all = env.clone();
        for (name, text) in self.settings().filter(|(name, _)| env.given(name).is_none()) {
            all.set(name, text);
        }
        all
    }

    /// What its author may have meant otherwise.
    #[must_use]
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    /// Its tables, as messages call them: `[io.kouti.web-server] of project.toml`.
    #[must_use]
    pub fn title(&self) -> String {
        let tables: Vec<_> = self.tables.iter().map(|table| format!("[{table}]")).collect();
        format!("{} of {NAME}", tables.join(" and "))
    }

    fn read_ours(&mut self, table: &Item) -> Result<(), BadProjectToml> {
        for (key, item) in table.entries()? {
            let Some(known) = KEYS.iter().find(|known| known.key == key.get_ref()) else {
                self.notices.push(unknown(&item, meant(key.get_ref())));
                continue;
            };
            let item = item.example(known.example);
            let lines = self.lines(known.form, &item)?;
            self.put(known.setting, &item, &lines)?;
        }
        Ok(())
    }

    /// The entries of a setting.
    fn lines(&mut self, form: Form, item: &Item) -> Result<Vec<Line>, BadProjectToml> {
        Ok(match form {
            Form::Flag => vec![item.flag()?],
            Form::FlagOrText if item.is_flag() => vec![item.flag()?],
            Form::Text | Form::FlagOrText => vec![item.text()?],
            Form::Texts => item.texts()?,
            Form::Server => {
                let line = item.text()?;
                if !["nginx", "httpd"].contains(&line.text.as_str()) {
                    let reason = format!("`server` is `{}`, not nginx or httpd", line.text);
                    return Err(item.bad(line.place, reason));
                }
                vec![line]
            }
            Form::Headers => headers(item, str::to_owned)?,
            Form::Pages => keyed(item, "=")?,
            Form::ByPath if item.is_text() => vec![item.text()?],
            Form::ByPath => keyed(item, " ")?,
            Form::Redirects => {
                let redirect = |entry: Item| {
                    if entry.is_text() { entry.text() } else { self.redirect(&entry) }
                };
                item.list()?.into_iter().map(redirect).collect::<Result<_, _>>()?
            }
        })
    }

    fn redirect(&mut self, entry: &Item) -> Result<Line, BadProjectToml> {
        let [mut from, mut to, mut status] = [const { None }; 3];
        for (key, value) in entry.entries()? {
            match key.get_ref().as_ref() {
                "from" => from = Some(value.text()?.text),
                "to" => to = Some(value.text()?.text),
                "status" => status = Some(value.number()?.text),
                _ => self.notices.push(unknown(&value, None)),
            }
        }
        let missing = |key| entry.bad(entry.place(), format!("`{}` has no `{key}`", entry.key));
        let from = from.ok_or_else(|| missing("from"))?;
        let to = to.ok_or_else(|| missing("to"))?;
        let text = [Some(from), Some(to), status].into_iter().flatten().collect::<Vec<_>>();
        Ok(Line { text: text.join(" "), place: entry.place() })
    }

    /// Takes a setting over, if its own reader agrees.
    fn put(
        &mut self,
        setting: &'static str,
        item: &Item,
        lines: &[Line],
    ) -> Result<(), BadProjectToml> {
        for Line { text, place } in lines {
            check(setting, text, &item.key).map_err(|reason| item.bad(place.clone(), reason))?;
        }
        let texts: Vec<_> = lines.iter().map(|line| line.text.as_str()).collect();
        let text = texts.join(if LISTS.contains(&setting) { "," } else { "\n" });
        // Redirects may be right one by one, and lead in a circle all the same.
        check(setting, &text, &item.key).map_err(|reason| item.bad(item.place(), reason))?;
        if !text.trim().is_empty() {
            self.settings.insert(setting, text);
        }
        Ok(())
    }
}

/// Settings with commas between their entries; others have lines.
const LISTS: [&str; 3] = [
    set::ERROR_PAGES.declared.name,
    set::PUSH_STATE_EXCLUDE.declared.name,
    set::RUNTIME_ENV_FILES.declared.name,
];

/// Asks the reader of a setting; its answer is about `key` then.
fn check(setting: &str, text: &str, key: &str) -> Result<(), String> {
    // Without it, its exceptions would not be read.
    let env = [(set::PUSH_STATE.declared.name, "true"), (setting, text)].into_iter().collect();
    Site::read(&env).map(drop).map_err(|problem| {
        let reason = problem.summary.replacen("line 1 of ", "an entry of ", 1);
        reason.replacen("a line of ", "an entry of ", 1).replace(setting, &format!("`{key}`"))
    })
}

/// A table by the path to it.
fn table<'a>(document: &'a DeTable<'a>, path: &str) -> Option<&'a Value<'a>> {
    let (dir, name) = path.rsplit_once('.')?;
    let mut table = document;
    for key in dir.split('.') {
        table = table.get(key)?.get_ref().as_table()?;
    }
    table.get(name)
}

/// `<key><separator><value>`.
fn keyed(item: &Item, separator: &str) -> Result<Vec<Line>, BadProjectToml> {
    let mut lines = Vec::new();
    for (key, value) in item.entries()? {
        lines.push(value.text()?.after(&format!("{}{separator}", item.word(key, separator)?)));
    }
    Ok(lines)
}

/// `<path> Name: value`, with another path where `path` makes one.
fn headers(item: &Item, path: impl Fn(&str) -> String) -> Result<Vec<Line>, BadProjectToml> {
    let mut lines = Vec::new();
    for (glob, names) in item.entries()? {
        let glob = path(item.word(glob, "")?);
        for (name, value) in names.entries()? {
            let line = value.text()?;
            lines.push(line.after(&format!("{glob} {}: ", item.word(name, ":")?)));
        }
    }
    Ok(lines)
}

fn unknown(Item { table, key, .. }: &Item, meant: Option<&str>) -> Notice {
    let notice = Notice::new(format!("[{table}] of {NAME} has `{key}`, which nobody reads"));
    notice.hint(match meant {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "check its spelling, or remove it".to_owned(),
    })
}

/// The key that is called so elsewhere, or nearly so.
fn meant(key: &str) -> Option<&'static str> {
    let name = key.to_ascii_lowercase().replace('-', "_");
    let name = name.strip_prefix("bp_web_server_").unwrap_or(&name);
    let setting = format!("BP_WEB_SERVER_{}", name.to_ascii_uppercase());
    let found = KEYS.iter().find(|known| known.key == name || known.setting == setting);
    found.map(|known| known.key).or_else(|| nearest(name, KEYS.iter().map(|known| known.key)))
}

#[cfg(test)]
mod tests;
