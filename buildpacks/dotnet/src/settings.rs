//! What the user can set.

use kouti::catalog::EolPolicy;
use kouti::setting::{BadSetting, Declared, Paths, Value, Words};
use kouti::{Env, Setting};

use crate::audit::Audit;
use crate::runtime_roll_forward::RollForward;

const PROJECT_PATH: Setting<Words> = Setting::build(
    "BP_DOTNET_PROJECT_PATH",
    "",
    "project, solution, C# file or directory to build, relative to the app; several projects separated by commas",
);
const SOLUTION_FILE: Setting<Option<String>> =
    Setting::build("BP_DOTNET_SOLUTION_FILE", "", "solution to build, relative to the app");
const SOLUTION_FILE_ALIAS: Setting<Option<String>> =
    Setting::build("SOLUTION_FILE", "", "the same, as Heroku calls it");
const SDK_VERSION: Setting<Option<String>> = Setting::build(
    "BP_DOTNET_SDK_VERSION",
    "",
    "version of the SDK: `10.0.*`, `8.0.4xx`, `8.0.424`, `lts`, `sts` or `latest`",
);
const RUNTIME_VERSION: Setting<Option<String>> = Setting::build(
    "BP_DOTNET_RUNTIME_VERSION",
    "",
    "version of the runtime in the image, if not the one that the app asks for",
);
const FRAMEWORK_VERSION: Setting<Option<String>> = Setting::build(
    "BP_DOTNET_FRAMEWORK_VERSION",
    "",
    "deprecated: version of the runtime, which also chooses the line of the SDK",
);
const ROLL_FORWARD: Setting<Option<RollForward>> = Setting::build(
    "BP_DOTNET_ROLL_FORWARD",
    "",
    "how far the runtime may be from what the app asks for, in the words of .NET; `Minor` if nothing says otherwise",
);
const ENABLE_PRERELEASE: Setting<bool> =
    Setting::build("BP_DOTNET_ENABLE_PRERELEASE", "false", "let previews of .NET be chosen");
const ALLOW_EOL: Setting<bool> = Setting::build(
    "BP_DOTNET_ALLOW_EOL",
    "false",
    "allow a runtime whose support ended more than a year ago",
);
const TARGET_FRAMEWORK: Setting<Option<String>> = Setting::build(
    "BP_DOTNET_TARGET_FRAMEWORK",
    "",
    "which of several `TargetFrameworks` to publish; the highest if it is not set",
);
const PUBLISH_FLAGS: Setting<String> =
    Setting::build("BP_DOTNET_PUBLISH_FLAGS", "", "more arguments for `dotnet publish`");
const CONFIGURATION: Setting<Option<String>> = Setting::build(
    "BP_DOTNET_CONFIGURATION",
    "",
    "build configuration; `Release`, or `Debug` with BP_DEBUG_ENABLED",
);
const CONFIGURATION_ALIAS: Setting<Option<String>> =
    Setting::build("BUILD_CONFIGURATION", "", "the same, as Heroku calls it");
const VERBOSITY: Setting<Option<Verbosity>> =
    Setting::build("BP_DOTNET_VERBOSITY", "", "how much MSBuild tells");
const VERBOSITY_ALIAS: Setting<Option<Verbosity>> =
    Setting::build("MSBUILD_VERBOSITY_LEVEL", "", "the same, as Heroku calls it");
const ENTRYPOINT: Setting<Option<String>> = Setting::build(
    "BP_DOTNET_ENTRYPOINT",
    "",
    "assembly or executable to start, where it cannot be told",
);
const DEFAULT_PROCESS: Setting<Option<String>> = Setting::build(
    "BP_DOTNET_DEFAULT_PROCESS",
    "",
    "type of the process that starts by default, where there are several",
);
const DISABLE_SLICING: Setting<bool> = Setting::build(
    "BP_DOTNET_DISABLE_BUILDPACK_OUTPUT_SLICING",
    "false",
    "put all files of the app into one layer",
);
const ICU: Setting<Choice> = Setting::build(
    "BP_DOTNET_ICU",
    "auto",
    "whether the image gets ICU, the data for languages and cultures: true, false or auto",
);
const INCLUDE_NODE: Setting<Node> = Setting::build(
    "BP_DOTNET_INCLUDE_NODE",
    "auto",
    "whether Node.js is there: false, build, launch (in the image too) or auto",
);
const RESTORE_TOOLS: Setting<bool> =
    Setting::build("BP_DOTNET_RESTORE_TOOLS", "true", "restore the tools of dotnet-tools.json");
const WORKLOADS: Setting<Words> = Setting::build(
    "BP_DOTNET_WORKLOADS",
    "",
    "workloads to install into the SDK, separated by commas or blanks",
);
const RESTORE_LOCKED: Setting<bool> = Setting::build(
    "BP_DOTNET_RESTORE_LOCKED",
    "false",
    "fail if packages.lock.json does not fit the projects",
);
const AUDIT: Setting<Audit> = Setting::build(
    "BP_DOTNET_AUDIT",
    "warn",
    "what to do about packages with known vulnerabilities: off, warn, or fail from low, moderate, high or critical",
);
const KEEP_SOURCE: Setting<bool> = Setting::build(
    "BP_DOTNET_KEEP_SOURCE",
    "false",
    "leave the source in the image, with the app in bin/publish",
);
const KEEP_FILES: Setting<Paths> = Setting::build(
    "BP_KEEP_FILES",
    "",
    "files of the source that stay in the image: patterns separated by colons",
);
const WATCH: Setting<bool> = Setting::build(
    "BP_DOTNET_WATCH",
    "false",
    "start the app with `dotnet watch`; for development",
);
const DEBUG_ENABLED: Setting<bool> = Setting::build(
    "BP_DEBUG_ENABLED",
    "false",
    "build for debugging, with Microsoft's debugger in the image; not for production",
);
const INSTALL_NODE: Setting<Option<String>> = Setting::build(
    "INSTALL_NODE",
    "",
    "anything here puts Node.js into the image, as on Cloud Foundry",
);
const EXEC_ENV: Setting<Mode> =
    Setting::build("CNB_EXEC_ENV", "production", "what the image is for: production or test");

/// All of them, in the order of their names.
pub(crate) const ALL: &[Declared] = &[
    DEBUG_ENABLED.declared,
    ALLOW_EOL.declared,
    AUDIT.declared,
    CONFIGURATION.declared,
    DEFAULT_PROCESS.declared,
    DISABLE_SLICING.declared,
    ENABLE_PRERELEASE.declared,
    ENTRYPOINT.declared,
    FRAMEWORK_VERSION.declared,
    ICU.declared,
    INCLUDE_NODE.declared,
    KEEP_SOURCE.declared,
    PROJECT_PATH.declared,
    PUBLISH_FLAGS.declared,
    RESTORE_LOCKED.declared,
    RESTORE_TOOLS.declared,
    ROLL_FORWARD.declared,
    RUNTIME_VERSION.declared,
    SDK_VERSION.declared,
    SOLUTION_FILE.declared,
    TARGET_FRAMEWORK.declared,
    VERBOSITY.declared,
    WATCH.declared,
    WORKLOADS.declared,
    KEEP_FILES.declared,
    CONFIGURATION_ALIAS.declared,
    EXEC_ENV.declared,
    INSTALL_NODE.declared,
    VERBOSITY_ALIAS.declared,
    SOLUTION_FILE_ALIAS.declared,
];

/// On, off, or as it is needed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Choice {
    #[default]
    Auto,
    Yes,
    No,
}

impl Value for Choice {
    const FORM: &'static str = "true, false or auto";

    fn parse(text: &str) -> Option<Self> {
        if text.eq_ignore_ascii_case("auto") {
            return Some(Self::Auto);
        }
        bool::parse(text).map(|yes| if yes { Self::Yes } else { Self::No })
    }
}

/// Where Node.js is wanted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Node {
    #[default]
    Auto,
    No,
    Build,
    Launch,
}

impl Value for Node {
    const FORM: &'static str = "`auto`, `false`, `build` or `launch`";

    fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "auto" => Some(Self::Auto),
            "false" => Some(Self::No),
            "build" => Some(Self::Build),
            "launch" => Some(Self::Launch),
            _ => None,
        }
    }
}

/// Verbosity of MSBuild, by its whole name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Verbosity(pub(crate) &'static str);

impl Value for Verbosity {
    const FORM: &'static str = "`quiet`, `minimal`, `normal`, `detailed` or `diagnostic`";

    fn parse(text: &str) -> Option<Self> {
        let name = match text.to_ascii_lowercase().as_str() {
            "q" | "quiet" => "quiet",
            "m" | "minimal" => "minimal",
            "n" | "normal" => "normal",
            "d" | "detailed" => "detailed",
            "diag" | "diagnostic" => "diagnostic",
            _ => return None,
        };
        Some(Self(name))
    }
}

/// What the image is for.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Mode {
    #[default]
    Production,
    Test,
}

impl Value for Mode {
    const FORM: &'static str = "`production` or `test`";

    fn parse(text: &str) -> Option<Self> {
        match text {
            "production" => Some(Self::Production),
            "test" => Some(Self::Test),
            _ => None,
        }
    }
}

/// The values of one build.
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Settings {
    pub(crate) project_paths: Vec<String>,
    /// The variable that was set, and its value.
    pub(crate) solution: Option<(&'static str, String)>,
    pub(crate) sdk_version: Option<String>,
    pub(crate) runtime_version: Option<String>,
    pub(crate) framework_version: Option<String>,
    pub(crate) roll_forward: Option<RollForward>,
    pub(crate) enable_prerelease: bool,
    pub(crate) allow_eol: bool,
    pub(crate) target_framework: Option<String>,
    pub(crate) publish_flags: String,
    pub(crate) configuration: Option<String>,
    pub(crate) verbosity: Option<&'static str>,
    pub(crate) entrypoint: Option<String>,
    pub(crate) default_process: Option<String>,
    pub(crate) slicing: bool,
    pub(crate) icu: Choice,
    pub(crate) node: Node,
    pub(crate) restore_tools: bool,
    pub(crate) workloads: Vec<String>,
    pub(crate) restore_locked: bool,
    pub(crate) audit: Audit,
    pub(crate) keep_source: bool,
    pub(crate) keep_files: Vec<String>,
    pub(crate) watch: bool,
    pub(crate) debug: bool,
    pub(crate) live_reload: bool,
    pub(crate) mode: Mode,
    pub(crate) eol_policy: EolPolicy,
}

impl Settings {
    pub(crate) fn read(env: &Env) -> Result<Self, BadSetting> {
        let either = |setting: &Setting<Option<String>>, alias: &Setting<Option<String>>| {
            for setting in [setting, alias] {
                if let Some(value) = setting.read(env)? {
                    return Ok(Some((setting.declared.name, value)));
                }
            }
            Ok(None)
        };
        let Words(project_paths) = PROJECT_PATH.read(env)?;
        let Words(workloads) = WORKLOADS.read(env)?;
        let Paths(keep_files) = KEEP_FILES.read(env)?;
        let verbosity = match VERBOSITY.read(env)? {
            Some(verbosity) => Some(verbosity),
            None => VERBOSITY_ALIAS.read(env)?,
        };
        // What the host reads itself, if our own setting is not there.
        let roll_forward = match ROLL_FORWARD.read(env)? {
            Some(policy) => Some(policy),
            None => env.given("DOTNET_ROLL_FORWARD").and_then(RollForward::parse),
        };
        let node = match INSTALL_NODE.read(env)? {
            Some(_) if !INCLUDE_NODE.is_set(env) => Node::Launch,
            _ => INCLUDE_NODE.read(env)?,
        };
        Ok(Self {
            project_paths,
            solution: either(&SOLUTION_FILE, &SOLUTION_FILE_ALIAS)?,
            sdk_version: SDK_VERSION.read(env)?,
            runtime_version: RUNTIME_VERSION.read(env)?,
            framework_version: FRAMEWORK_VERSION.read(env)?,
            roll_forward,
            enable_prerelease: ENABLE_PRERELEASE.read(env)?,
            allow_eol: ALLOW_EOL.read(env)?,
            target_framework: TARGET_FRAMEWORK.read(env)?,
            publish_flags: PUBLISH_FLAGS.read(env)?,
            configuration: either(&CONFIGURATION, &CONFIGURATION_ALIAS)?.map(|(_, value)| value),
            verbosity: verbosity.map(|Verbosity(name)| name),
            entrypoint: ENTRYPOINT.read(env)?,
            default_process: DEFAULT_PROCESS.read(env)?,
            slicing: !DISABLE_SLICING.read(env)?,
            icu: ICU.read(env)?,
            node,
            restore_tools: RESTORE_TOOLS.read(env)?,
            workloads: workloads
                .iter()
                .flat_map(|words| words.split_whitespace())
                .map(str::to_owned)
                .collect(),
            restore_locked: RESTORE_LOCKED.read(env)?,
            audit: AUDIT.read(env)?,
            keep_source: KEEP_SOURCE.read(env)?,
            keep_files,
            watch: WATCH.read(env)?,
            debug: DEBUG_ENABLED.read(env)?,
            live_reload: kouti::settings::LIVE_RELOAD_ENABLED.read(env)?,
            mode: EXEC_ENV.read(env)?,
            eol_policy: kouti::settings::EOL_POLICY.read(env)?,
        })
    }

    /// `Release`, unless the user wants another one or to debug.
    pub(crate) fn configuration(&self) -> &str {
        match &self.configuration {
            Some(configuration) => configuration,
            None if self.debug => "Debug",
            None => "Release",
        }
    }

    /// Whether sources and SDK are in the image, and nothing is published.
    pub(crate) fn builds_at_launch(&self) -> bool {
        self.watch || self.mode == Mode::Test
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_descriptor_lists_the_same_settings() {
        let descriptor = include_str!("../buildpack.toml");
        assert_eq!(kouti::setting::descriptor_differences(descriptor, ALL), [""; 0]);
    }

    #[test]
    fn every_default_can_be_read() {
        let settings = Settings::read(&Env::new()).unwrap();
        assert_eq!(settings.configuration(), "Release");
        assert!(settings.slicing && settings.restore_tools && !settings.builds_at_launch());
    }

    #[test]
    fn the_names_of_others_count_if_ours_do_not() {
        let env: Env = [
            ("SOLUTION_FILE", "a.sln"),
            ("BUILD_CONFIGURATION", "Debug"),
            ("MSBUILD_VERBOSITY_LEVEL", "diag"),
            ("INSTALL_NODE", "yes"),
            ("DOTNET_ROLL_FORWARD", "major"),
        ]
        .into_iter()
        .collect();
        let settings = Settings::read(&env).unwrap();
        assert_eq!(settings.solution, Some(("SOLUTION_FILE", "a.sln".to_owned())));
        assert_eq!(settings.configuration(), "Debug");
        assert_eq!(settings.verbosity, Some("diagnostic"));
        assert_eq!(settings.node, Node::Launch);
        assert_eq!(settings.roll_forward, Some(RollForward::Major));
    }
}
