//! The book and a report page, opened in Chromium.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;

use walkdir::WalkDir;

use crate::copy::{succeeds, xtask_in};
use crate::page::root;

/// Opens pages one after the other and looks whether one can read them without seeing colours.
const PROBE: &str = include_str!("probe.html");

const REPORT: &str = r#"{
  "schema": 1, "buildpack": "kouti/nodejs", "version": "0.1.0",
  "target": { "os": "linux", "arch": "amd64", "distro_name": "debian", "distro_version": "13" },
  "settings": [{ "name": "BP_NODE_VERSION", "value": "22" }],
  "events": [
    { "kind": "choice", "name": "Node.js", "outcome": "22.1.0", "reasons": ["BP_NODE_VERSION asks for 22"], "started": 0, "seconds": 0 },
    { "kind": "layer", "name": "Node.js 22.1.0", "outcome": "made", "reasons": [], "started": 0.1, "seconds": 2 },
    { "kind": "command", "name": "npm ci", "outcome": "exit code 1", "reasons": [], "started": 2.2, "seconds": 3 }
  ],
  "layers": [{ "name": "node", "launch": true, "build": false, "cache": false, "bytes": 5000000 }],
  "warnings": ["a warning"], "error": { "id": "npm-failed", "summary": "npm ci failed" }, "seconds": 6
}"#;

#[test]
#[ignore = "installs Chromium: `cargo xtask test unit -- nightly::` runs it"]
fn book_and_report_can_be_read_and_searched() {
    succeeds(xtask_in(root(), "tools --browser"));
    let dir = tempfile::tempdir().unwrap();
    let site = dir.path().join("site");
    let mut docs = xtask_in(root(), "docs --check --book");
    docs.arg(&site);
    succeeds(docs);
    report(&site);
    fs_err::write(site.join("probe.html"), PROBE).unwrap();
    let missing = Arc::default();
    let address = serve(site.clone(), Arc::clone(&missing));
    let browser = Browser { address, profile: dir.path().join("profile") };

    let pages: Vec<_> = pages(&site);
    assert!(pages.len() > 40, "{pages:#?}");
    let probed = browser.dom(&format!("probe.html?pages={}", pages.join(",")));
    let (_, faults) = probed.split_once("<pre id=\"faults\">").unwrap();
    let faults = faults.split("</pre>").next().unwrap();
    assert_eq!(faults, format!("{} pages, 0 faults\n", pages.len()));

    let found = browser.dom("index.html?search=mirror");
    let (_, results) = found.split_once("id=\"mdbook-searchresults\"").unwrap();
    let results = results.split("</ul>").next().unwrap();
    assert!(results.contains("closed-networks.html"), "{results}");
    assert_eq!(*missing.lock().unwrap(), [""; 0], "asked for, and not there");
}

/// A report page in the site.
fn report(site: &Path) {
    let reports = tempfile::tempdir().unwrap();
    fs_err::write(reports.path().join("kouti_nodejs.json"), REPORT).unwrap();
    let mut command = xtask_in(root(), "report");
    command.arg(reports.path()).arg("--to").arg(site.join("report-page.html"));
    succeeds(command);
}

/// Every page of the site, by its address.
fn pages(site: &Path) -> Vec<String> {
    let files = WalkDir::new(site).sort_by_file_name().into_iter().map(Result::unwrap);
    let pages = files.filter(|file| file.path().extension().is_some_and(|end| end == "html"));
    let paths = pages.map(|page| page.path().strip_prefix(site).unwrap().display().to_string());
    let own = ["probe.html", "toc.html", "404.html"];
    paths.filter(|path| !own.contains(&path.as_str())).collect()
}

struct Browser {
    address: String,
    profile: PathBuf,
}

impl Browser {
    /// The document of a page after its scripts have run; there must be nothing on the console.
    fn dom(&self, page: &str) -> String {
        let output = Command::new("chromium")
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
            .args(["--enable-logging=stderr", "--virtual-time-budget=120000", "--dump-dom"])
            // Nothing comes from elsewhere.
            .arg("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
            .arg(format!("--user-data-dir={}", self.profile.display()))
            .arg(format!("{}/{page}", self.address))
            .output()
            .unwrap();
        let log = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{log}");
        let console: Vec<_> = log.lines().filter(|line| line.contains("CONSOLE")).collect();
        assert!(console.is_empty(), "{}", console.join("\n"));
        String::from_utf8(output.stdout).unwrap()
    }
}

/// Serves a directory as long as the test runs, and notes what is not there.
fn serve(dir: PathBuf, missing: Arc<Mutex<Vec<String>>>) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let (dir, missing) = (dir.clone(), Arc::clone(&missing));
            // A browser that has seen enough hangs up.
            thread::spawn(move || answer(&connection, &dir, &missing).ok());
        }
    });
    address
}

fn answer(connection: &TcpStream, dir: &Path, missing: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut lines = BufReader::new(connection).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    let target = request.split(' ').nth(1).unwrap_or("/");
    let path = target.split(['?', '#']).next().unwrap_or_default().trim_start_matches('/');
    let path = if path.is_empty() { "index.html" } else { path };
    let (status, body) = if let Ok(body) = fs_err::read(dir.join(path)) {
        ("200 OK", body)
    } else {
        missing.lock().unwrap().push(path.to_owned());
        ("404 Not Found", Vec::new())
    };
    let kind = match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css",
        "js" => "text/javascript",
        "svg" => "image/svg+xml",
        "json" => "application/json",
        _ => "application/octet-stream",
    };
    let mut head = format!("HTTP/1.1 {status}\r\nConnection: close\r\n");
    let _ = write!(head, "Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n", body.len());
    let mut connection = connection;
    connection.write_all(&[head.as_bytes(), &body].concat())
}
