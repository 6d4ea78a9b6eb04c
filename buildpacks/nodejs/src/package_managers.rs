//! Decision: which package managers are in the image, and what they are needed for.

use kouti::{Env, Fault, Problem};
use kouti_node::{Project, Steps};

use crate::recipe::Recipe;
use crate::script::Script;
use crate::start::Start;

/// Those that come with Node.js.
const OF_NODE: [&str; 2] = ["npm", "npx"];

/// Which package managers are in the image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct InImage {
    /// The npm of Node.js.
    pub(crate) npm: bool,
    /// The one of the app, if that is another.
    pub(crate) own: bool,
}

impl InImage {
    /// All, unless the user wants none: then only what starts the app.
    pub(crate) fn decide(recipe: &Recipe, web: Option<&Start>) -> Result<Self, Problem> {
        if !recipe.strip_npm {
            return Ok(Self { npm: true, own: true });
        }
        let others = recipe.processes.iter().map(|(_, script)| script.program());
        let programs: Vec<_> =
            web.map(Start::program).into_iter().chain(others).flatten().collect();
        let own = recipe.steps.manager.programs();
        let is_started = |names: &[&str]| programs.iter().find(|p| names.contains(&p.as_str()));
        if let Some(program) = is_started(&OF_NODE) {
            return Err(npm_missing(program));
        }
        Ok(Self { npm: false, own: is_started(&own).is_some() })
    }

    /// The names under which they are run.
    pub(crate) fn programs(self, steps: &Steps) -> Vec<&'static str> {
        let npm = OF_NODE.into_iter().filter(|_| self.npm);
        npm.chain(steps.manager.programs().into_iter().filter(|_| self.own)).collect()
    }
}

fn npm_missing(program: &str) -> Problem {
    let summary =
        format!("`{program}` starts this app, and BP_NODE_STRIP_NPM leaves it out of the image");
    Problem::new("npm-not-in-image", Fault::App, summary)
        .hint("start the program itself: `node server.js` instead of `npm run serve`")
        .hint("or unset BP_NODE_STRIP_NPM")
}

impl Start {
    /// The same, through the package manager where only that finds the program.
    pub(crate) fn where_found(self, project: &Project, steps: &Steps, env: &Env) -> Self {
        match self {
            Self::Script(script) => Self::Script(script.where_found(project, steps, env)),
            Self::Server { program, file } if program != "node" => {
                let found = manager_runs(&program, &program, project, steps, env);
                match found {
                    Some(run) => Self::Script(Script::plain(program, format!("{run} {file}"))),
                    None => Self::Server { program, file },
                }
            }
            start => start,
        }
    }
}

impl Script {
    /// The same, through the package manager where only that finds the program.
    pub(crate) fn where_found(mut self, project: &Project, steps: &Steps, env: &Env) -> Self {
        let program = self.program();
        let run =
            program.and_then(|program| manager_runs(&program, &self.name, project, steps, env));
        if let Some(run) = run {
            self.main = run;
        }
        self
    }
}

/// The command by which a package manager runs the script `name`, if nothing else finds `program`.
fn manager_runs(
    program: &str,
    name: &str,
    project: &Project,
    steps: &Steps,
    env: &Env,
) -> Option<String> {
    let all = InImage { npm: true, own: true }.programs(steps);
    if project.has_program(program, &all, env) {
        return None;
    }
    let words = steps.manager.kind.manager().start(name, &steps.sources)?;
    Some(shell_words::join(words))
}
