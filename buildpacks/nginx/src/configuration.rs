//! A configuration with everything it includes, rendered and looked through.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};

use kouti::{Explain, Fault, Problem};
use kouti_web::template::{self, Functions, Rendered};

use crate::conf::{End, Statement, statements};

/// All files of a configuration; the main one first.
#[derive(Debug, Default)]
pub struct Configuration {
    /// The files.
    pub files: Vec<Loaded>,
    /// Directives outside all blocks, with their first argument.
    pub(crate) main: BTreeMap<String, String>,
    /// Directives of the `http` block itself.
    pub(crate) http: BTreeSet<String>,
    /// Where the `http` block begins: which file, and behind which byte of the rendered text.
    pub(crate) http_start: Option<(usize, usize)>,
    /// What `listen` directives ask for.
    pub(crate) listens: Vec<String>,
    /// Where `access_log` and `error_log` directives write to.
    pub(crate) logs: Vec<String>,
}

/// One file.
#[derive(Debug)]
pub struct Loaded {
    /// Where it is.
    pub path: PathBuf,
    /// As the user would call it.
    pub origin: String,
    /// As it was written.
    pub template: String,
    /// As nginx is to read it.
    pub rendered: Rendered,
    pub(crate) includes: Vec<Include>,
}

/// An `include` directive.
#[derive(Debug)]
pub(crate) struct Include {
    /// In the rendered text.
    pub(crate) place: Range<usize>,
    pub(crate) targets: Vec<Target>,
}

/// A file that is included.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Target {
    /// One of the configuration's own.
    File(usize),
    /// One that every nginx has, but not this app.
    Ours(&'static str),
}

/// What apps expect beside their configuration because distributions put it there.
pub(crate) const OURS: [&str; 3] = ["mime.types", "fastcgi_params", "fastcgi.conf"];

/// Files that include each other.
#[derive(Debug, thiserror::Error)]
#[error("an `include` leads back to a file that it came from: {}", chain.join(" -> "))]
pub(crate) struct EndlessInclude {
    /// From the file back to itself.
    chain: Vec<String>,
}

impl Explain for EndlessInclude {
    fn id(&self) -> &'static str {
        "endless-include"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec!["remove one of these includes; a pattern such as `*.conf` may fit the file that it stands in".to_owned()]
    }
}

impl Configuration {
    /// Reads `conf` and what it includes. `directives` are those of the command line.
    pub fn read(
        conf: &Path,
        app_dir: &Path,
        directives: &str,
        functions: &dyn Functions,
    ) -> Result<Self, Problem> {
        let dir = conf.parent().unwrap_or(app_dir).to_owned();
        let mut reader = Reader {
            configuration: Self::default(),
            known: BTreeMap::new(),
            open: Vec::new(),
            dir,
            app_dir,
            functions,
        };
        for statement in statements(directives) {
            reader.configuration.note(&statement, &[], None);
        }
        reader.file(conf, &mut Vec::new())?;
        Ok(reader.configuration)
    }

    /// The first argument of a directive outside all blocks.
    #[must_use]
    pub fn main_directive(&self, name: &str) -> Option<&str> {
        self.main.get(name).map(String::as_str)
    }

    /// What the `listen` directives ask for.
    #[must_use]
    pub fn listens(&self) -> &[String] {
        &self.listens
    }

    /// Where requests and errors are written to.
    #[must_use]
    pub fn logs(&self) -> &[String] {
        &self.logs
    }

    fn note(&mut self, statement: &Statement, context: &[String], file: Option<usize>) {
        let name = statement.name().to_owned();
        if matches!(name.as_str(), "access_log" | "error_log") {
            self.logs.extend(statement.words.get(1).cloned());
        }
        match context {
            [] => {
                if name == "http" && statement.end == End::Opens {
                    self.http_start = file.map(|file| (file, statement.place.end));
                }
                let argument = statement.words.get(1).cloned().unwrap_or_default();
                self.main.insert(name, argument);
            }
            [http] if http == "http" => {
                self.http.insert(name);
            }
            _ if name == "listen" => {
                self.listens.extend(statement.words.get(1).cloned());
            }
            _ => {}
        }
    }
}

struct Reader<'a> {
    configuration: Configuration,
    known: BTreeMap<PathBuf, usize>,
    /// Those that are being read: each includes the next.
    open: Vec<PathBuf>,
    /// That of the main file: nginx resolves all includes against it.
    dir: PathBuf,
    app_dir: &'a Path,
    functions: &'a dyn Functions,
}

impl Reader<'_> {
    /// Reads a file in the blocks of `context`; returns its place among the files.
    fn file(&mut self, path: &Path, context: &mut Vec<String>) -> Result<usize, Problem> {
        if let Some(first) = self.open.iter().position(|open| open == path) {
            let chain = self.open[first..].iter().map(PathBuf::as_path).chain([path]);
            return Err(
                EndlessInclude { chain: chain.map(|path| self.shown(path)).collect() }.into()
            );
        }
        let index = match self.known.get(path) {
            Some(index) => *index,
            None => self.load(path, self.shown(path))?,
        };
        self.open.push(path.to_owned());
        let found = statements(&self.configuration.files[index].rendered.text);
        let mut includes = Vec::new();
        let outer = context.len();
        for statement in found {
            match (statement.end, statement.name()) {
                (End::Closes, _) => {
                    if context.len() > outer {
                        context.pop();
                    }
                }
                (End::Simple, "include") => {
                    let pattern = statement.words.get(1).cloned().unwrap_or_default();
                    let targets = self.included(&pattern, context)?;
                    includes.push(Include { place: statement.place, targets });
                }
                (End::Simple, _) => self.configuration.note(&statement, context, Some(index)),
                (End::Opens, name) => {
                    self.configuration.note(&statement, context, Some(index));
                    context.push(name.to_owned());
                }
            }
        }
        context.truncate(outer);
        self.open.pop();
        self.configuration.files[index].includes = includes;
        Ok(index)
    }

    fn shown(&self, path: &Path) -> String {
        path.strip_prefix(self.app_dir).unwrap_or(path).display().to_string()
    }

    fn load(&mut self, path: &Path, origin: String) -> Result<usize, Problem> {
        let bytes = fs_err::read(path)?;
        let template = String::from_utf8_lossy(&bytes).into_owned();
        let rendered = if template::is_template(&template) {
            template::render(&origin, &template, self.functions)?
        } else {
            Rendered::verbatim(&template)
        };
        let index = self.configuration.files.len();
        let path = path.to_owned();
        self.known.insert(path.clone(), index);
        self.configuration.files.push(Loaded {
            path,
            origin,
            template,
            rendered,
            includes: Vec::new(),
        });
        Ok(index)
    }

    fn included(
        &mut self,
        pattern: &str,
        context: &mut Vec<String>,
    ) -> Result<Vec<Target>, Problem> {
        let mut targets = Vec::new();
        for path in matches(&self.dir, pattern) {
            targets.push(Target::File(self.file(&path, context)?));
        }
        let name = pattern.rsplit('/').next().unwrap_or_default();
        if targets.is_empty()
            && let Some(ours) = OURS.iter().find(|ours| **ours == name)
        {
            targets.push(Target::Ours(ours));
        }
        Ok(targets)
    }
}

/// The files that a pattern of `include` names, in order.
fn matches(dir: &Path, pattern: &str) -> Vec<PathBuf> {
    let mut found =
        vec![if pattern.starts_with('/') { PathBuf::from("/") } else { dir.to_owned() }];
    for part in pattern.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if !part.contains(['*', '?', '[']) {
            for path in &mut found {
                path.push(part);
            }
            continue;
        }
        let mut next = Vec::new();
        for path in found {
            let Ok(entries) = fs_err::read_dir(&path) else { continue };
            let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
            let mut names: Vec<_> = names
                .filter(|name| part.starts_with('.') || !name.starts_with('.'))
                .filter(|name| fits(part, name))
                .collect();
            names.sort();
            next.extend(names.into_iter().map(|name| path.join(name)));
        }
        found = next;
    }
    found.retain(|path| path.is_file());
    found
}

/// Whether a name fits a pattern of the shell: `*`, `?`, `[a-z]`, `[!a]`.
fn fits(pattern: &str, name: &str) -> bool {
    let Some(first) = pattern.chars().next() else { return name.is_empty() };
    let rest = &pattern[first.len_utf8()..];
    let mut chars = name.chars();
    match first {
        '*' => {
            let mut starts = name.char_indices().map(|(index, _)| index).chain([name.len()]);
            starts.any(|start| fits(rest, &name[start..]))
        }
        '?' => chars.next().is_some() && fits(rest, chars.as_str()),
        '[' if rest.get(1..).is_some_and(|rest| rest.contains(']')) => {
            let end = 1 + rest[1..].find(']').unwrap_or_default();
            let (set, rest) = (&rest[..end], &rest[end + 1..]);
            chars.next().is_some_and(|c| is_in(set, c)) && fits(rest, chars.as_str())
        }
        first => chars.next() == Some(first) && fits(rest, chars.as_str()),
    }
}

fn is_in(set: &str, c: char) -> bool {
    let (negated, set) = match set.strip_prefix(['!', '^']) {
        Some(set) => (true, set),
        None => (false, set),
    };
    let signs: Vec<char> = set.chars().collect();
    let mut found = false;
    let mut index = 0;
    while index < signs.len() {
        if index + 2 < signs.len() && signs[index + 1] == '-' {
            found |= (signs[index]..=signs[index + 2]).contains(&c);
            index += 3;
        } else {
            found |= signs[index] == c;
            index += 1;
        }
    }
    found != negated
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_of_the_shell() {
        for (pattern, name, expected) in [
            ("*.conf", "a.conf", true),
            ("*.conf", "a.conf.bak", false),
            ("a?[0-9].conf", "ab7.conf", true),
            ("a[!b]c", "abc", false),
            ("a[!b]c", "axc", true),
            ("*", "", true),
            ("[", "[", true),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }
}
