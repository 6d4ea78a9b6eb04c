//! Documents and files of upstreams, from their own hosts or from a recorded copy of these.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, Result, bail};
use kouti_catalog::{Artifact, Checksum};
use kouti_fetch::{FetchError, Fetcher, Options, Unpack, unpack_own};
use kouti_report::{Colour, Level, Log};
use sha2::{Sha256, Sha512};
use url::Url;

use crate::command::Command;
use crate::stamp;

/// Stands for the registry's host in a copy of feeds.
const REGISTRY: &str = "https://npm";

pub(super) struct Net {
    fetcher: Fetcher,
    /// Replaces each host: `<feed>/<host>/<path>`.
    feed: Option<String>,
    downloads: PathBuf,
}

/// A file that is what its checksum says.
#[derive(Debug)]
pub(super) struct Verified {
    pub(super) path: PathBuf,
    pub(super) size: u64,
    pub(super) sha256: Checksum,
    pub(super) sha512: Checksum,
}

/// What upstream says contradicts itself, a signature, or what was recorded: nobody but a person goes on.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Distrust(pub(super) String);

/// A document or file that an upstream does not have.
#[derive(Debug, thiserror::Error)]
#[error("{0} is not there")]
pub(super) struct Gone(pub(super) String);

impl Net {
    pub(super) fn new(options: Options, feed: Option<&str>, downloads: PathBuf) -> Self {
        let feed = feed.map(|feed| feed.trim_end_matches('/').to_owned());
        Self { fetcher: Fetcher::new(options), feed, downloads }
    }

    /// A document as text; [`Gone`] if there is none.
    pub(super) fn text(&self, uri: &str) -> Result<String> {
        let url = self.address(uri)?;
        let content = self.fetcher.document(uri, &url).map_err(|error| {
            if error.is_gone() { Gone(uri.to_owned()).into() } else { anyhow::Error::from(error) }
        })?;
        String::from_utf8(content).with_context(|| format!("{uri} is not text"))
    }

    pub(super) fn json<T: serde::de::DeserializeOwned>(&self, uri: &str) -> Result<T> {
        let text = self.text(uri)?;
        serde_json::from_str(&text).with_context(|| format!("{uri} has another format than before"))
    }

    /// Where the npm registry of this machine is.
    pub(super) fn npm_registry(&self) -> Result<String> {
        if self.feed.is_some() {
            return Ok(REGISTRY.to_owned());
        }
        let output = Command::new("npm").args(["config", "get", "registry"]).output()?;
        Ok(output.trim().trim_end_matches('/').to_owned())
    }

    /// Downloads a file, unless it was before. Wrong bytes are [`Distrust`], a missing file is [`Gone`].
    pub(super) fn file(&self, uri: &str, checksum: &Checksum) -> Result<Verified> {
        let path = self.downloads.join(checksum.algorithm.name()).join(&checksum.hex);
        if !path.exists() {
            let artifact: Artifact = toml::from_str(&format!(
                "id = ''\nname = ''\nversion = '0'\nuri = {:?}\nchecksum = '{checksum}'",
                self.address(uri)?.as_str()
            ))?;
            let mut log = Log::to_streams(Level::Error, Colour::Off);
            let fetched = self.fetcher.file(&artifact, &path, false, &mut log);
            fetched.map_err(|error| match error {
                FetchError::Mismatch { mismatch, .. } => Distrust(format!(
                    "{uri} has the checksum {}, but {checksum} was announced",
                    mismatch.actual
                ))
                .into(),
                error if error.is_gone() => Gone(uri.to_owned()).into(),
                error => anyhow::Error::from(error),
            })?;
        }
        measured(path)
    }

    /// Downloads a file that nothing proves, twice: what differs is no file to rely on.
    pub(super) fn unproven(&self, uri: &str) -> Result<Checksum> {
        let url = self.address(uri)?;
        let once = || self.fetcher.document(uri, &url).map(|content| sha256_of(&content));
        let (first, second) = (once()?, once()?);
        if first != second {
            bail!("{uri} has other bytes each time");
        }
        Ok(first)
    }

    fn address(&self, uri: &str) -> Result<Url> {
        let url = Url::parse(uri).with_context(|| format!("`{uri}` is not an address"))?;
        let Some(feed) = &self.feed else { return Ok(url) };
        let host = url.host_str().unwrap_or_default();
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        Ok(Url::parse(&format!("{feed}/{host}{}{query}", url.path()))?)
    }
}

fn measured(path: PathBuf) -> Result<Verified> {
    Ok(Verified {
        size: fs_err::metadata(&path)?.len(),
        sha256: checksum("sha256", &stamp::digest::<Sha256>(&path)?)?,
        sha512: checksum("sha512", &stamp::digest::<Sha512>(&path)?)?,
        path,
    })
}

fn checksum(algorithm: &str, hex: &str) -> Result<Checksum> {
    Ok(format!("{algorithm}:{hex}").parse()?)
}

pub(super) fn sha256_of(content: &[u8]) -> Checksum {
    use sha2::Digest as _;
    let hex = stamp::hex(&Sha256::digest(content));
    Checksum { algorithm: kouti_catalog::Algorithm::Sha256, hex }
}

pub(super) fn is_archive(uri: &str) -> bool {
    [".tar.gz", ".tgz", ".tar.xz", ".zip"].iter().any(|end| uri.ends_with(end))
}

/// Fails unless an archive can be read to its end, and has the file `bin` if it is named.
pub(super) fn readable(title: &str, file: &Path, bin: Option<&str>) -> Result<()> {
    let (some, found) = (AtomicBool::new(false), AtomicBool::new(bin.is_none()));
    let dir = tempfile::tempdir()?;
    // One file is enough to know that it is an archive; all of it is read nevertheless.
    let unpack = Unpack::into(dir.path().join("tree")).keep(|path| {
        if bin.is_some_and(|bin| path.ends_with(bin)) {
            found.store(true, Ordering::Relaxed);
        }
        !some.swap(true, Ordering::Relaxed)
    });
    unpack_own(title, file, &unpack)?;
    drop(unpack);
    match bin {
        Some(bin) if !found.into_inner() => bail!("the archive has no `{bin}`"),
        _ => Ok(()),
    }
}
