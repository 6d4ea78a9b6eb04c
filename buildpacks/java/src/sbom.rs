//! The libraries of an app, for its bill of materials: every JAR says what it is.

use std::io::{BufReader, Cursor, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use kouti::sbom::{Component, Document, Kind, Purl};
use walkdir::WalkDir;
use zip::ZipArchive;

use crate::jar::name_and_version;
use crate::manifest::{self, Manifest};

/// What is in one JAR.
#[derive(Default)]
struct Inside {
    manifest: Manifest,
    /// Group, name and version; several where JARs were merged into one.
    coordinates: Vec<(String, String, String)>,
    nested: Vec<(String, Vec<u8>)>,
}

/// Everything below the directory of the app.
pub(crate) fn document(app_dir: &Path, found_by: &str) -> Document {
    let mut jars = Vec::new();
    for entry in WalkDir::new(app_dir).sort_by_file_name().into_iter().flatten() {
        let is_jar = entry.path().extension().is_some_and(|e| e == "jar" || e == "war");
        // What a link leads to is in a layer, which has a bill of its own.
        if is_jar && entry.file_type().is_file() {
            jars.push(entry.into_path());
        }
    }
    let mut components = of_jars(app_dir, &jars);
    components.extend(of_exploded(app_dir));
    Document {
        name: "app".to_owned(),
        found_by: found_by.to_owned(),
        components,
        ..Document::default()
    }
}

/// Nearly all of the time goes into digests: every processor makes some of them.
fn of_jars(app_dir: &Path, jars: &[PathBuf]) -> Vec<Component> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(path) = jars.get(index) else { return done };
            let Ok(bytes) = fs_err::read(path) else { continue };
            let place = path.strip_prefix(app_dir).unwrap_or(path).display().to_string();
            done.push((index, of_jar(&place, &bytes)));
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from).min(jars.len());
    let mut done: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let join = |worker: thread::ScopedJoinHandle<'_, _>| {
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        workers.into_iter().flat_map(join).collect()
    });
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().flat_map(|(_, components)| components).collect()
}

/// What was packed into the app itself, which is unpacked now.
fn of_exploded(app_dir: &Path) -> Vec<Component> {
    let dir = app_dir.join("META-INF/maven");
    let files = WalkDir::new(&dir).sort_by_file_name().into_iter().flatten();
    let files = files.filter(|entry| entry.file_name() == "pom.properties");
    files
        .filter_map(|entry| coordinates(&fs_err::read_to_string(entry.path()).ok()?))
        .map(|found| component(&found, "META-INF/maven", &Manifest::default(), None))
        .collect()
}

fn of_jar(place: &str, bytes: &[u8]) -> Vec<Component> {
    let Ok(archive) = ZipArchive::new(BufReader::new(Cursor::new(bytes))) else {
        return Vec::new();
    };
    let inside = Inside::read(archive);
    let file = place.rsplit('/').next().unwrap_or(place);
    let mut found = inside.coordinates.clone();
    if found.is_empty() {
        found.push(inside.guess(file));
    }
    let digest = kouti::sha256(bytes);
    let mut components: Vec<_> =
        found.iter().map(|one| component(one, place, &inside.manifest, Some(&digest))).collect();
    for (name, bytes) in &inside.nested {
        components.extend(of_jar(&format!("{place}!/{name}"), bytes));
    }
    components
}

impl Inside {
    fn read<R: Read + Seek>(mut archive: ZipArchive<R>) -> Self {
        let mut inside = Self::default();
        for index in 0..archive.len() {
            let Some(Ok(name)) = archive.name_for_index(index) else { continue };
            let is_jar = Path::new(&*name).extension().is_some_and(|e| e == "jar");
            let is_wanted = name == manifest::PATH
                || is_jar
                || (name.starts_with("META-INF/maven/") && name.ends_with("/pom.properties"));
            if !is_wanted {
                continue;
            }
            let name = name.into_owned();
            let mut bytes = Vec::new();
            let Ok(mut entry) = archive.by_index(index) else { continue };
            if entry.read_to_end(&mut bytes).is_err() {
                continue;
            }
            if is_jar {
                inside.nested.push((name, bytes));
                continue;
            }
            let text = String::from_utf8_lossy(&bytes);
            if name == manifest::PATH {
                inside.manifest = Manifest::parse(&text);
            } else {
                inside.coordinates.extend(coordinates(&text));
            }
        }
        inside
    }

    /// From the manifest and the name of the file.
    fn guess(&self, file: &str) -> (String, String, String) {
        let (name, version) = name_and_version(file);
        let said = self.manifest.get("Implementation-Version");
        let version = if version.is_empty() { said.unwrap_or_default() } else { version };
        let group = self.manifest.get("Implementation-Vendor-Id").unwrap_or_default();
        (group.to_owned(), name.to_owned(), version.to_owned())
    }
}

fn coordinates(properties: &str) -> Option<(String, String, String)> {
    let get = |key: &str| {
        let mut lines = properties.lines().filter_map(|line| line.split_once('='));
        lines.find(|(name, _)| name.trim() == key).map(|(_, value)| value.trim().to_owned())
    };
    Some((get("groupId")?, get("artifactId")?, get("version")?))
}

fn component(
    (group, name, version): &(String, String, String),
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
        let document = document(dir.path(), "kouti/java");
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
