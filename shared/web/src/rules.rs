//! Settings of several lines: a glob and what counts for the paths it matches.

use kouti::{Env, Explain, Fault};
use serde::Serialize;

use crate::glob::Glob;

/// A response header for some paths.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct HeaderRule {
    /// For which.
    pub glob: Glob,
    /// `X-Frame-Options`.
    pub name: String,
    /// `DENY`.
    pub value: String,
}

/// A redirect.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Redirect {
    /// From where.
    pub from: Glob,
    /// A path, or a URL.
    pub to: String,
    /// 301, 302, 303, 307 or 308.
    pub status: u16,
}

/// A page of the site for errors.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct ErrorPage {
    /// Status codes.
    pub codes: Vec<u16>,
    /// File below the document root.
    pub file: String,
}

/// A line, or an entry of a list, that cannot be read.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{place} is `{text}`: {reason}")]
pub struct BadRule {
    /// `line 2 of X`, `an entry of X`.
    pub place: String,
    /// What stands there.
    pub text: String,
    /// What is wrong with it.
    pub reason: String,
    /// What it looks like.
    pub form: &'static str,
}

impl Explain for BadRule {
    fn id(&self) -> &'static str {
        "bad-web-server-rule"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![format!("write it as `{}`", self.form)]
    }
}

/// The lines of a setting, each read by `read`, which says what is wrong.
fn lines<T>(
    env: &Env,
    setting: &'static str,
    form: &'static str,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, BadRule> {
    let text = env.get(setting).unwrap_or_default();
    let lines = text.lines().map(str::trim).zip(1..).filter(|(line, _)| !line.is_empty());
    let rules = lines.map(|(text, line)| {
        let place = || format!("line {line} of {setting}");
        read(text).map_err(|reason| BadRule { place: place(), text: text.to_owned(), reason, form })
    });
    rules.collect()
}

/// `<glob> <rest>`.
fn globbed(line: &str) -> Result<(Glob, &str), String> {
    let (glob, rest) =
        line.split_once(char::is_whitespace).ok_or("there is nothing behind the path")?;
    Ok((parse_glob(glob)?, rest.trim()))
}

fn parse_glob(text: &str) -> Result<Glob, String> {
    Glob::parse(text).map_err(|reason| format!("`{text}` is no path: {reason}"))
}

pub(crate) fn headers(env: &Env, setting: &'static str) -> Result<Vec<HeaderRule>, BadRule> {
    lines(env, setting, "/path/* Name: value", |line| {
        let (glob, rest) = globbed(line)?;
        let (name, value) = rest.split_once(':').ok_or("there is no `:` behind the name")?;
        let (name, value) = (name.trim(), value.trim());
        let is_token = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        if name.is_empty() || !name.chars().all(is_token) {
            return Err(format!("`{name}` cannot be the name of a header"));
        }
        if value.is_empty() {
            return Err(format!("{name} has no value"));
        }
        check_text(value)?;
        Ok(HeaderRule { glob, name: name.to_owned(), value: value.to_owned() })
    })
}

pub(crate) fn cache(env: &Env, setting: &'static str) -> Result<Vec<(Glob, String)>, BadRule> {
    lines(env, setting, "/path/* max-age=600", |line| {
        let (glob, value) = globbed(line)?;
        check_text(value)?;
        Ok((glob, value.to_owned()))
    })
}

fn check_text(value: &str) -> Result<(), String> {
    if value.chars().any(char::is_control) {
        return Err("it has a control character".to_owned());
    }
    Ok(())
}

const STATUSES: [u16; 5] = [301, 302, 303, 307, 308];

pub(crate) fn redirects(env: &Env, setting: &'static str) -> Result<Vec<Redirect>, BadRule> {
    let redirects = lines(env, setting, REDIRECT, redirect)?;
    // A browser would follow them until it gives up.
    for Redirect { from, to, .. } in &redirects {
        let mut path = to;
        for _ in &redirects {
            let Some(next) = redirects.iter().find(|next| leads_from(&next.from, path)) else {
                break;
            };
            path = &next.to;
            if leads_from(from, path) {
                return Err(BadRule {
                    place: format!("a line of {setting}"),
                    text: format!("{} {to}", from.text),
                    reason: format!(
                        "by way of `{} {path}` it leads back to itself",
                        next.from.text
                    ),
                    form: REDIRECT,
                });
            }
        }
    }
    Ok(redirects)
}

const REDIRECT: &str = "/from/* /to 301";

/// Whether a redirect is for this path, as far as its glob is a path or ends in `/**`.
fn leads_from(from: &Glob, path: &str) -> bool {
    let from = from.text.strip_prefix('/').unwrap_or(&from.text);
    let Some(path) = path.strip_prefix('/') else { return false };
    match from.strip_suffix("**") {
        Some(prefix) if prefix_of(prefix) == prefix => path.starts_with(prefix),
        _ => path == from,
    }
}

fn redirect(line: &str) -> Result<Redirect, String> {
    let (from, rest) = globbed(line)?;
    let mut words = rest.split_whitespace();
    let to = words.next().unwrap_or_default().to_owned();
    let is_url = to.starts_with("https://") || to.starts_with("http://");
    if !(is_url || (to.starts_with('/') && !to.starts_with("//"))) {
        return Err(format!("`{to}` is neither a path of this site nor a URL"));
    }
    if to.contains(['"', '\'', '\\', '<', '>', '`']) {
        return Err(format!("`{to}` has a sign that must be percent-encoded"));
    }
    let status = match words.next() {
        None => 301,
        Some(text) => text
            .parse()
            .ok()
            .filter(|status| STATUSES.contains(status))
            .ok_or_else(|| format!("`{text}` is no redirect: 301, 302, 303, 307, 308"))?,
    };
    if let Some(more) = words.next() {
        return Err(format!("`{more}` is too much"));
    }
    if to.starts_with('/') && from.text.ends_with("**") && to.starts_with(prefix_of(&from.text)) {
        return Err("it leads back to itself".to_owned());
    }
    if to == from.text || format!("/{}", from.text) == to {
        return Err("it leads back to itself".to_owned());
    }
    Ok(Redirect { from, to, status })
}

/// What comes before the first wildcard.
fn prefix_of(glob: &str) -> &str {
    let end = glob.find(['*', '?', '{']).unwrap_or(glob.len());
    &glob[..end]
}

pub(crate) fn error_pages(env: &Env, setting: &'static str) -> Result<Vec<ErrorPage>, BadRule> {
    let form = "404=404.html,5xx=error.html";
    let text = env.get(setting).unwrap_or_default();
    let pages = text.split([',', '\n']).map(str::trim).filter(|item| !item.is_empty());
    let pages = pages.map(|item| {
        let place = || format!("an entry of {setting}");
        let bad = |reason: String| BadRule { place: place(), text: item.to_owned(), reason, form };
        let (code, file) = item.split_once('=').ok_or_else(|| bad("there is no `=`".to_owned()))?;
        let codes = codes(code.trim()).ok_or_else(|| {
            bad(format!("`{code}` is neither an error status, 400 to 599, nor 4xx or 5xx"))
        })?;
        let file = file.trim().trim_start_matches('/').to_owned();
        if file.is_empty() || file.split('/').any(|part| part == "..") {
            return Err(bad("it names no file of the site".to_owned()));
        }
        Ok(ErrorPage { codes, file })
    });
    pages.collect()
}

/// The statuses that servers really answer with, of a family or a single one.
pub(crate) fn codes(text: &str) -> Option<Vec<u16>> {
    match text.to_ascii_lowercase().as_str() {
        "4xx" => Some(vec![400, 401, 403, 404, 405, 408, 410, 411, 412, 413, 414, 415, 416, 429]),
        "5xx" => Some(vec![500, 501, 502, 503, 504]),
        text => {
            let code: u16 = text.parse().ok()?;
            (400..600).contains(&code).then(|| vec![code])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(value: &str) -> Env {
        [("X", value)].into_iter().collect()
    }

    #[test]
    fn headers_are_read_line_by_line() {
        let rules = headers(&env("\n/** X-A: 1: 2\n\n*.html  X-B:b\n"), "X").unwrap();
        let shown: Vec<_> =
            rules.iter().map(|rule| (&*rule.glob.text, &*rule.name, &*rule.value)).collect();
        assert_eq!(shown, [("/**", "X-A", "1: 2"), ("*.html", "X-B", "b")]);
    }

    #[test]
    fn a_bad_line_is_named() {
        let reason = |error: BadRule| error.to_string();
        let header = |text: &str| reason(headers(&env(text), "X").unwrap_err());
        assert_eq!(header("/a X: 1\n/b"), "line 2 of X is `/b`: there is nothing behind the path");
        assert_eq!(header("/a X"), "line 1 of X is `/a X`: there is no `:` behind the name");
        assert_eq!(
            header("/{a X: 1"),
            "line 1 of X is `/{a X: 1`: `/{a` is no path: a `{` without a `}`"
        );
        let redirect = |text: &str| reason(redirects(&env(text), "X").unwrap_err());
        assert_eq!(
            redirect("/a /b 200"),
            "line 1 of X is `/a /b 200`: `200` is no redirect: 301, 302, 303, 307, 308"
        );
        assert_eq!(
            redirect("/a //evil.example"),
            "line 1 of X is `/a //evil.example`: `//evil.example` is neither a path of this site nor a URL"
        );
        assert_eq!(redirect("/a/** /a/b"), "line 1 of X is `/a/** /a/b`: it leads back to itself");
        assert_eq!(redirect("/a /a"), "line 1 of X is `/a /a`: it leads back to itself");
        assert_eq!(
            redirect("/a /b/c\n/x /y\n/b/** /d\n/d /a 302"),
            "a line of X is `/a /b/c`: by way of `/d /a` it leads back to itself"
        );
        assert_eq!(redirects(&env("/a /b\n/b /c\n/d /b\n/e https://x/e"), "X").unwrap().len(), 4);
        let page = |text: &str| reason(error_pages(&env(text), "X").unwrap_err());
        assert_eq!(
            page("200=ok.html"),
            "an entry of X is `200=ok.html`: `200` is neither an error status, 400 to 599, nor 4xx or 5xx"
        );
        assert_eq!(page("404=../x"), "an entry of X is `404=../x`: it names no file of the site");
    }
}
