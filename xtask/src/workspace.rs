//! Where things are in this repository, and the progress lines of every command.

use std::ffi::OsString;
use std::fmt::Display;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::Result;
use kouti_catalog::Date;

/// The target triple of the shipped buildpacks (static glibc).
///
/// Everything is compiled natively: packages for another architecture are made on a machine that has it.
pub(crate) const TRIPLE: &str =
    if IS_ARM { "aarch64-unknown-linux-gnu" } else { "x86_64-unknown-linux-gnu" };

/// The same in the names of the CNB specification.
pub(crate) const ARCH: &str = if IS_ARM { "arm64" } else { "amd64" };

const IS_ARM: bool = cfg!(target_arch = "aarch64");

/// See [`Workspace::own_crate`].
const OWN_CRATE: [&[u8]; 2] = [b"CARGO_MANIFEST_", b"CARGO_PKG_"];

/// See [`Workspace::network`].
const NETWORK: [&str; 8] = [
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "NO_PROXY",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];

/// This repository on this machine.
pub(crate) struct Workspace {
    /// The directory with the root `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// The version all buildpacks are released under.
    pub(crate) version: &'static str,
    /// `CI=true`: what is missing is a failure, not a skip.
    pub(crate) ci: bool,
    /// `DOCKER_HOST` is set: the daemon is somewhere else.
    pub(crate) docker_host: bool,
    /// Cargo's own directory, where the sources of dependencies are.
    pub(crate) cargo_home: PathBuf,
    /// `PATH` of this process.
    pub(crate) path: OsString,
    /// Variables of this process that say how to reach the internet: proxies and certificates.
    pub(crate) network: Vec<(String, OsString)>,
    /// Names of the variables by which `cargo run` tells this program about its own crate.
    pub(crate) own_crate: Vec<OsString>,
    started: Instant,
    stopping: AtomicBool,
}

/// Held while a step works on files that another `cargo xtask` must leave alone; the kernel releases it even when
/// the process is killed.
pub(crate) struct Lock {
    _file: fs_err::File,
}

impl Workspace {
    /// The workspace in which Cargo runs this program, else the one it was compiled in.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the process environment"
    )]
    pub(crate) fn here() -> Self {
        // Cargo says it when it runs a program: a copy of the workspace may share the compiled one.
        let manifest_dir = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let home = std::env::var_os("HOME").unwrap_or_default();
        let cargo_home = std::env::var_os("CARGO_HOME")
            .map_or_else(|| Path::new(&home).join(".cargo"), PathBuf::from);
        Self {
            root: manifest_dir.parent().unwrap_or(&manifest_dir).to_owned(),
            version: env!("CARGO_PKG_VERSION"),
            ci: std::env::var("CI").is_ok_and(|value| value == "true" || value == "1"),
            docker_host: std::env::var_os("DOCKER_HOST").is_some(),
            cargo_home,
            path: std::env::var_os("PATH").unwrap_or_default(),
            network: NETWORK
                .iter()
                .filter_map(|name| Some(((*name).to_owned(), std::env::var_os(name)?)))
                .collect(),
            own_crate: std::env::vars_os()
                .map(|(name, _)| name)
                .filter(|name| OWN_CRATE.iter().any(|own| name.as_encoded_bytes().starts_with(own)))
                .collect(),
            started: Instant::now(),
            stopping: AtomicBool::new(false),
        }
    }

    /// `target/`: all that is generated.
    pub(crate) fn target(&self) -> PathBuf {
        self.root.join("target")
    }

    /// `target/tools/`: `pack`, `lifecycle`, `launcher`, `lifecycle.tgz`.
    pub(crate) fn tools(&self) -> PathBuf {
        self.target().join("tools")
    }

    /// `target/packages/`: packaged buildpacks.
    pub(crate) fn packages(&self) -> PathBuf {
        self.target().join("packages")
    }

    /// `target/mirror/`: runtimes of the local profile and their catalogue.
    pub(crate) fn mirror(&self) -> PathBuf {
        self.target().join("mirror")
    }

    /// The buildpacks, by the names of their directories, sorted.
    pub(crate) fn buildpacks(&self) -> Result<Vec<String>> {
        let dir = self.root.join("buildpacks");
        let mut names = names_of_dirs(&dir)?;
        names.retain(|name| dir.join(name).join("buildpack.toml").is_file());
        Ok(names)
    }

    /// The sample apps, by the names of their directories, sorted.
    pub(crate) fn samples(&self) -> Result<Vec<String>> {
        names_of_dirs(&self.root.join("samples"))
    }

    /// The log of the quiet command `name`.
    pub(crate) fn log(&self, name: &str) -> PathBuf {
        self.target().join("logs").join(format!("{name}.log"))
    }

    /// Directory of the release binaries, see [`TRIPLE`].
    pub(crate) fn release(&self) -> PathBuf {
        self.target().join(TRIPLE).join("release")
    }

    /// Prints one progress line: elapsed time, the part of the work it belongs to, what happens.
    pub(crate) fn say(&self, part: &str, text: impl Display) {
        let elapsed = self.started.elapsed().as_secs_f64();
        print(format_args!("[{elapsed:6.1}s] {part:<10} {text}"));
    }

    /// Ends the quiet commands that run, in every thread: one step has failed.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Waits until no other `cargo xtask` works on `name`.
    pub(crate) fn lock(&self, name: &str) -> Result<Lock> {
        let dir = self.target().join("locks");
        fs_err::create_dir_all(&dir)?;
        let file = fs_err::File::create(dir.join(name))?;
        if file.file().try_lock().is_err() {
            self.say(name, "waiting for another cargo xtask to finish this step");
            file.file().lock()?;
        }
        Ok(Lock { _file: file })
    }
}

/// In UTC.
pub(crate) fn today() -> Date {
    jiff::tz::TimeZone::UTC.to_datetime(jiff::Timestamp::now()).date()
}

/// Prints a line as it is.
pub(crate) fn print(text: impl Display) {
    // A closed pipe (`… | head`) is no reason to stop.
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn names_of_dirs(dir: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs_err::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}
