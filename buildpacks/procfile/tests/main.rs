//! The program in the miniature lifecycle.
#![cfg(test)]

mod errors;
mod processes;
mod shells;
mod sources;

use kouti_testing::{Built, Case};

fn case() -> Case {
    let descriptor = concat!(env!("CARGO_MANIFEST_DIR"), "/buildpack.toml");
    Case::new(env!("CARGO_BIN_EXE_kouti-procfile"), descriptor)
        .helper(env!("CARGO_BIN_EXE_kouti-procfile-helper"))
}

fn procfile(text: &str) -> Case {
    case().file("Procfile", text)
}

/// What a process prints until it ends.
fn output(build: &Built, process_type: &str, args: &[&str]) -> String {
    let launch = build.launch(process_type).env("PORT", "8080").args(args);
    launch.start().unwrap().wait().unwrap().log
}
