//! Facts: what the app is, read once from its files. Both phases start here.

use std::path::Path;

use kouti::{Context, Problem};
use kouti_node::Project;

use crate::settings::PROJECT_PATH;

/// The app, as far as this buildpack is interested in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct App {
    /// Its package, its workspace, and the versions they ask for.
    pub(crate) project: Project,
    /// The conventional start files that exist, the one that counts first.
    pub(crate) start_files: Vec<String>,
    /// What `main` of `package.json` names, if it is a file.
    pub(crate) main_file: Option<String>,
    /// Whether a `Procfile` starts something that needs Node.js.
    pub(crate) procfile_needs_node: bool,
}

impl App {
    pub(crate) fn read(context: &Context) -> Result<Self, Problem> {
        let app_dir = &context.app_dir;
        let project = Project::read(app_dir, &PROJECT_PATH.read(&context.env)?)?;
        let main = project.package.as_ref().and_then(|package| package.main.clone());
        Ok(Self {
            start_files: start_files(&project.dir),
            main_file: main.filter(|main| project.dir.join(main).is_file()),
            procfile_needs_node: procfile_needs_node(&app_dir.join("Procfile"))?,
            project,
        })
    }
}

fn start_files(dir: &Path) -> Vec<String> {
    let names = ["server", "app", "main", "index"];
    let files = names.iter().flat_map(|name| {
        ["js", "cjs", "mjs"].iter().map(move |extension| format!("{name}.{extension}"))
    });
    files.filter(|file| dir.join(file).is_file()).collect()
}

/// Words of a `Procfile` that only work with this buildpack.
const PROGRAMS: [&str; 5] = ["node", "npm", "npx", "yarn", "pnpm"];

fn procfile_needs_node(path: &Path) -> Result<bool, Problem> {
    if !path.is_file() {
        return Ok(false);
    }
    let text = String::from_utf8_lossy(&fs_err::read(path)?).into_owned();
    Ok(text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .any(|(_, command)| command.split_whitespace().any(|word| PROGRAMS.contains(&word))))
}
