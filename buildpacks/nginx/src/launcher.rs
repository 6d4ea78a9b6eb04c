//! `nginx` as a container sees it: renders the configuration, adds what a container needs and the
//! configuration does not say, and becomes the real nginx.

use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use kouti::{Explain, Fault, Problem, sha256};
use kouti_launch::Env;
use kouti_report::Colour;
use kouti_web::graceful::{self, Signal};
use kouti_web::{Surroundings, temp_dir};

use crate::configuration::Configuration;
use crate::options::Options;
use crate::rendering::{self, Place, Written};

/// The `main` of the helper program.
#[must_use]
pub fn main() -> ExitCode {
    let env = Env::of_process();
    let arguments: Vec<String> =
        std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    run(&env, &arguments).unwrap_or_else(|problem| {
        let version = concat!("kouti/nginx ", env!("CARGO_PKG_VERSION"));
        // Nobody is left to tell if this fails.
        let _ = std::io::stderr().write_all(problem.page(version, Colour::Off).as_bytes());
        ExitCode::FAILURE
    })
}

fn run(env: &Env, arguments: &[String]) -> Result<ExitCode, Problem> {
    let server = Server::find()?;
    let options = Options::parse(arguments);
    if options.is_for_nginx_alone() {
        return Err(server.exec(env, arguments));
    }
    let prefix = match &options.prefix {
        Some(prefix) => prefix.clone(),
        None => env.given("APP_ROOT").map_or_else(|| PathBuf::from("."), PathBuf::from),
    };
    let prefix = fs_err::canonicalize(prefix)?;
    let conf = options.conf.clone().or_else(|| env.given("EXECD_CONF").map(PathBuf::from));
    let conf = prefix.join(conf.unwrap_or_else(|| "nginx.conf".into()));
    if !conf.is_file() {
        // nginx says so itself.
        return Err(server.exec(env, arguments));
    }
    let arguments = prepare(env, &server, &options, &prefix, &conf)?;
    let is_start = options.flags.is_empty() && options.signal.is_none();
    match graceful::timeout(env).filter(|_| is_start) {
        Some(timeout) => graceful::run(server.command(env, &arguments), timeout, Signal::QUIT),
        None => Err(server.exec(env, &arguments)),
    }
}

/// Renders the configuration and returns the arguments of the real nginx.
fn prepare(
    env: &Env,
    server: &Server,
    options: &Options,
    prefix: &Path,
    conf: &Path,
) -> Result<Vec<String>, Problem> {
    let temp = temp_dir(env);
    let dir = temp.join(format!("kouti-nginx-{}", &sha256(conf.display().to_string())[..12]));
    let version = conf.with_file_name("content-version");
    let surroundings = Surroundings {
        env: env.clone(),
        app_dir: prefix.to_owned(),
        modules: server.dir.join("modules"),
        mime_types: dir.join("mime.types"),
        content_version: fs_err::read_to_string(version).unwrap_or_default().trim().to_owned(),
        root: "/".into(),
        is_check: false,
        warnings: std::cell::RefCell::default(),
    };
    let directives = options.directives.clone().unwrap_or_default();
    let configuration = Configuration::read(conf, prefix, &directives, &surroundings)?;
    for warning in surroundings.warnings.borrow().iter() {
        let _ = writeln!(std::io::stderr(), "warning: {warning}");
    }
    let place = Place { dir: &dir, root: root_of(conf, prefix), temp_dir: temp, dist: &server.dir };
    let written = rendering::write(&configuration, place)
        .map_err(|error| TempDirUnusable { dir: temp.to_owned(), error })?;
    kouti_web::show_configuration(env, &written.conf);
    let workers = kouti_web::workers::count(env, Path::new("/"));
    Ok(arguments(options, prefix, &written, &configuration, temp, workers))
}

/// The top of what relative paths of a configuration may reach.
#[must_use]
pub fn root_of<'a>(conf: &'a Path, app_dir: &'a Path) -> &'a Path {
    if conf.starts_with(app_dir) { app_dir } else { conf.parent().unwrap_or(app_dir) }
}

/// Directives outside all blocks that a container needs; never one that is there already, which
/// nginx does not accept.
#[must_use]
pub fn missing_in_main(configuration: &Configuration, temp: &Path, workers: i64) -> String {
    let wanted = [
        ("daemon", "off".to_owned()),
        ("pid", format!("{}/nginx.pid", temp.display())),
        ("error_log", "stderr".to_owned()),
        ("worker_processes", workers.to_string()),
    ];
    let missing = wanted.into_iter().filter(|(name, _)| !configuration.main.contains_key(*name));
    let missing = missing.map(|(name, value)| format!("{name} {value};"));
    missing.collect::<Vec<_>>().join(" ")
}

fn arguments(
    options: &Options,
    prefix: &Path,
    written: &Written,
    configuration: &Configuration,
    temp: &Path,
    workers: i64,
) -> Vec<String> {
    let directives = options.directives.clone().unwrap_or_default();
    let directives = directives + " " + &missing_in_main(configuration, temp, workers);
    let error_log = options.error_log.clone().unwrap_or_else(|| "stderr".to_owned());
    let mut arguments = vec![
        "-p".to_owned(),
        prefix.display().to_string(),
        "-c".to_owned(),
        written.conf.display().to_string(),
        "-e".to_owned(),
        error_log,
    ];
    if !directives.trim().is_empty() {
        arguments.extend(["-g".to_owned(), directives.trim().to_owned()]);
    }
    arguments.extend(options.flags.iter().cloned());
    if let Some(signal) = &options.signal {
        arguments.extend(["-s".to_owned(), signal.clone()]);
    }
    arguments
}

/// The real nginx.
struct Server {
    /// With `sbin`, `modules` and perhaps `lib`.
    dir: PathBuf,
}

impl Server {
    /// It is in the layer beside the one that this program is in.
    fn find() -> Result<Self, Problem> {
        let program = fs_err::read_link("/proc/self/exe")?;
        let layers = program.ancestors().nth(3).unwrap_or(Path::new("/"));
        Ok(Self { dir: layers.join("nginx/dist") })
    }

    fn command(&self, env: &Env, arguments: &[String]) -> Command {
        let mut command = Command::new(self.dir.join("sbin/nginx"));
        command.arg0("nginx").args(arguments);
        let libraries = self.dir.join("lib");
        if libraries.is_dir() {
            // For nginx alone: other programs of the container have libraries of their own.
            let path = match env.given("LD_LIBRARY_PATH") {
                Some(path) => format!("{}:{path}", libraries.display()),
                None => libraries.display().to_string(),
            };
            command.env("LD_LIBRARY_PATH", path);
        }
        command
    }

    /// Becomes nginx; only comes back if that fails.
    fn exec(&self, env: &Env, arguments: &[String]) -> Problem {
        let error = self.command(env, arguments).exec();
        CannotStart { path: self.dir.join("sbin/nginx"), error }.into()
    }
}

/// There is no real nginx, or not for this image.
#[derive(Debug, thiserror::Error)]
#[error("nginx at `{}` cannot be started", path.display())]
struct CannotStart {
    path: PathBuf,
    #[source]
    error: std::io::Error,
}

impl Explain for CannotStart {
    fn id(&self) -> &'static str {
        "nginx-not-started"
    }

    fn fault(&self) -> Fault {
        Fault::Surroundings
    }

    fn hints(&self) -> Vec<String> {
        vec![
            "run the image on the run image it was built for: nginx needs its libraries".to_owned(),
        ]
    }
}

/// Where nothing can be written, nginx cannot run.
#[derive(Debug, thiserror::Error)]
#[error("the configuration cannot be written below `{}`", dir.display())]
struct TempDirUnusable {
    dir: PathBuf,
    #[source]
    error: std::io::Error,
}

impl Explain for TempDirUnusable {
    fn id(&self) -> &'static str {
        "temp-dir-not-writable"
    }

    fn fault(&self) -> Fault {
        Fault::Surroundings
    }

    fn hints(&self) -> Vec<String> {
        vec![
            "mount a writable directory there: docker run --tmpfs /tmp, or an emptyDir volume"
                .to_owned(),
            "or set TMPDIR to a directory that the app may write to".to_owned(),
        ]
    }
}
