//! Runs shell texts as a script, for tests and for trying the supervisor out:
//!
//! ```sh
//! supervise --before 'echo first' --after 'echo last' 'node server.js | tee log'
//! supervise --simple node server.js
//! ```

use std::process::{Command, ExitCode};

use kouti_launch::supervisor::Script;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (mut before, mut after) = (Vec::new(), Vec::new());
    let main = loop {
        match arguments.next().unwrap_or_default().as_str() {
            "--before" => before.extend(arguments.next().as_deref().map(shell)),
            "--after" => after.extend(arguments.next().as_deref().map(shell)),
            "--simple" => {
                let mut main = Command::new(arguments.next().unwrap_or_default());
                main.args(arguments);
                return Script { before, main, after, is_simple: true }.exit("supervise");
            }
            text => break shell(text),
        }
    };
    Script { before, main, after, is_simple: false }.exit("supervise")
}

fn shell(text: &str) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(text);
    command
}
