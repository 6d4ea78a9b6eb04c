//! Makes text comparable: paths of this run, versions of Kouti and durations are replaced.

use std::path::{Path, PathBuf};

/// Replaces what differs from run to run, and nothing else.
#[derive(Clone, Debug)]
pub(super) struct Cleaner {
    /// Directories and their names, inner ones first.
    places: Vec<(PathBuf, &'static str)>,
}

impl Cleaner {
    pub(super) fn new(root: &Path, system: &Path) -> Self {
        let inner = [
            ("layers-not-in-image", "<layers>"),
            ("layers", "<layers>"),
            ("app", "<app>"),
            ("platform", "<platform>"),
            ("buildpacks", "<buildpacks>"),
            ("tools", "<tools>"),
            ("home", "<home>"),
            ("tmp", "<tmp>"),
        ];
        let mut places: Vec<_> = inner.map(|(dir, name)| (root.join(dir), name)).into();
        places.push((system.to_owned(), "<system>"));
        places.push((root.to_owned(), "<root>"));
        Self { places }
    }

    /// Without the paths of this run.
    pub(super) fn paths(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (dir, name) in &self.places {
            text = text.replace(&*dir.to_string_lossy(), name);
        }
        text
    }

    /// A log: also without colours, versions of Kouti and durations.
    pub(super) fn log(&self, text: &str) -> String {
        let text = without_colours(&self.paths(text));
        let mut clean = String::new();
        for line in text.lines() {
            // Only shown if the step took long.
            if line.trim_start().starts_with("done in ") && ends_with_duration(line) {
                continue;
            }
            clean.push_str(&without_durations(&without_version(line)));
            clean.push('\n');
        }
        clean
    }
}

fn without_colours(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        rest = after.split_once('m').map_or("", |(_, rest)| rest);
    }
    plain.push_str(rest);
    plain
}

/// `Kouti Node.js 0.4.0` as `Kouti Node.js [version]`.
fn without_version(line: &str) -> String {
    match line.rsplit_once(' ') {
        Some((title, version)) if title.starts_with("Kouti ") && is_version(version) => {
            format!("{title} [version]")
        }
        _ => line.to_owned(),
    }
}

fn is_version(text: &str) -> bool {
    let numbers: Vec<_> = text.split('.').collect();
    numbers.len() == 3 && numbers.iter().all(|number| number.parse::<u64>().is_ok())
}

/// `done in 2m 05s` as `done in [time]`.
fn without_durations(line: &str) -> String {
    let mut clean = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once(" in ") {
        clean.push_str(before);
        clean.push_str(" in ");
        rest = match duration_length(after) {
            Some(length) => {
                clean.push_str("[time]");
                &after[length..]
            }
            None => after,
        };
    }
    clean.push_str(rest);
    clean
}

fn ends_with_duration(line: &str) -> bool {
    let time = line.split_once(" in ").map_or("", |(_, time)| time);
    duration_length(time) == Some(time.len())
}

/// Length of `0.8s`, `12s` or `2m 05s` at the beginning of `text`.
fn duration_length(text: &str) -> Option<usize> {
    let digits =
        |text: &str| text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let first = digits(text);
    if first == 0 {
        return None;
    }
    let (mut length, mut rest) = (first, &text[first..]);
    if let Some(tail) = rest.strip_prefix('.').or_else(|| rest.strip_prefix("m ")) {
        length += rest.len() - tail.len() + digits(tail);
        rest = &text[length..];
    }
    let tail = rest.strip_prefix('s')?;
    let ends = !tail.starts_with(|c: char| c.is_alphanumeric());
    ends.then_some(length + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_between_runs_is_replaced() {
        let cleaner = Cleaner::new(Path::new("/tmp/x"), Path::new("/system"));
        let log = "\u{1b}[1mKouti Node.js 0.4.0\u{1b}[0m\n\
            \x20 Installing Node.js 22.11.0\n\
            \x20   29.1 MB from nodejs.org in 0.8s, sha256 ok\n\
            \x20   done in 2.4s\n\
            \x20   added 57 packages in 2s\n\
            \x20   found in 2 places in /tmp/x/app/lib and /tmp/x/layers/kouti_nodejs\n\
            \x20 Done in 2m 05s\n";
        insta::assert_snapshot!(cleaner.log(log), @"
        Kouti Node.js [version]
          Installing Node.js 22.11.0
            29.1 MB from nodejs.org in [time], sha256 ok
            added 57 packages in [time]
            found in 2 places in <app>/lib and <layers>/kouti_nodejs
          Done in [time]
        ");
    }
}
