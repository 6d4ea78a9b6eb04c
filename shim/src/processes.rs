//! Decisions: what the platform is told to start.

use std::collections::{BTreeMap, BTreeSet};

use kouti_report::Notice;

use crate::record::{Command, Metadata, Process};
use crate::words;

/// What the user wants of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wishes {
    /// The type that becomes `web` where there is none.
    pub(crate) web: Option<String>,
    /// The only types to be told; all if there are none.
    pub(crate) types: Vec<String>,
    /// What the platform reads in the app's own file, after all others.
    pub(crate) procfile: BTreeMap<String, String>,
}

/// What the platform is told.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Started {
    /// Command lines by type.
    pub(crate) processes: BTreeMap<String, String>,
    pub(crate) sidecars: Vec<Sidecar>,
    /// The type as which the layers know a process that has another name here.
    pub(crate) original_types: BTreeMap<String, String>,
    pub(crate) notices: Vec<Notice>,
}

/// A process beside others, in their container.
#[derive(Debug, PartialEq)]
pub(crate) struct Sidecar {
    pub(crate) name: String,
    pub(crate) command: String,
    /// The types that have it.
    pub(crate) beside: Vec<String>,
    /// Its part of the memory.
    pub(crate) memory: Option<u64>,
}

/// Begins labels by which a buildpack makes one of its processes a sidecar: `…worker` = `web,api;memory=64`.
const SIDECAR: &str = "io.kouti.cf.sidecar.";

impl Started {
    /// `app_dir` is where processes start if they do not say otherwise.
    pub(crate) fn decide(metadata: &Metadata, wishes: &Wishes, app_dir: &str) -> Self {
        let mut started = Self::default();
        let labels = metadata
            .labels
            .iter()
            .filter_map(|label| Some((label.key.strip_prefix(SIDECAR)?, label.value.as_str())));
        let sidecars: BTreeMap<_, _> = labels.collect();

        let mut lines = Vec::new();
        let is_meant = |process: &&Process| {
            process.exec_env.is_empty()
                || process.exec_env.iter().any(|name| name == "production" || name == "*")
        };
        for process in metadata.processes.iter().filter(is_meant) {
            let line = line(process, app_dir);
            match sidecars.get(process.kind.as_str()) {
                Some(label) => started.sidecars.push(sidecar(&process.kind, line, label)),
                None => lines.push((process.kind.as_str(), line)),
            }
        }
        started.choose_web(metadata, wishes, &mut lines);
        for wanted in &wishes.types {
            let all = lines
                .iter()
                .map(|(kind, _)| *kind)
                .chain(wishes.procfile.keys().map(String::as_str));
            if !all.into_iter().any(|kind| kind == wanted) {
                started.notices.push(unknown("BP_CF_PROCESS_TYPES", wanted, metadata));
            }
        }
        if !wishes.types.is_empty() {
            lines.retain(|(kind, _)| wishes.types.iter().any(|wanted| wanted == kind));
        }
        for (kind, line) in lines {
            let name = started.name(kind);
            started.processes.insert(name, line);
        }
        let all: Vec<_> = started.processes.keys().cloned().collect();
        let names = &started.original_types;
        for sidecar in &mut started.sidecars {
            if sidecar.beside.iter().any(|kind| kind == "*") {
                sidecar.beside.clone_from(&all);
            }
            // A label has the name that the layers know.
            for kind in sidecar.beside.iter_mut().filter(|kind| !all.contains(kind)) {
                if let Some((name, _)) = names.iter().find(|(_, original)| *original == kind) {
                    kind.clone_from(name);
                }
            }
        }
        started
    }

    /// The platform routes requests to `web`; some buildpacks name their only process otherwise.
    fn choose_web<'a>(
        &mut self,
        metadata: &'a Metadata,
        wishes: &'a Wishes,
        lines: &mut Vec<(&'a str, String)>,
    ) {
        let find = |wanted: &str| lines.iter().find(|(kind, _)| *kind == wanted).cloned();
        let only = || match lines.as_slice() {
            [only] => Some(only.clone()),
            _ => None,
        };
        let wanted = wishes.web.as_deref().and_then(find);
        if let (Some(name), None) = (&wishes.web, &wanted) {
            self.notices.push(unknown("BP_CF_WEB_PROCESS", name, metadata));
        }
        if wanted.is_none() && (find("web").is_some() || wishes.procfile.contains_key("web")) {
            return;
        }
        if let Some((source, line)) = wanted.or_else(|| find(&metadata.default_type)).or_else(only)
        {
            lines.retain(|(kind, _)| *kind != "web");
            if source.contains("worker") {
                self.notices.push(
                    Notice::new(format!("`{source}` is started as `web`, and it may not listen"))
                        .hint("push it with `health-check-type: process` and `no-route: true`"),
                );
            }
            self.original_types.insert("web".to_owned(), source.to_owned());
            lines.push(("web", line));
            return;
        }
        let types: Vec<_> = lines.iter().map(|(kind, _)| *kind).collect();
        let types = if types.is_empty() { "none".to_owned() } else { types.join(", ") };
        self.notices.push(
            Notice::new(format!("nothing is started as `web`; process types: {types}"))
                .hint("name one with BP_CF_WEB_PROCESS, add a Procfile, or push with `-c COMMAND`"),
        );
    }

    /// A type as the platform can address it.
    fn name(&mut self, kind: &str) -> String {
        let part = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
        let wanted: String = kind.chars().map(part).collect();
        let taken: BTreeSet<_> =
            self.processes.keys().map(|name| name.to_ascii_lowercase()).collect();
        let numbered = (2..).map(|number| format!("{wanted}-{number}"));
        let mut names = std::iter::once(wanted.clone()).chain(numbered);
        let name = names.find(|name| !taken.contains(&name.to_ascii_lowercase())).unwrap_or(wanted);
        if name != kind {
            self.original_types.insert(name.clone(), kind.to_owned());
            self.notices
                .push(Notice::new(format!("the process type `{kind}` is called `{name}` here")));
        }
        name
    }
}

/// A setting that names a type which no buildpack has.
fn unknown(setting: &str, name: &str, metadata: &Metadata) -> Notice {
    let types: Vec<_> = metadata.processes.iter().map(|process| process.kind.as_str()).collect();
    let types = if types.is_empty() { "none".to_owned() } else { types.join(", ") };
    Notice::new(format!(
        "{setting} names `{name}`, and there is no such process type; there are: {types}"
    ))
}

fn line(process: &Process, app_dir: &str) -> String {
    let command = match &process.command {
        Command::Text(text) if process.args.is_empty() => text.clone(),
        Command::Text(text) => format!("{text} {}", loose(&process.args)),
        Command::Words(words) => match shell_text(words, &process.args) {
            Some(text) => text.to_owned(),
            None => words::line(&[words.as_slice(), &process.args].concat()),
        },
    };
    match process.working_dir.as_deref().filter(|dir| !dir.is_empty() && *dir != app_dir) {
        Some(dir) => {
            let exec = if command.starts_with("exec ") { "" } else { "exec " };
            format!("cd {} && {exec}{command}", words::quoted(dir))
        }
        None => command,
    }
}

/// The text of `bash -c TEXT`: the platform gives it to a shell anyway.
fn shell_text<'a>(words: &'a [String], args: &[String]) -> Option<&'a str> {
    let [shell, option, text, rest @ ..] = words else { return None };
    let is_shell = shell == "bash" && option == "-c" && rest.len() <= 1 && args.is_empty();
    let uses_arguments = text.match_indices('$').any(|(at, _)| {
        text[at + 1..].starts_with(|c: char| c == '@' || c == '*' || c == '#' || c.is_ascii_digit())
    });
    (is_shell && !uses_arguments).then_some(text)
}

/// Arguments of a command without a shell of its own: variables in them have always had their values.
fn loose(args: &[String]) -> String {
    let quoted = |arg: &String| {
        if arg.contains('$') {
            format!("\"{}\"", arg.replace('\\', "\\\\").replace('"', "\\\"").replace('`', "\\`"))
        } else {
            words::quoted(arg)
        }
    };
    args.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

fn sidecar(name: &str, command: String, label: &str) -> Sidecar {
    let (types, options) = label.split_once(';').unwrap_or((label, ""));
    let beside = types.split(',').map(|kind| kind.trim().to_owned()).collect();
    let memory = options.trim().strip_prefix("memory=").and_then(|number| number.parse().ok());
    Sidecar { name: name.to_owned(), command, beside, memory }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(metadata: &str, wishes: &Wishes) -> Started {
        Started::decide(&toml::from_str(metadata).unwrap(), wishes, "/home/vcap/app")
    }

    fn commands(processes: &str) -> Vec<String> {
        let started = decide(processes, &Wishes::default());
        started.processes.iter().map(|(kind, line)| format!("{kind}: {line}")).collect()
    }

    #[test]
    fn words_become_a_line_that_people_can_read() {
        assert_eq!(
            commands(
                r#"
                [[processes]]
                type = "web"
                command = ["node", "server.js"]
                args = ["--name", "a b"]
                working-dir = "/home/vcap/app"
                [[processes]]
                type = "worker"
                command = ["bash", "-c", "run $PORT | tee log", "worker"]
                [[processes]]
                type = "task"
                command = ["bash", "-c", "run \"$@\""]
                [[processes]]
                type = "sub"
                command = ["./x"]
                working-dir = "/home/vcap/app/my sub"
                [[processes]]
                type = "old"
                command = "start"
                args = ["$PORT", "b c"]
                "#
            ),
            [
                "old: start \"$PORT\" 'b c'",
                "sub: cd '/home/vcap/app/my sub' && exec ./x",
                r#"task: bash -c 'run "$@"'"#,
                "web: node server.js --name 'a b'",
                "worker: run $PORT | tee log",
            ]
        );
    }

    #[test]
    fn a_web_process_is_found_where_there_is_none_of_that_name() {
        let one =
            |name: &str| format!("[[processes]]\ntype = \"{name}\"\ncommand = [\"{name}\"]\n");
        assert_eq!(commands(&one("api")), ["api: api", "web: api"]);
        let two = one("api") + &one("cron");
        let started = decide(&two, &Wishes::default());
        assert!(started.notices[0].text.contains("process types: api, cron"));
        let wishes = Wishes { web: Some("cron".to_owned()), ..Wishes::default() };
        assert_eq!(decide(&two, &wishes).processes["web"], "cron");
        let default = format!("buildpack-default-process-type = \"api\"\n{two}");
        let started = decide(&default, &Wishes::default());
        assert_eq!(started.processes["web"], "api");
        assert_eq!(started.original_types["web"], "api", "layers know it by that name");
        let only = Wishes { types: vec!["web".to_owned()], ..Wishes::default() };
        assert_eq!(decide(&default, &only).processes.len(), 1);
    }

    #[test]
    fn names_that_the_platform_cannot_address_are_changed() {
        let processes = "[[processes]]\ntype = \"My.App\"\ncommand = [\"a\"]\n[[processes]]\ntype = \"my-app\"\ncommand = [\"b\"]\n\
            [[processes]]\ntype = \"web\"\ncommand = [\"c\"]\n";
        let started = decide(processes, &Wishes::default());
        assert_eq!(started.processes.keys().collect::<Vec<_>>(), ["My-App", "my-app-2", "web"]);
        assert_eq!(started.original_types["My-App"], "My.App");
        assert_eq!(started.notices.len(), 2);
    }

    #[test]
    fn labels_make_sidecars() {
        let started = decide(
            "[[processes]]\ntype = \"web\"\ncommand = [\"a\"]\n[[processes]]\ntype = \"agent\"\ncommand = [\"b\"]\n\
             [[labels]]\nkey = \"io.kouti.cf.sidecar.agent\"\nvalue = \"*;memory=32\"\n",
            &Wishes::default(),
        );
        let expected = Sidecar {
            name: "agent".to_owned(),
            command: "b".to_owned(),
            beside: vec!["web".to_owned()],
            memory: Some(32),
        };
        assert_eq!(started.sidecars, [expected]);
        assert!(!started.processes.contains_key("agent"));
    }
}
