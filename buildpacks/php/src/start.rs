//! `php-start`: the command of the process `web`.

use std::collections::BTreeMap;
use std::io;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus};
use std::time::Duration;

use kouti_launch::Env;
use kouti_report::{Explain, Fault, Problem};

use crate::launch::configured;
use crate::plan::{Plan, SHUTDOWN, Server, fpm_args};
use crate::run_dir::run_dir;
use crate::supervisor::{Times, run, say, tell};
use crate::{launch_settings, names, process_file};

/// What is asked of the program.
enum Task {
    /// Runs what the image was built for.
    Serve,
    /// Runs the programs of a list.
    List(String),
    /// Lets the servers read their configurations, and no more.
    Check,
}

/// The whole of the program, by the name that it is called by.
#[must_use]
pub fn main(called_as: &str) -> ExitCode {
    let args = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    let code = act(called_as, args.collect(), Env::of_process()).unwrap_or_else(|problem| {
        tell(&problem);
        1
    });
    ExitCode::from(code)
}

fn act(called_as: &str, mut args: Vec<String>, env: Env) -> Result<u8, Problem> {
    if called_as == PRE_START && !args.is_empty() {
        let command = args.remove(0);
        let status = Command::new(&command).args(args).status();
        let status = status.map_err(|error| kouti_launch::supervisor::CannotStart {
            program: command.clone(),
            error,
        })?;
        if !status.success() {
            say(&format!("{command} ended with {status}, so the servers do not start"));
            return Ok(1);
        }
        return start(env, &Task::Serve);
    }
    let task = match args.as_slice() {
        [] if called_as != PROCMGR => Task::Serve,
        [flag] if flag == "--check" => Task::Check,
        [file] if !file.starts_with('-') => Task::List(file.clone()),
        _ => return Err(BadArguments { called_as: called_as.to_owned() }.into()),
    };
    start(env, &task)
}

/// Paketo's supervisor, which `Procfile`s name.
const PROCMGR: &str = "procmgr-binary";
/// Of Cloud Foundry's classic buildpack: runs its arguments, then the servers.
const PRE_START: &str = "pre-start";

/// Every name of this program.
pub const NAMES: [&str; 4] = ["php-start", PROCMGR, "start", PRE_START];

fn start(env: Env, task: &Task) -> Result<u8, Problem> {
    let env = with_helper(env)?;
    let run_dir = run_dir(&env)?;
    if matches!(task, Task::Check) {
        return check(&env, &run_dir);
    }
    let listed = match task {
        Task::List(file) => Some(process_file::read(Path::new(file))?),
        _ => None,
    };
    let has_server = !matches!(env.given(names::SERVER), None | Some("none"));
    let plan = match listed {
        Some(_) if !has_server => Plan::without_server(&env),
        _ => Plan::make(&env, &run_dir)?,
    };
    for line in &plan.remarks {
        say(line);
    }
    if env.given("BPL_LOG_LEVEL").is_some_and(|level| level.eq_ignore_ascii_case("debug")) {
        for (name, value) in &plan.variables {
            say(&format!("{name}={value}"));
        }
    }
    if let Some(code) = pre_start(&env)? {
        return Ok(code);
    }
    let seconds = |name: &str, usual| {
        Duration::from_secs(launch_settings::number(&env, name).unwrap_or(usual))
    };
    let times = Times {
        startup: seconds("BPL_PHP_STARTUP_TIMEOUT", 10),
        shutdown: seconds("BPL_PHP_SHUTDOWN_TIMEOUT", SHUTDOWN),
    };
    let services = match listed {
        Some(entries) => plan.listed(&env, entries)?,
        None => plan.services(&env)?,
    };
    // Renders what the servers include, and templates of the app: those that nginx has read are
    // copies, and it would read them again as they were.
    let reread = || match check(&env, &run_dir) {
        Ok(0) => true,
        Ok(_) => {
            say("the configuration stays as it was");
            false
        }
        Err(problem) => {
            tell(&problem);
            false
        }
    };
    let code = run(services, times, &reread)?;
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
            return Ok(Some(code_of(status)));
        }
    }
    Ok(None)
}

fn code_of(status: ExitStatus) -> u8 {
    status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

/// Lets every server read its configuration; the code of the first that refuses it.
fn check(env: &Env, run_dir: &Path) -> Result<u8, Problem> {
    for check in checks(env, run_dir)? {
        let mut command = Command::new(check.program);
        command.args(&check.args).envs(env.as_map()).envs(&check.variables);
        let output = command.output().map_err(|error| kouti_launch::supervisor::CannotStart {
            program: check.program.to_owned(),
            error,
        })?;
        if !output.status.success() {
            let text = [output.stdout, output.stderr].concat();
            for line in String::from_utf8_lossy(&text).lines() {
                say(line);
            }
            say(&format!("{} refuses its configuration", check.program));
            return Ok(code_of(output.status));
        }
    }
    Ok(0)
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

/// The program was called in a way that means nothing.
#[derive(Debug, thiserror::Error)]
#[error("these arguments of {called_as} mean nothing")]
struct BadArguments {
    called_as: String,
}

impl Explain for BadArguments {
    fn id(&self) -> &'static str {
        "bad-start-arguments"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![
            "`php-start` starts what the image was built for, `php-start --check` only checks its \
             configuration"
                .to_owned(),
            "`procmgr-binary list.yml` starts the programs of a list".to_owned(),
        ]
    }
}
