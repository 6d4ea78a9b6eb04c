//! What runs when a container starts.

use std::process::ExitCode;

fn main() -> ExitCode {
    kouti_launch::helper::main(&[("java", kouti_java::launch::java)])
}
