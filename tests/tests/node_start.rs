//! `kouti/nodejs`: how apps are started, and what reaches them.

use std::time::Duration;

use kouti_image_tests::{App, Build};

#[test]
#[ignore = "image test"]
fn a_typescript_app_starts_with_the_memory_and_signals_of_its_container() {
    let build = Build::new("typescript");
    let log = build.app(&App::fixture("typescript")).succeeds();
    assert!(log.contains("Running npm run build"), "{log}");
    assert_eq!(build.image.shell("find /workspace/node_modules -name typescript"), "");

    // The only process type of a Procfile is the default one.
    let small = build.image.run().arg("--entrypoint=web");
    let small = small.arg("--memory=256m").env("OPTIMIZE_MEMORY", "true");
    let small = small.env("NODE_ENV", "staging").start();
    let body = small.get("/").body;
    let answer: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(answer["environment"], "staging", "{body}");
    assert_eq!(answer["version"], "1.4.0", "{body}");
    // The old generation gets 192 MB, and V8 adds what it needs besides.
    let heap = answer["heap"].as_u64().unwrap();
    assert!((192..256).contains(&heap), "{body}");

    let (took, code) = small.stop();
    assert_eq!(code, 0, "{}", small.log());
    assert!(small.log().contains("SIGTERM received"), "{}", small.log());
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[test]
#[ignore = "image test"]
fn a_procfile_adds_a_worker() {
    let build = Build::new("worker");
    let _ = build.app(&App::fixture("typescript")).succeeds();
    let worker = build.image.run().hardened().arg("--entrypoint=worker");
    let worker = worker.command(&["two words"]).start();
    worker.wait_for("working as 54321");
    assert_eq!(build.image.run().arg("--entrypoint=web").start().get("/").status, 200);
}

#[test]
#[ignore = "image test"]
fn a_next_server_stands_alone() {
    let app = App::fixture("next");
    let build = Build::new("next");
    let log = build.app(&app).succeeds();
    assert!(log.contains("node-launch -- node .next/standalone/server.js"), "{log}");

    let container = build.image.run().hardened().env("PORT", "8080").start();
    let page = container.get("/");
    assert!(page.body.contains("hello from"), "{}", page.body);
    assert!(page.body.contains("production"), "{}", page.body);
    let script = page.body.split('"').find(|word| word.starts_with("/_next/static/"));
    let script = script.expect("the page loads a script");
    assert_eq!(container.get(script).status, 200, "what it serves is beside it");
    let (took, _) = container.stop();
    assert!(took < Duration::from_secs(2), "{took:?}");

    app.replace("app/page.js", "hello", "good morning");
    let log = build.app(&app).succeeds();
    assert!(log.contains("Restoring caches of the build"), "{log}");
    assert!(!log.contains("Running npm ci"), "{log}");
}
