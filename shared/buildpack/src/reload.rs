//! Live reload: processes that start anew when files of the app change.

use std::path::Path;

use crate::{Entry, Process};

impl Entry {
    /// What a buildpack requires whose processes are [reloading](Process::reloading).
    #[must_use]
    pub fn watchexec() -> Self {
        Self::new("watchexec").with("launch", true)
    }
}

impl Process {
    /// This process below `watchexec`, and as `no-reload` without it. For `BP_LIVE_RELOAD_ENABLED`.
    #[must_use]
    pub fn reloading(self, app_dir: &Path) -> [Self; 2] {
        let app_dir = app_dir.to_string_lossy().into_owned();
        let watchexec = [
            "watchexec",
            "--restart",
            "--watch",
            &app_dir,
            "--shell",
            "none",
            // What is built is often ignored by version control, and still what has changed.
            "--no-vcs-ignore",
            "--no-project-ignore",
            // A tool that copies many files is not to cause as many starts.
            "--debounce",
            "200ms",
            "--",
        ];
        let command = watchexec.map(str::to_owned).into_iter().chain(self.command.iter().cloned());
        let watched = Self { command: command.collect(), ..self.clone() };
        [watched, Self { kind: "no-reload".to_owned(), default: false, ..self }]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_is_there_with_and_without_watchexec() {
        let web = Process::new("web", ["serve"]).args(["--port", "1"]).default();
        let [watched, plain] = web.clone().reloading(Path::new("/workspace"));
        assert_eq!(watched.command[..4], ["watchexec", "--restart", "--watch", "/workspace"]);
        assert_eq!(watched.command[10..], ["--", "serve"]);
        assert_eq!((&watched.args, watched.default), (&web.args, true));
        assert_eq!(plain, Process { kind: "no-reload".to_owned(), default: false, ..web });
    }
}
