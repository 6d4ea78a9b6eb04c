//! WARs on Tomcat.

use insta::assert_snapshot;
use kouti_testing::Case;

use crate::support::{MANIFEST, bare, jar};

fn war(servlet: &str) -> Case {
    bare()
        .file("WEB-INF/web.xml", "<web-app/>")
        .file("WEB-INF/classes/Shop.class", format!("..{servlet}/servlet/http/HttpServlet.."))
        .file("WEB-INF/lib/a.jar", jar(&[("A.class", "")]))
}

#[test]
fn a_war_gets_the_tomcat_that_it_is_written_for() {
    for (servlet, java, tomcat) in
        [("javax", "21", "9.0.121"), ("jakarta", "21", "11.0.25"), ("nothing", "21", "10.1.59")]
    {
        let build = war(servlet).env("BP_JVM_VERSION", java).build();
        assert!(build.log().contains(&format!("{tomcat} chosen")), "{servlet}: {}", build.log());
    }
    let wrong = war("javax").env("BP_TOMCAT_VERSION", "11").build();
    assert!(wrong.log().contains("the app uses `javax.servlet`, of which Tomcat 11 sees nothing"));
}

#[test]
fn the_server_is_started_without_a_shell() {
    let build = war("jakarta").env("BP_TOMCAT_CONTEXT_PATH", "/a/b").build();
    assert_snapshot!(build.clean(&build.processes()).lines().next().unwrap().replace(' ', "\n"), @"
    task:
    java
    -Djava.util.logging.config.file=<layers>/kouti_java/catalina-base/conf/logging.properties
    -Djava.util.logging.manager=org.apache.juli.ClassLoaderLogManager
    -Djdk.tls.ephemeralDHKeySize=2048
    -Dorg.apache.catalina.security.SecurityListener.UMASK=0027
    --add-opens=java.base/java.lang=ALL-UNNAMED
    --add-opens=java.base/java.lang.reflect=ALL-UNNAMED
    --add-opens=java.base/java.io=ALL-UNNAMED
    --add-opens=java.base/java.util=ALL-UNNAMED
    --add-opens=java.base/java.util.concurrent=ALL-UNNAMED
    --add-opens=java.rmi/sun.rmi.transport=ALL-UNNAMED
    --enable-native-access=ALL-UNNAMED
    -Dorg.apache.tomcat.util.digester.PROPERTY_SOURCE=org.apache.tomcat.util.digester.EnvironmentPropertySource
    -classpath
    <layers>/kouti_java/tomcat/bin/bootstrap.jar:<layers>/kouti_java/tomcat/bin/tomcat-juli.jar
    -Dcatalina.home=<layers>/kouti_java/tomcat
    -Dcatalina.base=<layers>/kouti_java/catalina-base
    -Djava.io.tmpdir=/tmp
    org.apache.catalina.startup.Bootstrap
    start
    ");
    let base = build.layer("catalina-base");
    assert!(base.has("webapps/a#b"));
    assert_snapshot!(base.files().join("\n"), @"
    conf/catalina.properties
    conf/context.xml
    conf/logging.properties
    conf/server.xml
    conf/web.xml
    webapps/a#b
    ");
    assert!(
        base.read("conf/catalina.properties")
            .contains("common.loader=${BPI_TOMCAT_ADDITIONAL_COMMON_JARS},")
    );
    let tomcat = build.layer("tomcat");
    assert!(!tomcat.has("webapps") && !tomcat.has("bin/catalina.sh"), "{:?}", tomcat.files());
    assert!(build.rebuild().layer("catalina-base").is_reused());
}

#[test]
fn options_of_the_launch_reach_the_server() {
    let build = war("jakarta").build();
    let launch = build.launch("web").env("PORT", "9000").env("CATALINA_OPTS", "-Dmine=1");
    let (env, _) = launch.env("BPL_TOMCAT_ACCESS_LOGGING_ENABLED", "true").prepare().unwrap();
    let options = env.get("JAVA_TOOL_OPTIONS").unwrap();
    for option in ["-Dhttp.port=9000", "-Dmine=1", "-Daccess.logging.enabled=true"] {
        assert!(options.contains(option), "{option}: {options}");
    }
}

#[test]
fn several_wars_are_unpacked_beside_each_other_in_every_build() {
    let one = jar(&[("WEB-INF/web.xml", "<web-app/>")]);
    let build = bare().file("a.war", one.clone()).file("b.war", one).build();
    assert!(build.app_path("a/WEB-INF/web.xml").is_file() && !build.app_path("a.war").exists());
    let again = build.rebuild();
    assert!(again.app_path("b/WEB-INF/web.xml").is_file());
    assert_eq!(again.image_digest(), build.image_digest());
}

#[test]
fn a_war_that_starts_itself_does_so_unless_tomcat_is_asked_for() {
    let app = war("jakarta")
        .file(MANIFEST, "Main-Class: org.springframework.boot.loader.launch.WarLauncher\n");
    assert!(app.build().processes().contains("WarLauncher"));
    let build = app.env("BP_JAVA_APP_SERVER", "tomcat").build();
    assert!(build.processes().contains("Bootstrap start"));
}

#[test]
fn bound_files_replace_those_of_the_configuration() {
    let build = war("jakarta").binding("conf", "tomcat", [("web.xml", "<mine/>")]).build();
    assert_eq!(build.layer("catalina-base").read("conf/web.xml"), "<mine/>");
}
