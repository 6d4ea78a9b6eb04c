//! Which Java, and what of it is in the image.

use insta::assert_snapshot;
use kouti_testing::{Case, Types};

use crate::support::{MANIFEST, bare, maven_app};

fn app() -> Case {
    bare().file(MANIFEST, "Main-Class: A\n")
}

/// The lines about the choice.
fn choice(case: &Case) -> String {
    let log = case.build().log();
    let lines = log.lines().skip_while(|line| !line.contains("Choosing"));
    lines.take_while(|line| !line.contains("Installing")).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_source_counts_in_its_order() {
    let case = app()
        .file("system.properties", "java.runtime.version=17\n")
        .file(".sdkmanrc", "java=21.0.2-librca\n")
        .file(".java-version", "25\n");
    assert_snapshot!(choice(&case), @"
      Choosing BellSoft Liberica JRE
        system.properties (java.runtime.version)   17   <- used
        .sdkmanrc                                  21
        .java-version                              25
        17.0.19 chosen (newest that fits)
    warning: .sdkmanrc asks for BellSoft Liberica JRE 21, but system.properties (java.runtime.version) decides, and 17.0.19 does not fit it
    warning: .java-version asks for BellSoft Liberica JRE 25, but system.properties (java.runtime.version) decides, and 17.0.19 does not fit it
    ");
    assert_snapshot!(choice(&case.env("BP_JVM_VERSION", "25")), @"
      Choosing BellSoft Liberica JRE
        BP_JVM_VERSION                             25   <- used
        system.properties (java.runtime.version)   17
        .sdkmanrc                                  21
        .java-version                              25
        25.0.3 chosen (newest that fits)
    warning: system.properties (java.runtime.version) asks for BellSoft Liberica JRE 17, but BP_JVM_VERSION decides, and 25.0.3 does not fit it
    warning: .sdkmanrc asks for BellSoft Liberica JRE 21, but BP_JVM_VERSION decides, and 25.0.3 does not fit it
    ");
}

#[test]
fn a_file_gets_its_major_version_and_vendor() {
    assert_snapshot!(choice(&app().file(".sdkmanrc", "java=21.0.2-tem\n")), @"
      Choosing Eclipse Temurin JRE
        .sdkmanrc   21   <- used
        21.0.12 chosen (newest that fits)
    warning: .sdkmanrc asks for Java 21.0.2, which is not to be had: the newest 21 is used
    ");
    assert_snapshot!(choice(&app().file(".java-version", "18\n")), @"
      Choosing BellSoft Liberica JRE
        .java-version   21   <- used
        21.0.11 chosen (newest that fits)
    warning: .java-version asks for Java 18, which is not to be had: 21 is used
    hint: set BP_JVM_VERSION to the version that the app is meant for
    ");
    assert_snapshot!(choice(&app().file(".tool-versions", "java corretto-17\n")), @"
      Choosing BellSoft Liberica JRE
        .tool-versions   17   <- used
        17.0.19 chosen (newest that fits)
    warning: .tool-versions asks for a Java of `corretto`, which this buildpack does not have
    hint: BP_JVM_VENDOR chooses: liberica, temurin or zulu
    ");
}

#[test]
fn the_manifest_is_asked_last() {
    let case = bare().file(MANIFEST, "Main-Class: A\nBuild-Jdk-Spec: 17\n");
    assert!(choice(&case).contains("manifest (Build-Jdk-Spec)   17"), "{}", choice(&case));
    let old = bare().file(MANIFEST, "Main-Class: A\nBuild-Jdk-Spec: 24\n");
    assert!(choice(&old).contains("25.0.3 chosen"), "{}", choice(&old));
}

#[test]
fn the_image_has_a_jre_and_the_build_a_jdk() {
    let build = maven_app().build();
    assert_eq!(build.layer("jre").types(), Types::LAUNCH);
    assert!(!build.layer("jre").has("bin/javac"));
    let env = build.launch_env("web");
    assert_eq!(env["JAVA_HOME"], "<layers>/kouti_java/jre");
    assert_eq!(env["MALLOC_ARENA_MAX"], "2");
}

#[test]
fn a_jdk_in_the_image_is_warned_about() {
    let build = app().env("BP_JVM_TYPE", "jdk").build();
    assert!(build.layer("jre").has("bin/javac"));
    assert!(
        build.log().contains("the image gets a JDK, which gives an attacker more to work with")
    );
}

#[test]
fn where_there_is_no_jre_the_jdk_takes_its_place() {
    let build = app().env("BP_JVM_VERSION", "8").build();
    assert!(build.log().contains("there is no JRE 8: the image gets the JDK"), "{}", build.log());
}

#[test]
fn jlink_makes_a_runtime_of_the_modules_that_are_needed() {
    let case = app().env("BP_JVM_JLINK_ENABLED", "true");
    let build = case.build();
    assert_snapshot!(build.commands().join("\n"), @"
    java --list-modules
    jlink --no-man-pages --no-header-files --strip-java-debug-attributes --compress=zip-6 --add-modules java.base,java.sql,jdk.jfr --output <layers>/kouti_java/jre
    ");
    assert!(build.layer("jre").has("lib/modules.txt"));
    let again = build.rebuild();
    assert!(again.commands().is_empty() && again.find_layer("jdk-modules").is_none());
    let own =
        case.env("BP_JVM_JLINK_ARGS", "--output=x --compress=2 --add-modules java.base").build();
    assert_eq!(
        own.commands().last().unwrap(),
        "jlink --compress=2 --add-modules java.base --output <layers>/kouti_java/jre"
    );
    assert!(own.log().contains("--output in BP_JVM_JLINK_ARGS is left out"));
}

#[test]
fn an_overlay_is_laid_over_java() {
    let build = app().file(".jdk-overlay/conf/my.policy", "grant {};").build();
    assert_eq!(build.layer("jre").read("conf/my.policy"), "grant {};");
    assert!(!build.app_path(".jdk-overlay").exists());
    let again = build.rebuild_with(|case| case.file(".jdk-overlay/conf/my.policy", "other"));
    assert!(again.log().contains("Rebuilding BellSoft Liberica JRE 21.0.11: overlay changed"));
}

#[test]
fn settings_of_the_launch_are_warned_about_in_the_build() {
    let log = app().env("BPL_JVM_THREAD_COUNT", "50").build().log();
    assert!(log.contains("BPL_JVM_THREAD_COUNT has no effect in the build"), "{log}");
    assert!(log.contains("BPE_DEFAULT_BPL_JVM_THREAD_COUNT puts it into the image"), "{log}");
}
