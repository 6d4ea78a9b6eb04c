//! Decision: which programs run in this container, with which variables and on which port.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;

use kouti_launch::Env;
use kouti_report::{Explain, Fault, Problem};
use rustix::process::Signal;

use crate::process_file::Entry;
use crate::run_dir::forget;
use crate::supervisor::{Address, Service};
use crate::workers::{Room, Workers};
use crate::{launch_files, launch_settings, names};

/// Where nginx finds PHP-FPM; Paketo's place, which configurations of apps name.
const SOCKET: &str = "/tmp/php-fpm.socket";
/// Where httpd does.
const FPM_PORT: u16 = 9000;
/// Seconds that running requests get when the app stops.
pub(crate) const SHUTDOWN: u64 = 8;

/// What is to run.
pub(crate) struct Plan {
    /// The variables of this process, and what the helper adds to them.
    env: Env,
    pub(crate) server: Server,
    pub(crate) app_dir: PathBuf,
    /// Where PHP-FPM listens: a path, or an address.
    fpm: String,
    pub(crate) variables: BTreeMap<&'static str, String>,
    pub(crate) port: Option<u16>,
    pub(crate) remarks: Vec<String>,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Server {
    Nginx,
    Httpd,
    BuiltIn,
    Fpm,
}

impl Plan {
    /// For programs of a list in an image without a server.
    pub(crate) fn without_server(env: &Env) -> Self {
        Self {
            env: env.clone(),
            server: Server::BuiltIn,
            app_dir: PathBuf::from(env.given("APP_ROOT").unwrap_or(".")),
            variables: BTreeMap::new(),
            port: None,
            remarks: launch_settings::warnings(env),
            fpm: SOCKET.to_owned(),
        }
    }

    /// Decides, and writes the files that the servers include.
    pub(crate) fn make(env: &Env, run_dir: &Path) -> Result<Self, Problem> {
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
            remarks: launch_settings::warnings(env),
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
        let number = |name: &str| launch_settings::number(env, name);
        let spare = count.div_ceil(2).max(1);
        let shutdown = number("BPL_PHP_SHUTDOWN_TIMEOUT").unwrap_or(SHUTDOWN);
        self.variables.extend([
            (names::FPM_LISTEN, self.fpm.clone()),
            ("KOUTI_FPM_CONTROL_TIMEOUT", format!("{shutdown}s")),
            ("KOUTI_FPM_PM", launch_settings::manager(env)),
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

    pub(crate) fn services(&self, env: &Env) -> io::Result<Vec<Service>> {
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
        // The web server must be this process's own child, not a grandchild.
        command.env_remove("BPL_WEB_SERVER_GRACEFUL_TIMEOUT").current_dir(&self.app_dir);
        command
    }

    /// The programs of a list instead of those of this image.
    pub(crate) fn listed(&self, env: &Env, entries: Vec<Entry>) -> io::Result<Vec<Service>> {
        let fpm_conf = env.given("PHP_FPM_PATH");
        let mut services = Vec::new();
        for Entry { name, command, args } in entries {
            let program = Path::new(&command).file_name().unwrap_or_default().to_string_lossy();
            let (finish, reload) = match program.as_ref() {
                "php-fpm" => (Signal::QUIT, Signal::USR2),
                "nginx" => (Signal::QUIT, Signal::HUP),
                "httpd" => (Signal::WINCH, Signal::USR1),
                _ => (Signal::TERM, Signal::CONT),
            };
            // Another configuration may listen anywhere.
            let is_ours =
                program == "php-fpm" && args.iter().any(|arg| Some(arg.as_str()) == fpm_conf);
            let listens = if is_ours { Some(self.fpm_address()?) } else { None };
            let args: Vec<_> = args.iter().map(String::as_str).collect();
            let command = self.command(&command, &args);
            services.push(Service { name, command, finish, reload, listens });
        }
        Ok(services)
    }

    /// Where PHP-FPM will be. A container that is started again still has its old files.
    fn fpm_address(&self) -> io::Result<Address> {
        if let Ok(address) = self.fpm.parse::<SocketAddr>() {
            return Ok(Address::Port(SocketAddr::from((Ipv4Addr::LOCALHOST, address.port()))));
        }
        forget(Path::new(&self.fpm))?;
        Ok(Address::Socket(self.fpm.clone().into()))
    }

    fn fpm_service(&self, env: &Env) -> io::Result<Service> {
        let args = fpm_args(env);
        let args: Vec<_> =
            ["--nodaemonize"].into_iter().chain(args.iter().map(String::as_str)).collect();
        Ok(Service {
            name: "php-fpm".to_owned(),
            command: self.command("php-fpm", &args),
            finish: Signal::QUIT,
            reload: Signal::USR2,
            listens: Some(self.fpm_address()?),
        })
    }

    fn nginx_service(&self, env: &Env) -> io::Result<Service> {
        forget(Path::new("/tmp/nginx.pid"))?;
        let prefix = self.app_dir.to_string_lossy();
        let conf = env.given("PHP_NGINX_PATH").unwrap_or_default();
        Ok(Service {
            name: "nginx".to_owned(),
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
            name: "httpd".to_owned(),
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
            name: "php".to_owned(),
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
            name: "watchexec".to_owned(),
            command: self.command("watchexec", &args),
            finish: Signal::TERM,
            reload: Signal::CONT,
            listens: None,
        })
    }
}

pub(crate) fn fpm_args(env: &Env) -> Vec<String> {
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
