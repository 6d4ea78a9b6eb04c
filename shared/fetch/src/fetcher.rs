//! From a catalogue record to a directory or file: where to look, in which order.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Instant;

use kouti_catalog::Artifact;
use kouti_report::{Log, Notice, SafeUrl, bytes, duration};
use url::Url;

use crate::address::Address;
use crate::download::{Download, Trouble};
use crate::error::{FetchError, Tried};
use crate::http::Http;
use crate::install::{Install, Pass, PassError};
use crate::options::Options;
use crate::progress::Teller;
use crate::transfer::{Copy, Source};
use crate::unpack::Unpack;

/// The longest list of releases known has a third of that.
const LARGEST_DOCUMENT: usize = 64 << 20;

/// Brings artifacts to where they are wanted: looked up, downloaded, verified, unpacked.
///
/// The order is: packaged with the buildpack, shared cache, network (through mapping or mirror).
/// See [`Options`].
pub struct Fetcher {
    options: Options,
    http: OnceLock<Result<Http, String>>,
}

/// How an artifact was got.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fetched {
    /// Where it was.
    pub origin: Origin,
    /// Size of the archive or file.
    pub size: u64,
}

/// Where an artifact was.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Origin {
    /// Packaged with the buildpack.
    Buildpack,
    /// In the shared download cache.
    Cache,
    /// On a disk, by mapping or mirror.
    File,
    /// On this host.
    Host(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Buildpack => f.write_str("the buildpack"),
            Self::Cache => f.write_str("the download cache"),
            Self::File => f.write_str("a file"),
            Self::Host(host) => f.write_str(host),
        }
    }
}

type Job<'a> = (&'a Artifact, Install<'a>);

/// An error, or `None` if another artifact failed first.
type Stopped = Option<FetchError>;

impl Fetcher {
    /// Costs nothing: certificates are read, and a client made, when a download needs them.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self { options, http: OnceLock::new() }
    }

    /// Unpacks an archive.
    ///
    /// A `.tar.gz` is unpacked while it arrives, other formats when they are verified.
    /// Either the directories appear, complete and verified, or there is an error and nothing
    /// of it on the disk.
    pub fn archive(
        &self,
        artifact: &Artifact,
        unpack: &Unpack<'_>,
        log: &mut Log,
    ) -> Result<Fetched, FetchError> {
        self.run(&[(artifact, Install::Archive(unpack))], log).map(|mut all| all.swap_remove(0))
    }

    /// Unpacks several archives at the same time.
    ///
    /// They must not depend on each other. The log shows them one after the other, each line
    /// with name and version. If one fails, those that are not there yet will not be.
    pub fn archives(
        &self,
        wanted: &[(&Artifact, Unpack<'_>)],
        log: &mut Log,
    ) -> Result<Vec<Fetched>, FetchError> {
        let jobs: Vec<Job<'_>> =
            wanted.iter().map(|(artifact, unpack)| (*artifact, Install::Archive(unpack))).collect();
        self.run(&jobs, log)
    }

    /// Puts an artifact to `path` as it is: a jar, a phar, a single program.
    ///
    /// The file appears complete and verified, or not at all.
    pub fn file(
        &self,
        artifact: &Artifact,
        path: &Path,
        executable: bool,
        log: &mut Log,
    ) -> Result<Fetched, FetchError> {
        self.run(&[(artifact, Install::File { path, executable })], log)
            .map(|mut all| all.swap_remove(0))
    }

    /// Reads a document that no checksum proves, such as a list of releases, from exactly this address.
    ///
    /// What is installed has a checksum: take [`Self::file`] or [`Self::archive`] for that.
    pub fn document(&self, title: &str, url: &Url) -> Result<Vec<u8>, FetchError> {
        let (teller, _) = Teller::pair();
        let http = self.http(title, &teller)?;
        let credential = self.options.credentials.of(url);
        let mut download =
            Download::new(http, &self.options.limits, url, credential.as_ref(), &teller);
        let (mut content, mut piece) = (Vec::new(), vec![0; 64 * 1024]);
        loop {
            match download.read(&mut piece) {
                Ok(0) => return Ok(content),
                Ok(count) if content.len() + count > LARGEST_DOCUMENT => {
                    let limit = bytes(LARGEST_DOCUMENT as u64);
                    return Err(FetchError::TooLarge { artifact: title.to_owned(), limit });
                }
                Ok(count) => content.extend_from_slice(&piece[..count]),
                Err(Trouble::StartOver) => content.clear(),
                Err(Trouble::GivenUp(failures)) => {
                    let (url, proxy) = (SafeUrl::from(url.clone()), http.proxy(url));
                    let tried = Tried { url, instead_of: None, proxy, failures };
                    return Err(FetchError::from_tried(title.to_owned(), vec![tried]));
                }
            }
        }
    }

    /// Works in threads, and writes the log in this one.
    fn run(&self, jobs: &[Job<'_>], log: &mut Log) -> Result<Vec<Fetched>, FetchError> {
        let stop = AtomicBool::new(false);
        let next = AtomicUsize::new(0);
        let (tellers, lines): (Vec<_>, Vec<_>) = jobs.iter().map(|_| Teller::pair()).unzip();
        let tellers: Vec<_> = tellers.into_iter().map(|teller| Mutex::new(Some(teller))).collect();

        let work = || {
            let mut done = Vec::new();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let (Some((artifact, install)), Some(teller)) =
                    (jobs.get(index), tellers.get(index))
                else {
                    return done;
                };
                // The lines end when the teller is gone.
                let teller = teller.lock().unwrap_or_else(PoisonError::into_inner).take();
                if let Some(teller) = teller
                    && !stop.load(Ordering::Relaxed)
                {
                    let result = self.one(artifact, *install, &stop, &teller);
                    if matches!(result, Some(Err(_))) {
                        stop.store(true, Ordering::Relaxed);
                    }
                    done.push((index, result));
                }
            }
        };
        let mut results = BTreeMap::new();
        std::thread::scope(|scope| {
            let threads = self.options.limits.concurrency.clamp(1, jobs.len().max(1));
            let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            for (lines, (artifact, _)) in lines.into_iter().zip(jobs) {
                let prefix =
                    if jobs.len() > 1 { format!("{}: ", artifact.title()) } else { String::new() };
                for line in lines {
                    line.write(log, &prefix);
                }
            }
            for worker in workers {
                results
                    .extend(worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            }
        });
        // Those that were stopped have no result, but then there is an error.
        results.into_values().flatten().collect()
    }

    /// `None`: stopped, because another artifact failed.
    fn one(
        &self,
        artifact: &Artifact,
        install: Install<'_>,
        stop: &AtomicBool,
        teller: &Teller,
    ) -> Option<Result<Fetched, FetchError>> {
        let pass = Pass { artifact, install, limits: self.options.limits.unpack, stop, teller };
        let started = Instant::now();
        let found = self.stored(&pass).and_then(|found| match found {
            Some(fetched) => Ok(fetched),
            None => self.fetch(&pass),
        });
        match found {
            Err(None) => None,
            Err(Some(error)) => Some(Err(error)),
            Ok(fetched) => {
                let origin = fetched.origin.to_string();
                teller.got(artifact.title(), origin, fetched.size, started);
                teller.detail(format!(
                    "{} from {} in {}, {} ok",
                    bytes(fetched.size),
                    fetched.origin,
                    duration(started.elapsed()),
                    artifact.checksum.algorithm.name()
                ));
                Some(Ok(fetched))
            }
        }
    }

    /// Looks on the disk. A damaged copy is as good as none.
    fn stored(&self, pass: &Pass<'_>) -> Result<Option<Fetched>, Stopped> {
        let options = &self.options;
        let stores = [(Origin::Buildpack, &options.offline_store), (Origin::Cache, &options.cache)];
        for (origin, store) in stores {
            let Some(path) = store.as_deref().map(|store| stored_at(store, pass.artifact)) else {
                continue;
            };
            let Ok(file) = fs_err::File::open(&path) else {
                continue;
            };
            match pass.run(Source::File(file), Some(&path), Vec::new()) {
                Ok(received) => return Ok(Some(Fetched { origin, size: received.size })),
                Err(PassError::Mismatch(_) | PassError::Read(_)) => pass.teller.warn(
                    Notice::new(format!("{} in {origin} is damaged", pass.artifact.title()))
                        .hint(format!("remove {}", path.display())),
                ),
                Err(other) => return Err(explain(pass, other, Place::file(&path, None))),
            }
        }
        Ok(None)
    }

    /// Tries one address after the other.
    fn fetch(&self, pass: &Pass<'_>) -> Result<Fetched, Stopped> {
        let artifact = pass.artifact.title();
        let addresses = self.options.addresses(pass.artifact, pass.teller);
        if addresses.is_empty() {
            return Err(Some(FetchError::NoAddress { artifact }));
        }
        let mut tried = Vec::new();
        for address in addresses {
            if let Ok(path) = address.url.to_file_path() {
                return read_file(pass, &address, &path);
            }
            if self.options.offline {
                continue;
            }
            match self.download(pass, &address)? {
                Ok(fetched) => return Ok(fetched),
                Err(failed) => {
                    pass.teller.detail(format!("{}: {}", failed.url, failed.reason()));
                    tried.push(failed);
                }
            }
        }
        if tried.is_empty() {
            let checksum = pass.artifact.checksum.clone();
            return Err(Some(FetchError::Offline { artifact, checksum }));
        }
        Err(Some(FetchError::from_tried(artifact, tried)))
    }

    /// The inner error is that of an address after which others may be tried.
    fn download(
        &self,
        pass: &Pass<'_>,
        address: &Address,
    ) -> Result<Result<Fetched, Tried>, Stopped> {
        let place = SafeUrl::from(address.url.clone());
        let http = self.http(&pass.artifact.title(), pass.teller).map_err(Some)?;
        let credential = self.options.credentials.of(&address.url);
        let limits = &self.options.limits;
        let mut download =
            Download::new(http, limits, &address.url, credential.as_ref(), pass.teller);
        let mut second_chance = true;
        loop {
            let copies = self.copies(pass);
            match pass.run(Source::Download(&mut download), None, copies) {
                Ok(received) => {
                    let origin = Origin::Host(place.host().to_owned());
                    return Ok(Ok(Fetched { origin, size: received.size }));
                }
                Err(PassError::Trouble(Trouble::StartOver)) => {}
                Err(PassError::Trouble(Trouble::GivenUp(failures))) => {
                    let proxy = http.proxy(&address.url);
                    let instead_of = address.instead_of.clone();
                    let tried = Tried { url: place, instead_of, proxy, failures };
                    return tried.or_fatal(pass.artifact).map(Err).map_err(Some);
                }
                Err(PassError::Mismatch(received)) if second_chance => {
                    second_chance = false;
                    pass.teller.detail(format!(
                        "{} came with the wrong checksum; downloading once more",
                        bytes(received.size)
                    ));
                    download.start_fresh();
                }
                Err(error) => {
                    let place = Place {
                        name: place.to_string(),
                        instead_of: address.instead_of.clone(),
                        size: download.expected(),
                    };
                    return Err(explain(pass, error, place));
                }
            }
        }
    }

    fn http(&self, title: &str, teller: &Teller) -> Result<&Http, FetchError> {
        if let Some(obstacle) = &self.options.obstacle {
            return Err(FetchError::Obstacle(obstacle.clone()));
        }
        let http = self.http.get_or_init(|| {
            let http = Http::new(&self.options).map_err(|error| error.to_string())?;
            for remark in &http.remarks {
                teller.debug(remark.clone());
            }
            Ok(http)
        });
        http.as_ref().map_err(|text| {
            let source = std::io::Error::other(text.clone());
            FetchError::File { artifact: title.to_owned(), source }
        })
    }

    /// What a download leaves for the next time, where that can be written.
    fn copies(&self, pass: &Pass<'_>) -> Vec<Copy> {
        let Some(store) = &self.options.cache else { return Vec::new() };
        match Copy::for_later(&stored_at(store, pass.artifact)) {
            Ok(copy) => vec![copy],
            Err(error) => {
                pass.teller.debug(format!("not kept for later: {error}"));
                Vec::new()
            }
        }
    }
}

fn read_file(pass: &Pass<'_>, address: &Address, path: &Path) -> Result<Fetched, Stopped> {
    fs_err::File::open(path)
        .map_err(PassError::Read)
        .and_then(|file| pass.run(Source::File(file), Some(path), Vec::new()))
        .map(|received| Fetched { origin: Origin::File, size: received.size })
        .map_err(|error| explain(pass, error, Place::file(path, address.instead_of.clone())))
}

fn stored_at(store: &Path, artifact: &Artifact) -> PathBuf {
    store.join(artifact.checksum.algorithm.name()).join(&artifact.checksum.hex)
}

/// Where the bytes of a pass came from.
struct Place {
    name: String,
    /// The address it stands for, and the setting that says so.
    instead_of: Option<(SafeUrl, String)>,
    size: Option<u64>,
}

impl Place {
    fn file(path: &Path, instead_of: Option<(SafeUrl, String)>) -> Self {
        let size = fs_err::metadata(path).ok().map(|found| found.len());
        Self { name: path.display().to_string(), instead_of, size }
    }
}

/// Turns what a pass met into what a user reads.
fn explain(pass: &Pass<'_>, error: PassError, place: Place) -> Stopped {
    let artifact = pass.artifact.title();
    Some(match error {
        PassError::Stopped | PassError::Trouble(_) => return None,
        PassError::Mismatch(received) => {
            FetchError::mismatch(pass.artifact, &place.name, place.instead_of, received)
        }
        PassError::Read(source) => FetchError::File { artifact, source },
        PassError::Unpack(error) => {
            FetchError::unpacking(artifact, error, pass.install.dir(), place.size)
        }
    })
}
