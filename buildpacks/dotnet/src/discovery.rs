//! What of an app is to be built: the first rule that fits decides.

use std::path::{Path, PathBuf};

use crate::file_app::FileApp;
use crate::project::{Project, join};
use crate::project_file::PROJECTS;
use crate::settings::Settings;
use crate::solution::SOLUTIONS;
use crate::source_text::{decode, has_extension, name_of, normal_path, stem_of};
use crate::trouble::Trouble;

/// What is to be built, by file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Found {
    /// No .NET app.
    Nothing,
    /// Published somewhere else: the directory, and the executable that the user has named.
    Prebuilt { dir: String, executable: Option<String> },
    /// These projects.
    Projects { paths: Vec<String>, named: bool },
    /// The projects of a solution that can be started.
    Solution { path: String },
    /// One `.cs` file.
    FileApp { path: String },
}

/// Looks for what the user has named, then at the root of the app, then below it.
pub(crate) fn discover(app_dir: &Path, settings: &Settings) -> Result<Found, Trouble> {
    let app = Directory { app_dir };
    if let Some(found) = app.named_executable(settings)? {
        return Ok(found);
    }
    if let [_, _, ..] = settings.project_paths.as_slice() {
        return app.named_projects(&settings.project_paths);
    }
    if let Some(path) = settings.project_paths.first() {
        return app.named(path);
    }
    if let Some((setting, value)) = &settings.solution {
        return app.named_solution(setting, value);
    }
    if let Some(found) = app.at("", false)? {
        return Ok(found);
    }
    if let Some(path) = app.deployment()? {
        return app.named(&path);
    }
    if let Some(path) = app.file_app("")? {
        return Ok(Found::FileApp { path });
    }
    match app.below()? {
        Found::Nothing => settings
            .entrypoint
            .clone()
            .map_or(Ok(Found::Nothing), |value| Err(Trouble::Entrypoint { value })),
        found => Ok(found),
    }
}

struct Directory<'a> {
    app_dir: &'a Path,
}

/// Names in a directory of the app, sorted.
struct Listing {
    dir: String,
    files: Vec<String>,
    dirs: Vec<String>,
}

impl Listing {
    /// Files with one of these extensions, relative to the app.
    fn with(&self, extensions: &[&str]) -> Vec<String> {
        let fits = |name: &&String| has_extension(name, extensions);
        self.files.iter().filter(fits).map(|name| join(&self.dir, name)).collect()
    }

    /// Solutions; of two with the same name only the newer format.
    fn solutions(&self) -> Vec<String> {
        let all = self.with(&["sln", "slnx"]);
        let is_newer_twin = |old: &str, other: &String| {
            has_extension(other, &["slnx"]) && stem_of(other) == stem_of(old)
        };
        let kept = |path: &&String| {
            has_extension(path, &["slnx"]) || !all.iter().any(|other| is_newer_twin(path, other))
        };
        all.iter().filter(kept).cloned().collect()
    }
}

/// How deep below the app a project is looked for.
const DEPTH: usize = 3;

/// Directories that hold what others made, or made for tests.
const SKIPPED: [&str; 7] =
    ["bin", "obj", "node_modules", "packages", "artifacts", "fixtures", "testdata"];

impl Directory<'_> {
    fn list(&self, dir: &str) -> Result<Listing, Trouble> {
        let mut listing = Listing { dir: dir.to_owned(), files: Vec::new(), dirs: Vec::new() };
        for entry in fs_err::read_dir(self.app_dir.join(dir))? {
            let entry = entry?;
            // A name that is not UTF-8 is none of a project.
            let Ok(name) = entry.file_name().into_string() else { continue };
            let path: PathBuf = entry.path();
            let list = if path.is_dir() { &mut listing.dirs } else { &mut listing.files };
            list.push(name);
        }
        listing.files.sort();
        listing.dirs.sort();
        Ok(listing)
    }

    /// An executable that was named, where nothing can be built.
    fn named_executable(&self, settings: &Settings) -> Result<Option<Found>, Trouble> {
        let Some(name) = &settings.entrypoint else { return Ok(None) };
        let dir = match settings.project_paths.as_slice() {
            [] => String::new(),
            [path] => match normal_path(path) {
                Some(dir) if self.app_dir.join(&dir).is_dir() => dir,
                _ => return Ok(None),
            },
            _ => return Ok(None),
        };
        let listing = self.list(&dir)?;
        let is_source = !listing.with(PROJECTS).is_empty() || !listing.solutions().is_empty();
        let file = normal_path(name).filter(|name| self.app_dir.join(&dir).join(name).is_file());
        Ok(file.filter(|_| !is_source).map(|file| Found::Prebuilt { dir, executable: Some(file) }))
    }

    /// The one file or directory that `BP_DOTNET_PROJECT_PATH` or `.deployment` names.
    fn named(&self, value: &str) -> Result<Found, Trouble> {
        let wrong = |reason| self.wrong_path(value, reason);
        let path = normal_path(value).ok_or_else(|| wrong("which leads out of the app"))?;
        let full = self.app_dir.join(&path);
        if full.is_dir() {
            let found = self.at(&path, true)?;
            let found = match found {
                Some(found) => Some(found),
                None => self.file_app(&path)?.map(|path| Found::FileApp { path }),
            };
            return found.ok_or_else(|| wrong("which has no .NET app"));
        }
        if !full.is_file() {
            return Err(wrong("which does not exist"));
        }
        if has_extension(&path, PROJECTS) {
            Ok(Found::Projects { paths: vec![path], named: true })
        } else if has_extension(&path, SOLUTIONS) {
            Ok(Found::Solution { path })
        } else if has_extension(&path, &["cs"]) {
            Ok(Found::FileApp { path })
        } else {
            Err(wrong("which is no project, solution or C# file"))
        }
    }

    /// Several projects that the user has named, by file or directory.
    fn named_projects(&self, values: &[String]) -> Result<Found, Trouble> {
        let mut paths = Vec::new();
        for value in values {
            match self.named(value)? {
                Found::Projects { paths: more, .. } => paths.extend(more),
                _ => return Err(self.wrong_path(value, "which is not a project")),
            }
        }
        Ok(Found::Projects { paths, named: true })
    }

    fn wrong_path(&self, value: &str, reason: &'static str) -> Trouble {
        let nearby = self.nearby(PROJECTS);
        Trouble::ProjectPath { value: value.to_owned(), reason, nearby }
    }

    fn named_solution(&self, setting: &'static str, value: &str) -> Result<Found, Trouble> {
        let value = value.to_owned();
        if !has_extension(&value, SOLUTIONS) {
            return Err(Trouble::SolutionExtension { setting, value });
        }
        let found = normal_path(&value).filter(|path| self.app_dir.join(path).is_file());
        let Some(path) = found else {
            let nearby = self.nearby(SOLUTIONS);
            return Err(Trouble::SolutionNotFound { setting, value, nearby });
        };
        Ok(Found::Solution { path })
    }

    /// A project, a solution or a published app in one directory.
    fn at(&self, dir: &str, named: bool) -> Result<Option<Found>, Trouble> {
        let listing = self.list(dir)?;
        let shown = || if dir.is_empty() { "the app".to_owned() } else { dir.to_owned() };
        let mut projects = listing.with(PROJECTS);
        if projects.len() > 1 {
            let runnable = self.runnable(&projects);
            if runnable.len() != 1 {
                return Err(Trouble::MultipleProjects { dir: shown(), files: projects });
            }
            projects = runnable;
        }
        if !projects.is_empty() {
            return Ok(Some(Found::Projects { paths: projects, named }));
        }
        let solutions = listing.solutions();
        if solutions.len() > 1 {
            return Err(Trouble::MultipleSolutions { dir: shown(), files: solutions });
        }
        if let Some(path) = solutions.into_iter().next() {
            return Ok(Some(Found::Solution { path }));
        }
        let is_config =
            |name: &String| name.ends_with(".runtimeconfig.json") && name != ".runtimeconfig.json";
        let is_prebuilt = listing.files.iter().any(is_config);
        let prebuilt = || Found::Prebuilt { dir: dir.to_owned(), executable: None };
        Ok(is_prebuilt.then(prebuilt))
    }

    /// Those that can be started; one that cannot be read is not.
    fn runnable(&self, paths: &[String]) -> Vec<String> {
        let can_run = |path: &&String| {
            Project::read(self.app_dir, path).is_ok_and(|project| project.kind().is_runnable())
        };
        paths.iter().filter(can_run).cloned().collect()
    }

    /// The only `.cs` file, or the only one that says that it is an app.
    fn file_app(&self, dir: &str) -> Result<Option<String>, Trouble> {
        let mut files = self.list(dir)?.with(&["cs"]);
        if files.len() > 1 {
            let mut marked = Vec::new();
            for path in files {
                if FileApp::parse(&decode(&fs_err::read(self.app_dir.join(&path))?)).is_marked {
                    marked.push(path);
                }
            }
            files = marked;
        }
        Ok(if files.len() == 1 { files.pop() } else { None })
    }

    /// `project` in the section `[config]` of `.deployment`, as Azure and Cloud Foundry have it.
    fn deployment(&self) -> Result<Option<String>, Trouble> {
        let path = self.app_dir.join(".deployment");
        if !path.is_file() {
            return Ok(None);
        }
        let text = decode(&fs_err::read(path)?);
        let mut section = "";
        for line in text.lines().map(str::trim) {
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                section = name.trim();
            } else if let Some((key, value)) = line.split_once('=')
                && section.eq_ignore_ascii_case("config")
                && key.trim().eq_ignore_ascii_case("project")
            {
                return Ok(Some(value.trim().trim_matches('"').to_owned()));
            }
        }
        Ok(None)
    }

    /// The only solution below the app, or else the only project that can be started.
    fn below(&self) -> Result<Found, Trouble> {
        let (mut projects, mut solutions) = (Vec::new(), Vec::new());
        self.walk("", DEPTH, &mut |listing| {
            projects.extend(listing.with(PROJECTS));
            solutions.extend(listing.solutions());
        })?;
        if let [path] = solutions.as_slice() {
            return Ok(Found::Solution { path: path.clone() });
        }
        let mut runnable = self.runnable(&projects);
        Ok(match runnable.as_slice() {
            [one] => Found::Projects { paths: vec![one.clone()], named: false },
            [] if solutions.is_empty() => Found::Nothing,
            _ => {
                let mut files = solutions;
                files.append(&mut runnable);
                files.truncate(10);
                return Err(Trouble::SeveralBelow { files });
            }
        })
    }

    fn walk(
        &self,
        dir: &str,
        depth: usize,
        each: &mut impl FnMut(&Listing),
    ) -> Result<(), Trouble> {
        let listing = self.list(dir)?;
        each(&listing);
        let wanted = |name: &&String| !name.starts_with('.') && !SKIPPED.contains(&name.as_str());
        if depth > 0 {
            for name in listing.dirs.iter().filter(wanted) {
                self.walk(&join(dir, name), depth - 1, each)?;
            }
        }
        Ok(())
    }

    /// Up to ten such files anywhere in the app, for an error.
    fn nearby(&self, extensions: &[&str]) -> Vec<String> {
        let mut found = Vec::new();
        // What cannot be listed cannot be suggested.
        let _ = self.walk("", DEPTH, &mut |listing| found.extend(listing.with(extensions)));
        found.sort_by_key(|path| (path.matches('/').count(), name_of(path).to_owned()));
        found.truncate(10);
        found
    }
}
