//! Configurations of the app, served by the real nginx.

use std::net::TcpListener;

use kouti_testing::Case;
use kouti_testing::real::Site;

use crate::support::real;

const CONF: &str = "events {}\nhttp {\n  include mime.types;\n  server {\n    listen {{port}};\n    root public;\n  }\n}\n";

fn app(conf: &str) -> Option<Case> {
    Some(real()?.file("nginx.conf", conf).file("public/index.html", "hello"))
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn the_port_may_change_in_the_same_container() {
    let Some(case) = app(CONF) else { return };
    let build = case.file("mime.types", "types { text/x-own html; }\n").build();
    let temp = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        // What the last start has left is there.
        let site = Site::start(&build, &[("TMPDIR", temp.path().to_str().unwrap())]);
        let answer = site.get("/");
        assert_eq!((answer.status, answer.body.as_str()), (200, "hello"));
        assert_eq!(answer.header("Content-Type"), Some("text/x-own"), "the app's own types");
        assert!(site.stop().status.success());
    }
    let names = fs_err::read_dir(temp.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let is_tree = |name: &std::ffi::OsString| name.to_string_lossy().starts_with("kouti-nginx-");
    assert_eq!(names.filter(is_tree).count(), 1);
}

#[test]
fn a_configuration_without_templates_is_left_where_it_is() {
    let port = free_port();
    let Some(case) = app(&CONF.replace("{{port}}", &port.to_string())) else { return };
    let build = case.build();
    let warning = "warning: nginx.conf does not use the port that the platform gives\n";
    assert!(build.log().contains(warning), "{}", build.log());
    let site = Site::start(&build, &[]);
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        std::thread::yield_now();
    }
    assert_eq!(site.get_at(port, "/").body, "hello");
}

#[test]
fn what_a_container_needs_may_be_said_or_not() {
    for main in [
        "daemon off;\npid {{tempDir}}/own.pid;\nerror_log stderr;\nworker_processes 2;\n",
        "daemon off;\n",
        "pid {{tempDir}}/own.pid;\n",
        "",
    ] {
        let Some(case) = app(&format!("{main}{CONF}")) else { return };
        let site = Site::start(&case.build(), &[]);
        assert_eq!(site.get("/").body, "hello", "{main}");
        let pid = if main.contains("own.pid") { "own.pid" } else { "nginx.pid" };
        assert!(site.temp().join(pid).is_file(), "{main}");
        assert!(site.stop().status.success(), "it stays in the foreground: {main}");
    }
}

#[test]
fn the_configuration_is_shown_without_secrets() {
    let header = "server {\n    add_header X-Seen \"{{env \"API_TOKEN\"}} {{env \"COLOUR\"}}\";";
    let Some(case) = app(&CONF.replacen("server {", header, 1)) else { return };
    let variables =
        [("BPL_DEBUG_CONFIG", "true"), ("API_TOKEN", "canary-3f6a"), ("COLOUR", "blue")];
    let mut site = Site::start(&case.build(), &variables);
    site.wait_for("add_header X-Seen \"*** blue\";");
    assert_eq!(site.get("/").header("X-Seen"), Some("canary-3f6a blue"));
}

#[test]
fn the_real_nginx_names_the_line_of_the_app() {
    let conf = CONF.replace("    root public;", "    # {{env \"A\"}}\n    rooot public;");
    let Some(case) = app(&conf) else { return };
    let error = case.fails().error();
    let start = "error[bad-nginx-configuration]: nginx.conf:7: nginx says: unknown directive \"rooot\"\n --> nginx.conf:7:5\n";
    assert!(error.starts_with(start), "{error}");
}

#[test]
fn templates_decide_between_branches() {
    let conf = CONF.replace(
        "    root public;",
        "    {{- /* a comment */ -}}\n    {{if env \"FEATURE\"}}return 200 \"{{env \"FEATURE\" | printf \"%s!\"}}\";{{else}}\n    root public;{{end}}",
    );
    let Some(case) = app(&conf) else { return };
    let build = case.build();
    assert_eq!(Site::start(&build, &[]).get("/").body, "hello");
    assert_eq!(Site::start(&build, &[("FEATURE", "on")]).get("/").body, "on!");
}

#[test]
fn nameservers_of_the_container_are_used() {
    let conf = CONF.replace("    root public;", "    resolver {{nameservers}};\n    root public;");
    let Some(case) = app(&conf) else { return };
    assert_eq!(Site::start(&case.build(), &[]).get("/").body, "hello");
}

#[test]
fn a_procfile_command_gets_the_same_service() {
    // What `kouti/procfile` makes of `web: nginx -p . -c nginx.conf`.
    let procfile = |command: &str| {
        let toml = format!(
            "[[processes]]\ntype = \"web\"\ndefault = true\ncommand = [\"bash\", \"-c\", {command:?}, \"web\"]\n"
        );
        kouti_testing::Fake::new("test/procfile")
            .build(&format!("cat >$layers/launch.toml <<'END'\n{toml}END"))
    };
    for command in
        ["nginx -p . -c nginx.conf", "nginx -p $PWD -c nginx.conf -g 'daemon off;'", "exec nginx"]
    {
        let Some(case) = app(CONF) else { return };
        let build = case.after(procfile(command)).build();
        let site = Site::start(&build, &[]);
        assert_eq!(site.get("/").body, "hello", "{command}");
        assert!(site.stop().status.success(), "{command}");
    }
}

#[test]
fn a_module_of_the_server_forwards_connections() {
    let conf = "{{module \"ngx_stream_module\"}}\nevents {}\nstream {\n  server {\n    listen {{port}};\n    proxy_pass 127.0.0.1:{{env \"TO\" \"1\"}};\n  }\n}\n";
    let Some(case) = app(conf) else { return };
    if !has_stream(&case) {
        // Some distributions compile it in, and have no file for it.
        let error = case.fails().error();
        assert!(error.contains("there is no module `ngx_stream_module`"), "{error}");
        return;
    }
    let build = case.build();
    let upstream = kouti_testing::upstream::Upstream::start();
    upstream.serve("/", "behind");
    let site = Site::start(&build, &[("TO", &upstream.address().port().to_string())]);
    assert_eq!(site.get("/").body, "behind");
}

/// Whether the server has the module as a file.
fn has_stream(case: &Case) -> bool {
    let build = case.clone().file("nginx.conf", CONF).build();
    build.layer("nginx").has("dist/modules/ngx_stream_module.so")
}
