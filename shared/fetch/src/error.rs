//! What can go wrong between a catalogue and a directory, as users see it.

use std::fmt::Write as _;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use kouti_catalog::{Artifact, Checksum};
use kouti_report::{Explain, Fault, SafeUrl, bytes};

use crate::http::Failure;
use crate::options::Obstacle;
use crate::transfer::Received;
use crate::unpack::UnpackError;
use crate::verifier::Distrust;

/// An artifact could not be had.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// All addresses failed.
    #[error("cannot download {artifact} from {}: {}", first_url(tried), first_reason(tried))]
    Download {
        /// Name and version.
        artifact: String,
        /// Each address, at least one.
        tried: Vec<Tried>,
    },
    /// No address could even be reached.
    #[error("cannot download {artifact} from {}: {}", first_url(tried), first_reason(tried))]
    Unreachable {
        /// Name and version.
        artifact: String,
        /// Each address, at least one.
        tried: Vec<Tried>,
    },
    /// The server is not who it says, or nobody we know vouches for it.
    #[error("cannot download {artifact} from {}: {}", tried.url, tried.reason())]
    Certificate {
        /// Name and version.
        artifact: String,
        /// The address.
        tried: Tried,
    },
    /// 401, 403, or 407 from a proxy.
    #[error("cannot download {artifact} from {}: {}", tried.url, tried.reason())]
    Access {
        /// Name and version.
        artifact: String,
        /// The address.
        tried: Tried,
    },
    /// The bytes are not those of the catalogue.
    #[error("{artifact} from {place} is not what the catalogue promises")]
    Mismatch {
        /// Name and version.
        artifact: String,
        /// Address, or file.
        place: String,
        /// What came.
        mismatch: Mismatch,
    },
    /// No network, and nowhere else.
    #[error("{artifact} is not available offline")]
    Offline {
        /// Name and version.
        artifact: String,
        /// What it is known by.
        checksum: Checksum,
    },
    /// The record has no address.
    #[error("the catalogue has no address for {artifact}")]
    NoAddress {
        /// Name and version.
        artifact: String,
    },
    /// A hostile entry.
    #[error("the archive of {artifact} is not safe to unpack: `{entry}`: {reason}")]
    Unsafe {
        /// Name and version.
        artifact: String,
        /// Path in the archive.
        entry: String,
        /// What it tries.
        reason: String,
    },
    /// An archive that contradicts itself, or is none.
    #[error("the archive of {artifact} cannot be unpacked: {reason}")]
    Damaged {
        /// Name and version.
        artifact: String,
        /// Why, with the path in the archive if it is about one.
        reason: String,
    },
    /// A bomb.
    #[error("the archive of {artifact} has more than {limit}")]
    TooLarge {
        /// Name and version.
        artifact: String,
        /// The limit.
        limit: String,
    },
    /// No space left.
    #[error("the disk is full: no space for {artifact} in {}", dir.display())]
    DiskFull {
        /// Name and version.
        artifact: String,
        /// Where it should go.
        dir: PathBuf,
        /// Bytes that are free there.
        free: Option<u64>,
        /// Bytes of the archive or file: what comes out of it takes more.
        size: Option<u64>,
        /// The failed operation.
        source: io::Error,
    },
    /// What says how to download cannot be understood.
    #[error("{}", _0.summary)]
    Obstacle(Obstacle),
    /// Any other file operation.
    #[error("cannot install {artifact}: {source}")]
    File {
        /// Name and version.
        artifact: String,
        /// The failed operation.
        source: io::Error,
    },
}

impl FetchError {
    /// Whether each address answered that it has no such file (any more).
    #[must_use]
    pub fn is_gone(&self) -> bool {
        match self {
            Self::Download { tried, .. } => {
                tried.iter().all(|tried| tried.failures.last().is_some_and(Failure::is_gone))
            }
            _ => false,
        }
    }

    /// All addresses failed.
    pub(crate) fn from_tried(artifact: String, tried: Vec<Tried>) -> Self {
        let nobody_there =
            |failure: &Failure| matches!(failure, Failure::Resolve | Failure::Refused);
        if tried.iter().flat_map(|tried| &tried.failures).all(nobody_there) {
            Self::Unreachable { artifact, tried }
        } else {
            Self::Download { artifact, tried }
        }
    }

    pub(crate) fn mismatch(
        artifact: &Artifact,
        place: &str,
        instead_of: Option<(SafeUrl, String)>,
        received: Received,
    ) -> Self {
        let text = String::from_utf8_lossy(&received.head);
        Self::Mismatch {
            artifact: artifact.title(),
            place: place.to_owned(),
            mismatch: Mismatch {
                expected: artifact.checksum.clone(),
                actual: received.checksum,
                size: received.size,
                instead_of,
                looks_like_html: text.trim_start_matches('\u{feff}').trim_start().starts_with('<'),
            },
        }
    }

    /// `dir` is where it should have gone, `size` what the archive takes itself.
    pub(crate) fn unpacking(
        artifact: String,
        error: UnpackError,
        dir: &Path,
        size: Option<u64>,
    ) -> Self {
        match error {
            UnpackError::Read(error) => {
                Self::Damaged { artifact, reason: printable(&error.to_string()) }
            }
            UnpackError::Damaged { entry: Some(entry), reason } => {
                Self::Damaged { artifact, reason: printable(&format!("`{entry}`: {reason}")) }
            }
            UnpackError::Damaged { entry: None, reason } => {
                Self::Damaged { artifact, reason: printable(&reason) }
            }
            UnpackError::Unsafe { entry, reason } => Self::Unsafe { artifact, entry, reason },
            UnpackError::TooLarge { limit } => Self::TooLarge { artifact, limit },
            UnpackError::Write(source)
                if matches!(source.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) =>
            {
                let (dir, free) = (dir.to_owned(), free_space(dir));
                Self::DiskFull { artifact, dir, free, size, source }
            }
            UnpackError::Write(source) => Self::File { artifact, source: printable_error(source) },
        }
    }
}

/// The same without characters that would change a terminal: it may come from an archive.
fn printable(text: &str) -> String {
    let shown =
        |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(shown).collect()
}

fn printable_error(error: io::Error) -> io::Error {
    let text = error.to_string();
    if text.contains(char::is_control) {
        io::Error::new(error.kind(), printable(&text))
    } else {
        error
    }
}

/// Bytes free for us where `path` is, or will be.
fn free_space(path: &Path) -> Option<u64> {
    let existing = path.ancestors().find(|path| path.exists())?;
    let found = rustix::fs::statvfs(existing).ok()?;
    Some(found.f_bavail.saturating_mul(found.f_frsize))
}

/// Bytes that are not those expected.
#[derive(Debug)]
pub struct Mismatch {
    /// Of the catalogue.
    pub expected: Checksum,
    /// Of what came.
    pub actual: Checksum,
    /// How much came.
    pub size: u64,
    /// It starts as a web page does.
    pub looks_like_html: bool,
    /// The address that a mirror or mapping stands for, and the setting that says so.
    pub instead_of: Option<(SafeUrl, String)>,
}

impl Mismatch {
    fn facts(&self) -> String {
        let mut text = format!(
            "  expected {}\n  actual   {} ({})\n",
            self.expected,
            self.actual,
            bytes(self.size)
        );
        instead_of(&mut text, self.instead_of.as_ref());
        text
    }
}

fn instead_of(text: &mut String, instead_of: Option<&(SafeUrl, String)>) {
    if let Some((original, setting)) = instead_of {
        let _ = writeln!(text, "  instead of {original} (because of {setting})");
    }
}

/// One address and what happened there.
#[derive(Debug)]
pub struct Tried {
    pub(crate) url: SafeUrl,
    /// The address it stands for, and the setting that says so.
    pub(crate) instead_of: Option<(SafeUrl, String)>,
    pub(crate) proxy: Option<SafeUrl>,
    pub(crate) failures: Vec<Failure>,
}

impl Tried {
    /// `HTTP 503 Service Unavailable (5 attempts)`.
    pub(crate) fn reason(&self) -> String {
        let mut counted: Vec<(&Failure, usize)> = Vec::new();
        for failure in &self.failures {
            match counted.iter_mut().find(|(known, _)| known.is_like(failure)) {
                // The last of a kind tells most: how far it got.
                Some((known, count)) => (*known, *count) = (failure, *count + 1),
                None => counted.push((failure, 1)),
            }
        }
        let counted: Vec<(String, usize)> =
            counted.into_iter().map(|(failure, count)| (failure.to_string(), count)).collect();
        if let [(text, count)] = counted.as_slice() {
            return if *count == 1 { text.clone() } else { format!("{text} ({count} attempts)") };
        }
        let times = |(text, count): &(String, usize)| match count {
            1 => text.clone(),
            _ => format!("{text} ({count} times)"),
        };
        counted.iter().map(times).collect::<Vec<_>>().join(", ")
    }

    /// Itself, if another address may do better, else the error that ends the build.
    pub(crate) fn or_fatal(self, artifact: &Artifact) -> Result<Self, FetchError> {
        let artifact = artifact.title();
        match self.last() {
            Some(Failure::Certificate(_)) => Err(FetchError::Certificate { artifact, tried: self }),
            Some(Failure::ProxyAuth) => Err(FetchError::Access { artifact, tried: self }),
            Some(Failure::Status { status, .. }) if matches!(status.as_u16(), 401 | 403) => {
                Err(FetchError::Access { artifact, tried: self })
            }
            Some(failure) if failure.is_gone() || failure.may_pass() => Ok(self),
            _ => Err(FetchError::Download { artifact, tried: vec![self] }),
        }
    }

    fn last(&self) -> Option<&Failure> {
        self.failures.last()
    }

    fn is_about_time(&self) -> bool {
        matches!(self.last(), Some(Failure::Certificate(Distrust { about_time: true, .. })))
    }

    fn setting(&self) -> Option<&str> {
        self.instead_of.as_ref().map(|(_, setting)| setting.as_str())
    }
}

fn first_url(tried: &[Tried]) -> String {
    tried.first().map(|tried| tried.url.to_string()).unwrap_or_default()
}

fn first_reason(tried: &[Tried]) -> String {
    tried.first().map(Tried::reason).unwrap_or_default()
}

impl Explain for FetchError {
    fn id(&self) -> &'static str {
        match self {
            Self::Download { .. } => "download-failed",
            Self::Unreachable { .. } => "host-unreachable",
            Self::Certificate { .. } => "certificate-not-trusted",
            Self::Access { .. } => "access-denied",
            Self::Mismatch { .. } => "checksum-mismatch",
            Self::Offline { .. } => "offline-artifact-missing",
            Self::NoAddress { .. } => "artifact-without-address",
            Self::Unsafe { .. } => "unsafe-archive",
            Self::Damaged { .. } => "damaged-archive",
            Self::TooLarge { .. } => "archive-too-large",
            Self::DiskFull { .. } => "disk-full",
            Self::Obstacle(obstacle) => obstacle.id,
            Self::File { .. } => "install-failed",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::NoAddress { .. }
            | Self::Unsafe { .. }
            | Self::Damaged { .. }
            | Self::TooLarge { .. } => Fault::Buildpack,
            Self::Obstacle(obstacle) => obstacle.fault,
            _ => Fault::Surroundings,
        }
    }

    fn excerpt(&self) -> Option<String> {
        match self {
            Self::Download { tried, .. } | Self::Unreachable { tried, .. } => facts(tried),
            Self::Certificate { tried, .. } | Self::Access { tried, .. } => {
                facts(std::slice::from_ref(tried))
            }
            Self::Mismatch { mismatch, .. } => Some(mismatch.facts()),
            _ => None,
        }
    }

    fn hints(&self) -> Vec<String> {
        let hints: &[&str] = match self {
            Self::Download { tried, .. } => return download_hints(tried),
            Self::Unreachable { tried, .. } => return unreachable_hints(tried),
            Self::Certificate { tried, .. } if tried.is_about_time() => {
                &["check the clock of this machine", "renew the certificate of the server"]
            }
            Self::Certificate { .. } => {
                &["add the certificate authority with a binding of type `ca-certificates`"]
            }
            Self::Access { tried, .. } => return access_hints(tried),
            Self::Mismatch { mismatch, .. } if mismatch.looks_like_html => &[
                "a web page came instead of the file, as from the login of a proxy: open the address",
                "a mirror must serve exactly the same bytes as the original",
            ],
            Self::Mismatch { .. } => &[
                "a mirror must serve exactly the same bytes as the original, not a repacked file",
                "if the original was replaced upstream, update the buildpack",
            ],
            Self::Offline { checksum, .. } => {
                return vec![
                    "use the offline package of this buildpack, which brings its artifacts"
                        .to_owned(),
                    format!(
                        "add a binding of type `dependency-mapping` with the key \
                         `{}_{}` and a file:// address",
                        checksum.algorithm.name(),
                        checksum.hex
                    ),
                    "set BP_DEPENDENCY_MIRROR to a file:// address that holds the file".to_owned(),
                ];
            }
            Self::DiskFull { free, size, .. } => {
                let left = free.map(|free| format!("{} left", bytes(free)));
                let needed = size.map(|size| format!("more than {} needed", bytes(size)));
                let known: Vec<_> = needed.into_iter().chain(left).collect();
                let known = if known.is_empty() {
                    String::new()
                } else {
                    format!(" ({})", known.join(", "))
                };
                return vec![format!("free some space{known}, or give the build more")];
            }
            Self::Obstacle(obstacle) => return obstacle.hints.clone(),
            Self::File { .. } => &["let the build user read and write there"],
            Self::NoAddress { .. }
            | Self::Unsafe { .. }
            | Self::Damaged { .. }
            | Self::TooLarge { .. } => &[],
        };
        hints.iter().map(ToString::to_string).collect()
    }
}

/// What does not fit into the first line: other addresses, mirror, proxy.
fn facts(tried: &[Tried]) -> Option<String> {
    let mut text = String::new();
    if tried.len() > 1 {
        for tried in tried {
            let _ = writeln!(text, "  {}: {}", tried.url, tried.reason());
        }
    }
    for tried in tried {
        instead_of(&mut text, tried.instead_of.as_ref());
    }
    if let Some(proxy) = tried.iter().find_map(|tried| tried.proxy.as_ref()) {
        let _ = writeln!(text, "  through the proxy {proxy}");
    }
    (!text.is_empty()).then_some(text)
}

fn download_hints(tried: &[Tried]) -> Vec<String> {
    let all = |what: fn(&Failure) -> bool| tried.iter().all(|tried| tried.last().is_some_and(what));
    let setting = tried.iter().find_map(Tried::setting);
    let gone = all(Failure::is_gone);
    let first = match setting {
        _ if all(Failure::may_pass) => "try again: this may pass".to_owned(),
        Some(setting) if gone => format!("put the file there, or correct {setting}"),
        None if gone => {
            "use a newer version of this buildpack, whose addresses are current".to_owned()
        }
        _ => "open the address: it should lead to the file".to_owned(),
    };
    let second = match setting {
        Some(setting) => format!("check that the server which {setting} names works"),
        None => "set BP_DEPENDENCY_MIRROR to a mirror that has the file".to_owned(),
    };
    if gone && setting.is_some() { vec![first] } else { vec![first, second] }
}

fn unreachable_hints(tried: &[Tried]) -> Vec<String> {
    let proxied = tried.iter().any(|tried| tried.proxy.is_some());
    let mut hints = Vec::new();
    if proxied {
        hints.push("check HTTPS_PROXY, and NO_PROXY for hosts that need no proxy".to_owned());
    } else {
        hints.push("set HTTPS_PROXY, if this network needs a proxy".to_owned());
    }
    match tried.iter().find_map(Tried::setting) {
        Some(setting) => hints.push(format!("check {setting}")),
        None => hints.push(
            "set BP_DEPENDENCY_MIRROR to a mirror inside of this network, or use an offline package"
                .to_owned(),
        ),
    }
    hints
}

fn access_hints(tried: &Tried) -> Vec<String> {
    let host = tried.url.host();
    match tried.last() {
        Some(Failure::ProxyAuth) => {
            // Not a whole address: what masks passwords would take this for one.
            vec!["put user name and password in front of the proxy's host, as in user:password@proxy.example:3128".to_owned()]
        }
        Some(Failure::Status { sent_credential: true, .. }) => {
            vec![format!(
                "check the user name and password for {host}: they were sent, but not accepted"
            )]
        }
        _ => vec![format!(
            "add a binding of type `dependency-auth` with the key `{host}` and the value `user:password` \
             (no credentials were sent)"
        )],
    }
}
