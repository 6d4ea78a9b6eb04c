//! What a staging leaves: `result.json`, `staging_info.yml`, the droplet and the cache.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Map, Value, json};

use crate::Failure;
use crate::builder::{Staging, code};
use crate::flags::Flags;

/// What is known of the app.
#[derive(Debug)]
pub(crate) struct Staged {
    buildpacks: Vec<Value>,
    processes: Vec<Process>,
    /// Where the platform looks for the `launch.yml` of the last buildpack.
    last: usize,
}

/// An entry of a `launch.yml`.
#[derive(Debug)]
struct Process {
    kind: String,
    command: String,
    /// The types beside which it runs; none if it is no sidecar.
    beside: Vec<Value>,
    memory: u64,
}

impl Process {
    fn new(kind: String, command: String) -> Self {
        Self { kind, command, beside: Vec::new(), memory: 0 }
    }
}

impl Staged {
    /// What buildpacks say of themselves; all that is kept of a failed staging.
    pub(crate) fn collect(
        staging: &Staging,
        flags: &Flags,
        key: &str,
        detected: &str,
        suppliers: usize,
    ) -> Result<Self, Failure> {
        let order = flags.order();
        let width = (suppliers + 1).ilog10() as usize + 1;
        let mut buildpacks = Vec::new();
        for number in 0..=suppliers {
            let dir = staging.deps.join(format!("{number:0width$}"));
            let config = yaml(&dir.join("config.yml"))?.unwrap_or_else(|| json!({}));
            let is_last = number == suppliers;
            let key = order.get(number).filter(|_| !is_last).copied().unwrap_or(key);
            let name = config["name"].as_str().unwrap_or(if is_last { detected } else { "" });
            let mut buildpack = json!({ "key": key, "name": name });
            for part in ["version", "config", "output_metadata"] {
                if let Some(value) = config.get(part) {
                    buildpack[part] = value.clone();
                }
            }
            buildpacks.push(buildpack);
        }
        // The platform's own mistakes: an index without zeros in front; and one of all buildpacks where it has asked
        // them which of them it is.
        let last = if flags.skips_detect() { suppliers } else { order.len() - 1 };
        Ok(Self { buildpacks, processes: Vec::new(), last })
    }

    /// What is started, by the word of all buildpacks; `release` is asked if the last one has no file that says it.
    pub(crate) fn with_commands(
        mut self,
        staging: &Staging,
        key: &str,
        suppliers: usize,
    ) -> Result<Self, Failure> {
        for number in 0..suppliers {
            self.add_launch_yml(&staging.deps.join(number.to_string()))?;
        }
        if self.add_launch_yml(&staging.deps.join(self.last.to_string()))? {
            return Ok(self);
        }
        let failed = |reason: String| {
            Failure::new(code::RELEASE, format!("Failed to build droplet release: {reason}"))
        };
        let mut release = staging.command(&staging.program(key, "release"), &[]);
        let output = release.stderr(Stdio::inherit()).output();
        let output = output.map_err(|error| failed(error.to_string()))?;
        if !output.status.success() {
            return Err(failed(output.status.to_string()));
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let value: Value = serde_saphyr::from_str(&text)
            .map_err(|error| failed(format!("buildpack's release output invalid: {error}")))?;
        for (kind, command) in strings(&value["default_process_types"]) {
            self.merge(Process::new(kind, command));
        }
        Ok(self)
    }

    fn add_launch_yml(&mut self, dir: &Path) -> Result<bool, Failure> {
        let Some(launch) = yaml(&dir.join("launch.yml"))? else { return Ok(false) };
        for process in launch["processes"].as_array().into_iter().flatten() {
            let text = |key: &str| process[key].as_str().unwrap_or_default().to_owned();
            let beside = process["platforms"]["cloudfoundry"]["sidecar_for"].as_array();
            self.merge(Process {
                beside: beside.cloned().unwrap_or_default(),
                memory: process["limits"]["memory"].as_u64().unwrap_or_default(),
                ..Process::new(text("type"), text("command"))
            });
        }
        Ok(true)
    }

    /// A later one takes the place of an earlier one of its type.
    fn merge(&mut self, process: Process) {
        match self.processes.iter_mut().find(|known| known.kind == process.kind) {
            Some(known) => *known = process,
            None => self.processes.push(process),
        }
    }

    /// The app's own word, which is the last.
    pub(crate) fn with_procfile(mut self, app: &Path) -> Result<Self, Failure> {
        let path = app.join("Procfile");
        if path.is_file() {
            let processes: BTreeMap<String, String> =
                serde_saphyr::from_str(&fs_err::read_to_string(path)?).map_err(|_| {
                    Failure::new(1, "Failed to read command from Procfile: invalid YAML")
                })?;
            for (kind, command) in processes {
                self.merge(Process::new(kind, command));
            }
        }
        Ok(self)
    }

    /// The command of the process that gets requests.
    pub(crate) fn web(&self) -> &str {
        let is_web = |process: &&Process| process.kind == "web" && process.beside.is_empty();
        self.processes.iter().find(is_web).map_or("", |process| &process.command)
    }

    /// What the platform keeps of a staging; `commands` is none for one that has failed.
    pub(crate) fn result_json(&self, has_commands: bool) -> String {
        let (processes, sidecars): (Vec<_>, Vec<_>) =
            self.processes.iter().partition(|process| process.beside.is_empty());
        let last = self.buildpacks.last().cloned().unwrap_or_default();
        let types: Map<String, Value> = processes
            .iter()
            .map(|process| (process.kind.clone(), process.command.clone().into()))
            .collect();
        let mut result = json!({
            "lifecycle_metadata": {
                "buildpack_key": last["key"],
                "detected_buildpack": last["name"],
                "buildpacks": self.buildpacks,
            },
            "process_types": if has_commands { types.into() } else { Value::Null },
            "execution_metadata": "",
            "lifecycle_type": "buildpack",
        });
        let process = |it: &&Process| json!({ "type": it.kind, "command": it.command });
        let sidecar = |it: &&Process| {
            let mut sidecar =
                json!({ "name": it.kind, "process_types": it.beside, "command": it.command });
            if it.memory > 0 {
                sidecar["memory"] = it.memory.into();
            }
            sidecar
        };
        if !processes.is_empty() {
            result["processes"] = processes.iter().map(process).collect();
        }
        if !sidecars.is_empty() {
            result["sidecars"] = sidecars.iter().map(sidecar).collect();
        }
        result.to_string()
    }

    pub(crate) fn info(&self) -> String {
        let last = self.buildpacks.last().cloned().unwrap_or_default();
        let mut info = json!({ "detected_buildpack": last["name"], "start_command": self.web() });
        if let Some(config) = last.get("config") {
            info["config"] = config.clone();
        }
        info.to_string()
    }
}

fn strings(value: &Value) -> Vec<(String, String)> {
    let map: Option<&Map<String, Value>> = value.as_object();
    let text = |(key, value): (&String, &Value)| Some((key.clone(), value.as_str()?.to_owned()));
    map.into_iter().flatten().filter_map(text).collect()
}

fn yaml(path: &Path) -> Result<Option<Value>, Failure> {
    if !path.is_file() {
        return Ok(None);
    }
    let value = serde_saphyr::from_str(&fs_err::read_to_string(path)?)
        .map_err(|error| Failure::new(1, format!("{}: {error}", path.display())))?;
    Ok(Some(value))
}

/// Droplet and cache.
pub(crate) fn pack(
    app: &Path,
    contents: &Path,
    flags: &Flags,
    cache: &Path,
) -> Result<(), Failure> {
    call(Command::new("cp").arg("-a").arg(app).arg(contents.join("app")))?;
    for dir in ["tmp", "logs"] {
        fs_err::create_dir(contents.join(dir))?;
    }
    for (dir, output) in [(contents, "outputDroplet"), (cache, "outputBuildArtifactsCache")] {
        // Nobody keeps these for long: fast is better than small.
        let mut tar = Command::new("tar");
        tar.args(["-I", "gzip -1", "-cf"]).arg(flags.path(output)).arg("-C").arg(dir).arg(".");
        call(&mut tar)?;
    }
    Ok(())
}

fn call(command: &mut Command) -> Result<(), Failure> {
    let status = command.status()?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::new(1, format!("{} failed", command.get_program().display())))
    }
}
