//! What operators and developers can set, all of it in the environment.

use kouti_launch::Env;
use kouti_report::{Colour, Fault, Level, Problem};

pub(crate) fn level(env: &Env) -> Level {
    let debug = env.given("BP_DEBUG").is_some();
    match env.given("BP_LOG_LEVEL").map(str::to_ascii_lowercase).as_deref() {
        Some("debug") => Level::Debug,
        _ if debug => Level::Debug,
        Some("warn") => Level::Warn,
        Some("error") => Level::Error,
        _ => Level::Info,
    }
}

pub(crate) fn colour(env: &Env) -> Colour {
    let off = env.given("NO_COLOR").is_some() || env.given("BP_LOG_COLOR") == Some("false");
    if off { Colour::Off } else { Colour::On }
}

/// A setting that is on or off.
pub(crate) fn flag(env: &Env, name: &'static str, default: bool) -> Result<bool, Problem> {
    match env.given(name).map(str::to_ascii_lowercase).as_deref() {
        None => Ok(default),
        Some("1" | "t" | "true") => Ok(true),
        Some("0" | "f" | "false") => Ok(false),
        Some(other) => Err(bad(name, other, "`true` or `false`")),
    }
}

/// A setting that is a list, separated by commas.
pub(crate) fn list(env: &Env, name: &str) -> Vec<String> {
    let text = env.given(name).unwrap_or_default();
    text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

/// Pairs such as `redis-cache=redis,certs=ca-certificates`.
pub(crate) fn pairs(env: &Env, name: &'static str) -> Result<Vec<(String, String)>, Problem> {
    let pair = |item: String| match item.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() && !value.trim().is_empty() => {
            Ok((key.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err(bad(name, &item, "a list such as `my-service=postgresql,other=redis`")),
    };
    list(env, name).into_iter().map(pair).collect()
}

pub(crate) fn bad(name: &str, value: &str, form: &str) -> Problem {
    let summary = format!("{name} is `{value}`, which is not {form}");
    Problem::new("cf-bad-setting", Fault::App, summary)
        .hint(format!("correct it with `cf set-env APP {name} …`, then `cf restage APP`"))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn a_wrong_value_says_what_may_be_written() {
        let env: Env = [("BP_CF_CACHE_ENABLED", "maybe"), ("BP_CF_BINDING_TYPES", "a=b,c")]
            .into_iter()
            .collect();
        let page = |problem: Problem| problem.page("", Colour::Off);
        assert_snapshot!(page(flag(&env, "BP_CF_CACHE_ENABLED", true).unwrap_err()), @"
        error[cf-bad-setting]: BP_CF_CACHE_ENABLED is `maybe`, which is not `true` or `false`

        hint: correct it with `cf set-env APP BP_CF_CACHE_ENABLED …`, then `cf restage APP`
        ");
        assert_snapshot!(page(pairs(&env, "BP_CF_BINDING_TYPES").unwrap_err()), @"
        error[cf-bad-setting]: BP_CF_BINDING_TYPES is `c`, which is not a list such as `my-service=postgresql,other=redis`

        hint: correct it with `cf set-env APP BP_CF_BINDING_TYPES …`, then `cf restage APP`
        ");
        assert!(flag(&env, "BP_CF_OTHER", true).unwrap());
    }
}
