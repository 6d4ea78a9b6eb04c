//! The language of `BP_IMAGE_LABELS`: `key=value "other key"='other value'`.

use std::ops::Range;

use kouti::{Explain, Fault, Span};

/// The pairs in their order; `setting` is what messages call the text.
pub(crate) fn parse(setting: &'static str, text: &str) -> Result<Vec<(String, String)>, BadPair> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    let mut reader = Reader { text, at: 0 };
    let bad = |reason, place: Range<usize>| BadPair {
        setting,
        reason,
        text: text.to_owned(),
        span: Span { bytes: place },
    };
    loop {
        reader.skip_blanks();
        let start = reader.at;
        if reader.peek().is_none() {
            return Ok(pairs);
        }
        let key = reader
            .word(|c| c == '=' || c.is_whitespace())
            .map_err(|(reason, place)| bad(reason, place))?;
        let place = start..reader.at.max(start + 1);
        if reader.peek() != Some('=') {
            return Err(bad(Reason::NoValue, place));
        }
        if key.is_empty() {
            return Err(bad(Reason::NoKey, place));
        }
        if pairs.iter().any(|(known, _)| *known == key) {
            return Err(bad(Reason::Again, place));
        }
        reader.at += 1;
        let value =
            reader.word(char::is_whitespace).map_err(|(reason, place)| bad(reason, place))?;
        pairs.push((key, value));
    }
}

struct Reader<'a> {
    text: &'a str,
    /// Byte offset of what comes next.
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn skip_blanks(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    /// A key or a value, all of it quoted or nothing. A backslash makes a quote an ordinary sign.
    fn word(&mut self, ends: impl Fn(char) -> bool) -> Result<String, (Reason, Range<usize>)> {
        let start = self.at;
        let quote = self.peek().filter(|c| is_quote(*c));
        self.at += usize::from(quote.is_some());
        let mut word = String::new();
        while let Some(c) = self.peek() {
            let escaped =
                self.text[self.at + c.len_utf8()..].chars().next().filter(|c| is_quote(*c));
            match escaped {
                Some(escaped) if c == '\\' => {
                    word.push(escaped);
                    self.at += 2;
                    continue;
                }
                _ if quote == Some(c) => {
                    self.at += 1;
                    return match self.peek() {
                        Some(c) if !ends(c) => {
                            Err((Reason::Behind, self.at..self.at + c.len_utf8()))
                        }
                        _ => Ok(word),
                    };
                }
                _ if quote.is_none() && ends(c) => return Ok(word),
                _ if quote.is_none() && is_quote(c) => {
                    return Err((Reason::Amid, self.at..self.at + 1));
                }
                _ => {}
            }
            word.push(c);
            self.at += c.len_utf8();
        }
        if quote.is_some() { Err((Reason::Open, start..start + 1)) } else { Ok(word) }
    }
}

fn is_quote(c: char) -> bool {
    c == '"' || c == '\''
}

/// The setting cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{setting} has {}", .reason.summary())]
pub(crate) struct BadPair {
    setting: &'static str,
    reason: Reason,
    text: String,
    span: Span,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Reason {
    NoValue,
    NoKey,
    Again,
    Open,
    Behind,
    Amid,
}

impl Reason {
    fn summary(self) -> &'static str {
        match self {
            Self::NoValue => "a key without `=`",
            Self::NoKey => "a value without a key",
            Self::Again => "a key twice",
            Self::Open => "a quote that is not closed",
            Self::Behind => "something right behind a closing quote",
            Self::Amid => "a quote in the middle of a word",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::NoValue => "expected `=` and a value behind this",
            Self::NoKey => "expected a key before this",
            Self::Again => "this key has a value already",
            Self::Open => "this is never closed",
            Self::Behind => "expected a blank, or `=` after a key",
            Self::Amid => "quote the whole word, or write a backslash before this",
        }
    }
}

impl Explain for BadPair {
    fn id(&self) -> &'static str {
        "bad-image-labels"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![
            r#"write `key=value other="with blanks"`, as in --env 'BP_IMAGE_LABELS=a=1 b="2 3"'"#
                .to_owned(),
        ]
    }

    fn excerpt(&self) -> Option<String> {
        Some(kouti::excerpt(self.setting, &self.text, &self.span, self.reason.label()))
    }
}

#[cfg(test)]
mod tests {
    use kouti::{Colour, Problem};
    use proptest::prelude::*;

    use super::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        parse("X", text).unwrap()
    }

    #[test]
    fn keys_and_values_may_be_quoted() {
        for (text, expected) in [
            ("", &[][..]),
            ("key=value", &[("key", "value")]),
            ("a=1 b=2\t\nc=3  ", &[("a", "1"), ("b", "2"), ("c", "3")]),
            ("a= b=", &[("a", ""), ("b", "")]),
            ("a=b=c&d=e", &[("a", "b=c&d=e")]),
            (r#"key='val ue' "other key"="b = c""#, &[("key", "val ue"), ("other key", "b = c")]),
            (r#"key="val\"ue" k='val\'ue'"#, &[("key", "val\"ue"), ("k", "val'ue")]),
            (r#"key="it's" k='say "x"'"#, &[("key", "it's"), ("k", "say \"x\"")]),
            (r"key=it\'s path=C:\x\ k=ü", &[("key", "it's"), ("path", r"C:\x\"), ("k", "ü")]),
            (r#"key="" k="a=b""#, &[("key", ""), ("k", "a=b")]),
        ] {
            let expected: Vec<_> =
                expected.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
            assert_eq!(pairs(text), expected, "{text}");
        }
    }

    /// As the README tells users to quote.
    fn quoted(text: &str) -> String {
        format!("'{}'", text.replace('\'', "\\'").replace('"', "\\\""))
    }

    proptest! {
        #[test]
        fn every_text_is_pairs_or_an_error_with_its_place(
            text in prop_oneof![any::<String>(), "([a-c='\"\\\\ \t\né]){0,40}"]
        ) {
            if let Err(error) = parse("X", &text) {
                let place = error.span.bytes.clone();
                prop_assert!(place.start <= text.len(), "{:?} in {:?}", place, text);
                prop_assert!(text.is_char_boundary(place.start), "{:?} in {:?}", place, text);
                let page = Problem::from(error).page("", Colour::Off);
                prop_assert!(page.contains(" --> X:"), "{}", page);
            }
        }

        #[test]
        fn quoted_pairs_are_what_they_were(
            all in proptest::collection::btree_map("[^\\\\]{1,10}", "[^\\\\]{0,10}", 0..5),
            blank in "[ \t\n]{1,3}",
        ) {
            let texts = all.iter().map(|(key, value)| format!("{}={}", quoted(key), quoted(value)));
            let text = texts.collect::<Vec<_>>().join(&blank);
            prop_assert_eq!(pairs(&text), all.into_iter().collect::<Vec<_>>());
        }

        #[test]
        fn plain_pairs_need_no_quotes(
            all in proptest::collection::btree_map("[a-zA-Z0-9./_-]{1,10}", "[a-zA-Z0-9./_=:,-]{0,10}", 0..5)
        ) {
            let texts = all.iter().map(|(key, value)| format!("{key}={value}"));
            let text = texts.collect::<Vec<_>>().join(" ");
            prop_assert_eq!(pairs(&text), all.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn each_mistake_has_its_place() {
        for (text, reason, place) in [
            ("a=1 key", Reason::NoValue, 4..7),
            ("some key=1", Reason::NoValue, 0..4),
            ("a=1 =2", Reason::NoKey, 4..5),
            ("''=2", Reason::NoKey, 0..2),
            ("a=1 b=2 a=3", Reason::Again, 8..9),
            ("a='1 b=2", Reason::Open, 2..3),
            ("\"a=1", Reason::Open, 0..1),
            ("a=\"1\"2", Reason::Behind, 5..6),
            ("'a'b=1", Reason::Behind, 3..4),
            ("a=it's", Reason::Amid, 4..5),
        ] {
            let error = parse("X", text).unwrap_err();
            assert_eq!((error.reason, error.span.bytes), (reason, place), "{text}");
        }
    }
}
