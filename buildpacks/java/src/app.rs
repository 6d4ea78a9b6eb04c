//! Facts: what the app is, read once from its files. Both phases start here.

use std::path::{Path, PathBuf};

use kouti::{Context, Problem};

use crate::gradle_build::GradleBuild;
use crate::jar;
use crate::manifest::Manifest;
use crate::pom::Pom;
use crate::settings;
use crate::shape::{self, Seen, Shape};
use crate::tool::Tool;
use crate::version_file::{Properties, Wish, wishes};

/// The app before anything is built.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct App {
    pub(crate) dir: PathBuf,
    pub(crate) seen: Seen,
    /// What asks for a version of Java, the one that counts first.
    pub(crate) wishes: Vec<Wish>,
    pub(crate) sdkmanrc: Properties,
    pub(crate) system: Properties,
    pub(crate) pom: Pom,
    pub(crate) gradle: GradleBuild,
    pub(crate) wrapper: Wrapper,
    pub(crate) front_end: Option<FrontEnd>,
}

/// The scripts that run a tool in the version that the app wants.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Wrapper {
    pub(crate) mvnw: bool,
    pub(crate) mvnw_properties: bool,
    pub(crate) gradlew: bool,
}

/// How packages of a front end are installed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum FrontEnd {
    Npm,
    Pnpm,
    Yarn,
}

impl App {
    pub(crate) fn read(context: &Context) -> Result<Self, Problem> {
        let (dir, env) = (&context.app_dir, &context.env);
        let seen = shape::of_source(dir, env)?;
        let sdkmanrc = Properties::sdkmanrc(dir)?;
        let system = Properties::system(dir)?;
        let mut app = Self { dir: dir.clone(), seen, ..Self::default() };
        app.wishes = wishes(dir, &system, &sdkmanrc)?;
        if app.is_source() {
            app.pom = Pom::read(&dir.join(settings::MAVEN_POM.read(env)?));
            let module = settings::GRADLE_MODULE.read(env)?;
            app.gradle = GradleBuild::read(dir, module.as_deref());
            app.wishes.extend(app.of_build_file());
        } else {
            app.wishes.extend(manifest(&app.seen).as_ref().and_then(of_manifest));
        }
        let is = |path: &str| dir.join(path).is_file();
        app.wrapper = Wrapper {
            mvnw: is("mvnw"),
            mvnw_properties: is(".mvn/wrapper/maven-wrapper.properties"),
            gradlew: is("gradlew"),
        };
        let front_end = settings::NODE_PROJECT_PATH.read(env)?.unwrap_or_default();
        app.front_end = front_end_in(&dir.join(front_end));
        Ok(Self { sdkmanrc, system, ..app })
    }

    pub(crate) fn is_source(&self) -> bool {
        matches!(self.seen.shape, Some(Shape::Source(_)))
    }

    /// The tool that builds it, the others that could.
    pub(crate) fn tools(&self) -> &[Tool] {
        match &self.seen.shape {
            Some(Shape::Source(tools)) => tools,
            _ => &[],
        }
    }

    fn of_build_file(&self) -> Option<Wish> {
        match self.tools().first()? {
            Tool::Maven => {
                let (version, name) = self.pom.java()?;
                Some(Wish::compiled_for(&version, &format!("pom.xml ({name})")))
            }
            Tool::Gradle => Some(Wish::compiled_for(self.gradle.java.as_ref()?, "build.gradle")),
            Tool::Sbt => None,
        }
    }
}

fn manifest(seen: &Seen) -> Option<Manifest> {
    match seen.shape.as_ref()? {
        Shape::ExplodedJar(manifest) | Shape::JarFile(jar::Jar { manifest, .. }) => {
            Some(manifest.clone())
        }
        _ => None,
    }
}

/// The Java that compiled it: only its major version says something.
fn of_manifest(manifest: &Manifest) -> Option<Wish> {
    let text = manifest.get("Build-Jdk-Spec").or_else(|| manifest.get("Build-Jdk"))?;
    let text = text.strip_prefix("1.").unwrap_or(text);
    let major: String = text.chars().take_while(char::is_ascii_digit).collect();
    (!major.is_empty()).then(|| Wish::compiled_for(&major, "manifest (Build-Jdk-Spec)"))
}

fn front_end_in(dir: &Path) -> Option<FrontEnd> {
    if dir.join("yarn.lock").is_file() {
        Some(FrontEnd::Yarn)
    } else if dir.join("pnpm-lock.yaml").is_file() {
        Some(FrontEnd::Pnpm)
    } else {
        dir.join("package.json").is_file().then_some(FrontEnd::Npm)
    }
}
