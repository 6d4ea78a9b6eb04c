//! From the lifecycle's call to a buildpack and back.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use kouti_catalog::{Date, Target};
use kouti_launch::binding::Bindings;
use kouti_report::{Log, Notice, Problem, install_panic_page};

use crate::call::{Call, Descriptor, Phase, read_plan};
use crate::report::About;
use crate::setting::{Declared, misspelt, quoted, unknown};
use crate::{BuildContext, Context, Detection, Env, Launch, Layers, Masks, Plan, plan, settings};

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

/// Ends of a phase, as the specification has them.
mod exit {
    pub(super) const DONE: i32 = 0;
    pub(super) const FAILED: i32 = 1;
    /// A buildpack that does not take part.
    pub(super) const SKIPPED: i32 = 100;
}

/// Runs the phase that the program's name asks for, and ends the program. For `main` of a buildpack.
#[expect(clippy::disallowed_methods, reason = "this is the entry")]
pub fn main<B: Buildpack>() {
    install_panic_page(concat!("kouti ", env!("CARGO_PKG_VERSION")));
    let mut known = Known { label: "kouti".to_owned(), masks: None, unreported: None };
    let code = match run::<B>(&mut known) {
        Ok(code) => code,
        Err(problem) => {
            let env = Env::of_process();
            let _ = std::io::stdout().flush();
            let masks = known.masks.unwrap_or_else(|| Masks::from_env(&env));
            let mut log = log(&env, masks.clone());
            if let Some(about) = known.unreported {
                // What went wrong before is what the user has to see.
                let _ = about.write(&env, &masks, B::SETTINGS, &mut log, Some(&problem));
            }
            log.page(&problem.page(&known.label, settings::colour(&env)));
            exit::FAILED
        }
    };
    std::process::exit(code)
}

/// What an error page needs, as far as a phase has come.
struct Known {
    /// `kouti/nodejs 0.1.0` once the descriptor is read.
    label: String,
    /// What must not be shown, once the bindings are read.
    masks: Option<Masks>,
    /// The report that an error would still have to write, once the descriptor is read.
    unreported: Option<About>,
}

/// One phase.
fn run<B: Buildpack>(known: &mut Known) -> Result<i32, Problem> {
    let call = Call::of_process()?;
    let descriptor = call.descriptor()?;
    known.label = format!("{} {}", descriptor.buildpack.id, descriptor.buildpack.version);
    known.unreported = Some(About {
        id: descriptor.buildpack.id.clone(),
        version: descriptor.buildpack.version.clone(),
        phase: call.phase.name(),
        target: call.target(),
        layers: None,
    });
    let (context, phase) = context(call, descriptor)?;
    known.masks = Some(context.masks());
    match phase {
        Phase::Detect { plan: path } => match detect::<B>(&context)? {
            Detection::Pass(alternatives) => {
                // Without one, the lifecycle takes it that nothing is provided or required.
                if let Some(text) = plan::to_toml(alternatives)? {
                    fs_err::write(path, text)?;
                }
                Ok(exit::DONE)
            }
            Detection::Skip(reason) => {
                log(&context.env, context.masks()).step(&format!("skipped: {reason}"));
                Ok(exit::SKIPPED)
            }
        },
        Phase::Build { layers, plan } => {
            let context = build_context(context, read_plan(&plan)?, layers)?;
            build::<B>(&context, known)?;
            Ok(exit::DONE)
        }
    }
}

impl Context {
    /// A line of a detection that passes, for the user who wonders why nothing came of it: the
    /// lifecycle shows it if no buildpack takes the app.
    pub fn remark(&self, text: &str) {
        log(&self.env, self.masks()).step(text);
    }
}

/// Whatever is shown passes through `masks`, wherever it comes from.
fn log(env: &Env, masks: Masks) -> Log {
    Log::to_streams(settings::level(env), settings::colour(env))
        .masked(move |text| masks.mask(text))
}

fn context(call: Call, descriptor: Descriptor) -> Result<(Context, Phase), Problem> {
    let target = call.target();
    let Call { phase, app_dir, buildpack_dir, platform_dir, env } = call;
    let bindings = Bindings::for_build(&env.text_map(), &platform_dir)?;
    let arch = settings::ARCH.read(&env)?.unwrap_or_else(|| target.arch.clone());
    let arch = match arch.as_str() {
        "x86_64" => "amd64".to_owned(),
        "aarch64" => "arm64".to_owned(),
        _ => arch,
    };
    let context = Context {
        id: descriptor.buildpack.id,
        version: descriptor.buildpack.version,
        app_dir,
        buildpack_dir,
        target: Target { arch, ..target },
        catalog: descriptor.metadata,
        bindings,
        today: today(&env),
        env,
    };
    Ok((context, phase))
}

fn build_context(
    context: Context,
    plan: Plan,
    layers_dir: PathBuf,
) -> Result<BuildContext, Problem> {
    let sboms = settings::sboms(&context.env)?;
    // Set by our adapter, or by the platform itself: no previous image exists on Cloud Foundry.
    let on_cloud_foundry =
        ["BP_CF_SHIM", "VCAP_APPLICATION"].iter().any(|name| context.env.given(name).is_some());
    let layers = Layers::new(layers_dir, sboms.clone())
        .keep_launch_layers(on_cloud_foundry)
        .caches(settings::caches(&context.env));
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

fn build<B: Buildpack>(context: &BuildContext, known: &mut Known) -> Result<(), Problem> {
    let masks = context.masks();
    let mut log = log(&context.env, masks.clone());
    log.title(&format!("{} {}", B::NAME, context.version));
    let result = build_and_declare::<B>(context, &mut log);
    if let Some(about) = known.unreported.take() {
        let (target, layers) = (context.target.clone(), Some(context.layers.dir().to_owned()));
        let about = About { target, layers, ..about };
        about.write(&context.env, &masks, B::SETTINGS, &mut log, result.as_ref().err())?;
    }
    result
}

fn build_and_declare<B: Buildpack>(context: &BuildContext, log: &mut Log) -> Result<(), Problem> {
    check_settings::<B>(context, log)?;

    let launch = B::build(context, log)?;

    context.layers.settle_caches(log)?;
    launch.show(log);
    let dir = context.layers.dir();
    context.sboms.write(&dir.join("launch"), launch.sbom.as_ref())?;
    context.sboms.write(&dir.join("build"), launch.build_sbom.as_ref())?;
    write_unmet(dir, &launch)?;
    fs_err::write(dir.join("launch.toml"), launch.to_toml(&context.sboms)?)?;
    // Had something been downloaded, this would have been an error.
    if B::LANGUAGE.is_some() {
        for bad in settings::bad_limits(&context.env) {
            log.warn(bad.notice());
        }
    }
    log.finish();
    Ok(())
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
    for line in settings::left_alone(env, B::SETTINGS) {
        log.debug(&line);
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
    for name in unknown(env, &known) {
        log.debug(&format!("{name} is of no buildpack of ours"));
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

/// Hands plan entries on to a later buildpack.
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
