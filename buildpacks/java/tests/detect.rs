//! What is a Java app, and what its build plan is.

use insta::assert_snapshot;

use crate::support::{MANIFEST, POM, bare, jar};

#[test]
fn source_requires_everything_from_the_jdk_to_the_runtime() {
    assert_snapshot!(bare().file("pom.xml", POM).detect().plan(), @r#"
    [[provides]]
    name = "jvm-application"

    [[provides]]
    name = "jvm-application-package"

    [[provides]]
    name = "jre"

    [[provides]]
    name = "jdk"

    [[provides]]
    name = "maven"

    [[provides]]
    name = "spring-boot"

    [[requires]]
    name = "jvm-application"

    [requires.metadata]
    mode = "app"

    [[requires]]
    name = "jvm-application-package"

    [requires.metadata]
    mode = "app"

    [[requires]]
    name = "jre"

    [requires.metadata]
    launch = true
    mode = "app"

    [[requires]]
    name = "jdk"

    [requires.metadata]
    mode = "app"

    [[requires]]
    name = "maven"

    [requires.metadata]
    mode = "app"

    [[requires]]
    name = "spring-boot"

    [requires.metadata]
    mode = "app"
    "#);
}

#[test]
fn a_directory_of_something_else_only_offers_java() {
    let detected = bare().file("README.md", "").detect();
    assert!(detected.passes());
    assert!(detected.group().is_empty(), "nobody requires it");
    assert_snapshot!(detected.plan(), @r#"
    [[provides]]
    name = "jdk"

    [[provides]]
    name = "jre"

    [[or]]

    [[or.provides]]
    name = "jdk"

    [[or]]

    [[or.provides]]
    name = "jre"

    [[or]]

    [[or.provides]]
    name = "maven"

    [[or.provides]]
    name = "jdk"

    [[or.requires]]
    name = "jdk"

    [or.requires.metadata]
    mode = "app"

    [[or]]

    [[or.provides]]
    name = "gradle"

    [[or.provides]]
    name = "jdk"

    [[or.requires]]
    name = "jdk"

    [or.requires.metadata]
    mode = "app"
    "#);
}

#[test]
fn who_needs_java_for_something_else_gets_it() {
    let build = bare().file("README.md", "").requires("jre", "launch = true").build();
    assert!(build.layer("jre").types().launch);
    assert!(build.find_layer("jdk").is_none());
}

/// The tools that a tree requires, or `-` for no app at all.
fn tool_of(files: &[&str]) -> String {
    let mut case = bare();
    for file in files {
        case = case.file(file, "");
    }
    let detected = case.detect();
    let plan = detected.build_plan();
    let required: Vec<&str> = plan.requires.iter().map(|entry| entry.name.as_str()).collect();
    let tools = ["maven", "gradle", "sbt"];
    let found = tools.iter().find(|tool| required.contains(tool));
    (*found.unwrap_or(&"-")).to_owned()
}

#[test]
fn build_files_of_every_tool_are_known() {
    for (files, tool) in [
        (&["pom.xml"][..], "maven"),
        (&["pom.groovy"], "maven"),
        (&[".mvn/extensions.xml"], "maven"),
        (&["build.gradle"], "gradle"),
        (&["build.gradle.kts"], "gradle"),
        (&["settings.gradle"], "gradle"),
        (&["build.sbt"], "sbt"),
        (&["project/build.properties"], "sbt"),
        (&["pom.xml", "build.gradle", "gradlew"], "gradle"),
        (&["pom.xml", "build.gradle"], "maven"),
        (&["venv/bin/python"], "-"),
        (&["tools/bin/run", "lib/a.txt"], "-"),
    ] {
        assert_eq!(tool_of(files), tool, "{files:?}");
    }
}

#[test]
fn what_is_built_already_needs_no_tool() {
    let detected =
        bare().file("pom.xml", POM).file(MANIFEST, "Main-Class: org.example.App\n").detect();
    let plan = detected.plan();
    assert!(!plan.contains("maven") && !plan.contains("\"jdk\""), "{plan}");

    let detected = bare().file("WEB-INF/web.xml", "").detect();
    assert!(detected.plan().contains("java-app-server"));

    let broken = bare().file("x.jar", "no zip").detect();
    assert!(broken.group().is_empty());
}

#[test]
fn a_front_end_in_the_same_tree_gets_node() {
    let case = bare().file("pom.xml", POM).file("web/package.json", "{}");
    let case = case.env("BP_JAVA_INSTALL_NODE", "true").env("BP_NODE_PROJECT_PATH", "web");
    assert!(case.detect().plan().contains("\"node\""));
    for (lockfile, name) in [("yarn.lock", "\"yarn\""), ("pnpm-lock.yaml", "\"pnpm\"")] {
        let plan = case.clone().file(&format!("web/{lockfile}"), "").detect().plan();
        assert!(plan.contains("\"node\"") && plan.contains(name), "{lockfile}: {plan}");
    }
}

#[test]
fn a_jar_elsewhere_than_at_the_top_is_found() {
    let main = jar(&[(MANIFEST, "Main-Class: B\n")]);
    let build =
        bare().file("lib/a.jar", jar(&[(MANIFEST, "X: y\n")])).file("app/b.jar", main).build();
    assert_eq!(
        build.clean(&build.processes()),
        "executable-jar: java -jar <app>/app/b.jar\ntask: java -jar <app>/app/b.jar\n\
         web (default): java -jar <app>/app/b.jar\n"
    );
}
