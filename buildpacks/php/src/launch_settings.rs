//! Settings of the container. A bad value is warned about and counts as unset.

use kouti_launch::Env;

/// What a value of a setting looks like.
#[derive(Clone, Copy)]
enum Form {
    /// From one on.
    Seconds,
    /// From nothing on.
    Number,
    OneOf(&'static [&'static str]),
    Flag,
}

/// Values of `BPL_PHP_FPM_PM`.
const MANAGERS: &[&str] = &["dynamic", "static", "ondemand"];
/// Values of `BPL_PHP_ACCESS_LOG`.
const LOGS: &[&str] = &["extended", "common", "combined", "json", "off"];

const ON: [&str; 5] = ["1", "t", "true", "yes", "on"];
const OFF: [&str; 5] = ["0", "f", "false", "no", "off"];

const ALL: &[(&str, Form)] = &[
    ("BPL_PHP_ACCESS_LOG", Form::OneOf(LOGS)),
    ("BPL_PHP_FPM_MAX_REQUESTS", Form::Number),
    ("BPL_PHP_FPM_PM", Form::OneOf(MANAGERS)),
    ("BPL_PHP_FPM_REQUEST_TIMEOUT", Form::Seconds),
    ("BPL_PHP_FPM_STATUS", Form::Flag),
    ("BPL_PHP_KEEPALIVE", Form::Number),
    ("BPL_PHP_SHUTDOWN_TIMEOUT", Form::Seconds),
    ("BPL_PHP_STARTUP_TIMEOUT", Form::Seconds),
];

impl Form {
    fn fits(self, text: &str) -> bool {
        let text = text.trim().to_ascii_lowercase();
        match self {
            Self::Seconds => text.parse::<u32>().is_ok_and(|number| number > 0),
            Self::Number => text.parse::<u32>().is_ok(),
            Self::OneOf(values) => values.contains(&text.as_str()),
            Self::Flag => ON.contains(&text.as_str()) || OFF.contains(&text.as_str()),
        }
    }

    fn shown(self) -> String {
        match self {
            Self::Seconds => "a number of seconds".to_owned(),
            Self::Number => "a number".to_owned(),
            Self::OneOf(values) => format!("one of {}", values.join(", ")),
            Self::Flag => "`true` or `false`".to_owned(),
        }
    }
}

/// What to warn of.
pub(crate) fn warnings(env: &Env) -> Vec<String> {
    let given = ALL.iter().filter_map(|(name, form)| Some((name, form, env.given(name)?)));
    given
        .filter(|(_, form, text)| !form.fits(text))
        .map(|(name, form, text)| {
            format!("warning: {name} is `{text}`, not {}; the default is used", form.shown())
        })
        .collect()
}

/// The value in lower case, if it is a good one.
fn value(env: &Env, name: &str) -> Option<String> {
    let text = env.given(name)?.trim();
    let form = ALL.iter().find_map(|(known, form)| (*known == name).then_some(*form))?;
    form.fits(text).then(|| text.to_ascii_lowercase())
}

/// A number.
pub(crate) fn number(env: &Env, name: &str) -> Option<u64> {
    value(env, name)?.parse().ok()
}

/// One of several words, the first if nobody has chosen.
pub(crate) fn log_format(env: &Env) -> String {
    value(env, "BPL_PHP_ACCESS_LOG").unwrap_or_else(|| LOGS[0].to_owned())
}

/// How PHP-FPM manages its workers.
pub(crate) fn manager(env: &Env) -> String {
    value(env, "BPL_PHP_FPM_PM").unwrap_or_else(|| MANAGERS[0].to_owned())
}

/// Whether a switch is on.
pub(crate) fn is_on(env: &Env, name: &str) -> bool {
    value(env, name).is_some_and(|text| ON.contains(&text.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_value_is_told_and_does_not_count() {
        let env: Env = [
            ("BPL_PHP_ACCESS_LOG", "verbose"),
            ("BPL_PHP_FPM_PM", "Static"),
            ("BPL_PHP_FPM_STATUS", "maybe"),
            ("BPL_PHP_KEEPALIVE", "0"),
            ("BPL_PHP_STARTUP_TIMEOUT", "0"),
            ("BPL_PHP_SHUTDOWN_TIMEOUT", "soon"),
        ]
        .into_iter()
        .collect();
        insta::assert_snapshot!(warnings(&env).join("\n"), @"
        warning: BPL_PHP_ACCESS_LOG is `verbose`, not one of extended, common, combined, json, off; the default is used
        warning: BPL_PHP_FPM_STATUS is `maybe`, not `true` or `false`; the default is used
        warning: BPL_PHP_SHUTDOWN_TIMEOUT is `soon`, not a number of seconds; the default is used
        warning: BPL_PHP_STARTUP_TIMEOUT is `0`, not a number of seconds; the default is used
        ");
        assert_eq!(log_format(&env), "extended");
        assert_eq!(manager(&env), "static");
        assert!(!is_on(&env, "BPL_PHP_FPM_STATUS"));
        assert_eq!(number(&env, "BPL_PHP_KEEPALIVE"), Some(0));
        assert_eq!(number(&env, "BPL_PHP_STARTUP_TIMEOUT"), None);
    }
}
