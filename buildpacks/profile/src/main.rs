//! Runs the script `.profile` of an app before each of its processes.

use std::io;
use std::path::Path;

use kouti::setting::Declared;
use kouti::{
    BuildContext, Buildpack, Context, Detection, Launch, LayerEnv, Log, Notice, Problem, settings,
};

/// Where scripts are, as on Cloud Foundry.
const SCRIPT: &str = ".profile";
const SCRIPTS: &str = ".profile.d";

struct Profile;

impl Buildpack for Profile {
    const NAME: &'static str = "Kouti Profile";
    const SETTINGS: &'static [Declared] = &[];

    fn detect(context: &Context) -> Result<Detection, Problem> {
        if scripts(&context.app_dir)?.is_empty() {
            return Detection::skip("neither a file .profile nor .profile.d/*.sh");
        }
        if ["BP_CF_SHIM", "VCAP_APPLICATION"].iter().any(|name| context.env.given(name).is_some()) {
            return Detection::skip("Cloud Foundry runs .profile itself");
        }
        Ok(Detection::pass())
    }

    fn build(context: &BuildContext, log: &mut Log) -> Result<Launch, Problem> {
        log.step("Scripts that run before each process");
        let rows: Vec<_> = scripts(&context.app_dir)?.into_iter().map(|name| [name]).collect();
        log.table(&rows);
        if let Some(kind @ ("tiny" | "static")) =
            settings::RUN_IMAGE_KIND.read(&context.env)?.as_deref()
        {
            log.warn(
                Notice::new(format!(
                    "a run image of the kind `{kind}` has no bash to run them with"
                ))
                .hint("set variables with BPE_DEFAULT_<NAME>, or use a run image with a shell"),
            );
        }
        context.helper_layer(log, &["profile"], &[], LayerEnv::new())?;
        Ok(Launch::default())
    }
}

/// The scripts in the order in which they run.
fn scripts(app_dir: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    let dir = app_dir.join(SCRIPTS);
    if dir.is_dir() {
        for entry in fs_err::read_dir(&dir)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            let is_script = Path::new(&name).extension().is_some_and(|end| end == "sh");
            if is_script && !name.starts_with('.') && dir.join(&name).is_file() {
                names.push(format!("{SCRIPTS}/{name}"));
            }
        }
    }
    names.sort();
    if app_dir.join(SCRIPT).is_file() {
        names.push(SCRIPT.to_owned());
    }
    Ok(names)
}

fn main() {
    kouti::main::<Profile>();
}
