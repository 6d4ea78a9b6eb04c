//! Package URLs in canonical form.

use kouti_sbom::Purl;
use proptest::prelude::*;

fn canonical(text: &str) -> String {
    text.parse::<Purl>().unwrap_or_else(|error| panic!("{error}")).to_string()
}

/// The cases that the specification's text decides, in our own words.
#[test]
fn texts_become_canonical() {
    for (text, expected) in [
        ("pkg:npm/express@4.19.2", "pkg:npm/express@4.19.2"),
        ("pkg:npm/@angular/core@12.3.1", "pkg:npm/%40angular/core@12.3.1"),
        ("pkg:npm/@angular/core", "pkg:npm/%40angular/core"),
        ("pkg:NPM/Express", "pkg:npm/Express"),
        ("PKG:npm/x", "pkg:npm/x"),
        ("pkg://npm/x", "pkg:npm/x"),
        ("pkg:/npm//x/", "pkg:npm/x"),
        ("pkg:composer/Symfony/Console@v7.1", "pkg:composer/symfony/console@v7.1"),
        ("pkg:github/Kouti/Kouti@main", "pkg:github/kouti/kouti@main"),
        ("pkg:pypi/Flask_Login@1.0", "pkg:pypi/flask-login@1.0"),
        ("pkg:nuget/Newtonsoft.Json@13.0.3", "pkg:nuget/Newtonsoft.Json@13.0.3"),
        (
            "pkg:maven/org.slf4j/slf4j-api@2.0?type=jar&Classifier=sources&empty=",
            "pkg:maven/org.slf4j/slf4j-api@2.0?classifier=sources&type=jar",
        ),
        ("pkg:generic/jdk@21.0.5+11", "pkg:generic/jdk@21.0.5%2B11"),
        ("pkg:generic/jdk@21.0.5%2b11", "pkg:generic/jdk@21.0.5%2B11"),
        ("pkg:docker/app@sha256%3Aab", "pkg:docker/app@sha256:ab"),
        (
            "pkg:generic/node?download_url=https://nodejs.org/dist/node.tar.gz",
            "pkg:generic/node?download_url=https:%2F%2Fnodejs.org%2Fdist%2Fnode.tar.gz",
        ),
        ("pkg:golang/example.com/m@v1#/api/./../v2//x/", "pkg:golang/example.com/m@v1#api/v2/x"),
        ("pkg:generic/r%C3%A9sum%C3%A9", "pkg:generic/r%C3%A9sum%C3%A9"),
        ("pkg:generic/résumé", "pkg:generic/r%C3%A9sum%C3%A9"),
    ] {
        assert_eq!(canonical(text), expected, "{text}");
        assert_eq!(canonical(expected), expected);
    }
}

#[test]
fn what_is_no_package_url_is_refused() {
    for text in [
        "",
        "npm/express",
        "pkg:",
        "pkg:npm",
        "pkg:npm/",
        "pkg:npm/@1.0",
        "pkg:n&pm/express",
        "pkg:3npm/express",
        "pkg:np:m/express",
        "pkg:npm/express?no-value",
        "pkg:npm/express?a b=c",
        "pkg:npm/express?1a=c",
        "pkg:npm/exp%ress",
        "pkg:npm/%ff",
        "pkg:npm/x%é0",
    ] {
        assert!(text.parse::<Purl>().is_err(), "{text}");
    }
}

#[test]
fn parts_are_put_together() {
    let purl = Purl::new("npm", "mypackage")
        .unwrap()
        .namespace("/@my scope/")
        .version("1.0.0 Final")
        .qualifier("vcs_url", "git+https://user:canary@host/r.git@4345")
        .qualifier("empty", "")
        .subpath("a b/c");
    assert_eq!(
        purl.to_string(),
        "pkg:npm/%40my%20scope/mypackage@1.0.0%20Final\
         ?vcs_url=git%2Bhttps:%2F%2Fhost%2Fr.git%404345#a%20b/c"
    );
    assert_eq!(canonical(&purl.to_string()), purl.to_string());
}

#[test]
fn an_error_says_what_is_wrong() {
    let error = "pkg:npm/exp%ress".parse::<Purl>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "`pkg:npm/exp%ress` is not a package URL: its encoding is damaged"
    );
}

proptest! {
    #[test]
    fn what_was_built_is_read_back(
        kind in "[a-z][a-z0-9.-]{0,5}",
        namespace in "\\PC{0,10}",
        name in "\\PC{1,10}",
        version in "\\PC{0,10}",
        value in "\\PC{0,10}",
        subpath in "\\PC{0,10}",
    ) {
        prop_assume!(!name.trim_matches('/').is_empty());
        let purl = Purl::new(&kind, &name)
            .unwrap()
            .namespace(&namespace)
            .version(&version)
            .qualifier("key", &value)
            .subpath(&subpath);
        prop_assert_eq!(&purl.to_string().parse::<Purl>().unwrap(), &purl);
        prop_assert!(purl.to_string().is_ascii());
    }

    #[test]
    fn no_text_breaks_the_parser(text in "(pkg:)?[a-z@/?#%=&0-9:é]{0,30}") {
        if let Ok(purl) = text.parse::<Purl>() {
            prop_assert_eq!(purl.to_string().parse::<Purl>().unwrap(), purl);
        }
    }
}
