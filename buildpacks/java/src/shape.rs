//! What makes a directory a Java app, and of which kind.

use std::path::{Path, PathBuf};

use kouti::setting::{Arguments, BadSetting};
use kouti::{Env, Explain, Fault, Globs, Problem};

use crate::dist_zip::{self, Script};
use crate::jar::{self, Jar, Search};
use crate::manifest::Manifest;
use crate::settings;
use crate::tool::Tool;

/// What is there to run or to build.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shape {
    /// An unpacked JAR: `META-INF/MANIFEST.MF` names a main class.
    ExplodedJar(Manifest),
    /// An unpacked WAR: there is `WEB-INF`.
    ExplodedWar,
    /// WARs, relative to the app.
    Wars(Vec<PathBuf>),
    /// Source for one of these tools.
    Source(Vec<Tool>),
    /// A JAR that can be started.
    JarFile(Jar),
    /// A distribution with a start script.
    DistZip(Script),
}

/// A shape, and what else was seen on the way.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Seen {
    pub(crate) shape: Option<Shape>,
    pub(crate) search: Search,
    /// Start scripts that are too many.
    pub(crate) scripts: Vec<PathBuf>,
}

/// Looks at an app before anything is built. The first shape that fits counts.
pub(crate) fn of_source(app_dir: &Path, env: &Env) -> Result<Seen, Problem> {
    if let Some(shape) = exploded(app_dir, env)? {
        return Ok(Seen { shape: Some(shape), ..Seen::default() });
    }
    let tools = tools(app_dir, env)?;
    if !tools.is_empty() {
        return Ok(Seen { shape: Some(Shape::Source(tools)), ..Seen::default() });
    }
    of_files(app_dir, env)
}

/// Looks at what a build has left.
pub(crate) fn of_built(app_dir: &Path, env: &Env) -> Result<Seen, Problem> {
    if let Some(shape) = exploded(app_dir, env)? {
        return Ok(Seen { shape: Some(shape), ..Seen::default() });
    }
    of_files(app_dir, env)
}

fn exploded(app_dir: &Path, env: &Env) -> Result<Option<Shape>, Problem> {
    let is_war = app_dir.join("WEB-INF").is_dir();
    let server = settings::APP_SERVER.read(env)?;
    let manifest = Manifest::of_dir(app_dir)?;
    if let Some(manifest) = manifest.filter(|manifest| manifest.main_class().is_some())
        && !(is_war && server.as_deref() == Some("tomcat"))
    {
        return Ok(Some(Shape::ExplodedJar(manifest)));
    }
    Ok(is_war.then_some(Shape::ExplodedWar))
}

fn of_files(app_dir: &Path, env: &Env) -> Result<Seen, Problem> {
    let mut wars = names_in(app_dir)?;
    wars.retain(|name| name.extension().is_some_and(|extension| extension == "war"));
    if !wars.is_empty() {
        return Ok(Seen { shape: Some(Shape::Wars(wars)), ..Seen::default() });
    }
    let search = search(app_dir, env)?;
    let pattern = settings::APPLICATION_SCRIPT.read(env)?;
    let is_default = pattern == settings::APPLICATION_SCRIPT.declared.default;
    let mut scripts = dist_zip::find(app_dir, &pattern, is_default)?;
    if let Some(found) = search.found.clone() {
        // A library of a distribution may have a main class too; the script is how it is meant to start.
        let named = env.given(settings::JAR_LOCATION.declared.name).is_some();
        let is_library = |script: &Script| {
            dist_zip::libraries(&script.path).is_some_and(|dir| found.path.starts_with(dir))
        };
        if named || scripts.len() != 1 || !scripts.iter().all(is_library) {
            return Ok(Seen { shape: Some(Shape::JarFile(found)), search, scripts: Vec::new() });
        }
    }
    let shape = match scripts.len() {
        1 => scripts.pop().map(Shape::DistZip),
        _ => None,
    };
    let scripts = scripts.into_iter().map(|script| script.path).collect();
    Ok(Seen { shape, search, scripts })
}

/// The JAR that a setting names, else the first one that can be started.
fn search(app_dir: &Path, env: &Env) -> Result<Search, Problem> {
    let Some(pattern) = settings::JAR_LOCATION.read(env)? else {
        return Ok(jar::search(app_dir, None));
    };
    let globs = Globs::parse(settings::JAR_LOCATION.declared.name, &pattern)?;
    let search = jar::search(app_dir, Some(&|path| globs.covers(path)));
    match search.found {
        None => Err(NoJarThere { pattern }.into()),
        Some(_) => Ok(search),
    }
}

/// The tools for which there is something to build, the one that counts first.
fn tools(app_dir: &Path, env: &Env) -> Result<Vec<Tool>, Problem> {
    let mut tools = Vec::new();
    if has_maven(app_dir, env)? {
        tools.push(Tool::Maven);
    }
    if has_gradle(app_dir, env)? {
        tools.push(Tool::Gradle);
    }
    if has_sbt(app_dir)? {
        tools.push(Tool::Sbt);
    }
    let Some(wanted) = settings::BUILD_TOOL.read(env)? else {
        // A stable sort: those with a wrapper first.
        tools.sort_by_key(|tool| {
            !tool.wrapper().is_some_and(|wrapper| app_dir.join(wrapper).is_file())
        });
        return Ok(tools);
    };
    let bad = || BadSetting {
        name: settings::BUILD_TOOL.declared.name,
        value: wanted.clone(),
        form: "maven, gradle or sbt",
    };
    let wanted = Tool::parse(&wanted).ok_or_else(bad)?;
    tools.retain(|tool| *tool == wanted);
    if tools.is_empty() {
        return Err(NoBuildFile { tool: wanted }.into());
    }
    Ok(tools)
}

fn has_maven(app_dir: &Path, env: &Env) -> Result<bool, Problem> {
    let pom = settings::MAVEN_POM.read(env)?;
    if app_dir.join(&pom).is_file() {
        return Ok(true);
    }
    if pom != settings::MAVEN_POM.declared.default {
        return Err(MissingFile { setting: settings::MAVEN_POM.declared.name, path: pom }.into());
    }
    let polyglot = ["atom", "clj", "groovy", "rb", "scala", "yaml", "yml"];
    Ok(polyglot.iter().any(|extension| app_dir.join(format!("pom.{extension}")).is_file())
        || app_dir.join(".mvn/extensions.xml").is_file())
}

fn has_gradle(app_dir: &Path, env: &Env) -> Result<bool, Problem> {
    if let Some(path) = settings::GRADLE_FILE.read(env)? {
        return if app_dir.join(&path).is_file() {
            Ok(true)
        } else {
            Err(MissingFile { setting: settings::GRADLE_FILE.declared.name, path }.into())
        };
    }
    let files = ["build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts"];
    Ok(files.iter().any(|file| app_dir.join(file).is_file()))
}

fn has_sbt(app_dir: &Path) -> Result<bool, Problem> {
    let is = |path: &PathBuf, wanted: &str| path.extension().is_some_and(|found| found == wanted);
    if names_in(app_dir)?.iter().any(|name| is(name, "sbt") && app_dir.join(name).is_file()) {
        return Ok(true);
    }
    let project = app_dir.join("project");
    Ok(project.join("build.properties").is_file()
        || (project.is_dir() && names_in(&project)?.iter().any(|name| is(name, "scala"))))
}

fn names_in(dir: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut names = Vec::new();
    for entry in fs_err::read_dir(dir)? {
        names.push(PathBuf::from(entry?.file_name()));
    }
    names.sort();
    Ok(names)
}

/// A setting names a build file that is not there.
#[derive(Debug, thiserror::Error)]
#[error("{setting} is `{path}`, and the app has no such file")]
struct MissingFile {
    setting: &'static str,
    path: String,
}

impl Explain for MissingFile {
    fn id(&self) -> &'static str {
        "build-file-missing"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![format!("correct {}: it is relative to the app", self.setting)]
    }
}

/// The tool that is asked for has nothing to build.
#[derive(Debug, thiserror::Error)]
#[error("BP_JAVA_BUILD_TOOL is `{}`, and the app has no build file of {}", .tool.id(), .tool.title())]
struct NoBuildFile {
    tool: Tool,
}

impl Explain for NoBuildFile {
    fn id(&self) -> &'static str {
        "no-build-file"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec!["name the tool that the app is built with, or unset it".to_owned()]
    }
}

/// Nothing that could be started is where the setting says.
#[derive(Debug, thiserror::Error)]
#[error("no JAR with a main class fits BP_EXECUTABLE_JAR_LOCATION, `{pattern}`")]
struct NoJarThere {
    pattern: String,
}

impl Explain for NoJarThere {
    fn id(&self) -> &'static str {
        "no-jar-at-location"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec!["name a JAR relative to the app whose manifest has a Main-Class".to_owned()]
    }
}

/// Whether a setting with a default was set by the user.
pub(crate) fn chosen(setting: &kouti::Setting<Arguments>, env: &Env) -> bool {
    env.given(setting.declared.name).is_some()
}
