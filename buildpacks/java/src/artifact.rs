//! Which of the files that a build has left is the app.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use fast_glob::{ErrorKind, glob_match, validate};
use kouti::{Explain, Fault, Notice, Problem};
use walkdir::WalkDir;

use crate::compile_recipe::Compile;
use crate::jar;
use crate::tool::Tool;

/// The app, relative to its directory.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Selection {
    pub(crate) paths: Vec<PathBuf>,
    pub(crate) notices: Vec<Notice>,
}

/// Names of what is built beside an app.
const BESIDE: [&str; 8] = [
    "-plain.jar",
    "-plain.war",
    "-sources.jar",
    "-javadoc.jar",
    "-tests.jar",
    "-test-fixtures.jar",
    "-stubs.jar",
    ".jar.original",
];

/// Names of JARs with everything in them.
const COMPLETE: [&str; 7] = [
    "-runner.jar",
    "-all.jar",
    "-fat.jar",
    "-shaded.jar",
    "-exec.jar",
    "-standalone.jar",
    "-jar-with-dependencies.jar",
];

/// Directories in which no build leaves anything.
const SKIPPED: [&str; 3] = [".git", "node_modules", "src"];

/// How deep modules are looked for.
const MODULE_DEPTH: usize = 5;

/// What lay there before the build, in a source that has its own output in it.
#[derive(Debug, Default)]
pub(crate) struct Before(BTreeMap<PathBuf, Stamp>);

/// Tells whether a file was written since.
#[derive(Debug, PartialEq)]
struct Stamp {
    length: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let found = fs_err::metadata(path).ok()?;
        Some(Self { length: found.len(), modified: found.modified().ok() })
    }
}

impl Before {
    pub(crate) fn look(app_dir: &Path, compile: &Compile) -> Self {
        let stamped = |path: PathBuf| Some((path.clone(), Stamp::of(&app_dir.join(path))?));
        let found = matches(app_dir, &compile.artifact.globs);
        Self(found.into_iter().filter_map(stamped).collect())
    }

    /// Whether the build has left the file alone.
    fn is_old(&self, app_dir: &Path, path: &Path) -> bool {
        let stamp = self.0.get(path);
        stamp.is_some() && stamp == Stamp::of(&app_dir.join(path)).as_ref()
    }
}

pub(crate) fn select(
    app_dir: &Path,
    compile: &Compile,
    before: &Before,
) -> Result<Selection, Problem> {
    let patterns = &compile.artifact;
    check(compile, &patterns.globs)?;
    let found = matches(app_dir, &patterns.globs);
    if patterns.chosen || patterns.all {
        return if found.is_empty() {
            Err(nothing(app_dir, compile).into())
        } else {
            Ok(Selection { paths: found, notices: Vec::new() })
        };
    }
    let mut candidates = the_app(app_dir, found);
    let mut notices = Vec::new();
    if candidates.len() > 1 {
        let (old, new): (Vec<_>, Vec<_>) =
            candidates.iter().cloned().partition(|path| before.is_old(app_dir, path));
        if new.len() == 1 {
            notices.push(
                Notice::new(format!("the source has output of an earlier build: {}", listed(&old)))
                    .hint(format!(
                        "{} is the app; leave the others out of the source",
                        listed(&new)
                    )),
            );
            candidates = new;
        }
    }
    match candidates.as_slice() {
        [_] => Ok(Selection { paths: candidates, notices }),
        [] if !patterns.module => in_a_module(app_dir, compile),
        [] => Err(nothing(app_dir, compile).into()),
        _ => Err(Several { tool: compile.tool, paths: candidates }.into()),
    }
}

/// Of what was found, what can be started; or the only file, whatever it is.
fn the_app(app_dir: &Path, found: Vec<PathBuf>) -> Vec<PathBuf> {
    let main: Vec<_> = found.into_iter().filter(|path| !is_beside(path)).collect();
    let runnable: Vec<_> =
        main.iter().filter(|path| is_runnable(&app_dir.join(path))).cloned().collect();
    let complete: Vec<_> = runnable.iter().filter(|path| ends(path, &COMPLETE)).cloned().collect();
    match (runnable.len(), complete.len(), main.len()) {
        (2.., 1, _) => complete,
        (0, _, 1) => main,
        _ => runnable,
    }
}

fn is_beside(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with("original-") || ends(path, &BESIDE)
}

fn ends(path: &Path, endings: &[&str]) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    endings.iter().any(|ending| name.ends_with(ending))
}

fn is_runnable(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    match extension.as_ref() {
        "jar" => jar::manifest(path).is_some_and(|manifest| manifest.main_class().is_some()),
        "war" => jar::has_dir(path, "WEB-INF/"),
        _ => true,
    }
}

/// The only module that makes something runnable.
fn in_a_module(app_dir: &Path, compile: &Compile) -> Result<Selection, Problem> {
    let place = match compile.tool {
        Tool::Maven => "**/target/*.[ejw]ar",
        Tool::Gradle => "**/build/libs/*.[jw]ar",
        Tool::Sbt => return Err(nothing(app_dir, compile).into()),
    };
    let walk = WalkDir::new(app_dir).max_depth(MODULE_DEPTH).sort_by_file_name();
    let found = relative(app_dir, walk).filter(|path| fits(place, path)).collect();
    let runnable: Vec<PathBuf> = the_app(app_dir, found)
        .into_iter()
        .filter(|path| is_runnable(&app_dir.join(path)))
        .collect();
    match runnable.as_slice() {
        [one] => {
            let module = module_of(one, compile.tool).display();
            let notice = Notice::new(format!("the app is {}", one.display()))
                .hint(format!("{}={module} says so for good", compile.tool.module_setting()));
            Ok(Selection { paths: runnable, notices: vec![notice] })
        }
        [] => Err(nothing(app_dir, compile).into()),
        _ => Err(Several { tool: compile.tool, paths: runnable }.into()),
    }
}

/// `services/web` of `services/web/target/web.jar`.
fn module_of(artifact: &Path, tool: Tool) -> &Path {
    let depth = if tool == Tool::Gradle { 3 } else { 2 };
    artifact.ancestors().nth(depth).unwrap_or(Path::new(""))
}

fn check(compile: &Compile, patterns: &[String]) -> Result<(), BadPattern> {
    for pattern in patterns {
        validate(plain(pattern)).map_err(|error| BadPattern {
            setting: compile.tool.artifact_setting(),
            pattern: pattern.to_owned(),
            reason: match error.kind {
                ErrorKind::UnclosedBrace => "`{` is never closed",
                ErrorKind::UnclosedBracket => "`[` is never closed",
                ErrorKind::TrailingBackslash => "nothing follows the last backslash",
                _ => "it has too many braces",
            },
        })?;
    }
    Ok(())
}

fn fits(pattern: &str, path: &Path) -> bool {
    glob_match(plain(pattern), path.as_os_str().as_bytes())
}

/// Without what says that a directory is meant.
fn plain(pattern: &str) -> &str {
    pattern.trim_start_matches("./").trim_end_matches('/')
}

/// Everything that fits; of a directory that fits, not what is in it.
fn matches(app_dir: &Path, patterns: &[String]) -> Vec<PathBuf> {
    let any_depth = patterns.iter().any(|pattern| pattern.contains("**"));
    let deepest = patterns.iter().map(|pattern| plain(pattern).split('/').count()).max();
    let mut walk = WalkDir::new(app_dir).sort_by_file_name();
    if !any_depth {
        walk = walk.max_depth(deepest.unwrap_or(1));
    }
    let mut found: Vec<PathBuf> = Vec::new();
    for path in relative(app_dir, walk) {
        let is_one = patterns.iter().any(|pattern| fits(pattern, &path));
        if is_one && !found.iter().any(|above| path.starts_with(above)) {
            found.push(path);
        }
    }
    found
}

fn relative(app_dir: &Path, walk: WalkDir) -> impl Iterator<Item = PathBuf> {
    let skipped = |entry: &walkdir::DirEntry| {
        entry.depth() > 0 && SKIPPED.iter().any(|name| entry.file_name() == *name)
    };
    let entries = walk.into_iter().filter_entry(move |entry| !skipped(entry)).flatten();
    entries.filter_map(move |entry| {
        let path = entry.path().strip_prefix(app_dir).ok()?.to_owned();
        (!path.as_os_str().is_empty()).then_some(path)
    })
}

fn nothing(app_dir: &Path, compile: &Compile) -> NothingBuilt {
    let dirs: &[&str] = match compile.tool {
        Tool::Maven => &["target"],
        Tool::Gradle => &["build/libs"],
        Tool::Sbt => &["target/universal"],
    };
    let mut there = Vec::new();
    for dir in dirs {
        let entries = fs_err::read_dir(app_dir.join(dir)).into_iter().flatten().flatten();
        there.extend(entries.map(|entry| format!("{dir}/{}", entry.file_name().display())));
    }
    there.sort();
    NothingBuilt { tool: compile.tool, patterns: compile.artifact.globs.clone(), there }
}

/// The build succeeded and left nothing where it should be.
#[derive(Debug, thiserror::Error)]
#[error("{} has run, and nothing fits `{}`", .tool.title(), .patterns.join(" "))]
struct NothingBuilt {
    tool: Tool,
    patterns: Vec<String>,
    there: Vec<String>,
}

impl Explain for NothingBuilt {
    fn id(&self) -> &'static str {
        "nothing-built"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        let there = match self.there.as_slice() {
            [] => "there is nothing beside it either".to_owned(),
            there => format!("what is there: {}", there.join(", ")),
        };
        let mut hints = vec![
            there,
            format!(
                "set {} to the module that is the app, or {} to what was built",
                self.tool.module_setting(),
                self.tool.artifact_setting()
            ),
        ];
        if self.tool == Tool::Gradle {
            hints.push(
                "leave a `build` directory out of the source: Gradle takes it for its own"
                    .to_owned(),
            );
        }
        hints
    }
}

/// Several things that could be the app.
#[derive(Debug, thiserror::Error)]
#[error("{} has made several things that can be started: {}", .tool.title(), listed(.paths))]
struct Several {
    tool: Tool,
    paths: Vec<PathBuf>,
}

fn listed(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

impl Explain for Several {
    fn id(&self) -> &'static str {
        "several-artifacts"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![
            format!("set {} to the module that is the app", self.tool.module_setting()),
            format!("or {} to the one that is meant", self.tool.artifact_setting()),
        ]
    }
}

/// A pattern that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the pattern `{pattern}` in {setting} cannot be read: {reason}")]
struct BadPattern {
    setting: &'static str,
    pattern: String,
    reason: &'static str,
}

impl Explain for BadPattern {
    fn id(&self) -> &'static str {
        "bad-artifact-pattern"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![
            "write globs relative to the app, such as `target/*.jar`, separated by blanks"
                .to_owned(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use kouti_report::Colour;

    use super::*;
    use crate::compile_recipe::{Patterns, Program};
    use crate::testing::{jar, write};

    fn select_of(tool: Tool, glob: &str, files: &[(&str, bool)]) -> Result<Vec<String>, String> {
        let dir = tempfile::tempdir().unwrap();
        for (path, runnable) in files {
            let manifest = if *runnable { "Main-Class: A\n" } else { "X: y\n" };
            write(
                dir.path(),
                path,
                &jar(&[("META-INF/MANIFEST.MF", manifest), ("WEB-INF/web.xml", "")]),
            );
        }
        let artifact = Patterns { globs: vec![glob.to_owned()], ..Patterns::default() };
        let compile = Compile {
            tool,
            program: Program::OnPath,
            arguments: Vec::new(),
            artifact,
            settings_file: None,
        };
        match select(dir.path(), &compile, &Before::default()) {
            Ok(selection) => {
                let notices = selection.notices.iter().map(|notice| notice.text.clone());
                let paths = selection.paths.iter().map(|path| path.display().to_string());
                Ok(paths.chain(notices).collect())
            }
            Err(problem) => Err(problem.page("", Colour::Off)),
        }
    }

    fn maven(files: &[(&str, bool)]) -> Result<Vec<String>, String> {
        select_of(Tool::Maven, "target/*.[ejw]ar", files)
    }

    #[test]
    fn the_one_that_can_be_started_is_taken() {
        for (files, taken) in [
            (&[("target/a.jar", true), ("target/a-sources.jar", true)][..], "target/a.jar"),
            (&[("target/a.jar", true), ("target/a-plain.jar", false)], "target/a.jar"),
            (&[("target/a.jar", true), ("target/b.jar", false)], "target/a.jar"),
            (&[("target/a.jar", true), ("target/a-all.jar", true)], "target/a-all.jar"),
            (&[("target/a.jar", false)], "target/a.jar"),
            (&[("target/a.war", false)], "target/a.war"),
        ] {
            assert_eq!(maven(files).unwrap(), [taken], "{files:?}");
        }
    }

    #[test]
    fn the_only_module_that_can_be_started_is_found() {
        let files = [("web/target/web.jar", true), ("lib/target/lib.jar", false)];
        assert_eq!(maven(&files).unwrap(), ["web/target/web.jar", "the app is web/target/web.jar"]);
    }

    #[test]
    fn several_are_an_error_that_lists_them() {
        let files = [("web/target/web.jar", true), ("job/target/job.jar", true)];
        assert_snapshot!(maven(&files).unwrap_err(), @"
        error[several-artifacts]: Maven has made several things that can be started: job/target/job.jar, web/target/web.jar

        hint: set BP_MAVEN_BUILT_MODULE to the module that is the app
        hint: or BP_MAVEN_BUILT_ARTIFACT to the one that is meant
        ");
    }

    #[test]
    fn nothing_is_an_error_that_lists_what_is_there() {
        assert_snapshot!(maven(&[("target/classes/A.jar", false)]).unwrap_err(), @"
        error[nothing-built]: Maven has run, and nothing fits `target/*.[ejw]ar`

        hint: what is there: target/classes
        hint: set BP_MAVEN_BUILT_MODULE to the module that is the app, or BP_MAVEN_BUILT_ARTIFACT to what was built
        ");
        let gradle = select_of(Tool::Gradle, "build/libs/*.[jw]ar", &[("build/libs/x.zip", false)]);
        assert_snapshot!(gradle.unwrap_err(), @"
        error[nothing-built]: Gradle has run, and nothing fits `build/libs/*.[jw]ar`

        hint: what is there: build/libs/x.zip
        hint: set BP_GRADLE_BUILT_MODULE to the module that is the app, or BP_GRADLE_BUILT_ARTIFACT to what was built
        hint: leave a `build` directory out of the source: Gradle takes it for its own
        ");
    }
}
