//! Steps that run at the same time: the first that fails stops the others, and is the one that is reported.

use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Error, Result};

use crate::workspace::Workspace;

/// Steps of one piece of work, run in threads of one scope.
pub(crate) struct Beside<'a> {
    workspace: &'a Workspace,
    failure: Mutex<Option<Error>>,
}

impl<'a> Beside<'a> {
    pub(crate) fn new(workspace: &'a Workspace) -> Self {
        Self { workspace, failure: Mutex::new(None) }
    }

    /// Runs one step; `None` if it fails.
    pub(crate) fn run<T>(&self, step: impl FnOnce() -> Result<T>) -> Option<T> {
        let error = match step() {
            Ok(result) => return Some(result),
            Err(error) => error,
        };
        // First come: what is stopped below fails as well, but only for that reason.
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        self.workspace.stop();
        None
    }

    /// After all steps have ended: the failure if there was one, else `result`, which one of them gave.
    pub(crate) fn end<T>(self, result: Option<T>) -> Result<T> {
        match self.failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error),
            None => result.context("a step gave no result"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::command::Command;

    #[test]
    fn a_failure_stops_what_runs_beside_it_and_is_reported() {
        let workspace = Workspace::here();
        let beside = Beside::new(&workspace);
        let endless = || Command::new("sleep").arg("1000").quiet(&workspace, "test-beside");
        let endless = thread::scope(|scope| {
            let endless = scope.spawn(|| beside.run(endless));
            assert_eq!(beside.run(|| -> Result<()> { Err(anyhow::anyhow!("the cause")) }), None);
            endless.join().unwrap()
        });
        assert_eq!(beside.end(endless).unwrap_err().to_string(), "the cause");
    }

    #[test]
    fn without_a_failure_the_result_is_there() {
        let workspace = Workspace::here();
        let beside = Beside::new(&workspace);
        let result = beside.run(|| Ok(1));
        assert_eq!(beside.end(result).unwrap(), 1);
    }
}
