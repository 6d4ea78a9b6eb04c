//! Which files of the app become image layers of their own: those that change the least first.

use std::path::Path;

use kouti::size_of;

use crate::deps_json::{Kind, Library};
use crate::published::Published;

/// From how many bytes on the files for browsers are worth a layer.
const SITE_BYTES: u64 = 1 << 20;

/// Globs relative to the app, in the order of the layers.
pub(crate) fn of(app_dir: &Path, apps: &[Published]) -> Vec<Vec<String>> {
    let is_package = |library: &Library| library.kind != Kind::Project;
    let slices = [
        files(app_dir, apps, |library| is_package(library) && !library.is_prerelease()),
        files(app_dir, apps, |library| is_package(library) && library.is_prerelease()),
        sites(app_dir, apps),
        files_of_references(app_dir, apps),
    ];
    slices.into_iter().filter(|slice| !slice.is_empty()).collect()
}

fn files(app_dir: &Path, apps: &[Published], fits: impl Fn(&Library) -> bool) -> Vec<String> {
    apps.iter().flat_map(|app| of_app(app_dir, app, &fits)).collect()
}

/// Projects that an app refers to; the app itself is what changes most.
fn files_of_references(app_dir: &Path, apps: &[Published]) -> Vec<String> {
    apps.iter()
        .flat_map(|app| {
            let own = app.deps.as_ref().and_then(|deps| deps.libraries.get(&app.name));
            let is_reference = |library: &Library| {
                library.kind == Kind::Project && own.is_none_or(|own| own != library)
            };
            of_app(app_dir, app, is_reference)
        })
        .collect()
}

fn of_app(app_dir: &Path, app: &Published, fits: impl Fn(&Library) -> bool) -> Vec<String> {
    let Some(deps) = app.deps.as_ref().filter(|_| !app.is_fused) else { return Vec::new() };
    let Ok(dir) = app.dir.strip_prefix(app_dir) else { return Vec::new() };
    let files = deps.files(&app.dir, fits).into_iter();
    files.map(|file| escaped(&dir.join(file).to_string_lossy())).collect()
}

fn sites(app_dir: &Path, apps: &[Published]) -> Vec<String> {
    let is_large = |app: &&Published| size_of(&app.dir.join("wwwroot")) > SITE_BYTES;
    apps.iter()
        .filter(is_large)
        .filter_map(|app| app.dir.strip_prefix(app_dir).ok())
        .map(|dir| format!("{}/**", escaped(&dir.join("wwwroot").to_string_lossy())))
        .collect()
}

/// A path as a pattern that matches nothing else.
fn escaped(path: &str) -> String {
    path.chars().fold(String::new(), |mut escaped, c| {
        if matches!(c, '*' | '?' | '[' | '\\' | '{' | '}') {
            escaped.push('\\');
        }
        escaped.push(c);
        escaped
    })
}
