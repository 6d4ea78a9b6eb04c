//! Variables by which the build tells the programs at launch what it has decided.

/// The value of `BP_PHP_SERVER` that counts.
pub const SERVER: &str = "KOUTI_PHP_SERVER";
/// Extensions that are loaded already, separated by commas.
pub const EXTENSIONS: &str = "KOUTI_PHP_EXTENSIONS";
/// Document root, relative to the app.
pub const WEB_DIR: &str = "KOUTI_PHP_WEB_DIR";
/// Set if nginx itself speaks TLS.
pub const TLS: &str = "KOUTI_PHP_TLS";
/// Commands to run before the servers, one on each line.
pub const PRE_START: &str = "KOUTI_PHP_PRE_START";
/// Set if configuration snippets are watched.
pub const LIVE_RELOAD: &str = "KOUTI_PHP_LIVE_RELOAD";
/// Where files that are made when a container starts are.
pub const RUN_DIR: &str = "KOUTI_PHP_RUN_DIR";
/// Where PHP-FPM listens.
pub const FPM_LISTEN: &str = "KOUTI_FPM_LISTEN";
/// Set once the helper has run, so that the supervisor need not do the same.
pub const LAUNCH_DONE: &str = "KOUTI_LAUNCH_DONE";
