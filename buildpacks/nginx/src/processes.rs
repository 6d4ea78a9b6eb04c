//! The recipe's process types.

use kouti::Process;

/// nginx with a configuration, watched if the app is to restart when its files change.
pub(crate) fn declare(conf: &str, live_reload: bool) -> Vec<Process> {
    let plain = ["nginx", "-c", conf];
    if !live_reload {
        return vec![Process::new("web", plain).default()];
    }
    // Restarted, not reloaded: the configuration is rendered anew then. What a build has made is
    // often ignored by version control, but changes nevertheless.
    let watched =
        ["watchexec", "--restart", "--no-vcs-ignore", "--watch", ".", "--shell", "none", "--"];
    vec![
        Process::new("web", watched.into_iter().chain(plain)).default(),
        Process::new("no-reload", plain),
    ]
}
