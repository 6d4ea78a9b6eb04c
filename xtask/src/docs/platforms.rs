//! `docs/platforms/`: manifests that are what each platform reads, and name what this repository has.
//!
//! The custom resources of kpack accept any field, so that a misspelt one is silently nothing: the fields below are those
//! of its Go types. Those of Tekton and Knative are the required ones of their schemas.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::builder::Descriptor;
use crate::workspace::Workspace;

/// `apiVersion kind`, fields that must be there, and all fields that `spec` may have.
const KINDS: [(&str, &[&str], &[&str]); 8] = [
    (
        "kpack.io/v1alpha2 ClusterStore",
        &["/metadata/name", "/spec/sources/0/image"],
        &["sources", "serviceAccountRef"],
    ),
    (
        "kpack.io/v1alpha2 ClusterStack",
        &["/metadata/name", "/spec/id", "/spec/buildImage/image", "/spec/runImage/image"],
        &["id", "buildImage", "runImage", "serviceAccountRef"],
    ),
    (
        "kpack.io/v1alpha2 ClusterBuilder",
        &[
            "/metadata/name",
            "/spec/tag",
            "/spec/stack/name",
            "/spec/store/name",
            "/spec/serviceAccountRef/name",
            "/spec/serviceAccountRef/namespace",
            "/spec/order/0/group/0/id",
        ],
        &["tag", "stack", "lifecycle", "store", "order", "additionalLabels", "serviceAccountRef"],
    ),
    (
        "kpack.io/v1alpha2 Image",
        &[
            "/metadata/name",
            "/metadata/namespace",
            "/spec/tag",
            "/spec/builder/kind",
            "/spec/builder/name",
            "/spec/cache/volume/size",
            "/spec/source/git/url",
            "/spec/source/git/revision",
        ],
        &["tag", "builder", "serviceAccountName", "source", "cache", "build"],
    ),
    (
        "tekton.dev/v1 Pipeline",
        &["/metadata/name", "/spec/tasks/0/name", "/spec/tasks/0/taskRef/resolver"],
        &["params", "workspaces", "tasks", "description", "results", "finally"],
    ),
    (
        "tekton.dev/v1 PipelineRun",
        &["/metadata/generateName", "/spec/pipelineRef/name"],
        &["pipelineRef", "params", "workspaces", "timeouts", "taskRunTemplate"],
    ),
    (
        "v1 PersistentVolumeClaim",
        &["/metadata/name", "/spec/accessModes/0", "/spec/resources/requests/storage"],
        &["accessModes", "resources"],
    ),
    (
        "serving.knative.dev/v1 Service",
        &["/metadata/name", "/spec/template/spec/containers/0/image"],
        &["template", "traffic"],
    ),
];

fn text(path: &str) -> String {
    fs_err::read_to_string(Workspace::here().root.join(path)).unwrap()
}

fn manifest(name: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(&text(&format!("docs/platforms/manifests/{name}"))).unwrap()
}

/// The values of one key in the elements of a list.
fn each<'a>(list: &'a Value, key: &str) -> Vec<&'a str> {
    let texts =
        |item: &'a Value| item[key].as_str().unwrap_or_else(|| panic!("{item} has no {key}"));
    list.as_array().into_iter().flatten().map(texts).collect()
}

#[test]
fn resources_have_the_fields_of_their_kind() {
    for name in ["kpack.yaml", "tekton.yaml", "knative.yaml"] {
        for document in manifest(name) {
            let kind = format!(
                "{} {}",
                document["apiVersion"].as_str().unwrap(),
                document["kind"].as_str().unwrap()
            );
            let (_, required, known) =
                KINDS.into_iter().find(|(known, ..)| *known == kind).unwrap();
            for field in required {
                assert!(document.pointer(field).is_some(), "{name}: {kind} has no {field}");
            }
            for field in document["spec"].as_object().unwrap().keys() {
                assert!(
                    known.contains(&field.as_str()),
                    "{name}: {kind} has no field spec.{field}"
                );
            }
        }
    }
}

#[test]
fn kpack_gets_the_buildpacks_the_bases_and_the_order_of_the_builder() {
    let descriptor = Descriptor::read(&Workspace::here().root).unwrap();
    let [store, stack, builder, image] = &manifest("kpack.yaml")[..] else {
        panic!("there are other documents");
    };
    let images: Vec<_> = descriptor.ids().map(|id| format!("ghcr.io/{id}")).collect();
    assert_eq!(each(&store["spec"]["sources"], "image"), images);
    assert_eq!(stack["spec"]["buildImage"]["image"], descriptor.build_image());
    assert_eq!(stack["spec"]["runImage"]["image"], descriptor.run_image());

    let member = |(id, optional)| {
        if optional { json!({ "id": id, "optional": true }) } else { json!({ "id": id }) }
    };
    let groups = descriptor
        .groups()
        .map(|group| json!({ "group": group.into_iter().map(member).collect::<Vec<_>>() }));
    assert_eq!(builder["spec"]["order"], groups.collect::<Value>());

    for (reference, of) in [
        (&builder["spec"]["store"], store),
        (&builder["spec"]["stack"], stack),
        (&image["spec"]["builder"], builder),
    ] {
        assert_eq!(reference["kind"], of["kind"]);
        assert_eq!(reference["name"], of["metadata"]["name"]);
    }
}

#[test]
fn tekton_s_run_gives_the_pipeline_what_it_declares() {
    let [pipeline, run, claim] = &manifest("tekton.yaml")[..] else {
        panic!("there are other documents");
    };
    let (spec, given) = (&pipeline["spec"], &run["spec"]);
    assert_eq!(given["pipelineRef"]["name"], pipeline["metadata"]["name"]);
    let declared: BTreeSet<_> = each(&spec["workspaces"], "name").into_iter().collect();
    assert_eq!(declared, each(&given["workspaces"], "name").into_iter().collect());
    for task in spec["tasks"].as_array().unwrap() {
        let used = each(&task["workspaces"], "workspace");
        assert!(used.iter().all(|name| declared.contains(name)), "{task}");
    }
    let parameters = each(&given["params"], "name");
    for parameter in spec["params"].as_array().unwrap() {
        let is_given = parameters.iter().any(|name| parameter["name"] == *name);
        assert!(is_given || parameter.get("default").is_some(), "nobody gives {parameter}");
    }
    assert!(given["workspaces"].to_string().contains(claim["metadata"]["name"].as_str().unwrap()));
}

#[test]
fn gitlab_gets_a_script_of_lines() {
    let job = &manifest("gitlab-ci.yml")[0]["image"];
    let lines = job["script"].as_array().unwrap();
    // A colon and a blank would have made a mapping of a line.
    assert!(lines.iter().all(Value::is_string), "{lines:#?}");
    assert!(lines.last().unwrap().as_str().unwrap().starts_with("/cnb/lifecycle/creator "));
    assert!(job["variables"]["CNB_PLATFORM_API"].is_string(), "a number would lose its zero");
}

#[test]
fn actions_are_pinned_by_hash_and_everywhere_the_same() {
    let root = Workspace::here().root;
    let mut files = vec![root.join("docs/platforms/manifests/github-actions.yml")];
    for entry in fs_err::read_dir(root.join(".github/workflows")).unwrap() {
        files.push(entry.unwrap().path());
    }
    let mut pins: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in files {
        for line in fs_err::read_to_string(&file).unwrap().lines() {
            let Some((_, action)) = line.split_once("uses: ") else { continue };
            let (action, pin) = action.split_once('@').unwrap();
            let (hash, version) = pin.split_once(" # v").expect("a pin has its version behind it");
            let is_hash = hash.len() == 40 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
            assert!(is_hash && version.split('.').count() == 3, "{}: {line}", file.display());
            pins.entry(action.to_owned()).or_default().insert(pin.to_owned());
        }
    }
    assert!(pins.len() > 5, "{pins:?}");
    for (action, pins) in pins {
        assert_eq!(pins.len(), 1, "{action} has {pins:?}");
    }
}

#[test]
fn the_pack_of_a_workflow_is_the_one_that_is_tested() {
    let module = text("tools/pack/go.mod");
    let line = module.lines().find(|line| line.contains("buildpacks/pack v")).unwrap();
    let version = line.rsplit_once('v').unwrap().1;
    let workflow = text("docs/platforms/manifests/github-actions.yml");
    assert!(workflow.contains(&format!("pack-version: {version}\n")), "{version}");
}

#[test]
fn every_manifest_has_its_page_and_its_line() {
    let overview = text("docs/platforms/README.md");
    for entry in fs_err::read_dir(Workspace::here().root.join("docs/platforms/manifests")).unwrap()
    {
        let link = format!("(manifests/{})", entry.unwrap().file_name().to_string_lossy());
        let row = overview.lines().find(|line| line.contains(&link)).unwrap();
        let page = row.split("](").nth(1).unwrap().split(')').next().unwrap();
        assert!(
            text(&format!("docs/platforms/{page}")).contains(&link),
            "{page} does not show {link}"
        );
    }
}
