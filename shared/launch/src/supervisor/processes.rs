//! The processes of this container, as `/proc` lists them.

use std::path::{Path, PathBuf};

use rustix::process::Pid;

/// One line of `/proc/<id>/stat`.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Process {
    pub(super) id: Pid,
    parent: i32,
    group: i32,
    is_zombie: bool,
}

impl Process {
    /// The process and what it executes; without the latter if that cannot be seen.
    pub(super) fn program(&self) -> (i32, PathBuf) {
        let id = self.id.as_raw_nonzero().get();
        (id, fs_err::read_link(format!("/proc/{id}/exe")).unwrap_or_default())
    }

    pub(super) fn is_in(&self, group: Pid) -> bool {
        self.group == group.as_raw_nonzero().get()
    }
}

/// The living processes of a group.
pub(super) fn members(group: Pid) -> impl Iterator<Item = Process> {
    all().filter(move |process| process.group == group.as_raw_nonzero().get() && !process.is_zombie)
}

/// The ended children of a process.
pub(super) fn zombies_of(parent: Pid) -> impl Iterator<Item = Process> {
    all()
        .filter(move |process| process.parent == parent.as_raw_nonzero().get() && process.is_zombie)
}

fn all() -> impl Iterator<Item = Process> {
    fs_err::read_dir(Path::new("/proc"))
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(Pid::from_raw)
        .filter_map(|id| {
            let stat = fs_err::read(format!("/proc/{}/stat", id.as_raw_nonzero())).ok()?;
            parse(id, &String::from_utf8_lossy(&stat))
        })
}

/// `1 (name) S parent group …`; the name may hold anything, even `) Z 1`.
fn parse(id: Pid, stat: &str) -> Option<Process> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    Some(Process {
        id,
        // X is a zombie that is being reaped.
        is_zombie: matches!(fields.next()?, "Z" | "X"),
        parent: fields.next()?.parse().ok()?,
        group: fields.next()?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_pretend_to_be_fields() {
        let id = Pid::INIT;
        let process = |parent, group, is_zombie| Some(Process { id, parent, group, is_zombie });
        assert_eq!(parse(id, "1 (sh) S 0 1 1 34816"), process(0, 1, false));
        assert_eq!(parse(id, "1 (a) Z 7 8 (b) Z 2 3 4\n"), process(2, 3, true));
        assert_eq!(parse(id, "1 (sh) S"), None);
        assert_eq!(parse(id, ""), None);
    }

    #[test]
    fn this_process_is_a_member_of_its_group() {
        let own = rustix::process::getpid();
        assert!(members(rustix::process::getpgrp()).any(|process| process.id == own));
    }
}
