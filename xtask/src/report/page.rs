//! The page: plain HTML with its style inside. What a bar says by its place and length stands beside it in words.

use std::fmt::Write as _;
use std::time::Duration;

use kouti_report::{bytes, duration};

use super::{Event, Kind, Layer, Report};
use crate::docs::svg::{Picture, escaped};

const STYLE: &str = "
body { color: #111; background: #fff; font: 16px/1.5 sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 0.5rem 0 1.5rem; }
th, td { border: 1px solid #767676; padding: 0.2rem 0.6rem; text-align: left; vertical-align: top; }
td.number { text-align: right; white-space: nowrap; }
code { overflow-wrap: anywhere; }
svg { width: 100%; height: auto; border: 1px solid #767676; }
.failed { border: 3px double #111; padding: 0 1rem; }
a { color: #00419c; text-decoration: underline; }
";

pub(super) fn render(reports: &[Report]) -> String {
    let total: f64 = reports.iter().map(|report| report.seconds).sum();
    let failed = reports.iter().find(|report| report.error.is_some());
    let outcome = match failed {
        Some(report) => format!("{} failed", report.buildpack),
        None => "The build succeeded".to_owned(),
    };
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <link rel=\"icon\" href=\"data:,\">\n<title>Build report</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <h1>Build report</h1>\n<p>{}, after {} in {}.{}</p>\n",
        escaped(&outcome),
        time(total),
        plural(reports.len(), "buildpack"),
        target(reports),
    );
    for report in reports {
        failure(&mut page, report);
    }
    page.push_str("<h2 id=\"time\">Where the time went</h2>\n");
    page.push_str(&waterfall(reports, total));
    section(&mut page, "versions", "Which versions, and why", &versions(reports));
    section(&mut page, "reuse", "What was reused, and what was made", &reuse(reports));
    section(&mut page, "layers", "Layers", &layers(reports));
    section(&mut page, "downloads", "Downloads", &downloads(reports));
    section(&mut page, "settings", "Settings", &settings(reports));
    let warnings = reports.iter().flat_map(|report| &report.warnings);
    let warnings: Vec<_> = warnings.map(|text| vec![Cell::text(text)]).collect();
    section(&mut page, "warnings", "Warnings", &table(&["Warning"], &warnings));
    page.push_str("</body>\n</html>\n");
    page
}

fn target(reports: &[Report]) -> String {
    let Some(Report { target, .. }) = reports.first() else { return String::new() };
    let super::Target { os, arch, distro_name, distro_version } = target;
    escaped(&format!(" For {os}/{arch}, {distro_name} {distro_version}."))
}

fn failure(page: &mut String, report: &Report) {
    if let Some(error) = &report.error {
        let _ = writeln!(
            page,
            "<div class=\"failed\" role=\"alert\"><h2>Why it failed</h2>\n<p><code>error[{}]</code> of {}: {}</p></div>",
            escaped(&error.id),
            escaped(&report.buildpack),
            escaped(&error.summary),
        );
    }
}

fn section(page: &mut String, id: &str, title: &str, table: &str) {
    let table = if table.is_empty() { "<p>None.</p>\n" } else { table };
    let _ = write!(page, "<h2 id=\"{id}\">{title}</h2>\n{table}");
}

/// A row for each buildpack and each thing that it did, from left to right as time went by.
fn waterfall(reports: &[Report], total: f64) -> String {
    const LEFT: f64 = 380.0;
    const WHOLE: f64 = 460.0;
    const ROW: f64 = 22.0;
    let timed = |event: &&Event| event.kind != Kind::Choice;
    let rows: usize =
        reports.iter().map(|report| 1 + report.events.iter().filter(timed).count()).sum();
    let height = 10.0 + ROW * f64::from(u32::try_from(rows).unwrap_or(u32::MAX));
    let x = |seconds: f64| LEFT + seconds / total.max(1e-9) * WHOLE;
    let mut picture = Picture::new(
        LEFT + WHOLE + 110.0,
        height + 10.0,
        "The build as time went by",
        "One row for each buildpack, hatched, and below it one for each thing that it did, with its duration in words.",
    );
    let (mut y, mut since) = (8.0, 0.0);
    for report in reports {
        let mut row = |name: &str, start: f64, seconds: f64, hatched: bool| {
            picture.text(LEFT - 8.0, y + 13.0, "end", &escaped(&shortened(name)));
            let length = (x(start + seconds) - x(start)).clamp(1.0, WHOLE);
            picture.bar((x(start), y + 3.0), (length, ROW - 8.0), hatched);
            picture.text(x(start) + length + 6.0, y + 13.0, "start", &time(seconds));
            y += ROW;
        };
        row(&report.buildpack, since, report.seconds, true);
        let mut events: Vec<_> = report.events.iter().filter(timed).collect();
        events.sort_by(|a, b| a.started.total_cmp(&b.started));
        for event in events {
            let name = match event.kind {
                Kind::Command => format!("$ {}", event.name),
                Kind::Download => format!("download {}", event.name),
                _ => format!("{}: {}", event.name, event.outcome),
            };
            row(&name, since + event.started, event.seconds, false);
        }
        since += report.seconds;
    }
    picture.finish()
}

fn versions(reports: &[Report]) -> String {
    let rows: Vec<_> = of_kind(reports, Kind::Choice)
        .map(|(report, event)| {
            vec![
                Cell::text(&report.buildpack),
                Cell::text(&event.name),
                Cell::text(&event.outcome),
                Cell::list(&event.reasons, "nothing asked for another one"),
            ]
        })
        .collect();
    table(&["Buildpack", "What", "Version", "Because of"], &rows)
}

fn reuse(reports: &[Report]) -> String {
    let rows: Vec<_> = of_kind(reports, Kind::Layer)
        .map(|(report, event)| {
            let otherwise = match event.outcome.as_str() {
                "reused" => "nothing that it depends on has changed",
                _ => "it was not there before",
            };
            vec![
                Cell::text(&report.buildpack),
                Cell::text(&event.name),
                Cell::text(&event.outcome),
                Cell::list(&event.reasons, otherwise),
                Cell::number(&time(event.seconds)),
            ]
        })
        .collect();
    table(&["Buildpack", "What", "Was", "Because", "Time"], &rows)
}

fn layers(reports: &[Report]) -> String {
    let layers = reports.iter().flat_map(|report| report.layers.iter().map(move |l| (report, l)));
    let mut rows: Vec<_> = layers.collect();
    rows.sort_by_key(|(_, layer)| std::cmp::Reverse(layer.bytes));
    let rows: Vec<_> = rows
        .into_iter()
        .map(|(report, layer)| {
            let Layer { name, launch, build, cache, bytes: size } = layer;
            let uses = [(*launch, "the image"), (*build, "this build"), (*cache, "the next build")];
            let uses: Vec<_> =
                uses.into_iter().filter(|(is, _)| *is).map(|(_, name)| name).collect();
            vec![
                Cell::text(&report.buildpack),
                Cell::text(name),
                Cell::text(&uses.join(", ")),
                Cell::number(&size.map_or_else(|| "as in the last image".to_owned(), bytes)),
            ]
        })
        .collect();
    table(&["Buildpack", "Layer", "Is for", "Size"], &rows)
}

fn downloads(reports: &[Report]) -> String {
    let rows: Vec<_> = of_kind(reports, Kind::Download)
        .map(|(_, event)| {
            vec![
                Cell::text(&event.name),
                Cell::text(&event.outcome),
                Cell::number(&event.bytes.map(bytes).unwrap_or_default()),
                Cell::number(&time(event.seconds)),
            ]
        })
        .collect();
    table(&["What", "From", "Size", "Time"], &rows)
}

fn settings(reports: &[Report]) -> String {
    let mut rows = Vec::new();
    for report in reports {
        for setting in &report.settings {
            let buildpack = format!("{} {}", report.buildpack, report.version);
            rows.push(vec![
                Cell::text(&buildpack),
                Cell::text(&setting.name),
                Cell::text(&setting.value),
            ]);
        }
    }
    table(&["Buildpack", "Setting", "Value"], &rows)
}

/// All events of a kind, each with the report it is in.
fn of_kind(reports: &[Report], kind: Kind) -> impl Iterator<Item = (&Report, &Event)> {
    reports
        .iter()
        .flat_map(|report| report.events.iter().map(move |event| (report, event)))
        .filter(move |(_, event)| event.kind == kind)
}

/// A cell of a table, as HTML.
struct Cell {
    html: String,
    is_number: bool,
}

impl Cell {
    fn text(text: &str) -> Self {
        Self { html: escaped(text), is_number: false }
    }

    fn number(text: &str) -> Self {
        Self { html: escaped(text), is_number: true }
    }

    fn list(lines: &[String], otherwise: &str) -> Self {
        if lines.is_empty() {
            return Self::text(otherwise);
        }
        let lines: Vec<_> = lines.iter().map(|line| escaped(line)).collect();
        Self { html: lines.join("<br>"), is_number: false }
    }
}

/// Nothing for no rows.
fn table(head: &[&str], rows: &[Vec<Cell>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let mut text = "<table>\n<thead><tr>".to_owned();
    for name in head {
        let _ = write!(text, "<th scope=\"col\">{name}</th>");
    }
    text.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        text.push_str("<tr>");
        for Cell { html, is_number } in row {
            let class = if *is_number { " class=\"number\"" } else { "" };
            let _ = write!(text, "<td{class}>{html}</td>");
        }
        text.push_str("</tr>\n");
    }
    text + "</tbody>\n</table>\n"
}

/// As much of a name as there is room for.
fn shortened(name: &str) -> String {
    const ROOM: usize = 52;
    if name.chars().count() <= ROOM {
        return name.to_owned();
    }
    name.chars().take(ROOM - 1).chain(['…']).collect()
}

fn time(seconds: f64) -> String {
    duration(Duration::try_from_secs_f64(seconds).unwrap_or_default())
}

fn plural(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
