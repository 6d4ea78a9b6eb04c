//! Looking into a running app: dumps, recordings, JMX and the debugger.

use std::path::Path;

use kouti::Problem;

use super::start::{Start, new_file};

/// Where the heap goes when it overflows.
pub(super) fn heap_dump(start: &mut Start<'_>) {
    let Some(dir) = start.env.given("BPL_HEAP_DUMP_PATH") else { return };
    if let Err(error) = make_writable(Path::new(dir)) {
        start.outcome.warn(format!(
            "there will be no heap dumps: {error}; mount a directory at BPL_HEAP_DUMP_PATH that the \
             user of the container can write to"
        ));
        return;
    }
    start.flag_unless("-XX:+HeapDumpOnOutOfMemoryError", "HeapDumpOnOutOfMemoryError");
    // The JVM overwrites nothing, and its process id is always 1. No colons: some stores refuse them.
    let time = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
    let host = start.env.given("HOSTNAME").unwrap_or("app");
    let path = format!("-XX:HeapDumpPath={}/java_{time}_{host}.hprof", dir.trim_end_matches('/'));
    start.flag_unless(&path, "-XX:HeapDumpPath=");
}

/// A directory that is there may be one of others, or of a container that is read-only.
fn make_writable(dir: &Path) -> std::io::Result<()> {
    fs_err::create_dir_all(dir)?;
    let (_, probe) = new_file(dir)?;
    fs_err::remove_file(probe)
}

/// Lets `jcmd` say what the JVM needs memory for.
pub(super) fn native_memory(start: &mut Start<'_>) -> Result<(), Problem> {
    if !start.switch("BPL_JAVA_NMT_ENABLED", true)? || start.user.mention("NativeMemoryTracking") {
        return Ok(());
    }
    let level = start.env.given("BPL_JAVA_NMT_LEVEL").unwrap_or("summary").to_owned();
    if !["summary", "detail", "off"].contains(&level.as_str()) {
        return Err(super::start::refused("BPL_JAVA_NMT_LEVEL", &level, "summary or detail"));
    }
    start.flag("-XX:+UnlockDiagnosticVMOptions");
    start.flag(format!("-XX:NativeMemoryTracking={level}"));
    if start.switch("BPL_JAVA_NMT_PRINT", false)? {
        start.flag("-XX:+PrintNMTStatistics");
    }
    if start.java < 18 {
        // Those look for a variable with the number of the process, which is the first one.
        start.outcome.set("NMT_LEVEL_1", level);
    }
    Ok(())
}

/// A recording from the start on.
pub(super) fn flight_recorder(start: &mut Start<'_>) -> Result<(), Problem> {
    if !start.switch("BPL_JFR_ENABLED", false)? {
        return Ok(());
    }
    if start.java < 11 {
        start.outcome.warn("flight recordings need Java 11, or one of 8 from update 262 on");
    }
    let file = start.temporary().join("recording.jfr");
    let default = format!("dumponexit=true,filename={}", file.display());
    let args = start.env.given("BPL_JFR_ARGS").map_or(default, str::to_owned);
    start.flag_unless(&format!("-XX:StartFlightRecording={args}"), "-XX:StartFlightRecording");
    Ok(())
}

/// JMX for a forwarded port: nobody is asked for a password, so only the container itself gets in.
pub(super) fn jmx(start: &mut Start<'_>) -> Result<(), Problem> {
    if !start.switch("BPL_JMX_ENABLED", false)? {
        return Ok(());
    }
    let port = start.port("BPL_JMX_PORT", 5000)?;
    let host = start.env.given("BPL_JMX_HOST").unwrap_or("127.0.0.1").to_owned();
    for (name, value) in [
        ("java.rmi.server.hostname", host.as_str()),
        ("com.sun.management.jmxremote.host", &host),
        ("com.sun.management.jmxremote.authenticate", "false"),
        ("com.sun.management.jmxremote.ssl", "false"),
        ("com.sun.management.jmxremote.port", &port.to_string()),
        ("com.sun.management.jmxremote.rmi.port", &port.to_string()),
    ] {
        start.flag_unless(&format!("-D{name}={value}"), &format!("-D{name}="));
    }
    Ok(())
}

/// The debugger.
pub(super) fn debug(start: &mut Start<'_>) -> Result<(), Problem> {
    if !start.switch("BPL_DEBUG_ENABLED", false)? {
        return Ok(());
    }
    if start.user.mention("-agentlib:jdwp") || start.user.mention("-Xrunjdwp") {
        return Ok(());
    }
    let port = start.port("BPL_DEBUG_PORT", 8000)?;
    let suspend = if start.switch("BPL_DEBUG_SUSPEND", false)? { "y" } else { "n" };
    let address = match start.java {
        // Any interface, which is what a bare port means there.
        ..=8 => port.to_string(),
        _ if has_ipv6(start) => format!("*:{port}"),
        _ => format!("0.0.0.0:{port}"),
    };
    start.flag(format!(
        "-agentlib:jdwp=transport=dt_socket,server=y,address={address},suspend={suspend}"
    ));
    start.outcome.debug(format!(
        "the debugger can attach at port {port}; a second JVM in the container would find it taken"
    ));
    Ok(())
}

fn has_ipv6(start: &Start<'_>) -> bool {
    let disabled = fs_err::read_to_string(start.root.join("sys/module/ipv6/parameters/disable"));
    disabled.is_ok_and(|text| !text.starts_with('1') && !text.is_empty())
}
