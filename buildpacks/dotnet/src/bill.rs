//! Bills of materials: the packages of the app, and what only built it.

use std::collections::{BTreeMap, BTreeSet};

use kouti::sbom::{Component, Document, Kind as ComponentKind, Purl};

use crate::deps_json::{DepsJson, Kind, Library};
use crate::published::Published;
use crate::restored::{Package, Restored};

/// What the published apps are made of. Files that hold everything in one say nothing about it, so
/// there what was restored has to do.
pub(crate) fn of_apps(found_by: &str, apps: &[Published], restored: &Restored) -> Document {
    let mut document = empty(found_by, apps);
    for deps in apps.iter().filter_map(|app| app.deps.as_ref()) {
        add_deps(&mut document, deps, restored);
    }
    if apps.iter().any(|app| app.deps.is_none()) {
        document.components.extend(restored.packages.iter().map(component_of));
    }
    document
}

/// Everything that was restored for the build, and the packages of front ends.
pub(crate) fn of_build(
    found_by: &str,
    apps: &[Published],
    restored: &Restored,
    front_ends: Vec<Document>,
) -> Document {
    let mut document = empty(found_by, apps);
    document.components = restored.packages.iter().map(component_of).collect();
    for front_end in front_ends {
        document.components.extend(front_end.components);
        document.dependencies.extend(front_end.dependencies);
    }
    document
}

fn empty(found_by: &str, apps: &[Published]) -> Document {
    let names: Vec<&str> = apps.iter().map(|app| app.name.as_str()).collect();
    Document { name: names.join(", "), found_by: found_by.to_owned(), ..Document::default() }
}

fn add_deps(document: &mut Document, deps: &DepsJson, restored: &Restored) {
    let components: BTreeMap<&str, Component> = deps
        .libraries
        .iter()
        .map(|(name, library)| (name.as_str(), component(name, library, restored)))
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

fn component(name: &str, library: &Library, restored: &Restored) -> Component {
    match library.kind {
        Kind::Package => component_of(&Package {
            name: name.to_owned(),
            version: library.version.clone(),
            digest: library.digest.clone(),
            licence: restored.licence(name, &library.version).map(str::to_owned),
        }),
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

fn component_of(package: &Package) -> Component {
    let Package { name, version, digest, licence } = package;
    Component {
        name: name.clone(),
        version: version.clone(),
        purl: purl(name, version),
        checksums: digest.parse().into_iter().collect(),
        licenses: licence.iter().cloned().collect(),
        ..Component::default()
    }
}

fn purl(name: &str, version: &str) -> Option<Purl> {
    Purl::new("nuget", name).ok().map(|purl| purl.version(version))
}
