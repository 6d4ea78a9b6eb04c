//! The options of a JVM as texts: how it splits them, and how ours and the user's come together.

use kouti::{Fault, Problem};
use kouti_launch::Env;
use kouti_launch::helper::Outcome;

/// The variable that every JVM reads.
const TOOL_OPTIONS: &str = "JAVA_TOOL_OPTIONS";
/// Where the helper leaves what it composed, and what the user's part of it was: a process may start
/// another one through the launcher, and then the helper runs on its own work.
const LAST_COMPOSED: &str = "BPI_JAVA_OPTIONS";
const LAST_USER: &str = "BPI_JAVA_USER_OPTIONS";

/// Options, split as the JVM splits them.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Words(Vec<String>);

impl Words {
    /// White space separates, `'` and `"` hold together and vanish; there is no escape.
    pub(super) fn split(variable: &str, text: &str) -> Result<Self, Problem> {
        let mut words = Vec::new();
        let mut word: Option<String> = None;
        let mut quote: Option<(char, usize)> = None;
        for (at, c) in text.char_indices() {
            match quote {
                Some((open, _)) if c == open => quote = None,
                None if c == '"' || c == '\'' => {
                    quote = Some((c, at));
                    word.get_or_insert_default();
                }
                None if c.is_ascii_whitespace() => words.extend(word.take()),
                _ => word.get_or_insert_default().push(c),
            }
        }
        if let Some((open, at)) = quote {
            let at = at + 1;
            let summary = format!(
                "{variable} has an unmatched {open} at position {at}, and the JVM would refuse it too"
            );
            return Err(Problem::new("unmatched-quote", Fault::App, summary)
                .hint("close the quote, or leave it out"));
        }
        words.extend(word);
        Ok(Self(words))
    }

    pub(super) fn extend(&mut self, more: Self) {
        self.0.extend(more.0);
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether any option contains this text.
    pub(super) fn mention(&self, subject: &str) -> bool {
        self.iter().any(|word| word.contains(subject))
    }
}

/// The parts of the user, without what an earlier run of the helper has added.
#[derive(Debug, Default)]
pub(super) struct Composed {
    /// `JAVA_TOOL_OPTIONS`.
    pub(super) user: String,
    /// `JAVA_OPTS`, in the form in which the JVM takes them.
    pub(super) java_opts: String,
    pub(super) remarks: Vec<String>,
}

impl Composed {
    pub(super) fn take_apart(env: &Env) -> Self {
        let text = env.get(TOOL_OPTIONS).unwrap_or_default().trim();
        let user = match (env.get(LAST_COMPOSED), env.get(LAST_USER)) {
            (Some(last), Some(user)) if !last.is_empty() => match text.strip_prefix(last) {
                // What layers add, they have added the first time as well.
                Some(more) if user.contains(more.trim()) => user.to_owned(),
                Some(more) => format!("{user} {}", more.trim()),
                None => text.to_owned(),
            },
            _ => text.to_owned(),
        };
        let (java_opts, remarks) = joined(env.given("JAVA_OPTS").unwrap_or_default());
        Self { user: user.trim().to_owned(), java_opts, remarks }
    }

    /// Sets the variables: ours first, so that the user has the last word.
    pub(super) fn hand_over(&self, env: &Env, flags: &[String], outcome: &mut Outcome) {
        let ours = flags.iter().map(|flag| quoted(flag)).collect::<Vec<_>>().join(" ");
        let target = env.given("BPL_JAVA_OPTIONS_VAR").unwrap_or(TOOL_OPTIONS);
        if target != TOOL_OPTIONS {
            let before = env.get(target).unwrap_or_default();
            // Run again, it has ours in front already.
            let user = match env.get(LAST_COMPOSED) {
                Some(last) if !last.is_empty() => before.strip_prefix(last).unwrap_or(before),
                _ => before,
            };
            let ours = join(&[&ours, &self.java_opts]);
            outcome.set(target, join(&[&ours, user]));
            outcome.set(LAST_COMPOSED, ours);
            return;
        }
        let text = join(&[&ours, &self.user, &self.java_opts]);
        if !text.is_empty() {
            outcome.set(TOOL_OPTIONS, text.as_str());
            outcome.set(LAST_COMPOSED, text);
            if env.given("BPI_JAVA_SCRIPT").is_some() && !self.java_opts.is_empty() {
                // Start scripts give it to the JVM as well, and agents do not like to be started twice.
                outcome.set("JAVA_OPTS", "");
                outcome.set(LAST_USER, join(&[&self.user, &self.java_opts]));
            } else {
                outcome.set(LAST_USER, self.user.as_str());
            }
        }
    }
}

/// Java 8 leaves the whole variable out, and says so in a line that nobody looks for, if there is
/// more in it.
const OLD_LENGTH: usize = 1023;
const OLD_COUNT: usize = 64;

/// Says so before the app starts without any of its options.
pub(super) fn warn_of_limits(outcome: &mut Outcome) {
    let Some(text) = outcome.variables().get(TOOL_OPTIONS) else { return };
    let count = Words::split(TOOL_OPTIONS, text).map_or(0, |words| words.0.len());
    let length = text.len();
    if length > OLD_LENGTH || count > OLD_COUNT {
        outcome.warn(format!(
            "{TOOL_OPTIONS} has {length} bytes and {count} options, and Java 8 ignores all of them if \
             there are more than {OLD_LENGTH} bytes or {OLD_COUNT} options: shorten it, or move to a \
             later Java"
        ));
    }
}

fn join(parts: &[&str]) -> String {
    let parts: Vec<_> =
        parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty()).collect();
    parts.join(" ")
}

/// So that the JVM reads one option.
fn quoted(flag: &str) -> String {
    if flag.contains(|c: char| c.is_ascii_whitespace()) {
        format!("\"{flag}\"")
    } else {
        flag.to_owned()
    }
}

/// Options of two words, which only the command line takes; in the variable they need a `=`.
const TWO_WORDS: [&str; 5] =
    ["--add-opens", "--add-exports", "--add-modules", "--add-reads", "--enable-native-access"];

fn joined(java_opts: &str) -> (String, Vec<String>) {
    let mut words: Vec<String> = Vec::new();
    let mut remarks = Vec::new();
    let mut rest = java_opts.split_ascii_whitespace();
    while let Some(word) = rest.next() {
        if TWO_WORDS.contains(&word) {
            let value = rest.next().unwrap_or_default();
            words.push(format!("{word}={value}"));
        } else {
            if matches!(word, "-cp" | "-classpath" | "--class-path" | "-jar") {
                remarks.push(format!(
                    "JAVA_OPTS has `{word}`, which the JVM only takes on the command line; \
                     use a Procfile for another command"
                ));
            }
            words.push(word.to_owned());
        }
    }
    (words.join(" "), remarks)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<String> {
        Words::split("JAVA_TOOL_OPTIONS", text).unwrap().0
    }

    #[test]
    fn options_are_split_as_the_jvm_does() {
        assert_eq!(split("  -a\t-b\n-c "), ["-a", "-b", "-c"]);
        assert_eq!(split("-Da='x y' \"-Db=z\" -D\"c d\"=e"), ["-Da=x y", "-Db=z", "-Dc d=e"]);
        assert_eq!(
            split("-Dhttp.nonProxyHosts=a|b;c -Xss256k"),
            ["-Dhttp.nonProxyHosts=a|b;c", "-Xss256k"]
        );
        assert_eq!(split(r"-Da=\n ''"), [r"-Da=\n", ""]);
    }

    #[test]
    fn an_unmatched_quote_is_refused() {
        let refusal = Words::split("JAVA_TOOL_OPTIONS", "-Da=b -Dc='d").unwrap_err();
        insta::assert_snapshot!(refusal.page("", kouti::Colour::Off), @"
        error[unmatched-quote]: JAVA_TOOL_OPTIONS has an unmatched ' at position 11, and the JVM would refuse it too

        hint: close the quote, or leave it out
        ");
    }

    #[test]
    fn options_of_two_words_become_one() {
        let (text, remarks) = joined("--add-opens java.base/java.lang=ALL-UNNAMED -Xmx1g -cp x");
        assert_eq!(text, "--add-opens=java.base/java.lang=ALL-UNNAMED -Xmx1g -cp x");
        assert_eq!(remarks.len(), 1);
    }
}
