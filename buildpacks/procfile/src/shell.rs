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
    pub(crate) fn of_image(lacks_shell: bool, distro: &str) -> Self {
        match distro {
            _ if lacks_shell => Self::None,
            "alpine" => Self::Sh,
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
    fn the_distribution_tells_the_shell() {
        assert_eq!(Shell::of_image(false, "debian"), Shell::Bash);
        assert_eq!(Shell::of_image(false, "alpine"), Shell::Sh);
        assert_eq!(Shell::of_image(true, "alpine"), Shell::None);
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
