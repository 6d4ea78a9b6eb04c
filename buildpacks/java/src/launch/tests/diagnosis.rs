//! Debugger, JMX, recordings, dumps.

use super::{container, run};

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
