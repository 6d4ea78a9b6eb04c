//! Front-end tools, and what their builds leave to be served.

use std::path::Path;

use kouti::Problem;
use serde::Deserialize;

use crate::settings as set;

/// What is known of a tool.
#[derive(Clone, Debug)]
pub struct Preset {
    /// `Vite`.
    pub title: &'static str,
    dir: Dir,
    /// Whether the app routes in the browser.
    pub push_state: bool,
    /// Whether its pages are linked without `.html`.
    pub clean_urls: bool,
    /// Files whose names change with their content.
    pub immutable: &'static [&'static str],
}

#[derive(Clone, Copy, Debug)]
enum Dir {
    Fixed(&'static str),
    /// `dist/<project>`, or `browser` below it.
    Angular,
}

/// Dependencies in the order in which they count: many tools are made with the last one.
const ALL: &[(&str, Preset)] = &[
    ("@angular/cli", angular()),
    ("@angular/build", angular()),
    ("next", pages("Next.js", "out", &["/_next/**"])),
    ("nuxt", pages("Nuxt", ".output/public", &["/_nuxt/**"])),
    ("astro", pages("Astro", "dist", &["/_astro/**"])),
    ("@sveltejs/adapter-static", pages("SvelteKit", "build", &["/_app/immutable/**"])),
    ("gatsby", pages("Gatsby", "public", &["/static/**"])),
    ("react-scripts", browser("Create React App", "build", &["/static/**"])),
    ("ember-cli", browser("Ember", "dist", &["/assets/**"])),
    ("@vue/cli-service", browser("Vue CLI", "dist", &["/js/**", "/css/**", "/img/**"])),
    ("vite", browser("Vite", "dist", &["/assets/**"])),
];

const fn angular() -> Preset {
    Preset {
        title: "Angular",
        dir: Dir::Angular,
        push_state: true,
        clean_urls: false,
        immutable: &[],
    }
}

const fn pages(
    title: &'static str,
    dir: &'static str,
    immutable: &'static [&'static str],
) -> Preset {
    Preset { title, dir: Dir::Fixed(dir), push_state: false, clean_urls: true, immutable }
}

const fn browser(
    title: &'static str,
    dir: &'static str,
    immutable: &'static [&'static str],
) -> Preset {
    Preset { title, dir: Dir::Fixed(dir), push_state: true, clean_urls: false, immutable }
}

/// Those whose build makes a server: there is nothing to serve without it.
const SERVERS: [&str; 8] = [
    "@angular/ssr",
    "@astrojs/node",
    "@react-router/serve",
    "@remix-run/node",
    "@remix-run/serve",
    "@sveltejs/adapter-node",
    "express",
    "fastify",
];

#[derive(Default, Deserialize)]
struct PackageJson {
    #[serde(default)]
    dependencies: serde_json::Map<String, serde_json::Value>,
    #[serde(default, rename = "devDependencies")]
    dev_dependencies: serde_json::Map<String, serde_json::Value>,
    #[serde(default)]
    scripts: serde_json::Map<String, serde_json::Value>,
}

impl PackageJson {
    /// What cannot be read is told by who builds it.
    fn read(app_dir: &Path) -> Result<Option<Self>, Problem> {
        let path = app_dir.join("package.json");
        if !path.is_file() {
            return Ok(None);
        }
        let text = fs_err::read(path)?;
        Ok(serde_json::from_slice(&text).ok())
    }

    fn depends_on(&self, name: &str) -> bool {
        self.dependencies.contains_key(name) || self.dev_dependencies.contains_key(name)
    }
}

impl Preset {
    /// The tool that an app is made with.
    pub fn find(app_dir: &Path) -> Result<Option<Self>, Problem> {
        let package = PackageJson::read(app_dir)?;
        Ok(package.and_then(|package| Self::of(&package)))
    }

    /// The tool of an app that has nothing but a front end: a build script, and no server of its own.
    pub fn find_front_end(app_dir: &Path) -> Result<Option<Self>, Problem> {
        let Some(package) = PackageJson::read(app_dir)? else { return Ok(None) };
        let has_server = package.scripts.contains_key("start") && !starts_a_tool(&package)
            || SERVERS.iter().any(|name| package.depends_on(name));
        if has_server || !package.scripts.contains_key("build") {
            return Ok(None);
        }
        Ok(Self::of(&package))
    }

    /// What goes without saying for such a site, as a user would write it.
    #[must_use]
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        let mut settings = Vec::new();
        if self.push_state {
            settings.push((set::PUSH_STATE.declared.name, "true".to_owned()));
        }
        if self.clean_urls {
            settings.push((set::CLEAN_URLS.declared.name, "true".to_owned()));
        }
        if !self.immutable.is_empty() {
            settings.push((set::IMMUTABLE, self.immutable.join(",")));
        }
        settings
    }

    fn of(package: &PackageJson) -> Option<Self> {
        let found = ALL.iter().find(|(name, _)| package.depends_on(name));
        found.map(|(_, preset)| preset.clone())
    }

    /// What a tool that makes servers too has to be told, if its pages are not there.
    pub(crate) fn advice(&self) -> Option<&'static str> {
        match self.title {
            "Next.js" => Some(
                "set `output: \"export\"` in the configuration of Next.js, or leave BP_WEB_SERVER \
                 out to run its server",
            ),
            "Nuxt" => Some("let the build script run `nuxt generate`"),
            _ => None,
        }
    }

    /// The directory, relative to the app; `None` if it cannot be told before the build.
    #[must_use]
    pub fn root(&self, app_dir: &Path) -> Option<String> {
        match self.dir {
            Dir::Fixed(dir) => Some(dir.to_owned()),
            Dir::Angular => {
                let entries = fs_err::read_dir(app_dir.join("dist")).ok()?;
                let dirs = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
                let mut dirs: Vec<_> = dirs.map(|name| format!("dist/{name}")).collect();
                dirs.sort();
                let with_browser = dirs.iter().map(|dir| format!("{dir}/browser"));
                let has_index = |dir: &String| app_dir.join(dir).join("index.html").is_file();
                with_browser.chain(dirs.iter().cloned()).find(has_index)
            }
        }
    }
}

/// `start` is what a tool's template puts there for development.
fn starts_a_tool(package: &PackageJson) -> bool {
    let start = package.scripts.get("start").and_then(|script| script.as_str());
    start.is_some_and(|start| {
        [
            "ng serve",
            "react-scripts start",
            "vite",
            "vue-cli-service serve",
            "ember serve",
            "gatsby develop",
            "astro dev",
        ]
        .iter()
        .any(|tool| start.starts_with(tool))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(package: &str, front_end: bool) -> Option<&'static str> {
        let dir = tempfile::tempdir().unwrap();
        fs_err::write(dir.path().join("package.json"), package).unwrap();
        let find = if front_end { Preset::find_front_end } else { Preset::find };
        find(dir.path()).unwrap().map(|preset| preset.title)
    }

    #[test]
    fn the_tool_that_is_made_with_another_wins() {
        let package = r#"{"devDependencies": {"vite": "7", "astro": "5"}}"#;
        assert_eq!(found(package, false), Some("Astro"));
        assert_eq!(found(r#"{"dependencies": {"express": "5"}}"#, false), None);
        assert_eq!(found("{", false), None);
    }

    #[test]
    fn what_has_a_server_is_no_front_end() {
        let package = |scripts: &str, more: &str| {
            format!(r#"{{"scripts": {{{scripts}}}, "devDependencies": {{"vite": "7"{more}}}}}"#)
        };
        let build = r#""build": "vite build""#;
        assert_eq!(found(&package(build, ""), true), Some("Vite"));
        assert_eq!(found(&package("", ""), true), None);
        assert_eq!(found(&package(build, r#", "express": "5""#), true), None);
        let start = format!(r#"{build}, "start": "node server.js""#);
        assert_eq!(found(&package(&start, ""), true), None);
        let start = format!(r#"{build}, "start": "vite""#);
        assert_eq!(found(&package(&start, ""), true), Some("Vite"));
    }
}
