//! Verbs, one file each.

use std::process::ExitCode;

/// Entry of the program.
pub fn main() -> ExitCode {
    ExitCode::SUCCESS
}
