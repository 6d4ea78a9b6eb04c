//! Bindings as directories: one per binding, one file per entry.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use kouti_report::Notice;

use super::{Binding, Bindings, Entry, Secret, UnusableBindings};

/// Adds the bindings below `root`. What is no binding is noticed and left out: an
/// unrelated directory must not break a build.
pub(super) fn read(root: &Path, into: &mut Bindings) -> Result<(), UnusableBindings> {
    let unusable = |error| UnusableBindings::Directory { root: root.to_owned(), error };
    for dir in fs_err::read_dir(root).map_err(unusable)? {
        let dir = dir.map_err(unusable)?;
        let name = dir.file_name().to_string_lossy().into_owned();
        // Kubernetes keeps the real files in `..data`.
        if name.starts_with('.') || !dir.path().is_dir() {
            continue;
        }
        match binding(&name, &dir.path()) {
            Ok(Some(binding)) => into.all.push(binding),
            Ok(None) => into.notices.push(
                Notice::new(format!("`{}` is not a binding and is left out", dir.path().display()))
                    .hint("a binding has a file `type` that names what it is for"),
            ),
            Err(error) => into.notices.push(
                Notice::new(format!("the binding `{name}` is left out: {error}"))
                    .hint("let the user who builds and the user who runs the app read it"),
            ),
        }
    }
    Ok(())
}

fn binding(name: &str, dir: &Path) -> io::Result<Option<Binding>> {
    let mut entries = files(dir)?;
    let (kind, provider) = if entries.contains_key("type") {
        (entries.remove("type"), entries.remove("provider"))
    } else if dir.join("metadata").is_dir() {
        // The layout before the Service Binding Specification; a secret wins over
        // metadata of the same name.
        entries = files(&dir.join("metadata"))?;
        let meta = (entries.remove("kind"), entries.remove("provider"));
        if dir.join("secret").is_dir() {
            entries.extend(files(&dir.join("secret"))?);
        }
        meta
    } else {
        (None, None)
    };
    let Some(kind) = text(kind) else {
        return Ok(None);
    };
    Ok(Some(Binding {
        name: name.to_owned(),
        kind,
        provider: text(provider),
        tags: Vec::new(),
        entries,
    }))
}

/// The value as text, unless it is blank or no text.
fn text(entry: Option<Entry>) -> Option<String> {
    let entry = entry?;
    entry.value.text().filter(|text| !text.is_empty()).map(str::to_owned)
}

fn files(dir: &Path) -> io::Result<BTreeMap<String, Entry>> {
    let mut entries = BTreeMap::new();
    for file in fs_err::read_dir(dir)? {
        let path = file?.path();
        let Some(key) = path.file_name().map(|name| name.to_string_lossy().into_owned()) else {
            continue;
        };
        // Names such as `.htpasswd` are entries; `..data` is Kubernetes' own.
        if !key.starts_with("..") && path.is_file() {
            let value = Secret(fs_err::read(&path)?);
            entries.insert(key, Entry { value, file: Some(path) });
        }
    }
    Ok(entries)
}
