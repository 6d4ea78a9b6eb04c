//! Apps that Maven builds.

use insta::assert_snapshot;
use kouti_testing::{Case, Tool, Types};

use crate::support::{MANIFEST, POM, bare, boot_jar, jar, maven, maven_app};

#[test]
fn a_first_build_runs_maven_and_leaves_no_source() {
    let build = maven_app().build();
    assert_snapshot!(build.log(), @"
    Kouti Java [version]
      Choosing BellSoft Liberica JRE
        pom.xml (java.version)   21   <- used
        21.0.11 chosen (newest that fits)
      Choosing Apache Maven
        default   3   <- used
        3.9.16 chosen (newest that fits)
      Installing application
      Installing BellSoft Liberica JDK 21.0.11 for the build
        1.1 kB from the buildpack in [time], sha256 ok
      Installing Apache Maven 3.9.16
        448 B from the buildpack in [time], sha256 ok
      Running mvn --batch-mode -Dmaven.test.skip=true --no-transfer-progress package
          [INFO] BUILD SUCCESS
      Installing BellSoft Liberica JRE 21.0.11
        909 B from the buildpack in [time], sha256 ok
      Installing launch helper
      Processes
        executable-jar   java org.example.App
        task             java org.example.App
        web (default)    java org.example.App
      Done in [time]
    ");
    assert_eq!(
        build.commands(),
        ["mvn --batch-mode -Dmaven.test.skip=true --no-transfer-progress package"]
    );
    assert_snapshot!(build.layers(), @"
    kouti/java:application (cache) Added
    kouti/java:helper (launch) Added
    kouti/java:jdk (build) Added
    kouti/java:jre (launch) Added
    kouti/java:maven (build) Added
    kouti/java:maven-cache (cache) Added
    ");
    assert!(build.app_path("org/example/App.class").is_file());
    assert!(!build.app_path("src").exists() && !build.app_path("pom.xml").exists());
}

#[test]
fn maven_gets_the_jdk_and_caches() {
    let build = maven_app().env("MAVEN_OPTS", "-Xmx1g").build();
    let env = &build.calls("mvn")[0].env;
    assert_eq!(env["JAVA_HOME"], "<layers>/kouti_java/jdk");
    assert_eq!(env["MAVEN_USER_HOME"], "<layers>/kouti_java/maven-cache");
    assert_eq!(
        env["MAVEN_OPTS"],
        "-Xmx1g -Dmaven.repo.local=<layers>/kouti_java/maven-cache/repository"
    );
    // What no build needs is not even unpacked.
    assert!(!build.layer("jdk").has("jmods") && !build.layer("jdk").has("lib/src.zip"));
    assert_eq!(build.layer("jdk").types(), Types::BUILD);
}

#[test]
fn an_unchanged_rebuild_does_not_start_maven() {
    let build = maven_app().build();
    let again = build.rebuild();
    assert!(again.commands().is_empty());
    assert!(again.find_layer("jdk").is_none() && again.find_layer("maven").is_none());
    assert_eq!(again.image_digest(), build.image_digest());
    assert_snapshot!(again.log(), @"
    Kouti Java [version]
      Choosing BellSoft Liberica JRE
        pom.xml (java.version)   21   <- used
        21.0.11 chosen (newest that fits)
      Choosing Apache Maven
        default   3   <- used
        3.9.16 chosen (newest that fits)
      Reusing application
      Reusing BellSoft Liberica JRE 21.0.11
      Reusing launch helper
      Processes
        executable-jar   java org.example.App
        task             java org.example.App
        web (default)    java org.example.App
      Done in [time]
    ");
}

#[test]
fn whatever_decides_what_is_built_makes_it_run_again() {
    for (change, reason) in [
        (
            (|case| case.file("src/main/java/App.java", "class App { }")) as fn(Case) -> Case,
            "files changed",
        ),
        (|case| case.file("README.md", "more"), "files changed"),
        (|case| case.env("BP_MAVEN_ACTIVE_PROFILES", "p1"), "arguments was"),
        (|case| case.env("BP_JVM_VERSION", "25"), "java was"),
        (|case| case.env("MAVEN_OPTS", "-Xmx2g"), "options changed"),
        (|case| case.binding("m", "maven", [("settings.xml", "<settings/>")]), "settings was"),
    ] {
        let build = maven_app().build().rebuild_with(change);
        assert!(build.log().contains(reason), "{reason}:\n{}", build.log());
        assert_eq!(build.calls("mvn").len(), 1, "{reason}");
    }
    let forced = maven_app().env("BP_JAVA_FORCE_BUILD", "true");
    assert_eq!(forced.build().rebuild().calls("mvn").len(), 1);
}

#[test]
fn the_cache_of_dependencies_survives_a_change() {
    let mvn = "mkdir -p \"$MAVEN_USER_HOME/repository\"; ls \"$MAVEN_USER_HOME/repository\"\n\
        touch \"$MAVEN_USER_HOME/repository/dependency\" \"$MAVEN_USER_HOME/repository/x.lastUpdated\"\n\
        mkdir -p target && cp -R built/. target/";
    let case = maven_app().artifact(maven("3.9.99", Tool::script(mvn)));
    let build = case.build();
    let again = build.rebuild_with(|case| case.file("src/B.java", ""));
    assert!(again.log().contains("      dependency\n"), "{}", again.log());
    assert!(!again.log().contains("lastUpdated"), "a failed download is forgotten");
}

#[test]
fn settings_come_from_a_binding_and_stay_out_of_the_image() {
    let secret = "<settings><password>canary-4711</password></settings>";
    let build = maven_app()
        .env("BP_MAVEN_SETTINGS_PATH", "ignored.xml")
        .binding("repo", "maven", [("settings.xml", secret), ("settings-security.xml", "<s/>")])
        .build();
    let call = &build.calls("mvn")[0].args;
    assert!(call[0].starts_with("-Dsettings.security="), "{call:?}");
    assert!(call[1].starts_with("--settings="), "{call:?}");
    assert!(!build.log().contains("canary"));
    for layer in ["application", "helper", "jre"] {
        assert!(!build.layer(layer).metadata().contains("canary"));
    }
    let named = maven_app().file("ci/settings.xml", "<settings/>");
    let build = named.env("BP_MAVEN_SETTINGS_PATH", "ci/settings.xml").build();
    assert_eq!(build.calls("mvn")[0].args[0], "--settings=<app>/ci/settings.xml");
}

#[test]
fn the_wrapper_of_the_app_runs_if_it_can() {
    let wrapper = "#!/bin/sh\r\nmkdir -p target\r\ncp -R built/. target/\r\n";
    let properties = ".mvn/wrapper/maven-wrapper.properties";
    let app = maven_app().file("mvnw", wrapper);
    let build = app.clone().file(properties, "distributionUrl=x\r\n").build();
    assert!(build.log().contains("Running ./mvnw --batch-mode"), "{}", build.log());
    assert!(build.find_layer("maven").is_none());

    let without = app.clone().build();
    assert_snapshot!(without.log().lines().find(|line| line.contains("warning")).unwrap(), @"warning: mvnw cannot run without .mvn/wrapper/maven-wrapper.properties: Maven is installed instead");
    assert_eq!(without.calls("mvn").len(), 1);

    let version = app.file(properties, "x=y").env("BP_MAVEN_VERSION", "3.9.*").build();
    assert_eq!(version.calls("mvn").len(), 1);
}

#[test]
fn maven_of_the_build_image_is_used() {
    let build = maven_app().tool("mvn", Tool::script(crate::support::MAVEN)).build();
    assert!(build.log().contains("Choosing Maven: the one of the build image"));
    assert!(build.find_layer("maven").is_none());
}

#[test]
fn the_only_module_that_can_be_started_is_the_app() {
    let mvn = "mkdir -p web/target lib/target\ncp built/shop-1.0.jar web/target/web.jar\n\
        cp built/shop-1.0-sources.jar lib/target/lib.jar";
    let case = maven_app().artifact(maven("3.9.99", Tool::script(mvn)));
    let build = case.build();
    assert!(build.log().contains("warning: the app is web/target/web.jar"), "{}", build.log());
    let named = case.env("BP_MAVEN_BUILT_MODULE", "web").build();
    assert!(!named.log().contains("warning"), "{}", named.log());
    assert!(named.app_path("org/example/App.class").is_file());
}

#[test]
fn a_module_below_a_directory_is_named_as_the_setting_takes_it() {
    let mvn = "mkdir -p services/web/target\ncp built/shop-1.0.jar services/web/target/web.jar";
    let case = maven_app().artifact(maven("3.9.99", Tool::script(mvn)));
    let log = case.build().log();
    assert!(log.contains("hint: BP_MAVEN_BUILT_MODULE=services/web says so for good"), "{log}");
    let named = case.env("BP_MAVEN_BUILT_MODULE", "services/web").build();
    assert!(!named.log().contains("warning"), "{}", named.log());
}

#[test]
fn output_that_came_with_the_source_is_not_the_app() {
    let old = jar(&[(MANIFEST, "Main-Class: org.example.Old\n")]);
    let build = maven_app().file("target/shop-0.9.jar", old).build();
    assert!(build.processes().contains("java org.example.App"), "{}", build.processes());
    assert!(
        build.log().contains(
            "warning: the source has output of an earlier build: target/shop-0.9.jar\n\
             hint: target/shop-1.0.jar is the app; leave the others out of the source"
        ),
        "{}",
        build.log()
    );
}

#[test]
fn another_buildpacks_jdk_builds_the_app() {
    let java = "mkdir -p $layers/x/env.build\nprintf '[types]\\nbuild = true\\n' >$layers/x.toml\n\
        printf /their/java >$layers/x/env.build/JAVA_HOME";
    let theirs = kouti_testing::Fake::new("test/java")
        .plan("provides = [{ name = \"jdk\" }, { name = \"jre\" }]")
        .build(java);
    let build = maven_app().before(theirs).build();
    assert_eq!(build.calls("mvn")[0].env["JAVA_HOME"], "/their/java");
    assert!(build.find_layer("jdk").is_none() && build.find_layer("jre").is_none());
}

#[test]
fn a_project_file_can_lie_below_the_app() {
    let mvn = "mkdir -p sub/target && cp -R built/. sub/target/";
    let app = maven_app()
        .artifact(maven("3.9.99", Tool::script(mvn)))
        .without("pom.xml")
        .file("sub/pom.xml", POM)
        .env("BP_MAVEN_POM_FILE", "sub/pom.xml")
        .env("BP_MAVEN_BUILT_MODULE", "sub");
    let build = app.build();
    assert!(build.commands()[0].contains(" --file sub/pom.xml "), "{:?}", build.commands());
    assert!(build.log().contains("pom.xml (java.version)   21"), "{}", build.log());
    assert!(build.app_path("org/example/App.class").is_file());
}

#[test]
fn maven_finds_node_for_a_front_end() {
    let node = "mkdir -p $layers/node/bin\nprintf '[types]\\nbuild = true\\n' >$layers/node.toml\n\
        printf '#!/bin/sh\\necho node of another buildpack\\n' >$layers/node/bin/node\n\
        chmod +x $layers/node/bin/node";
    let theirs =
        kouti_testing::Fake::new("test/node").plan("provides = [{ name = \"node\" }]").build(node);
    let mvn = "node\nmkdir -p target && cp -R built/. target/";
    let build = maven_app()
        .artifact(maven("3.9.99", Tool::script(mvn)))
        .file("package.json", "{}")
        .env("BP_JAVA_INSTALL_NODE", "true")
        .before(theirs)
        .build();
    assert!(build.log().contains("node of another buildpack"), "{}", build.log());
}

#[test]
fn what_is_named_to_stay_stays() {
    let app = maven_app().file("config/shop.yml", "a: b").file("docs/x.md", "");
    let build = app.env("BP_INCLUDE_FILES", "config/*").build();
    assert_eq!(build.app_file("config/shop.yml"), "a: b");
    let note = build.layer("source-removed");
    assert_eq!(note.env()["env.build/KOUTI_SOURCE_REMOVED.override"], "true");
    assert!(!build.app_path("docs").exists() && !build.app_path("built").exists());
}

#[test]
fn quarkus_is_started_from_its_own_layout() {
    let pom = "<project><build><plugins><plugin><artifactId>quarkus-maven-plugin</artifactId>\
        </plugin></plugins></build></project>";
    let run = jar(&[(MANIFEST, "Main-Class: io.quarkus.bootstrap.runner.QuarkusEntryPoint\n")]);
    let build = bare()
        .file("pom.xml", pom)
        .file("built/quarkus-app/quarkus-run.jar", run)
        .file("built/quarkus-app/lib/main/a.jar", jar(&[("A.class", "")]))
        .file("built/quarkus-app/app/shop.jar", jar(&[("B.class", "")]))
        .file("built/quarkus-app/quarkus/generated.jar", jar(&[("C.class", "")]))
        .build();
    let line = &build.commands()[0];
    assert!(line.contains("-Dquarkus.package.jar.type=fast-jar"), "{line}");
    assert_snapshot!(build.clean(&build.processes()), @"
    executable-jar: java -jar <app>/quarkus-run.jar
    task: java -jar <app>/quarkus-run.jar
    web (default): java -jar <app>/quarkus-run.jar
    ");
    assert_eq!(build.launch_env("web")["BPI_JAVA_FRAMEWORK"], "quarkus");
    assert_eq!(build.image().app.len(), 5, "lib, quarkus-run.jar, app, quarkus and the rest");
}

#[test]
fn a_jar_with_its_own_agent_stays_whole() {
    let manifest = "Main-Class: A\nLauncher-Agent-Class: org.example.Agent\n";
    let app = maven_app().without("built").file("built/shop.jar", jar(&[(MANIFEST, manifest)]));
    let build = app.build();
    let processes = build.clean(&build.processes());
    assert!(processes.contains("web (default): java -jar <app>/application.jar"), "{processes}");
    assert!(!build.log().contains("warning"), "{}", build.log());
    assert_eq!(build.rebuild().image_digest(), build.image_digest());
}

#[test]
fn a_changed_source_moves_only_the_slice_of_the_app() {
    let app = maven_app().without("built").file("built/shop.jar", boot_jar("4.1.2", &[]));
    let build = app.build();
    let again = build.rebuild_with(|case| {
        let changed = boot_jar("4.1.2", &[("BOOT-INF/classes/New.class", b"new")]);
        case.file("built/shop.jar", changed)
    });
    let digests = |build: &kouti_testing::Built| build.image().app.clone();
    let (before, after) = (digests(&build), digests(&again));
    assert_eq!(before.len(), after.len());
    let changed: Vec<usize> =
        (0..before.len()).filter(|index| before[*index] != after[*index]).collect();
    assert_eq!(changed.len(), 1, "{before:?} {after:?}");
}
