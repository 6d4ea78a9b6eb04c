//! The projects that a build is about.

use std::collections::BTreeSet;
use std::path::Path;

use crate::discovery::Found;
use crate::project::{Kind, Project};
use crate::project_file::PROJECTS;
use crate::solution::Solution;
use crate::source_text::{decode, has_extension};
use crate::trouble::{PassedOver, Trouble};

/// What is published, and what is around it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Source {
    /// The projects to publish, in the order of the solution.
    pub(crate) projects: Vec<Project>,
    /// Those that the published ones refer to, directly or not.
    pub(crate) referenced: Vec<Project>,
    /// Those that are left alone.
    pub(crate) passed_over: Vec<PassedOver>,
    /// The solution or the only project: what a developer would build or test.
    pub(crate) file: String,
    /// Whether the user has named the projects, so that they are published whatever they are.
    pub(crate) named: bool,
    /// Front ends with a project of their own, `*.esproj`.
    pub(crate) frontends: BTreeSet<String>,
    /// Projects that the solution lists and nobody needs, but which are not there.
    pub(crate) missing: Vec<String>,
}

impl Source {
    /// Reads what was found. With a Procfile libraries are enough, for tests everything counts.
    pub(crate) fn read(
        app_dir: &Path,
        found: &Found,
        has_procfile: bool,
        for_tests: bool,
    ) -> Result<Self, Trouble> {
        let mut source = match found {
            Found::Solution { path } => Self::of_solution(app_dir, path)?,
            Found::FileApp { path } => Self {
                projects: vec![Project::read_file_app(app_dir, path)?],
                file: path.clone(),
                named: true,
                ..Self::default()
            },
            Found::Projects { paths, named } => Self {
                projects: paths
                    .iter()
                    .map(|path| Project::read(app_dir, path))
                    .collect::<Result<_, _>>()?,
                file: paths.first().cloned().unwrap_or_default(),
                named: *named,
                ..Self::default()
            },
            Found::Nothing | Found::Prebuilt { .. } => Self::default(),
        };
        if !source.named && !for_tests {
            source.pass_over(has_procfile)?;
        }
        source.follow_references(app_dir)?;
        source.leave_hosted_sites();
        Ok(source)
    }

    fn of_solution(app_dir: &Path, path: &str) -> Result<Self, Trouble> {
        let read = |path: &str| -> Result<Solution, Trouble> {
            let text = decode(&fs_err::read(app_dir.join(path))?);
            Ok(Solution::parse(path, &text)?)
        };
        let mut solution = read(path)?;
        if let Some(whole) = &solution.whole {
            // A front end need not be in the filter to be part of the build.
            solution.others.extend(read(whole).map(|whole| whole.others).unwrap_or_default());
        }
        if solution.projects.is_empty() {
            return Err(Trouble::EmptySolution { path: path.to_owned() });
        }
        let mut source = Self {
            file: path.to_owned(),
            frontends: solution.others.into_iter().filter(|path| is_frontend(path)).collect(),
            ..Self::default()
        };
        for path in solution.projects {
            if app_dir.join(&path).is_file() {
                source.projects.push(Project::read(app_dir, &path)?);
            } else {
                source.missing.push(path);
            }
        }
        Ok(source)
    }

    /// Leaves what cannot be started.
    fn pass_over(&mut self, has_procfile: bool) -> Result<(), Trouble> {
        let is_wanted = |project: &Project| {
            let kind = project.kind();
            kind.is_runnable() || kind == Kind::BlazorWasm
        };
        // A Procfile may start what is made of libraries.
        let libraries = has_procfile && !self.projects.iter().any(is_wanted);
        let (wanted, others) =
            std::mem::take(&mut self.projects).into_iter().partition(|project: &Project| {
                is_wanted(project) || (libraries && project.kind() == Kind::Library)
            });
        self.projects = wanted;
        let others: Vec<Project> = others;
        self.passed_over = others
            .into_iter()
            .map(|project| PassedOver { reason: project.kind().reason(), path: project.path })
            .collect();
        if self.projects.is_empty() {
            return Err(Trouble::NoRunnableProject { projects: self.passed_over.clone() });
        }
        Ok(())
    }

    fn follow_references(&mut self, app_dir: &Path) -> Result<(), Trouble> {
        let mut seen: BTreeSet<String> =
            self.projects.iter().map(|project| project.path.clone()).collect();
        let references = |project: &Project| -> Vec<(String, String)> {
            let by = |path: &String| (project.path.clone(), path.clone());
            project.references.iter().map(by).collect()
        };
        let mut todo: Vec<(String, String)> = self.projects.iter().flat_map(references).collect();
        while let Some((by, path)) = todo.pop() {
            if is_frontend(&path) {
                self.frontends.insert(path);
                continue;
            }
            // A pattern or a property is for MSBuild to resolve.
            let is_plain = !path.contains(['$', '*', '?']) && has_extension(&path, PROJECTS);
            if !is_plain || !seen.insert(path.clone()) {
                continue;
            }
            if !app_dir.join(&path).is_file() {
                return Err(Trouble::ProjectNotFound { by, path });
            }
            let project = Project::read(app_dir, &path)?;
            todo.extend(references(&project));
            self.referenced.push(project);
        }
        self.referenced.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(())
    }

    /// A site that another project serves is published with that one.
    fn leave_hosted_sites(&mut self) {
        if self.named && self.projects.len() == 1 {
            return;
        }
        let sites: Vec<String> = self
            .projects
            .iter()
            .filter(|project| project.kind() == Kind::BlazorWasm)
            .map(|project| project.path.clone())
            .collect();
        let refers =
            |project: &Project, site: &String| project.references.iter().any(|path| path == site);
        let everything: Vec<&Project> = self.projects.iter().chain(&self.referenced).collect();
        let hosted: Vec<String> = sites
            .into_iter()
            .filter(|site| everything.iter().any(|project| refers(project, site)))
            .collect();
        let (hosted, own) = std::mem::take(&mut self.projects)
            .into_iter()
            .partition(|project: &Project| hosted.contains(&project.path));
        self.projects = own;
        self.referenced.extend(hosted);
    }

    /// Everything that takes part in the build.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Project> {
        self.projects.iter().chain(&self.referenced)
    }
}

fn is_frontend(path: &str) -> bool {
    has_extension(path, &["esproj"])
}
