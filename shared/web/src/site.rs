//! Decision: what a generated configuration does, whichever server reads it.

use kouti::setting::BadSetting;
use kouti::{Entry, Env, Problem, Setting};
use serde::Serialize;

use crate::glob::Glob;
use crate::precompress::Precompress;
use crate::provider::SITE;
use crate::rules::{self, BadRule, ErrorPage, HeaderRule, Redirect};
use crate::settings as set;

/// A site as the settings describe it. The document root is found apart from it.
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Site {
    /// `/`, or the path below which files are served; begins with a slash and ends without one.
    pub location: String,
    /// The fallback to the index page.
    pub push_state: Option<PushState>,
    /// Whether plain HTTP is redirected.
    pub force_https: bool,
    /// Whether the app starts only if it is known who may see it.
    pub basic_auth: bool,
    /// File of the app that says who may see it.
    pub auth_file: Option<String>,
    /// File with further configuration, relative to the app.
    pub include_file: Option<String>,
    /// Whether `.html` is left out of paths.
    pub clean_urls: bool,
    /// Pages for errors; `None` for those that are found.
    pub error_pages: Option<Vec<ErrorPage>>,
    /// Response headers.
    pub headers: Vec<HeaderRule>,
    /// `Strict-Transport-Security`.
    pub hsts: Option<String>,
    /// `Content-Security-Policy`.
    pub csp: Option<String>,
    /// `Cache-Control`.
    pub cache: CacheRules,
    /// Redirects in order.
    pub redirects: Vec<Redirect>,
    /// Path for health checks.
    pub health_path: Option<String>,
    /// Whether directories are listed.
    pub directory_listing: bool,
    /// Whether dot files are served.
    pub dotfiles: bool,
    /// Whether server-side includes are processed.
    pub ssi: bool,
    /// How variables reach the browser.
    pub runtime_env: RuntimeEnv,
    /// Which pages they reach as attributes; all if there is none.
    pub runtime_env_files: Vec<Glob>,
    /// Which compressed copies of files there are.
    pub precompress: Precompress,
    /// What is not served although it is there.
    pub hidden: Vec<Glob>,
}

/// The fallback to the index page.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PushState {
    /// Whether paths of files, those with an extension, stay 404.
    pub except_assets: bool,
    /// Further paths that stay 404.
    pub except: Vec<Glob>,
}

/// `Cache-Control`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CacheRules {
    /// Whether there is none at all.
    pub off: bool,
    /// Values by path, the first that matches counts; `no-cache` for everything else.
    pub rules: Vec<(Glob, String)>,
}

/// How variables with the public prefix reach the browser.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub enum RuntimeEnv {
    /// Not at all.
    #[default]
    Off,
    /// As attributes of `<head>`.
    Html,
    /// As `/env.js`.
    Js,
    /// As `/env.json`.
    Json,
}

/// What files with a name that changes with their content may be told.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";

impl Site {
    /// Reads all settings.
    pub fn read(env: &Env) -> Result<Self, Problem> {
        let HstsValue(hsts) = HSTS.read(env)?;
        Ok(Self {
            location: location(&set::LOCATION_PATH.read(env)?)?,
            push_state: push_state(env)?,
            force_https: set::FORCE_HTTPS.read(env)?,
            basic_auth: set::BASIC_AUTH.read(env)?,
            auth_file: env.given(set::AUTH_FILE).map(str::to_owned),
            include_file: set::INCLUDE_FILE.read(env)?,
            clean_urls: set::CLEAN_URLS.read(env)?.unwrap_or(false),
            error_pages: match set::ERROR_PAGES.read(env)? {
                Some(_) => Some(rules::error_pages(env, set::ERROR_PAGES.declared.name)?),
                None => None,
            },
            headers: rules::headers(env, set::HEADERS.declared.name)?,
            hsts,
            csp: set::CSP.read(env)?,
            cache: cache(env)?,
            redirects: rules::redirects(env, set::REDIRECTS.declared.name)?,
            health_path: health_path(env)?,
            directory_listing: set::DIRECTORY_LISTING.read(env)?,
            dotfiles: set::SERVE_DOTFILES.read(env)?,
            ssi: set::SSI.read(env)?,
            runtime_env: set::RUNTIME_ENV.read(env)?,
            runtime_env_files: globs(env, set::RUNTIME_ENV_FILES.declared.name)?,
            precompress: set::PRECOMPRESS.read(env)?,
            hidden: globs(env, set::HIDDEN)?,
        })
    }
}

impl Site {
    /// Whether not everybody may see it.
    #[must_use]
    pub fn is_protected(&self) -> bool {
        self.basic_auth || self.auth_file.is_some()
    }
}

/// The settings that another buildpack has put into its requirement, below those of the user.
#[must_use]
pub fn with_site<'a>(env: &Env, entries: impl Iterator<Item = &'a Entry>) -> Env {
    let mut env = env.clone();
    for entry in entries {
        let site = entry.metadata.get(SITE).and_then(|site| site.as_table());
        for (name, value) in site.into_iter().flatten() {
            if let Some(value) = value.as_str().filter(|_| env.given(name).is_none()) {
                env.set(name, value);
            }
        }
    }
    env
}

fn push_state(env: &Env) -> Result<Option<PushState>, Problem> {
    if !set::PUSH_STATE.read(env)?.unwrap_or(false) {
        return Ok(None);
    }
    let text = set::PUSH_STATE_EXCLUDE.read(env)?;
    let mut push_state = PushState::default();
    for item in text.split(',').map(str::trim).filter(|item| !item.is_empty()) {
        match item {
            "none" => {}
            "assets" => push_state.except_assets = true,
            glob => push_state.except.push(glob_of(set::PUSH_STATE_EXCLUDE.declared.name, glob)?),
        }
    }
    Ok(Some(push_state))
}

fn glob_of(setting: &'static str, text: &str) -> Result<Glob, BadRule> {
    Glob::parse(text).map_err(|reason| BadRule {
        place: format!("an entry of {setting}"),
        text: text.to_owned(),
        reason: reason.to_owned(),
        form: "/path/*",
    })
}

fn globs(env: &Env, setting: &'static str) -> Result<Vec<Glob>, BadRule> {
    let text = env.get(setting).unwrap_or_default();
    let items = text.split([',', '\n']).map(str::trim).filter(|item| !item.is_empty());
    items.map(|item| glob_of(setting, item)).collect()
}

fn cache(env: &Env) -> Result<CacheRules, Problem> {
    let name = set::CACHE_CONTROL.declared.name;
    if set::CACHE_CONTROL.read(env)?.is_some_and(|text| text.eq_ignore_ascii_case("off")) {
        return Ok(CacheRules { off: true, rules: Vec::new() });
    }
    let mut rules = rules::cache(env, name)?;
    for glob in globs(env, set::IMMUTABLE)? {
        rules.push((glob, IMMUTABLE.to_owned()));
    }
    Ok(CacheRules { off: false, rules })
}

fn location(text: &str) -> Result<String, BadSetting> {
    let path = text.trim_matches('/');
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.~/".contains(c);
    if !path.chars().all(is_plain) || path.split('/').any(|part| part == "..") {
        return Err(BadSetting {
            name: set::LOCATION_PATH.declared.name,
            value: text.to_owned(),
            form: "a path such as `/app`",
        });
    }
    Ok(if path.is_empty() { "/".to_owned() } else { format!("/{path}") })
}

fn health_path(env: &Env) -> Result<Option<String>, BadSetting> {
    let Some(text) = set::HEALTH_PATH.read(env)? else { return Ok(None) };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.~/".contains(c);
    if text.starts_with('/') && text.len() > 1 && text.chars().all(is_plain) {
        return Ok(Some(text));
    }
    let name = set::HEALTH_PATH.declared.name;
    Err(BadSetting { name, value: text, form: "a path such as `/healthz`" })
}

/// The same setting as [`set::HSTS`], read with its meaning.
const HSTS: Setting<HstsValue> = Setting::build(set::HSTS.declared.name, "", "");

struct HstsValue(Option<String>);

impl kouti::setting::Value for HstsValue {
    const FORM: &'static str = "true, false or a value such as `max-age=31536000`";

    fn parse(text: &str) -> Option<Self> {
        match (text, <bool as kouti::setting::Value>::parse(text)) {
            ("", _) | (_, Some(false)) => Some(Self(None)),
            (_, Some(true)) => Some(Self(Some("max-age=31536000".to_owned()))),
            (text, None) => text.contains("max-age=").then(|| Self(Some(text.to_owned()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(pairs: &[(&str, &str)]) -> Site {
        Site::read(&pairs.iter().copied().collect()).unwrap()
    }

    fn error(name: &str, value: &str) -> String {
        Site::read(&[(name, value)].into_iter().collect()).unwrap_err().summary
    }

    #[test]
    fn nothing_is_on_by_default() {
        let site = site(&[]);
        // Apart from what nobody sees.
        let precompress = Precompress { gzip: true, brotli: false };
        assert_eq!(site, Site { location: "/".to_owned(), precompress, ..Site::default() });
    }

    #[test]
    fn push_state_spares_assets_unless_told_otherwise() {
        let push = |exclude: &str| {
            site(&[
                ("BP_WEB_SERVER_ENABLE_PUSH_STATE", "true"),
                ("BP_WEB_SERVER_PUSH_STATE_EXCLUDE", exclude),
            ])
            .push_state
            .unwrap()
        };
        assert!(push("").except_assets);
        assert_eq!(push("none"), PushState::default());
        assert_eq!(push("assets,/api/**").except[0].text, "/api/**");
    }

    #[test]
    fn paths_and_policies_are_checked() {
        assert_eq!(site(&[("BP_WEB_SERVER_LOCATION_PATH", "app/")]).location, "/app");
        assert_eq!(
            site(&[("BP_WEB_SERVER_HSTS", "true")]).hsts.as_deref(),
            Some("max-age=31536000")
        );
        assert_eq!(site(&[("BP_WEB_SERVER_HSTS", "off")]).hsts, None);
        for (name, value) in [
            ("BP_WEB_SERVER_LOCATION_PATH", "/a b"),
            ("BP_WEB_SERVER_LOCATION_PATH", "/../x"),
            ("BP_WEB_SERVER_HEALTH_PATH", "health"),
            ("BP_WEB_SERVER_HSTS", "always"),
            ("BP_WEB_SERVER_RUNTIME_ENV", "yaml"),
        ] {
            assert!(error(name, value).contains(value), "{name}");
        }
    }

    #[test]
    fn the_user_overrules_what_another_buildpack_asks_for() {
        let mut table = toml::Table::new();
        table.insert("BP_WEB_SERVER_ROOT".to_owned(), "dist".into());
        table.insert("BP_WEB_SERVER_SSI".to_owned(), "true".into());
        let entry = Entry::new("nginx").with(SITE, table);
        let user: Env = [("BP_WEB_SERVER_ROOT", "out")].into_iter().collect();
        let env = with_site(&user, [&entry].into_iter());
        assert_eq!(env.get("BP_WEB_SERVER_ROOT"), Some("out"));
        assert_eq!(env.get("BP_WEB_SERVER_SSI"), Some("true"));
    }
}
