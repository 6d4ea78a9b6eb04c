//! How an app serves requests, from which follows how many threads it will have.

use std::io::{Read, Seek};
use std::path::Path;

use serde_json::Value;
use zip::ZipArchive;

/// Threads of an app that needs few, and those that a server adds to its own.
const FEW: u64 = 50;

/// Which of the classes in [`TELLING`] there are.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Telling([bool; 6]);

const TELLING: [&str; 6] = [
    "org/springframework/web/reactive/DispatcherHandler.class",
    "org/springframework/web/servlet/DispatcherServlet.class",
    "org/glassfish/jersey/servlet/ServletContainer.class",
    "javax/servlet/Servlet.class",
    "jakarta/servlet/Servlet.class",
    "org/springframework/web/context/ConfigurableWebApplicationContext.class",
];

/// How many threads a Spring Boot app with these libraries will have; nothing where the usual number is right.
pub(crate) fn threads(
    classes: &Path,
    libraries: impl IntoIterator<Item = Telling>,
    java: u64,
) -> Option<u64> {
    let properties = Properties::read(classes);
    let virtual_threads = properties.get("spring.threads.virtual.enabled") == Some("true");
    let found = libraries.into_iter().fold(Telling::in_dir(classes), Telling::or);
    let is_servlet = found.is_servlet();
    if !is_servlet || (virtual_threads && java >= 21) {
        return Some(FEW);
    }
    let most = properties.get("server.tomcat.threads.max")?.parse::<u64>().ok()?;
    Some(most + FEW)
}

impl Telling {
    fn in_dir(classes: &Path) -> Self {
        Self(TELLING.map(|name| classes.join(name).is_file()))
    }

    pub(crate) fn in_archive<R: Read + Seek>(archive: &ZipArchive<R>) -> Self {
        Self(TELLING.map(|name| archive.index_for_name(name).is_some()))
    }

    fn or(self, other: Self) -> Self {
        let mut both = self;
        for (found, also) in both.0.iter_mut().zip(other.0) {
            *found |= also;
        }
        both
    }

    /// Paketo's table.
    fn is_servlet(self) -> bool {
        let [reactive, mvc, jersey, javax, jakarta, web_context] = self.0;
        let is_reactive = reactive && !mvc && !jersey;
        !is_reactive && (javax || jakarta) && web_context
    }
}

/// The properties that are packaged with the app, as dotted names.
#[derive(Default)]
struct Properties(Vec<(String, String)>);

impl Properties {
    fn read(classes: &Path) -> Self {
        let mut all = Self::default();
        if let Ok(text) = fs_err::read_to_string(classes.join("application.properties")) {
            let lines = text.lines().filter_map(|line| line.split_once('='));
            all.0.extend(lines.map(|(name, value)| (name.trim().into(), value.trim().into())));
        }
        for name in ["application.yml", "application.yaml"] {
            if let Ok(text) = fs_err::read_to_string(classes.join(name))
                && let Ok(value) = serde_saphyr::from_str::<Value>(&text)
            {
                all.flatten(String::new(), &value);
            }
        }
        all
    }

    fn flatten(&mut self, prefix: String, value: &Value) {
        match value {
            Value::Object(map) => {
                for (name, value) in map {
                    let dot = if prefix.is_empty() { "" } else { "." };
                    self.flatten(format!("{prefix}{dot}{name}"), value);
                }
            }
            Value::String(text) => self.0.push((prefix, text.clone())),
            other => self.0.push((prefix, other.to_string())),
        }
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{jar, write};

    fn threads_of(names: &[&str], properties: &str, java: u64) -> Option<u64> {
        let dir = tempfile::tempdir().unwrap();
        let files: Vec<_> = names.iter().map(|name| (*name, "")).collect();
        let library = ZipArchive::new(std::io::Cursor::new(jar(&files))).unwrap();
        write(dir.path(), "application.yml", properties.as_bytes());
        threads(dir.path(), [Telling::default(), Telling::in_archive(&library)], java)
    }

    #[test]
    fn only_servers_with_a_thread_for_each_request_have_many() {
        let [reactive, mvc, _, _, jakarta, web_context] = TELLING;
        assert_eq!(threads_of(&[mvc, jakarta, web_context], "", 21), None);
        assert_eq!(threads_of(&[reactive], "", 21), Some(50));
        assert_eq!(threads_of(&[reactive, mvc, jakarta, web_context], "", 21), None);
        assert_eq!(threads_of(&[], "", 21), Some(50));
    }

    #[test]
    fn the_properties_of_the_app_count() {
        let [_, mvc, _, _, jakarta, web_context] = TELLING;
        let names = [mvc, jakarta, web_context];
        let virtual_threads = "spring:\n  threads:\n    virtual:\n      enabled: true\n";
        assert_eq!(threads_of(&names, virtual_threads, 21), Some(50));
        assert_eq!(threads_of(&names, virtual_threads, 17), None);
        assert_eq!(
            threads_of(&names, "server:\n  tomcat:\n    threads:\n      max: 100\n", 21),
            Some(150)
        );
    }
}
