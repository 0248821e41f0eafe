//! The way in: a bounded queue of submissions, each with the place for its reply.

use ledger::{Command, Receipt};
use tokio::sync::{mpsc, oneshot, watch};

use crate::error::{HaltReason, SubmitError};

/// What waits in the inbox.
#[derive(Debug)]
pub(crate) enum Message {
    /// Work.
    Submit(Submission),
    /// The end: what waits before it is still done.
    Stop,
}

/// What one caller hands in at once, and where it waits.
#[derive(Debug)]
pub(crate) struct Submission {
    pub(crate) commands: Vec<Command>,
    pub(crate) reply: oneshot::Sender<Vec<Receipt>>,
}

/// A caller's end of the engine.
#[derive(Clone, Debug)]
pub struct Handle {
    pub(crate) inbox: mpsc::Sender<Message>,
    pub(crate) halted: watch::Receiver<Option<HaltReason>>,
}

impl Handle {
    /// Hands commands in and waits until all they lead to is durable. The receipts are in the same
    /// order. Commands of one call are decided in order, but others may come between them.
    ///
    /// # Errors
    /// [`SubmitError::Busy`] at once if the inbox is full. After [`SubmitError::Halted`] nobody can
    /// know until the restart what was recorded; sending the same commands again is safe.
    pub async fn submit(&self, commands: Vec<Command>) -> Result<Vec<Receipt>, SubmitError> {
        let (reply, receipts) = oneshot::channel();
        self.enqueue(Submission { commands, reply })?;
        receipts.await.map_err(|_| self.gone())
    }

    /// As [`submit`](Self::submit), for a thread that is not a task.
    ///
    /// # Errors
    /// As [`submit`](Self::submit).
    pub fn submit_blocking(&self, commands: Vec<Command>) -> Result<Vec<Receipt>, SubmitError> {
        let (reply, receipts) = oneshot::channel();
        self.enqueue(Submission { commands, reply })?;
        receipts.blocking_recv().map_err(|_| self.gone())
    }

    /// How many submissions wait.
    pub fn waiting(&self) -> usize {
        self.inbox
            .max_capacity()
            .saturating_sub(self.inbox.capacity())
    }

    /// How many submissions may wait.
    pub fn capacity(&self) -> usize {
        self.inbox.max_capacity()
    }

    fn enqueue(&self, submission: Submission) -> Result<(), SubmitError> {
        if let Some(reason) = self.halted.borrow().clone() {
            return Err(SubmitError::Halted(reason));
        }
        self.inbox
            .try_send(Message::Submit(submission))
            .map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => SubmitError::Busy,
                mpsc::error::TrySendError::Closed(_) => self.gone(),
            })
    }

    /// Why nobody answers.
    fn gone(&self) -> SubmitError {
        self.halted
            .borrow()
            .clone()
            .map_or(SubmitError::Stopped, SubmitError::Halted)
    }
}
