//! What runs in front of Apache httpd in a container.

mod launcher;

pub use launcher::main;
