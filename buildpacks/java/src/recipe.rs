//! Decisions: facts, settings, plan and catalogue become one plain value.
//!
//! Nothing here touches a file. Two equal recipes give the same image.

use kouti::catalog::{Artifact, Choice};
use kouti::setting::Arguments;
use kouti::{Env, Explain, Fault, Notice, Plan, Problem};
use serde::Serialize;

use crate::app::App;
use crate::compile_recipe::{Compile, Program, Surroundings};
use crate::gradle;
use crate::java_version::{JavaVersion, Kind, Shelf};
use crate::settings::{self, JvmType};
use crate::tool::Tool;

/// Everything that is decided before the app is compiled.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Recipe {
    /// What compiles; nothing where nothing has to be compiled, or somebody else provides it.
    pub(crate) jdk: Option<Choice>,
    /// What runs; nothing if somebody else provides it.
    pub(crate) runtime: Option<Runtime>,
    pub(crate) compile: Option<Compile>,
    /// What the user should know.
    #[serde(skip)]
    pub(crate) notices: Vec<Notice>,
}

/// What runs the app.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Runtime {
    Jre(Box<Choice>),
    /// A JDK in its place.
    Jdk(Box<Choice>),
    /// Made by `jlink` of the JDK.
    Jlink(Jlink),
}

/// How `jlink` is called.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Jlink {
    pub(crate) jdk: Box<Choice>,
    pub(crate) arguments: Vec<String>,
    /// `None` where the arguments name them.
    pub(crate) modules: Option<Modules>,
}

/// Which modules a runtime of `jlink` gets.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Modules {
    /// All of Java, and what tools and servers need of the JDK.
    Usual,
    These(String),
}

impl Runtime {
    /// The choice behind it.
    pub(crate) fn choice(&self) -> &Choice {
        match self {
            Self::Jre(choice) | Self::Jdk(choice) => choice,
            Self::Jlink(jlink) => &jlink.jdk,
        }
    }

    pub(crate) fn artifact(&self) -> &Artifact {
        &self.choice().artifact
    }
}

impl Recipe {
    pub(crate) fn decide(
        app: &App,
        env: &Env,
        plan: &Plan,
        shelf: Shelf<'_>,
    ) -> Result<Self, Problem> {
        if settings::NATIVE_IMAGE.read(env)? == Some(true) {
            return Err(NoNativeImages.into());
        }
        let version = JavaVersion::decide(app, env, plan, shelf)?;
        let mut notices = version.notices.clone();
        let needs_jdk = plan.has("jdk");
        let jdk = needs_jdk.then(|| version.choose(Kind::Jdk, shelf)).transpose()?;
        let runtime = if plan.has("jre") {
            Some(runtime(env, &version, shelf, jdk.as_ref(), &mut notices)?)
        } else {
            None
        };
        let mut around = Surroundings { app, env, shelf, notices };
        let compile = match app.tools() {
            [] => None,
            [tool, others @ ..] => {
                around.notices.extend(several(*tool, others));
                Some(Compile::decide(*tool, &mut around)?)
            }
        };
        if let Some(Compile { tool: Tool::Gradle, program: Program::Wrapper, .. }) = &compile
            && let Some(jdk) = &jdk
        {
            gradle::check_java(app.gradle.wrapper.as_deref(), jdk.artifact.version.major())?;
        }
        Ok(Self { jdk, runtime, compile, notices: around.notices })
    }
}

fn several(tool: Tool, others: &[Tool]) -> Option<Notice> {
    let other = others.first()?;
    Some(
        Notice::new(format!(
            "the app has build files of {} and of {}: {} builds it",
            tool.title(),
            other.title(),
            tool.title()
        ))
        .hint(format!("BP_JAVA_BUILD_TOOL={} takes the other one", other.id())),
    )
}

fn runtime(
    env: &Env,
    version: &JavaVersion,
    shelf: Shelf<'_>,
    jdk: Option<&Choice>,
    notices: &mut Vec<Notice>,
) -> Result<Runtime, Problem> {
    let the_jdk = || jdk.cloned().map_or_else(|| version.choose(Kind::Jdk, shelf), Ok);
    if settings::JLINK_ENABLED.read(env)? {
        return Ok(Runtime::Jlink(jlink(env, the_jdk()?, notices)?));
    }
    let jre = version.choose(Kind::Jre, shelf);
    match settings::JVM_TYPE.read(env)? {
        JvmType::Jdk => {
            let also = if jre.is_ok() { "; a JRE would be enough for most apps" } else { "" };
            notices.push(Notice::new(format!(
                "the image gets a JDK, which gives an attacker more to work with{also}"
            )));
            Ok(Runtime::Jdk(Box::new(the_jdk()?)))
        }
        JvmType::Jre => match jre {
            Ok(jre) => Ok(Runtime::Jre(Box::new(jre))),
            Err(problem) => match the_jdk() {
                Ok(jdk) => {
                    notices.push(Notice::new(format!(
                        "there is no JRE {}: the image gets the JDK",
                        jdk.artifact.version.major()
                    )));
                    Ok(Runtime::Jdk(Box::new(jdk)))
                }
                Err(_) => Err(problem),
            },
        },
    }
}

fn jlink(env: &Env, jdk: Choice, notices: &mut Vec<Notice>) -> Result<Jlink, Problem> {
    let major = jdk.artifact.version.major();
    if major < 9 {
        let origin = jdk.used().map_or_else(String::new, |wanted| wanted.origin.clone());
        return Err(JlinkNeedsNine { version: jdk.artifact.version.to_string(), origin }.into());
    }
    let list = settings::JLINK_MODULES.read(env)?;
    let modules = match list.as_str() {
        "default" => Modules::Usual,
        list => Modules::These(list.to_owned()),
    };
    let Some(Arguments(given)) = settings::JLINK_ARGS.read(env)? else {
        // The plain number is deprecated there.
        let compress = if major >= 21 { "--compress=zip-6" } else { "--compress=1" };
        // The older one needs `objcopy` of the build image.
        let strip = if major >= 13 { "--strip-java-debug-attributes" } else { "--strip-debug" };
        let usual = ["--no-man-pages", "--no-header-files", strip, compress];
        let arguments = usual.map(str::to_owned).into();
        return Ok(Jlink { jdk: Box::new(jdk), arguments, modules: Some(modules) });
    };
    let mut arguments = Vec::new();
    let mut words = given.into_iter();
    while let Some(word) = words.next() {
        if word == "--output" || word.starts_with("--output=") {
            notices.push(Notice::new("--output in BP_JVM_JLINK_ARGS is left out: it is ours"));
            if word == "--output" {
                words.next();
            }
        } else {
            arguments.push(word);
        }
    }
    let named = arguments.iter().any(|word| word.starts_with("--add-modules"));
    Ok(Jlink { jdk: Box::new(jdk), arguments, modules: (!named).then_some(modules) })
}

/// Modules are younger than Java 8.
#[derive(Debug, thiserror::Error)]
#[error("jlink needs Java 9 or later, and Java {version} is chosen ({origin})")]
struct JlinkNeedsNine {
    version: String,
    origin: String,
}

impl Explain for JlinkNeedsNine {
    fn id(&self) -> &'static str {
        "jlink-needs-java-9"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec!["set BP_JVM_VERSION to a later one, or leave BP_JVM_JLINK_ENABLED out".to_owned()]
    }
}

/// Not there yet.
#[derive(Debug, thiserror::Error)]
#[error("BP_NATIVE_IMAGE is true, and this buildpack cannot make native programs yet")]
struct NoNativeImages;

impl Explain for NoNativeImages {
    fn id(&self) -> &'static str {
        "no-native-images"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec!["unset it: the app then runs on a JVM".to_owned()]
    }
}
