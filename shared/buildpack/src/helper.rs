//! The programs of a buildpack that run when a container starts.

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use kouti_report::Log;
use serde::Serialize;

use crate::{BuildContext, Layer, LayerEnv, Made, Problem, Uses, sha256};

/// Everything the layer depends on.
#[derive(Serialize)]
struct Key {
    digest: String,
    exec_d: Vec<String>,
    programs: Vec<String>,
}

impl BuildContext {
    /// Puts the helper program of this buildpack into the image, as the layer `helper`.
    ///
    /// It is there once, as `bin/helper`, and knows by the name it is called by what to do, see
    /// `kouti_launch::helper::main`. For each of `exec_d` a link makes it run before every
    /// process, in this order; for each of `programs` a link in `bin` lets processes name it, such
    /// as a supervisor. `env` is what the layer sets besides.
    pub fn helper_layer(
        &self,
        log: &mut Log,
        exec_d: &[&str],
        programs: &[&str],
        env: LayerEnv,
    ) -> Result<Made, Problem> {
        let program = self.buildpack_dir.join("bin/helper");
        let content = fs_err::read(&program)?;
        // The number keeps the order, for the launcher goes by names.
        let exec_d = exec_d.iter().zip(1..).map(|(name, number)| format!("{number}0-{name}"));
        let key = Key {
            digest: sha256(&content),
            exec_d: exec_d.collect(),
            programs: programs.iter().map(ToString::to_string).collect(),
        };
        let title = "launch helper".to_owned();
        let layer = Layer { name: "helper", title, uses: Uses::LAUNCH, key, env, sbom: None };
        self.layers.ensure(log, &layer, |dir, _| {
            let bin = dir.join("bin");
            fs_err::create_dir(&bin)?;
            let helper = bin.join("helper");
            fs_err::write(&helper, &content)?;
            // The app may run as a user who is neither this one nor in its group.
            fs_err::set_permissions(&helper, Permissions::from_mode(0o755))?;
            for name in &layer.key.programs {
                symlink("helper", bin.join(name))?;
            }
            let exec_d = dir.join("exec.d");
            fs_err::create_dir(&exec_d)?;
            for name in &layer.key.exec_d {
                symlink("../bin/helper", exec_d.join(name))?;
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use kouti_catalog::{Catalog, Target};
    use kouti_launch::binding::Bindings;
    use kouti_report::{Colour, Level};

    use super::*;
    use crate::{Context, Env, Layers, Outcome, Plan, Sboms};

    fn context(root: &Path) -> BuildContext {
        let context = Context {
            id: "kouti/test".to_owned(),
            version: "0.0.0".to_owned(),
            app_dir: root.join("app"),
            buildpack_dir: root.to_owned(),
            env: Env::new(),
            target: Target {
                os: "linux".to_owned(),
                arch: "amd64".to_owned(),
                distro_name: "debian".to_owned(),
                distro_version: "13".to_owned(),
            },
            catalog: Catalog::default(),
            bindings: Bindings::default(),
            today: "2026-01-01".parse().unwrap(),
        };
        let layers = Layers::new(root.join("layers"), Sboms::default());
        BuildContext { context, plan: Plan::default(), layers, sboms: Sboms::default() }
    }

    fn install(context: &BuildContext, names: &[&str]) -> Outcome {
        let (out, err) = (Box::new(std::io::sink()), Box::new(std::io::sink()));
        let mut log = Log::new(out, err, Level::Info, Colour::Off);
        context.helper_layer(&mut log, names, &["start"], LayerEnv::new()).unwrap().outcome
    }

    #[test]
    fn one_program_runs_under_several_names() {
        let root = tempfile::tempdir().unwrap();
        fs_err::create_dir_all(root.path().join("bin")).unwrap();
        fs_err::create_dir_all(root.path().join("layers")).unwrap();
        fs_err::write(root.path().join("bin/helper"), "one").unwrap();
        let context = context(root.path());

        assert_eq!(install(&context, &["memory", "agent"]), Outcome::Made(vec![]));
        let layer = root.path().join("layers/helper");
        for name in ["bin/helper", "bin/start", "exec.d/10-memory", "exec.d/20-agent"] {
            assert_eq!(fs_err::read_to_string(layer.join(name)).unwrap(), "one", "{name}");
        }
        let mode = fs_err::metadata(layer.join("bin/helper")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o755);

        assert_eq!(install(&context, &["memory", "agent"]), Outcome::Reused);
        fs_err::write(root.path().join("bin/helper"), "two").unwrap();
        let reasons = vec!["digest changed".to_owned()];
        assert_eq!(install(&context, &["memory", "agent"]), Outcome::Made(reasons));
        assert!(matches!(install(&context, &["memory"]), Outcome::Made(_)));
        assert!(!layer.join("exec.d/20-agent").exists());
    }
}
