//! `builder.toml` with one buildpack more; everything else in it, comments too, stays as it is.

use anyhow::{Context as _, Result, ensure};

use super::Variant;
use super::name::Name;
use crate::builder::Descriptor;

/// What the parts of the file begin with.
const LANGUAGES: &str = "# Languages,";
const UTILITIES: &str = "# Utilities,";
const ORDER: &str = "# The first group wins";
/// The first group that tries apps which may be of another language.
const FRONT_END: &str = "# Front end";

pub(super) fn with(text: &str, name: &Name, variant: Variant) -> Result<String> {
    let id = format!("kouti/{name}");
    let mut parts: Vec<String> = text.trim_end().split("\n\n").map(str::to_owned).collect();
    let entry =
        format!("[[buildpacks]]\nid = \"{id}\"\nuri = \"target/packages/kouti_{name}.cnb\"");
    if variant == Variant::Utility {
        insert_sorted(&mut parts, UTILITIES, ORDER, entry)?;
        join_groups(&mut parts, &id)?;
    } else {
        insert_sorted(&mut parts, LANGUAGES, UTILITIES, entry)?;
        let place = find(&parts, FRONT_END)?;
        parts.insert(place, group(&name.title(), &id));
    }
    let text = parts.join("\n\n") + "\n";
    let is_ordered = Descriptor::parse(&text)?.groups().flatten().any(|(member, _)| member == id);
    ensure!(is_ordered, "no group would have {id}");
    Ok(text)
}

/// Between two headings, in the order of names.
fn insert_sorted(parts: &mut Vec<String>, from: &str, to: &str, entry: String) -> Result<()> {
    let (from, to) = (find(parts, from)?, find(parts, to)?);
    let place = (from + 1..to).find(|place| parts[*place] > entry).unwrap_or(to);
    parts.insert(place, entry);
    Ok(())
}

/// A group with the same head and tail as all others.
fn group(title: &str, id: &str) -> String {
    let member = |name: &str| format!("  {{ id = \"kouti/{name}\", optional = true }},\n");
    let head = ["ca-certificates", "git", "watchexec"].map(member).concat();
    let tail = [
        "procfile",
        "environment-variables",
        "profile",
        "image-labels",
        "source-removal",
        "health-checker",
    ];
    let tail = tail.map(member).concat();
    format!("# {title}\n[[order]]\ngroup = [\n{head}  {{ id = \"{id}\" }},\n{tail}]")
}

/// An optional member of every group, before the utilities that come last.
fn join_groups(parts: &mut [String], id: &str) -> Result<()> {
    const LAST: &str = "  { id = \"kouti/image-labels\", optional = true },\n";
    let member = format!("  {{ id = \"{id}\", optional = true }},\n");
    let mut groups = parts.iter_mut().filter(|part| part.contains("[[order]]\n"));
    groups.try_for_each(|part| {
        ensure!(part.contains(LAST), "a group has no kouti/image-labels:\n{part}");
        *part = part.replace(LAST, &(member.clone() + LAST));
        Ok(())
    })
}

fn find(parts: &[String], start: &str) -> Result<usize> {
    let place = parts.iter().position(|part| part.starts_with(start));
    place.with_context(|| format!("it has no part that begins with `{start}`"))
}
