//! Download, verification and unpacking at once, against the slowest of them alone: by format, by the speed of the
//! network, one archive and four, and the memory for a large one.

use std::io::{BufReader, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use kouti_testing::upstream::{Page, Upstream};

use super::Figure;
use super::measure::{peak_memory, run, seconds};
use crate::workspace::Workspace;
use crate::{build, host, stamp};

/// Megabytes in a second; `None` is as fast as loopback.
const RATES: [Option<u32>; 4] = [None, Some(300), Some(100), Some(50)];

/// The archive whose unpacking must not cost memory.
const LARGE: u64 = 500_000_000;

/// One archive, as others pack it.
struct Format {
    name: &'static str,
    archive: PathBuf,
    checksum: String,
    /// The option of `tar`.
    option: &'static str,
    /// Unpacked while it arrives. Other formats are verified first, so that only what was meant to be unpacked is.
    overlaps: bool,
}

pub(super) fn measure(workspace: &Workspace, runs: usize) -> Result<Vec<Figure>> {
    host::need(
        workspace,
        &[("curl", &["curl"]), ("time", &["time"]), ("xz", &["xz-utils"]), ("zstd", &["zstd"])],
    )?;
    build::optimised(workspace)?
        .args(["--package", "kouti-fetch", "--example", "fetch"])
        .quiet(workspace, "fetch example")?;
    let bench = Bench {
        workspace,
        program: workspace.release().join("examples/fetch"),
        scratch: workspace.target().join("bench/fetch"),
        upstream: Upstream::start(),
        runs,
    };
    let mut figures = Vec::new();
    for format in bench.formats()? {
        figures.extend(bench.format(&format)?);
    }
    figures.push(bench.large()?);
    bench.fresh()?;
    Ok(figures)
}

struct Bench<'a> {
    workspace: &'a Workspace,
    program: PathBuf,
    scratch: PathBuf,
    upstream: Upstream,
    runs: usize,
}

impl Bench<'_> {
    fn format(&self, format: &Format) -> Result<Vec<Figure>> {
        let name = format.name;
        self.workspace.say("bench", format_args!("fetching {}", format.archive.display()));
        let content = fs_err::read(&format.archive)?;
        let sum =
            seconds(self.runs, || run(Command::new("sha256sum").arg(&format.archive)).map(drop))?;
        let tar = seconds(self.runs, || {
            self.fresh()?;
            let mut tar = Command::new("tar");
            tar.arg(format.option).arg(&format.archive).arg("-C").arg(&self.scratch);
            run(&mut tar).map(drop)
        })?;
        let mut figures = vec![
            Figure::new(format!("{name}, sha256sum alone"), sum, "s"),
            Figure::new(format!("{name}, tar alone"), tar, "s"),
        ];
        for rate in RATES {
            let page = Page::simple(content.clone());
            let (page, at) = match rate {
                Some(rate) => (page.at_rate(rate * 1_000_000), format!("at {rate} MB/s")),
                None => (page, "at any speed".to_owned()),
            };
            self.upstream.serve("/archive", page);
            let url = self.upstream.url("/archive");
            let curl = seconds(self.runs, || {
                run(Command::new("curl").args(["--silent", "--output", "/dev/null", &url]))
                    .map(drop)
            })?;
            let all = self.time(&format.checksum, 1)?;
            let slowest = curl.max(sum).max(tar);
            let ratio =
                Figure::new(format!("{name} {at}, beside the slowest alone"), all / slowest, "x");
            figures.extend([
                Figure::new(format!("{name} {at}, curl alone"), curl, "s"),
                Figure::new(format!("{name} {at}, all at once"), all, "s"),
                if format.overlaps { ratio.budget(1.15) } else { ratio },
            ]);
        }
        self.upstream.serve("/archive", Page::simple(content));
        let four = self.time(&format.checksum, 4)?;
        figures.push(Figure::new(format!("{name}, four archives"), four, "s"));
        Ok(figures)
    }

    /// What an archive of [`LARGE`] bytes costs in memory: it is random, so nothing of it gets smaller.
    fn large(&self) -> Result<Figure> {
        let archive = self.scratch.with_file_name("large.tar.gz");
        self.workspace.say("bench", format_args!("fetching {LARGE} bytes"));
        if !archive.exists() {
            let partial = archive.with_extension("partial");
            let encoder = GzEncoder::new(fs_err::File::create(&partial)?, Compression::fast());
            let mut tar = tar::Builder::new(encoder);
            let mut header = tar::Header::new_gnu();
            header.set_size(LARGE);
            header.set_mode(0o644);
            let random = BufReader::new(fs_err::File::open("/dev/urandom")?).take(LARGE);
            tar.append_data(&mut header, "large/random", random)?;
            tar.into_inner()?.finish()?.flush()?;
            fs_err::rename(partial, &archive)?;
        }
        let checksum = format!("sha256:{}", stamp::sha256(&archive)?);
        self.upstream.serve("/archive", Page::simple(fs_err::read(&archive)?));
        self.fresh()?;
        let peak = peak_memory(&self.ours(&checksum, 1))?;
        self.upstream.serve("/archive", "");
        Ok(Figure::new("fetch of 500 MB, peak memory", peak, "MB").budget(32.0))
    }

    fn time(&self, checksum: &str, count: usize) -> Result<f64> {
        seconds(self.runs, || {
            self.fresh()?;
            run(&mut self.ours(checksum, count)).map(drop)
        })
    }

    fn ours(&self, checksum: &str, count: usize) -> Command {
        let mut command = Command::new(&self.program);
        command.arg(self.scratch.join("out"));
        for _ in 0..count {
            command.args([&self.upstream.url("/archive"), checksum]);
        }
        command
    }

    fn fresh(&self) -> Result<()> {
        if self.scratch.exists() {
            fs_err::remove_dir_all(&self.scratch)?;
        }
        Ok(fs_err::create_dir_all(&self.scratch)?)
    }

    /// The largest runtime that there is, in every format; packed once.
    fn formats(&self) -> Result<Vec<Format>> {
        let original = largest_archive(&self.workspace.mirror().join("archives"))?;
        let plain = self.scratch.with_file_name("plain.tar");
        fs_err::create_dir_all(&self.scratch)?;
        let mut decoder = GzDecoder::new(BufReader::new(fs_err::File::open(&original)?));
        std::io::copy(&mut decoder, &mut fs_err::File::create(&plain)?)?;
        let packed = |program: &str, arguments: &[&str], extension: &str| -> Result<PathBuf> {
            let archive = plain.with_extension(format!("tar.{extension}"));
            run(Command::new(program).args(arguments).arg(&plain))?;
            Ok(archive)
        };
        let xz = packed("xz", &["--keep", "--force", "-3"], "xz")?;
        let zstd = packed("zstd", &["--quiet", "--force"], "zst")?;
        fs_err::remove_file(&plain)?;
        let format = |name, archive: PathBuf, option, overlaps| -> Result<Format> {
            let checksum = format!("sha256:{}", stamp::sha256(&archive)?);
            Ok(Format { name, archive, checksum, option, overlaps })
        };
        Ok(vec![
            format("tar.gz", original, "xzf", true)?,
            format("tar.xz", xz, "xJf", false)?,
            format("tar.zst", zstd, "-xf", false)?,
        ])
    }
}

/// The largest runtime of the local mirror.
pub(super) fn largest_archive(dir: &Path) -> Result<PathBuf> {
    let mut largest = None;
    for entry in fs_err::read_dir(dir)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().ends_with(".tar.gz") {
            largest = largest.max(Some((entry.metadata()?.len(), entry.path())));
        }
    }
    let (_, path) = largest.with_context(|| format!("{} holds no archive", dir.display()))?;
    Ok(path)
}
