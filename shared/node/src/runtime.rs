//! Node.js in the image: the program, npm, and nothing that only builds need.

use std::io;
use std::path::Path;

use kouti::catalog::Artifact;
use kouti::fetch::Unpack;
use kouti::{
    BuildContext, Env, Layer, LayerEnv, Log, Made, Problem, Scope, Uses, find_on_path, tree,
};
use serde::Serialize;

use crate::environment::system_trust;
use crate::project::Project;
use crate::toolchain::{self, Toolchain};

/// What of the archive is in the image: no headers, no manuals, no corepack.
const KEPT: &[&str] = &["LICENSE", "bin/node", "bin/npm", "bin/npx", "lib/node_modules/npm"];

/// The same for apps that start without npm.
const KEPT_WITHOUT_NPM: &[&str] = &["LICENSE", "bin/node"];

#[derive(Serialize)]
struct Key {
    version: String,
    checksum: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    without_npm: bool,
}

/// Makes the launch layer, from what the build has unpacked already if it has; `with_npm` says
/// whether npm is in it.
pub fn install(
    context: &BuildContext,
    log: &mut Log,
    node: &Artifact,
    project: &Project,
    toolchain: &Toolchain<'_>,
    with_npm: bool,
) -> Result<Made, Problem> {
    let kept = if with_npm { KEPT } else { KEPT_WITHOUT_NPM };
    let layer = Layer {
        name: "node",
        title: node.title(),
        uses: Uses::LAUNCH,
        key: Key {
            version: node.version.to_string(),
            checksum: node.checksum.to_string(),
            without_npm: !with_npm,
        },
        env: launch_env(node, project, &context.layers.path("node")),
        sbom: Some(context.document(node)),
    };
    context.layers.ensure(log, &layer, |dir, log| {
        if let Some(unpacked) = toolchain.node_dir() {
            return Ok(link(unpacked, dir, kept)?);
        }
        toolchain::unpack(
            context,
            toolchain::NODE_DOWNLOAD,
            node,
            &Unpack::into(dir).keep(|path| is_kept(path, kept)),
            log,
        )
    })
}

impl Project {
    /// Whether a process of the image will find `program`: Node.js and the package `managers` that
    /// are in it, in `node_modules`, or in the system, for which that of the build has to stand.
    #[must_use]
    pub fn has_program(&self, program: &str, managers: &[&str], env: &Env) -> bool {
        if program.contains('/') {
            return self.dir.join(program).exists();
        }
        let bins = [&self.dir, &self.root].map(|dir| dir.join("node_modules/.bin"));
        bins.iter().any(|bin| bin.join(program).exists())
            || program == "node"
            || managers.contains(&program)
            || find_on_path(program.as_ref(), env.get_os("PATH").unwrap_or_default()).is_some()
    }
}

fn is_kept(path: &Path, kept: &[&str]) -> bool {
    kept.iter().any(|kept| path.starts_with(kept))
}

/// Every value can be changed with `docker run --env`.
fn launch_env(node: &Artifact, project: &Project, dir: &Path) -> LayerEnv {
    let (trust, value) = system_trust(&node.version);
    let mut env = LayerEnv::new()
        .default_value(Scope::Launch, "NODE_HOME", dir.to_string_lossy())
        .default_value(Scope::Launch, "NODE_ENV", "production")
        .default_value(Scope::Launch, "NODE_VERBOSE", "false")
        .default_value(Scope::Launch, trust, value)
        .default_value(Scope::Launch, "SSL_CERT_DIR", "/etc/ssl/certs")
        .default_value(Scope::Launch, "NODE_PROJECT_PATH", project.dir.to_string_lossy())
        .default_value(Scope::Launch, "NPM_CONFIG_LOGLEVEL", "error")
        // The home directory may not be writable, or not exist.
        .default_value(Scope::Launch, "npm_config_cache", "/tmp/npm_cache")
        .default_value(Scope::Launch, "npm_config_update_notifier", "false");
    let mut bins = vec![project.dir.join("node_modules/.bin")];
    if project.is_workspace_member() {
        bins.push(project.root.join("node_modules/.bin"));
    }
    let bins: Vec<_> = bins.iter().map(|bin| bin.to_string_lossy()).collect();
    env = env.append(Scope::Launch, "PATH", bins.join(":"), ":");
    env
}

/// Gives the kept files of `from` a second name below `to`.
///
/// Both are layers of one build, so a hard link nearly always works, and the 120
/// megabytes of Node.js are written once. The directories get the modes that unpacking
/// gave them: the layer must be the same as one that was unpacked itself.
fn link(from: &Path, to: &Path, kept: &[&str]) -> io::Result<()> {
    for kept in kept.iter().map(Path::new).filter(|kept| from.join(kept).exists()) {
        let mut above: Vec<_> = kept.ancestors().skip(1).collect();
        above.reverse();
        for dir in above {
            tree::directory_like(&from.join(dir), &to.join(dir))?;
        }
        tree::link(&from.join(kept), &to.join(kept))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn only_what_runs_is_in_the_image() {
        let from = tempfile::tempdir().unwrap();
        for file in ["bin/node", "bin/corepack", "include/node/node.h", "lib/node_modules/npm/a/b"]
        {
            let path = from.path().join(file);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, file).unwrap();
        }
        fs_err::os::unix::fs::symlink("../lib/node_modules/npm/a/b", from.path().join("bin/npm"))
            .unwrap();
        let mode = |dir: &Path| fs_err::metadata(dir).unwrap().permissions().mode() & 0o777;
        let bin = from.path().join("bin");
        fs_err::set_permissions(&bin, PermissionsExt::from_mode(0o775)).unwrap();
        let to = tempfile::tempdir().unwrap();

        link(from.path(), to.path(), KEPT).unwrap();

        assert_eq!(
            fs_err::read_to_string(to.path().join("bin/npm")).unwrap(),
            "lib/node_modules/npm/a/b"
        );
        assert_eq!(mode(&to.path().join("bin")), 0o775);
        assert!(to.path().join("bin/node").is_file());
        assert!(!to.path().join("bin/corepack").exists() && !to.path().join("include").exists());
        let npm = Path::new("lib/node_modules/npm/a/b");
        assert!(is_kept(npm, KEPT) && !is_kept(npm, KEPT_WITHOUT_NPM));
        assert!(!is_kept(Path::new("lib/node_modules/corepack/x"), KEPT));
    }
}
