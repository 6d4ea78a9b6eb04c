//! `kouti/php`, from source to an answer.

use std::thread;
use std::time::Duration;

use kouti_image_tests::{App, Build, Container, docker};

/// An answer of `php-probe` to a request with further header lines.
fn probe(container: &Container, path: &str, headers: &str) -> String {
    container.request(path, headers).unwrap().body
}

#[test]
#[ignore = "image test"]
fn a_composer_app_runs_on_nginx_and_is_rebuilt_without_new_work() {
    let app = App::sample("php");
    let build = Build::new("php");
    let cold = build.app(&app).succeeds();
    assert!(cold.contains("Installing kouti/markdown (1.0.0)"), "{cold}");
    assert!(
        !cold.contains("does not fit composer.json"),
        "Composer's own hash says it does: {cold}"
    );
    let first = build.image.id();

    // As strict platforms do it: any user, nothing writable but /tmp.
    let container = build.image.run().hardened().start();
    let answer = container.get("/");
    assert_eq!(answer.status, 200, "{}\n{}", answer.head, container.log());
    assert!(answer.body.contains("<h1>Hello from PHP</h1>"), "by a script: {}", answer.body);
    assert!(answer.head.contains("PHPSESSID="), "{}", answer.head);
    assert_eq!(container.get("/about").status, 200, "the front controller has it");
    assert_eq!(container.get("/nothing").status, 404);
    drop(container);

    let warm = build.app(&app).succeeds();
    assert!(warm.contains("Reusing PHP 8."), "{warm}");
    assert_eq!(build.image.id(), first, "the same source gives the same image:\n{warm}");

    app.replace("composer.lock", "\"ext-mbstring\": \"*\"", "\"ext-imap\": \"*\"");
    let log = build.app(&app).fails();
    assert!(
        log.contains("error[no-php-extension]: composer.lock requires the PHP extension `imap`"),
        "{log}"
    );
}

#[test]
#[ignore = "image test"]
fn nginx_and_fpm_are_one_app() {
    let build = Build::new("php-nginx");
    let _ = build
        .app(&App::fixture("php-probe"))
        .env("BP_PHP_SERVER", "nginx")
        .env("BP_PHP_FRONT_CONTROLLER", "index.php")
        .succeeds();
    let run = build.image.run().arg("--memory=128m").env("BPL_PHP_INI", "memory_limit=64M");
    let container = run.start();
    assert_eq!(container.get("/").status, 200);
    let body = probe(&container, "/index.php/a/b", "Authorization: Bearer t\r\n");
    for line in ["HTTP_AUTHORIZATION=Bearer t", "PATH_INFO=/a/b", "memory_limit=64M"] {
        assert!(body.contains(line), "{line}: {body}");
    }
    let redirect = container.request("/x", "X-Forwarded-Proto: http\r\n").unwrap();
    assert_eq!(redirect.status, 301, "{}", redirect.head);
    assert!(probe(&container, "/x", "X-Forwarded-Proto: https\r\n").contains("HTTPS=on"));
    assert_eq!(container.get("/.env").status, 403);
    assert_eq!(container.get("/.well-known/proof.txt").status, 200);
    assert_eq!(container.get("/app.js/x.php").status, 404, "what is no script is not run");

    // More than there is room for: they wait for each other.
    let answers: Vec<u16> = thread::scope(|scope| {
        let requests: Vec<_> = (0..200)
            .map(|_| scope.spawn(|| container.request("/", "").map_or(0, |answer| answer.status)))
            .collect();
        requests.into_iter().map(|request| request.join().unwrap()).collect()
    });
    assert!(answers.iter().all(|status| *status == 200), "{answers:?}\n{}", container.log());

    probe(&container, "/log", "");
    container.wait_for("\na line of the app\n");
    stops_gracefully(&container);
}

#[test]
#[ignore = "image test"]
fn php_itself_or_nothing_can_serve_it() {
    let build = Build::new("php-worker");
    let app = App::fixture("php-probe");
    app.write("Procfile", "worker: php worker.php\n");
    let _ = build.app(&app).env("BP_PHP_SERVER", "none").succeeds();
    let text = docker(&["run", "--rm", "--entrypoint", "worker", build.image.name()]);
    assert!(text.contains("worker of PHP 8.4.") && text.contains("with mbstring"), "{text}");

    let _ = build.app(&app).env("BP_PHP_SERVER", "php-server").succeeds();
    let container = build.image.run().hardened().arg("--entrypoint=web").start();
    assert!(container.get("/").body.contains("sapi=cli-server"));
    assert_eq!(container.stop().1, 0, "{}", container.log());
}

#[test]
#[ignore = "image test"]
fn httpd_and_fpm_are_one_app() {
    let build = Build::new("php-httpd");
    let app = App::fixture("php-probe");
    fs_err::create_dir(app.dir().join(".httpd.conf.d")).unwrap();
    app.write(".httpd.conf.d/tls.conf", TLS);
    let call = build.app(&app).env("BP_PHP_SERVER", "httpd");
    let _ = call.env("BP_PHP_FRONT_CONTROLLER", "index.php").succeeds();
    let container = build.image.run().hardened().start();
    for (path, status) in [("/.env", 403), ("/.well-known/proof.txt", 200), ("/index.php", 200)] {
        assert_eq!(container.get(path).status, status, "{path}");
    }
    let body = probe(&container, "/some/page", "Authorization: Bearer t\r\n");
    for line in ["sapi=fpm-fcgi", "path=/some/page", "HTTP_AUTHORIZATION=Bearer t"] {
        assert!(body.contains(line), "{line}: {body}");
    }
    assert_eq!(container.request("/x", "X-Forwarded-Proto: http\r\n").unwrap().status, 301);
    assert!(probe(&container, "/x", "X-Forwarded-Proto: https\r\n").contains("HTTPS=on"));
    probe(&container, "/log", "");
    container.wait_for("\na line of the app\n");
    stops_gracefully(&container);
    drop(container);

    // The same container again, with the files of its first life, and now with certificates.
    let certificates = certificates();
    let volume = format!("--volume={}:/certs:ro", certificates.path().display());
    let container = build.image.run().arg(&volume).start();
    assert_eq!(container.get("/").status, 200);
    docker(&["kill", container.id()]);
    docker(&["start", container.id()]);
    let request = "printf 'GET /x HTTP/1.0\r\nHost: localhost\r\n\r\n' | openssl s_client -quiet \
                   -verify_return_error -CAfile /certs/ca.crt -connect localhost:8443";
    let ask = |with: &str| {
        let script = format!(
            "for i in $(seq 100); do {request} {with} 2>&1 && break; sleep 0.1; done; true"
        );
        docker(&[
            "run",
            "--rm",
            "--user=0",
            "--entrypoint=sh",
            &format!("--network=container:{}", container.id()),
            &volume,
            "kouti/build:local",
            "-c",
            &script,
        ])
    };
    let answer = ask("-cert /certs/client.crt -key /certs/client.key");
    assert!(answer.contains("HTTPS=on") && answer.contains("path=/x"), "{answer}");
}

/// What a user puts into a snippet: TLS by the module of httpd, for clients with a certificate.
const TLS: &str = "\
<IfFile \"/certs/tls.crt\">
    LoadModule ssl_module modules/mod_ssl.so
    Listen 8443
    <VirtualHost *:8443>
        SSLEngine on
        SSLCertificateFile /certs/tls.crt
        SSLCertificateKeyFile /certs/tls.key
        SSLCACertificateFile /certs/ca.crt
        SSLVerifyClient require
    </VirtualHost>
</IfFile>
";

/// An authority, and certificates by it for a server and a client.
fn certificates() -> tempfile::TempDir {
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

    let dir = tempfile::tempdir().unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.distinguished_name.push(rcgen::DnType::CommonName, "authority of a test");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    fs_err::write(dir.path().join("ca.crt"), authority.pem()).unwrap();
    for (file, name) in [("tls", "localhost"), ("client", "client.test")] {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        let certificate = params.signed_by(&key, &authority).unwrap();
        fs_err::write(dir.path().join(format!("{file}.crt")), certificate.pem()).unwrap();
        fs_err::write(dir.path().join(format!("{file}.key")), key.serialize_pem()).unwrap();
    }
    open(dir.path());
    dir
}

/// A request that takes a while is answered, although the container is to stop.
fn stops_gracefully(container: &Container) {
    thread::scope(|scope| {
        let slow = scope.spawn(|| container.request("/slow?seconds=3", ""));
        container.wait_for("a slow request has begun");
        let (took, code) = container.stop();
        assert_eq!(code, 0, "{}", container.log());
        assert!(took < Duration::from_secs(8), "{took:?}");
        let answer = slow.join().unwrap().expect("the request is answered");
        assert_eq!(answer.body, "finished\n");
    });
}

/// Composer is the judge of its own ranges: it makes the table that ours are compared with.
const TABLE: &str = "cp \\\"$COMPOSER_BINARY\\\" /tmp/composer.phar && \
    COMPOSER_PHAR=/tmp/composer.phar php table.php > public/composer.txt";

#[test]
#[ignore = "image test"]
fn a_laravel_shaped_app_has_its_directories_and_the_assets_that_vite_builds() {
    let app = App::fixture("php-laravel");
    app.replace(
        "composer.json",
        "\"scripts\": {",
        &format!("\"scripts\": {{ \"compile\": \"{TABLE}\","),
    );
    app.write("table.php", include_str!("../../shared/version/tests/tables/composer.php"));
    let build = Build::new("php-laravel");
    let log = build.app(&app).succeeds();
    for line in ["framework          laravel", "document root      public", "vite build"] {
        assert!(log.contains(line), "{line}: {log}");
    }
    let (vite, composer) = (log.find("vite build"), log.find("Running composer install"));
    assert!(vite < composer, "assets first: {log}");

    // The only process of a Procfile is the default one.
    let container = build.image.run().arg("--entrypoint=web").start();
    let page = container.get("/").body;
    let asset = page.trim().strip_prefix("hello acme ").unwrap_or_else(|| panic!("{page}"));
    let script = container.get(asset);
    assert_eq!(script.status, 200, "{asset}");
    assert!(script.body.contains("built"), "{}", script.body);
    assert_eq!(container.get("/some/route").body, "route /some/route\n", "{}", container.log());
    container.wait_for("\nhandled /some/route\n");
    let log = container.exec("cat /workspace/storage/logs/laravel.log");
    assert_eq!(log, "/some/route\n");
    let table = include_str!("../../shared/version/tests/tables/composer.txt");
    let found = container.get("/composer.txt").body;
    let different = table.lines().zip(found.lines()).find(|(known, found)| known != found);
    assert_eq!(different, None, "Composer itself finds something else");
    assert_eq!(found.lines().count(), table.lines().count());
    drop(container);

    // Nothing is writable but what the platform mounts.
    let run = build
        .image
        .run()
        .hardened()
        .arg("--entrypoint=web")
        .arg("--tmpfs=/workspace/storage:mode=1777");
    let container = run.start();
    assert_eq!(container.get("/other").body, "route /other\n", "{}", container.log());

    let text = docker(&["run", "--rm", "--entrypoint", "worker", build.image.name()]);
    assert!(text.contains("worked hello"), "{text}");
}

#[test]
#[ignore = "image test"]
fn a_symfony_shaped_app_runs_on_nginx_and_on_httpd() {
    let app = App::fixture("php-symfony");
    let build = Build::new("php-symfony");
    let log = build.app(&app).env("BP_PHP_SERVER", "httpd").offline().succeeds();
    assert!(log.contains("framework          symfony"), "{log}");
    let container = build.image.run().start();
    assert_eq!(container.get("/en/blog/").body, "route /en/blog/ warm\n", "{}", container.log());
    assert_eq!(container.stop().1, 0, "{}", container.log());
    drop(container);

    // With the location that such apps bring along for Paketo's.
    fs_err::create_dir(app.dir().join(".nginx.conf.d")).unwrap();
    let snippet = "location / {\n    try_files $uri /index.php$is_args$args;\n}\n";
    app.write(".nginx.conf.d/app-server.conf", snippet);
    let log = build.app(&app).offline().succeeds();
    assert!(log.contains("server             nginx (default)"), "{log}");
    let container = build.image.run().start();
    assert_eq!(container.get("/en/blog/").body, "route /en/blog/ warm\n", "{}", container.log());
    let log = container.exec("cat /workspace/var/log/prod.log");
    assert_eq!(log, "/en/blog/\n");
}

#[test]
#[ignore = "image test"]
fn sessions_are_in_a_bound_redis_and_the_end_of_fpm_is_the_end_of_the_container() {
    let build = Build::new("php-redis");
    let app = App::fixture("php-probe");
    let _ = build.app(&app).env("BP_PHP_FRONT_CONTROLLER", "index.php").succeeds();

    let network = format!("kouti-php-{}", std::process::id());
    let redis = Redis::start(&network);
    let binding = tempfile::tempdir().unwrap();
    for (name, text) in
        [("type", "php-redis-session"), ("host", "redis"), ("password", "p\"a$s{HOME}")]
    {
        fs_err::write(binding.path().join(name), text).unwrap();
    }
    open(binding.path());
    let container = build
        .image
        .run()
        .hardened()
        .arg(&format!("--network={network}"))
        .arg(&format!("--volume={}:/bindings/sessions", binding.path().display()))
        .env("SERVICE_BINDING_ROOT", "/bindings")
        .start();
    let first = container.get("/count");
    assert_eq!(first.body, "1 redis\n", "{}", container.log());
    let cookie = first.head.lines().find_map(|line| line.strip_prefix("Set-Cookie: ")).unwrap();
    let cookie = format!("Cookie: {}\r\n", cookie.split(';').next().unwrap());
    assert_eq!(probe(&container, "/count", &cookie), "2 redis\n");
    let keys = docker(&["exec", &redis.0, "redis-cli", "-a", "p\"a$s{HOME}", "keys", "*"]);
    assert!(keys.contains("PHPREDIS_SESSION:"), "{keys}");

    let master = container.get("/fpm").body;
    docker(&["exec", container.id(), "sh", "-c", &format!("kill -9 {}", master.trim())]);
    let code = docker(&["wait", container.id()]);
    assert_eq!(code.trim(), "137", "{}", container.log());
    assert!(container.log().contains("php-fpm was killed by signal 9"), "{}", container.log());
}

/// The bindings belong to the user of this test, the container runs as another one.
fn open(dir: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;

    fs_err::set_permissions(dir, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// A real Redis, from Debian, in a network of its own.
struct Redis(String, String);

impl Redis {
    fn start(network: &str) -> Self {
        docker(&["network", "create", network]);
        let script = "apt-get update --quiet=2 && apt-get install --yes --quiet=2 \
            --no-install-recommends redis-server >/dev/null && \
            exec redis-server --requirepass 'p\"a$s{HOME}' --protected-mode no";
        let mut args = vec!["run", "--detach", "--user=0", "--entrypoint=sh"];
        let variables =
            ["http_proxy", "https_proxy", "no_proxy"].map(|name| format!("--env={name}"));
        args.extend(variables.iter().map(String::as_str));
        args.extend(["kouti/build:local", "-c", script]);
        // The packages come from outside, the app from within its network.
        let id = docker(&args).trim().to_owned();
        docker(&["network", "connect", "--alias=redis", network, &id]);
        let redis = Self(id, network.to_owned());
        for _ in 0..240 {
            if docker_log(&redis.0).contains("Ready to accept connections") {
                return redis;
            }
            thread::sleep(Duration::from_millis(250));
        }
        panic!("Redis does not start: {}", docker_log(&redis.0));
    }
}

fn docker_log(id: &str) -> String {
    docker(&["logs", id])
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = std::process::Command::new("docker").args(["rm", "--force", &self.0]).output();
        let _ = std::process::Command::new("docker").args(["network", "rm", &self.1]).output();
    }
}
