//! Decision: what a script of `package.json` means as a command.

use kouti_node::PackageJson;
use serde::Serialize;

/// A script with what npm would run around it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Script {
    pub(crate) name: String,
    pub(crate) pre: Option<String>,
    pub(crate) main: String,
    pub(crate) post: Option<String>,
    /// The script whose text `main` is, if this one does nothing but run that.
    pub(crate) stands_for: Option<String>,
}

/// How often a script may stand for another one.
const DETOURS: usize = 5;

impl Script {
    /// The script `name`, and what npm would run around it.
    pub(crate) fn read(package: &PackageJson, name: &str) -> Option<Self> {
        let mut found = Self::literal(package, name)?;
        for _ in 0..DETOURS {
            let Some(name) = found.runs() else { break };
            match Self::literal(package, &name) {
                // npm in between would cost memory and time, and pass signals on late.
                Some(other) if other.words().is_some() => {
                    found.main = other.main;
                    found.stands_for = Some(name);
                }
                _ => break,
            }
        }
        Some(found)
    }

    /// A script of one command, without hooks.
    pub(crate) fn plain(name: String, main: String) -> Self {
        Self { name, main, pre: None, post: None, stands_for: None }
    }

    fn literal(package: &PackageJson, name: &str) -> Option<Self> {
        let script = |name: &str| package.script(name).map(str::to_owned);
        Some(Self {
            main: script(name)?,
            pre: script(&format!("pre{name}")),
            post: script(&format!("post{name}")),
            name: name.to_owned(),
            stands_for: None,
        })
    }

    /// The script that this one does nothing but run: `npm run serve`.
    fn runs(&self) -> Option<String> {
        let words = words(&self.main)?;
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["npm" | "yarn" | "pnpm", "run", name]
            | ["npm", name @ "start"]
            | ["yarn" | "pnpm", name] => Some((*name).to_owned()),
            _ => None,
        }
    }

    /// The words of the script, if it needs no shell to be understood.
    pub(crate) fn words(&self) -> Option<Vec<String>> {
        if self.pre.is_some() || self.post.is_some() {
            return None;
        }
        words(&self.main)
    }
}

impl Script {
    /// The program that the script starts first, as far as that can be seen.
    pub(crate) fn program(&self) -> Option<String> {
        let mut words = self.main.split_whitespace().skip_while(|word| is_assignment(word));
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-/@".contains(c);
        let program = words.next().filter(|word| word.chars().all(is_plain))?;
        (!BUILTINS.contains(&program)).then(|| program.to_owned())
    }
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| !name.contains('/'))
}

/// Splits a command line that means the same without a shell; `None` if it has
/// variables, globs, pipes, lists, redirections, comments or assignments.
fn words(text: &str) -> Option<Vec<String>> {
    if text
        .contains(['$', '`', '*', '?', '[', '~', '#', '|', '&', ';', '<', '>', '(', ')', '{', '\n'])
    {
        return None;
    }
    let words = shell_words::split(text).ok()?;
    let first = words.first()?;
    (!is_assignment(first) && !BUILTINS.contains(&first.as_str())).then_some(words)
}

/// First words that mean something to a shell only.
const BUILTINS: [&str; 20] = [
    "!", ".", ":", "alias", "cd", "command", "eval", "exec", "exit", "export", "for", "if", "set",
    "source", "trap", "ulimit", "umask", "unset", "wait", "while",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_need_no_shell() {
        for (text, expected) in [
            ("node server.js", vec!["node", "server.js"]),
            ("node 'my server.js' \"a b\" c\\ d", vec!["node", "my server.js", "a b", "c d"]),
            ("./bin/www --a=b", vec!["./bin/www", "--a=b"]),
        ] {
            assert_eq!(words(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn a_script_that_only_runs_another_one_stands_for_it() {
        let main = |scripts: &str| {
            let package =
                PackageJson::parse(&format!("{{\"scripts\": {scripts}}}"), "package.json").unwrap();
            Script::read(&package, "start").unwrap().main
        };
        assert_eq!(main(r#"{"start": "pnpm serve", "serve": "node ."}"#), "node .");
        let two = r#"{"start": "npm run serve", "serve": "yarn run real", "real": "node ."}"#;
        assert_eq!(main(two), "node .");
        let circle = r#"{"start": "npm run serve", "serve": "npm start"}"#;
        assert!(main(circle).starts_with("npm "));
        for kept in [
            r#"{"start": "npm run serve", "serve": "a && b"}"#,
            r#"{"start": "npm run serve", "serve": "node .", "preserve": "x"}"#,
            r#"{"start": "npm run serve -- --x", "serve": "node ."}"#,
            r#"{"start": "npm run serve"}"#,
        ] {
            assert!(main(kept).starts_with("npm run serve"), "{kept}");
        }
    }

    #[test]
    fn the_first_program_is_seen_through_what_a_shell_does() {
        let program = |main: &str| {
            Script {
                name: "start".to_owned(),
                main: main.to_owned(),
                pre: None,
                post: None,
                stands_for: None,
            }
            .program()
        };
        for (text, expected) in [
            ("next start", Some("next")),
            ("NODE_ENV=test PORT=1 node x | cat", Some("node")),
            ("./bin/www && true", Some("./bin/www")),
            ("cd dist && node .", None),
            ("$RUNNER server.js", None),
            ("", None),
        ] {
            assert_eq!(program(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn everything_else_does() {
        for text in [
            "node a && node b",
            "NODE_ENV=test node a",
            "node $FILE",
            "cd dist && node .",
            "cd dist",
            "node a | cat",
            "node a > log",
            "node *.js",
            "node ~/a",
            "node 'a",
            "",
        ] {
            assert_eq!(words(text), None, "{text}");
        }
    }
}
