//! What has been built, or came built: how it is laid out and started.

use std::path::{Path, PathBuf};

use kouti::{BuildContext, Explain, Fault, LayerEnv, Log, Notice, Problem, Scope};

use crate::compile_recipe::Compile;
use crate::contents::Contents;
use crate::dist_zip::Script;
use crate::java_version::Shelf;
use crate::manifest::Manifest;
use crate::shape::{Seen, Shape};
use crate::slices::{self, Slice};
use crate::spring_boot::SpringBoot;
use crate::tomcat::{self, Servlet, Tomcat};
use crate::training::Extracted;
use crate::{compile, jar, settings, spring};

/// What the image gets besides layers that everybody gets.
#[derive(Debug, Default)]
pub(crate) struct Packaged {
    /// The name of its process in Paketo.
    pub(crate) kind: &'static str,
    pub(crate) command: Vec<String>,
    /// What is in front of `CLASSPATH`.
    pub(crate) class_path: Option<String>,
    /// `spring-boot`, `quarkus`, `micronaut` or `tomcat`.
    pub(crate) framework: Option<&'static str>,
    pub(crate) env: LayerEnv,
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) slices: Vec<Slice>,
    /// Where the usual number would be wrong.
    pub(crate) threads: Option<u64>,
    pub(crate) spring_boot: Option<SpringBoot>,
    /// Spring Cloud Bindings, if the app gets them from us.
    pub(crate) bindings: Option<PathBuf>,
    /// Whether only the whole JAR can change.
    pub(crate) is_one_file: bool,
    /// What was read of the archives of the app, if it has been and they are as they were.
    pub(crate) contents: Option<Contents>,
}

impl Packaged {
    /// The same app in the layout for an archive of classes.
    pub(crate) fn extracted(self, context: &BuildContext, extracted: &Extracted) -> Self {
        let app_dir = &context.app_dir;
        let mut command = vec!["java".to_owned()];
        command.extend(extracted.arguments());
        let mut env = self.env.clone();
        if let Some(archive) = extracted.archive {
            let path = app_dir.join(archive).display().to_string();
            env = env.default_value(Scope::Launch, "BPI_JVM_ARCHIVE", path);
            if extracted.with_agent {
                env = env.default_value(Scope::Launch, "BPI_JVM_ARCHIVE_WITH_AGENT", "true");
            }
        }
        Self {
            kind: "spring-boot-app",
            command,
            env,
            // It is on the command line.
            class_path: None,
            slices: slices::of_libraries(app_dir, &[Path::new("lib")]),
            contents: None,
            ..self
        }
    }
}

/// Looks at the app once more and prepares it.
pub(crate) fn prepare(
    context: &BuildContext,
    log: &mut Log,
    seen: Seen,
    compile: Option<&Compile>,
    java: u64,
) -> Result<Packaged, Problem> {
    for path in &seen.search.unreadable {
        log.warn(Notice::new(format!("{} is called a JAR and cannot be read", path.display())));
    }
    let app_dir = &context.app_dir;
    match seen.shape {
        Some(Shape::ExplodedJar(manifest)) => {
            exploded(context, log, &manifest, "executable-jar", java)
        }
        Some(Shape::JarFile(jar)) => {
            warn_about_others(log, &jar.path, &seen.search.others);
            let path = app_dir.join(&jar.path);
            if SpringBoot::of(&jar.manifest)?.is_some() {
                return boot_jar(context, log, &path, &jar.manifest, java);
            }
            Ok(jar_file(app_dir, &path, &jar.manifest, log))
        }
        Some(Shape::ExplodedWar) => war(context, log, &[], java),
        Some(Shape::Wars(wars)) => war(context, log, &wars, java),
        Some(Shape::DistZip(script)) => {
            if script.direct.is_none() && context.lacks_shell()? {
                return Err(NeedsShell { script: script.path }.into());
            }
            Ok(dist_zip(app_dir, &script))
        }
        Some(Shape::Source(_)) | None => {
            if seen.scripts.len() > 1 {
                return Err(SeveralScripts { scripts: seen.scripts }.into());
            }
            Err(NothingToRun { tool: compile.map(|compile| compile.tool) }.into())
        }
    }
}

fn warn_about_others(log: &mut Log, taken: &Path, others: &[PathBuf]) {
    if let Some(other) = others.first() {
        log.warn(
            Notice::new(format!(
                "{} is started; {} could be started too",
                taken.display(),
                other.display()
            ))
            .hint("BP_EXECUTABLE_JAR_LOCATION names the one that is meant"),
        );
    }
}

/// An unpacked JAR.
fn exploded(
    context: &BuildContext,
    log: &mut Log,
    manifest: &Manifest,
    kind: &'static str,
    java: u64,
) -> Result<Packaged, Problem> {
    let app_dir = &context.app_dir;
    let chosen = settings::MAIN_CLASS.read(&context.env)?;
    let main_class = chosen.as_deref().or(manifest.main_class()).unwrap_or_default().to_owned();
    if let Some(agent) = manifest.launcher_agent() {
        log.warn(
            Notice::new(format!(
                "{agent}, the Launcher-Agent-Class of the manifest, does not start with an unpacked JAR"
            ))
            .hint("put -javaagent:<its JAR> into JAVA_TOOL_OPTIONS of the container"),
        );
    }
    let mut command = vec!["java".to_owned()];
    command.extend(manifest.options());
    command.push(main_class);
    let mut class_path = vec![app_dir.display().to_string()];
    class_path.extend(manifest.class_path());
    let class_path = Some(class_path.join(":"));
    let packaged = Packaged { kind, command, class_path, ..Packaged::default() };
    if let Some(boot) = SpringBoot::of(manifest)? {
        return spring::prepare(context, log, boot, packaged, java);
    }
    warn_about_missing(app_dir, manifest, log);
    let libraries = libraries(app_dir, manifest);
    let framework = app_dir.join("io/micronaut").is_dir().then_some("micronaut");
    Ok(Packaged { framework, slices: libraries, labels: labels(manifest), ..packaged })
}

/// A Spring Boot app in a JAR is unpacked in its place: what is beside it stays.
fn boot_jar(
    context: &BuildContext,
    log: &mut Log,
    path: &Path,
    manifest: &Manifest,
    java: u64,
) -> Result<Packaged, Problem> {
    let scratch = tempfile::tempdir()?;
    let outside = scratch.path().join("app.jar");
    fs_err::copy(path, &outside)?;
    fs_err::remove_file(path)?;
    compile::explode(&outside, &context.app_dir)?;
    exploded(context, log, manifest, "spring-boot-app", java)
}

fn jar_file(app_dir: &Path, path: &Path, manifest: &Manifest, log: &mut Log) -> Packaged {
    let command = ["java".to_owned(), "-jar".to_owned(), path.display().to_string()];
    let is_quarkus = path.file_name().is_some_and(|name| name == "quarkus-run.jar");
    let packaged = Packaged {
        kind: "executable-jar",
        command: command.into(),
        labels: labels(manifest),
        is_one_file: true,
        ..Packaged::default()
    };
    if !is_quarkus {
        let dir = path.parent().unwrap_or(app_dir);
        warn_about_missing(dir, manifest, log);
        let framework = jar::has_dir(path, "io/micronaut/").then_some("micronaut");
        return Packaged { framework, ..packaged };
    }
    let dir = path.parent().and_then(|dir| dir.strip_prefix(app_dir).ok()).unwrap_or(Path::new(""));
    let part = |name: &str| Slice::new(name, vec![dir.join(name).display().to_string()]);
    let parts = ["lib", "quarkus-run.jar", "app", "quarkus"].map(part);
    let parts = parts.into_iter().filter(|slice| app_dir.join(&slice.paths[0]).exists());
    Packaged { framework: Some("quarkus"), slices: parts.collect(), ..packaged }
}

/// Title and version of any app that has them.
pub(crate) fn labels(manifest: &Manifest) -> Vec<(String, String)> {
    let pairs = [("Implementation-Title", "title"), ("Implementation-Version", "version")];
    let found = pairs.iter().filter_map(|(key, name)| Some((name, manifest.get(key)?)));
    found
        .map(|(name, value)| (format!("org.opencontainers.image.{name}"), value.to_owned()))
        .collect()
}

fn warn_about_missing(dir: &Path, manifest: &Manifest, log: &mut Log) {
    let items = manifest.class_path();
    let missing: Vec<_> = items.iter().filter(|item| !dir.join(item).exists()).cloned().collect();
    if !missing.is_empty() {
        log.warn(
            Notice::new(format!(
                "the manifest names libraries that are not in the app: {}",
                missing.join(", ")
            ))
            .hint("package them with the app, such as with the Maven Shade plugin"),
        );
    }
}

/// Libraries that the manifest names, apart from the app's own classes.
fn libraries(app_dir: &Path, manifest: &Manifest) -> Vec<Slice> {
    let items = manifest.class_path();
    let mut dirs: Vec<&Path> = items
        .iter()
        .filter_map(|item| Path::new(item).parent())
        .filter(|dir| !dir.as_os_str().is_empty())
        .collect();
    dirs.sort();
    dirs.dedup();
    slices::of_libraries(app_dir, &dirs)
}

fn war(
    context: &BuildContext,
    log: &mut Log,
    wars: &[PathBuf],
    java: u64,
) -> Result<Packaged, Problem> {
    if let Some(server) = settings::APP_SERVER.read(&context.env)?
        && server != "tomcat"
    {
        return Err(kouti::setting::BadSetting {
            name: settings::APP_SERVER.declared.name,
            value: server,
            form: "tomcat",
        }
        .into());
    }
    let servlet = match wars {
        [] => Servlet::of(&context.app_dir),
        _ => Servlet::Unknown,
    };
    let shelf = Shelf { catalog: &context.catalog, target: &context.target };
    let tomcat = Tomcat::decide(&context.env, shelf, servlet, java)?;
    let policy = kouti::settings::EOL_POLICY.read(&context.env)?;
    context.explain_choice(log, &tomcat.choice, policy)?;
    for notice in &tomcat.notices {
        log.warn(notice.clone());
    }
    let installed = tomcat::install(context, log, &tomcat, wars)?;
    // Of a WAR that could be started without a server.
    let provided = context.app_dir.join("WEB-INF/lib-provided");
    if provided.is_dir() {
        fs_err::remove_dir_all(provided)?;
    }
    Ok(Packaged {
        kind: "tomcat",
        command: installed.command,
        framework: Some("tomcat"),
        env: installed.env,
        slices: slices::of_libraries(&context.app_dir, &[Path::new("WEB-INF/lib")]),
        ..Packaged::default()
    })
}

fn dist_zip(app_dir: &Path, script: &Script) -> Packaged {
    let home = script.path.parent().and_then(Path::parent).unwrap_or(Path::new(""));
    let lib = home.join("lib");
    let slices = slices::of_libraries(app_dir, &[&lib]);
    let base = Packaged { kind: "dist-zip", slices, ..Packaged::default() };
    let Some(direct) = &script.direct else {
        let path = app_dir.join(&script.path).display().to_string();
        // A script gives JAVA_OPTS to the JVM, which gets them in its own variable already.
        let env = LayerEnv::new().default_value(Scope::Launch, "BPI_JAVA_SCRIPT", "true");
        return Packaged { command: vec![path], env, ..base };
    };
    let jars = direct.class_path.iter().map(|jar| app_dir.join(&direct.home).join(jar));
    let jars: Vec<_> = jars.map(|jar| jar.display().to_string()).collect();
    let mut command = vec!["java".to_owned()];
    command.extend(direct.options.iter().cloned());
    command.extend(["-cp".to_owned(), jars.join(":"), direct.main_class.clone()]);
    let is_micronaut = direct.class_path.iter().any(|jar| jar.contains("micronaut-http-server"));
    Packaged { command, framework: is_micronaut.then_some("micronaut"), ..base }
}

/// A build has succeeded and left nothing that could be started.
#[derive(Debug, thiserror::Error)]
#[error("{}: there is no Main-Class, no WEB-INF and no start script", self.what())]
struct NothingToRun {
    tool: Option<crate::tool::Tool>,
}

impl NothingToRun {
    fn what(&self) -> String {
        match self.tool {
            Some(tool) => format!("{} has built something that cannot be started", tool.title()),
            None => "the app has nothing that could be started".to_owned(),
        }
    }
}

impl Explain for NothingToRun {
    fn id(&self) -> &'static str {
        "nothing-to-run"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        use crate::tool::Tool;

        let hints: &[&str] = match self.tool {
            Some(Tool::Maven) => &[
                "with Spring Boot, add the goal `repackage` of spring-boot-maven-plugin",
                "without, configure `mainClass` in the archive of maven-jar-plugin or maven-shade-plugin",
                "with several modules, set BP_MAVEN_BUILT_MODULE to the one that is the app",
            ],
            Some(Tool::Gradle) => &[
                "apply the plugin of Spring Boot, the plugin `application`, or one that makes a complete JAR",
                "with several modules, set BP_GRADLE_BUILT_MODULE to the one that is the app",
            ],
            Some(Tool::Sbt) => &["enable JavaAppPackaging of sbt-native-packager"],
            None => &["build the app first, or add the build file that does"],
        };
        hints.iter().map(ToString::to_string).collect()
    }
}

/// A start script, and an image that cannot run it.
#[derive(Debug, thiserror::Error)]
#[error("{} has to be run by a shell, and the run image has none", script.display())]
struct NeedsShell {
    script: PathBuf,
}

impl Explain for NeedsShell {
    fn id(&self) -> &'static str {
        "start-script-needs-shell"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![
            "choose a run image with a shell: one of the kind `base` or `full`".to_owned(),
            "or start the app without its script: as an executable JAR, or by a Procfile that calls \
             `java`"
                .to_owned(),
        ]
    }
}

/// Several scripts that could be the app.
#[derive(Debug, thiserror::Error)]
#[error("there are several start scripts: {}", listed(scripts))]
struct SeveralScripts {
    scripts: Vec<PathBuf>,
}

fn listed(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

impl Explain for SeveralScripts {
    fn id(&self) -> &'static str {
        "several-start-scripts"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec!["set BP_APPLICATION_SCRIPT to the one that is the app".to_owned()]
    }
}
