//! The directory that is served.

use std::path::{Path, PathBuf};

use kouti::{Explain, Fault, Problem, tree};

use crate::preset::Preset;

/// What is served if nothing else is said and nothing else is found.
const DEFAULT: &str = "public";

/// Where front-end tools and site generators put what is to be served.
const USUAL: [&str; 10] = [
    "public",
    "dist",
    "build",
    "out",
    "_site",
    "site",
    "htdocs",
    "www",
    ".output/public",
    "storybook-static",
];

/// A directory to be served.
#[derive(Clone, Debug, PartialEq)]
pub struct DocumentRoot {
    /// Where it is in the build.
    pub dir: PathBuf,
    /// As it is written in a configuration: relative to the app, or absolute.
    pub shown: String,
    /// Why it was taken: `BP_WEB_SERVER_ROOT`, `Vite`, `default`.
    pub origin: String,
}

/// The directory is not there.
#[derive(Debug, thiserror::Error)]
#[error("the directory to serve, `{root}` ({origin}), does not exist")]
pub struct NoRoot {
    /// As it was asked for.
    pub root: String,
    /// By whom.
    pub origin: String,
    /// Directories with an index page.
    pub candidates: Vec<String>,
    /// Whether there is a front end that could be built.
    pub has_package_json: bool,
    /// What the tool of the front end has to be told.
    pub advice: Option<&'static str>,
}

impl Explain for NoRoot {
    fn id(&self) -> &'static str {
        "no-document-root"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        let mut hints = Vec::from_iter(self.advice.map(str::to_owned));
        match self.candidates.as_slice() {
            [] if self.advice.is_some() => {}
            [] => hints.push("set BP_WEB_SERVER_ROOT to the directory with the files".to_owned()),
            found => hints.push(format!(
                "set BP_WEB_SERVER_ROOT to one with an index.html: {}",
                found.join(", ")
            )),
        }
        if self.has_package_json && self.advice.is_none() {
            hints.push(
                "set BP_NODE_RUN_SCRIPTS to the script of package.json that makes it".to_owned(),
            );
        }
        hints
    }
}

impl DocumentRoot {
    /// Finds the directory: the one that is set, with who has set it; that of a front-end tool, or a usual one.
    pub fn find(app_dir: &Path, set: Option<(&str, &str)>) -> Result<Self, Problem> {
        if let Some((text, origin)) = set {
            let root = Self::new(app_dir, text, origin);
            return root.existing(app_dir, None);
        }
        if let Some(preset) = Preset::find(app_dir)?
            && let Some(dir) = preset.root(app_dir)
        {
            return Self::new(app_dir, &dir, preset.title).existing(app_dir, preset.advice());
        }
        let found = USUAL.iter().find(|dir| app_dir.join(dir).join("index.html").is_file());
        match found {
            Some(dir) => Ok(Self::new(app_dir, dir, "it has an index.html")),
            None => Self::new(app_dir, DEFAULT, "default").existing(app_dir, None),
        }
    }

    fn new(app_dir: &Path, text: &str, origin: &str) -> Self {
        let path: PathBuf = Path::new(text).components().collect();
        let path = path.strip_prefix(".").map(Path::to_owned).unwrap_or(path);
        let shown = path.display().to_string();
        Self { dir: app_dir.join(&path), shown, origin: origin.to_owned() }
    }

    fn existing(self, app_dir: &Path, advice: Option<&'static str>) -> Result<Self, Problem> {
        if self.dir.is_dir() {
            return Ok(self);
        }
        let candidates = USUAL.iter().filter(|dir| app_dir.join(dir).join("index.html").is_file());
        let mut candidates: Vec<_> = candidates.map(ToString::to_string).collect();
        if app_dir.join("index.html").is_file() {
            candidates.push(".".to_owned());
        }
        Err(NoRoot {
            root: self.shown,
            origin: self.origin,
            candidates,
            has_package_json: app_dir.join("package.json").is_file(),
            advice,
        }
        .into())
    }

    /// Whether it has a page for `/`.
    #[must_use]
    pub fn has_index(&self) -> bool {
        ["index.html", "index.htm", "Default.htm"].iter().any(|name| self.dir.join(name).is_file())
    }

    /// A fingerprint of all names and bytes: what an `ETag` can be made of where every file has
    /// the same date, as in an image.
    pub fn version(&self) -> Result<String, Problem> {
        let mut digest = tree::digest(&self.dir)?;
        digest.truncate(16);
        Ok(digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_can_be_named_in_every_way() {
        let app = tempfile::tempdir().unwrap();
        let dir = app.path().join("build");
        fs_err::create_dir(&dir).unwrap();
        for (text, shown) in [
            ("build", "build"),
            ("./build", "build"),
            ("build/", "build"),
            (dir.to_str().unwrap(), dir.to_str().unwrap()),
        ] {
            let found = DocumentRoot::find(app.path(), Some((text, "BP_WEB_SERVER_ROOT"))).unwrap();
            assert_eq!((found.dir, &*found.shown), (dir.clone(), shown), "{text}");
        }
    }

    #[test]
    fn the_version_changes_with_names_and_bytes() {
        let version = |files: &[(&str, &str)]| {
            let dir = tempfile::tempdir().unwrap();
            for (name, content) in files {
                let path = dir.path().join(name);
                fs_err::create_dir_all(path.parent().unwrap()).unwrap();
                fs_err::write(path, content).unwrap();
            }
            DocumentRoot::new(dir.path(), ".", "test").version().unwrap()
        };
        let first = version(&[("a", "1"), ("b/c", "2")]);
        assert_eq!(first, version(&[("b/c", "2"), ("a", "1")]));
        assert_eq!(first.len(), 16);
        for other in
            [[("a", "2"), ("b/c", "2")], [("a", "1"), ("b/d", "2")], [("a", "12"), ("b/c", "")]]
        {
            assert_ne!(first, version(&other));
        }
    }
}
