//! What starts a command in the image, and what of a command only a shell understands.

/// What reads the commands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Shell {
    Bash,
    /// Small systems have no other one.
    Sh,
    /// The image has none: the words of a command are the program and its arguments, with the
    /// values of variables.
    None,
    /// The user wants none: the words are taken as they are.
    Unwanted,
}

impl Shell {
    /// The shell of an image, as far as a build can know it.
    ///
    /// `kind` is what the user says of the run image. Otherwise the id of its stack tells, where it
    /// has one: nothing else of an image says that it has no shell.
    pub(crate) fn of_image(kind: Option<&str>, stack: Option<&str>, distro: &str) -> Self {
        let ends = |name: &str| stack.is_some_and(|stack| stack.ends_with(name));
        match kind {
            Some("tiny" | "static") => Self::None,
            None if ends(".tiny") || ends(".static") => Self::None,
            _ if distro == "alpine" => Self::Sh,
            _ => Self::Bash,
        }
    }

    /// The program that reads a command.
    pub(crate) fn program(self) -> Option<&'static str> {
        match self {
            Self::Bash => Some("bash"),
            Self::Sh => Some("sh"),
            Self::None | Self::Unwanted => None,
        }
    }
}

/// The operators and expansions of a shell in `command`, each with its place.
pub(crate) fn syntax(command: &str) -> Vec<(usize, &'static str)> {
    let mut found = Vec::new();
    let mut quote = None;
    let mut place = 0;
    while let Some(c) = command[place..].chars().next() {
        let rest = &command[place..];
        let mut length = c.len_utf8();
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some('\''), _) => {}
            (_, '\\') => length += rest[1..].chars().next().map_or(0, char::len_utf8),
            (None, '\'' | '"') => quote = Some(c),
            _ => {
                // Double quotes take everything but expansions literally.
                let counts = |found: &&str| quote.is_none() || found.starts_with(['$', '`']);
                if let Some(operator) = operator(rest).filter(counts) {
                    found.push((place, operator));
                    length = operator.len();
                }
            }
        }
        place += length;
    }
    found
}

/// The operator or the expansion that `text` starts with; longer ones first.
fn operator(text: &str) -> Option<&'static str> {
    let known = ["&&", "||", "$(", "$@", "$*", "${", "|", "&", ";", ">", "<", "*", "`"];
    known.into_iter().find(|operator| text.starts_with(operator)).or_else(|| {
        match text.strip_prefix('$')?.chars().next()? {
            c if c.is_ascii_digit() => Some("$1"),
            c if c.is_ascii_alphabetic() || c == '_' => Some("$"),
            _ => None,
        }
    })
}

/// Why bash does not hand its place over to the last of the commands, and so keeps the signal
/// to stop to itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Stays {
    /// The last command's input or output is redirected; `exec` helps.
    Redirection,
    /// The last command is several programs, which the shell waits for.
    Pipe,
}

/// Whether bash stays in front of the last command of `command`.
pub(crate) fn stays(command: &str) -> Option<Stays> {
    let mut found = None;
    let mut last = command;
    for (place, operator) in syntax(command) {
        match operator {
            "&&" | "||" | ";" => {
                found = None;
                last = &command[place + operator.len()..];
            }
            "|" => found = Some(Stays::Pipe),
            "<" | ">" if found.is_none() => found = Some(Stays::Redirection),
            _ => {}
        }
    }
    found.filter(|_| last.split_whitespace().next() != Some("exec"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_then_the_stack_then_the_distribution_tell_the_shell() {
        let tiny = Some("io.buildpacks.stacks.noble.tiny");
        for (kind, stack, distro, shell) in [
            (None, None, "debian", Shell::Bash),
            (None, Some("io.buildpacks.stacks.noble"), "ubuntu", Shell::Bash),
            (None, tiny, "ubuntu", Shell::None),
            (None, Some("io.buildpacks.stacks.noble.static"), "ubuntu", Shell::None),
            (Some("full"), tiny, "ubuntu", Shell::Bash),
            (Some("tiny"), None, "ubuntu", Shell::None),
            (Some("static"), None, "ubuntu", Shell::None),
            (None, None, "alpine", Shell::Sh),
        ] {
            assert_eq!(Shell::of_image(kind, stack, distro), shell, "{kind:?} {stack:?} {distro}");
        }
    }

    #[test]
    fn quotes_and_backslashes_hide_what_a_shell_would_interpret() {
        let found = |command: &str| -> Vec<&str> {
            syntax(command).into_iter().map(|(_, operator)| operator).collect()
        };
        for (command, operators) in [
            ("node server.js --port=1", vec![]),
            ("a && b || c | d & e; f", vec!["&&", "||", "|", "&", ";"]),
            ("cat <in >out *.txt `x`", vec!["<", ">", "*", "`", "`"]),
            ("a $PORT ${PORT} $(x) $@ $12", vec!["$", "${", "$(", "$@", "$1"]),
            ("echo '$PORT && x' \"$PORT && x\"", vec!["$"]),
            (r"echo \$PORT \&\& 'it'\''s' 5$", vec![]),
            ("ä \\", vec![]),
        ] {
            assert_eq!(found(command), operators, "{command}");
        }
    }

    #[test]
    fn bash_stays_in_front_of_pipes_and_redirections_at_the_end() {
        for (command, why) in [
            ("./serve", None),
            ("./migrate >log && ./serve -p $PORT", None),
            ("cat x | ./migrate; ./serve", None),
            ("./serve >>log 2>&1", Some(Stays::Redirection)),
            ("./migrate && ./serve <in", Some(Stays::Redirection)),
            ("./serve 2>&1 | tee log", Some(Stays::Pipe)),
            ("exec ./serve >log", None),
            ("./migrate && exec ./serve >log", None),
            ("./serve '>log' \"a | b\"", None),
        ] {
            assert_eq!(stays(command), why, "{command}");
        }
    }
}
