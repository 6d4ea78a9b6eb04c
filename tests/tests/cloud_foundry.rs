//! Our buildpacks as classic Cloud Foundry buildpacks.

use std::io::Read as _;
use std::process::Command;
use std::time::Duration;

use kouti_image_tests::cf::{ClassicBuildpack, Staging};
use kouti_image_tests::{App, Build, packages};

use crate::utilities::signed;

const CANARY: &str = "canary-4d7e1b";

#[test]
#[ignore = "image test"]
fn an_app_is_staged_starts_answers_and_is_staged_again_from_the_cache() {
    let app = App::sample("nodejs");
    let services = format!(
        r#"{{"user-provided": [{{"name": "My Certs", "label": "user-provided", "credentials": {{"type": "ca-notes", "password": "{CANARY}"}}}}]}}"#
    );
    let staging = Staging::with(vec![ClassicBuildpack::ours("nodejs")])
        .env("VCAP_SERVICES", &services)
        .env("OPTIMIZE_MEMORY", "true");
    let cold = staging.stage(&app);
    assert_eq!(cold.code, 0, "{}", cold.log);
    assert!(cold.log.contains("Running npm ci"), "{}", cold.log);
    assert_eq!(staging.commands()["web"], "node-launch start -- node server.js");
    let config = staging.droplet_file("deps/0/config.yml");
    assert!(config.contains("kouti-nodejs") && config.contains("kouti/nodejs@"), "{config}");

    let web = staging.start("web");
    assert_eq!(web.get("/health").status, 200, "{}", web.log());
    let pid_one = web.exec("tr '\\0' ' ' < /proc/1/cmdline");
    assert!(
        pid_one.contains("node"),
        "no shell stands between the platform and the app: {pid_one}"
    );
    let environment = web.exec_as("2000:2000", "tr '\\0' '\\n' < /proc/1/environ");
    assert!(
        environment.contains("SERVICE_BINDING_ROOT=/dev/shm/kouti-bindings-2000-"),
        "{environment}"
    );
    assert!(
        environment.contains("--max_old_space_size=384"),
        "three quarters of 512m: {environment}"
    );
    assert!(environment.contains("NODE_ENV=production"), "{environment}");
    let secret = web.exec("cat /dev/shm/kouti-bindings-*/my-certs/password");
    assert_eq!(secret, CANARY);
    let (took, code) = web.stop();
    assert!(took < Duration::from_secs(8), "not killed after ten seconds, but {took:?}");
    assert!(code == 0 || code == 143, "{code}");

    let warm = staging.stage(&app);
    assert_eq!(warm.code, 0, "{}", warm.log);
    assert!(warm.log.contains("Reusing Node.js"), "{}", warm.log);
    assert!(!warm.log.contains("Running npm ci"), "{}", warm.log);
    let leftovers = staging.leftovers();
    assert!(!contains(&leftovers, CANARY) && !warm.log.contains(CANARY), "no secret is kept");
    assert!(
        !staging.droplet().contains("/node-build/"),
        "what only builds need is not in the droplet"
    );
}

#[test]
#[ignore = "image test"]
fn the_small_buildpacks_do_their_work_without_a_launcher() {
    let (certificate, key, authority) = signed();
    let app = App::fixture("trust");
    app.write("server.crt", &certificate);
    app.write("server.key", &key);
    app.write(".profile", "export FROM_PROFILE=sourced\n");
    let revision = commit(app.dir());
    let services = serde_json::json!({"user-provided": [{
        "name": "corp",
        "label": "user-provided",
        "credentials": {"type": "ca-certificates", "corp.crt": authority},
    }]});
    let staging = Staging::with(vec![ClassicBuildpack::ours("nodejs")])
        .env("VCAP_SERVICES", &services.to_string())
        .env("BPE_DEFAULT_GREETING", "hello");
    let staged = staging.stage(&app);
    assert_eq!(staged.code, 0, "{}", staged.log);
    assert!(staged.log.contains("the build says: believed"), "{}", staged.log);
    let web = staging.start("web");
    assert_eq!(web.get("/").body, "believed", "{}", web.log());
    let environment = web.exec_as("2000:2000", "tr '\\0' '\\n' < /proc/1/environ");
    let revision = format!("REVISION={revision}");
    for variable in ["GREETING=hello", "FROM_PROFILE=sourced", "SSL_CERT_DIR=", &revision] {
        assert!(environment.contains(variable), "{variable}: {environment}");
    }
}

/// Makes a repository of the app, and returns its revision.
fn commit(dir: &std::path::Path) -> String {
    let git = |args: &[&str]| {
        let who = ["-c", "user.name=Test", "-c", "user.email=test@kouti.invalid"];
        let output = Command::new("git").arg("-C").arg(dir).args(who).args(args).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    git(&["init", "--quiet"]);
    git(&["add", "."]);
    git(&["commit", "--quiet", "--message=all"]);
    git(&["rev-parse", "HEAD"])
}

#[test]
#[ignore = "image test"]
fn a_system_without_a_name_is_no_obstacle() {
    let staging = Staging::with(vec![ClassicBuildpack::ours("nodejs")])
        .after("rm -f /etc/os-release /usr/lib/os-release")
        .env("BP_CF_IGNORE_STACK", "true");
    let log = staging.offline().stage(&App::fixture("no-dependencies"));
    assert_eq!(log.code, 0, "{}", log.log);
    assert!(log.log.contains("Installing Node.js 24"), "{}", log.log);
}

#[test]
#[ignore = "image test"]
fn what_zips_say_of_themselves_can_be_read_by_everybody() {
    #[derive(serde::Deserialize)]
    struct Manifest {
        language: String,
        stack: Option<String>,
        dependencies: Vec<Dependency>,
    }
    #[derive(serde::Deserialize)]
    struct Dependency {
        name: String,
        version: String,
        sha256: Option<String>,
    }
    let mut seen = 0;
    for entry in fs_err::read_dir(packages()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.extension().is_none_or(|extension| extension != "zip") {
            continue;
        }
        let mut zip = zip::ZipArchive::new(fs_err::File::open(&path).unwrap()).unwrap();
        let mut text = String::new();
        zip.by_name("manifest.yml").unwrap().read_to_string(&mut text).unwrap();
        let manifest: Manifest = serde_saphyr::from_str(&text).unwrap();
        assert!(!manifest.language.is_empty(), "{name}");
        assert_eq!(manifest.stack, None, "{name} is for every stack");
        assert!(!manifest.dependencies.is_empty(), "{name}");
        for Dependency { name: dependency, version, sha256 } in manifest.dependencies {
            assert!(!dependency.is_empty() && !version.is_empty(), "{name}");
            assert!(sha256.is_none_or(|digest| digest.len() == 64), "{name}: {dependency}");
        }
        seen += 1;
    }
    assert!(seen >= 7, "there are {seen} zips");
}

#[test]
#[ignore = "image test"]
fn what_starts_can_be_a_command_of_the_user_or_a_procfile() {
    let app = App::fixture("no-dependencies");
    app.write("Procfile", "web: node server.js --from=procfile\nworker: node --version\n");
    fs_err::create_dir(app.dir().join(".profile.d")).unwrap();
    app.write(".profile.d/own.sh", "export GREETING=own\n");
    // All that it needs came along with the zip.
    let staging = Staging::with(vec![ClassicBuildpack::ours("nodejs")]).offline();
    let log = staging.stage(&app).succeeds();
    assert!(log.contains("Processes") && !log.contains("Downloading"), "{log}");
    assert_eq!(staging.commands()["worker"], "node --version");

    let command =
        "node -e 'console.log(`${process.env.GREETING} ${process.argv[1]}`)' $((1 + 2)); sleep 60";
    let task = staging.start_command(command, "{}");
    task.wait_for("own 3");
}

#[test]
#[ignore = "image test"]
fn a_zip_without_artifacts_takes_them_from_a_mirror_of_files() {
    let staging = Staging::with(vec![ClassicBuildpack::without_artifacts("nodejs")])
        .offline()
        .with_mirror_at("/mirror")
        .env("BP_DEPENDENCY_MIRROR", "file:///mirror");
    let _ = staging.stage(&App::fixture("no-dependencies")).succeeds();
    let metadata = &staging.result()["lifecycle_metadata"]["buildpacks"][0]["output_metadata"];
    assert_eq!(metadata["cached"], false);
    assert!(staging.start("web").get("/").body.starts_with("hello from v"));
}

#[test]
#[ignore = "image test"]
fn a_classic_buildpack_before_ours_is_seen_by_the_build_and_by_the_app() {
    let before = ClassicBuildpack::of(&[(
        "supply",
        r#"mkdir -p "$3/$4/bin" "$3/$4/env" "$3/$4/profile.d"
printf '#!/bin/sh\necho tool-of-another\n' > "$3/$4/bin/other-tool"; chmod +x "$3/$4/bin/other-tool"
printf supplied > "$3/$4/env/OTHER"
echo 'export FROM_PROFILE=sourced' > "$3/$4/profile.d/other.sh""#,
    )]);
    let app = App::fixture("no-dependencies");
    app.write(
        "package.json",
        r#"{"name": "x", "version": "1.0.0", "scripts": {"build": "other-tool && echo OTHER=$OTHER", "start": "node server.js"}}"#,
    );
    let staging = Staging::with(vec![before, ClassicBuildpack::ours("nodejs")]);
    let staged = staging.stage(&app);
    assert_eq!(staged.code, 0, "{}", staged.log);
    assert!(staged.log.contains("tool-of-another"), "{}", staged.log);
    assert!(staged.log.contains("OTHER=supplied"), "{}", staged.log);

    let task =
        staging.start_command("other-tool; echo $FROM_PROFILE; node --version; sleep 60", "{}");
    task.wait_for("tool-of-another");
    task.wait_for("sourced");
    task.wait_for("v24.");
}

#[test]
#[ignore = "image test"]
fn a_classic_buildpack_after_ours_has_the_runtime_and_so_has_its_app() {
    // What every classic buildpack does with those before it: their programs on the path, their scripts kept.
    let after = ClassicBuildpack::of(&[
        ("supply", "true"),
        (
            "finalize",
            r#"export PATH="$3/0/bin:$PATH"
node -e 'console.log("built with " + process.version)'
for script in "$3"/0/profile.d/*; do cp "$script" "$5/0_$(basename "$script")"; done
echo 'export PATH="$DEPS_DIR/0/bin:$PATH"' > "$5/000_multi-supply.sh""#,
        ),
        ("release", "printf -- '---\ndefault_process_types:\n  web: node server.js\n'"),
    ]);
    let staging = Staging::with(vec![ClassicBuildpack::ours("nodejs"), after])
        .env("BP_CF_SUPPLY", "node@22.x:build:launch");
    let staged = staging.stage(&App::fixture("no-dependencies"));
    assert_eq!(staged.code, 0, "{}", staged.log);
    assert!(staged.log.contains("built with v22."), "{}", staged.log);
    assert!(staging.start("web").get("/").body.starts_with("hello from v22."));
}

#[test]
#[ignore = "image test"]
fn the_platform_finds_the_buildpack_of_an_app_or_is_told_why_there_is_none() {
    let other = || ClassicBuildpack::of(&[("detect", "exit 1")]);
    let staging = Staging::with(vec![other(), ClassicBuildpack::ours("nodejs")]).detecting();
    let staged = staging.stage(&App::fixture("no-dependencies"));
    assert_eq!(staged.code, 0, "{}", staged.log);
    let detected = staging.result()["lifecycle_metadata"]["detected_buildpack"].to_string();
    assert_eq!(detected, "\"kouti-nodejs\"");

    let stranger = App::fixture("procfile");
    let staged = staging.stage(&stranger);
    assert_eq!(staged.code, 222, "{}", staged.log);
    let platform = "None of the buildpacks detected a compatible application";
    assert_eq!(staged.log.trim(), platform, "we say nothing of apps that are not ours");

    let named = Staging::with(vec![ClassicBuildpack::ours("nodejs")]).stage(&stranger);
    assert_eq!(named.code, 223);
    assert!(
        named.log.contains("error[cf-not-for-this-app]: this app is not for kouti-nodejs"),
        "{}",
        named.log
    );
    assert!(named.log.contains("Procfile"), "{}", named.log);

    let broken = App::fixture("no-dependencies");
    broken.write("package.json", "{\"scripts\": {\n");
    let staged = Staging::with(vec![ClassicBuildpack::ours("nodejs")]).stage(&broken);
    assert_eq!(staged.code, 223);
    assert!(staged.log.contains("package.json"), "{}", staged.log);
}

/// Every language: too long for every change.
mod nightly {
    use super::*;

    /// Stages the sample of a language, starts it, and returns the answer.
    fn answer(language: &str, staging: Staging) -> String {
        let services = format!(
            r#"{{"x": [{{"name": "s", "label": "x", "credentials": {{"p": "{CANARY}"}}}}]}}"#
        );
        let staging = staging.env("VCAP_SERVICES", &services);
        let log = staging.stage(&App::sample(language)).succeeds();
        let web = staging.start("web");
        let answer = web.get("/");
        assert_eq!(answer.status, 200, "{}", web.log());
        let (took, _) = web.stop();
        assert!(took < Duration::from_secs(8), "{language} is not killed, but took {took:?}");
        let leftovers = staging.leftovers();
        assert!(!contains(&leftovers, CANARY) && !log.contains(CANARY), "no secret is kept");
        answer.body
    }

    #[test]
    #[ignore = "image test"]
    fn java_with_the_settings_of_its_classic_buildpack() {
        let jre = "{ jre: { version: 17.+ }, memory_calculator: { stack_threads: 20 } }";
        let staging = Staging::with(vec![ClassicBuildpack::ours("java")])
            .env("JBP_CONFIG_OPEN_JDK_JRE", jre)
            .env("JAVA_OPTS", "-Dfrom.java.opts=1");
        let body = answer("java", staging);
        assert!(body.starts_with("Hello from Java 17"), "{body}");
    }

    #[test]
    #[ignore = "image test"]
    fn php_and_dotnet_and_servers_of_files() {
        for language in ["php", "dotnet", "nginx", "static"] {
            let staging = Staging::with(vec![ClassicBuildpack::ours(language)]);
            // The others need no registry: all of it came along with the zip.
            let staging = if language == "dotnet" { staging } else { staging.offline() };
            let body = answer(language, staging);
            assert!(!body.trim().is_empty(), "{language} answers");
        }
    }

    #[test]
    #[ignore = "image test"]
    fn what_was_made_for_other_buildpacks_moves_over() {
        let staged = |language: &str, app: &App| {
            let staging = Staging::with(vec![ClassicBuildpack::ours(language)]);
            let _ = staging.stage(app).succeeds();
            staging.start("web")
        };
        let site = App::sample("static");
        site.write("Staticfile", "pushstate: enabled\n");
        assert_eq!(staged("static", &site).get("/deep/link").status, 200);

        let php = App::fixture("php-probe");
        fs_err::create_dir(php.dir().join(".bp-config")).unwrap();
        let options = r#"{"WEB_SERVER": "httpd", "WEBDIR": "public", "PHP_MODULES": ["fpm"]}"#;
        php.write(".bp-config/options.json", options);
        let web = staged("php", &php);
        assert!(web.get("/index.php").body.contains("sapi=fpm-fcgi"), "{}", web.log());
        assert!(web.exec("cat /proc/[0-9]*/comm").contains("httpd"));

        // What was built elsewhere: an unpacked JAR, and a directory that .NET has published.
        for (language, greeting) in [("java", "Hello from Java"), ("dotnet", "Hello from .NET")] {
            let build = Build::new("moves");
            let _ = build.app(&App::sample(language)).succeeds();
            let unpacked = App::empty();
            build.image.copy("/workspace/.", unpacked.dir());
            let web = staged(language, &unpacked);
            assert!(web.get("/").body.starts_with(greeting), "{}", web.log());
        }
    }

    #[test]
    #[ignore = "image test"]
    fn every_language_supplies_its_runtime_to_a_buildpack_that_follows() {
        for (language, program) in [
            ("java", "java -version"),
            ("php", "php --version"),
            ("dotnet", "dotnet --info"),
            ("nginx", "nginx -v"),
            ("httpd", "httpd -v"),
        ] {
            let finalize = format!(
                r#"export PATH="$3/0/bin:$PATH"
for file in "$3"/0/env/*; do [ ! -f "$file" ] || export "$(basename "$file")=$(cat "$file")"; done
{program} || exit 1
for script in "$3"/0/profile.d/*; do cp "$script" "$5/0_$(basename "$script")"; done
echo 'export PATH="$DEPS_DIR/0/bin:$PATH"' > "$5/000_multi-supply.sh""#
            );
            let after = ClassicBuildpack::of(&[
                ("supply", "true"),
                ("finalize", &finalize),
                ("release", "echo '{}'"),
            ]);
            let staging = Staging::with(vec![ClassicBuildpack::ours(language), after]);
            let log = staging.stage(&App::fixture("procfile")).succeeds();
            assert!(!log.contains("the app has changed"), "{language}: {log}");
            let task =
                staging.start_command(&format!("{program}; echo ended with $?; sleep 60"), "{}");
            task.wait_for("ended with 0");
        }
    }

    #[test]
    #[ignore = "image test"]
    fn two_of_our_buildpacks_make_one_app() {
        let both = vec![ClassicBuildpack::ours("nodejs"), ClassicBuildpack::ours("php")];
        let staging = Staging::with(both);
        let log = staging.stage(&App::sample("php")).succeeds();
        assert!(log.contains("Node.js"), "{log}");
        let task = staging
            .start_command("node --version && php --version; echo ended with $?; sleep 60", "{}");
        task.wait_for("ended with 0");
        let web = staging.start("web");
        assert_eq!(web.get("/").status, 200, "{}", web.log());
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}
