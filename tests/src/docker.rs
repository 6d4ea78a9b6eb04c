//! Docker, through its command line.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Runs `docker` and returns what it prints; panics with its message if it fails.
pub fn docker(args: &[&str]) -> String {
    let output = Command::new("docker").args(args).output().expect("docker can be started");
    assert!(
        output.status.success(),
        "docker {}: {}",
        args.join(" "),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// An image in the daemon that goes when this is dropped.
#[derive(Debug)]
pub struct Image(pub(crate) String);

impl Image {
    /// An image that somebody else made; dropping this leaves it alone.
    pub fn named(name: &str) -> std::mem::ManuallyDrop<Self> {
        std::mem::ManuallyDrop::new(Self(name.to_owned()))
    }

    /// An image that a test makes.
    pub fn owned(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// Its id, which is a digest of its configuration and all its layers.
    pub fn id(&self) -> String {
        docker(&["image", "inspect", "--format", "{{.Id}}", &self.0]).trim().to_owned()
    }

    /// All its labels.
    pub fn labels(&self) -> BTreeMap<String, String> {
        let text = docker(&["image", "inspect", "--format", "{{json .Config.Labels}}", &self.0]);
        serde_json::from_str(&text).expect("docker prints JSON")
    }

    /// Copies a directory of it to `to`, which must not exist yet.
    pub fn copy(&self, from: &str, to: &Path) {
        let container = docker(&["create", &self.0]);
        let container = container.trim();
        let source = format!("{container}:{from}");
        docker(&["cp", &source, to.to_str().expect("temporary paths are UTF-8")]);
        docker(&["rm", container]);
    }

    /// A label that holds JSON.
    pub fn label(&self, name: &str) -> Value {
        let format = format!("{{{{index .Config.Labels {name:?}}}}}");
        let text = docker(&["image", "inspect", "--format", &format, &self.0]);
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("label {name} holds {text:?}"))
    }

    /// The digests of its layers, from the base up.
    pub fn layers(&self) -> Vec<String> {
        let text = docker(&["image", "inspect", "--format", "{{json .RootFS.Layers}}", &self.0]);
        serde_json::from_str(&text).expect("docker prints JSON")
    }

    /// Runs a command in a fresh container of the image, without its entrypoint.
    pub fn shell(&self, script: &str) -> String {
        docker(&["run", "--rm", "--entrypoint", "sh", &self.0, "-c", script])
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        // Kept layers are shared; a name that is left over would only confuse the next run.
        let _ = Command::new("docker").args(["rmi", "--force", &self.0]).output();
    }
}
