//! What the parts of the helper have in common: where they look, and where they put what they found.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use kouti::setting::Value as _;
use kouti::{Fault, Problem};
use kouti_launch::Env;
use kouti_launch::helper::Outcome;

use super::options::{Composed, Words};
use crate::runtime;

/// One start of the app, while its options are put together.
pub(super) struct Start<'a> {
    pub(super) env: &'a Env,
    /// `/`, or a directory of fixtures in a test.
    pub(super) root: &'a Path,
    pub(super) java_home: Option<PathBuf>,
    /// Major version of the runtime; the newest that we know of, if it cannot be told.
    pub(super) java: u64,
    /// What the user has given to the JVM.
    pub(super) user: Words,
    pub(super) flags: Vec<String>,
    pub(super) outcome: Outcome,
}

impl<'a> Start<'a> {
    pub(super) fn new(env: &'a Env, root: &'a Path, composed: &Composed) -> Result<Self, Problem> {
        let java_home = env.given("JAVA_HOME").map(PathBuf::from);
        let java = java_home.as_deref().and_then(runtime::major).unwrap_or(25);
        let mut outcome = Outcome::nothing();
        let mut user = Words::split("JAVA_TOOL_OPTIONS", &composed.user)?;
        user.extend(Words::split("JAVA_OPTS", &composed.java_opts)?);
        for remark in &composed.remarks {
            outcome.warn(remark);
        }
        // Java 8 does not read it.
        if let Some(text) = env.given("JDK_JAVA_OPTIONS").filter(|_| java >= 9) {
            user.extend(Words::split("JDK_JAVA_OPTIONS", text)?);
        }
        Ok(Self { env, root, java_home, java, user, flags: Vec::new(), outcome })
    }

    /// A directory where files can be written.
    pub(super) fn temporary(&self) -> PathBuf {
        self.env.given("TMPDIR").map_or_else(|| PathBuf::from("/tmp"), PathBuf::from)
    }

    /// Leaves a file for the JVM.
    ///
    /// Containers may share the directory: the name tells the content, and whoever reads a file of
    /// another start finds all of it.
    pub(super) fn leave(&self, content: &[u8], ending: &str) -> io::Result<PathBuf> {
        let dir = self.temporary();
        let path = dir.join(format!("kouti-{}.{ending}", &kouti::sha256(content)[..16]));
        if fs_err::read(&path).is_ok_and(|there| there == content) {
            return Ok(path);
        }
        let (mut file, own) = new_file(&dir)?;
        file.write_all(content)?;
        fs_err::rename(own, &path)?;
        Ok(path)
    }

    pub(super) fn flag(&mut self, flag: impl Into<String>) {
        self.flags.push(flag.into());
    }

    /// Adds an option unless the user has said something about `subject`.
    pub(super) fn flag_unless(&mut self, flag: &str, subject: &str) {
        if !self.user.mention(subject) {
            self.flag(flag);
        }
    }

    /// A setting that is on or off.
    pub(super) fn switch(&self, name: &str, default: bool) -> Result<bool, Problem> {
        let Some(text) = self.env.given(name) else { return Ok(default) };
        bool::parse(text).ok_or_else(|| refused(name, text, "true or false"))
    }

    /// A whole number from `least` to `most`.
    pub(super) fn number(&self, name: &str, least: u64, most: u64) -> Result<Option<u64>, Problem> {
        let Some(text) = self.env.given(name) else { return Ok(None) };
        let number = text.parse().ok().filter(|number| (least..=most).contains(number));
        let form = if most == u64::MAX {
            format!("a whole number from {least} on")
        } else {
            format!("a whole number from {least} to {most}")
        };
        number.map(Some).ok_or_else(|| refused(name, text, &form))
    }

    /// A port.
    pub(super) fn port(&self, name: &str, default: u64) -> Result<u64, Problem> {
        Ok(self.number(name, 1, 65_535)?.unwrap_or(default))
    }
}

/// A file in `dir` that no other start has, whatever its container shares with ours.
pub(super) fn new_file(dir: &Path) -> io::Result<(fs_err::File, PathBuf)> {
    let mut number = 0_u32;
    loop {
        let path = dir.join(format!(".kouti-{number}"));
        match fs_err::OpenOptions::new().write(true).create_new(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            opened => return opened.map(|file| (file, path)),
        }
    }
}

/// A setting that makes no sense.
pub(super) fn refused(name: &str, value: &str, form: &str) -> Problem {
    let summary = format!("{name} is `{value}`, which is not {form}");
    Problem::new("bad-launch-setting", Fault::App, summary).hint("correct it, or unset it")
}
