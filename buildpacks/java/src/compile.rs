//! Runs the build tool, and puts what it made in the place of the source.

use std::path::{Path, PathBuf};
use std::thread;

use kouti::fetch::{Unpack, unpack_own};
use kouti::{
    BuildContext, Command, Env, Fault, Globs, Keep, Layer, LayerEnv, Log, Notice, Problem, Pruning,
    Scope, Uses,
};
use serde::Serialize;

use crate::compile_recipe::{Compile, Program};
use crate::dependencies::{self, Watch};
use crate::jvm::Java;
use crate::settings;
use crate::tool::Tool;
use crate::tool_settings::ToolSettings;
use crate::{artifact, downloads, failure, jar, proxy, tree};

/// Everything that decides what comes of a build.
#[derive(Serialize)]
struct Key<'a> {
    tool: Tool,
    program: String,
    arguments: String,
    artifact: String,
    files: String,
    java: &'a str,
    settings: String,
    options: String,
}

/// Name of the one thing that was built, in the layer.
const ONE: &str = "application.zip";

/// Afterwards the app's directory holds what is to run.
pub(crate) fn run(
    context: &BuildContext,
    log: &mut Log,
    compile: &Compile,
    java: &mut Java<'_>,
    java_version: &str,
) -> Result<(), Problem> {
    let settings = ToolSettings::read(context, compile)?;
    let key = Key {
        tool: compile.tool,
        program: compile.program.identity(context),
        arguments: shell_words::join(&compile.arguments),
        artifact: compile.artifact.globs.join(" "),
        // Before the tool writes anything there.
        files: kouti::tree::digest(&context.app_dir)?,
        java: java_version,
        settings: settings.digest.clone(),
        options: kouti::sha256(options(&context.env)),
    };
    let layer = Layer {
        name: "application",
        title: "application".to_owned(),
        uses: Uses::CACHE,
        key,
        env: LayerEnv::new(),
        sbom: None,
    };
    if settings::FORCE_BUILD.read(&context.env)? {
        context.layers.discard(layer.name)?;
    }
    let made = context.layers.ensure(log, &layer, |dir, log| {
        let before = artifact::Before::look(&context.app_dir, compile);
        let cache = call(context, log, compile, java, &settings)?;
        // A walk over thousands of files, while what was built is copied.
        thread::scope(|scope| {
            let tidying = scope.spawn(|| dependencies::tidy(compile.tool, &cache));
            let selection = artifact::select(&context.app_dir, compile, &before)?;
            for notice in selection.notices {
                log.warn(notice);
            }
            store(&context.app_dir, &selection.paths, dir)?;
            Ok(tidying.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?)
        })
    })?;
    clean(context, log)?;
    leave_the_rest(context, log)?;
    restore(&made.dir, &context.app_dir)
}

/// The same settings are read by the buildpack that removes source: it would remove what was built.
fn leave_the_rest(context: &BuildContext, log: &mut Log) -> Result<(), Problem> {
    let env = &context.env;
    if settings::INCLUDE.read(env)?.is_empty() && settings::EXCLUDE.read(env)?.is_empty() {
        return Ok(());
    }
    let layer = Layer {
        name: "source-removed",
        title: "note that the source is removed".to_owned(),
        uses: Uses::BUILD,
        key: std::collections::BTreeMap::from([("removed", true)]),
        env: LayerEnv::new().override_value(Scope::Build, "KOUTI_SOURCE_REMOVED", "true"),
        sbom: None,
    };
    context.layers.ensure(log, &layer, |_, _| Ok(())).map(|_| ())
}

/// Variables with options of the tools.
fn options(env: &Env) -> String {
    ["MAVEN_OPTS", "GRADLE_OPTS", "SBT_OPTS", "JAVA_TOOL_OPTIONS", "MAVEN_ARGS"]
        .map(|name| env.get(name).unwrap_or_default())
        .join("\n")
}

impl Program {
    /// What tells it from another version of the tool.
    fn identity(&self, context: &BuildContext) -> String {
        match self {
            Self::Own(choice) => choice.artifact.version.to_string(),
            // Its files are among those of the app.
            Self::Wrapper => "wrapper".to_owned(),
            Self::OnPath => context.env.get("PATH").unwrap_or_default().to_owned(),
        }
    }
}

/// Runs the tool, and gives the directory of its dependencies. After a failure that is tidied already.
fn call(
    context: &BuildContext,
    log: &mut Log,
    compile: &Compile,
    java: &mut Java<'_>,
    settings: &ToolSettings,
) -> Result<PathBuf, Problem> {
    let (_, env) = java.jdk(log)?;
    let mut env = env.clone();
    let program = install(context, log, compile, &mut env)?;
    let cache = cache(context, log, compile.tool)?;
    use_cache(compile.tool, &cache, &mut env);
    proxy::tell(compile.tool, &mut env);
    settings.put_in_place(&context.app_dir, &cache)?;
    let command: Command = context
        .command(&program, &context.app_dir, &env)
        .args(settings.arguments.iter().cloned())
        .args(compile.arguments.iter().cloned());
    let watch = Watch::begin(compile.tool, &cache);
    let result = command.run(log);
    settings.take_away(&cache)?;
    if let Err(failed) = result {
        // Its dependencies stay: a build that fails has not read all that it needs.
        dependencies::tidy(compile.tool, &cache)?;
        return Err(failure::explain(failed, compile, java_home_version(&env)));
    }
    let freed = watch.end();
    if freed > 0 {
        let size = kouti::bytes(freed);
        log.step(&format!("Removing {size} of dependencies that are no longer used"));
    }
    Ok(cache)
}

fn java_home_version(env: &Env) -> Option<u64> {
    env.given("JAVA_HOME").and_then(|home| kouti_java::runtime::major(Path::new(home)))
}

/// The program to run: installed if it is ours, made runnable if it is the app's.
fn install(
    context: &BuildContext,
    log: &mut Log,
    compile: &Compile,
    env: &mut Env,
) -> Result<String, Problem> {
    let tool = compile.tool;
    match &compile.program {
        Program::OnPath => Ok(match tool {
            Tool::Maven => "mvn".to_owned(),
            _ => tool.id().to_owned(),
        }),
        Program::Wrapper => {
            let script = tool.wrapper().unwrap_or_default();
            let properties = match tool {
                Tool::Maven => ".mvn/wrapper/maven-wrapper.properties",
                _ => "gradle/wrapper/gradle-wrapper.properties",
            };
            for file in [script, properties] {
                remove_carriage_returns(&context.app_dir.join(file), log)?;
            }
            tree::make_executable(&context.app_dir.join(script))?;
            Ok(format!("./{script}"))
        }
        Program::Own(choice) => {
            let artifact = &choice.artifact;
            let (name, keep) = match tool {
                Tool::Maven => ("maven", "maven-download"),
                Tool::Gradle => ("gradle", "gradle-download"),
                Tool::Sbt => ("sbt", "sbt-download"),
            };
            let layer = Layer {
                name,
                title: artifact.title(),
                uses: Uses::BUILD,
                key: [("checksum", artifact.checksum.to_string())]
                    .into_iter()
                    .collect::<std::collections::BTreeMap<_, _>>(),
                env: LayerEnv::new(),
                sbom: Some(context.document(artifact)),
            };
            let made = context.layers.ensure(log, &layer, |dir, log| {
                downloads::unpack_for_build(context, artifact, keep, &Unpack::into(dir), log)
            })?;
            made.apply(env);
            let program = match (tool, artifact.id.as_str()) {
                (Tool::Maven, "mvnd") => "mvnd",
                (Tool::Maven, _) => "mvn",
                _ => tool.id(),
            };
            Ok(program.to_owned())
        }
    }
}

/// Scripts from Windows: a shell takes the signs for part of a name.
fn remove_carriage_returns(path: &Path, log: &mut Log) -> std::io::Result<()> {
    let Ok(mut bytes) = fs_err::read(path) else { return Ok(()) };
    if bytes.contains(&b'\r') {
        log.debug(&format!("{}: line ends of Windows removed", path.display()));
        bytes.retain(|byte| *byte != b'\r');
        fs_err::write(path, bytes)?;
    }
    Ok(())
}

fn cache(context: &BuildContext, log: &mut Log, tool: Tool) -> Result<PathBuf, Problem> {
    #[derive(Serialize)]
    struct Key {
        tool: Tool,
    }
    let name = match tool {
        Tool::Maven => "maven-cache",
        Tool::Gradle => "gradle-cache",
        Tool::Sbt => "sbt-cache",
    };
    context.layers.cache(log, name, Key { tool })
}

/// By variables, and not by links in the home directory: nobody has to know where that is, and
/// nothing of it changes.
fn use_cache(tool: Tool, cache: &Path, env: &mut Env) {
    let dir = |name: &str| cache.join(name).display().to_string();
    match tool {
        Tool::Maven => {
            env.append("MAVEN_OPTS", format!("-Dmaven.repo.local={}", dir("repository")), " ");
            // The wrapper keeps its Maven there.
            env.set_default("MAVEN_USER_HOME", cache);
        }
        Tool::Gradle => env.set_default("GRADLE_USER_HOME", cache),
        Tool::Sbt => {
            let options = [
                ("sbt.global.base", "global"),
                ("sbt.boot.directory", "boot"),
                ("sbt.ivy.home", "ivy"),
                ("sbt.coursier.home", "coursier"),
            ];
            for (name, path) in options {
                env.append("SBT_OPTS", format!("-D{name}={}", dir(path)), " ");
            }
            env.set_default("COURSIER_CACHE", dir("coursier"));
        }
    }
}

fn store(app_dir: &Path, paths: &[PathBuf], dir: &Path) -> Result<(), Problem> {
    if let [one] = paths
        && app_dir.join(one).is_file()
    {
        fs_err::copy(app_dir.join(one), dir.join(ONE))?;
        return Ok(());
    }
    for path in paths {
        let target = dir.join(path.file_name().unwrap_or_default());
        if target.exists() {
            let name = target.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let text = format!("two things that were built are called `{name}`");
            return Err(Problem::new("artifact-name-clash", Fault::App, text)
                .hint("name only one of them in the setting for what was built"));
        }
        tree::copy(&app_dir.join(path), &target)?;
    }
    Ok(())
}

/// The source leaves the image, but for what the user wants to keep.
fn clean(context: &BuildContext, log: &mut Log) -> Result<(), Problem> {
    let env = &context.env;
    let include = Globs::parse(settings::INCLUDE.declared.name, &settings::INCLUDE.read(env)?)?;
    let exclude = Globs::parse(settings::EXCLUDE.declared.name, &settings::EXCLUDE.read(env)?)?;
    if include.is_empty() && exclude.is_empty() {
        return Ok(tree::empty(&context.app_dir)?);
    }
    for (globs, keep, setting) in [
        (&include, Keep::Covered, "BP_INCLUDE_FILES"),
        (&exclude, Keep::Others, "BP_EXCLUDE_FILES"),
    ] {
        if globs.is_empty() {
            continue;
        }
        let pruning = Pruning::plan(&context.app_dir, globs, keep)?;
        pruning.carry_out()?;
        for pattern in &pruning.unmatched {
            log.warn(Notice::new(format!("the pattern `{pattern}` in {setting} matches nothing")));
        }
    }
    Ok(())
}

/// What was built, unpacked if it is one archive: small changes then move few bytes.
fn restore(layer: &Path, app_dir: &Path) -> Result<(), Problem> {
    let archive = layer.join(ONE);
    if archive.is_file() {
        if jar::manifest(&archive).is_some_and(|manifest| manifest.launcher_agent().is_some()) {
            // Only `java -jar` starts it.
            fs_err::copy(&archive, app_dir.join("application.jar"))?;
            return Ok(());
        }
        return explode(&archive, app_dir);
    }
    for entry in fs_err::read_dir(layer)? {
        let entry = entry?;
        tree::copy(&entry.path(), &app_dir.join(entry.file_name()))?;
    }
    Ok(())
}

/// Unpacks an archive over the files of the app.
pub(crate) fn explode(archive: &Path, app_dir: &Path) -> Result<(), Problem> {
    let dir = app_dir.join(".kouti-exploded");
    let name = archive.file_name().unwrap_or_default().to_string_lossy();
    let title = if name == ONE { "what was built".to_owned() } else { name.into_owned() };
    unpack_own(&title, archive, &Unpack::into(&dir)).map_err(|error| {
        // It is the app's archive, not one of ours.
        Problem { fault: Fault::App, ..error.into() }
    })?;
    Ok(tree::move_up(&dir, app_dir)?)
}
