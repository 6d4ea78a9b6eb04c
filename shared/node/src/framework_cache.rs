//! Build caches of frameworks: kept from build to build, and out of the image.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use kouti::catalog::Artifact;
use kouti::{BuildContext, Log, Notice, Problem, bytes, tree};

use crate::project::Project;

/// A directory in which a tool keeps what it can use again.
struct Known {
    dir: &'static str,
    /// Where it is when the app runs, for those that are written then: an image may be read-only.
    at_launch: Option<&'static str>,
}

const fn dropped(dir: &'static str) -> Known {
    Known { dir, at_launch: None }
}

const KNOWN: [Known; 10] = [
    Known { dir: NODE_CACHE, at_launch: Some("/tmp/node_modules_cache") },
    Known { dir: ".next/cache", at_launch: Some("/tmp/next_cache") },
    Known { dir: ".angular/cache", at_launch: Some("/tmp/angular_cache") },
    dropped("node_modules/.vite"),
    dropped("node_modules/.cache-loader"),
    dropped("node_modules/.astro"),
    dropped(".turbo"),
    dropped(".nx/cache"),
    dropped(".parcel-cache"),
    dropped(".astro"),
];

/// Where many tools put their caches.
const NODE_CACHE: &str = "node_modules/.cache";

/// Where Next.js puts servers that stand alone; they write caches of their own.
const STANDALONE: &str = ".next/standalone";

const LAYER: &str = "framework-cache";

const ARCHIVE: &str = "caches.tar";

/// More than that takes longer to restore than it saves.
const LIMIT: u64 = 1 << 30;

/// The caches of one app.
#[derive(Clone, Debug, PartialEq)]
pub struct FrameworkCaches {
    /// Directories with a `package.json` whose scripts may have run.
    dirs: Vec<PathBuf>,
    /// What the user names besides, relative to the package; it is also in the image.
    named: Vec<PathBuf>,
}

impl FrameworkCaches {
    /// The caches of `project`, and those of `cacheDirectories` and `BP_NODE_CACHE_DIRS`.
    #[must_use]
    pub fn of(project: &Project, setting: &[String]) -> Self {
        let mut dirs = vec![project.dir.clone()];
        if project.is_workspace_member() {
            dirs.push(project.root.clone());
        }
        let fields = project.package.iter().flat_map(|package| &package.cache_directories);
        let inside =
            |dir: &Path| dir.is_relative() && dir.components().all(|part| part.as_os_str() != "..");
        let named = fields.chain(setting).map(PathBuf::from).filter(|dir| inside(dir));
        Self { named: named.map(|dir| project.dir.join(dir)).collect(), dirs }
    }

    /// Puts back what the last build has kept, before scripts run. A cache that cannot be read is
    /// only slower.
    pub fn restore(
        &self,
        context: &BuildContext,
        log: &mut Log,
        project: &Project,
        node: &Artifact,
    ) -> Result<(), Problem> {
        if !context.layers.path(LAYER).join(ARCHIVE).is_file() {
            return Ok(());
        }
        // What does not fit this build is emptied by that.
        let archive = layer(context, log, project, node)?.join(ARCHIVE);
        if !archive.is_file() {
            return Ok(());
        }
        log.step("Restoring caches of the build");
        if let Err(error) = tree::unpack(&archive, &project.app_dir) {
            log.warn(Notice::new(format!("the caches of the last build cannot be read: {error}")));
        }
        Ok(())
    }

    /// Keeps what the scripts have left for the next build.
    pub fn save(
        &self,
        context: &BuildContext,
        log: &mut Log,
        project: &Project,
        node: &Artifact,
    ) -> Result<(), Problem> {
        let trees = self.existing(&project.app_dir)?;
        context.layers.discard(LAYER)?;
        if trees.is_empty() {
            return Ok(());
        }
        let mut size = 0;
        for tree in &trees {
            size += size_of(&project.app_dir.join(tree))?;
        }
        if size > LIMIT {
            let size = bytes(size);
            log.warn(Notice::new(format!("caches of {size} are too large to be kept")));
            return Ok(());
        }
        let archive = layer(context, log, project, node)?.join(ARCHIVE);
        if let Err(error) = tree::pack(&project.app_dir, &trees, &archive) {
            context.layers.discard(LAYER)?;
            log.warn(Notice::new(format!("the caches of this build cannot be kept: {error}")));
        }
        Ok(())
    }

    /// Takes the caches out of the image. Where the app may go on writing, a link leads to a
    /// directory that anybody can make; these directories are returned.
    pub fn take_out(&self, keep_node_cache: bool) -> io::Result<Vec<&'static str>> {
        let mut targets = Vec::new();
        for dir in &self.dirs {
            for known in &KNOWN {
                if keep_node_cache && known.dir == NODE_CACHE {
                    continue;
                }
                replace(&dir.join(known.dir), known.at_launch, &mut targets)?;
            }
            for server in standalone_dirs(dir)? {
                replace(&server.join(".next/cache"), Some("/tmp/next_cache"), &mut targets)?;
            }
        }
        targets.sort_unstable();
        targets.dedup();
        Ok(targets)
    }

    /// Takes the caches out of the image, where nobody makes the directories to which links lead.
    pub fn remove(&self) -> io::Result<()> {
        for path in self.dirs.iter().flat_map(|dir| KNOWN.iter().map(|known| dir.join(known.dir))) {
            replace(&path, None, &mut Vec::new())?;
        }
        Ok(())
    }

    /// Those that are there, relative to the app, none below another.
    fn existing(&self, app_dir: &Path) -> io::Result<Vec<PathBuf>> {
        let known = self.dirs.iter().flat_map(|dir| KNOWN.iter().map(|known| dir.join(known.dir)));
        let mut trees = Vec::new();
        for path in known.chain(self.named.iter().cloned()) {
            let is_filled = path.is_dir() && fs_err::read_dir(&path)?.next().is_some();
            if let Ok(tree) = path.strip_prefix(app_dir)
                && is_filled
                && !path.is_symlink()
            {
                trees.push(tree.to_owned());
            }
        }
        trees.sort();
        trees.dedup_by(|tree, before| tree.starts_with(before));
        Ok(trees)
    }
}

fn layer(
    context: &BuildContext,
    log: &mut Log,
    project: &Project,
    node: &Artifact,
) -> Result<PathBuf, Problem> {
    let lockfile = project.lockfiles.first().map_or("none", |lockfile| lockfile.file_name());
    let key = BTreeMap::from([
        ("node", node.version.major().to_string()),
        ("lockfile", lockfile.to_owned()),
        ("project", project.shown(&project.dir)),
    ]);
    context.layers.cache(log, LAYER, key)
}

/// Removes `path`, and leaves a link to `target` where there is a directory to leave it in.
fn replace(
    path: &Path,
    target: Option<&'static str>,
    targets: &mut Vec<&'static str>,
) -> io::Result<()> {
    match fs_err::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs_err::remove_dir_all(path)?,
        Ok(_) => fs_err::remove_file(path)?,
        Err(_) => {}
    }
    if let Some(target) = target
        && path.parent().is_some_and(Path::is_dir)
    {
        fs_err::os::unix::fs::symlink(target, path)?;
        targets.push(target);
    }
    Ok(())
}

/// The directories in which Next.js has put a server that stands alone: in a workspace, it is as
/// deep below as the package.
fn standalone_dirs(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut left = vec![dir.join(STANDALONE)];
    while let Some(dir) = left.pop().filter(|dir| dir.is_dir()) {
        if dir.join(".next").is_dir() {
            found.push(dir);
            continue;
        }
        for entry in fs_err::read_dir(&dir)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() && entry.file_name() != "node_modules" {
                left.push(entry.path());
            }
        }
    }
    Ok(found)
}

fn size_of(path: &Path) -> io::Result<u64> {
    let metadata = fs_err::symlink_metadata(path)?;
    if !metadata.is_dir() {
        return Ok(metadata.len());
    }
    let mut size = 0;
    for entry in fs_err::read_dir(path)? {
        size += size_of(&entry?.path())?;
    }
    Ok(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(files: &[&str]) -> (tempfile::TempDir, Project) {
        let app = tempfile::tempdir().unwrap();
        for path in files {
            let path = app.path().join(path);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, "{}").unwrap();
        }
        let project = Project::read(app.path(), "").unwrap();
        (app, project)
    }

    #[test]
    fn what_is_kept_is_what_is_there() {
        let (app, project) = app(&[
            ".next/cache/a",
            "node_modules/.cache/babel/b",
            "node_modules/express/c",
            "made/images/d",
        ]);
        let setting = ["made/images", "made", "../outside", "/etc", "missing"];
        let caches = FrameworkCaches::of(&project, &setting.map(str::to_owned));
        let kept: Vec<_> =
            caches.existing(app.path()).unwrap().iter().map(|p| p.display().to_string()).collect();
        assert_eq!(kept, [".next/cache", "made", "node_modules/.cache"]);
    }

    #[test]
    fn links_lead_to_where_anybody_can_write() {
        let (app, project) = app(&[
            ".next/cache/a",
            ".next/standalone/server.js",
            ".next/standalone/.next/BUILD_ID",
            ".turbo/x",
            "node_modules/a/b",
        ]);
        let caches = FrameworkCaches::of(&project, &[]);
        let targets = caches.take_out(false).unwrap();
        assert_eq!(targets, ["/tmp/next_cache", "/tmp/node_modules_cache"]);
        for link in [".next/cache", ".next/standalone/.next/cache", "node_modules/.cache"] {
            assert!(fs_err::read_link(app.path().join(link)).is_ok(), "{link}");
        }
        assert!(!app.path().join(".turbo").exists() && !app.path().join(".angular").exists());
        caches.remove().unwrap();
        assert!(fs_err::read_link(app.path().join("node_modules/.cache")).is_err());
    }

    #[test]
    fn the_cache_of_node_modules_can_stay() {
        let (app, project) = app(&["node_modules/.cache/a"]);
        assert_eq!(FrameworkCaches::of(&project, &[]).take_out(true).unwrap(), [""; 0]);
        assert!(app.path().join("node_modules/.cache/a").is_file());
    }
}
