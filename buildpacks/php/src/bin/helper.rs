//! What runs in the container: the helper before every process, and the supervisor.

use std::process::ExitCode;

use kouti_launch::helper;
use kouti_php::{php_launch, start};

fn main() -> ExitCode {
    match helper::called_as() {
        name if start::NAMES.contains(&name.as_str()) => start::main(&name),
        _ => helper::main(&[("php-launch", php_launch)]),
    }
}
