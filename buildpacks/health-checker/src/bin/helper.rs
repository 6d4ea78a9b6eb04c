//! Asks the app of this container whether it is well. Exit code 0 says yes, 1 says no.

use std::io::Write as _;
use std::process::ExitCode;

use kouti_health_checker::Check;
use kouti_launch::Env;

fn main() -> ExitCode {
    let checked = Check::of(&Env::of_process()).and_then(|check| Ok((check.run()?, check.url())));
    // Nobody is left to tell if the output cannot be written.
    match checked {
        Ok((status, url)) => {
            let _ = writeln!(std::io::stdout(), "healthy: {url} answers {status}");
            ExitCode::SUCCESS
        }
        Err(unwell) => {
            let _ = writeln!(std::io::stderr(), "unhealthy: {unwell}");
            ExitCode::from(1)
        }
    }
}
