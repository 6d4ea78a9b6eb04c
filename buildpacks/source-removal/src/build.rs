//! Removes what is not to be in the image: first all that is not included, then what is excluded.

use kouti::{
    BuildContext, Explain, Fault, Globs, Keep, Launch, Log, Notice, Problem, Pruning, bytes,
};

use crate::settings;

/// How many removed files a debug log names.
const SHOWN: usize = 20;

pub(crate) fn build(context: &BuildContext, log: &mut Log) -> Result<Launch, Problem> {
    let env = &context.env;
    // A language that puts what it built in the place of the source has read the lists already.
    if env.given("KOUTI_SOURCE_REMOVED").is_some() {
        log.step("Leaving the app as it is: its source is removed already");
        return Ok(Launch::default());
    }
    // Both lists are read before anything is removed.
    let include = Globs::parse(settings::INCLUDE.declared.name, &settings::INCLUDE.read(env)?)?;
    let exclude = Globs::parse(settings::EXCLUDE.declared.name, &settings::EXCLUDE.read(env)?)?;
    let dry_run = settings::DRY_RUN.read(env)?;

    if settings::INCLUDE.is_set(env) {
        let pruning = Pruning::plan(&context.app_dir, &include, Keep::Covered)?;
        if pruning.kept == 0 && !settings::ALLOW_EMPTY_APP.read(env)? {
            return Err(NothingLeft { is_empty: include.is_empty() }.into());
        }
        remove(&pruning, "what BP_INCLUDE_FILES does not name", dry_run, log)?;
        warn_about_unmatched(&pruning, "BP_INCLUDE_FILES", log);
    }
    if !exclude.is_empty() {
        let pruning = Pruning::plan(&context.app_dir, &exclude, Keep::Others)?;
        remove(&pruning, "what BP_EXCLUDE_FILES names", dry_run, log)?;
        warn_about_unmatched(&pruning, "BP_EXCLUDE_FILES", log);
    }
    Ok(Launch::default())
}

fn remove(pruning: &Pruning, what: &str, dry_run: bool, log: &mut Log) -> Result<(), Problem> {
    let verb =
        if dry_run { "Not removing, as BP_SOURCE_REMOVAL_DRY_RUN wants," } else { "Removing" };
    log.step(&format!("{verb} {what}"));
    for file in pruning.files.iter().take(SHOWN) {
        log.debug(&file.display().to_string());
    }
    let more = pruning.files.len().saturating_sub(SHOWN);
    if more > 0 {
        log.debug(&format!("and {more} more"));
    }
    let broken = if dry_run { Vec::new() } else { pruning.carry_out()? };
    log.detail(&format!(
        "{} of {} files, {}",
        pruning.files.len(),
        pruning.files.len() + pruning.kept,
        bytes(pruning.bytes)
    ));
    for link in broken {
        log.warn(
            Notice::new(format!(
                "the link `{}` leads to something that is removed",
                link.display()
            ))
            .hint("keep what it leads to, or remove the link too"),
        );
    }
    Ok(())
}

fn warn_about_unmatched(pruning: &Pruning, setting: &str, log: &mut Log) {
    for pattern in &pruning.unmatched {
        log.warn(
            Notice::new(format!("the pattern `{pattern}` in {setting} matches nothing"))
                .hint("patterns are relative to the app, and `*` does not cross a `/`"),
        );
    }
}

/// The app would be empty.
#[derive(Debug, thiserror::Error)]
#[error("{}, so nothing of the app would be left", self.reason())]
struct NothingLeft {
    is_empty: bool,
}

impl NothingLeft {
    fn reason(&self) -> &'static str {
        if self.is_empty {
            "BP_INCLUDE_FILES is empty"
        } else {
            "no file of the app fits BP_INCLUDE_FILES"
        }
    }
}

impl Explain for NothingLeft {
    fn id(&self) -> &'static str {
        "nothing-left"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![
            "name in BP_INCLUDE_FILES what the app needs when it runs".to_owned(),
            "set BP_ALLOW_EMPTY_APP=true if it needs none of its files".to_owned(),
        ]
    }
}
