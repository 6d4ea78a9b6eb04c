//! Decision: what is told about the security of an app.

use std::path::Path;

use kouti::sbom::Document;
use kouti::version::{Range, Version};
use kouti::{Explain, Fault, Notice, Problem};
use kouti_node::Project;

use crate::settings::SecurityPolicy;

/// Versions of a package through which anybody can run code in the app.
struct Advisory {
    id: &'static str,
    package: &'static str,
    affected: &'static str,
    fixed: &'static str,
}

/// Only what is as bad as that: a scanner reads the bill of materials and knows the rest.
const CRITICAL: [Advisory; 4] = [
    Advisory {
        id: "CVE-2025-55182",
        package: "next",
        affected: ">=15.0.0 <15.0.5 || >=15.1.0 <15.1.9 || >=15.2.0 <15.2.6 || >=15.3.0 <15.3.6 \
                   || >=15.4.0 <15.4.8 || >=15.5.0 <15.5.7 || >=16.0.0 <16.0.7",
        fixed: "15.0.5, 15.1.9, 15.2.6, 15.3.6, 15.4.8, 15.5.7 and 16.0.7",
    },
    react_server("react-server-dom-parcel"),
    react_server("react-server-dom-turbopack"),
    react_server("react-server-dom-webpack"),
];

const fn react_server(package: &'static str) -> Advisory {
    Advisory {
        id: "CVE-2025-55182",
        package,
        affected: "19.0.0 || 19.1.0 || 19.1.1 || 19.2.0",
        fixed: "19.0.1, 19.1.2 and 19.2.1",
    }
}

/// A package of the app is known to be dangerous.
#[derive(Debug, thiserror::Error)]
#[error("{package} {version} has a critical vulnerability, {id}")]
struct Vulnerable {
    id: &'static str,
    package: &'static str,
    version: String,
    fixed: &'static str,
}

impl Vulnerable {
    fn update(&self) -> String {
        format!("update it: {} are without", self.fixed)
    }
}

impl Explain for Vulnerable {
    fn id(&self) -> &'static str {
        "vulnerable-package"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![self.update(), "set BP_NODE_SECURITY_POLICY=warn to build nevertheless".to_owned()]
    }
}

/// Everything there is to say, once it is known what the image will hold.
pub(crate) fn remarks(
    project: &Project,
    packages: &Document,
    policy: SecurityPolicy,
) -> Result<Vec<Notice>, Problem> {
    let mut notices = vulnerabilities(packages, policy)?;
    notices.extend(stored_credentials(project));
    notices.extend(environment_files(project));
    Ok(notices)
}

fn vulnerabilities(packages: &Document, policy: SecurityPolicy) -> Result<Vec<Notice>, Problem> {
    let found = packages.components.iter().filter_map(|component| {
        let version = Version::parse(&component.version).ok()?;
        let of_package = CRITICAL.iter().filter(|advisory| advisory.package == component.name);
        let advisory = of_package.into_iter().find(|advisory| {
            Range::npm(advisory.affected).is_ok_and(|range| range.matches(&version))
        })?;
        Some(Vulnerable {
            id: advisory.id,
            package: advisory.package,
            version: component.version.clone(),
            fixed: advisory.fixed,
        })
    });
    let mut notices = Vec::new();
    for vulnerable in found {
        match policy {
            SecurityPolicy::Off => {}
            SecurityPolicy::Error => return Err(vulnerable.into()),
            SecurityPolicy::Warn => {
                notices.push(Notice::new(vulnerable.to_string()).hint(vulnerable.update()));
            }
        }
    }
    Ok(notices)
}

/// Files in which package managers look for credentials.
const CREDENTIAL_FILES: [&str; 3] = [".npmrc", ".yarnrc", ".yarnrc.yml"];

/// Keys whose values are credentials.
const CREDENTIALS: [&str; 5] = ["_authToken", "_password", "_auth", "npmAuthToken", "npmAuthIdent"];

/// Credentials that the app's files hold and that the image will therefore hold too.
fn stored_credentials(project: &Project) -> Vec<Notice> {
    let mut dirs = vec![&project.root];
    if project.is_workspace_member() {
        dirs.push(&project.dir);
    }
    let paths = dirs.iter().flat_map(|dir| CREDENTIAL_FILES.iter().map(|name| dir.join(name)));
    paths
        .filter(|path| holds_credentials(path))
        .map(|path| {
            let name = project.shown(&path);
            Notice::new(format!("{name} holds a credential, and so will the image"))
                .hint("write `${A_VARIABLE}` in its place, or bind the file to the build instead")
        })
        .collect()
}

fn holds_credentials(path: &Path) -> bool {
    let text = fs_err::read_to_string(path).unwrap_or_default();
    text.lines().any(|line| {
        let line = line.trim();
        if line.starts_with(['#', ';']) {
            return false;
        }
        let Some((key, value)) = line.split_once('=').or_else(|| line.split_once(": ")) else {
            return false;
        };
        let key = key.trim();
        let key = key.rsplit_once(':').map_or(key, |(_, key)| key).trim_matches('"');
        CREDENTIALS.contains(&key) && !value.trim().is_empty() && !value.contains("${")
    })
}

/// Files with variables that are in the image, where everybody can read them.
fn environment_files(project: &Project) -> Option<Notice> {
    let names = [".env", ".env.production", ".env.local", ".env.production.local"];
    let found: Vec<_> = names.into_iter().filter(|name| project.dir.join(name).is_file()).collect();
    (!found.is_empty()).then(|| {
        Notice::new(format!(
            "{} will be in the image, and what it holds with it",
            found.join(" and ")
        ))
        .hint("leave it out with .dockerignore or BP_EXCLUDE_FILES if it holds secrets")
    })
}
