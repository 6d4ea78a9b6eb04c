//! What a classic Cloud Foundry buildpack costs on top of detect and build, and when an app starts.

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::Result;

use super::Figure;
use super::measure::{median, run, seconds};
use crate::tools::Tools;
use crate::workspace::Workspace;
use crate::{build, host};

/// Files of the app.
const FILES: usize = 10_000;

/// The user of apps; whoever is not root stages as who they are.
const USER: u32 = 2000;

/// A buildpack that does next to nothing, so that what remains is ours.
const DETECT: &str = "#!/bin/sh\nexit 0\n";
const BUILD: &str = "#!/bin/sh\nmkdir -p \"$1/tool/bin\"\nprintf '[types]\\nlaunch = true\\ncache = true\\n' > \"$1/tool.toml\"\n\
                     printf '[[processes]]\\ntype = \"web\"\\ncommand = [\"true\"]\\n' > \"$1/launch.toml\"\n";

pub(super) fn measure(workspace: &Workspace, tools: &Tools, runs: usize) -> Result<Vec<Figure>> {
    build::shim(workspace)?;
    let program = workspace.release().join("kouti-cf");
    #[expect(clippy::cast_precision_loss, reason = "a size to show")]
    let size = fs_err::metadata(&program)?.len() as f64 / 1e6;
    let scene = Scene::new(&program, &tools.lifecycle)?;

    let mut overheads = Vec::new();
    // The first staging fills the caches.
    for round in 0..=runs {
        let whole = scene.finalize()?;
        let alone = scene.detect_and_build()?;
        if round > 0 {
            overheads.push((whole - alone) * 1e3);
        }
    }
    let bash = |script: &str| {
        let mut command = scene.user("bash");
        command
            .args(["-c", script])
            .env("DEPS_DIR", scene.path("deps"))
            .env("HOME", scene.path("app"));
        command
    };
    let started =
        seconds(runs, || run(&mut bash(". \"$DEPS_DIR\"/../profile.d/0_kouti.sh")).map(drop))?;
    let plain = seconds(runs, || run(&mut bash(":")).map(drop))?;
    Ok(vec![
        Figure::new("Cloud Foundry, adapter", size, "MB").budget(3.0),
        Figure::new(
            format!("Cloud Foundry, staging of {FILES} files, own share"),
            median(overheads),
            "ms",
        )
        .budget(150.0),
        Figure::new("Cloud Foundry, start, own share", (started - plain) * 1e3, "ms").budget(10.0),
    ])
}

/// A platform with one app and one buildpack.
struct Scene(tempfile::TempDir);

impl Scene {
    fn new(program: &Path, lifecycle: &Path) -> Result<Self> {
        // Another user has to reach it.
        let scene = Self(tempfile::Builder::new().prefix("kouti-bench-cf-").tempdir_in("/tmp")?);
        fs_err::set_permissions(scene.0.path(), Permissions::from_mode(0o755))?;
        for dir in ["app", "vcap/app", "cache/final", "layers", "platform", "profile.d"] {
            fs_err::create_dir_all(scene.path(dir))?;
        }
        for number in 0..FILES {
            let dir = scene.path("app").join(format!("dir-{}", number / 100));
            if number % 100 == 0 {
                fs_err::create_dir(&dir)?;
            }
            fs_err::write(dir.join(format!("file-{number}")), "content of a file\n")?;
        }
        let kouti = scene.path("zip/kouti");
        let cnb = kouti.join("cnb/kouti_bench/1.0.0");
        fs_err::create_dir_all(cnb.join("bin"))?;
        fs_err::create_dir_all(kouti.join("lifecycle"))?;
        fs_err::copy(program, kouti.join("kouti-cf"))?;
        symlink(fs_err::canonicalize(lifecycle)?, kouti.join("lifecycle/lifecycle"))?;
        let line = "id = \"kouti/bench\"\nversion = \"1.0.0\"\n";
        fs_err::write(
            kouti.join("shim.toml"),
            format!(
                "schema = 1\nlanguage = \"bench\"\nversion = \"1\"\nlifecycle = \"1\"\n[[buildpacks]]\n{line}api = \"0.10\"\n"
            ),
        )?;
        fs_err::write(kouti.join("order.toml"), format!("[[order]]\n[[order.group]]\n{line}"))?;
        fs_err::write(
            cnb.join("buildpack.toml"),
            format!("api = \"0.10\"\n[buildpack]\n{line}[[targets]]\nos = \"linux\"\n"),
        )?;
        for (name, script) in [("detect", DETECT), ("build", BUILD)] {
            let path = cnb.join("bin").join(name);
            fs_err::write(&path, script)?;
            fs_err::set_permissions(&path, Permissions::from_mode(0o755))?;
        }
        fs_err::write(
            scene.path("analyzed.toml"),
            "[run-image.target]\nos = \"linux\"\narch = \"amd64\"\n[run-image.target.distro]\nname = \"unknown\"\nversion = \"unknown\"\n",
        )?;
        if host::is_root() {
            run(Command::new("chown").args(["-R", &format!("{USER}:{USER}")]).arg(scene.0.path()))?;
        }
        Ok(scene)
    }

    fn path(&self, inner: &str) -> PathBuf {
        self.0.path().join(inner)
    }

    /// A command as the user of apps.
    fn user(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.path("vcap"))
            .env("KOUTI_CF_ROOT", self.path("vcap"))
            .env("CNB_PLATFORM_API", "0.14")
            .current_dir(self.path("vcap"));
        if host::is_root() {
            command.uid(USER).gid(USER);
        }
        command
    }

    /// Seconds of the whole last step of a staging.
    fn finalize(&self) -> Result<f64> {
        run(self
            .user("sh")
            .args(["-c", "rm -rf \"$0\" && mkdir -p \"$0/0\""])
            .arg(self.path("deps")))?;
        let mut command = self.user(self.path("zip/kouti/kouti-cf"));
        command
            .arg("finalize")
            .args([self.path("app"), self.path("cache/final"), self.path("deps")])
            .arg("0")
            .arg(self.path("profile.d"));
        let since = Instant::now();
        run(&mut command)?;
        Ok(since.elapsed().as_secs_f64())
    }

    /// Seconds of what the lifecycle does by itself.
    fn detect_and_build(&self) -> Result<f64> {
        let since = Instant::now();
        for phase in ["detect", "build"] {
            let mut command = self.user(self.path("zip/kouti/lifecycle/lifecycle"));
            command.arg(phase);
            for (option, inner) in [
                ("-app", "app"),
                ("-buildpacks", "zip/kouti/cnb"),
                ("-group", "group.toml"),
                ("-plan", "plan.toml"),
                ("-platform", "platform"),
                ("-layers", "layers"),
                ("-analyzed", "analyzed.toml"),
            ] {
                command.arg(option).arg(self.path(inner));
            }
            if phase == "detect" {
                command.arg("-order").arg(self.path("zip/kouti/order.toml"));
            }
            run(&mut command)?;
        }
        Ok(since.elapsed().as_secs_f64())
    }
}
