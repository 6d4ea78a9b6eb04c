//! Access to private repositories, tried with the real git.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use insta::assert_snapshot;
use kouti_testing::upstream::{Page, Upstream};
use kouti_testing::{Built, Types};

use super::{case, git, repository, run};

const LINES: &str = "username=me\npassword=canary 'quoted' $HOME\n";

/// What the git of a later buildpack finds for an address.
fn filled(build: &Built, address: &str) -> String {
    let dir = build.layer("git-access").dir();
    let mut command = git(dir);
    command.args(["credential", "fill"]).env("GIT_CONFIG_GLOBAL", dir.join("config"));
    command.env("GIT_TERMINAL_PROMPT", "0").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::null()).spawn().expect("this machine has git");
    let mut input = child.stdin.take().unwrap();
    write!(input, "url={address}\n\n").unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let is_answer = |line: &&str| line.starts_with("username=") || line.starts_with("password=");
    text.lines().filter(is_answer).collect::<Vec<_>>().join("\n")
}

#[test]
fn later_buildpacks_reach_private_repositories() {
    let build = case().binding("it's", "git-credentials", [("credentials", LINES)]).build();
    assert_snapshot!(build.log(), @"
    Kouti Git [version]
      Giving git access to repositories
        it's   everywhere
      Installing configuration of git
      Done in [time]
    ");
    let env = build.build_env();
    assert_eq!(env["GIT_CONFIG_GLOBAL"], "<layers>/kouti_git/git-access/config");
    assert_eq!(env["GIT_TERMINAL_PROMPT"], "0");
    assert_eq!(filled(&build, "https://example.org/a"), LINES.trim());
    assert_eq!(build.layer("git-access").types(), Types { build: true, ..Types::default() });
    assert!(build.labels().is_empty());
    assert_eq!(build.leaks("canary"), [""; 0]);
}

#[test]
fn a_context_says_where_credentials_count() {
    let build = case()
        .binding("all", "git-credentials", [("username", "any\n"), ("password", "p \"1\"\n")])
        .binding(
            "team",
            "Git-Credentials",
            [("context", "https://example.org/team\n"), ("credentials", "username=t\npassword=2")],
        )
        .build();
    assert_snapshot!(build.log_of("kouti/git"), @"
    Kouti Git [version]
      Giving git access to repositories
        all    everywhere
        team   https://example.org/team
      Installing configuration of git
      Done in [time]
    ");
    // Of several helpers the first one that answers counts.
    assert_eq!(filled(&build, "https://other.example/app"), "username=any\npassword=p \"1\"");
    let only = build.rebuild_with(|case| case.platform_file("bindings/all/type", "other"));
    assert_eq!(filled(&only, "https://example.org/team/app"), "username=t\npassword=2");
    assert_eq!(filled(&only, "https://example.org/teams/app"), "");
    assert_eq!(filled(&only, "https://example.com/team/app"), "");
}

#[test]
fn a_service_of_cloud_foundry_is_a_binding() {
    let services = r#"{"user-provided": [{"label": "user-provided", "name": "repo",
        "credentials": {"type": "git-credentials", "username": "me", "password": "canary"}}]}"#;
    let build = case().env("VCAP_SERVICES", services).build();
    assert_eq!(filled(&build, "https://example.org/a"), "username=me\npassword=canary");
    assert_eq!(build.leaks("canary"), [""; 0]);
}

#[test]
fn what_the_builder_has_configured_still_counts() {
    let dir = tempfile::tempdir().unwrap();
    let own = dir.path().join("own");
    fs_err::write(&own, "[user]\nname = builder\n").unwrap();
    let build = case()
        .env("GIT_CONFIG_GLOBAL", own.to_str().unwrap())
        .binding("b", "git-credentials", [("credentials", LINES)])
        .build();
    let config = build.layer("git-access").dir().join("config");
    let mut command = git(dir.path());
    let output = command.args(["config", "user.name"]).env("GIT_CONFIG_GLOBAL", config).output();
    assert_eq!(String::from_utf8(output.unwrap().stdout).unwrap(), "builder\n");
}

#[test]
fn a_private_repository_is_cloned_over_the_network() {
    // As a plain web server shows it: the files of a bare repository.
    let dir = tempfile::tempdir().unwrap();
    let (source, bare) = (dir.path().join("source"), dir.path().join("app.git"));
    fs_err::create_dir(&source).unwrap();
    repository(&source, &[]);
    run(dir.path(), &["clone", "--quiet", "--bare", "source", "app.git"]);
    run(&bare, &["repack", "--quiet", "-a", "-d"]);
    run(&bare, &["update-server-info"]);
    let upstream = Upstream::start();
    let mut dirs = vec![bare.clone()];
    while let Some(dir) = dirs.pop() {
        for entry in fs_err::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                dirs.push(path);
                continue;
            }
            let below = path.strip_prefix(&bare).unwrap().display().to_string();
            // me:canary
            let page =
                Page::simple(fs_err::read(&path).unwrap()).authorized_by("Basic bWU6Y2FuYXJ5");
            upstream.serve(&format!("/app.git/{below}"), page.clone());
            upstream.serve(&format!("/app.git/{below}?service=git-upload-pack"), page);
        }
    }

    let build = case()
        .binding("b", "git-credentials", [("credentials", "username=me\npassword=canary\n")])
        .build();
    let config = build.layer("git-access").dir().join("config");
    let clone = |config: &std::path::Path, to: &str| {
        let mut command = git(dir.path());
        command.args(["clone", "--quiet", &upstream.url("/app.git"), to]).env("no_proxy", "*");
        command.env("GIT_CONFIG_GLOBAL", config).env("GIT_TERMINAL_PROMPT", "0");
        command.output().unwrap()
    };
    let refused = clone("/dev/null".as_ref(), "refused");
    assert!(!refused.status.success());
    let output = clone(&config, "clone");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(fs_err::read_to_string(dir.path().join("clone/app.txt")).unwrap(), "app\n");
}

#[test]
fn a_bound_key_is_used_over_ssh() {
    let build = case()
        .binding(
            "key",
            "git-ssh",
            [("ssh-privatekey", "canary-key"), ("known_hosts", "example.org ssh-ed25519 AAAA\n")],
        )
        .build();
    let tmp = build.app_path("").parent().unwrap().join("tmp");
    let dirs: Vec<_> = fs_err::read_dir(tmp).unwrap().map(|entry| entry.unwrap().path()).collect();
    let [dir] = dirs.as_slice() else { panic!("{dirs:?}") };
    let name = dir.file_name().unwrap().display().to_string();
    let command = build.build_env()["GIT_SSH_COMMAND"].replace(&name, "git-ssh-<random>");
    assert_snapshot!(command, @"ssh -i '<tmp>/git-ssh-<random>/ssh-privatekey' -o IdentitiesOnly=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile='<tmp>/git-ssh-<random>/known_hosts'");
    let key = dir.join("ssh-privatekey");
    assert_eq!(fs_err::read_to_string(&key).unwrap(), "canary-key\n");
    assert_eq!(fs_err::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(build.leaks("canary-key"), [""; 0]);
    assert!(build.log().contains("    a bound key   over SSH\n"), "{}", build.log());
}
