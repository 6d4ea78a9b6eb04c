//! The files by which the platform learns what to start, and what the buildpack is called.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::processes::{Sidecar, Started};
use crate::record::Built;

/// A text as YAML reads it back, whatever is in it: JSON strings are valid there.
fn text(value: &str) -> String {
    serde_json::Value::from(value).to_string()
}

/// `launch.yml`: processes and sidecars.
pub(crate) fn launch_yml(started: &Started) -> String {
    let mut yaml = String::from("---\nprocesses:\n");
    for (kind, command) in &started.processes {
        let _ = writeln!(yaml, "- type: {}\n  command: {}", text(kind), text(command));
    }
    for Sidecar { name, command, beside, memory } in &started.sidecars {
        let _ = writeln!(yaml, "- type: {}\n  command: {}", text(name), text(command));
        if let Some(megabytes) = memory {
            let _ = writeln!(yaml, "  limits:\n    memory: {megabytes}");
        }
        let _ = writeln!(yaml, "  platforms:\n    cloudfoundry:\n      sidecar_for:");
        for kind in beside {
            let _ = writeln!(yaml, "      - {}", text(kind));
        }
    }
    if started.processes.is_empty() && started.sidecars.is_empty() {
        yaml = String::from("---\nprocesses: []\n");
    }
    yaml
}

/// What `bin/release` prints.
pub(crate) fn release_yml(processes: &BTreeMap<String, String>) -> String {
    if processes.is_empty() {
        return String::from("---\ndefault_process_types: {}\n");
    }
    let mut yaml = String::from("---\ndefault_process_types:\n");
    for (kind, command) in processes {
        let _ = writeln!(yaml, "  {}: {}", text(kind), text(command));
    }
    yaml
}

/// What `config.yml` says.
#[derive(Debug)]
pub(crate) struct Config<'a> {
    pub(crate) language: &'a str,
    pub(crate) version: &'a str,
    /// Version of the lifecycle.
    pub(crate) lifecycle: &'a str,
    /// Whether the artifacts came along with the zip.
    pub(crate) cached: bool,
    pub(crate) buildpacks: &'a [Built],
    /// Runtimes and servers, with their versions.
    pub(crate) dependencies: BTreeMap<String, String>,
}

/// `config.yml`: the name that `cf app` shows, and what went into the app.
pub(crate) fn config_yml(config: &Config<'_>) -> String {
    let Config { language, version, lifecycle, cached, buildpacks, dependencies } = config;
    let name = text(&format!("kouti-{language}"));
    let mut yaml = format!(
        "---\nname: {name}\nversion: {}\noutput_metadata:\n  lifecycle: {}\n  cached: {cached}\n",
        text(version),
        text(lifecycle)
    );
    if !buildpacks.is_empty() {
        yaml.push_str("  buildpacks:\n");
        for Built { id, version } in *buildpacks {
            let _ = writeln!(yaml, "  - {}", text(&format!("{id}@{version}")));
        }
    }
    if !dependencies.is_empty() {
        yaml.push_str("  dependencies:\n");
        for (name, version) in dependencies {
            let _ = writeln!(yaml, "    {}: {}", text(name), text(version));
        }
    }
    yaml
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn what_the_platform_reads() {
        let started = Started {
            processes: [("web".to_owned(), "echo \"it's\" \\ $PORT: #".to_owned())].into(),
            sidecars: vec![Sidecar {
                name: "agent".to_owned(),
                command: "agent".to_owned(),
                beside: vec!["web".to_owned()],
                memory: Some(32),
            }],
            ..Started::default()
        };
        let yaml = launch_yml(&started);
        assert_snapshot!(yaml, @r#"
        ---
        processes:
        - type: "web"
          command: "echo \"it's\" \\ $PORT: #"
        - type: "agent"
          command: "agent"
          limits:
            memory: 32
          platforms:
            cloudfoundry:
              sidecar_for:
              - "web"
        "#);
        let read: serde_json::Value = serde_saphyr::from_str(&yaml).unwrap();
        assert_eq!(read["processes"][0]["command"], started.processes["web"]);

        let yaml = release_yml(&started.processes);
        let read: serde_json::Value = serde_saphyr::from_str(&yaml).unwrap();
        assert_eq!(read["default_process_types"]["web"], started.processes["web"]);
        assert_eq!(release_yml(&BTreeMap::new()), "---\ndefault_process_types: {}\n");

        let built = Built { id: "kouti/nodejs".to_owned(), version: "1.2.3".to_owned() };
        let config = Config {
            language: "nodejs",
            version: "1.2.3",
            lifecycle: "0.21.14",
            cached: true,
            buildpacks: &[built],
            dependencies: [("Node.js".to_owned(), "24.1.0".to_owned())].into(),
        };
        let yaml = config_yml(&config);
        assert_snapshot!(yaml, @r#"
        ---
        name: "kouti-nodejs"
        version: "1.2.3"
        output_metadata:
          lifecycle: "0.21.14"
          cached: true
          buildpacks:
          - "kouti/nodejs@1.2.3"
          dependencies:
            "Node.js": "24.1.0"
        "#);
        let read: serde_json::Value = serde_saphyr::from_str(&yaml).unwrap();
        assert_eq!(read["output_metadata"]["dependencies"]["Node.js"], "24.1.0");
    }
}
