//! The `posledger` command.
//!
//! Every command works on a journal no daemon has open (`--data`) and through a daemon (`--url`) alike:
//! `source` is where they differ, and nothing else knows. Results go to standard output, all else to
//! standard error.
//!
//! ```text
//! arguments ──▶ command ──▶ source (directory or daemon) ──▶ views ──▶ render ──▶ standard output
//! ```

#![expect(
    clippy::format_push_string,
    reason = "text for people, a page at a time: `+=` reads as what is printed"
)]

mod arguments;
mod events;
mod explain;
mod failure;
mod import;
mod listing;
mod render;
mod replay;
mod screen;
mod snapshot;
mod source;
#[cfg(test)]
mod tests;
mod verify;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};

use arguments::{Arguments, Command, Target};
use failure::Failure;
use screen::Screen;
pub use screen::Terminal;
use source::Source;

/// How a command that ran came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// Done.
    Done,
    /// There are findings or refusals, all told.
    Findings,
}

/// Exit codes: 0 done, 1 findings or refusals, 2 could not run.
const DONE: u8 = 0;
const FINDINGS: u8 = 1;
const COULD_NOT_RUN: u8 = 2;

/// Runs the program with the process's own arguments and streams, and returns its exit code.
pub fn main() -> u8 {
    journal::keep_caught_panics_quiet();
    let (out, err) = (io::stdout(), io::stderr());
    let terminal = Terminal {
        out: out.is_terminal(),
        err: err.is_terminal(),
        width: screen::width(),
        no_color: std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()),
    };
    let mut out = io::BufWriter::with_capacity(1 << 16, out.lock());
    run(std::env::args_os(), &mut out, &mut err.lock(), terminal)
}

/// Runs the program with these arguments, the program's name first, and returns its exit code.
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    out: &mut dyn Write,
    err: &mut dyn Write,
    terminal: Terminal,
) -> u8 {
    let arguments = match Arguments::read(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error, out, err),
    };
    let mut screen = Screen::new(out, err, terminal, arguments.color);
    let result = dispatch(arguments, &mut screen);
    let result = result.and_then(|outcome| screen.flush().map(|()| outcome));
    match result {
        Ok(Outcome::Done) => DONE,
        Ok(Outcome::Findings) => FINDINGS,
        // Whoever read the output has seen enough: `posledger events | head`.
        Err(failure) if failure.is_closed_output() => DONE,
        Err(failure) => {
            screen.fail(&failure);
            COULD_NOT_RUN
        }
    }
}

/// Help and version are results; everything else that clap says is not.
fn usage(error: &clap::Error, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    let text = error.render();
    // Where nobody listens there is nobody to tell.
    if error.use_stderr() {
        let _ = write!(err, "{text}");
        COULD_NOT_RUN
    } else {
        let _ = write!(out, "{text}").and_then(|()| out.flush());
        DONE
    }
}

fn dispatch(arguments: Arguments, screen: &mut Screen<'_>) -> Result<Outcome, Failure> {
    let target = &arguments.target;
    match arguments.command {
        Command::Import(import) => import::run(&import, target, screen),
        Command::Verify(verify) => verify::run(&verify, target, screen),
        Command::Completions { shell } => {
            arguments::completions(shell, screen.out());
            Ok(Outcome::Done)
        }
        Command::Explain(explain) if explain.field.is_none() => {
            explain::code(&explain.subject, screen)
        }
        Command::Explain(explain) => {
            asking(target, |source| explain::field(&explain, source, screen))
        }
        Command::Positions(list) => {
            asking(target, |source| listing::positions(list, source, screen))
        }
        Command::Trades(list) => asking(target, |source| listing::trades(list, source, screen)),
        Command::Orders(list) => asking(target, |source| listing::orders(list, source, screen)),
        Command::Fills(list) => asking(target, |source| listing::fills(list, source, screen)),
        Command::Stats(list) => asking(target, |source| listing::stats(list, source, screen)),
        Command::Replay(replay) => asking(target, |source| replay::run(&replay, source, screen)),
        Command::Events(events) => asking(target, |source| events::run(&events, source, screen)),
        Command::Export(export) => asking(target, |source| snapshot::run(&export, source, screen)),
    }
}

/// Opens the source, asks, and lets it go.
fn asking(
    target: &Target,
    ask: impl FnOnce(&Source) -> Result<Outcome, Failure>,
) -> Result<Outcome, Failure> {
    let source = Source::open(target)?;
    let outcome = ask(&source)?;
    source.close()?;
    Ok(outcome)
}
