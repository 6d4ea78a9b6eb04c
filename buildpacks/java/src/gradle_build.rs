//! Build files of Gradle: programs, of which only plain words can be read.

use std::path::Path;

/// What the text of the build files tells.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct GradleBuild {
    /// Java that is compiled for.
    pub(crate) java: Option<String>,
    /// Java that Gradle itself has to run on.
    pub(crate) daemon: Option<u64>,
    /// Version of the wrapper.
    pub(crate) wrapper: Option<String>,
    /// Plugins that decide what is built.
    pub(crate) plugins: Vec<Plugin>,
    /// `rootProject.name`, for messages.
    pub(crate) has_wrapper_jar: bool,
}

/// A plugin that matters to us.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Plugin {
    Application,
    SpringBoot,
    Quarkus,
    Micronaut,
    Shadow,
    Ratpack,
}

/// How build files name them.
const PLUGINS: [(&str, Plugin); 8] = [
    ("org.springframework.boot", Plugin::SpringBoot),
    ("io.quarkus", Plugin::Quarkus),
    ("io.micronaut", Plugin::Micronaut),
    ("com.github.johnrengelman.shadow", Plugin::Shadow),
    ("com.gradleup.shadow", Plugin::Shadow),
    ("io.ratpack", Plugin::Ratpack),
    ("id 'application'", Plugin::Application),
    ("id(\"application\")", Plugin::Application),
];

impl GradleBuild {
    pub(crate) fn read(app_dir: &Path, module: Option<&str>) -> Self {
        let mut text = String::new();
        for dir in [Some(""), module].into_iter().flatten() {
            for name in ["build.gradle", "build.gradle.kts"] {
                text += &fs_err::read_to_string(app_dir.join(dir).join(name)).unwrap_or_default();
            }
        }
        let mut plugins: Vec<_> = PLUGINS
            .iter()
            .filter(|(name, _)| text.contains(name))
            .map(|(_, plugin)| *plugin)
            .collect();
        // Kotlin's `plugins { application }`.
        if text.lines().any(|line| line.trim() == "application") {
            plugins.push(Plugin::Application);
        }
        let properties =
            |path: &str| fs_err::read_to_string(app_dir.join(path)).unwrap_or_default();
        let daemon = properties("gradle/gradle-daemon-jvm.properties");
        let wrapper = properties("gradle/wrapper/gradle-wrapper.properties");
        Self {
            java: java(&text),
            daemon: property(&daemon, "toolchainVersion").and_then(|text| text.parse().ok()),
            wrapper: property(&wrapper, "distributionUrl").and_then(wrapper_version),
            plugins,
            has_wrapper_jar: app_dir.join("gradle/wrapper/gradle-wrapper.jar").is_file(),
        }
    }

    /// Whether the app is to be installed with its start script: it makes no JAR that runs alone.
    pub(crate) fn wants_install(&self) -> bool {
        let packs = |plugin: &Plugin| {
            matches!(
                plugin,
                Plugin::SpringBoot | Plugin::Quarkus | Plugin::Micronaut | Plugin::Shadow
            )
        };
        !self.plugins.iter().any(packs)
            && self.plugins.iter().any(|p| matches!(p, Plugin::Application | Plugin::Ratpack))
    }
}

fn property<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.trim().strip_prefix(key)?.trim_start().strip_prefix('='))
}

/// `https\://…/gradle-8.5-bin.zip`.
fn wrapper_version(url: &str) -> Option<String> {
    let (_, rest) = url.rsplit_once("gradle-")?;
    let version = rest.split(['-', '/']).next()?;
    version.starts_with(|c: char| c.is_ascii_digit()).then(|| version.to_owned())
}

/// What stands in front of a version of Java.
const JAVA: [&str; 4] =
    ["JavaLanguageVersion.of(", "jvmToolchain(", "sourceCompatibility", "targetCompatibility"];

fn java(text: &str) -> Option<String> {
    JAVA.iter().find_map(|name| {
        let mut rest = &text[text.find(name)? + name.len()..];
        rest = rest.lines().next()?.trim_start_matches([' ', '=', '\'', '"', '(']);
        rest = rest.strip_prefix("JavaVersion.").unwrap_or(rest);
        rest = rest.strip_prefix("VERSION_").unwrap_or(rest);
        let version: String =
            rest.chars().take_while(|c| c.is_ascii_digit() || matches!(c, '.' | '_')).collect();
        let version = version.replace('_', ".");
        version.starts_with(|c: char| c.is_ascii_digit()).then_some(version)
    })
}

/// The newest Java that a Gradle of this version runs on.
pub(crate) fn newest_java(gradle: &str) -> u64 {
    let mut parts = gradle.split('.').map(|part| part.parse().unwrap_or(0));
    let version: (u64, u64) = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    match version {
        (..=4, _) => 8,
        (5, 0..=3) => 11,
        (5, _) => 12,
        (6, 0..=2) => 13,
        (6, 3..=6) => 14,
        (6, _) => 15,
        (7, 0..=2) => 16,
        (7, 3..=4) => 17,
        (7, 5) => 18,
        (7, _) | (8, 0..=2) => 19,
        (8, 3..=4) => 20,
        (8, 5..=7) => 21,
        (8, 8..=9) => 22,
        (8, 10..=13) => 23,
        (8, _) | (9, 0) => 24,
        _ => u64::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::write;

    #[test]
    fn the_version_of_java_is_read_in_every_spelling() {
        for (text, version) in [
            ("languageVersion = JavaLanguageVersion.of(21)", "21"),
            ("kotlin { jvmToolchain(17) }", "17"),
            ("sourceCompatibility = '1.8'", "1.8"),
            ("sourceCompatibility = JavaVersion.VERSION_1_8", "1.8"),
            ("targetCompatibility = 11", "11"),
            ("sourceCompatibility JavaVersion.VERSION_17", "17"),
        ] {
            assert_eq!(java(text).as_deref(), Some(version), "{text}");
        }
        assert_eq!(java("sourceCompatibility = project.javaVersion"), None);
    }

    #[test]
    fn wrapper_and_plugins_are_read() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), "build.gradle", b"plugins {\n  id 'application'\n}\n");
        let url =
            b"distributionUrl=https\\://services.gradle.org/distributions/gradle-6.9.4-bin.zip\n";
        write(dir.path(), "gradle/wrapper/gradle-wrapper.properties", url);
        let build = GradleBuild::read(dir.path(), None);
        assert_eq!(build.wrapper.as_deref(), Some("6.9.4"));
        assert!(build.wants_install());
        assert_eq!(newest_java("6.9.4"), 15);
        assert_eq!(newest_java("8.14.3"), 24);
        write(dir.path(), "build.gradle.kts", b"plugins { id(\"org.springframework.boot\") }");
        assert!(!GradleBuild::read(dir.path(), None).wants_install());
    }
}
