//! Decision: how a project is published.

use kouti::{Explain, Fault};
use serde::{Deserialize, Serialize};

use crate::framework_choice::FrameworkChoice;
use crate::msbuild::Evaluated;
use crate::project::Project;
use crate::publish_flags::PublishFlags;
use crate::settings::Settings;

/// One call of `dotnet publish`.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub(crate) struct Publish {
    /// The project, relative to the app.
    pub(crate) project: String,
    /// What the compiler makes.
    pub(crate) assembly: String,
    /// Major and minor of the framework, if anybody has told.
    pub(crate) line: Option<(u64, u64)>,
    /// Arguments behind the project, but for the output.
    pub(crate) args: Vec<String>,
    /// Whether the output needs no runtime.
    pub(crate) self_contained: bool,
    /// Whether files of packages cannot be told apart in the output.
    pub(crate) is_fused: bool,
    pub(crate) invariant: bool,
    pub(crate) is_web: bool,
    pub(crate) is_site: bool,
}

/// What a decision is made from, besides the project.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Circumstances<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) flags: &'a PublishFlags,
    /// `amd64`, `arm64`.
    pub(crate) arch: &'a str,
    /// Whether there is a C compiler, which compiling ahead of time needs.
    pub(crate) has_compiler: bool,
    /// Whether the user asked for a detailed log.
    pub(crate) is_verbose: bool,
}

/// Compiling ahead of time needs a linker for C.
#[derive(Clone, Debug, thiserror::Error)]
#[error(
    "{project} is compiled ahead of time (`PublishAot`), and this builder has neither clang nor gcc"
)]
pub(crate) struct NoAotToolchain {
    project: String,
}

impl Publish {
    pub(crate) fn decide(
        project: &Project,
        told: &Evaluated,
        framework: Option<&FrameworkChoice>,
        around: Circumstances<'_>,
    ) -> Result<Self, NoAotToolchain> {
        let Circumstances { settings, flags, .. } = around;
        let aot = flags
            .property("PublishAot")
            .map_or(told.aot, |value| value.eq_ignore_ascii_case("true"));
        let drops_aot = aot && !around.has_compiler && project.is_file_app;
        if aot && !around.has_compiler && !project.is_file_app {
            return Err(NoAotToolchain { project: project.path.clone() });
        }
        let aot = aot && !drops_aot;
        let wants_own_runtime = told.self_contained || told.trimmed || aot;
        let mut args = Vec::new();
        let mut add = |words: &[&str]| args.extend(words.iter().map(ToString::to_string));
        if !flags.has(&["-c", "--configuration"]) && flags.property("Configuration").is_none() {
            add(&["--configuration", settings.configuration()]);
        }
        if !has_runtime(flags) {
            let arch = if around.arch == "arm64" { "linux-arm64" } else { "linux-x64" };
            add(&["--runtime", arch]);
        }
        if !decides_containment(flags) && !wants_own_runtime {
            // A runtime identifier alone would mean self-contained before .NET 8.
            add(&["--self-contained", "false"]);
        }
        if let Some(framework) = framework.filter(|framework| framework.is_one_of_several)
            && !flags.has(&["-f", "--framework"])
            && flags.property("TargetFramework").is_none()
        {
            add(&["--framework", &framework.moniker]);
        }
        if !flags.has(&["-v", "--verbosity"]) {
            let verbose = around.is_verbose.then_some("normal");
            if let Some(verbosity) = settings.verbosity.or(verbose) {
                add(&["--verbosity", verbosity]);
            }
        }
        if drops_aot {
            add(&["-p:PublishAot=false"]);
        }
        if settings.restore_locked {
            add(&["-p:RestoreLockedMode=true"]);
        }
        args.extend(settings.audit.properties());
        args.extend(flags.0.iter().cloned());
        Ok(Self {
            project: project.path.clone(),
            assembly: flags.property("AssemblyName").unwrap_or(&told.assembly).to_owned(),
            line: framework.map(|framework| framework.line),
            args,
            self_contained: wants_own_runtime || asks_for_containment(flags),
            is_fused: aot || told.single_file || flags.sets("PublishSingleFile"),
            invariant: told.invariant || flags.sets("InvariantGlobalization"),
            is_web: told.is_web,
            is_site: told.is_site,
        })
    }
}

fn has_runtime(flags: &PublishFlags) -> bool {
    let options = ["-r", "--runtime", "-a", "--arch", "--os", "--ucr", "--use-current-runtime"];
    flags.has(&options) || flags.property("RuntimeIdentifier").is_some()
}

const CONTAINMENT: [&str; 3] = ["--self-contained", "--sc", "--no-self-contained"];

fn decides_containment(flags: &PublishFlags) -> bool {
    flags.has(&CONTAINMENT)
        || flags.property("SelfContained").is_some()
        || flags.property("PublishSelfContained").is_some()
        || flags.sets("PublishAot")
        || flags.sets("PublishTrimmed")
}

fn asks_for_containment(flags: &PublishFlags) -> bool {
    let behind = |name: &str| {
        let at = flags.0.iter().position(|word| word == name)?;
        flags.0.get(at + 1).map(String::as_str)
    };
    let given = |name: &str| flags.has(&[name]) && behind(name) != Some("false");
    given("--self-contained")
        || given("--sc")
        || ["SelfContained", "PublishSelfContained", "PublishAot", "PublishTrimmed"]
            .iter()
            .any(|name| flags.sets(name))
}

impl Explain for NoAotToolchain {
    fn id(&self) -> &'static str {
        "aot-toolchain"
    }

    fn fault(&self) -> Fault {
        Fault::Surroundings
    }

    fn hints(&self) -> Vec<String> {
        vec![
            "use a builder whose build image has a compiler, of Paketo's the `full` ones"
                .to_owned(),
            "or compile to IL: BP_DOTNET_PUBLISH_FLAGS=-p:PublishAot=false".to_owned(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use kouti::Env;

    use super::*;

    fn args(flags: &str, told: &Evaluated, change: impl FnOnce(&mut Settings)) -> String {
        let mut settings = Settings::read(&Env::new()).unwrap();
        change(&mut settings);
        let flags = PublishFlags::parse(flags, &Env::new()).unwrap();
        let around = Circumstances {
            settings: &settings,
            flags: &flags,
            arch: "amd64",
            has_compiler: true,
            is_verbose: false,
        };
        let project = Project { path: "A.csproj".into(), ..Project::default() };
        Publish::decide(&project, told, None, around).unwrap().args.join(" ")
    }

    #[test]
    fn defaults_stand_back_where_the_user_decides() {
        let plain = Evaluated::default();
        let none = |_: &mut Settings| {};
        let own = Evaluated { self_contained: true, ..Evaluated::default() };
        for (flags, told, expected) in [
            ("", &plain, "--configuration Release --runtime linux-x64 --self-contained false"),
            (
                "-clp:Summary",
                &plain,
                "--configuration Release --runtime linux-x64 --self-contained false -clp:Summary",
            ),
            ("-c Debug --sc", &plain, "--runtime linux-x64 -c Debug --sc"),
            (
                "-p:configuration=X --os linux -p:SelfContained=true",
                &plain,
                "-p:configuration=X --os linux -p:SelfContained=true",
            ),
            ("", &own, "--configuration Release --runtime linux-x64"),
        ] {
            assert_eq!(args(flags, told, none), expected, "{flags}");
        }
        let debug = args("", &plain, |settings| settings.debug = true);
        assert!(debug.starts_with("--configuration Debug "), "{debug}");
        let locked = args("", &plain, |settings| settings.restore_locked = true);
        assert!(locked.ends_with(" -p:RestoreLockedMode=true"), "{locked}");
        let quiet = args("", &plain, |settings| settings.verbosity = Some("quiet"));
        assert!(quiet.ends_with(" --verbosity quiet"), "{quiet}");
    }
}
