//! The history: finished positions, orders and fills, and the identities under which repeats are
//! recognised. Unbounded, on disk, derived from the journal and disposable.
//!
//! Rows are written behind in bulk. Until then they are in memory, where queries and look-ups find
//! them too: every read sees memory and disk. What is on disk may be ahead of a fold that starts
//! again after a crash; taking rows in again changes nothing.
//!
//! Anything doubtful in the store (another journal's, another version's, damaged) is a reason to throw it
//! away and to rebuild it, never to answer from it. One that is ahead of its journal is evidence that
//! the journal has lost something, and is kept.

mod scan;
mod store;
mod tail;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use ledger::{
    AccountId, ClientOrderId, FactKey, InstrumentId, Mark, Order, OrderReference, PositionId,
    Record, Sequence, Symbol, Tenant, Ticket, Timestamp,
};

use crate::orders::bring_up_to_date;
use crate::rows::{FillRow, HistorySink, Rows, Trade};
pub use scan::{Cursor, Direction, Scan};
use store::Store;
use tail::{Name, Tail};

/// How many records may wait in memory: the writer flushes by itself before more do.
const RECORDS_WAITING_MAX: usize = 1 << 16;

/// Why the history could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// Another process has the store open.
    #[error("the history in `{path}` is in use by another process")]
    Locked {
        /// The store's folder.
        path: PathBuf,
    },
    /// The history knows records that the journal does not have: the journal has lost what was durable.
    /// Nothing is thrown away. Put the journal's folder back as it was; or, where an older one was put
    /// back on purpose, move `history/` and `checkpoints/` away.
    #[error("the history in `{path}` knows record {sequence}, but the journal ends at {head}")]
    AheadOfJournal {
        /// The store's folder.
        path: PathBuf,
        /// The last record it knows.
        sequence: Sequence,
        /// The journal's last.
        head: Sequence,
    },
    /// The disk failed, is full or may not be written. Nothing is lost: the history follows from the
    /// journal.
    #[error("the history in `{path}` cannot be read or written")]
    Store {
        /// The store's folder.
        path: PathBuf,
        /// What the store said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The store holds what nobody wrote. It is marked, and thrown away when it is opened next.
    #[error("the history in `{path}` is damaged in `{table}`; it is rebuilt at the next start")]
    Damaged {
        /// The store's folder.
        path: PathBuf,
        /// Which part of it.
        table: &'static str,
        /// What does not fit.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// What was found when the history was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    /// There was none.
    Created,
    /// It goes on where it was.
    Kept(StoredThrough),
    /// There was one that could not be trusted; it is gone. Rebuild from the first record.
    Discarded {
        /// Why.
        reason: String,
    },
}

/// The last record whose rows are surely in the store. The journal's record of that sequence must
/// have this time, or the store followed another one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoredThrough {
    /// Its sequence; zero in an empty store.
    pub sequence: Sequence,
    /// When it was recorded.
    pub recorded_at: Timestamp,
}

/// Reads the history. Cheap to clone; every clone sees what the writer takes in at once.
#[derive(Clone, Debug)]
pub struct History {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    store: Store,
    memory: RwLock<Memory>,
    through: AtomicU64,
    flushing: Mutex<()>,
}

/// What is not on disk yet.
#[derive(Debug, Default)]
struct Memory {
    /// What the writer takes in.
    tail: Tail,
    /// What is on its way to the disk, and read until it is there.
    sealed: Option<Arc<Tail>>,
}

impl Memory {
    /// What is in memory, newest first.
    fn layers(&self) -> impl Iterator<Item = &Tail> {
        std::iter::once(&self.tail).chain(self.sealed.as_deref())
    }
}

/// Takes rows in: there is one for each store.
#[derive(Debug)]
pub struct HistoryWriter {
    history: History,
}

/// Rows on their way to the disk. [`PendingFlush::write`] may run on any thread.
#[derive(Debug)]
pub struct PendingFlush {
    history: History,
    rows: Arc<Tail>,
}

impl HistoryWriter {
    /// Opens or creates the history of the journal whose identity is `journal` and whose last record
    /// is `head`. A store that cannot be trusted is thrown away; the caller holds the journal's lock, so
    /// that nobody else has it open.
    ///
    /// # Errors
    /// Returns [`HistoryError`] if the store is in use, or the disk fails.
    pub fn open(
        path: &Path,
        journal: &[u8],
        head: Sequence,
    ) -> Result<(Self, Opened), HistoryError> {
        let (store, opened) = Store::open(path, journal, head)?;
        Ok((Self::over(store)?, opened))
    }

    /// An empty history in a folder of its own below `parent`, which is gone when the last handle is.
    ///
    /// # Errors
    /// Returns [`HistoryError::Store`] if it cannot be created.
    pub fn temporary(parent: &Path) -> Result<Self, HistoryError> {
        Self::over(Store::temporary(parent)?)
    }

    fn over(store: Store) -> Result<Self, HistoryError> {
        let through = store.through()?;
        let tail = Tail::after(through);
        let shared = Shared {
            store,
            memory: RwLock::new(Memory { tail, sealed: None }),
            through: AtomicU64::new(through.sequence.get()),
            flushing: Mutex::new(()),
        };
        Ok(Self {
            history: History {
                shared: Arc::new(shared),
            },
        })
    }

    /// A handle that reads what this one writes.
    pub fn history(&self) -> History {
        self.history.clone()
    }

    /// Keeps the last mark of an instrument, so that a restart can value what is open.
    pub fn keep_mark(&mut self, mark: &Mark) {
        self.history
            .with_memory_mut(|memory| memory.tail.keep_mark(mark));
    }

    /// How many records wait in memory.
    pub fn waiting(&self) -> usize {
        self.history.with_memory(|memory| memory.tail.records())
    }

    /// Takes all that waits out of the writer's way, to be written by another thread; what was taken
    /// out before and is not written yet comes first. None if nothing waits.
    #[must_use = "the rows wait in memory until they are written"]
    pub fn seal(&mut self) -> Option<PendingFlush> {
        let rows = self.history.with_memory_mut(|memory| {
            if memory.sealed.is_none() && !memory.tail.is_empty() {
                let next = Tail::after(memory.tail.through());
                memory.sealed = Some(Arc::new(std::mem::replace(&mut memory.tail, next)));
            }
            memory.sealed.clone()
        });
        rows.map(|rows| PendingFlush {
            history: self.history.clone(),
            rows,
        })
    }

    /// Writes all that waits. It survives a crash of the process, not yet a power cut.
    ///
    /// # Errors
    /// Returns [`HistoryError`] if the store failed.
    pub fn flush(&mut self) -> Result<Sequence, HistoryError> {
        while let Some(pending) = self.seal() {
            pending.write()?;
        }
        Ok(self.history.through())
    }

    /// Writes all that waits and makes it durable: a checkpoint of the other read models may follow.
    ///
    /// # Errors
    /// Returns [`HistoryError`] if the store failed.
    pub fn sync(&mut self) -> Result<Sequence, HistoryError> {
        let through = self.flush()?;
        self.history.sync()?;
        Ok(through)
    }

    /// The trade that a correction belongs to, corrected.
    fn corrected(&self, rows: &Rows) -> Result<Option<Trade>, HistoryError> {
        let Some(correction) = &rows.correction else {
            return Ok(None);
        };
        let mut trade = self.history.position(correction.position_id)?;
        if let Some(trade) = &mut trade {
            trade.correct(correction);
        }
        Ok(trade)
    }

    /// The order that news came late for, brought up to date.
    fn late_order(&self, record: &Record, rows: &Rows) -> Result<Option<Order>, HistoryError> {
        let Some(number) = rows.late_order else {
            return Ok(None);
        };
        let mut order = self.history.order(number)?;
        if let Some(order) = &mut order {
            bring_up_to_date(order, record);
        }
        Ok(order)
    }
}

impl HistorySink for HistoryWriter {
    /// Takes rows into memory. Flushes by itself only where far too many wait.
    fn accept(&mut self, record: &Record, mut rows: Rows) -> Result<Option<Trade>, HistoryError> {
        let corrected = self.corrected(&rows)?;
        rows.order = match self.late_order(record, &rows)? {
            None => rows.order,
            late => late,
        };
        rows.trade = rows.trade.or_else(|| corrected.clone());
        let waiting = self.history.with_memory_mut(|memory| {
            memory.tail.take(record, rows);
            memory.tail.records()
        });
        if waiting >= RECORDS_WAITING_MAX {
            self.flush()?;
        }
        Ok(corrected)
    }
}

impl PendingFlush {
    /// Writes the rows in one atomic batch, with the sequence up to which they go.
    ///
    /// # Errors
    /// Returns [`HistoryError`] if the store failed; the rows stay in memory, to be sealed again.
    pub fn write(self) -> Result<Sequence, HistoryError> {
        let shared = &self.history.shared;
        let _one_at_a_time = shared
            .flushing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let is_sealed = |memory: &Memory| {
            memory
                .sealed
                .as_ref()
                .is_some_and(|sealed| Arc::ptr_eq(sealed, &self.rows))
        };
        if self.history.with_memory(is_sealed) {
            shared.store.write(&self.rows, self.history.through())?;
            shared
                .through
                .store(self.rows.through().sequence.get(), Ordering::Release);
            self.history.with_memory_mut(|memory| memory.sealed = None);
        }
        Ok(self.history.through())
    }
}

impl History {
    /// Makes durable what is written. It waits for the disk, and nobody else waits for it.
    ///
    /// # Errors
    /// Returns [`HistoryError`] if the store failed.
    pub fn sync(&self) -> Result<(), HistoryError> {
        self.shared.store.sync()
    }

    /// The last record whose rows are surely in the store.
    pub fn through(&self) -> Sequence {
        Sequence::new(self.shared.through.load(Ordering::Acquire))
    }

    /// The last record whose rows can be read.
    pub fn head(&self) -> Sequence {
        self.with_memory(|memory| memory.tail.through().sequence)
    }

    /// The first record of an identity.
    ///
    /// # Errors
    /// Returns [`HistoryError`] if the store failed.
    pub fn first_seen(&self, key: &FactKey) -> Result<Option<Sequence>, HistoryError> {
        let waiting = self.with_memory(|memory| {
            // The older layer first: the first record is asked for.
            memory
                .layers()
                .filter_map(|layer| layer.first_seen(key))
                .min()
        });
        match waiting {
            // What comes again after a restart is on disk with the same sequence.
            Some(sequence) => Ok(Some(sequence)),
            None => self.shared.store.first_seen(key),
        }
    }

    /// The order with this number.
    ///
    /// # Errors
    /// Returns [`HistoryError`] if the store failed.
    pub fn order(&self, number: Sequence) -> Result<Option<Order>, HistoryError> {
        self.row(number)
    }

    /// The order that has one of these names; the newest, since venues let names be used again.
    ///
    /// # Errors
    /// Returns [`HistoryError`] if the store failed.
    pub fn find_order(
        &self,
        account: &AccountId,
        symbol: &Symbol,
        reference: &OrderReference,
    ) -> Result<Option<Order>, HistoryError> {
        let venue_order_id = reference.venue_order_id.as_ref();
        if let Some(id) = venue_order_id {
            let order = self.named(&Name::venue(account, symbol, id))?;
            let found = order.filter(|order| order.venue_order_id.as_ref() == Some(id));
            if found.is_some() {
                return Ok(found);
            }
        }
        let Some(id) = &reference.client_order_id else {
            return Ok(None);
        };
        let order = self.named(&Name::client(account, symbol, id))?;
        // The same name of ours with another name of the venue is another order.
        Ok(order.filter(|order| {
            order.client_order_id.as_ref() == Some(id)
                && (order.venue_order_id.is_none()
                    || venue_order_id.is_none()
                    || order.venue_order_id.as_ref() == venue_order_id)
        }))
    }

    /// The newest order of a tenant that has our own name `id`, in whatever account.
    ///
    /// # Errors
    /// Returns [`HistoryError`] if the store failed.
    pub fn find_own_order(
        &self,
        tenant: &Tenant,
        id: &ClientOrderId,
    ) -> Result<Option<Order>, HistoryError> {
        let order = self.named(&Name::ours(tenant, id))?;
        Ok(order.filter(|order| order.client_order_id.as_ref() == Some(id)))
    }

    fn named(&self, name: &Name) -> Result<Option<Order>, HistoryError> {
        match self.number(name)? {
            Some(number) => self.order(number),
            None => Ok(None),
        }
    }

    /// The newest number that has this name.
    fn number(&self, name: &Name) -> Result<Option<Sequence>, HistoryError> {
        let waiting =
            self.with_memory(|memory| memory.layers().filter_map(|layer| layer.named(name)).max());
        let stored = self.shared.store.named(name)?;
        Ok(waiting.max(stored))
    }

    /// The last position of a ticket, once it is final. A venue never uses a ticket again.
    ///
    /// # Errors
    /// Returns [`HistoryError`] if the store failed.
    pub fn last_of_ticket(
        &self,
        account: &AccountId,
        symbol: &Symbol,
        ticket: &Ticket,
    ) -> Result<Option<Trade>, HistoryError> {
        match self.number(&Name::ticket(account, symbol, ticket))? {
            Some(finished) => self.row(finished),
            None => Ok(None),
        }
    }

    /// A finished position.
    ///
    /// # Errors
    /// Returns [`HistoryError`] if the store failed.
    pub fn position(&self, id: PositionId) -> Result<Option<Trade>, HistoryError> {
        let waiting =
            self.with_memory(|memory| memory.layers().find_map(|layer| layer.finished(id)));
        let finished = match waiting {
            Some(finished) => Some(finished),
            None => self.shared.store.finished(id)?,
        };
        match finished {
            Some(finished) => self.row(finished),
            None => Ok(None),
        }
    }

    /// Finished positions, by the record that made them final.
    pub fn trades(&self, cursor: Cursor) -> Scan<Trade> {
        self.scan(cursor)
    }

    /// Orders, by number, each as it is now.
    pub fn orders(&self, cursor: Cursor) -> Scan<Order> {
        self.scan(cursor)
    }

    /// Fills, by sequence.
    pub fn fills(&self, cursor: Cursor) -> Scan<FillRow> {
        self.scan(cursor)
    }

    /// The records of a position, with the fill that opened it; what the journal has to read to tell
    /// its story.
    pub fn records_of(&self, id: PositionId, cursor: Cursor) -> Scan<Sequence> {
        let history = self.clone();
        Scan::new(cursor, move |cursor, limit| {
            let waiting = history.with_memory(|memory| {
                memory
                    .layers()
                    .flat_map(|layer| layer.records_of(id, cursor, limit))
                    .collect()
            });
            let stored = history.shared.store.records_of(id, cursor, limit)?;
            Ok(scan::merge(waiting, stored, cursor, limit))
        })
    }

    /// The last mark kept of each instrument.
    ///
    /// # Errors
    /// Returns [`HistoryError`] if the store failed.
    pub fn marks(&self) -> Result<Vec<Mark>, HistoryError> {
        let mut marks = self.shared.store.marks()?;
        self.with_memory(|memory| {
            if let Some(sealed) = &memory.sealed {
                marks.extend(sealed.marks());
            }
            marks.extend(memory.tail.marks());
        });
        Ok(marks.into_values().collect())
    }

    fn row<T: Listed>(&self, sequence: Sequence) -> Result<Option<T>, HistoryError> {
        let waiting = self.with_memory(|memory| {
            memory
                .layers()
                .find_map(|layer| T::waiting(layer).get(&sequence).cloned())
        });
        match waiting {
            Some(row) => Ok(Some(Arc::unwrap_or_clone(row))),
            None => self.shared.store.row(sequence),
        }
    }

    fn scan<T: Listed>(&self, cursor: Cursor) -> Scan<T> {
        let history = self.clone();
        Scan::new(cursor, move |cursor, limit| {
            // Memory first: a row that goes to the disk meanwhile is found there.
            let waiting = history.with_memory(|memory| {
                let mut rows = Vec::new();
                for layer in memory.layers() {
                    let found = cursor.range(T::waiting(layer)).take(limit);
                    rows.extend(found.map(|(sequence, row)| (*sequence, row.clone())));
                }
                rows
            });
            let waiting = waiting
                .into_iter()
                .map(|(sequence, row)| (sequence, Arc::unwrap_or_clone(row)))
                .collect();
            let stored = history.shared.store.rows(cursor, limit)?;
            Ok(scan::merge(waiting, stored, cursor, limit))
        })
    }

    fn with_memory<T>(&self, read: impl FnOnce(&Memory) -> T) -> T {
        read(
            &self
                .shared
                .memory
                .read()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    fn with_memory_mut<T>(&self, write: impl FnOnce(&mut Memory) -> T) -> T {
        write(
            &mut self
                .shared
                .memory
                .write()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }
}

/// The rows that are listed by a sequence.
trait Listed: Clone + serde::Serialize + serde::de::DeserializeOwned + Send + Sync + 'static {
    /// Where they wait.
    fn waiting(tail: &Tail) -> &BTreeMap<Sequence, Arc<Self>>;
    /// Where they are stored.
    fn table(store: &Store) -> &store::Table;
}

impl Listed for Trade {
    fn waiting(tail: &Tail) -> &BTreeMap<Sequence, Arc<Self>> {
        tail.trades()
    }

    fn table(store: &Store) -> &store::Table {
        store.trades()
    }
}

impl Listed for Order {
    fn waiting(tail: &Tail) -> &BTreeMap<Sequence, Arc<Self>> {
        tail.orders()
    }

    fn table(store: &Store) -> &store::Table {
        store.orders()
    }
}

impl Listed for FillRow {
    fn waiting(tail: &Tail) -> &BTreeMap<Sequence, Arc<Self>> {
        tail.fills()
    }

    fn table(store: &Store) -> &store::Table {
        store.fills()
    }
}

type Marks = BTreeMap<InstrumentId, Mark>;
