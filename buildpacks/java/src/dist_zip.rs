//! Distributions with a start script, as Gradle and sbt make them.

use std::path::{Path, PathBuf};

use kouti::{Globs, Problem};

/// A start script.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Script {
    /// Relative to the app.
    pub(crate) path: PathBuf,
    /// What it would start, if that can be read from it.
    pub(crate) direct: Option<Direct>,
}

/// The Java command behind a start script: no shell, no other program, and signals reach the app.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Direct {
    /// The directory above `bin`, relative to the app.
    pub(crate) home: PathBuf,
    pub(crate) options: Vec<String>,
    /// JARs relative to `home`.
    pub(crate) class_path: Vec<String>,
    pub(crate) main_class: String,
}

/// The scripts that fit, of which with the usual pattern only those beside a `lib` with JARs count:
/// `*/bin/*` is in many trees.
pub(crate) fn find(
    app_dir: &Path,
    pattern: &str,
    is_default: bool,
) -> Result<Vec<Script>, Problem> {
    let globs = Globs::parse("BP_APPLICATION_SCRIPT", pattern)?;
    let deepest = pattern.split('/').count().max(3);
    let files = walkdir::WalkDir::new(app_dir).max_depth(deepest).sort_by_file_name();
    let mut scripts = Vec::new();
    for entry in files.into_iter().flatten() {
        let Ok(path) = entry.path().strip_prefix(app_dir) else { continue };
        if !entry.file_type().is_file() || !globs.covers(path) {
            continue;
        }
        let is_batch = path.extension().is_some_and(|extension| extension == "bat");
        if is_default && (is_batch || !has_libraries(app_dir, path)) {
            continue;
        }
        scripts.push(path.to_owned());
    }
    if let Some(main) = scripts.iter().find(|path| is_named_as_its_top(path)).cloned() {
        scripts = vec![main];
    }
    Ok(scripts.into_iter().map(|path| read(app_dir, path)).collect())
}

/// Where the libraries of a distribution are, beside the directory of its script.
pub(crate) fn libraries(script: &Path) -> Option<PathBuf> {
    Some(script.parent()?.parent()?.join("lib"))
}

fn has_libraries(app_dir: &Path, script: &Path) -> bool {
    let Some(libraries) = libraries(script) else { return false };
    let files = fs_err::read_dir(app_dir.join(libraries)).into_iter().flatten().flatten();
    files.map(|file| file.path()).any(|path| path.extension().is_some_and(|e| e == "jar"))
}

/// `shop-1.0/bin/shop`: of several the one that is the app.
fn is_named_as_its_top(script: &Path) -> bool {
    let name = script.file_name().unwrap_or_default().to_string_lossy();
    let top = script.iter().next().unwrap_or_default().to_string_lossy();
    let rest = top.strip_prefix(name.as_ref());
    rest.is_some_and(|rest| {
        rest.is_empty()
            || rest.strip_prefix('-').is_some_and(|v| v.starts_with(|c: char| c.is_ascii_digit()))
    })
}

fn read(app_dir: &Path, path: PathBuf) -> Script {
    let text = fs_err::read(app_dir.join(&path)).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let home = path.parent().and_then(Path::parent).unwrap_or(Path::new("")).to_owned();
    let direct = gradle(&text).or_else(|| sbt(&text));
    let direct = direct.map(|direct| Direct { home, ..direct });
    Script { path, direct }
}

/// The script that Gradle generates: plain assignments, and the class in the last command.
fn gradle(text: &str) -> Option<Direct> {
    let value = |name: &str| {
        text.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix('='))
    };
    let class_path = unquoted(value("CLASSPATH")?)?;
    let jars = class_path.split(':').map(|jar| jar.strip_prefix("$APP_HOME/").map(str::to_owned));
    let jars: Vec<String> = jars.collect::<Option<_>>()?;
    let options = value("DEFAULT_JVM_OPTS").map_or(Some(Vec::new()), options)?;
    let mut words = text.lines().map(|line| line.trim().trim_end_matches('\\').trim());
    let main_class = if words.any(|line| line.starts_with("-classpath")) {
        // The newer form: one word in each line.
        words.next()?.to_owned()
    } else {
        // The older one ends in a single line.
        let line = text.lines().find(|line| line.contains("-classpath \"\\\"$CLASSPATH\\\"\""))?;
        line.split("\\\"$CLASSPATH\\\"\"").nth(1)?.split_whitespace().next()?.to_owned()
    };
    is_class(&main_class).then_some(Direct {
        options,
        class_path: jars,
        main_class,
        ..Direct::default()
    })
}

/// The script of sbt's native packager.
fn sbt(text: &str) -> Option<Direct> {
    let value = |name: &str| {
        text.lines()
            .filter_map(|line| line.trim().strip_prefix("declare -r "))
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
    };
    let class_path = unquoted(value("app_classpath")?)?;
    let jars = class_path.split(':').map(|jar| jar.strip_prefix("$lib_dir/"));
    let jars: Vec<String> =
        jars.map(|jar| jar.map(|jar| format!("lib/{jar}"))).collect::<Option<_>>()?;
    let class = value("app_mainclass")?.trim_matches(['(', ')']);
    let main_class = unquoted(class)?;
    is_class(main_class).then(|| Direct {
        class_path: jars,
        main_class: main_class.to_owned(),
        ..Direct::default()
    })
}

fn unquoted(text: &str) -> Option<&str> {
    let text = text.trim();
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    (!inner.is_empty() && !inner.contains(['"', '`', '\\'])).then_some(inner)
}

/// `'"-Xmx1g" "-Da=b"'`; what refers to variables other than the home cannot be read.
fn options(text: &str) -> Option<Vec<String>> {
    let text = text.trim();
    let inner = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')).unwrap_or(text);
    let words = shell_words::split(inner.trim_matches('"')).ok();
    let words = words.filter(|_| !inner.contains('$'))?;
    let words = words.into_iter().flat_map(|word| shell_words::split(&word).unwrap_or_default());
    Some(words.collect())
}

fn is_class(text: &str) -> bool {
    let part = |part: &str| {
        part.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '$')
    };
    text.split('.').all(part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::write;

    const GRADLE: &str = r#"#!/bin/sh
DEFAULT_JVM_OPTS='"-Xmx64m" "-Dfile.encoding=UTF-8"'
CLASSPATH=$APP_HOME/lib/shop.jar:$APP_HOME/lib/guava-33.jar
set -- \
        -classpath "$CLASSPATH" \
        org.example.Shop \
        "$@"
exec "$JAVACMD" "$@"
"#;

    const SBT: &str = r#"#!/usr/bin/env bash
declare -r lib_dir="$(realpath "${app_home}/../lib")"
declare -r app_mainclass="play.core.server.ProdServerStart"
declare -r app_classpath="$lib_dir/shop.jar:$lib_dir/play.jar"
"#;

    fn found(files: &[(&str, &str)], pattern: &str) -> Vec<Script> {
        let dir = tempfile::tempdir().unwrap();
        for (path, content) in files {
            write(dir.path(), path, content.as_bytes());
        }
        find(dir.path(), pattern, pattern == "*/bin/*").unwrap()
    }

    #[test]
    fn a_script_of_gradle_is_read() {
        let files = [
            ("shop-1.0/bin/shop", GRADLE),
            ("shop-1.0/bin/shop.bat", ""),
            ("shop-1.0/lib/shop.jar", ""),
        ];
        let scripts = found(&files, "*/bin/*");
        assert_eq!(scripts.len(), 1);
        assert_eq!(
            scripts[0].direct,
            Some(Direct {
                home: "shop-1.0".into(),
                options: vec!["-Xmx64m".into(), "-Dfile.encoding=UTF-8".into()],
                class_path: vec!["lib/shop.jar".into(), "lib/guava-33.jar".into()],
                main_class: "org.example.Shop".into(),
            })
        );
    }

    #[test]
    fn a_script_of_sbt_is_read() {
        let files = [("shop-1.0/bin/shop", SBT), ("shop-1.0/lib/shop.jar", "")];
        let direct = found(&files, "*/bin/*")[0].direct.clone().unwrap();
        assert_eq!(direct.main_class, "play.core.server.ProdServerStart");
        assert_eq!(direct.class_path, ["lib/shop.jar", "lib/play.jar"]);
    }

    #[test]
    fn what_is_no_distribution_is_none() {
        assert!(found(&[("venv/bin/python", "")], "*/bin/*").is_empty());
        assert!(found(&[("tools/bin/run", ""), ("lib/a.jar", "")], "*/bin/*").is_empty());
        let scripts = found(&[("opt/start.sh", "exec java")], "opt/*.sh");
        assert_eq!(scripts.len(), 1);
        assert_eq!(scripts[0].direct, None);
    }

    #[test]
    fn of_several_the_one_named_as_its_directory_counts() {
        let files = [("a-1/bin/a", ""), ("a-1/bin/b", ""), ("a-1/lib/x.jar", "")];
        assert_eq!(found(&files, "*/bin/*").len(), 1);
        let files = [("x/bin/a", ""), ("x/bin/b", ""), ("x/lib/x.jar", "")];
        assert_eq!(found(&files, "*/bin/*").len(), 2);
    }
}
