//! The files in which version managers look for the version of Node.js.

/// Reads `.nvmrc` or `.node-version`: the first line that says something.
pub(crate) fn first_line(text: &str) -> Option<String> {
    let line = text.lines().map(without_comment).find(|line| !line.is_empty())?;
    // nvm does not care about the case.
    Some(line.strip_prefix('V').map_or_else(|| line.to_owned(), |version| format!("v{version}")))
}

/// Reads `.tool-versions`: the first version on the line of Node.js.
pub(crate) fn tool_versions(text: &str) -> Option<String> {
    text.lines().map(without_comment).find_map(|line| {
        let mut words = line.split_whitespace();
        matches!(words.next()?, "node" | "nodejs").then(|| words.next().map(str::to_owned))?
    })
}

/// Reads `mise.toml`: `[tools] node` as a text, a list, or a table with a `version`.
///
/// A file that is no TOML says nothing about Node.js.
pub(crate) fn mise(text: &str) -> Option<String> {
    let document: toml::Table = text.parse().ok()?;
    let mut node = document.get("tools")?.get("node")?;
    if let Some(list) = node.as_array() {
        node = list.first()?;
    }
    match node.get("version").unwrap_or(node) {
        toml::Value::String(version) => Some(version.trim().to_owned()),
        toml::Value::Integer(version) => Some(version.to_string()),
        _ => None,
    }
    .filter(|version| !version.is_empty())
}

fn without_comment(line: &str) -> &str {
    line.split_once('#').map_or(line, |(before, _)| before).trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_blank_lines_are_skipped() {
        assert_eq!(first_line("# ours\r\n\r\n  v22.1 # LTS\r\n20\n").as_deref(), Some("v22.1"));
        assert_eq!(first_line("V22").as_deref(), Some("v22"));
        assert_eq!(first_line("\n# nothing\n"), None);
    }

    #[test]
    fn the_first_version_of_a_tool_line_counts() {
        let text = "ruby 3.4\nnodejs 22.11.0 20.1.0 # two\nnode 18\n";
        assert_eq!(tool_versions(text).as_deref(), Some("22.11.0"));
        assert_eq!(tool_versions("nodejs\nruby 3"), None);
    }

    #[test]
    fn mise_has_three_forms() {
        for text in [
            "[tools]\nnode = '22'",
            "[tools]\nnode = ['22', '20']",
            "[tools]\nnode = {version='22'}",
        ] {
            assert_eq!(mise(text).as_deref(), Some("22"), "{text}");
        }
        assert_eq!(mise("[tools]\nnode = 22").as_deref(), Some("22"));
        assert_eq!(mise("[tools]\nruby = '3'"), None);
        assert_eq!(mise("not toml"), None);
    }
}
