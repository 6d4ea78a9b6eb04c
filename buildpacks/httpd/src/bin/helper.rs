//! What runs when a container starts: `httpd`, in front of the real one.

use std::process::ExitCode;

fn main() -> ExitCode {
    kouti_httpd::main()
}
