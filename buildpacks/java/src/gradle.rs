//! How Gradle is run.

use std::path::Path;

use kouti::setting::Arguments;
use kouti::{Explain, Fault, Notice, Problem};

use crate::compile_recipe::{Compile, Patterns, Program, Surroundings};
use crate::gradle_build::newest_java;
use crate::settings;
use crate::shape::chosen;
use crate::tool::Tool;

pub(crate) fn decide(around: &mut Surroundings<'_>) -> Result<Compile, Problem> {
    let env = around.env;
    let program = program(around)?;
    let module = settings::GRADLE_MODULE.read(env)?;
    let mut artifact = Patterns::read(env, &settings::GRADLE_ARTIFACT, module.as_deref())?;
    let mut arguments = Vec::new();
    if let Some(script) = settings::GRADLE_INIT_SCRIPT.read(env)? {
        arguments.extend(["--init-script".to_owned(), script]);
    }
    let file = settings::GRADLE_FILE.read(env)?;
    if let Some(dir) = file.as_deref().map(Path::new).and_then(Path::parent)
        && !dir.as_os_str().is_empty()
    {
        arguments.extend(["--project-dir".to_owned(), dir.display().to_string()]);
    }
    let Arguments(own) = settings::GRADLE_ARGUMENTS.read(env)?;
    let Arguments(more) = settings::GRADLE_MORE_ARGUMENTS.read(env)?;
    arguments.extend(own);
    if !chosen(&settings::GRADLE_ARGUMENTS, env) {
        arguments.push("--build-cache".to_owned());
        if !artifact.chosen {
            let root = module.map(|module| format!("{}/", module.trim_matches('/')));
            install_instead(around, &mut arguments, &mut artifact, &root.unwrap_or_default());
        }
    }
    arguments.extend(more);
    Ok(Compile { tool: Tool::Gradle, program, arguments, artifact, settings_file: None })
}

/// What has no JAR that runs alone is installed with its start script.
fn install_instead(
    around: &Surroundings<'_>,
    arguments: &mut [String],
    artifact: &mut Patterns,
    root: &str,
) {
    let gradle = &around.app.gradle;
    if gradle.plugins.contains(&crate::gradle_build::Plugin::Quarkus) {
        let parts = ["lib/", "*.jar", "app/", "quarkus/"];
        artifact.globs = parts.map(|part| format!("{root}build/quarkus-app/{part}")).into();
        artifact.all = true;
    } else if gradle.wants_install() {
        for word in arguments.iter_mut().filter(|word| *word == "assemble") {
            "installDist".clone_into(word);
        }
        artifact.globs = vec![format!("{root}build/install/*")];
    }
}

fn program(around: &mut Surroundings<'_>) -> Result<Program, Problem> {
    let wanted = settings::GRADLE_VERSION.read(around.env)?;
    if around.app.wrapper.gradlew && wanted.is_none() {
        if !around.app.gradle.has_wrapper_jar {
            return Err(NoWrapperJar.into());
        }
        return Ok(Program::Wrapper);
    }
    if around.is_on_path("gradle") && wanted.is_none() {
        return Ok(Program::OnPath);
    }
    around.notices.push(
        Notice::new("the app has no Gradle wrapper: it may need another Gradle than the one here")
            .hint("run `gradle wrapper`, and commit what it makes"),
    );
    let (version, origin) = match (&wanted, around.app.sdkmanrc.get("gradle")) {
        (Some(version), _) => (version.as_str(), settings::GRADLE_VERSION.declared.name),
        (None, Some(version)) => (version, ".sdkmanrc"),
        (None, None) => ("*", "default"),
    };
    around.install("gradle", "Gradle", version, origin)
}

/// Stops before a Gradle is run that would fail without saying why.
pub(crate) fn check_java(wrapper: Option<&str>, java: u64) -> Result<(), Problem> {
    match wrapper {
        Some(gradle) if newest_java(gradle) < java => {
            Err(TooOld { gradle: gradle.to_owned(), newest: newest_java(gradle), java }.into())
        }
        _ => Ok(()),
    }
}

/// The wrapper script without the program that it runs.
#[derive(Debug, thiserror::Error)]
#[error("gradlew cannot run without gradle/wrapper/gradle-wrapper.jar, which is not in the source")]
struct NoWrapperJar;

impl Explain for NoWrapperJar {
    fn id(&self) -> &'static str {
        "gradle-wrapper-jar-missing"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![
            "commit it: `git add --force gradle/wrapper/gradle-wrapper.jar`; a rule `*.jar` in \
             .gitignore leaves it out"
                .to_owned(),
        ]
    }
}

/// A Gradle that does not know the Java it is to run on.
#[derive(Debug, thiserror::Error)]
#[error("Gradle {gradle} of the wrapper runs on Java {newest} at most, and Java {java} is chosen")]
struct TooOld {
    gradle: String,
    newest: u64,
    java: u64,
}

impl Explain for TooOld {
    fn id(&self) -> &'static str {
        "gradle-too-old"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![
            "raise the wrapper: `gradle wrapper --gradle-version 8.14.3`".to_owned(),
            format!("or set BP_JVM_VERSION={}", supported(self.newest)),
        ]
    }
}

/// The newest line with long-term support that is not newer than this.
fn supported(newest: u64) -> u64 {
    [25, 21, 17, 11].into_iter().find(|line| *line <= newest).unwrap_or(8)
}
