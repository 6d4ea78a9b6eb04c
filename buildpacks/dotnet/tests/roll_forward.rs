//! The tables of roll-forward, held against a real host of .NET: it chooses among directories that are
//! only called like versions.

use std::path::{Path, PathBuf};
use std::process::Command;

const FRAMEWORK: &str = "shared/Microsoft.NETCore.App";

struct Host {
    dir: tempfile::TempDir,
}

impl Host {
    /// The host of the runtime that `cargo xtask mirror` has made.
    fn unpack() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let archives = fs_err::read_dir(root.join("target/mirror/archives")).unwrap();
        let is_runtime = |path: &PathBuf| path.to_string_lossy().contains("/dotnet-runtime-");
        let archive = archives.map(|entry| entry.unwrap().path()).find(is_runtime).unwrap();
        let host = Self { dir: tempfile::tempdir().unwrap() };
        fs_err::create_dir(host.path("root")).unwrap();
        let mut tar = Command::new("tar");
        tar.arg("-xzf").arg(archive).arg("-C").arg(host.path("root"));
        assert!(tar.args(["dotnet", "host"]).status().unwrap().success());
        fs_err::write(host.path("app.dll"), "").unwrap();
        host
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Makes `versions` all that is installed below `kind`.
    fn install(&self, kind: &str, file: &str, versions: &str) {
        let dir = self.path("root").join(kind);
        let _ = fs_err::remove_dir_all(&dir);
        for version in versions.split(' ') {
            fs_err::create_dir_all(dir.join(version)).unwrap();
            fs_err::write(dir.join(version).join(file), "{}").unwrap();
        }
    }

    /// What follows `mark` in the host's own protocol, as the name of a directory; `-` if nothing does.
    fn ask(&self, argument: &str, mark: &str) -> String {
        let output = Command::new(self.path("root/dotnet"))
            .arg(argument)
            .current_dir(self.dir.path())
            .env_clear()
            .env("COREHOST_TRACE", "1")
            .env("DOTNET_MULTILEVEL_LOOKUP", "0")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        let version = said.lines().find_map(|line| {
            let (_, path) = line.split_once(mark)?;
            path.split(['/', ']']).next().map(str::to_owned)
        });
        assert!(said.contains("--- Executing in muxer mode"), "{said}");
        version.unwrap_or_else(|| "-".to_owned())
    }

    fn runtime(&self, asked: &str, policy: &str) -> String {
        let config = format!(
            r#"{{ "runtimeOptions": {{ "rollForward": "{policy}",
                "framework": {{ "name": "Microsoft.NETCore.App", "version": "{asked}" }} }} }}"#
        );
        fs_err::write(self.path("app.runtimeconfig.json"), config).unwrap();
        let chosen = format!("Chose FX version [{}/", self.path("root").join(FRAMEWORK).display());
        self.ask("app.dll", &chosen)
    }

    fn sdk(&self, asked: &str, policy: &str) -> String {
        let file = format!(r#"{{ "sdk": {{ "version": "{asked}", "rollForward": "{policy}" }} }}"#);
        fs_err::write(self.path("global.json"), file).unwrap();
        self.ask("build", &format!("SDK path resolved to [{}/", self.path("root/sdk").display()))
    }
}

/// Rows of `table` that the host sees otherwise, as they would have to be.
fn differences(
    table: &str,
    mut install: impl FnMut(&str),
    mut ask: impl FnMut(&str, &str) -> String,
) -> Vec<String> {
    let mut differences = Vec::new();
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        if let Some(versions) = line.strip_prefix("= ") {
            install(versions);
        } else if let [asked, policy, expected, ..] = line.split(' ').collect::<Vec<_>>()[..] {
            let said = ask(asked, policy);
            if said != expected {
                differences.push(format!("{asked} {policy} {said}"));
            }
        }
    }
    differences
}

#[test]
#[ignore = "asks the host that `cargo xtask mirror` has made"]
fn the_tables_say_what_the_host_does() {
    let host = Host::unpack();
    let runtime = differences(
        include_str!("tables/runtime_roll_forward.txt"),
        |versions| host.install(FRAMEWORK, "Microsoft.NETCore.App.deps.json", versions),
        |asked, policy| host.runtime(asked, policy),
    );
    assert_eq!(runtime, [""; 0]);
    let sdk = differences(
        include_str!("tables/sdk_roll_forward.txt"),
        |versions| host.install("sdk", "dotnet.dll", versions),
        |asked, policy| host.sdk(asked, policy),
    );
    assert_eq!(sdk, [""; 0]);
}
