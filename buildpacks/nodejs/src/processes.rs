//! The recipe's process types.

use kouti::{Env, Process};
use kouti_node::Project;

use crate::recipe::Recipe;
use crate::script::Script;
use crate::start::Start;

/// Name of the supervisor in our helper program.
pub(crate) const SUPERVISOR: &str = "node-launch";

pub(crate) fn declare(
    project: &Project,
    recipe: &Recipe,
    web: Option<&Start>,
    env: &Env,
) -> Vec<Process> {
    let web = web.map(|start| process(project, recipe, "web", start).default());
    let others = recipe.processes.iter().map(|(kind, script)| {
        let script = script.clone().where_found(project, &recipe.steps, env);
        process(project, recipe, kind, &Start::Script(script))
    });
    let mut processes: Vec<_> = match web {
        Some(web) if recipe.reload => web.reloading_except(&project.dir, &WRITTEN).into(),
        web => web.into_iter().collect(),
    };
    processes.extend(others);
    processes
}

/// What tools write while the app runs: a change there is none of the source.
const WRITTEN: [&str; 11] = [
    "package.json",
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "node_modules",
    ".next",
    ".nuxt",
    "build",
    "dist",
    ".git",
];

fn process(project: &Project, recipe: &Recipe, kind: &str, start: &Start) -> Process {
    let command = match start {
        Start::Launchpoint(file) | Start::File(file) => program(recipe, "node", file),
        Start::Server { program: name, file } => program(recipe, name, file),
        Start::Script(script) => command(recipe, script),
    };
    let process = Process::new(kind, command);
    if project.dir == project.app_dir { process } else { process.working_dir(&project.dir) }
}

fn program(recipe: &Recipe, name: &str, file: &str) -> Vec<String> {
    let words = [name.to_owned(), file.to_owned()];
    if recipe.supervise { supervised(&[], words) } else { words.into() }
}

fn command(recipe: &Recipe, script: &Script) -> Vec<String> {
    let name = std::slice::from_ref(&script.name);
    match script.words() {
        Some(words) if recipe.supervise => supervised(name, words),
        Some(words) => words,
        // Hooks need somebody to run them one after the other.
        None if !recipe.supervise && script.pre.is_none() && script.post.is_none() => {
            ["sh", "-c", &format!("{} \"$@\"", script.main), "sh"].map(str::to_owned).into()
        }
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
