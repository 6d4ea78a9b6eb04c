//! The process types of an app.

use kouti::Process;

/// A way to start the app, under the names that Paketo has for it.
pub(crate) struct Start {
    /// `executable-jar`, `spring-boot-app`, `tomcat` or `dist-zip`.
    pub(crate) kind: &'static str,
    pub(crate) command: Vec<String>,
    /// Whether another process restarts it when its files change.
    pub(crate) live_reload: bool,
}

pub(crate) fn declare(start: &Start) -> Vec<Process> {
    let process = |kind: &str| Process::new(kind, start.command.clone());
    let mut processes = vec![process(start.kind), process("task")];
    if start.live_reload {
        let command = ["watchexec", "--restart", "--shell=none", "--"].map(str::to_owned);
        let command = command.into_iter().chain(start.command.iter().cloned());
        processes.push(process("web"));
        processes.push(Process::new("reload", command).default());
    } else {
        processes.push(process("web").default());
    }
    processes
}
