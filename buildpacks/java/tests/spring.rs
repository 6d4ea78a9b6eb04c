//! Spring Boot apps.

use insta::assert_snapshot;
use kouti_testing::Case;

use crate::support::{MANIFEST, bare, boot_jar, jar};

#[test]
fn a_jar_is_unpacked_in_its_place() {
    let build = bare().file("shop.jar", boot_jar("4.1.2", &[])).file("config/a.yml", "").build();
    assert_snapshot!(build.log(), @"
    Kouti Java [version]
      Choosing BellSoft Liberica JRE
        default   21   <- used
        21.0.11 chosen (newest that fits)
      Preparing Spring Boot 4.1.2
      Installing Spring Cloud Bindings 2.0.4
        242 B from the buildpack in [time], sha256 ok
        it turns bindings into properties; BP_SPRING_CLOUD_BINDINGS_DISABLED=true leaves it out
      Installing BellSoft Liberica JRE 21.0.11
        909 B from the buildpack in [time], sha256 ok
      Installing launch helper
      Processes
        spring-boot-app   java org.springframework.boot.loader.launch.JarLauncher
        task              java org.springframework.boot.loader.launch.JarLauncher
        web (default)     java org.springframework.boot.loader.launch.JarLauncher
      Done in [time]
    ");
    assert_snapshot!(build.processes(), @"
    spring-boot-app: java org.springframework.boot.loader.launch.JarLauncher
    task: java org.springframework.boot.loader.launch.JarLauncher
    web (default): java org.springframework.boot.loader.launch.JarLauncher
    ");
    assert!(!build.app_path("shop.jar").exists() && build.app_path("config/a.yml").exists());
    let labels = &build.image().labels;
    assert_eq!(labels["org.springframework.boot.version"], "4.1.2");
    assert_eq!(labels["org.opencontainers.image.title"], "shop");
    let env = build.launch_env("web");
    assert_eq!(env["BPI_JAVA_FRAMEWORK"], "spring-boot");
    assert!(!env.contains_key("BPI_JVM_THREAD_COUNT"), "a servlet app has the usual number");
    assert!(
        env["JAVA_TOOL_OPTIONS"].contains("-Dorg.springframework.cloud.bindings.boot.enable=true")
    );
    // Dependencies, loader, application, and the rest.
    assert_eq!(build.image().app.len(), 4);
    assert_eq!(build.rebuild().image_digest(), build.image_digest());
}

#[test]
fn bindings_of_the_right_generation_are_added_unless_they_are_there() {
    let library = |version: &str| {
        let build = bare().file("shop.jar", boot_jar(version, &[])).build();
        build.layer("spring-cloud-bindings").files().join(" ")
    };
    assert!(library("2.7.18").contains("spring-cloud-bindings-1.13.0.jar"));
    assert!(library("3.0.0").contains("spring-cloud-bindings-2.0.4.jar"));

    let own = jar(&[("A.class", "")]);
    let has = boot_jar("4.1.2", &[("BOOT-INF/lib/spring-cloud-bindings-2.0.1.jar", &own)]);
    assert!(bare().file("shop.jar", has).build().find_layer("spring-cloud-bindings").is_none());
    let off = bare()
        .file("shop.jar", boot_jar("4.1.2", &[]))
        .env("BP_SPRING_CLOUD_BINDINGS_DISABLED", "true");
    assert!(off.build().find_layer("spring-cloud-bindings").is_none());
}

/// An unpacked Spring Boot app that says nothing about layers.
fn unpacked(launcher: &str, root: &str) -> Case {
    let manifest = format!(
        "Main-Class: org.springframework.boot.loader.launch.{launcher}\n\
         Start-Class: org.example.Shop\nSpring-Boot-Version: 4.1.2\n\
         Spring-Boot-Classes: {root}/classes/\nSpring-Boot-Lib: {root}/lib/\n\
         Enable-Native-Access: ALL-UNNAMED\n"
    );
    bare()
        .file(MANIFEST, manifest)
        .file(&format!("{root}/classes/org/example/Shop.class"), "")
        .file(&format!("{root}/lib/spring-web-6.2.0.jar"), jar(&[("A.class", "")]))
        .file(&format!("{root}/lib/own-1-SNAPSHOT.jar"), jar(&[("B.class", "")]))
}

#[test]
fn libraries_are_apart_from_the_app_without_an_index() {
    let app = unpacked("JarLauncher", "BOOT-INF");
    let build = app.build();
    let slices: Vec<String> = build.slices().iter().map(|slice| slice.join(" ")).collect();
    assert_snapshot!(slices.join("\n"), @"
    BOOT-INF/lib/spring-cloud-bindings-2.0.4.jar BOOT-INF/lib/spring-web-6.2.0.jar
    BOOT-INF/lib/own-1-SNAPSHOT.jar
    BOOT-INF/classes/org/example/Shop.class META-INF/MANIFEST.MF
    ");
    let own =
        build.rebuild_with(|case| case.file("BOOT-INF/classes/org/example/Shop.class", "changed"));
    assert_eq!(own.image().app[..2], build.image().app[..2]);
    assert_ne!(own.image().app, build.image().app);

    // What a manifest says only counts for a whole JAR.
    let extracted = app.env("BP_UNPACK_LAYOUT_ONLY", "true").build();
    assert!(
        extracted.processes().contains(
            "web (default): java --enable-native-access=ALL-UNNAMED -cp runner.jar:lib/spring"
        ),
        "{}",
        extracted.processes()
    );
}

#[test]
fn a_war_that_can_be_started_needs_no_server() {
    let app = unpacked("WarLauncher", "WEB-INF").file("WEB-INF/lib-provided/tomcat.jar", "");
    let build = app.build();
    let launcher = "org.springframework.boot.loader.launch.WarLauncher\n";
    assert!(build.processes().contains(launcher), "{}", build.processes());
    assert!(build.find_layer("tomcat").is_none());
    assert_eq!(build.launch_env("web")["BPI_JAVA_FRAMEWORK"], "spring-boot");
    assert_eq!(build.image().app.len(), 3, "libraries, snapshots and the rest");

    let served = app.env("BP_JAVA_APP_SERVER", "tomcat").build();
    assert!(served.layer("tomcat").types().launch);
    assert_eq!(served.launch_env("web")["BPI_JAVA_FRAMEWORK"], "tomcat");
    assert!(!served.app_path("WEB-INF/lib-provided").exists(), "the server brings its own");
}

#[test]
fn an_app_with_few_threads_gets_memory_for_few() {
    let reactive = jar(&[("org/springframework/web/reactive/DispatcherHandler.class", "")]);
    let files: [(&str, &[u8]); 1] = [("BOOT-INF/lib/spring-webflux-6.2.0.jar", &reactive)];
    let build = bare().file("shop.jar", boot_jar("4.1.2", &files)).build();
    assert_eq!(build.launch_env("web")["BPI_JVM_THREAD_COUNT"], "50");
    let threads = |launch: kouti_testing::Launch| launch.prepare().unwrap().1;
    let log = threads(build.launch("web"));
    assert!(log.contains("Thread Count: 50,"), "{log}");
    let log = threads(build.launch("web").env("BPL_JVM_THREAD_COUNT", "70"));
    assert!(log.contains("Thread Count: 70,"), "{log}");
}

#[test]
fn an_old_generation_is_warned_about() {
    let log = bare().file("shop.jar", boot_jar("3.2.1", &[])).build().log();
    assert!(
        log.contains("open-source support of Spring Boot 3.2 has ended on 2024-12-31"),
        "{log}"
    );
    assert!(log.contains("move to Spring Boot 4.1"), "{log}");
    let log = bare().file("shop.jar", boot_jar("9.9.9", &[])).build().log();
    assert!(!log.contains("has ended"), "{log}");
}

#[test]
fn an_archive_of_classes_is_made_by_a_start_in_the_build() {
    let app = bare().file("shop.jar", boot_jar("4.1.2", &[])).env("BP_JVM_CDS_ENABLED", "true");
    let build = app.build();
    assert_snapshot!(build.clean(&build.commands().join("\n")), @"
    java -Djarmode=tools -jar runner.jar extract --force --destination <app>
    timeout 120s <layers>/kouti_java/jre/bin/java -Dspring.context.exit=onRefresh -XX:ArchiveClassesAtExit=application.jsa -cp runner.jar:lib/spring-cloud-bindings-2.0.4.jar org.example.Shop
    java -Dspring.context.exit=onRefresh -XX:ArchiveClassesAtExit=application.jsa -cp runner.jar:lib/spring-cloud-bindings-2.0.4.jar org.example.Shop
    ");
    assert_snapshot!(build.processes(), @"
    spring-boot-app: java -cp runner.jar:lib/spring-cloud-bindings-2.0.4.jar org.example.Shop
    task: java -cp runner.jar:lib/spring-cloud-bindings-2.0.4.jar org.example.Shop
    web (default): java -cp runner.jar:lib/spring-cloud-bindings-2.0.4.jar org.example.Shop
    ");
    assert!(build.app_path("lib/spring-cloud-bindings-2.0.4.jar").is_file());
    assert!(!build.layer("spring-cloud-bindings").types().launch, "the app has a copy");
    let env = build.launch_env("web");
    assert!(env["JAVA_TOOL_OPTIONS"].contains("-XX:SharedArchiveFile=<app>/application.jsa"));
    assert!(!env.contains_key("CLASSPATH"));
    let (off, _) = build.launch("web").env("BPL_JVM_CDS_ENABLED", "false").prepare().unwrap();
    assert!(!off.get("JAVA_TOOL_OPTIONS").unwrap().contains("SharedArchive"));
    assert_eq!(build.rebuild().image_digest(), build.image_digest());

    let newer = app.clone().env("BP_JVM_VERSION", "25").build();
    assert!(
        newer.launch_env("web")["JAVA_TOOL_OPTIONS"].contains("-XX:AOTCache=<app>/application.aot")
    );

    let layout =
        bare().file("shop.jar", boot_jar("4.1.2", &[])).env("BP_UNPACK_LAYOUT_ONLY", "true");
    let layout = layout.build();
    assert!(!layout.launch_env("web")["JAVA_TOOL_OPTIONS"].contains("Archive"));
    assert!(layout.app_path("runner.jar").is_file());
    assert!(layout.processes().contains("-cp runner.jar:lib/spring-cloud-bindings-2.0.4.jar org"));

    let without = app.env("BP_SPRING_CLOUD_BINDINGS_DISABLED", "true").build();
    assert!(without.processes().contains("-cp runner.jar org"), "{}", without.processes());
}

#[test]
fn agents_and_an_archive_of_classes_go_together() {
    let app = bare().file("shop.jar", boot_jar("4.1.2", &[])).env("BP_JVM_CDS_ENABLED", "true");
    let agent = "-javaagent:<layers>/kouti_java/opentelemetry-java/opentelemetry-java-2.31.0.jar";
    let monitored = app.clone().env("BP_OPENTELEMETRY_ENABLED", "true");
    let has_archive = |launch: kouti_testing::Launch| {
        let (env, log) = launch.prepare().unwrap();
        let options = env.get("JAVA_TOOL_OPTIONS").unwrap().to_owned();
        let is_used =
            ["-XX:AOTCache=", "-XX:SharedArchiveFile="].iter().any(|flag| options.contains(flag));
        assert_eq!(log.contains("the archive of classes is not used"), !is_used, "{log}");
        is_used
    };

    // Java 25 knows whether there was an agent.
    let newest = monitored.clone().env("BP_JVM_VERSION", "25").build();
    let calls = newest.calls("java");
    let training = calls.last().unwrap();
    assert!(training.args.contains(&agent.to_owned()), "{:?}", training.args);
    assert_eq!(training.env["OTEL_JAVAAGENT_ENABLED"], "false");
    assert!(has_archive(newest.launch("web")));
    let again = newest.rebuild();
    assert!(again.calls("java").last().unwrap().args.contains(&agent.to_owned()));
    assert_eq!(again.image_digest(), newest.image_digest());
    let without = app.env("BP_JVM_VERSION", "25").build();
    assert!(has_archive(without.launch("web")));
    assert!(!has_archive(without.launch("web").env("JAVA_TOOL_OPTIONS", "-javaagent:/x.jar")));

    // Before, none can be there while the archive is made, and any afterwards.
    let older = monitored.build();
    assert!(!older.commands().join("\n").contains("-javaagent"), "{:?}", older.commands());
    assert!(has_archive(older.launch("web")));
}

#[test]
fn spring_before_3_3_is_started_without_an_archive() {
    let app = bare().file("shop.jar", boot_jar("3.2.1", &[])).env("BP_JVM_CDS_ENABLED", "true");
    let build = app.build();
    assert!(
        build.log().contains("an archive of classes needs Spring Boot 3.3, and the app has 3.2.1")
    );
    assert!(build.processes().contains("web (default): java org.springframework.boot.loader"));
}

#[test]
fn what_spring_has_prepared_is_used_when_it_is_there() {
    let prepared = boot_jar("4.1.2", &[("META-INF/native-image/x.json", b"{}")]);
    let build = bare().file("shop.jar", prepared).env("BP_SPRING_AOT_ENABLED", "true").build();
    assert!(build.launch_env("web")["JAVA_TOOL_OPTIONS"].contains("-Dspring.aot.enabled=true"));
    let without =
        bare().file("shop.jar", boot_jar("4.1.2", &[])).env("BP_SPRING_AOT_ENABLED", "true");
    assert!(without.build().log().contains("the app has no META-INF/native-image"));
}
