//! For programs that run when a container starts: exec.d helpers and process
//! supervisors. Also the service bindings, which builds read the same way.
//!
//! No network code and nothing that needs a writable root, a home directory or
//! an entry in `/etc/passwd`.

pub mod binding;
pub mod cgroup;
mod env;
pub mod exec_d;
pub mod helper;
pub mod launcher;
pub mod memory;
pub mod signals;
pub mod supervisor;

pub use env::Env;
