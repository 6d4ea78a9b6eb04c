//! Which of the two servlet interfaces an app is written for.

use std::io::{BufReader, Read as _};
use std::path::Path;

use walkdir::WalkDir;
use zip::ZipArchive;

/// The package changed its name with Jakarta EE 9.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Servlet {
    Javax,
    Jakarta,
    Unknown,
}

/// A class file names everything that it uses as plain text.
const NAMES: [(&str, Servlet); 2] =
    [("jakarta/servlet/", Servlet::Jakarta), ("javax/servlet/", Servlet::Javax)];

impl Servlet {
    /// Looks at `web.xml`, at the classes, and at libraries, until one of them tells.
    pub(crate) fn of(app_dir: &Path) -> Self {
        let web = app_dir.join("WEB-INF");
        if let Ok(text) = fs_err::read_to_string(web.join("web.xml")) {
            if text.contains("jakarta.ee/xml") {
                return Self::Jakarta;
            }
            if text.contains("xmlns.jcp.org") || text.contains("java.sun.com/xml") {
                return Self::Javax;
            }
        }
        for entry in WalkDir::new(web.join("classes")).sort_by_file_name().into_iter().flatten() {
            let bytes = fs_err::read(entry.path()).unwrap_or_default();
            if let Some(found) = Self::used_in(&bytes) {
                return found;
            }
        }
        for entry in WalkDir::new(web.join("lib")).sort_by_file_name().into_iter().flatten() {
            if let Some(found) = Self::used_in_jar(entry.path()) {
                return found;
            }
        }
        Self::Unknown
    }

    fn used_in(class: &[u8]) -> Option<Self> {
        let names = |name: &str| class.windows(name.len()).any(|part| part == name.as_bytes());
        NAMES.iter().find(|(name, _)| names(name)).map(|(_, servlet)| *servlet)
    }

    fn used_in_jar(path: &Path) -> Option<Self> {
        let file = fs_err::File::open(path).ok()?;
        let mut archive = ZipArchive::new(BufReader::new(file)).ok()?;
        for index in 0..archive.len() {
            let Ok(mut entry) = archive.by_index(index) else { continue };
            let is_class = entry.name().is_ok_and(|name| name.ends_with(".class"));
            let mut bytes = Vec::new();
            if is_class
                && entry.read_to_end(&mut bytes).is_ok()
                && let Some(found) = Self::used_in(&bytes)
            {
                return Some(found);
            }
        }
        None
    }

    /// The Tomcat for it, and why.
    pub(crate) fn tomcat(self, java: u64) -> (&'static str, &'static str) {
        match self {
            Self::Javax => ("9.*", "the app uses javax.servlet"),
            Self::Jakarta if java >= 17 => ("11.*", "the app uses jakarta.servlet"),
            Self::Jakarta => ("10.1.*", "the app uses jakarta.servlet, with an older Java"),
            Self::Unknown => ("10.1.*", "default"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{jar, write};

    #[test]
    fn descriptor_classes_and_libraries_tell() {
        for (path, content, expected) in [
            ("WEB-INF/web.xml", "xmlns=\"https://jakarta.ee/xml/ns/jakartaee\"", Servlet::Jakarta),
            ("WEB-INF/web.xml", "xmlns=\"http://xmlns.jcp.org/xml/ns/javaee\"", Servlet::Javax),
            ("WEB-INF/classes/A.class", "..javax/servlet/http/HttpServlet..", Servlet::Javax),
            ("WEB-INF/classes/A.class", "nothing", Servlet::Unknown),
        ] {
            let dir = tempfile::tempdir().unwrap();
            write(dir.path(), path, content.as_bytes());
            assert_eq!(Servlet::of(dir.path()), expected, "{content}");
        }
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), "WEB-INF/lib/a.jar", &jar(&[("A.class", "jakarta/servlet/Filter")]));
        assert_eq!(Servlet::of(dir.path()), Servlet::Jakarta);
        assert_eq!(Servlet::Jakarta.tomcat(11).0, "10.1.*");
    }
}
