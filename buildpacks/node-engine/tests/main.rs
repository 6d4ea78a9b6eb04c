//! The buildpack in the miniature lifecycle, behind buildpacks that require something of it.
#![cfg(test)]

use insta::assert_snapshot;
use kouti_testing::{Artifact, Case, Fake, Tool, Types};

/// A case without an app, and with a Node.js whose npm does what the tests need of it.
fn bare() -> Case {
    let node = Artifact::new("node", "24.18.1")
        .with("name", "Node.js")
        .tool("bin/node", Tool::prints("v24.18.1"))
        .tool("lib/node_modules/npm/bin/npm-cli.js", Tool::script(NPM))
        .link("bin/npm", "../lib/node_modules/npm/bin/npm-cli.js")
        .file("include/node/node.h", "");
    Case::new(
        env!("CARGO_BIN_EXE_kouti-node-engine"),
        concat!(env!("CARGO_MANIFEST_DIR"), "/buildpack.toml"),
    )
    .default_version("node", "24.x")
    .artifact(node)
}

const NPM: &str = r#"
case "$1" in
ci)
    mkdir -p node_modules/vite
    echo '{"packages": {"node_modules/vite": {"version": "7.0.0"}}}' >node_modules/.package-lock.json
    ;;
run)
    mkdir -p public
    echo made >public/app.js
    ;;
esac
"#;

/// An app whose assets Node.js builds.
fn with_assets() -> Case {
    bare()
        .file("package.json", r#"{"name": "shop", "scripts": {"build": "vite build"}}"#)
        .file("package-lock.json", "{\"lockfileVersion\": 3}")
}

/// A buildpack of another language; each line is a requirement.
fn language(requires: &[&str]) -> Fake {
    Fake::new("test/language").plan(&format!("requires = [{}]", requires.join(", ")))
}

const NODE: &str = "{ name = 'node', metadata = { build = true } }";

#[test]
fn whoever_requires_nothing_gets_nothing() {
    let detected = bare().subject(kouti_testing::Subject::optional).after(language(&[])).detect();
    assert!(detected.passes());
    assert_eq!(detected.group(), ["test/language"]);
}

#[test]
fn every_combination_that_others_require_is_offered() {
    for names in [
        &["node"][..],
        &["node", "npm"],
        &["node", "yarn"],
        &["node", "npm", "yarn"],
        &["node", "pnpm"],
        &["node", "node_modules"],
        &["node", "npm", "node_modules"],
        &["node", "yarn", "node_modules"],
        &["node", "pnpm", "node_modules"],
        &["node_modules"],
    ] {
        let lines: Vec<_> = names.iter().map(|name| format!("{{ name = '{name}' }}")).collect();
        let lines: Vec<_> = lines.iter().map(String::as_str).collect();
        let detected = bare().after(language(&lines)).detect();
        assert_eq!(detected.group(), ["kouti/node-engine", "test/language"], "{names:?}");
    }
}

#[test]
fn a_build_that_uses_node_leaves_nothing_of_it_in_the_image() {
    let npm = "{ name = 'npm', metadata = { build = true } }";
    let uses = "test \"$(node --version)\" = v24.18.1 && npm --version";
    let build = bare().after(language(&[NODE, npm]).build(uses)).build();
    assert_snapshot!(build.layers(), @"
    kouti/node-engine:node-build (build) Added
    kouti/node-engine:npm-cache (cache) Added
    ");
    assert_eq!(build.layer("node-build").types(), Types::BUILD);
    assert!(build.layer("node-build").has("include/node/node.h"));
    assert_eq!(build.build_env()["NODE_ENV"], "production");
    assert_eq!(build.commands(), ["node --version", "npm --version"]);
    assert_eq!(build.processes(), "");
}

#[test]
fn another_package_manager_is_there_for_who_asks_for_it() {
    let manager = |id: &str, version: &str, bin: &str| {
        Artifact::new(id, version).with("bin", bin).tool(bin, Tool::prints(version))
    };
    let case = bare()
        .artifact(manager("yarn", "1.22.22", "bin/yarn.js"))
        .artifact(manager("pnpm", "8.15.9", "bin/pnpm.cjs"))
        .artifact(manager("pnpm", "10.34.9", "bin/pnpm.cjs"));
    let asking = |case: &Case, name: &str, flag: &str, version: &str| {
        let entry = format!("{{ name = '{name}', metadata = {{ {flag} = true }} }}");
        let uses = match flag {
            "build" => format!("test \"$({name} --version)\" = {version}"),
            _ => String::new(),
        };
        case.clone().after(language(&[NODE, &entry]).build(&uses)).build()
    };
    let build = asking(&case, "yarn", "build", "1.22.22");
    assert!(build.find_layer("yarn").is_none() && build.find_layer("node").is_none());
    let build = asking(&case, "pnpm", "build", "10.34.9");
    assert!(build.find_layer("pnpm").is_none());
    // The front end below says which one.
    let below = case
        .file("web/package.json", "{}")
        .file("web/pnpm-lock.yaml", "lockfileVersion: '6.0'\n")
        .env("BP_NODE_PROJECT_PATH", "web");
    for (name, version) in [("pnpm", "8.15.9"), ("yarn", "1.22.22")] {
        let build = asking(&below, name, "build", version);
        assert!(build.log().contains(version), "{}", build.log());
    }
    let build = asking(&below, "pnpm", "launch", "8.15.9");
    assert_eq!(build.layer("pnpm").types(), Types::LAUNCH);
    assert!(build.layer("pnpm").has("bin/pnpm") && build.layer("node").has("bin/node"));
}

#[test]
fn an_app_that_runs_node_has_it_in_the_image_and_nothing_in_the_cache() {
    let node = "{ name = 'node', metadata = { launch = true, version = '24', version-source = 'app.csproj' } }";
    let web = "cat >\"$CNB_LAYERS_DIR/launch.toml\" <<END\n[[processes]]\ntype = 'web'\ncommand = ['node']\nEND";
    let build = bare().after(language(&[node]).build(web)).build();
    assert_snapshot!(build.log(), @"
    Kouti Node Engine [version]
      Choosing Node.js
        app.csproj   24     <- used
        default      24.x
        24.18.1 chosen (newest that fits)
      Installing Node.js 24.18.1
        642 B from the buildpack in [time], sha256 ok
      Done in [time]
    ");
    assert_eq!(build.layer("node").types(), Types::LAUNCH);
    assert!(build.find_layer("node-build").is_none());
    assert!(build.launch_env("web")["PATH"].starts_with("<layers>/kouti_node-engine/node/bin:"));
    let again = build.rebuild();
    assert!(again.layer("node").is_reused());
    assert_eq!(again.image_digest(), build.image_digest());
}

#[test]
fn assets_are_built_and_what_built_them_is_removed() {
    let modules = "{ name = 'node_modules', metadata = { build = true, assets = true } }";
    let build = with_assets().after(language(&[modules])).build();
    assert_snapshot!(build.log(), @"
    Kouti Node Engine [version]
      Choosing Node.js
        default   24.x   <- used
        24.18.1 chosen (newest that fits)
      Installing Node.js 24.18.1 for the build
        642 B from the buildpack in [time], sha256 ok
      Installing node_modules
      Running npm ci --include=dev
      Running npm run build
      Done in [time]
    ");
    assert_eq!(build.commands(), ["npm ci --include=dev", "npm run build"]);
    assert_eq!(build.app_file("public/app.js"), "made\n");
    assert!(!build.app_path("node_modules").exists());
    assert!(build.find_layer("node").is_none());
    assert!(build.sbom("kouti_node-engine/sbom.cdx.json").contains("vite"));

    let again = build.rebuild();
    assert_eq!(again.commands(), ["npm run build"]);
    assert_eq!(again.image_digest(), build.image_digest());
}

#[test]
fn packages_stay_for_a_buildpack_that_builds_with_them() {
    let modules = |more: &str| {
        let entry = format!("{{ name = 'node_modules', metadata = {{ build = true{more} }} }}");
        with_assets().after(language(&[NODE, &entry]).build("test -d node_modules/vite")).build()
    };
    let build = modules("");
    assert!(build.app_path("node_modules/vite").is_dir());
    assert_eq!(build.slices()[0], ["node_modules/.package-lock.json"]);
    let warning = "warning: node_modules stays in the image";
    assert!(build.log().contains(warning), "{}", build.log());
    let build = modules(", launch = true");
    assert!(!build.log().contains(warning), "{}", build.log());
    assert_eq!(build.layer("node").types(), Types::LAUNCH);
}

#[test]
fn what_others_build_with_is_installed_even_if_no_script_needs_it() {
    let modules = "{ name = 'node_modules', metadata = { build = true } }";
    let build = with_assets()
        .file("package.json", r#"{"name": "shop", "devDependencies": {"vite": "^7.0.0"}}"#)
        .after(language(&[modules]).build("test -d node_modules/vite"))
        .build();
    assert_eq!(build.commands(), ["npm ci --include=dev"]);
}

#[test]
fn the_user_can_have_assets_built_whatever_the_language() {
    let case = with_assets().env("BP_NODE_RUN_SCRIPTS", "build").after(language(&[]));
    let build = case.clone().build();
    assert_eq!(build.commands(), ["npm ci --include=dev", "npm run build"]);
    assert!(!build.app_path("node_modules").exists());
    // Whoever wants more of us still gets it.
    let build = case.after(language_of_java()).build();
    assert!(build.build_env()["PATH"].contains("node-build/bin"));

    let build = with_assets()
        .env("BP_NODE_RUN_SCRIPTS", "")
        .subject(kouti_testing::Subject::optional)
        .after(language(&[]))
        .build();
    assert!(build.commands().is_empty());
    let failed = with_assets().env("BP_NODE_RUN_SCRIPTS", "bulid").after(language(&[])).fails();
    assert_snapshot!(failed.error(), @"
    error[unknown-script]: BP_NODE_RUN_SCRIPTS names the script `bulid`, which package.json does not have

    hint: its scripts are: build
    ");
}

fn language_of_java() -> Fake {
    Fake::new("test/java").plan(&format!("requires = [{NODE}]"))
}

#[test]
fn the_project_may_be_below_the_app() {
    let modules = "{ name = 'node_modules', metadata = { build = true, assets = true } }";
    let build = bare()
        .file("client/package.json", r#"{"scripts": {"build": "vite build"}}"#)
        .file("client/package-lock.json", "{\"lockfileVersion\": 3}")
        .file("client/.nvmrc", "24")
        .env("BP_NODE_PROJECT_PATH", "client")
        .after(language(&[modules]))
        .build();
    assert_eq!(build.app_file("client/public/app.js"), "made\n");
    assert!(build.log().contains("client/.nvmrc"), "{}", build.log());
}

#[test]
fn packages_without_a_package_json_are_refused() {
    let modules = "{ name = 'node_modules', metadata = { build = true } }";
    let failed = bare().after(language(&[modules])).fails();
    assert_snapshot!(failed.error(), @"
    error[no-package-json]: another buildpack wants the packages of this app installed, and it has no package.json

    hint: set BP_NODE_PROJECT_PATH to the directory with the package.json
    ");
    let failed =
        bare().dir("client").env("BP_NODE_PROJECT_PATH", "client").after(language(&[modules]));
    assert_snapshot!(failed.fails().error(), @"
    error[no-package-json]: another buildpack wants the packages of this app installed, and client has no package.json

    hint: set BP_NODE_PROJECT_PATH to the directory with the package.json
    ");
}

#[test]
fn a_version_that_does_not_exist_names_who_asked() {
    let node = "{ name = 'node', metadata = { build = true, version = '99', version-source = 'pom.xml' } }";
    let failed = bare().after(language(&[node])).fails();
    assert_snapshot!(failed.error(), @"
    error[no-release]: no Node.js release fits `99` (asked for in pom.xml)

    hint: change the version in pom.xml
    hint: available: 24.18.1
    ");
}
