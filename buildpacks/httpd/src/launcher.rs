//! `httpd` as a container sees it: gives it the variables that configurations use, a place for
//! what it writes, and becomes the real one.

use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use kouti::{Explain, Fault, Problem};
use kouti_launch::Env;
use kouti_report::Colour;
use kouti_web::graceful::{self, Signal};
use kouti_web::{basic_auth, public_env, temp_dir};

/// The `main` of the helper program.
#[must_use]
pub fn main() -> ExitCode {
    let env = Env::of_process();
    let arguments: Vec<String> =
        std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    run(&env, arguments).unwrap_or_else(|problem| {
        let version = concat!("kouti/httpd ", env!("CARGO_PKG_VERSION"));
        // Nobody is left to tell if this fails.
        let _ = std::io::stderr().write_all(problem.page(version, Colour::Off).as_bytes());
        ExitCode::FAILURE
    })
}

/// What is asked of httpd, as far as it matters here.
struct Asked {
    /// The configuration, if the arguments name one.
    conf: Option<PathBuf>,
    /// Whether it is to serve, and not to tell or to signal.
    serves: bool,
}

fn run(env: &Env, mut arguments: Vec<String>) -> Result<ExitCode, Problem> {
    let dist = dist()?;
    let app_dir = env.given("APP_ROOT").map_or_else(|| PathBuf::from("."), PathBuf::from);
    let asked = read(&mut arguments, &app_dir);
    let mut command = Command::new(dist.join("bin/httpd"));
    command.arg0("httpd");
    prepare(env, &dist, &app_dir, &asked, &mut command)?;
    command.args(&arguments);
    match graceful::timeout(env).filter(|_| asked.serves) {
        Some(timeout) => graceful::run(command, timeout, Signal::WINCH),
        None => Err(CannotStart { path: dist.join("bin/httpd"), error: command.exec() }.into()),
    }
}

/// Reads the arguments, and makes the path of the configuration absolute: httpd takes a relative
/// one for a part of itself.
fn read(arguments: &mut [String], app_dir: &Path) -> Asked {
    let mut asked = Asked { conf: None, serves: true };
    let mut index = 0;
    while index < arguments.len() {
        let argument = arguments[index].clone();
        match argument.get(..2) {
            Some("-f") => {
                let is_apart = argument.len() == 2;
                let at = index + usize::from(is_apart);
                let value = arguments.get(at).map(|text| if is_apart { text } else { &text[2..] });
                let path = value.map(|value| app_dir.join(value)).filter(|path| path.is_file());
                if let Some(path) = path {
                    let shown = path.display().to_string();
                    arguments[at] = if is_apart { shown } else { format!("-f{shown}") };
                    asked.conf = Some(path);
                }
                index = at;
            }
            Some("-v" | "-V" | "-h" | "-l" | "-L" | "-t" | "-S" | "-M") => asked.serves = false,
            Some("-k") => {
                let value = arguments.get(index + 1).map(String::as_str);
                asked.serves &= matches!(value, Some("start") | None);
            }
            _ => {}
        }
        index += 1;
    }
    asked
}

/// Sets variables and the directives that a container needs; those of the configuration win.
fn prepare(
    env: &Env,
    dist: &Path,
    app_dir: &Path,
    asked: &Asked,
    command: &mut Command,
) -> Result<(), Problem> {
    let temp = temp_dir(env);
    let root = env.given("SERVER_ROOT").map_or_else(|| dist.to_owned(), PathBuf::from);
    let log = env.given("BPL_WEB_SERVER_ACCESS_LOG").unwrap_or("combined");
    command
        .env("PORT", kouti_web::port(env)?)
        .env("SERVER_ROOT", &root)
        .env("APP_ROOT", fs_err::canonicalize(app_dir)?)
        .env("TMPDIR", temp)
        .env("KOUTI_ACCESS_LOG", if log == "json" { "json" } else { "combined" });
    let libraries = dist.join("lib");
    if libraries.is_dir() {
        // For httpd alone: other programs of the container have libraries of their own.
        let path = env.given("LD_LIBRARY_PATH").map(|path| format!(":{path}")).unwrap_or_default();
        command.env("LD_LIBRARY_PATH", format!("{}{path}", libraries.display()));
    }
    if log == "off" {
        command.args(["-D", "KOUTI_NO_ACCESS_LOG"]);
    }
    for directive in [
        format!("ServerRoot \"{}\"", root.display()),
        format!("PidFile \"{}/httpd.pid\"", temp.display()),
        format!("DefaultRuntimeDir \"{}\"", temp.display()),
        format!("Mutex \"file:{}\" default", temp.display()),
        "ErrorLog /proc/self/fd/2".to_owned(),
    ] {
        command.args(["-C", &directive]);
    }
    if asked.serves {
        // Left by a container that was killed; the number may be somebody else's by now.
        let _ = fs_err::remove_file(temp.join("httpd.pid"));
    }
    if let Some(conf) = asked.conf.as_deref().filter(|_| asked.serves) {
        kouti_web::show_configuration(env, conf);
    }
    let conf = asked.conf.as_deref().and_then(|conf| fs_err::read_to_string(conf).ok());
    let conf = conf.unwrap_or_default();
    if conf.contains("${KOUTI_HTPASSWD}") {
        command.env("KOUTI_HTPASSWD", basic_auth::file(env)?);
    }
    if conf.contains("${KOUTI_PUBLIC_ENV}") {
        command.env("KOUTI_PUBLIC_ENV", public_env::write(env)?);
    }
    Ok(())
}

/// The real httpd: in the layer beside the one that this program is in.
fn dist() -> Result<PathBuf, Problem> {
    let program = fs_err::read_link("/proc/self/exe")?;
    let layers = program.ancestors().nth(3).unwrap_or(Path::new("/"));
    Ok(layers.join("httpd/dist"))
}

/// There is no real httpd, or not for this image.
#[derive(Debug, thiserror::Error)]
#[error("httpd at `{}` cannot be started", path.display())]
struct CannotStart {
    path: PathBuf,
    #[source]
    error: std::io::Error,
}

impl Explain for CannotStart {
    fn id(&self) -> &'static str {
        "httpd-not-started"
    }

    fn fault(&self) -> Fault {
        Fault::Surroundings
    }

    fn hints(&self) -> Vec<String> {
        vec![
            "run the image on the run image it was built for: httpd needs its libraries".to_owned(),
        ]
    }
}
