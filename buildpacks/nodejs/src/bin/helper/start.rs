//! `node-launch`: starts what `npm start` would, without npm in between.
//!
//! ```text
//! node-launch [start] -- node server.js                              one program
//! node-launch start [--pre TEXT] --main TEXT [--post TEXT] -- ARG…   for the shell
//! ```

use std::path::Path;
use std::process::{Command, ExitCode};

use kouti_launch::Env;
use kouti_launch::supervisor::Script;
use serde_json::Value;

/// The name of the program.
pub(crate) const NAME: &str = "node-launch";

/// What is to be started.
#[derive(Debug, Default, PartialEq)]
struct Order {
    /// Name of the script in `package.json`.
    script: Option<String>,
    /// Texts for the shell.
    pre: Option<String>,
    main: Option<String>,
    post: Option<String>,
    /// The program and its arguments, or what is added to `main`.
    words: Vec<String>,
}

pub(crate) fn start(args: impl Iterator<Item = String>) -> ExitCode {
    let order = Order::read(args);
    let version = concat!("kouti/nodejs ", env!("CARGO_PKG_VERSION"));
    order.script(&package(Path::new("package.json"), &Env::of_process())).exit(version)
}

impl Order {
    fn read(mut args: impl Iterator<Item = String>) -> Self {
        let mut order = Self::default();
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--" => break,
                "--pre" => order.pre = args.next(),
                "--main" => order.main = args.next(),
                "--post" => order.post = args.next(),
                _ => order.script = Some(arg),
            }
        }
        order.words = args.collect();
        order
    }

    /// The commands, with the variables that npm would set.
    fn script(self, package: &[(&'static str, String)]) -> Script {
        let event = self.script.unwrap_or_default();
        let with_environment = |mut command: Command, prefix: &str, text: &str| {
            if !event.is_empty() {
                command.env("npm_lifecycle_event", format!("{prefix}{event}"));
                command.env("npm_lifecycle_script", text);
                command.envs(package.iter().map(|(name, value)| (name, value)));
            }
            command
        };
        let shell = |text: &str, args: &[String]| {
            let mut command = Command::new("sh");
            // What a user adds on the command line belongs behind the text, word by word.
            let added = if args.is_empty() { "" } else { " \"$@\"" };
            command.args(["-c", &format!("{text}{added}"), "sh"]).args(args);
            command
        };
        let main = if let Some(text) = &self.main {
            with_environment(shell(text, &self.words), "", text)
        } else {
            let mut command = Command::new(self.words.first().map_or("node", String::as_str));
            command.args(self.words.iter().skip(1));
            with_environment(command, "", &self.words.join(" "))
        };
        let hook = |prefix: &str, text: &Option<String>| {
            text.iter().map(|text| with_environment(shell(text, &[]), prefix, text)).collect()
        };
        Script {
            before: hook("pre", &self.pre),
            after: hook("post", &self.post),
            is_simple: self.main.is_none(),
            main,
        }
    }
}

/// What npm tells a script about its package.
fn package(path: &Path, env: &Env) -> Vec<(&'static str, String)> {
    let text = fs_err::read_to_string(path).unwrap_or_default();
    let package: Value = serde_json::from_str(&text).unwrap_or_default();
    let field = |key: &str| package[key].as_str().map(str::to_owned);
    let path = fs_err::canonicalize(path).map(|path| path.display().to_string());
    [
        ("NODE", env.given("NODE_HOME").map(|home| format!("{home}/bin/node"))),
        ("npm_package_name", field("name")),
        ("npm_package_version", field("version")),
        ("npm_package_json", path.ok()),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(line: &[&str]) -> Order {
        Order::read(line.iter().map(ToString::to_string))
    }

    fn shown(command: &Command) -> Vec<String> {
        std::iter::once(command.get_program())
            .chain(command.get_args())
            .map(|word| word.to_string_lossy().into_owned())
            .collect()
    }

    #[test]
    fn one_program_is_started_as_it_is() {
        let script = order(&["start", "--", "node", "--", "a b"]).script(&[]);
        assert_eq!(shown(&script.main), ["node", "--", "a b"]);
        assert!(script.is_simple && script.before.is_empty() && script.after.is_empty());
    }

    #[test]
    fn texts_go_through_a_shell_and_keep_added_words_apart() {
        let line = ["start", "--pre", "a", "--main", "b | c", "--post", "d", "--", "x y", "$z"];
        let script = order(&line).script(&[]);
        assert_eq!(shown(&script.main), ["sh", "-c", "b | c \"$@\"", "sh", "x y", "$z"]);
        assert_eq!(shown(&script.before[0]), ["sh", "-c", "a", "sh"]);
        assert_eq!(shown(&script.after[0]), ["sh", "-c", "d", "sh"]);
        assert!(!script.is_simple);
    }

    #[test]
    fn a_script_sees_what_npm_would_tell_it() {
        let line = ["start", "--pre", "a", "--main", "b", "--"];
        let script = order(&line).script(&[("npm_package_version", "1.2.3".to_owned())]);
        let variables = |command: &Command| {
            let pairs = command.get_envs().map(|(name, value)| {
                format!("{}={}", name.display(), value.unwrap_or_default().display())
            });
            pairs.collect::<Vec<_>>()
        };
        assert_eq!(
            variables(&script.before[0]),
            ["npm_lifecycle_event=prestart", "npm_lifecycle_script=a", "npm_package_version=1.2.3"]
        );
        assert_eq!(variables(&script.main)[0], "npm_lifecycle_event=start");
        assert!(variables(&order(&["--", "node", "x"]).script(&[]).main).is_empty());
    }
}
