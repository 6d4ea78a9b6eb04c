//! Mistakes in bindings, which every buildpack has to tell in the same words.
#![expect(clippy::missing_panics_doc, reason = "a test fails by panicking, here like anywhere")]

use crate::Case;

/// A binding of this type without `entry`, but with another one, fails the build.
#[track_caller]
pub fn needs_entry(case: &Case, kind: &str, entry: &str, other: (&str, &str)) {
    let failed = case.clone().binding("b", kind, [other]).fails();
    let page = format!(
        "error[binding-entry-missing]: the binding `b` has no entry `{entry}`\n\n\
         hint: add a file `{entry}` to the binding\n\
         hint: keys are case-sensitive; it has: {}\n",
        other.0
    );
    assert_eq!(failed.error().trim_end(), page.trim_end());
}

/// Two bindings of this type fail the build.
#[track_caller]
pub fn only_one(case: &Case, kind: &str, entries: &[(&str, &str)]) {
    let bound = |case: Case, name| case.binding(name, kind, entries.iter().copied());
    let failed = bound(bound(case.clone(), "one"), "two").fails();
    let page = format!(
        "error[several-bindings]: there is more than one binding of type `{kind}`: one, two\n\n\
         hint: keep one binding of type `{kind}` and remove the others\n"
    );
    assert_eq!(failed.error().trim_end(), page.trim_end());
}
