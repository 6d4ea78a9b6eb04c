//! Decisions about the build of an app from source, whatever the tool.

use kouti::catalog::{Choice, Wanted};
use kouti::setting::Arguments;
use kouti::version::Range;
use kouti::{Env, Notice, Problem};
use serde::Serialize;

use crate::app::App;
use crate::java_version::Shelf;
use crate::tool::Tool;
use crate::{gradle, maven, sbt};

/// How an app is compiled, and what of the result is the app.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Compile {
    pub(crate) tool: Tool,
    pub(crate) program: Program,
    pub(crate) arguments: Vec<String>,
    pub(crate) artifact: Patterns,
    /// A file of settings of the app's own.
    pub(crate) settings_file: Option<String>,
}

/// What is run.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Program {
    /// One that we install.
    Own(Box<Choice>),
    /// The script that the app brings along.
    Wrapper,
    /// One of the build image, or of an earlier buildpack.
    OnPath,
}

/// What is looked for when the tool has run.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub(crate) struct Patterns {
    /// Globs relative to the app.
    pub(crate) globs: Vec<String>,
    /// Whether the user has named what is to be taken.
    pub(crate) chosen: bool,
    /// Whether a module was named.
    pub(crate) module: bool,
    /// Whether every match belongs to the app.
    pub(crate) all: bool,
}

/// What a decision needs to know.
pub(crate) struct Surroundings<'a> {
    pub(crate) app: &'a App,
    pub(crate) env: &'a Env,
    pub(crate) shelf: Shelf<'a>,
    pub(crate) notices: Vec<Notice>,
}

impl Compile {
    pub(crate) fn decide(tool: Tool, around: &mut Surroundings<'_>) -> Result<Self, Problem> {
        match tool {
            Tool::Maven => maven::decide(around),
            Tool::Gradle => gradle::decide(around),
            Tool::Sbt => sbt::decide(around),
        }
    }
}

impl Surroundings<'_> {
    /// The newest release of a tool that fits what is asked for.
    pub(crate) fn install(
        &self,
        id: &str,
        name: &str,
        wanted: &str,
        origin: &str,
    ) -> Result<Program, Problem> {
        let range = Range::parse(wanted).map_err(|error| error.asked_for_in(origin))?;
        let wanted = vec![Wanted { range, origin: origin.to_owned() }];
        Ok(Program::Own(Box::new(self.shelf.choose(id, name, &wanted)?)))
    }

    /// Whether the build image has such a program.
    pub(crate) fn is_on_path(&self, program: &str) -> bool {
        let path = self.env.get_os("PATH").unwrap_or_default();
        kouti::find_on_path(program.as_ref(), path).is_some()
    }
}

impl Patterns {
    /// From the settings of a tool: what the user names, else the usual place in the module that he
    /// names, else the usual place.
    pub(crate) fn read(
        env: &Env,
        artifact: &kouti::Setting<Arguments>,
        module: Option<&str>,
    ) -> Result<Self, Problem> {
        let Arguments(globs) = artifact.read(env)?;
        let chosen = crate::shape::chosen(artifact, env);
        let module = module.filter(|_| !chosen);
        let globs = match module {
            Some(module) => {
                let module = module.trim_matches('/');
                globs.into_iter().map(|glob| format!("{module}/{glob}")).collect()
            }
            None => globs,
        };
        Ok(Self { globs, chosen, module: module.is_some(), all: false })
    }
}
