//! `php-start`: the command of the process `web`.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use kouti_launch::Env;
use kouti_report::{Explain, Fault, Problem};
use rustix::process::Signal;

use crate::launch::configured;
use crate::launch_files;
use crate::names;
use crate::run_dir::run_dir;
use crate::supervisor::{Address, Service, Times, run, say, tell};
use crate::workers::{Room, Workers};

/// Where nginx finds PHP-FPM; Paketo's place, which configurations of apps name.
const SOCKET: &str = "/tmp/php-fpm.socket";
/// Where httpd does.
const FPM_PORT: u16 = 9000;

/// The whole of the program.
#[must_use]
pub fn main() -> ExitCode {
    let code = start(Env::of_process()).unwrap_or_else(|problem| {
        tell(&problem);
        1
    });
    ExitCode::from(code)
}

fn start(env: Env) -> Result<u8, Problem> {
    let env = with_helper(env)?;
    let run_dir = run_dir(&env)?;
    let plan = Plan::make(&env, &run_dir)?;
    for line in &plan.remarks {
        say(line);
    }
    if let Some(code) = pre_start(&env)? {
        return Ok(code);
    }
    let times = Times {
        startup: seconds(&env, "BPL_PHP_STARTUP_TIMEOUT", 10),
        shutdown: seconds(&env, "BPL_PHP_SHUTDOWN_TIMEOUT", 8),
    };
    let reread = || {
        if let Err(problem) = Plan::make(&env, &run_dir) {
            tell(&problem);
        }
    };
    let code = run(plan.services(&env)?, times, &reread)?;
    if code != 0
        && let Some(problem) = plan.port.and_then(port_problem)
    {
        tell(&problem);
    }
    Ok(code)
}

/// Where no exec.d exists, nobody has done what the helper does.
fn with_helper(env: Env) -> Result<Env, Problem> {
    if env.given(names::LAUNCH_DONE).is_some() {
        return Ok(env);
    }
    let outcome = configured(&env)?;
    for line in outcome.lines(false) {
        say(&line);
    }
    let mut all = env.as_map().clone();
    all.extend(outcome.variables().clone());
    Ok(all.into_iter().collect())
}

/// Runs the commands of `BP_PHP_PRE_START`; the code of the first that fails.
fn pre_start(env: &Env) -> Result<Option<u8>, Problem> {
    let commands = env.given(names::PRE_START).unwrap_or_default();
    for text in commands.lines().map(str::trim).filter(|text| !text.is_empty()) {
        say(&format!("running {text}"));
        let status = Command::new("sh").args(["-c", text]).status()?;
        if !status.success() {
            say(&format!("{text} ended with {status}, so the servers do not start"));
            let code = status.code().and_then(|code| u8::try_from(code).ok());
            return Ok(Some(code.unwrap_or(1)));
        }
    }
    Ok(None)
}

fn seconds(env: &Env, name: &str, usual: u64) -> Duration {
    let given = env.given(name).and_then(|text| text.parse().ok());
    Duration::from_secs(given.filter(|time| *time > 0).unwrap_or(usual))
}

/// What is to run.
struct Plan {
    /// The variables of this process, and what the helper adds to them.
    env: Env,
    server: Server,
    app_dir: PathBuf,
    /// Where PHP-FPM listens: a path, or an address.
    fpm: String,
    variables: BTreeMap<&'static str, String>,
    port: Option<u16>,
    remarks: Vec<String>,
}

#[derive(Clone, Copy, PartialEq)]
enum Server {
    Nginx,
    Httpd,
    BuiltIn,
    Fpm,
}

impl Plan {
    /// Decides, and writes the files that the servers include.
    fn make(env: &Env, run_dir: &Path) -> Result<Self, Problem> {
        let server = match env.given(names::SERVER) {
            Some("nginx") => Server::Nginx,
            Some("httpd") => Server::Httpd,
            Some("php-server") => Server::BuiltIn,
            Some("fpm") => Server::Fpm,
            _ => return Err(NoServer.into()),
        };
        let port = port(env, if server == Server::Fpm { FPM_PORT } else { 8080 })?;
        let fpm = match env.given(names::FPM_LISTEN) {
            Some(place) => place.to_owned(),
            None if server == Server::Httpd => format!("127.0.0.1:{FPM_PORT}"),
            None if server == Server::Fpm && launch_files::has_ipv6() => format!("[::]:{port}"),
            None if server == Server::Fpm => format!("0.0.0.0:{port}"),
            None => SOCKET.to_owned(),
        };
        let mut plan = Self {
            env: env.clone(),
            server,
            app_dir: PathBuf::from(env.given("APP_ROOT").unwrap_or(".")),
            variables: BTreeMap::new(),
            port: Some(port),
            remarks: Vec::new(),
            fpm,
        };
        if server != Server::BuiltIn {
            plan.size_fpm(env);
        }
        match server {
            Server::Nginx => launch_files::nginx(env, run_dir, &plan.fpm, port)?,
            Server::Httpd => launch_files::httpd(env, run_dir)?,
            Server::BuiltIn | Server::Fpm => {}
        }
        plan.variables.insert(names::RUN_DIR, run_dir.display().to_string());
        plan.variables.insert("PORT", port.to_string());
        Ok(plan)
    }

    /// The numbers that the configuration of PHP-FPM takes from variables.
    fn size_fpm(&mut self, env: &Env) {
        let (workers, warning) = Workers::choose(env, Room::of(env, Path::new("/")));
        let count = workers.count;
        self.remarks.extend(warning.map(|text| format!("warning: {text}")));
        let noun = if count == 1 { "worker" } else { "workers" };
        self.remarks.push(format!("{count} PHP {noun} ({})", workers.why));
        let pm = match env.given("BPL_PHP_FPM_PM").map(str::to_ascii_lowercase).as_deref() {
            Some("static") => "static",
            Some("ondemand") => "ondemand",
            _ => "dynamic",
        };
        let number = |name: &str| env.given(name).and_then(|text| text.parse::<u64>().ok());
        let spare = count.div_ceil(2).max(1);
        let shutdown = seconds(env, "BPL_PHP_SHUTDOWN_TIMEOUT", 8).as_secs();
        self.variables.extend([
            (names::FPM_LISTEN, self.fpm.clone()),
            ("KOUTI_FPM_CONTROL_TIMEOUT", format!("{shutdown}s")),
            ("KOUTI_FPM_PM", pm.to_owned()),
            ("KOUTI_FPM_MAX_CHILDREN", count.to_string()),
            ("KOUTI_FPM_START_SERVERS", count.div_ceil(4).clamp(1, spare).to_string()),
            ("KOUTI_FPM_MAX_SPARE_SERVERS", spare.to_string()),
            ("KOUTI_FPM_MAX_REQUESTS", number("BPL_PHP_FPM_MAX_REQUESTS").unwrap_or(0).to_string()),
            (
                "KOUTI_FPM_REQUEST_TIMEOUT",
                number("BPL_PHP_FPM_REQUEST_TIMEOUT").unwrap_or(0).to_string(),
            ),
            // Of a container that runs as root, the web server's workers do not.
            ("KOUTI_FPM_LISTEN_MODE", if is_root() { "0666" } else { "0660" }.to_owned()),
        ]);
    }

    fn services(&self, env: &Env) -> io::Result<Vec<Service>> {
        let mut services = Vec::new();
        if self.server != Server::BuiltIn {
            services.push(self.fpm_service(env)?);
        }
        services.extend(match self.server {
            Server::Nginx => Some(self.nginx_service(env)?),
            Server::Httpd => Some(self.httpd_service(env)?),
            Server::BuiltIn => Some(self.built_in_service(env)),
            Server::Fpm => None,
        });
        if env.given(names::LIVE_RELOAD).is_some() {
            services.extend(self.watcher());
        }
        Ok(services)
    }

    fn command(&self, program: &str, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(args).envs(self.env.as_map()).envs(&self.variables);
        command.current_dir(&self.app_dir);
        command
    }

    fn fpm_service(&self, env: &Env) -> io::Result<Service> {
        // A container that is started again still has its old files.
        let listens = if let Ok(address) = self.fpm.parse::<SocketAddr>() {
            Address::Port(SocketAddr::from((Ipv4Addr::LOCALHOST, address.port())))
        } else {
            forget(Path::new(&self.fpm))?;
            Address::Socket(self.fpm.clone().into())
        };
        let args = fpm_args(env);
        let args: Vec<_> =
            ["--nodaemonize"].into_iter().chain(args.iter().map(String::as_str)).collect();
        Ok(Service {
            name: "php-fpm",
            command: self.command("php-fpm", &args),
            finish: Signal::QUIT,
            reload: Signal::USR2,
            listens: Some(listens),
        })
    }

    fn nginx_service(&self, env: &Env) -> io::Result<Service> {
        forget(Path::new("/tmp/nginx.pid"))?;
        let prefix = self.app_dir.to_string_lossy();
        let conf = env.given("PHP_NGINX_PATH").unwrap_or_default();
        Ok(Service {
            name: "nginx",
            command: self.command("nginx", &["-p", &prefix, "-c", conf, "-e", "stderr"]),
            finish: Signal::QUIT,
            reload: Signal::HUP,
            listens: None,
        })
    }

    fn httpd_service(&self, env: &Env) -> io::Result<Service> {
        // It does not start while some process has the number in this file.
        forget(Path::new("/tmp/httpd.pid"))?;
        let conf = env.given("PHP_HTTPD_PATH").unwrap_or_default();
        Ok(Service {
            name: "httpd",
            command: self.command("httpd", &["-f", conf, "-k", "start", "-DFOREGROUND"]),
            finish: Signal::WINCH,
            reload: Signal::USR1,
            listens: None,
        })
    }

    fn built_in_service(&self, env: &Env) -> Service {
        let host = if launch_files::has_ipv6() { "[::]" } else { "0.0.0.0" };
        let address = format!("{host}:{}", self.port.unwrap_or(8080));
        let root = self.app_dir.join(env.given(names::WEB_DIR).unwrap_or_default());
        let root = root.to_string_lossy();
        Service {
            name: "php",
            command: self.command("php", &["-S", &address, "-t", root.trim_end_matches('/')]),
            finish: Signal::INT,
            reload: Signal::CONT,
            listens: None,
        }
    }

    /// Sends this process `SIGHUP` when a snippet changes.
    fn watcher(&self) -> Option<Service> {
        let dirs = [".nginx.conf.d", ".httpd.conf.d", ".php.fpm.d", ".php.ini.d"];
        let dirs: Vec<_> = dirs.into_iter().filter(|dir| self.app_dir.join(dir).is_dir()).collect();
        // A shell, because the program `kill` is not everywhere.
        let reload = format!("kill -HUP {}", rustix::process::getpid().as_raw_nonzero());
        let mut args = vec!["--postpone", "--shell", "none", "--no-vcs-ignore"];
        args.extend(dirs.iter().flat_map(|dir| ["--watch", dir]));
        args.extend(["--", "sh", "-c", &reload]);
        (!dirs.is_empty()).then(|| Service {
            name: "watchexec",
            command: self.command("watchexec", &args),
            finish: Signal::TERM,
            reload: Signal::CONT,
            listens: None,
        })
    }
}

fn fpm_args(env: &Env) -> Vec<String> {
    let mut args = Vec::new();
    for (option, name) in [("-y", "PHP_FPM_PATH"), ("-c", "PHPRC")] {
        args.extend(
            env.given(name)
                .map(|value| [option.to_owned(), value.to_owned()])
                .into_iter()
                .flatten(),
        );
    }
    if is_root() {
        args.push("-R".to_owned());
    }
    args
}

/// A command that looks at a configuration and does nothing else.
#[derive(Debug)]
pub struct Check {
    /// Program.
    pub program: &'static str,
    /// Arguments.
    pub args: Vec<String>,
    /// Further variables.
    pub variables: BTreeMap<&'static str, String>,
}

/// The commands that check what [`main`] would start; what their configurations include is
/// written to `run_dir` first.
pub fn checks(env: &Env, run_dir: &Path) -> Result<Vec<Check>, Problem> {
    if matches!(env.given(names::SERVER), None | Some("none" | "php-server")) {
        return Ok(Vec::new());
    }
    let plan = Plan::make(env, run_dir)?;
    let check =
        |program, args: Vec<String>| Check { program, args, variables: plan.variables.clone() };
    let words = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
    let mut fpm = words(&["-t"]);
    fpm.extend(fpm_args(env));
    let mut checks = vec![check("php-fpm", fpm)];
    let prefix = plan.app_dir.to_string_lossy();
    match plan.server {
        Server::Nginx => {
            let conf = env.given("PHP_NGINX_PATH").unwrap_or_default();
            checks.push(check(
                "nginx",
                words(&["-t", "-q", "-p", &prefix, "-c", conf, "-e", "stderr"]),
            ));
        }
        Server::Httpd => {
            let conf = env.given("PHP_HTTPD_PATH").unwrap_or_default();
            checks.push(check("httpd", words(&["-t", "-f", conf])));
        }
        Server::BuiltIn | Server::Fpm => {}
    }
    Ok(checks)
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn port(env: &Env, usual: u16) -> Result<u16, BadPort> {
    match env.given("PORT") {
        None => Ok(usual),
        Some(text) => text
            .parse()
            .ok()
            .filter(|port| *port > 0)
            .ok_or_else(|| BadPort { text: text.to_owned() }),
    }
}

fn forget(path: &Path) -> io::Result<()> {
    match fs_err::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Why a server may not have started: only asked after it has ended.
fn port_problem(port: u16) -> Option<Problem> {
    let error = std::net::TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).err()?;
    let reason = match error.kind() {
        io::ErrorKind::AddrInUse => "somebody else listens there",
        io::ErrorKind::PermissionDenied => "the app's user may not listen there",
        _ => return None,
    };
    Some(PortUnusable { port, reason }.into())
}

/// Nobody can listen on the port.
#[derive(Debug, thiserror::Error)]
#[error("port {port} cannot be used: {reason}")]
struct PortUnusable {
    port: u16,
    reason: &'static str,
}

impl Explain for PortUnusable {
    fn id(&self) -> &'static str {
        "port-unusable"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec!["set PORT to another one; below 1024 only root may listen".to_owned()]
    }
}

/// `PORT` is no port.
#[derive(Debug, thiserror::Error)]
#[error("PORT is `{text}`, which is not a port")]
struct BadPort {
    text: String,
}

impl Explain for BadPort {
    fn id(&self) -> &'static str {
        "bad-php-port"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec!["set it to a number from 1 to 65535, such as 8080".to_owned()]
    }
}

/// The image was built without a server.
#[derive(Debug, thiserror::Error)]
#[error("this image has no server that php-start could start")]
struct NoServer;

impl Explain for NoServer {
    fn id(&self) -> &'static str {
        "no-php-server"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec!["build it with BP_PHP_SERVER=nginx, httpd, php-server or fpm".to_owned()]
    }
}
