//! Environment variables as a value.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

/// The variables of a process: what the platform and earlier buildpacks set, or
/// what a command is to be run with.
///
/// Only the entry reads the process environment; everything below it is passed one of these.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Env(BTreeMap<OsString, OsString>);

impl Env {
    /// No variables.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The variables of this process. For entry points only.
    #[must_use]
    pub fn of_process() -> Self {
        Self(std::env::vars_os().collect())
    }

    /// The value of `name`, if it is set and UTF-8.
    ///
    /// A user may have set something unrelated that is not: to us that is as good as unset.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(OsStr::new(name))?.to_str()
    }

    /// The value of `name`, if it is set and not empty.
    #[must_use]
    pub fn given(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// The value of `name` as it is.
    #[must_use]
    pub fn get_os(&self, name: &str) -> Option<&OsStr> {
        self.0.get(OsStr::new(name)).map(OsString::as_os_str)
    }

    /// Sets `name`.
    pub fn set(&mut self, name: impl Into<OsString>, value: impl Into<OsString>) {
        self.0.insert(name.into(), value.into());
    }

    /// Sets `name` unless it is set already, even to nothing.
    pub fn set_default(&mut self, name: impl Into<OsString>, value: impl Into<OsString>) {
        self.0.entry(name.into()).or_insert_with(|| value.into());
    }

    /// Removes `name`.
    pub fn remove(&mut self, name: &str) {
        self.0.remove(OsStr::new(name));
    }

    /// Puts a directory in front of a list such as `PATH`.
    pub fn prepend(&mut self, name: &str, value: impl AsRef<OsStr>, delimiter: &str) {
        let mut text = value.as_ref().to_owned();
        if let Some(old) = self.get_os(name).filter(|old| !old.is_empty()) {
            text.push(delimiter);
            text.push(old);
        }
        self.set(name, text);
    }

    /// Puts a directory at the end of a list such as `PATH`.
    pub fn append(&mut self, name: &str, value: impl AsRef<OsStr>, delimiter: &str) {
        let mut text = self.get_os(name).unwrap_or_default().to_owned();
        if !text.is_empty() {
            text.push(delimiter);
        }
        text.push(value);
        self.set(name, text);
    }

    /// All variables in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.0.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }

    /// All variables whose name and value are UTF-8, as an owned map.
    #[must_use]
    pub fn text_map(&self) -> BTreeMap<String, String> {
        self.texts().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// All variables whose name and value are UTF-8.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.iter().filter_map(|(name, value)| Some((name.to_str()?, value.to_str()?)))
    }
}

impl<N: Into<OsString>, V: Into<OsString>> FromIterator<(N, V)> for Env {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_grow_without_stray_delimiters() {
        let mut env = Env::new();
        env.prepend("PATH", "/a", ":");
        env.prepend("PATH", "/b", ":");
        env.append("PATH", "/c", ":");
        env.append("OPTIONS", "-x", " ");
        assert_eq!(env.get("PATH"), Some("/b:/a:/c"));
        assert_eq!(env.get("OPTIONS"), Some("-x"));
    }

    #[test]
    fn a_default_does_not_touch_what_is_set() {
        let mut env: Env = [("CI", "")].into_iter().collect();
        env.set_default("CI", "true");
        assert_eq!(env.get("CI"), Some(""));
        assert_eq!(env.given("CI"), None);
    }
}
