//! `kouti/nodejs` with every package manager, from a lock file to an answer.

use kouti_image_tests::{App, Build, builder, docker};

/// The app starts, as strict platforms do it, and the same source gives the same image once more,
/// without anything that the first build has left.
fn answers_and_is_reproducible(app: &App, variables: &[(&str, &str)], expected: &[&str]) {
    let (first, second) = (Build::new("packages"), Build::new("packages"));
    let build = |build: &Build| {
        let mut call = build.app(app);
        for (name, value) in variables {
            call = call.env(name, value);
        }
        call.succeeds()
    };
    let log = build(&first);
    for line in expected {
        assert!(log.contains(line), "{line}: {log}");
    }
    let container = first.image.run().hardened().start();
    assert_eq!(container.get("/").body, "an hour is 3600000 ms\n", "{}", container.log());
    let (took, code) = container.stop();
    assert_eq!(code, 0, "{}", container.log());
    assert!(took < std::time::Duration::from_secs(2), "{took:?}");

    build(&second);
    assert_eq!(first.image.id(), second.image.id(), "{log}");

    let warm = build(&first);
    assert!(
        !expected.iter().any(|line| line.starts_with("Running") && warm.contains(line)),
        "{warm}"
    );
    assert_eq!(first.image.id(), second.image.id(), "{warm}");
}

/// Paths in the image, of what only builds need.
fn traces(image: &str, name: &str) -> String {
    let find = format!("find /workspace /layers -path '*{name}*' -not -name '*.json'");
    docker(&["run", "--rm", "--entrypoint", "sh", image, "-c", &find])
}

#[test]
#[ignore = "image test"]
fn yarn_classic() {
    let app = App::fixture("yarn-classic");
    answers_and_is_reproducible(&app, &[], &["Choosing Yarn", "Running yarn install"]);
}

#[test]
#[ignore = "image test"]
fn yarn_berry_with_plug_and_play() {
    let app = App::fixture("yarn-pnp");
    answers_and_is_reproducible(&app, &[], &["Choosing Yarn", "Running yarn install"]);
}

#[test]
#[ignore = "image test"]
fn yarn_berry_with_node_modules() {
    let app = App::fixture("yarn-pnp");
    app.write(".yarnrc.yml", "enableTelemetry: false\nnodeLinker: node-modules\n");
    answers_and_is_reproducible(&app, &[], &["Running yarn install"]);
    let build = Build::new("berry");
    let _ = build.app(&app).succeeds();
    assert_eq!(traces(build.image.name(), "node_modules/is-number"), "");
}

#[test]
#[ignore = "image test"]
fn a_workspace_of_pnpm() {
    let app = App::fixture("pnpm-workspace");
    let web = [("BP_NODE_PROJECT_PATH", "packages/web")];
    answers_and_is_reproducible(&app, &web, &["Choosing pnpm", "Running pnpm install"]);
}

#[test]
#[ignore = "image test"]
fn a_workspace_of_npm() {
    let app = App::fixture("npm-workspace");
    let web = [("BP_NODE_PROJECT_PATH", "packages/web")];
    answers_and_is_reproducible(&app, &web, &["Running npm ci"]);
}

#[test]
#[ignore = "image test"]
fn packages_that_come_with_the_app_are_used_as_they_are() {
    let app = App::fixture("npm-workspace");
    for path in ["packages/greet/package.json", "package.json", "package-lock.json"] {
        fs_err::remove_file(app.dir().join(path)).unwrap();
    }
    fs_err::create_dir_all(app.dir().join("node_modules/greet")).unwrap();
    app.write("node_modules/greet/package.json", r#"{"name": "greet", "version": "1.0.0"}"#);
    app.write(
        "node_modules/greet/index.js",
        "module.exports = () => `an hour is ${60 * 60 * 1000} ms`;\n",
    );
    app.write(
        "package.json",
        r#"{"name": "web", "version": "1.0.0", "scripts": {"start": "node packages/web/server.js"}, "dependencies": {"greet": "1.0.0"}}"#,
    );
    let vendored = "node_modules came with the app";
    answers_and_is_reproducible(&app, &[], &[vendored]);
}

/// With the builder of `cargo xtask builder --full`.
mod nightly {
    use super::*;

    #[test]
    #[ignore = "image test"]
    fn a_native_module_is_compiled_without_network_and_always_the_same() {
        let app = App::fixture("native-module");
        let builder = builder().replace(":local", ":local-full");
        let build = |build: &Build| {
            let full = build.app(&app).arg("--builder").arg(&builder);
            full.offline().succeeds()
        };
        let (first, second) = (Build::new("native"), Build::new("native"));
        let log = build(&first);
        assert!(log.contains("Running npm ci"), "{log}");
        let container = first.image.run().hardened().start();
        assert_eq!(container.get("/").body, "an hour is 3600000 ms\n", "{}", container.log());
        // Of compiling, only what was compiled is left.
        let left = first.image.shell("find /workspace/build -type f");
        assert_eq!(left.trim(), "/workspace/build/Release/hour.node");

        build(&second);
        assert_eq!(first.image.id(), second.image.id(), "{log}");
        build(&first);
        assert_eq!(first.image.id(), second.image.id(), "{log}");
    }
}
