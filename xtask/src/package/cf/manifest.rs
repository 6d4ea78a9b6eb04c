//! `manifest.yml` of a zip: what the platform reads is the stack, everything else is for people and scanners. Plain YAML:
//! the platform reads nothing else.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::Result;
use serde::Deserialize;

use super::super::Package;

/// What of the descriptor of a package it repeats.
#[derive(Default, Deserialize)]
struct Packaged {
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Metadata {
    #[serde(default)]
    default_versions: toml::Table,
    #[serde(default)]
    lines: Vec<Ending>,
    #[serde(default)]
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Ending {
    id: String,
    line: String,
    eol: Option<String>,
}

#[derive(Deserialize)]
struct Dependency {
    id: String,
    version: String,
    /// Nothing if it comes from a registry of packages.
    uri: Option<String>,
    purl: Option<String>,
    checksum: Option<String>,
    arch: Option<String>,
    #[serde(default)]
    distros: Vec<Distro>,
}

#[derive(Deserialize)]
struct Distro {
    name: String,
    version: String,
}

/// The file, for the packages of a zip. Without a stack the zip is for every one.
pub(super) fn yaml<'a>(
    language: &str,
    version: &str,
    stack: Option<&str>,
    packages: impl Iterator<Item = &'a Package>,
) -> Result<String> {
    let mut texts = Vec::new();
    for package in packages {
        texts.push(fs_err::read_to_string(package.dir.join("buildpack.toml"))?);
    }
    of(language, version, stack, &texts)
}

fn of(
    language: &str,
    version: &str,
    stack: Option<&str>,
    descriptors: &[String],
) -> Result<String> {
    let mut yaml = format!("---\nlanguage: {}\n", text(language));
    if let Some(stack) = stack {
        let _ = writeln!(yaml, "stack: {}", text(stack));
    }
    let _ = writeln!(yaml, "version: {}", text(version));
    // Several buildpacks may have the same catalogue.
    let (mut defaults, mut dates, mut all) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for descriptor in descriptors {
        let Packaged { metadata } = toml::from_str(descriptor)?;
        for (id, version) in &metadata.default_versions {
            let version = version.as_str().unwrap_or_default();
            defaults.insert(format!("- name: {}\n  version: {}\n", text(id), text(version)));
        }
        for Ending { id, line, eol } in &metadata.lines {
            let Some(date) = eol else { continue };
            let (id, line, date) = (text(id), text(line), text(date));
            dates.insert(format!("- name: {id}\n  version_line: {line}\n  date: {date}\n"));
        }
        let for_the_stack =
            metadata.dependencies.iter().filter(|found| found.arch.as_deref() != Some("arm64"));
        all.extend(for_the_stack.map(dependency));
    }
    for (key, items) in [
        ("default_versions", defaults),
        ("dependency_deprecation_dates", dates),
        ("dependencies", all),
    ] {
        if items.is_empty() {
            let _ = writeln!(yaml, "{key}: []");
        } else {
            let _ = writeln!(yaml, "{key}:\n{}", items.into_iter().collect::<String>().trim_end());
        }
    }
    Ok(yaml)
}

fn dependency(found: &Dependency) -> String {
    let Dependency { id, version, uri, purl, checksum, distros, .. } = found;
    let mut yaml = format!("- name: {}\n  version: {}\n", text(id), text(version));
    if let Some(uri) = uri {
        let _ = writeln!(yaml, "  uri: {}", text(uri));
    } else if let Some(purl) = purl {
        let _ = writeln!(yaml, "  purl: {}", text(purl));
    }
    if let Some((kind, digest)) = checksum.as_deref().and_then(|checksum| checksum.split_once(':'))
    {
        let _ = writeln!(yaml, "  {kind}: {}", text(digest));
    }
    let stack = |distro: &Distro| match (distro.name.as_str(), distro.version.as_str()) {
        ("ubuntu", "22.04") => Some("cflinuxfs4"),
        ("ubuntu", "24.04") => Some("cflinuxfs5"),
        _ => None,
    };
    let mut stacks: Vec<_> = distros.iter().filter_map(stack).collect();
    if distros.is_empty() {
        stacks = vec!["cflinuxfs4", "cflinuxfs5"];
    }
    if !stacks.is_empty() {
        let _ = writeln!(yaml, "  cf_stacks: [{}]", stacks.join(", "));
    }
    yaml
}

/// A text as YAML reads it back: JSON strings are valid there.
fn text(value: &str) -> String {
    serde_json::Value::from(value).to_string()
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn it_names_the_stack_and_all_that_can_be_installed() {
        let descriptor = r#"
            [metadata.default-versions]
            nginx = "1.31.*"
            [[metadata.lines]]
            id = "nginx"
            line = "1.31"
            eol = "2027-04-30"
            [[metadata.dependencies]]
            id = "nginx"
            version = "1.31.2"
            uri = "https://nginx.example/n.tgz"
            checksum = "sha256:abc"
            arch = "amd64"
            distros = [{ name = "ubuntu", version = "22.04" }, { name = "debian", version = "13" }]
            [[metadata.dependencies]]
            id = "nginx"
            version = "1.31.2"
            uri = "https://nginx.example/arm.tgz"
            arch = "arm64"
            [[metadata.dependencies]]
            id = "yarn"
            version = "1.22.22"
            purl = "pkg:npm/yarn@1.22.22"
        "#;
        let descriptors = [descriptor.to_owned(), descriptor.to_owned(), String::new()];
        assert_snapshot!(of("nginx", "1.2.3", Some("cflinuxfs4"), &descriptors).unwrap(), @r#"
        ---
        language: "nginx"
        stack: "cflinuxfs4"
        version: "1.2.3"
        default_versions:
        - name: "nginx"
          version: "1.31.*"
        dependency_deprecation_dates:
        - name: "nginx"
          version_line: "1.31"
          date: "2027-04-30"
        dependencies:
        - name: "nginx"
          version: "1.31.2"
          uri: "https://nginx.example/n.tgz"
          sha256: "abc"
          cf_stacks: [cflinuxfs4]
        - name: "yarn"
          version: "1.22.22"
          purl: "pkg:npm/yarn@1.22.22"
          cf_stacks: [cflinuxfs4, cflinuxfs5]
        "#);
        let read: serde_json::Value = serde_saphyr::from_str(
            &of("nginx", "1.2.3", Some("cflinuxfs5"), &descriptors).unwrap(),
        )
        .unwrap();
        assert_eq!(read["stack"], "cflinuxfs5");
        assert_snapshot!(of("static", "1", None, &[]).unwrap(), @r#"
        ---
        language: "static"
        version: "1"
        default_versions: []
        dependency_deprecation_dates: []
        dependencies: []
        "#);
    }
}
