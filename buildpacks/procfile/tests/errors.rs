//! Every mistake and what is said about it.

use insta::assert_snapshot;
use kouti_testing::bindings::{needs_entry, only_one};

use super::{case, procfile};

#[test]
fn a_line_needs_a_colon() {
    assert_snapshot!(procfile("web: ./serve\n  ./work --now\n").fails().error(), @"
    error[bad-procfile]: a line of Procfile has no colon
     --> Procfile:2:3
      |
    2 |   ./work --now
      |   ^^^^^^^^^^^^ expected `type: command`

    hint: write `type: command` in each line; a comment starts with `#`
    ");
}

#[test]
fn a_line_needs_a_process_type() {
    assert_snapshot!(procfile(": ./serve\n").fails().error(), @"
    error[bad-procfile]: a line of Procfile names no process type
     --> Procfile:1:1
      |
    1 | : ./serve
      | ^ expected a process type before the colon

    hint: write `type: command` in each line; a comment starts with `#`
    ");
}

#[test]
fn a_process_type_has_few_kinds_of_characters() {
    assert_snapshot!(procfile("# all\nweb server: ./serve\n").fails().error(), @"
    error[bad-procfile]: a process type in Procfile has a character that is not allowed
     --> Procfile:2:4
      |
    2 | web server: ./serve
      |    ^ expected letters, digits, `-` or `_`

    hint: write `type: command` in each line; a comment starts with `#`
    ");
}

#[test]
fn a_process_type_needs_a_command() {
    assert_snapshot!(procfile("web:\t \n").fails().error(), @"
    error[bad-procfile]: `web` in Procfile has no command
     --> Procfile:1:4
      |
    1 | web:     
      |    ^ expected a command after the colon

    hint: write `type: command` in each line; a comment starts with `#`
    ");
}

#[test]
fn a_file_that_is_no_text_is_refused() {
    assert_snapshot!(case().file("Procfile", b"web: caf\xe9\n".as_slice()).fails().error(), @"
    error[bad-procfile]: Procfile is not UTF-8
     --> Procfile:1:9
      |
    1 | web: caf�
      |         ^ this is no text

    hint: save it as UTF-8
    ");
}

#[test]
fn a_named_file_has_to_exist() {
    let case = case().file("Procfile", "web: x\n").env("BP_PROCFILE_PATH", "deploy/Procfile");
    assert_snapshot!(case.fails().error(), @"
    error[no-procfile]: BP_PROCFILE_PATH is `deploy/Procfile`, but the app has no such file

    hint: name a path below the app's directory, such as `deploy/Procfile`
    ");
}

#[test]
fn a_named_file_has_to_be_in_the_app() {
    for path in ["../Procfile", "/etc/passwd", "a/../../b"] {
        let failed = case().env("BP_PROCFILE_PATH", path).fails();
        assert!(failed.error().contains("error[procfile-outside-app]"), "{path}");
    }
    assert_snapshot!(case().env("BP_PROCFILE_PATH", "../Procfile").fails().error(), @"
    error[procfile-outside-app]: BP_PROCFILE_PATH is `../Procfile`, which leads out of the app

    hint: name a path below the app's directory, such as `deploy/Procfile`
    ");
}

#[test]
fn a_bad_binding_is_shown_with_its_name() {
    let case = case().binding("procs", "Procfile", [("Procfile", "web\n")]);
    assert_snapshot!(case.fails().error(), @"
    error[bad-procfile]: a line of the binding `procs` has no colon
     --> the binding `procs`:1:1
      |
    1 | web
      | ^^^ expected `type: command`

    hint: write `type: command` in each line; a comment starts with `#`
    ");
}

#[test]
fn a_binding_needs_the_right_key() {
    needs_entry(&case(), "Procfile", "Procfile", ("procfile", "web: x\n"));
}

#[test]
fn two_bindings_cannot_both_count() {
    only_one(&case(), "Procfile", &[("Procfile", "web: x\n")]);
}

#[test]
fn a_direct_command_needs_matching_quotes_and_a_program() {
    let direct = |text: &str| procfile(text).env("BP_DIRECT_PROCESS", "true").fails().error();
    assert_snapshot!(direct("web: ./serve 'now\n"), @"
    error[procfile-not-words]: the command of `web` cannot be split into words: `./serve 'now`

    hint: close every quote, and name a program
    ");
    assert!(direct("web: '' now\n").starts_with("error[procfile-not-words]"));
    let tiny = procfile("web: ./serve \"$PORT\n").env("BP_RUN_IMAGE_KIND", "tiny").fails();
    assert!(tiny.error().starts_with("error[procfile-not-words]"));
}

#[test]
fn a_setting_of_the_wrong_kind_is_an_error() {
    let case = procfile("web: x\n").env("BP_DIRECT_PROCESS", "maybe");
    assert_snapshot!(case.fails().error(), @"
    error[bad-setting]: BP_DIRECT_PROCESS is set to `maybe`, which is not true or false

    hint: set BP_DIRECT_PROCESS to true or false
    ");
}
