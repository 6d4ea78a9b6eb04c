//! The little YAML that settings and lockfiles of package managers need: keys at
//! the left margin with a scalar or a list of scalars.
//!
//! Their writers use no other form for the keys that count here, and a lockfile
//! of a megabyte is read in no time this way.

/// The scalar that belongs to `key`; of several documents, that of the last.
pub(crate) fn scalar<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines()
        .filter_map(|line| plain(line.strip_prefix(key)?.strip_prefix(':')?))
        .rfind(|value| !value.is_empty())
}

/// The scalars of the list below `key`.
pub(crate) fn list<'a>(text: &'a str, key: &str) -> Vec<&'a str> {
    let mut items = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        let trimmed = line.trim_start();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        if let Some(item) = trimmed.strip_prefix("- ").filter(|_| inside) {
            items.extend(plain(item));
        } else if !line.starts_with(' ') {
            inside = line.strip_prefix(key).is_some_and(|rest| rest.trim_end() == ":");
        }
    }
    items
}

/// Whether `key` stands at the left margin, whatever belongs to it.
pub(crate) fn has_key(text: &str, key: &str) -> bool {
    text.lines().any(|line| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':')))
}

/// The value of `key` one level below `parent`.
pub(crate) fn nested<'a>(text: &'a str, parent: &str, key: &str) -> Option<&'a str> {
    let mut inside = false;
    for line in text.lines() {
        if !line.starts_with([' ', '#']) && !line.is_empty() {
            inside = line.strip_prefix(parent).is_some_and(|rest| rest.starts_with(':'));
        } else if inside && let Some(rest) = line.trim_start().strip_prefix(key) {
            return rest.strip_prefix(':').and_then(plain);
        }
    }
    None
}

/// A scalar without quotes and without the comment behind it.
fn plain(value: &str) -> Option<&str> {
    let value = value.trim();
    for quote in ['"', '\''] {
        if let Some(rest) = value.strip_prefix(quote) {
            return rest.split(quote).next();
        }
    }
    let value = value.split(" #").next()?.trim();
    (!value.starts_with('#')).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const YARNRC: &str = "# ours\nnodeLinker: node-modules # as before\nyarnPath: \".yarn/a b.cjs\"\n\
        plugins:\n  - path: .yarn/plugins/x.cjs\n    spec: '@yarnpkg/plugin-workspace-tools'\n\
        empty:\nlist:\n  - 'a/*'\n\n  # and\n  - b\n";

    #[test]
    fn scalars_lose_quotes_and_comments() {
        assert_eq!(scalar(YARNRC, "nodeLinker"), Some("node-modules"));
        assert_eq!(scalar(YARNRC, "yarnPath"), Some(".yarn/a b.cjs"));
        assert_eq!(scalar(YARNRC, "spec"), None);
        assert_eq!(scalar(YARNRC, "empty"), None);
        assert_eq!(scalar("a: 1\n---\na: '2'\n", "a"), Some("2"));
    }

    #[test]
    fn lists_end_at_the_next_key() {
        assert_eq!(list(YARNRC, "list"), ["a/*", "b"]);
        assert_eq!(list(YARNRC, "empty"), [""; 0]);
        assert!(has_key(YARNRC, "plugins") && !has_key(YARNRC, "plug"));
    }

    #[test]
    fn a_key_can_be_one_level_deep() {
        let text =
            "# yarn\n\n__metadata:\n  version: 8\n  cacheKey: 10\n\n\"a@npm:1\":\n  version: 1\n";
        assert_eq!(nested(text, "__metadata", "version"), Some("8"));
        assert_eq!(nested(text, "settings", "version"), None);
    }
}
