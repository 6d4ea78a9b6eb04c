//! Makes the book in a directory into the pages of another one: `book <from> <to>`.

use std::path::PathBuf;
use std::process::ExitCode;

use mdbook_driver::MDBook;

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(from), Some(to)) = (args.next(), args.next()) else {
        eprintln!("usage: book <from> <to>");
        return ExitCode::FAILURE;
    };
    let made = MDBook::load(from).and_then(|mut book| {
        book.config.build.build_dir = to;
        book.build()
    });
    match made {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
