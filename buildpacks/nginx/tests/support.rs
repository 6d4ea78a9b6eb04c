//! The nginx of these tests: a fake that notes how it is called, and the real one of the local
//! profile where it has been made.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use kouti_testing::{Artifact, Built, Case, Running, Tool};

/// A case with an nginx that accepts everything.
pub(crate) fn case() -> Case {
    bare().artifact(nginx("1.30.4")).artifact(nginx("1.31.3"))
}

/// A case without any nginx.
pub(crate) fn bare() -> Case {
    Case::new(
        env!("CARGO_BIN_EXE_kouti-nginx"),
        concat!(env!("CARGO_MANIFEST_DIR"), "/buildpack.toml"),
    )
    .helper(env!("CARGO_BIN_EXE_kouti-nginx-helper"))
    .env("KOUTI_TODAY", "2026-11-01")
    .default_version("nginx", "1.31.*")
    .metadata(LINES)
}

const LINES: &str = r#"
[[lines]]
id = "nginx"
line = "1.30"
codename = "stable"

[[lines]]
id = "nginx"
line = "1.31"
codename = "mainline"
"#;

pub(crate) fn nginx(version: &str) -> Artifact {
    nginx_with(version, Tool::succeeds())
}

pub(crate) fn nginx_with(version: &str, tool: Tool) -> Artifact {
    Artifact::new("nginx", version)
        .with("licenses", vec!["BSD-2-Clause"])
        .with("purl", format!("pkg:generic/nginx@{version}"))
        .tool("sbin/nginx", tool)
        .file("modules/ngx_stream_module.so", "")
}

/// The real nginx, from `cargo xtask mirror`: the newest one that runs on this host.
fn archive() -> Option<&'static (String, Vec<u8>)> {
    static FOUND: OnceLock<Option<(String, Vec<u8>)>> = OnceLock::new();
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/mirror/archives");
    FOUND
        .get_or_init(|| {
            let entries = fs_err::read_dir(dir).ok()?;
            let mut found: Vec<_> = entries
                .filter_map(|entry| Some(entry.ok()?.path()))
                .filter(|path| {
                    path.file_name().is_some_and(|name| name.as_bytes().starts_with(b"nginx-"))
                })
                .collect();
            found.sort();
            let archive = found.into_iter().rev().find(|archive| runs(archive))?;
            let name = archive.file_name()?.to_str()?;
            let version = name.split('-').nth(1)?.to_owned();
            Some((version, fs_err::read(&archive).unwrap()))
        })
        .as_ref()
}

fn runs(archive: &Path) -> bool {
    let dir = tempfile::tempdir().unwrap();
    let unpacked = Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(dir.path()).status();
    let version = Command::new(dir.path().join("sbin/nginx")).arg("-v").output();
    unpacked.is_ok_and(|status| status.success()) && version.is_ok_and(|out| out.status.success())
}

/// A case with the real nginx; `None`, and a line that says so, where there is none.
pub(crate) fn real() -> Option<Case> {
    let Some((version, bytes)) = archive() else {
        eprintln!("skipped: first run `cargo xtask mirror --only nginx`");
        return None;
    };
    let artifact = Artifact::new("nginx", version).bytes(bytes.clone());
    Some(bare().default_version("nginx", "*").artifact(artifact))
}

/// A process that answers requests.
pub(crate) struct Site {
    pub(crate) port: u16,
    running: Running,
    temp: tempfile::TempDir,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

impl Site {
    /// Starts the process `web` of an image with further variables.
    pub(crate) fn start(built: &Built, variables: &[(&str, &str)]) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let temp = tempfile::tempdir().unwrap();
        let mut launch =
            built.launch("web").env("PORT", port.to_string()).env("TMPDIR", temp.path());
        for (name, value) in variables {
            launch = launch.env(*name, *value);
        }
        Self { port, running: launch.start().unwrap(), temp }
    }

    pub(crate) fn temp(&self) -> &std::path::Path {
        self.temp.path()
    }

    /// Sends a request as it is, again and again until somebody answers.
    pub(crate) fn send(&self, request: &str) -> Answer {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            match ask(self.port, request) {
                Ok(answer) => return answer,
                Err(error) => assert!(Instant::now() < deadline, "no answer: {error}"),
            }
            std::thread::yield_now();
        }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.get_with(path, "")
    }

    /// `headers` are lines that end in `\r\n`.
    pub(crate) fn get_with(&self, path: &str, headers: &str) -> Answer {
        self.send(&format!(
            "GET {path} HTTP/1.1\r\nHost: site.example\r\nConnection: close\r\n{headers}\r\n"
        ))
    }

    pub(crate) fn stop(self) -> kouti_testing::lifecycle::Exit {
        self.running.stop().unwrap()
    }
}

fn ask(port: u16, request: &str) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    stream.write_all(request.as_bytes())?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let invalid = || std::io::Error::other(format!("not HTTP: {text}"));
    let (head, body) = text.split_once("\r\n\r\n").ok_or_else(invalid)?;
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(invalid)?;
    Ok(Answer { status, head: head.to_owned(), body: body.to_owned() })
}
