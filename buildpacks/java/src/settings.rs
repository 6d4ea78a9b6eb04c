//! What the user can set.

use kouti::Setting;
use kouti::setting::{Arguments, Declared, Phase, Value};

use crate::vendor::Vendor;

/// JDK or JRE in the image.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum JvmType {
    #[default]
    Jre,
    Jdk,
}

impl Value for JvmType {
    const FORM: &'static str = "JRE or JDK";

    fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "jre" => Some(Self::Jre),
            "jdk" => Some(Self::Jdk),
            _ => None,
        }
    }
}

pub(crate) const JVM_VERSION: Setting<Option<String>> =
    Setting::build("BP_JVM_VERSION", "", "version of Java, or a range: 21, 17.0.*, >=17 <22");
pub(crate) const JVM_TYPE: Setting<JvmType> =
    Setting::build("BP_JVM_TYPE", "JRE", "what runs the app: JRE or JDK");
pub(crate) const JVM_VENDOR: Setting<Option<Vendor>> = Setting::build(
    "BP_JVM_VENDOR",
    "",
    "who makes the Java: liberica, temurin or zulu; liberica if nothing says so",
);
pub(crate) const JLINK_ENABLED: Setting<bool> =
    Setting::build("BP_JVM_JLINK_ENABLED", "false", "make a runtime of the needed modules only");
pub(crate) const JLINK_ARGS: Setting<Option<Arguments>> = Setting::build(
    "BP_JVM_JLINK_ARGS",
    "",
    "arguments of jlink in place of the usual ones; --output is always ours",
);
pub(crate) const JLINK_MODULES: Setting<String> = Setting::build(
    "BP_JVM_JLINK_MODULES",
    "default",
    "modules of the runtime: default, or a list separated by commas",
);
pub(crate) const CDS_ENABLED: Setting<bool> = Setting::build(
    "BP_JVM_CDS_ENABLED",
    "false",
    "start the app once in the build, and keep its classes as an archive that starts faster",
);
pub(crate) const AOTCACHE_ENABLED: Setting<bool> =
    Setting::build("BP_JVM_AOTCACHE_ENABLED", "false", "the same under its newer name");
pub(crate) const TRAINING_OPTIONAL: Setting<bool> = Setting::build(
    "BP_JVM_AOTCACHE_TRAINING_OPTIONAL",
    "false",
    "go on without an archive when the app cannot be started in the build",
);
pub(crate) const TRAINING_TIMEOUT: Setting<u64> = Setting::build(
    "BP_JVM_TRAINING_TIMEOUT",
    "120",
    "seconds after which the start in the build is given up",
);
pub(crate) const TRAINING_OPTIONS: Setting<Option<String>> = Setting::build(
    "TRAINING_RUN_JAVA_TOOL_OPTIONS",
    "",
    "JAVA_TOOL_OPTIONS of the start in the build",
);
pub(crate) const OLD_TRAINING_OPTIONS: Setting<Option<String>> = Setting::build(
    "CDS_TRAINING_JAVA_TOOL_OPTIONS",
    "",
    "deprecated name of TRAINING_RUN_JAVA_TOOL_OPTIONS",
);
pub(crate) const UNPACK_LAYOUT_ONLY: Setting<bool> = Setting::build(
    "BP_UNPACK_LAYOUT_ONLY",
    "false",
    "lay a Spring Boot app out for an archive of classes, without making one",
);
pub(crate) const BUILD_TOOL: Setting<Option<String>> = Setting::build(
    "BP_JAVA_BUILD_TOOL",
    "",
    "which tool builds the app if it has files of several: maven, gradle or sbt",
);
pub(crate) const MAIN_CLASS: Setting<Option<String>> = Setting::build(
    "BP_JAVA_MAIN_CLASS",
    "",
    "class that is started, in place of the one of the manifest",
);
pub(crate) const FORCE_BUILD: Setting<bool> = Setting::build(
    "BP_JAVA_FORCE_BUILD",
    "false",
    "run the build tool even if nothing has changed, for snapshots of libraries",
);
pub(crate) const APP_SERVER: Setting<Option<String>> =
    Setting::build("BP_JAVA_APP_SERVER", "", "server of a WAR: tomcat");
pub(crate) const INSTALL_NODE: Setting<bool> = Setting::build(
    "BP_JAVA_INSTALL_NODE",
    "false",
    "provide Node.js to the build, for a front end in the same tree",
);
pub(crate) const NODE_PROJECT_PATH: Setting<Option<String>> =
    Setting::build("BP_NODE_PROJECT_PATH", "", "directory of that front end, relative to the app");

pub(crate) const MAVEN_VERSION: Setting<Option<String>> = Setting::build(
    "BP_MAVEN_VERSION",
    "",
    "version of Maven, or a range; if it is not set, the wrapper of the app counts, else 3",
);
pub(crate) const MAVEN_ARGUMENTS: Setting<Arguments> = Setting::build(
    "BP_MAVEN_BUILD_ARGUMENTS",
    "-Dmaven.test.skip=true --no-transfer-progress package",
    "arguments of Maven",
);
pub(crate) const MAVEN_MORE_ARGUMENTS: Setting<Arguments> =
    Setting::build("BP_MAVEN_ADDITIONAL_BUILD_ARGUMENTS", "", "arguments of Maven behind those");
pub(crate) const MAVEN_PROFILES: Setting<Option<String>> =
    Setting::build("BP_MAVEN_ACTIVE_PROFILES", "", "profiles of Maven: `p1,!p2,?p3`");
pub(crate) const MAVEN_ARTIFACT: Setting<Arguments> = Setting::build(
    "BP_MAVEN_BUILT_ARTIFACT",
    "target/*.[ejw]ar",
    "globs of what Maven makes; they count instead of BP_MAVEN_BUILT_MODULE",
);
pub(crate) const MAVEN_MODULE: Setting<Option<String>> =
    Setting::build("BP_MAVEN_BUILT_MODULE", "", "directory of the module that is the app");
pub(crate) const MAVEN_ONLY_MODULE: Setting<bool> = Setting::build(
    "BP_MAVEN_BUILD_ONLY_MODULE",
    "false",
    "build that module and what it needs, not all of them",
);
pub(crate) const MAVEN_POM: Setting<String> =
    Setting::build("BP_MAVEN_POM_FILE", "pom.xml", "project file of Maven, relative to the app");
pub(crate) const MAVEN_DAEMON: Setting<bool> =
    Setting::build("BP_MAVEN_DAEMON_ENABLED", "false", "build with the Maven daemon, mvnd");
pub(crate) const MAVEN_SETTINGS: Setting<Option<String>> = Setting::build(
    "BP_MAVEN_SETTINGS_PATH",
    "",
    "settings file of Maven, relative to the app; a `maven` binding counts before it",
);
pub(crate) const MAVEN_MIRROR: Setting<Option<String>> = Setting::build(
    "BP_MAVEN_REGISTRY_MIRROR",
    "",
    "where this buildpack itself downloads from, in place of Maven Central",
);

pub(crate) const GRADLE_VERSION: Setting<Option<String>> = Setting::build(
    "BP_GRADLE_VERSION",
    "",
    "version of Gradle where the app has no wrapper; the newest if it is not set",
);
pub(crate) const GRADLE_ARGUMENTS: Setting<Arguments> = Setting::build(
    "BP_GRADLE_BUILD_ARGUMENTS",
    "--no-daemon -Dorg.gradle.welcome=never assemble",
    "arguments of Gradle",
);
pub(crate) const GRADLE_MORE_ARGUMENTS: Setting<Arguments> =
    Setting::build("BP_GRADLE_ADDITIONAL_BUILD_ARGUMENTS", "", "arguments of Gradle behind those");
pub(crate) const GRADLE_FILE: Setting<Option<String>> =
    Setting::build("BP_GRADLE_BUILD_FILE", "", "build file of Gradle, relative to the app");
pub(crate) const GRADLE_ARTIFACT: Setting<Arguments> = Setting::build(
    "BP_GRADLE_BUILT_ARTIFACT",
    "build/libs/*.[jw]ar",
    "globs of what Gradle makes; they count instead of BP_GRADLE_BUILT_MODULE",
);
pub(crate) const GRADLE_MODULE: Setting<Option<String>> =
    Setting::build("BP_GRADLE_BUILT_MODULE", "", "directory of the module that is the app");
pub(crate) const GRADLE_INIT_SCRIPT: Setting<Option<String>> = Setting::build(
    "BP_GRADLE_INIT_SCRIPT_PATH",
    "",
    "initialisation script of Gradle, relative to the app",
);

pub(crate) const SBT_ARGUMENTS: Setting<Arguments> =
    Setting::build("BP_SBT_BUILD_ARGUMENTS", "universal:packageBin", "arguments of sbt");
pub(crate) const SBT_ARTIFACT: Setting<Arguments> = Setting::build(
    "BP_SBT_BUILT_ARTIFACT",
    "target/universal/*.zip",
    "globs of what sbt makes; they count instead of BP_SBT_BUILT_MODULE",
);
pub(crate) const SBT_MODULE: Setting<Option<String>> =
    Setting::build("BP_SBT_BUILT_MODULE", "", "directory of the module that is the app");
pub(crate) const SBT_REPOSITORIES: Setting<Option<String>> = Setting::build(
    "BP_SBT_REPOSITORIES_FILE",
    "",
    "file with the repositories that sbt is to use, and no others",
);

pub(crate) const INCLUDE: Setting<String> = Setting::build(
    "BP_INCLUDE_FILES",
    "",
    "globs of source files that stay in the image beside what was built, separated by colons",
);
pub(crate) const EXCLUDE: Setting<String> =
    Setting::build("BP_EXCLUDE_FILES", "", "globs of source files that do not");
pub(crate) const JAR_LOCATION: Setting<Option<String>> = Setting::build(
    "BP_EXECUTABLE_JAR_LOCATION",
    "",
    "glob of the JAR that is started, relative to the app",
);
pub(crate) const APPLICATION_SCRIPT: Setting<String> =
    Setting::build("BP_APPLICATION_SCRIPT", "*/bin/*", "glob of the script that starts the app");

pub(crate) const TOMCAT_VERSION: Setting<Option<String>> = Setting::build(
    "BP_TOMCAT_VERSION",
    "",
    "version of Tomcat, or a range; 11, 10.1 or 9 by what the app uses if it is not set",
);
pub(crate) const TOMCAT_CONTEXT_PATH: Setting<String> =
    Setting::build("BP_TOMCAT_CONTEXT_PATH", "ROOT", "path at which the app answers");
pub(crate) const TOMCAT_CONF_URI: Setting<Option<String>> = Setting::build(
    "BP_TOMCAT_EXT_CONF_URI",
    "",
    "archive that is laid over the configuration of Tomcat",
);
pub(crate) const TOMCAT_CONF_SHA256: Setting<Option<String>> =
    Setting::build("BP_TOMCAT_EXT_CONF_SHA256", "", "its checksum, without which it is refused");
pub(crate) const TOMCAT_CONF_VERSION: Setting<Option<String>> =
    Setting::build("BP_TOMCAT_EXT_CONF_VERSION", "", "its version, for the log");
pub(crate) const TOMCAT_CONF_STRIP: Setting<u64> =
    Setting::build("BP_TOMCAT_EXT_CONF_STRIP", "0", "leading directories of it that are left out");
pub(crate) const TOMCAT_ENV_DISABLED: Setting<bool> = Setting::build(
    "BP_TOMCAT_ENV_PROPERTY_SOURCE_DISABLED",
    "false",
    "do not let the configuration of Tomcat read variables",
);

pub(crate) const BINDINGS_DISABLED: Setting<bool> = Setting::build(
    "BP_SPRING_CLOUD_BINDINGS_DISABLED",
    "false",
    "do not add Spring Cloud Bindings to a Spring Boot app",
);
pub(crate) const BINDINGS_VERSION: Setting<Option<String>> = Setting::build(
    "BP_SPRING_CLOUD_BINDINGS_VERSION",
    "",
    "version of Spring Cloud Bindings; by that of Spring Boot if it is not set",
);
pub(crate) const SPRING_AOT_ENABLED: Setting<bool> = Setting::build(
    "BP_SPRING_AOT_ENABLED",
    "false",
    "start a Spring Boot app with what Spring has prepared in its own build",
);
pub(crate) const NATIVE_IMAGE: Setting<Option<bool>> = Setting::build(
    "BP_NATIVE_IMAGE",
    "",
    "make a native program: not possible yet, so true is an error",
);

pub(crate) const JATTACH_ENABLED: Setting<bool> =
    Setting::build("BP_JATTACH_ENABLED", "false", "put jattach into the image");
pub(crate) const OPENTELEMETRY_ENABLED: Setting<bool> = Setting::build(
    "BP_OPENTELEMETRY_ENABLED",
    "false",
    "put the agent of OpenTelemetry into the image; OTEL_JAVAAGENT_ENABLED=true starts it",
);

const fn launch(name: &'static str, default: &'static str, help: &'static str) -> Declared {
    Declared { name, default, help, phase: Phase::Launch }
}

/// All of them.
pub(crate) const ALL: &[Declared] = &[
    JVM_VERSION.declared,
    JVM_TYPE.declared,
    JVM_VENDOR.declared,
    JLINK_ENABLED.declared,
    JLINK_ARGS.declared,
    JLINK_MODULES.declared,
    CDS_ENABLED.declared,
    AOTCACHE_ENABLED.declared,
    TRAINING_OPTIONAL.declared,
    TRAINING_TIMEOUT.declared,
    TRAINING_OPTIONS.declared,
    OLD_TRAINING_OPTIONS.declared,
    UNPACK_LAYOUT_ONLY.declared,
    BUILD_TOOL.declared,
    MAIN_CLASS.declared,
    FORCE_BUILD.declared,
    APP_SERVER.declared,
    INSTALL_NODE.declared,
    NODE_PROJECT_PATH.declared,
    MAVEN_VERSION.declared,
    MAVEN_ARGUMENTS.declared,
    MAVEN_MORE_ARGUMENTS.declared,
    MAVEN_PROFILES.declared,
    MAVEN_ARTIFACT.declared,
    MAVEN_MODULE.declared,
    MAVEN_ONLY_MODULE.declared,
    MAVEN_POM.declared,
    MAVEN_DAEMON.declared,
    MAVEN_SETTINGS.declared,
    MAVEN_MIRROR.declared,
    GRADLE_VERSION.declared,
    GRADLE_ARGUMENTS.declared,
    GRADLE_MORE_ARGUMENTS.declared,
    GRADLE_FILE.declared,
    GRADLE_ARTIFACT.declared,
    GRADLE_MODULE.declared,
    GRADLE_INIT_SCRIPT.declared,
    SBT_ARGUMENTS.declared,
    SBT_ARTIFACT.declared,
    SBT_MODULE.declared,
    SBT_REPOSITORIES.declared,
    INCLUDE.declared,
    EXCLUDE.declared,
    JAR_LOCATION.declared,
    APPLICATION_SCRIPT.declared,
    TOMCAT_VERSION.declared,
    TOMCAT_CONTEXT_PATH.declared,
    TOMCAT_CONF_URI.declared,
    TOMCAT_CONF_SHA256.declared,
    TOMCAT_CONF_VERSION.declared,
    TOMCAT_CONF_STRIP.declared,
    TOMCAT_ENV_DISABLED.declared,
    BINDINGS_DISABLED.declared,
    BINDINGS_VERSION.declared,
    SPRING_AOT_ENABLED.declared,
    NATIVE_IMAGE.declared,
    JATTACH_ENABLED.declared,
    OPENTELEMETRY_ENABLED.declared,
    launch("BPL_DEBUG_ENABLED", "false", "let a debugger attach"),
    launch("BPL_DEBUG_PORT", "8000", "port of the debugger"),
    launch("BPL_DEBUG_SUSPEND", "false", "wait for the debugger before the app starts"),
    launch("BPL_HEAP_DUMP_PATH", "", "directory for a dump of the heap when memory runs out"),
    launch(
        "BPL_JAVA_DATABASE_URL_ENABLED",
        "false",
        "set the variables of JDBC and Spring from DATABASE_URL",
    ),
    launch("BPL_JAVA_NMT_ENABLED", "true", "let `jcmd` say what the JVM needs memory for"),
    launch("BPL_JAVA_NMT_LEVEL", "summary", "how much of it: summary or detail"),
    launch("BPL_JAVA_NMT_PRINT", "false", "print it when the JVM ends"),
    launch(
        "BPL_JAVA_OPTIONS_VAR",
        "JAVA_TOOL_OPTIONS",
        "variable that the options are put into, such as JDK_JAVA_OPTIONS",
    ),
    launch("BPL_JAVA_PORT_DISABLED", "false", "do not tell frameworks to listen at PORT"),
    launch("BPL_JAVA_QUIET", "false", "do not print the line about memory"),
    launch("BPL_JFR_ARGS", "", "arguments of the flight recorder"),
    launch("BPL_JFR_ENABLED", "false", "record the JVM from the start on"),
    launch("BPL_JMX_ENABLED", "false", "open JMX to the container itself, for a forwarded port"),
    launch("BPL_JMX_HOST", "127.0.0.1", "address at which JMX listens"),
    launch("BPL_JMX_PORT", "5000", "port of JMX"),
    launch("BPL_JVM_AOTCACHE_ENABLED", "true", "use the archive of classes, if the build made one"),
    launch(
        "BPL_JVM_CACERTS_DISABLED",
        "false",
        "do not add certificates of the container to those of the JVM",
    ),
    launch("BPL_JVM_CDS_ENABLED", "true", "the same under its older name"),
    launch(
        "BPL_JVM_CLASS_ADJUSTMENT",
        "",
        "more or fewer classes than the build counted: 130%, 2000 or -500",
    ),
    launch("BPL_JVM_HEADROOM", "", "deprecated name of BPL_JVM_HEAD_ROOM"),
    launch("BPL_JVM_HEAD_ROOM", "0", "percent of the memory that is left unused"),
    launch(
        "BPL_JVM_LOADED_CLASS_COUNT",
        "",
        "classes the app will have loaded; 35% of all if it is not set",
    ),
    launch(
        "BPL_JVM_LOW_MEMORY_PROFILE",
        "auto",
        "less for each region where there is less than 1G: auto, always or never",
    ),
    launch(
        "BPL_JVM_MEMORY_CALCULATOR_ENABLED",
        "true",
        "divide the memory among the regions of the JVM",
    ),
    launch(
        "BPL_JVM_THREAD_COUNT",
        "",
        "threads the app will have; 250, or 50 where the build saw a reason",
    ),
    launch("BPL_JVM_TOTAL_MEMORY", "", "memory of the app, in place of the limit of the container"),
    launch(
        "BPL_SPRING_AOT_ENABLED",
        "false",
        "start a Spring Boot app with what Spring has prepared in its own build",
    ),
    launch(
        "BPL_SPRING_CLOUD_BINDINGS_DISABLED",
        "false",
        "do not let Spring Cloud Bindings read bindings",
    ),
    launch("BPL_SPRING_CLOUD_BINDINGS_ENABLED", "", "deprecated, the opposite of that"),
    launch("BPL_TOMCAT_ACCESS_LOGGING_ENABLED", "false", "print a line for each request to Tomcat"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_descriptor_lists_the_same_settings() {
        let descriptor = include_str!("../buildpack.toml");
        assert_eq!(kouti::setting::descriptor_differences(descriptor, ALL), [""; 0]);
    }
}
