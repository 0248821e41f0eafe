//! The background process of the position ledger.

use std::process::ExitCode;

use server::Arguments;

fn main() -> ExitCode {
    match server::run(&Arguments::from_command_line()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("posledgerd: {error}");
            error.exit_code()
        }
    }
}
