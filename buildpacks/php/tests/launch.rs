//! The supervisor and the helper, in processes of the image with fake servers.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use kouti_testing::{Built, Case, Fake, Launch};

use crate::support::bare;

/// An nginx that runs until it is asked to finish.
const NGINX: &str = r#"#!/bin/sh
case " $* " in *" -V "*|*" -t "*) exit 0 ;; esac
trap 'echo "nginx: finished" >&2; exit 0' QUIT
trap : HUP
while [ ! -e "$KOUTI_PHP_RUN_DIR/fpm" ]; do sleep 0.01; done
echo "nginx: started" >&2
while :; do sleep 0.05; done
"#;

fn nginx() -> Fake {
    nginx_with(NGINX)
}

fn nginx_with(program: &str) -> Fake {
    let build = format!(
        "mkdir -p \"$layers/nginx/bin\"\ncat >\"$layers/nginx/bin/nginx\" <<'END'\n{program}END\n\
         chmod +x \"$layers/nginx/bin/nginx\"\n\
         printf '[types]\\nlaunch = true\\n' >\"$layers/nginx.toml\""
    );
    Fake::new("test/nginx").plan("provides = [{ name = \"nginx\" }]").build(&build)
}

fn page() -> Case {
    bare().file("index.php", "<?php\n").before(nginx())
}

/// A place where somebody listens, as PHP-FPM would, and a directory of its own.
struct Place {
    listener: TcpListener,
    dir: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Self { listener, dir: tempfile::tempdir().unwrap() }
    }

    fn launch(&self, build: &Built) -> Launch {
        self.launch_type(build, "web")
    }

    fn launch_type(&self, build: &Built, process_type: &str) -> Launch {
        build
            .launch(process_type)
            .env("KOUTI_FPM_LISTEN", self.listener.local_addr().unwrap().to_string())
            .env("KOUTI_PHP_RUN_DIR", self.dir.path().join("run").to_str().unwrap())
    }

    fn read(&self, path: &str) -> String {
        fs_err::read_to_string(self.dir.path().join("run").join(path)).unwrap()
    }
}

#[test]
fn fpm_comes_first_and_goes_last() {
    let (build, place) = (page().build(), Place::new());
    let mut web = place.launch(&build).env("WEB_CONCURRENCY", "3").start().unwrap();
    web.wait_for("nginx: started").unwrap();
    let exit = web.stop().unwrap();
    assert_eq!(exit.status.code(), Some(0), "{}", exit.log);
    let order = [
        "3 PHP workers (WEB_CONCURRENCY)",
        "php-fpm is ready after",
        "nginx: started",
        "stopping: running requests are finished",
        "nginx: finished",
        "fpm: finishing",
    ];
    let places: Vec<_> =
        order.iter().map(|text| exit.log.find(text).unwrap_or(usize::MAX)).collect();
    assert!(places.is_sorted() && places[5] != usize::MAX, "{places:?}: {}", exit.log);

    assert_eq!(place.read("nginx/body.conf"), "client_max_body_size 8m;\n");
    assert!(place.read("nginx/server.conf").starts_with("listen 8080 default_server;\n"));
    let calls = build.launch_calls();
    let fpm = calls.iter().find(|call| call.tool == "php-fpm").unwrap();
    assert_eq!(fpm.env["KOUTI_FPM_MAX_CHILDREN"], "3");
    assert_eq!(fpm.env["KOUTI_FPM_START_SERVERS"], "1");
    assert_eq!(fpm.env["KOUTI_FPM_MAX_SPARE_SERVERS"], "2");
}

#[test]
fn settings_of_the_container_reach_the_servers() {
    let (build, place) = (page().build(), Place::new());
    let web = place.launch(&build).env("PORT", "9999").env("BPL_PHP_ACCESS_LOG", "off");
    let web = web.env("BPL_PHP_INI", "post_max_size=64M; memory_limit = 256M");
    let mut web = web.env("BPL_PHP_FPM_REQUEST_TIMEOUT", "90").start().unwrap();
    web.wait_for("nginx: started").unwrap();
    let _ = web.stop().unwrap();
    assert_eq!(place.read("conf.d/80-launch.ini"), "post_max_size = 64M\nmemory_limit = 256M\n");
    assert_eq!(place.read("nginx/body.conf"), "client_max_body_size 64m;\n");
    assert_eq!(place.read("nginx/timeout.conf"), "fastcgi_read_timeout 95;\n");
    assert_eq!(place.read("nginx/log.conf"), "access_log off;\n");
    assert!(place.read("nginx/server.conf").starts_with("listen 9999 default_server;\n"));
    let calls = build.launch_calls();
    let fpm = calls.iter().find(|call| call.tool == "php-fpm").unwrap();
    assert_eq!(fpm.env["KOUTI_FPM_REQUEST_TIMEOUT"], "90");
    assert!(
        fpm.env["PHP_INI_SCAN_DIR"].ends_with("/run/conf.d"),
        "{}",
        fpm.env["PHP_INI_SCAN_DIR"]
    );
}

#[test]
fn numbers_of_the_container_reach_fpm_and_the_web_server() {
    let (build, place) = (page().build(), Place::new());
    let web = place.launch(&build).env("BPL_PHP_FPM_MAX_CHILDREN", "7");
    let web = web.env("WEB_CONCURRENCY", "3").env("BPL_PHP_FPM_MAX_REQUESTS", "50");
    let mut web = web.env("BPL_PHP_KEEPALIVE", "12").start().unwrap();
    web.wait_for("7 PHP workers (BPL_PHP_FPM_MAX_CHILDREN)").unwrap();
    web.wait_for("nginx: started").unwrap();
    let _ = web.stop().unwrap();
    assert_eq!(place.read("nginx/keepalive.conf"), "keepalive_timeout 12;\n");
    let calls = build.launch_calls();
    let fpm = calls.iter().find(|call| call.tool == "php-fpm").unwrap();
    assert_eq!(fpm.env["KOUTI_FPM_MAX_CHILDREN"], "7");
    assert_eq!(fpm.env["KOUTI_FPM_MAX_REQUESTS"], "50");
}

#[test]
fn a_server_that_does_not_finish_is_ended_in_time_or_at_once() {
    let deaf = nginx_with(
        &NGINX.replace("trap 'echo \"nginx: finished\" >&2; exit 0' QUIT", "trap : QUIT"),
    );
    let (build, place) = (bare().file("index.php", "").before(deaf).build(), Place::new());
    let start = |seconds: &str| {
        let web = place.launch(&build).env("BPL_PHP_SHUTDOWN_TIMEOUT", seconds);
        let mut web = web.start().unwrap();
        web.wait_for("nginx: started").unwrap();
        web
    };
    let exit = start("1").stop().unwrap();
    assert_eq!(exit.status.code(), Some(143), "{}", exit.log);
    assert!(exit.log.contains("fpm: finishing"), "{}", exit.log);

    // Who asks twice does not want to wait: this one would for longer than the test.
    let mut web = start("600");
    let ask = |id: u32| {
        std::process::Command::new("kill").args(["-TERM", &id.to_string()]).status().unwrap()
    };
    ask(web.id());
    web.wait_for("stopping: running requests are finished").unwrap();
    ask(web.id());
    let exit = web.wait().unwrap();
    assert_eq!(exit.status.code(), Some(143), "{}", exit.log);
}

#[test]
fn the_end_of_one_server_is_the_end_of_all() {
    let (build, place) = (page().build(), Place::new());
    let mut web = place.launch(&build).start().unwrap();
    web.wait_for("nginx: started").unwrap();
    // The fake FPM ends like this when it gets the signal of a reload, which is USR2.
    let web_id = web.id();
    std::process::Command::new("kill").args(["-HUP", &web_id.to_string()]).status().unwrap();
    let exit = web.wait().unwrap();
    assert_eq!(exit.status.code(), Some(3), "{}", exit.log);
    assert!(exit.log.contains("php-start: php-fpm ended by itself with code 3"), "{}", exit.log);
    assert!(exit.log.contains("nginx: finished"), "{}", exit.log);
}

/// Whether somebody of a process group is left.
fn is_there(group: &str) -> bool {
    let script = format!("kill -s 0 -- -{}", group.trim());
    std::process::Command::new("sh").args(["-c", &script]).output().unwrap().status.success()
}

#[test]
fn nothing_outlives_a_master_that_was_killed_by_a_second() {
    // A web server with requests that nobody will answer.
    let busy = NGINX.replace("nginx: finished\" >&2; exit 0'", "nginx: asked to finish\" >&2'");
    let case = bare().file("index.php", "<?php\n").before(nginx_with(&busy));
    let (build, place) = (case.build(), Place::new());
    let mut web = place.launch(&build).env("FPM_WORKER", "1").start().unwrap();
    web.wait_for("nginx: started").unwrap();
    let master = place.read("fpm");
    assert!(is_there(&master));
    let killed = Instant::now();
    std::process::Command::new("kill").args(["-9", master.trim()]).status().unwrap();
    let exit = web.wait().unwrap();
    assert!(killed.elapsed() < Duration::from_secs(1), "{:?}: {}", killed.elapsed(), exit.log);
    assert_eq!(exit.status.code(), Some(137), "{}", exit.log);
    assert!(exit.log.contains("php-start: php-fpm was killed by signal 9"), "{}", exit.log);
    assert!(exit.log.contains("nginx: asked to finish"), "{}", exit.log);
    assert!(!is_there(&master), "its worker is gone too");
}

#[test]
fn what_php_has_left_in_the_background_ends_with_the_app() {
    let (build, place) = (page().build(), Place::new());
    let mut web = place.launch(&build).env("FPM_WORKER", "1").start().unwrap();
    web.wait_for("nginx: started").unwrap();
    let master = place.read("fpm");
    assert!(is_there(&master));
    let exit = web.stop().unwrap();
    assert_eq!(exit.status.code(), Some(0), "{}", exit.log);
    assert!(!is_there(&master));
}

#[test]
fn fpm_that_does_not_answer_is_not_waited_for_forever() {
    let (build, place) = (page().build(), Place::new());
    // Nobody listens where this one did.
    let address = place.listener.local_addr().unwrap().to_string();
    let web = place.launch(&build).env("BPL_PHP_STARTUP_TIMEOUT", "1");
    drop(place.listener);
    let exit = web.env("KOUTI_FPM_LISTEN", address).start().unwrap().wait().unwrap();
    assert_eq!(exit.status.code(), Some(1), "{}", exit.log);
    let page = &exit.log[exit.log.find("error[").unwrap()..];
    assert_snapshot!(page, @"
    error[php-fpm-not-ready]: php-fpm has not answered within 1s

    hint: its own messages are above
    hint: if it only needs more time, set BPL_PHP_STARTUP_TIMEOUT
    ");
    assert!(!exit.log.contains("nginx: started"), "{}", exit.log);
}

#[test]
fn commands_before_the_servers_can_stop_them() {
    let case = page().env("BP_PHP_PRE_START", "echo migrated\n\nexit 5\necho never\n");
    let (build, place) = (case.build(), Place::new());
    let exit = place.launch(&build).start().unwrap().wait().unwrap();
    assert_eq!(exit.status.code(), Some(5), "{}", exit.log);
    assert!(exit.log.contains("migrated") && !exit.log.contains("never"), "{}", exit.log);
    assert!(!exit.log.contains("fpm: ready"), "{}", exit.log);
}

#[test]
fn what_cannot_be_is_told_by_the_container() {
    let (build, place) = (page().build(), Place::new());
    let exit = place.launch(&build).env("PORT", "http").start().unwrap().wait().unwrap();
    assert_snapshot!(&exit.log[exit.log.find("error[").unwrap()..], @"
    error[bad-php-port]: PORT is `http`, which is not a port

    hint: set it to a number from 1 to 65535, such as 8080
    ");
    let exit =
        place.launch(&build).env("KOUTI_PHP_SERVER", "none").start().unwrap().wait().unwrap();
    assert_snapshot!(&exit.log[exit.log.find("error[").unwrap()..], @"
    error[no-php-server]: this image has no server that php-start could start

    hint: build it with BP_PHP_SERVER=nginx, httpd, php-server or fpm
    ");
    let web = place.launch(&build).env("BPL_PHP_INI", "memory limit = 1G");
    assert_snapshot!(build.clean(&web.prepare().unwrap_err().to_string()), @"
    launch: exec.d kouti_php/helper/exec.d/10-php-launch: exit status: 1
    error[bad-ini-directive]: BPL_PHP_INI has `memory limit = 1G`, which is no directive of php.ini

    hint: write `name=value`, several of them separated by `;`
    ");
    let foreign = place.dir.path().join("file");
    fs_err::write(&foreign, "").unwrap();
    let web = place.launch(&build).env("KOUTI_PHP_RUN_DIR", foreign.to_str().unwrap());
    let exit = web.start().unwrap().wait().unwrap();
    let page = exit.log[exit.log.find("error[").unwrap()..].to_owned();
    let page = page.replace(&*place.dir.path().to_string_lossy(), "<dir>");
    assert_snapshot!(page, @"
    error[no-run-directory]: `<dir>/file` belongs to somebody else

    hint: give the container a /tmp of its own that the app can write to: `--tmpfs /tmp`
    ");
}

#[test]
fn a_port_that_somebody_has_is_told_when_the_server_ends() {
    let broken = NGINX.replace("while :; do sleep 0.05; done", "exit 1");
    let fake = nginx_with(&broken);
    let (build, place) = (bare().file("index.php", "").before(fake).build(), Place::new());
    let taken = TcpListener::bind("0.0.0.0:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let exit = place.launch(&build).env("PORT", &port).start().unwrap().wait().unwrap();
    assert_eq!(exit.status.code(), Some(1), "{}", exit.log);
    let page = exit.log[exit.log.find("error[").unwrap()..].replace(&port, "<port>");
    assert_snapshot!(page, @"
    error[port-unusable]: port <port> cannot be used: somebody else listens there

    hint: set PORT to another one; below 1024 only root may listen
    ");
}

#[test]
fn without_a_launcher_the_supervisor_does_what_the_helper_does() {
    let (build, place) = (page().build(), Place::new());
    let web = place.launch(&build).env("BPL_PHP_INI", "a.b=c").env("KOUTI_LAUNCH_DONE", "");
    let mut web = web.start().unwrap();
    web.wait_for("nginx: started").unwrap();
    let _ = web.stop().unwrap();
    assert_eq!(place.read("conf.d/80-launch.ini"), "a.b = c\n");
    let calls = build.launch_calls();
    let fpm = calls.iter().find(|call| call.tool == "php-fpm").unwrap();
    assert!(
        fpm.env["PHP_INI_SCAN_DIR"].ends_with("/run/conf.d"),
        "{}",
        fpm.env["PHP_INI_SCAN_DIR"]
    );
}

/// A binding for sessions; the directory in which it is.
fn bound(entries: &[(&str, &str)]) -> tempfile::TempDir {
    let bindings = tempfile::tempdir().unwrap();
    let dir = bindings.path().join("sessions");
    fs_err::create_dir(&dir).unwrap();
    for (name, text) in entries {
        fs_err::write(dir.join(name), text).unwrap();
    }
    bindings
}

#[test]
fn sessions_are_bound_when_the_container_starts() {
    let (build, place) = (page().build(), Place::new());
    let bindings = bound(&[("type", "php-redis-session"), ("host", "db"), ("password", "canary")]);
    let web = place.launch(&build).env("SERVICE_BINDING_ROOT", bindings.path());
    let mut web = web.start().unwrap();
    web.wait_for("nginx: started").unwrap();
    let exit = web.stop().unwrap();
    assert!(!exit.log.contains("canary"), "{}", exit.log);
    assert_snapshot!(place.read("conf.d/90-session.ini"), @r#"
    extension = igbinary
    extension = redis
    session.save_handler = "redis"
    session.save_path = "tcp://db:6379?auth=canary"
    "#);
}

#[test]
fn a_store_for_sessions_is_what_its_binding_says() {
    let (build, place) = (page().build(), Place::new());
    let extensions = place.dir.path().join("extensions");
    fs_err::create_dir(&extensions).unwrap();
    for name in ["igbinary", "memcached", "msgpack", "redis"] {
        fs_err::write(extensions.join(format!("{name}.so")), "").unwrap();
    }
    let ini = |entries: &[(&str, &str)]| {
        let bindings = bound(entries);
        let web = place.launch(&build).env("SERVICE_BINDING_ROOT", bindings.path());
        web.env("PHP_EXTENSION_DIR", &extensions).prepare().unwrap();
        let ini = place.read("conf.d/90-session.ini");
        ini.replace(&*bindings.path().to_string_lossy(), "/bindings")
    };
    // Of another start with the same `/tmp`.
    let _ = place.launch(&build).env("BPL_PHP_INI", "a.b=c").prepare().unwrap();
    let (redis, memcached) = (("type", "php-redis-session"), ("type", "php-memcached-session"));
    let servers = ("servers", "a:11211,b");
    let files = [
        ini(&[redis, ("host", "db"), ("tls", "true"), ("ca.crt", "certificate")]),
        ini(&[memcached, servers]),
        ini(&[memcached, servers, ("username", "me"), ("password", "p\"a$s{")]),
    ];
    assert_snapshot!(files.join("\n"), @r#"
    extension = igbinary
    extension = redis
    session.save_handler = "redis"
    session.save_path = "tls://db:6379?stream[cafile]=/bindings/sessions/ca.crt"

    extension = igbinary
    extension = msgpack
    extension = memcached
    session.save_handler = "memcached"
    session.save_path = "a:11211,b"
    memcached.sess_binary_protocol = "On"
    memcached.sess_persistent = "On"

    extension = igbinary
    extension = msgpack
    extension = memcached
    session.save_handler = "memcached"
    session.save_path = "a:11211,b"
    memcached.sess_binary_protocol = "On"
    memcached.sess_persistent = "On"
    memcached.sess_sasl_username = "me"
    memcached.sess_sasl_password = "p\"a$s{"
    "#);
    assert!(!place.dir.path().join("run/conf.d/80-launch.ini").exists());
}

#[test]
fn a_worker_of_a_procfile_has_the_same_php() {
    let worker = Fake::new("test/procfile").build(
        "printf '[[processes]]\ntype = \"worker\"\ncommand = [\"php\"]\nargs = [\"worker.php\"]\n' \
         >\"$layers/launch.toml\"",
    );
    let case = page().file(".php.ini.d/own.ini", "a.b = c\n").after(worker);
    let (build, place) = (case.build(), Place::new());
    let bindings = bound(&[("type", "php-redis-session"), ("host", "db")]);
    let worker = place.launch_type(&build, "worker").env("BPL_PHP_INI", "memory_limit=1G");
    let worker = worker.env("SERVICE_BINDING_ROOT", bindings.path()).start().unwrap();
    let exit = worker.wait().unwrap();
    assert_eq!(exit.status.code(), Some(0), "{}", exit.log);
    let calls = build.launch_calls();
    assert_eq!(calls[0].line(), "php worker.php");
    let web = build.launch_env("web");
    assert_eq!(calls[0].env["PHPRC"], web["PHPRC"]);
    let run_dir = place.dir.path().join("run/conf.d").display().to_string();
    let scanned = calls[0].env["PHP_INI_SCAN_DIR"].strip_suffix(&format!(":{run_dir}")).unwrap();
    assert_eq!(build.clean(scanned), web["PHP_INI_SCAN_DIR"]);
    assert!(scanned.ends_with("/.php.ini.d"), "{scanned}");
    assert_eq!(place.read("conf.d/80-launch.ini"), "memory_limit = 1G\n");
    assert!(place.read("conf.d/90-session.ini").contains("tcp://db:6379"));
}

#[test]
fn a_certificate_is_bound_when_the_container_starts() {
    let case = page().env("BP_PHP_NGINX_ENABLE_HTTPS", "true");
    let (build, place) = (case.build(), Place::new());
    let bindings = tempfile::tempdir().unwrap();
    let dir = bindings.path().join("https");
    fs_err::create_dir(&dir).unwrap();
    for (name, text) in [("type", "tls"), ("tls.crt", "x"), ("tls.key", "y")] {
        fs_err::write(dir.join(name), text).unwrap();
    }
    let root = bindings.path().to_str().unwrap();
    let mut web = place.launch(&build).env("SERVICE_BINDING_ROOT", root).start().unwrap();
    web.wait_for("nginx: started").unwrap();
    let _ = web.stop().unwrap();
    let server = place.read("nginx/server.conf");
    assert!(server.contains("listen 8080 ssl default_server;"), "{server}");
    assert!(server.contains(&format!("ssl_certificate {root}/https/tls.crt;")), "{server}");
    assert!(server.contains(&format!("ssl_certificate_key {root}/https/tls.key;")), "{server}");
}

#[test]
fn php_serves_by_itself_where_nothing_else_does() {
    let build = bare().file("index.php", "<?php\n").build();
    let place = Place::new();
    let exit = place.launch(&build).start().unwrap().wait().unwrap();
    let calls = build.launch_calls();
    assert!(calls[0].line().starts_with("php -S "), "{}", calls[0].line());
    assert!(calls[0].line().ends_with(":8080 -t <app>"), "{}", calls[0].line());
    assert_eq!(exit.status.code(), Some(70), "a server has no reason to end: {}", exit.log);
}

#[test]
fn fpm_that_ends_at_once_keeps_the_web_server_from_starting() {
    let (build, place) = (page().build(), Place::new());
    let address = place.listener.local_addr().unwrap().to_string();
    let web = place.launch(&build).env("FPM_FAILS", "78");
    drop(place.listener);
    let exit = web.env("KOUTI_FPM_LISTEN", address).start().unwrap().wait().unwrap();
    assert_eq!(exit.status.code(), Some(78), "{}", exit.log);
    assert!(exit.log.contains("php-start: php-fpm ended by itself with code 78"), "{}", exit.log);
    assert!(!exit.log.contains("nginx: started"), "{}", exit.log);
}

#[test]
fn bad_settings_of_the_container_are_told_and_do_not_count() {
    let (build, place) = (page().build(), Place::new());
    let web = place.launch(&build).env("BPL_PHP_FPM_PM", "fast").env("BPL_LOG_LEVEL", "debug");
    let mut web = web.start().unwrap();
    web.wait_for("nginx: started").unwrap();
    let log = web.stop().unwrap().log;
    let warning = "php-start: warning: BPL_PHP_FPM_PM is `fast`, not one of dynamic, static, \
                   ondemand; the default is used\n";
    assert!(log.contains(warning), "{log}");
    assert!(log.contains("php-start: KOUTI_FPM_PM=dynamic\n"), "{log}");
}

/// Runs the command behind `--` once a file is there, and not again.
const WATCHEXEC: &str = r#"
while [ "$1" != -- ]; do shift; done
shift
while [ ! -e "$KOUTI_PHP_RUN_DIR/changed" ]; do sleep 0.01; done
echo "watchexec: changed" >&2
"$@"
while :; do sleep 0.05; done
"#;

#[test]
fn live_reload_lets_the_servers_read_their_files_again() {
    let watchexec = format!(
        "mkdir -p \"$layers/watchexec/bin\"\n\
         printf '#!/bin/sh\\n' >\"$layers/watchexec/bin/watchexec\"\n\
         cat >>\"$layers/watchexec/bin/watchexec\" <<'END'\n{WATCHEXEC}END\n\
         chmod +x \"$layers/watchexec/bin/watchexec\"\n\
         printf '[types]\\nlaunch = true\\n' >\"$layers/watchexec.toml\""
    );
    let provider = Fake::new("test/watchexec").plan("provides = [{ name = \"watchexec\" }]");
    let reloads = NGINX.replace("trap : HUP", "trap 'echo \"nginx: read again\" >&2' HUP");
    let case = bare()
        .file("index.php", "<?php\n")
        .file(".nginx.conf.d/own-server.conf", "gzip off;\n")
        .before(nginx_with(&reloads))
        .before(provider.build(&watchexec))
        .env("BP_LIVE_RELOAD_ENABLED", "true");
    let (build, place) = (case.build(), Place::new());
    assert!(
        build
            .layer("php-config")
            .read("conf.d/00-kouti.ini")
            .ends_with("opcache.validate_timestamps = 1\nopcache.revalidate_freq = 0\n")
    );
    let mut web = place.launch(&build).env("FPM_RELOADS", "yes").start().unwrap();
    web.wait_for("nginx: started").unwrap();
    fs_err::write(place.dir.path().join("run/changed"), "").unwrap();
    // In whatever order.
    web.wait_for(": read again").unwrap();
    web.wait_for(": read again").unwrap();
    let exit = web.stop().unwrap();
    assert_eq!(exit.status.code(), Some(0), "{}", exit.log);
    for name in ["fpm", "nginx"] {
        assert!(exit.log.contains(&format!("{name}: read again")), "{}", exit.log);
    }
}

#[test]
fn a_procfile_can_name_paketos_supervisor() {
    let list = "processes:\n  web:\n    command: nginx\n    args: [\"-g\", \"daemon off;\"]\n  \
                php:\n    command: php-fpm\n    args:\n    - -F\n";
    let web = Fake::new("test/procfile").build(
        "printf '[[processes]]\\ntype = \"web\"\\ncommand = [\"procmgr-binary\"]\\nargs = [\"procs.yml\"]\\n' \
         >\"$layers/launch.toml\"",
    );
    let case = page().file("procs.yml", list).after(web);
    let (build, place) = (case.build(), Place::new());
    let mut web = place.launch(&build).start().unwrap();
    web.wait_for("nginx: started").unwrap();
    let exit = web.stop().unwrap();
    assert_eq!(exit.status.code(), Some(0), "{}", exit.log);
    assert!(exit.log.contains("fpm: finishing"), "{}", exit.log);

    let missing = place.launch(&build).args(["missing.yml"]).start().unwrap().wait().unwrap();
    assert_eq!(missing.status.code(), Some(1), "{}", missing.log);
    assert_snapshot!(&missing.log[missing.log.find("error[").unwrap()..], @"
    error[bad-process-file]: the list of processes missing.yml: does not exist

    hint: write below `processes` a name for each program, and below that `command` and `args`
    hint: without a file, `php-start` starts PHP-FPM and the web server of this image
    ");
    let many = place.launch(&build).args(["a", "b"]).start().unwrap().wait().unwrap();
    assert_snapshot!(&many.log[many.log.find("error[").unwrap()..], @"
    error[bad-start-arguments]: these arguments of procmgr-binary mean nothing

    hint: `php-start` starts what the image was built for, `php-start --check` only checks its configuration
    hint: `procmgr-binary list.yml` starts the programs of a list
    ");
}

#[test]
fn a_store_for_sessions_needs_its_extension() {
    let (build, place) = (page().build(), Place::new());
    let bindings = bound(&[("type", "php-memcached-session")]);
    let web = place.launch(&build).env("SERVICE_BINDING_ROOT", bindings.path());
    assert_snapshot!(build.clean(&web.prepare().unwrap_err().to_string()), @"
    launch: exec.d kouti_php/helper/exec.d/10-php-launch: exit status: 1
    error[no-session-extension]: sessions are to be kept in memcached, but this PHP has no extension `memcached`

    hint: start the container without the binding
    hint: or build with BP_PHP_EXTENSIONS=memcached and a PHP that has it
    ");
}
