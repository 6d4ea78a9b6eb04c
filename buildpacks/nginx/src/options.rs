//! The command line of nginx.

use std::path::PathBuf;

/// What nginx was asked to do.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Options {
    /// `-p`
    pub prefix: Option<PathBuf>,
    /// `-c`
    pub conf: Option<PathBuf>,
    /// `-g`
    pub directives: Option<String>,
    /// `-e`
    pub error_log: Option<String>,
    /// `-s`
    pub signal: Option<String>,
    /// `-t`, `-T`, `-q` as they were given.
    pub flags: Vec<String>,
    /// Whether nginx only tells about itself: `-v`, `-V`, `-h`, `-?`.
    pub is_question: bool,
    /// An argument that nginx has to complain about.
    pub unknown: bool,
}

impl Options {
    /// Reads the arguments behind the program's name, as nginx does: `-t`, `-tq`, `-c file`, `-cfile`.
    #[must_use]
    pub fn parse(arguments: &[String]) -> Self {
        let mut options = Self::default();
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let Some(letters) = argument.strip_prefix('-') else {
                options.unknown = true;
                continue;
            };
            for (index, letter) in letters.char_indices() {
                match letter {
                    'v' | 'V' | 'h' | '?' => options.is_question = true,
                    't' | 'T' | 'q' => options.flags.push(format!("-{letter}")),
                    'p' | 'c' | 'g' | 'e' | 's' => {
                        let rest = &letters[index + 1..];
                        let value = if rest.is_empty() {
                            arguments.next().cloned()
                        } else {
                            Some(rest.to_owned())
                        };
                        options.set(letter, value);
                        break;
                    }
                    _ => options.unknown = true,
                }
            }
        }
        options
    }

    fn set(&mut self, letter: char, value: Option<String>) {
        let Some(value) = value else {
            self.unknown = true;
            return;
        };
        match letter {
            'p' => self.prefix = Some(value.into()),
            'c' => self.conf = Some(value.into()),
            'g' => self.directives = Some(value),
            'e' => self.error_log = Some(value),
            _ => self.signal = Some(value),
        }
    }

    /// Whether nginx is run as it was called: there is nothing to prepare.
    #[must_use]
    pub fn is_for_nginx_alone(&self) -> bool {
        self.is_question || self.unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Options {
        let words: Vec<_> = line.split(' ').map(str::to_owned).collect();
        Options::parse(&words)
    }

    #[test]
    fn arguments_are_read_as_nginx_reads_them() {
        let options = parse("-p /app -c conf/nginx.conf -g daemon -tq");
        assert_eq!(options.prefix.as_deref(), Some("/app".as_ref()));
        assert_eq!(options.conf.as_deref(), Some("conf/nginx.conf".as_ref()));
        assert_eq!(options.directives.as_deref(), Some("daemon"));
        assert_eq!(options.flags, ["-t", "-q"]);
        assert!(!options.is_for_nginx_alone());
        assert_eq!(parse("-cnginx.conf").conf.as_deref(), Some("nginx.conf".as_ref()));
        assert_eq!(parse("-s reload").signal.as_deref(), Some("reload"));
        for line in ["-V", "-h", "-x", "file", "-c"] {
            assert!(parse(line).is_for_nginx_alone(), "{line}");
        }
    }
}
