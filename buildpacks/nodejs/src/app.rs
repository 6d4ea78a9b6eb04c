//! Facts: what the app is, read once from its files. Both phases start here.

use std::path::{Component, Path, PathBuf};

use kouti::{Context, Problem};
use kouti_node::{Project, keeps_development};

use crate::frontend;
use crate::settings::Settings;

/// The app, as far as this buildpack is interested in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct App {
    /// Its package, its workspace, and the versions they ask for.
    pub(crate) project: Project,
    /// What can be started of its own files.
    pub(crate) start_files: StartFiles,
    /// Web servers whose configuration the app has.
    pub(crate) web_servers: Vec<&'static str>,
    /// What a `Procfile` says.
    pub(crate) procfile: Procfile,
    /// Whether `project.toml` says that development packages stay, in the words of Heroku.
    pub(crate) keeps_development: bool,
}

/// Files that can be started; a build may make more of them. Relative to the package.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct StartFiles {
    /// The file of `BP_LAUNCHPOINT`.
    pub(crate) launchpoint: Option<String>,
    /// The first of the conventional names.
    pub(crate) conventional: Option<String>,
    /// What `main` of `package.json` names.
    pub(crate) main: Option<String>,
}

/// What of a `Procfile` matters here.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Procfile {
    /// Whether it starts something that needs Node.js.
    pub(crate) needs_node: bool,
    /// Whether it says how the app is started.
    pub(crate) has_web: bool,
}

impl App {
    pub(crate) fn read(context: &Context, settings: &Settings) -> Result<Self, Problem> {
        let app_dir = &context.app_dir;
        let project = Project::read(app_dir, &settings.project_path)?;
        Ok(Self {
            start_files: StartFiles::read(&project, settings),
            web_servers: frontend::configured(app_dir, settings),
            procfile: Procfile::read(&app_dir.join("Procfile"))?,
            keeps_development: keeps_development(app_dir)?,
            project,
        })
    }
}

impl StartFiles {
    pub(crate) fn read(project: &Project, settings: &Settings) -> Self {
        let launchpoint = settings.launchpoint.as_deref();
        let main = project.package.as_ref().and_then(|package| package.main.as_deref());
        Self {
            launchpoint: launchpoint.and_then(|file| launchpoint_of(project, file)),
            conventional: conventional(&project.dir),
            main: main.and_then(|main| {
                // Node.js adds the ending itself.
                let mut names = [main.to_owned(), format!("{main}.js")].into_iter();
                names.find(|name| project.dir.join(name).is_file())
            }),
        }
    }
}

/// The file is looked for in the app, then in the package that is built.
fn launchpoint_of(project: &Project, file: &str) -> Option<String> {
    let file: PathBuf =
        Path::new(file).components().filter(|part| *part != Component::CurDir).collect();
    let in_app = project.app_dir.join(&file);
    let found = if in_app.is_file() && project.dir != project.app_dir { in_app } else { file };
    project.dir.join(&found).is_file().then(|| found.to_string_lossy().into_owned())
}

fn conventional(dir: &Path) -> Option<String> {
    let names = ["server", "app", "main", "index"];
    let mut files = names.iter().flat_map(|name| {
        ["js", "cjs", "mjs"].iter().map(move |extension| format!("{name}.{extension}"))
    });
    files.find(|file| dir.join(file).is_file())
}

/// Words of a `Procfile` that only work with this buildpack.
const PROGRAMS: [&str; 5] = ["node", "npm", "npx", "yarn", "pnpm"];

impl Procfile {
    fn read(path: &Path) -> Result<Self, Problem> {
        if !path.is_file() {
            return Ok(Self::default());
        }
        let text = String::from_utf8_lossy(&fs_err::read(path)?).into_owned();
        let mut procfile = Self::default();
        for (kind, command) in text.lines().filter_map(|line| line.split_once(':')) {
            let is_word = |c: char| c.is_alphanumeric() || "-_./".contains(c);
            let mut words = command.split(|c| !is_word(c));
            procfile.needs_node |= words.any(|word| PROGRAMS.contains(&word));
            procfile.has_web |= kind.trim() == "web";
        }
        Ok(procfile)
    }
}
