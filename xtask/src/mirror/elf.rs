//! ELF files: what they need, and where they look for it.
//!
//! Read here, changed by `patchelf`.

use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::lock::Input;
use crate::command::Command;

const PT_LOAD: u32 = 1;
const PT_DYNAMIC: u32 = 2;
const DT_NEEDED: u64 = 1;
const DT_STRTAB: u64 = 5;
const DT_RPATH: u64 = 15;
const DT_RUNPATH: u64 = 29;

/// The dynamic section of a program or shared library.
#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct Dynamic {
    /// Libraries it needs, by soname.
    pub(super) needed: Vec<String>,
    /// Directories of its own where they are looked for.
    pub(super) paths: Vec<String>,
}

/// Reads the dynamic section; `None` for anything else than a dynamically linked 64-bit ELF file.
pub(super) fn read(path: &Path) -> Result<Option<Dynamic>> {
    if !is_elf(path)? {
        return Ok(None);
    }
    let bytes = fs_err::read(path)?;
    parse(&bytes).with_context(|| format!("{} is a damaged ELF file", path.display()))
}

/// Makes the file look in `entry` for its libraries, first of all and also for what those need.
pub(super) fn look_in(path: &Path, entry: &str) -> Result<()> {
    // DT_RPATH rather than DT_RUNPATH, which would not count for libraries of libraries.
    Command::new("patchelf").args(["--force-rpath", "--set-rpath", entry]).arg(path).output()?;
    Ok(())
}

/// `patchelf` as an input of archives: another version of it writes other bytes.
pub(super) fn patcher() -> Result<Input> {
    let version = Command::new("patchelf").arg("--version").output()?;
    let version = version.trim().trim_start_matches("patchelf ").to_owned();
    Ok(Input { name: "patchelf".into(), digest: version.clone(), version })
}

fn is_elf(path: &Path) -> Result<bool> {
    use std::io::Read as _;
    let mut magic = Vec::new();
    fs_err::File::open(path)?.take(5).read_to_end(&mut magic)?;
    Ok(magic == b"\x7fELF\x02")
}

fn parse(file: &[u8]) -> Result<Option<Dynamic>> {
    let segments = Segments::read(file)?;
    let Some((_, offset, _, size)) = segments.find(|kind, _| kind == PT_DYNAMIC) else {
        return Ok(None);
    };
    let entries: Vec<(u64, u64)> = slice(file, offset, size)?
        .chunks_exact(16)
        .map(|entry| Ok((u64_at(entry, 0)?, u64_at(entry, 8)?)))
        .take_while(|entry: &Result<(u64, u64)>| !matches!(entry, Ok((0, _))))
        .collect::<Result<_>>()?;
    let Some((_, address)) = entries.iter().find(|(tag, _)| *tag == DT_STRTAB) else {
        return Ok(None);
    };
    let strings = segments.offset_of(*address).context("no string table")?;

    let mut dynamic = Dynamic::default();
    for (tag, value) in &entries {
        let text = || text(file, strings + value);
        match *tag {
            DT_NEEDED => dynamic.needed.push(text()?),
            DT_RPATH | DT_RUNPATH => dynamic.paths.extend(text()?.split(':').map(str::to_owned)),
            _ => {}
        }
    }
    Ok(Some(dynamic))
}

/// The program headers: kind, offset in the file, address in memory, size in the file.
struct Segments(Vec<(u32, u64, u64, u64)>);

impl Segments {
    fn read(file: &[u8]) -> Result<Self> {
        let (table, size, count) = (u64_at(file, 32)?, u16_at(file, 54)?, u16_at(file, 56)?);
        let header = |n: u16| {
            let header = slice(file, table + u64::from(n) * u64::from(size), u64::from(size))?;
            Ok((u32_at(header, 0)?, u64_at(header, 8)?, u64_at(header, 16)?, u64_at(header, 32)?))
        };
        Ok(Self((0..count).map(header).collect::<Result<_>>()?))
    }

    fn find(&self, is: impl Fn(u32, (u64, u64)) -> bool) -> Option<(u32, u64, u64, u64)> {
        self.0.iter().copied().find(|(kind, _, address, size)| is(*kind, (*address, *size)))
    }

    fn offset_of(&self, address: u64) -> Option<u64> {
        let holds = |start: u64, size: u64| start <= address && address < start + size;
        let (_, offset, start, _) =
            self.find(|kind, (start, size)| kind == PT_LOAD && holds(start, size))?;
        Some(offset + address - start)
    }
}

fn slice(file: &[u8], offset: u64, size: u64) -> Result<&[u8]> {
    let (start, size) = (usize::try_from(offset)?, usize::try_from(size)?);
    file.get(start..).and_then(|rest| rest.get(..size)).context("it ends early")
}

fn text(file: &[u8], offset: u64) -> Result<String> {
    let rest = file.get(usize::try_from(offset)?..).context("it ends early")?;
    let Some(end) = rest.iter().position(|byte| *byte == 0) else { bail!("a text without end") };
    Ok(std::str::from_utf8(&rest[..end])?.to_owned())
}

fn u16_at(bytes: &[u8], at: u64) -> Result<u16> {
    Ok(u16::from_le_bytes(slice(bytes, at, 2)?.try_into()?))
}

fn u32_at(bytes: &[u8], at: u64) -> Result<u32> {
    Ok(u32::from_le_bytes(slice(bytes, at, 4)?.try_into()?))
}

fn u64_at(bytes: &[u8], at: u64) -> Result<u64> {
    Ok(u64::from_le_bytes(slice(bytes, at, 8)?.try_into()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_names_the_libraries_it_needs() {
        let dynamic = read(&std::env::current_exe().unwrap()).unwrap().unwrap();
        assert!(dynamic.needed.iter().any(|name| name == "libc.so.6"), "{dynamic:?}");
    }

    #[test]
    fn other_files_are_none() {
        let dir = tempfile::tempdir().unwrap();
        for content in ["", "#!/bin/sh", "\x7fELF\x01"] {
            let path = dir.path().join("file");
            fs_err::write(&path, content).unwrap();
            assert_eq!(read(&path).unwrap(), None, "{content:?}");
        }
    }

    #[test]
    fn a_cut_file_is_an_error_and_no_panic() {
        let whole = fs_err::read(std::env::current_exe().unwrap()).unwrap();
        for length in [5, 40, 60, 100, 400] {
            assert!(parse(&whole[..length]).is_err(), "{length}");
        }
    }
}
