//! Decisions: facts become a plain value. Nothing here touches a file.

use kouti::{Explain, Fault, Process};

use crate::app::{App, FILE};

/// Everything that a build will do.
#[derive(Debug, PartialEq)]
pub(crate) struct Recipe {
    pub(crate) processes: Vec<Process>,
}

impl Recipe {
    pub(crate) fn decide(app: &App) -> Result<Self, NoCommand> {
        if app.command.is_empty() {
            return Err(NoCommand);
        }
        let web = Process::new("web", app.command.clone()).default();
        Ok(Self { processes: vec![web] })
    }
}

/// The app does not say what to start.
#[derive(Debug, thiserror::Error)]
#[error("{FILE} names no command")]
pub(crate) struct NoCommand;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_is_the_default_process() {
        let app = App { command: vec!["serve".to_owned()] };
        let recipe = Recipe::decide(&app).unwrap();
        assert_eq!(recipe.processes, [Process::new("web", ["serve"]).default()]);
    }
}
