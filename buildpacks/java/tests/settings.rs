//! Settings that have no other test: each with what it changes.

use kouti_testing::upstream::Upstream;
use kouti_testing::{Artifact, Case, Tool};

use crate::support::{MANIFEST, MAVEN, bare, boot_jar, jar, maven_app};

/// The command line of the only tool that ran.
fn line(case: &Case) -> String {
    let commands = case.build().commands();
    assert_eq!(commands.len(), 1, "{commands:?}");
    commands.into_iter().next().unwrap()
}

#[test]
fn maven_can_be_the_daemon() {
    let daemon = Artifact::new("mvnd", "1.0.3")
        .with("name", "Maven Daemon")
        .tool("bin/mvnd", Tool::script(MAVEN));
    let case = maven_app().env("BP_MAVEN_DAEMON_ENABLED", "true");
    assert_eq!(
        line(&case.clone().artifact(daemon.clone())),
        "mvnd --batch-mode -Dmaven.test.skip=true --no-transfer-progress package"
    );
    let failed = case.artifact(daemon.with("arch", "riscv64")).fails();
    insta::assert_snapshot!(failed.error(), @"
    error[no-maven-daemon]: BP_MAVEN_DAEMON_ENABLED is true, and there is no Maven daemon for this platform

    hint: unset it: Maven itself builds the same
    ");
}

#[test]
fn gradle_builds_what_is_named_with_the_version_that_is_named() {
    let case = bare()
        .file("back/build.gradle", "")
        .file("built/shop.jar", jar(&[(MANIFEST, "Main-Class: A\n")]))
        .env("BP_GRADLE_BUILD_FILE", "back/build.gradle")
        .env("BP_GRADLE_VERSION", "9.*")
        .tool("gradle", Tool::fails(1, "not this one"));
    assert_eq!(
        line(&case),
        "gradle --project-dir back --no-daemon -Dorg.gradle.welcome=never assemble --build-cache"
    );
    assert!(case.build().log().contains("9.7.1 chosen"), "{}", case.build().log());
}

#[test]
fn sbt_builds_what_is_named_from_repositories_that_are_named() {
    let script = "declare -r app_mainclass=\"org.example.Shop\"\ndeclare -r app_classpath=\"$lib_dir/shop.jar\"\n";
    let zip = jar(&[
        ("shop-1.0/bin/shop", script.as_bytes()),
        ("shop-1.0/lib/shop.jar", &jar(&[("A.class", "")])),
    ]);
    let sbt = Artifact::new("sbt", "1.99.0").tool(
        "bin/sbt",
        Tool::script("mkdir -p web/target/universal && cp built/* web/target/universal/"),
    );
    let case = bare()
        .artifact(sbt)
        .file("build.sbt", "")
        .file("built/shop-1.0.zip", zip)
        .env("BP_SBT_BUILD_ARGUMENTS", "clean 'web / dist'")
        .env("BP_SBT_REPOSITORIES_FILE", "ci/repositories");
    for (name, value) in
        [("BP_SBT_BUILT_MODULE", "web"), ("BP_SBT_BUILT_ARTIFACT", "web/target/universal/*.zip")]
    {
        assert_eq!(
            line(&case.clone().env(name, value)),
            "sbt -Dsbt.repository.config=ci/repositories -Dsbt.override.build.repos=true clean web / dist"
        );
    }
}

#[test]
fn files_of_the_source_can_be_left_out_of_what_stays() {
    let app = maven_app().file("config/a.yml", "").file("config/secret.yml", "");
    let build = app.env("BP_EXCLUDE_FILES", "config/secret.yml:src:built:target").build();
    assert!(build.app_path("config/a.yml").exists() && build.app_path("pom.xml").exists());
    assert!(!build.app_path("config/secret.yml").exists() && !build.app_path("src").exists());
    assert!(build.app_path("org/example/App.class").is_file());
}

#[test]
fn modules_of_the_runtime_can_be_named() {
    let app = bare().file(MANIFEST, "Main-Class: A\n").env("BP_JVM_JLINK_ENABLED", "true");
    let line = line(&app.env("BP_JVM_JLINK_MODULES", "java.base,java.net.http"));
    assert!(line.contains("--add-modules java.base,java.net.http --output"), "{line}");
}

#[test]
fn an_archive_of_classes_has_two_names_and_a_time_limit() {
    let app = bare().file("shop.jar", boot_jar("4.1.2", &[]));
    let build = app
        .env("BP_JVM_AOTCACHE_ENABLED", "true")
        .env("BP_JVM_TRAINING_TIMEOUT", "7")
        .env("CDS_TRAINING_JAVA_TOOL_OPTIONS", "-Ddb=none")
        .build();
    let calls = build.calls("timeout");
    assert_eq!(calls[0].args[0], "7s");
    assert_eq!(calls[0].env["JAVA_TOOL_OPTIONS"], "-Ddb=none");
    let (off, _) = build.launch("web").env("BPL_JVM_AOTCACHE_ENABLED", "false").prepare().unwrap();
    assert!(!off.get("JAVA_TOOL_OPTIONS").unwrap().contains("SharedArchive"));
}

#[test]
fn the_library_for_bindings_can_be_pinned() {
    let app = bare().file("shop.jar", boot_jar("4.1.2", &[]));
    let pinned = app.clone().env("BP_SPRING_CLOUD_BINDINGS_VERSION", "1.*").build();
    assert!(pinned.layer("spring-cloud-bindings").has("spring-cloud-bindings-1.13.0.jar"));
    let wrong = app.env("BP_SPRING_CLOUD_BINDINGS_VERSION", "new").fails().error();
    assert!(
        wrong.contains("`new` (asked for in BP_SPRING_CLOUD_BINDINGS_VERSION) is not a range"),
        "{wrong}"
    );
}

#[test]
fn a_configuration_of_tomcat_from_elsewhere_is_laid_over_ours() {
    let upstream = Upstream::start();
    let archive = Artifact::new("conf", "1")
        .file("tomcat/conf/web.xml", "<theirs/>")
        .file("tomcat/lib/extra.jar", "")
        .to_bytes();
    upstream.serve("/conf.tar.gz", archive.clone());
    let war = bare()
        .file("WEB-INF/web.xml", "<web-app/>")
        .env("BP_TOMCAT_EXT_CONF_URI", upstream.url("/conf.tar.gz"))
        .env("BP_TOMCAT_EXT_CONF_STRIP", "1")
        .env("BP_TOMCAT_EXT_CONF_VERSION", "2.3.4")
        .env("BP_TOMCAT_ENV_PROPERTY_SOURCE_DISABLED", "true");
    let build = war.clone().env("BP_TOMCAT_EXT_CONF_SHA256", kouti::sha256(&archive)).build();
    let base = build.layer("catalina-base");
    assert_eq!(base.read("conf/web.xml"), "<theirs/>");
    assert!(base.has("lib/extra.jar") && base.has("conf/server.xml"), "{:?}", base.files());
    assert!(build.log().contains("external configuration 2.3.4"), "{}", build.log());
    assert!(!build.processes().contains("EnvironmentPropertySource"), "{}", build.processes());
    assert!(build.rebuild().layer("catalina-base").is_reused());

    let wrong = war.env("BP_TOMCAT_EXT_CONF_SHA256", "0".repeat(64)).fails().error();
    assert!(wrong.contains("error[checksum-mismatch]"), "{wrong}");
    assert!(wrong.contains(&kouti::sha256(&archive)), "both sums are shown: {wrong}");
}

#[test]
fn a_mirror_takes_the_place_of_maven_central() {
    let upstream = Upstream::start();
    let library = jar(&[("C.class", "")]);
    let path =
        "org/springframework/cloud/spring-cloud-bindings/2.9.0/spring-cloud-bindings-2.9.0.jar";
    upstream.serve(&format!("/central/{path}"), library.clone());
    let artifact = Artifact::new("spring-cloud-bindings", "2.9.0")
        .bytes(library)
        .uri(format!("https://repo.maven.apache.org/maven2/{path}"));
    let build = bare()
        .artifact(artifact)
        .file("shop.jar", boot_jar("4.1.2", &[]))
        .env("BP_MAVEN_REGISTRY_MIRROR", upstream.url("/central/"))
        .build();
    assert!(build.layer("spring-cloud-bindings").has("spring-cloud-bindings-2.9.0.jar"));
    assert_eq!(upstream.requests().len(), 1);
}
