//! Facts: what packages can be installed from, and how the app sets its package manager up.

use std::io;
use std::path::{Path, PathBuf};

use crate::lockfile::{BadLockfile, Format, Lockfile};
use crate::project::{BINDING, Project};
use crate::yaml;

/// What the app brings along for its package manager.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sources {
    /// The lockfiles, and which version of a package manager wrote them.
    pub formats: Vec<(Lockfile, Result<Format, BadLockfile>)>,
    /// Whether `node_modules` came with packages in it.
    pub modules: bool,
    /// A package in it that was installed on another operating system.
    pub foreign_module: Option<String>,
    /// `npm-cache`: downloads of npm that came with the app.
    pub npm_cache: Option<PathBuf>,
    /// A directory of archives from which Yarn 1 installs.
    pub offline_mirror: Option<PathBuf>,
    /// `.pnpm-store`: packages of pnpm that came with the app.
    pub pnpm_store: Option<PathBuf>,
    /// `yarnPath` of `.yarnrc.yml`: the Yarn that came with the app, relative to the root.
    pub yarn_path: Option<PathBuf>,
    /// Whether that file is there.
    pub has_yarn_path: bool,
    /// How Yarn 2 and later lay packages out.
    pub linker: Linker,
    /// The archives of Yarn 2 and later, if they came with the app.
    pub zero_install: Option<PathBuf>,
    /// Whether `.yarnrc.yml` names the plugin that Yarn 2 and 3 need to remove packages.
    pub workspace_tools: bool,
    /// Whether the lockfile of npm shows that no package has anything to compile.
    pub nothing_compiles: bool,
    /// Whether `pnpm-workspace.yaml` says which packages may run scripts, as pnpm 11 has it.
    pub allow_builds: bool,
}

/// How Yarn 2 and later lay packages out.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Linker {
    /// As archives, which Node.js reads through `.pnp.cjs`.
    #[default]
    PlugAndPlay,
    /// As directories in `node_modules`.
    Modules,
}

impl Linker {
    /// Reads `nodeLinker`; there is a third one, which makes a `node_modules` too.
    pub(crate) fn of(name: &str) -> Self {
        match name {
            "node-modules" | "pnpm" => Self::Modules,
            _ => Self::PlugAndPlay,
        }
    }
}

impl Sources {
    /// Reads them in the root of the project.
    pub(crate) fn read(project: &Project) -> io::Result<Self> {
        let root = &project.root;
        let yarnrc_yml = read_or_empty(&root.join(".yarnrc.yml"))?;
        let pnpm_workspace = read_or_empty(&root.join("pnpm-workspace.yaml"))?;
        let linker = yaml::scalar(&yarnrc_yml, "nodeLinker");
        let archives = yaml::scalar(&yarnrc_yml, "cacheFolder").unwrap_or(".yarn/cache");
        let archives = root.join(archives);
        let existing = |name: &str| Some(root.join(name)).filter(|path| path.is_dir());
        let modules = root.join("node_modules");
        let yarn_path = yaml::scalar(&yarnrc_yml, "yarnPath").map(PathBuf::from);
        let mut formats = Vec::new();
        for lockfile in &project.lockfiles {
            formats.push((*lockfile, lockfile.read_format(root)?));
        }
        Ok(Self {
            formats,
            modules: has_packages(&modules)?,
            foreign_module: foreign_module(&modules)?,
            npm_cache: existing("npm-cache"),
            offline_mirror: offline_mirror(root)?
                .or_else(|| existing("npm-packages-offline-cache")),
            pnpm_store: existing(".pnpm-store"),
            has_yarn_path: yarn_path.as_ref().is_some_and(|path| root.join(path).is_file()),
            yarn_path,
            linker: linker.map(Linker::of).unwrap_or_default(),
            zero_install: holds_archive(&archives)?.then_some(archives),
            workspace_tools: yarnrc_yml.contains("plugin-workspace-tools"),
            nothing_compiles: nothing_compiles(project)?,
            allow_builds: yaml::has_key(&pnpm_workspace, "allowBuilds"),
        })
    }
}

/// npm marks every package with something to run on install, as compiling is. `node-gyp` itself may
/// be what a script of the app calls. Lockfiles of npm 6 tell nothing.
fn nothing_compiles(project: &Project) -> io::Result<bool> {
    let npm =
        project.lockfiles.iter().find(|file| matches!(file, Lockfile::Shrinkwrap | Lockfile::Npm));
    let Some(npm) = npm else { return Ok(false) };
    if project.root.join(BINDING).exists() || project.dir.join(BINDING).exists() {
        return Ok(false);
    }
    let text = read_or_empty(&project.root.join(npm.file_name()))?;
    let traces = ["\"hasInstallScript\"", "node-gyp"];
    Ok(text.contains("\"packages\"") && traces.iter().all(|trace| !text.contains(trace)))
}

fn read_or_empty(path: &Path) -> io::Result<String> {
    if !path.is_file() {
        return Ok(String::new());
    }
    Ok(String::from_utf8_lossy(&fs_err::read(path)?).into_owned())
}

/// `yarn-offline-mirror` of `.yarnrc`, if there is such a directory.
fn offline_mirror(root: &Path) -> io::Result<Option<PathBuf>> {
    let text = read_or_empty(&root.join(".yarnrc"))?;
    let value = text.lines().find_map(|line| line.trim().strip_prefix("yarn-offline-mirror "));
    let value = value.map(|value| value.trim().trim_matches('"'));
    Ok(value.map(|value| root.join(value)).filter(|path| path.is_dir()))
}

fn holds_archive(dir: &Path) -> io::Result<bool> {
    Ok(names(dir)?.iter().any(|name| Path::new(name).extension().is_some_and(|e| e == "zip")))
}

/// A directory with nothing but `.cache` and the like holds no packages.
fn has_packages(modules: &Path) -> io::Result<bool> {
    Ok(names(modules)?.iter().any(|name| !name.starts_with('.')))
}

/// A package for another operating system, where there is none for this one: they came from
/// a developer's machine by accident.
fn foreign_module(modules: &Path) -> io::Result<Option<String>> {
    let mut foreign = None;
    for name in names(modules)? {
        let inner = if name.starts_with('@') { names(&modules.join(&name))? } else { Vec::new() };
        let inner = inner.iter().map(|package| format!("{name}/{package}"));
        for package in std::iter::once(name.clone()).chain(inner) {
            let words: Vec<_> = package.split(['-', '_', '.', '/']).collect();
            if words.contains(&"linux") {
                return Ok(None);
            }
            if words.iter().any(|word| ["darwin", "win32"].contains(word)) {
                foreign.get_or_insert(package);
            }
        }
    }
    Ok(foreign)
}

/// The sorted names in a directory; none if there is no such directory.
fn names(dir: &Path) -> io::Result<Vec<String>> {
    if !dir.is_dir() {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for entry in fs_err::read_dir(dir)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(files: &[(&str, &str)]) -> Sources {
        let dir = tempfile::tempdir().unwrap();
        for (path, content) in files {
            let path = dir.path().join(path);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, content).unwrap();
        }
        let project = Project { root: dir.path().to_owned(), ..Project::default() };
        Sources::read(&project).unwrap()
    }

    #[test]
    fn yarn_is_set_up_by_its_file() {
        let sources = read(&[
            (".yarnrc.yml", "nodeLinker: node-modules\nyarnPath: .yarn/releases/yarn-4.9.1.cjs\n"),
            (".yarn/cache/ms-npm-2.zip", ""),
        ]);
        assert_eq!(sources.linker, Linker::Modules);
        assert_eq!(sources.yarn_path, Some(".yarn/releases/yarn-4.9.1.cjs".into()));
        assert!(sources.zero_install.is_some());
        assert!(read(&[(".yarn/cache/.gitignore", "")]).zero_install.is_none());
    }

    #[test]
    fn an_offline_mirror_counts_only_if_it_is_there() {
        let yarnrc = (".yarnrc", "yarn-offline-mirror \"./mirror\"\n");
        assert_eq!(read(&[yarnrc]).offline_mirror, None);
        assert!(read(&[yarnrc, ("mirror/ms.tgz", "")]).offline_mirror.is_some());
        assert!(read(&[("npm-packages-offline-cache/ms.tgz", "")]).offline_mirror.is_some());
    }

    #[test]
    fn modules_of_another_system_are_noticed() {
        let esbuild = "node_modules/@esbuild/darwin-arm64/package.json";
        assert_eq!(read(&[(esbuild, "{}")]).foreign_module, Some("@esbuild/darwin-arm64".into()));
        let both = read(&[(esbuild, "{}"), ("node_modules/@esbuild/linux-x64/package.json", "{}")]);
        assert_eq!(both.foreign_module, None);
        assert!(!read(&[("node_modules/.cache/x", "")]).modules);
    }
}
