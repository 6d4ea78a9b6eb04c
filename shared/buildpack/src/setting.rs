//! `BP_*` and `BPL_*` variables: declared once, read with a type.

use std::collections::BTreeSet;
use std::marker::PhantomData;

use kouti_report::{Explain, Fault, Notice};
use serde::Deserialize;

use crate::Env;

/// When a setting has an effect.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Phase {
    /// While the image is built.
    Build,
    /// When a container starts.
    Launch,
    /// Both.
    Both,
}

/// What a setting is, without its type: the entry in `buildpack.toml`, the docs
/// and the check for misspelt names.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Declared {
    /// The variable.
    pub name: &'static str,
    /// Value when it is not set, as a user would write it; empty if there is none.
    pub default: &'static str,
    /// One clause for the table in the README.
    pub help: &'static str,
    /// When it counts.
    pub phase: Phase,
}

/// One setting whose value is a `T`.
///
/// `buildpack.toml` lists the same name, default and help; a test of each
/// buildpack compares them with [`descriptor_differences`].
#[derive(Clone, Copy, Debug)]
pub struct Setting<T> {
    /// Name, default and help.
    pub declared: Declared,
    value: PhantomData<fn() -> T>,
}

/// A type a setting can hold.
pub trait Value: Sized {
    /// What may be written, for the error: `true or false`.
    const FORM: &'static str;

    /// Reads a trimmed text; an empty one means "not set, and no default".
    fn parse(text: &str) -> Option<Self>;
}

/// A setting has a value its type does not allow.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{name} is set to `{value}`, which is not {form}")]
pub struct BadSetting {
    /// The variable.
    pub name: &'static str,
    /// What it is set to.
    pub value: String,
    /// What it may be.
    pub form: &'static str,
}

impl Explain for BadSetting {
    fn id(&self) -> &'static str {
        "bad-setting"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        let mut hints = vec![format!("set {} to {}", self.name, self.form)];
        if is_quoted(&self.value) {
            hints.push("leave the quotes out: an environment file takes them literally".to_owned());
        }
        hints
    }
}

impl BadSetting {
    /// The same as a warning: the setting had no effect in this build.
    pub(crate) fn notice(&self) -> Notice {
        let notice = Notice::new(self.to_string());
        self.hints().into_iter().take(1).fold(notice, Notice::hint)
    }
}

impl<T: Value> Setting<T> {
    /// A setting that counts while the image is built.
    #[must_use]
    pub const fn build(name: &'static str, default: &'static str, help: &'static str) -> Self {
        Self::new(name, default, help, Phase::Build)
    }

    /// A setting that counts when a container starts.
    #[must_use]
    pub const fn launch(name: &'static str, default: &'static str, help: &'static str) -> Self {
        Self::new(name, default, help, Phase::Launch)
    }

    /// A setting with any phase.
    #[must_use]
    pub const fn new(
        name: &'static str,
        default: &'static str,
        help: &'static str,
        phase: Phase,
    ) -> Self {
        Self { declared: Declared { name, default, help, phase }, value: PhantomData }
    }

    /// The value: what the user set, else the default. An empty value counts as unset.
    pub fn read(&self, env: &Env) -> Result<T, BadSetting> {
        let Declared { name, default, .. } = self.declared;
        let text = env.get(name).map(str::trim).filter(|text| !text.is_empty()).unwrap_or(default);
        T::parse(text).ok_or_else(|| BadSetting { name, value: text.to_owned(), form: T::FORM })
    }

    /// Whether the user set it, even to nothing: for the few settings where an
    /// empty value blanks a default.
    #[must_use]
    pub fn is_set(&self, env: &Env) -> bool {
        env.get(self.declared.name).is_some()
    }
}

impl Value for bool {
    const FORM: &'static str = "true or false";

    /// The words of Paketo (those of Go), and `yes`, `no`, `on`, `off`.
    fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "1" | "t" | "true" | "yes" | "on" => Some(true),
            "0" | "f" | "false" | "no" | "off" => Some(false),
            _ => None,
        }
    }
}

impl Value for String {
    const FORM: &'static str = "a text";

    fn parse(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

impl Value for u64 {
    const FORM: &'static str = "a whole number";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl<T: Value> Value for Option<T> {
    const FORM: &'static str = T::FORM;

    fn parse(text: &str) -> Option<Self> {
        if text.is_empty() { Some(None) } else { T::parse(text).map(Some) }
    }
}

/// Texts separated by commas; blanks around them and empty ones do not count.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Words(pub Vec<String>);

impl Value for Words {
    const FORM: &'static str = "a list separated by commas";

    fn parse(text: &str) -> Option<Self> {
        Some(Self(split(text, ',')))
    }
}

/// Paths or patterns separated by colons, as in `PATH`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Paths(pub Vec<String>);

impl Value for Paths {
    const FORM: &'static str = "a list of paths separated by colons";

    fn parse(text: &str) -> Option<Self> {
        Some(Self(split(text, ':')))
    }
}

/// Arguments as typed in a shell, with quotes but without expansion.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Arguments(pub Vec<String>);

impl Value for Arguments {
    const FORM: &'static str = "a list of arguments with matching quotes";

    fn parse(text: &str) -> Option<Self> {
        shell_words::split(text).ok().map(Self)
    }
}

fn split(text: &str, separator: char) -> Vec<String> {
    text.split(separator)
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .map(str::to_owned)
        .collect()
}

impl Value for kouti_catalog::EolPolicy {
    const FORM: &'static str = "`warn`, `fail` or `ignore`";

    fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "warn" => Some(Self::Warn),
            "fail" => Some(Self::Fail),
            "ignore" => Some(Self::Ignore),
            _ => None,
        }
    }
}

impl Value for kouti_report::Level {
    const FORM: &'static str = "`debug`, `info`, `warn` or `error`";

    fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "debug" => Some(Self::Debug),
            "info" => Some(Self::Info),
            "warn" => Some(Self::Warn),
            "error" => Some(Self::Error),
            _ => None,
        }
    }
}

/// What `[[metadata.configurations]]` of a `buildpack.toml` says otherwise than the
/// constants: one line each, for the contract test of a buildpack.
#[must_use]
pub fn descriptor_differences(descriptor: &str, declared: &[Declared]) -> Vec<String> {
    let row = |name: &str, default: &str, help: &str, build: bool, launch: bool| {
        format!("{name}, default `{default}`, build {build}, launch {launch}: {help}")
    };
    let coded: BTreeSet<String> = declared
        .iter()
        .map(|setting| {
            let (build, launch) = match setting.phase {
                Phase::Build => (true, false),
                Phase::Launch => (false, true),
                Phase::Both => (true, true),
            };
            row(setting.name, setting.default, setting.help, build, launch)
        })
        .collect();
    let described: BTreeSet<String> = match toml::from_str::<Descriptor>(descriptor) {
        Ok(descriptor) => descriptor
            .metadata
            .configurations
            .iter()
            .map(|c| row(&c.name, &c.default, &c.description, c.build, c.launch))
            .collect(),
        Err(error) => return vec![error.to_string()],
    };
    let only_coded = coded.difference(&described).map(|row| format!("only in the code: {row}"));
    let only_described =
        described.difference(&coded).map(|row| format!("only in buildpack.toml: {row}"));
    only_coded.chain(only_described).collect()
}

#[derive(Deserialize)]
struct Descriptor {
    metadata: DescriptorMetadata,
}

#[derive(Deserialize)]
struct DescriptorMetadata {
    #[serde(default)]
    configurations: Vec<Configuration>,
}

#[derive(Deserialize)]
struct Configuration {
    name: String,
    #[serde(default)]
    default: String,
    description: String,
    #[serde(default)]
    build: bool,
    #[serde(default)]
    launch: bool,
}

/// A name that no buildpack of ours knows, but which is close to one.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
#[error("no buildpack reads {name}")]
pub struct UnknownSetting {
    /// What is set.
    pub name: String,
    /// What was probably meant.
    pub meant: String,
}

impl Explain for UnknownSetting {
    fn id(&self) -> &'static str {
        "unknown-setting"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![format!("did you mean {}?", self.meant)]
    }
}

impl From<&UnknownSetting> for Notice {
    fn from(unknown: &UnknownSetting) -> Self {
        Self::new(unknown.to_string()).hint(format!("did you mean {}?", unknown.meant))
    }
}

/// The misspelt names among the `BP_*` and `BPL_*` variables in `env`.
///
/// Only close misses: what is far from everything known may belong to somebody else's buildpack.
#[must_use]
pub fn misspelt(env: &Env, known: &BTreeSet<&str>) -> Vec<UnknownSetting> {
    unknown(env, known)
        .filter_map(|name| {
            let meant = nearest(name, known.iter().copied())?;
            Some(UnknownSetting { name: name.to_owned(), meant: meant.to_owned() })
        })
        .collect()
}

/// The name that was probably meant: at most two edits away, and no more than a third of it.
#[must_use]
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let close = known.into_iter().filter_map(|candidate| {
        let distance = distance(name, candidate);
        (distance <= 2 && distance * 3 <= candidate.len()).then_some((distance, candidate))
    });
    close.min().map(|(_, candidate)| candidate)
}

/// The names among the `BP_*` and `BPL_*` variables in `env` that nobody reads, as far as we know.
pub(crate) fn unknown<'a>(env: &'a Env, known: &BTreeSet<&str>) -> impl Iterator<Item = &'a str> {
    env.texts()
        .map(|(name, _)| name)
        .filter(|name| name.starts_with("BP_") || name.starts_with("BPL_"))
        .filter(|name| !known.contains(name))
        // One name for each host: common.md 4.3.
        .filter(|name| !name.starts_with("BP_DEPENDENCY_MIRROR_"))
}

/// Settings whose whole value stands in quotes: `--env-file` passes them on literally.
#[must_use]
pub fn quoted(env: &Env) -> Vec<Notice> {
    env.texts()
        .filter(|(name, value)| name.starts_with("BP_") && is_quoted(value))
        .map(|(name, _)| {
            Notice::new(format!("the quotes in the value of {name} are part of it"))
                .hint("leave them out: an environment file takes quotes literally")
        })
        .collect()
}

fn is_quoted(value: &str) -> bool {
    ['"', '\'']
        .iter()
        .any(|&quote| value.len() >= 2 && value.starts_with(quote) && value.ends_with(quote))
}

/// Edits that turn one name into the other: insert, delete, replace, swap neighbours.
/// Underscores are free, for they are what people forget.
fn distance(a: &str, b: &str) -> usize {
    let bare = |text: &str| text.bytes().filter(|&byte| byte != b'_').collect::<Vec<_>>();
    let (a, b) = (bare(a), bare(b));
    let mut rows = vec![(0..=b.len()).collect::<Vec<_>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use kouti_report::{Colour, Problem};

    use super::*;

    const PRUNE: Setting<bool> = Setting::build("BP_PRUNE", "true", "remove what only builds need");
    const VERSION: Setting<Option<String>> = Setting::build("BP_NODE_VERSION", "", "the version");

    fn env(pairs: &[(&str, &str)]) -> Env {
        pairs.iter().copied().collect()
    }

    #[test]
    fn an_empty_value_counts_as_unset() {
        assert!(PRUNE.read(&env(&[("BP_PRUNE", " ")])).unwrap());
        assert_eq!(VERSION.read(&env(&[("BP_NODE_VERSION", "")])).unwrap(), None);
        assert!(VERSION.is_set(&env(&[("BP_NODE_VERSION", "")])));
    }

    #[test]
    fn booleans_accept_the_words_of_paketo_and_a_few_more() {
        let yes = ["1", "t", "T", "true", "TRUE", "True", "yes", "on", "ON\n"];
        let no = ["0", "f", "F", "false", "FALSE", "False", "No", "off", " no\n"];
        let words = yes.map(|word| (word, true)).into_iter().chain(no.map(|word| (word, false)));
        for (text, value) in words {
            assert_eq!(PRUNE.read(&env(&[("BP_PRUNE", text)])), Ok(value), "{text}");
        }
        for text in ["2", "ja", "tru", "\u{ff54}"] {
            assert!(PRUNE.read(&env(&[("BP_PRUNE", text)])).is_err(), "{text}");
        }
    }

    #[test]
    fn a_wrong_value_is_an_error_that_says_what_may_be_written() {
        let error = PRUNE.read(&env(&[("BP_PRUNE", "\"true\"")])).unwrap_err();
        assert_snapshot!(Problem::from(error).page("", Colour::Off), @r#"
        error[bad-setting]: BP_PRUNE is set to `"true"`, which is not true or false

        hint: set BP_PRUNE to true or false
        hint: leave the quotes out: an environment file takes them literally
        "#);
    }

    #[test]
    fn a_misspelt_name_gets_a_suggestion() {
        let known = BTreeSet::from(["BP_NODE_VERSION", "BP_NODE_RUN_SCRIPTS", "BP_LOG_LEVEL"]);
        let meant =
            |name: &str| misspelt(&env(&[(name, "1")]), &known).pop().map(|unknown| unknown.meant);
        for name in ["BP_NODE_VERSON", "BP_NODEVERSION", "BP_NODE_VERSIONS", "BP_NDOE_VERSION"] {
            assert_eq!(meant(name).as_deref(), Some("BP_NODE_VERSION"), "{name}");
        }
        for name in ["BP_NODE_VERSION", "BP_RUBY_VERSION", "NODE_VERSON", "BP_DEPENDENCY_MIRROR_X"]
        {
            assert_eq!(meant(name), None, "{name}");
        }
    }

    #[test]
    fn the_descriptor_and_the_constants_are_compared_both_ways() {
        let descriptor = "[[metadata.configurations]]\nname = 'BP_PRUNE'\ndefault = 'true'\n\
            description = 'remove what only builds need'\nbuild = true\n\
            [[metadata.configurations]]\nname = 'BP_OTHER'\ndescription = 'x'\nlaunch = true\n";
        assert_eq!(
            descriptor_differences(descriptor, &[PRUNE.declared, VERSION.declared]),
            [
                "only in the code: BP_NODE_VERSION, default ``, build true, launch false: the version",
                "only in buildpack.toml: BP_OTHER, default ``, build false, launch true: x",
            ]
        );
    }

    #[test]
    fn quotes_around_a_value_are_noticed() {
        assert_eq!(quoted(&env(&[("BP_X", "\"1\""), ("BP_Y", "a\"b"), ("X", "'1'")])).len(), 1);
    }
}
