//! Fetches and unpacks one archive: `fetch <url> <sha256:…> <dir>`.
//!
//! `cargo xtask bench` compares it with curl, sha256sum and tar.

use std::process::ExitCode;

use kouti_catalog::{Artifact, Catalog};
use kouti_fetch::{Fetcher, Options, Unpack};
use kouti_report::{Colour, Level, Log, Problem};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, checksum, dir] = arguments.as_slice() else {
        return fail(&Problem::new(
            "usage",
            kouti_report::Fault::App,
            "expected three arguments: <url> <sha256:…> <dir>",
        ));
    };
    match artifact(url, checksum).and_then(|artifact| fetch(&artifact, dir)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => fail(&problem),
    }
}

fn artifact(url: &str, checksum: &str) -> Result<Artifact, Problem> {
    let record = format!(
        "[[dependencies]]\nid = 'it'\nname = 'It'\nversion = '0.0.0'\nuri = '{url}'\nchecksum = '{checksum}'\n"
    );
    let catalog: Catalog = toml::from_str(&record)
        .map_err(|error| Problem::new("usage", kouti_report::Fault::App, error.to_string()))?;
    catalog
        .artifacts
        .into_iter()
        .next()
        .ok_or_else(|| Problem::new("usage", kouti_report::Fault::App, "no artifact"))
}

fn fetch(artifact: &Artifact, dir: &str) -> Result<(), Problem> {
    let options = Options { user_agent: "kouti-fetch-example".to_owned(), ..Options::default() };
    let mut log = Log::to_streams(Level::Debug, Colour::Off);
    Fetcher::new(options).archive(artifact, &Unpack::into(dir), &mut log)?;
    Ok(())
}

fn fail(problem: &Problem) -> ExitCode {
    Log::to_streams(Level::Debug, Colour::Off).page(&problem.page("example", Colour::Off));
    ExitCode::FAILURE
}
