//! The file `lib/modules` of a Java runtime: all its classes, in a format of its own.

use std::io;
use std::path::Path;

const MAGIC: u32 = 0xCAFE_DADA;

/// Number of the words in the header.
const HEADER: usize = 7;

/// Kind of the attribute that says where in the strings a resource's extension is.
const EXTENSION: u8 = 4;

/// How many classes the image holds.
pub(crate) fn count_classes(path: &Path) -> io::Result<u64> {
    let index = read_index(path)?;
    count(&index).ok_or_else(|| {
        let text = format!("{} is no image of Java modules", path.display());
        io::Error::new(io::ErrorKind::InvalidData, text)
    })
}

/// Everything in front of the resources; those are most of the file and are not read.
fn read_index(path: &Path) -> io::Result<Vec<u8>> {
    use std::io::Read as _;

    let mut file = fs_err::File::open(path)?;
    let mut index = vec![0; HEADER * 4];
    file.read_exact(&mut index)?;
    let size = index_size(&index).unwrap_or(0);
    file.take(size as u64).read_to_end(&mut index)?;
    Ok(index)
}

fn index_size(header: &[u8]) -> Option<usize> {
    let word = |at| word(header, at).map(|word| word as usize);
    let (table, locations, strings) = (word(4)?, word(5)?, word(6)?);
    table.checked_mul(8)?.checked_add(locations)?.checked_add(strings)
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at * 4..at * 4 + 4)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

fn count(index: &[u8]) -> Option<u64> {
    if word(index, 0)? != MAGIC {
        return None;
    }
    let table = word(index, 4)? as usize;
    let offsets = HEADER + table;
    let locations = (offsets + table) * 4;
    let strings = locations + word(index, 5)? as usize;
    let mut classes = 0;
    for entry in 0..table {
        let location = index.get(locations + word(index, offsets + entry)? as usize..strings)?;
        let Some(extension) = attribute(location, EXTENSION).filter(|at| *at > 0) else { continue };
        let text = index.get(strings + extension..)?;
        classes += u64::from(text.starts_with(b"class\0"));
    }
    Some(classes)
}

/// An attribute of a location: a byte with kind and length, then a big-endian number.
fn attribute(mut location: &[u8], wanted: u8) -> Option<usize> {
    loop {
        let (head, rest) = location.split_first()?;
        let kind = head >> 3;
        if kind == 0 {
            return None;
        }
        let (value, rest) = rest.split_at_checked(usize::from(head & 7) + 1)?;
        if kind == wanted {
            return value.iter().try_fold(0_usize, |sum, byte| {
                sum.checked_mul(256)?.checked_add(usize::from(*byte))
            });
        }
        location = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two classes and a properties file.
    fn image() -> Vec<u8> {
        let strings = b"\0class\0properties\0";
        let locations = [
            &[EXTENSION << 3, 1, 0][..],
            &[(EXTENSION << 3) | 1, 0, 1, 0],
            &[EXTENSION << 3, 7, 0],
        ];
        let mut offset = 0;
        let mut offsets = Vec::new();
        for location in locations {
            offsets.push(offset);
            offset += u32::try_from(location.len()).unwrap();
        }
        let mut image = Vec::new();
        let size = u32::try_from(strings.len()).unwrap();
        for word in [MAGIC, 1 << 16, 0, 3, 3, offset, size] {
            image.extend(word.to_le_bytes());
        }
        image.extend([0; 12]);
        for offset in offsets {
            image.extend(offset.to_le_bytes());
        }
        for location in locations {
            image.extend(location);
        }
        image.extend(strings);
        image
    }

    #[test]
    fn classes_are_told_by_their_extension() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("modules");
        fs_err::write(&path, image()).unwrap();
        assert_eq!(count_classes(&path).unwrap(), 2);
    }

    #[test]
    fn what_is_cut_off_is_an_error_and_no_panic() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("modules");
        let whole = image();
        for length in 0..whole.len() - 12 {
            fs_err::write(&path, &whole[..length]).unwrap();
            assert!(count_classes(&path).is_err(), "{length}");
        }
    }
}
