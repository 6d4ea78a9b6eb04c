//! Web servers and static sites, from source to an answer.

use kouti_image_tests::{App, Build};

#[test]
#[ignore = "image test"]
fn an_nginx_configuration_is_rendered_for_each_container() {
    let build = Build::new("nginx");
    let log = build.app(&App::sample("nginx")).succeeds();
    assert!(log.contains("nginx accepts it"), "{log}");
    let container = build.image.run().hardened().start();
    let answer = container.get("/");
    assert_eq!(answer.status, 200, "{}", answer.head);
    assert!(answer.head.contains("X-Greeting: hello"), "{}", answer.head);
    assert!(answer.head.contains("Content-Type: text/html"), "{}", answer.head);
    assert!(!answer.head.contains("nginx/"), "no version: {}", answer.head);
    let (_, code) = container.stop();
    assert_eq!(code, 0, "{}", container.log());

    let other = build.image.run().hardened().env("GREETING", "ahoy").start();
    assert!(other.get("/").head.contains("X-Greeting: ahoy"));
}

#[test]
#[ignore = "image test"]
fn a_front_end_is_built_by_node_and_served_without_it() {
    let build = Build::new("vite");
    let app = App::sample("vite");
    let log = build
        .app(&app)
        .env("BP_WEB_SERVER_FORCE_HTTPS", "true")
        .env("BP_WEB_SERVER_ENABLE_PUSH_STATE", "true")
        .env("BP_WEB_SERVER_HEALTH_PATH", "/healthz")
        .succeeds();
    assert!(log.contains("vite build"), "{log}");
    let container = build.image.run().hardened().start();
    assert_eq!(container.get("/healthz").status, 200);
    let https = "X-Forwarded-Proto: https\r\n";
    let page = container.request("/deep/link", https).unwrap();
    assert_eq!(page.status, 200, "{}", page.head);
    assert!(page.body.contains("Hello from Vite"), "{}", page.body);
    assert_eq!(container.request("/assets/missing.js", https).unwrap().status, 404);
    assert_eq!(container.request("/", "").unwrap().status, 301);
    let left =
        build.image.shell("find /layers /workspace -name node_modules -o -name 'node' -type f");
    assert_eq!(left, "", "nothing of Node.js is in the image");
}

#[test]
#[ignore = "image test"]
fn a_site_without_anything_else_is_served_by_httpd_too() {
    let app = App::sample("static");
    app.write("Staticfile", "pushstate: enabled\n");
    app.write("Procfile.secret", "canary");
    let build = Build::new("httpd");
    let log = build.app(&app).env("BP_WEB_SERVER", "httpd").succeeds();
    assert!(log.contains("httpd accepts it"), "{log}");
    let container = build.image.run().hardened().start();
    assert!(container.get("/").body.contains("Hello from a static site"));
    assert_eq!(container.get("/deep/link").status, 200);
    assert_eq!(container.get("/missing.js").status, 404);
    assert_eq!(container.get("/Staticfile").status, 404);
}
