//! The helper as a whole, on directories of fixtures.

use std::path::Path;

use kouti_launch::Env;

use super::*;

/// A container with 1 GiB and a Java of this version.
fn container(java: &str) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = root.path().join(path);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    };
    write("sys/fs/cgroup/cgroup.controllers", "memory");
    write("sys/fs/cgroup/memory.max", "1073741824\n");
    write("java/release", &format!("JAVA_VERSION=\"{java}\"\n"));
    write("java/conf/security/java.security", "security.provider.1=SUN\nsecurity.provider.2=EC\n");
    root
}

fn run(root: &Path, variables: &[(&str, &str)]) -> (String, String) {
    let home = root.join("java").display().to_string();
    let tmp = root.display().to_string();
    let base = [
        ("JAVA_HOME", home.as_str()),
        ("TMPDIR", &tmp),
        ("BPI_JVM_CLASS_COUNT", "100"),
        ("BPI_APP_CLASS_COUNT", "0"),
        ("BPL_JVM_CACERTS_DISABLED", "true"),
        ("BPL_JAVA_NMT_ENABLED", "false"),
    ];
    let env: Env = base.into_iter().chain(variables.iter().copied()).collect();
    let outcome = java_at(&env, root);
    let set: Vec<_> = outcome
        .variables()
        .iter()
        .filter(|(name, _)| !name.starts_with("BPI_"))
        .map(|(name, value)| format!("{name}={}", value.replace(&tmp, "<tmp>")))
        .collect();
    (set.join("\n"), outcome.lines(false).join("\n").replace(&tmp, "<tmp>"))
}

const MEMORY: &str = "-XX:MaxDirectMemorySize=10M -Xmx522705K -XX:MaxMetaspaceSize=13870K \
     -XX:ReservedCodeCacheSize=240M -Xss1M";

#[test]
fn options_are_ours_then_the_users() {
    let root = container("21.0.2");
    let (set, said) = run(
        root.path(),
        &[("JAVA_TOOL_OPTIONS", "-Dmine=1"), ("JAVA_OPTS", "--add-opens a/b=c -Dyours=2")],
    );
    assert_eq!(
        set,
        format!(
            "JAVA_TOOL_OPTIONS=-XX:+ExitOnOutOfMemoryError {MEMORY} -Dmine=1 --add-opens=a/b=c -Dyours=2"
        )
    );
    assert_eq!(
        said,
        format!(
            "Calculated JVM Memory Configuration: {MEMORY} (Total Memory: 1G, Thread Count: 250, \
             Loaded Class Count: 35, Headroom: 0%)"
        )
    );
}

#[test]
fn running_again_changes_nothing() {
    let root = container("21.0.2");
    let home = root.path().join("java").display().to_string();
    let mut env: std::collections::BTreeMap<String, String> = [
        ("JAVA_HOME", home.as_str()),
        ("JAVA_TOOL_OPTIONS", "-Dmine=1"),
        ("JAVA_OPTS", "-Dyours=2"),
        ("BPI_JVM_CLASS_COUNT", "100"),
        ("BPI_APP_CLASS_COUNT", "0"),
        ("BPL_DEBUG_ENABLED", "true"),
        ("BPL_JVM_CACERTS_DISABLED", "true"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    let again = |env: &mut std::collections::BTreeMap<String, String>| {
        let outcome = java_at(&env.clone().into_iter().collect(), root.path());
        env.extend(outcome.variables().clone());
        env["JAVA_TOOL_OPTIONS"].clone()
    };
    let first = again(&mut env);
    let second = again(&mut env);
    assert_eq!(second, first);
    // What a layer of another buildpack appends each time.
    env.insert("JAVA_TOOL_OPTIONS".to_owned(), format!("{second} -javaagent:x.jar"));
    let third = again(&mut env);
    assert_eq!(third.matches("-agentlib:jdwp").count(), 1, "{third}");
    assert_eq!(third.matches("-Dyours=2").count(), 1, "{third}");
    env.insert("JAVA_TOOL_OPTIONS".to_owned(), format!("{third} -javaagent:x.jar"));
    assert_eq!(again(&mut env), third);
}

#[test]
fn the_user_has_the_last_word() {
    let root = container("21.0.2");
    let (set, _) = run(
        root.path(),
        &[("JAVA_TOOL_OPTIONS", "-XX:-ExitOnOutOfMemoryError -Dhttp.nonProxyHosts=a|b -Xss256k")],
    );
    assert!(!set.contains("+ExitOnOutOfMemoryError"), "{set}");
    assert!(!set.contains("-Xss1M") && set.contains("-Xmx71"), "{set}");
}

#[test]
fn a_bad_number_keeps_the_app_from_starting() {
    let root = container("21.0.2");
    for (name, value) in [
        ("BPL_JVM_THREAD_COUNT", "abc"),
        ("BPL_JVM_THREAD_COUNT", "0"),
        ("BPL_JVM_HEAD_ROOM", "91"),
        ("BPL_JVM_LOADED_CLASS_COUNT", "-1"),
        ("BPL_JVM_CLASS_ADJUSTMENT", "much"),
        ("BPL_JVM_TOTAL_MEMORY", "lots"),
        ("BPL_JVM_LOW_MEMORY_PROFILE", "maybe"),
        ("BPL_JMX_ENABLED", "perhaps"),
        ("JAVA_TOOL_OPTIONS", "-Da='b"),
    ] {
        let (set, said) = run(root.path(), &[(name, value)]);
        assert_eq!(set, "", "{name}");
        assert!(said.contains(&format!("]: {name}")), "{name}: {said}");
    }
    let (_, said) = run(root.path(), &[("BPL_JVM_THREAD_COUNT", "abc")]);
    insta::assert_snapshot!(said, @"
    error[bad-launch-setting]: BPL_JVM_THREAD_COUNT is `abc`, which is not a whole number from 1 on

    hint: correct it, or unset it
    ");
}

#[test]
fn the_old_name_of_the_head_room_still_counts() {
    let root = container("21.0.2");
    let (set, said) = run(root.path(), &[("BPL_JVM_HEADROOM", "10")]);
    assert!(set.contains("-Xmx417848K"), "{set}");
    assert!(
        said.contains("warning: BPL_JVM_HEADROOM is deprecated: set BPL_JVM_HEAD_ROOM"),
        "{said}"
    );
}

#[test]
fn a_heap_that_begins_larger_than_it_may_become() {
    let root = container("21.0.2");
    let (set, said) = run(root.path(), &[("JAVA_TOOL_OPTIONS", "-Xms2g")]);
    assert_eq!(set, "");
    insta::assert_snapshot!(said, @"
    error[initial-heap-too-large]: -Xms2G is more than the heap of 522705K that 1G of memory leave

    hint: leave -Xms out, or give the container more memory
    ");
}

#[test]
fn too_little_memory_says_what_would_do() {
    let root = container("21.0.2");
    let (_, said) = run(
        root.path(),
        &[
            ("JAVA_TOOL_OPTIONS", "-Xmx2g"),
            ("BPL_JVM_LOADED_CLASS_COUNT", "12600"),
            ("BPL_JVM_LOW_MEMORY_PROFILE", "never"),
        ],
    );
    insta::assert_snapshot!(said, @"
    error[too-little-memory]: the app needs more memory than it has: the heap and all other regions take 2694191K of 1G (the limit of the container)
      direct memory           10M, default
      metaspace            85039K, calculated
      code cache             240M, default
      stack of a thread        1M for each of 250 threads, default
      head room                 0, calculated
      heap                     2G, set by the user

    hint: give the container at least 2688M
    hint: or lower -Xmx
    hint: or set BPL_JVM_THREAD_COUNT to the threads that the app really has
    hint: or leave BPL_JVM_LOW_MEMORY_PROFILE at auto
    ");
}

#[test]
fn no_heap_at_all_says_what_would_do() {
    let root = container("21.0.2");
    let (_, said) = run(
        root.path(),
        &[("BPL_JVM_TOTAL_MEMORY", "64M"), ("BPL_JVM_LOADED_CLASS_COUNT", "12600")],
    );
    insta::assert_snapshot!(said, @"
    error[too-little-memory]: the app needs more memory than it has: the fixed regions of the JVM take 118319K of 64M (BPL_JVM_TOTAL_MEMORY)
      direct memory           10M, default
      metaspace            85039K, calculated
      code cache             240M, default
      stack of a thread        1M for each of 250 threads, default
      head room                 0, calculated
      heap                      0, what is left

    hint: give the container at least 320M
    hint: or set BPL_JVM_THREAD_COUNT to the threads that the app really has
    hint: or set BPL_JVM_LOADED_CLASS_COUNT to the classes it really loads
    ");
}

#[test]
fn the_total_comes_from_the_best_source() {
    let total = |limit: Option<&str>, free: Option<&str>, given: Option<&str>| {
        let root = container("21.0.2");
        match limit {
            Some(limit) => fs_err::write(root.path().join("sys/fs/cgroup/memory.max"), limit),
            None => fs_err::remove_file(root.path().join("sys/fs/cgroup/memory.max")),
        }
        .unwrap();
        if let Some(free) = free {
            fs_err::create_dir_all(root.path().join("proc")).unwrap();
            fs_err::write(root.path().join("proc/meminfo"), format!("MemAvailable: {free} kB\n"))
                .unwrap();
        }
        let given: Vec<_> =
            given.map(|given| ("BPL_JVM_TOTAL_MEMORY", given)).into_iter().collect();
        let (_, said) = run(root.path(), &given);
        let (_, total) = said.split_once("(Total Memory: ").unwrap();
        let total = total.split(',').next().unwrap().to_owned();
        let warning = said.lines().find(|line| line.contains("warning: there is"));
        (total, warning.unwrap_or_default().to_owned())
    };
    let none = String::new();
    let limit = Some("1073741824\n");
    let free = Some("3145728");
    assert_eq!(total(limit, free, Some("2G")), ("2G".to_owned(), none.clone()));
    assert_eq!(total(limit, free, None), ("1G".to_owned(), none.clone()));
    assert_eq!(total(Some("max\n"), free, None), ("3G".to_owned(), none.clone()));
    assert_eq!(total(None, free, None), ("3G".to_owned(), none));
    let (assumed, warning) = total(None, None, None);
    assert_eq!(assumed, "1G");
    assert!(warning.contains("no memory limit, and the available memory is unknown"), "{warning}");
    let (most, warning) = total(limit, free, Some("65T"));
    assert_eq!(most, "64T");
    assert!(warning.contains("there is more memory than 64T"), "{warning}");
}

#[test]
fn old_javas_get_what_they_need() {
    let root = container("1.8.0_492");
    fs_err::write(root.path().join("sys/fs/cgroup/cpu.max"), "100000 100000").unwrap();
    let (set, _) = run(root.path(), &[("BPL_DEBUG_ENABLED", "true"), ("BPL_DEBUG_PORT", "9000")]);
    assert!(set.contains("-XX:ActiveProcessorCount=1 "), "{set}");
    assert!(set.contains("address=9000,suspend=n"), "{set}");
}

#[test]
fn java_8_is_not_given_more_than_it_reads() {
    let root = container("1.8.0_492");
    let many = "-Da=b ".repeat(65);
    let long = format!("-Dlong={}", "x".repeat(1100));
    for options in [many.as_str(), &long] {
        let (set, said) = run(root.path(), &[("JAVA_TOOL_OPTIONS", options)]);
        assert!(set.contains(options.trim()), "{set}");
        assert!(said.contains("and Java 8 ignores all of them if there are more than"), "{said}");
    }
    assert!(!run(root.path(), &[]).1.contains("warning"));
    let later = container("17.0.1");
    assert!(!run(later.path(), &[("JAVA_TOOL_OPTIONS", &many)]).1.contains("warning"));
}

#[test]
fn a_dump_that_could_not_be_written_is_not_promised() {
    let root = container("21.0.2");
    for dir in ["/proc/self/dumps", "/proc/self"] {
        let (set, said) = run(root.path(), &[("BPL_HEAP_DUMP_PATH", dir)]);
        assert!(!set.contains("HeapDump") && set.contains("-Xmx"), "{set}");
        assert!(said.contains("warning: there will be no heap dumps: "), "{said}");
        assert!(said.contains(dir) && said.contains("BPL_HEAP_DUMP_PATH"), "{said}");
    }
}

#[test]
fn the_debugger_listens_where_the_network_of_the_container_is() {
    let address = |java: &str, disabled: Option<&str>| {
        let root = container(java);
        if let Some(text) = disabled {
            let dir = root.path().join("sys/module/ipv6/parameters");
            fs_err::create_dir_all(&dir).unwrap();
            fs_err::write(dir.join("disable"), text).unwrap();
        }
        let (set, _) = run(root.path(), &[("BPL_DEBUG_ENABLED", "true")]);
        let (_, rest) = set.split_once("address=").unwrap();
        rest.split(',').next().unwrap().to_owned()
    };
    assert_eq!(address("17.0.1", Some("0\n")), "*:8000");
    for off in [Some("1\n"), Some(""), None] {
        assert_eq!(address("17.0.1", off), "0.0.0.0:8000", "{off:?}");
    }
    assert_eq!(address("1.8.0_492", Some("0\n")), "8000");
}

#[test]
fn details_of_diagnosis_can_be_chosen() {
    let root = container("17.0.1");
    let (set, _) = run(
        root.path(),
        &[
            ("BPL_JAVA_NMT_ENABLED", "true"),
            ("BPL_JAVA_NMT_LEVEL", "detail"),
            ("BPL_JAVA_NMT_PRINT", "true"),
            ("BPL_JFR_ENABLED", "true"),
            ("BPL_JFR_ARGS", "delay=5s"),
            ("BPL_JMX_ENABLED", "true"),
            ("BPL_JMX_HOST", "0.0.0.0"),
        ],
    );
    // The last two only work in this order, and only with the variable for this Java.
    let order =
        "-XX:+UnlockDiagnosticVMOptions -XX:NativeMemoryTracking=detail -XX:+PrintNMTStatistics";
    for option in [
        order,
        "-XX:StartFlightRecording=delay=5s",
        "-Djava.rmi.server.hostname=0.0.0.0",
        "-Dcom.sun.management.jmxremote.host=0.0.0.0",
        "NMT_LEVEL_1=detail",
    ] {
        assert!(set.contains(option), "{option}: {set}");
    }
}

#[test]
fn options_can_go_where_child_processes_do_not_look() {
    let root = container("21.0.2");
    let (set, _) = run(
        root.path(),
        &[
            ("BPL_JAVA_OPTIONS_VAR", "JDK_JAVA_OPTIONS"),
            ("JDK_JAVA_OPTIONS", "-Dmine=1"),
            ("JAVA_OPTS", "-Dyours=2"),
        ],
    );
    assert_eq!(
        set,
        format!("JDK_JAVA_OPTIONS=-XX:+ExitOnOutOfMemoryError {MEMORY} -Dyours=2 -Dmine=1")
    );
}

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
fn diagnosis_is_switched_on_by_settings() {
    let root = container("21.0.2");
    let dumps = root.path().join("dumps").display().to_string();
    let (set, _) = run(
        root.path(),
        &[
            ("BPL_DEBUG_ENABLED", "yes"),
            ("BPL_DEBUG_SUSPEND", "true"),
            ("BPL_JMX_ENABLED", "true"),
            ("BPL_JMX_PORT", "5001"),
            ("BPL_JFR_ENABLED", "true"),
            ("BPL_JAVA_NMT_ENABLED", "true"),
            ("BPL_HEAP_DUMP_PATH", &dumps),
            ("BPL_JVM_MEMORY_CALCULATOR_ENABLED", "false"),
            ("HOSTNAME", "c1"),
        ],
    );
    // The time of the start is in the name.
    let dump = set.find("/java_").unwrap();
    let set = format!("{}{}", &set[..dump + 6], &set[dump + 22..]);
    insta::assert_snapshot!(set.replace(' ', "\n"), @"
    JAVA_TOOL_OPTIONS=-XX:+ExitOnOutOfMemoryError
    -XX:+HeapDumpOnOutOfMemoryError
    -XX:HeapDumpPath=<tmp>/dumps/java__c1.hprof
    -XX:+UnlockDiagnosticVMOptions
    -XX:NativeMemoryTracking=summary
    -XX:StartFlightRecording=dumponexit=true,filename=<tmp>/recording.jfr
    -Djava.rmi.server.hostname=127.0.0.1
    -Dcom.sun.management.jmxremote.host=127.0.0.1
    -Dcom.sun.management.jmxremote.authenticate=false
    -Dcom.sun.management.jmxremote.ssl=false
    -Dcom.sun.management.jmxremote.port=5001
    -Dcom.sun.management.jmxremote.rmi.port=5001
    -agentlib:jdwp=transport=dt_socket,server=y,address=0.0.0.0:8000,suspend=y
    ");
}

#[test]
fn security_properties_go_to_a_temporary_file() {
    let root = container("21.0.2");
    fs_err::create_dir_all(root.path().join("etc")).unwrap();
    fs_err::write(root.path().join("etc/resolv.conf"), "nameserver 169.254.0.2\n").unwrap();
    let (set, _) = run(
        root.path(),
        &[("SECURITY_PROVIDERS", "1|x.Y"), ("SECURITY_PROVIDERS_CLASSPATH", "/a/b.jar")],
    );
    let files = fs_err::read_dir(root.path()).unwrap().flatten();
    let file = files
        .map(|file| file.path())
        .find(|path| path.extension().is_some_and(|e| e == "security"));
    insta::assert_snapshot!(fs_err::read_to_string(file.unwrap()).unwrap(), @"
    networkaddress.cache.ttl=0
    networkaddress.cache.negative.ttl=0
    security.provider.1=x.Y
    security.provider.2=SUN
    security.provider.3=EC
    ");
    assert!(set.contains("CLASSPATH=/a/b.jar\n"), "{set}");
    assert!(set.contains("=-Djava.security.properties=<tmp>/kouti-"), "{set}");
}

#[test]
fn where_nothing_can_be_written_the_app_starts_all_the_same() {
    let root = container("21.0.2");
    let key = rcgen::generate_simple_self_signed(["one".to_owned()]).unwrap();
    let bundle = root.path().join("bundle.pem");
    fs_err::write(&bundle, key.cert.pem()).unwrap();
    let cacerts = root.path().join("java/lib/security/cacerts");
    fs_err::create_dir_all(cacerts.parent().unwrap()).unwrap();
    fs_err::write(&cacerts, crate::trust::write_store(&[])).unwrap();
    let (set, said) = run(
        root.path(),
        &[
            ("TMPDIR", "/proc/self"),
            ("SECURITY_PROVIDERS", "1|x.Y"),
            ("SSL_CERT_FILE", bundle.to_str().unwrap()),
            ("BPL_JVM_CACERTS_DISABLED", "false"),
        ],
    );
    assert!(set.contains("-Xmx") && !set.contains("/proc/self"), "{set}");
    for what in ["security properties are not set: ", "1 certificates of the system are not used: "]
    {
        let line =
            said.lines().find(|line| line.contains(what)).unwrap_or_else(|| panic!("{said}"));
        assert!(line.ends_with("give the container a writable /tmp"), "{line}");
    }
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

#[test]
fn starts_at_once_do_not_get_into_each_others_way() {
    let root = container("21.0.2");
    let home = root.path();
    let dumps = home.join("dumps").display().to_string();
    let starts = |providers: [&str; 8]| -> Vec<String> {
        std::thread::scope(|scope| {
            let starts = providers.map(|provider| {
                let variables =
                    [("SECURITY_PROVIDERS", provider), ("BPL_HEAP_DUMP_PATH", dumps.as_str())];
                scope.spawn(move || run(home, &variables))
            });
            let all = starts.into_iter().map(|start| start.join().unwrap());
            all.map(|(set, said)| {
                assert!(!said.contains("warning"), "{said}");
                let (_, file) = set.split_once("-Djava.security.properties=<tmp>/").unwrap();
                file.split_whitespace().next().unwrap().to_owned()
            })
            .collect()
        })
    };
    let providers = ["1|a.A", "1|b.B", "1|a.A", "1|b.B", "1|a.A", "1|b.B", "1|a.A", "1|b.B"];
    let files = starts(providers);
    for (file, provider) in files.iter().zip(providers) {
        let text = fs_err::read_to_string(home.join(file)).unwrap();
        let line = format!("security.provider.{}\n", provider.replace('|', "="));
        assert!(text.contains(&line), "{file}: {text}");
    }
    // Who is there already may be reading it.
    let time = std::time::SystemTime::UNIX_EPOCH;
    let file = fs_err::OpenOptions::new().write(true).open(home.join(&files[0])).unwrap();
    file.file().set_modified(time).unwrap();
    assert_eq!(starts(providers), files);
    assert_eq!(home.join(&files[0]).metadata().unwrap().modified().unwrap(), time);
}

#[test]
fn new_certificates_go_into_a_store_of_their_own() {
    let root = container("21.0.2");
    let key = rcgen::generate_simple_self_signed(["one".to_owned()]).unwrap();
    let bundle = root.path().join("bundle.pem");
    fs_err::write(&bundle, key.cert.pem()).unwrap();
    let cacerts = root.path().join("java/lib/security/cacerts");
    fs_err::create_dir_all(cacerts.parent().unwrap()).unwrap();
    fs_err::write(&cacerts, crate::trust::write_store(&[])).unwrap();
    let variables =
        [("SSL_CERT_FILE", bundle.to_str().unwrap()), ("BPL_JVM_CACERTS_DISABLED", "false")];
    let (set, _) = run(root.path(), &variables);
    assert!(set.contains("-Djavax.net.ssl.trustStore=<tmp>/kouti-"), "{set}");

    // Another image that knows more has the same ones added, and not the same store.
    let more = rcgen::generate_simple_self_signed(["two".to_owned()]).unwrap();
    fs_err::write(&cacerts, crate::trust::write_store(&[more.cert.der().to_vec()])).unwrap();
    assert_ne!(run(root.path(), &variables).0, set);

    // A build that has seen the same ones leaves nothing to do.
    let digest = crate::trust::Sources::find(bundle.to_str(), None).digest();
    let facts = crate::runtime::Facts { classes: 1, certificates: digest };
    facts.write(&root.path().join("java")).unwrap();
    assert!(!run(root.path(), &variables).0.contains("trustStore"));
}
