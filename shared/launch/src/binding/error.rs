//! What can be wrong with bindings.

use std::io;
use std::path::PathBuf;

use kouti_report::{Explain, Fault};

/// The bindings cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum UnusableBindings {
    /// The directory of the bindings cannot be listed.
    #[error("the bindings in `{}` cannot be read", root.display())]
    Directory {
        /// Where they are.
        root: PathBuf,
        /// Why not.
        #[source]
        error: io::Error,
    },
    /// The file named by `VCAP_SERVICES_FILE_PATH` cannot be read.
    #[error("the file named by VCAP_SERVICES_FILE_PATH cannot be read")]
    VcapFile {
        /// Why not.
        #[source]
        error: io::Error,
    },
    /// The services are no JSON.
    #[error("{origin} is not valid JSON (line {line}, column {column})")]
    VcapSyntax {
        /// The variable or the file.
        origin: String,
        /// Counted from one.
        line: usize,
        /// Counted from one.
        column: usize,
    },
    /// The services are JSON of another form.
    #[error("{origin} is not a JSON object of lists of services")]
    VcapShape {
        /// The variable or the file.
        origin: String,
    },
}

impl Explain for UnusableBindings {
    fn id(&self) -> &'static str {
        match self {
            Self::Directory { .. } => "bindings-unreadable",
            Self::VcapFile { .. } => "vcap-services-unreadable",
            Self::VcapSyntax { .. } | Self::VcapShape { .. } => "vcap-services-invalid",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Surroundings
    }

    fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::Directory { .. } | Self::VcapFile { .. } => {
                "let the user who builds and the user who runs the app read it"
            }
            Self::VcapSyntax { .. } | Self::VcapShape { .. } => {
                "the platform sets it; if you set it yourself, check its quotes and brackets"
            }
        };
        vec![hint.to_owned()]
    }
}

/// More than one binding of a type of which only one can be used.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
#[error("there is more than one binding of type `{kind}`: {}", names.join(", "))]
pub struct SeveralBindings {
    /// The type.
    pub kind: String,
    /// Their names.
    pub names: Vec<String>,
}

impl Explain for SeveralBindings {
    fn id(&self) -> &'static str {
        "several-bindings"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![format!("keep one binding of type `{}` and remove the others", self.kind)]
    }
}

/// A binding without an entry that is needed.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
#[error("the binding `{binding}` has no entry `{key}`")]
pub struct MissingEntry {
    /// Name of the binding.
    pub binding: String,
    /// What is missing.
    pub key: String,
    /// What is there.
    pub present: Vec<String>,
}

impl Explain for MissingEntry {
    fn id(&self) -> &'static str {
        "binding-entry-missing"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        let mut hints = vec![format!("add a file `{}` to the binding", self.key)];
        if !self.present.is_empty() {
            hints.push(format!("keys are case-sensitive; it has: {}", self.present.join(", ")));
        }
        hints
    }
}
