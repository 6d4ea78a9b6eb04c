//! `cargo xtask dev`: detect and build of an app on this host, without Docker.
//!
//! The phases are played by the miniature lifecycle of the tests. What it keeps lies in `target/dev/`, one
//! directory for each app, so that a second run finds image and cache of the first.

mod report;

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use kouti_report::duration;
use kouti_testing::lifecycle::{Buildpack, Env, Failure, Lifecycle, Member, Order, Target};

use crate::advice::Advice;
use crate::builder::Descriptor;
use crate::stamp::Key;
use crate::workspace::{Workspace, print};
use crate::{build, package};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Directory of the app
    app: PathBuf,
    /// Build-time environment variable of the app, may be repeated
    #[arg(long = "env", value_name = "NAME=VALUE")]
    env: Vec<String>,
    /// Start the default process afterwards
    #[arg(long)]
    run: bool,
    /// Where the app is to listen; a free port if none is named
    #[arg(long, requires = "run")]
    port: Option<u16>,
    /// Forget image and cache of earlier runs first
    #[arg(long)]
    fresh: bool,
}

/// Where a build image has its programs.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Exit codes of an app that was told to end: by `HUP`, `INT`, `QUIT` or `TERM`.
const ENDED: [u8; 4] = [129, 130, 131, 143];

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    let app = fs_err::canonicalize(&args.app)?;
    if !app.is_dir() {
        bail!("{} is not a directory", app.display());
    }
    let user_env = user_env(workspace, &args.env)?;
    let dev = workspace.target().join("dev");
    let programs = build::debug(workspace)?;
    let lock = workspace.lock("dev")?;
    let packages = package::directories(workspace, &programs, &dev.join("buildpacks"))?;
    let order = order(&Descriptor::read(&workspace.root)?, &packages)?;

    let mut lifecycle = lifecycle(workspace, &dev.join(directory_name(&app)))?;
    if args.fresh {
        lifecycle.forget_image()?;
        lifecycle.forget_cache()?;
    }
    lifecycle.copy_app(&app)?;
    lifecycle.set_user_env(&user_env)?;
    build_app(&mut lifecycle, &order)?;
    // While the app runs, others can be built.
    drop(lock);
    if args.run { start(&lifecycle, args.port) } else { Ok(()) }
}

/// Detect, build, and what came of them.
fn build_app(lifecycle: &mut Lifecycle, order: &Order) -> Result<()> {
    let start = Instant::now();
    let detection = lifecycle.detect(order)?;
    let detected = match detection.outcome {
        Ok(detected) => detected,
        Err(failure) => return Err(undetected(failure)),
    };
    print(report::plan(&detected));
    print(format_args!("Detected in {}\n", duration(start.elapsed())));

    let start = Instant::now();
    let before = lifecycle.build_env.clone();
    let build = lifecycle.build(&detected, &mut |_, line| print(line))?;
    let process = build.image.default_process.clone();
    let process = process.or_else(|| Some(build.image.processes.first()?.r#type.clone()));
    print("");
    print(report::layers(&build));
    print(report::environment("Build environment", &build.env.changes_since(&before)));
    if let Some(process) = process {
        let (env, _) = lifecycle.launch(&process)?.prepare()?;
        let changes = env.changes_since(&lifecycle.launch_env);
        print(report::environment(&format!("Environment of {process}"), &changes));
    }
    print(report::processes(&build.image));
    for warning in &build.warnings {
        print(format_args!("warning: {warning}"));
    }
    print(format_args!("Built in {}: {}", duration(start.elapsed()), build.image.digest()));
    Ok(())
}

fn undetected(failure: Failure) -> anyhow::Error {
    let hint = "`builder.toml` lists the groups of buildpacks that were tried";
    Advice::new("no group of buildpacks fits the app", hint).because(failure.into()).into()
}

/// Runs the default process until it ends or somebody ends this one, and all that it has started with it.
fn start(lifecycle: &Lifecycle, port: Option<u16>) -> Result<()> {
    let port = port.map_or_else(free_port, Ok)?;
    let Some(process) = lifecycle.image().and_then(|image| image.default_process.as_deref()) else {
        let hint = "a Procfile with a line `web: command` makes one";
        return Err(Advice::new("the app has no default process", hint).into());
    };
    print(format_args!("\nRunning {process} at http://localhost:{port}, Ctrl-C ends it"));
    let launch = lifecycle.launch(process)?.env("PORT", port.to_string());
    let code = launch.run(|log| log.lines().for_each(print))?;
    // A signal that somebody sends is how this is meant to end.
    if code == 0 || ENDED.contains(&code) {
        return Ok(());
    }
    let hint = "its own words above say why";
    Err(Advice::new(format!("{process} has ended with code {code}"), hint).into())
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

/// The groups of `builder.toml`, narrowed to the buildpacks that there are.
pub(crate) fn order(descriptor: &Descriptor, packages: &[PathBuf]) -> Result<Order> {
    let buildpacks = packages.iter().map(Buildpack::read).collect::<Result<Vec<_>, _>>()?;
    let find = |id: &str| buildpacks.iter().find(|buildpack| buildpack.id == id).cloned();
    let mut order = Order::new();
    for group in descriptor.groups() {
        let whole = group.iter().all(|(id, optional)| *optional || find(id).is_some());
        if whole {
            let members = group
                .into_iter()
                .filter_map(|(id, optional)| Some(Member { buildpack: find(id)?, optional }));
            order.push(members.collect());
        }
    }
    Ok(order)
}

pub(crate) fn lifecycle(workspace: &Workspace, root: &Path) -> Result<Lifecycle> {
    let mut lifecycle = Lifecycle::at(root)?;
    let home = root.join("home");
    fs_err::create_dir_all(&home)?;
    lifecycle.target = host()?;
    lifecycle.launch_env = Env::new().with("PATH", PATH).with("HOME", &home);
    lifecycle.build_env = lifecycle.launch_env.clone();
    for (name, value) in &workspace.network {
        lifecycle.build_env.set(name, value);
    }
    Ok(lifecycle)
}

/// This host, as a target.
fn host() -> Result<Target> {
    let release = fs_err::read_to_string("/etc/os-release")?;
    let field = |name: &str| {
        let mut fields = release.lines().filter_map(|line| line.split_once('='));
        let value = fields.find(|(key, _)| *key == name).map(|(_, value)| value.trim_matches('"'));
        value.unwrap_or_default().to_owned()
    };
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    Ok(Target {
        os: std::env::consts::OS.to_owned(),
        arch: arch.to_owned(),
        distro_name: field("ID"),
        distro_version: field("VERSION_ID"),
    })
}

/// What the user set on the command line, and the certificates of this machine, which the lifecycle would not pass.
pub(crate) fn user_env(workspace: &Workspace, arguments: &[String]) -> Result<Env> {
    let certificates = |name: &str| name.starts_with("SSL_CERT_");
    let network = workspace.network.iter().filter(|(name, _)| certificates(name));
    let mut env: Env = network.cloned().collect();
    for argument in arguments {
        let (name, value) = argument
            .split_once('=')
            .with_context(|| format!("`{argument}` does not have the form NAME=VALUE"))?;
        env.set(name, value);
    }
    Ok(env)
}

/// The same for every run with the same app, and readable.
fn directory_name(app: &Path) -> String {
    let name = app.file_name().unwrap_or_default().to_string_lossy();
    let key = Key::new().text("app", &app.to_string_lossy()).finish();
    format!("{name}-{}", &key[..12])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(root: &Path, id: &str) -> PathBuf {
        let dir = root.join(id.replace('/', "_"));
        fs_err::create_dir_all(&dir).unwrap();
        let text = format!("api = \"0.10\"\n[buildpack]\nid = \"{id}\"\nversion = \"1.0.0\"\n");
        fs_err::write(dir.join("buildpack.toml"), text).unwrap();
        dir
    }

    #[test]
    fn groups_keep_what_there_is_and_go_where_a_required_member_is_missing() {
        let root = tempfile::tempdir().unwrap();
        let packages = ["kouti/nodejs", "kouti/procfile"].map(|id| package(root.path(), id));
        let descriptor = Descriptor::read(&Workspace::here().root).unwrap();
        let groups: Vec<Vec<(String, bool)>> = order(&descriptor, &packages)
            .unwrap()
            .into_iter()
            .map(|group| group.into_iter().map(|m| (m.buildpack.id, m.optional)).collect())
            .collect();
        let member = |id: &str, optional| (id.to_owned(), optional);
        assert!(
            groups.contains(&vec![member("kouti/nodejs", false), member("kouti/procfile", true)]),
            "{groups:?}"
        );
        assert!(groups.contains(&vec![member("kouti/procfile", false)]), "{groups:?}");
        assert!(groups.iter().flatten().all(|(id, _)| id != "kouti/java"), "{groups:?}");
    }

    #[test]
    fn a_variable_without_a_value_is_an_error() {
        let error = user_env(&Workspace::here(), &["BP_LOG_LEVEL".to_owned()]).unwrap_err();
        assert_eq!(error.to_string(), "`BP_LOG_LEVEL` does not have the form NAME=VALUE");
        let env = user_env(&Workspace::here(), &["A=b=c".to_owned()]).unwrap();
        assert_eq!(env.get("A"), Some("b=c"));
    }

    #[test]
    fn every_app_has_a_directory_of_its_own() {
        let name = |path: &str| directory_name(Path::new(path));
        assert_eq!(name("/srv/app"), name("/srv/app"));
        assert_ne!(name("/srv/app"), name("/home/app"));
        assert!(name("/srv/app").starts_with("app-"));
    }
}
