//! The program in the miniature lifecycle.
#![cfg(test)]

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::Command;

use insta::assert_snapshot;
use kouti_testing::upstream::{Fault, Upstream};
use kouti_testing::{Built, Case, Subject, Types};

fn case() -> Case {
    let descriptor = concat!(env!("CARGO_MANIFEST_DIR"), "/buildpack.toml");
    Case::new(env!("CARGO_BIN_EXE_kouti-health-checker"), descriptor)
        .helper(env!("CARGO_BIN_EXE_kouti-health-checker-helper"))
}

fn enabled() -> Case {
    case().env("BP_HEALTH_CHECKER_ENABLED", "true")
}

/// Exit code and output of the check, run as a platform does: without the variables of the launcher.
fn check(build: &Built, variables: &[(&str, &str)]) -> (i32, String) {
    let output = Command::new(build.app_path("health-check"))
        .env_clear()
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(text).unwrap().trim().to_owned())
}

#[test]
fn it_is_left_out_where_nobody_wants_it() {
    let detected = case().subject(Subject::optional).requires("x", "").provides("x").detect();
    assert_snapshot!(detected.plan(), @r#"
    [[provides]]
    name = "hc"
    "#);
    assert!(!detected.group().contains(&"kouti/health-checker"), "{:?}", detected.group());
    let other = case().requires("hc", "").build();
    assert!(other.find_layer("helper").is_some());
}

#[test]
fn the_image_gets_the_program_under_two_names() {
    let build = enabled().build();
    assert_snapshot!(build.clean(&build.log()), @"
    Kouti Health Checker [version]
      Settings
        BP_HEALTH_CHECKER_ENABLED   true
      Installing launch helper
        check with the command `<app>/health-check`
      Done in [time]
    ");
    let layer = build.layer("helper");
    assert_eq!(layer.types(), Types::LAUNCH);
    assert!(layer.has("bin/thc"));
    let target = fs_err::read_link(build.app_path("health-check")).unwrap();
    assert_eq!(
        build.clean(&target.display().to_string()),
        "<layers>/kouti_health-checker/helper/bin/thc"
    );
    assert!(build.processes().is_empty());
    let again = build.rebuild();
    assert!(again.layer("helper").is_reused());
    assert_eq!(again.image_digest(), build.image_digest());
}

#[test]
fn a_file_of_the_app_stays() {
    let build = enabled().file("health-check", "mine").build();
    let warning = "warning: the app has a file `health-check` of its own, which stays\n\
        hint: check with the command `<layers>/kouti_health-checker/helper/bin/thc`\n";
    assert!(build.clean(&build.log()).contains(warning), "{}", build.log());
    assert_eq!(build.app_file("health-check"), "mine");
}

#[test]
fn another_program_is_not_to_be_had() {
    let build = enabled().env("BP_HEALTH_CHECKER_DEPENDENCY", "curl").build();
    let warning = "warning: BP_HEALTH_CHECKER_DEPENDENCY is `curl`, but the image gets `thc`\n\
        hint: leave it out: there is no other program\n";
    assert!(build.log().contains(warning), "{}", build.log());
}

#[test]
fn a_setting_of_the_wrong_kind_is_an_error() {
    assert_snapshot!(case().env("BP_HEALTH_CHECKER_ENABLED", "maybe").fails().error(), @"
    error[bad-setting]: BP_HEALTH_CHECKER_ENABLED is set to `maybe`, which is not true or false

    hint: set BP_HEALTH_CHECKER_ENABLED to true or false
    ");
}

#[test]
fn an_app_is_well_if_it_says_so() {
    let build = enabled().build();
    let upstream = Upstream::start();
    let port = upstream.address().port().to_string();
    upstream.serve("/", "fine");
    upstream.serve("/ready", "fine");
    upstream.always("/moved", Fault::Redirect("/".to_owned()));
    upstream.always("/broken", Fault::Status(500));
    let ask = |path| {
        let (code, text) = check(&build, &[("PORT", &port), ("THC_PATH", path)]);
        (code, text.replace(&port, "<port>"))
    };
    for (path, code, text) in [
        ("", 0, "healthy: http://localhost:<port>/ answers 200"),
        ("ready", 0, "healthy: http://localhost:<port>/ready answers 200"),
        ("/moved", 0, "healthy: http://localhost:<port>/moved answers 302"),
        ("/broken", 1, "unhealthy: http://localhost:<port>/broken answers 500"),
        ("/missing", 1, "unhealthy: http://localhost:<port>/missing answers 404"),
    ] {
        assert_eq!(ask(path), (code, text.to_owned()));
    }
    let request = &upstream.requests()[0];
    assert_eq!(request.header("host"), Some(format!("localhost:{port}").as_str()));

    let both = [("PORT", "1"), ("THC_PORT", port.as_str())];
    assert_eq!(check(&build, &both).0, 0);
}

#[test]
fn an_app_that_cannot_be_asked_is_not_well() {
    let build = enabled().build();
    let nobody = Upstream::nobody().port().to_string();
    let (code, text) = check(&build, &[("THC_PORT", &nobody)]);
    assert_eq!(code, 1);
    assert_snapshot!(text.replace(&nobody, "<port>"), @"unhealthy: http://localhost:<port>/ cannot be reached: Connection refused (os error 111)");
    assert_eq!(
        check(&build, &[("PORT", "x")]),
        (1, "unhealthy: PORT is `x`, not a port from 1 to 65535".to_owned())
    );

    let upstream = Upstream::start();
    let port = upstream.address().port().to_string();
    upstream.always("/", Fault::Raw(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()));
    let (code, text) = check(&build, &[("PORT", &port)]);
    assert_eq!(
        (code, text),
        (1, format!("unhealthy: http://localhost:{port}/ does not answer in HTTP"))
    );

    // Who accepts nothing, and says nothing.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let (code, text) = check(&build, &[("PORT", &port), ("THC_REQ_TIMEOUT", "1")]);
    assert_eq!(
        (code, text),
        (1, format!("unhealthy: http://localhost:{port}/ does not answer within 1 s"))
    );
}

#[test]
fn an_app_on_ipv6_alone_is_asked_there() {
    let Ok(listener) = TcpListener::bind("[::1]:0") else { return };
    let port = listener.local_addr().unwrap().port();
    let build = enabled().build();
    let served = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 512]).unwrap();
        stream.write_all(b"HTTP/1.0 204 No Content\r\n\r\n").unwrap();
    });
    let (code, text) = check(&build, &[("PORT", &port.to_string())]);
    assert_eq!((code, text), (0, format!("healthy: http://localhost:{port}/ answers 204")));
    served.join().unwrap();
}

#[test]
fn a_link_that_is_there_already_is_made_once() {
    // As `cargo xtask dev` builds: in a directory that was built in before.
    let build = enabled().build();
    let target = fs_err::read_link(build.app_path("health-check")).unwrap();
    let again = build.rebuild_with(|case| case.link("health-check", target.to_str().unwrap()));
    assert!(!again.log().contains("warning"), "{}", again.log());
}
