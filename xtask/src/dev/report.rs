//! What a run of `cargo xtask dev` shows, beside the buildpacks' own log.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use kouti_report::bytes;
use kouti_testing::lifecycle::{Build, Detected, Image, Outcome, Plan, Require};

use crate::command::quoted;

/// The group and its plan.
pub(super) fn plan(detected: &Detected) -> String {
    let mut text = String::from("Buildpacks\n");
    for buildpack in &detected.group {
        let _ = writeln!(text, "  {} {}", buildpack.id, buildpack.version);
    }
    let Plan { entries } = &detected.plan;
    if !entries.is_empty() {
        text.push_str("Plan\n");
    }
    for entry in entries {
        let name = entry.requires.first().map_or("", |require| require.name.as_str());
        let _ = writeln!(text, "  {name} from {}", entry.providers.join(", "));
        for Require { metadata, .. } in entry.requires.iter().filter(|r| !r.metadata.is_empty()) {
            let _ = writeln!(text, "    {}", serde_json::json!(metadata));
        }
    }
    text
}

/// Every layer with its types, size and fate.
pub(super) fn layers(build: &Build) -> String {
    let rows = build.layers.iter().map(|layer| {
        let outcome = match layer.outcome {
            Outcome::Added => "new",
            Outcome::Reused => "same as before",
            Outcome::Kept => "taken over from the last image",
        };
        let size = if layer.outcome == Outcome::Kept { String::new() } else { bytes(layer.size) };
        let name = format!("{}:{}", layer.buildpack, layer.name);
        [name, layer.types.to_string(), size, outcome.to_owned()]
    });
    section("Layers", &rows.collect::<Vec<_>>())
}

/// Variables, one per line.
pub(super) fn environment(title: &str, variables: &BTreeMap<String, String>) -> String {
    let rows: Vec<_> = variables.iter().map(|(name, value)| [format!("{name}={value}")]).collect();
    section(title, &rows)
}

/// What the image can start.
pub(super) fn processes(image: &Image) -> String {
    let rows = image.processes.iter().map(|process| {
        let default = image.default_process.as_ref() == Some(&process.r#type);
        let words = process.command.iter().chain(&process.args).map(|word| quoted(word));
        [
            format!("{}{}", process.r#type, if default { " (default)" } else { "" }),
            words.collect::<Vec<_>>().join(" "),
        ]
    });
    section("Processes", &rows.collect::<Vec<_>>())
}

/// A title and aligned rows; `none` if there are no rows.
fn section<const N: usize>(title: &str, rows: &[[String; N]]) -> String {
    let mut text = format!("{title}\n");
    if rows.is_empty() {
        text.push_str("  none\n");
    }
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    for row in rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let width = width(column).unwrap_or_default();
            let _ = write!(line, "  {cell:width$}");
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;
    use kouti_testing::lifecycle::Process;

    #[test]
    fn columns_are_aligned_and_nothing_is_said_to_be_nothing() {
        let rows = [["a", "1 B", "new"], ["long", "", "kept"]].map(|row| row.map(str::to_owned));
        assert_snapshot!(section("Layers", &rows), @"
        Layers
          a     1 B  new
          long       kept
        ");
        assert_snapshot!(section::<1>("Layers", &[]), @"
        Layers
          none
        ");
    }

    #[test]
    fn processes_are_shown_as_one_would_type_them() {
        let process = |r#type: &str, command: &[&str], args: &[&str]| Process {
            r#type: r#type.to_owned(),
            command: command.iter().map(|word| (*word).to_owned()).collect(),
            args: args.iter().map(|word| (*word).to_owned()).collect(),
            working_dir: None,
            buildpack_id: "kouti/procfile".to_owned(),
        };
        let image = Image {
            processes: vec![
                process("web", &["bash", "-c", "exec serve $PORT"], &[]),
                process("worker", &["work"], &["--slow"]),
            ],
            default_process: Some("web".to_owned()),
            ..Image::default()
        };
        assert_snapshot!(processes(&image), @"
        Processes
          web (default)  bash -c 'exec serve $PORT'
          worker         work --slow
        ");
    }
}
