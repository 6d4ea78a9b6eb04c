//! What users read when something is wrong: every error of this buildpack with its whole text.

use insta::assert_snapshot;
use kouti_testing::{Case, Tool};

use crate::support::{MANIFEST, POM, bare, boot_jar, jar, maven, maven_app};

fn app() -> Case {
    bare().file(MANIFEST, "Main-Class: A\n")
}

/// A Maven that prints this and fails.
fn failing(output: &str) -> String {
    let mvn = Tool::fails(1, output);
    maven_app().artifact(maven("3.9.99", mvn)).fails().error()
}

#[test]
fn a_java_that_is_not_there() {
    assert_snapshot!(app().env("BP_JVM_VERSION", "19").fails().error(), @"
    error[no-release]: no Java release fits `19` (asked for in BP_JVM_VERSION)

    hint: change the version in BP_JVM_VERSION
    hint: available: 25.0.3, 21.0.11, 17.0.19
    ");
}

#[test]
fn a_text_that_is_no_version() {
    assert_snapshot!(app().env("BP_JVM_VERSION", "seventeen").fails().error(), @"
    error[bad-java-version]: `seventeen` in BP_JVM_VERSION is no version of Java

    hint: write `21`, `21.0.*`, `21.0.4`, `>=17 <22`, `~17.0.1`, `lts` or `latest`
    ");
}

#[test]
fn an_unknown_kind_or_vendor_of_java() {
    assert_snapshot!(app().env("BP_JVM_TYPE", "JVM").fails().error(), @"
    error[bad-setting]: BP_JVM_TYPE is set to `JVM`, which is not JRE or JDK

    hint: set BP_JVM_TYPE to JRE or JDK
    ");
    assert_snapshot!(app().env("BP_JVM_VENDOR", "oracle").fails().error(), @"
    error[bad-setting]: BP_JVM_VENDOR is set to `oracle`, which is not liberica, temurin or zulu

    hint: set BP_JVM_VENDOR to liberica, temurin or zulu
    ");
}

#[test]
fn jlink_with_java_8() {
    let app = app().env("BP_JVM_JLINK_ENABLED", "true").env("BP_JVM_VERSION", "8");
    assert_snapshot!(app.fails().error(), @"
    error[jlink-needs-java-9]: jlink needs Java 9 or later, and Java 8.0.492 is chosen (BP_JVM_VERSION)

    hint: set BP_JVM_VERSION to a later one, or leave BP_JVM_JLINK_ENABLED out
    ");
}

#[test]
fn a_native_image() {
    assert_snapshot!(app().env("BP_NATIVE_IMAGE", "true").fails().error(), @"
    error[no-native-images]: BP_NATIVE_IMAGE is true, and this buildpack cannot make native programs yet

    hint: unset it: the app then runs on a JVM
    ");
}

#[test]
fn build_files_that_are_not_there() {
    assert_snapshot!(bare().env("BP_MAVEN_POM_FILE", "x/pom.xml").fails().error(), @"
    error[build-file-missing]: BP_MAVEN_POM_FILE is `x/pom.xml`, and the app has no such file

    hint: correct BP_MAVEN_POM_FILE: it is relative to the app
    ");
    assert_snapshot!(bare().file("pom.xml", POM).env("BP_JAVA_BUILD_TOOL", "gradle").fails().error(), @"
    error[no-build-file]: BP_JAVA_BUILD_TOOL is `gradle`, and the app has no build file of Gradle

    hint: name the tool that the app is built with, or unset it
    ");
    assert_snapshot!(bare().env("BP_JAVA_BUILD_TOOL", "ant").fails().error(), @"
    error[bad-setting]: BP_JAVA_BUILD_TOOL is set to `ant`, which is not maven, gradle or sbt

    hint: set BP_JAVA_BUILD_TOOL to maven, gradle or sbt
    ");
}

#[test]
fn a_text_that_is_no_range() {
    for name in ["BP_MAVEN_VERSION", "BP_TOMCAT_VERSION"] {
        let case = if name == "BP_TOMCAT_VERSION" {
            bare().file("WEB-INF/web.xml", "<web-app/>")
        } else {
            maven_app()
        };
        let error = case.env(name, "newest").fails().error();
        let wanted =
            format!("error[bad-version-range]: `newest` (asked for in {name}) is not a range");
        assert!(error.starts_with(&wanted), "{error}");
    }
}

#[test]
fn a_jar_that_is_not_where_it_should_be() {
    assert_snapshot!(bare().env("BP_EXECUTABLE_JAR_LOCATION", "x/*.jar").fails().error(), @"
    error[no-jar-at-location]: no JAR with a main class fits BP_EXECUTABLE_JAR_LOCATION, `x/*.jar`

    hint: name a JAR relative to the app whose manifest has a Main-Class
    ");
}

#[test]
fn a_wrapper_without_its_jar() {
    assert_snapshot!(bare().file("build.gradle", "").file("gradlew", "").fails().error(), @"
    error[gradle-wrapper-jar-missing]: gradlew cannot run without gradle/wrapper/gradle-wrapper.jar, which is not in the source

    hint: commit it: `git add --force gradle/wrapper/gradle-wrapper.jar`; a rule `*.jar` in .gitignore leaves it out
    ");
}

#[test]
fn a_gradle_that_is_too_old_for_java() {
    let app = bare()
        .file("build.gradle", "")
        .file("gradlew", "")
        .file("gradle/wrapper/gradle-wrapper.jar", "")
        .file(
            "gradle/wrapper/gradle-wrapper.properties",
            "distributionUrl=https\\://x/gradle-6.9.4-bin.zip\n",
        );
    assert_snapshot!(app.fails().error(), @"
    error[gradle-too-old]: Gradle 6.9.4 of the wrapper runs on Java 15 at most, and Java 21 is chosen

    hint: raise the wrapper: `gradle wrapper --gradle-version 8.14.3`
    hint: or set BP_JVM_VERSION=11
    ");
}

#[test]
fn settings_of_maven_that_are_not_there() {
    assert_snapshot!(maven_app().env("BP_MAVEN_SETTINGS_PATH", "s.xml").fails().error(), @"
    error[maven-settings-file-missing]: BP_MAVEN_SETTINGS_PATH is `s.xml`, and there is no <app>/s.xml

    hint: correct the path: it is relative to the app
    hint: or bind the file with a binding of type `maven`, which keeps secrets out of the source
    ");
    let alone = maven_app().binding("repo", "maven", [("settings-security.xml", "<s/>")]);
    assert_snapshot!(alone.fails().error(), @"
    error[maven-settings-missing]: the binding `repo` has settings-security.xml and no settings.xml

    hint: bind settings.xml as well: it holds the passwords that the other file decrypts
    ");
    let two = maven_app().binding("one", "maven", [("settings.xml", "<s/>")]).binding(
        "two",
        "maven",
        [("settings.xml", "<s/>")],
    );
    assert_snapshot!(two.fails().error(), @"
    error[several-bindings]: there is more than one binding of type `maven`: one, two

    hint: keep one binding of type `maven` and remove the others
    ");
}

/// What Maven prints about a package that it cannot get.
fn not_transferred(reason: &str) -> String {
    format!(
        "Could not transfer artifact com.acme:lib:pom:1 from/to corp (https://repo.corp.example/maven): {reason}"
    )
}

#[test]
fn a_build_that_fails() {
    assert_snapshot!(failing("[ERROR] something"), @"
    error[build-failed]: Maven ended with exit code 1
      caused by: `mvn --batch-mode -Dmaven.test.skip=true --no-transfer-progress package` ended with exit code 1

    hint: its own message is above
    hint: `mvn package` on your machine should fail in the same way
    ");
    assert_snapshot!(failing("[ERROR] COMPILATION ERROR : \n[INFO] ---\n[ERROR] /workspace/src/App.java:[1,7] ';' expected\n[ERROR] /workspace/src/App.java:[1,7] ';' expected"), @"
    error[compilation-failed]: the source does not compile
      /workspace/src/App.java:[1,7] ';' expected
      caused by: `mvn --batch-mode -Dmaven.test.skip=true --no-transfer-progress package` ended with exit code 1

    hint: correct what the compiler has printed above
    ");
    assert_snapshot!(failing("error: release version 25 not supported"), @"
    error[java-too-old]: the source is for Java 25, which is later than the one that compiles it (Java 21)
      caused by: `mvn --batch-mode -Dmaven.test.skip=true --no-transfer-progress package` ended with exit code 1

    hint: set BP_JVM_VERSION to the version that the build file asks for
    ");
    assert_snapshot!(failing("Unsupported class file major version 65"), @"
    error[java-too-new]: the build tool, or a plugin of it, does not know this Java yet (Java 21)
      caused by: `mvn --batch-mode -Dmaven.test.skip=true --no-transfer-progress package` ended with exit code 1

    hint: raise the tool or the plugin
    hint: or set BP_JVM_VERSION to an older version
    ");
    assert_snapshot!(failing(&not_transferred("PKIX path building failed: unable to find valid certification path")), @"
    error[repository-certificate]: Java does not believe the certificate of corp (https://repo.corp.example/maven)
      caused by: `mvn --batch-mode -Dmaven.test.skip=true --no-transfer-progress package` ended with exit code 1

    hint: add the certificate authority with a binding of type `ca-certificates`
    ");
    assert_snapshot!(failing(&not_transferred("status code: 401, reason phrase: Unauthorized (401)")), @"
    error[repository-access]: corp (https://repo.corp.example/maven) refuses access
      caused by: `mvn --batch-mode -Dmaven.test.skip=true --no-transfer-progress package` ended with exit code 1

    hint: give the credentials in a settings file, with a binding of type `maven` or `gradle`
    ");
    assert_snapshot!(failing("Could not GET 'https://repo.corp.example/maven/lib-1.pom'. Received status code 429 from server: Too Many Requests"), @"
    error[repository-rate-limit]: https://repo.corp.example/maven/lib-1.pom has had too many requests from here
      caused by: `mvn --batch-mode -Dmaven.test.skip=true --no-transfer-progress package` ended with exit code 1

    hint: use a mirror: name it in a settings file, with a binding of type `maven` or `gradle`
    ");
    assert_snapshot!(failing("Non-resolvable parent POM for com.acme:app:1: The following artifacts could not be resolved: com.acme:parent:pom:2 (absent): Could not find artifact com.acme:parent:pom:2 in central"), @"
    error[parent-pom-missing]: the parent of pom.xml, com.acme:parent:pom:2, is not to be had
      caused by: `mvn --batch-mode -Dmaven.test.skip=true --no-transfer-progress package` ended with exit code 1

    hint: build from the directory that holds the parent too
    hint: or name the repository that has it, in a settings file with a binding of type `maven`
    ");
    assert_snapshot!(failing(&not_transferred("Connect to repo.corp.example:443 failed: Connection refused")), @"
    error[repository-unreachable]: corp (https://repo.corp.example/maven) cannot be reached
      caused by: `mvn --batch-mode -Dmaven.test.skip=true --no-transfer-progress package` ended with exit code 1

    hint: let the build reach it, through HTTPS_PROXY if there is a proxy; building again may help
    hint: or name a mirror in a settings file, with a binding of type `maven` or `gradle`
    ");
    assert_snapshot!(failing("java.lang.OutOfMemoryError: Java heap space"), @"
    error[build-out-of-memory]: the build tool has run out of memory
      caused by: `mvn --batch-mode -Dmaven.test.skip=true --no-transfer-progress package` ended with exit code 1

    hint: set MAVEN_OPTS or GRADLE_OPTS to `-Xmx2g`, or more
    ");
    assert_snapshot!(failing("Cannot find a Java installation on your machine (Linux 6) matching: {languageVersion=17, vendor=any vendor}"), @"
    error[java-toolchain-missing]: the build asks for Java 17 as a toolchain, and another one is installed
      caused by: `mvn --batch-mode -Dmaven.test.skip=true --no-transfer-progress package` ended with exit code 1

    hint: set BP_JVM_VERSION to the version of the toolchain
    ");
    let killed = maven_app().artifact(maven("3.9.99", Tool::script("exit 137")));
    assert_snapshot!(killed.fails().error(), @"
    error[build-killed]: Maven was killed, as happens when memory runs out
      caused by: `mvn --batch-mode -Dmaven.test.skip=true --no-transfer-progress package` ended with exit code 137

    hint: give the container of the build more memory
    ");
}

#[test]
fn a_failed_build_shows_its_own_lines_first() {
    let mvn = Tool::fails(1, "[ERROR] App.java:[1,7] COMPILATION ERROR");
    let failed = maven_app().artifact(maven("3.9.99", mvn)).fails();
    let log = failed.log();
    assert!(log.find("App.java:[1,7]").unwrap() < log.find("error[").unwrap(), "{log}");
}

#[test]
fn a_build_that_leaves_nothing_to_run() {
    let nothing = maven_app().without("built").dir("built");
    assert_snapshot!(nothing.fails().error(), @"
    error[nothing-built]: Maven has run, and nothing fits `target/*.[ejw]ar`

    hint: there is nothing beside it either
    hint: set BP_MAVEN_BUILT_MODULE to the module that is the app, or BP_MAVEN_BUILT_ARTIFACT to what was built
    ");
    let library = maven_app().without("built").file("built/a.jar", jar(&[("A.class", "")]));
    assert_snapshot!(library.fails().error(), @"
    error[nothing-to-run]: Maven has built something that cannot be started: there is no Main-Class, no WEB-INF and no start script

    hint: with Spring Boot, add the goal `repackage` of spring-boot-maven-plugin
    hint: without, configure `mainClass` in the archive of maven-jar-plugin or maven-shade-plugin
    hint: with several modules, set BP_MAVEN_BUILT_MODULE to the one that is the app
    ");
    let gradle = bare().file("build.gradle", "").file("built/a.jar", jar(&[("A.class", "")]));
    assert_snapshot!(gradle.fails().error(), @"
    error[nothing-to-run]: Gradle has built something that cannot be started: there is no Main-Class, no WEB-INF and no start script

    hint: apply the plugin of Spring Boot, the plugin `application`, or one that makes a complete JAR
    hint: with several modules, set BP_GRADLE_BUILT_MODULE to the one that is the app
    ");
}

#[test]
fn several_start_scripts() {
    let app = bare()
        .file("build.sbt", "")
        .file("built/a.zip", jar(&[("x/bin/a", ""), ("x/bin/b", ""), ("x/lib/x.jar", "")]));
    assert_snapshot!(app.fails().error(), @"
    error[several-start-scripts]: there are several start scripts: x/bin/a, x/bin/b

    hint: set BP_APPLICATION_SCRIPT to the one that is the app
    ");
}

#[test]
fn a_start_script_without_a_shell() {
    let app = bare()
        .program("shop/bin/start", "#!/bin/sh\nexec java $JAVA_OPTS -jar x.jar\n")
        .file("shop/lib/shop.jar", jar(&[("A.class", "")]))
        .env("BP_RUN_IMAGE_KIND", "tiny");
    assert_snapshot!(app.fails().error(), @"
    error[start-script-needs-shell]: shop/bin/start has to be run by a shell, and the run image has none

    hint: choose a run image with a shell: one of the kind `base` or `full`
    hint: or start the app without its script: as an executable JAR, or by a Procfile that calls `java`
    ");
}

#[test]
fn two_things_of_one_name() {
    let app = maven_app()
        .file("built/x/a.jar", jar(&[("A.class", "")]))
        .file("built/y/a.jar", jar(&[("A.class", "")]))
        .env("BP_MAVEN_BUILT_ARTIFACT", "target/*/a.jar");
    assert_snapshot!(app.fails().error(), @"
    error[artifact-name-clash]: two things that were built are called `a.jar`

    hint: name only one of them in the setting for what was built
    ");
    assert_snapshot!(maven_app().env("BP_MAVEN_BUILT_ARTIFACT", "target/[").fails().error(), @"
    error[bad-artifact-pattern]: the pattern `target/[` in BP_MAVEN_BUILT_ARTIFACT cannot be read: `[` is never closed

    hint: write globs relative to the app, such as `target/*.jar`, separated by blanks
    ");
}

#[test]
fn a_manifest_of_spring_boot_that_says_only_half() {
    let app = bare().file(MANIFEST, "Main-Class: A\nSpring-Boot-Version: 3.5.0\n");
    assert_snapshot!(app.fails().error(), @"
    error[spring-boot-manifest]: META-INF/MANIFEST.MF is of Spring Boot 3.5.0 and has no Spring-Boot-Lib

    hint: package the app with the plugin of Spring Boot for Maven or Gradle
    hint: leave out what packages it once more, such as a shade or assembly plugin
    ");
}

#[test]
fn a_start_in_the_build_that_fails() {
    let broken = |case: Case| case.env("BP_JVM_CDS_ENABLED", "true");
    let manifest = "Main-Class: org.springframework.boot.loader.launch.JarLauncher\nStart-Class: fail.Main\n\
        Spring-Boot-Version: 4.1.2\nSpring-Boot-Classes: BOOT-INF/classes/\nSpring-Boot-Lib: BOOT-INF/lib/\n";
    let app = broken(
        bare().file(MANIFEST, manifest).dir("BOOT-INF/lib").file("BOOT-INF/classes/A.class", ""),
    );
    assert_snapshot!(app.fails().error(), @"
    error[training-failed]: the app failed when it was started in the build
      caused by: `timeout 120s <layers>/kouti_java/jre/bin/java -Dspring.context.exit=onRefresh -XX:ArchiveClassesAtExit=application.jsa -cp runner.jar:lib/spring-cloud-bindings-2.0.4.jar fail.Main` ended with exit code 1

    hint: it must not need a database or another service there: TRAINING_RUN_JAVA_TOOL_OPTIONS can switch such things off
    hint: BP_JVM_AOTCACHE_TRAINING_OPTIONAL=true goes on without an archive
    ");
    let optional = app.clone().env("BP_JVM_AOTCACHE_TRAINING_OPTIONAL", "true").build();
    assert!(optional.log().contains("the app is started without an archive of classes"));
    let no_class = broken(
        bare().file(MANIFEST, manifest.replace("Start-Class: fail.Main\n", "")).dir("BOOT-INF/lib"),
    );
    assert_snapshot!(no_class.fails().error(), @"
    error[no-start-class]: META-INF/MANIFEST.MF has no Start-Class, which an archive of classes needs

    hint: package the app with the plugin of Spring Boot, or leave BP_JVM_CDS_ENABLED out
    ");
    let both =
        broken(bare().file("shop.jar", boot_jar("4.1.2", &[("META-INF/native-image/x", b"")])))
            .env("BP_SPRING_AOT_ENABLED", "true")
            .env("TRAINING_RUN_JAVA_TOOL_OPTIONS", "-Dx=y");
    assert_snapshot!(both.fails().error(), @"
    error[training-options-with-aot]: TRAINING_RUN_JAVA_TOOL_OPTIONS and BP_SPRING_AOT_ENABLED do not go together

    hint: leave BP_SPRING_AOT_ENABLED out: its conditions were decided without those options
    ");
}

#[test]
fn tomcat_with_a_configuration_that_nobody_vouches_for() {
    let war = bare().file("WEB-INF/web.xml", "<web-app/>");
    let uri = war.clone().env("BP_TOMCAT_EXT_CONF_URI", "https://conf.example/c.tar.gz");
    assert_snapshot!(uri.fails().error(), @"
    error[tomcat-configuration-unverified]: BP_TOMCAT_EXT_CONF_URI is `https://conf.example/c.tar.gz`, and BP_TOMCAT_EXT_CONF_SHA256 is not set

    hint: set it to what `sha256sum` prints for the archive: without it nobody knows what comes, and no build is like the last one
    ");
    assert_snapshot!(uri.env("BP_TOMCAT_EXT_CONF_SHA256", "abc").fails().error(), @"
    error[bad-tomcat-checksum]: BP_TOMCAT_EXT_CONF_SHA256 is `abc`, which is no SHA-256

    hint: write the 64 digits that `sha256sum` prints
    ");
    assert_snapshot!(war.env("BP_JAVA_APP_SERVER", "liberty").fails().error(), @"
    error[bad-setting]: BP_JAVA_APP_SERVER is set to `liberty`, which is not tomcat

    hint: set BP_JAVA_APP_SERVER to tomcat
    ");
}

#[test]
fn a_broken_archive_of_the_app() {
    assert_snapshot!(bare().file("a.war", "no zip").fails().error(), @"error[damaged-archive]: the archive of a.war cannot be unpacked: it is none of tar, tar.gz, tar.xz, tar.zst, tar.bz2 and zip");
}
