//! How a process of a staged app starts.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use kouti_launch::Env;
use serde_json::{Value, json};

use crate::Failure;

/// Reads the scripts of the droplet and of the app, then becomes the app.
const LAUNCH: &str = r#"
cd "$1"
echo "Invoking pre-start scripts."
if [ -n "$(ls ../profile.d/* 2> /dev/null)" ]; then
  for env_file in ../profile.d/*; do
    source $env_file
  done
fi
if [ -n "$(ls .profile.d/* 2> /dev/null)" ]; then
  for env_file in .profile.d/*; do
    source $env_file
  done
fi
if [ -f .profile ]; then
  source .profile
fi
shift
echo "Invoking start command."
exec {prefix} "$@"
"#;

/// The same for people who look in: without the app's `.profile`.
const SHELL: &str = r#"
cd "$1"
for dir in ../profile.d .profile.d; do
  if [ -n "$(ls $dir/* 2> /dev/null)" ]; then
    for env_file in $dir/*; do
      source $env_file
    done
  fi
done
shift
if [ $# -gt 0 ]; then exec bash -c "$@"; fi
exec bash
"#;

/// `launcher APP COMMAND METADATA`
pub(crate) fn launch(env: &Env, args: &[String]) -> Result<(), Failure> {
    let [app, command, ..] = args else {
        return Err(Failure::new(1, "launcher: received only too few arguments"));
    };
    let text = fs_err::read_to_string("staging_info.yml").unwrap_or_default();
    let info: Value = serde_json::from_str(&text).unwrap_or_default();
    let mut command = command.clone();
    if command.is_empty() {
        info["start_command"].as_str().unwrap_or_default().clone_into(&mut command);
    }
    if command.is_empty() {
        return Err(Failure::new(1, "launcher: no start command specified or detected in droplet"));
    }
    let prefix = info["config"]["entrypoint_prefix"].as_str().filter(|prefix| !prefix.is_empty());
    let script = LAUNCH.replace("{prefix}", prefix.unwrap_or("bash -c"));
    become_bash(env, &script, app, &[&command])
}

/// `shell [APP [COMMAND]]`
pub(crate) fn shell(env: &Env, args: &[String]) -> Result<(), Failure> {
    let app = args.first().map_or("app", String::as_str);
    let rest: Vec<&str> = args.iter().skip(1).map(String::as_str).collect();
    // The platform's program of this name gives the scripts no start command.
    become_bash(env, SHELL, app, &rest)
}

fn become_bash(env: &Env, script: &str, app: &str, words: &[&str]) -> Result<(), Failure> {
    let home = std::env::current_dir()?;
    let app: PathBuf = home.join(app);
    let mut bash = Command::new("bash");
    bash.args(["-c", script]).arg("bash").arg(&app).args(words);
    surroundings(env, &mut bash, &home, &app);
    Err(bash.exec().into())
}

fn surroundings(env: &Env, bash: &mut Command, home: &Path, app: &Path) {
    bash.env("HOME", app).env("TMPDIR", home.join("tmp")).env("DEPS_DIR", home.join("deps"));
    bash.env_remove("VCAP_PLATFORM_OPTIONS").env("VCAP_APP_HOST", "0.0.0.0");
    let port = env.given("PORT").unwrap_or_default();
    if !port.is_empty() {
        bash.env("VCAP_APP_PORT", port);
    }
    let text = env.given("VCAP_APPLICATION").unwrap_or_default();
    if let Ok(Value::Object(mut application)) = serde_json::from_str(text) {
        application.insert("host".to_owned(), json!("0.0.0.0"));
        if let Ok(port) = port.parse::<u16>() {
            application.insert("port".to_owned(), json!(port));
        }
        let instance = env.given("INSTANCE_GUID").unwrap_or_default();
        application.insert("instance_id".to_owned(), json!(instance));
        if let Some(Ok(index)) = env.given("INSTANCE_INDEX").map(str::parse::<u64>) {
            application.insert("instance_index".to_owned(), json!(index));
        }
        bash.env("VCAP_APPLICATION", Value::Object(application).to_string());
    }
}
