//! `cargo xtask demo cf`: an app from source to an answer, as Cloud Foundry does it with a classic buildpack, in containers
//! of the image that stands in for a stack.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use kouti_report::bytes;

use super::{Container, docker};
use crate::advice::Advice;
use crate::command::{Command, tail};
use crate::profile::Choice;
use crate::setup::{self, Times};
use crate::workspace::{Workspace, print};
use crate::{base, package};

/// The user of apps.
const USER: &str = "2000:2000";

/// Where the driver is in the containers, as the platform's own programs are.
const DRIVER: &str = "/tmp/lifecycle/driver";

pub(super) fn run(workspace: &Workspace, languages: &[String]) -> Result<()> {
    let default = ["nodejs".to_owned()];
    let languages = if languages.is_empty() { &default } else { languages };
    let possible = possible(workspace)?;
    if let Some(unknown) = languages.iter().find(|language| !possible.contains(language)) {
        let hint = format!("there are {}", possible.join(", "));
        let summary = format!("there is no classic buildpack with a sample for `{unknown}`");
        return Err(Advice::new(summary, hint).into());
    }
    let times = Times::default();
    // The stand-in for a stack is the build image of the local profile.
    let setup = setup::make(workspace, Choice::Local, languages, &times)?;
    let zips = times
        .measure("Cloud Foundry zips", || package::classic(workspace, setup.profile, languages))?;
    for (language, zip) in languages.iter().zip(zips) {
        show(workspace, &times, language, &zip)?;
    }
    print("");
    print(times);
    Ok(())
}

/// Languages that are classic buildpacks and have a sample.
fn possible(workspace: &Workspace) -> Result<Vec<String>> {
    let mut names = workspace.samples()?;
    names.retain(|name| workspace.root.join("buildpacks").join(name).join("cf.toml").is_file());
    Ok(names)
}

fn show(workspace: &Workspace, times: &Times, language: &str, zip: &Path) -> Result<()> {
    let key = format!("kouti_{language}");
    let dir = workspace.target().join("demo-cf").join(&key);
    workspace.say("demo", format_args!("cf create-buildpack {key} {}", zip.display()));
    unpack(zip, &dir.join("buildpack"))?;

    workspace.say("demo", format_args!("cf push -b {key}, from samples/{language}"));
    let app = workspace.root.join("samples").join(language);
    let staging = Staging { workspace, key: &key, dir: &dir };
    let log = times.measure(format!("stage {language}"), || staging.stage(&app))?;
    print(log.trim_end());
    let droplet = dir.join("droplet");
    let size = fs_err::metadata(&droplet)?.len();
    workspace.say("demo", format_args!("the droplet has {}", bytes(size)));

    let answer = times.measure(format!("start {language}"), || staging.start()?.first_answer())?;
    workspace.say("demo", format_args!("GET / -> {}", answer.status));
    print(tail(&answer.body));
    if answer.status != 200 {
        bail!("the app answered {}", answer.status);
    }
    Ok(())
}

fn unpack(zip: &Path, dir: &Path) -> Result<()> {
    if dir.exists() {
        fs_err::remove_dir_all(dir)?;
    }
    let file = fs_err::File::open(zip)?;
    zip::ZipArchive::new(file)
        .and_then(|mut archive| archive.extract(dir))
        .with_context(|| format!("cannot unpack {}", zip.display()))?;
    // The zip lists files only: which directories the user of apps can enter is decided by who unpacks it, and the
    // platform lets everybody.
    for entry in walkdir::WalkDir::new(dir) {
        let entry = entry?;
        if entry.file_type().is_dir() {
            fs_err::set_permissions(entry.path(), Permissions::from_mode(0o755))?;
        }
    }
    Ok(())
}

struct Staging<'a> {
    workspace: &'a Workspace,
    key: &'a str,
    dir: &'a Path,
}

impl Staging<'_> {
    fn driver(&self) -> PathBuf {
        self.workspace.release().join("kouti-cf-driver")
    }

    /// Stages the app, keeps the droplet, and returns what was said.
    fn stage(&self, app: &Path) -> Result<String> {
        let name = format!("kouti-demo-cf-{}", self.key);
        let volumes = [
            format!("--volume={}:{DRIVER}:ro", self.driver().display()),
            format!(
                "--volume={}:/tmp/buildpacks/{}:ro",
                self.dir.join("buildpack").display(),
                self.key
            ),
        ];
        let options = ["--user=0", "--entrypoint=sleep", &volumes[0], &volumes[1]];
        let container = Container::start_with(&name, base::BUILD_IMAGE, &options, &["infinity"])?;
        docker(&["cp", &format!("{}/.", app.display()), &format!("{name}:/tmp/app")])?;
        let prepare = format!(
            "mkdir -p /home/vcap/app /tmp/cache && chown -R {USER} /home/vcap /tmp/app /tmp/cache"
        );
        docker(&["exec", "--user=0", &name, "sh", "-c", &prepare])?;
        let log = Command::new("docker")
            .args(["exec", "--user", USER, "--workdir=/home/vcap", "--env=HOME=/home/vcap"])
            .args(["--env=USER=vcap", "--env=CF_STACK=local", "--env=MEMORY_LIMIT=1024m"])
            .args(["--env=VCAP_SERVICES={}", "--env=VCAP_APPLICATION={}", &name, DRIVER, "builder"])
            .args([&format!("-buildpackOrder={}", self.key), "-skipDetect=true"])
            .all_output()?;
        let droplet = self.dir.join("droplet");
        let copied =
            docker(&["cp", &format!("{name}:/tmp/droplet"), &droplet.display().to_string()]);
        drop(container);
        if let Err(error) = copied {
            let hint = "its last words say what to do";
            let summary = format!("the staging failed:\n{}", tail(&log));
            return Err(Advice::new(summary, hint).because(error).into());
        }
        Ok(log)
    }

    /// Starts the app of the droplet.
    fn start(&self) -> Result<Container<'static>> {
        let volumes = [
            format!("--volume={}:{DRIVER}:ro", self.driver().display()),
            format!("--volume={}:/tmp/droplet:ro", self.dir.join("droplet").display()),
        ];
        let script = format!(
            "mkdir -p /home/vcap && tar -xzf /tmp/droplet -C /home/vcap && chown -R {USER} /home/vcap && cd /home/vcap && \
             chmod a+w /dev/stdout /dev/stderr && exec setpriv --reuid 2000 --regid 2000 --clear-groups {DRIVER} launcher app '' ''"
        );
        let options = [
            "--user=0",
            "--entrypoint=/bin/bash",
            "--env=MEMORY_LIMIT=512m",
            "--env=VCAP_APPLICATION={\"process_type\": \"web\"}",
            &volumes[0],
            &volumes[1],
        ];
        Container::start_with("kouti-demo-cf", base::BUILD_IMAGE, &options, &["-c", &script])
    }
}
