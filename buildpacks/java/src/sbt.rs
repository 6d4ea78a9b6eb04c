//! How sbt is run.

use kouti::setting::Arguments;
use kouti::{Env, Problem};

use crate::app::App;
use crate::compile_recipe::{Compile, Patterns, Program, Surroundings};
use crate::settings;
use crate::shape::chosen;
use crate::tool::Tool;

pub(crate) fn decide(around: &mut Surroundings<'_>) -> Result<Compile, Problem> {
    let env = around.env;
    let program = if around.is_on_path("sbt") {
        Program::OnPath
    } else {
        around.install("sbt", "sbt", "*", "default")?
    };
    let module = settings::SBT_MODULE.read(env)?;
    let mut artifact = Patterns::read(env, &settings::SBT_ARTIFACT, module.as_deref())?;
    let mut arguments = Vec::new();
    if let Some(file) = settings::SBT_REPOSITORIES.read(env)? {
        arguments.push(format!("-Dsbt.repository.config={file}"));
        arguments.push("-Dsbt.override.build.repos=true".to_owned());
    }
    if let Some(tasks) = heroku(env, around.app) {
        arguments.extend(tasks);
        artifact.globs = vec!["target/universal/stage".to_owned()];
    } else {
        let Arguments(own) = settings::SBT_ARGUMENTS.read(env)?;
        arguments.extend(own);
    }
    Ok(Compile { tool: Tool::Sbt, program, arguments, artifact, settings_file: None })
}

/// What apps for Heroku's buildpack say, if they say nothing in the way of this one.
fn heroku(env: &Env, app: &App) -> Option<Vec<String>> {
    if chosen(&settings::SBT_ARGUMENTS, env) || chosen(&settings::SBT_ARTIFACT, env) {
        return None;
    }
    let get = |variable: &str, key: &str| env.given(variable).or_else(|| app.system.get(key));
    let project = get("SBT_PROJECT", "sbt.project");
    let pre = get("SBT_PRE_TASKS", "sbt.pre-tasks");
    let tasks = get("SBT_TASKS", "sbt.tasks");
    if project.is_none() && pre.is_none() && tasks.is_none() {
        return None;
    }
    let mut words: Vec<String> =
        pre.unwrap_or_default().split_whitespace().map(str::to_owned).collect();
    for task in tasks.unwrap_or("compile stage").split_whitespace() {
        words.push(project.map_or_else(|| task.to_owned(), |project| format!("{project}/{task}")));
    }
    Some(words)
}
