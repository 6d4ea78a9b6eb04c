//! Whether there are process types for this app.

use std::path::{Component, Path};

use kouti::{Alternative, Context, Detection, Entry, Explain, Fault, Problem};

use crate::settings;

/// Name of the plan entry.
pub(crate) const PROCFILE: &str = "procfile";
/// Type of the binding, and its key.
pub(crate) const BINDING: &str = "Procfile";
/// Key of its metadata that holds the text of the file.
pub(crate) const TEXT: &str = "text";
/// Key of its metadata that names a file which is only almost a Procfile.
pub(crate) const MISNAMED: &str = "misnamed";

/// Takes part if any source of process types is there, good or bad: what is wrong with it is
/// told by the build, whose output people see.
pub(crate) fn detect(context: &Context) -> Result<Detection, Problem> {
    let mut entry = Entry::new(PROCFILE);
    let path = settings::PATH.read(&context.env)?;
    let file = in_app(&path).map(|path| context.app_dir.join(path)).ok();
    if let Some(file) = file.filter(|file| file.is_file()) {
        // The text travels in the plan, because a language's build may remove the source. Bytes
        // that are no UTF-8 become a character that the parser complains about.
        let bytes = fs_err::read(file)?;
        entry = entry.with(TEXT, String::from_utf8_lossy(&bytes).into_owned());
    } else if let Some(name) = misnamed(&context.app_dir)? {
        entry = entry.with(MISNAMED, name);
    }
    let is_asked_for = settings::PATH.is_set(&context.env)
        || context.env.given(settings::DEFAULT_PROCESS.declared.name).is_some()
        || !context.bindings.find(BINDING).is_empty();
    if entry.metadata.is_empty() && !is_asked_for {
        return Detection::skip("no Procfile, binding or BP_PROCFILE_DEFAULT_PROCESS");
    }
    let mut plan = Alternative::new().provides(PROCFILE).requires(entry);
    // A wrong value is told by the build.
    if settings::LIVE_RELOAD.read(&context.env).unwrap_or(false) {
        plan = plan.requires(Entry::watchexec());
    }
    Ok(Detection::Pass(vec![plan]))
}

/// A path that stays in the app.
pub(crate) fn in_app(setting: &str) -> Result<&Path, OutsideApp> {
    let path = Path::new(setting);
    let stays = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    if path.components().all(stays) { Ok(path) } else { Err(OutsideApp(setting.to_owned())) }
}

/// A file that was probably meant to be the Procfile.
fn misnamed(app_dir: &Path) -> std::io::Result<Option<String>> {
    let mut names = Vec::new();
    for entry in fs_err::read_dir(app_dir)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let lower = name.to_lowercase();
        if name != "Procfile" && (lower == "procfile" || lower == "procfile.txt") {
            names.push(name);
        }
    }
    Ok(names.into_iter().min())
}

/// The Procfile would not be a part of the app.
#[derive(Debug, thiserror::Error)]
#[error("BP_PROCFILE_PATH is `{0}`, which leads out of the app")]
pub(crate) struct OutsideApp(String);

impl Explain for OutsideApp {
    fn id(&self) -> &'static str {
        "procfile-outside-app"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec!["name a path below the app's directory, such as `deploy/Procfile`".to_owned()]
    }
}
