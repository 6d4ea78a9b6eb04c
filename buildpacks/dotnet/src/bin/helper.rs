//! What runs when a container starts.

use std::process::ExitCode;

use kouti_dotnet::{configure_site, listen_on_port};

fn main() -> ExitCode {
    kouti_launch::helper::main(&[("port", listen_on_port), ("site", configure_site)])
}
