//! `kouti-cf launch-env INDEX`: the environment of the layers, as shell code on descriptor 3. What exec.d programs print
//! goes where the app's own words go.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use kouti_launch::Env;
use kouti_launch::launcher::{Launcher, Variables, exec_d_command};
use kouti_report::{Fault, Problem};

use crate::bindings::Directories;
use crate::classic::{Classic, When};
use crate::record::{LaunchRecord, escaped};
use crate::words;

/// Tells the script that the app must not start; the launcher of the lifecycle ends with it as well.
const REFUSED: u8 = 82;

/// Variables that are the platform's, whatever a layer says.
const THE_PLATFORMS: [&str; 8] =
    ["HOME", "PWD", "OLDPWD", "SHLVL", "_", "DEPS_DIR", "TMPDIR", "PORT"];

pub(crate) fn run(env: &Env, args: &[OsString]) -> ExitCode {
    let index = args.first().map_or_else(|| "0".to_owned(), |index| index.display().to_string());
    match environment(env, &index) {
        Ok(code) => {
            let opened = fs_err::OpenOptions::new().write(true).open("/proc/self/fd/3");
            let written = match opened {
                Ok(mut descriptor) => descriptor.write_all(code.as_bytes()),
                Err(_) => std::io::stdout().write_all(code.as_bytes()),
            };
            if written.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(problem) => {
            let page = problem.page(crate::LABEL, crate::settings::colour(env));
            // Nobody is left to tell if this fails.
            let _ = std::io::stderr().write_all(page.as_bytes());
            ExitCode::from(REFUSED)
        }
    }
}

fn environment(env: &Env, index: &str) -> Result<String, Problem> {
    let deps_dir = PathBuf::from(env.given("DEPS_DIR").unwrap_or("/home/vcap/deps"));
    let own = deps_dir.join(index);
    let record = LaunchRecord::read(&own.join("kouti/launch.toml"))?;
    let dirs: Vec<_> =
        record.buildpacks.iter().map(|id| own.join("layers").join(escaped(id))).collect();
    let launcher = Launcher::read(&dirs)?;
    let kind = process_type(env);
    let kind = record.original_types.get(&kind).cloned().unwrap_or(kind);

    let before: Variables = env.as_map().iter().collect();
    let mut variables = before.clone();
    if crate::settings::flag(env, "BPL_CF_BINDINGS_ENABLED", true)? {
        services(env, &record.compat, &mut variables)?;
    }
    launcher.add_layers(&kind, &mut variables)?;
    let classic = Classic::read(env, None, &record.compat)?;
    for (name, value) in classic.variables(When::Launch) {
        variables.set(name, value);
    }
    let strict = strict(env, &record)?;
    let java_opts = crate::settings::flag(env, "BPL_CF_JAVA_OPTS_ENABLED", true)?;
    let app_dir = PathBuf::from(env.given("HOME").unwrap_or("/home/vcap/app"));
    for program in launcher.exec_d(&kind)? {
        if !is_executable(&program) {
            let text = format!("warning: {} cannot be executed and is left out", program.display());
            let _ = writeln!(std::io::stderr(), "{text}");
            continue;
        }
        let mut seen = variables.clone();
        if seen.get("SERVICE_BINDING_ROOT").is_some() {
            // The same services under two names would be ambiguous.
            seen.remove("VCAP_SERVICES");
            seen.remove("VCAP_SERVICES_FILE_PATH");
        }
        if !java_opts {
            seen.remove("JAVA_OPTS");
        }
        exec_d(&program, &app_dir, &seen, &mut variables, strict)?;
    }
    Ok(exports(&variables, &before))
}

/// Services as directories, for apps that know no other form. What the user has set wins.
fn services(env: &Env, classic: &[String], variables: &mut Variables) -> Result<(), Problem> {
    if env.given("SERVICE_BINDING_ROOT").is_some() {
        return Ok(());
    }
    let services = Directories::read(env, classic)?;
    if !services.is_empty() {
        variables.set("SERVICE_BINDING_ROOT", services.write_for_launch(env)?);
    }
    Ok(())
}

/// The type of the process that starts, if the platform says it: a task has none.
fn process_type(env: &Env) -> String {
    let told = || {
        let application: serde_json::Value =
            serde_json::from_str(env.given("VCAP_APPLICATION")?).ok()?;
        application["process_type"].as_str().map(str::to_owned)
    };
    env.given("BPL_CF_PROCESS_TYPE").map(str::to_owned).or_else(told).unwrap_or_default()
}

/// Whether a program that fails keeps the app from starting. What the user starts may do without: a task, or a process
/// beside the app with little memory.
fn strict(env: &Env, record: &LaunchRecord) -> Result<bool, Problem> {
    let command = env.get("KOUTI_START_COMMAND").unwrap_or_default();
    let is_ours = record.commands.iter().any(|ours| ours == command);
    crate::settings::flag(env, "BPL_CF_EXECD_STRICT", is_ours)
}

fn is_executable(program: &Path) -> bool {
    rustix::fs::access(program, rustix::fs::Access::EXEC_OK).is_ok()
}

/// Runs a program that sees these variables, and takes over what it sets.
fn exec_d(
    program: &Path,
    app_dir: &Path,
    seen: &Variables,
    variables: &mut Variables,
    strict: bool,
) -> Result<(), Problem> {
    let output = exec_d_command(program, app_dir, seen).output()?;
    let _ = std::io::stderr().write_all(&output.stderr);
    let reason = if output.status.success() {
        match variables.take_over(&output.stdout) {
            Ok(()) => return Ok(()),
            Err(error) => format!("what it has written cannot be read: {}", error.message()),
        }
    } else {
        output.status.to_string()
    };
    let summary = format!("{} failed: {reason}", program.display());
    if !strict {
        let _ = writeln!(std::io::stderr(), "warning: {summary}");
        return Ok(());
    }
    let mut problem = Problem::new("cf-exec-d-failed", Fault::App, summary);
    problem.excerpt = last_lines(&output.stderr);
    Err(problem
        .hint("its own words above say what is wrong")
        .hint("start the app all the same with `cf set-env APP BPL_CF_EXECD_STRICT false`"))
}

/// The end of what a program has printed.
fn last_lines(printed: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(printed);
    let lines: Vec<_> = text.lines().rev().filter(|line| !line.trim().is_empty()).take(3).collect();
    let shown: Vec<_> = lines.into_iter().rev().map(|line| format!("  {line}")).collect();
    (!shown.is_empty()).then(|| shown.join("\n"))
}

/// Shell code that sets what is new.
fn exports(variables: &Variables, before: &Variables) -> String {
    let mut code = String::new();
    for (name, value) in variables.changes_since(before) {
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let is_the_platforms = THE_PLATFORMS.contains(&name.as_str())
            || name.starts_with("VCAP_")
            || name.starts_with("CF_INSTANCE_");
        if is_name && !is_the_platforms {
            let _ = writeln!(code, "export {name}={}", words::quoted(&value));
        }
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_new_is_exported_and_nothing_is_executed() {
        let before: Variables = [("PATH", "/bin"), ("SAME", "x")].into_iter().collect();
        let after: Variables = [
            ("PATH", "/layer/bin:/bin"),
            ("SAME", "x"),
            ("HOME", "/elsewhere"),
            ("VCAP_SERVICES", "{}"),
            ("NOT-A-NAME", "x"),
            ("A", "l1\n'$(touch /tmp/x)'"),
        ]
        .into_iter()
        .collect();
        let code = exports(&after, &before);
        assert_eq!(code, "export A='l1\n'\\''$(touch /tmp/x)'\\'''\nexport PATH=/layer/bin:/bin\n");
    }

    #[test]
    fn the_type_is_what_the_platform_says_it_starts() {
        let kind = |variables: &[(&str, &str)]| process_type(&variables.iter().copied().collect());
        assert_eq!(kind(&[("VCAP_APPLICATION", r#"{"process_type": "worker"}"#)]), "worker");
        assert_eq!(kind(&[("VCAP_APPLICATION", "{}")]), "");
        assert_eq!(kind(&[("BPL_CF_PROCESS_TYPE", "web")]), "web");
    }

    #[test]
    fn a_failed_program_only_stops_what_we_start() {
        let record =
            LaunchRecord { commands: vec!["node x".to_owned()], ..LaunchRecord::default() };
        let strict = |variables: &[(&str, &str)]| {
            strict(&variables.iter().copied().collect(), &record).unwrap()
        };
        assert!(strict(&[("KOUTI_START_COMMAND", "node x")]));
        assert!(!strict(&[("KOUTI_START_COMMAND", "rake task")]));
        assert!(strict(&[("BPL_CF_EXECD_STRICT", "true")]));
    }
}
