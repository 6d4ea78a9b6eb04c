//! How an app ends: what runs is finished, and nobody stays behind.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use kouti_testing::real::Site;

use super::{alone, plain, probe, probes};

/// A request that PHP works on for so many seconds, and what is answered to it.
fn slow(site: &mut Site, seconds: u32) -> JoinHandle<String> {
    let port = site.port();
    let request = thread::spawn(move || {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        write!(stream, "GET /slow?seconds={seconds} HTTP/1.0\r\nHost: x\r\n\r\n").unwrap();
        let mut text = String::new();
        let _ = stream.read_to_string(&mut text);
        text
    });
    site.wait_for("a slow request has begun");
    request
}

#[test]
#[ignore = "needs runtimes of the local profile"]
fn what_runs_is_finished_and_nothing_new_begins() {
    let _alone = alone();
    for (server, case) in probes() {
        let built = case.build();
        let mut site = Site::start(&built, &[("WEB_CONCURRENCY", "2")]);
        assert_eq!(site.get("/").status, 200, "{server}");
        let port = site.port();
        let running = slow(&mut site, 3);
        let stopping = thread::spawn(move || site.stop());
        // Refused once it is stopping.
        while TcpStream::connect(("127.0.0.1", port)).is_ok() {
            thread::yield_now();
        }
        assert!(!running.is_finished(), "{server}: it answers nobody new before that");
        let answer = running.join().unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{server}: {answer}");
        assert!(answer.ends_with("finished\n"), "{server}: {answer}");
        let exit = stopping.join().unwrap();
        assert_eq!(exit.status.code(), Some(0), "{server}: {}", exit.log);
    }
}

#[test]
#[ignore = "needs runtimes of the local profile"]
fn without_fpm_nothing_is_left_after_a_second() {
    let _alone = alone();
    for (server, case) in probes() {
        let built = case.build();
        let mut site = Site::start(&built, &[("WEB_CONCURRENCY", "2")]);
        let master = plain(&site, "/fpm").body;
        // What the web server waits for does not keep the container.
        let running = slow(&mut site, 20);
        let killed = Instant::now();
        assert!(Command::new("kill").args(["-9", master.trim()]).status().unwrap().success());
        let exit = site.wait();
        let took = killed.elapsed();
        assert!(took < Duration::from_secs(1), "{server}: {took:?}\n{}", exit.log);
        assert_eq!(exit.status.code(), Some(137), "{server}: {}", exit.log);
        assert!(exit.log.contains("php-fpm was killed by signal 9"), "{server}: {}", exit.log);
        let group = format!("kill -s 0 -- -{}", master.trim());
        let left = Command::new("sh").args(["-c", &group]).output().unwrap();
        assert!(!left.status.success(), "{server}: workers of FPM have outlived it");
        let _ = running.join();
    }
}

#[test]
#[ignore = "needs runtimes of the local profile"]
fn php_serves_alone_and_what_fpm_refuses_is_told() {
    let _alone = alone();
    let built = probe().env("BP_PHP_SERVER", "php-server").build();
    let site = Site::start(&built, &[]);
    assert!(site.get("/").body.contains("sapi=cli-server"));
    assert_eq!(site.stop().status.code(), Some(0));

    // No web server is started then.
    let built = probe().build();
    let exit = built
        .launch("web")
        .env("BPL_PHP_INI", "zend_extension=/missing.so; memory_limit=1")
        .env("PHP_FPM_PATH", "/missing.conf")
        .start()
        .unwrap()
        .wait()
        .unwrap();
    assert_ne!(exit.status.code(), Some(0), "{}", exit.log);
    assert!(exit.log.contains("php-fpm ended by itself with code 78"), "{}", exit.log);
}
