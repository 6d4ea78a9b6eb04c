//! The code blocks of a page, and what is to be done with each.
//!
//! Commands stand in blocks of `sh`. A word behind that says who can run them: `docker` needs a Docker daemon and the
//! builder, `not-run: …` says why nobody does.

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

/// A code block.
#[derive(Debug)]
pub(crate) enum Block<'a> {
    /// Commands of a shell.
    Commands { text: String, docker: bool },
    /// Commands that no test runs, with the reason.
    NotRun(&'a str),
    /// What the commands before it print; `…` stands for anything.
    Output(String),
    /// The whole text of a file.
    File(&'a str, String),
    /// Something to look at.
    Example,
}

impl Block<'_> {
    /// Whether its commands can only be run with Docker; none if it has no commands.
    pub(crate) fn needs_docker(&self) -> Option<bool> {
        match self {
            Self::Commands { docker, .. } => Some(*docker),
            _ => None,
        }
    }
}

/// What a block holds that is neither run nor compared.
const EXAMPLES: [&str; 7] = ["", "css", "json", "nginx", "text", "toml", "yaml"];

/// The blocks of a page. A file is named in the paragraph before it, and in nothing else; output follows commands.
pub(crate) fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    let mut before = "";
    while let Some(line) = lines.next() {
        if let Some(info) = line.strip_prefix("```") {
            let text: String = lines
                .by_ref()
                .take_while(|line| *line != "```")
                .flat_map(|line| [line, "\n"])
                .collect();
            let path = before.strip_prefix('`').and_then(|before| before.strip_suffix("`:"));
            let path = path.filter(|_| !info.starts_with("sh"));
            let after_commands =
                matches!(blocks.last(), Some(Block::Commands { .. } | Block::Output(_)));
            blocks.push(match (info, path) {
                (_, Some(path)) => Block::File(path, text),
                ("sh", _) => Block::Commands { text, docker: false },
                ("sh docker", _) => Block::Commands { text, docker: true },
                ("text", _) if after_commands => Block::Output(text),
                (info, _) if EXAMPLES.contains(&info) => Block::Example,
                (info, _) => match info.strip_prefix("sh not-run: ") {
                    Some(reason) => Block::NotRun(reason),
                    None => panic!("what is to be done with `{info}`?\n{text}"),
                },
            });
        }
        if !line.is_empty() {
            before = line;
        }
    }
    blocks
}

/// Every page that has commands, from the root of the repository.
pub(crate) fn pages() -> Vec<PathBuf> {
    let root = root();
    let mut pages: Vec<_> =
        [".github/SECURITY.md", "CONTRIBUTING.md", "README.md"].map(PathBuf::from).into();
    for dir in ["buildpacks", "docs", "samples"] {
        let depth = if dir == "docs" { 3 } else { 2 };
        for entry in WalkDir::new(root.join(dir)).max_depth(depth).sort_by_file_name() {
            let path = entry.unwrap().into_path();
            if path.extension().is_some_and(|extension| extension == "md") {
                pages.push(path.strip_prefix(root).unwrap().to_owned());
            }
        }
    }
    pages
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

pub(crate) fn read(page: &Path) -> String {
    fs_err::read_to_string(root().join(page)).unwrap()
}

#[test]
fn every_command_block_is_run_or_says_why_not() {
    let pages = pages();
    assert!(pages.len() > 30, "{pages:#?}");
    let (mut run, mut not_run) = (0, 0);
    for path in pages {
        let text = read(&path);
        for block in blocks(&text) {
            match block {
                Block::Commands { .. } => run += 1,
                Block::NotRun(reason) => {
                    assert!(reason.len() > 10, "{}: `{reason}` is no reason", path.display());
                    not_run += 1;
                }
                _ => {}
            }
        }
        // Commands in a block without a language would be overlooked.
        let commands =
            ["\n```\npack ", "\n```\ndocker ", "\n```\ncargo ", "\n```\ncurl ", "\n```\nmkdir "];
        for start in commands {
            assert!(!text.contains(start), "{}: a block of commands is no `sh`", path.display());
        }
    }
    assert!(run > 20 && not_run > 0, "{run} blocks are run, {not_run} are not");
}
