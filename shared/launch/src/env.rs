//! Environment variables as a value.

use std::collections::BTreeMap;

/// The variables a helper or supervisor was started with.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Env(BTreeMap<String, String>);

impl Env {
    /// The variables of this process. For entry points only.
    ///
    /// What is not UTF-8 is left out: nothing of ours has such a value.
    #[must_use]
    pub fn of_process() -> Self {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self(std::env::vars_os().filter_map(text).collect())
    }

    /// The value of `name`, if it is set.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The value of `name` without white space around it, if anything is left:
    /// an empty variable counts as unset.
    #[must_use]
    pub fn given(&self, name: &str) -> Option<&str> {
        self.get(name).map(str::trim).filter(|value| !value.is_empty())
    }

    /// All of them, for [`Bindings::for_launch`](crate::binding::Bindings::for_launch).
    #[must_use]
    pub fn as_map(&self) -> &BTreeMap<String, String> {
        &self.0
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Env {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}
