//! `docs/add-a-language.md`, followed word for word.

use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};

use kouti_testing::write_program;

use crate::copy::{Copy, succeeds};

const PAGE: &str = "docs/add-a-language.md";

/// The port on the page; another may be free here.
const PORT: &str = "8080";

/// A code block.
#[derive(Debug)]
enum Block<'a> {
    /// Commands of a shell.
    Commands(String),
    /// What the last command prints.
    Output(String),
    /// The whole text of a file.
    File(&'a str, String),
}

#[test]
#[ignore = "compiles for a minute: `cargo xtask test unit` runs it"]
fn the_page_leads_to_an_app_that_answers() {
    let copy = Copy::new();
    let page = copy.read(PAGE);
    let mut reader = Reader::new(&copy);
    let blocks = blocks(&page);
    assert!(blocks.len() > 10, "{blocks:#?}");
    for block in blocks {
        match block {
            Block::Commands(text) => reader.types(&text),
            Block::Output(text) => assert_eq!(reader.seen, text),
            Block::File(path, text) => {
                fs_err::create_dir_all(copy.path(path).parent().unwrap()).unwrap();
                fs_err::write(copy.path(path), text).unwrap();
            }
        }
    }
    assert!(reader.app.is_some(), "the page has not started the app");
    succeeds(copy.cargo("fmt --check -p kouti-rust"));
    succeeds(copy.cargo("clippy -p kouti-rust --all-targets --locked --offline -- -D warnings"));
}

/// Somebody who types what the page says.
struct Reader<'a> {
    copy: &'a Copy,
    programs: tempfile::TempDir,
    port: String,
    /// What the last command has printed.
    seen: String,
    app: Option<App>,
}

/// A process that ends with the test.
struct App(Child);

impl Drop for App {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl<'a> Reader<'a> {
    fn new(copy: &'a Copy) -> Self {
        let programs = tempfile::tempdir().unwrap();
        // `cargo xtask` would compile itself once more for the copy.
        let xtask = copy.xtask("");
        let cargo = copy.cargo("metadata").get_program().to_owned();
        let path = std::env::vars_os().find(|(name, _)| name == "PATH").unwrap().1;
        let path = path.to_str().unwrap();
        let script = format!(
            "#!/bin/sh\nexport PATH='{path}'\nif [ \"$1\" != xtask ]; then exec {} \"$@\"; fi\nshift\n\
             export CARGO_MANIFEST_DIR='{}'\nexec '{}' \"$@\"\n",
            cargo.display(),
            copy.path("xtask").display(),
            xtask.get_program().display(),
        );
        write_program(&programs.path().join("cargo"), script.as_bytes()).unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port().to_string();
        Self { copy, programs, port, seen: String::new(), app: None }
    }

    fn types(&mut self, text: &str) {
        let text = text.replace(PORT, &self.port);
        let mut shell = self.shell(&text);
        if text.contains(" --run ") {
            self.app = Some(until_it_runs(shell));
        } else {
            shell.stderr(Stdio::piped());
            let output = shell.output().unwrap();
            self.seen = String::from_utf8_lossy(&output.stdout).into_owned();
            let error = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "$ {text}\n{}\n{error}", self.seen);
        }
    }

    fn shell(&self, text: &str) -> Command {
        let mut shell = self.copy.command("sh", "-e -c");
        let path = format!("PATH={}:$PATH\n{text}", self.programs.path().display());
        shell.arg(path).stdin(Stdio::null()).stdout(Stdio::piped());
        shell
    }
}

/// Starts what goes on and on, and waits until it says that the app runs.
fn until_it_runs(mut shell: Command) -> App {
    shell.stderr(Stdio::inherit());
    let mut app = App(shell.spawn().unwrap());
    let mut output = BufReader::new(app.0.stdout.take().unwrap());
    let mut log = String::new();
    while !log.contains("listening on port") {
        let length = output.read_line(&mut log).unwrap();
        assert!(length > 0, "the app does not start\n{log}");
    }
    // What the app may still print has to go somewhere.
    app.0.stdout = Some(output.into_inner());
    app
}

/// The code blocks of a page. A file is named in the paragraph before it, and in nothing else.
fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    let mut before = "";
    while let Some(line) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let text: String = lines
                .by_ref()
                .take_while(|line| *line != "```")
                .flat_map(|line| [line, "\n"])
                .collect();
            let path = before.strip_prefix('`').and_then(|before| before.strip_suffix("`:"));
            blocks.push(match (language, path) {
                ("sh", None) => Block::Commands(text),
                ("text", None) => Block::Output(text),
                (_, Some(path)) => Block::File(path, text),
                _ => panic!("what is to be done with this?\n{before}\n{text}"),
            });
        }
        if !line.is_empty() {
            before = line;
        }
    }
    blocks
}
