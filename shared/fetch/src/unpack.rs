//! Archives become directories.
//!
//! What an archive may do here is decided in one place, [`tree`]; the readers
//! of the formats only say what they find. See [`Unpack`] for what a caller can ask.

mod links;
mod tree;
mod untar;
mod unzip;

use std::io::{BufRead, BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

pub(crate) use tree::{Tree, UnpackError};

use crate::FetchError;
use crate::pipeline::{self, CHUNK, Chunks};

/// Where an archive goes, and which part of it.
///
/// Each directory appears only when the archive is complete and verified: until
/// then it is a hidden sibling, `.<name>.partial`. It must not exist before, or be empty;
/// several directories must not lie in each other.
///
/// Paths which the closures see have lost their leading components already
/// ([`Artifact::strip_components`](kouti_catalog::Artifact::strip_components)).
pub struct Unpack<'a> {
    pub(crate) dirs: Vec<PathBuf>,
    pub(crate) route: Route<'a>,
    pub(crate) outside_links: bool,
}

type Route<'a> = Box<dyn Fn(&Path) -> Option<usize> + Send + Sync + 'a>;

impl<'a> Unpack<'a> {
    /// Everything into one directory.
    pub fn into(dir: impl Into<PathBuf>) -> Self {
        Self { dirs: vec![dir.into()], route: Box::new(|_| Some(0)), outside_links: false }
    }

    /// Only the paths that `keep` wants; the others are not written at all.
    ///
    /// Directories above a kept file are made as needed.
    #[must_use]
    pub fn keep(mut self, keep: impl Fn(&Path) -> bool + Send + Sync + 'a) -> Self {
        self.route = Box::new(move |path| keep(path).then_some(0));
        self
    }

    /// Several directories in one pass: `route` gives the index into `dirs`
    /// for each path, or `None` for what is not wanted.
    pub fn split(
        dirs: impl IntoIterator<Item = impl Into<PathBuf>>,
        route: impl Fn(&Path) -> Option<usize> + Send + Sync + 'a,
    ) -> Self {
        Self {
            dirs: dirs.into_iter().map(Into::into).collect(),
            route: Box::new(route),
            outside_links: false,
        }
    }

    /// Lets symbolic links point out of the directory, for archives which expect
    /// files of the system, such as `/etc/ssl/certs/java/cacerts`.
    ///
    /// Nothing is ever written through a symbolic link, with or without this.
    #[must_use]
    pub fn outside_links(mut self) -> Self {
        self.outside_links = true;
        self
    }
}

/// Bounds against archives that are bombs.
#[derive(Clone, Copy, Debug)]
pub struct UnpackLimits {
    /// Size of all files together.
    pub bytes: u64,
    /// Number of files, directories and links.
    pub entries: u64,
}

impl Default for UnpackLimits {
    fn default() -> Self {
        Self { bytes: 32_000_000_000, entries: 2_000_000 }
    }
}

/// Unpacks an archive of the app's own, by the same rules but without a checksum: nobody has
/// promised what is in it. `title` is what messages call it.
pub fn unpack_own(title: &str, archive: &Path, unpack: &Unpack<'_>) -> Result<(), FetchError> {
    let dir = unpack.dirs.first().map_or(Path::new("."), PathBuf::as_path);
    let size = fs_err::metadata(archive).ok().map(|found| found.len());
    let failed = |error| FetchError::unpacking(title.to_owned(), error, dir, size);
    let file = fs_err::File::open(archive).map_err(|error| failed(UnpackError::Read(error)))?;
    let tree = Tree::start(unpack, 0, UnpackLimits::default());
    let mut tree = tree.map_err(|error| failed(UnpackError::Write(error)))?;
    verified_file(file, &mut tree).map_err(failed)?;
    tree.finish().map_err(failed)?;
    Ok(())
}

/// Container formats, told by their first bytes: mirrors rename files.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Format {
    Gzip,
    Xz,
    Zstd,
    Bzip2,
    Zip,
    Tar,
    Unknown,
}

impl Format {
    /// How many bytes [`Format::of`] wants to see.
    pub(crate) const HEAD: usize = 512;

    pub(crate) fn of(head: &[u8]) -> Self {
        if head.starts_with(&[0x1f, 0x8b]) {
            Self::Gzip
        } else if head.starts_with(&[0xfd, b'7', b'z', b'X', b'Z', 0]) {
            Self::Xz
        } else if head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
            Self::Zstd
        } else if head.starts_with(b"BZh") {
            Self::Bzip2
        } else if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
            Self::Zip
        } else if head.get(257..262) == Some(b"ustar") {
            Self::Tar
        } else {
            Self::Unknown
        }
    }
}

/// Unpacks a stream while it arrives, if it is gzip. `false`: it is not, nothing was done.
pub(crate) fn stream(mut chunks: Chunks, tree: &mut Tree<'_>) -> Result<bool, UnpackError> {
    // A chunk is larger than a head, unless that is all there is.
    let head = chunks.fill_buf().map_err(UnpackError::Read)?;
    if Format::of(head) != Format::Gzip {
        return Ok(false);
    }
    tar_through(MultiGzDecoder::new(chunks), tree)?;
    Ok(true)
}

/// Unpacks a file whose checksum is known to be right.
pub(crate) fn verified_file(
    mut file: fs_err::File,
    tree: &mut Tree<'_>,
) -> Result<(), UnpackError> {
    let mut head = Vec::with_capacity(Format::HEAD);
    (&mut file).take(Format::HEAD as u64).read_to_end(&mut head).map_err(UnpackError::Read)?;
    file.rewind().map_err(UnpackError::Read)?;
    let format = Format::of(&head);
    if format == Format::Zip {
        return unzip::unpack(file, tree);
    }
    let buffered = BufReader::with_capacity(CHUNK, file);
    match format {
        Format::Gzip => tar_through(MultiGzDecoder::new(buffered), tree),
        Format::Xz => {
            let decoder = liblzma::stream::Stream::new_stream_decoder(
                XZ_MEMORY,
                liblzma::stream::CONCATENATED,
            )
            .map_err(|error| UnpackError::Read(error.into()))?;
            tar_through(liblzma::bufread::XzDecoder::new_stream(buffered, decoder), tree)
        }
        Format::Zstd => {
            let decoder =
                zstd::stream::read::Decoder::with_buffer(buffered).map_err(UnpackError::Read)?;
            tar_through(decoder, tree)
        }
        Format::Bzip2 => tar_through(bzip2::bufread::MultiBzDecoder::new(buffered), tree),
        Format::Tar => untar::unpack(buffered, tree),
        Format::Zip | Format::Unknown => {
            Err(UnpackError::damaged("it is none of tar, tar.gz, tar.xz, tar.zst, tar.bz2 and zip"))
        }
    }
}

/// Dictionary size beyond which an xz file is taken for a bomb.
const XZ_MEMORY: u64 = 256 << 20;

/// Decodes in a thread of its own, and writes in this one.
fn tar_through(decoder: impl Read + Send, tree: &mut Tree<'_>) -> Result<(), UnpackError> {
    std::thread::scope(|scope| untar::unpack(pipeline::stage(scope, decoder), tree))
}
