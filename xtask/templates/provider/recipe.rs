//! Decisions: facts and catalogue become a plain value. Nothing here touches a file.

use kouti::catalog::{Catalog, Choice, Request, Target, choose};
use kouti::{Explain, Fault, Problem, Process};

use crate::app::{App, FILE};

/// Id in the catalogue, and name in the build plan.
pub(crate) const RUNTIME: &str = "{{name}}";

/// Everything that a build will do.
#[derive(Debug, PartialEq)]
pub(crate) struct Recipe {
    /// Which version of the runtime.
    pub(crate) runtime: Choice,
    pub(crate) processes: Vec<Process>,
}

impl Recipe {
    pub(crate) fn decide(app: &App, catalog: &Catalog, target: &Target) -> Result<Self, Problem> {
        if app.command.is_empty() {
            return Err(NoCommand.into());
        }
        // Nobody can ask for a version yet, so the default of the catalogue decides.
        let request = Request { id: RUNTIME, name: "{{title}}", wanted: &[], target };
        let web = Process::new("web", app.command.clone()).default();
        Ok(Self { runtime: choose(catalog, &request)?, processes: vec![web] })
    }
}

/// The app does not say what to start.
#[derive(Debug, thiserror::Error)]
#[error("{FILE} names no command")]
struct NoCommand;

impl Explain for NoCommand {
    fn id(&self) -> &'static str {
        "no-{{name}}-command"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![format!("write the command that starts the app into {FILE}")]
    }
}
