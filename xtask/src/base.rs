//! `cargo xtask base`: the base images of the local profile, made from Debian packages.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::advice::Advice;
use crate::command::Command;
use crate::stamp::{self, Key};
use crate::workspace::Workspace;
use crate::{docker, host};

const SUITE: &str = "trixie";
const DISTRO: (&str, &str) = ("debian", "13");
const GROUP: u32 = 1000;

/// Security fixes arrive by making the images anew.
const BEST_BEFORE: Duration = Duration::from_hours(7 * 24);

/// The label that tells from what an image was imported.
const LABEL: &str = "io.kouti.base";

/// File times in the image. With it, and the same packages, the archive is the same to the byte.
const TIME: &str = "315532801";

const NEEDS: &[host::Need] = &[("mmdebstrap", &["mmdebstrap"]), ("gpgv", &["gpgv"])];

/// Documentation nobody reads in a container; licences stay.
const LEFT_OUT: &[&str] = &[
    "path-exclude=/usr/share/man/*",
    "path-exclude=/usr/share/info/*",
    "path-exclude=/usr/share/locale/*",
    "path-exclude=/usr/share/doc/*",
    "path-include=/usr/share/doc/*/copyright",
];

/// One base image.
struct Base {
    name: &'static str,
    variant: &'static str,
    packages: &'static [&'static str],
    compilers: &'static [&'static str],
    user: u32,
}

/// Libraries that runtimes need are promised here (libstdc++, libatomic1 for Node.js, fontconfig for Java) or come
/// with the runtime.
const RUN: Base = Base {
    name: "run",
    variant: "essential",
    packages: &[
        "ca-certificates",
        "libstdc++6",
        "libatomic1",
        "netbase",
        "tzdata",
        "libfontconfig1",
    ],
    compilers: &[],
    user: 1002,
};

const BUILD: Base = Base {
    name: "build",
    variant: "minbase",
    packages: &[
        "ca-certificates",
        "curl",
        "git",
        "xz-utils",
        "unzip",
        "libatomic1",
        "netbase",
        "tzdata",
    ],
    compilers: &[],
    user: 1001,
};

/// With compilers, for native modules; they would treble the size of the ordinary build image.
const BUILD_FULL: Base = Base {
    name: "build-full",
    variant: "minbase",
    packages: BUILD.packages,
    compilers: &["build-essential", "python3"],
    user: 1001,
};

/// The images a local builder stands on.
pub(crate) const BUILD_IMAGE: &str = "kouti/build:local";
pub(crate) const BUILD_IMAGE_FULL: &str = "kouti/build-full:local";
pub(crate) const RUN_IMAGE: &str = "kouti/run:local";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Also make kouti/build-full:local, which has compilers
    #[arg(long)]
    full: bool,
}

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    docker::ensure(workspace)?;
    ensure(workspace)?;
    if args.full { ensure_full(workspace) } else { Ok(()) }
}

/// Makes sure that the daemon has the build image with compilers.
pub(crate) fn ensure_full(workspace: &Workspace) -> Result<()> {
    BUILD_FULL.ensure(workspace)
}

/// Makes sure that the daemon has the build and the run image.
pub(crate) fn ensure(workspace: &Workspace) -> Result<()> {
    thread::scope(|scope| {
        let build = scope.spawn(|| BUILD.ensure(workspace));
        RUN.ensure(workspace)
            .and(build.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}

impl Base {
    fn image(&self) -> String {
        format!("kouti/{}:local", self.name)
    }

    fn include(&self) -> String {
        [self.packages, self.compilers].concat().join(",")
    }

    fn ensure(&self, workspace: &Workspace) -> Result<()> {
        let _lock = workspace.lock(&format!("base-{}", self.name))?;
        let tar = self
            .archive(workspace)
            .with_context(|| format!("cannot make the base image {}", self.image()))?;
        self.import(workspace, &tar)
    }

    /// The image's files as a tar, made anew when its recipe changed or it is old.
    fn archive(&self, workspace: &Workspace) -> Result<PathBuf> {
        let dir = workspace.target().join("base");
        let (tar, stamp) =
            (dir.join(format!("{}.tar", self.name)), dir.join(format!(".{}.tar.key", self.name)));
        let hook = workspace.root.join("tools/base/finish.sh");
        let key = self.key(&hook)?;
        let good = tar.exists() && stamp::is_current(&stamp, &key);
        if good && is_fresh(&tar) {
            return Ok(tar);
        }
        match self.bootstrap(workspace, &hook, &tar) {
            Ok(()) => stamp::set(&stamp, &key)?,
            // In a closed network the images of the first set-up go on serving.
            Err(error) if good => {
                workspace.say(
                    "base",
                    format_args!(
                        "keeping the old {}, a new one cannot be made: {error}",
                        self.name
                    ),
                );
            }
            Err(error) => return Err(error),
        }
        Ok(tar)
    }

    fn bootstrap(&self, workspace: &Workspace, hook: &Path, tar: &Path) -> Result<()> {
        host::need(workspace, NEEDS)?;
        workspace.say("base", format_args!("making {} from Debian {SUITE}", self.image()));
        let work = tar.with_extension("work");
        if work.exists() {
            fs_err::remove_dir_all(&work)?; // of a run that was stopped
        }
        fs_err::create_dir_all(&work)?;
        let new = work.join("new.tar");
        let hook = format!("--customize-hook={}", hook.display());
        // What it mounts into the image must vanish with it, even when it is killed: then no clean-up of the work
        // directory can reach the host's /dev through it.
        let command = if host::is_root() {
            Command::new("unshare").args(["--mount", "mmdebstrap"])
        } else {
            Command::new("mmdebstrap")
        };
        command
            .arg(format!("--variant={}", self.variant))
            .arg(format!("--include={}", self.include()))
            .arg("--aptopt=Acquire::Languages \"none\"")
            .args(LEFT_OUT.iter().map(|rule| format!("--dpkgopt={rule}")))
            .args([&hook[..], SUITE])
            .arg(&new)
            .env("CNB_UID", self.user.to_string())
            .env("SOURCE_DATE_EPOCH", TIME)
            .env("TMPDIR", &work)
            .quiet(workspace, &format!("base-{}", self.name))
            .map_err(|error| {
                let hint = "a Debian mirror must be reachable, and the debian-archive-keyring package know the suite";
                Advice::new("mmdebstrap failed", hint).because(error)
            })?;
        fs_err::rename(&new, tar)?;
        fs_err::remove_dir_all(&work)?;
        Ok(())
    }

    /// Imports the tar unless the daemon has just that, maybe from another clone of this repository.
    fn import(&self, workspace: &Workspace, tar: &Path) -> Result<()> {
        let (image, config) = (self.image(), self.config());
        let key = Key::new().text("config", &config.join("\n")).file("tar", tar)?.finish();
        if docker::label(&image, LABEL).as_deref() == Some(&key) {
            return Ok(());
        }
        workspace.say("base", format_args!("importing {image}"));
        let old = docker::image_id(&image);
        let label = format!("LABEL {LABEL}={key}");
        let changes = config.iter().chain([&label]).flat_map(|line| ["--change", line]);
        Command::new("docker").arg("import").args(changes).arg(tar).arg(&image).output()?;
        if let Some(old) = old {
            // It has no name any more. Where something still needs it, the daemon refuses.
            let _ = Command::new("docker").args(["image", "rm", &old]).output();
        }
        Ok(())
    }

    fn config(&self) -> Vec<String> {
        vec![
            format!("USER {}:{GROUP}", self.user),
            format!("ENV CNB_USER_ID={}", self.user),
            format!("ENV CNB_GROUP_ID={GROUP}"),
            "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned(),
            format!("LABEL io.buildpacks.base.distro.name={}", DISTRO.0),
            format!("LABEL io.buildpacks.base.distro.version={}", DISTRO.1),
        ]
    }

    /// All that decides about the content, but for the state of the Debian mirror.
    fn key(&self, hook: &Path) -> Result<String> {
        let key = Key::new()
            .text("suite", SUITE)
            .text("variant", self.variant)
            .text("user", &self.user.to_string());
        let key = key.text("packages", &self.include()).text("left out", &LEFT_OUT.join(","));
        let key = key.file("hook", hook)?;
        let key =
            certificates()?.iter().try_fold(key, |key, path| key.file("certificate", path))?;
        Ok(key.finish())
    }
}

/// Certificates that the administrator of this machine added.
fn certificates() -> Result<Vec<PathBuf>> {
    let dir = Path::new("/usr/local/share/ca-certificates");
    if !dir.is_dir() {
        return Ok(Vec::new());
    }
    let found =
        fs_err::read_dir(dir)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    let mut found: Vec<_> =
        found.into_iter().filter(|path| path.extension().is_some_and(|e| e == "crt")).collect();
    found.sort();
    Ok(found)
}

fn is_fresh(tar: &Path) -> bool {
    let made = fs_err::metadata(tar).and_then(|metadata| metadata.modified());
    // A time in the future (a clock that was set back) is not old.
    made.is_ok_and(|made| made.elapsed().unwrap_or_default() < BEST_BEFORE)
}
