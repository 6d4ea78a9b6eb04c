//! How an app serves requests, from which follows how many threads it will have.

use std::io::BufReader;
use std::path::Path;

use serde_json::Value;
use zip::ZipArchive;

/// Threads of an app that needs few, and those that a server adds to its own.
const FEW: u64 = 50;

/// Which of the classes in [`TELLING`] there are.
#[derive(Clone, Copy, Debug, Default)]
struct Classes([bool; 6]);

const TELLING: [&str; 6] = [
    "org/springframework/web/reactive/DispatcherHandler.class",
    "org/springframework/web/servlet/DispatcherServlet.class",
    "org/glassfish/jersey/servlet/ServletContainer.class",
    "javax/servlet/Servlet.class",
    "jakarta/servlet/Servlet.class",
    "org/springframework/web/context/ConfigurableWebApplicationContext.class",
];

/// How many threads a Spring Boot app will have; nothing where the usual number is right.
pub(crate) fn threads(classes: &Path, lib: &Path, java: u64) -> Option<u64> {
    let properties = Properties::read(classes);
    let virtual_threads = properties.get("spring.threads.virtual.enabled") == Some("true");
    let found = Classes::read(classes, lib);
    let is_servlet = found.is_servlet();
    if !is_servlet || (virtual_threads && java >= 21) {
        return Some(FEW);
    }
    let most = properties.get("server.tomcat.threads.max")?.parse::<u64>().ok()?;
    Some(most + FEW)
}

impl Classes {
    fn read(classes: &Path, lib: &Path) -> Self {
        let mut found = [false; 6];
        for (found, name) in found.iter_mut().zip(TELLING) {
            *found = classes.join(name).is_file();
        }
        let jars = fs_err::read_dir(lib).into_iter().flatten().flatten();
        for jar in jars {
            let Ok(file) = fs_err::File::open(jar.path()) else { continue };
            let Ok(archive) = ZipArchive::new(BufReader::new(file)) else { continue };
            for (found, name) in found.iter_mut().zip(TELLING) {
                *found |= archive.index_for_name(name).is_some();
            }
        }
        Self(found)
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
        write(dir.path(), "lib/x.jar", &jar(&files));
        write(dir.path(), "classes/application.yml", properties.as_bytes());
        threads(&dir.path().join("classes"), &dir.path().join("lib"), java)
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
