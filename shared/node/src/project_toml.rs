//! What `project.toml` says to the Node.js buildpack of Heroku, in its words.

use std::io;
use std::path::Path;

/// Whether `com.heroku.buildpacks.nodejs.actions.prune_dev_dependencies` is `false`.
pub fn keeps_development(app_dir: &Path) -> io::Result<bool> {
    let path = app_dir.join("project.toml");
    if !path.is_file() {
        return Ok(false);
    }
    let text = String::from_utf8_lossy(&fs_err::read(path)?).into_owned();
    // What else is wrong with that file is for those to tell who read it for its own sake.
    let Ok(mut table) = text.parse::<toml::Table>() else { return Ok(false) };
    for key in ["com", "heroku", "buildpacks", "nodejs", "actions"] {
        match table.remove(key) {
            Some(toml::Value::Table(inner)) => table = inner,
            _ => return Ok(false),
        }
    }
    Ok(table.get("prune_dev_dependencies").and_then(toml::Value::as_bool) == Some(false))
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
}
