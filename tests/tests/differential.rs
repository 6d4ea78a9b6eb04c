//! The miniature lifecycle and the real one do the same with the same app: what the
//! level 2 tests see is what users get.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use kouti_image_tests::{App, Build, Image, builder, docker, packages};
use kouti_testing::Summary;
use kouti_testing::lifecycle::{Buildpack, Env, Lifecycle, Member, Order, Target};
use serde::Deserialize;

#[derive(Deserialize)]
struct BuilderOrder {
    order: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    group: Vec<GroupMember>,
}

#[derive(Deserialize)]
struct GroupMember {
    id: String,
    #[serde(default)]
    optional: bool,
}

/// The order of the builder, with the packages it was made of.
fn order() -> Order {
    let text = docker(&["run", "--rm", "--entrypoint", "cat", &builder(), "/cnb/order.toml"]);
    let parsed: BuilderOrder = toml::from_str(&text).expect("the builder has an order");
    let member = |member: GroupMember| {
        let dir = packages().join(format!("{}-offline", member.id.replace('/', "_")));
        let buildpack = Buildpack::read(dir).expect("the package is there");
        Member { buildpack, optional: member.optional }
    };
    parsed.order.into_iter().map(|group| group.group.into_iter().map(member).collect()).collect()
}

fn by_the_miniature(app: &App, root: &Path) -> Summary {
    let mut lifecycle = Lifecycle::at(root).unwrap();
    lifecycle.target = Target {
        os: "linux".to_owned(),
        arch: "amd64".to_owned(),
        distro_name: "debian".to_owned(),
        distro_version: "13".to_owned(),
    };
    let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    lifecycle.build_env = Env::new().with("PATH", path);
    lifecycle.copy_app(app.dir()).unwrap();
    let detected = lifecycle.detect(&order()).unwrap().outcome.unwrap();
    let build = lifecycle.build(&detected, &mut |_, _| {}).unwrap();
    let (app_dir, layers_dir) = (lifecycle.app_dir(), lifecycle.layers_dir());
    Summary::of(&detected, &build).unwrap().map_text(|text| {
        text.replace(app_dir.to_str().unwrap(), "/workspace")
            .replace(layers_dir.to_str().unwrap(), "/layers")
    })
}

fn by_the_real_one(app: &App, build: &Build, scratch: &Path) -> Summary {
    let _ = build.app(app).offline().succeeds();
    let run_image = Image::named("kouti/run:local");
    let mut summary =
        Summary::from_image_labels(&build.image.labels(), &run_image.labels()).unwrap();
    let layers = scratch.join("layers");
    build.image.copy("/layers", &layers);
    summary.add_layers(&layers).unwrap();
    summary.add_plan(&plan_of_the_real_detector(app, scratch)).unwrap();
    summary
}

/// An image does not hold the plan, so the detector runs once more, by itself.
fn plan_of_the_real_detector(app: &App, scratch: &Path) -> String {
    let out = scratch.join("out");
    fs_err::create_dir(&out).unwrap();
    for dir in [&out, &PathBuf::from(app.dir())] {
        // The detector runs as the builder's own user.
        fs_err::set_permissions(dir, std::fs::Permissions::from_mode(0o777)).unwrap();
    }
    docker(&[
        "run",
        "--rm",
        "--env=CNB_PLATFORM_API=0.14",
        &format!("--volume={}:/workspace", app.dir().display()),
        &format!("--volume={}:/layers", out.display()),
        "--entrypoint=/cnb/lifecycle/detector",
        &builder(),
        "-app=/workspace",
        "-layers=/layers",
    ]);
    fs_err::read_to_string(out.join("plan.toml")).unwrap()
}

#[test]
#[ignore = "image test"]
fn the_miniature_and_the_real_lifecycle_agree() {
    let scratch = tempfile::tempdir().unwrap();
    let app = App::fixture("no-dependencies");
    let build = Build::new("differential");
    let real = by_the_real_one(&app, &build, scratch.path());
    let miniature = by_the_miniature(&app, &scratch.path().join("miniature"));

    // Both saw something, or there would be nothing to compare.
    assert_eq!(real.processes.len(), 1);
    assert!(real.layers.contains_key("kouti/nodejs:node"), "{:?}", real.layers.keys());
    assert_eq!(miniature.differences(&real), [""; 0]);
    let entries = miniature.plan.as_ref().map_or(0, BTreeMap::len);
    assert!(entries > 0, "the plan was compared as well");
}
