//! One pass: bytes from one source become verified files, or nothing.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use kouti_catalog::{Artifact, Checksum};

use crate::download::Trouble;
use crate::pipeline;
use crate::progress::Teller;
use crate::transfer::{Broken, Copy, Pump, Received, Source};
use crate::unpack::{self, Tree, Unpack, UnpackError, UnpackLimits};

/// What is to become of an artifact.
#[derive(Clone, Copy)]
pub(crate) enum Install<'a> {
    Archive(&'a Unpack<'a>),
    File { path: &'a Path, executable: bool },
}

impl Install<'_> {
    /// Where it goes, for messages.
    pub(crate) fn dir(&self) -> &Path {
        match self {
            Self::Archive(unpack) => unpack.dirs.first().map_or(Path::new("."), PathBuf::as_path),
            Self::File { path, .. } => path,
        }
    }
}

/// Why a pass failed.
#[derive(Debug)]
pub(crate) enum PassError {
    /// The download stopped.
    Trouble(Trouble),
    /// All bytes came, but they are not those of the catalogue.
    Mismatch(Received),
    /// The bytes are right, but what they say cannot be done.
    Unpack(UnpackError),
    /// The source is a file and cannot be read.
    Read(io::Error),
    /// Something else failed first.
    Stopped,
}

impl From<Broken> for PassError {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Download(trouble) => Self::Trouble(trouble),
            Broken::Read(error) => Self::Read(error),
            Broken::Write(error) => Self::Unpack(UnpackError::Write(error)),
            Broken::Stopped => Self::Stopped,
        }
    }
}

impl From<UnpackError> for PassError {
    fn from(error: UnpackError) -> Self {
        Self::Unpack(error)
    }
}

impl From<io::Error> for PassError {
    fn from(error: io::Error) -> Self {
        Self::Unpack(UnpackError::Write(error))
    }
}

/// Everything that is the same for all passes of one artifact.
pub(crate) struct Pass<'a> {
    pub(crate) artifact: &'a Artifact,
    pub(crate) install: Install<'a>,
    pub(crate) limits: UnpackLimits,
    pub(crate) stop: &'a AtomicBool,
    pub(crate) teller: &'a Teller,
}

impl Pass<'_> {
    /// Reads `source` to its end. `copies` are named if the bytes were right.
    /// `local` is the path of a source that is a file.
    pub(crate) fn run(
        &self,
        source: Source<'_, '_>,
        local: Option<&Path>,
        copies: Vec<Copy>,
    ) -> Result<Received, PassError> {
        match self.install {
            Install::File { path, executable } => self.file(source, copies, path, executable),
            Install::Archive(unpack) => self.archive(source, local, copies, unpack),
        }
    }

    fn file(
        &self,
        mut source: Source<'_, '_>,
        mut copies: Vec<Copy>,
        path: &Path,
        executable: bool,
    ) -> Result<Received, PassError> {
        copies.push(Copy::wanted(path)?);
        let received = self.pump(&mut copies, None).run(&mut source, None)?;
        let received = self.verified(received)?;
        self.keep(copies, if executable { 0o755 } else { 0o644 })?;
        Ok(received)
    }

    fn archive(
        &self,
        mut source: Source<'_, '_>,
        local: Option<&Path>,
        mut copies: Vec<Copy>,
        unpack: &Unpack<'_>,
    ) -> Result<Received, PassError> {
        let mut tree = Tree::start(unpack, self.artifact.strip_components, self.limits)?;
        let spool = if local.is_none() { tree.beside() } else { None };
        let mut pump = self.pump(&mut copies, spool.as_deref());
        let (received, streamed) = std::thread::scope(|scope| {
            let (sender, chunks) = pipeline::channel();
            let pumping = scope.spawn(|| pump.run(&mut source, Some(sender)));
            let streamed = unpack::stream(chunks, &mut tree);
            if let Err(UnpackError::Write(_) | UnpackError::TooLarge { .. }) = &streamed {
                // Whatever the checksum will be, this fails.
                self.stop.store(true, Ordering::Relaxed);
            }
            let received = pumping.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            (received, streamed)
        });
        let received = match (received, streamed) {
            (Err(Broken::Stopped), Err(reason)) => return Err(reason.into()),
            (Err(broken), _) => return Err(broken.into()),
            // What is wrong with wrong bytes does not matter.
            (Ok(received), streamed) => {
                let received = self.verified(received)?;
                if !streamed? {
                    let file = match (local, copies.iter().find(|copy| copy.is_needed())) {
                        (Some(path), _) => fs_err::File::open(path)?,
                        (None, Some(copy)) => copy.open()?,
                        (None, None) => return Err(UnpackError::damaged("it is empty").into()),
                    };
                    unpack::verified_file(file, &mut tree)?;
                }
                received
            }
        };
        for remark in tree.finish()? {
            self.teller.debug(remark);
        }
        self.keep(copies, 0o644)?;
        Ok(received)
    }

    fn pump<'p>(&'p self, copies: &'p mut Vec<Copy>, spool: Option<&'p Path>) -> Pump<'p> {
        Pump {
            algorithm: self.artifact.checksum.algorithm,
            copies,
            spool,
            stop: self.stop,
            teller: self.teller,
        }
    }

    fn verified(&self, received: Received) -> Result<Received, PassError> {
        let expected: &Checksum = &self.artifact.checksum;
        if received.checksum.hex.eq_ignore_ascii_case(&expected.hex) {
            Ok(received)
        } else {
            Err(PassError::Mismatch(received))
        }
    }

    fn keep(&self, copies: Vec<Copy>, mode: u32) -> Result<(), PassError> {
        for copy in copies {
            let needed = copy.is_needed();
            match copy.keep(if needed { mode } else { 0o644 }) {
                Err(error) if needed => return Err(error.into()),
                Err(error) => self.teller.debug(format!("not kept for later: {error}")),
                Ok(()) => {}
            }
        }
        Ok(())
    }
}
