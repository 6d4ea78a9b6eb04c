//! Services as directories, while staging and when the app starts, and nowhere else.

use std::fmt::Write as _;

use insta::assert_snapshot;

use crate::platform::{Cnb, Platform, Zip};

const CANARY: &str = "canary-9c41e7";

/// Prints all bindings of a build, and where they are.
const SHOW: &str = r#"
root=$(cat "$platform/env/SERVICE_BINDING_ROOT" 2> /dev/null || true)
[ -z "$root" ] || (cd "$root" && for file in */*; do echo "binding $file: $(wc -c < "$file") $(stat -c %a "$file")"; done)
[ ! -f "$platform/env/VCAP_SERVICES" ] || echo "services are exposed"
process web true
"#;

fn services() -> String {
    format!(
        r#"{{"user-provided": [
            {{"name": "My DB", "label": "user-provided", "credentials": {{"type": "postgresql", "password": "{CANARY}", "port": 5432, "nested": {{"a": [1]}}, "none": null}}}},
            {{"name": "late", "label": "user-provided", "credentials": {{"credhub-ref": "/c/x"}}}}],
          "p.redis": [{{"name": "cache", "label": "p.redis", "tags": ["type:redis", "kv"], "credentials": {{"host": "h"}}}}]}}"#
    )
}

#[test]
fn services_are_directories_for_the_build_and_in_memory_for_the_app() {
    let Some(platform) = Platform::new() else { return };
    platform.upload("one", &Zip::of(&[Cnb::new("kouti/one").build(SHOW)]));
    let platform =
        platform.env("VCAP_SERVICES", &services()).env("NPM_TOKEN", "canary-9c41e7-token");
    let staged = platform.stage(&["one"]).succeeds();
    let lines: Vec<_> =
        staged.out.lines().filter_map(|line| line.trim().strip_prefix("binding ")).collect();
    assert_eq!(
        lines,
        [
            "cache/host: 1 600",
            "cache/provider: 7 600",
            "cache/tags: 13 600",
            "cache/type: 5 600",
            "late/credhub-ref: 4 600",
            "late/provider: 13 600",
            "late/type: 13 600",
            "my-db/nested: 9 600",
            "my-db/password: 13 600",
            "my-db/port: 4 600",
            "my-db/provider: 13 600",
            "my-db/type: 10 600",
        ]
    );
    assert!(!staged.out.contains("exposed"), "{}", staged.out);
    assert!(staged.err.contains("the service `My DB` is the binding `my-db`"), "{}", staged.err);

    // Neither droplet nor cache nor result nor log nor a directory of ours has a secret.
    assert_eq!(platform.files_with(CANARY), [""; 0]);
    assert!(!staged.out.contains(CANARY) && !staged.err.contains(CANARY));
    let left = platform.names_below("tmp");
    assert!(left.len() == 1 && left[0].starts_with("kouti-cf-release-"), "{left:?}");

    platform.extract();
    let show = "echo $SERVICE_BINDING_ROOT; cat $SERVICE_BINDING_ROOT/my-db/password; stat -c ' %a' $SERVICE_BINDING_ROOT";
    let said = platform.run(show, &[]);
    assert!(said.starts_with("/dev/shm/kouti-bindings-"), "{said}");
    assert!(said.ends_with(&format!("{CANARY} 700\n")), "{said}");
    let root = said.lines().next().unwrap().to_owned();
    // Bound after the staging.
    let late =
        [("VCAP_SERVICES", r#"{"x": [{"name": "new", "label": "x", "credentials": {"k": "v"}}]}"#)];
    let said = platform.run("echo $SERVICE_BINDING_ROOT; cat $SERVICE_BINDING_ROOT/new/k", &late);
    let (new, value) = said.split_once('\n').unwrap();
    assert_eq!(value, "v");
    // What the platform provides by itself stays as it is, and so does a wish to have none.
    let given = platform
        .run("echo $SERVICE_BINDING_ROOT", &[("SERVICE_BINDING_ROOT", "/etc/cf-service-bindings")]);
    assert_eq!(given, "/etc/cf-service-bindings\n");
    assert_eq!(
        platform.run("echo $SERVICE_BINDING_ROOT", &[("BPL_CF_BINDINGS_ENABLED", "false")]),
        "\n"
    );
    for dir in [root.as_str(), new] {
        fs_err::remove_dir_all(dir).unwrap();
    }
}

#[test]
fn directories_of_the_platform_get_the_type_that_the_user_means() {
    let Some(platform) = Platform::new() else { return };
    let bindings = platform.path("bindings");
    for (name, file, text) in [
        ("db", "type", "user-provided"),
        ("db", "password", CANARY),
        ("cache", "type", "p.redis"),
        ("cache", "tags", "[\"type:redis\", \"kv\"]"),
    ] {
        fs_err::create_dir_all(bindings.join(name)).unwrap();
        fs_err::write(bindings.join(name).join(file), text).unwrap();
    }
    let show = "root=$(cat \"$platform/env/SERVICE_BINDING_ROOT\"); echo \"types $(cat \"$root/db/type\") $(cat \"$root/cache/type\")\"";
    platform.upload("one", &Zip::of(&[Cnb::new("kouti/one").build(show)]));
    let platform = platform
        .env("SERVICE_BINDING_ROOT", bindings.to_str().unwrap())
        .env("BP_CF_BINDING_TYPES", "db=postgresql");
    let staged = platform.stage(&["one"]).succeeds();
    assert!(staged.out.contains("types postgresql redis"), "{}", staged.out);
    assert_eq!(platform.files_with(CANARY), [""; 0]);
}

#[test]
fn directories_and_the_variable_are_united_and_the_user_may_show_the_variable_as_well() {
    let Some(platform) = Platform::new() else { return };
    let bindings = platform.path("bindings");
    for (name, file, text) in
        [("my-db", "type", "mysql"), ("My DB", "type", "mysql"), ("My DB", "host", "directory")]
    {
        fs_err::create_dir_all(bindings.join(name)).unwrap();
        fs_err::write(bindings.join(name).join(file), text).unwrap();
    }
    // A buildpack of somebody else would let the variable hide the directory.
    platform.upload("one", &Zip::of(&[Cnb::new("other/one").build(SHOW)]));
    let platform = platform
        .env("SERVICE_BINDING_ROOT", bindings.to_str().unwrap())
        .env("VCAP_SERVICES", &services());
    let staged = platform.stage(&["one"]).succeeds();
    let names: std::collections::BTreeSet<_> = staged
        .out
        .lines()
        .filter_map(|line| line.trim().strip_prefix("binding ")?.split('/').next())
        .collect();
    // The directory `My DB` has taken the place of the service of that name.
    assert_eq!(names.into_iter().collect::<Vec<_>>(), ["cache", "late", "my-db", "my-db-2"]);
    assert!(!staged.out.contains("my-db/password") && !staged.out.contains("my-db-2/password"));
    assert!(!staged.out.contains("services are exposed"), "{}", staged.out);
    let shown = platform.env("BP_CF_EXPOSE_VCAP_SERVICES", "true").stage(&["one"]).succeeds();
    assert!(shown.out.contains("services are exposed"), "{}", shown.out);
}

#[test]
fn many_services_are_no_problem_and_broken_ones_are_told() {
    let Some(platform) = Platform::new() else { return };
    platform.upload("one", &Zip::of(&[Cnb::new("kouti/one").build(SHOW)]));
    let mut many = String::from("{\"x\": [");
    for number in 0..200 {
        let comma = if number == 0 { "" } else { "," };
        let _ = write!(
            many,
            "{comma}{{\"name\": \"s{number}\", \"label\": \"x\", \"credentials\": {{\"k\": \"v\"}}}}"
        );
    }
    let platform = platform.env("VCAP_SERVICES", &format!("{many}]}}"));
    let staged = platform.stage(&["one"]).succeeds();
    assert_eq!(staged.out.matches("/k: 1 600").count(), 200);

    let broken = platform.env("VCAP_SERVICES", "{\"x\": [");
    assert_snapshot!(broken.stage(&["one"]).page(), @"
    error[vcap-services-invalid]: VCAP_SERVICES is not valid JSON (line 1, column 7)

    hint: the platform sets it; if you set it yourself, check its quotes and brackets
    ");
    let unreadable =
        broken.env("VCAP_SERVICES", "").env("VCAP_SERVICES_FILE_PATH", "/nowhere/vcap");
    assert_snapshot!(unreadable.stage(&["one"]).page(), @"
    error[vcap-services-unreadable]: the file named by VCAP_SERVICES_FILE_PATH cannot be read
      caused by: failed to open file `/nowhere/vcap`: No such file or directory (os error 2)

    hint: let the user who builds and the user who runs the app read it
    ");
    unreadable.env("BP_CF_BINDINGS_ENABLED", "false").stage(&["one"]).succeeds();
}
