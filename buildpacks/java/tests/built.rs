//! Apps that come built: JARs, unpacked ones, distributions with a start script.

use insta::assert_snapshot;
use kouti_testing::{Case, Tool};

use crate::support::{MANIFEST, bare, jar};

#[test]
fn an_unpacked_jar_is_started_by_its_class() {
    let build = bare()
        .file(
            MANIFEST,
            "Main-Class: org.example.App\nClass-Path: lib/a.jar lib/missing.jar\n\
             Add-Opens: java.base/java.lang\nAdd-Exports: java.base/sun.nio.ch\n\
             Launcher-Agent-Class: org.example.Agent\n",
        )
        .file("org/example/App.class", "")
        .file("lib/a.jar", jar(&[("A.class", "")]))
        .build();
    assert_snapshot!(build.processes(), @"
    executable-jar: java --add-opens=java.base/java.lang=ALL-UNNAMED --add-exports=java.base/sun.nio.ch=ALL-UNNAMED org.example.App
    task: java --add-opens=java.base/java.lang=ALL-UNNAMED --add-exports=java.base/sun.nio.ch=ALL-UNNAMED org.example.App
    web (default): java --add-opens=java.base/java.lang=ALL-UNNAMED --add-exports=java.base/sun.nio.ch=ALL-UNNAMED org.example.App
    ");
    assert_eq!(build.launch_env("web")["CLASSPATH"], "<app>:lib/a.jar:lib/missing.jar");
    assert!(build.log().contains("not in the app: lib/missing.jar"), "{}", build.log());
    assert!(
        build.log().contains(
            "warning: org.example.Agent, the Launcher-Agent-Class of the manifest, does not start"
        ),
        "{}",
        build.log()
    );
    assert!(build.find_layer("jdk").is_none());
}

#[test]
fn the_class_to_start_can_be_named() {
    let app = bare().file(MANIFEST, "Main-Class: A\n").env("BP_JAVA_MAIN_CLASS", "B");
    assert!(app.build().processes().contains("web (default): java B\n"));
}

#[test]
fn of_several_jars_one_can_be_named() {
    let main = |class: &str| jar(&[(MANIFEST, format!("Main-Class: {class}\n"))]);
    let app = bare().file("a.jar", main("A")).file("tools/b.jar", main("B"));
    let build = app.build();
    assert!(build.log().contains("warning: a.jar is started; tools/b.jar could be started too"));
    let named = app.env("BP_EXECUTABLE_JAR_LOCATION", "tools/*.jar").build();
    assert!(
        named.clean(&named.processes()).contains("web (default): java -jar <app>/tools/b.jar\n")
    );
}

#[test]
fn what_is_called_a_jar_and_is_none_is_named() {
    let main = jar(&[(MANIFEST, "Main-Class: A\n")]);
    let log = bare().file("a.jar", main.clone()).file("b.jar", &main[..20]).build().log();
    assert!(log.contains("warning: b.jar is called a JAR and cannot be read"), "{log}");
}

const SCRIPT: &str = "#!/bin/sh\nDEFAULT_JVM_OPTS='\"-Xmx64m\"'\nCLASSPATH=$APP_HOME/lib/shop.jar\n\
    set -- \\\n    -classpath \"$CLASSPATH\" \\\n    org.example.Shop \\\n    \"$@\"\n";

#[test]
fn a_distribution_is_started_without_its_script() {
    let build = bare()
        .program("shop-1.0/bin/shop", SCRIPT)
        .file("shop-1.0/bin/shop.bat", "")
        .file("shop-1.0/lib/shop.jar", jar(&[("A.class", "")]))
        .build();
    assert_snapshot!(build.clean(&build.processes()), @"
    dist-zip: java -Xmx64m -cp <app>/shop-1.0/lib/shop.jar org.example.Shop
    task: java -Xmx64m -cp <app>/shop-1.0/lib/shop.jar org.example.Shop
    web (default): java -Xmx64m -cp <app>/shop-1.0/lib/shop.jar org.example.Shop
    ");
}

#[test]
fn a_library_of_a_distribution_that_could_be_started_is_not() {
    let main = jar(&[("META-INF/MANIFEST.MF", "Main-Class: org.example.Other\n")]);
    let case = bare().program("shop-1.0/bin/shop", SCRIPT).file("shop-1.0/lib/shop.jar", main);
    let web = |case: Case| {
        let build = case.build();
        build.clean(&build.processes()).lines().last().unwrap_or_default().to_owned()
    };
    assert_snapshot!(web(case.clone()), @"web (default): java -Xmx64m -cp <app>/shop-1.0/lib/shop.jar org.example.Shop");
    let named = case.env("BP_EXECUTABLE_JAR_LOCATION", "shop-1.0/lib/*.jar");
    assert_snapshot!(web(named), @"web (default): java -jar <app>/shop-1.0/lib/shop.jar");
}

#[test]
fn a_script_that_cannot_be_read_is_run_and_gets_options_once() {
    let build = bare()
        .program("shop/bin/start", "#!/bin/sh\nexec java $JAVA_OPTS -jar x.jar\n")
        .file("shop/lib/shop.jar", jar(&[("A.class", "")]))
        .build();
    assert!(build.clean(&build.processes()).contains("web (default): <app>/shop/bin/start\n"));
    let (env, _) = build.launch("web").env("JAVA_OPTS", "-Dmine=1").prepare().unwrap();
    assert_eq!(env.get("JAVA_OPTS"), Some(""));
    assert!(env.get("JAVA_TOOL_OPTIONS").unwrap().ends_with("-Dmine=1"));
}

#[test]
fn live_reload_adds_a_process_that_restarts() {
    let build = bare()
        .file(MANIFEST, "Main-Class: A\n")
        .env("BP_LIVE_RELOAD_ENABLED", "true")
        .provides("watchexec")
        .build();
    assert_snapshot!(build.processes(), @"
    executable-jar: java A
    reload (default): watchexec --restart --shell=none -- java A
    task: java A
    web: java A
    ");
}

#[test]
fn agents_are_in_the_image_when_they_are_asked_for() {
    let app = bare().file(MANIFEST, "Main-Class: A\n");
    let build = app
        .env("BP_OPENTELEMETRY_ENABLED", "true")
        .env("BP_JATTACH_ENABLED", "true")
        .binding("insights", "ApplicationInsights", [("connection-string", "x")])
        .build();
    let options = build.launch_env("web")["JAVA_TOOL_OPTIONS"].clone();
    assert!(options.contains(
        "-javaagent:<layers>/kouti_java/opentelemetry-java/opentelemetry-java-2.31.0.jar"
    ));
    assert!(options.contains("azure-application-insights-java-3.7.9.jar"), "{options}");
    assert_eq!(build.launch_env("web")["OTEL_JAVAAGENT_ENABLED"], "false");
    assert!(build.layer("jattach").has("bin/jattach"));

    // Two classes of the runtime and one of each agent, of which 35 % are loaded, times ten.
    let launch = build.launch("web").env("BPL_JVM_CLASS_ADJUSTMENT", "1000%");
    let (_, log) = launch.prepare().unwrap();
    assert!(log.contains("Loaded Class Count: 14,"), "{log}");
}

#[test]
fn an_image_says_which_libraries_are_in_it() {
    let properties = "groupId=org.slf4j\nartifactId=slf4j-api\nversion=2.0.1\n";
    let library = jar(&[("META-INF/maven/org.slf4j/slf4j-api/pom.properties", properties)]);
    let build = bare()
        .file(MANIFEST, "Main-Class: A\nImplementation-Title: shop\nImplementation-Version: 3\n")
        .file("lib/slf4j-api-2.0.1.jar", library)
        .build();
    let text = build.sbom("kouti_java/sbom.cdx.json");
    assert!(text.contains("pkg:maven/org.slf4j/slf4j-api@2.0.1"), "{text}");
    assert_eq!(build.image().labels["org.opencontainers.image.version"], "3");
}

#[test]
fn another_buildpacks_java_is_left_alone() {
    let build = bare()
        .file(MANIFEST, "Main-Class: A\n")
        .provides("jre")
        .tool("java", Tool::succeeds())
        .build();
    assert!(build.find_layer("jre").is_none());
    assert!(build.layer("helper").types().launch);
}
