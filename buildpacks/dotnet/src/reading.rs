//! The readers of files that users bring, all at once: for the fuzz target.

use crate::deps_json::DepsJson;
use crate::file_app::FileApp;
use crate::global_json::GlobalJson;
use crate::msbuild::Evaluated;
use crate::project::Project;
use crate::project_file::ProjectFile;
use crate::runtime_config::RuntimeConfig;
use crate::solution::Solution;
use crate::source_text::decode;
use crate::xml::Role;

/// Reads `bytes` as every format that the buildpack knows. Whatever they are, it comes back, and no
/// path that it has found leads out of the app.
///
/// # Panics
///
/// If one does.
pub fn read_as_every_format(bytes: &[u8]) {
    let text = decode(bytes);
    let mut paths = Vec::new();
    for name in ["a/b.sln", "a/b.slnx", "a/b.slnf"] {
        if let Ok(solution) = Solution::parse(name, &text) {
            paths.extend(solution.projects.into_iter().chain(solution.others));
        }
    }
    if let Ok(file) = ProjectFile::parse(Role::Project, "a/b.csproj", &text) {
        let project = Project { path: "a/b.csproj".to_owned(), file, ..Project::default() };
        let _ = (project.kind(), project.frameworks(), project.tells());
        let _ = Evaluated::of_files(&project);
    }
    let _ = FileApp::parse(&text);
    let _ = GlobalJson::parse("global.json", &text);
    let _ = RuntimeConfig::parse("a.runtimeconfig.json", &text);
    let _ = DepsJson::parse(&text);
    for path in paths {
        let leads_out = path.starts_with('/') || path.split('/').any(|part| part == "..");
        assert!(!leads_out, "{path}");
    }
}
