//! Parts of the app that become image layers of their own: what rarely changes apart from what often does.

use std::collections::BTreeMap;
use std::path::Path;

/// A part and what is in it: paths relative to the app.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Slice {
    pub(crate) name: String,
    pub(crate) paths: Vec<String>,
}

impl Slice {
    pub(crate) fn new(name: &str, paths: Vec<String>) -> Self {
        Self { name: name.to_owned(), paths }
    }
}

/// An entry may have no paths at all.
type Index = Vec<BTreeMap<String, Option<Vec<String>>>>;

/// Spring Boot's `layers.idx`: a list of maps with one key each, in the order in which they change.
/// What does not exist is left out; an index that cannot be read gives nothing.
pub(crate) fn of_index(text: &str, app_dir: &Path) -> Vec<Slice> {
    let parsed: Result<Index, _> = serde_saphyr::from_str(text);
    let layers = parsed.unwrap_or_default().into_iter().flatten();
    let slices = layers.map(|(name, paths)| {
        let paths = paths.unwrap_or_default().into_iter();
        // A trailing slash would match nothing in some lifecycles; the directory itself is all of it.
        let paths = paths.map(|path| path.trim_end_matches('/').to_owned());
        Slice { name, paths: paths.filter(|path| app_dir.join(path).exists()).collect() }
    });
    slices.filter(|slice| !slice.paths.is_empty()).collect()
}

/// Libraries of released versions, then snapshots; the rest is the app.
pub(crate) fn of_libraries(app_dir: &Path, dirs: &[&Path]) -> Vec<Slice> {
    let mut paths = Vec::new();
    for dir in dirs {
        let entries = fs_err::read_dir(app_dir.join(dir)).into_iter().flatten().flatten();
        paths.extend(entries.map(|entry| dir.join(entry.file_name()).display().to_string()));
    }
    paths.sort();
    let (snapshots, released) = paths.into_iter().partition(|path| path.contains("-SNAPSHOT"));
    [("dependencies", released), ("snapshot-dependencies", snapshots)]
        .into_iter()
        .map(|(name, paths)| Slice::new(name, paths))
        .filter(|slice| !slice.paths.is_empty())
        .collect()
}

/// As the lifecycle wants them: patterns in which signs of a glob mean themselves.
pub(crate) fn globs(slices: &[Slice]) -> Vec<Vec<String>> {
    let escaped = |path: &String| {
        let mut glob = String::new();
        for c in path.chars() {
            if "*?[\\".contains(c) {
                glob.push('\\');
            }
            glob.push(c);
        }
        glob
    };
    slices.iter().map(|slice| slice.paths.iter().map(escaped).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::write;

    #[test]
    fn an_index_gives_slices_in_its_order() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), "BOOT-INF/lib/a.jar", b"");
        write(dir.path(), "org/springframework/boot/loader/X.class", b"");
        write(dir.path(), "BOOT-INF/classes/A.class", b"");
        let index = "- \"dependencies\":\n  - \"BOOT-INF/lib/\"\n- \"spring-boot-loader\":\n  - \"org/\"\n\
            - \"snapshot-dependencies\":\n- \"application\":\n  - \"BOOT-INF/classes/\"\n  - \"gone/\"\n";
        let slices = of_index(index, dir.path());
        let shown: Vec<_> = slices
            .iter()
            .map(|slice| format!("{}: {}", slice.name, slice.paths.join(" ")))
            .collect();
        assert_eq!(
            shown,
            [
                "dependencies: BOOT-INF/lib",
                "spring-boot-loader: org",
                "application: BOOT-INF/classes"
            ]
        );
        assert!(of_index("not: [a list", dir.path()).is_empty());
    }

    #[test]
    fn snapshots_are_apart_from_released_libraries() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a-1.jar", "b-1-SNAPSHOT.jar", "c[1].jar"] {
            write(dir.path(), &format!("lib/{name}"), b"");
        }
        let slices = of_libraries(dir.path(), &[Path::new("lib")]);
        assert_eq!(
            globs(&slices),
            [
                vec!["lib/a-1.jar".to_owned(), "lib/c\\[1].jar".into()],
                vec!["lib/b-1-SNAPSHOT.jar".into()]
            ]
        );
    }
}
