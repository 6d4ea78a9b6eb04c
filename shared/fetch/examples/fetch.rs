//! Fetches and unpacks archives, all at once: `fetch <dir> (<url> <sha256:…>)…`.
//!
//! `cargo xtask bench` compares it with curl, sha256sum and tar.

use std::fmt::Write as _;
use std::process::ExitCode;

use kouti_catalog::Catalog;
use kouti_fetch::{Fetcher, Options, Unpack};
use kouti_report::{Colour, Level, Log, Problem};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match fetch(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => fail(&problem),
    }
}

fn fetch(arguments: &[String]) -> Result<(), Problem> {
    let [dir, archives @ ..] = arguments else { return Err(usage("expected a directory")) };
    let mut record = String::new();
    for (number, archive) in archives.chunks(2).enumerate() {
        let [url, checksum] = archive else { return Err(usage("expected <url> <sha256:…>")) };
        let _ = write!(
            record,
            "[[dependencies]]\nid = 'it-{number}'\nname = 'It {number}'\nversion = '0.0.0'\nuri = '{url}'\nchecksum = '{checksum}'\n"
        );
    }
    let catalog: Catalog = toml::from_str(&record).map_err(|error| usage(&error.to_string()))?;
    let into = |(number, artifact)| (artifact, Unpack::into(format!("{dir}/{number}")));
    let wanted: Vec<_> = catalog.artifacts.iter().enumerate().map(into).collect();
    let options = Options { user_agent: "kouti-fetch-example".to_owned(), ..Options::default() };
    let mut log = Log::to_streams(Level::Debug, Colour::Off);
    Fetcher::new(options).archives(&wanted, &mut log)?;
    Ok(())
}

fn usage(why: &str) -> Problem {
    Problem::new("usage", kouti_report::Fault::App, why)
}

fn fail(problem: &Problem) -> ExitCode {
    Log::to_streams(Level::Debug, Colour::Off).page(&problem.page("example", Colour::Off));
    ExitCode::FAILURE
}
