//! Compressed copies beside the files of a site, made once in the build instead of for each request.
//!
//! A server sends `app.js.gz` to those who accept gzip when they ask for `app.js`.

use std::io::{self, BufReader, BufWriter, Read, Write as _};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use kouti::setting::Value;
use kouti::{Log, Notice, Problem, bytes};
use serde::Serialize;

use crate::document_root::DocumentRoot;
use crate::site::{RuntimeEnv, Site};

/// What compresses well, by the end of its name.
pub const TEXTS: [&str; 20] = [
    "atom",
    "css",
    "csv",
    "eot",
    "htm",
    "html",
    "ics",
    "js",
    "json",
    "map",
    "md",
    "mjs",
    "otf",
    "rss",
    "svg",
    "ttf",
    "txt",
    "wasm",
    "webmanifest",
    "xml",
];

/// A smaller file fits into one packet as it is.
const SMALLEST: u64 = 1024;
/// A copy that is not a tenth smaller is not worth its place.
const MOST: u64 = 90;

/// Which copies are made.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Precompress {
    /// `.gz`.
    pub gzip: bool,
    /// `.br`, which no server of ours could send.
    pub brotli: bool,
}

impl Value for Precompress {
    const FORM: &'static str = "`gzip` or `off`";

    fn parse(text: &str) -> Option<Self> {
        let mut wanted = Self::default();
        for word in text.split(',').map(|word| word.trim().to_ascii_lowercase()) {
            match word.as_str() {
                "gzip" => wanted.gzip = true,
                "br" => wanted.brotli = true,
                "off" => {}
                _ => return None,
            }
        }
        Some(wanted)
    }
}

/// What became of a site.
#[derive(Debug, Default)]
struct Made {
    files: usize,
    saved: u64,
    /// Copies that were there and are of something else.
    stale: Vec<PathBuf>,
}

/// Makes the copies of a site.
pub(crate) fn precompress(root: &DocumentRoot, site: &Site, log: &mut Log) -> Result<(), Problem> {
    if site.precompress.brotli {
        log.warn(
            Notice::new("this server cannot send files that are compressed with Brotli")
                .hint("set BP_WEB_SERVER_PRECOMPRESS to gzip"),
        );
    }
    // A list of the directory would show the copies; what is hidden would have copies that are not;
    // and a page that changes on its way cannot be compressed before.
    let is_plain =
        !site.directory_listing && site.hidden.is_empty() && site.runtime_env != RuntimeEnv::Html;
    // A directory outside of the app is somebody else's.
    if !site.precompress.gzip || !is_plain || root.shown.starts_with('/') || root.shown.is_empty() {
        return Ok(());
    }
    let mut made = Made::default();
    walk(&root.dir, site, &mut made)?;
    if made.files > 0 {
        log.step("Compressing texts");
        let files =
            if made.files == 1 { "1 file".to_owned() } else { format!("{} files", made.files) };
        log.detail(&format!("{files}, {} less to send", bytes(made.saved)));
    }
    for path in made.stale {
        let name = path.strip_prefix(&root.dir).unwrap_or(&path).display().to_string();
        let plain = name.trim_end_matches(".gz").to_owned();
        log.warn(
            Notice::new(format!("`{name}` is not `{plain}` compressed, but is sent in its place"))
                .hint("remove it from the site, or let the build make it anew"),
        );
    }
    Ok(())
}

fn walk(dir: &Path, site: &Site, made: &mut Made) -> io::Result<()> {
    let mut paths = Vec::new();
    for entry in fs_err::read_dir(dir)? {
        paths.push(entry?.path());
    }
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let metadata = fs_err::symlink_metadata(&path)?;
        if metadata.is_dir() {
            // Dot files are not served.
            if !name.starts_with('.') || name == ".well-known" {
                walk(&path, site, made)?;
            }
        } else if metadata.is_file() && is_text(&name) {
            // A server puts something into pages with includes.
            let is_page = site.ssi && name.contains("htm");
            if metadata.len() > SMALLEST && !name.starts_with('.') && !is_page {
                copy(&path, metadata.len(), made)?;
            }
        }
    }
    Ok(())
}

fn is_text(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, end)| TEXTS.contains(&end))
}

/// Makes the copy of one file, unless it has one.
fn copy(path: &Path, size: u64, made: &mut Made) -> io::Result<()> {
    let to = with_end(path, ".gz");
    if fs_err::symlink_metadata(&to).is_ok() {
        if !is_copy(&to, path)? {
            made.stale.push(to);
        }
        return Ok(());
    }
    // Under a name that nobody is served, until it is complete.
    let part = path.with_file_name(".kouti-part.gz");
    // Neither name nor time are in it: the same file is the same copy.
    let mut encoder =
        GzEncoder::new(BufWriter::new(fs_err::File::create(&part)?), Compression::best());
    io::copy(&mut fs_err::File::open(path)?, &mut encoder)?;
    encoder.finish()?.flush()?;
    let small = fs_err::metadata(&part)?.len();
    if small * 100 > size * MOST {
        return fs_err::remove_file(&part);
    }
    fs_err::rename(&part, &to)?;
    made.files += 1;
    made.saved += size - small;
    Ok(())
}

fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// Whether `compressed` holds the same as `plain`.
fn is_copy(compressed: &Path, plain: &Path) -> io::Result<bool> {
    let mut one = BufReader::new(GzDecoder::new(fs_err::File::open(compressed)?)).bytes();
    let mut two = BufReader::new(fs_err::File::open(plain)?).bytes();
    loop {
        match (one.next(), two.next()) {
            (None, None) => return Ok(true),
            // What cannot be decompressed is no copy.
            (Some(Ok(a)), Some(Ok(b))) if a == b => {}
            (_, Some(Err(error))) => return Err(error),
            _ => return Ok(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_is_a_text() {
        for (name, expected) in [
            ("app.js", true),
            ("a.min.css", true),
            ("a.png", false),
            ("js", false),
            ("a.JS", false),
        ] {
            assert_eq!(is_text(name), expected, "{name}");
        }
    }

    #[test]
    fn the_setting_is_a_list() {
        let gzip = Precompress { gzip: true, brotli: false };
        assert_eq!(Precompress::parse("gzip"), Some(gzip));
        assert_eq!(Precompress::parse("GZIP, br"), Some(Precompress { brotli: true, ..gzip }));
        assert_eq!(Precompress::parse("off"), Some(Precompress::default()));
        assert_eq!(Precompress::parse("zstd"), None);
    }

    #[test]
    fn copies_are_made_where_they_are_worth_it() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, content: &[u8]| {
            let path = dir.path().join(name);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, content).unwrap();
        };
        let text = "let a = 1;\n".repeat(200);
        let text = text.as_bytes();
        // Something that does not get smaller.
        let noise: Vec<u8> = (0..4096_u32)
            .map(|n| {
                n.wrapping_mul(2_654_435_761).to_be_bytes()[0]
                    ^ (n.wrapping_mul(40_503) >> 7).to_be_bytes()[3]
            })
            .collect();
        for (name, content) in [
            ("app.js", text),
            ("deep/page.html", text),
            (".well-known/list.txt", text),
            (".hidden/app.js", text),
            ("small.js", b"1"),
            ("photo.png", text),
            ("noise.txt", &noise),
            ("stale.js", text),
            ("stale.js.gz", b"no gzip"),
        ] {
            write(name, content);
        }
        let mut made = Made::default();
        walk(dir.path(), &Site::default(), &mut made).unwrap();
        assert_eq!(made.files, 3);
        assert_eq!(made.stale, [dir.path().join("stale.js.gz")]);
        let exists = |name: &str| dir.path().join(name).exists();
        assert!(
            exists("app.js.gz") && exists("deep/page.html.gz") && exists(".well-known/list.txt.gz")
        );
        for name in
            [".hidden/app.js.gz", "small.js.gz", "photo.png.gz", "noise.txt.gz", ".kouti-part.gz"]
        {
            assert!(!exists(name), "{name}");
        }
        let copy = fs_err::read(dir.path().join("app.js.gz")).unwrap();
        assert_eq!(copy[4..8], [0; 4], "no time");
        assert_eq!(copy[3], 0, "no name");

        // Again, as in a directory that was built in before.
        let mut again = Made::default();
        walk(dir.path(), &Site::default(), &mut again).unwrap();
        assert_eq!((again.files, again.stale.len()), (0, 1));
    }
}
