//! PHP in the image.

use std::path::Path;

use kouti::sbom::{Component, Document, Kind, Purl};
use kouti::{BuildContext, Layer, Log, Made, Problem, Scope, Uses, tree};

use crate::extensions::{self, Extensions};
use crate::inventory::Inventory;
use crate::toolchain::{DIST, Key, Toolchain, variables};

/// What of the archive only builds need, or nobody.
const LEFT_OUT: [&str; 7] =
    ["bin/pear", "bin/peardev", "bin/pecl", "bin/php-config", "bin/phpize", "include", "php/man"];

/// Makes the launch layer, from what the build has unpacked already if it has.
pub(crate) fn install(
    context: &BuildContext,
    log: &mut Log,
    toolchain: &Toolchain<'_>,
    inventory: &Inventory,
    extensions: &Extensions,
) -> Result<Made, Problem> {
    let php = toolchain.php();
    let layer = Layer {
        name: "php",
        title: php.title(),
        uses: Uses::LAUNCH,
        key: Key::of(php),
        env: variables(&context.layers.path("php"), inventory, Scope::Launch),
        sbom: Some(document(context, toolchain, inventory, extensions)),
    };
    context.layers.ensure(log, &layer, |dir, log| {
        match toolchain.unpacked_dir() {
            Some(unpacked) => tree::link(unpacked, &dir.join(DIST))?,
            None => toolchain.unpack(dir, log)?,
        }
        Ok(remove_left_out(&dir.join(DIST))?)
    })
}

fn remove_left_out(dist: &Path) -> std::io::Result<()> {
    for path in LEFT_OUT {
        let path = dist.join(path);
        if path.is_dir() {
            fs_err::remove_dir_all(path)?;
        } else if path.exists() {
            fs_err::remove_file(path)?;
        }
    }
    Ok(())
}

/// PHP and the extensions that are loaded, each with its own version.
fn document(
    context: &BuildContext,
    toolchain: &Toolchain<'_>,
    inventory: &Inventory,
    extensions: &Extensions,
) -> Document {
    let php = toolchain.php();
    let mut document = context.document(php);
    for (name, version) in extensions::versions(extensions, inventory, &php.version) {
        let purl = Purl::new("generic", &format!("php-{name}")).ok();
        document.components.push(Component {
            purl: purl.map(|purl| purl.version(&version)),
            name: format!("php-{name}"),
            version,
            kind: Kind::Library,
            // Those that come with PHP have its licence, and nothing tells that of the others.
            licenses: if inventory.versions.contains_key(&name) {
                Vec::new()
            } else {
                php.licenses.clone()
            },
            ..Component::default()
        });
    }
    if php.bundles.is_empty() {
        document.components.extend(inventory.libraries.iter().map(|file| library(file)));
    }
    document
}

/// A library of which the archive only has the name: scanners at least see that it is there.
fn library(file: &str) -> Component {
    let name = file.split(".so").next().unwrap_or(file);
    Component {
        purl: Purl::new("generic", name).ok(),
        name: name.to_owned(),
        version: "unknown".to_owned(),
        kind: Kind::Library,
        location: Some(format!("{DIST}/lib/{file}")),
        ..Component::default()
    }
}
