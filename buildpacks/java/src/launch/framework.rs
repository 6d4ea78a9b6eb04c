//! What frameworks want to know: the port, and options that depend on settings of the launch.

use std::path::Path;

use kouti::Problem;

use super::agents;
use super::start::Start;

/// Options that the build has prepared for.
pub(super) fn options(start: &mut Start<'_>) -> Result<(), Problem> {
    bindings(start)?;
    if start.switch("BPL_SPRING_AOT_ENABLED", false)? {
        start.flag_unless("-Dspring.aot.enabled=true", "-Dspring.aot.enabled");
    }
    archive(start)?;
    tomcat(start)
}

/// Spring Cloud Bindings, if the build has put it into the app.
fn bindings(start: &mut Start<'_>) -> Result<(), Problem> {
    if start.env.given("BPI_SPRING_CLOUD_BINDINGS").is_none() {
        return Ok(());
    }
    let enabled = start.switch("BPL_SPRING_CLOUD_BINDINGS_ENABLED", true)?;
    let disabled = start.switch("BPL_SPRING_CLOUD_BINDINGS_DISABLED", !enabled)?;
    if start.env.given("BPL_SPRING_CLOUD_BINDINGS_ENABLED").is_some() {
        start.outcome.warn(
            "BPL_SPRING_CLOUD_BINDINGS_ENABLED is deprecated: set BPL_SPRING_CLOUD_BINDINGS_DISABLED",
        );
    }
    let name = "-Dorg.springframework.cloud.bindings.boot.enable=";
    start.flag_unless(&format!("{name}{}", !disabled), name);
    Ok(())
}

/// An archive of classes as they were after a training run.
///
/// Never required: a JVM that cannot use it starts without.
fn archive(start: &mut Start<'_>) -> Result<(), Problem> {
    let cds = start.switch("BPL_JVM_CDS_ENABLED", true)?;
    let aot = start.switch("BPL_JVM_AOTCACHE_ENABLED", true)?;
    let Some(path) = start.env.given("BPI_JVM_ARCHIVE") else { return Ok(()) };
    if !cds || !aot {
        return Ok(());
    }
    if start.switch("BPL_DEBUG_ENABLED", false)? {
        start.outcome.debug("the archive of classes is not used with the debugger");
        return Ok(());
    }
    let is_aot = Path::new(path).extension().is_some_and(|extension| extension == "aot");
    let with_agent = start.switch("BPI_JVM_ARCHIVE_WITH_AGENT", false)?;
    if is_aot && with_agent != agents::are_loaded(start) {
        let (made, is) = if with_agent { ("with", "without") } else { ("without", "with") };
        start.outcome.warn(format!(
            "the archive of classes is not used: it was made {made} an agent, and the app is started {is}"
        ));
        return Ok(());
    }
    let flag = if is_aot { "-XX:AOTCache=" } else { "-XX:SharedArchiveFile=" };
    if Path::new(path).is_file() {
        start.flag_unless(&format!("{flag}{path}"), flag);
    } else {
        start.outcome.warn(format!("the archive of classes {path} is not there"));
    }
    Ok(())
}

fn tomcat(start: &mut Start<'_>) -> Result<(), Problem> {
    if start.env.given("CATALINA_BASE").is_none() {
        return Ok(());
    }
    if start.switch("BPL_TOMCAT_ACCESS_LOGGING_ENABLED", false)? {
        start.flag("-Daccess.logging.enabled=true");
    }
    let common = start.env.given("BPI_TOMCAT_ADDITIONAL_COMMON_JARS").unwrap_or_default();
    start.flag(format!("-DBPI_TOMCAT_ADDITIONAL_COMMON_JARS={common}"));
    for word in start.env.given("CATALINA_OPTS").unwrap_or_default().split_whitespace() {
        start.flag(word);
    }
    Ok(())
}

/// Platforms say in `PORT` where the app is to listen.
pub(super) fn port(start: &mut Start<'_>) -> Result<(), Problem> {
    let Some(port) = start.env.given("PORT").filter(|port| port.parse::<u16>().is_ok()) else {
        return Ok(());
    };
    if start.switch("BPL_JAVA_PORT_DISABLED", false)? {
        return Ok(());
    }
    let variable = match start.env.given("BPI_JAVA_FRAMEWORK") {
        Some("spring-boot") => "SERVER_PORT",
        Some("quarkus") => "QUARKUS_HTTP_PORT",
        Some("micronaut") => "MICRONAUT_SERVER_PORT",
        Some("tomcat") => {
            start.flag_unless(&format!("-Dhttp.port={port}"), "-Dhttp.port=");
            return Ok(());
        }
        _ => return Ok(()),
    };
    if start.env.given(variable).is_none() {
        start.outcome.set(variable, port);
    }
    Ok(())
}
