//! What a build says to the person who runs it: the log, notices, and the page
//! shown when it cannot go on.
//!
//! Nothing else in Kouti prints. The look is fixed here, so that every
//! buildpack reads alike and tests can compare whole logs.

mod excerpt;
mod log;
mod problem;
mod quantity;
mod safe_url;

pub use excerpt::{Span, excerpt};
pub use log::{Colour, Event, EventKind, Level, Log, Notice};
pub use problem::{Explain, Fault, Problem, install_panic_page};
pub use quantity::{bytes, duration};
pub use safe_url::{SafeUrl, mask_address, mask_credentials};

/// Where people report what is a bug of ours.
pub const ISSUES: &str = "https://github.com/kouti/kouti/issues";
