//! The program in the miniature lifecycle.
#![cfg(test)]

use insta::assert_snapshot;
use kouti_testing::{Built, Case};

fn case() -> Case {
    let descriptor = concat!(env!("CARGO_MANIFEST_DIR"), "/buildpack.toml");
    Case::new(env!("CARGO_BIN_EXE_kouti-source-removal"), descriptor)
}

fn app() -> Case {
    let files = ["index.html", "src/app.ts", "src/lib/util.ts", "dist/app.js", "dist/maps/app.map"];
    let case = files.into_iter().fold(case(), |case, file| case.file(file, "123456789\n"));
    case.file(".git/HEAD", "ref: x\n").dir("tmp")
}

/// The files, links and directories of the app that are in the image.
fn left(build: &Built) -> Vec<String> {
    fn walk(dir: &std::path::Path, above: &str, names: &mut Vec<String>) {
        for entry in fs_err::read_dir(dir).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{above}{}", entry.file_name().display());
            if entry.file_type().unwrap().is_dir() {
                walk(&entry.path(), &format!("{name}/"), names);
                names.push(name + "/");
            } else {
                names.push(name);
            }
        }
    }
    let mut names = Vec::new();
    walk(&build.app_path(""), "", &mut names);
    names.sort();
    names
}

fn included(list: &str) -> Vec<String> {
    left(&app().env("BP_INCLUDE_FILES", list).build())
}

fn excluded(list: &str) -> Vec<String> {
    left(&app().env("BP_EXCLUDE_FILES", list).build())
}

#[test]
fn without_a_list_there_is_nothing_to_do() {
    let reason = "neither BP_INCLUDE_FILES nor BP_EXCLUDE_FILES is set";
    assert_eq!(app().detect().skipped().as_deref(), Some(reason));
    let empty = app().env("BP_EXCLUDE_FILES", "").detect();
    assert_eq!(empty.skipped().as_deref(), Some(reason));
}

#[test]
fn only_what_is_included_stays() {
    let build = app().env("BP_INCLUDE_FILES", "dist/*:index.html").build();
    assert_snapshot!(build.log(), @"
    Kouti Source Removal [version]
      Settings
        BP_INCLUDE_FILES   dist/*:index.html
      Removing what BP_INCLUDE_FILES does not name
        3 of 6 files, 27 B
      Done in [time]
    ");
    assert_eq!(
        left(&build),
        ["dist/", "dist/app.js", "dist/maps/", "dist/maps/app.map", "index.html"]
    );
}

#[test]
fn a_directory_stays_with_all_below() {
    assert_eq!(included("dist"), included("dist/*"));
    assert_eq!(included("src/lib/util.ts"), ["src/", "src/lib/", "src/lib/util.ts"]);
    assert_eq!(included("**/*.ts"), ["src/", "src/app.ts", "src/lib/", "src/lib/util.ts"]);
    assert_eq!(included("dist:!dist/maps"), ["dist/", "dist/app.js"]);
}

#[test]
fn what_is_excluded_goes() {
    let build = app().env("BP_EXCLUDE_FILES", ".git:src").env("BP_LOG_LEVEL", "debug").build();
    assert_snapshot!(build.log(), @"
    Kouti Source Removal [version]
      Settings
        BP_EXCLUDE_FILES   .git:src
        BP_LOG_LEVEL       debug
      Removing what BP_EXCLUDE_FILES names
        [debug] .git/HEAD
        [debug] src/app.ts
        [debug] src/lib/util.ts
        3 of 6 files, 27 B
      Done in [time]
    ");
    let files = ["dist/", "dist/app.js", "dist/maps/", "dist/maps/app.map", "index.html", "tmp/"];
    assert_eq!(left(&build), files);
    assert!(
        !excluded("**/*.{ts,map}").iter().any(|name| name.contains(".ts") || name.contains(".map"))
    );
}

#[test]
fn what_is_included_may_be_excluded() {
    let build = app().env("BP_INCLUDE_FILES", "dist").env("BP_EXCLUDE_FILES", "**/*.map").build();
    assert_snapshot!(build.log(), @"
    Kouti Source Removal [version]
      Settings
        BP_EXCLUDE_FILES   **/*.map
        BP_INCLUDE_FILES   dist
      Removing what BP_INCLUDE_FILES does not name
        4 of 6 files, 37 B
      Removing what BP_EXCLUDE_FILES names
        1 of 2 files, 10 B
      Done in [time]
    ");
    assert_eq!(left(&build), ["dist/", "dist/app.js", "dist/maps/"]);
}

#[test]
fn a_dry_run_removes_nothing() {
    let build = app()
        .env("BP_INCLUDE_FILES", "dist")
        .env("BP_SOURCE_REMOVAL_DRY_RUN", "true")
        .env("BP_LOG_LEVEL", "debug")
        .build();
    assert_snapshot!(build.log(), @"
    Kouti Source Removal [version]
      Settings
        BP_INCLUDE_FILES            dist
        BP_SOURCE_REMOVAL_DRY_RUN   true
        BP_LOG_LEVEL                debug
      Not removing, as BP_SOURCE_REMOVAL_DRY_RUN wants, what BP_INCLUDE_FILES does not name
        [debug] .git/HEAD
        [debug] index.html
        [debug] src/app.ts
        [debug] src/lib/util.ts
        4 of 6 files, 37 B
      Done in [time]
    ");
    assert!(left(&build).contains(&"src/app.ts".to_owned()));
}

#[test]
fn a_long_list_is_cut() {
    let case = (0..30).fold(app(), |case, n| case.file(&format!("many/{n:02}"), ""));
    let log = case.env("BP_EXCLUDE_FILES", "many").env("BP_LOG_LEVEL", "debug").build().log();
    assert!(log.contains("many/19\n") && !log.contains("many/20\n"), "{log}");
    assert!(log.contains("[debug] and 10 more\n"), "{log}");
}

#[test]
fn a_pattern_that_matches_nothing_is_remarked_on() {
    let case = app().env("BP_INCLUDE_FILES", "dist:app.js").env("BP_EXCLUDE_FILES", "node_modules");
    assert_snapshot!(case.build().log(), @"
    Kouti Source Removal [version]
      Settings
        BP_EXCLUDE_FILES   node_modules
        BP_INCLUDE_FILES   dist:app.js
      Removing what BP_INCLUDE_FILES does not name
        4 of 6 files, 37 B
    warning: the pattern `app.js` in BP_INCLUDE_FILES matches nothing
    hint: patterns are relative to the app, and `*` does not cross a `/`
      Removing what BP_EXCLUDE_FILES names
        0 of 2 files, 0 B
    warning: the pattern `node_modules` in BP_EXCLUDE_FILES matches nothing
    hint: patterns are relative to the app, and `*` does not cross a `/`
      Done in [time]
    warning: the pattern `app.js` in BP_INCLUDE_FILES matches nothing
    hint: patterns are relative to the app, and `*` does not cross a `/`
    warning: the pattern `node_modules` in BP_EXCLUDE_FILES matches nothing
    hint: patterns are relative to the app, and `*` does not cross a `/`
    ");
}

#[test]
fn a_link_is_removed_and_not_what_it_leads_to() {
    let case = app().link("latest", "dist").link("outside", "../platform");
    let build = case.env("BP_EXCLUDE_FILES", "latest:outside").build();
    assert!(left(&build).contains(&"dist/app.js".to_owned()));
    assert!(build.app_path("../platform").is_dir());
}

#[test]
fn a_link_that_leads_nowhere_afterwards_is_remarked_on() {
    let case = app().link("latest", "dist/app.js").env("BP_EXCLUDE_FILES", "dist");
    assert_snapshot!(case.build().log(), @"
    Kouti Source Removal [version]
      Settings
        BP_EXCLUDE_FILES   dist
      Removing what BP_EXCLUDE_FILES names
        2 of 7 files, 20 B
    warning: the link `latest` leads to something that is removed
    hint: keep what it leads to, or remove the link too
      Done in [time]
    warning: the link `latest` leads to something that is removed
    hint: keep what it leads to, or remove the link too
    ");
}

#[test]
fn an_app_is_not_emptied_by_mistake() {
    assert_snapshot!(app().env("BP_INCLUDE_FILES", "").fails().error(), @"
    error[nothing-left]: BP_INCLUDE_FILES is empty, so nothing of the app would be left

    hint: name in BP_INCLUDE_FILES what the app needs when it runs
    hint: set BP_ALLOW_EMPTY_APP=true if it needs none of its files
    ");
    assert_snapshot!(app().env("BP_INCLUDE_FILES", "build/*").fails().error(), @"
    error[nothing-left]: no file of the app fits BP_INCLUDE_FILES, so nothing of the app would be left

    hint: name in BP_INCLUDE_FILES what the app needs when it runs
    hint: set BP_ALLOW_EMPTY_APP=true if it needs none of its files
    ");
    let failed = app().env("BP_INCLUDE_FILES", "tmp").fails();
    assert!(failed.error().starts_with("error[nothing-left]"), "an empty directory is no app");
}

#[test]
fn an_app_may_be_emptied_on_purpose() {
    let case = app().env("BP_INCLUDE_FILES", "").env("BP_ALLOW_EMPTY_APP", "true");
    assert_eq!(left(&case.build()), [""; 0]);
}

#[test]
fn a_pattern_that_cannot_be_read_is_shown_and_nothing_removed() {
    let case = app().env("BP_INCLUDE_FILES", "dist").env("BP_EXCLUDE_FILES", "src/[a-");
    assert_snapshot!(case.fails().error(), @"
    error[bad-glob]: the pattern `src/[a-` in BP_EXCLUDE_FILES cannot be read: `[` is never closed

    hint: write paths relative to the app with `*`, `**`, `?`, `[…]` or `{…}`, separated by `:`
    hint: put a backslash before a sign that is to mean itself
    ");
    assert_snapshot!(app().env("BP_EXCLUDE_FILES", "../x").fails().error(), @"
    error[bad-glob]: the pattern `../x` in BP_EXCLUDE_FILES cannot be read: it leads out of the app

    hint: write paths relative to the app with `*`, `**`, `?`, `[…]` or `{…}`, separated by `:`
    hint: put a backslash before a sign that is to mean itself
    ");
}

#[test]
fn the_same_lists_make_the_same_image() {
    let build = app().env("BP_INCLUDE_FILES", "dist").build();
    assert_eq!(build.rebuild().image_digest(), build.image_digest());
}

#[test]
fn what_another_buildpack_has_built_stays() {
    let case = app().env("BP_INCLUDE_FILES", "dist").env("KOUTI_SOURCE_REMOVED", "true");
    let build = case.build();
    assert!(left(&build).contains(&"src/app.ts".to_owned()));
    assert!(build.log().contains("its source is removed already"), "{}", build.log());
}
