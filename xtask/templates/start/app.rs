//! Facts: what the files of the app say, each read once.

use std::path::Path;

use kouti::Problem;

/// The file that makes an app one of ours.
pub(crate) const FILE: &str = "start.{{name}}";

/// An app, as far as this buildpack knows it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct App {
    /// Words of the command that starts it.
    pub(crate) command: Vec<String>,
}

impl App {
    /// `None` for an app of somebody else.
    pub(crate) fn read(app_dir: &Path) -> Result<Option<Self>, Problem> {
        let path = app_dir.join(FILE);
        if !path.is_file() {
            return Ok(None);
        }
        Ok(Some(Self::parse(&fs_err::read_to_string(path)?)))
    }

    fn parse(text: &str) -> Self {
        Self { command: text.split_whitespace().map(str::to_owned).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_and_line_ends_separate_words() {
        assert_eq!(App::parse("serve  --port\n8080\n").command, ["serve", "--port", "8080"]);
    }
}
