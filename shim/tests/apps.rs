//! The app: moved to where it will run and back, and never changed.

use std::fs::Permissions;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;

use insta::assert_snapshot;
use kouti_testing::{SmallDisk, with_disks};

use crate::platform::{Cnb, Platform, Zip, is_root};

fn fill(dir: &Path) {
    symlink("/etc/passwd", dir.join("absolute")).unwrap();
    symlink("../../outside", dir.join("outside")).unwrap();
    fs_err::create_dir(dir.join("with blanks")).unwrap();
    let odd = dir.join("with blanks").join(std::ffi::OsStr::from_bytes(b"not-utf8-\xff"));
    fs_err::write(odd, "x").unwrap();
    fs_err::write(dir.join("tool"), "x").unwrap();
    fs_err::set_permissions(dir.join("tool"), Permissions::from_mode(0o4751)).unwrap();
    for number in 0..1000 {
        fs_err::write(dir.join(format!("file-{number}")), "x").unwrap();
    }
}

/// All that can be seen of a tree.
fn seen(dir: &Path) -> Vec<String> {
    let entries = walkdir::WalkDir::new(dir).sort_by_file_name();
    let line = |entry: walkdir::DirEntry| {
        let found = entry.metadata().unwrap();
        let name = entry.path().strip_prefix(dir).unwrap().as_os_str().as_bytes().escape_ascii();
        let target = fs_err::read_link(entry.path()).unwrap_or_default();
        format!(
            "{name} {:o} {} {}",
            found.mode(),
            found.len() * u64::from(found.is_file()),
            target.display()
        )
    };
    entries.into_iter().map(|entry| line(entry.unwrap())).collect()
}

#[test]
fn an_app_of_any_kind_is_built_where_it_runs_and_is_the_same_afterwards() {
    let Some(platform) = Platform::new() else { return };
    fill(platform.app());
    platform.upload("one", &Zip::of(&[Cnb::new("kouti/one").build("pwd; process web true")]));
    // The first staging gives everything to the user of apps, which takes a setuid bit away.
    platform.stage(&["one"]).succeeds();
    let before = seen(platform.app());
    assert!(before.iter().any(|line| line.contains("not-utf8-\\xff")), "{before:?}");
    let staged = platform.stage(&["one"]).succeeds();
    assert!(staged.out.contains("<dir>/vcap/app"), "{}", staged.out);
    assert_eq!(seen(platform.app()), before);
    platform.extract();
    assert_eq!(seen(&platform.path("vcap/app")), before);
}

#[test]
fn an_app_on_another_file_system_is_copied() {
    let elsewhere = Path::new("/dev/shm").join(format!("kouti-cf-test-{}", std::process::id()));
    let Some(platform) = Platform::new() else { return };
    let platform = platform.build_in(&elsewhere);
    let device = |path: &Path| fs_err::metadata(path).unwrap().dev();
    assert_ne!(device(&elsewhere), device(&platform.path("vcap")), "two file systems");
    fill(platform.app());
    platform.upload("one", &Zip::of(&[Cnb::new("kouti/one").build("pwd; process web true")]));
    let first = platform.stage(&["one"]).succeeds();
    assert!(first.out.contains("<dir>/vcap/app"), "{}", first.out);
    let before = seen(platform.app());
    platform.stage(&["one"]).succeeds();
    assert_eq!(seen(platform.app()), before);
}

#[test]
fn an_app_that_has_no_place_to_run_at_is_told_who_owns_it() {
    let Some(platform) = Platform::new() else { return };
    platform.upload("one", &Zip::of(&[Cnb::new("kouti/one")]));
    fs_err::write(platform.path("vcap/app/stranger"), "").unwrap();
    let staged = platform.stage(&["one"]);
    let user = fs_err::metadata(platform.path("vcap/app")).unwrap().uid();
    assert_snapshot!(staged.page().replace(&user.to_string(), "<user>"), @"
    error[cf-app-not-movable]: the app cannot be moved from <dir>/app to <dir>/vcap/app: <dir>/vcap/app is not empty

    hint: stage in a fresh container in which the user of the app owns both; this is user <user>, and the target belongs to user <user>
    ");
    assert!(platform.app().join("app.txt").is_file());
}

#[test]
fn a_platform_with_one_buildpack_for_an_app_has_all_of_it_in_the_app() {
    let Some(platform) = Platform::new() else { return };
    let build = r#"
layer env launch; mkdir "$layer/bin"; printf '#!/bin/sh\necho $0' > "$layer/bin/tool"; chmod +x "$layer/bin/tool"
process web tool; process agent tool
printf '[[labels]]\nkey = "io.kouti.cf.sidecar.agent"\nvalue = "web"\n' >> "$layers/launch.toml"
"#;
    platform.upload("one", &Zip::of(&[Cnb::new("kouti/one").build(build)]));
    let output = platform.compile("one");
    assert!(output.status.success(), "{}", platform.shown(&output.stderr));
    // Whoever called it is not known, and may ask several buildpacks which of them it is.
    let err = platform.shown(&output.stderr);
    assert!(err.contains("the platform may not start the sidecars: agent"), "{err}");
    let app = platform.app();
    let script = fs_err::read_to_string(app.join(".profile.d/0000_set-deps-dir.sh")).unwrap();
    assert_eq!(script, "export DEPS_DIR=\"$HOME/.cloudfoundry\"\n");
    assert!(app.join(".cloudfoundry/0/layers/kouti_one/env/bin/tool").is_file());
    let said = platform.run_alone("tool");
    assert_eq!(said, "<dir>/vcap/app/.cloudfoundry/0/layers/kouti_one/env/bin/tool\n");
}

#[test]
fn a_home_that_cannot_be_written_is_told_as_the_place_to_run_at() {
    let Some(platform) = Platform::new() else { return };
    platform.upload("one", &Zip::of(&[Cnb::new("kouti/one").build("echo building")]));
    fs_err::set_permissions(platform.path("vcap"), Permissions::from_mode(0o555)).unwrap();
    let staged = platform.stage(&["one"]);
    let user = fs_err::metadata(platform.path("vcap")).unwrap().uid();
    assert_eq!(staged.code, 223);
    assert_snapshot!(staged.page().replace(&user.to_string(), "<user>"), @"
    error[cf-app-not-movable]: the app cannot be moved from <dir>/app to <dir>/vcap/app: failed to create directory `<dir>/vcap/deps/0`: Permission denied (os error 13)

    hint: stage in a fresh container in which the user of the app owns both; this is user <user>, and the target belongs to user <user>
    ");
    assert!(!staged.out.contains("building") && platform.app().join("app.txt").is_file());
}

#[test]
fn an_app_for_which_there_is_no_room_is_refused_before_the_build() {
    if !is_root() {
        eprintln!("skipped: only root mounts a small disk for the user of apps");
        return;
    }
    let name = "apps::an_app_for_which_there_is_no_room_is_refused_before_the_build";
    with_disks(name, || {
        let Some(platform) = Platform::new() else { return };
        platform.file("large", &"x".repeat(2_000_000));
        platform.upload("one", &Zip::of(&[Cnb::new("kouti/one").build("echo building")]));
        let disk = SmallDisk::at(&platform.path("vcap"));
        fs_err::create_dir(platform.path("vcap/app")).unwrap();
        let staged = platform.stage(&["one"]);
        assert_eq!(staged.code, 223);
        assert_snapshot!(staged.page(), @"
        error[cf-disk-full]: <dir>/vcap has 1.0 MB left, and another copy of the app needs 2.0 MB

        hint: leave out with `.cfignore` what the app does not need
        hint: ask the operator for more disk while staging: `cc.staging.minimum_staging_disk_mb`
        ");
        assert!(!staged.out.contains("building") && platform.app().join("large").is_file());
        drop(disk);
    });
}

#[test]
fn what_came_with_the_zip_is_found_and_bills_stay_unless_they_are_not_wanted() {
    let Some(platform) = Platform::new() else { return };
    let build = r#"
cache=$(cat "$platform/env/BP_DEPENDENCY_CACHE")
echo "$(cat "$platform/env/BP_CF_SHIM"): $(cat "$cache/sha256/abc" 2> /dev/null || echo nothing) in $cache"
layer run launch; echo '{}' > "$layers/run.sbom.cdx.json"; echo '{}' > "$layers/launch.sbom.cdx.json"
layer make build; echo '{}' > "$layers/make.sbom.cdx.json"; echo '{}' > "$layers/build.sbom.cdx.json"
"#;
    platform.upload("one", &Zip::of(&[Cnb::new("kouti/one").build(build)]).carrying("on board"));
    let bills = |platform: &Platform| -> Vec<String> {
        let names = platform.names("droplet.tgz").into_iter();
        names.filter(|name| name.ends_with(".cdx.json")).collect()
    };
    let staged = platform.stage(&["one"]).succeeds();
    let expected = "1.2.3: on board in <dir>/buildpacks/one/dependencies\n";
    assert!(staged.out.contains(expected), "{}", staged.out);
    let metadata = &staged.result["lifecycle_metadata"]["buildpacks"][0]["output_metadata"];
    assert_eq!(metadata["cached"], true);
    let kept = ["kouti_one/run/sbom.cdx.json", "kouti_one/sbom.cdx.json"];
    assert_eq!(bills(&platform), kept.map(|bill| format!("deps/0/layers/sbom/launch/{bill}")));

    let platform = platform.env("BP_CF_KEEP_SBOM", "false").env("BP_DEPENDENCY_CACHE", "/mine");
    let staged = platform.stage(&["one"]).succeeds();
    assert!(staged.out.contains("1.2.3: nothing in /mine\n"), "{}", staged.out);
    assert_eq!(bills(&platform), [""; 0]);
}
