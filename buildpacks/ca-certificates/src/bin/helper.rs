//! What runs when a container starts.

use std::process::ExitCode;

use kouti_ca_certificates::add_bound_certificates;

fn main() -> ExitCode {
    kouti_launch::helper::main(&[("ca-certificates-helper", add_bound_certificates)])
}
