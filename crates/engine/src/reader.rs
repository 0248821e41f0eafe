//! The way out: everything that may be seen, which is everything that is durable and nothing else.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock};

use journal::{FrameHash, JournalReader};
use ledger::{Sequence, Timestamp};
use projection::{History, HistoryWriter, Projections};
use tokio::sync::watch;

use crate::error::HaltReason;
use crate::inbox::Handle;

/// The read models the engine keeps up to date.
pub type ReadModels = Projections<HistoryWriter>;

/// What the read side shares with its readers.
#[derive(Debug)]
pub(crate) struct Shared {
    models: RwLock<ReadModels>,
    progress: Mutex<Progress>,
    advanced: Condvar,
}

/// How far the read side is.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    /// How many publications are in the read models.
    folded: u64,
    /// Whether no more will come.
    over: bool,
}

impl Shared {
    pub(crate) fn new(models: ReadModels) -> Self {
        Self {
            models: RwLock::new(models),
            progress: Mutex::default(),
            advanced: Condvar::new(),
        }
    }

    /// Changes the read models.
    pub(crate) fn update<T>(&self, change: impl FnOnce(&mut ReadModels) -> T) -> T {
        change(&mut self.models.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// Says that one more publication is in the read models.
    pub(crate) fn folded_one(&self) {
        self.note(|progress| progress.folded = progress.folded.saturating_add(1));
    }

    /// Says that no more will come, so that nobody waits for it.
    pub(crate) fn give_up(&self) {
        self.note(|progress| progress.over = true);
    }

    fn note(&self, change: impl FnOnce(&mut Progress)) {
        change(&mut self.progress.lock().unwrap_or_else(PoisonError::into_inner));
        self.advanced.notify_all();
    }

    /// Waits until so many publications are in the read models.
    fn wait_for(&self, published: u64) {
        let progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        let behind = |progress: &mut Progress| progress.folded < published && !progress.over;
        drop(
            self.advanced
                .wait_while(progress, behind)
                .unwrap_or_else(PoisonError::into_inner),
        );
    }

    pub(crate) fn look<T>(&self, look: impl FnOnce(&ReadModels) -> T) -> T {
        look(&self.models.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Reads the ledger. Cheap to clone; never waits for the writer.
#[derive(Clone, Debug)]
pub struct Reader {
    pub(crate) shared: Arc<Shared>,
    pub(crate) history: History,
    pub(crate) journal: JournalReader,
    pub(crate) head: watch::Receiver<Sequence>,
    pub(crate) published: Arc<AtomicU64>,
    pub(crate) halted: watch::Receiver<Option<HaltReason>>,
    pub(crate) handle: Handle,
}

/// How the engine is.
#[derive(Clone, Debug)]
pub struct Status {
    /// The last durable record.
    pub durable_head: Sequence,
    /// The last record that the read models hold.
    pub projected_head: Sequence,
    /// The last record whose rows the history keeps on disk.
    pub archived_head: Sequence,
    /// When the last record in the read models was recorded.
    pub last_recorded_at: Timestamp,
    /// Why the engine halted, if it did.
    pub halted: Option<HaltReason>,
    /// How many submissions wait.
    pub inbox_waiting: usize,
    /// How many may wait.
    pub inbox_capacity: usize,
    /// Positions that are not final.
    pub positions: usize,
    /// Quarantined facts that nobody has resolved.
    pub quarantined: usize,
    /// What tells this journal from every other.
    pub genesis: FrameHash,
}

impl Reader {
    /// Looks at the read models as they are once they hold all that is durable at this moment, so
    /// that whoever has a receipt sees what it is for. It waits for the read side only, and no longer
    /// when that has failed.
    pub fn read<T>(&self, look: impl FnOnce(&ReadModels) -> T) -> T {
        self.shared.wait_for(self.published.load(Ordering::Acquire));
        self.shared.look(look)
    }

    /// Finished positions, orders and fills.
    pub const fn history(&self) -> &History {
        &self.history
    }

    /// The durable records.
    pub const fn journal(&self) -> &JournalReader {
        &self.journal
    }

    /// The last durable record, and every change of it.
    pub fn follow(&self) -> watch::Receiver<Sequence> {
        self.head.clone()
    }

    /// Why the engine halted, and the moment it does.
    pub fn halted(&self) -> watch::Receiver<Option<HaltReason>> {
        self.halted.clone()
    }

    /// How the engine is. It waits for nothing.
    pub fn status(&self) -> Status {
        self.shared.look(|models| {
            let ledger = models.open().ledger();
            Status {
                durable_head: *self.head.borrow(),
                projected_head: models.head(),
                archived_head: self.history.through(),
                last_recorded_at: ledger.last_recorded_at(),
                halted: self.halted.borrow().clone(),
                inbox_waiting: self.handle.waiting(),
                inbox_capacity: self.handle.capacity(),
                positions: ledger.positions().count(),
                quarantined: ledger.quarantined(),
                genesis: self.journal.genesis(),
            }
        })
    }
}
