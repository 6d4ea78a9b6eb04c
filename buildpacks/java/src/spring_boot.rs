//! Spring Boot: what a packaged app says about itself, and what follows from that.

use std::path::Path;

use kouti::catalog::{Catalog, Date, Line};
use kouti::{Explain, Fault, Notice, Problem};

use crate::configuration_metadata;
use crate::jar::name_and_version;
use crate::manifest::Manifest;
use crate::slices::{self, Slice};

/// An unpacked Spring Boot app.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SpringBoot {
    pub(crate) version: String,
    /// `BOOT-INF/lib/`.
    pub(crate) lib: String,
    /// `BOOT-INF/classes/`.
    pub(crate) classes: String,
    /// The class behind the launcher.
    pub(crate) start_class: Option<String>,
    /// For the JVM, where it is not started with the whole JAR.
    pub(crate) options: Vec<String>,
    layers_index: Option<String>,
    title: Option<String>,
    app_version: Option<String>,
}

impl SpringBoot {
    /// What the manifest says; nothing if it is of another app.
    pub(crate) fn of(manifest: &Manifest) -> Result<Option<Self>, Problem> {
        let Some(version) = manifest.get("Spring-Boot-Version") else { return Ok(None) };
        let required = |key: &'static str| {
            let missing = || MissingKey { key, version: version.to_owned() };
            manifest.get(key).map(str::to_owned).ok_or_else(missing)
        };
        let own = |key: &str| manifest.get(key).map(str::to_owned);
        Ok(Some(Self {
            version: version.to_owned(),
            lib: required("Spring-Boot-Lib")?,
            classes: required("Spring-Boot-Classes")?,
            start_class: own("Start-Class"),
            options: manifest.options(),
            layers_index: own("Spring-Boot-Layers-Index"),
            title: own("Implementation-Title"),
            app_version: own("Implementation-Version"),
        }))
    }

    /// The numbers of the version: `3.2.1-SNAPSHOT` is 3.2.1.
    pub(crate) fn numbers(&self) -> (u64, u64) {
        let mut parts = self.version.split(|c: char| !c.is_ascii_digit());
        let mut next = || parts.next().and_then(|part| part.parse().ok()).unwrap_or(0);
        (next(), next())
    }

    /// A warning if nobody keeps this generation any more.
    pub(crate) fn support(&self, catalog: &Catalog, today: Date) -> Option<Notice> {
        let (major, minor) = self.numbers();
        let line = format!("{major}.{minor}");
        let lines = catalog.lines.iter().filter(|one| one.id == "spring-boot");
        let end = lines.clone().find(|one| one.line == line).and_then(|one| one.eol)?;
        let newest = lines.filter(|one| one.eol.is_some_and(|eol| eol > today));
        let newest = newest.max_by_key(|one: &&Line| one.eol).map(|one| one.line.clone());
        let notice =
            Notice::new(format!("open-source support of Spring Boot {line} has ended on {end}"));
        (end < today).then(|| match newest {
            Some(newest) => notice.hint(format!("move to Spring Boot {newest}")),
            None => notice,
        })
    }

    /// Major version of Spring Cloud Bindings that goes with it.
    pub(crate) fn bindings(&self) -> &'static str {
        if self.numbers().0 < 3 { "1" } else { "2" }
    }

    /// Whether the app has a library of this name.
    pub(crate) fn has_library(&self, app_dir: &Path, name: &str) -> bool {
        let entries = fs_err::read_dir(app_dir.join(&self.lib)).into_iter().flatten().flatten();
        entries
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .any(|file| name_and_version(&file).0 == name)
    }

    /// Image labels, and what cannot be one.
    pub(crate) fn labels(&self, app_dir: &Path) -> (Vec<(String, String)>, Option<Notice>) {
        let mut labels =
            vec![("org.springframework.boot.version".to_owned(), self.version.clone())];
        for (name, value) in [("title", &self.title), ("version", &self.app_version)] {
            if let Some(value) = value {
                labels.push((format!("org.opencontainers.image.{name}"), value.clone()));
            }
        }
        let dirs = (app_dir.join(&self.classes), app_dir.join(&self.lib));
        let (more, notice) = configuration_metadata::labels(app_dir, &dirs.0, &dirs.1);
        labels.extend(more);
        (labels, notice)
    }

    /// By the index that the app has, else libraries apart from the rest.
    pub(crate) fn slices(&self, app_dir: &Path) -> Vec<Slice> {
        let index = self.layers_index.as_ref().map(|path| app_dir.join(path));
        let index = index.and_then(|path| fs_err::read_to_string(path).ok());
        let slices = index.map(|text| slices::of_index(&text, app_dir)).unwrap_or_default();
        if slices.is_empty() {
            let lib = self.lib.trim_end_matches('/');
            return slices::of_libraries(app_dir, &[Path::new(lib)]);
        }
        slices
    }
}

/// A manifest that says only half of it.
#[derive(Debug, thiserror::Error)]
#[error("META-INF/MANIFEST.MF is of Spring Boot {version} and has no {key}")]
struct MissingKey {
    key: &'static str,
    version: String,
}

impl Explain for MissingKey {
    fn id(&self) -> &'static str {
        "spring-boot-manifest"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![
            "package the app with the plugin of Spring Boot for Maven or Gradle".to_owned(),
            "leave out what packages it once more, such as a shade or assembly plugin".to_owned(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "Main-Class: org.springframework.boot.loader.launch.JarLauncher\n\
        Spring-Boot-Version: 3.2.1-SNAPSHOT\nSpring-Boot-Lib: BOOT-INF/lib/\n\
        Spring-Boot-Classes: BOOT-INF/classes/\nStart-Class: a.B\n";

    #[test]
    fn the_version_may_have_a_suffix() {
        let boot = SpringBoot::of(&Manifest::parse(MANIFEST)).unwrap().unwrap();
        assert_eq!(boot.numbers(), (3, 2));
        assert_eq!(boot.bindings(), "2");
        for (version, bindings) in [("3.0.0", "2"), ("2.7.18", "1"), ("1.5.22.RELEASE", "1")] {
            let boot = SpringBoot { version: version.to_owned(), ..boot.clone() };
            assert_eq!(boot.bindings(), bindings, "{version}");
        }
    }

    #[test]
    fn a_generation_that_has_ended_is_warned_about() {
        let catalog: Catalog = toml::from_str(
            "lines = [{ id = 'spring-boot', line = '3.2', eol = '2024-12-31' },\n\
             { id = 'spring-boot', line = '4.1', eol = '2027-07-31' }]",
        )
        .unwrap();
        let boot = SpringBoot::of(&Manifest::parse(MANIFEST)).unwrap().unwrap();
        let notice = boot.support(&catalog, "2026-01-01".parse().unwrap()).unwrap();
        assert_eq!(notice.text, "open-source support of Spring Boot 3.2 has ended on 2024-12-31");
        assert!(boot.support(&catalog, "2024-01-01".parse().unwrap()).is_none());
    }
}
