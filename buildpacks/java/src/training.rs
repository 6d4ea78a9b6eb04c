//! The layout of Spring Boot apps from which classes can be archived, and the archive.
//!
//! The JVM takes an archive only if it is of the same JVM, with the same class path, of JARs with the
//! same times. The lifecycle gives every file one time, so the files get that time before.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use kouti::{BuildContext, Env, Explain, Fault, Log, Notice, Problem};
use walkdir::WalkDir;

use crate::spring_boot::SpringBoot;
use crate::{agents, settings};

/// What the user wants of it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Wish {
    /// The layout.
    pub(crate) extract: bool,
    /// The archive too.
    pub(crate) train: bool,
}

/// The app in that layout.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Extracted {
    options: Vec<String>,
    class_path: String,
    main_class: String,
    /// Relative to the app.
    pub(crate) archive: Option<&'static str>,
    /// Whether the app was started with an agent when the archive was made.
    pub(crate) with_agent: bool,
}

impl Extracted {
    /// How the JVM is started, in the build as in the image.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let mut arguments = self.options.clone();
        arguments.extend(["-cp".to_owned(), self.class_path.clone(), self.main_class.clone()]);
        arguments
    }
}

/// The app's own JAR in it.
const RUNNER: &str = "runner.jar";

/// The first Java with archives of the newer kind.
const AOT_CACHE: u64 = 25;

impl Wish {
    pub(crate) fn read(env: &Env) -> Result<Self, Problem> {
        let train = settings::CDS_ENABLED.read(env)? || settings::AOTCACHE_ENABLED.read(env)?;
        Ok(Self { extract: train || settings::UNPACK_LAYOUT_ONLY.read(env)?, train })
    }

    /// A cache of Java 25 is only for starts with an agent or without one, as it was made. An older
    /// JVM cannot make an archive with an agent, and does not mind one afterwards.
    pub(crate) fn loads_agents(self, java: u64) -> bool {
        self.train && java >= AOT_CACHE
    }

    /// What can be had of it for this app.
    pub(crate) fn of(self, boot: &SpringBoot) -> (Self, Option<Notice>) {
        if !self.extract || boot.numbers() >= (3, 3) {
            return (self, None);
        }
        let notice = Notice::new(format!(
            "an archive of classes needs Spring Boot 3.3, and the app has {}: it is started without",
            boot.version
        ));
        (Self::default(), Some(notice.hint("leave BP_JVM_CDS_ENABLED out, or move to a later one")))
    }
}

/// Packs the unpacked app once more and lets Spring Boot itself lay it out.
pub(crate) fn extract(
    context: &BuildContext,
    log: &mut Log,
    boot: &SpringBoot,
    bindings: Option<&Path>,
    java: &Path,
) -> Result<Extracted, Problem> {
    let main_class = boot.start_class.clone().ok_or(NoStartClass)?;
    let scratch = tempfile::tempdir()?;
    pack(&context.app_dir, &scratch.path().join(RUNNER))?;
    crate::tree::empty(&context.app_dir)?;
    let program = java.join("bin/java").display().to_string();
    context
        .command(&program, scratch.path(), &context.env)
        .args(["-Djarmode=tools", "-jar", RUNNER, "extract", "--force", "--destination"])
        .arg(context.app_dir.as_os_str())
        .run(log)?;
    let mut class_path = RUNNER.to_owned();
    if let Some(bindings) = bindings {
        // Neither Spring Boot nor the manifest of the app knows of it.
        let library = Path::new("lib").join(bindings.file_name().unwrap_or_default());
        fs_err::copy(bindings, context.app_dir.join(&library))?;
        class_path = format!("{class_path}:{}", library.display());
    }
    let options = boot.options.clone();
    Ok(Extracted { options, class_path, main_class, ..Extracted::default() })
}

/// JARs within the JAR must not be compressed, and the manifest stands first.
fn pack(dir: &Path, to: &Path) -> Result<(), Problem> {
    let failed = |error: zip::result::ZipError| std::io::Error::other(error);
    let mut writer = zip::ZipWriter::new(fs_err::File::create(to)?);
    let options =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let manifest = dir.join(crate::manifest::PATH);
    let files = WalkDir::new(dir).sort_by_file_name().into_iter().flatten();
    let files = files.map(walkdir::DirEntry::into_path).filter(|path| path.is_file());
    let mut paths: Vec<PathBuf> = files.collect();
    // A stable sort.
    paths.sort_by_key(|path| *path != manifest);
    for path in paths {
        let name = path.strip_prefix(dir).unwrap_or(&path).to_string_lossy().into_owned();
        writer.start_file(name, options).map_err(failed)?;
        writer.write_all(&fs_err::read(&path)?)?;
    }
    writer.finish().map_err(failed)?;
    Ok(())
}

/// Starts the app until Spring is ready, and lets the JVM write its classes down.
pub(crate) fn train(
    context: &BuildContext,
    log: &mut Log,
    extracted: &mut Extracted,
    java: &Path,
    options: &Options,
) -> Result<(), Problem> {
    set_times(&context.app_dir)?;
    let (archive, flag) = if options.java >= AOT_CACHE {
        ("application.aot", "-XX:AOTCacheOutput=")
    } else {
        ("application.jsa", "-XX:ArchiveClassesAtExit=")
    };
    let mut arguments =
        vec!["-Dspring.context.exit=onRefresh".to_owned(), format!("{flag}{archive}")];
    if options.aot {
        arguments.insert(0, "-Dspring.aot.enabled=true".to_owned());
    }
    arguments.extend(options.agents.iter().map(|jar| format!("-javaagent:{jar}")));
    arguments.extend(extracted.arguments());
    let mut env = context.env.clone();
    let (name, value) = agents::PASSIVE;
    env.set(name, value);
    if let Some(given) = &options.given {
        env.set("JAVA_TOOL_OPTIONS", given);
    }
    let seconds = settings::TRAINING_TIMEOUT.read(&context.env)?;
    // `timeout` is where a shell is; the JVM itself has no such option.
    let started = Instant::now();
    let java = java.join("bin/java").display().to_string();
    let command = context.command("timeout", &context.app_dir, &env);
    let result = command.arg(format!("{seconds}s")).arg(java).args(arguments).run(log);
    let made = context.app_dir.join(archive).is_file();
    if result.is_ok() && made {
        extracted.archive = Some(archive);
        let others = env.get("JAVA_TOOL_OPTIONS").unwrap_or_default().contains("-javaagent:");
        extracted.with_agent = !options.agents.is_empty() || others;
        return Ok(());
    }
    let hung = started.elapsed() >= Duration::from_secs(seconds);
    let problem = NoTraining { hung, seconds };
    if settings::TRAINING_OPTIONAL.read(&context.env)? {
        log.warn(Notice::new(format!(
            "{problem}: the app is started without an archive of classes"
        )));
        return Ok(());
    }
    Err(match result {
        Err(failed) => Problem { cause: Some(failed.into()), ..problem.into() },
        Ok(()) => problem.into(),
    })
}

/// How the app is started in the build.
#[derive(Debug, Default)]
pub(crate) struct Options {
    pub(crate) java: u64,
    pub(crate) aot: bool,
    pub(crate) given: Option<String>,
    /// Agents that are loaded there.
    pub(crate) agents: Vec<String>,
}

impl Options {
    pub(crate) fn read(
        env: &Env,
        java: u64,
        aot: bool,
        agents: Vec<String>,
    ) -> Result<Self, Problem> {
        let new = settings::TRAINING_OPTIONS.read(env)?;
        let old = settings::OLD_TRAINING_OPTIONS.read(env)?;
        let given = new.or(old);
        if aot && given.is_some() {
            return Err(OptionsWithAot.into());
        }
        Ok(Self { java, aot, given, agents })
    }
}

/// 1980-01-01T00:00:01Z, which every file of an image has.
fn set_times(dir: &Path) -> Result<(), Problem> {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(315_532_801);
    for entry in WalkDir::new(dir).into_iter().flatten() {
        if entry.file_type().is_file() {
            let file = fs_err::OpenOptions::new().write(true).open(entry.path())?;
            file.file().set_modified(time)?;
        }
    }
    Ok(())
}

/// The launcher is all that the manifest names.
#[derive(Debug, thiserror::Error)]
#[error("META-INF/MANIFEST.MF has no Start-Class, which an archive of classes needs")]
struct NoStartClass;

impl Explain for NoStartClass {
    fn id(&self) -> &'static str {
        "no-start-class"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![
            "package the app with the plugin of Spring Boot, or leave BP_JVM_CDS_ENABLED out"
                .to_owned(),
        ]
    }
}

/// The app could not be started in the build.
#[derive(Debug, thiserror::Error)]
#[error("the app {} when it was started in the build", self.what())]
struct NoTraining {
    hung: bool,
    seconds: u64,
}

impl NoTraining {
    fn what(&self) -> String {
        if self.hung {
            format!("was not ready after {} seconds", self.seconds)
        } else {
            "failed".to_owned()
        }
    }
}

impl Explain for NoTraining {
    fn id(&self) -> &'static str {
        "training-failed"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![
            "it must not need a database or another service there: TRAINING_RUN_JAVA_TOOL_OPTIONS \
             can switch such things off"
                .to_owned(),
            "BP_JVM_AOTCACHE_TRAINING_OPTIONAL=true goes on without an archive".to_owned(),
        ]
    }
}

/// Options would change what Spring has prepared.
#[derive(Debug, thiserror::Error)]
#[error("TRAINING_RUN_JAVA_TOOL_OPTIONS and BP_SPRING_AOT_ENABLED do not go together")]
struct OptionsWithAot;

impl Explain for OptionsWithAot {
    fn id(&self) -> &'static str {
        "training-options-with-aot"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![
            "leave BP_SPRING_AOT_ENABLED out: its conditions were decided without those options"
                .to_owned(),
        ]
    }
}
