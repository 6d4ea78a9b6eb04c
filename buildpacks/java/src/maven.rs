//! How Maven is run.

use kouti::setting::Arguments;
use kouti::{Env, Explain, Fault, Notice, Problem};

use crate::compile_recipe::{Compile, Patterns, Program, Surroundings};
use crate::settings;
use crate::shape::chosen;
use crate::tool::Tool;

pub(crate) fn decide(around: &mut Surroundings<'_>) -> Result<Compile, Problem> {
    let env = around.env;
    let program = program(around)?;
    let module = settings::MAVEN_MODULE.read(env)?;
    let mut artifact = Patterns::read(env, &settings::MAVEN_ARTIFACT, module.as_deref())?;
    let is_untouched = !chosen(&settings::MAVEN_ARGUMENTS, env)
        && !chosen(&settings::MAVEN_ARTIFACT, env)
        && module.is_none()
        && env.given(settings::MAVEN_MORE_ARGUMENTS.declared.name).is_none();
    let mut arguments = arguments(env)?;
    if around.app.pom.is_quarkus() && is_untouched {
        arguments = quarkus_arguments(arguments);
        artifact.globs = ["lib/", "*.jar", "app/", "quarkus/"]
            .map(|part| format!("target/quarkus-app/{part}"))
            .into();
        artifact.all = true;
    }
    Ok(Compile {
        tool: Tool::Maven,
        program,
        arguments,
        artifact,
        settings_file: settings::MAVEN_SETTINGS.read(env)?,
    })
}

fn program(around: &mut Surroundings<'_>) -> Result<Program, Problem> {
    let env = around.env;
    let wrapper = around.app.wrapper.clone();
    if settings::MAVEN_DAEMON.read(env)? {
        let daemon =
            around.install("mvnd", "Maven daemon", "*", settings::MAVEN_DAEMON.declared.name);
        return daemon.map_err(|problem| match problem.id {
            "no-release" => NoDaemon.into(),
            _ => problem,
        });
    }
    if let Some(version) = settings::MAVEN_VERSION.read(env)? {
        return around.install("maven", "Maven", &version, settings::MAVEN_VERSION.declared.name);
    }
    if let Some(version) = around.app.system.get("maven.version") {
        let origin = "system.properties (maven.version)";
        if wrapper.mvnw {
            around.notices.push(Notice::new(format!("{origin} decides, and mvnw is not run")));
        }
        return around.install("maven", "Maven", version, origin);
    }
    if wrapper.mvnw && wrapper.mvnw_properties {
        return Ok(Program::Wrapper);
    }
    if wrapper.mvnw {
        around.notices.push(
            Notice::new(
                "mvnw cannot run without .mvn/wrapper/maven-wrapper.properties: Maven is installed \
                 instead",
            )
            .hint("commit that file; .gitignore may leave it out"),
        );
    }
    if around.is_on_path("mvn") {
        return Ok(Program::OnPath);
    }
    match around.app.sdkmanrc.get("maven") {
        Some(version) => around.install("maven", "Maven", version, ".sdkmanrc"),
        None => around.install("maven", "Maven", "3", "default"),
    }
}

/// The daemon is a native program, which is not made for every platform.
#[derive(Debug, thiserror::Error)]
#[error("BP_MAVEN_DAEMON_ENABLED is true, and there is no Maven daemon for this platform")]
struct NoDaemon;

impl Explain for NoDaemon {
    fn id(&self) -> &'static str {
        "no-maven-daemon"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec!["unset it: Maven itself builds the same".to_owned()]
    }
}

/// In the order of Paketo; settings files go before them when it is run.
fn arguments(env: &Env) -> Result<Vec<String>, Problem> {
    let Arguments(mut own) = match heroku(env) {
        Some(own) => own,
        None => settings::MAVEN_ARGUMENTS.read(env)?,
    };
    let Arguments(more) = settings::MAVEN_MORE_ARGUMENTS.read(env)?;
    own.extend(more);
    let mut arguments = Vec::new();
    // A build has no terminal.
    if !own.iter().any(|word| word == "-B" || word == "--batch-mode") {
        arguments.push("--batch-mode".to_owned());
    }
    let pom = settings::MAVEN_POM.read(env)?;
    if pom != settings::MAVEN_POM.declared.default {
        arguments.extend(["--file".to_owned(), pom]);
    }
    arguments.extend(own);
    if let Some(module) = settings::MAVEN_MODULE.read(env)?
        && settings::MAVEN_ONLY_MODULE.read(env)?
    {
        arguments.extend(["--projects".to_owned(), module, "--also-make".to_owned()]);
    }
    if let Some(profiles) = settings::MAVEN_PROFILES.read(env)? {
        arguments.extend(["-P".to_owned(), profiles]);
    }
    Ok(arguments)
}

/// The variables of Heroku's buildpack, for those who come from there.
fn heroku(env: &Env) -> Option<Arguments> {
    if env.given(settings::MAVEN_ARGUMENTS.declared.name).is_some() {
        return None;
    }
    let goals = env.given("MAVEN_CUSTOM_GOALS");
    let options = env.given("MAVEN_CUSTOM_OPTS");
    if goals.is_none() && options.is_none() {
        return None;
    }
    let options = options.unwrap_or("-Dmaven.test.skip=true --no-transfer-progress");
    let text = format!("{options} {}", goals.unwrap_or("package"));
    shell_words::split(&text).ok().map(Arguments)
}

/// The layout with a directory of libraries; the switch has had two names.
fn quarkus_arguments(mut arguments: Vec<String>) -> Vec<String> {
    arguments.push("-Dquarkus.package.type=fast-jar".to_owned());
    arguments.push("-Dquarkus.package.jar.type=fast-jar".to_owned());
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(pairs: &[(&str, &str)]) -> String {
        arguments(&pairs.iter().copied().collect()).unwrap().join(" ")
    }

    #[test]
    fn arguments_stand_in_the_order_of_paketo() {
        assert_eq!(line(&[]), "--batch-mode -Dmaven.test.skip=true --no-transfer-progress package");
        assert_eq!(
            line(&[
                ("BP_MAVEN_POM_FILE", "sub/pom.xml"),
                ("BP_MAVEN_BUILD_ARGUMENTS", "-B verify '-Da=b c'"),
                ("BP_MAVEN_ADDITIONAL_BUILD_ARGUMENTS", "-X"),
                ("BP_MAVEN_BUILT_MODULE", "web"),
                ("BP_MAVEN_BUILD_ONLY_MODULE", "true"),
                ("BP_MAVEN_ACTIVE_PROFILES", "p1,!p2,?p3"),
            ]),
            "--file sub/pom.xml -B verify -Da=b c -X --projects web --also-make -P p1,!p2,?p3"
        );
        assert_eq!(
            line(&[("MAVEN_CUSTOM_GOALS", "install"), ("MAVEN_CUSTOM_OPTS", "-DskipTests")]),
            "--batch-mode -DskipTests install"
        );
    }
}
