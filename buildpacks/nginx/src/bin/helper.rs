//! What runs when a container starts: `nginx`, in front of the real one.

use std::process::ExitCode;

fn main() -> ExitCode {
    kouti_nginx::main()
}
