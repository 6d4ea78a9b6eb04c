//! `META-INF/MANIFEST.MF`: what a JAR says about itself.

use std::collections::BTreeMap;
use std::path::Path;

/// The main section of a manifest. Keys do not distinguish upper and lower case.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Manifest(BTreeMap<String, String>);

/// Where it is in an unpacked JAR.
pub(crate) const PATH: &str = "META-INF/MANIFEST.MF";

impl Manifest {
    /// Lines may end in every way, and go on in the next one behind a blank. What stands behind the
    /// first empty line is about single files.
    pub(crate) fn parse(text: &str) -> Self {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let main = text.split("\n\n").next().unwrap_or_default();
        let mut entries = BTreeMap::new();
        for line in main.replace("\n ", "").lines() {
            if let Some((key, value)) = line.split_once(':') {
                entries.insert(key.trim().to_ascii_lowercase(), value.trim().to_owned());
            }
        }
        Self(entries)
    }

    /// The manifest of what is unpacked in `dir`, if there is one.
    pub(crate) fn of_dir(dir: &Path) -> std::io::Result<Option<Self>> {
        let path = dir.join(PATH);
        if !path.is_file() {
            return Ok(None);
        }
        let bytes = fs_err::read(path)?;
        Ok(Some(Self::parse(&String::from_utf8_lossy(&bytes))))
    }

    /// The value of a key; an empty one is none.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.0.get(&key.to_ascii_lowercase()).map(String::as_str).filter(|value| !value.is_empty())
    }

    pub(crate) fn main_class(&self) -> Option<&str> {
        self.get("Main-Class")
    }

    /// `Class-Path`, without `file:` in front of paths.
    pub(crate) fn class_path(&self) -> Vec<String> {
        let items = self.get("Class-Path").unwrap_or_default().split_whitespace();
        items.map(|item| item.trim_start_matches("file:").to_owned()).collect()
    }

    /// The agent that starts with the app, for which there is no option.
    pub(crate) fn launcher_agent(&self) -> Option<&str> {
        self.get("Launcher-Agent-Class")
    }

    /// What else only `java -jar` reads, as options for a start without it.
    pub(crate) fn options(&self) -> Vec<String> {
        let mut options = Vec::new();
        for (key, option) in [("Add-Opens", "--add-opens"), ("Add-Exports", "--add-exports")] {
            for package in self.get(key).unwrap_or_default().split_whitespace() {
                options.push(format!("{option}={package}=ALL-UNNAMED"));
            }
        }
        if let Some(modules) = self.get("Enable-Native-Access") {
            options.push(format!("--enable-native-access={modules}"));
        }
        options
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_folded_and_only_the_main_section_counts() {
        let manifest = Manifest::parse(
            "Manifest-Version: 1.0\r\nMain-Class: org.example.very.long.na\r\n me.Main\r\n\
             class-path: a.jar file:lib/b.jar\r\nEmpty:\r\n\r\nName: x\r\nMain-Class: other\r\n",
        );
        assert_eq!(manifest.main_class(), Some("org.example.very.long.name.Main"));
        assert_eq!(manifest.class_path(), ["a.jar", "lib/b.jar"]);
        assert_eq!(manifest.get("Empty"), None);
    }

    #[test]
    fn what_only_a_jar_can_say_becomes_options() {
        let manifest = Manifest::parse(
            "Add-Opens: java.base/java.lang java.base/java.io\nAdd-Exports: java.base/sun.nio.ch\n\
             Enable-Native-Access: ALL-UNNAMED\n",
        );
        assert_eq!(
            manifest.options(),
            [
                "--add-opens=java.base/java.lang=ALL-UNNAMED",
                "--add-opens=java.base/java.io=ALL-UNNAMED",
                "--add-exports=java.base/sun.nio.ch=ALL-UNNAMED",
                "--enable-native-access=ALL-UNNAMED"
            ]
        );
    }
}
