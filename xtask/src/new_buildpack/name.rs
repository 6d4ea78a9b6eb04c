//! The name of a buildpack, in all the forms in which it is needed.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::advice::Advice;

/// Longer ones do not fit into the tables of a log.
const LONGEST: usize = 40;

/// Lower-case words with `-` between them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Name(String);

impl Name {
    pub(super) fn parse(text: &str) -> Result<Self> {
        let is_word = |word: &str| {
            !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        let why = if !text.split('-').all(is_word) {
            "it has something else than lower-case words with `-` between them"
        } else if !text.starts_with(|first: char| first.is_ascii_lowercase()) {
            "it does not start with a letter"
        } else if text.len() > LONGEST {
            "it is longer than 40 characters"
        } else if text.ends_with("-helper") {
            "the program kouti-<name>-helper would be taken for that of another buildpack"
        } else {
            return Ok(Self(text.to_owned()));
        };
        let hint = "choose one such as `rust` or `static-site`";
        Err(Advice::new(format!("`{text}` cannot be the name of a buildpack: {why}"), hint).into())
    }

    /// Where its crate is.
    pub(super) fn dir(&self, root: &Path) -> PathBuf {
        root.join("buildpacks").join(&self.0)
    }

    /// Where its app is.
    pub(super) fn app(&self, root: &Path) -> PathBuf {
        root.join("tests/apps").join(&self.0)
    }

    /// As a type: `StaticSite`.
    pub(super) fn r#type(&self) -> String {
        self.words().concat()
    }

    /// For people: `Static Site`.
    pub(super) fn title(&self) -> String {
        self.words().join(" ")
    }

    fn words(&self) -> Vec<String> {
        let capitalised = |word: &str| word[..1].to_ascii_uppercase() + &word[1..];
        self.0.split('-').map(capitalised).collect()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
