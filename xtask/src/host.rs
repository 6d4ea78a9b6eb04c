//! Programs of this machine: found on `PATH`, or installed by apt where that is possible without asking.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};

use crate::advice::Advice;
use crate::command::Command;
use crate::workspace::Workspace;

/// A program and the Debian packages that may bring it; the first one that apt knows is taken.
pub(crate) type Need = (&'static str, &'static [&'static str]);

/// Makes sure that the programs are there.
pub(crate) fn need(workspace: &Workspace, needs: &[Need]) -> Result<()> {
    if missing(workspace, needs).is_empty() {
        return Ok(());
    }
    let _lock = workspace.lock("apt")?;
    let missing = missing(workspace, needs);
    if missing.is_empty() {
        return Ok(()); // another thread installed them while this one waited
    }
    let names = programs(&missing);
    if !is_root() || find(workspace, "apt-get").is_none() {
        let packages: Vec<&str> =
            missing.iter().filter_map(|(_, packages)| packages.last().copied()).collect();
        let hint = format!(
            "install the Debian or Ubuntu packages {} (or what has them elsewhere)",
            packages.join(" ")
        );
        return Err(Advice::new(format!("not on PATH: {names}"), hint).into());
    }
    workspace.say("host", format_args!("installing {names}"));
    install(workspace, &missing).or_else(|_| {
        // An outdated index, or an apt that was interrupted: both are mended, then it is tried once more.
        apt(workspace, "apt-get", &["update"])?;
        apt(workspace, "dpkg", &["--configure", "-a"])?;
        install(workspace, &missing)
    })?;
    match programs(&self::missing(workspace, needs)).as_str() {
        "" => Ok(()),
        names => bail!("installed, but not on PATH: {names}"),
    }
}

/// Where the program is on `PATH`.
pub(crate) fn find(workspace: &Workspace, program: &str) -> Option<PathBuf> {
    std::env::split_paths(&workspace.path).map(|dir| dir.join(program)).find(|path| path.is_file())
}

/// Whether this process may do everything.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn programs(needs: &[Need]) -> String {
    needs.iter().map(|(program, _)| *program).collect::<Vec<_>>().join(", ")
}

fn missing(workspace: &Workspace, needs: &[Need]) -> Vec<Need> {
    needs.iter().filter(|(program, _)| find(workspace, program).is_none()).copied().collect()
}

fn install(workspace: &Workspace, needs: &[Need]) -> Result<()> {
    let packages = needs.iter().map(|(program, packages)| {
        let known = packages.iter().find(|package| is_known(package));
        known.copied().ok_or_else(|| anyhow!("apt knows no package for {program}"))
    });
    let packages = packages.collect::<Result<Vec<&str>>>()?;
    let options = ["install", "--yes", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120"];
    apt(workspace, "apt-get", &[&options[..], &packages].concat())
}

fn is_known(package: &str) -> bool {
    // A package that is only mentioned by others has no version to show.
    Command::new("apt-cache")
        .args(["show", "--no-all-versions", package])
        .output()
        .is_ok_and(|text| !text.is_empty())
}

fn apt(workspace: &Workspace, program: &str, args: &[&str]) -> Result<()> {
    Command::new(program)
        .args(args)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .quiet(workspace, "apt")
}

/// The number in a pid file, if the process it names runs and its command line has the word `mark`.
///
/// After a crash or reboot the number may belong to somebody else.
pub(crate) fn running(pid_file: &Path, mark: &str) -> Option<rustix::process::Pid> {
    let pid: i32 = fs_err::read_to_string(pid_file).ok()?.trim().parse().ok()?;
    let line = fs_err::read(format!("/proc/{pid}/cmdline")).ok()?;
    let mut words = line.split(|byte| *byte == 0);
    words.any(|word| word == mark.as_bytes()).then(|| rustix::process::Pid::from_raw(pid)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files;

    #[test]
    fn a_pid_file_counts_only_while_its_own_process_runs() {
        let dir = tempfile::tempdir().unwrap();
        let pid_file = dir.path().join("pid");
        assert_eq!(running(&pid_file, "x"), None);
        files::write(&pid_file, format!("{}\n", std::process::id())).unwrap();
        assert_eq!(running(&pid_file, "some other program"), None);
        let own = std::env::args().next().unwrap_or_default();
        assert!(running(&pid_file, &own).is_some());
        files::write(&pid_file, "no number").unwrap();
        assert_eq!(running(&pid_file, &own), None);
    }
}
