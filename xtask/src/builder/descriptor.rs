//! `builder.toml`, as pack defines it and as far as it is used here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::package::Package;

/// What a builder image is made of.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Descriptor {
    description: String,
    build: Build,
    run: Run,
    lifecycle: Lifecycle,
    buildpacks: Vec<Buildpack>,
    order: Vec<Order>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Build {
    image: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Run {
    images: Vec<Image>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Image {
    image: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Lifecycle {
    Version(String),
    Uri(String),
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Buildpack {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    uri: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Order {
    group: Vec<Member>,
}

#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
struct Member {
    id: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    optional: bool,
}

impl Descriptor {
    /// Reads the committed `builder.toml`.
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let path = root.join("builder.toml");
        Self::parse(&fs_err::read_to_string(&path)?)
            .with_context(|| format!("{} is wrong", path.display()))
    }

    pub(crate) fn parse(text: &str) -> Result<Self> {
        Ok(toml::from_str(text)?)
    }

    /// Narrowed to the packages that there are. A group that lacks a required member goes, an optional member goes
    /// alone.
    pub(crate) fn with(mut self, packages: &[Package]) -> Self {
        let found: BTreeMap<&str, &Package> =
            packages.iter().map(|package| (&package.id[..], package)).collect();
        self.buildpacks.retain_mut(|buildpack| match found.get(&buildpack.id[..]) {
            Some(package) => {
                buildpack.version = Some(package.version.clone());
                buildpack.uri = package.cnb.display().to_string();
                true
            }
            None => false,
        });
        self.order.retain_mut(|order| {
            let is_found = |member: &Member| found.contains_key(&member.id[..]);
            let whole = order.group.iter().all(|member| member.optional || is_found(member));
            order.group.retain(is_found);
            whole
        });
        self
    }

    /// Moved to other base images and another lifecycle.
    pub(crate) fn on(mut self, build: &str, run: &str, lifecycle: &Path) -> Self {
        build.clone_into(&mut self.build.image);
        self.run.images = vec![Image { image: run.to_owned() }];
        self.lifecycle = Lifecycle::Uri(lifecycle.display().to_string());
        self
    }

    pub(crate) fn to_toml(&self) -> Result<String> {
        Ok(toml::to_string(self)?)
    }

    pub(crate) fn build_image(&self) -> &str {
        &self.build.image
    }

    /// The run image that apps get if they do not ask for another.
    pub(crate) fn run_image(&self) -> &str {
        self.run.images.first().map_or("", |image| &image.image)
    }

    /// The buildpacks.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        self.buildpacks.iter().map(|buildpack| buildpack.id.as_str())
    }

    /// The order groups: ids, and whether a group passes without them.
    pub(crate) fn groups(&self) -> impl Iterator<Item = Vec<(&str, bool)>> {
        let member = |member| {
            let Member { id, optional }: &Member = member;
            (id.as_str(), *optional)
        };
        self.order.iter().map(move |order| order.group.iter().map(member).collect())
    }

    /// The buildpacks that apps of a language need: the members of the smallest group that requires it.
    pub(crate) fn members_for(&self, id: &str) -> BTreeSet<&str> {
        let requires =
            |order: &&Order| order.group.iter().any(|member| member.id == id && !member.optional);
        let smallest = self.order.iter().filter(requires).min_by_key(|order| order.group.len());
        smallest
            .into_iter()
            .flat_map(|order| order.group.iter().map(|member| member.id.as_str()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;
    use std::path::PathBuf;

    const TEXT: &str = r#"
        description = "d"
        build.image = "public/build:1"
        run.images = [{ image = "public/run:1" }]
        lifecycle.version = "1.2.3"
        buildpacks = [
          { id = "k/head", uri = "h.cnb" },
          { id = "k/node", uri = "n.cnb" },
          { id = "k/web", uri = "w.cnb" },
        ]
        order = [
          { group = [{ id = "k/head", optional = true }, { id = "k/node" }, { id = "k/web" }] },
          { group = [{ id = "k/web", optional = true }, { id = "k/node" }, { id = "k/head", optional = true }] },
        ]
    "#;

    fn package(id: &str) -> Package {
        let cnb = PathBuf::from(format!("/p/{}.cnb", id.replace('/', "_")));
        Package { id: id.to_owned(), version: "1.0.0".to_owned(), dir: PathBuf::new(), cnb }
    }

    #[test]
    fn what_has_no_package_is_left_out_with_the_groups_that_require_it() {
        let descriptor =
            Descriptor::parse(TEXT).unwrap().with(&[package("k/node"), package("k/head")]);
        assert_snapshot!(descriptor.to_toml().unwrap(), @r#"
        description = "d"

        [build]
        image = "public/build:1"

        [[run.images]]
        image = "public/run:1"

        [lifecycle]
        version = "1.2.3"

        [[buildpacks]]
        id = "k/head"
        version = "1.0.0"
        uri = "/p/k_head.cnb"

        [[buildpacks]]
        id = "k/node"
        version = "1.0.0"
        uri = "/p/k_node.cnb"

        [[order]]

        [[order.group]]
        id = "k/node"

        [[order.group]]
        id = "k/head"
        optional = true
        "#);
    }

    #[test]
    fn the_local_profile_swaps_bases_and_lifecycle_only() {
        let packages = [package("k/node"), package("k/head"), package("k/web")];
        let descriptor = Descriptor::parse(TEXT).unwrap().with(&packages).on(
            "l/build",
            "l/run",
            Path::new("/t/lifecycle.tgz"),
        );
        assert_eq!(descriptor.build_image(), "l/build");
        assert_eq!(descriptor.run_image(), "l/run");
        let text = descriptor.to_toml().unwrap();
        assert!(text.contains("[lifecycle]\nuri = \"/t/lifecycle.tgz\"\n"), "{text}");
        assert!(!text.contains("public") && !text.contains("1.2.3"), "{text}");
        assert_eq!(descriptor.order.len(), 2);
    }

    #[test]
    fn a_language_meets_the_members_of_its_smallest_group() {
        let descriptor = Descriptor::parse(TEXT).unwrap();
        assert_eq!(descriptor.members_for("k/web"), BTreeSet::from(["k/head", "k/node", "k/web"]));
        assert!(descriptor.members_for("k/head").is_empty());
    }

    #[test]
    fn the_committed_descriptor_orders_what_it_lists_and_nothing_else() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let descriptor = Descriptor::read(&root).unwrap();
        let listed: BTreeSet<&str> = descriptor.ids().collect();
        let members = descriptor.order.iter().flat_map(|order| &order.group);
        let ordered: BTreeSet<&str> = members.map(|member| member.id.as_str()).collect();
        assert_eq!(listed, ordered);
        for entry in fs_err::read_dir(root.join("buildpacks")).unwrap() {
            let id = format!("kouti/{}", entry.unwrap().file_name().to_string_lossy());
            assert!(listed.contains(id.as_str()), "{id} is missing in builder.toml");
        }
    }
}
