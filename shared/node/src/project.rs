//! Facts: which Node.js project the app holds, read once from its files.

use std::path::{Component, Path, PathBuf};

use kouti::{Explain, Fault, Notice, Problem};

use crate::lockfile::Lockfile;
use crate::monorepo::Monorepo;
use crate::package_json::PackageJson;
use crate::sources::Sources;
use crate::{version_file, workspace};

/// The Node.js project that is built, and the workspace it belongs to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Project {
    /// The user's source.
    pub app_dir: PathBuf,
    /// The package that is built: `BP_NODE_PROJECT_PATH`, the app itself by default.
    pub dir: PathBuf,
    /// Where the lockfile is, and where packages are installed; above `dir` for a
    /// member of a workspace.
    pub root: PathBuf,
    /// `package.json` in `dir`.
    pub package: Option<PackageJson>,
    /// `package.json` in `root`; the same as `package` where there is no workspace.
    pub root_package: Option<PackageJson>,
    /// The other packages of the workspace, relative to `root`.
    pub members: Vec<PathBuf>,
    /// Scripts of these packages that an install would run.
    pub install_scripts: Vec<String>,
    /// Packages of the app that an install compiles.
    pub compiled: Vec<PathBuf>,
    /// The lockfiles in `root`, the one that counts first.
    pub lockfiles: Vec<Lockfile>,
    /// What packages can be installed from, and by which package manager.
    pub sources: Sources,
    /// The tool that runs scripts of the packages of the workspace in their order.
    pub monorepo: Option<Monorepo>,
    /// Files that ask for a version of Node.js, in the order in which they count.
    pub version_requests: Vec<VersionRequest>,
    /// What the user should know about these files.
    pub notices: Vec<Notice>,
}

/// What one file says about the version of Node.js.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VersionRequest {
    /// `.nvmrc`, `package.json (engines.node)`.
    pub origin: String,
    /// As it is written.
    pub text: String,
}

impl Project {
    /// Reads the project at `path` below the app.
    pub fn read(app_dir: &Path, path: &str) -> Result<Self, Problem> {
        let dir = project_dir(app_dir, path)?;
        let package = read_package(app_dir, &dir)?;
        let root = workspace::root(app_dir, &dir)?;
        let root_package =
            if root == dir { package.clone() } else { read_package(app_dir, &root)? };
        let mut project = Self {
            members: workspace::members(&root, root_package.as_ref())?,
            lockfiles: Lockfile::find(&root),
            app_dir: app_dir.to_owned(),
            dir,
            root,
            package,
            root_package,
            install_scripts: Vec::new(),
            compiled: Vec::new(),
            sources: Sources::default(),
            monorepo: None,
            version_requests: Vec::new(),
            notices: Vec::new(),
        };
        project.sources = Sources::read(&project)?;
        project.monorepo = Monorepo::of(&project);
        project.read_version_requests()?;
        for (path, package) in project.packages()? {
            let names = package.install_scripts().map(|(name, _)| name.to_owned());
            project.install_scripts.extend(names);
            let dir = path.parent().unwrap_or(&project.root);
            if dir.join(BINDING).is_file() {
                // Who installs compiles it, which is a script that nobody has to write.
                project.install_scripts.push("install".to_owned());
                project.compiled.push(dir.to_owned());
            }
        }
        Ok(project)
    }

    /// Whether the package is a member of a workspace above it.
    #[must_use]
    pub fn is_workspace_member(&self) -> bool {
        self.root != self.dir
    }

    /// The `package.json` of the root and of every member, with its path.
    pub fn packages(&self) -> Result<Vec<(PathBuf, PackageJson)>, Problem> {
        let dirs = std::iter::once(self.root.clone())
            .chain(self.members.iter().map(|member| self.root.join(member)));
        let mut packages = Vec::new();
        for dir in dirs {
            if let Some(package) = read_package(&self.app_dir, &dir)? {
                packages.push((dir.join("package.json"), package));
            }
        }
        Ok(packages)
    }

    /// Packages of the workspace which the package needs when it runs, and whose `main` is not there
    /// though they have a script to build it.
    pub(crate) fn unbuilt_packages(&self) -> Result<Vec<String>, Problem> {
        let Some(package) = &self.package else { return Ok(Vec::new()) };
        let is_needed = |other: &PackageJson| {
            other.name.as_ref().is_some_and(|name| package.dependencies.contains_key(name))
        };
        let mut unbuilt = Vec::new();
        for (path, other) in self.packages()? {
            let dir = path.parent().unwrap_or(&self.root);
            let Some(main) = other.main.as_ref().filter(|_| is_needed(&other)) else { continue };
            let mut files =
                [main.clone(), format!("{main}.js"), format!("{main}/index.js")].into_iter();
            let is_there = files.any(|file| dir.join(file).is_file());
            if !is_there && other.script("build").is_some() {
                unbuilt.push(self.shown(dir));
            }
        }
        Ok(unbuilt)
    }

    /// What the app is called where it needs a name: as its package, else as its directory.
    #[must_use]
    pub fn name(&self) -> String {
        let package = self.package.as_ref().and_then(|package| package.name.clone());
        package.unwrap_or_else(|| "app".to_owned())
    }

    /// How messages name a path: relative to the app.
    #[must_use]
    pub fn shown(&self, path: &Path) -> String {
        shown(&self.app_dir, path)
    }

    /// The package, then its workspace: a file of the nearer one counts.
    fn levels(&self) -> Vec<(&Path, Option<&PackageJson>)> {
        let mut levels = vec![(self.dir.as_path(), self.package.as_ref())];
        if self.is_workspace_member() {
            levels.push((&self.root, self.root_package.as_ref()));
        }
        levels
    }

    fn read_version_requests(&mut self) -> Result<(), Problem> {
        let mut requests = Vec::new();
        for (key, read) in PACKAGE_KEYS {
            for (dir, package) in self.levels() {
                let Some(package) = package else { continue };
                if let Some(text) = read(dir, package)? {
                    let origin = format!("{} ({key})", self.shown(&dir.join("package.json")));
                    requests.push(VersionRequest { origin, text });
                    break;
                }
            }
        }
        let mut notices = Vec::new();
        for (name, read) in VERSION_FILES {
            for (dir, _) in self.levels() {
                let path = dir.join(name);
                let Some(content) = read_if_there(&path)? else { continue };
                let origin = self.shown(&path);
                match read(&content) {
                    Some(text) if is_no_version(&text) => notices.push(Notice::new(format!(
                        "{origin} asks for `{text}`, which names no version of Node.js: it is ignored"
                    ))),
                    Some(text) => {
                        requests.push(VersionRequest { origin, text });
                        break;
                    }
                    None if content.trim().is_empty() => {
                        notices.push(Notice::new(format!("{origin} is empty: it is ignored")));
                    }
                    None => {}
                }
            }
        }
        self.version_requests = requests;
        self.notices = notices;
        Ok(())
    }
}

/// What makes a package one that is compiled.
pub(crate) const BINDING: &str = "binding.gyp";

type ReadFile = fn(&str) -> Option<String>;
type ReadPackage = fn(&Path, &PackageJson) -> Result<Option<String>, Problem>;

/// Keys of `package.json` that ask for a version, in the order in which they count.
const PACKAGE_KEYS: [(&str, ReadPackage); 3] = [
    ("engines.node", |_, package| Ok(package.engines.get("node").cloned())),
    ("devEngines.runtime", |_, package| Ok(dev_runtime(package))),
    ("volta.node", volta),
];

/// Files of version managers, in the order in which they count.
const VERSION_FILES: [(&str, ReadFile); 5] = [
    (".nvmrc", version_file::first_line),
    (".node-version", version_file::first_line),
    (".tool-versions", version_file::tool_versions),
    ("mise.toml", version_file::mise),
    (".mise.toml", version_file::mise),
];

fn dev_runtime(package: &PackageJson) -> Option<String> {
    let engine = package.dev_runtimes.iter().find(|engine| engine.name == "node")?;
    engine.version.clone().filter(|_| engine.on_fail.as_deref() != Some("ignore"))
}

/// What version managers take for "not mine to install".
fn is_no_version(text: &str) -> bool {
    text == "system" || text.starts_with("ref:") || text.starts_with("path:")
}

fn shown(app_dir: &Path, path: &Path) -> String {
    path.strip_prefix(app_dir).unwrap_or(path).display().to_string()
}

fn read_package(app_dir: &Path, dir: &Path) -> Result<Option<PackageJson>, Problem> {
    let path = dir.join("package.json");
    path.is_file().then(|| PackageJson::read(&path, &shown(app_dir, &path))).transpose()
}

fn read_if_there(path: &Path) -> Result<Option<String>, Problem> {
    if !path.is_file() {
        return Ok(None);
    }
    let bytes = fs_err::read(path)?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// `volta.node`, here or in the file that `volta.extends` names.
fn volta(dir: &Path, package: &PackageJson) -> Result<Option<String>, Problem> {
    let mut dir = dir.to_owned();
    let mut package = package.clone();
    // Volta's own limit is that a file does not come twice; ten are enough for anybody.
    for _ in 0..10 {
        if package.volta_node.is_some() {
            return Ok(package.volta_node);
        }
        let Some(extends) = &package.volta_extends else { break };
        let path = dir.join(extends);
        if !path.is_file() {
            break;
        }
        package = PackageJson::read(&path, extends)?;
        dir = path.parent().unwrap_or(&dir).to_owned();
    }
    Ok(None)
}

/// The directory that `BP_NODE_PROJECT_PATH` names.
fn project_dir(app_dir: &Path, path: &str) -> Result<PathBuf, BadProjectPath> {
    let bad = |reason| {
        // A list that cannot be made is no reason to say less of what is wrong.
        let packages = workspace::packages(app_dir, &["**".to_owned()]).unwrap_or_default();
        let packages = packages.iter().map(|dir| dir.display().to_string()).collect();
        BadProjectPath { path: path.to_owned(), reason, packages }
    };
    let mut dir = app_dir.to_owned();
    let mut depth = 0_usize;
    for component in Path::new(path).components() {
        match component {
            Component::CurDir => {}
            Component::Normal(name) => {
                dir.push(name);
                depth += 1;
            }
            Component::ParentDir => {
                depth = depth.checked_sub(1).ok_or_else(|| bad("leads out of the app"))?;
                dir.pop();
            }
            Component::RootDir | Component::Prefix(_) => {
                return Err(bad("must be relative to the app"));
            }
        }
    }
    let (Ok(real), Ok(real_app)) = (fs_err::canonicalize(&dir), fs_err::canonicalize(app_dir))
    else {
        return Err(bad("does not exist"));
    };
    match () {
        () if !real.is_dir() => Err(bad("is not a directory")),
        () if !real.starts_with(real_app) => Err(bad("leads out of the app through a link")),
        () => Ok(dir),
    }
}

/// `BP_NODE_PROJECT_PATH` names no directory of the app.
#[derive(Debug, thiserror::Error)]
#[error("BP_NODE_PROJECT_PATH is `{path}`, which {reason}")]
pub struct BadProjectPath {
    path: String,
    reason: &'static str,
    /// Directories below the app with a `package.json`.
    packages: Vec<String>,
}

/// How many directories an error lists.
const LISTED: usize = 12;

impl Explain for BadProjectPath {
    fn id(&self) -> &'static str {
        "bad-project-path"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        let known: Vec<_> =
            self.packages.iter().take(LISTED).map(|dir| format!("`{dir}`")).collect();
        vec![if known.is_empty() {
            "name the directory of the package.json to build, such as `apps/shop`".to_owned()
        } else {
            format!("name a directory with a package.json: {}", known.join(", "))
        }]
    }
}
