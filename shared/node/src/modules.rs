//! Installing the packages of an app into `node_modules`, or taking over those of
//! the last build.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io;
use std::path::{Component, Path, PathBuf};

use kouti::catalog::Artifact;
use kouti::{BuildContext, Layer, LayerEnv, Log, Outcome, Problem, Uses, sha256, tree};
use serde::Serialize;

use crate::failure::Step;
use crate::manager::{Command, Mode};
use crate::project::Project;
use crate::rc_files;
use crate::selection::PackageManager;
use crate::toolchain::Toolchain;

/// How packages are installed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Install {
    /// From what.
    pub mode: Mode,
    /// The commands that do it.
    pub commands: Vec<Command>,
    /// Whether what only builds need is installed as well.
    pub with_dev: bool,
    /// Whether the packages of the last build may be taken over.
    pub reuse: Reuse,
}

/// Whether an install can be left out if nothing it depends on has changed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reuse {
    /// Yes.
    Allowed,
    /// Without a lockfile, what is installed depends on the day.
    NoLockfile,
    /// This script runs on install, and nobody knows what it reads.
    InstallScript(String),
    /// The user switched it off.
    Off,
}

/// The file in the layer that holds every `node_modules` of the app.
const ARCHIVE: &str = "node_modules.tar";

const LAYER: &str = "node-modules-cache";

impl Install {
    /// Carries it out: afterwards `node_modules` is as the package manager made it.
    pub fn run(
        &self,
        context: &BuildContext,
        log: &mut Log,
        project: &Project,
        toolchain: &mut Toolchain<'_>,
        key: &BTreeMap<String, String>,
    ) -> Result<(), Problem> {
        if self.reuse != Reuse::Allowed {
            // Whatever the last build left is out of date now.
            context.layers.discard(LAYER)?;
            return self.install(log, project, toolchain);
        }
        let layer = Layer {
            name: LAYER,
            title: "node_modules".to_owned(),
            uses: Uses::CACHE,
            key,
            env: LayerEnv::new(),
            sbom: None,
        };
        if !context.layers.is_current(&layer)? {
            // Said before "Installing node_modules", because it happens before.
            toolchain.install(log)?;
        }
        let made = context.layers.ensure(log, &layer, |dir, log| {
            let manifests = Manifests::read(project)?;
            self.install(log, project, toolchain)?;
            manifests.restore()?;
            Ok(tree::pack(&project.root, &toolchain.trees(), &dir.join(ARCHIVE))?)
        })?;
        if made.outcome == Outcome::Reused {
            take_over(&made.dir.join(ARCHIVE), log, project, toolchain)?;
        }
        Ok(())
    }

    fn install(
        &self,
        log: &mut Log,
        project: &Project,
        toolchain: &mut Toolchain<'_>,
    ) -> Result<(), Problem> {
        if self.mode != Mode::Vendored {
            remove_trees(&project.root, &toolchain.trees())?;
        }
        for words in &self.commands {
            toolchain.run(log, &project.root, words, Step::Packages)?;
        }
        Ok(())
    }

    /// Everything on which the result depends, each part under the name by which a log tells
    /// that it has changed.
    pub fn key(
        &self,
        context: &BuildContext,
        project: &Project,
        node: &Artifact,
        manager: &PackageManager,
    ) -> Result<BTreeMap<String, String>, Problem> {
        let target = &context.target;
        let commands: Vec<_> = self.commands.iter().map(|words| words.join(" ")).collect();
        let mut key = BTreeMap::from([
            ("node".to_owned(), node.version.to_string()),
            // It holds npm too.
            ("node-archive".to_owned(), node.checksum.to_string()),
            (
                "platform".to_owned(),
                format!(
                    "{}/{} {} {}",
                    target.os, target.arch, target.distro_name, target.distro_version
                ),
            ),
            ("command".to_owned(), commands.join("; ")),
            ("environment".to_owned(), environment(context)),
        ]);
        for lockfile in &project.lockfiles {
            let name = lockfile.file_name();
            key.insert(name.to_owned(), sha256(fs_err::read(project.root.join(name))?));
        }
        for (path, package) in project.packages()? {
            key.insert(project.shown(&path), sha256(package.install_inputs()));
        }
        if let Some(version) = &manager.version {
            key.insert("package-manager".to_owned(), format!("{} {version}", manager.name()));
        }
        for (path, digest) in config_files(project)? {
            key.insert(project.shown(&path), digest);
        }
        if self.mode == Mode::Vendored && self.reuse == Reuse::Allowed {
            let modules = project.root.join("node_modules");
            key.insert("node_modules".to_owned(), tree::digest(&modules)?);
        }
        if let Some(digest) = rc_files::digest(context) {
            key.insert("bindings".to_owned(), digest);
        }
        Ok(key)
    }
}

/// Unpacks the packages of the last build, and Node.js beside them if a script follows: neither waits for the other.
fn take_over(
    archive: &Path,
    log: &mut Log,
    project: &Project,
    toolchain: &mut Toolchain<'_>,
) -> Result<(), Problem> {
    let (root, trees) = (&project.root, toolchain.trees());
    std::thread::scope(|scope| {
        let packages = scope.spawn(|| {
            remove_trees(root, &trees)?;
            tree::unpack(archive, root)
        });
        let node = if toolchain.runs_scripts() { toolchain.install(log) } else { Ok(()) };
        packages.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        node
    })
}

/// The `package.json` files of an app as they came. Yarn writes them in a form of its own when it installs; where the
/// packages of the last build are taken nobody does, and the same app would make another image.
struct Manifests(Vec<(PathBuf, Vec<u8>)>);

impl Manifests {
    fn read(project: &Project) -> Result<Self, Problem> {
        let read = |path: PathBuf| fs_err::read(&path).map(|text| (path, text));
        let found = project.packages()?.into_iter().map(|(path, _)| read(path));
        Ok(Self(found.collect::<std::io::Result<_>>()?))
    }

    fn restore(&self) -> std::io::Result<()> {
        for (path, text) in &self.0 {
            if fs_err::read(path).ok().as_ref() != Some(text) {
                fs_err::write(path, text)?;
            }
        }
        Ok(())
    }
}

/// Files, and directories of files, that change what package managers do.
const CONFIG: [&str; 9] = [
    ".npmrc",
    ".yarnrc",
    ".yarnrc.yml",
    "pnpm-workspace.yaml",
    ".pnpmfile.cjs",
    ".pnpmfile.mjs",
    ".yarn/plugins",
    ".yarn/patches",
    "patches",
];

/// Those that there are, each with its digest.
fn config_files(project: &Project) -> Result<BTreeMap<PathBuf, String>, Problem> {
    let mut files = BTreeMap::new();
    for dir in [&project.root, &project.dir] {
        for name in CONFIG {
            let path = dir.join(name);
            if path.is_file() {
                files.insert(path.clone(), sha256(fs_err::read(path)?));
            } else if path.is_dir() {
                for entry in fs_err::read_dir(path)? {
                    let path = entry?.path();
                    if path.is_file() {
                        files.insert(path.clone(), sha256(fs_err::read(path)?));
                    }
                }
            }
        }
    }
    Ok(files)
}

/// Beginnings of the names of variables that change what package managers do.
const PREFIXES: [&str; 4] = ["npm_config_", "pnpm_", "yarn_", "node_env"];

/// What is set of these. Secrets among them only say who asks.
fn environment(context: &BuildContext) -> String {
    let mut lines = String::new();
    for (name, value) in context.env.texts() {
        let lower = name.to_ascii_lowercase();
        let counts = PREFIXES.iter().any(|prefix| lower.starts_with(prefix));
        if counts && !rc_files::is_secret_option(name) {
            let _ = writeln!(lines, "{name}={value}");
        }
    }
    sha256(lines)
}

/// Removes what an earlier install made.
pub(crate) fn remove_trees(root: &Path, trees: &[PathBuf]) -> io::Result<()> {
    for tree in trees {
        let path = root.join(tree);
        if path.is_dir() {
            fs_err::remove_dir_all(path)?;
        } else {
            fs_err::remove_file(path)?;
        }
    }
    Ok(())
}

/// Links to nothing among the packages in a `node_modules`.
fn dead_links(modules: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs_err::read_dir(modules)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        if kind.is_symlink() && !path.exists() {
            found.push(path);
        } else if kind.is_dir() && entry.file_name().as_encoded_bytes().starts_with(b"@") {
            found.extend(dead_links(&path)?);
        }
    }
    Ok(found)
}

/// A path without `..` in it, for one that does not exist.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => _ = normal.pop(),
            component => normal.push(component),
        }
    }
    normal
}

impl Project {
    /// The directories called `node_modules` that an install makes, relative to the root.
    #[must_use]
    pub fn module_trees(&self) -> Vec<PathBuf> {
        let mut trees: Vec<_> = std::iter::once(self.root.clone())
            .chain(self.members.iter().map(|member| self.root.join(member)))
            .map(|dir| dir.join("node_modules"))
            .filter(|dir| dir.is_dir())
            .filter_map(|dir| dir.strip_prefix(&self.root).ok().map(Path::to_owned))
            .collect();
        trees.sort();
        trees
    }

    /// Packages of the app to which an install has linked though they are not there: npm says
    /// nothing of that, and the app would only find out when it runs.
    pub(crate) fn missing_packages(&self) -> io::Result<Vec<String>> {
        let mut missing = BTreeSet::new();
        for tree in self.module_trees() {
            let tree = self.root.join(tree);
            for link in dead_links(&tree)? {
                let target =
                    normal(&link.parent().unwrap_or(&tree).join(fs_err::read_link(&link)?));
                let is_of_app = target.starts_with(&self.root)
                    && target.components().all(|part| part.as_os_str() != "node_modules");
                if is_of_app {
                    missing.insert(self.shown(&target));
                }
            }
        }
        Ok(missing.into_iter().collect())
    }

    /// Where `node_modules` may be, for the image layer of their own that packages get.
    #[must_use]
    pub fn module_globs(&self) -> Vec<String> {
        std::iter::once(self.root.clone())
            .chain(self.members.iter().map(|member| self.root.join(member)))
            .map(|dir| self.shown(&dir.join("node_modules")))
            .collect()
    }

    /// `path` as a list of what is below the root; nothing if it is elsewhere.
    pub(crate) fn below_root(&self, path: Option<&Path>) -> Vec<PathBuf> {
        path.and_then(|path| path.strip_prefix(&self.root).ok())
            .map(Path::to_owned)
            .into_iter()
            .collect()
    }
}
