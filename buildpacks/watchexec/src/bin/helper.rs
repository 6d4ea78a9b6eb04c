//! What runs when a container starts: `watchexec`, in front of the real one.

use std::process::ExitCode;

fn main() -> ExitCode {
    kouti_watchexec::main()
}
