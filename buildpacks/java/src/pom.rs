//! `pom.xml`: what of it matters before Maven runs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use roxmltree::{Document, Node};

/// A project file of Maven, and those of its parents that are in the same tree.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Pom {
    /// Properties, those of the project itself before those of its parents.
    properties: BTreeMap<String, String>,
    /// What `maven-compiler-plugin` is configured with.
    compiler: Option<String>,
    /// Ids of the plugins of the build.
    pub(crate) plugins: Vec<String>,
    /// Directories of modules.
    pub(crate) modules: Vec<String>,
    parent: Option<PathBuf>,
}

/// A chain of parents is never longer.
const MOST_PARENTS: usize = 10;

/// Properties that name the version of Java, the one that counts first.
const JAVA: [&str; 5] = [
    "maven.compiler.release",
    "java.version",
    "maven.compiler.target",
    "maven.compiler.source",
    "kotlin.compiler.jvmTarget",
];

impl Pom {
    /// Reads the file and its parents. What cannot be read says nothing: Maven will say it better.
    pub(crate) fn read(path: &Path) -> Self {
        let mut pom = Self::read_one(path).unwrap_or_default();
        let mut parent = pom.parent.clone();
        for _ in 0..MOST_PARENTS {
            let Some(found) = parent.and_then(|path| Self::read_one(&path)) else { break };
            for (name, value) in found.properties {
                pom.properties.entry(name).or_insert(value);
            }
            pom.compiler = pom.compiler.or(found.compiler);
            pom.plugins.extend(found.plugins);
            parent = found.parent;
        }
        pom
    }

    fn read_one(path: &Path) -> Option<Self> {
        let text = fs_err::read_to_string(path).ok()?;
        let document = Document::parse(&text).ok()?;
        let project = document.root_element();
        let properties = child(project, "properties").into_iter().flat_map(|node| node.children());
        let properties = properties.filter(Node::is_element);
        let builds = child(project, "build").into_iter();
        let managed = builds.clone().filter_map(|build| child(build, "pluginManagement"));
        let plugins: Vec<Node<'_, '_>> = builds
            .chain(managed)
            .filter_map(|node| child(node, "plugins"))
            .flat_map(|node| node.children())
            .filter(|node| node.has_tag_name_ignoring_namespace("plugin"))
            .collect();
        let compiler = plugins
            .iter()
            .filter(|plugin| text_of(**plugin, "artifactId") == Some("maven-compiler-plugin"))
            .filter_map(|plugin| child(*plugin, "configuration"))
            .find_map(|node| text_of(node, "release").or_else(|| text_of(node, "target")));
        let modules = child(project, "modules").into_iter().flat_map(|node| node.children());
        Some(Self {
            properties: properties
                .filter_map(|node| {
                    Some((node.tag_name().name().to_owned(), node.text()?.trim().to_owned()))
                })
                .collect(),
            compiler: compiler.map(str::to_owned),
            plugins: plugins
                .iter()
                .filter_map(|plugin| text_of(*plugin, "artifactId"))
                .map(str::to_owned)
                .collect(),
            modules: modules
                .filter(Node::is_element)
                .filter_map(|node| node.text())
                .map(|text| text.trim().to_owned())
                .collect(),
            parent: parent(project, path),
        })
    }

    /// The Java that is compiled for, and what says so.
    pub(crate) fn java(&self) -> Option<(String, String)> {
        let properties = JAVA.iter().filter_map(|name| Some((*name, self.properties.get(*name)?)));
        let compiler = self.compiler.as_ref().map(|text| ("maven-compiler-plugin", text));
        properties
            .chain(compiler)
            .find_map(|(name, text)| Some((self.resolved(text)?, name.to_owned())))
    }

    /// Whether it is for Quarkus.
    pub(crate) fn is_quarkus(&self) -> bool {
        self.properties.contains_key("quarkus.platform.artifact-id")
            || self.plugins.iter().any(|plugin| plugin == "quarkus-maven-plugin")
    }

    /// A text without `${…}`; nothing if that cannot be done.
    fn resolved(&self, text: &str) -> Option<String> {
        let mut text = text.trim().to_owned();
        for _ in 0..MOST_PARENTS {
            let Some(start) = text.find("${") else { break };
            let end = start + text[start..].find('}')?;
            let value = self.properties.get(&text[start + 2..end])?;
            text.replace_range(start..=end, value);
        }
        (!text.is_empty() && !text.contains("${")).then_some(text)
    }
}

/// Where the parent is, if it is in the same tree.
fn parent(project: Node<'_, '_>, path: &Path) -> Option<PathBuf> {
    let parent = child(project, "parent")?;
    let relative = match child(parent, "relativePath") {
        Some(node) => node.text().unwrap_or_default().trim(),
        None => "../pom.xml",
    };
    let mut found = path.parent()?.join(relative);
    if relative.is_empty() {
        return None;
    }
    if found.is_dir() {
        found.push("pom.xml");
    }
    found.is_file().then_some(found)
}

fn child<'a, 'input>(node: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    node.children().find(|child| child.has_tag_name_ignoring_namespace(name))
}

fn text_of<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    child(node, name)?.text().map(str::trim).filter(|text| !text.is_empty())
}

/// The namespace of a POM differs between versions, or is left out.
trait LocalName {
    fn has_tag_name_ignoring_namespace(&self, name: &str) -> bool;
}

impl LocalName for Node<'_, '_> {
    fn has_tag_name_ignoring_namespace(&self, name: &str) -> bool {
        self.is_element() && self.tag_name().name() == name
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::write;

    fn java(files: &[(&str, &str)]) -> Option<(String, String)> {
        let dir = tempfile::tempdir().unwrap();
        for (path, content) in files {
            write(dir.path(), path, content.as_bytes());
        }
        Pom::read(&dir.path().join("app/pom.xml")).java()
    }

    #[test]
    fn the_version_of_java_is_found_wherever_it_is() {
        let property = "<project xmlns='http://maven.apache.org/POM/4.0.0'><properties>\
            <java.version>21</java.version><maven.compiler.source>8</maven.compiler.source>\
            </properties></project>";
        assert_eq!(java(&[("app/pom.xml", property)]), Some(("21".into(), "java.version".into())));

        let child = "<project><parent><artifactId>p</artifactId></parent></project>";
        let parent = "<project><properties><jdk>1.8</jdk></properties><build><plugins><plugin>\
            <artifactId>maven-compiler-plugin</artifactId><configuration><release>${jdk}</release>\
            </configuration></plugin></plugins></build></project>";
        assert_eq!(
            java(&[("app/pom.xml", child), ("pom.xml", parent)]),
            Some(("1.8".into(), "maven-compiler-plugin".into()))
        );
    }

    #[test]
    fn what_cannot_be_resolved_says_nothing() {
        let loops = "<project><properties><java.version>${java.version}</java.version></properties></project>";
        assert_eq!(java(&[("app/pom.xml", loops)]), None);
        assert_eq!(java(&[("app/pom.xml", "<project><")]), None);
        assert_eq!(java(&[]), None);
    }
}
