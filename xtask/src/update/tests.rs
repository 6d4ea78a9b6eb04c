//! Updates end to end, against recorded feeds on a server of this machine.

mod scene;

use std::fmt::Write as _;

use insta::assert_snapshot;

use scene::Scene;

const NODE_SCHEDULE: &str = "https://raw.githubusercontent.com/nodejs/Release/main/schedule.json";
const NODE_X64: &str = "https://nodejs.org/dist/v24.22.0/node-v24.22.0-linux-x64.tar.gz";
const NODE_SUMS: &str = "https://nodejs.org/dist/v24.22.0/SHASUMS256.txt.asc";
const NODE_OLD_SUMS: &str = "https://nodejs.org/dist/v24.21.0/SHASUMS256.txt.asc";
const DOTNET: &str =
    "https://builds.dotnet.microsoft.com/dotnet/release-metadata/10.0/releases.json";
const DOTNET_X64: &str =
    "https://builds.dotnet.microsoft.com/dotnet/Sdk/10.0.401/dotnet-sdk-10.0.401-linux-x64.tar.gz";
const NGINX: &str = "https://raw.githubusercontent.com/paketo-buildpacks/nginx/main/buildpack.toml";
const NGINX_AMD64: &str =
    "https://artifacts.paketo.io/nginx/nginx_1.31.5_linux_amd64_noble_00c0ffee.tgz";
const HTTPD: &str = "https://raw.githubusercontent.com/paketo-buildpacks/httpd/main/buildpack.toml";
const HTTPD_AMD64: &str =
    "https://artifacts.paketo.io/httpd/httpd_2.4.69_linux_amd64_noble_00c0ffee.tgz";
const COMPOSER: &str = "https://getcomposer.org/download/2.10.3/composer.phar";
const COMPOSER_OLD_SUM: &str = "https://getcomposer.org/download/2.10.2/composer.phar.sha256sum";
const PHP_EOL: &str = "https://endoflife.date/api/v1/products/php";
const DOTNETS: &str =
    "https://builds.dotnet.microsoft.com/dotnet/release-metadata/releases-index.json";
const PHP: &str =
    "https://raw.githubusercontent.com/paketo-buildpacks/php-dist/main/buildpack.toml";
const WATCHEXEC: &str = "https://api.github.com/repos/watchexec/watchexec/releases?per_page=100";
const WATCHEXEC_X64: &str = "https://github.com/watchexec/watchexec/releases/download/v2.6.0/watchexec-2.6.0-x86_64-unknown-linux-musl.tar.xz";
const PHP_AMD64: &str = "https://artifacts.paketo.io/php/php_8.4.25_linux_amd64_noble_00c0ffee.tgz";
const NPM: &str = "https://registry.example/npm/-/npm-11.22.0.tgz";
const YARN: &str = "https://repo.yarnpkg.com/4.19.0/packages/yarnpkg-cli/bin/yarn.js";
const ZULU: &str = "https://cdn.azul.com/zulu/bin/zulu21.54.17-ca-jre21.0.13-linux_x64.tar.gz";
const MAVEN: &str = "https://repo.maven.apache.org/maven2/org/apache/maven/apache-maven/3.9.17/apache-maven-3.9.17-bin.tar.gz";
const GRADLES: &str = "https://services.gradle.org/versions/all";
const GRADLE: &str = "https://downloads.gradle.org/distributions/gradle-9.8-bin.zip";
const TEMURIN: &str =
    "https://api.github.com/repos/adoptium/temurin21-binaries/releases?per_page=100";
const TOMCAT: &str =
    "https://downloads.apache.org/tomcat/tomcat-10/v10.1.60/bin/apache-tomcat-10.1.60.tar.gz";

/// What Paketo has compiled for the new release.
const COMPILED: &str = "arm64\"\n    checksum = \"sha256:<";

/// What a family's recording leads to.
fn new_patch(family: &'static str) -> String {
    let seen = Scene::new(family).run();
    assert_eq!(seen.issue, "");
    format!("{}\n{}\n{}", seen.diff, seen.changelog, seen.request)
}

#[test]
fn dotnet() {
    assert_snapshot!(new_patch("dotnet"));
}

#[test]
fn httpd() {
    assert_snapshot!(new_patch("httpd"));
}

#[test]
fn java() {
    assert_snapshot!(new_patch("java"));
}

#[test]
fn nginx() {
    assert_snapshot!(new_patch("nginx"));
}

#[test]
fn nodejs() {
    assert_snapshot!(new_patch("nodejs"));
}

#[test]
fn php() {
    assert_snapshot!(new_patch("php"));
}

#[test]
fn watchexec() {
    assert_snapshot!(new_patch("watchexec"));
}

/// What goes wrong at an upstream, and a line that must not appear in the catalogue then.
struct Wrong(&'static str, Scene, &'static str);

/// Families of one product, of which nothing changes then.
const OF_ONE: [&str; 3] = ["httpd", "nginx", "watchexec"];

/// The issues of each case.
fn issues(cases: Vec<Wrong>) -> String {
    let mut text = String::new();
    for Wrong(name, scene, absent) in cases {
        let seen = scene.run();
        if OF_ONE.contains(&scene.family()) {
            assert_eq!((&*seen.diff, &*seen.changelog, &*seen.request), ("", "", ""), "{name}");
        }
        assert!(!seen.diff.contains(absent), "{name}:\n{}", seen.diff);
        assert!(!seen.changelog.contains(absent), "{name}:\n{}", seen.changelog);
        assert!(!seen.issue.is_empty(), "{name}: {:?}", seen.lines);
        let _ = writeln!(text, "#### {name}\n{}", seen.issue);
    }
    text
}

#[test]
fn wrong_signatures_and_checksums_change_nothing() {
    let (node, other) = ("24.22.0", "linux-x64.tar.gz");
    assert_snapshot!(issues(vec![
        Wrong("signed by a stranger", Scene::new("nodejs").forged(), node),
        Wrong(
            "list changed after it was signed",
            Scene::new("nodejs").altered(NODE_SUMS, other, "linux-x86.tar.gz"),
            node
        ),
        Wrong("Node.js", Scene::new("nodejs").altered_bytes(NODE_X64), node),
        Wrong(".NET", Scene::new("dotnet").altered_bytes(DOTNET_X64), "10.0.401"),
        Wrong("nginx", Scene::new("nginx").altered_bytes(NGINX_AMD64), "1.31.5"),
        Wrong("httpd", Scene::new("httpd").altered_bytes(HTTPD_AMD64), "2.4.69"),
        Wrong("Composer", Scene::new("php").altered_bytes(COMPOSER), "2.10.3"),
        Wrong("watchexec", Scene::new("watchexec").altered_bytes(WATCHEXEC_X64), "2.6.0"),
        Wrong("Tomcat", Scene::new("java").altered_bytes(TOMCAT), "10.1.60"),
        Wrong("PHP", Scene::new("php").altered_bytes(PHP_AMD64), "8.4.25"),
        Wrong("npm", Scene::new("nodejs").altered_bytes(NPM), "11.22.0"),
        Wrong("Yarn's own site", Scene::new("nodejs").altered_bytes(YARN), "4.19.0"),
        Wrong("Zulu", Scene::new("java").altered_bytes(ZULU), "zulu21.54.17"),
        Wrong("Maven", Scene::new("java").altered_bytes(MAVEN), "3.9.17"),
        Wrong("Gradle", Scene::new("java").altered_bytes(GRADLE), "gradle-9.8"),
    ]));
}

#[test]
fn replaced_files_change_nothing() {
    assert_snapshot!(issues(vec![
        Wrong("Node.js", Scene::new("nodejs").replace(NODE_OLD_SUMS, "7", "8"), "24.22.0"),
        Wrong(".NET", Scene::new("dotnet").replace(DOTNET, "6c", "c6"), "10.0.401"),
        Wrong("nginx", Scene::new("nginx").replace(NGINX, "sha256:ee", "sha256:ff"), "1.31.5"),
        Wrong("httpd", Scene::new("httpd").replace(HTTPD, "sha256:1", "sha256:2"), "2.4.69"),
        Wrong("Composer", Scene::new("php").replace(COMPOSER_OLD_SUM, "5e", "e5"), "2.10.3"),
        Wrong("PHP", Scene::new("php").replace(PHP, "sha256:4", "sha256:5"), "8.4.25"),
        Wrong("watchexec", Scene::new("watchexec").replace(WATCHEXEC, "9e", "e9"), "2.6.0"),
        Wrong("Temurin", Scene::new("java").replace(TEMURIN, "ce798", "ec798"), "21.0.13+11"),
        Wrong("Gradle", Scene::new("java").replace(GRADLES, "acd53", "dca53"), "gradle-9.8"),
    ]));
}

#[test]
fn vanished_files_hold_their_release_back() {
    assert_snapshot!(issues(vec![
        Wrong("Node.js", Scene::new("nodejs").without(NODE_X64), "24.22.0"),
        Wrong("signed list", Scene::new("nodejs").without(NODE_SUMS), "24.22.0"),
        Wrong(".NET", Scene::new("dotnet").without(DOTNET_X64), "10.0.401"),
        Wrong("nginx", Scene::new("nginx").without(NGINX_AMD64), "1.31.5"),
        Wrong("httpd", Scene::new("httpd").without(HTTPD_AMD64), "2.4.69"),
        Wrong("Composer", Scene::new("php").without(COMPOSER), "2.10.3"),
        Wrong("watchexec", Scene::new("watchexec").without(WATCHEXEC_X64), "2.6.0"),
        Wrong("Tomcat", Scene::new("java").without(TOMCAT), "10.1.60"),
        Wrong("PHP", Scene::new("php").without(PHP_AMD64), "8.4.25"),
        Wrong("npm", Scene::new("nodejs").without(NPM), "11.22.0"),
        Wrong("Yarn's own site", Scene::new("nodejs").without(YARN), "4.19.0"),
        Wrong("Zulu", Scene::new("java").without(ZULU), "zulu21.54.17"),
        Wrong("the whole feed", Scene::new("watchexec").without(WATCHEXEC), "2.6.0"),
    ]));
}

/// What a person reads of versions and days, and what of both is in the catalogue.
fn told(scene: &Scene) -> String {
    let seen = scene.run();
    let keys = ["id =", "line =", "version =", "arch =", "lts =", "eol =", "eol-date ="];
    let is_told =
        |line: &&str| line.get(2..).is_some_and(|it| keys.iter().any(|key| it.starts_with(key)));
    let diff: Vec<_> = seen.diff.lines().filter(is_told).collect();
    let request = seen.request.split("\n## Proofs").next().unwrap();
    let rest = seen.request.find("\n## Not published").map_or("", |at| &seen.request[at..]);
    format!("{}\n\n{request}{rest}\n{}\n{}\n", diff.join("\n"), seen.lines.join("\n"), seen.issue)
}

#[test]
fn a_new_line_comes_with_its_days() {
    let node = Scene::new("nodejs").everywhere("24.22.0", "27.0.0");
    let dotnet = Scene::new("dotnet")
        .everywhere("10.0.12", "11.0.0")
        .everywhere("10.0.401", "11.0.100")
        .everywhere("release-metadata/10.0/", "release-metadata/11.0/")
        .replace(DOTNETS, "\"channel-version\":\"10.0\"", "\"channel-version\":\"11.0\"");
    let nginx = Scene::new("nginx").everywhere("1.31.5", "1.32.0");
    let httpd = Scene::new("httpd").everywhere("2.4.69", "2.6.0");
    let php = Scene::new("php").everywhere("8.4.25", "8.6.0").replace(PHP_EOL, "8.5", "8.6");
    let watchexec = Scene::new("watchexec").everywhere("2.6.0", "3.0.0");
    let java = Scene::new("java").everywhere("10.1.60", "10.2.0");
    let all = [node, dotnet, nginx, httpd, php, watchexec, java];
    assert_snapshot!(all.iter().map(told).collect::<Vec<_>>().join("\n----\n\n"));
}

#[test]
fn a_changed_day_changes_the_line_and_its_records() {
    let scene = Scene::new("nodejs").everywhere("24.22.0", "24.21.0-nightly").replace(
        NODE_SCHEDULE,
        "2028-04-30",
        "2028-05-31",
    );
    assert_snapshot!(told(&scene));
}

/// A release without arm64.
fn without_arm64(family: &'static str) -> Scene {
    let scene = Scene::new(family);
    match family {
        "nodejs" => {
            scene.replace(NODE_SUMS, "  node-v24.22.0-linux-arm64", "  node-v24.22.0-linux-armv7l")
        }
        "dotnet" => scene.replace(DOTNET, "dotnet-sdk-linux-arm64", "dotnet-sdk-linux-arm"),
        "nginx" => scene.replace(NGINX, COMPILED, &COMPILED.replace("arm64", "s390x")),
        "httpd" => scene.replace(HTTPD, COMPILED, &COMPILED.replace("arm64", "s390x")),
        "php" => scene.replace(PHP, COMPILED, &COMPILED.replace("arm64", "s390x")),
        "watchexec" => {
            scene.replace(WATCHEXEC, "\"watchexec-2.6.0-aarch64", "\"watchexec-2.6.0-armv7")
        }
        _ => scene.replace(
            TEMURIN,
            "\"OpenJDK21U-jdk_aarch64_linux_hotspot_21.0.13_11",
            "\"OpenJDK21U-jdk_arm_linux_hotspot_21.0.13_11",
        ),
    }
}

#[test]
fn a_release_without_an_architecture_waits_for_two_days() {
    let mut text = String::new();
    for (family, day) in [
        ("nodejs", "2026-11-20"),
        ("dotnet", "2026-11-12"),
        ("nginx", "2026-11-27"),
        ("httpd", "2026-11-27"),
        ("php", "2026-11-27"),
        ("watchexec", "2026-11-14"),
        ("java", "2026-10-24"),
    ] {
        let seen = without_arm64(family).today(day).run();
        for line in seen.lines.iter().filter(|line| line.starts_with("held back")) {
            let _ = writeln!(text, "{line}");
        }
    }
    assert_snapshot!(text);
}

#[test]
fn after_two_days_a_release_comes_without_an_architecture() {
    assert_snapshot!(told(&without_arm64("watchexec").today("2026-11-15")));
}

/// Who publishes no days is never late: a person decides.
#[test]
fn every_family_waits_as_long_as_its_upstream_says_when() {
    let mut text = String::new();
    for (family, day) in [
        ("nodejs", "2026-11-21"),
        ("dotnet", "2026-11-13"),
        ("java", "2026-10-25"),
        ("nginx", "2027-11-27"),
        ("httpd", "2027-11-27"),
        ("php", "2027-11-27"),
    ] {
        let seen = without_arm64(family).today(day).run();
        let marked = seen.request.split("## Not published by upstream").nth(1).unwrap_or_default();
        let marked = marked.split("\n## ").next().unwrap().lines().filter(|line| !line.is_empty());
        let held = seen.lines.iter().filter(|line| line.starts_with("held back"));
        for line in marked.map(str::to_owned).chain(held.cloned()) {
            let _ = writeln!(text, "{family}: {line}");
        }
    }
    assert_snapshot!(text);
}
