//! What runs in front of nginx, in a container and in the build that checks a configuration.

mod conf;
mod configuration;
mod launcher;
mod options;
mod rendering;

pub use configuration::{Configuration, Loaded};
pub use launcher::{main, missing_in_main, root_of};
pub use options::Options;
pub use rendering::{Place, Source, Written, note_optional_directives, write};
