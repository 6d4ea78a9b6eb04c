//! The way of the bytes: read once, hashed, kept where needed, handed on.

use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use kouti_catalog::{Algorithm, Checksum};
use ring::digest;
use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use tempfile::NamedTempFile;

use crate::download::{Download, Trouble};
use crate::pipeline::{Chunk, Sender};
use crate::progress::Teller;
use crate::unpack::Format;

/// Where bytes come from.
pub(crate) enum Source<'a, 'd> {
    File(fs_err::File),
    Download(&'a mut Download<'d>),
}

/// What has passed.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) size: u64,
    pub(crate) checksum: Checksum,
    /// The first bytes, for a look at what came instead of an artifact.
    pub(crate) head: Vec<u8>,
}

/// Why bytes stopped passing.
#[derive(Debug)]
pub(crate) enum Broken {
    Download(Trouble),
    Read(io::Error),
    Write(io::Error),
    /// Somebody else had a reason.
    Stopped,
}

/// A file that gets all bytes, and its name only once they are verified.
pub(crate) struct Copy {
    file: Unfinished,
    target: Option<PathBuf>,
    /// Not just for the next time: the build needs it.
    needed: bool,
}

impl Copy {
    /// For the next time; without it the build goes on.
    pub(crate) fn for_later(target: &Path) -> io::Result<Self> {
        Self::new(target, false)
    }

    /// What the caller asked for.
    pub(crate) fn wanted(target: &Path) -> io::Result<Self> {
        Self::new(target, true)
    }

    fn new(target: &Path, needed: bool) -> io::Result<Self> {
        let dir = target.parent().unwrap_or(Path::new(""));
        fs_err::create_dir_all(dir)?;
        Ok(Self { file: Unfinished::in_dir(dir)?, target: Some(target.to_owned()), needed })
    }

    /// For formats that are not unpacked before they are verified.
    pub(crate) fn spool(dir: &Path) -> io::Result<Self> {
        Ok(Self { file: Unfinished::in_dir(dir)?, target: None, needed: true })
    }

    /// Gives the file its name.
    pub(crate) fn keep(self, mode: u32) -> io::Result<()> {
        let Some(target) = self.target else {
            return Ok(());
        };
        self.file
            .keep(&target, mode)
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", target.display())))
    }

    pub(crate) fn is_needed(&self) -> bool {
        self.needed
    }

    /// Opens what was written.
    pub(crate) fn open(&self) -> io::Result<fs_err::File> {
        fs_err::File::open(self.file.path())
    }

    fn write(&mut self, chunk: &[u8]) -> io::Result<()> {
        self.file.write(chunk).map_err(|error| {
            let path = self.target.as_ref().map(|path| format!(" {}", path.display()));
            let path = path.unwrap_or_default();
            io::Error::new(error.kind(), format!("cannot write{path}: {error}"))
        })
    }
}

/// A file that nobody takes for a whole one.
enum Unfinished {
    /// Without a name, so that nothing is left of it even if this process is killed.
    Nameless(std::fs::File),
    /// Hidden, and gone when it is dropped: where a file system knows no nameless files.
    Hidden(NamedTempFile),
}

impl Unfinished {
    fn in_dir(dir: &Path) -> io::Result<Self> {
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        if let Ok(file) = rustix::fs::open(dir, flags, Mode::RUSR | Mode::WUSR) {
            return Ok(Self::Nameless(file.into()));
        }
        let file =
            tempfile::Builder::new().prefix(".kouti-").suffix(".partial").tempfile_in(dir)?;
        Ok(Self::Hidden(file))
    }

    /// A way to open it again.
    fn path(&self) -> PathBuf {
        match self {
            Self::Nameless(file) => format!("/proc/self/fd/{}", file.as_raw_fd()).into(),
            Self::Hidden(file) => file.path().to_owned(),
        }
    }

    fn write(&mut self, chunk: &[u8]) -> io::Result<()> {
        match self {
            Self::Nameless(file) => file.write_all(chunk),
            // Not the wrapper's method, which would add the temporary name.
            Self::Hidden(file) => file.as_file_mut().write_all(chunk),
        }
    }

    /// Puts it to `target`, in place of what is there.
    fn keep(self, target: &Path, mode: u32) -> io::Result<()> {
        let path = self.path();
        let permissions = std::fs::Permissions::from_mode(mode);
        match self {
            Self::Nameless(file) => {
                file.set_permissions(permissions)?;
                let link = || {
                    rustix::fs::linkat(CWD, &path, CWD, target, AtFlags::SYMLINK_FOLLOW)
                        .map_err(io::Error::from)
                };
                unless(ErrorKind::AlreadyExists, link())?.map_or_else(
                    || {
                        unless(ErrorKind::NotFound, fs_err::remove_file(target))?;
                        // Somebody who was faster has put the same bytes there.
                        unless(ErrorKind::AlreadyExists, link()).map(drop)
                    },
                    Ok,
                )
            }
            Self::Hidden(file) => {
                file.as_file().set_permissions(permissions)?;
                file.persist(target).map(drop).map_err(|failed| failed.error)
            }
        }
    }
}

/// `None` instead of an error of this kind.
fn unless<T>(kind: ErrorKind, result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Err(error) if error.kind() == kind => Ok(None),
        result => result.map(Some),
    }
}

/// Reads a source to its end.
///
/// The receiver may lose interest: hashing goes on, since the verdict is wanted in any
/// case. It stops early only if `stop` is set.
pub(crate) struct Pump<'a> {
    pub(crate) algorithm: Algorithm,
    pub(crate) copies: &'a mut Vec<Copy>,
    /// Where to spool formats that cannot be unpacked on the way.
    pub(crate) spool: Option<&'a Path>,
    pub(crate) stop: &'a AtomicBool,
    pub(crate) teller: &'a Teller,
}

impl Pump<'_> {
    pub(crate) fn run(
        &mut self,
        source: &mut Source<'_, '_>,
        sender: Option<Sender>,
    ) -> Result<Received, Broken> {
        let mut sender = sender;
        let result = self.pass(source, &mut sender);
        if let (Err(_), Some(sender)) = (&result, sender) {
            // Otherwise the receiver would take it for the end.
            sender.send(Err(io::Error::other("the transfer broke")));
        }
        result
    }

    fn pass(
        &mut self,
        source: &mut Source<'_, '_>,
        sender: &mut Option<Sender>,
    ) -> Result<Received, Broken> {
        let mut hash = Hash::new(self.algorithm);
        let mut size = 0;
        let mut head = Vec::new();
        let mut spare = None;
        loop {
            let empty = || sender.as_ref().map_or_else(Chunk::new, Sender::empty);
            let mut chunk = spare.take().unwrap_or_else(empty);
            chunk.fill(|rest| source.read(rest))?;
            if chunk.is_empty() {
                return Ok(Received { size, checksum: hash.finish(), head });
            }
            if size == 0 {
                head = chunk[..chunk.len().min(Format::HEAD)].to_vec();
                self.spool_unless_streamed(&head)?;
            }
            hash.update(&chunk);
            size += chunk.len() as u64;
            self.copy(&chunk)?;
            if let Some(reader) = sender {
                if !reader.send(Ok(chunk)) {
                    *sender = None;
                }
            } else {
                spare = Some(chunk);
            }
            if self.stop.load(Ordering::Relaxed) {
                return Err(Broken::Stopped);
            }
        }
    }

    fn spool_unless_streamed(&mut self, head: &[u8]) -> Result<(), Broken> {
        if let Some(dir) = self.spool
            && Format::of(head) != Format::Gzip
        {
            self.copies.push(Copy::spool(dir).map_err(Broken::Write)?);
        }
        Ok(())
    }

    fn copy(&mut self, chunk: &[u8]) -> Result<(), Broken> {
        let mut index = 0;
        while index < self.copies.len() {
            let copy = &mut self.copies[index];
            match copy.write(chunk) {
                Ok(()) => index += 1,
                Err(error) if copy.needed => return Err(Broken::Write(error)),
                Err(error) => {
                    self.teller.debug(format!("not kept for later: {error}"));
                    self.copies.remove(index);
                }
            }
        }
        Ok(())
    }
}

impl Source<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Broken> {
        match self {
            Self::File(file) => file.read(buffer).map_err(Broken::Read),
            Self::Download(download) => download.read(buffer).map_err(Broken::Download),
        }
    }
}

struct Hash {
    algorithm: Algorithm,
    state: digest::Context,
}

impl Hash {
    fn new(algorithm: Algorithm) -> Self {
        let state = digest::Context::new(match algorithm {
            Algorithm::Sha256 => &digest::SHA256,
            Algorithm::Sha512 => &digest::SHA512,
        });
        Self { algorithm, state }
    }

    fn update(&mut self, chunk: &[u8]) {
        self.state.update(chunk);
    }

    fn finish(self) -> Checksum {
        let digest = self.state.finish();
        let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or_default();
        let digits = |byte: &u8| [digit(byte >> 4), digit(byte & 15)];
        let hex = digest.as_ref().iter().flat_map(digits).collect();
        Checksum { algorithm: self.algorithm, hex }
    }
}
