//! Apps that Gradle and sbt build.

use insta::assert_snapshot;
use kouti_testing::{Artifact, Case, Tool};

use crate::support::{MANIFEST, bare, boot_jar, jar, maven_app};

fn gradle_app() -> Case {
    bare()
        .file(
            "build.gradle",
            "java { toolchain { languageVersion = JavaLanguageVersion.of(21) } }\n",
        )
        .file("built/shop.jar", boot_jar("4.1.2", &[]))
        .file("built/shop-plain.jar", jar(&[("A.class", "")]))
}

#[test]
fn gradle_makes_the_jar_that_can_be_started() {
    let build = gradle_app().build();
    assert_eq!(
        build.commands(),
        ["gradle --no-daemon -Dorg.gradle.welcome=never assemble --build-cache"]
    );
    assert!(build.app_path("BOOT-INF").is_dir());
    assert!(build.log().contains("warning: the app has no Gradle wrapper"));
    assert_eq!(
        build.calls("gradle")[0].env["GRADLE_USER_HOME"],
        "<layers>/kouti_java/gradle-cache"
    );
    assert!(build.rebuild().commands().is_empty());
}

#[test]
fn arguments_and_bindings_reach_gradle() {
    let app = gradle_app()
        .file("init.gradle", "")
        .env("BP_GRADLE_BUILD_ARGUMENTS", "bootJar")
        .env("BP_GRADLE_ADDITIONAL_BUILD_ARGUMENTS", "-Px=y")
        .env("BP_GRADLE_INIT_SCRIPT_PATH", "init.gradle")
        .binding("g", "gradle", [("gradle.properties", "token=canary-0815")]);
    let show = "cat \"$GRADLE_USER_HOME/gradle.properties\" | tr a-z A-Z; mkdir -p build/libs && cp built/shop.jar build/libs/";
    let gradle = Artifact::new("gradle", "9.9.9").tool("bin/gradle", Tool::script(show));
    let build = app.artifact(gradle).build();
    assert_eq!(build.commands()[0], "gradle --init-script init.gradle bootJar -Px=y");
    assert!(build.log().contains("TOKEN=CANARY-0815"));
    assert!(!build.layer("gradle-cache").has("gradle.properties"), "no secret is kept");
}

#[test]
fn the_wrapper_runs_with_bound_properties() {
    let wrapper = "#!/bin/sh\ncat gradle/wrapper/gradle-wrapper.properties\nmkdir -p build/libs\ncp built/* build/libs/\n";
    let build = gradle_app()
        .file("gradlew", wrapper)
        .file("gradle/wrapper/gradle-wrapper.jar", "")
        .file(
            "gradle/wrapper/gradle-wrapper.properties",
            "a=b\ndistributionUrl=https\\://x/gradle-8.14.3-bin.zip\n",
        )
        .binding(
            "w",
            "gradle-wrapper",
            [(
                "gradle-wrapper.properties",
                "distributionUrl=https\\://user:canary-77ab@mirror/gradle-8.14.3-bin.zip",
            )],
        )
        .build();
    assert!(build.log().contains("Running ./gradlew"), "{}", build.log());
    // The app's own address is gone, and no password of the bound one is shown.
    let shown = "a=b\n      distributionUrl=https\\://***@mirror/gradle-8.14.3-bin.zip\n";
    assert!(build.log().contains(shown), "{}", build.log());
}

#[test]
fn the_application_plugin_gives_a_distribution() {
    let script = "#!/bin/sh\nCLASSPATH=$APP_HOME/lib/shop.jar\nset -- \\\n -classpath \"$CLASSPATH\" \\\n org.example.Shop \\\n";
    let build = bare()
        .file("build.gradle", "plugins { id 'application' }\n")
        .program("built/shop/bin/shop", script)
        .file("built/shop/lib/shop.jar", jar(&[("A.class", "")]))
        .build();
    assert!(build.commands()[0].contains("installDist"), "{:?}", build.commands());
    assert!(
        build
            .clean(&build.processes())
            .contains("web (default): java -cp <app>/shop/lib/shop.jar org.example.Shop")
    );
}

#[test]
fn a_micronaut_app_is_its_complete_jar() {
    let manifest = "Main-Class: org.example.Shop\n";
    let build = bare()
        .file("build.gradle", "plugins { id(\"io.micronaut.application\") }\n")
        .file("built/shop.jar", jar(&[(MANIFEST, manifest)]))
        .file("built/shop-all.jar", jar(&[(MANIFEST, manifest), ("io/micronaut/A.class", "")]))
        .build();
    assert_eq!(build.launch_env("web")["BPI_JAVA_FRAMEWORK"], "micronaut");
}

#[test]
fn quarkus_leaves_its_own_layout_with_gradle_too() {
    let gradle = Artifact::new("gradle", "9.9.9")
        .tool("bin/gradle", Tool::script("mkdir -p build && cp -R built/. build/"));
    let run = jar(&[(MANIFEST, "Main-Class: io.quarkus.bootstrap.runner.QuarkusEntryPoint\n")]);
    let build = bare()
        .artifact(gradle)
        .file("build.gradle.kts", "plugins { id(\"io.quarkus\") }\n")
        .file("built/quarkus-app/quarkus-run.jar", run)
        .file("built/quarkus-app/lib/main/a.jar", jar(&[("A.class", "")]))
        .file("built/quarkus-app/app/shop.jar", jar(&[("B.class", "")]))
        .build();
    assert!(build.clean(&build.processes()).contains("java -jar <app>/quarkus-run.jar"));
    assert_eq!(build.launch_env("web")["BPI_JAVA_FRAMEWORK"], "quarkus");
}

#[test]
fn sbt_makes_a_zip_that_is_unpacked() {
    let script = "declare -r app_mainclass=\"org.example.Shop\"\ndeclare -r app_classpath=\"$lib_dir/shop.jar\"\n";
    let zip = jar(&[
        ("shop-1.0/bin/shop", script.as_bytes()),
        ("shop-1.0/lib/shop.jar", &jar(&[("A.class", "")])),
    ]);
    let build = bare().file("build.sbt", "").file("built/shop-1.0.zip", zip).build();
    assert_eq!(build.commands(), ["sbt universal:packageBin"]);
    assert!(
        build
            .clean(&build.processes())
            .contains("web (default): java -cp <app>/shop-1.0/lib/shop.jar org.example.Shop")
    );
}

#[test]
fn with_several_tools_the_log_says_which_one() {
    let app = maven_app().file("build.gradle", "");
    let build = app.build();
    assert_snapshot!(build.log().lines().filter(|line| line.contains("build files")).collect::<Vec<_>>().join("\n"), @"
    warning: the app has build files of Maven and of Gradle: Maven builds it
    warning: the app has build files of Maven and of Gradle: Maven builds it
    ");
    let named = app.env("BP_JAVA_BUILD_TOOL", "gradle").build();
    assert_eq!(named.calls("gradle").len(), 1);
    assert!(!named.log().contains("build files of"));

    let wrapper = "#!/bin/sh\nmkdir -p build/libs\ncp built/shop-1.0.jar build/libs/\n";
    let build = maven_app()
        .file("build.gradle", "")
        .program("gradlew", wrapper)
        .file("gradle/wrapper/gradle-wrapper.jar", "")
        .file("gradle/wrapper/gradle-wrapper.properties", "distributionUrl=x\n")
        .build();
    assert!(build.log().contains("Running ./gradlew"), "{}", build.log());
    assert!(
        build.log().contains(
            "warning: the app has build files of Gradle and of Maven: Gradle builds it\n\
             hint: BP_JAVA_BUILD_TOOL=maven takes the other one"
        ),
        "{}",
        build.log()
    );
}
