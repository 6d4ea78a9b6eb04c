//! Apps that bring settings of classic buildpacks.

use crate::platform::{Cnb, Platform, Zip};

#[test]
fn an_app_keeps_the_settings_of_the_buildpack_it_had() {
    let Some(platform) = Platform::new() else { return };
    let build = "echo \"java $(cat \"$platform/env/BP_JVM_VERSION\")\"; process web true";
    let zip = Zip::of(&[Cnb::new("kouti/java").build(build)]).with("compat = [\"java\"]");
    platform.upload("java", &zip);
    let platform = platform
        .env(
            "JBP_CONFIG_OPEN_JDK_JRE",
            "{ jre: { version: 17.+ }, memory_calculator: { headroom: 5 } }",
        )
        .env("JBP_CONFIG_SPRING_AUTO_RECONFIGURATION", "{ enabled: false }");
    let staged = platform.stage(&["java"]).succeeds();
    assert!(staged.out.contains("java 17"), "{}", staged.out);
    let line = "Using JBP_CONFIG_OPEN_JDK_JRE: jre.version as BP_JVM_VERSION=17";
    assert!(staged.out.contains(line), "{}", staged.out);
    let notice = "these settings of classic buildpacks have no effect: JBP_CONFIG_SPRING_AUTO_RECONFIGURATION: enabled";
    assert!(staged.err.contains(notice), "{}", staged.err);
    platform.extract();
    assert_eq!(platform.run("echo $BPL_JVM_HEAD_ROOM", &[]), "5\n");
    assert_eq!(platform.run("echo $BPL_JVM_HEAD_ROOM", &[("BPL_JVM_HEAD_ROOM", "7")]), "7\n");

    let off = platform
        .env("BP_CF_COMPAT", "false")
        .env("BP_JVM_VERSION", "21")
        .stage(&["java"])
        .succeeds();
    assert!(
        off.out.contains("java 21") && !off.err.contains("no effect"),
        "{}\n{}",
        off.out,
        off.err
    );
}
