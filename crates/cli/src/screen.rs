//! Where results and messages go, and what the terminal there can do.

use std::fmt;
use std::io::{self, Write};

use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::failure::Failure;
use crate::render::{Ink, Look, Tone};

/// Columns where nobody says how many there are.
const WIDTH_DEFAULT: usize = 100;

/// Wider lines are hard to read.
const WIDTH_MAX: usize = 160;

/// Narrower ones cannot be kept to.
const WIDTH_MIN: usize = 60;

/// What the streams are connected to.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    /// Whether standard output is a terminal.
    pub out: bool,
    /// Whether standard error is a terminal.
    pub err: bool,
    /// Columns of the terminal.
    pub width: usize,
    /// Whether the environment asks for no colour.
    pub no_color: bool,
}

/// When to write in colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Columns of the terminal: `COLUMNS` if set, else what the terminal says.
pub(crate) fn width() -> usize {
    let told = std::env::var("COLUMNS")
        .ok()
        .and_then(|columns| columns.parse().ok());
    told.or_else(|| {
        let (_, columns) = Term::stdout().size_checked()?;
        Some(usize::from(columns))
    })
    .unwrap_or(WIDTH_DEFAULT)
}

/// Where results and messages go.
pub(crate) struct Screen<'a> {
    out: &'a mut dyn Write,
    err: &'a mut dyn Write,
    look: Look,
    err_ink: Ink,
    shows_progress: bool,
}

impl<'a> Screen<'a> {
    pub(crate) fn new(
        out: &'a mut dyn Write,
        err: &'a mut dyn Write,
        terminal: Terminal,
        color: Color,
    ) -> Self {
        let colored = |is_terminal| match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => is_terminal && !terminal.no_color,
        };
        Self {
            out,
            err,
            look: Look {
                width: terminal.width.clamp(WIDTH_MIN, WIDTH_MAX),
                ink: Ink::new(colored(terminal.out)),
            },
            err_ink: Ink::new(colored(terminal.err)),
            shows_progress: terminal.err,
        }
    }

    /// What standard output can show.
    pub(crate) const fn look(&self) -> Look {
        self.look
    }

    /// Standard output.
    pub(crate) fn out(&mut self) -> &mut dyn Write {
        self.out
    }

    /// Writes a result.
    pub(crate) fn print(&mut self, text: &str) -> Result<(), Failure> {
        self.out.write_all(text.as_bytes()).map_err(Failure::Output)
    }

    /// Writes a result as one line of JSON.
    pub(crate) fn print_json(&mut self, value: &impl serde::Serialize) -> Result<(), Failure> {
        serde_json::to_writer(&mut *self.out, value)
            .map_err(|error| Failure::Output(io::Error::from(error)))?;
        self.print("\n")
    }

    /// Brings all results out.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        self.out.flush().map_err(Failure::Output)
    }

    /// Tells something that is not a result.
    pub(crate) fn note(&mut self, tone: Tone, text: &str) {
        // Where nobody listens there is nobody to tell.
        let _ = writeln!(self.err, "{}", self.err_ink.paint(tone, text));
    }

    /// Tells why the command could not run.
    pub(crate) fn fail(&mut self, failure: &Failure) {
        let _ = self.out.flush();
        let _ = write!(self.err, "{}", failure.render(self.err_ink));
    }

    /// A bar for long work, on a terminal.
    pub(crate) fn progress(&self, what: &'static str, total: u64, unit: Unit) -> ProgressBar {
        let target = if self.shows_progress {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let numbers = match unit {
            Unit::Bytes => "{bytes} of {total_bytes}, {bytes_per_sec}",
            Unit::Records => "{human_pos} of {human_len}, {per_sec}",
        };
        let template = format!("{{msg:12}} {{wide_bar:.cyan/dim}} {numbers}, {{eta}} left");
        let style = ProgressStyle::with_template(&template)
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .progress_chars("━╸─");
        ProgressBar::with_draw_target(Some(total), target)
            .with_style(style)
            .with_message(what)
    }
}

impl fmt::Debug for Screen<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Screen")
            .field("look", &self.look)
            .finish_non_exhaustive()
    }
}

/// What a progress bar counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Bytes of a file.
    Bytes,
    /// Records of a journal.
    Records,
}
