//! Why a question has no answer.

use journal::JournalError;
use projection::HistoryError;
use protocol::Problem;

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The question cannot be read. Correct it: every problem is named.
    #[error("the question cannot be answered: {}", sentence(.0))]
    Invalid(Vec<Problem>),
    /// Nothing has this name, or had it at that moment.
    #[error("nothing was found: {}", sentence(std::slice::from_ref(.0)))]
    NotFound(Problem),
    /// The journal cannot be read. Look at the disk; run `posledger verify`.
    #[error("the journal cannot be read")]
    Journal(#[from] JournalError),
    /// The history cannot be read. Look at the disk; it is rebuilt at the next start.
    #[error("the history cannot be read")]
    History(#[from] HistoryError),
}

/// The problems on one line.
fn sentence(problems: &[Problem]) -> String {
    let parts: Vec<String> = problems
        .iter()
        .map(|problem| {
            let Problem {
                field,
                found,
                expected,
                ..
            } = problem;
            format!("{field}: found {found}, expected {expected}")
        })
        .collect();
    parts.join("; ")
}
