//! The workflows: they are what GitHub reads, and can do no more than they need to.
//!
//! That actions are pinned by hash, and everywhere the same, is looked at beside the manifests of other platforms.

use serde_json::Value;

use crate::page::root;

/// Who may write what. A token that can write is worth stealing: each has its reason here.
const WRITES: [(&str, &str, &[&str]); 5] = [
    ("release.yml", "publish", &["attestations", "contents", "id-token", "packages"]),
    ("release.yml", "provenance", &["attestations", "id-token", "packages"]),
    ("release.yml", "builder-of-one", &["packages"]),
    ("release.yml", "builder", &["attestations", "id-token", "packages"]),
    ("update.yml", "catalogue", &["contents", "issues", "pull-requests"]),
];

/// Workflows by the names of their files.
fn workflows() -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for entry in fs_err::read_dir(root().join(".github/workflows")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs_err::read_to_string(&path).unwrap();
        found.push((name, serde_saphyr::from_str(&text).unwrap()));
    }
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    let names: Vec<_> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["checks.yml", "images.yml", "nightly.yml", "release.yml", "update.yml"]);
    found
}

/// Every job, with the name of its workflow and its own.
fn jobs() -> Vec<(String, String, Value)> {
    let jobs = workflows().into_iter().flat_map(|(file, workflow)| {
        let jobs = workflow["jobs"].as_object().unwrap().clone();
        jobs.into_iter().map(move |(name, job)| (file.clone(), name, job))
    });
    let jobs: Vec<_> = jobs.collect();
    assert!(jobs.len() > 10, "{jobs:#?}");
    jobs
}

fn steps(job: &Value) -> &[Value] {
    job["steps"].as_array().unwrap()
}

#[test]
fn no_job_may_do_more_than_it_needs_to() {
    for (file, workflow) in workflows() {
        assert_eq!(workflow["permissions"], serde_json::json!({}), "{file}");
    }
    for (file, name, job) in jobs() {
        let permissions = job["permissions"].as_object().unwrap();
        let writes = permissions.iter().filter(|(_, may)| *may != "read");
        let writes: Vec<_> = writes.map(|(what, _)| what.as_str()).collect();
        let allowed = WRITES.iter().find(|(in_file, job, _)| *in_file == file && *job == name);
        assert_eq!(writes, allowed.map_or(&[][..], |(.., what)| what), "{file}: {name}");
        for step in steps(&job) {
            if step["uses"].as_str().is_some_and(|action| action.starts_with("actions/checkout@")) {
                assert_eq!(step["with"]["persist-credentials"], false, "{file}: {name}");
            }
        }
    }
}

#[test]
fn every_job_ends_by_itself() {
    for (file, name, job) in jobs() {
        let minutes = job["timeout-minutes"].as_u64();
        assert!(minutes.is_some_and(|minutes| minutes <= 120), "{file}: {name} has {minutes:?}");
    }
}

#[test]
fn no_script_is_put_together_from_what_others_write() {
    for (file, name, job) in jobs() {
        for script in steps(&job).iter().filter_map(|step| step["run"].as_str()) {
            assert!(
                !script.contains("${{"),
                "{file}: {name}: hand it over as a variable\n{script}"
            );
        }
    }
    for (file, workflow) in workflows() {
        let on = workflow["on"].as_object().unwrap();
        assert!(!on.contains_key("pull_request_target"), "{file} gives forks a token");
        assert!(!workflow.to_string().contains("secrets."), "{file} has a secret");
    }
}

#[test]
fn every_fuzz_target_is_fuzzed_and_every_family_updated() {
    let matrix = |file: &str, job: &str, key: &str| {
        let jobs = jobs();
        let (_, _, job) = jobs.iter().find(|(f, j, _)| f == file && j == job).unwrap();
        let values = job["strategy"]["matrix"][key].as_array().unwrap();
        let values: Vec<_> =
            values.iter().map(|value| value.as_str().unwrap().to_owned()).collect();
        values
    };
    let mut targets = Vec::new();
    for entry in fs_err::read_dir(root().join("fuzz/fuzz_targets")).unwrap() {
        let path = entry.unwrap().path();
        targets.push(path.file_stem().unwrap().to_string_lossy().into_owned());
    }
    targets.sort();
    assert_eq!(matrix("nightly.yml", "fuzz", "target"), targets);
    let page = fs_err::read_to_string(root().join("docs/updates.md")).unwrap();
    for family in matrix("update.yml", "catalogue", "family") {
        assert!(page.contains(&format!("`{family}`")), "docs/updates.md does not know {family}");
    }
}

#[test]
fn forms_and_dependabot_can_be_read() {
    let read = |path: &str| -> Value {
        serde_saphyr::from_str(&fs_err::read_to_string(root().join(path)).unwrap()).unwrap()
    };
    for form in ["build", "idea"] {
        let form = read(&format!(".github/ISSUE_TEMPLATE/{form}.yml"));
        assert!(form["name"].is_string() && form["description"].is_string(), "{form}");
        for field in form["body"].as_array().unwrap() {
            assert!(field["attributes"]["label"].is_string(), "{field}");
        }
    }
    assert_eq!(read(".github/ISSUE_TEMPLATE/config.yml")["blank_issues_enabled"], false);
    let dependabot = read(".github/dependabot.yml");
    for update in dependabot["updates"].as_array().unwrap() {
        let dirs = update["directories"].as_array().into_iter().flatten();
        for dir in dirs.chain(update.get("directory")) {
            let dir = dir.as_str().unwrap().trim_start_matches('/');
            assert!(root().join(dir).is_dir(), "{update}");
        }
    }
}
