//! The recipe's process types.

use kouti::Process;

use crate::app::App;
use crate::recipe::Recipe;
use crate::start::{Script, Start};

/// Name of the supervisor in our helper program.
pub(crate) const SUPERVISOR: &str = "node-launch";

pub(crate) fn declare(app: &App, recipe: &Recipe) -> Vec<Process> {
    let web = recipe.start.iter().map(|start| process(app, recipe, "web", start).default());
    let others = recipe
        .processes
        .iter()
        .map(|(kind, script)| process(app, recipe, kind, &Start::Script(script.clone())));
    web.chain(others).collect()
}

fn process(app: &App, recipe: &Recipe, kind: &str, start: &Start) -> Process {
    let project = &app.project;
    let (dir, command) = match start {
        Start::Launchpoint(file) => (&project.app_dir, node(recipe, file)),
        Start::Script(script) => (&project.dir, command(recipe, script)),
        Start::File(file) => (&project.dir, node(recipe, file)),
    };
    let process = Process::new(kind, command);
    if *dir == project.app_dir { process } else { process.working_dir(dir) }
}

fn node(recipe: &Recipe, file: &str) -> Vec<String> {
    let words = ["node".to_owned(), file.to_owned()];
    if recipe.supervise { supervised(&[], words) } else { words.into() }
}

fn command(recipe: &Recipe, script: &Script) -> Vec<String> {
    let name = std::slice::from_ref(&script.name);
    match script.words() {
        Some(words) if recipe.supervise => supervised(name, words),
        Some(words) => words,
        None => {
            let mut options = name.to_vec();
            let parts = [
                ("--pre", &script.pre),
                ("--main", &Some(script.main.clone())),
                ("--post", &script.post),
            ];
            for (option, text) in parts {
                options.extend(text.iter().flat_map(|text| [option.to_owned(), text.clone()]));
            }
            supervised(&options, [])
        }
    }
}

/// A shell as the first process of a container passes no signal on, and Node.js in that place
/// ignores those that it does not handle.
fn supervised(options: &[String], words: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut command = vec![SUPERVISOR.to_owned()];
    command.extend_from_slice(options);
    command.push("--".to_owned());
    command.extend(words);
    command
}
