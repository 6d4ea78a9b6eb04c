//! `bin/finalize`: builds the app as the last buildpack, and tells the platform what to start.

pub(crate) mod after;
pub(crate) mod before;

use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use kouti_report::{Fault, Log, Problem, bytes};

use crate::cache::{Cache, Terms};
use crate::lifecycle::{self, Lifecycle, exit};
use crate::platform::Platform;
use crate::processes::{Started, Wishes};
use crate::record::Metadata;
use crate::staging::{Staging, scratch};
use crate::{commands, digest, disk, parent, patience, procfile, settings};

pub(crate) fn run(staging: &Staging, log: &mut Log) -> Result<(), Problem> {
    let procfile = procfile::read(&staging.build_dir)?;
    if let Some(notice) = before::old_scripts(&staging.build_dir) {
        log.warn(notice);
    }
    let app_size = disk::check(log, &staging.build_dir, staging.place.home())?;
    let mut platform = Platform::of(&staging.env, &staging.zip, &staging.build_dir)?;
    platform.tell(log);
    platform.add(before::supplied(&staging.deps_dir)?);

    let place = before::Moved::app(staging)?;
    let built = build(staging, log, &platform);
    // The platform packs this directory, and a failed staging as well expects it where it was.
    place.back()?;
    let metadata = built?;

    let wishes = Wishes {
        web: staging.env.given("BP_CF_WEB_PROCESS").map(str::to_owned),
        types: settings::list(&staging.env, "BP_CF_PROCESS_TYPES"),
        procfile,
    };
    let app_dir = staging.place.app().display().to_string();
    let mut started = Started::decide(&metadata, &wishes, &app_dir);
    // The platform reads the file at the end: a build that removes it must not change what is started.
    if !staging.build_dir.join("Procfile").is_file() {
        started.processes.extend(wishes.procfile);
    }
    after::shorten(staging, &mut started)?;
    for notice in &started.notices {
        log.warn(notice.clone());
    }
    after::write(staging, &metadata, &started)?;
    fs_err::write(release_file(&staging.build_dir), commands::release_yml(&started.processes))?;
    if let Some(notice) = after::lost_sidecars(staging, &started)? {
        log.warn(notice);
    }
    summary(staging, log, &metadata, &started, app_size)?;
    log.finish();
    Ok(())
}

/// What the user may want to look up later: who built the app, what starts, and how large it became.
fn summary(
    staging: &Staging,
    log: &mut Log,
    metadata: &Metadata,
    started: &Started,
    app_size: u64,
) -> Result<(), Problem> {
    let built = metadata.buildpacks.iter().map(|built| format!("{} {}", built.id, built.version));
    log.step(&format!("Built by {}", built.collect::<Vec<_>>().join(", ")));
    let layers = disk::size(&staging.own().join("layers"))?;
    let cache = disk::size(&staging.cache_dir)?;
    log.step(&format!(
        "Sizes: app {}, layers {}, cache {}",
        bytes(app_size),
        bytes(layers),
        bytes(cache)
    ));
    log.step("Processes");
    let rows = started.processes.iter().map(|(kind, line)| [kind.clone(), line.clone()]);
    log.table(&rows.collect::<Vec<_>>());
    Ok(())
}

/// `bin/compile`, for platforms that know one buildpack for an app.
pub(crate) fn compile(staging: &Staging, log: &mut Log) -> Result<(), Problem> {
    fs_err::create_dir_all(staging.own())?;
    run(staging, log)?;
    fs_err::create_dir_all(&staging.profile_dir)?;
    let script = "export DEPS_DIR=\"$HOME/.cloudfoundry\"\n";
    Ok(fs_err::write(staging.profile_dir.join("0000_set-deps-dir.sh"), script)?)
}

/// `bin/release BUILD_DIR`: prints what is started, for platforms that do not find it otherwise.
pub(crate) fn release(args: &[OsString]) -> ExitCode {
    let build_dir = args.first().map_or_else(|| PathBuf::from("."), PathBuf::from);
    let yaml = fs_err::read_to_string(release_file(&build_dir))
        .unwrap_or_else(|_| commands::release_yml(&std::collections::BTreeMap::new()));
    // Nobody is left to tell if this fails.
    let _ = std::io::stdout().write_all(yaml.as_bytes());
    ExitCode::SUCCESS
}

/// `release` gets no other directory than that of the app, and that one belongs to the user.
fn release_file(build_dir: &Path) -> PathBuf {
    let name = digest::short(build_dir.as_os_str().as_encoded_bytes());
    std::env::temp_dir().join(format!("kouti-cf-release-{name}.yml"))
}

/// Detects and builds at the paths of the running app.
fn build(staging: &Staging, log: &mut Log, platform: &Platform) -> Result<Metadata, Problem> {
    let scratch = scratch()?;
    let layers_dir = staging.place.layers(&staging.index);
    let (app_dir, platform_dir) = (staging.place.app(), platform.write(scratch.path())?);
    let env = before::with_supplied_paths(&staging.env, &staging.deps_dir)?;
    let lifecycle = Lifecycle {
        zip: &staging.zip,
        env: &env,
        place: &staging.place,
        distro: &staging.distro,
        app_dir: &app_dir,
        layers_dir: &layers_dir,
        platform_dir: &platform_dir,
        scratch: scratch.path(),
    };
    let ids = detect(&lifecycle, staging)?;
    let cache = cache(staging)?;
    cache.restore(log, &ids, &layers_dir)?;
    run_buildpacks(&lifecycle, log)?;
    let metadata = Metadata::read(&layers_dir)?;
    cache.save(log, &ids, &layers_dir)?;
    after::prune(staging, &layers_dir, &ids)?;
    after::prune_others(staging)?;
    Ok(metadata)
}

/// Runs the build of the lifecycle; what buildpacks say about a failure has been shown by then.
pub(crate) fn run_buildpacks(phases: &Lifecycle<'_>, log: &mut Log) -> Result<(), Problem> {
    let since = parent::since_start();
    let status = patience::watch(log, since, "buildpacks still build", || phases.build())?;
    match status.code() {
        Some(0) => Ok(()),
        Some(exit::BUILD) => {
            let summary = "a buildpack could not build this app";
            Err(Problem::new("cf-build-failed", Fault::App, summary)
                .hint("its own message above says what to do"))
        }
        Some(exit::API) => Err(lifecycle::other_api()),
        _ => {
            let summary = format!("the lifecycle ended with {status}");
            Err(Problem::new("cf-lifecycle-failed", Fault::Surroundings, summary).hint(
                "stage once more with BP_LOG_LEVEL=debug: the last lines before this one say why",
            ))
        }
    }
}

/// The ids of the buildpacks that take part.
fn detect(phases: &Lifecycle<'_>, staging: &Staging) -> Result<Vec<String>, Problem> {
    let output = phases.detect()?;
    match output.status.code() {
        Some(0) => before::group(&phases.group()),
        code => Err(before::nobody(staging, code, &String::from_utf8_lossy(&output.stdout))?),
    }
}

pub(crate) fn cache(staging: &Staging) -> Result<Cache, Problem> {
    let env = &staging.env;
    let megabytes = match env.given("BP_CF_CACHE_MAX_MB") {
        None => 1000,
        Some(text) => text
            .parse()
            .map_err(|_| settings::bad("BP_CF_CACHE_MAX_MB", text, "a number of megabytes"))?,
    };
    let terms = Terms {
        distro: format!("{} {}", staging.distro.name, staging.distro.version),
        arch: std::env::consts::ARCH.to_owned(),
        layers_dir: staging.place.layers(&staging.index),
    };
    let enabled = settings::flag(env, "BP_CF_CACHE_ENABLED", true)?;
    Ok(Cache::new(&staging.cache_dir, terms, megabytes, enabled))
}
