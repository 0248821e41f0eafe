//! `posledgerd` from its settings to its exit.

use std::error::Error;
use std::fmt;
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use engine::{HaltReason, SystemClock};
use protocol::{Problem, report};
use tokio::signal::unix::{SignalKind, signal};

use crate::arguments::Arguments;
use crate::log::init_log;
use crate::server::{Server, ServerError};
use crate::settings::Settings;

/// Why the process ended other than by being asked to.
#[derive(Debug)]
pub enum RunError {
    /// The settings have problems.
    Settings {
        /// All of them.
        problems: Vec<Problem>,
        /// The file that those with a line are in.
        file: Option<String>,
    },
    /// The filter of the log cannot be read.
    LogFilter(String),
    /// The system gave no threads or no signals. Look at its limits.
    System(std::io::Error),
    /// The server did not start.
    Server(ServerError),
    /// The ledger stopped rather than go on unsure.
    Halted(HaltReason),
}

impl RunError {
    /// 2 if nothing was started, 1 if the ledger halted.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Settings { .. } | Self::LogFilter(_) | Self::System(_) | Self::Server(_) => 2,
            Self::Halted(_) => 1,
        })
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settings { problems, file } => {
                writeln!(f, "the settings cannot be used")?;
                let texts = problems.iter().map(|problem| {
                    let source = file.as_deref().filter(|_| problem.line.is_some());
                    report(problem, source)
                });
                f.write_str(texts.collect::<String>().trim_end())
            }
            Self::LogFilter(words) => write!(f, "the filter of the log cannot be read: {words}"),
            Self::System(error) => write!(f, "the system refused: {error}"),
            Self::Server(error) => chain(f, error),
            Self::Halted(reason) => {
                f.write_str("the ledger has halted: ")?;
                chain(f, reason)
            }
        }
    }
}

impl Error for RunError {}

/// An error and all that led to it, on one line.
fn chain(f: &mut fmt::Formatter<'_>, error: &dyn Error) -> fmt::Result {
    write!(f, "{error}")?;
    let mut source = error.source();
    while let Some(error) = source {
        write!(f, ": {error}")?;
        source = error.source();
    }
    Ok(())
}

/// Runs the ledger process: reads its settings, prints `listening on http://…` on standard output when it
/// is ready, and answers until it gets SIGTERM or SIGINT.
///
/// # Errors
/// Returns [`RunError`] if it could not start, or if the ledger halted.
pub fn run(arguments: &Arguments) -> Result<(), RunError> {
    journal::keep_caught_panics_quiet();
    let settings = Settings::load(arguments, std::env::vars_os()).map_err(|problems| {
        let file = arguments.config.clone();
        RunError::Settings { problems, file }
    })?;
    init_log(&settings).map_err(RunError::LogFilter)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(RunError::System)?;
    let result = runtime.block_on(serve(&settings));
    match &result {
        Ok(()) => tracing::info!("stopped"),
        Err(error @ RunError::Halted(_)) => tracing::error!("{error}"),
        // Said once, as the last words of the process.
        Err(
            RunError::Settings { .. }
            | RunError::LogFilter(_)
            | RunError::System(_)
            | RunError::Server(_),
        ) => {}
    }
    // A question that is still being answered must not hold the process back.
    runtime.shutdown_background();
    result
}

async fn serve(settings: &Settings) -> Result<(), RunError> {
    // Before anything is opened: a signal that comes early is not lost.
    let mut terminate = signal(SignalKind::terminate()).map_err(RunError::System)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(RunError::System)?;
    let server = Server::start(settings, Arc::new(SystemClock))
        .await
        .map_err(RunError::Server)?;
    announce(&server).map_err(RunError::System)?;
    let stop = async {
        let name = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        };
        tracing::info!(signal = name, "stopping");
    };
    server.serve(stop).await.map_err(RunError::Halted)
}

/// Says on standard output where it listens, for people and for programs that started it.
fn announce(server: &Server) -> std::io::Result<()> {
    let mut output = std::io::stdout();
    writeln!(output, "listening on http://{}", server.address())?;
    output.flush()
}
