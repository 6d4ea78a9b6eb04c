//! The settings that every buildpack understands.

use kouti_catalog::EolPolicy;
use kouti_report::{Colour, Level};
use kouti_sbom::Format;

use crate::layer::CacheRule;
use crate::setting::{BadSetting, Declared, Phase, Setting, Words};
use crate::{Env, Sboms};

/// How much the log tells.
pub const LOG_LEVEL: Setting<Level> =
    Setting::build("BP_LOG_LEVEL", "info", "how much the log tells: debug, info, warn or error");
/// Paketo's older switch for the same.
pub const DEBUG: Setting<Option<String>> =
    Setting::build("BP_DEBUG", "", "anything here means BP_LOG_LEVEL=debug");
/// Colours of the log.
pub const LOG_COLOR: Setting<bool> =
    Setting::build("BP_LOG_COLOR", "true", "colour the log; NO_COLOR turns colours off as well");
/// No SBOM at all.
pub const DISABLE_SBOM: Setting<bool> =
    Setting::build("BP_DISABLE_SBOM", "false", "write no software bill of materials");
/// SBOM formats.
pub const SBOM_FORMATS: Setting<Words> = Setting::build(
    "BP_SBOM_FORMATS",
    "cyclonedx,spdx,syft",
    "formats of the software bill of materials",
);
/// What the end of upstream support leads to.
pub const EOL_POLICY: Setting<EolPolicy> = Setting::build(
    "BP_EOL_POLICY",
    "warn",
    "what to do about software whose support has ended: warn, fail or ignore",
);
/// Whether a misspelt setting stops the build.
pub const STRICT_CONFIG: Setting<bool> =
    Setting::build("BP_STRICT_CONFIG", "false", "stop on a misspelt BP_ variable");
/// For repositories with several languages.
pub const LANGUAGE: Setting<Option<String>> = Setting::build(
    "BP_LANGUAGE",
    "",
    "the language to build, where a repository has several: java, nodejs, php, dotnet or web",
);
/// Architecture of what is installed.
pub const ARCH: Setting<Option<String>> =
    Setting::build("BP_ARCH", "", "architecture of what is installed, if not that of the image");
/// No network access by a buildpack.
pub const OFFLINE: Setting<bool> =
    Setting::build("BP_OFFLINE", "false", "download nothing: everything must be in the buildpack");
/// A directory of downloads shared between builds.
pub const DEPENDENCY_CACHE: Setting<Option<String>> = Setting::build(
    "BP_DEPENDENCY_CACHE",
    "",
    "directory in which downloads are kept and found again by later builds",
);
/// Where artifacts are downloaded from instead of upstream.
pub const DEPENDENCY_MIRROR: Setting<Option<String>> = Setting::build(
    "BP_DEPENDENCY_MIRROR",
    "",
    "mirror to download from; BP_DEPENDENCY_MIRROR_<HOST> for one host",
);
/// The numbers that bound downloads: they stop a build only if it downloads something.
const LIMITS: [Setting<u64>; 7] = [
    DIALER_TIMEOUT,
    DIALER_KEEP_ALIVE,
    TLS_HANDSHAKE_TIMEOUT,
    RESPONSE_HEADER_TIMEOUT,
    DOWNLOAD_STALL_TIMEOUT,
    DOWNLOAD_ATTEMPTS,
    DOWNLOAD_CONCURRENCY,
];
/// Seconds to wait for a connection.
pub const DIALER_TIMEOUT: Setting<u64> =
    Setting::build("BP_DIALER_TIMEOUT", "10", "seconds to wait for a connection; 0 is no limit");
/// Seconds between keep-alive probes.
pub const DIALER_KEEP_ALIVE: Setting<u64> =
    Setting::build("BP_DIALER_KEEP_ALIVE", "60", "seconds between keep-alive probes");
/// Seconds to wait for encryption to be agreed on.
pub const TLS_HANDSHAKE_TIMEOUT: Setting<u64> = Setting::build(
    "BP_TLS_HANDSHAKE_TIMEOUT",
    "10",
    "seconds to wait for a TLS handshake; 0 is no limit",
);
/// Seconds to wait for the first answer.
pub const RESPONSE_HEADER_TIMEOUT: Setting<u64> = Setting::build(
    "BP_RESPONSE_HEADER_TIMEOUT",
    "30",
    "seconds to wait for the first answer of a server; 0 is no limit",
);
/// Accepted for Paketo's sake.
pub const EXPECT_CONTINUE_TIMEOUT: Setting<u64> =
    Setting::build("BP_EXPECT_CONTINUE_TIMEOUT", "1", "accepted and without effect");
/// Seconds without a byte after which a download is tried again.
pub const DOWNLOAD_STALL_TIMEOUT: Setting<u64> = Setting::build(
    "BP_DOWNLOAD_STALL_TIMEOUT",
    "60",
    "seconds without a byte after which a download is tried again; 0 is no limit",
);
/// How often a download is tried.
pub const DOWNLOAD_ATTEMPTS: Setting<u64> =
    Setting::build("BP_DOWNLOAD_ATTEMPTS", "5", "how often a download is tried");
/// How many downloads run at a time.
pub const DOWNLOAD_CONCURRENCY: Setting<u64> =
    Setting::build("BP_DOWNLOAD_CONCURRENCY", "4", "how many downloads run at a time");
/// Whether caches of tools are kept.
pub const CACHE_DISABLED: Setting<bool> =
    Setting::build("BP_CACHE_DISABLED", "false", "keep no cache of a package manager");
/// How large the cache of a tool may grow.
pub const CACHE_MAX_MB: Setting<u64> = Setting::build(
    "BP_CACHE_MAX_MB",
    "2048",
    "size in MB from which the cache of a package manager is emptied",
);
/// Where the machine-readable report goes.
pub const REPORT_DIR: Setting<Option<String>> =
    Setting::build("BP_REPORT_DIR", "", "directory for a machine-readable report of the build");
/// What kind of run image the app gets.
pub const RUN_IMAGE_KIND: Setting<Option<String>> = Setting::build(
    "BP_RUN_IMAGE_KIND",
    "",
    "kind of run image, where it cannot be detected: full, base, tiny or static",
);
/// Restart on changes.
pub const LIVE_RELOAD_ENABLED: Setting<bool> = Setting::build(
    "BP_LIVE_RELOAD_ENABLED",
    "false",
    "restart the app when its files change; not for production",
);
/// Level of the log of helpers that run when a container starts.
pub const LAUNCH_LOG_LEVEL: Setting<Level> = Setting::launch(
    "BPL_LOG_LEVEL",
    "info",
    "how much is told when a container starts: debug, info, warn or error",
);

/// All of them, for the docs and the check for misspelt names.
pub const SHARED: &[Declared] = &[
    LAUNCH_LOG_LEVEL.declared,
    ARCH.declared,
    CACHE_DISABLED.declared,
    CACHE_MAX_MB.declared,
    DEBUG.declared,
    DEPENDENCY_CACHE.declared,
    DEPENDENCY_MIRROR.declared,
    DIALER_KEEP_ALIVE.declared,
    DIALER_TIMEOUT.declared,
    DISABLE_SBOM.declared,
    DOWNLOAD_ATTEMPTS.declared,
    DOWNLOAD_CONCURRENCY.declared,
    DOWNLOAD_STALL_TIMEOUT.declared,
    EOL_POLICY.declared,
    EXPECT_CONTINUE_TIMEOUT.declared,
    LANGUAGE.declared,
    LIVE_RELOAD_ENABLED.declared,
    LOG_COLOR.declared,
    LOG_LEVEL.declared,
    OFFLINE.declared,
    REPORT_DIR.declared,
    RESPONSE_HEADER_TIMEOUT.declared,
    RUN_IMAGE_KIND.declared,
    SBOM_FORMATS.declared,
    STRICT_CONFIG.declared,
    TLS_HANDSHAKE_TIMEOUT.declared,
];

/// Level of the log. A wrong value is reported by the build, not here: something has to report it.
pub(crate) fn level(env: &Env) -> Level {
    if env.given(DEBUG.declared.name).is_some() {
        return Level::Debug;
    }
    LOG_LEVEL.read(env).unwrap_or(Level::Info)
}

pub(crate) fn colour(env: &Env) -> Colour {
    if env.given("NO_COLOR").is_some() || !LOG_COLOR.read(env).unwrap_or(true) {
        Colour::Off
    } else {
        Colour::On
    }
}

/// What the user wants of caches.
pub(crate) fn caches(env: &Env) -> Result<CacheRule, BadSetting> {
    let limit = CACHE_MAX_MB.read(env)?.saturating_mul(1_000_000);
    Ok(CacheRule { forget: CACHE_DISABLED.read(env)?, limit })
}

/// The numbers for downloads that are none.
pub(crate) fn bad_limits(env: &Env) -> Vec<BadSetting> {
    LIMITS.iter().filter_map(|setting| setting.read(env).err()).collect()
}

pub(crate) fn sboms(env: &Env) -> Result<Sboms, BadSetting> {
    if DISABLE_SBOM.read(env)? {
        return Ok(Sboms::default());
    }
    let Words(names) = SBOM_FORMATS.read(env)?;
    let formats = names.iter().map(|name| match name.to_ascii_lowercase().as_str() {
        "cyclonedx" => Ok(Format::CycloneDx),
        "spdx" => Ok(Format::Spdx),
        "syft" => Ok(Format::Syft),
        _ => Err(BadSetting {
            name: SBOM_FORMATS.declared.name,
            value: name.clone(),
            form: "a list of `cyclonedx`, `spdx` and `syft`",
        }),
    });
    Ok(Sboms::new(formats.collect::<Result<_, _>>()?).created(env.given("SOURCE_DATE_EPOCH")))
}

/// The settings that the user has left alone, and their defaults.
pub(crate) fn left_alone(env: &Env, declared: &[Declared]) -> Vec<String> {
    let settings = declared.iter().chain(SHARED);
    settings
        .filter(|setting| setting.phase != Phase::Launch && env.given(setting.name).is_none())
        .map(|setting| match setting.default {
            "" => format!("{} is not set", setting.name),
            default => format!("{} is not set: {default}", setting.name),
        })
        .collect()
}

/// The variables the user has set, for the head of the log; secrets are not shown.
pub(crate) fn in_use(env: &Env, declared: &[Declared]) -> Vec<[String; 2]> {
    declared
        .iter()
        .chain(SHARED)
        .filter(|setting| setting.phase != Phase::Launch)
        .filter_map(|setting| {
            let value = env.given(setting.name)?;
            let shown = if crate::masks::is_secret(setting.name) {
                "***".to_owned()
            } else {
                kouti_report::mask_credentials(value.trim())
            };
            Some([setting.name.to_owned(), shown])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_can_be_read() {
        let env = Env::new();
        assert_eq!(LOG_LEVEL.read(&env), Ok(Level::Info));
        assert!(LOG_COLOR.read(&env).unwrap());
        assert_eq!(EOL_POLICY.read(&env), Ok(EolPolicy::Warn));
        assert_eq!(DOWNLOAD_ATTEMPTS.read(&env), Ok(5));
        assert_eq!(sboms(&env).unwrap().formats().len(), 3);
    }

    #[test]
    fn the_documented_settings_are_those_of_the_code() {
        let differences =
            crate::setting::descriptor_differences(include_str!("../settings.toml"), SHARED);
        assert_eq!(differences, [""; 0]);
    }

    #[test]
    fn names_are_listed_in_order_and_once() {
        assert!(SHARED.is_sorted_by(|a, b| a.name < b.name));
    }

    #[test]
    fn a_debug_switch_of_paketo_counts() {
        let env: Env = [("BP_DEBUG", "x")].into_iter().collect();
        assert_eq!(level(&env), Level::Debug);
    }

    #[test]
    fn settings_in_use_hide_secrets() {
        let env: Env = [("BP_OFFLINE", "true"), ("BP_DEPENDENCY_MIRROR", "https://u:p@h/x")]
            .into_iter()
            .collect();
        let rows = in_use(&env, &[]);
        assert_eq!(rows[0], ["BP_DEPENDENCY_MIRROR", "https://***@h/x"]);
        assert_eq!(rows[1], ["BP_OFFLINE", "true"]);
    }

    #[test]
    fn an_unknown_sbom_format_is_an_error() {
        let env: Env = [("BP_SBOM_FORMATS", "spdx, pdf")].into_iter().collect();
        assert_eq!(sboms(&env).unwrap_err().value, "pdf");
    }
}
