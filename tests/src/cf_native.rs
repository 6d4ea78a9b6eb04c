//! Cloud Foundry's lifecycle for Cloud Native Buildpacks, as far as a buildpack can tell: no builder, no image before, one
//! group of the named buildpacks, other directories, and a start by the text of a command.

use std::fmt::Write as _;
use std::fs::Permissions;
use std::io::Read;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use flate2::read::GzDecoder;
use serde_json::Value;
use tar::{Archive, EntryType};
use tempfile::TempDir;

use crate::app::repository;
use crate::container::Container;
use crate::{App, Image, docker, packages};

/// The image that stands in for a stack.
const STACK: &str = "kouti/build:local";

/// Detect, build, and what is kept: `stage.sh`, as the user of apps. Types are taken from what is kept, as a restorer does.
const STAGE: &str = r#"
set -eu
cd /home/vcap
restore() { [ ! -d /tmp/cache/layers ] || cp -a /tmp/cache/layers/. layers/; }
export CNB_PLATFORM_API=0.14 CNB_STACK_ID=local CNB_USER_ID=2000 CNB_GROUP_ID=2000
printf '[run-image.target]\nos = "linux"\narch = "amd64"\n[run-image.target.distro]\nname = "debian"\nversion = "13"\n' > /tmp/analyzed.toml
phase() {
  /tmp/lifecycle/lifecycle "$@" -no-color -app /home/vcap/workspace -layers /home/vcap/layers -buildpacks /tmp/unpacked/cnb/buildpacks \
    -group /tmp/group.toml -plan /tmp/plan.toml -platform /tmp/platform -analyzed /tmp/analyzed.toml
}
phase detect -order /tmp/order.toml
restore
phase build
mkdir -p /tmp/new/layers
for toml in layers/*/*.toml; do
  name=${toml%.toml}
  case ${name##*/} in launch|build|store|metadata) continue;; esac
  if grep -q '^ *cache = true' "$toml" && [ -d "$name" ]; then
    mkdir -p "/tmp/new/$(dirname "$name")"
    cp -a "$name" "/tmp/new/$name"
    awk '/^\[/ { types = $0 == "[types]" } !types' "$toml" > "/tmp/new/$toml"
  fi
  grep -q '^ *launch = true' "$toml" || rm -rf "$name" "$toml"
done
tar -czf /tmp/droplet -C /home/vcap .
tar -czf /tmp/output-cache -C /tmp/new .
"#;

/// An app that is staged with these buildpacks.
#[derive(Debug)]
pub struct Native {
    ids: Vec<String>,
    unpacked: TempDir,
    kept: TempDir,
}

impl Native {
    /// With these buildpacks, all of which have to take part.
    pub fn with(names: &[&str]) -> Self {
        let new = || tempfile::tempdir().expect("the temporary directory is writable");
        let native = Self {
            ids: names.iter().map(|name| format!("kouti/{name}")).collect(),
            unpacked: new(),
            kept: new(),
        };
        for name in names {
            unpack(&packages().join(format!("kouti_{name}-offline.cnb")), native.unpacked.path());
        }
        for dir in [&native.unpacked, &native.kept] {
            fs_err::set_permissions(dir.path(), Permissions::from_mode(0o755)).expect("is ours");
        }
        native
    }

    /// Stages and returns the log; the cache of an earlier time is there again, and nothing else.
    pub fn stage(&self, app: &App, services: &str) -> String {
        let tools = repository().join("target/tools");
        let id = docker(&[
            "run",
            "--detach",
            "--user=0",
            "--entrypoint=sleep",
            &format!("--volume={}:/tmp/lifecycle/lifecycle:ro", tools.join("lifecycle").display()),
            &format!("--volume={}:/tmp/unpacked:ro", self.unpacked.path().display()),
            STACK,
            "infinity",
        ]);
        let id = id.trim();
        let put = |from: &Path, to: &str| {
            docker(&["cp", &from.display().to_string(), &format!("{id}:{to}")]);
        };
        for (name, text) in [("stage.sh", STAGE), ("order.toml", &self.order())] {
            fs_err::write(self.kept(name), text).expect("the temporary directory is writable");
            put(&self.kept(name), &format!("/tmp/{name}"));
        }
        let root = |script: &str| docker(&["exec", "--user=0", id, "sh", "-c", script]);
        root("mkdir -p /home/vcap/layers /tmp/platform/env /tmp/cache");
        docker(&[
            "cp",
            &format!("{}/.", app.dir().display()),
            &format!("{id}:/home/vcap/workspace"),
        ]);
        if self.kept("output-cache").is_file() {
            put(&self.kept("output-cache"), "/tmp/old-cache");
            root("tar -xzf /tmp/old-cache -C /tmp/cache");
        }
        // Every variable of the staging reaches the build.
        for (name, value) in
            [("VCAP_SERVICES", services), ("VCAP_APPLICATION", "{}"), ("MEMORY_LIMIT", "1024m")]
        {
            fs_err::write(self.kept(name), value).expect("the temporary directory is writable");
            put(&self.kept(name), &format!("/tmp/platform/env/{name}"));
        }
        root("chown -R 2000:2000 /home/vcap /tmp/cache /tmp/platform");
        let output = Command::new("docker")
            .args(["exec", "--user=2000:2000", "--env=HOME=/home/vcap", "--env=NO_COLOR=1"])
            .args([id, "bash", "/tmp/stage.sh"])
            .output()
            .expect("docker can be started");
        let log = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        if output.status.success() {
            for name in ["droplet", "output-cache"] {
                docker(&[
                    "cp",
                    &format!("{id}:/tmp/{name}"),
                    &self.kept(name).display().to_string(),
                ]);
            }
        }
        docker(&["rm", "--force", "--volumes", id]);
        assert!(output.status.success(), "{log}");
        log
    }

    /// The names of all files of the droplet, which is the whole home directory.
    pub fn droplet(&self) -> Vec<String> {
        let output = Command::new("tar").arg("-tzf").arg(self.kept("droplet")).output();
        let names =
            String::from_utf8_lossy(&output.expect("tar can be started").stdout).into_owned();
        names.lines().map(|name| name.trim_start_matches("./").to_owned()).collect()
    }

    /// The words of the processes, by type.
    pub fn processes(&self) -> Vec<(String, Vec<String>)> {
        let output = Command::new("tar")
            .arg("-xzOf")
            .arg(self.kept("droplet"))
            .arg("./layers/config/metadata.toml")
            .output();
        let text =
            String::from_utf8_lossy(&output.expect("tar can be started").stdout).into_owned();
        let metadata: toml::Table = toml::from_str(&text).expect("the lifecycle writes TOML");
        let words = |value: Option<&toml::Value>| -> Vec<String> {
            let words = value.and_then(toml::Value::as_array).into_iter().flatten();
            words.filter_map(|word| word.as_str().map(str::to_owned)).collect()
        };
        let processes = metadata.get("processes").and_then(toml::Value::as_array);
        let process = |process: &toml::Value| {
            let kind = process.get("type").and_then(toml::Value::as_str).unwrap_or_default();
            let mut line = words(process.get("command"));
            line.extend(words(process.get("args")));
            (kind.to_owned(), line)
        };
        processes.into_iter().flatten().map(process).collect()
    }

    /// Starts a process as the platform does: by its words joined to a text, which a shell reads again.
    pub fn start(&self, process_type: &str) -> Container {
        let processes = self.processes();
        let (_, words) = processes
            .iter()
            .find(|(kind, _)| kind == process_type)
            .unwrap_or_else(|| panic!("no {process_type} in {processes:?}"));
        let launcher = repository().join("target/tools/launcher");
        let script = "mkdir -p /home/vcap && tar -xzf /tmp/droplet -C /home/vcap && chown -R 2000:2000 /home/vcap && \
                      cd /home/vcap/workspace && chmod a+w /dev/stdout /dev/stderr && exec setpriv --reuid 2000 --regid 2000 --clear-groups /tmp/lifecycle/launcher \"$0\"";
        Image::named(STACK)
            .run()
            .arg("--user=0")
            .arg(&format!("--volume={}:/tmp/droplet:ro", self.kept("droplet").display()))
            .arg(&format!("--volume={}:/tmp/lifecycle/launcher:ro", launcher.display()))
            .arg("--entrypoint=/bin/bash")
            .env("HOME", "/home/vcap")
            .env("PORT", "8080")
            .env("MEMORY_LIMIT", "512m")
            .env("VCAP_APPLICATION", "{}")
            .env("CNB_PLATFORM_API", "0.14")
            .env("CNB_APP_DIR", "/home/vcap/workspace")
            .env("CNB_LAYERS_DIR", "/home/vcap/layers")
            .command(&["-c", script, &words.join(" ")])
            .start()
    }

    fn kept(&self, name: &str) -> PathBuf {
        self.kept.path().join(name)
    }

    /// One group: whoever is named has to take part.
    fn order(&self) -> String {
        let mut order = String::from("[[order]]\n");
        for id in &self.ids {
            let dir = self.unpacked.path().join("cnb/buildpacks").join(id.replace('/', "_"));
            let version = fs_err::read_dir(dir).expect("was unpacked").next();
            let version = version.expect("has a version").expect("can be read").file_name();
            let _ = writeln!(
                order,
                "[[order.group]]\nid = \"{id}\"\nversion = \"{}\"",
                version.to_string_lossy()
            );
        }
        order
    }
}

/// Unpacks a package by the platform's rules: it knows directories, files and symbolic links, and nothing else.
fn unpack(package: &Path, into: &Path) {
    let mut blobs = std::collections::BTreeMap::new();
    let file = fs_err::File::open(package).expect("`cargo xtask package` has made it");
    for entry in Archive::new(file).entries().expect("a package is a tar archive") {
        let mut entry = entry.expect("a package can be read");
        let name = entry.path().expect("names are UTF-8").display().to_string();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).expect("a package can be read");
        blobs.insert(name.trim_start_matches("./").to_owned(), bytes);
    }
    let blob = |descriptor: &Value| {
        let digest = descriptor["digest"].as_str().expect("a descriptor has a digest");
        &blobs[&format!("blobs/{}", digest.replace(':', "/"))]
    };
    let json = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).expect("OCI files are JSON");
    let index = json(&blobs["index.json"]);
    let manifest = json(blob(&index["manifests"][0]));
    for layer in manifest["layers"].as_array().expect("a manifest has layers") {
        let bytes = blob(layer);
        let is_gzip = bytes.starts_with(&[0x1f, 0x8b]);
        let reader: Box<dyn Read> =
            if is_gzip { Box::new(GzDecoder::new(&bytes[..])) } else { Box::new(&bytes[..]) };
        for entry in Archive::new(reader).entries().expect("a layer is a tar archive") {
            let mut entry = entry.expect("a layer can be read");
            let path = entry.path().expect("names are UTF-8").into_owned();
            let inner: PathBuf =
                path.components().filter(|part| matches!(part, Component::Normal(_))).collect();
            let to = into.join(inner);
            match entry.header().entry_type() {
                EntryType::Directory => fs_err::create_dir_all(&to).expect("can be written"),
                EntryType::Regular => {
                    fs_err::create_dir_all(to.parent().expect("is below")).expect("can be written");
                    let mut bytes = Vec::new();
                    entry.read_to_end(&mut bytes).expect("a layer can be read");
                    fs_err::write(&to, bytes).expect("can be written");
                    let mode = entry.header().mode().expect("has a mode");
                    fs_err::set_permissions(&to, Permissions::from_mode(mode)).expect("is ours");
                }
                EntryType::Symlink => {
                    let target = entry.link_name().expect("is UTF-8").expect("a link has a target");
                    symlink(target, &to).expect("can be written");
                }
                kind => panic!("{} is {kind:?}, which the platform refuses", path.display()),
            }
        }
    }
}
