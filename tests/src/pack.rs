//! `pack`, as a user calls it.

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::app::repository;
use crate::{App, Image};

/// One app that is built, and built again, under one image name.
#[derive(Debug)]
pub struct Build {
    /// The result; its name is only valid after a successful build.
    pub image: Image,
    volume_key: String,
}

/// A call of `pack build`.
#[derive(Debug)]
pub struct PackBuild<'a> {
    build: &'a Build,
    args: Vec<String>,
}

fn program() -> PathBuf {
    #[expect(clippy::disallowed_methods, reason = "the entry point of the tests")]
    let given = std::env::var_os("KOUTI_PACK");
    given.map_or_else(|| repository().join("target/tools/pack"), PathBuf::from)
}

/// The builder image.
pub fn builder() -> String {
    #[expect(clippy::disallowed_methods, reason = "the entry point of the tests")]
    let given = std::env::var("KOUTI_BUILDER");
    given.unwrap_or_else(|_| "kouti/builder:local".to_owned())
}

/// The directory of the packages that the builder was made of.
pub fn packages() -> PathBuf {
    #[expect(clippy::disallowed_methods, reason = "the entry point of the tests")]
    let given = std::env::var_os("KOUTI_PACKAGES");
    given.map_or_else(|| repository().join("target/packages"), PathBuf::from)
}

/// Runs any `pack` command and returns what it prints.
pub fn pack(args: &[&str]) -> String {
    let output = Command::new(program()).args(args).output().expect("pack can be started");
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "pack {}:\n{text}", args.join(" "));
    text
}

impl Build {
    /// A name of its own, and caches of its own.
    pub fn new(name: &str) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let unique = format!("{name}-{}-{number}", std::process::id());
        Self { image: Image(format!("kouti/test-{unique}")), volume_key: unique }
    }

    /// `pack build` of `app`, with local images only.
    pub fn app(&self, app: &App) -> PackBuild<'_> {
        let mut call = PackBuild { build: self, args: Vec::new() };
        for arg in ["build", self.image.name(), "--builder", &builder()] {
            call = call.arg(arg);
        }
        call.arg("--trust-builder")
            .arg("--pull-policy")
            .arg("never")
            .arg("--path")
            .arg(app.dir().to_str().expect("temporary paths are UTF-8"))
    }
}

impl Drop for Build {
    fn drop(&mut self) {
        // The caches of this build: pack names its volumes after image and key.
        let listed = Command::new("docker").args(["volume", "ls", "--quiet"]).output();
        let Ok(listed) = listed else { return };
        let image = self.image.name().replace('/', "_");
        for volume in String::from_utf8_lossy(&listed.stdout).lines() {
            if volume.contains(&image) {
                let _ = Command::new("docker").args(["volume", "rm", volume]).output();
            }
        }
    }
}

impl PackBuild<'_> {
    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: &str) -> Self {
        self.args.push(arg.to_owned());
        self
    }

    /// Sets a variable of the build.
    #[must_use]
    pub fn env(self, name: &str, value: &str) -> Self {
        self.arg("--env").arg(&format!("{name}={value}"))
    }

    /// Cuts the build off from the network.
    #[must_use]
    pub fn offline(self) -> Self {
        self.arg("--network").arg("none")
    }

    /// Builds and returns the log.
    pub fn succeeds(self) -> String {
        let (success, log) = self.run();
        assert!(success, "{log}");
        log
    }

    /// Builds, and returns the log of the failure.
    pub fn fails(self) -> String {
        let (success, log) = self.run();
        assert!(!success, "the build succeeded:\n{log}");
        log
    }

    /// Builds, and returns whether that succeeds and the log.
    pub fn run(self) -> (bool, String) {
        let output = Command::new(program())
            .args(&self.args)
            .env("PACK_VOLUME_KEY", &self.build.volume_key)
            .env("NO_COLOR", "1")
            .output()
            .expect("pack can be started");
        let log = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        (output.status.success(), log)
    }
}
