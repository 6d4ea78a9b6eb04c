//! Whether an app is for a buildpack, and what is said if it is not.

use insta::assert_snapshot;

use crate::platform::{Cnb, Platform, Zip};

#[test]
fn the_right_one_is_found_and_the_others_keep_silent() {
    let Some(platform) = Platform::new() else { return };
    platform.file("package.json", "{}");
    let picky = |id: &str, file: &str| {
        Zip::of(&[Cnb::new(id)
            .detect(&format!("[ -f {file} ] || exit 100; echo loud"))
            .build("process web true")])
    };
    platform.upload("java", &picky("kouti/java", "pom.xml"));
    platform.upload("nodejs", &picky("kouti/nodejs", "package.json").with("display = \"Node.js\""));
    platform.upload("php", &picky("kouti/php", "index.php"));
    let staged = platform.stage_detecting(&["java", "nodejs", "php"]).succeeds();
    assert_eq!(staged.err, "");
    let metadata = &staged.result["lifecycle_metadata"];
    assert_eq!(platform.detected("nodejs"), "Node.js 1.2.3\n");
    // The platform prefers what the buildpack calls itself in the end.
    assert_eq!(metadata["detected_buildpack"], "kouti-nodejs");
    assert_eq!(metadata["buildpacks"][0]["name"], "kouti-nodejs");
    assert_eq!(metadata["buildpacks"][0]["output_metadata"]["buildpacks"][0], "kouti/nodejs@4.5.6");
}

#[test]
fn one_zip_may_hold_several_languages() {
    let Some(platform) = Platform::new() else { return };
    platform.file("index.php", "");
    let language = |name: &str, file: &str| {
        Cnb::new(&format!("kouti/{name}"))
            .detect(&format!("[ -f {file} ] || exit 100"))
            .build(&format!("process web {name}"))
    };
    let all = Zip::of(&[language("java", "pom.xml")]).or(&[language("php", "index.php")]);
    platform.upload("all", &all.with("display = \"kouti\""));
    let named = platform.stage(&["all"]).succeeds();
    assert_eq!(named.command("web"), "php");
    let found = platform.stage_detecting(&["all"]).succeeds();
    assert_eq!(platform.detected("all"), "kouti 1.2.3\n");
    let metadata = &found.result["lifecycle_metadata"];
    assert_eq!(metadata["detected_buildpack"], "kouti-all");
    assert_eq!(
        metadata["buildpacks"][0]["output_metadata"]["buildpacks"],
        serde_json::json!(["kouti/php@4.5.6"])
    );
}

#[test]
fn an_app_of_nobody_is_told_so_by_the_platform_alone() {
    let Some(platform) = Platform::new() else { return };
    platform.upload("java", &Zip::of(&[Cnb::new("kouti/java").detect("echo no; exit 100")]));
    let staged = platform.stage_detecting(&["java", "java"]);
    assert_eq!(staged.code, 222);
    assert_eq!(staged.out, "");
    assert_eq!(staged.err, "None of the buildpacks detected a compatible application\n");
}

#[test]
fn a_buildpack_that_breaks_while_detecting_costs_one_line() {
    let Some(platform) = Platform::new() else { return };
    platform.upload(
        "one",
        &Zip::of(&[Cnb::new("kouti/one").detect("echo 'file.json is wrong'; exit 2")]),
    );
    platform.upload("two", &Zip::of(&[Cnb::new("kouti/two").build("process web true")]));
    let staged = platform.stage_detecting(&["one", "two"]).succeeds();
    assert_snapshot!(staged.page(), @"
    error[cf-detect-failed]: kouti-one 1.2.3 cannot tell whether this app is for it: kouti/one@4.5.6: file.json is wrong
    ");
}

#[test]
fn a_named_buildpack_says_what_it_looked_at() {
    let Some(platform) = Platform::new() else { return };
    for number in 0..20 {
        platform.file(&format!("file-{number:02}"), "");
    }
    platform.upload(
        "java",
        &Zip::of(&[
            Cnb::new("kouti/java").detect("echo; echo '  skipped: there is no pom.xml'; exit 100"),
            Cnb::new("kouti/old").detect("exit 100"),
            Cnb::new("kouti/procfile"),
        ]),
    );
    let staged = platform.stage(&["java"]);
    assert_eq!(staged.code, 223);
    assert_snapshot!(staged.page(), @"
    error[cf-not-for-this-app]: this app is not for kouti-java 1.2.3
    its buildpacks:
      kouti/java 4.5.6: no, there is no pom.xml
      kouti/old 4.5.6: no
      kouti/procfile 4.5.6: yes
    the app:
      app.txt
      file-00
      file-01
      file-02
      file-03
      file-04
      file-05
      file-06
      file-07
      file-08
      file-09
      file-10
      file-11
      file-12
      file-13
      file-14
      file-15
      file-16
      file-17
      file-18
      … and 1 more

    hint: check `path:` in the manifest: it must name the directory of the app
    hint: build what has to be built before a push, such as a JAR
    hint: or name another buildpack with `cf push -b`
    ");
}

#[test]
fn a_buildpack_that_breaks_is_named_with_its_words() {
    let Some(platform) = Platform::new() else { return };
    platform.upload(
        "one",
        &Zip::of(&[Cnb::new("kouti/one").detect("echo 'file.json is wrong'; exit 2")]),
    );
    let staged = platform.stage(&["one"]);
    assert_eq!(staged.code, 223);
    assert_snapshot!(staged.page(), @"
    error[cf-detect-failed]: kouti-one 1.2.3 cannot tell how to build this app
    ======== Output: kouti/one@4.5.6 ========
    file.json is wrong
    ======== Results ========
    err:  kouti/one@4.5.6 (2)
    ERROR: No buildpack groups passed detection.
    ERROR: failed to detect: buildpack(s) failed with err

    hint: correct what is said above, then push again
    ");
}

#[test]
fn the_words_of_a_failed_build_are_the_last_before_ours() {
    let Some(platform) = Platform::new() else { return };
    platform.upload(
        "one",
        &Zip::of(&[Cnb::new("kouti/one").build("echo 'error[x]: mend your app' >&2; exit 9")]),
    );
    let before = platform.names_below("buildpacks");
    let staged = platform.stage(&["one"]);
    assert_eq!(staged.code, 223);
    assert_snapshot!(staged.page(), @"
    error[cf-build-failed]: a buildpack could not build this app

    hint: its own message above says what to do
    ");
    // What the lifecycle adds to it is nobody's concern.
    let said = staged.out.lines().rev().find(|line| !line.starts_with("ERROR: "));
    assert_eq!(said, Some("error[x]: mend your app"), "{}", staged.out);
    // The app is where it was, nothing of ours is left behind, and the buildpack is as it was.
    assert!(platform.app().join("app.txt").is_file() && !platform.app().is_symlink());
    assert_eq!(platform.names_below("tmp"), [""; 0]);
    assert_eq!(platform.names_below("buildpacks"), before);
}

#[test]
fn a_zip_for_another_system_is_refused() {
    let Some(platform) = Platform::new() else { return };
    let distro = "[distro]\nname = \"ubuntu\"\nversion = \"1.04\"\n";
    platform.upload("one", &Zip::of(&[Cnb::new("kouti/one")]).with(distro));
    let staged = platform.stage(&["one"]);
    assert_eq!(staged.code, 223);
    let text = staged.err.split(", and the app is staged on").next().unwrap().trim_start();
    assert_eq!(text, "error[cf-wrong-stack]: this buildpack is for ubuntu 1.04");
    assert!(staged.err.contains("(cflinuxfs4)"), "{}", staged.err);
    platform.env("BP_CF_IGNORE_STACK", "true").stage(&["one"]).succeeds();
}

#[test]
fn a_zip_that_is_not_whole_is_refused() {
    let Some(platform) = Platform::new() else { return };
    platform.upload("one", &Zip::of(&[Cnb::new("kouti/one")]).with("stranger = 1"));
    assert_snapshot!(platform.stage(&["one"]).page(), @"
    error[cf-zip-incomplete]: this buildpack is not whole: <dir>/buildpacks/one/kouti/shim.toml: unknown field `stranger`, expected one of `schema`, `language`, `display`, `version`, `distro`, `buildpacks`, `supply`, `compat`, `lifecycle`

    hint: upload the released zip as it is: `cf update-buildpack NAME -p FILE.zip`
    ");
}

#[test]
fn a_buildpack_of_a_later_time_is_refused() {
    let Some(platform) = Platform::new() else { return };
    platform.upload("one", &Zip::of(&[Cnb::new("kouti/one").api("0.99")]));
    assert_snapshot!(platform.stage(&["one"]).page(), @"
    error[cf-buildpack-api]: a buildpack in this zip needs another lifecycle than the zip holds
    ERROR: failed to set API for Buildpack 'kouti/one@4.5.6': buildpack API version '0.99' is incompatible with the lifecycle

    hint: upload a zip that was packaged by one release
    ");
}

#[test]
fn what_an_old_adapter_has_left_is_refused() {
    let Some(platform) = Platform::new() else { return };
    platform.upload("one", &Zip::of(&[Cnb::new("kouti/one")]));
    fs_err::create_dir_all(platform.path("vcap/app/.cloudfoundry")).unwrap();
    fs_err::write(platform.path("vcap/app/.cloudfoundry/sentinel"), "").unwrap();
    assert_snapshot!(platform.stage(&["one"]).page(), @"
    error[cf-other-shim]: another adapter of buildpacks was here before and left <dir>/vcap/app/.cloudfoundry/sentinel

    hint: remove that buildpack from the list of the app: the two cannot be combined
    ");
}

#[test]
fn an_app_that_an_old_adapter_has_taken_away_is_missed() {
    let Some(platform) = Platform::new() else { return };
    platform.upload("one", &Zip::of(&[Cnb::new("kouti/one")]));
    fs_err::remove_dir_all(platform.app()).unwrap();
    std::os::unix::fs::symlink("/nowhere", platform.app()).unwrap();
    let staged = platform.stage(&["one"]);
    assert_eq!(staged.code, 223);
    assert_snapshot!(staged.page(), @"
    error[cf-other-shim]: another adapter of buildpacks was here before and left <dir>/app

    hint: remove that buildpack from the list of the app: the two cannot be combined
    ");
}

#[test]
fn a_lifecycle_that_breaks_is_told_with_its_code() {
    let Some(platform) = Platform::new() else { return };
    platform.upload("one", &Zip::of(&[Cnb::new("kouti/one")]));
    platform.replace_lifecycle("echo 'out of memory'; exit 77");
    assert_snapshot!(platform.stage(&["one"]).page(), @"
    error[cf-lifecycle-failed]: the lifecycle ended with code 77 while detecting
    out of memory

    hint: stage once more with BP_LOG_LEVEL=debug
    ");
}
