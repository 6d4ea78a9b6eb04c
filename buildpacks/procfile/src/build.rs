//! Reads the sources of process types and declares what the recipe says.

use kouti::{BuildContext, Entry, Explain, Fault, Launch, LayerEnv, Log, Problem};
use kouti_procfile::START_WORDS;

use crate::detect::{BINDING, MISNAMED, PROCFILE, TEXT, in_app};
use crate::procfile::Procfile;
use crate::recipe::{Sources, Wishes, decide};
use crate::settings;
use crate::shell::Shell;

pub(crate) fn build(context: &BuildContext, log: &mut Log) -> Result<Launch, Problem> {
    let env = &context.env;
    let shell = if settings::DIRECT_PROCESS.read(env)? {
        Shell::Unwanted
    } else {
        Shell::of_image(context.lacks_shell()?, &context.target.distro_name)
    };
    let wishes = Wishes {
        shell,
        live_reload: kouti::settings::LIVE_RELOAD_ENABLED.read(env)?,
        reload: settings::LIVE_RELOAD.read(env)?,
        app_dir: &context.app_dir,
    };

    let sources = sources(context, log)?;
    let recipe = decide(sources, &wishes)?;
    for notice in recipe.notices {
        log.warn(notice);
    }
    if recipe.helper {
        context.helper_layer(log, &[], &[START_WORDS], LayerEnv::new())?;
    }
    Ok(Launch { processes: recipe.processes, ..Launch::default() })
}

fn sources(context: &BuildContext, log: &mut Log) -> Result<Sources, Problem> {
    let mut sources = Sources::default();
    let mut rows = Vec::new();
    if let Some(binding) = context.bindings.exactly_one(BINDING)? {
        let origin = format!("the binding `{}`", binding.name);
        let text = String::from_utf8_lossy(binding.require(BINDING)?.reveal());
        let procfile = Procfile::parse(&origin, &text)?;
        rows.push([origin, kinds(&procfile)]);
        sources.binding = Some(procfile);
    }

    let path = settings::PATH.read(&context.env)?;
    in_app(&path)?;
    let entry = context.plan.entries(PROCFILE).find(|entry| is_ours(entry));
    if let Some(text) = entry.and_then(|entry| entry.metadata.get(TEXT)?.as_str()) {
        let procfile = Procfile::parse(&path, text)?;
        rows.push([path, kinds(&procfile)]);
        sources.file = Some(procfile);
    } else if settings::PATH.is_set(&context.env) {
        return Err(NoProcfile { path }.into());
    }
    sources.misnamed = entry.and_then(|entry| entry.text(MISNAMED)).map(str::to_owned);

    sources.variable = settings::DEFAULT_PROCESS.read(&context.env)?;
    if sources.variable.is_some() {
        rows.push([settings::DEFAULT_PROCESS.declared.name.to_owned(), "web".to_owned()]);
    }
    log.step("Reading process types");
    log.table(&rows);
    Ok(sources)
}

/// Others may require a `procfile` too; only detect knows the file's text.
fn is_ours(entry: &Entry) -> bool {
    [TEXT, MISNAMED].iter().any(|key| entry.metadata.contains_key(*key))
}

fn kinds(procfile: &Procfile) -> String {
    let kinds: Vec<_> = procfile.entries.iter().map(|entry| entry.kind.as_str()).collect();
    if kinds.is_empty() { "none".to_owned() } else { kinds.join(", ") }
}

/// The user has named a file that is not there.
#[derive(Debug, thiserror::Error)]
#[error("BP_PROCFILE_PATH is `{path}`, but the app has no such file")]
struct NoProcfile {
    path: String,
}

impl Explain for NoProcfile {
    fn id(&self) -> &'static str {
        "no-procfile"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec!["name a path below the app's directory, such as `deploy/Procfile`".to_owned()]
    }
}
