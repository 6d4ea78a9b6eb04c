//! The packages of an app, for its bill of materials.

use kouti::sbom::{Component, Digest, Document, Purl, Source};

use crate::app::App;
use crate::composer_lock::Package;

/// The bill of materials of what was installed; with `dev` that of development packages.
pub(crate) fn document(app: &App, dev: bool, found_by: &str) -> Option<Document> {
    let composer = app.composer.as_ref()?;
    let lock = composer.lock.as_ref()?;
    let packages = if dev { &lock.packages_dev } else { &lock.packages };
    let scope = if dev { "development" } else { "production" };
    Some(Document {
        name: composer.json.name.clone().unwrap_or_else(|| "app".to_owned()),
        found_by: found_by.to_owned(),
        components: packages
            .iter()
            .map(|package| component(package, scope, &composer.files.lock))
            .collect(),
        ..Document::default()
    })
}

fn component(package: &Package, scope: &str, lock: &str) -> Component {
    let version = package.version.trim_start_matches('v').to_owned();
    let sha1 = package.dist_shasum.iter().filter(|digits| !digits.is_empty());
    Component {
        purl: purl(&package.name, &version),
        licenses: package.licenses.clone(),
        checksums: sha1
            .filter_map(|digits| format!("sha1:{digits}").parse::<Digest>().ok())
            .collect(),
        download: package.dist_url.clone().filter(|url| url.starts_with("http")),
        source: package
            .source
            .as_ref()
            .map(|(url, commit)| Source { uri: format!("{url}#{commit}"), digest: None }),
        location: Some(lock.to_owned()),
        properties: [("kouti:scope".to_owned(), scope.to_owned())].into(),
        name: package.name.clone(),
        version,
        ..Component::default()
    }
}

fn purl(name: &str, version: &str) -> Option<Purl> {
    let (vendor, name) = name.split_once('/')?;
    Some(Purl::new("composer", name).ok()?.namespace(vendor).version(version))
}
