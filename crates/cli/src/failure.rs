//! Why a command could not run, in one sentence, with what to do about it.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use engine::{HaltReason, StartError, SubmitError};
use export::ExportError;
use journal::JournalError;
use protocol::catalogue::codes;
use protocol::views::{BadEvent, ProblemView};
use protocol::{Code, Problem};
use query::QueryError;

use crate::render::{Ink, Tone};

/// A command could not run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// What was asked for cannot be read, or nothing has that name.
    #[error("{}", counted(.0))]
    Problems(Vec<Problem>),
    /// Nobody answers at the address.
    #[error("no daemon answers at {url}")]
    Unreachable {
        url: String,
        #[source]
        source: reqwest::Error,
    },
    /// The connection broke in the middle of an answer.
    #[error("the answer of {url} broke off")]
    BrokenOff {
        url: String,
        #[source]
        source: io::Error,
    },
    /// What answers is no daemon of ours, or of another version.
    #[error("{url} answers, but not as a posledgerd of this version does: {detail}")]
    Foreign { url: String, detail: String },
    /// The daemon says no.
    #[error("the daemon refuses: {}", .0.title)]
    Refused(Box<ProblemView>),
    /// The address cannot be used.
    #[error("`{url}` is not an address of a daemon")]
    BadUrl { url: String },
    /// The ledger cannot be started.
    #[error("the ledger in `{}` cannot be opened", path.display())]
    Start {
        path: PathBuf,
        #[source]
        source: StartError,
    },
    /// The journal cannot be opened, or not be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The question cannot be answered for another reason than its words.
    #[error("the ledger cannot answer")]
    Query(#[source] QueryError),
    /// Commands were not taken.
    #[error("the ledger takes no commands")]
    Submit(#[from] SubmitError),
    /// The ledger halted while it was being closed.
    #[error("the ledger halted")]
    Halted(#[source] HaltReason),
    /// An event is not what this version writes.
    #[error("record {sequence} cannot be understood")]
    Event {
        sequence: ledger::Sequence,
        #[source]
        source: BadEvent,
    },
    /// An input file cannot be read.
    #[error("cannot read `{name}`")]
    Input {
        name: String,
        #[source]
        source: io::Error,
    },
    /// An export cannot be made.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// The read models cannot be recomputed.
    #[error("the read models cannot be recomputed")]
    Recompute(#[source] projection::HistoryError),
    /// Standard output cannot be written.
    #[error("cannot write to standard output")]
    Output(#[source] io::Error),
    /// The command does not do this here.
    #[error("{0}")]
    NotHere(&'static str),
}

fn counted(problems: &[Problem]) -> String {
    match problems {
        [problem] => format!("{}: found {}", problem.field, problem.found),
        problems => format!("{} problems", problems.len()),
    }
}

impl Failure {
    /// Why the ledger in `path` was not opened.
    pub(crate) fn of_start(path: &Path, error: StartError) -> Self {
        if let StartError::Journal(error) = error {
            return Self::Journal(error);
        }
        Self::Start {
            path: path.to_owned(),
            source: error,
        }
    }
}

impl From<QueryError> for Failure {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Invalid(problems) => Self::Problems(problems),
            QueryError::NotFound(problem) => Self::Problems(vec![problem]),
            error @ (QueryError::Journal(_) | QueryError::History(_)) => Self::Query(error),
        }
    }
}

impl Failure {
    /// Whether the reader of our output has gone away, which is no failure.
    pub(crate) fn is_closed_output(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// What the journal said, where it is the journal's fault.
    const fn journal(&self) -> Option<&JournalError> {
        if let Self::Journal(error) = self {
            Some(error)
        } else {
            None
        }
    }

    /// Whether the ledger has stopped for a reason.
    const fn is_halt(&self) -> bool {
        matches!(self, Self::Submit(SubmitError::Halted(_)) | Self::Halted(_))
    }

    /// The page of the catalogue that says more.
    fn code(&self) -> Option<Code> {
        if let Self::Refused(view) = self {
            Some(view.code)
        } else if let Some(error) = self.journal() {
            journal_code(error)
        } else if self.is_halt() {
            Some(codes::LEDGER_HALTED)
        } else if matches!(self, Self::Submit(SubmitError::Busy)) {
            Some(codes::BUSY)
        } else {
            matches!(self, Self::Unreachable { .. }).then_some(codes::UNREACHABLE)
        }
    }

    /// What to do about it.
    fn remedy(&self) -> Option<&'static str> {
        if let Some(error) = self.journal() {
            return Some(journal_remedy(error));
        }
        if self.is_halt() {
            return Some("run `posledger verify --data DIR`; the same commands may be sent again");
        }
        if let Self::Export(ExportError::NotEmpty { .. } | ExportError::NotADirectory { .. }) = self
        {
            return Some("name a directory that does not exist yet");
        }
        if let Self::Unreachable { .. } = self {
            return Some(
                "start one with `posledgerd --data DIR`, or read a journal that no daemon has open \
                 with --data DIR",
            );
        }
        if let Self::Foreign { .. } = self {
            return Some("check --url, and that both programs are of one version");
        }
        if let Self::BadUrl { .. } = self {
            return Some(
                "it looks like http://127.0.0.1:7171; for https, put a local proxy in between",
            );
        }
        matches!(self, Self::Event { .. }).then_some("use the program of the version that wrote it")
    }

    /// The failure as it is printed.
    pub(crate) fn render(&self, ink: Ink) -> String {
        if let Self::Problems(problems) = self {
            return problems
                .iter()
                .map(|problem| protocol::report(problem, None))
                .collect();
        }
        let mut text = match self.code() {
            Some(code) => ink.paint(Tone::Alarm, &format!("error[{code}]")),
            None => ink.paint(Tone::Alarm, "error"),
        };
        text += &format!(": {self}\n");
        let mut source = self.source();
        while let Some(error) = source {
            text += &format!("  {error}\n");
            source = error.source();
        }
        if let Self::Refused(view) = self {
            let problems = view.problems.iter();
            text.extend(problems.map(|problem| protocol::report(problem, None)));
        }
        let explain = self
            .code()
            .map(|code| format!("    (posledger explain {code})"));
        match (self.remedy(), explain) {
            (Some(remedy), explain) => {
                text += &format!("  {remedy}{}\n", explain.unwrap_or_default());
            }
            (None, Some(explain)) => text += &format!("  {}\n", explain.trim_start()),
            (None, None) => {}
        }
        text
    }
}

fn journal_code(error: &JournalError) -> Option<Code> {
    use JournalError as E;
    let table = [
        (matches!(error, E::Locked { .. }), codes::IN_USE),
        (matches!(error, E::NotAJournal { .. }), codes::NO_JOURNAL),
        (matches!(error, E::Identity { .. }), codes::NOT_A_JOURNAL),
        (
            matches!(error, E::Corrupt { .. } | E::BothDamaged { .. }),
            codes::CORRUPT,
        ),
        (
            matches!(error, E::UnknownFormat { .. }),
            codes::UNKNOWN_FORMAT,
        ),
        (
            matches!(error, E::CopiesDiffer { .. }),
            codes::COPIES_DISAGREE,
        ),
        (matches!(error, E::Sync { .. }), codes::NOT_DURABLE),
    ];
    table
        .into_iter()
        .find_map(|(holds, code)| holds.then_some(code))
}

const fn journal_remedy(error: &JournalError) -> &'static str {
    if matches!(error, JournalError::Locked { .. }) {
        "ask that daemon with --url URL, or stop it first"
    } else if matches!(error, JournalError::NotAJournal { .. }) {
        "check the path; `posledgerd --data DIR` and `posledger import` make a journal"
    } else {
        "run `posledger verify --data DIR`: it names all that is wrong"
    }
}
