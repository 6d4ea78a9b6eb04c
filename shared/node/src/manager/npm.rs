//! npm.

use std::io;
use std::path::PathBuf;

use kouti::Env;
use kouti::version::Version;

use super::{Command, IgnoredScripts, Manager, Mode, Order, Places, Prune};
use crate::environment::NpmOptions as _;
use crate::lockfile::Lockfile;
use crate::packages::Packages;
use crate::project::Project;
use crate::sources::Sources;

pub(super) struct Npm;

impl Manager for Npm {
    fn program(&self) -> &'static str {
        "npm"
    }

    fn title(&self) -> &'static str {
        "npm"
    }

    fn artifact(&self) -> &'static str {
        "npm"
    }

    fn registry_package(&self, _: &Version, _: &str) -> String {
        "npm".to_owned()
    }

    fn programs(&self, _: &Version) -> Vec<(&'static str, &'static str)> {
        vec![("npm", "bin/npm-cli.js"), ("npx", "bin/npx-cli.js")]
    }

    fn lockfiles(&self) -> &'static [Lockfile] {
        &[Lockfile::Shrinkwrap, Lockfile::Npm]
    }

    /// Paketo's table.
    fn mode(&self, has_lockfile: bool, sources: &Sources) -> Mode {
        // With both a cache and modules, the lockfile knows better what belongs together.
        if sources.modules && !(has_lockfile && sources.npm_cache.is_some()) {
            Mode::Vendored
        } else if has_lockfile {
            Mode::Locked
        } else {
            Mode::Floating
        }
    }

    /// No option here may be unknown to any npm from 7 on: npm 12 refuses those it does
    /// not know.
    fn install(&self, order: &Order<'_>) -> Vec<Command> {
        let dev = match (order.with_dev, order.version) {
            // Said explicitly, because NODE_ENV=production would leave them out.
            (true, Some(version)) if version.major() < 7 => "--production=false",
            (false, Some(version)) if version.major() < 7 => "--production",
            (true, _) => "--include=dev",
            (false, _) => "--omit=dev",
        };
        match order.mode {
            Mode::Locked => vec![vec!["npm", "ci", dev]],
            Mode::Floating => vec![vec!["npm", "install", dev, "--no-package-lock"]],
            Mode::Vendored => vec![
                vec!["npm", "ls", "--all", "--omit=dev"],
                vec!["npm", "run", "preinstall", "--if-present"],
                vec!["npm", "rebuild"],
                vec!["npm", "run", "install", "--if-present"],
                vec!["npm", "run", "postinstall", "--if-present"],
            ],
        }
    }

    fn prune(&self, _: &Order<'_>) -> Prune {
        Prune::Run(vec!["npm", "prune", "--omit=dev", "--ignore-scripts"])
    }

    fn exec(&self) -> &'static [&'static str] {
        &["npm", "exec", "--"]
    }

    /// Its lockfile tells which packages have something to run, and compiling is that.
    fn may_compile(&self, sources: &Sources) -> bool {
        sources.modules || !sources.nothing_compiles
    }

    fn cache(&self) -> &'static str {
        "npm-cache"
    }

    fn environment(&self, env: &mut Env, places: &Places, order: &Order<'_>) {
        let cache = order.sources.npm_cache.as_ref().unwrap_or(&places.cache);
        env.set_npm_default("cache", cache);
        if order.offline {
            env.set_npm_default("offline", "true");
        }
    }

    fn ignored_scripts(&self, project: &Project) -> io::Result<IgnoredScripts> {
        let npmrc = project.root.join(".npmrc");
        if !npmrc.is_file() || !ignores_scripts(&fs_err::read(npmrc)?) {
            return Ok(IgnoredScripts::default());
        }
        Ok(IgnoredScripts {
            packages: Packages::with_install_scripts(&project.root),
            reason: ".npmrc says `ignore-scripts=true`",
            remedy: "remove that line, or run `npm rebuild` with its name in a build script",
        })
    }

    /// A cache that came with the app has done its work.
    fn leftovers(&self, project: &Project, sources: &Sources) -> Vec<PathBuf> {
        project.below_root(sources.npm_cache.as_deref())
    }

    fn packages(&self, project: &Project, _: &Sources) -> io::Result<Packages> {
        match Packages::recorded(&project.root) {
            Some(packages) => Ok(packages),
            None => Packages::walk(project),
        }
    }
}

/// Whether `.npmrc` lets no package run anything.
fn ignores_scripts(npmrc: &[u8]) -> bool {
    let text = String::from_utf8_lossy(npmrc);
    let options = text.lines().filter_map(|line| line.split_once('='));
    let mut values =
        options.filter(|(name, _)| name.trim() == "ignore-scripts").map(|(_, value)| value);
    values.next_back().is_some_and(|value| value.trim() == "true")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mode_follows_from_what_is_there() {
        let mode = |lockfile, modules, cache: bool| {
            let npm_cache = cache.then(|| PathBuf::from("npm-cache"));
            Npm.mode(lockfile, &Sources { modules, npm_cache, ..Sources::default() })
        };
        for cache in [false, true] {
            assert_eq!(mode(false, false, cache), Mode::Floating);
            assert_eq!(mode(false, true, cache), Mode::Vendored);
            assert_eq!(mode(true, false, cache), Mode::Locked);
        }
        assert_eq!(mode(true, true, false), Mode::Vendored);
        assert_eq!(mode(true, true, true), Mode::Locked);
    }
}
