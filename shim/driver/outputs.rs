//! What a staging leaves: `result.json`, `staging_info.yml`, the droplet and the cache.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::{Map, Value, json};

use crate::Failure;
use crate::builder::Staging;
use crate::flags::Flags;

/// What is known of the app.
#[derive(Debug)]
pub(crate) struct Staged {
    key: String,
    detected: String,
    buildpacks: Vec<Value>,
    /// The config of the last buildpack.
    config: Value,
    processes: BTreeMap<String, String>,
    sidecars: Vec<Value>,
    /// Whether the last buildpack has a `launch.yml` where the platform looks for it.
    has_launch_yml: bool,
}

impl Staged {
    /// From the files that buildpacks have left.
    pub(crate) fn collect(
        staging: &Staging,
        flags: &Flags,
        key: &str,
        detected: &str,
        suppliers: usize,
    ) -> Result<Self, Failure> {
        let mut staged = Self {
            key: key.to_owned(),
            detected: detected.to_owned(),
            buildpacks: Vec::new(),
            config: json!({}),
            processes: BTreeMap::new(),
            sidecars: Vec::new(),
            has_launch_yml: false,
        };
        let order = flags.order();
        let width = (suppliers + 1).ilog10() as usize + 1;
        for number in 0..=suppliers {
            let dir = staging.deps.join(format!("{number:0width$}"));
            let config = yaml(&dir.join("config.yml"))?.unwrap_or_else(|| json!({}));
            let is_last = number == suppliers;
            let key = order.get(number).filter(|_| !is_last).copied().unwrap_or(key);
            let name = config["name"].as_str().unwrap_or(if is_last { detected } else { "" });
            staged.buildpacks.push(json!({
                "key": key,
                "name": name,
                "version": config["version"].as_str().unwrap_or_default(),
                "config": config.get("config").cloned().unwrap_or_else(|| json!({})),
                "output_metadata": config.get("output_metadata").cloned().unwrap_or_else(|| json!({})),
            }));
            if is_last {
                staged.config = config.get("config").cloned().unwrap_or_else(|| json!({}));
            }
        }
        // The platform's own mistakes: an index without zeros in front; and one of all buildpacks where it has asked
        // them which of them it is.
        let last = if flags.skips_detect() { suppliers } else { order.len() - 1 };
        for number in 0..=suppliers {
            let number = if number == suppliers { last } else { number };
            let found = staged.add_launch_yml(&staging.deps.join(number.to_string()))?;
            if number == last {
                staged.has_launch_yml = found;
            }
        }
        Ok(staged)
    }

    fn add_launch_yml(&mut self, dir: &Path) -> Result<bool, Failure> {
        let Some(launch) = yaml(&dir.join("launch.yml"))? else { return Ok(false) };
        for process in launch["processes"].as_array().into_iter().flatten() {
            let text = |key: &str| process[key].as_str().unwrap_or_default().to_owned();
            match process["platforms"]["cloudfoundry"]["sidecar_for"].as_array() {
                Some(types) => self.sidecars.push(json!({
                    "name": text("type"),
                    "process_types": types,
                    "command": text("command"),
                    "memory": process["limits"]["memory"].as_u64().unwrap_or_default(),
                })),
                None => {
                    self.processes.insert(text("type"), text("command"));
                }
            }
        }
        Ok(true)
    }

    /// What `release` says, if the last buildpack has no other file that says it.
    pub(crate) fn with_commands(mut self, staging: &Staging, key: &str) -> Result<Self, String> {
        if self.has_launch_yml {
            return Ok(self);
        }
        let output = staging.command(&staging.program(key, "release"), &[]).output();
        let output = output.map_err(|error| format!("cannot run release: {error}"))?;
        if !output.status.success() {
            return Err("Failed to build droplet release".to_owned());
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let value: Value = serde_saphyr::from_str(&text)
            .map_err(|error| format!("buildpack's release output invalid: {error}"))?;
        for (kind, command) in strings(&value["default_process_types"]) {
            self.processes.insert(kind, command);
        }
        Ok(self)
    }

    /// The app's own word, which is the last.
    pub(crate) fn with_procfile(mut self, app: &Path) -> Result<Self, Failure> {
        let path = app.join("Procfile");
        if !path.is_file() {
            return Ok(self);
        }
        let processes: BTreeMap<String, String> =
            serde_saphyr::from_str(&fs_err::read_to_string(path)?)
                .map_err(|error| Failure::new(1, format!("invalid YAML in Procfile: {error}")))?;
        self.processes.extend(processes);
        Ok(self)
    }

    pub(crate) fn result_json(&self) -> String {
        let processes = self.processes.iter();
        let list: Vec<_> =
            processes.map(|(kind, command)| json!({"type": kind, "command": command})).collect();
        let result = json!({
            "lifecycle_metadata": {
                "buildpack_key": self.key,
                "detected_buildpack": self.detected,
                "buildpacks": self.buildpacks,
            },
            "process_types": self.processes,
            "processes": list,
            "sidecars": self.sidecars,
            "execution_metadata": "",
            "lifecycle_type": "buildpack",
        });
        result.to_string()
    }

    pub(crate) fn info(&self) -> String {
        let command = self.processes.get("web").map(String::as_str).unwrap_or_default();
        json!({
            "detected_buildpack": self.detected,
            "start_command": command,
            "config": self.config,
        })
        .to_string()
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
