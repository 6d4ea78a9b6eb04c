//! `kouti/java`, from source to an answer, with real builds.

use std::time::Duration;

use kouti_image_tests::{App, Build};

#[test]
#[ignore = "image test"]
fn a_spring_boot_app_starts_in_little_memory_and_is_rebuilt_without_new_work() {
    let app = App::sample("java");
    let build = Build::new("spring");

    let cold = build.app(&app).succeeds();
    assert!(cold.contains("pom.xml (java.version)   17   <- used"), "{cold}");
    assert!(cold.contains("Running mvn --batch-mode"), "{cold}");
    let first = build.image.id();
    let layers = build.image.layers();

    for memory in ["256m", "512m", "1g"] {
        let container = build.image.run().arg("--memory").arg(memory).hardened().start();
        let answer = container.get("/");
        assert!(answer.body.starts_with("Hello from Java 17"), "{memory}: {}", answer.body);
        assert!(container.get("/health").body.contains("UP"), "{memory}");
        assert!(container.log().contains("Calculated JVM Memory Configuration: "), "{memory}");
        let (took, code) = container.stop();
        assert_eq!(code, 143, "SIGTERM reaches the JVM: {}", container.log());
        assert!(took < Duration::from_secs(8), "not killed after ten seconds, but {took:?}");
    }

    let warm = build.app(&app).succeeds();
    assert!(!warm.contains("Running mvn") && !warm.contains("Installing OpenJDK"), "{warm}");
    assert_eq!(build.image.id(), first, "the same source gives the same image:\n{warm}");

    // Without a network: everything that Maven needs is in its cache.
    app.replace("src/main/java/org/kouti/samples/Application.java", "Hello", "Good morning");
    let source = build.app(&app).offline().succeeds();
    assert!(source.contains("Running mvn"), "{source}");
    let kept = build.image.layers().iter().filter(|layer| layers.contains(layer)).count();
    assert!(kept >= layers.len() - 2, "only the slice of the app changes: {kept} of {layers:?}");
    assert!(build.image.run().start().get("/").body.contains("Good morning"));

    let files =
        build.image.shell("find /workspace /layers -name '*.java' -o -name mvn -o -name javac");
    assert_eq!(files, "", "source and tools are for builds");
}

#[test]
#[ignore = "image test"]
fn of_several_modules_one_is_the_app() {
    let app = App::fixture("java-modules");
    let build = Build::new("modules");
    let log = build.app(&app).env("BP_MAVEN_BUILT_MODULE", "web").succeeds();
    assert!(log.contains("pom.xml (maven.compiler.release)   17   <- used"), "{log}");
    let container = build.image.run().hardened().start();
    assert_eq!(container.get("/").body, "{\"java\":17}");

    // What is built is started elsewhere as it is: an unpacked JAR, on a runtime of its modules.
    let unpacked = App::empty();
    build.image.copy("/workspace/.", unpacked.dir());
    let again = Build::new("prebuilt");
    let log = again.app(&unpacked).env("BP_JVM_JLINK_ENABLED", "true").offline().succeeds();
    assert!(log.contains("runtime by jlink"), "{log}");
    assert_eq!(again.image.run().start().get("/").body, "{\"java\":17}");
}

#[test]
#[ignore = "image test"]
fn a_war_runs_on_tomcat() {
    let app = App::fixture("java-war");
    let build = Build::new("war");
    let log = build.app(&app).succeeds();
    assert!(log.contains("the app uses jakarta.servlet   11.*   <- used"), "{log}");
    let run = build.image.run().hardened().env("BPL_TOMCAT_ACCESS_LOGGING_ENABLED", "true");
    let container = run.start();
    let answer = container.get("/");
    assert!(answer.body.starts_with("hello from Apache Tomcat/11."), "{}", answer.body);
    let answer = container.request("/", "X-Forwarded-Proto: https\r\n").unwrap();
    assert!(answer.body.ends_with("secure: true"), "{}", answer.body);
    container.wait_for("[ACCESS]");
    assert_eq!(container.stop().1, 143, "{}", container.log());
}

#[test]
#[ignore = "image test"]
fn source_that_does_not_compile_fails_with_the_lines_of_maven() {
    let app = App::fixture("java-war");
    app.replace("src/main/java/shop/Page.java", "print(", "print(1, ");
    let log = Build::new("broken-java").app(&app).fails();
    assert!(log.contains("error[compilation-failed]"), "{log}");
    assert!(log.contains("Page.java:[13,"), "{log}");
}

/// Shapes that differ from those above by what is downloaded.
mod nightly {
    use kouti_image_tests::{App, Build};

    #[test]
    #[ignore = "image test"]
    fn a_quarkus_app_is_started_from_its_own_layout() {
        let build = Build::new("quarkus");
        let log = build.app(&App::fixture("java-quarkus")).succeeds();
        assert!(log.contains("-Dquarkus.package.jar.type=fast-jar"), "{log}");
        let container = build.image.run().hardened().start();
        assert_eq!(container.get("/").body, "hello from Quarkus on Java 17");
        assert_eq!(container.stop().1, 143, "{}", container.log());
        assert!(build.image.shell("ls /workspace").contains("quarkus-run.jar"));
    }

    #[test]
    #[ignore = "image test"]
    fn spring_boot_3_is_built_like_4() {
        let app = App::sample("java");
        app.replace("pom.xml", "<version>4.1.2</version>", "<version>3.5.6</version>");
        let build = Build::new("spring-3");
        let log = build.app(&app).succeeds();
        assert!(log.contains("Running mvn --batch-mode"), "{log}");
        let container = build.image.run().arg("--memory").arg("512m").hardened().start();
        assert!(container.get("/").body.starts_with("Hello from Java 17"), "{}", container.log());
        assert!(container.get("/health").body.contains("UP"));
    }

    #[test]
    #[ignore = "image test"]
    fn libraries_beside_a_jar_and_distributions_are_started_as_they_are() {
        let app = App::fixture("java-distribution");
        let build = Build::new("beside");
        let artifact = "BP_MAVEN_BUILT_ARTIFACT";
        let _ = build.app(&app).env(artifact, "target/shop-1.0.0.jar target/lib").succeeds();
        let answer = build.image.run().hardened().start().get("/").body;
        assert_eq!(answer, r#"{"started":"jar"}"#);

        // The same, built elsewhere.
        let unpacked = App::empty();
        build.image.copy("/workspace/.", unpacked.dir());
        let prebuilt = Build::new("prebuilt-jar");
        let log = prebuilt.app(&unpacked).offline().succeeds();
        assert!(!log.contains("Running mvn"), "{log}");
        let answer = prebuilt.image.run().hardened().start().get("/").body;
        assert_eq!(answer, r#"{"started":"jar"}"#);

        let _ = build.app(&app).env(artifact, "target/*-dist.zip").offline().succeeds();
        let container = build.image.run().hardened().start();
        assert_eq!(container.get("/").body, r#"{"started":"script"}"#);
        assert_eq!(container.stop().1, 143, "{}", container.log());
    }
}
