//! Variables of the container that pages may see: only those with the public prefix.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;

use kouti_launch::Env;

use crate::functions::temp_dir;
use crate::settings::PUBLIC_ENV_PREFIX;

/// The variables by name.
fn variables(env: &Env) -> BTreeMap<&str, &str> {
    let declared = PUBLIC_ENV_PREFIX.declared;
    let prefix = env.given(declared.name).unwrap_or(declared.default);
    let texts = env.as_map().iter().map(|(name, value)| (name.as_str(), value.as_str()));
    texts.filter(|(name, _)| name.starts_with(prefix)).collect()
}

/// A fingerprint of what pages see; empty if that is nothing.
pub(crate) fn version(env: &Env) -> String {
    let variables = variables(env);
    if variables.is_empty() {
        return String::new();
    }
    kouti::sha256(format!("{variables:?}"))[..8].to_owned()
}

/// `{"NAME":"value"}`, safe inside of a script too.
fn json(env: &Env) -> String {
    let rows =
        variables(env).into_iter().map(|(name, value)| format!("{}:{}", text(name), text(value)));
    format!("{{{}}}", rows.collect::<Vec<_>>().join(","))
}

fn text(value: &str) -> String {
    let mut text = String::from("\"");
    for c in value.chars() {
        match c {
            '"' | '\\' => {
                text.push('\\');
                text.push(c);
            }
            // What could end a script, or a line of one.
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => escape(&mut text, c),
            c if c.is_control() => escape(&mut text, c),
            c => text.push(c),
        }
    }
    text.push('"');
    text
}

fn escape(text: &mut String, c: char) {
    let _ = write!(text, "\\u{:04x}", u32::from(c));
}

/// `data-name="value"` for each, as attributes of an element.
pub(crate) fn attributes(env: &Env) -> String {
    variables(env).into_iter().fold(String::new(), |mut text, (name, value)| {
        let name = name.to_lowercase();
        if name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-') {
            let value = value.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
            let _ = write!(text, " data-{name}=\"{value}\"");
        }
        text
    })
}

/// Writes `env.js` and `env.json` for this container; returns their directory.
pub fn write(env: &Env) -> io::Result<PathBuf> {
    let dir = temp_dir(env).join("kouti-public-env");
    fs_err::create_dir_all(&dir)?;
    let json = json(env);
    fs_err::write(dir.join("env.js"), format!("window.__ENV__ = {json};\n"))?;
    fs_err::write(dir.join("env.json"), json + "\n")?;
    Ok(dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env() -> Env {
        [
            ("PUBLIC_WEB_API", "https://api.example/?a=1&b=\"</script>"),
            ("PUBLIC_WEB_B", "line\nbreak"),
            ("SECRET", "canary"),
        ]
        .into_iter()
        .collect()
    }

    #[test]
    fn only_public_variables_are_shown_and_cannot_break_out() {
        assert_eq!(
            json(&env()),
            r#"{"PUBLIC_WEB_API":"https://api.example/?a=1\u0026b=\"\u003c/script\u003e","PUBLIC_WEB_B":"line\u000abreak"}"#
        );
        assert_eq!(
            attributes(&env()),
            " data-public_web_api=\"https://api.example/?a=1&amp;b=&quot;&lt;/script>\" \
             data-public_web_b=\"line\nbreak\""
        );
    }

    #[test]
    fn the_prefix_can_be_another_one() {
        let env: Env =
            [("APP_X", "1"), ("BPL_WEB_SERVER_PUBLIC_ENV_PREFIX", "APP_")].into_iter().collect();
        assert_eq!(json(&env), r#"{"APP_X":"1"}"#);
        assert_ne!(version(&env), "");
        assert_eq!(version(&Env::default()), "");
    }
}
