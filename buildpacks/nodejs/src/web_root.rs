//! Facts: where the build of a front end has put its pages.

use std::path::Path;

use kouti_node::Project;
use serde_json::Value;

/// Where tools put pages, in the order in which they are looked for.
const USUAL: [&str; 9] = [
    "dist",
    "build/client",
    "build",
    "out",
    ".output/public",
    "_site",
    "storybook-static",
    "www",
    "public",
];

/// The directory with the pages, relative to the app; nothing if no build output has an
/// `index.html`.
pub(crate) fn find(project: &Project) -> Option<String> {
    let candidates = angular(&project.dir)
        .into_iter()
        .flat_map(|output| [format!("{output}/browser"), output])
        .chain(USUAL.map(str::to_owned));
    candidates
        .map(|candidate| project.dir.join(candidate))
        .find(|dir| dir.join("index.html").is_file())
        .map(|dir| project.shown(&dir))
}

/// What `angular.json` names; Angular's own default is `dist` with the name of the project.
fn angular(dir: &Path) -> Vec<String> {
    let Ok(text) = fs_err::read_to_string(dir.join("angular.json")) else { return Vec::new() };
    // Angular itself has just read it, so it is in order, or no pages will be found.
    let settings: Value = serde_json::from_str(&text).unwrap_or_default();
    let projects = settings["projects"].as_object().into_iter().flatten();
    projects
        .map(|(name, project)| {
            let targets = project.get("architect").or_else(|| project.get("targets"));
            let output = targets.map(|targets| &targets["build"]["options"]["outputPath"]);
            let output = output.and_then(|output| output.as_str().or(output["base"].as_str()));
            output.map_or_else(|| format!("dist/{name}"), |path| path.trim_end_matches('/').into())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(files: &[(&str, &str)]) -> Option<String> {
        let app = tempfile::tempdir().unwrap();
        for (path, content) in files {
            let path = app.path().join(path);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, content).unwrap();
        }
        let below = if app.path().join("web").is_dir() { "web" } else { "" };
        find(&Project::read(app.path(), below).unwrap())
    }

    #[test]
    fn the_first_usual_place_with_pages_counts() {
        assert_eq!(root(&[("public/index.html", ""), ("dist/index.html", "")]).unwrap(), "dist");
        assert_eq!(root(&[("public/index.html", ""), ("dist/a.js", "")]).unwrap(), "public");
        assert_eq!(root(&[("web/out/index.html", "")]).unwrap(), "web/out");
        assert_eq!(root(&[("index.html", "")]), None);
    }

    #[test]
    fn angular_says_where() {
        let angular = |options: &str| {
            format!(
                r#"{{"projects": {{"shop": {{"architect": {{"build": {{"options": {options}}}}}}}}}}}"#
            )
        };
        for (options, path) in [
            (r#"{"outputPath": "dist/shop"}"#, "dist/shop"),
            (r#"{"outputPath": "dist/shop"}"#, "dist/shop/browser"),
            (r#"{"outputPath": {"base": "made/", "browser": ""}}"#, "made"),
            ("{}", "dist/shop/browser"),
        ] {
            let page = format!("{path}/index.html");
            let found = root(&[("angular.json", &angular(options)), (&page, "")]);
            assert_eq!(found.as_deref(), Some(path), "{options}");
        }
    }
}
