//! The exec.d helper: directives of `php.ini` that the container decides.

use std::fmt::Write as _;
use std::path::Path;

use kouti_launch::Env;
use kouti_launch::binding::Bindings;
use kouti_launch::helper::Outcome;
use kouti_report::{Explain, Fault, Problem};

use crate::names;
use crate::run_dir::{forget, run_dir, write};
use crate::session::{Session, quoted};

/// Where the files of [`php_launch`] are, below the directory of the container.
const DIR: &str = "conf.d";
const PLATFORM: &str = "70-platform.ini";
const LAUNCH: &str = "80-launch.ini";
const SESSION: &str = "90-session.ini";

/// Writes what `BPL_PHP_INI` and bindings say where PHP looks for it. Runs before every process,
/// so that workers and consoles have the same PHP as the web server.
#[must_use]
pub fn php_launch(env: &Env) -> Outcome {
    configured(env).unwrap_or_else(|problem| {
        let mut outcome = Outcome::nothing();
        outcome.refuse(problem);
        outcome
    })
}

/// The same, for a program that tells by itself what is wrong.
pub(crate) fn configured(env: &Env) -> Result<Outcome, Problem> {
    let mut outcome = Outcome::nothing();
    outcome.set(names::LAUNCH_DONE, "1");
    configure(env, &mut outcome)?;
    Ok(outcome)
}

fn configure(env: &Env, outcome: &mut Outcome) -> Result<(), Problem> {
    let mut files = Vec::new();
    if let Some(text) = env.given("BPL_PHP_INI") {
        files.push((LAUNCH, directives(text)?));
    }
    // Sticky sessions of Cloud Foundry's router go by this name.
    if env.given("VCAP_APPLICATION").is_some() {
        files.push((PLATFORM, "session.name = JSESSIONID\n".to_owned()));
    }
    let bindings = Bindings::for_launch(env.as_map())?;
    if let Some(session) = Session::choose(env, &bindings)? {
        if let Some(warning) = &session.warning {
            outcome.warn(warning.as_str());
        }
        outcome.say(format!("sessions are kept in {}", session.directives[0].1));
        let mut text = session_ini(env, &session)?;
        if env.given("VCAP_APPLICATION").is_some() {
            // Sessions that all instances share need no sticky router. The classic buildpack calls
            // them so, and users stay logged in.
            text.push_str("session.name = PHPSESSIONID\n");
        }
        files.push((SESSION, text));
    }
    if files.is_empty() {
        return Ok(());
    }
    let dir = run_dir(env)?.join(DIR);
    // A directory that outlives the container may have those of another start.
    for name in [PLATFORM, LAUNCH, SESSION] {
        forget(&dir.join(name))?;
    }
    for (name, text) in files {
        write(&dir.join(name), &text)?;
    }
    outcome.set("PHP_INI_SCAN_DIR", with(env.given("PHP_INI_SCAN_DIR"), &dir));
    Ok(())
}

/// An empty entry would mean a directory of the machine on which PHP was compiled.
fn with(dirs: Option<&str>, dir: &Path) -> String {
    match dirs {
        Some(dirs) => format!("{dirs}:{}", dir.display()),
        None => dir.display().to_string(),
    }
}

fn session_ini(env: &Env, session: &Session) -> Result<String, NoSessionExtension> {
    let loaded: Vec<_> = env.given(names::EXTENSIONS).unwrap_or_default().split(',').collect();
    let dir = Path::new(env.given("PHP_EXTENSION_DIR").unwrap_or_default());
    let mut text = String::new();
    for name in session.extensions.iter().filter(|name| !loaded.contains(name)) {
        if dir.join(format!("{name}.so")).is_file() {
            let _ = writeln!(text, "extension = {name}");
        } else if *name == session.directives[0].1 && dir.is_dir() {
            return Err(NoSessionExtension { name: (*name).to_owned() });
        }
    }
    for (name, value) in &session.directives {
        let _ = writeln!(text, "{name} = {}", quoted(value));
    }
    Ok(text)
}

/// PHP would refuse every session.
#[derive(Debug, thiserror::Error)]
#[error("sessions are to be kept in {name}, but this PHP has no extension `{name}`")]
struct NoSessionExtension {
    name: String,
}

impl Explain for NoSessionExtension {
    fn id(&self) -> &'static str {
        "no-session-extension"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![
            "start the container without the binding".to_owned(),
            format!("or build with BP_PHP_EXTENSIONS={} and a PHP that has it", self.name),
        ]
    }
}

/// `name=value`, separated by lines or by `;` outside quotes.
fn directives(text: &str) -> Result<String, Problem> {
    let mut ini = String::new();
    for part in split(text) {
        let (name, value) = part.split_once('=').unwrap_or((part.as_str(), ""));
        let name = name.trim();
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        if name.is_empty() || !name.chars().all(is_name) || !part.contains('=') {
            let summary =
                format!("BPL_PHP_INI has `{}`, which is no directive of php.ini", part.trim());
            return Err(Problem::new("bad-ini-directive", kouti_report::Fault::App, summary)
                .hint("write `name=value`, several of them separated by `;`"));
        }
        let _ = writeln!(ini, "{name} = {}", value.trim());
    }
    Ok(ini)
}

fn split(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quote = None;
    for c in text.chars() {
        match (c, quote) {
            (';' | '\n', None) => parts.push(String::new()),
            ('"' | '\'', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            _ => {}
        }
        if quote.is_some() || !matches!(c, ';' | '\n') {
            parts.last_mut().into_iter().for_each(|part| part.push(c));
        }
    }
    parts.retain(|part| !part.trim().is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn directives_are_separated_by_semicolons_and_lines() {
        let ini = directives("memory_limit=256M; a.b = \"x;y\"\nzend_extension=xdebug;").unwrap();
        assert_snapshot!(ini, @r#"
        memory_limit = 256M
        a.b = "x;y"
        zend_extension = xdebug
        "#);
    }

    #[test]
    fn what_is_no_directive_keeps_the_container_from_starting() {
        let env: Env = [("BPL_PHP_INI", "memory limit=1")].into_iter().collect();
        assert_snapshot!(php_launch(&env).lines(false).join("\n"), @"
        error[bad-ini-directive]: BPL_PHP_INI has `memory limit=1`, which is no directive of php.ini

        hint: write `name=value`, several of them separated by `;`
        ");
        let env: Env = [("BPL_PHP_INI", "memory_limit")].into_iter().collect();
        assert!(php_launch(&env).lines(false)[0].contains("memory_limit"));
    }

    #[test]
    fn where_nothing_is_to_be_said_nothing_is_written() {
        let outcome = php_launch(&Env::default());
        assert_eq!(outcome.variables().keys().collect::<Vec<_>>(), [names::LAUNCH_DONE]);
    }
}
