//! What is refused, and what is written into files of others. `tests/new_buildpack.rs` makes real ones.

use insta::assert_snapshot;

use super::*;
use crate::advice::page;

fn refused(name: &str) -> String {
    let args = Args { name: name.to_owned(), variant: Variant::Start };
    page(&run(&Workspace::here(), &args).unwrap_err())
}

#[test]
fn names_that_cannot_be_one_are_refused() {
    assert_snapshot!(refused("Rust"), @"
    error: `Rust` cannot be the name of a buildpack: it has something else than lower-case words with `-` between them
    hint: choose one such as `rust` or `static-site`
    ");
    for bad in ["", "a_b", "-a", "a-", "a--b", "kouti/rust", "../rust", "rüst", "a b"] {
        assert!(refused(bad).contains("lower-case words"), "{bad}");
    }
    assert_snapshot!(refused("3d"), @"
    error: `3d` cannot be the name of a buildpack: it does not start with a letter
    hint: choose one such as `rust` or `static-site`
    ");
    assert!(refused(&"a".repeat(41)).contains("longer than 40 characters"));
    assert_snapshot!(refused("procfile-helper"), @"
    error: `procfile-helper` cannot be the name of a buildpack: the program kouti-<name>-helper would be taken for that of another buildpack
    hint: choose one such as `rust` or `static-site`
    ");
}

#[test]
fn names_that_something_else_has_are_refused() {
    assert_snapshot!(refused("nodejs"), @"
    error: the name `nodejs` is taken: there is buildpacks/nodejs
    hint: choose another name, or remove what has it
    ");
    assert_snapshot!(refused("typescript"), @"
    error: the name `typescript` is taken: there is tests/apps/typescript
    hint: choose another name, or remove what has it
    ");
    assert_snapshot!(refused("fetch"), @"
    error: the name `fetch` is taken: the workspace has a crate kouti-fetch
    hint: choose another name, or remove what has it
    ");
    assert_snapshot!(refused("image-tests"), @"
    error: the name `image-tests` is taken: the workspace has a crate kouti-image-tests
    hint: choose another name, or remove what has it
    ");
}

#[test]
fn a_name_that_only_the_builder_has_is_refused() {
    let root = tempfile::tempdir().unwrap();
    for (file, text) in [
        ("Cargo.toml", ""),
        ("Cargo.lock", ""),
        ("builder.toml", "[[buildpacks]]\nid = \"kouti/rust\"\n"),
    ] {
        fs_err::write(root.path().join(file), text).unwrap();
    }
    let error = refuse_taken(root.path(), &Name::parse("rust").unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "the name `rust` is taken: builder.toml has kouti/rust");
}

#[test]
fn a_name_has_a_form_for_each_place() {
    let name = Name::parse("static-site2").unwrap();
    assert_eq!(name.r#type(), "StaticSite2");
    assert_eq!(name.title(), "Static Site2");
}

/// The parts that an edit adds; it may do nothing else.
fn added<'a>(before: &str, after: &'a str, separator: &str) -> Vec<&'a str> {
    let mut old = before.split(separator).peekable();
    let added = after.split(separator).filter(|part| old.next_if_eq(part).is_none()).collect();
    assert_eq!(old.next(), None, "a part has gone");
    added
}

fn committed(file: &str) -> String {
    fs_err::read_to_string(Workspace::here().root.join(file)).unwrap()
}

#[test]
fn a_language_has_its_entry_and_its_group() {
    let before = committed("builder.toml");
    let after = builder::with(&before, &Name::parse("lua").unwrap(), Variant::Tool).unwrap();
    assert_snapshot!(added(&before, &after, "\n\n").join("\n\n"), @r##"
    [[buildpacks]]
    id = "kouti/lua"
    uri = "target/packages/kouti_lua.cnb"

    # Lua
    [[order]]
    group = [
      { id = "kouti/ca-certificates", optional = true },
      { id = "kouti/git", optional = true },
      { id = "kouti/watchexec", optional = true },
      { id = "kouti/lua" },
      { id = "kouti/procfile", optional = true },
      { id = "kouti/environment-variables", optional = true },
      { id = "kouti/profile", optional = true },
      { id = "kouti/image-labels", optional = true },
      { id = "kouti/source-removal", optional = true },
      { id = "kouti/health-checker", optional = true },
    ]
    "##);
    let place = |text: &str| after.find(text).unwrap_or_else(|| panic!("no {text}"));
    assert!(place("kouti_java.cnb") < place("kouti_lua.cnb"));
    assert!(place("kouti_lua.cnb") < place("kouti_nginx.cnb"));
    assert!(place("# PHP, ") < place("# Lua\n") && place("# Lua\n") < place("# Front end"));
}

#[test]
fn a_utility_is_an_optional_member_of_every_group() {
    let before = committed("builder.toml");
    let after = builder::with(&before, &Name::parse("gpg").unwrap(), Variant::Utility).unwrap();
    let descriptor = crate::builder::Descriptor::parse(&after).unwrap();
    for group in descriptor.groups() {
        let place = |id: &str| group.iter().position(|member| *member == (id, true));
        assert!(place("kouti/gpg").is_some(), "{group:?}");
        assert!(place("kouti/gpg") < place("kouti/image-labels"), "{group:?}");
    }
    let place = |text: &str| after.find(text).unwrap_or_else(|| panic!("no {text}"));
    assert!(place("# Utilities") < place("kouti_gpg.cnb"));
    assert!(place("kouti_gpg.cnb") < place("kouti_image-labels.cnb"));
}

#[test]
fn a_builder_without_the_known_parts_is_not_guessed_at() {
    let name = Name::parse("lua").unwrap();
    let error = builder::with("description = \"x\"\n", &name, Variant::Start).unwrap_err();
    assert_eq!(error.to_string(), "it has no part that begins with `# Languages,`");
}

#[test]
fn the_readme_lists_it_last() {
    let before = committed("README.md");
    let after = with_row(&before, &Name::parse("lua").unwrap(), Variant::Provider).unwrap();
    let row = "| [`kouti/lua`](buildpacks/lua) | apps of Lua, with its runtime |";
    assert_eq!(added(&before, &after, "\n"), [row]);
}

#[test]
fn what_fails_half_way_is_undone() {
    let root = tempfile::tempdir().unwrap();
    let (file, dir) = (root.path().join("builder.toml"), root.path().join("buildpacks/lua"));
    fs_err::write(&file, "before").unwrap();
    let mut undo = Undo::new([&file].into_iter()).unwrap();
    undo.dirs.push(dir.clone());
    files::write(&file, "after").unwrap();
    files::write(&dir.join("Cargo.toml"), "").unwrap();
    undo.undo().unwrap();
    assert_eq!(fs_err::read_to_string(&file).unwrap(), "before");
    assert!(!dir.exists());
}
