//! The recipe's process types.

use kouti::Process;

use crate::app::App;
use crate::recipe::Recipe;
use crate::start::{Script, Start};

pub(crate) fn declare(app: &App, recipe: &Recipe) -> Vec<Process> {
    let project = &app.project;
    let web = match &recipe.start {
        None => return Vec::new(),
        Some(Start::Launchpoint(file)) => {
            Process::new("web", ["node", file]).working_dir(&project.app_dir)
        }
        Some(Start::Script(script)) => {
            Process::new("web", command(script)).working_dir(&project.dir)
        }
        Some(Start::File(file)) => Process::new("web", ["node", file]).working_dir(&project.dir),
    };
    vec![web.default()]
}

/// Without a shell where that makes no difference: a shell as the first process
/// does not pass signals on.
fn command(script: &Script) -> Vec<String> {
    script.words().unwrap_or_else(|| {
        let parts = [&script.pre, &Some(script.main.clone()), &script.post];
        let text: Vec<_> = parts.into_iter().flatten().map(String::as_str).collect();
        vec!["sh".to_owned(), "-c".to_owned(), text.join(" && ")]
    })
}
