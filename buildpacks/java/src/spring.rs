//! Prepares a Spring Boot app: labels, slices, bindings, and the layout that it is started from.

use std::path::{Path, PathBuf};

use kouti::catalog::Wanted;
use kouti::version::Range;
use kouti::{BuildContext, Layer, LayerEnv, Log, Notice, Problem, Scope, Uses};
use serde::Serialize;

use crate::contents::Contents;
use crate::packaged::Packaged;
use crate::spring_boot::SpringBoot;
use crate::training::Wish;
use crate::{downloads, settings, web_type};

const BINDINGS: &str = "spring-cloud-bindings";

/// Everything but an archive of classes, which needs the runtime.
pub(crate) fn prepare(
    context: &BuildContext,
    log: &mut Log,
    boot: SpringBoot,
    packaged: Packaged,
    java: u64,
) -> Result<Packaged, Problem> {
    let app_dir = &context.app_dir;
    log.step(&format!("Preparing Spring Boot {}", boot.version));
    if let Some(notice) = boot.support(&context.catalog, context.today) {
        log.warn(notice);
    }
    let (labels, notice) = boot.labels(app_dir);
    if let Some(notice) = notice {
        log.warn(notice);
    }
    let contents = Contents::read(app_dir);
    let libraries = contents.telling(Path::new(&boot.lib));
    let threads = web_type::threads(&app_dir.join(&boot.classes), libraries, java);
    let mut env = packaged.env.clone();
    if aot(context, log)? {
        env = env.default_value(Scope::Launch, "BPL_SPRING_AOT_ENABLED", "true");
    }
    let (wish, _) = Wish::read(&context.env)?.of(&boot);
    let bindings = add_bindings(context, log, &boot, wish.extract)?;
    if bindings.is_some() {
        env = env.default_value(Scope::Launch, "BPI_SPRING_CLOUD_BINDINGS", "true");
    }
    let slices = boot.slices(app_dir);
    for slice in &slices {
        log.debug(&format!("slice {}: {}", slice.name, slice.paths.join(" ")));
    }
    Ok(Packaged {
        framework: Some("spring-boot"),
        env,
        labels,
        slices,
        threads,
        spring_boot: Some(boot),
        bindings,
        contents: Some(contents),
        ..packaged
    })
}

/// Where Spring leaves what it prepares in its own build.
const PREPARED: [&str; 2] = ["META-INF/native-image", "BOOT-INF/classes/META-INF/native-image"];

/// Whether Spring has prepared the app in its own build, and that is wanted.
pub(crate) fn is_prepared(context: &BuildContext) -> Result<bool, Problem> {
    Ok(settings::SPRING_AOT_ENABLED.read(&context.env)?
        && PREPARED.iter().any(|place| context.app_dir.join(place).is_dir()))
}

/// The same, with a warning where it is wanted and not there.
fn aot(context: &BuildContext, log: &mut Log) -> Result<bool, Problem> {
    let is_prepared = is_prepared(context)?;
    if settings::SPRING_AOT_ENABLED.read(&context.env)? && !is_prepared {
        log.warn(
            Notice::new(format!(
                "BP_SPRING_AOT_ENABLED is true, and the app has no {}: it is started without",
                PREPARED[0]
            ))
            .hint("run `process-aot` of spring-boot-maven-plugin, or `processAot` of Gradle's"),
        );
    }
    Ok(is_prepared)
}

#[derive(Serialize)]
struct Key {
    checksum: String,
}

/// Adds the library that turns bindings into properties, unless the app has it. An app that is
/// still to be laid out gets it afterwards: Spring Boot would leave it behind.
fn add_bindings(
    context: &BuildContext,
    log: &mut Log,
    boot: &SpringBoot,
    extract: bool,
) -> Result<Option<PathBuf>, Problem> {
    if settings::BINDINGS_DISABLED.read(&context.env)?
        || boot.has_library(&context.app_dir, BINDINGS)
    {
        return Ok(None);
    }
    let given = settings::BINDINGS_VERSION.read(&context.env)?;
    let (text, origin) = match &given {
        Some(text) => (text.as_str(), settings::BINDINGS_VERSION.declared.name),
        None => (boot.bindings(), "the version of Spring Boot"),
    };
    let range = Range::parse(text).map_err(|error| error.asked_for_in(origin))?;
    let wanted = [Wanted { range, origin: origin.to_owned() }];
    let choice = context.choose(BINDINGS, "Spring Cloud Bindings", &wanted)?;
    let artifact = &choice.artifact;
    let layer = Layer {
        name: BINDINGS,
        title: artifact.title(),
        // The layout has a copy.
        uses: if extract { Uses::CACHE } else { Uses::LAUNCH },
        key: Key { checksum: artifact.checksum.to_string() },
        env: LayerEnv::new(),
        sbom: Some(context.document(artifact)),
    };
    let name = format!("{BINDINGS}-{}.jar", artifact.version);
    let made = context.layers.ensure(log, &layer, |dir, log| {
        downloads::file(context, artifact, &dir.join(&name), log)
    })?;
    log.detail(
        "it turns bindings into properties; BP_SPRING_CLOUD_BINDINGS_DISABLED=true leaves it out",
    );
    let jar = made.dir.join(&name);
    if !extract {
        link(&jar, &context.app_dir.join(&boot.lib).join(&name))?;
    }
    Ok(Some(jar))
}

fn link(target: &Path, path: &Path) -> std::io::Result<()> {
    if path.symlink_metadata().is_ok() {
        fs_err::remove_file(path)?;
    }
    fs_err::os::unix::fs::symlink(target, path)
}
