//! The apps, the Javas and the build tools of these tests.

use std::io::{Cursor, Write as _};

use kouti_testing::{Artifact, Case, Tool};

/// A case without an app, with JDK and JRE 17, 21 and 25, Maven, Gradle, sbt and Tomcat to choose from.
pub(crate) fn bare() -> Case {
    let mut case = Case::new(
        env!("CARGO_BIN_EXE_kouti-java"),
        concat!(env!("CARGO_MANIFEST_DIR"), "/buildpack.toml"),
    )
    .helper(env!("CARGO_BIN_EXE_kouti-java-helper"))
    .tool("timeout", Tool::script("shift; exec \"$@\""))
    .env("KOUTI_TODAY", "2026-06-15")
    .metadata(LINES);
    for version in ["17.0.19", "21.0.11", "25.0.3"] {
        case = case.artifact(jdk("liberica", version)).artifact(jre("liberica", version));
    }
    case.artifact(jdk("liberica", "8.0.492"))
        .artifact(jdk("temurin", "21.0.12"))
        .artifact(jre("temurin", "21.0.12"))
        .artifact(maven("3.9.16", Tool::script(MAVEN)))
        .artifact(named("gradle", "Gradle", "9.7.1").tool("bin/gradle", Tool::script(GRADLE)))
        .artifact(named("sbt", "sbt", "1.12.11").tool("bin/sbt", Tool::script(SBT)))
        .artifact(tomcat("9.0.121"))
        .artifact(tomcat("10.1.59"))
        .artifact(tomcat("11.0.25"))
        .artifact(file("spring-cloud-bindings", "Spring Cloud Bindings", "1.13.0"))
        .artifact(file("spring-cloud-bindings", "Spring Cloud Bindings", "2.0.4"))
        .artifact(file("opentelemetry-java", "OpenTelemetry agent", "2.31.0"))
        .artifact(file("azure-application-insights-java", "Application Insights agent", "3.7.9"))
        .artifact(named("jattach", "jattach", "2.2.0").tool("jattach", Tool::succeeds()))
}

/// An app that Maven builds: a JAR that can be started, and its source beside it.
pub(crate) fn maven_app() -> Case {
    bare()
        .file("pom.xml", POM)
        .file("src/main/java/App.java", "class App {}\n")
        .file(
            "built/shop-1.0.jar",
            jar(&[
                (MANIFEST, "Main-Class: org.example.App\nImplementation-Title: shop\n"),
                ("org/example/App.class", ""),
            ]),
        )
        .file("built/shop-1.0-sources.jar", jar(&[("App.java", "")]))
}

pub(crate) const POM: &str =
    "<project><properties><java.version>21</java.version></properties></project>\n";
pub(crate) const MANIFEST: &str = "META-INF/MANIFEST.MF";

/// Copies what a test has put into `built` to where Maven leaves what it makes.
pub(crate) const MAVEN: &str = r#"
case "$*" in *broken*) echo "[ERROR] unknown goal"; exit 1 ;; esac
echo "[INFO] BUILD SUCCESS"
mkdir -p target
cp -R built/. target/
"#;

/// The same for Gradle.
pub(crate) const GRADLE: &str = r#"
echo "BUILD SUCCESSFUL"
case "$*" in
*installDist*) mkdir -p build/install && cp -R built/. build/install/ ;;
*) mkdir -p build/libs && cp -R built/. build/libs/ ;;
esac
"#;

/// The same for sbt.
pub(crate) const SBT: &str = r#"
echo "[success]"
mkdir -p target/universal && cp -R built/. target/universal/
"#;

const LINES: &str = r#"
[[lines]]
id = "spring-boot"
line = "3.2"
eol = "2024-12-31"

[[lines]]
id = "spring-boot"
line = "3.5"
eol = "2026-06-30"

[[lines]]
id = "spring-boot"
line = "4.1"
eol = "2027-07-31"
"#;

fn named(id: &str, name: &str, version: &str) -> Artifact {
    Artifact::new(id, version)
        .with("name", name)
        .with("licenses", vec!["Apache-2.0"])
        .with("purl", format!("pkg:generic/{id}@{version}"))
}

/// A Java whose programs do what the tests need of them.
fn java(vendor: &str, kind: &str, version: &str) -> Artifact {
    let title = if vendor == "liberica" { "BellSoft Liberica" } else { "Eclipse Temurin" };
    let name = format!("{title} {}", kind.to_uppercase());
    named(&format!("{vendor}-{kind}"), &name, version)
        .tool("bin/java", Tool::script(JAVA))
        .file("release", format!("JAVA_VERSION=\"{version}\"\n"))
        .file("conf/security/java.security", "security.provider.1=SUN\n")
        .file("lib/rt.jar", jar(&[("A.class", ""), ("B.class", "")]))
}

pub(crate) fn jre(vendor: &str, version: &str) -> Artifact {
    java(vendor, "jre", version)
}

pub(crate) fn jdk(vendor: &str, version: &str) -> Artifact {
    java(vendor, "jdk", version)
        .tool("bin/javac", Tool::succeeds())
        .tool("bin/jlink", Tool::script(JLINK))
        .file("jmods/java.base.jmod", "")
        .file("lib/src.zip", "")
}

/// Lists modules, lays Spring Boot apps out, and writes archives of classes.
const JAVA: &str = r#"
archive=
while [ $# -gt 0 ]; do
    case "$1" in
    --list-modules) printf 'java.base@21\njava.sql@21\njdk.compiler@21\njdk.jfr@21\n'; exit ;;
    --destination) mkdir -p "$2/lib"; cp runner.jar "$2/runner.jar"; echo jar >"$2/lib/spring-core-6.2.jar" ;;
    -XX:ArchiveClassesAtExit=* | -XX:AOTCacheOutput=*) archive=${1#*=} ;;
    fail.Main) echo "Connection to db refused" >&2; exit 1 ;;
    esac
    shift
done
if [ -n "$archive" ]; then echo classes >"$archive"; fi
"#;

const JLINK: &str = r#"
while [ $# -gt 1 ]; do shift; done
mkdir -p "$1/bin" "$1/lib"
echo small >"$1/lib/modules.txt"
cp "$0" "$1/bin/java"
"#;

pub(crate) fn maven(version: &str, mvn: Tool) -> Artifact {
    named("maven", "Apache Maven", version).tool("bin/mvn", mvn)
}

fn tomcat(version: &str) -> Artifact {
    named("tomcat", "Apache Tomcat", version)
        .file("bin/bootstrap.jar", "")
        .file("bin/tomcat-juli.jar", "")
        .file("bin/catalina.sh", "")
        .file("conf/web.xml", "<web-app/>")
        .file("conf/catalina.properties", "common.loader=\"${catalina.base}/lib\"\nx=y\n")
        .file("lib/catalina.jar", "")
        .file("webapps/manager/index.html", "")
}

fn file(id: &str, name: &str, version: &str) -> Artifact {
    named(id, name, version)
        .bytes(jar(&[(MANIFEST, "X: y\n"), ("C.class", version)]))
        .with("uri", format!("https://artifacts.test/{id}-{version}.jar"))
}

/// The bytes of a JAR.
pub(crate) fn jar<C: AsRef<[u8]>>(files: &[(&str, C)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for (name, content) in files {
        let stored = options.compression_method(zip::CompressionMethod::Stored);
        let is_jar = std::path::Path::new(name).extension().is_some_and(|e| e == "jar");
        writer.start_file(*name, if is_jar { stored } else { options }).unwrap();
        writer.write_all(content.as_ref()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A Spring Boot app in a JAR.
pub(crate) fn boot_jar(version: &str, more: &[(&str, &[u8])]) -> Vec<u8> {
    let manifest = format!(
        "Main-Class: org.springframework.boot.loader.launch.JarLauncher\nStart-Class: org.example.Shop\n\
         Spring-Boot-Version: {version}\nSpring-Boot-Classes: BOOT-INF/classes/\n\
         Spring-Boot-Lib: BOOT-INF/lib/\nSpring-Boot-Layers-Index: BOOT-INF/layers.idx\n\
         Implementation-Title: shop\nImplementation-Version: 1.2.3\n"
    );
    let index = "- \"dependencies\":\n  - \"BOOT-INF/lib/\"\n- \"spring-boot-loader\":\n  - \"org/\"\n\
        - \"snapshot-dependencies\":\n- \"application\":\n  - \"BOOT-INF/classes/\"\n  - \"META-INF/\"\n";
    let servlet = jar(&[
        ("jakarta/servlet/Servlet.class", ""),
        ("org/springframework/web/context/ConfigurableWebApplicationContext.class", ""),
    ]);
    let mut files: Vec<(&str, &[u8])> = vec![
        (MANIFEST, manifest.as_bytes()),
        ("BOOT-INF/layers.idx", index.as_bytes()),
        ("BOOT-INF/classes/org/example/Shop.class", b""),
        ("BOOT-INF/lib/spring-web-6.2.0.jar", &servlet),
        ("org/springframework/boot/loader/launch/JarLauncher.class", b""),
    ];
    files.extend(more);
    jar(&files)
}
