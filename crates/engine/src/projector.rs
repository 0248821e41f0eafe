//! The read side: one thread that folds what is durable into the read models, writes the history
//! behind, and leaves checkpoints.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Receiver;

use journal::{Checkpoints, JournalReader};
use ledger::{Mark, Record, Sequence};
use projection::{History, HistoryError};
use tokio::sync::watch;

use crate::error::HaltReason;
use crate::publish::Publication;
use crate::reader::{ReadModels, Shared};

/// The history is written behind once so many records wait in memory.
const ARCHIVE_RECORDS: usize = 8192;

#[derive(Debug)]
pub(crate) struct Projector {
    pub(crate) queue: Receiver<Publication>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) history: History,
    pub(crate) archived: Arc<AtomicU64>,
    pub(crate) checkpoints: Checkpoints,
    pub(crate) checkpoint_every_records: u64,
    pub(crate) halted: watch::Sender<Option<HaltReason>>,
    pub(crate) journal: JournalReader,
    /// The last record that a checkpoint covers.
    pub(crate) saved: Sequence,
}

impl Projector {
    /// Runs until the writer is gone, then leaves a last checkpoint.
    pub(crate) fn run(mut self) {
        if let Err(error) = self.follow() {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the read models failed"
            );
            let reason = HaltReason::Projection(Arc::new(error));
            self.halted.send_modify(|halted| {
                halted.get_or_insert(reason);
            });
            // Whoever waits for the read models waits no longer.
            self.shared.give_up();
        }
    }

    fn follow(&mut self) -> Result<(), HistoryError> {
        while let Ok(publication) = self.queue.recv() {
            match publication {
                Publication::Records(records) => self.fold(&records)?,
                Publication::Marks(marks) => self.observe(&marks),
            }
            self.shared.folded_one();
            self.write_behind()?;
        }
        self.checkpoint()
    }

    fn fold(&self, records: &[Record]) -> Result<(), HistoryError> {
        self.shared
            .update(|models| records.iter().try_for_each(|record| models.apply(record)))
    }

    /// What readers need not wait for.
    fn write_behind(&mut self) -> Result<(), HistoryError> {
        let (waiting, head) = self
            .shared
            .look(|models| (models.history().waiting(), models.head()));
        if waiting >= ARCHIVE_RECORDS {
            self.archive()?;
        }
        if head.get().saturating_sub(self.saved.get()) >= self.checkpoint_every_records {
            self.checkpoint()?;
        }
        Ok(())
    }

    fn observe(&self, marks: &[Mark]) {
        self.shared.update(|models| {
            for mark in marks {
                if models.open_mut().ledger_mut().observe(mark) {
                    models.history_mut().keep_mark(mark);
                }
            }
        });
    }

    /// Writes the history's rows out; readers go on meanwhile, from memory.
    fn archive(&mut self) -> Result<(), HistoryError> {
        while let Some(pending) = self.shared.update(|models| models.history_mut().seal()) {
            pending.write()?;
        }
        self.archived
            .store(self.history.through().get(), Ordering::Release);
        Ok(())
    }

    /// Leaves a checkpoint: the history durable first, then the state in memory beside it. A
    /// checkpoint that cannot be written costs time at the next start and nothing else.
    fn checkpoint(&mut self) -> Result<(), HistoryError> {
        self.archive()?;
        // Only this thread changes the read models, so they are still what was archived; readers go
        // on meanwhile.
        self.history.sync()?;
        let (head, state) = self.shared.look(|models| (models.head(), models.save()));
        if head == self.saved {
            return Ok(());
        }
        let kept = state.map_err(|error| error.to_string()).and_then(|state| {
            let saved = self.checkpoints.save(&self.journal, head, &state);
            saved.map_err(|error| error.to_string())
        });
        match kept {
            Ok(()) => self.saved = head,
            Err(error) => tracing::warn!(error, "a checkpoint could not be written"),
        }
        Ok(())
    }
}

/// The marks that the history kept, so that what is open can be valued after a restart.
pub(crate) fn restore_marks(
    models: &mut ReadModels,
    history: &History,
) -> Result<(), HistoryError> {
    for mark in history.marks()? {
        models.open_mut().ledger_mut().observe(&mark);
    }
    Ok(())
}
