//! Divides the app directory into the layers that `launch.toml` asks for.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use serde::Serialize;

use super::files::SliceEntry;
use crate::tree::{self, Kind, TreeEntry};

/// One layer of the app directory.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Slice {
    /// Digest of its content.
    pub digest: String,
    /// Its files and links, relative to the app directory.
    pub files: Vec<String>,
}

/// One layer for each slice, in order, and one for the rest.
pub(crate) fn slice(app_dir: &Path, slices: &[SliceEntry]) -> io::Result<Vec<Slice>> {
    let mut left = tree::entries(app_dir)?;
    left.remove(0);
    let mut layers = Vec::new();
    for slice in slices {
        let patterns: Vec<_> = slice.paths.iter().map(|path| clean(path)).collect();
        let matches = |name: &str| patterns.iter().any(|pattern| matches(pattern, name));
        let roots: BTreeSet<String> =
            left.iter().filter(|entry| matches(&entry.name)).map(|e| e.name.clone()).collect();
        let belongs = |entry: &TreeEntry| {
            let name = Path::new(&entry.name);
            name.ancestors().any(|part| part.to_str().is_some_and(|part| roots.contains(part)))
        };
        let (taken, rest): (Vec<_>, Vec<_>) = left.into_iter().partition(belongs);
        left = rest;
        layers.push(layer(&taken)?);
    }
    layers.push(layer(&left)?);
    Ok(layers)
}

fn layer(entries: &[TreeEntry]) -> io::Result<Slice> {
    let files = entries.iter().filter(|entry| entry.kind != Kind::Dir);
    Ok(Slice {
        digest: tree::digest(entries)?,
        files: files.map(|entry| entry.name.clone()).collect(),
    })
}

/// `./public/` as `public`.
fn clean(pattern: &str) -> String {
    let parts = pattern.split('/').filter(|part| !part.is_empty() && *part != ".");
    parts.collect::<Vec<_>>().join("/")
}

/// Whether a shell pattern matches a whole path: `*` and `?` stop at a slash, there is no `**`.
fn matches(pattern: &str, path: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let path: Vec<char> = path.chars().collect();
    matches_from(&pattern, &path)
}

fn matches_from(pattern: &[char], path: &[char]) -> bool {
    match (pattern, path) {
        ([], []) => true,
        (['*', rest @ ..], _) => {
            let reach = path.iter().take_while(|character| **character != '/').count();
            (0..=reach).any(|length| matches_from(rest, &path[length..]))
        }
        (['?', rest @ ..], [character, path @ ..]) if *character != '/' => matches_from(rest, path),
        (['[', class @ ..], [character, path @ ..]) if *character != '/' => {
            let Some(end) = class.iter().skip(1).position(|c| *c == ']').map(|end| end + 1) else {
                return false;
            };
            in_class(&class[..end], *character) && matches_from(&class[end + 1..], path)
        }
        (['\\', literal, rest @ ..] | [literal, rest @ ..], [character, path @ ..]) => {
            literal == character && matches_from(rest, path)
        }
        ([], [_, ..]) | ([_, ..], []) => false,
    }
}

fn in_class(class: &[char], character: char) -> bool {
    let (negated, mut class) = match class {
        ['^', class @ ..] => (true, class),
        class => (false, class),
    };
    let mut found = false;
    while let Some((first, rest)) = class.split_first() {
        class = rest;
        if let ['-', last, rest @ ..] = class {
            found |= (*first..=*last).contains(&character);
            class = rest;
        } else {
            found |= *first == character;
        }
    }
    found != negated
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_like_those_of_the_lifecycle() {
        for (pattern, path, expected) in [
            ("public", "public", true),
            ("*.js", "server.js", true),
            ("*.js", "lib/server.js", false),
            ("*/*.js", "lib/server.js", true),
            ("**/*.js", "lib/server.js", true),
            ("**/*.js", "lib/deep/server.js", false),
            ("?.txt", "a.txt", true),
            ("[a-c].txt", "b.txt", true),
            ("[^a-c].txt", "b.txt", false),
            ("{a,b}.txt", "a.txt", false),
            (r"\*.txt", "*.txt", true),
            (r"\*.txt", "a.txt", false),
        ] {
            assert_eq!(matches(pattern, path), expected, "{pattern} on {path}");
        }
    }

    #[test]
    fn the_first_slice_that_matches_takes_a_file_and_the_rest_is_last() {
        let app = tempfile::tempdir().unwrap();
        for file in ["server.js", "public/a.css", "public/img/b.png", "docs/c.md"] {
            tree::write(&app.path().join(file), file).unwrap();
        }
        let entry = |paths: &[&str]| SliceEntry {
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        };
        let slices = [entry(&["public/*.css", "./docs/"]), entry(&["public"]), entry(&["none"])];
        let layers = slice(app.path(), &slices).unwrap();
        let files: Vec<_> = layers.iter().map(|layer| layer.files.clone()).collect();
        assert_eq!(
            files,
            [
                vec!["docs/c.md", "public/a.css"],
                vec!["public/img/b.png"],
                vec![],
                vec!["server.js"]
            ]
        );
        assert_ne!(layers[0].digest, layers[1].digest);
    }
}
