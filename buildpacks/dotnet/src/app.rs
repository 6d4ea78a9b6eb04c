//! Facts: what the app is, read once from its files. Both phases start here.

use std::path::{Path, PathBuf};

use crate::discovery::{Found, discover};
use crate::global_json::{BadGlobalJson, GlobalJson};
use crate::node::NodeNeeds;
use crate::project::{directories_above, join};
use crate::settings::{Mode, Settings};
use crate::source::Source;
use crate::source_text::{decode, dir_of};
use crate::trouble::Trouble;

/// The app, as far as this buildpack is interested in it.
#[derive(Clone, Debug)]
pub(crate) struct App {
    /// Where it is.
    pub(crate) root: PathBuf,
    pub(crate) content: Content,
    /// The nearest `global.json`, from the project up to the app.
    pub(crate) global_json: Option<Result<GlobalJson, BadGlobalJson>>,
    /// The nearest manifest of local tools, relative to the app.
    pub(crate) tool_manifest: Option<String>,
    /// Whether another buildpack may start something.
    pub(crate) has_procfile: bool,
    /// What the app needs of Node.js.
    pub(crate) node: NodeNeeds,
}

/// What kind of app it is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Content {
    /// Published somewhere else.
    Prebuilt { dir: String, executable: Option<String> },
    /// To be built.
    Source(Box<Source>),
}

impl App {
    /// Reads the app; `None` if there is no .NET app.
    pub(crate) fn read(app_dir: &Path, settings: &Settings) -> Result<Option<Self>, Trouble> {
        let has_procfile = app_dir.join("Procfile").is_file();
        let content = match discover(app_dir, settings)? {
            Found::Nothing => return Ok(None),
            Found::Prebuilt { dir, executable } => Content::Prebuilt { dir, executable },
            found => {
                let for_tests = settings.mode == Mode::Test;
                let source = Source::read(app_dir, &found, has_procfile, for_tests)?;
                Content::Source(Box::new(source))
            }
        };
        let mut app = Self {
            root: app_dir.to_owned(),
            content,
            global_json: None,
            tool_manifest: None,
            has_procfile,
            node: NodeNeeds::default(),
        };
        if let Content::Source(source) = &app.content {
            let dir = dir_of(&source.file);
            let in_any = |names: &[&str]| {
                directories_above(dir)
                    .flat_map(|above| names.iter().map(move |name| join(above, name)))
                    .find(|path| app_dir.join(path).is_file())
            };
            if let Some(path) = in_any(&["global.json"]) {
                let text = decode(&fs_err::read(app_dir.join(&path))?);
                app.global_json = Some(GlobalJson::parse(&path, &text));
            }
            app.tool_manifest = in_any(&[".config/dotnet-tools.json", "dotnet-tools.json"]);
            app.node = NodeNeeds::of(app_dir, source)?;
        }
        Ok(Some(app))
    }

    /// The projects, if there is something to build.
    pub(crate) fn source(&self) -> Option<&Source> {
        match &self.content {
            Content::Source(source) => Some(source),
            Content::Prebuilt { .. } => None,
        }
    }

    /// Where the commands of a build run: the app, unless its `global.json` is deeper. So the
    /// `dotnet` program and MSBuild, which look from different places, find the same file.
    pub(crate) fn command_dir(&self) -> PathBuf {
        match &self.global_json {
            Some(Ok(file)) => self.root.join(dir_of(&file.path)),
            _ => self.root.clone(),
        }
    }
}
