//! What `project.toml` says to the Node.js buildpack of Heroku, in its words, and of a site's directory.

use std::io;
use std::path::Path;

use toml::{Table, Value};

/// Whether `com.heroku.buildpacks.nodejs.actions.prune_dev_dependencies` is `false`.
pub fn keeps_development(app_dir: &Path) -> io::Result<bool> {
    let actions = ["com", "heroku", "buildpacks", "nodejs", "actions"];
    let value = value(&read(app_dir)?, &actions, "prune_dev_dependencies").cloned();
    Ok(value == Some(Value::Boolean(false)))
}

/// Whether it names the directory that a web server is to serve.
pub fn names_web_root(app_dir: &Path) -> io::Result<bool> {
    let tables = [["io", "kouti", "web-server"], ["com", "heroku", "static-web-server"]];
    let file = read(app_dir)?;
    Ok(tables.iter().any(|table| value(&file, table, "root").is_some()))
}

fn read(app_dir: &Path) -> io::Result<Table> {
    let path = app_dir.join("project.toml");
    if !path.is_file() {
        return Ok(Table::new());
    }
    let text = String::from_utf8_lossy(&fs_err::read(path)?).into_owned();
    // What else is wrong with that file is for those to tell who read it for its own sake.
    Ok(text.parse().unwrap_or_default())
}

fn value<'a>(file: &'a Table, tables: &[&str], key: &str) -> Option<&'a Value> {
    let mut table = file;
    for name in tables {
        table = table.get(*name)?.as_table()?;
    }
    table.get(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clear_no_keeps_them() {
        let app = tempfile::tempdir().unwrap();
        assert!(!keeps_development(app.path()).unwrap());
        for (text, expected) in [
            ("[com.heroku.buildpacks.nodejs]\nactions.prune_dev_dependencies = false\n", true),
            ("[com.heroku.buildpacks.nodejs.actions]\nprune_dev_dependencies = true\n", false),
            ("[com.heroku.buildpacks]\nnodejs = 1\n", false),
            ("no TOML", false),
        ] {
            fs_err::write(app.path().join("project.toml"), text).unwrap();
            assert_eq!(keeps_development(app.path()).unwrap(), expected, "{text}");
        }
    }
    #[test]
    fn either_table_of_a_site_names_its_directory() {
        let app = tempfile::tempdir().unwrap();
        for (text, expected) in [
            ("[io.kouti.web-server]\nroot = \"out\"\n", true),
            ("[com.heroku]\nstatic-web-server.root = \"out\"\n", true),
            ("[io.kouti.web-server]\npush_state = true\n", false),
        ] {
            fs_err::write(app.path().join("project.toml"), text).unwrap();
            assert_eq!(names_web_root(app.path()).unwrap(), expected, "{text}");
        }
    }
}
