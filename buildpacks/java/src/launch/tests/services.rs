//! What a platform tells the app: its port, its databases, its bindings.

use super::{MEMORY, container, run};

#[test]
fn spring_is_told_what_the_settings_say() {
    let root = container("21.0.2");
    let enable = |value: bool| format!("-Dorg.springframework.cloud.bindings.boot.enable={value}");
    let of = |name: &str, value: &str| {
        let (set, said) = run(root.path(), &[("BPI_SPRING_CLOUD_BINDINGS", "true"), (name, value)]);
        let enabled = [true, false].into_iter().find(|value| set.contains(&enable(*value)));
        (enabled, said.contains("is deprecated"))
    };
    assert_eq!(of("BPL_SPRING_CLOUD_BINDINGS_DISABLED", "true"), (Some(false), false));
    assert_eq!(of("BPL_SPRING_CLOUD_BINDINGS_ENABLED", "false"), (Some(false), true));
    assert_eq!(of("BPL_SPRING_CLOUD_BINDINGS_ENABLED", "true"), (Some(true), true));
    let (set, _) = run(root.path(), &[("BPL_SPRING_AOT_ENABLED", "true")]);
    assert!(set.contains(" -Dspring.aot.enabled=true"), "{set}");
}

#[test]
fn the_port_reaches_the_framework() {
    let root = container("21.0.2");
    for (framework, expected) in [
        ("spring-boot", "SERVER_PORT=9000"),
        ("quarkus", "QUARKUS_HTTP_PORT=9000"),
        ("micronaut", "MICRONAUT_SERVER_PORT=9000"),
        ("tomcat", "-Dhttp.port=9000"),
    ] {
        let variables = [("PORT", "9000"), ("BPI_JAVA_FRAMEWORK", framework)];
        assert!(run(root.path(), &variables).0.contains(expected), "{framework}");
    }
    for more in [("SERVER_PORT", "1"), ("BPL_JAVA_PORT_DISABLED", "true")] {
        let variables = [("PORT", "9000"), ("BPI_JAVA_FRAMEWORK", "spring-boot"), more];
        assert!(!run(root.path(), &variables).0.contains("9000"), "{more:?}");
    }
}

#[test]
fn a_database_url_is_handed_on_when_asked_for() {
    let root = container("21.0.2");
    let url = ("DATABASE_URL", "postgres://u:p@db/shop");
    assert!(!run(root.path(), &[url]).0.contains("JDBC"));
    let asked = run(root.path(), &[url, ("BPL_JAVA_DATABASE_URL_ENABLED", "true")]);
    assert!(asked.0.contains("JDBC_DATABASE_USERNAME=u"), "{}", asked.0);
    let (set, _) = run(root.path(), &[url, ("DYNO", "web.1"), ("BPL_JAVA_QUIET", "1")]);
    insta::assert_snapshot!(set.replace(MEMORY, "<memory>"), @"
    JAVA_TOOL_OPTIONS=-XX:+ExitOnOutOfMemoryError <memory>
    JDBC_DATABASE_PASSWORD=p
    JDBC_DATABASE_URL=jdbc:postgresql://db/shop?user=u&password=p&sslmode=require
    JDBC_DATABASE_USERNAME=u
    SPRING_DATASOURCE_PASSWORD=p
    SPRING_DATASOURCE_URL=jdbc:postgresql://db/shop?user=u&password=p&sslmode=require
    SPRING_DATASOURCE_USERNAME=u
    ");
}

#[test]
fn each_variable_of_heroku_has_its_form_for_java() {
    let root = container("21.0.2");
    let on = ("BPL_JAVA_DATABASE_URL_ENABLED", "true");
    let set = |variables: &[(&str, &str)]| {
        let (set, _) = run(root.path(), &[&[on], variables].concat());
        let lines = set.lines().filter(|line| !line.starts_with("JAVA_TOOL_OPTIONS="));
        lines.collect::<Vec<_>>().join("\n")
    };
    for source in ["JAWSDB_URL", "JAWSDB_MARIA_URL", "CLEARDB_DATABASE_URL"] {
        let found = set(&[(source, "mysql://u:p@db/shop")]);
        assert!(
            found.contains("JDBC_DATABASE_URL=jdbc:mysql://db/shop?user=u&password=p\n"),
            "{source}: {found}"
        );
    }
    let database = ("DATABASE_URL", "postgres://u:p@db/shop");
    let first = set(&[database, ("JAWSDB_URL", "mysql://v:q@other/x")]);
    assert!(first.contains("JDBC_DATABASE_USERNAME=u"), "{first}");

    let pool = ("DATABASE_CONNECTION_POOL_URL", "postgres://w:r@pool/shop");
    let pooled = set(&[database, pool]);
    for prefix in ["DATABASE_CONNECTION_POOL_JDBC", "JDBC_DATABASE", "SPRING_DATASOURCE"] {
        assert!(pooled.contains(&format!("{prefix}_USERNAME=w")), "{prefix}: {pooled}");
    }
    assert_eq!(set(&[pool]), "", "only beside a database");

    insta::assert_snapshot!(set(&[
        ("HEROKU_POSTGRESQL_BLUE_URL", "postgres://b:s@blue/x"),
        ("REDIS_URL", "redis://cache"),
        ("INFERENCE_KEY", "k"),
        ("INFERENCE_URL", "https://ai"),
        ("INFERENCE_MODEL_ID", "m"),
    ]), @"
    HEROKU_POSTGRESQL_BLUE_JDBC_PASSWORD=s
    HEROKU_POSTGRESQL_BLUE_JDBC_URL=jdbc:postgresql://blue/x?user=b&password=s&sslmode=require
    HEROKU_POSTGRESQL_BLUE_JDBC_USERNAME=b
    SPRING_AI_OPENAI_APIKEY=k
    SPRING_AI_OPENAI_BASEURL=https://ai
    SPRING_AI_OPENAI_CHAT_OPTIONS_MODEL=m
    SPRING_REDIS_URL=redis://cache
    ");

    for (off, variable, gone) in [
        ("DISABLE_SPRING_DATASOURCE_URL", database, "SPRING_DATASOURCE"),
        ("DISABLE_SPRING_REDIS_URL", ("REDIS_URL", "redis://cache"), "SPRING_REDIS_URL"),
        ("DISABLE_SPRING_AI_CONFIG", ("INFERENCE_KEY", "k"), "SPRING_AI_OPENAI_APIKEY"),
    ] {
        assert!(set(&[variable]).contains(gone), "{off}");
        let without = set(&[variable, (off, "true")]);
        assert!(!without.contains(gone), "{off}: {without}");
    }
    assert!(!set(&[database, ("SPRING_DATASOURCE_URL", "own")]).contains("SPRING_DATASOURCE_USER"));
    assert!(
        !set(&[("REDIS_URL", "a"), ("SPRING_REDIS_URL", "own")]).contains("SPRING_REDIS_URL=a")
    );
}
