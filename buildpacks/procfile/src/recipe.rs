//! Which processes the image gets, from all that names some.

use std::path::Path;

use kouti::{Explain, Fault, Notice, Process};
use kouti_procfile::{START_WORDS, words};

use crate::procfile::{Entry, Procfile};
use crate::shell::{Shell, Stays, stays, syntax};

/// Everything that may name process types; of the same type the first one's counts.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    /// The entry of a binding.
    pub(crate) binding: Option<Procfile>,
    /// The file of the app.
    pub(crate) file: Option<Procfile>,
    /// The command that `BP_PROCFILE_DEFAULT_PROCESS` has for `web`.
    pub(crate) variable: Option<String>,
    /// A file of the app that is only almost a Procfile, and so none.
    pub(crate) misnamed: Option<String>,
}

/// What else is known when it is decided.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wishes<'a> {
    pub(crate) shell: Shell,
    /// Whether live reload is wanted for the app.
    pub(crate) live_reload: bool,
    /// Whether it is wanted for the default process.
    pub(crate) reload: bool,
    pub(crate) app_dir: &'a Path,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Recipe {
    pub(crate) processes: Vec<Process>,
    /// Whether a process needs our own program.
    pub(crate) helper: bool,
    pub(crate) notices: Vec<Notice>,
}

/// Decides without touching anything.
pub(crate) fn decide(sources: Sources, wishes: &Wishes) -> Result<Recipe, NotWords> {
    let misnamed = sources.misnamed.clone();
    let Procfile { entries, mut notices } = merge(sources);
    let default = default(&entries);
    let (mut processes, mut helper) = (Vec::new(), false);
    for entry in &entries {
        let Entry { kind, command } = entry;
        let is_default = default == Some(kind);
        let process = if let Some(shell) = wishes.shell.program() {
            if is_default && let Some(why) = stays(command) {
                notices.push(staying(kind, why));
            }
            // What a user adds on the command line arrives as `$1` and so on; `$0` is the type.
            Process::new(kind, [shell, "-c", command, kind])
        } else {
            let mut operators: Vec<_> = syntax(command).into_iter().map(|found| found.1).collect();
            let is_variable = |operator: &&str| ["$", "${"].contains(operator);
            let expands = wishes.shell == Shell::None && operators.iter().any(is_variable);
            operators.retain(|operator| !(expands && is_variable(operator)));
            let words = if expands {
                words(command, |name| Some(name.to_owned()))
            } else {
                shell_words::split(command).ok()
            };
            let words = words
                .filter(|words| words.first().is_some_and(|program| !program.is_empty()))
                .ok_or_else(|| NotWords { kind: kind.clone(), command: command.clone() })?;
            notices.extend(not_interpreted(kind, operators, &words[0]));
            helper |= expands;
            if expands {
                Process::new(kind, [START_WORDS, command])
            } else {
                Process::new(kind, words)
            }
        };
        match (is_default, wishes.reload) {
            (true, true) => processes.extend(process.default().reloading(wishes.app_dir)),
            (true, false) => processes.push(process.default()),
            (false, _) => processes.push(process),
        }
    }
    if let Some(name) = misnamed {
        notices.push(
            Notice::new(format!("`{name}` is not read"))
                .hint("call it `Procfile`, with a capital P"),
        );
    } else if processes.is_empty() {
        notices.push(
            Notice::new("no process types are named")
                .hint("write a line such as `web: ./server` into the Procfile"),
        );
    } else if default.is_none() {
        notices.push(Notice::new("none of the process types is the default").hint(
            "call one of them `web`, or choose with `docker run --entrypoint <process type>`",
        ));
    }
    if wishes.live_reload && !wishes.reload && !processes.is_empty() {
        notices.push(
            Notice::new("the commands of the Procfile do not reload when files change")
                .hint("set BP_PROCFILE_LIVE_RELOAD=true"),
        );
    }
    Ok(Recipe { processes, helper, notices })
}

fn merge(sources: Sources) -> Procfile {
    let mut merged = sources.file.unwrap_or_default();
    let binding = sources.binding.unwrap_or_default();
    merged.notices.extend(binding.notices);
    for entry in binding.entries {
        merged.put(entry);
    }
    if let Some(command) = sources.variable {
        if merged.has("web") {
            let text = "BP_PROCFILE_DEFAULT_PROCESS has no effect: a Procfile has `web`";
            merged.notices.push(Notice::new(text));
        } else {
            merged.entries.insert(0, Entry { kind: "web".to_owned(), command });
        }
    }
    merged
}

/// The type that starts when nobody names one.
fn default(entries: &[Entry]) -> Option<&String> {
    let called = |name: &str| entries.iter().find(|entry| entry.kind.eq_ignore_ascii_case(name));
    let only = if let [only] = entries { Some(only) } else { None };
    called("web").or(only).or_else(|| called("worker")).map(|entry| &entry.kind)
}

fn staying(kind: &str, why: Stays) -> Notice {
    let text = format!("a shell stays in front of `{kind}` and keeps the signal to stop to itself");
    Notice::new(text).hint(match why {
        Stays::Redirection => "write `exec` in front of the last command",
        Stays::Pipe => "let the app write its log to its output, without a pipe",
    })
}

/// What of a command is not what it would be in a shell.
fn not_interpreted(kind: &str, mut operators: Vec<&str>, program: &str) -> Vec<Notice> {
    let mut notices = Vec::new();
    operators.sort_unstable();
    operators.dedup();
    if !operators.is_empty() {
        notices.push(
            Notice::new(format!(
                "`{kind}` starts without a shell, so these have no meaning: `{}`",
                operators.join("`, `")
            ))
            .hint("use a run image that has a shell, and leave BP_DIRECT_PROCESS out"),
        );
    }
    if let Some((name, _)) = program.split_once('=') {
        notices.push(
            Notice::new(format!(
                "`{kind}` starts without a shell, so `{program}` is taken for its program"
            ))
            .hint(format!("set the variable with BPE_DEFAULT_{name}")),
        );
    }
    notices
}

/// A command cannot be taken apart without a shell.
#[derive(Debug, thiserror::Error)]
#[error("the command of `{kind}` cannot be split into words: `{command}`")]
pub(crate) struct NotWords {
    kind: String,
    command: String,
}

impl Explain for NotWords {
    fn id(&self) -> &'static str {
        "procfile-not-words"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec!["close every quote, and name a program".to_owned()]
    }
}
