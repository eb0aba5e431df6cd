//! Parse, run, leave with the code that says how it went.

use std::process::ExitCode;

fn main() -> ExitCode {
    steppewatch::cli::main()
}
