//! What the bills of materials of a build say, in short.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde::Deserialize;

#[derive(Deserialize)]
struct Bill {
    #[serde(default)]
    components: Vec<Component>,
}

#[derive(Deserialize)]
struct Component {
    name: String,
    #[serde(default)]
    version: String,
}

/// Names and versions of what layers of the app consist of, if it is one thing: runtimes and servers, not packages.
pub(crate) fn runtimes(layers_dir: &Path) -> io::Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for file in walkdir::WalkDir::new(layers_dir.join("sbom/launch")).min_depth(3).max_depth(3) {
        // There may be none at all.
        let Ok(file) = file else { continue };
        if file.file_name() != "sbom.cdx.json" {
            continue;
        }
        let bill = serde_json::from_slice::<Bill>(&fs_err::read(file.path())?);
        if let Ok(Bill { components }) = bill
            && let [only] = components.as_slice()
        {
            found.insert(only.name.clone(), only.version.clone());
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_of_one_thing_has_a_name_and_a_version() {
        let root = tempfile::tempdir().unwrap();
        assert!(runtimes(root.path()).unwrap().is_empty());
        let bill = |layer: &str, components: &str| {
            let dir = root.path().join("sbom/launch/kouti_nodejs").join(layer);
            fs_err::create_dir_all(&dir).unwrap();
            fs_err::write(dir.join("sbom.cdx.json"), format!("{{\"components\": [{components}]}}"))
                .unwrap();
        };
        let part = |name: &str| {
            format!("{{\"name\": \"{name}\", \"version\": \"1.2\", \"purl\": \"pkg:x\"}}")
        };
        bill("node", &part("Node.js"));
        bill("modules", &format!("{}, {}", part("a"), part("b")));
        let expected = [("Node.js".to_owned(), "1.2".to_owned())];
        assert_eq!(runtimes(root.path()).unwrap(), expected.into());
    }
}
