//! The real PHP, PHP-FPM, nginx, httpd and Composer, as `cargo xtask mirror` makes them.
//!
//! `cargo xtask test unit` runs them as a step of their own: each unpacks PHP.

mod ends;
mod httpd;
mod packages;
mod reload;
mod sessions;
mod trust;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use kouti_testing::lifecycle::Env;
use kouti_testing::real::{self, Answer, Site, archive};
use kouti_testing::{Artifact, Built, Case, Subject};

/// Generated configurations name places below `/tmp`, which these tests share.
static PLACES: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    PLACES.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Archives {
    php: Archive,
    nginx: Archive,
    /// Not everywhere.
    httpd: Option<Archive>,
    composer: Archive,
}

/// Version and bytes.
type Archive = (String, Vec<u8>);

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn archives() -> &'static Archives {
    static FOUND: OnceLock<Option<Archives>> = OnceLock::new();
    let find = || {
        let php = archive(&root(), "php", "bin/php")?;
        let nginx = archive(&root(), "nginx", "sbin/nginx")?;
        let httpd = archive(&root(), "httpd", "bin/httpd");
        Some(Archives { php, nginx, httpd, composer: mirrored("composer-", ".phar")? })
    };
    FOUND
        .get_or_init(find)
        .as_ref()
        .expect("first run `cargo xtask mirror --only php --only nginx`")
}

/// A file of the mirror that is not tried first.
fn mirrored(prefix: &str, suffix: &str) -> Option<Archive> {
    let entries = fs_err::read_dir(root().join("target/mirror/archives")).ok()?;
    entries.filter_map(|entry| Some(entry.ok()?.path())).find_map(|path| {
        let version = path.file_name()?.to_str()?.strip_prefix(prefix)?.strip_suffix(suffix)?;
        Some((version.to_owned(), fs_err::read(&path).unwrap()))
    })
}

/// The real programs, and nginx in the same group.
fn case() -> Case {
    case_with(&archives().php)
}

fn case_with(php: &Archive) -> Case {
    let Archives { nginx, composer, .. } = archives();
    let program = env!("CARGO_BIN_EXE_kouti-php");
    Case::new(program, concat!(env!("CARGO_MANIFEST_DIR"), "/buildpack.toml"))
        .helper(env!("CARGO_BIN_EXE_kouti-php-helper"))
        .env("KOUTI_TODAY", "2026-06-01")
        .default_version("php", "*")
        .default_version("composer", "2.*")
        .artifact(artifact("php", php))
        .artifact(artifact("composer", composer).with("name", "Composer"))
        .before(provider("nginx", nginx))
}

fn artifact(id: &str, (version, bytes): &Archive) -> Artifact {
    Artifact::new(id, version).bytes(bytes.clone())
}

/// The buildpack of another program, with the real one.
fn provider(name: &str, archive: &Archive) -> Subject {
    let program = env!("CARGO_BIN_EXE_kouti-php");
    Subject::neighbour(program, env!("CARGO_MANIFEST_DIR"), name)
        .artifact(artifact(name, archive))
        .default_version(name, "*")
        .optional()
}

fn probe() -> Case {
    case().app_dir(root().join("tests/apps/php-probe")).env("BP_PHP_SERVER", "nginx")
}

/// [`case`] with httpd in place of nginx, where one runs on this host.
fn on_httpd() -> Option<Case> {
    let httpd = archives().httpd.as_ref()?;
    Some(case().before(provider("httpd", httpd)).env("BP_PHP_SERVER", "httpd"))
}

/// [`probe`] with a front controller on each web server that runs on this host.
fn probes() -> Vec<(&'static str, Case)> {
    let httpd = on_httpd().map(|case| case.app_dir(root().join("tests/apps/php-probe")));
    let cases = [("nginx", Some(probe())), ("httpd", httpd)];
    let cases = cases.into_iter().filter_map(|(server, case)| Some((server, case?)));
    cases.map(|(server, case)| (server, case.env("BP_PHP_FRONT_CONTROLLER", "index.php"))).collect()
}

/// What a program of the image prints, with the variables of its process.
fn output(built: &Built, script: &str) -> String {
    let (env, _): (Env, String) = built.launch("web").prepare().unwrap();
    let output = Command::new("sh")
        .args(["-c", script])
        .env_clear()
        .envs(env.iter())
        .current_dir(built.app_path("."))
        .output()
        .unwrap();
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

/// By a protocol that knows no chunks.
fn plain(site: &Site, path: &str) -> Answer {
    site.send(&format!("GET {path} HTTP/1.0\r\nHost: site.example\r\n\r\n"))
}

fn body(site: &Site) -> String {
    plain(site, "/").body
}

fn post(site: &Site, bytes: usize) -> String {
    let body = "x".repeat(bytes);
    let answer = site.send(&format!(
        "POST /upload HTTP/1.0\r\nHost: site.example\r\nContent-Type: text/plain\r\nContent-Length: {bytes}\r\n\r\n{body}"
    ));
    format!("{} {}", answer.status, answer.body.trim())
}

/// Stands in for the supervisor, whose numbers the configuration takes from variables.
const FPM: &str = "KOUTI_FPM_CONTROL_TIMEOUT=8s KOUTI_FPM_LISTEN=/tmp/x KOUTI_FPM_LISTEN_MODE=0660 \
    KOUTI_FPM_PM=dynamic KOUTI_FPM_MAX_CHILDREN=5 KOUTI_FPM_START_SERVERS=2 \
    KOUTI_FPM_MAX_SPARE_SERVERS=3 KOUTI_FPM_MAX_REQUESTS=0 KOUTI_FPM_REQUEST_TIMEOUT=0";

#[test]
#[ignore = "needs runtimes of the local profile"]
fn requests_reach_php_as_they_should() {
    let _alone = alone();
    let case = probe();
    let built = case
        .env("BP_PHP_FRONT_CONTROLLER", "index.php")
        .file(".php.fpm.d/own.conf", "pm.max_children = 9\n")
        .build();
    let settings = output(&built, &format!("{FPM} php-fpm -tt -R -y $PHP_FPM_PATH -c $PHPRC"));
    assert!(settings.contains("pm.max_children = 9"), "{settings}");
    assert!(settings.contains("process_control_timeout = 8s"), "{settings}");
    assert_eq!(output(&built, "php-start --check"), "");

    let site = Site::start(&built, &[("BPL_PHP_FPM_STATUS", "true")]);
    assert_eq!(site.get("/").status, 200);
    let body = site.get_with("/index.php/a/b", "Authorization: Bearer t\r\n").body;
    for line in ["PATH_INFO=/a/b", "HTTP_AUTHORIZATION=Bearer t", "SCRIPT_NAME=/index.php"] {
        assert!(body.contains(line), "{line}: {body}");
    }
    assert!(site.get("/some/page").body.contains("path=/some/page"));
    for (path, status) in [
        ("/app.js/x.php", 404),
        ("/missing.php", 404),
        ("/.env", 403),
        ("/.well-known/proof.txt", 200),
        ("/app.js", 200),
        ("/-/fpm-ping", 200),
    ] {
        assert_eq!(site.get(path).status, status, "{path}");
    }
    assert!(site.get("/-/fpm-status").body.contains("accepted conn"));
    for (header, status) in [("http", 301), ("HTTP, https", 301), ("https", 200), ("", 200)] {
        let line = format!("X-Forwarded-Proto: {header}\r\n");
        let headers = if header.is_empty() { "" } else { &line };
        let answer = site.get_with("/x", headers);
        assert_eq!(answer.status, status, "{header}: {}", answer.head);
        let is_tls = answer.body.contains("HTTPS=on");
        assert_eq!(is_tls, header == "https", "{header}: {}", answer.body);
    }
    // Of trusted proxies, the last one that is not trusted is who asks.
    let body = site.get_with("/x", "X-Forwarded-For: 203.0.113.9, 10.1.1.1\r\n").body;
    assert!(body.contains("REMOTE_ADDR=203.0.113.9"), "{body}");
    assert_eq!(post(&site, 5 << 20), "200 5242880");
    assert_eq!(post(&site, 9 << 20).split(' ').next(), Some("413"));

    let _ = site.get("/log");
    let exit = site.stop();
    assert_eq!(exit.status.code(), Some(0), "{}", exit.log);
    assert!(exit.log.contains("\na line of the app\n"), "as it was written: {}", exit.log);
    let message = exit.log.lines().filter(|line| line.contains("a message of the app")).count();
    assert_eq!(message, 1, "{}", exit.log);

    let site = Site::start(&built, &[("BPL_PHP_INI", "post_max_size=64M;memory_limit=256M")]);
    assert_eq!(post(&site, 40 << 20), format!("200 {}", 40 << 20));
    assert!(site.get("/x").body.contains("memory_limit=256M"));
}

/// Shaped like the defaults of Cloud Foundry's classic buildpack, which users copy and change.
const CLASSIC: [(&str, &str); 7] = [
    (
        "nginx-defaults",
        "daemon off;\nerror_log stderr notice;\npid @{HOME}/nginx/logs/nginx.pid;\n",
    ),
    ("nginx-workers", "worker_processes 1;\nevents {\n    worker_connections 512;\n}\n"),
    (
        "http-defaults",
        "include mime.types;\ndefault_type application/octet-stream;\nsendfile on;\n\
         keepalive_timeout 65;\ngzip on;\nport_in_redirect off;\nroot @{HOME}/#{WEBDIR};\n\
         index index.php index.html;\nserver_tokens off;\n",
    ),
    (
        "http-logging",
        "log_format common '$remote_addr \"$request\" $status';\n\
         log_format extended '$remote_addr \"$request\" $status';\naccess_log /dev/stdout extended;\n",
    ),
    (
        "http-php",
        "map $http_x_forwarded_proto $proxy_https {\n    https on;\n}\n\
         map $http_x_forwarded_proto $redirect_to_https {\n    default no;\n    http yes;\n}\n\
         upstream php_fpm {\n    server unix:@{PHP_FPM_LISTEN};\n}\n",
    ),
    (
        "server-defaults",
        "listen ${PORT};\nserver_name _;\nfastcgi_temp_path @{TMPDIR}/nginx_fastcgi 1 2;\n\
         client_body_temp_path @{TMPDIR}/nginx_client_body 1 2;\nreal_ip_header x-forwarded-for;\n\
         set_real_ip_from 10.0.0.0/8;\nreal_ip_recursive on;\n\
         if ($redirect_to_https = \"yes\") {\n    return 301 https://$http_host$request_uri;\n}\n",
    ),
    (
        "server-locations",
        "include own.conf;\nlocation ~* ^/.well-known/ {\n    allow all;\n}\n\
         location ~ /\\. {\n    deny all;\n}\n\
         location ~* \\.php$ {\n    try_files $uri =404;\n    include fastcgi_params;\n    \
         fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;\n    \
         fastcgi_param HTTPS $proxy_https if_not_empty;\n    fastcgi_pass php_fpm;\n}\n",
    ),
];

#[test]
#[ignore = "needs runtimes of the local profile"]
fn files_for_the_classic_buildpack_of_cloud_foundry_serve_an_app() {
    let _alone = alone();
    let case = case()
        .env("VCAP_APPLICATION", "{}")
        .file(".bp-config/options.json", r#"{"WEB_SERVER": "nginx", "PHP_EXTENSIONS": []}"#)
        .file(".bp-config/nginx/own.conf", "location = /own {\n    return 200 own;\n}\n")
        .file("htdocs/index.php", "<?php echo 'https=', $_SERVER['HTTPS'] ?? '';")
        .file("htdocs/.well-known/x", "x");
    let case = CLASSIC.iter().fold(case, |case, (name, text)| {
        case.file(&format!(".bp-config/nginx/{name}.conf"), *text)
    });
    let built = case.clone().build();
    let log = built.log();
    assert!(!log.contains("warning: nginx"), "{log}");
    let site = Site::start(&built, &[]);
    let get = |path: &str, header: &str| {
        let answer = site.send(&format!("GET {path} HTTP/1.0\r\nHost: x\r\n{header}\r\n"));
        (answer.status, answer.body)
    };
    assert_eq!(get("/", "X-Forwarded-Proto: https\r\n"), (200, "https=on".to_owned()));
    assert_eq!(get("/", "X-Forwarded-Proto: http\r\n").0, 301);
    assert_eq!(get("/own", "").1, "own");
    assert_eq!(get("/.well-known/x", "").0, 200);
    assert_eq!(get("/.bp-config/options.json", "").0, 403);
    drop(site);
    let broken = case.file(".bp-config/nginx/own.conf", "no_such_thing on;\n").fails().error();
    let line = "error[bad-server-configuration]: nginx refuses its configuration: \
        unknown directive \"no_such_thing\" in .bp-config/nginx/own.conf:1";
    assert!(broken.starts_with(line), "{broken}");
}

#[test]
#[ignore = "needs runtimes of the local profile"]
fn a_slip_in_a_snippet_is_shown_at_its_place() {
    let _alone = alone();
    let case = probe();
    let failed = case.file(".nginx.conf.d/own-server.conf", "# ours\nexpiers 7d;\n").fails();
    insta::assert_snapshot!(failed.error(), @r#"
    error[bad-server-configuration]: nginx refuses its configuration: unknown directive "expiers" in .nginx.conf.d/own-server.conf:2

    hint: correct the file that is named; those of the app are in .nginx.conf.d
    "#);
}

#[test]
#[ignore = "needs runtimes of the local profile"]
fn the_whole_configuration_can_be_the_apps_own() {
    let _alone = alone();
    let case = probe();
    let conf = "\
daemon off;
events {}
http {
    access_log off;
    server {
        listen {{port}};
        location / {
            fastcgi_param SCRIPT_FILENAME {{env \"APP_ROOT\"}}/public/index.php;
            fastcgi_param REQUEST_URI $request_uri;
            fastcgi_param REQUEST_METHOD $request_method;
            fastcgi_param HTTP_AUTHORIZATION own;
            fastcgi_pass unix:/tmp/php-fpm.socket;
        }
    }
}
";
    let built = case.file("conf/own.conf", conf).env("BP_PHP_SERVER_CONF", "conf/own.conf").build();
    assert!(!built.app_path("nginx.conf").exists());
    let site = Site::start(&built, &[]);
    let body = site.get("/any/where").body;
    assert!(body.contains("HTTP_AUTHORIZATION=own") && body.contains("path=/any/where"), "{body}");
}

#[test]
#[ignore = "needs runtimes of the local profile"]
fn an_app_without_composer_has_a_document_root_and_no_more() {
    let _alone = alone();
    let case = case();
    let page = "<?php file_put_contents('php://stderr', \"served\\n\"); undefined_function();\n";
    let built = case
        .file("index.php", "<?php echo 'hello';\n")
        .file("broken.php", page)
        .file("composer.lock", "secret")
        .build();
    let site = Site::start(&built, &[]);
    for (path, status) in [
        ("/", 200),
        ("/index.php", 200),
        ("/missing", 404),
        ("/composer.lock", 403),
        ("/nginx.conf", 403),
    ] {
        assert_eq!(site.get(path).status, status, "{path}");
    }
    assert_eq!(site.get("/broken.php").status, 500);
    let log = site.stop().log;
    let count = |text: &str| log.lines().filter(|line| line.contains(text)).count();
    assert_eq!(count("undefined_function()"), 1, "{log}");
    assert!(log.contains("\nserved\n"), "{log}");
}

#[test]
#[ignore = "needs runtimes of the local profile"]
fn every_extension_of_every_archive_loads() {
    let _alone = alone();
    let all = real::archives(&root(), "php", "bin/php");
    assert!(!all.is_empty(), "first run `cargo xtask mirror --only php`");
    for php in &all {
        let names = extensions(&php.1);
        assert!(names.len() > 40, "{names:?}");
        let case = case_with(php).file("index.php", "<?php\n");
        let built = case.env("BP_PHP_EXTENSIONS", names.join(",")).build();
        let loaded =
            output(&built, "php -m").to_ascii_lowercase().replace("zend opcache", "opcache");
        assert!(!loaded.contains("warning"), "{}: {loaded}", php.0);
        for name in names {
            assert!(loaded.lines().any(|line| line == name), "{name} of {}: {loaded}", php.0);
        }
    }
}

/// Those that are in an archive as files.
fn extensions(archive: &[u8]) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("php.tgz");
    fs_err::write(&file, archive).unwrap();
    let listed = Command::new("tar").arg("-tzf").arg(&file).output().unwrap().stdout;
    let listed = String::from_utf8(listed).unwrap();
    let names = listed
        .lines()
        .filter_map(|path| path.split_once("/extensions/")?.1.strip_suffix(".so"))
        .map(|name| name.rsplit('/').next().unwrap_or(name).to_owned());
    names.collect()
}
