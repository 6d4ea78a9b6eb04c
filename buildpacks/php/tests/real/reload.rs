//! Snippets of the app: templates, what is read again, and where nothing can be written.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use kouti_testing::real::Site;
use kouti_testing::{Built, Case};

use super::{alone, probes};

/// A file of a server that sets a header to a variable of the container.
fn snippet(server: &str) -> (&'static str, &'static str) {
    match server {
        "httpd" => (".httpd.conf.d/own.conf", "Header set X-Own ${FOO}\n"),
        _ => (".nginx.conf.d/own-server.conf", "add_header X-Own {{env \"FOO\"}};\n"),
    }
}

const FPM: &str = ".php.fpm.d/own.conf";

fn with_snippets(server: &str, case: Case) -> Case {
    let (path, header) = snippet(server);
    case.file(path, header).file(FPM, "php_value[memory_limit] = 90M\n")
}

/// Changes both snippets of an app that runs; `tell` lets it know.
fn change(server: &str, built: &Built, site: &Site, tell: impl Fn(&Site)) {
    let (path, header) = snippet(server);
    assert_eq!(site.get("/x").header("X-Own"), Some("one"), "{server}");
    assert!(site.get("/x").body.contains("memory_limit=90M"), "{server}");
    fs_err::write(built.app_path(path), header.replace("Own", "New")).unwrap();
    fs_err::write(built.app_path(FPM), "php_value[memory_limit] = 91M\n").unwrap();
    tell(site);
    answers_anew(server, site);
}

/// Waits for an answer by what `change` has written. A worker from before may still give one or the other, even after
/// a new one has.
fn answers_anew(server: &str, site: &Site) {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let answer = site.get("/x");
        if answer.header("X-New") == Some("one") && answer.body.contains("memory_limit=91M") {
            break;
        }
        assert!(Instant::now() < deadline, "{server}: {}\n{}", answer.head, answer.body);
    }
}

#[test]
#[ignore = "needs runtimes of the local profile"]
fn snippets_are_templates_and_are_read_again() {
    let _alone = alone();
    for (server, case) in probes() {
        let case = with_snippets(server, case).env("BP_PHP_ENABLE_HTTPS_REDIRECT", "false");
        let built = case.build();
        let warns = built.log().contains("warning: nginx cannot check all of it here");
        assert_eq!(warns, server == "nginx", "{server}: {}", built.log());
        let mut site = Site::start(&built, &[("FOO", "one")]);
        change(server, &built, &site, |site| site.signal("HUP"));
        // Nobody is sent elsewhere.
        assert_eq!(site.get_with("/x", "X-Forwarded-Proto: http\r\n").status, 200, "{server}");

        // A slip leaves what runs as it is.
        fs_err::write(built.app_path(snippet(server).0), "nonsense;\n").unwrap();
        site.signal("HUP");
        site.wait_for("the configuration stays as it was");
        answers_anew(server, &site);
    }
}

/// A directory below which nobody can write as long as this value lives.
struct ReadOnly(PathBuf);

impl ReadOnly {
    /// Rights are nothing to root, and others cannot mount; `None` where neither helps.
    fn at(dir: &Path) -> Option<Self> {
        let place = Self(fs_err::canonicalize(dir).unwrap());
        place.run("mount --bind $0 $0 && mount -o remount,bind,ro $0 || chmod -R a-w $0");
        if fs_err::write(place.0.join("written"), "").is_ok() {
            eprintln!("skipped: this user cannot mount anything");
            return None;
        }
        Some(place)
    }

    fn run(&self, script: &str) {
        let _ = Command::new("sh").args(["-c", script]).arg(&self.0).output().unwrap();
    }
}

impl Drop for ReadOnly {
    fn drop(&mut self) {
        self.run("umount $0 || chmod -R u+w $0");
    }
}

#[test]
#[ignore = "needs runtimes of the local profile"]
fn templates_are_rendered_where_nothing_but_the_temporary_directory_can_be_written() {
    let _alone = alone();
    for (server, case) in probes() {
        let built = with_snippets(server, case).build();
        // The app and the layers.
        let Some(_root) = ReadOnly::at(&built.app_path("..")) else { return };
        let site = Site::start(&built, &[("FOO", "one")]);
        assert_eq!(site.get("/x").header("X-Own"), Some("one"), "{server}");
        let exit = site.stop();
        assert_eq!(exit.status.code(), Some(0), "{server}: {}", exit.log);
    }
}

/// Compiling watchexec takes minutes.
mod nightly {
    use super::*;
    use crate::real::{mirrored, provider};

    #[test]
    #[ignore = "needs runtimes of the local profile"]
    fn watchexec_sees_what_changes() {
        let _alone = alone();
        let watchexec = mirrored("watchexec-", "-linux-amd64.tar.gz")
            .expect("first run `cargo xtask mirror --only watchexec`");
        for (server, case) in probes() {
            let case = case
                .before(provider("watchexec", &watchexec))
                .env("BP_LIVE_RELOAD_ENABLED", "true");
            let built = with_snippets(server, case).build();
            let site = Site::start(&built, &[("FOO", "one")]);
            let master = site.get("/fpm").body;
            change(server, &built, &site, |_| ());
            assert_eq!(site.get("/fpm").body, master, "FPM goes on");
            let exit = site.stop();
            assert_eq!(exit.status.code(), Some(0), "{server}: {}", exit.log);
        }
    }
}
