//! Settings of classic buildpacks, understood as ours: an app that is pushed with another buildpack than before keeps
//! its own. Whatever is set in our own name wins.

mod java;
mod php;

use std::collections::BTreeMap;
use std::path::Path;

use kouti_launch::Env;
use kouti_report::{Fault, Log, Notice, Problem};

use crate::settings;

/// What became of them.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Classic {
    /// In our names, and what the user calls them.
    found: BTreeMap<String, Setting>,
    /// What nobody here understands.
    unknown: Vec<String>,
}

/// One setting.
#[derive(Debug, PartialEq)]
struct Setting {
    value: String,
    origin: String,
}

/// When a setting counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum When {
    Staging,
    Launch,
}

impl Classic {
    /// Reads the settings of these classic buildpacks. `app_dir` is none when the app starts: files count while staging.
    pub(crate) fn read(
        env: &Env,
        app_dir: Option<&Path>,
        buildpacks: &[String],
    ) -> Result<Self, Problem> {
        let mut classic = Self::default();
        if !settings::flag(env, "BP_CF_COMPAT", true)? {
            return Ok(classic);
        }
        for buildpack in buildpacks {
            match buildpack.as_str() {
                "java" => java::read(env, &mut classic)?,
                "nodejs" => nodejs(env, &mut classic),
                "php" => {
                    if let Some(app_dir) = app_dir {
                        php::read(env, app_dir, &mut classic)?;
                    }
                }
                "staticfile" => staticfile(env, &mut classic),
                _ => {}
            }
        }
        let strangers = env.as_map().keys().filter(|name| name.starts_with("BUILDPACK_"));
        classic.unknown.extend(strangers.cloned());
        classic.unknown.sort();
        // Options of a start add up; everything else is one or the other.
        classic.found.retain(|name, _| name == java::OPTIONS || env.get(name).is_none());
        Ok(classic)
    }

    fn add(&mut self, name: &str, value: impl Into<String>, origin: impl Into<String>) {
        let setting = Setting { value: value.into(), origin: origin.into() };
        self.found.insert(name.to_owned(), setting);
    }

    /// The variables that count then, in our names.
    pub(crate) fn variables(&self, when: When) -> impl Iterator<Item = (&str, &str)> {
        let counts = move |name: &str| {
            (name.starts_with("BPL_") || name == java::OPTIONS) == (when == When::Launch)
        };
        let found = self.found.iter().filter(move |(name, _)| counts(name));
        found.map(|(name, setting)| (name.as_str(), setting.value.as_str()))
    }

    /// Says what was taken over, and what was not.
    pub(crate) fn tell(&self, log: &mut Log) {
        for (name, Setting { value, origin }) in &self.found {
            log.step(&format!("Using {origin} as {name}={value}"));
        }
        if !self.unknown.is_empty() {
            log.warn(
                Notice::new(format!(
                    "these settings of classic buildpacks have no effect: {}",
                    self.unknown.join(", ")
                ))
                .hint("docs/from-classic.md says what to use in their place"),
            );
        }
    }
}

/// The type of a service that classic buildpacks know by its name, if `BP_CF_COMPAT` does not say otherwise.
pub(crate) fn type_of_service(
    env: &Env,
    buildpacks: &[String],
    name: &str,
) -> Option<&'static str> {
    let is_on = settings::flag(env, "BP_CF_COMPAT", true).unwrap_or(true);
    let knows_php = buildpacks.iter().any(|buildpack| buildpack == "php");
    (is_on && knows_php).then(|| php::session_store(env, name)).flatten()
}

fn nodejs(env: &Env, classic: &mut Classic) {
    let name = "NPM_CONFIG_PRODUCTION";
    if env.given(name).is_some_and(|value| value.eq_ignore_ascii_case("false")) {
        classic.add("BP_NODE_PRUNE_DEV_DEPENDENCIES", "false", name);
    }
}

fn staticfile(env: &Env, classic: &mut Classic) {
    if let Some(value) = env.given("FORCE_HTTPS") {
        let on = !matches!(value.to_ascii_lowercase().as_str(), "false" | "0" | "no");
        classic.add("BP_WEB_SERVER_FORCE_HTTPS", on.to_string(), "FORCE_HTTPS");
    }
}

/// A setting of another buildpack that cannot be read.
fn unreadable(name: &str, reason: &str) -> Problem {
    let summary = format!("{name} cannot be read: {reason}");
    Problem::new("cf-bad-classic-setting", Fault::App, summary)
        .hint("correct it, or leave classic settings aside with BP_CF_COMPAT=false")
}

#[cfg(test)]
mod tests;
