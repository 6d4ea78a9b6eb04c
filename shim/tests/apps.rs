//! The app: moved to where it will run and back, and never changed.

use std::fs::Permissions;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;

use insta::assert_snapshot;

use crate::platform::{Cnb, Platform, Zip};

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
