//! What the user is told when a build cannot go on.

use std::fmt::Write as _;

use crate::ISSUES;
use crate::log::{Colour, style};

/// Who has to act on a [`Problem`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// The app or its configuration: the user can fix it.
    App,
    /// The surroundings (network, disk, platform): trying again may help.
    Surroundings,
    /// This buildpack: the user should report it.
    Buildpack,
}

/// One failure, ready to be shown.
///
/// Library errors are small enums which implement [`Explain`]; `?` turns them
/// into a `Problem`. Only the entry of a program prints it.
#[derive(Debug)]
pub struct Problem {
    /// Stable kebab-case name, unique in the workspace: `checksum-mismatch`.
    pub id: &'static str,
    /// Who has to act.
    pub fault: Fault,
    /// Lower-case clause without a full stop that names the file, setting or URL.
    pub summary: String,
    /// The user's own text with a caret below the place in question.
    pub excerpt: Option<String>,
    /// What to do, most likely first; each a clause in the imperative.
    pub hints: Vec<String>,
    /// What lies behind it; its chain is printed line by line.
    pub cause: Option<anyhow::Error>,
}

/// Implemented beside every error type a user can meet.
pub trait Explain: std::error::Error + Send + Sync + Sized + 'static {
    /// See [`Problem::id`].
    fn id(&self) -> &'static str;

    /// See [`Problem::fault`].
    fn fault(&self) -> Fault;

    /// See [`Problem::hints`].
    fn hints(&self) -> Vec<String> {
        Vec::new()
    }

    /// See [`Problem::excerpt`].
    fn excerpt(&self) -> Option<String> {
        None
    }
}

impl<E: Explain> From<E> for Problem {
    fn from(error: E) -> Self {
        Self {
            id: error.id(),
            fault: error.fault(),
            summary: error.to_string(),
            excerpt: error.excerpt(),
            hints: error.hints(),
            cause: error.source().is_some().then(|| anyhow::Error::new(error)),
        }
    }
}

/// An error nobody explained is ours to fix.
impl From<anyhow::Error> for Problem {
    fn from(error: anyhow::Error) -> Self {
        Self {
            id: "internal",
            fault: Fault::Buildpack,
            summary: error.to_string(),
            excerpt: None,
            hints: Vec::new(),
            cause: error.source().is_some().then_some(error),
        }
    }
}

/// A failed file operation: the disk, the permissions or the platform.
///
/// `fs_err` puts the path into the text, so there is nothing to add but what to do.
impl From<std::io::Error> for Problem {
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind::{
            PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull,
        };

        let (id, hint) = match error.kind() {
            StorageFull | QuotaExceeded => ("disk-full", "free some space, or give the build more"),
            PermissionDenied | ReadOnlyFilesystem => {
                ("permission-denied", "let the build user read and write there")
            }
            _ => ("file-error", "check the file and its directory, then build again"),
        };
        Self {
            id,
            fault: Fault::Surroundings,
            summary: error.to_string(),
            excerpt: None,
            hints: vec![hint.to_owned()],
            cause: error
                .get_ref()
                .is_some_and(|inner| inner.source().is_some())
                .then(|| error.into()),
        }
    }
}

impl Problem {
    /// A problem that has no error type of its own.
    pub fn new(id: &'static str, fault: Fault, summary: impl Into<String>) -> Self {
        Self { id, fault, summary: summary.into(), excerpt: None, hints: Vec::new(), cause: None }
    }

    /// Adds one thing to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The page: summary, excerpt, causes, hints.
    ///
    /// `version` is the version of the program that failed, such as
    /// `kouti/nodejs 0.1.0`; it is shown where the fault is ours.
    #[must_use]
    pub fn page(&self, version: &str, colour: Colour) -> String {
        let mut page =
            format!("{} {}\n", style::error(colour, &format!("error[{}]:", self.id)), self.summary);
        if let Some(excerpt) = &self.excerpt {
            let _ = writeln!(page, "{}", excerpt.trim_end());
        }
        for cause in self.causes() {
            let _ = writeln!(page, "  caused by: {cause}");
        }
        let mut hints = self.hints.clone();
        if self.fault == Fault::Buildpack {
            hints.push(format!("report this at {ISSUES} ({version}, error {})", self.id));
        }
        if !hints.is_empty() {
            page.push('\n');
        }
        for hint in hints {
            let _ = writeln!(page, "{} {hint}", style::hint(colour, "hint:"));
        }
        page
    }

    /// The texts of the chain behind the summary, without repetitions.
    fn causes(&self) -> Vec<String> {
        let mut texts = vec![self.summary.clone()];
        for cause in self.cause.iter().flat_map(|cause| cause.chain()) {
            let text = cause.to_string();
            // A layer that quotes its source says the same thing again.
            if !text.is_empty() && !texts.iter().any(|known| known.contains(&text)) {
                texts.push(text);
            }
        }
        texts.split_off(1)
    }
}

fn broken(text: &str, place: &str) -> Problem {
    Problem::new("bug", Fault::Buildpack, format!("this program broke: {text} ({place})"))
}

/// Makes a panic print the error page instead of Rust's message.
///
/// Programs are built with `panic = "abort"`: the page is all that is left of it.
pub fn install_panic_page(version: &'static str) {
    std::panic::set_hook(Box::new(move |info| {
        let text = info
            .payload()
            .downcast_ref::<&str>()
            .map(ToString::to_string)
            .or_else(|| info.payload().downcast_ref::<String>().cloned())
            .unwrap_or_default();
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let problem = broken(&text, &place);
        // Nothing is left to tell the user if this fails.
        let _ = std::io::Write::write_all(
            &mut std::io::stderr(),
            problem.page(version, Colour::Off).as_bytes(),
        );
    }));
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("no {tool} release fits `{wanted}` (asked for in package.json, engines.node)")]
    struct NoRelease {
        tool: &'static str,
        wanted: &'static str,
        #[source]
        source: Option<std::io::Error>,
    }

    impl Explain for NoRelease {
        fn id(&self) -> &'static str {
            "no-release"
        }

        fn fault(&self) -> Fault {
            Fault::App
        }

        fn hints(&self) -> Vec<String> {
            vec!["change the version in package.json, engines.node".to_owned()]
        }
    }

    #[test]
    fn a_page_says_what_and_what_to_do() {
        let problem = Problem::from(NoRelease { tool: "Node.js", wanted: "^30", source: None });
        assert_snapshot!(problem.page("kouti/nodejs 0.1.0", Colour::Off), @r"
        error[no-release]: no Node.js release fits `^30` (asked for in package.json, engines.node)

        hint: change the version in package.json, engines.node
        ");
    }

    #[test]
    fn a_fault_of_ours_asks_for_a_report_and_names_each_cause_once() {
        let inner = std::io::Error::other("the pipe broke");
        let error = anyhow::Error::new(inner).context("cannot talk to the tool");
        let problem = Problem::from(error);
        assert_snapshot!(problem.page("kouti/nodejs 0.1.0", Colour::Off), @r"
        error[internal]: cannot talk to the tool
          caused by: the pipe broke

        hint: report this at https://github.com/kouti/kouti/issues (kouti/nodejs 0.1.0, error internal)
        ");
    }

    #[test]
    fn a_source_becomes_a_cause() {
        let source = Some(std::io::Error::other("the index is damaged"));
        let problem = Problem::from(NoRelease { tool: "Node.js", wanted: "^30", source });
        assert!(problem.page("x", Colour::Off).contains("\n  caused by: the index is damaged\n"));
    }

    #[test]
    fn a_panic_is_a_page_too() {
        let page = broken("index out of bounds", "src/x.rs:1:2").page("kouti 0.1.0", Colour::Off);
        assert_snapshot!(page, @r"
        error[bug]: this program broke: index out of bounds (src/x.rs:1:2)

        hint: report this at https://github.com/kouti/kouti/issues (kouti 0.1.0, error bug)
        ");
    }

    #[test]
    fn a_failed_file_operation_says_what_to_do() {
        use std::io::ErrorKind;

        let page = |kind| {
            let error = std::io::Error::new(kind, "failed to open file `/app/x`");
            Problem::from(error).page("", Colour::Off)
        };
        assert_snapshot!(page(ErrorKind::PermissionDenied), @r"
        error[permission-denied]: failed to open file `/app/x`

        hint: let the build user read and write there
        ");
        assert_snapshot!(page(ErrorKind::NotFound), @r"
        error[file-error]: failed to open file `/app/x`

        hint: check the file and its directory, then build again
        ");
        assert_snapshot!(page(ErrorKind::StorageFull), @r"
        error[disk-full]: failed to open file `/app/x`

        hint: free some space, or give the build more
        ");
    }

    #[test]
    fn a_full_disk_has_its_own_id() {
        let problem = Problem::from(std::io::Error::from(std::io::ErrorKind::StorageFull));
        assert_eq!(problem.id, "disk-full");
        assert_eq!(problem.fault, Fault::Surroundings);
    }
}
