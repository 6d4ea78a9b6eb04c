//! The recipe's process types.

use kouti::Process;

use crate::app::App;
use crate::recipe::Recipe;
use crate::start::{Script, Start};

pub(crate) fn declare(app: &App, recipe: &Recipe) -> Vec<Process> {
    let project = &app.project;
    let (dir, command) = match &recipe.start {
        None => return Vec::new(),
        Some(Start::Launchpoint(file)) => (&project.app_dir, node(file)),
        Some(Start::Script(script)) => (&project.dir, command(script)),
        Some(Start::File(file)) => (&project.dir, node(file)),
    };
    let mut web = Process::new("web", command).default();
    if *dir != project.app_dir {
        web = web.working_dir(dir);
    }
    vec![web]
}

fn node(file: &str) -> Vec<String> {
    vec!["node".to_owned(), file.to_owned()]
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
