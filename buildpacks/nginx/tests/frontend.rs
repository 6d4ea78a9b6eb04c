//! Front ends that somebody else has built, served by the real nginx as their tools mean it.

use insta::assert_snapshot;
use kouti_testing::Case;
use kouti_testing::real::{Answer, Site};

use crate::support::{case, real};

/// What a tool has left; its dependency, and nothing said but that nginx serves.
fn built_with(case: Case, tool: &str) -> Case {
    let package =
        format!(r#"{{"scripts": {{"build": "x"}}, "devDependencies": {{"{tool}": "1"}}}}"#);
    case.file("package.json", package).env("BP_WEB_SERVER", "nginx")
}

fn kept(answer: &Answer) -> &str {
    answer.header("Cache-Control").unwrap_or_default()
}

const FOR_EVER: &str = "public, max-age=31536000, immutable";

#[test]
fn a_tool_says_which_files_are_served_and_how() {
    let Some(case) = real() else { return };
    let case = built_with(case, "vite")
        .file("dist/index.html", "home")
        .file("dist/assets/app-1a2b.js", "js")
        .file("public/index.html", "a part of the source");
    let build = case.build();
    assert!(build.log().contains("Vite"), "{}", build.log());
    let site = Site::start(&build, &[]);
    assert_eq!(site.get("/").body, "home");
    assert_eq!(site.get("/deep/link").body, "home");
    assert_eq!(site.get("/assets/missing.js").status, 404);
    assert_eq!(kept(&site.get("/assets/app-1a2b.js")), FOR_EVER);
    assert_eq!(kept(&site.get("/")), "no-cache");
}

#[test]
fn angular_leaves_its_pages_below_the_name_of_the_project() {
    for dir in ["dist/shop/browser", "dist/shop"] {
        let Some(case) = real() else { return };
        let case = built_with(case, "@angular/cli").file(&format!("{dir}/index.html"), "shop");
        let site = Site::start(&case.build(), &[]);
        assert_eq!(site.get("/deep/link").body, "shop", "{dir}");
    }
}

#[test]
fn exported_pages_are_found_without_their_ending() {
    let Some(case) = real() else { return };
    let case = built_with(case, "next")
        .file("out/index.html", "home")
        .file("out/about.html", "about")
        .file("out/404.html", "not here")
        .file("out/_next/static/x.js", "js");
    let site = Site::start(&case.build(), &[]);
    assert_eq!(site.get("/about").body, "about");
    let missing = site.get("/missing");
    assert_eq!((missing.status, missing.body.as_str()), (404, "not here"));
    assert_eq!(kept(&site.get("/_next/static/x.js")), FOR_EVER);
}

#[test]
fn a_tool_that_has_made_a_server_is_told_how_to_make_pages() {
    let server = |tool: &str| built_with(case(), tool).file(".next/server/x.js", "").fails();
    assert_snapshot!(server("next").error(), @r#"
    error[no-document-root]: the directory to serve, `out` (Next.js), does not exist

    hint: set `output: "export"` in the configuration of Next.js, or leave BP_WEB_SERVER out to run its server
    "#);
    assert!(server("nuxt").error().contains("hint: let the build script run `nuxt generate`"));
}
