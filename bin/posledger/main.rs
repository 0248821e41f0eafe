//! The command line of the position ledger.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(cli::main())
}
