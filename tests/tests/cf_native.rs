//! Our buildpacks on Cloud Foundry's own lifecycle for Cloud Native Buildpacks.

use kouti_image_tests::App;
use kouti_image_tests::cf_native::Native;

const CANARY: &str = "canary-55d0aa";

/// Stages twice and starts; returns the second log.
fn twice(native: &Native, app: &App) -> String {
    let services = format!(
        r#"{{"user-provided": [{{"name": "s", "label": "user-provided", "credentials": {{"type": "x", "p": "{CANARY}"}}}}]}}"#
    );
    let cold = native.stage(app, &services);
    let warm = native.stage(app, &services);
    assert!(!cold.contains(CANARY) && !warm.contains(CANARY), "no secret is shown");

    // The platform joins words with blanks, and a shell takes them apart again.
    let processes = native.processes();
    assert!(processes.iter().any(|(kind, _)| kind == "web"), "{processes:?}");
    for (kind, words) in &processes {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
        let whole = words.iter().all(|word| !word.is_empty() && word.chars().all(is_plain));
        assert!(whole, "{kind}: {words:?}");
    }
    // A command is started as the first type that has it: what is another type's own would be lost.
    let droplet = native.droplet();
    for (kind, words) in &processes {
        let is_alone = processes.iter().filter(|(_, others)| others == words).count() == 1;
        let own = ["env.launch", "exec.d"].map(|dir| format!("/{dir}/{kind}/"));
        let has_own = droplet.iter().any(|name| own.iter().any(|own| name.contains(own)));
        assert!(
            is_alone || !has_own,
            "{kind} shares its command and has an environment of its own"
        );
    }
    // The whole home directory becomes the droplet.
    let strangers: Vec<_> = droplet
        .into_iter()
        .filter(|name| !["", "workspace", "layers"].contains(&name.split('/').next().unwrap()))
        .collect();
    assert!(strangers.is_empty(), "left in the home directory: {strangers:?}");

    let web = native.start("web");
    let answer = web.get("/");
    assert_eq!(answer.status, 200, "{}", web.log());
    warm
}

#[test]
#[ignore = "image test"]
fn a_node_app_is_staged_from_the_cache_alone_and_starts_by_the_text_of_its_command() {
    let native = Native::with(&["ca-certificates", "nodejs"]);
    let warm = twice(&native, &App::sample("nodejs"));
    assert!(warm.contains("Reusing Node.js"), "{warm}");
    assert!(!warm.contains("Running npm ci"), "{warm}");
}

/// Every language: too long for every change.
mod nightly {
    use super::*;

    #[test]
    #[ignore = "image test"]
    fn java() {
        let warm = twice(&Native::with(&["java"]), &App::sample("java"));
        assert!(!warm.contains("Running mvn"), "{warm}");
    }

    #[test]
    #[ignore = "image test"]
    fn php_and_dotnet_and_servers_of_files() {
        for (buildpacks, sample) in [
            (&["nginx", "php"][..], "php"),
            (&["dotnet"], "dotnet"),
            (&["nginx"], "nginx"),
            (&["nginx", "static"], "static"),
        ] {
            let warm = twice(&Native::with(buildpacks), &App::sample(sample));
            assert!(!warm.contains("Downloading"), "{sample}: {warm}");
        }
    }
}
