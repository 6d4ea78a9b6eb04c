//! Which package manager is chosen, and which version of it.

use super::*;

#[test]
fn the_lockfile_tells_the_version() {
    for (file, content, version) in [
        ("yarn.lock", CLASSIC.1, "Yarn 1.22.22"),
        ("yarn.lock", BERRY.1, "Yarn 4.18.1"),
        ("yarn.lock", "__metadata:\n  version: 6\n", "Yarn 3.8.7"),
        ("yarn.lock", "__metadata:\n  version: 4\n", "Yarn 2.4.3"),
        ("pnpm-lock.yaml", "lockfileVersion: 5.3\n", "pnpm 6.35.1"),
        ("pnpm-lock.yaml", "lockfileVersion: 5.4\n", "pnpm 7.33.7"),
        ("pnpm-lock.yaml", "lockfileVersion: '6.0'\n", "pnpm 8.15.9"),
        ("pnpm-lock.yaml", PNPM.1, "pnpm 10.34.9"),
    ] {
        let log = shop().file(file, content).build().log();
        assert!(log.contains(&format!("Installing {version}")), "{version}: {log}");
    }
    let log = with(shop(), &[PNPM])
        .file("pnpm-workspace.yaml", "allowBuilds:\n  a: true\n")
        .build()
        .log();
    assert!(log.contains("Installing pnpm 11.28.11"), "{log}");
}

#[test]
fn whoever_names_a_package_manager_decides() {
    let pinned = |text: &str| {
        let text = text.to_owned();
        with(shop(), &[PNPM]).json("package.json", move |package| {
            package["packageManager"] = text.clone().into();
        })
    };
    let log = pinned("pnpm@11.28.11").build().log();
    assert!(log.contains("package.json (packageManager)   11.28.11"), "{log}");
    let log = pinned("pnpm@11.28.11").env("BP_PNPM_VERSION", "10").build().log();
    assert!(log.contains("Installing pnpm 10.34.9"), "{log}");
    let log = pinned("pnpm@11.28.11").env("BP_NODE_PACKAGE_MANAGER", "npm").build().log();
    assert!(log.contains("pnpm-lock.yaml is ignored: BP_NODE_PACKAGE_MANAGER"), "{log}");
    let log = with(shop(), &[]).json("package.json", |package| {
        package["devEngines"]["packageManager"] =
            serde_json::json!({"name": "pnpm", "version": "^8"});
    });
    assert!(log.build().log().contains("Installing pnpm 8.15.9"));
}

#[test]
fn a_yarn_of_the_app_is_used_as_it_is() {
    let yarn = ".yarn/releases/yarn-4.9.1.cjs";
    let case = with(shop(), &[BERRY])
        .file(".yarnrc.yml", format!("nodeLinker: node-modules\nyarnPath: {yarn}\n"));
    assert_snapshot!(case.fails().error(), @"
    error[yarn-path-missing]: .yarnrc.yml says `yarnPath: .yarn/releases/yarn-4.9.1.cjs`, and there is no such file

    hint: commit the file: .gitignore or the filter of an upload usually leaves it out
    hint: or remove `yarnPath` and name the version in `packageManager`
    ");
    let build = case.file(yarn, "").build();
    assert!(build.log().contains("Choosing Yarn 4.9.1: .yarn/releases/yarn-4.9.1.cjs of the app"));
}

#[test]
fn lockfiles_side_by_side_are_an_error_that_says_what_to_delete() {
    let npm = ("package-lock.json", "{\"lockfileVersion\": 3}");
    assert_snapshot!(with(shop(), &[CLASSIC, npm]).fails().error(), @r#"
    error[conflicting-lockfiles]: lockfiles of different package managers lie side by side: yarn.lock, package-lock.json

    hint: keep the one that you install with, and delete the others: `rm package-lock.json` to keep yarn.lock, `rm yarn.lock` to keep package-lock.json
    hint: or name your package manager in package.json, such as `"packageManager": "pnpm@10.34.9"`
    "#);
    let log = with(shop(), &[CLASSIC, npm]).env("BP_NODE_PACKAGE_MANAGER", "yarn").build().log();
    assert!(log.contains("warning: package-lock.json is ignored"), "{log}");
}

#[test]
fn what_cannot_be_chosen_is_explained() {
    let pin = |text: &str| {
        let text = text.to_owned();
        with(shop(), &[]).json("package.json", move |package| {
            package["packageManager"] = text.clone().into();
        })
    };
    assert_snapshot!(shop().file("bun.lock", "{}").fails().error(), @"
    error[bun-not-supported]: bun.lock asks for Bun, which this buildpack does not have

    hint: commit a lockfile of npm, Yarn or pnpm instead, or set BP_NODE_PACKAGE_MANAGER=npm
    ");
    assert_snapshot!(pin("pnpm@latest").fails().error(), @r#"
    error[bad-package-manager]: package.json says `"packageManager": "pnpm@latest"`, which does not name one version

    hint: write a name and an exact version, such as `pnpm@10.34.9` or `yarn@4.18.1`
    "#);
    assert_snapshot!(pin("yarn@https://example.com/yarn.js").fails().error(), @r#"
    error[bad-package-manager]: package.json says `"packageManager": "yarn@https://example.com/yarn.js"`, and package managers come from the registry or from the app, not from an address

    hint: write a name and an exact version, such as `yarn@4.18.1`
    hint: a Yarn of your own can be committed: name its file in `yarnPath` of .yarnrc.yml
    "#);
    assert_snapshot!(shop().env("BP_NODE_PACKAGE_MANAGER", "cnpm").fails().error(), @"
    error[unknown-package-manager]: BP_NODE_PACKAGE_MANAGER names the package manager `cnpm`, which does not exist here

    hint: it is one of npm, yarn and pnpm, with a range if you like: `pnpm@10`
    ");
    assert_snapshot!(
        shop().file("pnpm-lock.yaml", "lockfileVersion: '12.0'\n").fails().error(), @"
    error[unknown-lockfile-version]: pnpm-lock.yaml has the `lockfileVersion` 12.0, which is not known here

    hint: known are 5.0 to 5.4, 6.0, 6.1 and 9.0, as pnpm 6 to 12 write them
    hint: if your pnpm is newer, name its version in `packageManager`
    ");
    assert_snapshot!(
        pin("pnpm@11.28.11").env("BP_NODE_VERSION", "22").artifact(crate::support::node("20.20.2"))
            .env("BP_NODE_VERSION", "20").fails().error(), @"
    error[package-manager-needs-other-node]: pnpm 11.28.11 (asked for in package.json (packageManager)) does not run on Node.js 20.20.2

    hint: it needs Node.js `>=22.13`: set BP_NODE_VERSION or `engines.node`
    hint: or ask for an older one in package.json (packageManager)
    ");
    assert_snapshot!(pin("yarn@4.18.1").fails().error(), @"
    error[lockfile-missing]: Yarn 2 and later cannot install without yarn.lock, and there is none

    hint: run `yarn install` and commit yarn.lock
    ");
    assert_snapshot!(with(shop(), &[PNPM]).file("pnpm-lock.yaml", "").fails().error(), @"
    error[bad-lockfile]: pnpm-lock.yaml is empty

    hint: remove pnpm-lock.yaml, run `pnpm install`, and commit what it writes
    ");
    assert_snapshot!(pin("pnpm@9.1.2").env("BP_OFFLINE", "true").fails().error(), @"
    error[package-manager-unavailable]: pnpm@9.1.2 is not in this buildpack, and nothing may be downloaded

    hint: ask for one that this buildpack knows: 11.28.11, 10.34.9, 8.15.9, 7.33.7, 6.35.1
    hint: or let it be downloaded: unset BP_OFFLINE
    ");
}

#[test]
fn a_wrong_hash_stops_the_build() {
    let wrong = format!("pnpm@10.34.9+sha224.{}", "0".repeat(56));
    let case = with(shop(), &[PNPM]).json("package.json", move |package| {
        package["packageManager"] = wrong.clone().into();
    });
    assert_snapshot!(case.fails().error(), @"
    error[package-manager-changed]: pnpm 10.34.9 is not the one that `packageManager` in package.json describes: its sha224 is c4f449be9d7a89a6606d4af29d147c6bb43ef587569a385f4f272607, not 00000000000000000000000000000000000000000000000000000000

    hint: write the hash anew: `corepack use pnpm@…`, or remove it
    hint: if it was right, a mirror or proxy changes packages: ask those who run it
    ");
}

#[test]
fn another_npm_is_there_when_the_app_runs() {
    let npm = Artifact::new("npm", "12.2.0")
        .with("node", ">=22")
        .with("bin", "bin/npm-cli.js")
        .tool("bin/npm-cli.js", Tool::script(crate::support::NPM))
        .tool("bin/npx-cli.js", Tool::succeeds());
    let case = crate::support::express().artifact(npm).env("BP_NPM_VERSION", "12");
    let build = case.build();
    assert!(build.log().contains("Installing npm 12.2.0"), "{}", build.log());
    assert!(build.layer("npm").has("bin/npm") && build.layer("npm").has("bin/npx"));
}

#[test]
fn the_hash_of_npm_is_that_of_its_package() {
    let npm = Artifact::new("npm", "12.2.0")
        .with("node", ">=22")
        .with("bin", "bin/npm-cli.js")
        .tool("bin/npm-cli.js", Tool::script(crate::support::NPM));
    let pinned = |digest: &str| {
        let text = format!("npm@12.2.0+sha512.{digest}");
        crate::support::express()
            .artifact(npm.clone())
            .json("package.json", move |package| package["packageManager"] = text.clone().into())
    };
    let wrong = "0".repeat(128);
    let error = pinned(&wrong).fails().error();
    assert!(error.starts_with("error[package-manager-changed]: npm 12.2.0 is not"), "{error}");
    let (_, found) = error.split_once("its sha512 is ").unwrap();
    let build = pinned(&found[..128]).build();
    assert!(build.log().contains("Installing npm 12.2.0"), "{}", build.log());
    assert!(build.layer("npm").has("bin/npm"));
}

#[test]
fn without_a_lockfile_the_engines_say_which_one() {
    for (engine, range, shown) in [("yarn", "1.x", "Yarn 1.22.22"), ("pnpm", "^8", "pnpm 8.15.9")] {
        let case = shop().json("package.json", move |package| {
            package["engines"][engine] = range.into();
        });
        let build = case.build();
        assert!(build.log().contains(&format!("Installing {shown}")), "{}", build.log());
        let first = &build.commands()[0];
        assert!(first.starts_with(&format!("{engine} install ")), "{first}");
        assert!(first.contains("--no-"), "there is no lockfile to keep to: {first}");
    }
    // Of Yarn 2 and later nothing can be installed that is not locked.
    let berry = shop().json("package.json", |package| package["engines"]["yarn"] = "^4".into());
    assert!(berry.fails().error().starts_with("error[lockfile-missing]"));
}

#[test]
fn a_range_in_place_of_a_version_is_taken_and_told() {
    let case = with(shop(), &[PNPM])
        .json("package.json", |package| package["packageManager"] = "pnpm@^10".into());
    let log = case.build().log();
    assert!(log.contains("Installing pnpm 10.34.9"), "{log}");
    let warning = "warning: package.json says `\"packageManager\": \"pnpm@^10\"`: the newest version \
                   that fits is taken";
    assert!(log.contains(warning), "{log}");
}

#[test]
fn a_version_may_be_named_for_each_of_them() {
    for (name, value, file, version) in [
        ("BP_YARN_VERSION", "3", BERRY, "Yarn 3.8.7"),
        ("BP_PNPM_VERSION", "7.x", PNPM, "pnpm 7.33.7"),
        ("BP_NODE_PACKAGE_MANAGER", "pnpm@8", PNPM, "pnpm 8.15.9"),
    ] {
        let log = with(shop(), &[file, MODULES]).env(name, value).build().log();
        assert!(log.contains(&format!("Installing {version}")), "{name}: {log}");
    }
    let failed = with(shop(), &[PNPM]).env("BP_PNPM_VERSION", "^5").fails();
    assert_snapshot!(failed.error(), @"
    error[no-release]: no pnpm release fits `^5` (asked for in BP_PNPM_VERSION)

    hint: change the version in BP_PNPM_VERSION
    hint: available: 11.28.11, 10.34.9, 8.15.9, 7.33.7, 6.35.1
    ");
}

#[test]
fn engines_of_npm_are_met_by_the_bundled_one_if_they_can() {
    let npm = Artifact::new("npm", "12.2.0")
        .with("node", ">=22")
        .with("bin", "bin/npm-cli.js")
        .tool("bin/npm-cli.js", Tool::script(crate::support::NPM));
    let case = crate::support::express().artifact(npm);
    let engines = |range: &'static str| {
        case.clone().json("package.json", move |package| package["engines"]["npm"] = range.into())
    };
    assert!(!engines(">=10").build().log().contains("Choosing npm"));
    assert!(engines("^12").build().log().contains("Installing npm 12.2.0"));
}

#[test]
fn the_hash_of_yarn_berry_is_that_of_its_program() {
    let yarn = "#!/bin/sh\ncase \"$*\" in install*) mkdir -p node_modules/express;; esac\n";
    let pinned = |digest: &str| {
        let text = format!("yarn@4.9.9+sha224.{digest}");
        let program = Artifact::new("berry", "4.9.9")
            .with("name", "Yarn")
            .with("bin", "yarn.js")
            .with("node", ">=18")
            .bytes(yarn);
        with(shop(), &[BERRY, MODULES])
            .artifact(program)
            .json("package.json", move |package| package["packageManager"] = text.clone().into())
    };
    let right = "1193a0aa6cdb3aaf18260e632216768d4ab5664f4466608ed856d1b3";
    let build = pinned(right).build();
    assert!(build.layer("yarn").has("bin/yarn") && build.layer("yarn").has("bin/yarnpkg"));
    let failed = pinned(&right.replace('0', "1")).fails();
    assert!(failed.error().starts_with("error[package-manager-changed]"), "{}", failed.error());
}

#[test]
fn a_native_pnpm_needs_no_node() {
    let pnpm = Artifact::new("pnpm", "12.21.0")
        .with("name", "pnpm")
        .with("bin", "pnpm")
        .with("node", ">=22.13")
        .tool("pnpm", Tool::script(MANAGER));
    let case = with(shop(), &[PNPM])
        .artifact(pnpm)
        .json("package.json", |package| package["packageManager"] = "pnpm@12.21.0".into());
    let build = case.build();
    assert!(build.layer("pnpm").has("bin/pnpm"));
    let call = &build.calls("pnpm")[0];
    assert_eq!(call.env["pnpm_config_pm_on_fail"], "ignore");
    assert_eq!(call.env["pnpm_config_store_dir"], "<layers>/kouti_nodejs/pnpm-store");
}
