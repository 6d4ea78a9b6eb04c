//! Bills of materials: the packages of the app, and what only built it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use kouti::sbom::{Component, Document, Kind as ComponentKind, Purl};

use crate::assets::Assets;
use crate::deps_json::{DepsJson, Kind, Library};
use crate::published::Published;
use crate::source_text::decode;

/// What the published apps are made of. Files that hold everything in one say nothing about it, so
/// there what was restored has to do.
pub(crate) fn of_apps(
    found_by: &str,
    apps: &[Published],
    restored: &[Assets],
    packages: Option<&Path>,
) -> Document {
    let mut document = empty(found_by, apps);
    for deps in apps.iter().filter_map(|app| app.deps.as_ref()) {
        add_deps(&mut document, deps, packages);
    }
    if apps.iter().any(|app| app.deps.is_none()) {
        let found = restored.iter().flat_map(Assets::packages);
        let found = found.map(|(name, version, library)| {
            package(name, version, &format!("sha512-{}", library.sha512), packages)
        });
        document.components.extend(found);
    }
    document
}

/// Everything that was restored for the build.
pub(crate) fn of_build(
    found_by: &str,
    apps: &[Published],
    restored: &[Assets],
    packages: Option<&Path>,
) -> Document {
    let mut document = empty(found_by, apps);
    let found = restored.iter().flat_map(Assets::packages);
    document.components = found
        .map(|(name, version, library)| {
            package(name, version, &format!("sha512-{}", library.sha512), packages)
        })
        .collect();
    document
}

fn empty(found_by: &str, apps: &[Published]) -> Document {
    let names: Vec<&str> = apps.iter().map(|app| app.name.as_str()).collect();
    Document { name: names.join(", "), found_by: found_by.to_owned(), ..Document::default() }
}

fn add_deps(document: &mut Document, deps: &DepsJson, packages: Option<&Path>) {
    let components: BTreeMap<&str, Component> = deps
        .libraries
        .iter()
        .map(|(name, library)| (name.as_str(), component(name, library, packages)))
        .collect();
    for (name, library) in &deps.libraries {
        let needs = library.needs.iter().filter_map(|needed| components.get(needed.as_str()));
        let needs: BTreeSet<String> = needs.map(Component::id).collect();
        if !needs.is_empty() {
            document.dependencies.insert(components[name.as_str()].id(), needs);
        }
    }
    document.components.extend(components.into_values());
}

fn component(name: &str, library: &Library, packages: Option<&Path>) -> Component {
    match library.kind {
        Kind::Package => package(name, &library.version, &library.digest, packages),
        Kind::Project => Component {
            name: name.to_owned(),
            version: library.version.clone(),
            ..Component::default()
        },
        Kind::RuntimePack => {
            let version = &library.version;
            let name = name.trim_start_matches("runtimepack.").to_owned();
            Component {
                version: version.clone(),
                kind: ComponentKind::Application,
                purl: purl(&name, version),
                cpes: vec![format!("cpe:2.3:a:microsoft:.net:{version}:*:*:*:*:*:*:*")],
                licenses: vec!["MIT".to_owned()],
                name,
                ..Component::default()
            }
        }
    }
}

fn package(name: &str, version: &str, digest: &str, packages: Option<&Path>) -> Component {
    Component {
        name: name.to_owned(),
        version: version.to_owned(),
        purl: purl(name, version),
        checksums: digest.parse().into_iter().collect(),
        licenses: packages.and_then(|dir| licence(dir, name, version)).into_iter().collect(),
        ..Component::default()
    }
}

fn purl(name: &str, version: &str) -> Option<Purl> {
    Purl::new("nuget", name).ok().map(|purl| purl.version(version))
}

/// The SPDX expression in the package's own description.
fn licence(packages: &Path, name: &str, version: &str) -> Option<String> {
    let (name, version) = (name.to_lowercase(), version.to_lowercase());
    let path = packages.join(&name).join(version).join(format!("{name}.nuspec"));
    let text = decode(&fs_err::read(path).ok()?);
    let document = roxmltree::Document::parse(&text).ok()?;
    let is_expression = |node: &roxmltree::Node<'_, '_>| {
        node.tag_name().name() == "license" && node.attribute("type") == Some("expression")
    };
    let node = document.descendants().find(is_expression)?;
    node.text().map(|text| text.trim().to_owned())
}
