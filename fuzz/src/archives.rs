//! What must hold for every archive: nothing outside is touched, and a failure leaves nothing.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;

use kouti_catalog::Artifact;
use kouti_fetch::{Fetcher, Options, Trust, Unpack};
use kouti_report::{Colour, Explain, Level, Log};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

/// As large as the unpacked archive may become; small, so that bombs are found.
const LIMIT: u64 = 1_000_000;

/// Unpacks an archive whose checksum is right, and looks at everything around it.
pub fn unpack(content: &[u8], strip: usize, outside_links: bool) {
    let dir = TempDir::new_in("/dev/shm").expect("there is shared memory");
    let root = dir.path();
    fs::write(root.join("victim"), "untouched").expect("it can be written");
    let hex: String = Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
    fs::create_dir_all(root.join("store/sha256")).expect("it can be made");
    fs::write(root.join("store/sha256").join(&hex), content).expect("it can be written");

    let mut options = Options {
        offline_store: Some(root.join("store")),
        offline: true,
        trust: Trust { system: false, ..Trust::default() },
        ..Options::default()
    };
    options.limits.unpack.bytes = LIMIT;
    options.limits.unpack.entries = 1000;
    let out = root.join("layers/it");
    let mut unpack = Unpack::into(&out);
    if outside_links {
        unpack = unpack.outside_links();
    }
    let sink = || Box::new(std::io::sink());
    let mut log = Log::new(sink(), sink(), Level::Debug, Colour::Off);
    let result = Fetcher::new(options).archive(&artifact(&hex, strip), &unpack, &mut log);

    assert_eq!(fs::read(root.join("victim")).expect("it is there"), b"untouched");
    assert_eq!(names(root), ["layers", "store", "victim"]);
    match result {
        Ok(_) => {
            assert_eq!(names(&root.join("layers")), ["it"]);
            let real = fs::canonicalize(&out).expect("it is there");
            let mut size = 0;
            look(&out, &real, outside_links, &mut size);
            assert!(size <= LIMIT, "{size} bytes");
        }
        Err(error) => {
            assert_eq!(names(&root.join("layers")), [""; 0], "{error}");
            let text = format!("{error} {:?}", error.hints());
            assert!(!text.contains(|c: char| c.is_control()), "{text:?}");
        }
    }
}

fn artifact(hex: &str, strip: usize) -> Artifact {
    let text = format!(
        "id = 'it'\nname = 'It'\nversion = '1.0.0'\nchecksum = 'sha256:{hex}'\nstrip-components = {strip}"
    );
    toml::from_str(&text).expect("it is an artifact")
}

fn names(dir: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(dir) else { return Vec::new() };
    let mut names: Vec<_> = entries
        .map(|entry| entry.expect("it can be read").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn look(dir: &Path, root: &Path, outside_links: bool, size: &mut u64) {
    for entry in fs::read_dir(dir).expect("what was unpacked can be read") {
        let path = entry.expect("it can be read").path();
        let found = fs::symlink_metadata(&path).expect("it is there");
        let kind = found.file_type();
        assert!(!kind.is_char_device() && !kind.is_block_device() && !kind.is_fifo());
        if kind.is_symlink() {
            if let (false, Ok(end)) = (outside_links, fs::canonicalize(&path)) {
                assert!(end.starts_with(root), "{} leads to {}", path.display(), end.display());
            }
            continue;
        }
        assert_eq!(found.permissions().mode() & 0o7000, 0, "{}", path.display());
        if kind.is_dir() {
            look(&path, root, outside_links, size);
        } else {
            File::open(&path).expect("what was unpacked can be read");
            *size += found.len();
        }
    }
}

/// The same bytes in one of the formats that are unpacked.
pub fn compressed(format: u8, bytes: &[u8]) -> Vec<u8> {
    let ok = "writing to memory cannot fail";
    match format % 5 {
        0 => bytes.to_owned(),
        1 => {
            let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
            gz.write_all(bytes).expect(ok);
            gz.finish().expect(ok)
        }
        2 => {
            let mut bz2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
            bz2.write_all(bytes).expect(ok);
            bz2.finish().expect(ok)
        }
        3 => zstd::encode_all(bytes, 1).expect(ok),
        _ => {
            let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 0);
            xz.write_all(bytes).expect(ok);
            xz.finish().expect(ok)
        }
    }
}
