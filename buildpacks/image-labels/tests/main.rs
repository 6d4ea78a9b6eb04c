//! The program in the miniature lifecycle.
#![cfg(test)]

use insta::assert_snapshot;
use kouti_testing::{Built, Case, Fake};

fn case() -> Case {
    let descriptor = concat!(env!("CARGO_MANIFEST_DIR"), "/buildpack.toml");
    Case::new(env!("CARGO_BIN_EXE_kouti-image-labels"), descriptor)
}

fn labels(build: &Built) -> Vec<(&str, &str)> {
    build.labels().iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
}

#[test]
fn without_a_setting_there_is_nothing_to_do() {
    let reason = "neither BP_IMAGE_LABELS nor a BP_OCI_ variable is set";
    assert_eq!(case().detect().skipped().as_deref(), Some(reason));
    let empty = case().env("BP_IMAGE_LABELS", "").env("BP_OCI_TITLE", "").detect();
    assert_eq!(empty.skipped().as_deref(), Some(reason));
}

#[test]
fn the_plan_has_one_entry() {
    assert_snapshot!(case().env("BP_OCI_TITLE", "x").detect().plan(), @r#"
    [[provides]]
    name = "image-labels"

    [[requires]]
    name = "image-labels"
    "#);
}

#[test]
fn every_label_of_the_specification_has_its_setting() {
    let mut case = case();
    let names = [
        "AUTHORS",
        "DESCRIPTION",
        "DOCUMENTATION",
        "REF_NAME",
        "REVISION",
        "SOURCE",
        "TITLE",
        "URL",
        "VENDOR",
        "VERSION",
    ];
    for name in names {
        case = case.env(&format!("BP_OCI_{name}"), format!("my {name}"));
    }
    let case = case.env("BP_OCI_LICENSES", "MIT OR Apache-2.0");
    let build = case.env("BP_OCI_CREATED", "2026-01-31T12:00:00+01:00").build();
    assert_snapshot!(build.log(), @"
    Kouti Image Labels [version]
      Settings
        BP_OCI_AUTHORS         my AUTHORS
        BP_OCI_CREATED         2026-01-31T12:00:00+01:00
        BP_OCI_DESCRIPTION     my DESCRIPTION
        BP_OCI_DOCUMENTATION   my DOCUMENTATION
        BP_OCI_LICENSES        MIT OR Apache-2.0
        BP_OCI_REF_NAME        my REF_NAME
        BP_OCI_REVISION        my REVISION
        BP_OCI_SOURCE          my SOURCE
        BP_OCI_TITLE           my TITLE
        BP_OCI_URL             my URL
        BP_OCI_VENDOR          my VENDOR
        BP_OCI_VERSION         my VERSION
      Labels
        org.opencontainers.image.authors         my AUTHORS
        org.opencontainers.image.created         2026-01-31T12:00:00+01:00
        org.opencontainers.image.description     my DESCRIPTION
        org.opencontainers.image.documentation   my DOCUMENTATION
        org.opencontainers.image.licenses        MIT OR Apache-2.0
        org.opencontainers.image.ref.name        my REF_NAME
        org.opencontainers.image.revision        my REVISION
        org.opencontainers.image.source          my SOURCE
        org.opencontainers.image.title           my TITLE
        org.opencontainers.image.url             my URL
        org.opencontainers.image.vendor          my VENDOR
        org.opencontainers.image.version         my VERSION
      Done in [time]
    ");
    assert_eq!(build.labels()["org.opencontainers.image.ref.name"], "my REF_NAME");
    assert_eq!(build.labels().len(), 12);
}

#[test]
fn free_labels_are_shown_as_they_were_understood() {
    let text = r#"zeta=1 team="Blue \"1\"" 'a key'=x"#;
    let build = case().env("BP_IMAGE_LABELS", text).build();
    assert_snapshot!(build.log(), @r#"
    Kouti Image Labels [version]
      Settings
        BP_IMAGE_LABELS   zeta=1 team="Blue \"1\"" 'a key'=x
      Labels
        a key   x
        team    Blue "1"
        zeta    1
      Done in [time]
    "#);
    assert_eq!(labels(&build), [("a key", "x"), ("team", "Blue \"1\""), ("zeta", "1")]);
}

#[test]
fn labels_win_over_those_of_earlier_buildpacks() {
    let git = Fake::new("test/git").build(
        "printf '[[labels]]\\nkey = \"org.opencontainers.image.revision\"\\nvalue = \"old\"\\n' \
         >$layers/launch.toml",
    );
    let build = case().before(git).env("BP_OCI_REVISION", "new").build();
    assert_eq!(labels(&build), [("org.opencontainers.image.revision", "new")]);
}

#[test]
fn the_same_settings_make_the_same_image() {
    let build = case().env("BP_IMAGE_LABELS", "b=1 a=2").env("BP_OCI_TITLE", "x").build();
    assert_eq!(build.rebuild().image_digest(), build.image_digest());
}

#[test]
fn now_is_the_time_that_the_build_is_given() {
    let case = case().env("BP_OCI_CREATED", "now");
    let build = case.clone().env("SOURCE_DATE_EPOCH", "1767225600").build();
    assert_eq!(labels(&build), [("org.opencontainers.image.created", "2026-01-01T00:00:00Z")]);
    assert_snapshot!(case.fails().error(), @"
    error[no-build-time]: BP_OCI_CREATED is `now`, but SOURCE_DATE_EPOCH is not set

    hint: set SOURCE_DATE_EPOCH to the seconds since 1970, such as the time of the commit: two builds of it then make the same image
    ");
    assert_snapshot!(case.env("SOURCE_DATE_EPOCH", "today").fails().error(), @"
    error[no-build-time]: BP_OCI_CREATED is `now`, but SOURCE_DATE_EPOCH is `today`, which is no number of seconds since 1970

    hint: set SOURCE_DATE_EPOCH to the seconds since 1970, such as the time of the commit: two builds of it then make the same image
    ");
}

#[test]
fn a_time_and_a_licence_nobody_can_read_are_remarked_on() {
    let case = case().env("BP_OCI_CREATED", "yesterday").env("BP_OCI_LICENSES", "Apache 2");
    assert_snapshot!(case.build().log(), @"
    Kouti Image Labels [version]
      Settings
        BP_OCI_CREATED    yesterday
        BP_OCI_LICENSES   Apache 2
      Labels
        org.opencontainers.image.created    yesterday
        org.opencontainers.image.licenses   Apache 2
    warning: BP_OCI_CREATED is `yesterday`, which is no RFC 3339 time
    hint: write it as 2026-01-31T12:00:00Z
    warning: BP_OCI_LICENSES is `Apache 2`, which is no SPDX expression
    hint: write ids of the SPDX list, as in `Apache-2.0 OR MIT`
      Done in [time]
    warning: BP_OCI_CREATED is `yesterday`, which is no RFC 3339 time
    hint: write it as 2026-01-31T12:00:00Z
    warning: BP_OCI_LICENSES is `Apache 2`, which is no SPDX expression
    hint: write ids of the SPDX list, as in `Apache-2.0 OR MIT`
    ");
}

#[test]
fn a_label_of_the_platform_is_remarked_on() {
    let case = case().env("BP_IMAGE_LABELS", "io.buildpacks.stack.id=x");
    assert_snapshot!(case.build().log(), @"
    Kouti Image Labels [version]
      Settings
        BP_IMAGE_LABELS   io.buildpacks.stack.id=x
      Labels
        io.buildpacks.stack.id   x
    warning: the label `io.buildpacks.stack.id` is one that platforms write themselves
    hint: choose a key that does not start with `io.buildpacks.`
      Done in [time]
    warning: the label `io.buildpacks.stack.id` is one that platforms write themselves
    hint: choose a key that does not start with `io.buildpacks.`
    ");
}

#[test]
fn a_label_cannot_have_two_values() {
    let labels = "org.opencontainers.image.title=b";
    let case = case().env("BP_OCI_TITLE", "a").env("BP_IMAGE_LABELS", labels);
    assert_snapshot!(case.fails().error(), @"
    error[label-set-twice]: both BP_OCI_TITLE and BP_IMAGE_LABELS set the label `org.opencontainers.image.title`

    hint: set it in BP_OCI_TITLE only
    ");
}

#[test]
fn mistakes_in_the_pairs_are_shown() {
    let error = |text: &str| case().env("BP_IMAGE_LABELS", text).fails().error();
    assert_snapshot!(error("a=1 some key=2"), @r#"
    error[bad-image-labels]: BP_IMAGE_LABELS has a key without `=`
     --> BP_IMAGE_LABELS:1:5
      |
    1 | a=1 some key=2
      |     ^^^^ expected `=` and a value behind this

    hint: write `key=value other="with blanks"`, as in --env 'BP_IMAGE_LABELS=a=1 b="2 3"'
    "#);
    assert_snapshot!(error("a=1 =2"), @r#"
    error[bad-image-labels]: BP_IMAGE_LABELS has a value without a key
     --> BP_IMAGE_LABELS:1:5
      |
    1 | a=1 =2
      |     ^ expected a key before this

    hint: write `key=value other="with blanks"`, as in --env 'BP_IMAGE_LABELS=a=1 b="2 3"'
    "#);
    assert_snapshot!(error("a=1 a=2"), @r#"
    error[bad-image-labels]: BP_IMAGE_LABELS has a key twice
     --> BP_IMAGE_LABELS:1:5
      |
    1 | a=1 a=2
      |     ^ this key has a value already

    hint: write `key=value other="with blanks"`, as in --env 'BP_IMAGE_LABELS=a=1 b="2 3"'
    "#);
    assert_snapshot!(error("a='1 b=2"), @r#"
    error[bad-image-labels]: BP_IMAGE_LABELS has a quote that is not closed
     --> BP_IMAGE_LABELS:1:3
      |
    1 | a='1 b=2
      |   ^ this is never closed

    hint: write `key=value other="with blanks"`, as in --env 'BP_IMAGE_LABELS=a=1 b="2 3"'
    "#);
    assert_snapshot!(error("a=\"1\"b=2"), @r#"
    error[bad-image-labels]: BP_IMAGE_LABELS has something right behind a closing quote
     --> BP_IMAGE_LABELS:1:6
      |
    1 | a="1"b=2
      |      ^ expected a blank, or `=` after a key

    hint: write `key=value other="with blanks"`, as in --env 'BP_IMAGE_LABELS=a=1 b="2 3"'
    "#);
    assert_snapshot!(error("a=it's"), @r#"
    error[bad-image-labels]: BP_IMAGE_LABELS has a quote in the middle of a word
     --> BP_IMAGE_LABELS:1:5
      |
    1 | a=it's
      |     ^ quote the whole word, or write a backslash before this

    hint: write `key=value other="with blanks"`, as in --env 'BP_IMAGE_LABELS=a=1 b="2 3"'
    "#);
}
