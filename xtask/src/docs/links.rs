//! Links of Markdown pages, and the headings they can point at.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

/// A page as text, without what stands in code.
struct Prose<'a> {
    /// Where each line begins, and the line; lines of code blocks are left out.
    lines: Vec<(usize, &'a str)>,
}

impl<'a> Prose<'a> {
    fn of(text: &'a str) -> Self {
        let mut lines = Vec::new();
        let (mut start, mut fence) = (0, None);
        for line in text.split_inclusive('\n') {
            let trimmed = line.trim_start();
            let ticks = trimmed.len() - trimmed.trim_start_matches('`').len();
            match fence {
                None if ticks >= 3 => fence = Some(ticks),
                None => lines.push((start, line.trim_end())),
                Some(open) if ticks >= open => fence = None,
                Some(_) => {}
            }
            start += line.len();
        }
        Self { lines }
    }
}

/// The targets of all inline links and images: where they are in the text.
pub(super) fn targets(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (start, line) in Prose::of(text).lines {
        for (at, _) in line.match_indices("](") {
            // An odd number of ticks before it: inside of code.
            if line[..at].matches('`').count() % 2 == 1 && line[at..].contains('`') {
                continue;
            }
            let target = at + 2;
            if let Some(length) = line[target..].find(')') {
                found.push(start + target..start + target + length);
            }
        }
    }
    found
}

/// The fragments under which the headings of a page can be found.
pub(super) fn anchors(text: &str) -> Vec<String> {
    let mut seen = BTreeMap::<String, usize>::new();
    let mut anchors = Vec::new();
    for (_, line) in Prose::of(text).lines {
        let title = line.trim_start_matches('#');
        if title.len() == line.len() || !title.starts_with(' ') {
            continue;
        }
        let slug = slug(title.trim());
        let count = seen.entry(slug.clone()).or_default();
        anchors.push(if *count == 0 { slug } else { format!("{slug}-{count}") });
        *count += 1;
    }
    anchors
}

/// As GitHub and mdBook name a heading.
fn slug(title: &str) -> String {
    let kept = title.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).flat_map(char::to_lowercase).collect()
}

/// What a link of the page at `page` points at: a path from the root of the repository and a fragment, `None` for
/// another site.
pub(super) fn resolve<'a>(page: &Path, target: &'a str) -> Option<(PathBuf, Option<&'a str>)> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (path, fragment) = match target.split_once('#') {
        Some((path, fragment)) => (path, Some(fragment)),
        None => (target, None),
    };
    if path.is_empty() {
        return Some((page.to_owned(), fragment));
    }
    let mut resolved = page.parent().map(Path::to_owned).unwrap_or_default();
    for component in Path::new(path).components() {
        match component {
            Component::ParentDir => {
                resolved.pop();
            }
            Component::Normal(name) => resolved.push(name),
            _ => {}
        }
    }
    Some((resolved, fragment))
}

/// How one writes a link from the page `from` to `to`.
pub(super) fn relative(from: &Path, to: &Path) -> String {
    let dir: Vec<_> = from.parent().into_iter().flat_map(Path::components).collect();
    let to: Vec<_> = to.components().collect();
    let common = dir.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = dir[common..].iter().map(|_| "..".into());
    let down = to[common..].iter().map(|part| part.as_os_str().to_string_lossy());
    up.chain(down).collect::<Vec<_>>().join("/")
}

/// Everything that is wrong with the links of a page, one line each.
pub(super) fn faults(root: &Path, page: &Path, text: &str) -> Vec<String> {
    let fault = |range: &Range<usize>| {
        let target = &text[range.clone()];
        let (path, fragment) = resolve(page, target)?;
        let found = root.join(&path);
        let is_own = path == page;
        let what = if !is_own && !found.exists() {
            "there is no such file"
        } else if let Some(fragment) = fragment {
            let file = if found.is_dir() { found.join("README.md") } else { found };
            let other = if is_own { Ok(text.to_owned()) } else { fs_err::read_to_string(file) };
            if anchors(&other.unwrap_or_default()).iter().any(|anchor| anchor == fragment) {
                return None;
            }
            "there is no such heading"
        } else {
            return None;
        };
        let line = text[..range.start].matches('\n').count() + 1;
        Some(format!("{}:{line}: {target}: {what}", page.display()))
    };
    targets(text).iter().filter_map(fault).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_in_code_are_no_links() {
        let text = "[a](b.md) `[c](d.md)` ![e](f.svg)\n```md\n[g](h.md)\n```\n[`i`](j.md#k)\n";
        let found: Vec<_> = targets(text).into_iter().map(|range| &text[range]).collect();
        assert_eq!(found, ["b.md", "f.svg", "j.md#k"]);
    }

    #[test]
    fn headings_are_found_by_what_they_say() {
        let text = "# `BP_X`, and *more*\n## A\n## A\n```sh\n# not one\n```\n#neither\n";
        assert_eq!(anchors(text), ["bp_x-and-more", "a", "a-1"]);
    }

    #[test]
    fn a_link_is_resolved_and_written_again_elsewhere() {
        let resolved = resolve(Path::new("docs/a/b.md"), "../../x/y.md#z").unwrap();
        assert_eq!(resolved, (PathBuf::from("x/y.md"), Some("z")));
        assert_eq!(resolve(Path::new("a.md"), "https://example.com/"), None);
        assert_eq!(relative(Path::new("a/b.md"), Path::new("c/d.md")), "../c/d.md");
        assert_eq!(relative(Path::new("a/b.md"), Path::new("a/c.md")), "c.md");
    }

    #[test]
    fn a_dead_link_is_told_with_its_line() {
        let root = tempfile::tempdir().unwrap();
        fs_err::write(root.path().join("b.md"), "# B\n").unwrap();
        let text = "# A\n[1](b.md#b)\n[2](b.md#c) [3](c.md)\n[4](#a)\n";
        insta::assert_snapshot!(faults(root.path(), Path::new("a.md"), text).join("\n"), @"
        a.md:3: b.md#c: there is no such heading
        a.md:3: c.md: there is no such file
        ");
    }
}
