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
        self.reloading_except(app_dir, &[])
    }

    /// The same, without minding changes of `ignored`, files or directories below `dir`.
    #[must_use]
    pub fn reloading_except(self, dir: &Path, ignored: &[&str]) -> [Self; 2] {
        let path = |path: &Path| path.to_string_lossy().into_owned();
        let watchexec = [
            "watchexec",
            "--restart",
            "--watch",
            &path(dir),
            "--shell",
            "none",
            // What is built is often ignored by version control, and still what has changed.
            "--no-vcs-ignore",
            "--no-project-ignore",
            // A tool that copies many files is not to cause as many starts.
            "--debounce",
            "200ms",
        ];
        let ignored =
            ignored.iter().flat_map(|name| ["--ignore".to_owned(), path(&dir.join(name))]);
        let mut command: Vec<_> = watchexec.map(str::to_owned).into_iter().chain(ignored).collect();
        command.push("--".to_owned());
        command.extend(self.command.iter().cloned());
        let watched = Self { command, ..self.clone() };
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
        assert_eq!(plain, Process { kind: "no-reload".to_owned(), default: false, ..web.clone() });

        let [watched, _] = web.reloading_except(Path::new("/workspace"), &["dist"]);
        assert_eq!(watched.command[10..], ["--ignore", "/workspace/dist", "--", "serve"]);
    }
}
