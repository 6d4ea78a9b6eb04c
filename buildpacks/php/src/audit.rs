//! Known vulnerabilities of packages, one line for each.

use kouti::{Fault, Log, Notice, Problem};
use serde_json::Value;

use crate::settings::Audit;

/// Tells what `composer audit --format=json` has printed. `Ok(false)` if that is no answer.
pub(crate) fn tell(text: &str, audit: Audit, log: &mut Log) -> Result<bool, Problem> {
    let Some(lines) = advisories(text) else { return Ok(false) };
    for line in &lines {
        log.output(line);
    }
    if lines.is_empty() {
        log.detail("no package has a known vulnerability");
        return Ok(true);
    }
    let noun = if lines.len() == 1 { "vulnerability" } else { "vulnerabilities" };
    let summary = format!("packages of the app have {} known {noun}", lines.len());
    if audit == Audit::Report {
        log.warn(Notice::new(summary).hint("update them: their names are above"));
        return Ok(true);
    }
    Err(Problem::new("composer-audit", Fault::App, summary)
        .hint("update them: their names are above")
        .hint("set BP_COMPOSER_AUDIT=report to build nevertheless"))
}

/// Without an answer, and where only a report is wanted, the build goes on.
pub(crate) fn without_answer(
    result: Result<(), Problem>,
    audit: Audit,
    log: &mut Log,
) -> Result<(), Problem> {
    match result {
        Err(problem) if audit == Audit::Report => {
            log.warn(Notice::new(format!(
                "nobody knows about vulnerabilities: {}",
                problem.summary
            )));
            Ok(())
        }
        result => result,
    }
}

fn advisories(text: &str) -> Option<Vec<String>> {
    let start = text.find('{')?;
    let mut values = serde_json::Deserializer::from_str(&text[start..]).into_iter::<Value>();
    let answer = values.next()?.ok()?;
    let advisories = answer.get("advisories")?;
    let of_packages = advisories.as_object().into_iter().flatten();
    let mut lines = Vec::new();
    for (package, found) in of_packages {
        // PHP writes a list with a gap as a map.
        let found: Vec<&Value> = match found {
            Value::Array(all) => all.iter().collect(),
            Value::Object(all) => all.values().collect(),
            _ => Vec::new(),
        };
        lines.extend(found.into_iter().map(|advisory| line(package, advisory)));
    }
    lines.sort();
    Some(lines)
}

fn line(package: &str, advisory: &Value) -> String {
    let text =
        |key: &str| advisory.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let id = text("cve").or(text("advisoryId")).unwrap_or("no number");
    let severity = text("severity").map(|word| format!(", {word}")).unwrap_or_default();
    let title = text("title").map(|title| format!(": {title}")).unwrap_or_default();
    let affected =
        text("affectedVersions").map(|range| format!(" (affects {range})")).unwrap_or_default();
    format!("{package} {id}{severity}{title}{affected}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_advisory_is_a_line() {
        let text = r#"Warning: x
        {"advisories": {"acme/b": [{"advisoryId": "PKSA-1", "cve": null, "title": "Bad things"}],
         "acme/a": {"1": {"cve": "CVE-2026-1", "severity": "high", "title": "Worse",
                    "affectedVersions": ">=1,<1.2"}}}, "abandoned": []}
        "#;
        insta::assert_snapshot!(advisories(text).unwrap().join("\n"), @"
        acme/a CVE-2026-1, high: Worse (affects >=1,<1.2)
        acme/b PKSA-1: Bad things
        ");
        assert_eq!(advisories(r#"{"advisories": [], "abandoned": []}"#), Some(Vec::new()));
        assert_eq!(advisories("curl error 6"), None);
    }
}
