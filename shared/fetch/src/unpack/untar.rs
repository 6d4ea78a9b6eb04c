//! Reads tar streams: ustar, GNU and pax.

use std::cell::Cell;
use std::io::{self, Read};

use tar::EntryType;

use super::tree::{Tree, UnpackError};

/// How much the headers before one entry may take: long names and pax records
/// are held in memory.
const HEADERS: u64 = 4 << 20;

/// Unpacks all entries of a stream.
pub(super) fn unpack(stream: impl Read, tree: &mut Tree<'_>) -> Result<(), UnpackError> {
    let allowance = Cell::new(HEADERS);
    let mut archive = tar::Archive::new(Metered { stream, allowance: &allowance });
    let mut entries = archive.entries().map_err(UnpackError::Read)?;
    loop {
        allowance.set(HEADERS);
        let Some(entry) = entries.next() else {
            return Ok(());
        };
        let mut entry = entry.map_err(UnpackError::Read)?;
        allowance.set(u64::MAX);
        // Whatever becomes of it, an entry is read to its end: then only headers
        // count against the allowance.
        one(&mut entry, tree)?;
        tree.skip(&mut entry)?;
    }
}

fn one(entry: &mut tar::Entry<'_, impl Read>, tree: &mut Tree<'_>) -> Result<(), UnpackError> {
    let name = entry.path_bytes().into_owned();
    let kind = entry.header().entry_type();
    if kind == EntryType::XGlobalHeader {
        return Ok(());
    }
    let Some(spot) = tree.place(&name)? else {
        return Ok(());
    };
    let mode = entry.header().mode().map_err(UnpackError::Read)?;
    let target = entry.link_name_bytes().map(std::borrow::Cow::into_owned);
    let target = || target.ok_or_else(|| UnpackError::damaged("a link has no target"));
    match kind {
        EntryType::Directory => tree.dir(&spot, mode),
        // How directories were written before they had a type.
        EntryType::Regular if name.ends_with(b"/") => tree.dir(&spot, mode),
        EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
            refuse_pax_sparse(entry)?;
            tree.file(&spot, mode, entry)
        }
        EntryType::Symlink => {
            tree.symlink(spot, &target()?);
            Ok(())
        }
        EntryType::Link => tree.hard_link(&spot, &target()?),
        EntryType::Block | EntryType::Char => {
            tree.remark(&name, "a device");
            Ok(())
        }
        EntryType::Fifo => {
            tree.remark(&name, "a named pipe");
            Ok(())
        }
        other => {
            tree.remark(&name, &format!("of the unknown type `{}`", char::from(other.as_byte())));
            Ok(())
        }
    }
}

/// Sparse files in pax notation look like regular files with the wrong content.
fn refuse_pax_sparse(entry: &mut tar::Entry<'_, impl Read>) -> Result<(), UnpackError> {
    let Some(records) = entry.pax_extensions().map_err(UnpackError::Read)? else {
        return Ok(());
    };
    for record in records {
        let record = record.map_err(UnpackError::Read)?;
        if record.key_bytes().starts_with(b"GNU.sparse.") {
            return Err(UnpackError::damaged("it has a sparse file in pax notation"));
        }
    }
    Ok(())
}

/// Ends the stream with an error when more is read than allowed.
struct Metered<'a, R> {
    stream: R,
    allowance: &'a Cell<u64>,
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.read(buffer)?;
        let left = self.allowance.get();
        if count as u64 > left {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "an entry has endless headers"));
        }
        self.allowance.set(left - count as u64);
        Ok(count)
    }
}
