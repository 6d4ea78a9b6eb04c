//! Whether Node.js has a part in the build or in the app.

use std::collections::BTreeSet;
use std::path::Path;

use kouti::sbom::Document;
use kouti_node::{Packages, Scope};
use serde_json::Value;

use crate::app::App;
use crate::settings::{Node, Settings};
use crate::source::Source;
use crate::source_text::{decode, dir_of, joined};
use crate::trouble::Trouble;

/// What the app needs of Node.js.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct NodeNeeds {
    /// The build runs `node`.
    pub(crate) node: bool,
    /// The build runs a package manager.
    pub(crate) npm: bool,
    /// The app runs `node`.
    pub(crate) launch: bool,
    /// Version that the front end asks for, and the file that says so.
    pub(crate) version: Option<(String, String)>,
}

/// Packages that start Node.js from the app.
const LAUNCH_PACKAGES: [&str; 3] = [
    "microsoft.aspnetcore.nodeservices",
    "microsoft.aspnetcore.spaservices",
    "jering.javascript.nodejs",
];

/// Programs that come with Node.js or need it.
const MANAGERS: [&str; 5] = ["npm", "npx", "yarn", "pnpm", "bun"];

impl NodeNeeds {
    pub(crate) fn of(app_dir: &Path, source: &Source) -> Result<Self, Trouble> {
        let mut needs = Self::default();
        if !source.frontends.is_empty() {
            needs.npm = true;
        }
        for project in source.all() {
            for word in project.file.commands.iter().flat_map(|command| programs(command)) {
                needs.npm |= MANAGERS.contains(&word);
                needs.node |= word == "node";
            }
            needs.launch |=
                LAUNCH_PACKAGES.iter().any(|package| project.file.packages.contains(*package));
            if let Some(root) = project.property("SpaRoot")
                && let Some(root) = joined(project.dir(), &root)
            {
                needs.npm |= app_dir.join(&root).join("package.json").is_file();
                needs.version = needs.version.or(version(app_dir, &root)?);
            }
        }
        needs.node |= needs.npm;
        Ok(needs)
    }

    /// Whether the build is to find Node.js: because of what the app is, or of what the user says.
    pub(crate) fn in_build(&self, settings: &Settings) -> bool {
        match settings.node {
            Node::No => false,
            Node::Auto => self.node || self.launch,
            Node::Build | Node::Launch => true,
        }
    }

    /// Whether the build may run it, so that more than the source decides what comes of it.
    pub(crate) fn runs_in_build(&self, settings: &Settings) -> bool {
        self.node || matches!(settings.node, Node::Build | Node::Launch)
    }
}

/// The npm packages that front ends were built with.
pub(crate) fn front_ends(app: &App, source: &Source, found_by: &str) -> Vec<Document> {
    let in_spa_roots =
        source.all().filter_map(|project| joined(project.dir(), &project.property("SpaRoot")?));
    let dirs: BTreeSet<String> =
        in_spa_roots.chain(source.frontends.iter().map(|path| dir_of(path).to_owned())).collect();
    let of_dir = |dir: &String| {
        let path = app.root.join(dir);
        let packages = Packages::recorded(&path).or_else(|| Packages::locked(&path))?;
        let of = |scope| packages.document(scope, dir, found_by);
        Some([of(Scope::Production), of(Scope::Development)])
    };
    dirs.iter().filter_map(of_dir).flatten().collect()
}

/// The first word of each part of a command line: `cd ui && npm ci` runs `cd` and `npm`.
fn programs(command: &str) -> impl Iterator<Item = &str> {
    command
        .split(['&', '|', ';', '\n'])
        .filter_map(|part| part.split_whitespace().next())
        .map(|word| word.trim_matches(['"', '\'']))
}

/// `engines.node` of the front end, or its file for version managers.
fn version(app_dir: &Path, root: &str) -> Result<Option<(String, String)>, Trouble> {
    let dir = app_dir.join(root);
    let package = dir.join("package.json");
    if package.is_file() {
        // npm is the judge of a broken file.
        let parsed: Value =
            serde_json::from_str(&decode(&fs_err::read(package)?)).unwrap_or_default();
        if let Some(range) = parsed["engines"]["node"].as_str() {
            return Ok(Some((range.to_owned(), format!("{root}/package.json (engines.node)"))));
        }
    }
    for name in [".nvmrc", ".node-version"] {
        let path = dir.join(name);
        if path.is_file() {
            let text = decode(&fs_err::read(path)?).trim().to_owned();
            return Ok(Some((text, format!("{root}/{name}"))));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_word_of_each_part_is_a_program() {
        let words: Vec<_> = programs("cd ui && npm ci; \"node\" x.js || echo npm").collect();
        assert_eq!(words, ["cd", "npm", "node", "echo"]);
    }
}
