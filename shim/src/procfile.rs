//! The app's `Procfile`, which the platform reads after everything else, as YAML.

use std::collections::BTreeMap;
use std::path::Path;

use kouti_report::{Fault, Problem, Span, excerpt};

/// Process types and commands; nothing if there is no such file. A file that the platform could not read is an error
/// now and not when all the work is done.
pub(crate) fn read(app_dir: &Path) -> Result<BTreeMap<String, String>, Problem> {
    let path = app_dir.join("Procfile");
    if !path.is_file() {
        return Ok(BTreeMap::new());
    }
    parse(&fs_err::read_to_string(path)?)
}

fn parse(text: &str) -> Result<BTreeMap<String, String>, Problem> {
    if text.trim().is_empty() {
        return Ok(BTreeMap::new());
    }
    serde_saphyr::from_str(text).map_err(|error| {
        let mut problem = Problem::new(
            "cf-procfile-no-yaml",
            Fault::App,
            "Procfile is not what the platform reads: a YAML map of process types and commands",
        );
        if let Some(location) = error.location() {
            let line = usize::try_from(location.line()).unwrap_or(1);
            let column = usize::try_from(location.column()).unwrap_or(1);
            problem.excerpt =
                Some(excerpt("Procfile", text, &Span::at(text, line, column), "here"));
        }
        problem
            .hint("put a command with `: ` or ` #` in it into quotes: web: \"run --a: b\"")
            .hint("indent with blanks, not with tabs")
    })
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use kouti_report::Colour;

    use super::*;

    #[test]
    fn a_procfile_is_a_map() {
        let processes = parse("web: node a.js --x=1\nworker: \"a: b\"\n").unwrap();
        assert_eq!(processes["web"], "node a.js --x=1");
        assert_eq!(processes["worker"], "a: b");
        assert!(parse("\n").unwrap().is_empty());
    }

    #[test]
    fn what_the_platform_could_not_read_is_shown_in_place() {
        let page = |text: &str| parse(text).unwrap_err().page("", Colour::Off);
        assert_snapshot!(page("web: run\nworker: a: b\n"), @r#"
        error[cf-procfile-no-yaml]: Procfile is not what the platform reads: a YAML map of process types and commands
         --> Procfile:2:10
          |
        2 | worker: a: b
          |          ^ here

        hint: put a command with `: ` or ` #` in it into quotes: web: "run --a: b"
        hint: indent with blanks, not with tabs
        "#);
        assert!(page("web\n").starts_with("error[cf-procfile-no-yaml]"));
        assert!(page("web: [a]\n").starts_with("error[cf-procfile-no-yaml]"));
    }
}
