//! Commands as the platform wants them: one line for `bash -c`.

/// Starts of a line that bash does not take for a program of that name.
const NOT_PROGRAMS: [&str; 44] = [
    "!", "[", "[[", "{", "}", ".", ":", "alias", "bg", "break", "builtin", "case", "cd", "command",
    "continue", "declare", "do", "done", "echo", "elif", "else", "esac", "eval", "exec", "exit",
    "export", "false", "fi", "for", "function", "if", "printf", "pwd", "read", "return", "select",
    "set", "source", "test", "then", "time", "true", "until", "while",
];

/// A command line that starts exactly these words as a program and its arguments.
pub(crate) fn line(words: &[String]) -> String {
    let line = words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
    match words.first() {
        Some(first) if first.contains('=') || NOT_PROGRAMS.contains(&first.as_str()) => {
            format!("exec {line}")
        }
        _ => line,
    }
}

/// One word, quoted only if it needs to be: people read these lines.
pub(crate) fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn plain_words_stay_as_they_are() {
        let words = ["node", "--max-http-header-size=8", "a/b.js"].map(str::to_owned);
        assert_eq!(line(&words), "node --max-http-header-size=8 a/b.js");
        assert_eq!(line(&["A=b".to_owned(), "c".to_owned()]), "exec A=b c");
        assert_eq!(line(&["echo".to_owned()]), "exec echo");
    }

    #[test]
    fn bash_reads_back_every_word() {
        let words =
            ["printf", "%s|", "a b", "", "$HOME", "it's", "\"q\"", "`x`", "\\", "l\nf", "ü*?"];
        let words = words.map(str::to_owned);
        let output = Command::new("bash").args(["-c", &line(&words)]).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{}|", words[2..].join("|")));
    }
}
