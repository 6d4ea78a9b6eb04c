//! Every mistake and what is said about it.

use insta::assert_snapshot;
use kouti_testing::bindings::{needs_entry, only_one};

use super::case;

const LINES: (&str, &str) = ("credentials", "username=me\npassword=x\n");

#[test]
fn a_context_has_to_be_an_address() {
    let error = |context: &str| {
        case().binding("b", "git-credentials", [("context", context), LINES]).fails().error()
    };
    assert_snapshot!(error("git.example.com/team"), @"
    error[bad-git-context]: the entry `context` of the binding `b` is no address that starts with https://

    hint: write what the addresses of the repositories begin with, such as `https://example.org/team`
    ");
    assert_snapshot!(error("https://bücher.example"), @"
    error[bad-git-context]: the entry `context` of the binding `b` names a host with letters that are not ASCII

    hint: write the host as the network knows it: `xn--bcher-kva.example` for `bücher.example`
    ");
    assert_snapshot!(error("https://me:secret@example.org"), @"
    error[bad-git-context]: the entry `context` of the binding `b` holds a password

    hint: put the password into the entry `credentials`, and leave it out of the address
    ");
}

#[test]
fn two_bindings_cannot_be_for_the_same_repositories() {
    let error = |contexts: [&str; 2]| {
        let [one, two] = contexts;
        let case = case().binding("one", "git-credentials", [("context", one), LINES]);
        case.binding("two", "git-credentials", [("context", two), LINES]).fails().error()
    };
    assert_snapshot!(error(["https://example.org/team", "https://Example.org/team/"]), @"
    error[git-context-twice]: the bindings `one` and `two` are both for `https://example.org/team`

    hint: remove one of them, or give each an entry `context` of its own, such as `https://example.org/team`
    ");
    assert_snapshot!(error(["", ""]), @"
    error[git-context-twice]: the bindings `one` and `two` are both for all repositories

    hint: remove one of them, or give each an entry `context` of its own, such as `https://example.org/team`
    ");
}

#[test]
fn credentials_have_to_be_there() {
    needs_entry(&case(), "git-credentials", "credentials", ("context", "https://example.org"));
}

#[test]
fn credentials_have_to_be_lines_that_git_reads() {
    let texts = [
        "https://me:secret@example.org\n",
        "username=me\n",
        "me:secret",
        "",
        "password=x\nhello\n",
    ];
    let error =
        |text| case().binding("b", "git-credentials", [("credentials", text)]).fails().error();
    let mut errors = texts.map(error).to_vec();
    errors.dedup();
    assert_snapshot!(errors.join("\n"), @"
    error[bad-git-credentials]: the entry `credentials` of the binding `b` has no line `password=...`, or lines of another form

    hint: write the lines `username=...` and `password=...`
    hint: or bind two entries instead, `username` and `password`
    ");
}

#[test]
fn a_key_needs_the_hosts_that_it_is_for() {
    needs_entry(&case(), "git-ssh", "known_hosts", ("ssh-privatekey", "x"));
}

#[test]
fn only_one_key_can_be_used() {
    only_one(&case(), "git-ssh", &[("ssh-privatekey", "x"), ("known_hosts", "y")]);
}
