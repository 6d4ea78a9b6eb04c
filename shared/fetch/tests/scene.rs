//! What the tests share: a server, a directory, a log to look at.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kouti_catalog::{Algorithm, Artifact, Checksum};
use kouti_fetch::{Fetched, Fetcher, Limits, Options, Trust, Unpack};
use kouti_report::{Colour, Level, Log, Problem};
use kouti_testing::upstream::Upstream;
use sha2::{Digest, Sha256, Sha512};
use tempfile::TempDir;

use crate::archive::{Tar, noise};

/// A server and an empty directory.
pub(crate) struct Scene {
    pub(crate) upstream: Upstream,
    pub(crate) dir: TempDir,
    said: Said,
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self::on(Upstream::start())
    }

    pub(crate) fn on(upstream: Upstream) -> Self {
        Self { upstream, dir: TempDir::new().unwrap(), said: Said::default() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Where archives go.
    pub(crate) fn out(&self) -> PathBuf {
        self.path("layers/it")
    }

    /// Unpacks what the server has at `/it.tar.gz`, if it is `content`.
    pub(crate) fn fetch(&self, content: &[u8], options: Options) -> Result<Fetched, Problem> {
        self.archive(&artifact(&self.upstream.url("/it.tar.gz"), content), options)
    }

    pub(crate) fn archive(
        &self,
        artifact: &Artifact,
        options: Options,
    ) -> Result<Fetched, Problem> {
        self.unpack(artifact, &Unpack::into(self.out()), options)
    }

    pub(crate) fn unpack(
        &self,
        artifact: &Artifact,
        unpack: &Unpack<'_>,
        options: Options,
    ) -> Result<Fetched, Problem> {
        let fetched = Fetcher::new(options).archive(artifact, unpack, &mut self.log());
        self.checked(fetched.map_err(Problem::from))
    }

    /// A failure leaves nothing behind, hidden or not.
    pub(crate) fn checked<T>(&self, result: Result<T, Problem>) -> Result<T, Problem> {
        let left = names(&self.path("layers"));
        if result.is_err() {
            assert_eq!(left, [] as [&str; 0], "left behind by a failure");
        } else {
            assert!(left.iter().all(|name| !name.starts_with('.')), "left behind: {left:?}");
        }
        result
    }

    pub(crate) fn log(&self) -> Log {
        let (out, err) = (Box::new(self.said.clone()), Box::new(self.said.clone()));
        Log::new(out, err, Level::Debug, Colour::Off)
    }

    /// The log without what differs from run to run.
    pub(crate) fn said(&self) -> String {
        let text = String::from_utf8(self.said.0.lock().unwrap().clone()).unwrap();
        without_times(&self.masked(&text))
    }

    pub(crate) fn masked(&self, text: &str) -> String {
        text.replace(&self.upstream.address().port().to_string(), "PORT")
            .replace(&self.dir.path().display().to_string(), "DIR")
    }

    /// The page a user sees.
    pub(crate) fn page(&self, problem: &Problem) -> String {
        self.masked(&problem.page("kouti/test 1.0.0", Colour::Off))
    }

    /// Ranges that were asked for; a dash is a request for all of it.
    pub(crate) fn ranges(&self) -> Vec<String> {
        let requests = self.upstream.requests();
        requests.iter().map(|r| r.header("range").unwrap_or("-").to_owned()).collect()
    }
}

/// `in 0.3s` depends on the machine.
fn without_times(text: &str) -> String {
    let is_time = |word: &str| {
        word.strip_suffix(['s', ',']).is_some_and(|word| {
            word.trim_end_matches('s').bytes().all(|b| b.is_ascii_digit() || b == b'.')
        })
    };
    let mut parts = text.split(" in ");
    let mut masked = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find([' ', '\n']).unwrap_or(part.len());
        let (word, rest) = part.split_at(end);
        masked.push_str(" in ");
        if is_time(word) {
            masked.push_str("[time]");
            masked.push_str(if word.ends_with(',') { "," } else { "" });
        } else {
            masked.push_str(word);
        }
        masked.push_str(rest);
    }
    masked
}

/// Limits that make a test wait for milliseconds where users wait for seconds.
pub(crate) fn limits() -> Limits {
    Limits {
        first_pause: Duration::from_millis(1),
        longest_pause: Duration::from_millis(2),
        longest_requested_pause: Duration::from_millis(20),
        ..Limits::default()
    }
}

pub(crate) fn options() -> Options {
    Options {
        user_agent: "kouti/test/1.0.0".to_owned(),
        // Reading the system's bundle takes longer than most tests.
        trust: Trust { system: false, ..Trust::default() },
        limits: limits(),
        ..Options::default()
    }
}

/// A record for these bytes at this address.
pub(crate) fn artifact(uri: &str, content: &[u8]) -> Artifact {
    Artifact {
        id: "it".to_owned(),
        name: "It".to_owned(),
        version: "1.2.3".parse().unwrap(),
        uri: Some(uri.to_owned()),
        alternates: Vec::new(),
        checksum: sha256(content),
        os: None,
        arch: None,
        distros: Vec::new(),
        cpes: Vec::new(),
        purl: None,
        licenses: Vec::new(),
        source: None,
        source_checksum: None,
        eol_date: None,
        strip_components: 0,
        bundles: Vec::new(),
        metadata: BTreeMap::new(),
    }
}

pub(crate) fn sha256(content: &[u8]) -> Checksum {
    Checksum { algorithm: Algorithm::Sha256, hex: hex(&Sha256::digest(content)) }
}

pub(crate) fn sha512(content: &[u8]) -> Checksum {
    Checksum { algorithm: Algorithm::Sha512, hex: hex(&Sha512::digest(content)) }
}

fn hex(digest: &[u8]) -> String {
    digest.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

/// A small archive of which every byte matters.
pub(crate) fn small() -> Vec<u8> {
    Tar::new().dir("bin", 0o755).program("bin/it", &noise(3000)).file("README", b"hello").gz()
}

/// Whether the directory holds what is in [`small`].
pub(crate) fn assert_small(dir: &Path) {
    assert_eq!(fs_err::read(dir.join("bin/it")).unwrap(), noise(3000));
    assert_eq!(fs_err::read(dir.join("README")).unwrap(), b"hello");
    assert_eq!(names(dir), ["README", "bin"]);
    assert_eq!(mode(&dir.join("bin/it")), 0o755);
}

pub(crate) fn mode(path: &Path) -> u32 {
    fs_err::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}

pub(crate) fn names(dir: &Path) -> Vec<String> {
    let Ok(entries) = fs_err::read_dir(dir) else {
        return Vec::new();
    };
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[derive(Clone, Default)]
struct Said(Arc<Mutex<Vec<u8>>>);

impl Write for Said {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
