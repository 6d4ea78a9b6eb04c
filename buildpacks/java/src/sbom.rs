//! The libraries of an app, for its bill of materials: every JAR says what it is.

use std::path::Path;

use kouti::sbom::{Component, Document, Kind, Purl};
use walkdir::WalkDir;

use crate::contents::{Archive, Contents, Coordinates};
use crate::manifest::Manifest;

/// Everything below the directory of the app.
pub(crate) fn document(app_dir: &Path, contents: Contents, found_by: &str) -> Document {
    let mut components: Vec<_> = contents.archives.into_iter().flat_map(of_archive).collect();
    components.extend(of_exploded(app_dir));
    Document {
        name: "app".to_owned(),
        found_by: found_by.to_owned(),
        components,
        ..Document::default()
    }
}

fn of_archive(archive: Archive) -> Vec<Component> {
    let Archive { place, manifest, coordinates, digest, nested, .. } = archive;
    let component = |found: &_| component(found, &place, &manifest, Some(&digest));
    let mut components: Vec<_> = coordinates.iter().map(component).collect();
    components.extend(nested.into_iter().flat_map(of_archive));
    components
}

/// What was packed into the app itself, which is unpacked now.
fn of_exploded(app_dir: &Path) -> Vec<Component> {
    let dir = app_dir.join("META-INF/maven");
    let files = WalkDir::new(&dir).sort_by_file_name().into_iter().flatten();
    let files = files.filter(|entry| entry.file_name() == "pom.properties");
    files
        .filter_map(|entry| Coordinates::parse(&fs_err::read_to_string(entry.path()).ok()?))
        .map(|found| component(&found, "META-INF/maven", &Manifest::default(), None))
        .collect()
}

fn component(
    Coordinates { group, name, version }: &Coordinates,
    place: &str,
    manifest: &Manifest,
    digest: Option<&str>,
) -> Component {
    let purl = Purl::new("maven", name).ok().filter(|_| !group.is_empty());
    let licence = manifest.get("Bundle-License");
    let licences = licence.into_iter().flat_map(|text| text.split(','));
    Component {
        name: if group.is_empty() { name.clone() } else { format!("{group}:{name}") },
        version: version.clone(),
        kind: Kind::Library,
        purl: purl.map(|purl| purl.namespace(group).version(version)),
        licenses: licences.filter_map(licence_name).collect(),
        checksums: digest
            .and_then(|hex| format!("sha256:{hex}").parse().ok())
            .into_iter()
            .collect(),
        location: Some(place.to_owned()),
        ..Component::default()
    }
}

/// Manifests name licences by their addresses mostly.
fn licence_name(text: &str) -> Option<String> {
    let text = text.split(';').next()?.trim().trim_matches('"');
    let lower = text.to_ascii_lowercase();
    let known = [
        ("apache.org/licenses/license-2.0", "Apache-2.0"),
        ("opensource.org/licenses/mit", "MIT"),
        ("eclipse.org/legal/epl-2.0", "EPL-2.0"),
        ("eclipse.org/org/documents/epl-2.0", "EPL-2.0"),
        ("eclipse.org/legal/epl-v10", "EPL-1.0"),
        ("opensource.org/licenses/bsd-3-clause", "BSD-3-Clause"),
    ];
    let found = known.iter().find(|(address, _)| lower.contains(address));
    let name = found.map_or(text, |(_, name)| name);
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest;
    use crate::testing::{jar, write};

    #[test]
    fn jars_are_known_by_what_is_in_them_or_by_their_names() {
        let dir = tempfile::tempdir().unwrap();
        let properties =
            "#Created by Maven\nversion=2.0.1\ngroupId=org.slf4j\nartifactId=slf4j-api\n";
        let known = jar(&[
            ("META-INF/maven/org.slf4j/slf4j-api/pom.properties", properties),
            (
                manifest::PATH,
                "Bundle-License: http://www.opensource.org/licenses/mit-license.php\n",
            ),
        ]);
        write(dir.path(), "BOOT-INF/lib/slf4j-api-2.0.1.jar", &known);
        write(dir.path(), "BOOT-INF/lib/other-1.4-beta.jar", &jar(&[("x", "")]));
        write(dir.path(), "BOOT-INF/lib/broken.jar", b"");
        let document = document(dir.path(), Contents::read(dir.path()), "kouti/java");
        let shown: Vec<_> = document
            .components
            .iter()
            .map(|c| {
                let purl = c.purl.as_ref().map(ToString::to_string).unwrap_or_default();
                format!("{} {} {purl} {}", c.name, c.version, c.licenses.join(" "))
            })
            .collect();
        insta::assert_snapshot!(shown.join("\n"), @"
        other 1.4-beta  
        org.slf4j:slf4j-api 2.0.1 pkg:maven/org.slf4j/slf4j-api@2.0.1 MIT
        ");
    }
}
