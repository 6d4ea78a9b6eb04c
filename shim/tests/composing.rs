//! Several buildpacks for one app: ours before, after and beside others.

use insta::assert_snapshot;

use crate::platform::{Cnb, Platform, Zip};

/// A runtime for the app, and a tool for builds only.
const RUNTIME: &str = r#"
tool() { mkdir -p "$layer/bin"; printf '#!/bin/sh\necho %s from $0\n' "$1" > "$layer/bin/$1"; chmod +x "$layer/bin/$1"; }
echo "supplying to $(ls | wc -l) files, only: $(cat "$platform/env/BP_CF_SUPPLY_ONLY")"
layer runtime build launch cache; tool node
mkdir -p "$layer/env" "$layer/lib" "$layer/include"; printf home > "$layer/env/RUNTIME_HOME"; touch "$layer/lib/libx.so"
mkdir -p "$layer/dist/sbin" "$layer/env.build"; printf '#!/bin/sh\necho deep' > "$layer/dist/sbin/deep"
chmod +x "$layer/dist/sbin/deep"; printf %s "$layer/dist/sbin" > "$layer/env.build/PATH.prepend"
mkdir -p "$layer/env.launch"; pwd > "$layer/env.launch/APP_ROOT.default"
layer headers build; tool compile
process web node
"#;

const SUPPLY: &str =
    "[supply]\ncomponents = [\"kouti/engine\"]\n[[supply.requires]]\nname = \"node\"\n";

fn engine() -> Zip {
    Zip::of(&[Cnb::new("kouti/engine").build(RUNTIME)]).with(SUPPLY)
}

/// What every classic buildpack does that comes last.
const CLASSIC_FINAL: [(&str, &str); 3] = [
    ("supply", "true"),
    (
        "finalize",
        r#"export PATH="$3/0/bin:$PATH"
echo "built with $(node), $(compile), $(deep), $(cat "$3/0/env/RUNTIME_HOME"), $(ls "$3/0/lib")"
for script in "$3"/0/profile.d/*; do cp "$script" "$5/0_$(basename "$script")"; done
echo 'export PATH="$DEPS_DIR/0/bin:$PATH"' > "$5/000_multi-supply.sh""#,
    ),
    ("release", "printf -- '---\\ndefault_process_types:\\n  web: node\\n'"),
];

#[test]
fn a_classic_buildpack_after_ours_has_what_we_supply() {
    let Some(platform) = Platform::new() else { return };
    platform.upload("nodejs", &engine());
    platform.upload_classic("last", &CLASSIC_FINAL);
    let staged = platform.stage(&["nodejs", "last"]).succeeds();
    assert!(staged.out.contains("supplying to 0 files, only: true"), "{}", staged.out);
    // What was written down while building is true while others build.
    let expected = "built with node from <contents>/deps/0/bin/node, compile from <contents>/";
    assert!(
        staged.out.contains(expected) && staged.out.contains(", deep, home, libx.so"),
        "{}",
        staged.out
    );
    assert_eq!(staged.command("web"), "node");
    platform.extract();
    assert_eq!(
        platform.run("", &[]),
        "node from <dir>/vcap/deps/0/layers/kouti_engine/runtime/bin/node\n"
    );
    assert_eq!(platform.run("echo $RUNTIME_HOME", &[]), "home\n");
    // The app of the other buildpack, not the empty directory that ours has seen.
    assert_eq!(platform.run("echo $APP_ROOT", &[]), "<dir>/vcap/app\n");
    // The second time it comes from our own cache.
    let warm = platform.stage(&["nodejs", "last"]).succeeds();
    assert!(warm.out.contains("Restoring 1 cached layers"), "{}", warm.out);
}

#[test]
fn ours_after_a_classic_buildpack_sees_what_it_supplies() {
    let Some(platform) = Platform::new() else { return };
    platform.upload_classic(
        "first",
        &[(
            "supply",
            r#"mkdir -p "$3/$4"/{bin,lib,env,profile.d}
printf '#!/bin/sh\necho other tool\n' > "$3/$4/bin/other"; chmod +x "$3/$4/bin/other"
printf supplied > "$3/$4/env/OTHER"; printf 'export FROM_PROFILE=sourced\n' > "$3/$4/profile.d/x.sh""#,
        )],
    );
    let build = r#"echo "seen: $(other), $(cat "$platform/env/OTHER"), ${LD_LIBRARY_PATH##*/}"; process web true"#;
    platform.upload("one", &Zip::of(&[Cnb::new("kouti/one").build(build)]));
    let staged = platform.stage(&["first", "one"]).succeeds();
    assert!(staged.out.contains("seen: other tool, supplied, lib"), "{}", staged.out);
    platform.extract();
    assert_eq!(
        platform.run("other; echo $FROM_PROFILE ${LD_LIBRARY_PATH##*/}", &[]),
        "other tool\nsourced lib\n"
    );
}

#[test]
fn two_of_ours_work_together_and_leave_nothing_that_only_builds_need() {
    let Some(platform) = Platform::new() else { return };
    platform.upload("nodejs", &engine());
    let build = r#"
echo "built with $(node) and $(compile), $(cat "$platform/env/RUNTIME_HOME")"
layer own launch; mkdir "$layer/bin"; printf '#!/bin/sh\nnode; echo own\n' > "$layer/bin/own"; chmod +x "$layer/bin/own"
process web own
"#;
    platform.upload("php", &Zip::of(&[Cnb::new("kouti/php").build(build)]));
    let staged = platform.stage(&["nodejs", "php"]).succeeds();
    assert!(
        staged.out.contains("built with node from") && staged.out.contains(", home"),
        "{}",
        staged.out
    );
    assert!(staged.out.contains("and compile from"), "{}", staged.out);
    let names = platform.names("droplet.tgz");
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    assert!(
        has("deps/0/layers/kouti_engine/runtime/bin/node") && has("deps/0/bin/node"),
        "{names:?}"
    );
    assert!(
        !names.iter().any(|name| name.contains("headers") || name.contains("compile")),
        "{names:?}"
    );
    assert_eq!(staged.result["process_types"].as_object().unwrap().len(), 1);
    platform.extract();
    let said =
        platform.run("own; echo $RUNTIME_HOME; echo $PATH | tr : '\\n' | sort | uniq -d", &[]);
    assert!(said.ends_with("own\nhome\n"), "{said}");
    let metadata = &staged.result["lifecycle_metadata"]["buildpacks"];
    assert_eq!(
        (&metadata[0]["name"], &metadata[1]["name"]),
        (&"kouti-nodejs".into(), &"kouti-php".into())
    );
}

#[test]
fn what_looks_at_the_app_must_not_change_it() {
    let Some(platform) = Platform::new() else { return };
    let build = "echo \"$(cat app.txt)\"; echo x > new; layer runtime launch";
    let supply = SUPPLY.replace("[[supply", "sees-app = true\n[[supply");
    platform.upload("one", &Zip::of(&[Cnb::new("kouti/engine").build(build)]).with(&supply));
    platform.upload_classic(
        "last",
        &[("supply", "true"), ("finalize", "true"), ("release", "echo '{}'")],
    );
    let staged = platform.stage(&["one", "last"]).succeeds();
    assert!(
        staged.err.contains("warning: the app has changed while a runtime was supplied: new\n"),
        "{}",
        staged.err
    );
    assert!(
        staged.err.contains("hint: put this buildpack at the end of the list"),
        "{}",
        staged.err
    );
}

#[test]
fn what_can_only_be_the_last_says_so() {
    let Some(platform) = Platform::new() else { return };
    platform.upload("one", &Zip::of(&[Cnb::new("kouti/one")]));
    let staged = platform.stage(&["one", "one"]);
    assert_eq!(staged.code, 225);
    assert_snapshot!(staged.page(), @"
    error[cf-nothing-to-supply]: kouti-one 1.2.3 can only be the last buildpack of an app

    hint: put it at the end of the list of buildpacks
    ");
}

#[test]
fn the_user_says_what_is_supplied() {
    let Some(platform) = Platform::new() else { return };
    let build = "grep -E '^ *(name|version|launch)' \"$3\"; layer runtime launch";
    platform.upload("one", &Zip::of(&[Cnb::new("kouti/engine").build(build)]).with(SUPPLY));
    platform.upload_classic(
        "last",
        &[("supply", "true"), ("finalize", "true"), ("release", "echo '{}'")],
    );
    let platform = platform.env("BP_CF_SUPPLY", "node@22.x:launch");
    let staged = platform.stage(&["one", "last"]).succeeds();
    assert!(
        staged.out.contains("version = \"22.x\"") && staged.out.contains("launch = true"),
        "{}",
        staged.out
    );
    let wrong = platform.env("BP_CF_SUPPLY", "node@22.x:both").stage(&["one", "last"]);
    assert_eq!(wrong.code, 225);
    assert!(
        wrong.err.contains("error[cf-bad-setting]: BP_CF_SUPPLY is `node@22.x:both`"),
        "{}",
        wrong.err
    );
}
