//! Sessions in a real Redis and Memcached, on hosts that have them.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use kouti_testing::Built;
use kouti_testing::real::Site;

use super::trust::certificates;
use super::{alone, output, probe};

/// A server that runs as long as this value lives.
struct Server(Child);

impl Server {
    /// `None`, and a line on standard error, where there is none; `port` stands for one in `args`.
    fn start(program: &str, args: &[&str]) -> Option<(Self, String)> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port().to_string();
        drop(listener);
        let args = args.iter().map(|arg| if *arg == "port" { &port } else { *arg });
        let mut command = Command::new(program);
        let Ok(child) = command.args(args).stdout(Stdio::null()).spawn() else {
            eprintln!("skipped: there is no {program}");
            return None;
        };
        let server = Self(child);
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(format!("127.0.0.1:{port}")).is_err() {
            assert!(Instant::now() < deadline, "{program} does not listen");
            std::thread::yield_now();
        }
        Some((server, port))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Counts two requests of one client with the session store of a binding.
fn counts(built: &Built, entries: &[(&str, &str)], variables: &[(&str, &str)]) -> String {
    let bindings = tempfile::tempdir().unwrap();
    let dir = bindings.path().join("sessions");
    fs_err::create_dir(&dir).unwrap();
    for (name, text) in entries {
        fs_err::write(dir.join(name), text).unwrap();
    }
    let root = bindings.path().to_str().unwrap();
    let site = Site::start(built, &[variables, &[("SERVICE_BINDING_ROOT", root)]].concat());
    let ask = |cookie: &str| {
        site.send(&format!("GET /count HTTP/1.0\r\nHost: x\r\nCookie: {cookie}\r\n\r\n"))
    };
    let first = ask("");
    let cookie = first.header("Set-Cookie").and_then(|cookie| cookie.split(';').next());
    let second = ask(cookie.unwrap_or_else(|| panic!("{}\n{}", first.head, first.body)));
    let log = site.stop().log;
    assert!(second.body.starts_with("2 "), "{}\n{log}", second.body);
    first.body + &second.body
}

#[test]
#[ignore = "needs runtimes of the local profile"]
fn redis_counts_with_tls_and_without_a_password() {
    let _alone = alone();
    let dir = tempfile::tempdir().unwrap();
    if !certificates(dir.path()) {
        return;
    }
    let path = |name: &str| dir.path().join(name).to_string_lossy().into_owned();
    let (certificate, key, authority) = (path("tls.crt"), path("tls.key"), path("ca.crt"));
    let (plain, tls) = (["--port", "port"], ["--port", "0", "--tls-port", "port"]);
    let keeps_nothing = ["--save", "", "--appendonly", "no", "--dir"];
    let place = dir.path().to_str().unwrap();
    let plain = [&plain[..], &keeps_nothing, &[place]].concat();
    let Some((_plain, port)) = Server::start("redis-server", &plain) else { return };
    let files = ["--tls-cert-file", &certificate, "--tls-key-file", &key];
    let clients = ["--tls-ca-cert-file", &authority, "--tls-auth-clients", "no"];
    let secret = ["--requirepass", "p\"a$s{HOME}"];
    let tls = [&tls[..], &files, &clients, &secret, &keeps_nothing, &[place]].concat();
    let (_tls, tls_port) = Server::start("redis-server", &tls).unwrap();

    let built = probe().env("BP_PHP_FRONT_CONTROLLER", "index.php").build();
    let kind = ("type", "php-redis-session");
    let plain = [kind, ("host", "localhost"), ("port", &port)];
    assert_eq!(counts(&built, &plain, &[]), "1 redis\n2 redis\n");
    let uri = format!("rediss://:p%22a%24s%7BHOME%7D@localhost:{tls_port}/1");
    let text = fs_err::read_to_string(&authority).unwrap();
    let mut tls = vec![kind, ("uri", &uri)];
    let mut variables = Vec::new();
    // Older ones know no authority but those of the system: phpredis/phpredis#2265.
    let version = output(
        &built,
        "php -d extension=igbinary -d extension=redis -r 'echo phpversion(\"redis\");'",
    );
    if version.starts_with("5.") {
        variables.push(("SSL_CERT_FILE", &*authority));
    } else {
        tls.push(("ca.crt", &text));
    }
    assert_eq!(counts(&built, &tls, &variables), "1 redis\n2 redis\n", "redis {version}");
}

#[test]
#[ignore = "needs runtimes of the local profile"]
fn memcached_counts() {
    let _alone = alone();
    let args = ["-u", "root", "-l", "127.0.0.1", "-p", "port"];
    let Some((_server, port)) = Server::start("memcached", &args) else { return };
    let built = probe().env("BP_PHP_FRONT_CONTROLLER", "index.php").build();
    let servers = format!("127.0.0.1:{port}");
    let entries = [("type", "php-memcached-session"), ("servers", &servers)];
    assert_eq!(counts(&built, &entries, &[]), "1 memcached\n2 memcached\n");
}
