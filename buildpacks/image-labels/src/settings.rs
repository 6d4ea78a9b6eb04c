//! The settings of this buildpack: one for each label that the [OCI image specification][spec] names,
//! and one for all others.
//!
//! [spec]: https://github.com/opencontainers/image-spec/blob/v1.1.1/annotations.md

use kouti::Setting;
use kouti::setting::Declared;

type Text = Setting<Option<String>>;

pub(crate) const IMAGE_LABELS: Text = Setting::build(
    "BP_IMAGE_LABELS",
    "",
    "labels as `key=value` pairs, separated by blanks; quote what has blanks",
);

const AUTHORS: Text = Setting::build("BP_OCI_AUTHORS", "", "who made the image");
const CREATED: Text = Setting::build(
    "BP_OCI_CREATED",
    "",
    "when it was made, as RFC 3339, or `now` for SOURCE_DATE_EPOCH",
);
const DESCRIPTION: Text = Setting::build("BP_OCI_DESCRIPTION", "", "what it is, in a sentence");
const DOCUMENTATION: Text =
    Setting::build("BP_OCI_DOCUMENTATION", "", "address of its documentation");
const LICENSES: Text =
    Setting::build("BP_OCI_LICENSES", "", "licences of what is in it, an SPDX expression");
const REF_NAME: Text = Setting::build("BP_OCI_REF_NAME", "", "name by which it is referred to");
const REVISION: Text = Setting::build("BP_OCI_REVISION", "", "revision of its source");
const SOURCE: Text = Setting::build("BP_OCI_SOURCE", "", "address of its source");
const TITLE: Text = Setting::build("BP_OCI_TITLE", "", "its name for people");
const URL: Text = Setting::build("BP_OCI_URL", "", "address of more about it");
const VENDOR: Text = Setting::build("BP_OCI_VENDOR", "", "who distributes it");
const VERSION: Text = Setting::build("BP_OCI_VERSION", "", "version of what is in it");

/// Each setting with its label.
pub(crate) const OCI: [(Text, &str); 12] = [
    (AUTHORS, "org.opencontainers.image.authors"),
    (CREATED, "org.opencontainers.image.created"),
    (DESCRIPTION, "org.opencontainers.image.description"),
    (DOCUMENTATION, "org.opencontainers.image.documentation"),
    (LICENSES, "org.opencontainers.image.licenses"),
    (REF_NAME, "org.opencontainers.image.ref.name"),
    (REVISION, "org.opencontainers.image.revision"),
    (SOURCE, "org.opencontainers.image.source"),
    (TITLE, "org.opencontainers.image.title"),
    (URL, "org.opencontainers.image.url"),
    (VENDOR, "org.opencontainers.image.vendor"),
    (VERSION, "org.opencontainers.image.version"),
];

pub(crate) const ALL: &[Declared] = &[
    IMAGE_LABELS.declared,
    AUTHORS.declared,
    CREATED.declared,
    DESCRIPTION.declared,
    DOCUMENTATION.declared,
    LICENSES.declared,
    REF_NAME.declared,
    REVISION.declared,
    SOURCE.declared,
    TITLE.declared,
    URL.declared,
    VENDOR.declared,
    VERSION.declared,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_descriptor_lists_the_same_settings() {
        let descriptor = include_str!("../buildpack.toml");
        assert_eq!(kouti::setting::descriptor_differences(descriptor, ALL), [""; 0]);
    }
}
