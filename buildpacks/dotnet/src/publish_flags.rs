//! `BP_DOTNET_PUBLISH_FLAGS`: arguments of the user, and what they decide already.

use kouti::{Env, Explain, Fault};

/// Arguments for `dotnet publish`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct PublishFlags(pub(crate) Vec<String>);

/// Arguments that cannot be used.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum BadFlags {
    #[error("BP_DOTNET_PUBLISH_FLAGS is `{text}`, in which a quote is not closed")]
    Quote { text: String },
    #[error(
        "BP_DOTNET_PUBLISH_FLAGS has `{flag}`, but where the output goes is not free to choose"
    )]
    Output { flag: String },
}

impl PublishFlags {
    /// Splits as a shell does, with variables of `env` but without running anything.
    pub(crate) fn parse(text: &str, env: &Env) -> Result<Self, BadFlags> {
        let words = split(text, env).ok_or_else(|| BadFlags::Quote { text: text.to_owned() })?;
        let flags = Self(words);
        let output = ["-o", "--output", "--artifacts-path"];
        let is_output = |word: &&String| output.iter().any(|name| is_option(word, name));
        if let Some(flag) = flags.0.iter().find(is_output) {
            return Err(BadFlags::Output { flag: flag.clone() });
        }
        if flags.property("PublishDir").is_some() {
            return Err(BadFlags::Output { flag: "-p:PublishDir".to_owned() });
        }
        Ok(flags)
    }

    /// Whether one of these options is there, whatever its value.
    pub(crate) fn has(&self, names: &[&str]) -> bool {
        self.0.iter().any(|word| names.iter().any(|name| is_option(word, name)))
    }

    /// The value of an MSBuild property; the last one counts.
    pub(crate) fn property(&self, name: &str) -> Option<&str> {
        let values = self.0.iter().enumerate().flat_map(|(n, word)| {
            let list = property_list(word).or_else(|| {
                let before = self.0.get(n.checked_sub(1)?)?;
                PROPERTY_OPTIONS.contains(&before.to_ascii_lowercase().as_str()).then_some(word)
            });
            list.unwrap_or_default().split(';').filter_map(|pair| pair.split_once('='))
        });
        let same = values.filter(|(key, _)| key.trim().eq_ignore_ascii_case(name));
        same.map(|(_, value)| value.trim()).reduce(|_, last| last)
    }

    /// Whether a property is set to true.
    pub(crate) fn sets(&self, name: &str) -> bool {
        self.property(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }
}

const PROPERTY_OPTIONS: [&str; 4] = ["-p", "/p", "--property", "-property"];

/// `A=1;B=2` of `-p:A=1;B=2`.
fn property_list(word: &str) -> Option<&str> {
    let (option, list) = word.split_once(':')?;
    PROPERTY_OPTIONS.contains(&option.to_ascii_lowercase().as_str()).then_some(list)
}

/// Whole names only: `-clp:Summary` is not `-c`.
fn is_option(word: &str, name: &str) -> bool {
    word.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(['=', ':']))
}

/// The words of a command line; `None` if a quote is not closed.
fn split(text: &str, env: &Env) -> Option<Vec<String>> {
    let (mut words, mut word, mut in_word) = (Vec::new(), String::new(), false);
    let mut quote = None;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match (c, quote) {
            ('\'' | '"', None) => (quote, in_word) = (Some(c), true),
            (c, Some(open)) if c == open => quote = None,
            ('\\', None | Some('"')) => {
                in_word = true;
                word.extend(rest.next());
            }
            ('$', None | Some('"')) => {
                in_word = true;
                word.push_str(&variable(&mut rest, env));
            }
            (c, None) if c.is_whitespace() => {
                if std::mem::take(&mut in_word) {
                    words.push(std::mem::take(&mut word));
                }
            }
            (c, _) => {
                in_word = true;
                word.push(c);
            }
        }
    }
    if in_word {
        words.push(word);
    }
    quote.is_none().then_some(words)
}

/// The value of `NAME` or `{NAME}`; a lone `$` stays.
fn variable(rest: &mut std::iter::Peekable<std::str::Chars<'_>>, env: &Env) -> String {
    let braced = rest.next_if_eq(&'{').is_some();
    let mut name = String::new();
    while let Some(c) = rest.next_if(|c| c.is_ascii_alphanumeric() || *c == '_') {
        name.push(c);
    }
    if braced {
        rest.next_if_eq(&'}');
    } else if name.is_empty() {
        return "$".to_owned();
    }
    env.get(&name).unwrap_or_default().to_owned()
}

impl Explain for BadFlags {
    fn id(&self) -> &'static str {
        match self {
            Self::Quote { .. } => "publish-flags",
            Self::Output { .. } => "output-flag",
        }
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::Quote { .. } => "close it, or put a backslash before a quote that is meant",
            Self::Output { .. } => {
                "remove it: the buildpack puts the output where the image needs it"
            }
        };
        vec![hint.to_owned()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<PublishFlags, BadFlags> {
        let env: Env = [("VERSION", "1.2 3")].into_iter().collect();
        PublishFlags::parse(text, &env)
    }

    #[test]
    fn words_are_those_of_a_shell() {
        for (text, words) in [
            ("-c Debug", vec!["-c", "Debug"]),
            (
                "-p:V=$VERSION '$VERSION' \"a ${VERSION}b\"",
                vec!["-p:V=1.2 3", "$VERSION", "a 1.2 3b"],
            ),
            ("a\\ b '' \"\" $UNSET $", vec!["a b", "", "", "", "$"]),
            ("  ", vec![]),
        ] {
            assert_eq!(parse(text).unwrap().0, words, "{text}");
        }
        assert_eq!(parse("'a").unwrap_err().id(), "publish-flags");
    }

    #[test]
    fn options_are_whole_names() {
        let flags =
            parse("-clp:Summary -restore --configuration=X /p:Selfcontained=TRUE;A=b -p B=c")
                .unwrap();
        assert!(!flags.has(&["-c", "-r"]));
        assert!(flags.has(&["--configuration"]));
        assert!(flags.sets("SelfContained"));
        assert_eq!((flags.property("a"), flags.property("B")), (Some("b"), Some("c")));
    }

    #[test]
    fn the_output_is_ours() {
        for text in ["-o x", "--output=x", "-o:x", "--artifacts-path x", "-p:publishdir=x"] {
            assert_eq!(parse(text).unwrap_err().id(), "output-flag", "{text}");
        }
    }
}
