//! From the lifecycle's call to a buildpack and back.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::marker::PhantomData;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use kouti_catalog::{Catalog, Date, Target};
use kouti_launch::binding::Bindings;
use kouti_report::{Fault, Log, Notice, Problem, install_panic_page};
use libcnb::build::BuildResultBuilder;
use libcnb::detect::DetectResultBuilder;

use crate::setting::{Declared, misspelt, quoted};
use crate::{
    BuildContext, Context, Detection, Env, Launch, Layers, Masks, Plan, plan, report, settings,
};

/// One buildpack.
pub trait Buildpack {
    /// First words of its log: `Kouti Node.js`.
    const NAME: &'static str;

    /// Every setting it reads besides the shared ones.
    const SETTINGS: &'static [Declared];

    /// The name by which `BP_LANGUAGE` chooses it; `None` for those that serve every language.
    const LANGUAGE: Option<&'static str> = None;

    /// Whether to take part, and with which build plan.
    ///
    /// An error is for an app that is surely ours but cannot be built: it ends the
    /// detection of the whole group. "Not for us" is [`Detection::Skip`].
    fn detect(context: &Context) -> Result<Detection, Problem>;

    /// Makes the layers and declares the processes.
    fn build(context: &BuildContext, log: &mut Log) -> Result<Launch, Problem>;
}

/// Runs the phase that the program's name asks for. For `main` of a buildpack.
pub fn main<B: Buildpack>() {
    install_panic_page(concat!("kouti ", env!("CARGO_PKG_VERSION")));
    complete_target();
    libcnb::libcnb_runtime(&Adapter::<B> {
        label: OnceLock::new(),
        masks: OnceLock::new(),
        buildpack: PhantomData,
    });
}

/// libcnb insists on four variables that the specification calls optional.
///
/// Where one is missing (an old lifecycle, Cloud Foundry), this program runs once
/// more with all of them: a process cannot safely change its own environment.
fn complete_target() {
    let env = Env::of_process();
    let release = fs_err::read_to_string("/etc/os-release").unwrap_or_default();
    let field = |name: &str| {
        release
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
            .map_or("unknown".to_owned(), |value| value.trim_matches('"').to_owned())
    };
    let missing: Vec<_> = [
        ("CNB_TARGET_OS", "linux".to_owned()),
        ("CNB_TARGET_ARCH", architecture().to_owned()),
        ("CNB_TARGET_DISTRO_NAME", field("ID")),
        ("CNB_TARGET_DISTRO_VERSION", field("VERSION_ID")),
    ]
    .into_iter()
    .filter(|(name, _)| env.get(name).is_none())
    .collect();
    if missing.is_empty() {
        return;
    }
    let mut args = std::env::args_os();
    let name = args.next().unwrap_or_default();
    // If this fails, libcnb says which variable it misses.
    let _ = std::process::Command::new("/proc/self/exe").arg0(name).args(args).envs(missing).exec();
}

fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

/// A buildpack in libcnb's eyes.
struct Adapter<B> {
    /// `kouti/nodejs 0.1.0` once the descriptor is read.
    label: OnceLock<String>,
    /// What the error page must not show, once the bindings are read.
    masks: OnceLock<Masks>,
    buildpack: PhantomData<B>,
}

/// libcnb reads `<platform>/env` as UTF-8 and fails on anything else, although the
/// lifecycle has put those variables into our environment already.
struct PlatformDir {
    dir: PathBuf,
    env: libcnb::Env,
}

impl libcnb::Platform for PlatformDir {
    fn env(&self) -> &libcnb::Env {
        &self.env
    }

    fn from_path(platform_dir: impl AsRef<Path>) -> std::io::Result<Self> {
        Ok(Self { dir: platform_dir.as_ref().to_owned(), env: libcnb::Env::new() })
    }
}

type Descriptor = libcnb::data::buildpack::ComponentBuildpackDescriptor<Catalog>;

impl<B: Buildpack> libcnb::Buildpack for Adapter<B> {
    type Platform = PlatformDir;
    type Metadata = Catalog;
    type Error = Problem;

    fn detect(
        &self,
        found: libcnb::detect::DetectContext<Self>,
    ) -> libcnb::Result<libcnb::detect::DetectResult, Problem> {
        let detection = self
            .context(
                found.app_dir,
                found.buildpack_dir,
                found.buildpack_descriptor,
                &found.target,
                &found.platform,
            )
            .and_then(|context| detect::<B>(&context))
            .map_err(libcnb::Error::BuildpackError)?;
        match detection {
            Detection::Pass(alternatives) => {
                DetectResultBuilder::pass().build_plan(plan::to_libcnb(alternatives)).build()
            }
            Detection::Skip(reason) => {
                let env = Env::of_process();
                log(&env, self.masks(&env)).step(&format!("skipped: {reason}"));
                DetectResultBuilder::fail().build()
            }
        }
    }

    fn build(
        &self,
        found: libcnb::build::BuildContext<Self>,
    ) -> libcnb::Result<libcnb::build::BuildResult, Problem> {
        let plan = Plan::from(found.buildpack_plan);
        let launch = self
            .context(
                found.app_dir,
                found.buildpack_dir,
                found.buildpack_descriptor,
                &found.target,
                &found.platform,
            )
            .and_then(|context| build_context(context, plan, found.layers_dir))
            .and_then(|context| build::<B>(&context))
            .map_err(libcnb::Error::BuildpackError)?;
        BuildResultBuilder::new().launch(launch).build()
    }

    fn on_error(&self, error: libcnb::Error<Problem>) {
        let problem = match error {
            libcnb::Error::BuildpackError(problem) => problem,
            // What libcnb could not read or write is the platform's, and its texts name it.
            other => {
                let text = other.to_string();
                Problem::new("platform-contract", Fault::Surroundings, text.trim_end())
                    .hint("check that the platform supports Buildpack API 0.10")
            }
        };
        let env = Env::of_process();
        let label = self.label.get().map_or("kouti", String::as_str);
        let _ = std::io::stdout().flush();
        log(&env, self.masks(&env)).page(&problem.page(label, settings::colour(&env)));
    }
}

/// Whatever is shown passes through `masks`, wherever it comes from.
fn log(env: &Env, masks: Masks) -> Log {
    Log::to_streams(settings::level(env), settings::colour(env))
        .masked(move |text| masks.mask(text))
}

impl<B: Buildpack> Adapter<B> {
    fn masks(&self, env: &Env) -> Masks {
        self.masks.get().cloned().unwrap_or_else(|| Masks::from_env(env))
    }

    fn context(
        &self,
        app_dir: PathBuf,
        buildpack_dir: PathBuf,
        descriptor: Descriptor,
        target: &libcnb::Target,
        platform: &PlatformDir,
    ) -> Result<Context, Problem> {
        let id = descriptor.buildpack.id.to_string();
        let version = descriptor.buildpack.version.to_string();
        let _ = self.label.set(format!("{id} {version}"));
        let env = Env::of_process();
        let bindings = Bindings::for_build(&env.text_map(), &platform.dir)?;
        let arch = settings::ARCH.read(&env)?.unwrap_or_else(|| target.arch.clone());
        let context = Context {
            id,
            version,
            app_dir,
            buildpack_dir,
            target: Target {
                os: target.os.clone(),
                arch: match arch.as_str() {
                    "x86_64" => "amd64".to_owned(),
                    "aarch64" => "arm64".to_owned(),
                    _ => arch,
                },
                distro_name: target.distro_name.clone(),
                distro_version: target.distro_version.clone(),
            },
            catalog: descriptor.metadata,
            bindings,
            today: today(&env),
            env,
        };
        let _ = self.masks.set(context.masks());
        Ok(context)
    }
}

fn build_context(
    context: Context,
    plan: Plan,
    layers_dir: PathBuf,
) -> Result<BuildContext, Problem> {
    let sboms = settings::sboms(&context.env)?;
    // Set by the Cloud Foundry shim: no previous image exists there.
    let keep_launch_layers = context.env.given("KOUTI_KEEP_LAUNCH_LAYERS").is_some();
    let layers = Layers::new(layers_dir, sboms.clone())
        .keep_launch_layers(keep_launch_layers)
        .forget_caches(settings::CACHE_DISABLED.read(&context.env)?);
    Ok(BuildContext { context, plan, layers, sboms })
}

fn detect<B: Buildpack>(context: &Context) -> Result<Detection, Problem> {
    if let (Some(own), Some(wanted)) = (B::LANGUAGE, settings::LANGUAGE.read(&context.env)?)
        && own != wanted
    {
        return Detection::skip(format!("BP_LANGUAGE is {wanted}"));
    }
    B::detect(context)
}

fn build<B: Buildpack>(context: &BuildContext) -> Result<libcnb::data::launch::Launch, Problem> {
    let mut log = log(&context.env, context.masks());
    log.title(&format!("{} {}", B::NAME, context.version));
    let result = build_and_declare::<B>(context, &mut log);
    report::write(context, B::SETTINGS, &mut log, result.as_ref().err())?;
    result
}

fn build_and_declare<B: Buildpack>(
    context: &BuildContext,
    log: &mut Log,
) -> Result<libcnb::data::launch::Launch, Problem> {
    check_settings::<B>(context, log)?;

    let launch = B::build(context, log)?;

    let megabytes = settings::CACHE_MAX_MB.read(&context.env)?;
    context.layers.bound_caches(log, megabytes.saturating_mul(1_000_000))?;
    launch.show(log);
    let dir = context.layers.dir();
    context.sboms.write(&dir.join("launch"), launch.sbom.as_ref())?;
    context.sboms.write(&dir.join("build"), launch.build_sbom.as_ref())?;
    write_unmet(dir, &launch)?;
    log.finish();
    launch.to_libcnb(&context.sboms)
}

/// What the user has set: shown, and checked for what would silently have no effect.
fn check_settings<B: Buildpack>(context: &Context, log: &mut Log) -> Result<(), Problem> {
    let env = &context.env;
    // Errors that the log itself swallowed, because something has to show them.
    settings::LOG_LEVEL.read(env)?;
    settings::LOG_COLOR.read(env)?;
    for notice in context.bindings.notices() {
        log.warn(notice.clone());
    }
    for remark in context.bindings.remarks() {
        log.debug(remark);
    }
    let rows = settings::in_use(env, B::SETTINGS);
    if !rows.is_empty() {
        log.step("Settings");
        log.table(&rows);
    }
    // Once for each build, so in the buildpack of the app's language only.
    if B::LANGUAGE.is_none() {
        return Ok(());
    }
    for notice in quoted(env) {
        log.warn(notice);
    }
    let own = B::SETTINGS.iter().chain(settings::SHARED).map(|setting| setting.name);
    let known: BTreeSet<_> = own.chain(KNOWN_ELSEWHERE.lines()).collect();
    for unknown in misspelt(env, &known) {
        if settings::STRICT_CONFIG.read(env)? {
            return Err(unknown.into());
        }
        log.warn(Notice::from(&unknown));
    }
    if context.app_dir.join("buildpack.yml").exists() {
        log.warn(
            Notice::new("buildpack.yml is not read")
                .hint("set the BP_ variables of this buildpack instead; its README lists them"),
        );
    }
    Ok(())
}

/// Settings of all our buildpacks, one name on each line: `cargo xtask docs` writes it.
const KNOWN_ELSEWHERE: &str = include_str!("known_settings.txt");

/// Hands plan entries on to a later buildpack; libcnb has no type for this file.
fn write_unmet(layers_dir: &Path, launch: &Launch) -> Result<(), Problem> {
    if launch.unmet.is_empty() {
        return Ok(());
    }
    let mut text = String::new();
    for name in &launch.unmet {
        text.push_str("[[unmet]]\nname = ");
        text.push_str(&toml::Value::from(name.as_str()).to_string());
        text.push('\n');
    }
    fs_err::write(layers_dir.join("build.toml"), text)?;
    Ok(())
}

/// The day of the build. Tests name one, so that they read the same on every day.
fn today(env: &Env) -> Date {
    env.given("KOUTI_TODAY")
        .and_then(|day| day.parse().ok())
        .unwrap_or_else(|| jiff::tz::TimeZone::UTC.to_datetime(jiff::Timestamp::now()).date())
}
