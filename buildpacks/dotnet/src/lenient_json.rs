//! JSON as .NET reads it: with comments, trailing commas, and anything behind the end.

use kouti::{Explain, Fault, Span, excerpt};
use serde::de::DeserializeOwned;

/// What a JSON file is to the build.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Role {
    GlobalJson,
    RuntimeConfig,
    SolutionFilter,
}

/// A file that is not JSON, or not what it should be.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{path} cannot be read: {reason}")]
pub(crate) struct BadJson {
    pub(crate) role: Role,
    pub(crate) path: String,
    pub(crate) reason: String,
    pub(crate) excerpt: String,
}

/// Reads the text of the file at `path`.
pub(crate) fn parse<T: DeserializeOwned>(role: Role, path: &str, text: &str) -> Result<T, BadJson> {
    let plain = without_extras(text);
    let mut stream = serde_json::Deserializer::from_str(&plain).into_iter::<T>();
    match stream.next() {
        Some(Ok(value)) => Ok(value),
        Some(Err(error)) => {
            let said = error.to_string();
            let reason = said.rsplit_once(" at line ").map_or(said.as_str(), |(text, _)| text);
            let span = Span::at(text, error.line(), error.column());
            Err(BadJson {
                role,
                path: path.to_owned(),
                reason: reason.to_owned(),
                excerpt: excerpt(path, text, &span, reason),
            })
        }
        None => Err(BadJson {
            role,
            path: path.to_owned(),
            reason: "it is empty".to_owned(),
            excerpt: excerpt(path, text, &Span { bytes: 0..0 }, "expected `{`"),
        }),
    }
}

/// Blanks in place of comments and of commas before a closing bracket: every offset stays.
fn without_extras(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let mut at = 0;
    // A comma after which nothing but blanks and comments came so far.
    let mut comma = None;
    while at < bytes.len() {
        let end = match &bytes[at..] {
            [b'"', ..] => end_of_string(&bytes, at),
            [b'/', b'/', ..] => find(&bytes, at, b"\n"),
            [b'/', b'*', ..] => find(&bytes, at + 2, b"*/").saturating_add(2).min(bytes.len()),
            _ => at + 1,
        };
        match bytes[at] {
            b'/' if end > at + 1 => blank(&mut bytes[at..end]),
            b',' => comma = Some(at),
            b']' | b'}' => {
                if let Some(comma) = comma.take() {
                    bytes[comma] = b' ';
                }
            }
            byte if byte.is_ascii_whitespace() => {}
            _ => comma = None,
        }
        at = end;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn blank(bytes: &mut [u8]) {
    for byte in bytes.iter_mut().filter(|byte| !matches!(byte, b'\n' | b'\r')) {
        *byte = b' ';
    }
}

fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn find(bytes: &[u8], from: usize, wanted: &[u8]) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    let found = rest.windows(wanted.len()).position(|window| window == wanted);
    found.map_or(bytes.len(), |offset| from + offset)
}

impl Explain for BadJson {
    fn id(&self) -> &'static str {
        match self.role {
            Role::GlobalJson => "global-json-syntax",
            Role::RuntimeConfig => "malformed-runtime-config",
            Role::SolutionFilter => "slnf-json",
        }
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn excerpt(&self) -> Option<String> {
        Some(self.excerpt.clone())
    }

    fn hints(&self) -> Vec<String> {
        vec!["correct it at that place; comments and trailing commas are allowed".to_owned()]
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(text: &str) -> Result<Value, BadJson> {
        parse(Role::GlobalJson, "file.json", text)
    }

    #[test]
    fn what_dotnet_allows_is_allowed() {
        let text = "// head\n{ /* a, */ \"a\": \"b // c\\\" /* d */\", // \"x\n \"l\": [1, 2, /**/], }\n}}";
        assert_eq!(read(text).unwrap(), json!({"a": "b // c\" /* d */", "l": [1, 2]}));
        assert_eq!(read("{} // end").unwrap(), json!({}));
    }

    #[test]
    fn everything_else_has_a_place() {
        for (text, place) in [
            ("", ":1:1"),
            ("{\n \"a\" 1 }", ":2:"),
            ("{ /* open", ":1:"),
            ("{ \"a\": \"open", ":1:"),
            ("[1,,2]", ":1:4"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.excerpt.contains(place), "{text}: {}", error.excerpt);
        }
    }
}
