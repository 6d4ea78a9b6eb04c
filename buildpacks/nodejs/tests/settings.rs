//! Settings that every buildpack has, through whole builds.

use insta::assert_snapshot;
use kouti_testing::upstream::Upstream;
use kouti_testing::{Case, Tool};

use crate::support::{bare, express, node_with};

/// The warnings of a build, each once.
fn warnings(case: &Case) -> Vec<String> {
    let log = case.build().log();
    let lines = log.lines().filter_map(|line| line.strip_prefix("warning: "));
    let mut warnings: Vec<_> = lines.map(str::to_owned).collect();
    warnings.dedup();
    let half = warnings.len() / 2;
    // They come again at the end.
    if warnings.len() > 1 && warnings[..half] == warnings[half..] {
        warnings.truncate(half);
    }
    warnings
}

#[test]
fn a_misspelt_name_is_warned_about_once_for_each() {
    let case = express().env("BP_NODE_VERSON", "22").env("BP_LOGLEVL", "debug");
    let case = case.env("BPL_LOG_LEVL", "debug").env("BP_RUBY_VERSION", "3");
    assert_eq!(
        warnings(&case),
        [
            "no buildpack reads BPL_LOG_LEVL",
            "no buildpack reads BP_LOGLEVL",
            "no buildpack reads BP_NODE_VERSON",
        ]
    );
}

#[test]
fn names_of_other_buildpacks_and_of_mirrors_are_known() {
    let case = express().env("BP_PHP_VERSION", "8.4").env("BP_DEPENDENCY_MIRROR_NODEJS_ORG", "");
    assert_eq!(warnings(&case.env("BP_STRICT_CONFIG", "true")), [""; 0]);
}

#[test]
fn strict_settings_stop_on_the_first_misspelt_one_and_only_on_those() {
    let strict = express().env("BP_STRICT_CONFIG", "true");
    assert_snapshot!(strict.clone().env("BP_NODE_VERSOIN", "22").fails().error(), @"
    error[unknown-setting]: no buildpack reads BP_NODE_VERSOIN

    hint: did you mean BP_NODE_VERSION?
    ");
    let _ = strict.env("BP_RUBY_VERSION", "3").build();
}

#[test]
fn a_debug_log_names_what_is_left_alone_and_what_nobody_knows() {
    let log = express().env("BP_LOG_LEVEL", "debug").env("BP_RUBY_VERSION", "3").build().log();
    for line in [
        "    [debug] BP_NODE_VERSION is not set\n",
        "    [debug] BP_DOWNLOAD_ATTEMPTS is not set: 5\n",
        "    [debug] BP_RUBY_VERSION is of no buildpack of ours\n",
    ] {
        assert!(log.contains(line), "{line}{log}");
    }
    assert!(!log.contains("BP_LOG_LEVEL is not set"), "{log}");
}

#[test]
fn quotes_of_an_environment_file_are_noticed() {
    assert_eq!(
        warnings(&express().env("BP_NODE_VERSION", "\"24\"")).first().map(String::as_str),
        Some("the quotes in the value of BP_NODE_VERSION are part of it")
    );
}

#[test]
fn a_variable_that_is_no_text_is_passed_on_unless_it_is_a_setting() {
    let npm =
        r#"test "$(printf %s "$PASSWORD_OF_OTHERS" | base64)" = cHf/ && mkdir -p node_modules"#;
    let case = express().artifact(node_with("24.19.0", Tool::script(npm)));
    let case = case.env("BP_NODE_RUN_SCRIPTS", "").env("PASSWORD_OF_OTHERS", b"pw\xff");
    assert_eq!(case.build().commands(), ["npm ci --omit=dev"]);
}

#[test]
fn every_shared_setting_with_a_wrong_value_says_what_may_be_written() {
    for (name, value, form) in [
        ("BP_LOG_LEVEL", "loud", "`debug`, `info`, `warn` or `error`"),
        ("BP_LOG_COLOR", "blue", "true or false"),
        ("BP_DISABLE_SBOM", "maybe", "true or false"),
        ("BP_SBOM_FORMATS", "pdf", "a list of `cyclonedx`, `spdx` and `syft`"),
        ("BP_EOL_POLICY", "shrug", "`warn`, `fail` or `ignore`"),
        ("BP_OFFLINE", "2", "true or false"),
        ("BP_CACHE_DISABLED", "off!", "true or false"),
        ("BP_CACHE_MAX_MB", "2GB", "a whole number"),
    ] {
        let failed = express().env(name, value).fails();
        let expected = format!(
            "error[bad-setting]: {name} is set to `{value}`, which is not {form}\n\nhint: set {name} to {form}\n"
        );
        assert_eq!(failed.error(), expected);
        assert!(!failed.layers_left().contains(&"node.toml".to_owned()), "{name}");
    }
}

#[test]
fn software_without_support_is_warned_about_refused_or_let_pass() {
    let case = express().env("KOUTI_TODAY", "2027-05-01").env("BP_NODE_VERSION", "22");
    let ended =
        "support of Node.js 22.23.1 ended on 2027-04-30: it gets no security fixes any more";
    assert_eq!(warnings(&case), [ended]);
    assert_eq!(warnings(&case.clone().env("BP_EOL_POLICY", "ignore")), [""; 0]);
    assert_snapshot!(case.env("BP_EOL_POLICY", "fail").fails().error(), @"
    error[end-of-life]: support of Node.js 22.23.1 ended on 2027-04-30, and BP_EOL_POLICY is `fail`

    hint: move to Node.js 24.18.1
    hint: set BP_EOL_POLICY=warn to build with it nevertheless
    ");
}

#[test]
fn another_language_can_be_asked_for() {
    let skipped = express().env("BP_LANGUAGE", "php").detect().skipped();
    assert_eq!(skipped.as_deref(), Some("BP_LANGUAGE is php"));
    assert!(express().env("BP_LANGUAGE", "nodejs").detect().passes());
}

#[test]
fn bills_of_materials_come_in_the_formats_asked_for_or_not_at_all() {
    let build =
        express().env("BP_SBOM_FORMATS", "spdx").env("SOURCE_DATE_EPOCH", "1767225600").build();
    let spdx: Vec<_> = build.sboms();
    assert!(
        !spdx.is_empty() && spdx.iter().all(|name| name.ends_with("sbom.spdx.json")),
        "{spdx:?}"
    );
    let text = build.sbom("kouti_nodejs/node/sbom.spdx.json");
    assert!(text.contains("\"created\": \"2026-01-01T00:00:00Z\""), "{text}");

    // Those of a layer that is taken over go as well.
    let without = build.rebuild_with(|case| case.env("BP_DISABLE_SBOM", "true"));
    assert!(without.layer("node").is_reused());
    assert_eq!(without.sboms(), [""; 0]);
    assert_eq!(without.labels()["io.paketo.sbom.disabled"], "true");

    let again = without
        .rebuild_with(|case| case.env("BP_DISABLE_SBOM", "false").env("BP_SBOM_FORMATS", ""));
    assert!(again.layer("node").is_reused());
    assert!(again.sboms().contains(&"kouti_nodejs/node/sbom.cdx.json".to_owned()));
}

#[test]
fn caches_can_be_bounded_and_switched_off() {
    let npm = "[ \"$1\" = ci ] || exit 0; mkdir -p node_modules; head -c 3000000 /dev/zero >\"$npm_config_cache/package\"";
    let case =
        express().artifact(node_with("26.1.0", Tool::script(npm))).env("BP_NODE_VERSION", "26");
    let build = case.build();
    assert!(build.layer("npm-cache").has("package"));

    let bounded = case.clone().env("BP_CACHE_MAX_MB", "2").build();
    assert!(bounded.find_layer("npm-cache").is_none());
    let said = "Emptying npm cache: 3.0 MB is more than BP_CACHE_MAX_MB allows";
    assert!(bounded.log().contains(said), "{}", bounded.log());

    let off = case.env("BP_CACHE_DISABLED", "true").build();
    assert!(off.find_layer("npm-cache").is_none());
    assert_eq!(off.image_digest(), bounded.image_digest());
}

#[test]
fn a_download_is_found_again_in_the_cache_of_the_user() {
    let upstream = Upstream::start();
    let node = node_with("26.1.0", Tool::succeeds()).uri(upstream.url("/node.tar.gz"));
    upstream.serve("/node.tar.gz", node.to_bytes());
    let dir = tempfile::tempdir().unwrap();
    let case = bare()
        .file("package.json", r#"{"scripts": {"start": "node a"}}"#)
        .env("BP_NODE_VERSION", "26")
        .env("BP_DEPENDENCY_CACHE", dir.path().to_str().unwrap())
        .artifact(node);
    let image = case.build().image_digest();
    let offline = case.env("BP_OFFLINE", "true");
    let again = offline.build();
    assert_eq!(again.image_digest(), image);
    assert!(again.log().contains("from the download cache"), "{}", again.log());
    assert_eq!(upstream.requests().len(), 1);

    fs_err::remove_dir_all(dir.path().join("sha256")).unwrap();
    let error = offline.fails().error();
    assert!(
        error.starts_with(
            "error[offline-artifact-missing]: Node.js 26.1.0 is not available offline"
        ),
        "{error}"
    );
}
