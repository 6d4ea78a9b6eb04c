use insta::assert_snapshot;

use super::*;

const NODE: &str = r#"{
  "schema": 1,
  "buildpack": "kouti/nodejs",
  "version": "0.1.0",
  "target": { "os": "linux", "arch": "amd64", "distro_name": "debian", "distro_version": "13" },
  "settings": [{ "name": "BP_NODE_VERSION", "value": "<22>" }],
  "events": [
    { "kind": "choice", "name": "Node.js", "outcome": "22.1.0", "reasons": ["BP_NODE_VERSION asks for <22>"], "started": 0.1, "seconds": 0 },
    { "kind": "download", "name": "node.tar.gz", "outcome": "nodejs.org", "reasons": [], "bytes": 2000000, "started": 0.1, "seconds": 1.5 },
    { "kind": "layer", "name": "Node.js 22.1.0", "outcome": "made", "reasons": ["version 20.1.0 → 22.1.0"], "started": 0.1, "seconds": 2 },
    { "kind": "command", "name": "npm ci", "outcome": "exit code 0", "reasons": [], "started": 2.2, "seconds": 3 },
    { "kind": "something new", "name": "x", "outcome": "y", "reasons": [], "started": 0, "seconds": 0 }
  ],
  "layers": [
    { "name": "modules", "launch": true, "build": false, "cache": true },
    { "name": "node", "launch": true, "build": false, "cache": false, "bytes": 5000000 }
  ],
  "warnings": ["a & b"],
  "error": null,
  "seconds": 6
}"#;

const FAILED: &str = r#"{
  "schema": 1, "buildpack": "kouti/procfile", "version": "0.1.0",
  "target": { "os": "linux", "arch": "amd64", "distro_name": "debian", "distro_version": "13" },
  "settings": [], "events": [], "warnings": [], "seconds": 0.5,
  "error": { "id": "bad-procfile", "summary": "line 1 is no process" }
}"#;

fn dir(reports: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (number, (name, text)) in reports.iter().enumerate() {
        let path = dir.path().join(name);
        fs_err::write(&path, text).unwrap();
        let written = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(number as u64);
        fs_err::File::options().write(true).open(path).unwrap().set_modified(written).unwrap();
    }
    dir
}

/// The rows of the tables of a page, without their tags.
fn rows(page: &str) -> String {
    let rows = page.lines().filter(|line| line.starts_with("<tr>") || line.starts_with("<h2"));
    let text = |row: &str| {
        let mut text = String::new();
        for part in row.replace("</td><td", " | <td").split('<') {
            text.push_str(part.split_once('>').map_or(part, |(_, text)| text));
        }
        text
    };
    rows.map(text).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_page_tells_what_why_and_how_big() {
    let dir = dir(&[("kouti_nodejs.json", NODE)]);
    let page = page::render(&read(dir.path()).unwrap());
    assert!(
        page.contains(
            "<p>The build succeeded, after 6.0s in 1 buildpack. For linux/amd64, debian 13.</p>"
        ),
        "{page}"
    );
    assert_snapshot!(rows(&page), @"
    Where the time went
    Which versions, and why
    kouti/nodejs | Node.js | 22.1.0 | BP_NODE_VERSION asks for &lt;22&gt;
    What was reused, and what was made
    kouti/nodejs | Node.js 22.1.0 | made | version 20.1.0 → 22.1.0 | 2.0s
    Layers
    kouti/nodejs | node | the image | 5.0 MB
    kouti/nodejs | modules | the image, the next build | as in the last image
    Downloads
    node.tar.gz | nodejs.org | 2.0 MB | 1.5s
    Settings
    kouti/nodejs 0.1.0 | BP_NODE_VERSION | &lt;22&gt;
    Warnings
    a &amp; b
    ");
    assert!(page.contains(">$ npm ci</text>"), "{page}");
    assert!(
        !page.contains("http")
            || page.matches("http").count() == page.matches("http://www.w3.org/2000/svg").count(),
        "it loads something: {page}"
    );
}

#[test]
fn buildpacks_stand_in_the_order_in_which_they_ran_and_a_failure_comes_first() {
    let dir = dir(&[("z.json", NODE), ("a.json", FAILED)]);
    let reports = read(dir.path()).unwrap();
    let ids: Vec<_> = reports.iter().map(|report| report.buildpack.as_str()).collect();
    assert_eq!(ids, ["kouti/nodejs", "kouti/procfile"]);
    let page = page::render(&reports);
    assert!(page.contains("<p>kouti/procfile failed, after 6.5s in 2 buildpacks."), "{page}");
    assert!(
        page.contains("<code>error[bad-procfile]</code> of kouti/procfile: line 1 is no process"),
        "{page}"
    );
}

#[test]
fn what_is_no_report_is_named() {
    let told = |files: &[(&str, &str)]| {
        let dir = dir(files);
        let error = read(dir.path()).unwrap_err();
        crate::advice::page(&error).replace(&dir.path().display().to_string(), "[dir]")
    };
    assert_snapshot!(told(&[]), @"
    error: there is no build report in [dir]
    hint: build with `BP_REPORT_DIR` naming a directory that the build can write to
    ");
    assert_snapshot!(told(&[("a.json", r#"{"schema": 2}"#)]), @"
    error: [dir]/a.json has schema 2, not 1
    hint: use the `xtask` of the version that wrote it
    ");
    assert_snapshot!(told(&[("a.json", "nonsense")]), @"
    error: [dir]/a.json is not a build report
      caused by: expected ident at line 1 column 2
    ");
}
