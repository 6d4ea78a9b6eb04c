//! Fake tools: scripts that note how they were called.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use crate::tree;

/// A fake program, for the `PATH` of a build or inside an [`Artifact`](crate::Artifact).
///
/// Each call is noted with arguments, environment and working directory, before the body runs; see
/// [`Built::calls`](crate::Built::calls). What a tool writes does not depend on where the test runs.
#[derive(Clone, Debug)]
pub struct Tool {
    body: String,
}

impl Tool {
    /// Runs `body` as a POSIX shell script; `$@` holds the arguments.
    #[must_use]
    pub fn script(body: impl Into<String>) -> Self {
        Self { body: body.into() }
    }

    /// Does nothing, successfully.
    #[must_use]
    pub fn succeeds() -> Self {
        Self::script("exit 0")
    }

    /// Prints one line, `v22.11.0`.
    #[must_use]
    pub fn prints(line: &str) -> Self {
        Self::script(format!("cat <<'END'\n{line}\nEND"))
    }

    /// Prints one line to standard error and fails.
    #[must_use]
    pub fn fails(code: u8, line: &str) -> Self {
        Self::script(format!("cat >&2 <<'END'\n{line}\nEND\nexit {code}"))
    }

    pub(super) fn into_text(self) -> String {
        PREAMBLE.to_owned() + &self.body + "\n"
    }
}

/// Name of the directory in which calls are noted.
pub(super) const JOURNAL: &str = ".journal";

/// Finds the journal above the tool, wherever it was copied to, so that its bytes are always the same.
const PREAMBLE: &str = r#"#!/bin/sh
root=${0%/*}
while [ -n "$root" ] && [ ! -w "$root/.journal" ]; do root=${root%/*}; done
if [ -n "$root" ]; then
    call=1000
    while ! /bin/mkdir "$root/.journal/$call" 2>/dev/null; do call=$((call + 1)); done
    /bin/cat "/proc/$$/cmdline" >"$root/.journal/$call/cmdline"
    /bin/cat "/proc/$$/environ" >"$root/.journal/$call/environ"
    pwd -P >"$root/.journal/$call/dir"
fi
"#;

/// One call of a fake tool.
#[derive(Clone, Debug)]
pub struct Call {
    /// File name of the tool.
    pub tool: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// Its whole environment.
    pub env: BTreeMap<String, String>,
    /// Its working directory.
    pub dir: String,
}

impl Call {
    /// The call as a user would type it: `npm ci --omit=dev`.
    #[must_use]
    pub fn line(&self) -> String {
        std::iter::once(&self.tool).chain(&self.args).cloned().collect::<Vec<_>>().join(" ")
    }
}

/// Reads the journal, with every text passed through `clean`.
pub(super) fn read_journal(
    journal: &Path,
    clean: impl Fn(&str) -> String,
) -> io::Result<Vec<Call>> {
    let mut calls = Vec::new();
    for name in tree::names(journal)? {
        let words = |file: &str| -> io::Result<Vec<String>> {
            let bytes = fs_err::read(journal.join(&name).join(file))?;
            let words = bytes.split(|byte| *byte == 0).map(String::from_utf8_lossy);
            let mut words: Vec<_> = words.map(|word| clean(&word)).collect();
            // The last one ends with a zero byte too.
            words.pop();
            Ok(words)
        };
        // The interpreter comes first, then the script.
        let mut args = words("cmdline")?.into_iter().skip(1);
        let tool = args.next().unwrap_or_default();
        let variable = |word: String| {
            word.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()))
        };
        calls.push(Call {
            tool: tool.rsplit('/').next().unwrap_or_default().to_owned(),
            args: args.collect(),
            env: words("environ")?.into_iter().filter_map(variable).collect(),
            dir: clean(fs_err::read_to_string(journal.join(&name).join("dir"))?.trim_end()),
        });
    }
    Ok(calls)
}
