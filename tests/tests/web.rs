//! Web servers and static sites, from source to an answer.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;

use kouti_image_tests::{App, Build};

use crate::utilities::{binding, volume};

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
fn a_configuration_without_templates_runs_on_a_read_only_root_too() {
    let app = App::sample("nginx");
    app.replace("nginx.conf", "listen {{port}};", "listen 8080;");
    app.replace("nginx.conf", "{{env \"GREETING\" \"hello\" | quote}}", "plain");
    let build = Build::new("nginx-plain");
    let _ = build.app(&app).succeeds();
    let container = build.image.run().hardened().start();
    assert!(container.get("/").head.contains("X-Greeting: plain"), "{}", container.log());
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

#[test]
#[ignore = "image test"]
fn a_site_is_described_in_project_toml() {
    let app = App::sample("static");
    for server in ["nginx", "httpd"] {
        app.write(
            "project.toml",
            &format!(
                "[io.kouti.web-server]\nserver = \"{server}\"\nroot = \".\"\npush_state = true\n\
                 health_path = \"/healthz\"\nheaders.\"/**\" = {{ X-Frame-Options = \"DENY\" }}\n\
                 redirects = [\"/old /new 301\"]\n"
            ),
        );
        let build = Build::new("project-toml");
        let log = build.app(&app).succeeds();
        assert!(log.contains(&format!("{server} accepts it")), "{log}");
        let container = build.image.run().hardened().start();
        assert_eq!(container.get("/healthz").status, 200, "{server}");
        let page = container.get("/deep/link");
        assert_eq!(page.status, 200, "{server}: {}", page.head);
        assert!(page.head.contains("X-Frame-Options: DENY"), "{server}: {}", page.head);
        assert_eq!(container.get("/old").status, 301, "{server}");
        assert_eq!(container.get("/project.toml").status, 404, "{server}");
    }
}

#[test]
#[ignore = "image test"]
fn a_binding_says_who_may_see_a_site() {
    let build = Build::new("protected");
    let _ = build
        .app(&App::sample("static"))
        .env("BP_WEB_SERVER_BASIC_AUTH", "true")
        .env("BP_WEB_SERVER_HEALTH_PATH", "/healthz")
        .succeeds();
    let log = ends(&build, &[]);
    assert!(log.contains("error[no-template-value]"), "{log}");
    assert!(log.contains("nothing says who may see it"), "{log}");

    let users = binding("htpasswd", &[(".htpasswd", "me:{PLAIN}secret\n")]);
    let run = build.image.run().hardened().env("SERVICE_BINDING_ROOT", "/bindings");
    let container = run.arg("--volume").arg(&volume(&users, "/bindings/users")).start();
    assert_eq!(container.get("/").status, 401);
    assert_eq!(container.get("/healthz").status, 200);
    let login = container.request("/", "Authorization: Basic bWU6c2VjcmV0\r\n").unwrap();
    assert_eq!(login.status, 200, "{}", login.head);
    assert!(login.body.contains("Hello from a static site"), "{}", login.body);
}

#[test]
#[ignore = "image test"]
fn a_container_without_any_place_for_files_says_so() {
    let build = Build::new("no-place");
    let _ = build.app(&App::sample("nginx")).succeeds();
    let log = ends(&build, &["--read-only", "--user=54321:0"]);
    assert!(log.contains("error[temp-dir-not-writable]"), "{log}");
    assert!(log.contains("docker run --tmpfs /tmp"), "{log}");
}

#[test]
#[ignore = "image test"]
fn a_front_end_leaves_nothing_but_its_files_and_learns_what_the_container_knows() {
    let build = Build::new("vite-env");
    // The preset says where the files are, and that the app routes in the browser.
    let log = build
        .app(&App::sample("vite"))
        .env("BP_WEB_SERVER", "nginx")
        .env("BP_WEB_SERVER_RUNTIME_ENV", "js")
        .env("BP_INCLUDE_FILES", "dist")
        .succeeds();
    assert!(log.contains("BP_WEB_SERVER_ROOT=dist for the web server"), "{log}");
    assert_eq!(build.image.shell("ls -A /workspace"), "dist\n");
    let run = build.image.run().hardened().env("PUBLIC_WEB_API", "https://api.example");
    let container = run.env("SECRET", "canary").start();
    let answer = container.get("/env.js");
    assert_eq!(answer.body, "window.__ENV__ = {\"PUBLIC_WEB_API\":\"https://api.example\"};\n");
    assert_eq!(container.get("/deep/link").status, 200);
}

#[test]
#[ignore = "image test"]
fn a_procfile_starts_the_server_with_the_same_service() {
    let app = App::sample("nginx");
    app.write("Procfile", "web: nginx -p . -c nginx.conf\n");
    app.write("public/big.bin", &"x".repeat(8 << 20));
    let build = Build::new("nginx-procfile");
    let _ = build.app(&app).succeeds();
    let run = build.image.run().hardened().env("GREETING", "ahoy");
    let container = run.env("BPL_WEB_SERVER_GRACEFUL_TIMEOUT", "30").start();
    assert!(container.get("/").head.contains("X-Greeting: ahoy"));

    // A request that is under way when the container is asked to stop.
    let mut stream = TcpStream::connect(container.address()).unwrap();
    stream.write_all(b"GET /big.bin HTTP/1.0\r\nHost: x\r\n\r\n").unwrap();
    let mut first = [0; 1000];
    stream.read_exact(&mut first).unwrap();
    let (rest, code) = std::thread::scope(|scope| {
        let stopping = scope.spawn(|| container.stop().1);
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
        (rest.len(), stopping.join().unwrap())
    });
    assert!(first.len() + rest > 8 << 20, "the whole file: {rest}");
    assert_eq!(code, 0, "{}", container.log());
}

#[test]
#[ignore = "image test"]
fn a_repository_that_is_a_site_shows_nothing_else_of_itself() {
    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
    let app = App::sample("static");
    fs_err::create_dir(app.dir().join(".git")).unwrap();
    app.write(".git/HEAD", COMMIT);
    app.write(".git/config", "[remote \"origin\"]\nurl = git@example.org:team/site.git\n");
    for name in [".env", "manifest.yml", "yarn.lock", "server.conf"] {
        app.write(name, "canary");
    }
    let build = Build::new("repository");
    let log = build.app(&app).succeeds();
    assert!(log.contains("Recognised a site in the app's directory"), "{log}");
    let container = build.image.run().hardened().start();
    assert!(container.get("/").body.contains("Hello from a static site"));
    for path in
        ["/.git/HEAD", "/.git/config", "/.env", "/manifest.yml", "/yarn.lock", "/server.conf"]
    {
        assert_eq!(container.get(path).status, 404, "{path}");
    }
    let labels = build.image.labels();
    assert_eq!(labels["org.opencontainers.image.revision"], COMMIT);
    assert_eq!(labels["org.opencontainers.image.source"], "https://example.org/team/site.git");
}

#[test]
#[ignore = "image test"]
fn an_app_of_node_with_a_configuration_of_nginx_is_what_the_user_says() {
    let app = App::sample("nodejs");
    let conf =
        "events {}\nhttp { server { listen {{port}}; location / { return 200 \"by nginx\"; } } }\n";
    app.write("nginx.conf", conf);
    let build = Build::new("node-or-nginx");
    let log = build.app(&app).succeeds();
    assert!(log.contains("nothing of its package.json is built or started"), "{log}");
    assert_eq!(build.image.run().hardened().start().get("/").body, "by nginx");
    let _ = build.app(&app).env("BP_WEB_SERVER", "none").succeeds();
    assert_ne!(build.image.run().hardened().start().get("/").body, "by nginx");
}

/// What a container prints that does not start.
fn ends(build: &Build, args: &[&str]) -> String {
    let mut command = Command::new("docker");
    let output = command.args(["run", "--rm"]).args(args).arg(build.image.name()).output().unwrap();
    let log = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "it starts: {log}");
    log
}
