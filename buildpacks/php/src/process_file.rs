//! Paketo's list of processes, for `procmgr-binary file.yml` in a `Procfile`.
//!
//! Of YAML it needs little: maps and lists by indentation, texts with and without quotes. What is
//! more is refused with its line.

use std::path::Path;

use kouti_report::{Explain, Fault, Problem};

/// One program of the list.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) command: String,
    pub(crate) args: Vec<String>,
}

/// Reads a list. PHP-FPM comes first, whatever the order in the file.
pub(crate) fn read(path: &Path) -> Result<Vec<Entry>, Problem> {
    let shown = path.display().to_string();
    let text = fs_err::read_to_string(path).map_err(|error| BadProcessFile {
        path: shown.clone(),
        fault: match error.kind() {
            std::io::ErrorKind::NotFound => "does not exist".to_owned(),
            _ => format!("cannot be read: {error}"),
        },
    })?;
    let mut entries =
        parse(&text).map_err(|fault| BadProcessFile { path: shown.clone(), fault })?;
    entries.sort_by_key(|entry| !is_fpm(&entry.command));
    Ok(entries)
}

/// Whether a command is that of PHP-FPM.
pub(crate) fn is_fpm(command: &str) -> bool {
    Path::new(command).file_name().is_some_and(|name| name == "php-fpm")
}

fn parse(text: &str) -> Result<Vec<Entry>, String> {
    let mut entries: Vec<Entry> = Vec::new();
    // Indentation of `processes`' members, and of theirs.
    let (mut names, mut fields) = (None, None);
    let mut is_open = false;
    let mut in_args = false;
    for (number, line) in (1..).zip(text.lines()) {
        let at = |fault: &str| format!("line {number}: {fault}");
        let line = without_comment(line);
        let word = line.trim();
        if word.is_empty() || word == "---" {
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        if let Some(item) = word.strip_prefix("- ").or((word == "-").then_some("")) {
            let entry = entries.last_mut().filter(|_| in_args);
            let entry = entry.ok_or_else(|| at("a list is only expected below `args`"))?;
            entry.args.push(scalar(item).ok_or_else(|| at("this text is not understood"))?);
            continue;
        }
        in_args = false;
        let (key, value) = word.split_once(':').ok_or_else(|| at("`key: value` is expected"))?;
        let (key, value) = (scalar(key).unwrap_or_default(), value.trim());
        if indent == 0 {
            if key != "processes" {
                return Err(at(&format!("`{key}` is not known, only `processes`")));
            }
            is_open = true;
            (names, fields) = (None, None);
            if !matches!(value, "" | "{}") {
                return Err(at("`processes` holds names, each with `command` and `args`"));
            }
        } else if is_open && indent <= *names.get_or_insert(indent) {
            fields = None;
            entries.push(Entry { name: key, ..Entry::default() });
        } else if let Some(entry) = entries.last_mut().filter(|_| is_open) {
            if indent != *fields.get_or_insert(indent) {
                return Err(at("its indentation does not fit"));
            }
            match key.as_str() {
                "command" => {
                    entry.command = scalar(value).ok_or_else(|| at("`command` holds a text"))?;
                }
                "args" if value.is_empty() => in_args = true,
                "args" => entry.args = flow(value).ok_or_else(|| at("`args` holds a list"))?,
                _ => {
                    return Err(at(&format!("`{key}` is not known, only `command` and `args`")));
                }
            }
        } else {
            return Err(at("`processes` is expected first"));
        }
    }
    match entries.iter().find(|entry| entry.command.is_empty()) {
        Some(entry) => Err(format!("the process `{}` has no `command`", entry.name)),
        None if entries.is_empty() => Err("lists no processes".to_owned()),
        None => Ok(entries),
    }
}

/// A `#` begins a comment where a blank stands before it and no quotes are around it.
fn without_comment(line: &str) -> &str {
    let mut quote = None;
    let mut before = ' ';
    for (index, c) in line.char_indices() {
        match (c, quote) {
            ('#', None) if before.is_whitespace() => return &line[..index],
            ('"' | '\'', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            _ => {}
        }
        before = c;
    }
    line
}

/// A text; nothing if it is something else of YAML.
fn scalar(text: &str) -> Option<String> {
    let text = text.trim();
    if let Some(inner) = text.strip_prefix('\'') {
        return Some(inner.strip_suffix('\'')?.replace("''", "'"));
    }
    if let Some(inner) = text.strip_prefix('"') {
        return Some(inner.strip_suffix('"')?.replace("\\\"", "\"").replace("\\\\", "\\"));
    }
    let is_other = text.starts_with(['{', '[', '&', '*', '!', '|', '>', '%', '@', '`']);
    (!is_other).then(|| text.to_owned())
}

/// `[a, "b"]`.
fn flow(text: &str) -> Option<Vec<String>> {
    let inner = text.strip_prefix('[')?.strip_suffix(']')?;
    let mut items = vec![String::new()];
    let mut quote = None;
    for c in inner.chars() {
        match (c, quote) {
            (',', None) => {
                items.push(String::new());
                continue;
            }
            ('"' | '\'', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            _ => {}
        }
        items.last_mut()?.push(c);
    }
    if items.len() == 1 && items[0].trim().is_empty() {
        return Some(Vec::new());
    }
    items.iter().map(|item| scalar(item)).collect()
}

/// A list of processes that nothing can be made of.
#[derive(Debug, thiserror::Error)]
#[error("the list of processes {path}: {fault}")]
pub(crate) struct BadProcessFile {
    path: String,
    fault: String,
}

impl Explain for BadProcessFile {
    fn id(&self) -> &'static str {
        "bad-process-file"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![
            "write below `processes` a name for each program, and below that `command` and `args`"
                .to_owned(),
            "without a file, `php-start` starts PHP-FPM and the web server of this image"
                .to_owned(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_paketo_is_read() {
        let text = r#"
processes:
  nginx: # the web server
    command: nginx
    args:
    - -p
    - "/work space"
    - '-c'
  fpm:
    command: /layers/php/sbin/php-fpm
    args: ["-y", 'a, b', -F]
"#;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("procs.yml");
        fs_err::write(&path, text).unwrap();
        let found = read(&path).unwrap();
        let lines: Vec<_> = found
            .iter()
            .map(|entry| format!("{}: {} {:?}", entry.name, entry.command, entry.args))
            .collect();
        insta::assert_snapshot!(lines.join("\n"), @r#"
        fpm: /layers/php/sbin/php-fpm ["-y", "a, b", "-F"]
        nginx: nginx ["-p", "/work space", "-c"]
        "#);
    }

    #[test]
    fn what_is_no_list_is_refused_with_its_line() {
        for (text, fault) in [
            ("", "lists no processes"),
            ("tasks:\n", "line 1: `tasks` is not known, only `processes`"),
            ("processes:\n  a:\n    args: []\n", "the process `a` has no `command`"),
            (
                "processes:\n  a:\n    command: x\n    env: y\n",
                "line 4: `env` is not known, only `command` and `args`",
            ),
            ("processes:\n  a:\n    command: [x]\n", "line 3: `command` holds a text"),
            ("processes: [x]\n", "line 1: `processes` holds names, each with `command` and `args`"),
            ("- x\n", "line 1: a list is only expected below `args`"),
            ("processes:\n  x\n", "line 2: `key: value` is expected"),
        ] {
            assert_eq!(parse(text).unwrap_err(), fault, "{text}");
        }
    }
}
