//! The ways to keep a runtime of 200 MB between builds, to the daemon and to a registry: which of them a buildpack should
//! take is decided by these figures, in `docs/decisions/002-what-a-layer-is-kept-as.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use super::Figure;
use super::fetch::largest_archive;
use super::images::{change_source, copy_sample};
use super::measure::median;
use super::pack_build::{PackBuild, builder_of, write_buildpack};
use crate::setup::Setup;
use crate::workspace::{Workspace, print};
use crate::{base, host};

const BUILDER: &str = "kouti/builder:layers";
const ID: &str = "kouti/layers";

/// Files of a megabyte each: what an app runs, and what only builds need.
const RUN_PART: usize = 120;
const BUILD_PART: usize = 80;

/// What a row is called, and what `build.sh` calls it.
const WAYS: [(&str, &str); 5] = [
    ("launch", "launch"),
    ("launch + cache", "launch-cache"),
    ("launch + build + cache", "launch-build-cache"),
    ("run part launch + build + cache, build part build + cache", "split"),
    ("run part launch, all made again when a step needs it", "again"),
];

const SCENARIOS: [&str; 3] = ["cold", "source changed", "unchanged"];

/// Keeps the runtime in the way that `WAY` names. The step stands for an installation of packages: it needs the
/// whole runtime whenever the source has changed, and its result is a layer of its own.
const BUILD: &str = r#"#!/bin/sh
set -eu
layers=$CNB_LAYERS_DIR
source=$(sha256sum server.js | cut -c1-64)

# Whether the last build has left this layer with this key, with or without its content.
kept() { [ -f "$layers/$1.toml" ] && grep -q "key = \"$2\"" "$layers/$1.toml"; }
# Makes a layer of parts of the runtime.
unpack() {
    layer=$layers/$1
    shift
    rm -rf "$layer"
    mkdir "$layer"
    tar -xzf "$CNB_BUILDPACK_DIR/runtime.tar.gz" -C "$layer" "$@"
}
# Says with which key and as what a layer is kept.
keep() {
    file=$layers/$1.toml
    key=$2
    shift 2
    {
        echo "[types]"
        for type in "$@"; do echo "$type = true"; done
        printf '[metadata]\nkey = "%s"\n' "$key"
    } >"$file"
}

step=false
kept result "$source" || step=true
case $WAY in
launch)
    if $step || ! kept runtime 1; then unpack runtime run build; fi
    keep runtime 1 launch
    ;;
launch-cache)
    [ -d "$layers/runtime/run" ] || unpack runtime run build
    keep runtime 1 launch cache
    ;;
launch-build-cache)
    [ -d "$layers/runtime/run" ] || unpack runtime run build
    keep runtime 1 launch build cache
    ;;
split)
    [ -d "$layers/run-part/run" ] || unpack run-part run
    keep run-part 1 launch build cache
    [ -d "$layers/build-part/build" ] || unpack build-part build
    keep build-part 1 build cache
    ;;
again)
    kept run-part 1 || unpack run-part run
    keep run-part 1 launch
    if $step; then
        unpack tools run build
        keep tools 1 build
    fi
    ;;
esac
if $step; then
    mkdir -p "$layers/result"
    echo "$source" >"$layers/result/result"
fi
keep result "$source" launch
printf '[[processes]]\ntype = "web"\ncommand = ["sleep", "1"]\ndefault = true\n' >"$layers/launch.toml"
"#;

pub(super) fn measure(workspace: &Workspace, setup: &Setup, runs: usize) -> Result<Vec<Figure>> {
    host::need(workspace, &[("docker-registry", &["docker-registry"])])?;
    let scratch = workspace.target().join("bench/layers");
    if scratch.exists() {
        fs_err::remove_dir_all(&scratch)?;
    }
    let buildpack = scratch.join("buildpack");
    write_buildpack(&buildpack, ID, BUILD)?;
    write_runtime(workspace, &buildpack.join("runtime.tar.gz"))?;
    builder_of(workspace, setup, BUILDER, (ID, &buildpack))?;
    let registry = Registry::start(workspace, &scratch)?;
    let run_image = registry.push(base::RUN_IMAGE)?;

    let app = scratch.join("app");
    let mut found = BTreeMap::<(usize, usize, usize), Vec<f64>>::new();
    for round in 0..runs {
        for (way, (name, script)) in WAYS.iter().enumerate() {
            workspace.say("bench", format_args!("layers, {name}, round {}", round + 1));
            // A repository of its own for each round: there, nothing has been pushed before.
            let published = format!("{}/kouti/bench-{script}-{round}", registry.address);
            let publish = ["--publish", "--network", "host", "--run-image", &run_image];
            for (target, image, arguments) in
                [(0, "kouti/bench", [].as_slice()), (1, &published, publish.as_slice())]
            {
                copy_sample(workspace, "nodejs", &app)?;
                let way_argument = ["--env".to_owned(), format!("WAY={script}")];
                let arguments: Vec<String> =
                    arguments.iter().map(ToString::to_string).chain(way_argument).collect();
                let (builder, app, arguments) = (BUILDER, app.as_path(), arguments.as_slice());
                let build = PackBuild { workspace, setup, image, builder, app, arguments };
                build.forget();
                for (scenario, what) in SCENARIOS.iter().enumerate() {
                    if *what == "source changed" {
                        change_source(app, round)?;
                    }
                    let total = build.run()?.remove("total").unwrap_or(f64::NAN);
                    found.entry((way, target, scenario)).or_default().push(total);
                }
                build.forget();
            }
        }
    }
    let found: BTreeMap<_, _> =
        found.into_iter().map(|(place, values)| (place, median(values))).collect();
    print("");
    print(page(&found));
    let figure = |((way, target, scenario), seconds): ((usize, usize, usize), f64)| {
        let (way, target) = (WAYS[way].0, ["daemon", "registry"][target]);
        let what = format!("layers, {way}, {target}, {}", SCENARIOS[scenario]);
        Figure::new(what, seconds, "s")
    };
    Ok(found.into_iter().map(figure).collect())
}

/// The table of the decision, in seconds.
fn page(found: &BTreeMap<(usize, usize, usize), f64>) -> String {
    let heads =
        ["daemon", "registry"].map(|target| SCENARIOS.map(|what| format!("{target}, {what}")));
    let mut text = format!("| Kept as | {} |\n|---|", heads.concat().join(" | "));
    text.push_str(&"---:|".repeat(heads.concat().len()));
    for (way, (name, _)) in WAYS.iter().enumerate() {
        let cells =
            (0..2).flat_map(|target| (0..SCENARIOS.len()).map(move |what| (way, target, what)));
        let cells = cells.map(|place| match found.get(&place) {
            Some(seconds) => format!("{seconds:.1}"),
            None => "–".to_owned(),
        });
        let _ = write!(text, "\n| {name} | {} |", cells.collect::<Vec<_>>().join(" | "));
    }
    text
}

/// An archive of the size of a runtime that compresses as one does, since it is made of one.
fn write_runtime(workspace: &Workspace, to: &Path) -> Result<()> {
    let original = largest_archive(&workspace.mirror().join("archives"))?;
    let mut source = GzDecoder::new(BufReader::new(fs_err::File::open(original)?));
    let encoder = GzEncoder::new(fs_err::File::create(to)?, Compression::default());
    let mut tar = tar::Builder::new(encoder);
    for number in 0..RUN_PART + BUILD_PART {
        let mut piece = Vec::new();
        (&mut source).take(1_000_000).read_to_end(&mut piece)?;
        let part = if number < RUN_PART { "run" } else { "build" };
        let mut header = tar::Header::new_gnu();
        header.set_size(piece.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, format!("{part}/{number}"), piece.as_slice())?;
    }
    Ok(tar.into_inner()?.finish()?.flush()?)
}

/// A registry on loopback, as long as this value lives.
struct Registry {
    address: String,
    server: Child,
}

impl Registry {
    fn start(workspace: &Workspace, scratch: &Path) -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        // Docker, pack and the lifecycle want no encryption from this name.
        let address = format!("localhost:{port}");
        let config = scratch.join("registry.yml");
        let text = format!(
            "version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: {}\nhttp:\n  addr: 127.0.0.1:{port}\n",
            scratch.join("registry").display()
        );
        fs_err::write(&config, text)?;
        let path = workspace.log("registry");
        fs_err::create_dir_all(path.parent().unwrap_or(&path))?;
        let log = fs_err::File::create(path)?.into_parts().0;
        let server = Command::new("docker-registry")
            .arg("serve")
            .arg(config)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let registry = Self { address, server };
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if started.elapsed() > Duration::from_secs(20) {
                bail!(
                    "docker-registry does not answer; see {}",
                    workspace.log("registry").display()
                );
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(registry)
    }

    /// Gives it an image of the daemon, and says its name there.
    fn push(&self, image: &str) -> Result<String> {
        let name = format!("{}/{image}", self.address);
        let docker = |args: &[&str]| crate::command::Command::new("docker").args(args).output();
        docker(&["tag", image, &name])?;
        docker(&["push", "--quiet", &name])?;
        docker(&["rmi", &name])?;
        Ok(name)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_a_row_for_each_way_and_a_column_for_each_build() {
        let found = BTreeMap::from([((0, 0, 0), 12.34), ((0, 1, 2), 3.0)]);
        let page = page(&found);
        let rows: Vec<_> = page.lines().collect();
        assert_eq!(
            rows[0],
            "| Kept as | daemon, cold | daemon, source changed | daemon, unchanged | registry, cold | registry, source changed | registry, unchanged |"
        );
        assert_eq!(rows[1].matches("---").count(), 7);
        assert_eq!(rows[2], "| launch | 12.3 | – | – | – | – | 3.0 |");
        assert_eq!(rows.len(), 2 + WAYS.len());
    }

    #[test]
    fn the_script_knows_every_way() {
        let dir = tempfile::tempdir().unwrap();
        let buildpack = dir.path().join("buildpack");
        write_buildpack(&buildpack, ID, BUILD).unwrap();
        let runtime = ["run", "build"].map(|part| {
            fs_err::create_dir_all(dir.path().join(part)).unwrap();
            fs_err::write(dir.path().join(part).join("file"), "").unwrap();
            part
        });
        let mut tar = Command::new("tar");
        tar.arg("-czf").arg(buildpack.join("runtime.tar.gz")).current_dir(dir.path()).args(runtime);
        assert!(tar.status().unwrap().success());
        fs_err::write(dir.path().join("server.js"), "").unwrap();
        for (name, way) in WAYS {
            let layers = dir.path().join(way);
            fs_err::create_dir(&layers).unwrap();
            let build = || {
                let mut build = Command::new("sh");
                build.arg(buildpack.join("bin/build"));
                build.env("CNB_LAYERS_DIR", &layers).env("CNB_BUILDPACK_DIR", &buildpack);
                assert!(
                    build.env("WAY", way).current_dir(dir.path()).status().unwrap().success(),
                    "{name}"
                );
            };
            build();
            let result = fs_err::read_to_string(layers.join("result.toml")).unwrap();
            assert!(result.starts_with("[types]\nlaunch = true\n[metadata]\nkey = "), "{result}");
            // What is left out is taken over by its key alone.
            for made in ["result", "runtime", "run-part", "tools"] {
                let _ = fs_err::remove_dir_all(layers.join(made));
            }
            build();
            assert!(!layers.join("result").exists(), "{name}");
            assert!(!layers.join("tools").exists(), "{name}");
            assert_eq!(layers.join("runtime").exists(), way.contains("cache"), "{name}");
        }
    }
}
