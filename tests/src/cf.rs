//! Cloud Foundry, as far as an app can tell: staging and start with classic buildpacks, at the platform's own paths and
//! as its user, in a container of the base image that stands in for a stack.
//!
//! What the platform's programs do is done by `kouti-cf-driver`, which stands beside the adapter in `shim/driver`.

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use tempfile::TempDir;
use walkdir::WalkDir;

use crate::app::repository;
use crate::container::{Container, Run};
use crate::{App, Image, docker, packages};

/// The image that stands in for a stack.
const STACK: &str = "kouti/build:local";

/// Where the platform's own programs are in its containers.
const DRIVER: &str = "/tmp/lifecycle/driver";

/// An unpacked classic buildpack.
#[derive(Clone, Debug)]
pub struct ClassicBuildpack(Arc<TempDir>);

impl ClassicBuildpack {
    /// The zip of one of our languages; all tests share what was unpacked.
    pub fn ours(name: &str) -> Self {
        static UNPACKED: Mutex<BTreeMap<String, ClassicBuildpack>> = Mutex::new(BTreeMap::new());
        let mut unpacked = UNPACKED.lock().unwrap_or_else(PoisonError::into_inner);
        unpacked.entry(name.to_owned()).or_insert_with(|| Self::unpack(name, true)).clone()
    }

    /// The same as an operator has it who keeps the artifacts in a mirror.
    pub fn without_artifacts(name: &str) -> Self {
        Self::unpack(name, false)
    }

    fn unpack(name: &str, artifacts: bool) -> Self {
        let zip = packages().join(format!("kouti_{name}-offline.zip"));
        let dir = tempfile::tempdir().expect("the temporary directory is writable");
        let file =
            fs_err::File::open(&zip).unwrap_or_else(|error| panic!("{}: {error}", zip.display()));
        zip::ZipArchive::new(file).expect("a zip").extract(dir.path()).expect("can be unpacked");
        if !artifacts {
            fs_err::remove_dir_all(dir.path().join("dependencies")).expect("an offline zip has it");
        }
        readable(dir.path());
        Self(Arc::new(dir))
    }

    /// One that somebody wrote by hand: names of programs and what they do.
    pub fn of(programs: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().expect("the temporary directory is writable");
        let bin = dir.path().join("bin");
        fs_err::create_dir(&bin).expect("the temporary directory is writable");
        for (name, script) in programs {
            let path = bin.join(name);
            fs_err::write(&path, format!("#!/bin/bash\n{script}\n")).expect("can be written");
            fs_err::set_permissions(&path, Permissions::from_mode(0o755)).expect("is ours");
        }
        readable(dir.path());
        Self(Arc::new(dir))
    }
}

/// The user of the app is another one than that of the tests, and can only read.
fn readable(dir: &Path) {
    for entry in WalkDir::new(dir) {
        let entry = entry.expect("the buildpack can be read");
        let mode = fs_err::metadata(entry.path()).expect("is there").permissions().mode();
        let mode = if mode & 0o100 == 0 { 0o444 } else { 0o555 };
        fs_err::set_permissions(entry.path(), Permissions::from_mode(mode)).expect("is ours");
    }
}

/// An app and what is kept of it between two stagings.
#[derive(Debug)]
pub struct Staging {
    buildpacks: Vec<ClassicBuildpack>,
    detect: bool,
    options: Vec<String>,
    prepare: Vec<&'static str>,
    variables: Vec<String>,
    kept: TempDir,
}

/// What a staging printed, and with which code it ended.
#[derive(Debug)]
pub struct Staged {
    /// The exit code of the staging.
    pub code: i32,
    /// All that was printed.
    pub log: String,
}

impl Staged {
    /// The log of a staging that went well.
    pub fn succeeds(self) -> String {
        assert_eq!(self.code, 0, "{}", self.log);
        self.log
    }
}

impl Staging {
    /// With these buildpacks, in this order, as `cf push -b … -b …`.
    pub fn with(buildpacks: Vec<ClassicBuildpack>) -> Self {
        let kept = tempfile::tempdir().expect("the temporary directory is writable");
        let (options, prepare, variables) = Default::default();
        Self { buildpacks, detect: false, options, prepare, variables, kept }
    }

    /// The platform asks the buildpacks which of them it is.
    #[must_use]
    pub fn detecting(mut self) -> Self {
        self.detect = true;
        self
    }

    /// Cuts the staging off from the network.
    #[must_use]
    pub fn offline(mut self) -> Self {
        self.options.push("--network=none".to_owned());
        self
    }

    /// Shows the archives of the local profile to the staging, at this path.
    #[must_use]
    pub fn with_mirror_at(mut self, path: &str) -> Self {
        let archives = repository().join("target/mirror/archives");
        self.options.push(format!("--volume={}:{path}:ro", archives.display()));
        self
    }

    /// Runs a script in the container of the staging before it begins, as root.
    #[must_use]
    pub fn after(mut self, script: &'static str) -> Self {
        self.prepare.push(script);
        self
    }

    /// Sets a variable of the app.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.variables.push(format!("{name}={value}"));
        self
    }

    /// Stages the app; network is there as it is for every container.
    pub fn stage(&self, app: &App) -> Staged {
        let id = self.container();
        docker(&["cp", &format!("{}/.", app.dir().display()), &format!("{id}:/tmp/app")]);
        let cache = self.kept("output-cache");
        if cache.is_file() {
            docker(&["cp", path(&cache), &format!("{id}:/tmp/old-cache")]);
        }
        root(
            &id,
            "mkdir -p /home/vcap/app /tmp/cache && if [ -f /tmp/old-cache ]; then tar xzf /tmp/old-cache -C /tmp/cache; fi \
             && chown -R 2000:2000 /home/vcap /tmp/app /tmp/cache",
        );
        for script in &self.prepare {
            root(&id, script);
        }
        let keys: Vec<_> = (0..self.buildpacks.len()).map(|number| number.to_string()).collect();
        let output = self
            .user(&id, &["HOME=/home/vcap", "CF_STACK=local", "MEMORY_LIMIT=1024m", "NO_COLOR=1"])
            .args([DRIVER, "builder", &format!("-buildpackOrder={}", keys.join(","))])
            .arg(format!("-skipDetect={}", !self.detect))
            .output();
        let output = output.expect("docker can be started");
        let log = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        if output.status.success() {
            for name in ["droplet", "output-cache", "result.json"] {
                docker(&["cp", &format!("{id}:/tmp/{name}"), path(&self.kept(name))]);
            }
        }
        docker(&["rm", "--force", "--volumes", &id]);
        Staged { code: output.status.code().unwrap_or(-1), log }
    }

    fn kept(&self, name: &str) -> PathBuf {
        self.kept.path().join(name)
    }

    /// A file of the droplet.
    pub fn droplet_file(&self, name: &str) -> String {
        let mut tar = Command::new("tar");
        tar.arg("xzOf").arg(self.kept("droplet")).arg(format!("./{name}"));
        String::from_utf8_lossy(&tar.output().expect("tar can be started").stdout).into_owned()
    }

    /// The names of all files of the droplet.
    pub fn droplet(&self) -> String {
        let output = Command::new("tar").arg("tzf").arg(self.kept("droplet")).output();
        String::from_utf8_lossy(&output.expect("tar can be started").stdout).into_owned()
    }

    /// What the droplet, the cache and the result hold, as bytes.
    pub fn leftovers(&self) -> Vec<u8> {
        let mut all = Vec::new();
        for name in ["droplet", "output-cache"] {
            let output = Command::new("tar").arg("xzOf").arg(self.kept(name)).output();
            all.extend(output.expect("tar can be started").stdout);
        }
        all.extend(fs_err::read(self.kept("result.json")).expect("staged before"));
        all
    }

    /// What the platform knows of the app.
    pub fn result(&self) -> serde_json::Value {
        let text = fs_err::read_to_string(self.kept("result.json")).expect("staged before");
        serde_json::from_str(&text).expect("the result is JSON")
    }

    /// The commands that the platform knows, by process type.
    pub fn commands(&self) -> serde_json::Value {
        self.result()["process_types"].clone()
    }

    /// Starts a process of the type.
    pub fn start(&self, process_type: &str) -> Container {
        let command =
            self.commands()[process_type].as_str().expect("there is such a process").to_owned();
        self.start_command(&command, &format!("{{\"process_type\": \"{process_type}\"}}"))
    }

    /// Starts a command; `application` is what the platform says of it.
    pub fn start_command(&self, command: &str, application: &str) -> Container {
        let image = Image::named(STACK);
        let mut run: Run<'_> = image
            .run()
            .arg("--user=0")
            .arg(&format!("--volume={}:/tmp/droplet:ro", self.kept("droplet").display()))
            .arg(&driver_volume())
            .arg("--entrypoint=/bin/bash")
            .env("PORT", "8080")
            .env("MEMORY_LIMIT", "512m")
            .env("INSTANCE_INDEX", "0")
            .env("VCAP_APPLICATION", application);
        for variable in &self.variables {
            run = run.arg("--env").arg(variable);
        }
        // The pipes of a container belong to whom it starts as, which is the user of the app on the platform.
        let script = format!(
            "mkdir -p /home/vcap && tar xzf /tmp/droplet -C /home/vcap && chown -R 2000:2000 /home/vcap && cd /home/vcap && \
             chmod a+w /dev/stdout /dev/stderr && exec setpriv --reuid 2000 --regid 2000 --clear-groups {DRIVER} launcher app \"$0\" ''"
        );
        run.command(&["-c", &script, command]).start()
    }

    fn container(&self) -> String {
        let mut args: Vec<String> =
            ["run", "--detach", "--user=0", "--entrypoint=sleep"].map(str::to_owned).to_vec();
        args.extend(self.options.iter().cloned());
        args.push(driver_volume());
        for (number, buildpack) in self.buildpacks.iter().enumerate() {
            args.push(format!(
                "--volume={}:/tmp/buildpacks/{number}:ro",
                buildpack.0.path().display()
            ));
        }
        args.extend([STACK.to_owned(), "infinity".to_owned()]);
        let args: Vec<_> = args.iter().map(String::as_str).collect();
        docker(&args).trim().to_owned()
    }

    /// A command as the user of the app.
    fn user(&self, id: &str, variables: &[&str]) -> Command {
        let mut command = Command::new("docker");
        command.args(["exec", "--user=2000:2000", "--workdir=/home/vcap"]);
        for variable in variables.iter().copied().chain(self.variables.iter().map(String::as_str)) {
            command.args(["--env", variable]);
        }
        command.arg(id);
        command
    }
}

/// The driver was compiled together with the adapter, for any Linux.
fn driver_volume() -> String {
    let programs = repository().join("target/x86_64-unknown-linux-gnu/release");
    format!("--volume={}:{DRIVER}:ro", programs.join("kouti-cf-driver").display())
}

fn root(id: &str, script: &str) {
    docker(&["exec", "--user=0", id, "sh", "-c", script]);
}

fn path(path: &Path) -> &str {
    path.to_str().expect("temporary paths are UTF-8")
}
