//! Cloud Foundry's `Staticfile`: a map in YAML, which may be empty.

use std::collections::BTreeMap;
use std::path::Path;

use kouti::{Explain, Fault, Notice, Problem, Span, excerpt};
use kouti_web::settings as set;
use serde::Deserialize;
use serde::de::IgnoredAny;
use toml::Table;

/// Name of the file, and of the one beside it with users and passwords.
const NAME: &str = "Staticfile";
const AUTH: &str = "Staticfile.auth";

/// What the file says.
#[derive(Debug, Default, Deserialize)]
#[serde(expecting = "lines of keys and values")]
#[expect(clippy::zero_sized_map_values, reason = "serde flattens into maps only")]
pub(crate) struct Staticfile {
    root: Option<String>,
    #[serde(default)]
    host_dot_files: Option<Flag>,
    location_include: Option<String>,
    directory: Option<String>,
    #[serde(default)]
    ssi: Option<Flag>,
    #[serde(default)]
    pushstate: Option<Flag>,
    #[serde(default)]
    http_strict_transport_security: Option<Flag>,
    #[serde(default)]
    http_strict_transport_security_include_subdomains: Option<Flag>,
    #[serde(default)]
    http_strict_transport_security_preload: Option<Flag>,
    #[serde(default)]
    force_https: Option<Flag>,
    #[serde(default)]
    enable_http2: Option<Flag>,
    #[serde(default)]
    status_codes: BTreeMap<String, String>,
    /// Not of the file: whether there are users.
    #[serde(skip)]
    has_users: bool,
    #[serde(flatten)]
    unknown: BTreeMap<String, IgnoredAny>,
}

/// `true` or `enabled`.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Flag {
    Bool(bool),
    Text(String),
}

/// The file is no map of YAML.
#[derive(Debug, thiserror::Error)]
#[error("{NAME} cannot be read: {reason}")]
struct BadStaticfile {
    reason: String,
    excerpt: Option<String>,
}

impl Explain for BadStaticfile {
    fn id(&self) -> &'static str {
        "bad-staticfile"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn excerpt(&self) -> Option<String> {
        self.excerpt.clone()
    }

    fn hints(&self) -> Vec<String> {
        vec![
            "write it as lines `key: value`, such as `root: public` and `pushstate: enabled`"
                .to_owned(),
        ]
    }
}

/// Reads the file of an app, if it has one.
pub(crate) fn read(app_dir: &Path) -> Result<Option<Staticfile>, Problem> {
    let path = app_dir.join(NAME);
    if !path.is_file() {
        return Ok(None);
    }
    let bytes = fs_err::read(path)?;
    let text = String::from_utf8_lossy(&bytes);
    let mut staticfile = parse(&text)?;
    staticfile.has_users = app_dir.join(AUTH).is_file();
    Ok(Some(staticfile))
}

fn parse(text: &str) -> Result<Staticfile, BadStaticfile> {
    let is_empty = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
    if text.lines().all(|line| is_empty(line) || line.trim() == "---") {
        return Ok(Staticfile::default());
    }
    serde_saphyr::from_str(text).map_err(|error| {
        let said = error.without_snippet().to_string();
        let reason = said.rsplit_once(" at line ").map_or(said.as_str(), |(reason, _)| reason);
        let place = error.location().filter(|place| place.line() > 0);
        let excerpt = place.map(|place| {
            let number = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
            let span = Span::at(text, number(place.line()), number(place.column()));
            excerpt(NAME, text, &span, "here")
        });
        BadStaticfile { reason: reason.to_owned(), excerpt }
    })
}

fn is_on(flag: Option<&Flag>) -> bool {
    match flag {
        Some(Flag::Bool(flag)) => *flag,
        Some(Flag::Text(text)) => matches!(text.as_str(), "enabled" | "true"),
        None => false,
    }
}

impl Staticfile {
    pub(crate) fn settings(&self) -> Table {
        let mut table = Table::new();
        let mut put = |name: &str, value: String| {
            table.insert(name.to_owned(), value.into());
        };
        put(set::ROOT.declared.name, self.root.clone().unwrap_or_else(|| ".".to_owned()));
        for (flag, name) in [
            (&self.host_dot_files, set::SERVE_DOTFILES.declared.name),
            (&self.ssi, set::SSI.declared.name),
            (&self.pushstate, set::PUSH_STATE.declared.name),
            (&self.force_https, set::FORCE_HTTPS.declared.name),
        ] {
            if is_on(flag.as_ref()) {
                put(name, "true".to_owned());
            }
        }
        if self.directory.as_deref() == Some("visible") {
            put(set::DIRECTORY_LISTING.declared.name, "true".to_owned());
        }
        if let Some(file) = &self.location_include {
            put(set::INCLUDE_FILE.declared.name, file.clone());
        }
        if is_on(self.http_strict_transport_security.as_ref()) {
            put(set::HSTS.declared.name, self.hsts());
        }
        if !self.status_codes.is_empty() {
            let pages = self.status_codes.iter().map(|(code, file)| format!("{code}={file}"));
            put(set::ERROR_PAGES.declared.name, pages.collect::<Vec<_>>().join(","));
        }
        if self.has_users {
            put(set::AUTH_FILE, AUTH.to_owned());
        }
        table
    }

    fn hsts(&self) -> String {
        let mut value = "max-age=31536000".to_owned();
        if is_on(self.http_strict_transport_security_include_subdomains.as_ref()) {
            value += "; includeSubDomains";
        }
        if is_on(self.http_strict_transport_security_preload.as_ref()) {
            value += "; preload";
        }
        value
    }

    pub(crate) fn notices(&self) -> Vec<Notice> {
        let unknown = self.unknown.keys().map(|key| {
            Notice::new(format!("{NAME} has the key `{key}`, which nobody reads"))
                .hint("check its spelling, or remove it")
        });
        let http2 = is_on(self.enable_http2.as_ref()).then(|| {
            Notice::new(format!("`enable_http2` of {NAME} has no effect"))
                .hint("let the router in front of the app speak HTTP/2")
        });
        unknown.chain(http2).collect()
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use kouti::Colour;

    use super::*;

    fn settings(text: &str) -> String {
        parse(text).unwrap().settings().to_string()
    }

    #[test]
    fn an_empty_file_serves_the_app() {
        for text in ["", "\n# nothing\n", "---\n"] {
            assert_eq!(settings(text), "BP_WEB_SERVER_ROOT = \".\"\n", "{text:?}");
        }
    }

    #[test]
    fn every_key_becomes_a_setting() {
        assert_snapshot!(settings("root: public\nhost_dot_files: true\nlocation_include: more.conf\n\
            directory: visible\nssi: enabled\npushstate: enabled\nhttp_strict_transport_security: true\n\
            http_strict_transport_security_preload: true\nforce_https: true\n\
            status_codes:\n  404: missing.html\n  5xx: error.html\n"), @r#"
        BP_WEB_SERVER_DIRECTORY_LISTING = "true"
        BP_WEB_SERVER_ENABLE_PUSH_STATE = "true"
        BP_WEB_SERVER_ERROR_PAGES = "404=missing.html,5xx=error.html"
        BP_WEB_SERVER_FORCE_HTTPS = "true"
        BP_WEB_SERVER_HSTS = "max-age=31536000; preload"
        BP_WEB_SERVER_INCLUDE_FILE_PATH = "more.conf"
        BP_WEB_SERVER_ROOT = "public"
        BP_WEB_SERVER_SERVE_DOTFILES = "true"
        BP_WEB_SERVER_SSI = "true"
        "#);
    }

    #[test]
    fn what_is_strange_is_told() {
        let file = parse("rooot: x\nenable_http2: true\n").unwrap();
        assert_eq!(file.notices().len(), 2);
    }

    #[test]
    fn what_is_no_map_is_shown() {
        let page = |text: &str| Problem::from(parse(text).unwrap_err()).page("", Colour::Off);
        assert_snapshot!(page("just a text\n"), @"
        error[bad-staticfile]: Staticfile cannot be read: expected mapping start
         --> Staticfile:1:1
          |
        1 | just a text
          | ^ here

        hint: write it as lines `key: value`, such as `root: public` and `pushstate: enabled`
        ");
        assert_snapshot!(page("root: site\n  pushstate: enabled\n"), @"
        error[bad-staticfile]: Staticfile cannot be read: mapping values are not allowed in this context
         --> Staticfile:2:12
          |
        2 |   pushstate: enabled
          |            ^ here

        hint: write it as lines `key: value`, such as `root: public` and `pushstate: enabled`
        ");
    }
}
