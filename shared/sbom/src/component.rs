//! One part of an image.

use std::collections::BTreeMap;

use sha1::{Digest as _, Sha1};

use crate::{Digest, Purl, digest};

/// What a [`Component`] is.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum Kind {
    /// A runtime, server or tool.
    Application,
    /// A package an app depends on.
    #[default]
    Library,
    /// A single file.
    File,
}

impl Kind {
    /// Lower-case, as CycloneDX writes it: `library`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Library => "library",
            Self::File => "file",
        }
    }
}

/// Where the source code of a [`Component`] is.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Source {
    /// Address of the archive or repository.
    pub uri: String,
    /// Proof of the archive.
    pub digest: Option<Digest>,
}

/// One part of an image: a runtime, a package, a file.
///
/// Only `name` is needed; fill in what is known and leave the rest to
/// `..Component::default()`.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Component {
    /// What it is called where it comes from: `node`, `@angular/core`, `org.slf4j:slf4j-api`.
    pub name: String,
    /// As its publisher writes it; may be empty.
    pub version: String,
    /// What it is.
    pub kind: Kind,
    /// Package URL.
    pub purl: Option<Purl>,
    /// Platform names for vulnerability matching. Leave empty rather than invent one:
    /// scanners trip over made-up names.
    pub cpes: Vec<String>,
    /// SPDX ids, SPDX expressions, or what the publisher wrote instead.
    /// All of them apply.
    pub licenses: Vec<String>,
    /// Proofs of what was downloaded.
    pub checksums: Vec<Digest>,
    /// The original address of the download, never that of a mirror. User info and query
    /// are left out of the document.
    pub download: Option<String>,
    /// Where its source code is.
    pub source: Option<Source>,
    /// Path within the layer, or of the lockfile within the app.
    pub location: Option<String>,
    /// What no format has a field for: `kouti:eol` is the day support ends, `kouti:scope` one of
    /// `production`, `optional` and `development`.
    pub properties: BTreeMap<String, String>,
}

impl Component {
    /// Names the component inside its document, for [`Document::dependencies`].
    ///
    /// Made of name, version, kind, purl and location: two components that agree in
    /// all of these are the same thing, and a document lists it once.
    ///
    /// [`Document::dependencies`]: crate::Document::dependencies
    #[must_use]
    pub fn id(&self) -> String {
        let mut hash = Sha1::new();
        let purl = self.purl.as_ref().map(ToString::to_string).unwrap_or_default();
        let location = self.location.as_deref().unwrap_or_default();
        for part in [&self.name, &self.version, &purl, self.kind.name(), location] {
            hash.update(part);
            hash.update([0]);
        }
        let hash = digest::hexadecimal(&hash.finalize()[..6]);
        format!("{}-{hash}", slug(&format!("{}-{}", self.name, self.version)))
    }
}

/// The readable part of an id: SPDX allows letters, digits, dots and dashes.
pub(crate) fn slug(text: &str) -> String {
    let slug: String = text
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' })
        .take(64)
        .collect();
    slug.trim_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_readable_stable_and_apart_for_each_place() {
        let at = |location: Option<&str>| Component {
            name: "@scope/pkg".into(),
            version: "1.0.0+b".into(),
            location: location.map(Into::into),
            ..Component::default()
        };
        assert_eq!(at(None).id(), "scope-pkg-1.0.0-b-6ab81ea393d0");
        assert_ne!(at(None).id(), at(Some("node_modules/a/node_modules/@scope/pkg")).id());
        let licensed = Component { licenses: vec!["MIT".into()], ..at(None) };
        assert_eq!(at(None).id(), licensed.id());
    }
}
