//! Why the engine did not start, does not take a command, or stopped.

use std::sync::Arc;

use journal::JournalError;
use ledger::Sequence;
use projection::HistoryError;

/// Why the engine did not start. Nothing was changed, but for repairs that the report names.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The journal cannot be opened, or a record cannot be read. The journal's own error says what
    /// to do.
    #[error("the journal cannot be opened")]
    Journal(#[source] JournalError),
    /// The read models cannot be built. Look at the disk and the rights in `history/`; the folder may
    /// be deleted, it is built anew.
    #[error("the read models cannot be built")]
    Projection(#[source] HistoryError),
    /// A checkpoint holds records that the journal does not have: the journal has lost what was
    /// durable. Put the journal's folder back as it was; or, where an older one was put back on purpose,
    /// move `history/` and `checkpoints/` away.
    #[error("a checkpoint holds record {sequence}, but the journal ends at {head}")]
    Lost {
        /// The last record in the checkpoint.
        sequence: Sequence,
        /// The journal's last.
        head: Sequence,
    },
    /// The system gave no thread. Look at its limits.
    #[error("cannot start a thread")]
    Thread(#[source] std::io::Error),
}

/// Why a command was not taken.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SubmitError {
    /// Too much is waiting. Nothing was recorded; try again a little later.
    #[error("the inbox is full")]
    Busy,
    /// The engine has halted. Whether the command was recorded is not known until it has started
    /// again; the same command may then be sent again, it is recognised.
    #[error("the ledger has halted: {0}")]
    Halted(HaltReason),
    /// The engine is stopping. Nothing was recorded.
    #[error("the ledger is stopping")]
    Stopped,
}

/// Why the engine stopped rather than go on unsure. Start it again: it reads back what is durable.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HaltReason {
    /// An append failed or left a doubt. What was not acknowledged may or may not be there.
    #[error("the journal failed")]
    Journal(#[source] Arc<JournalError>),
    /// What was written cannot be read back.
    #[error("the journal cannot be read")]
    Read(#[source] Arc<JournalError>),
    /// The read models failed: what they would answer cannot be trusted.
    #[error("the read models failed")]
    Projection(#[source] Arc<HistoryError>),
    /// A thread ended by a panic. A bug.
    #[error("a thread ended by a panic")]
    Panicked,
}
