//! The `.cnb` file: an image with one buildpack, as a tar of its OCI layout.

use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::descriptor::Descriptor;
use crate::tarball::{self, Content, Entry, Measure, Measured};
use crate::{files, stamp};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
/// Not compressed: what is big in it is so already, and its digest is the diff id.
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

/// A fixed time, as everything in a package has it.
const CREATED: &str = "1980-01-01T00:00:01Z";

/// Writes the package with these contents to `path` and returns its size.
pub(super) fn write(
    path: &Path,
    descriptor: &Descriptor,
    arch: &str,
    contents: &[Entry],
) -> Result<u64> {
    let layer = layer(descriptor, contents);
    // Read twice rather than written twice: the digest is part of the name that comes before the content.
    let (_, measure) = tarball::write(&layer, Measured::new(std::io::sink()))?.finish();

    let config = config(descriptor, arch, &measure).to_string().into_bytes();
    let manifest = manifest(&config, &measure).to_string().into_bytes();
    let index = index(&manifest, arch).to_string().into_bytes();
    let layout = json!({ "imageLayoutVersion": "1.0.0" }).to_string().into_bytes();

    let dir = path.parent().context("a package has a directory")?;
    let mut tar = tar::Builder::new(BufWriter::with_capacity(256 * 1024, files::new_in(dir)?));
    for entry in [
        Entry::new("oci-layout", Content::Bytes(layout)),
        Entry::new("index.json", Content::Bytes(index)),
        Entry::new("blobs", Content::Dir),
        Entry::new("blobs/sha256", Content::Dir),
        Entry::new(blob(&sha256(&config)), Content::Bytes(config)),
        Entry::new(blob(&sha256(&manifest)), Content::Bytes(manifest)),
    ] {
        tarball::append(&mut tar, &entry)?;
    }
    // The layer is last, since pack 0.40 reads a layer that is not compressed up to the end of the file.
    let mut header = tarball::header(tar::EntryType::Regular, 0o644, measure.size);
    header.set_path(blob(&measure.sha256))?;
    header.set_cksum();
    tar.get_mut().write_all(header.as_bytes())?;
    tarball::write(&layer, tar.get_mut())?; // a multiple of 512 bytes long, as a tar is
    let file = tar.into_inner()?.into_inner()?;
    let size = file.as_file().metadata()?.len();
    file.persist(path).with_context(|| format!("cannot replace {}", path.display()))?;
    Ok(size)
}

/// The layer's entries: the package below the directory where a builder looks for it.
fn layer(descriptor: &Descriptor, contents: &[Entry]) -> Vec<Entry> {
    let mut dir = PathBuf::new();
    let mut entries = Vec::new();
    for part in ["cnb", "buildpacks", &descriptor.file_name(), &descriptor.info.version] {
        dir.push(part);
        entries.push(Entry::new(&dir, Content::Dir));
    }
    let moved =
        contents.iter().map(|entry| Entry::new(dir.join(&entry.name), entry.content.clone()));
    entries.extend(moved);
    entries
}

fn config(descriptor: &Descriptor, arch: &str, layer: &Measure) -> Value {
    json!({
        "architecture": arch,
        "os": "linux",
        "created": CREATED,
        "config": { "Labels": labels(descriptor, layer) },
        "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{}", layer.sha256)] },
    })
}

/// The labels by which a platform knows the package, each with JSON in it, and the usual ones for people.
fn labels(descriptor: &Descriptor, layer: &Measure) -> Value {
    let info = &descriptor.info;
    let licenses: Vec<&str> = info.licenses.iter().map(|license| license.kind.as_str()).collect();
    let metadata = json!({
        "id": info.id,
        "name": info.name,
        "version": info.version,
        "description": info.description,
        "homepage": info.homepage,
        "keywords": info.keywords,
        "licenses": info.licenses,
        "targets": descriptor.targets,
    });
    let layers = json!({
        &info.id: {
            &info.version: {
                "api": descriptor.api,
                "targets": descriptor.targets,
                "layerDiffID": format!("sha256:{}", layer.sha256),
                "homepage": info.homepage,
                "name": info.name,
            }
        }
    });
    json!({
        "io.buildpacks.buildpackage.metadata": metadata.to_string(),
        "io.buildpacks.buildpack.layers": layers.to_string(),
        "org.opencontainers.image.created": CREATED,
        "org.opencontainers.image.description": info.description,
        "org.opencontainers.image.licenses": licenses.join(" AND "),
        "org.opencontainers.image.title": info.name,
        "org.opencontainers.image.url": info.homepage,
        "org.opencontainers.image.version": info.version,
    })
}

fn manifest(config: &[u8], layer: &Measure) -> Value {
    json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {
            "mediaType": CONFIG,
            "digest": format!("sha256:{}", sha256(config)),
            "size": config.len(),
        },
        "layers": [{
            "mediaType": LAYER,
            "digest": format!("sha256:{}", layer.sha256),
            "size": layer.size,
        }],
    })
}

fn index(manifest: &[u8], arch: &str) -> Value {
    json!({
        "schemaVersion": 2,
        "mediaType": INDEX,
        "manifests": [{
            "mediaType": MANIFEST,
            "digest": format!("sha256:{}", sha256(manifest)),
            "size": manifest.len(),
            "platform": { "architecture": arch, "os": "linux" },
        }],
    })
}

fn blob(hex: &str) -> String {
    format!("blobs/sha256/{hex}")
}

fn sha256(bytes: &[u8]) -> String {
    stamp::hex(&Sha256::digest(bytes))
}
