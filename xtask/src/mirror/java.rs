//! OpenJDK from Debian; Maven, Tomcat and Spring Cloud Bindings from a Maven repository.

use std::path::Path;

use anyhow::{Context as _, Result};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use super::debian::{self, Pin};
use super::pins::{MavenArtifact, Pins};
use super::tree::Tree;
use super::{Made, Recipe, Resolved, Sources, jks, maven};

/// OpenJDK takes the place of the vendor that the public catalogue installs by default.
const JDK: &str = "liberica-jdk";
const JRE: &str = "liberica-jre";

pub(super) const IDS: &[&str] = &[JDK, JRE, "maven", "tomcat", "spring-cloud-bindings"];

/// Fonts and certificates, which the JRE package only recommends.
const COMPANIONS: &[&str] = &["libfreetype6", "libharfbuzz0b", "ca-certificates"];

/// Sound, which servers have not.
const ABSENT: &[&str] = &["libasound.so.2"];

/// Names the libraries that came from other packages: what `jlink` makes does not have them.
const BUNDLED: &str = "lib/kouti-bundled.txt";

pub(super) fn recipes(pins: &Pins) -> Result<Vec<Box<dyn Recipe>>> {
    let mut recipes: Vec<Box<dyn Recipe>> = Vec::new();
    for pin in &pins.java {
        recipes.push(Box::new(Jdk { pin: pin.clone(), development: true }));
        recipes.push(Box::new(Jdk { pin: pin.clone(), development: false }));
    }
    for pin in &pins.maven_artifact {
        let known = KNOWN.iter().find(|known| known.id == pin.id);
        let known = known.with_context(|| format!("local-profile.toml: unknown id {}", pin.id))?;
        recipes.push(Box::new(Download { pin: pin.clone(), known }));
    }
    Ok(recipes)
}

/// A JDK, or only what runs programs.
struct Jdk {
    pin: Pin,
    development: bool,
}

impl Jdk {
    fn id(&self) -> &'static str {
        if self.development { JDK } else { JRE }
    }

    fn kind(&self) -> &'static str {
        if self.development { "jdk" } else { "jre" }
    }

    /// The package whose content it is.
    fn package(&self) -> String {
        format!("openjdk-{}-{}-headless", self.pin.line(), self.kind())
    }

    fn packages(&self) -> Vec<String> {
        std::iter::once(self.package()).chain(debian::names(COMPANIONS)).collect()
    }
}

impl Recipe for Jdk {
    fn name(&self) -> String {
        self.pin.name(self.kind())
    }

    fn pin(&self) -> String {
        self.pin.text(&self.packages())
    }

    fn resolve(&self, sources: &Sources) -> Result<Resolved> {
        let debs = sources.suite(&self.pin.suite)?.closure(&self.packages())?;
        let main = self.pin.main(&debs, &self.package())?;
        let record = debian::Record {
            id: self.id(),
            name: if self.development { "OpenJDK (JDK, Debian)" } else { "OpenJDK (JRE, Debian)" },
            version: &three_parts(main.upstream_version()),
            license: "GPL-2.0-only WITH Classpath-exception-2.0",
            cpe: "oracle:openjdk",
        };
        let mut record = record.table(&main, &self.pin);
        record.insert("upstream-version".to_owned(), main.upstream_version().into());
        Resolved::from_debian(self.kind(), record, debs)
    }

    fn make(&self, sources: &Sources, resolved: &Resolved, work: &Path) -> Result<Made> {
        let suite = sources.suite(&self.pin.suite)?;
        let stage = suite.stage(&self.packages(), &resolved.debs, &work.join("stage"))?;
        let mut tree = Tree::new(&stage, work.join("tree"))?;
        tree.take(&format!("usr/lib/jvm/java-{}-openjdk-amd64", self.pin.line()), "")?;
        for part in ["docs", "man", "lib/src.zip"] {
            tree.remove(part)?;
        }
        // A maintainer script would have made it, from the same certificates.
        tree.write("lib/security/cacerts", jks::write(certificates(&stage.dir)?))?;
        let bundled: Vec<String> = tree.bundle("lib", &[], ABSENT)?.into_iter().collect();
        tree.write(BUNDLED, bundled.join("\n") + "\n")?;
        tree.made()
    }
}

/// The certificates that the package `ca-certificates` trusts.
fn certificates(stage: &Path) -> Result<Vec<Vec<u8>>> {
    let files = walkdir::WalkDir::new(stage.join("usr/share/ca-certificates")).sort_by_file_name();
    let mut certificates = Vec::new();
    for file in files {
        let file = file?;
        if file.path().extension().is_some_and(|extension| extension == "crt") {
            let pem = fs_err::read(file.path())?;
            let der = CertificateDer::from_pem_slice(&pem);
            let der =
                der.with_context(|| format!("{} is no certificate", file.path().display()))?;
            certificates.push(der.to_vec());
        }
    }
    Ok(certificates)
}

/// A version as the catalogue has it: a fourth part counts as build metadata, and what builds add is left out.
fn three_parts(version: &str) -> String {
    let plain = version.split('+').next().unwrap_or(version);
    let parts: Vec<&str> = plain.split('.').collect();
    match parts[..] {
        [a, b, c, d] => format!("{a}.{b}.{c}+{d}"),
        [a, b] => format!("{a}.{b}.0"),
        [a] => format!("{a}.0.0"),
        _ => plain.to_owned(),
    }
}

/// What is known of a Maven artifact apart from its version.
struct Known {
    id: &'static str,
    name: &'static str,
    artifact: &'static str,
    form: &'static str,
    extension: &'static str,
    cpe: Option<&'static str>,
}

const KNOWN: &[Known] = &[
    Known {
        id: "maven",
        name: "Apache Maven",
        artifact: "org.apache.maven:apache-maven",
        form: "tar.gz:bin",
        extension: "tar.gz",
        cpe: Some("apache:maven"),
    },
    Known {
        id: "tomcat",
        name: "Apache Tomcat",
        artifact: "org.apache.tomcat:tomcat",
        form: "tar.gz",
        extension: "tar.gz",
        cpe: Some("apache:tomcat"),
    },
    Known {
        id: "spring-cloud-bindings",
        name: "Spring Cloud Bindings",
        artifact: "org.springframework.cloud:spring-cloud-bindings",
        form: "jar",
        extension: "jar",
        cpe: None,
    },
];

/// A file that is taken as it is.
struct Download {
    pin: MavenArtifact,
    known: &'static Known,
}

impl Download {
    fn artifact(&self) -> maven::Artifact<'_> {
        let Known { artifact, form, .. } = self.known;
        maven::Artifact {
            name: artifact,
            version: &self.pin.version,
            form,
            checksum: &self.pin.checksum,
        }
    }

    fn purl(&self) -> String {
        let name = self.known.artifact.replace(':', "/");
        let qualifiers = match self.known.form.split_once(':') {
            Some((kind, classifier)) => format!("?classifier={classifier}&type={kind}"),
            None if self.known.form == "jar" => String::new(),
            None => format!("?type={}", self.known.form),
        };
        format!("pkg:maven/{name}@{}{qualifiers}", self.pin.version)
    }
}

impl Recipe for Download {
    fn name(&self) -> String {
        format!("{}-{}", self.pin.id, self.pin.version)
    }

    fn pin(&self) -> String {
        format!("{} {}", self.pin.version, self.pin.checksum)
    }

    fn resolve(&self, _: &Sources) -> Result<Resolved> {
        let Known { id, name, extension, cpe, .. } = self.known;
        let mut record = toml::Table::new();
        let mut set = |key: &str, value: toml::Value| record.insert(key.to_owned(), value);
        set("id", (*id).into());
        set("name", (*name).into());
        set("version", self.pin.version.clone().into());
        set("licenses", vec!["Apache-2.0"].into());
        set("purl", self.purl().into());
        if let Some(cpe) = cpe {
            set("cpes", vec![format!("cpe:2.3:a:{cpe}:{}:*:*:*:*:*:*:*", self.pin.version)].into());
        }
        if *extension == "tar.gz" {
            set("strip-components", 1.into());
        }
        Ok(Resolved {
            file: format!("{}.{extension}", self.name()),
            record,
            inputs: vec![self.artifact().input()],
            debs: Vec::new(),
        })
    }

    fn make(&self, sources: &Sources, _: &Resolved, _: &Path) -> Result<Made> {
        Ok(Made::File { path: self.artifact().fetch(sources)?, contains: Vec::new() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fourth_part_of_a_version_is_build_metadata() {
        for (debian, ours) in [
            ("21.0.13.1+2", "21.0.13+1"),
            ("21.0.13+2", "21.0.13"),
            ("25+36", "25.0.0"),
            ("17.0.2", "17.0.2"),
        ] {
            assert_eq!(three_parts(debian), ours);
        }
    }

    #[test]
    fn a_package_url_says_which_file_it_is() {
        let purls: Vec<String> = KNOWN
            .iter()
            .map(|known| {
                let pin = MavenArtifact {
                    id: known.id.into(),
                    version: "1.0".into(),
                    checksum: String::new(),
                };
                Download { pin, known }.purl()
            })
            .collect();
        insta::assert_snapshot!(purls.join("\n"), @"
        pkg:maven/org.apache.maven/apache-maven@1.0?classifier=bin&type=tar.gz
        pkg:maven/org.apache.tomcat/tomcat@1.0?type=tar.gz
        pkg:maven/org.springframework.cloud/spring-cloud-bindings@1.0
        ");
    }
}
