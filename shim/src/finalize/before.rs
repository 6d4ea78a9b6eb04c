//! What has to be so before the lifecycle can build: what other buildpacks have supplied, and the app at its place.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::Path;

use kouti_launch::Env;
use kouti_report::{Fault, Notice, Problem};
use serde::Deserialize;

use crate::lifecycle::{self, exit};
use crate::moving::move_dir;
use crate::staging::Staging;
use crate::zip::Buildpack;

/// Directories that buildpacks supply, and the path lists they belong to.
const LISTS: [(&str, &str); 5] = [
    ("bin", "PATH"),
    ("lib", "LD_LIBRARY_PATH"),
    ("lib", "LIBRARY_PATH"),
    ("include", "CPATH"),
    ("pkgconfig", "PKG_CONFIG_PATH"),
];

/// The directories of all buildpacks, the last one first: it is the nearest to the app.
pub(crate) fn indices(deps_dir: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    if deps_dir.is_dir() {
        for entry in fs_err::read_dir(deps_dir)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if !name.is_empty()
                && name.bytes().all(|byte| byte.is_ascii_digit())
                && entry.path().is_dir()
            {
                names.push(name);
            }
        }
    }
    names.sort();
    names.reverse();
    Ok(names)
}

/// Variables that earlier buildpacks set for later ones; the first buildpack wins.
pub(crate) fn supplied(deps_dir: &Path) -> io::Result<BTreeMap<String, String>> {
    let mut variables = BTreeMap::new();
    for index in indices(deps_dir)? {
        let dir = deps_dir.join(index).join("env");
        if !dir.is_dir() {
            continue;
        }
        for entry in fs_err::read_dir(dir)? {
            let entry = entry?;
            if let (Ok(name), true) = (entry.file_name().into_string(), entry.path().is_file()) {
                let value = String::from_utf8_lossy(&fs_err::read(entry.path())?).into_owned();
                variables.insert(name, value);
            }
        }
    }
    Ok(variables)
}

/// The environment with what earlier buildpacks have on the path lists.
pub(crate) fn with_supplied_paths(env: &Env, deps_dir: &Path) -> io::Result<Env> {
    let mut variables = env.as_map().clone();
    for (dir, list) in LISTS {
        let dirs = indices(deps_dir)?.into_iter().map(|index| deps_dir.join(index).join(dir));
        let mut parts: Vec<_> =
            dirs.filter(|dir| dir.is_dir()).map(|dir| dir.display().to_string()).collect();
        if parts.is_empty() {
            continue;
        }
        parts.extend(variables.get(list).filter(|old| !old.is_empty()).cloned());
        variables.insert(list.to_owned(), parts.join(":"));
    }
    Ok(variables.into_iter().collect())
}

/// The directories of the build, at the paths at which the app will run.
pub(crate) struct Moved<'a> {
    staging: &'a Staging,
    /// Whether the app is there as well.
    app: bool,
}

impl<'a> Moved<'a> {
    /// Moves the app there, and leaves a link where it was.
    pub(crate) fn app(staging: &'a Staging) -> Result<Self, Problem> {
        let (from, to) = (&staging.build_dir, staging.place.app());
        if !staging.alone {
            make_deps(staging).map_err(|error| not_movable(from, &to, &error))?;
        }
        move_dir(from, &to).map_err(|error| not_movable(from, &to, &error))?;
        symlink(&to, from)?;
        fs_err::create_dir_all(staging.place.deps().join(&staging.index))?;
        Ok(Self { staging, app: true })
    }

    /// Leaves the app where it is.
    pub(crate) fn deps(staging: &'a Staging) -> Result<Self, Problem> {
        make_deps(staging)?;
        Ok(Self { staging, app: false })
    }

    /// Moves everything to where the platform expects it.
    pub(crate) fn back(self) -> Result<(), Problem> {
        let Self { staging, app: is_moved } = self;
        let (app, deps) = (staging.place.app(), staging.place.deps());
        if is_moved {
            fs_err::remove_file(&staging.build_dir)?;
            move_dir(&app, &staging.build_dir)
                .map_err(|error| not_movable(&app, &staging.build_dir, &error))?;
            // Other buildpacks and the platform know that there is such a directory.
            if !app.is_dir() {
                fs_err::create_dir(&app)?;
            }
        }
        let own = staging.own();
        fs_err::create_dir_all(&own)?;
        if staging.alone {
            // The layers came along with the app.
            return Ok(());
        }
        let layers = own.join("layers");
        if layers.exists() {
            fs_err::remove_dir_all(&layers)?;
        }
        let built = staging.place.layers(&staging.index);
        if built.is_dir() {
            move_dir(&built, &layers).map_err(|error| not_movable(&built, &layers, &error))?;
        }
        Ok(fs_err::remove_dir_all(deps)?)
    }
}

/// Makes the directory for the layers, with what other buildpacks have supplied beside it.
fn make_deps(staging: &Staging) -> io::Result<()> {
    let deps = staging.place.deps();
    // An earlier buildpack of this kind leaves a link.
    if deps.is_symlink() {
        fs_err::remove_file(&deps)?;
    }
    fs_err::create_dir_all(deps.join(&staging.index))?;
    for index in indices(&staging.deps_dir)?.into_iter().filter(|index| *index != staging.index) {
        let link = deps.join(&index);
        if !link.is_symlink() && !link.exists() {
            symlink(staging.deps_dir.join(&index), link)?;
        }
    }
    Ok(())
}

fn not_movable(from: &Path, to: &Path, error: &io::Error) -> Problem {
    let summary =
        format!("the app cannot be moved from {} to {}: {error}", from.display(), to.display());
    let owner = fs_err::metadata(to).or_else(|_| fs_err::metadata(to.parent().unwrap_or(to)));
    let owner = owner.map_or("nobody".to_owned(), |found| format!("user {}", found.uid()));
    let user = rustix::process::geteuid().as_raw();
    Problem::new("cf-app-not-movable", Fault::Surroundings, summary).hint(format!(
        "stage in a fresh container in which the user of the app owns both; this is user {user}, and the target belongs to {owner}"
    ))
}

/// The ids of the group that was found.
pub(crate) fn group(path: &Path) -> Result<Vec<String>, Problem> {
    #[derive(Deserialize)]
    struct File {
        #[serde(default)]
        group: Vec<Member>,
    }
    #[derive(Deserialize)]
    struct Member {
        id: String,
    }
    let text = fs_err::read_to_string(path)?;
    let file: File = toml::from_str(&text).map_err(anyhow::Error::from)?;
    Ok(file.group.into_iter().map(|member| member.id).collect())
}

/// Why no buildpack takes the app. A named buildpack was never asked before, so it has to be said here.
pub(crate) fn nobody(staging: &Staging, code: Option<i32>, said: &str) -> Result<Problem, Problem> {
    if code == Some(exit::ONE_FAILED) {
        let mut problem = Problem::new(
            "cf-detect-failed",
            Fault::App,
            format!("{} cannot tell how to build this app", staging.zip.title()),
        );
        problem.excerpt = Some(said.trim_end().to_owned());
        return Ok(problem.hint("correct what is said above, then push again"));
    }
    if code == Some(exit::API) {
        let mut problem = lifecycle::other_api();
        problem.excerpt = Some(said.trim_end().to_owned());
        return Ok(problem);
    }
    if code != Some(exit::NOBODY) {
        let code = code.map_or("a signal".to_owned(), |code| format!("code {code}"));
        let mut problem = Problem::new(
            "cf-lifecycle-failed",
            Fault::Surroundings,
            format!("the lifecycle ended with {code} while detecting"),
        );
        problem.excerpt = Some(said.trim_end().to_owned());
        return Ok(problem.hint("stage once more with BP_LOG_LEVEL=debug"));
    }
    let summary = format!("this app is not for {}", staging.zip.title());
    let mut problem = Problem::new("cf-not-for-this-app", Fault::App, summary);
    let mut lines = vec!["its buildpacks:".to_owned()];
    for Buildpack { id, version, .. } in &staging.zip.about.buildpacks {
        let verdict = lifecycle::verdict(said, &format!("{id}@{version}"));
        lines.push(format!("  {id} {version}: {}", verdict.as_deref().unwrap_or("not asked")));
    }
    lines.push("the app:".to_owned());
    let names = names(&staging.place.app())?;
    lines.extend(names.iter().take(20).map(|name| format!("  {name}")));
    if names.len() > 20 {
        lines.push(format!("  … and {} more", names.len() - 20));
    }
    problem.excerpt = Some(lines.join("\n"));
    Ok(problem
        .hint("check `path:` in the manifest: it must name the directory of the app")
        .hint("build what has to be built before a push, such as a JAR")
        .hint("or name another buildpack with `cf push -b`"))
}

/// Scripts of an earlier droplet among the sources: they would be read after those of this one.
pub(crate) fn old_scripts(app_dir: &Path) -> Option<Notice> {
    let names = names(&app_dir.join(".profile.d")).ok()?;
    let is_old = |name: &&String| *name == "000_multi-supply.sh" || name.ends_with("_kouti.sh");
    let old: Vec<_> = names.iter().filter(is_old).cloned().collect();
    (!old.is_empty()).then(|| {
        let text = format!(
            "the app brings scripts of an earlier droplet: .profile.d/{}",
            old.join(", .profile.d/")
        );
        Notice::new(text).hint("remove them from the sources: they change the paths of this one")
    })
}

fn names(dir: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs_err::read_dir(dir)? {
        let entry = entry?;
        let slash = if entry.path().is_dir() { "/" } else { "" };
        names.push(format!("{}{slash}", entry.file_name().to_string_lossy()));
    }
    names.sort();
    Ok(names)
}

/// What [`supplied`] and the like look at, for those who write it.
pub(crate) fn lists() -> impl Iterator<Item = (&'static str, &'static str)> {
    LISTS.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_buildpack_is_first_on_the_path_and_the_first_sets_variables() {
        let root = tempfile::tempdir().unwrap();
        for index in ["0", "1"] {
            for dir in ["bin", "env"] {
                fs_err::create_dir_all(root.path().join(index).join(dir)).unwrap();
            }
            fs_err::write(root.path().join(index).join("env/NAME"), index).unwrap();
        }
        fs_err::create_dir_all(root.path().join("0/lib")).unwrap();
        assert_eq!(supplied(root.path()).unwrap()["NAME"], "0");
        let env: Env = [("PATH", "/bin")].into_iter().collect();
        let env = with_supplied_paths(&env, root.path()).unwrap();
        let dir = |inner: &str| root.path().join(inner).display().to_string();
        assert_eq!(env.get("PATH").unwrap(), format!("{}:{}:/bin", dir("1/bin"), dir("0/bin")));
        assert_eq!(env.get("LD_LIBRARY_PATH").unwrap(), dir("0/lib"));
        assert_eq!(env.get("CPATH"), None);
    }
}
