//! The history on disk: one log-structured store with a table for each kind of row.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fjall::config::{
    BloomConstructionPolicy, CompressionPolicy, FilterPolicy, FilterPolicyEntry, PartitioningPolicy,
};
use fjall::{
    CompressionType, Database, Guard, Keyspace, KeyspaceCreateOptions, OwnedWriteBatch, PersistMode,
};
use ledger::{FactKey, Mark, PositionId, Sequence};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tempfile::TempDir;

use super::scan::{Cursor, Direction, directed};
use super::tail::{Name, Tail};
use super::{HistoryError, Listed, Marks, Opened, StoredThrough};
use crate::codec;

/// What the store's bytes mean. Any change of the rows' types is a new version.
const VERSION: &[u8] = b"posledger history 1";

/// A file that says that the store must not be trusted any more.
const DOUBTFUL: &str = "doubtful";

/// Blocks kept in memory.
const CACHE_BYTES: u64 = 16 << 20;
/// Rows of one table that wait for their table file.
const MEMTABLE_BYTES: u64 = 2 << 20;
/// The store's own journal, of what is not in table files yet; the least that it allows.
const JOURNAL_BYTES: u64 = 64 << 20;
const FILES_OPEN: usize = 128;

/// The tables.
pub(super) struct Store {
    path: PathBuf,
    database: Database,
    /// `version`, `journal`, `through`.
    meta: Table,
    /// Identity → first sequence.
    facts: Table,
    /// Position and sequence → nothing.
    position_records: Table,
    /// Finishing sequence → trade.
    trades: Table,
    /// Position → finishing sequence.
    finished: Table,
    /// Number → order.
    orders: Table,
    /// Hash of a name → order's number.
    names: Table,
    /// Sequence → fill.
    fills: Table,
    /// Instrument → last mark.
    marks: Table,
    /// Its folder, where that is to go with the last handle; after the database, as fields drop in order.
    folder: Option<TempDir>,
}

/// One table.
pub(super) struct Table {
    name: &'static str,
    keyspace: Keyspace,
}

/// How a table is read.
#[derive(Clone, Copy)]
enum Access {
    /// By keys that mostly are not there: with filters at every level.
    Point,
    /// By keys that are there, and by range.
    Range,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// Why a store that is there is not opened.
enum Unfit {
    /// It would be wrong to throw it away.
    Failed(HistoryError),
    /// It cannot be trusted.
    Doubtful(String),
}

impl Store {
    /// Opens the newest store below `path`, or begins a new one.
    ///
    /// A store that is thrown away leaves its folder to a new one: what a thread of the library may
    /// still write there meets nothing of the new store.
    pub(super) fn open(
        path: &Path,
        journal: &[u8],
        head: Sequence,
    ) -> Result<(Self, Opened), HistoryError> {
        let generations = generations(path).map_err(|error| failed(path, error))?;
        let newest = generations.last().copied();
        let (generation, reason) = match newest {
            None => (1, None),
            Some(newest) => match Self::existing(&folder_of(path, newest), journal, head) {
                Ok((store, through)) => {
                    remove(path, &generations, newest);
                    return Ok((store, Opened::Kept(through)));
                }
                Err(Unfit::Failed(error)) => return Err(error),
                Err(Unfit::Doubtful(reason)) => (newest.saturating_add(1), Some(reason)),
            },
        };
        let store = Self::create(&folder_of(path, generation), journal)?;
        remove(path, &generations, generation);
        let opened = reason.map_or(Opened::Created, |reason| Opened::Discarded { reason });
        Ok((store, opened))
    }

    pub(super) fn temporary(parent: &Path) -> Result<Self, HistoryError> {
        let folder = TempDir::new_in(parent).map_err(|error| failed(parent, error))?;
        let mut store = Self::create(&folder.path().join("history"), b"")?;
        store.folder = Some(folder);
        Ok(store)
    }

    fn create(path: &Path, journal: &[u8]) -> Result<Self, HistoryError> {
        fs::create_dir_all(path).map_err(|error| failed(path, error))?;
        let store = Self::tables(path).map_err(|error| store_error(path, error))?;
        let mut batch = store.database.batch();
        batch.insert(&store.meta.keyspace, "version", VERSION);
        batch.insert(&store.meta.keyspace, "journal", journal);
        let batch = batch.durability(Some(PersistMode::SyncAll));
        batch.commit().map_err(|error| store_error(path, error))?;
        Ok(store)
    }

    /// Opens what is there, if it can be trusted.
    fn existing(
        path: &Path,
        journal: &[u8],
        head: Sequence,
    ) -> Result<(Self, StoredThrough), Unfit> {
        if let Ok(reason) = fs::read_to_string(path.join(DOUBTFUL)) {
            return Err(Unfit::Doubtful(reason));
        }
        // Damaged files may also end in a panic inside the library.
        let store = match catch_unwind(AssertUnwindSafe(|| Self::tables(path))) {
            Ok(Ok(store)) => store,
            Ok(Err(error)) => return Err(unfit(path, error)),
            Err(_) => return Err(Unfit::Doubtful("the store cannot be opened".to_owned())),
        };
        let found = |key| {
            store
                .meta
                .keyspace
                .get(key)
                .map_err(|error| unfit(path, error))
        };
        if found("version")?.as_deref() != Some(VERSION) {
            return Err(Unfit::Doubtful(
                "the store is of another version".to_owned(),
            ));
        }
        if found("journal")?.as_deref() != Some(journal) {
            return Err(Unfit::Doubtful(
                "the store belongs to another journal".to_owned(),
            ));
        }
        let through = store
            .through()
            .map_err(|error| Unfit::Doubtful(error.to_string()))?;
        if through.sequence > head {
            let (path, sequence) = (path.to_owned(), through.sequence);
            return Err(Unfit::Failed(HistoryError::AheadOfJournal {
                path,
                sequence,
                head,
            }));
        }
        Ok((store, through))
    }

    fn tables(path: &Path) -> fjall::Result<Self> {
        let database = Database::builder(path)
            .cache_size(CACHE_BYTES)
            .max_journaling_size(JOURNAL_BYTES)
            .max_cached_files(Some(FILES_OPEN))
            .worker_threads(1)
            .open()?;
        let table = |name, access: Access| -> fjall::Result<Table> {
            Ok(Table {
                name,
                keyspace: database.keyspace(name, || access.options())?,
            })
        };
        Ok(Self {
            path: path.to_owned(),
            meta: table("meta", Access::Range)?,
            facts: table("facts", Access::Point)?,
            position_records: table("position_records", Access::Range)?,
            trades: table("trades", Access::Range)?,
            finished: table("finished", Access::Point)?,
            orders: table("orders", Access::Range)?,
            names: table("names", Access::Point)?,
            fills: table("fills", Access::Range)?,
            marks: table("marks", Access::Range)?,
            database,
            folder: None,
        })
    }

    pub(super) fn through(&self) -> Result<StoredThrough, HistoryError> {
        let stored = self.get::<(Sequence, i64)>(&self.meta, b"through")?;
        Ok(
            stored.map_or_else(StoredThrough::default, |(sequence, recorded_at)| {
                StoredThrough {
                    sequence,
                    recorded_at: ledger::Timestamp::from_nanoseconds(recorded_at),
                }
            }),
        )
    }

    /// Writes all rows and how far they go, or nothing. The store holds all up to `through` already.
    pub(super) fn write(&self, rows: &Tail, through: Sequence) -> Result<(), HistoryError> {
        let mut batch = Batch::new(self);
        for (key, sequence) in rows.facts() {
            batch.put_sequence(&self.facts, key.as_bytes(), *sequence);
        }
        for (id, sequence) in rows.position_records() {
            batch.put_key(&self.position_records, &position_record(*id, *sequence));
        }
        for (id, sequence) in rows.all_finished() {
            batch.put_sequence(&self.finished, id.as_uuid().as_bytes(), *sequence);
        }
        for (name, number) in rows.names() {
            // News of an old order does not take a name from the newer one that uses it again.
            let newest =
                *number > through || self.named(name)?.is_none_or(|known| known <= *number);
            if newest {
                batch.put_sequence(&self.names, name.as_bytes(), *number);
            }
        }
        batch.put_rows(rows.trades())?;
        batch.put_rows(rows.orders())?;
        batch.put_rows(rows.fills())?;
        for (instrument, mark) in rows.marks() {
            let key = codec::encode(&instrument).map_err(|error| self.failed(error))?;
            batch.put(&self.marks, &key, &mark)?;
        }
        let StoredThrough {
            sequence,
            recorded_at,
        } = rows.through();
        batch.put(
            &self.meta,
            b"through",
            &(sequence, recorded_at.as_nanoseconds()),
        )?;
        batch.writes.commit().map_err(|error| self.failed(error))
    }

    pub(super) fn sync(&self) -> Result<(), HistoryError> {
        self.database
            .persist(PersistMode::SyncAll)
            .map_err(|error| self.failed(error))
    }

    pub(super) fn first_seen(&self, key: &FactKey) -> Result<Option<Sequence>, HistoryError> {
        self.sequence(&self.facts, key.as_bytes())
    }

    pub(super) fn finished(&self, id: PositionId) -> Result<Option<Sequence>, HistoryError> {
        self.sequence(&self.finished, id.as_uuid().as_bytes())
    }

    pub(super) fn named(&self, name: &Name) -> Result<Option<Sequence>, HistoryError> {
        self.sequence(&self.names, name.as_bytes())
    }

    pub(super) fn row<T: Listed>(&self, sequence: Sequence) -> Result<Option<T>, HistoryError> {
        self.get(T::table(self), &bytes_of(sequence))
    }

    pub(super) fn rows<T: Listed>(
        &self,
        cursor: Cursor,
        limit: usize,
    ) -> Result<Vec<(Sequence, T)>, HistoryError> {
        let table = T::table(self);
        let (from, to) = cursor.bounds();
        let rows = table.keyspace.range((from.map(bytes_of), to.map(bytes_of)));
        page(rows, cursor.direction, limit, |guard| {
            let (key, value) = guard.into_inner().map_err(|error| self.failed(error))?;
            Ok((self.sequence_in(table, &key)?, self.decoded(table, &value)?))
        })
    }

    pub(super) fn records_of(
        &self,
        id: PositionId,
        cursor: Cursor,
        limit: usize,
    ) -> Result<Vec<(Sequence, Sequence)>, HistoryError> {
        let table = &self.position_records;
        let (from, to) = cursor.bounds();
        let record = |sequence| position_record(id, sequence);
        let rows = table.keyspace.range((from.map(record), to.map(record)));
        page(rows, cursor.direction, limit, |guard| {
            let key = guard.key().map_err(|error| self.failed(error))?;
            let sequence = self.sequence_in(table, key.get(16..).unwrap_or_default())?;
            Ok((sequence, sequence))
        })
    }

    pub(super) fn marks(&self) -> Result<Marks, HistoryError> {
        let mut marks = Marks::new();
        for guard in self.marks.keyspace.iter() {
            let value = guard.value().map_err(|error| self.failed(error))?;
            let mark: Mark = self.decoded(&self.marks, &value)?;
            marks.insert(mark.instrument.clone(), mark);
        }
        Ok(marks)
    }

    pub(super) const fn trades(&self) -> &Table {
        &self.trades
    }

    pub(super) const fn orders(&self) -> &Table {
        &self.orders
    }

    pub(super) const fn fills(&self) -> &Table {
        &self.fills
    }

    fn get<T: DeserializeOwned>(
        &self,
        table: &Table,
        key: &[u8],
    ) -> Result<Option<T>, HistoryError> {
        let value = table
            .keyspace
            .get(key)
            .map_err(|error| self.failed(error))?;
        value.map(|value| self.decoded(table, &value)).transpose()
    }

    fn sequence(&self, table: &Table, key: &[u8]) -> Result<Option<Sequence>, HistoryError> {
        let value = table
            .keyspace
            .get(key)
            .map_err(|error| self.failed(error))?;
        value
            .map(|value| self.sequence_in(table, &value))
            .transpose()
    }

    fn sequence_in(&self, table: &Table, bytes: &[u8]) -> Result<Sequence, HistoryError> {
        <[u8; 8]>::try_from(bytes)
            .map(|bytes| Sequence::new(u64::from_be_bytes(bytes)))
            .map_err(|error| self.damaged(table.name, error))
    }

    fn decoded<T: DeserializeOwned>(&self, table: &Table, bytes: &[u8]) -> Result<T, HistoryError> {
        codec::decode(bytes).map_err(|error| self.damaged(table.name, error))
    }

    /// What the store said, and whether it means that the store is damaged.
    fn failed(&self, error: impl Into<StoreError>) -> HistoryError {
        match error.into() {
            StoreError::Codec(error) => failed(&self.path, error),
            StoreError::Fjall(error) if is_damage(&error) => self.damaged("the store", error),
            StoreError::Fjall(error) => store_error(&self.path, error),
        }
    }

    /// Marks the store, so that it is thrown away when it is opened next.
    fn damaged(
        &self,
        table: &'static str,
        source: impl std::error::Error + Send + Sync + 'static,
    ) -> HistoryError {
        let reason = format!("the store is damaged in `{table}`: {source}");
        // If even this cannot be written, the next start finds the damage again.
        let _ = fs::write(self.path.join(DOUBTFUL), reason);
        HistoryError::Damaged {
            path: self.path.clone(),
            table,
            source: Box::new(source),
        }
    }
}

/// The first rows, in their direction.
fn page<T>(
    rows: fjall::Iter,
    direction: Direction,
    limit: usize,
    read: impl Fn(Guard) -> Result<T, HistoryError>,
) -> Result<Vec<T>, HistoryError> {
    directed(rows, direction).take(limit).map(read).collect()
}

/// Either of the two libraries below.
enum StoreError {
    Fjall(fjall::Error),
    Codec(codec::CodecError),
}

impl From<fjall::Error> for StoreError {
    fn from(error: fjall::Error) -> Self {
        Self::Fjall(error)
    }
}

impl From<codec::CodecError> for StoreError {
    fn from(error: codec::CodecError) -> Self {
        Self::Codec(error)
    }
}

impl Access {
    fn options(self) -> KeyspaceCreateOptions {
        let options = KeyspaceCreateOptions::default().max_memtable_size(MEMTABLE_BYTES);
        match self {
            Self::Point => options
                .filter_policy(FilterPolicy::all(FilterPolicyEntry::Bloom(
                    BloomConstructionPolicy::BitsPerKey(12.0),
                )))
                // In small blocks: a look-up loads the one it needs, however large the table is.
                .filter_block_partitioning_policy(PartitioningPolicy::all(true))
                .index_block_partitioning_policy(PartitioningPolicy::all(true))
                .data_block_compression_policy(CompressionPolicy::disabled()),
            Self::Range => options
                .expect_point_read_hits(true)
                .data_block_compression_policy(CompressionPolicy::all(CompressionType::Lz4)),
        }
    }
}

fn bytes_of(sequence: Sequence) -> [u8; 8] {
    sequence.get().to_be_bytes()
}

fn position_record(id: PositionId, sequence: Sequence) -> [u8; 24] {
    let mut key = [0; 24];
    let (position, record) = key.split_at_mut(16);
    position.copy_from_slice(id.as_uuid().as_bytes());
    record.copy_from_slice(&bytes_of(sequence));
    key
}

/// The folder of one store below the history's.
fn folder_of(path: &Path, generation: u64) -> PathBuf {
    path.join(generation.to_string())
}

/// The stores below `path`, oldest first.
fn generations(path: &Path) -> io::Result<Vec<u64>> {
    if !fs::exists(path)? {
        return Ok(Vec::new());
    }
    let mut generations = Vec::new();
    for entry in fs::read_dir(path)? {
        let name = entry?.file_name();
        generations.extend(name.to_str().and_then(|name| name.parse::<u64>().ok()));
    }
    generations.sort_unstable();
    Ok(generations)
}

/// Removes the stores that `kept` replaces. What cannot be removed now is at the next start.
fn remove(path: &Path, generations: &[u64], kept: u64) {
    for generation in generations.iter().filter(|generation| **generation < kept) {
        let _ = fs::remove_dir_all(folder_of(path, *generation));
    }
}

/// What is written at once.
struct Batch<'a> {
    store: &'a Store,
    writes: OwnedWriteBatch,
    /// One value after the other.
    value: Vec<u8>,
}

impl<'a> Batch<'a> {
    fn new(store: &'a Store) -> Self {
        Self {
            store,
            writes: store.database.batch(),
            value: Vec::new(),
        }
    }

    fn put_key(&mut self, table: &Table, key: &[u8]) {
        self.writes.insert(&table.keyspace, key, []);
    }

    fn put_sequence(&mut self, table: &Table, key: &[u8], sequence: Sequence) {
        self.writes.insert(&table.keyspace, key, bytes_of(sequence));
    }

    fn put(
        &mut self,
        table: &Table,
        key: &[u8],
        value: &impl Serialize,
    ) -> Result<(), HistoryError> {
        codec::encode_into(&mut self.value, value).map_err(|error| self.store.failed(error))?;
        self.writes
            .insert(&table.keyspace, key, self.value.as_slice());
        Ok(())
    }

    fn put_rows<T: Listed>(
        &mut self,
        rows: &BTreeMap<Sequence, Arc<T>>,
    ) -> Result<(), HistoryError> {
        let table = T::table(self.store);
        rows.iter()
            .try_for_each(|(number, row)| self.put(table, &bytes_of(*number), row.as_ref()))
    }
}

/// Whether the store is broken, and not its surroundings.
fn is_damage(error: &fjall::Error) -> bool {
    if let fjall::Error::Io(error) | fjall::Error::Storage(fjall::LsmError::Io(error)) = error {
        // A file of the store is missing or ends too early.
        return matches!(
            error.kind(),
            io::ErrorKind::NotFound | io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData
        );
    }
    !matches!(error, fjall::Error::Locked | fjall::Error::Poisoned)
}

fn unfit(path: &Path, error: fjall::Error) -> Unfit {
    if is_damage(&error) {
        Unfit::Doubtful(format!("the store is damaged: {error}"))
    } else {
        Unfit::Failed(store_error(path, error))
    }
}

fn store_error(path: &Path, error: fjall::Error) -> HistoryError {
    if matches!(error, fjall::Error::Locked) {
        return HistoryError::Locked {
            path: path.to_owned(),
        };
    }
    failed(path, error)
}

fn failed(path: &Path, source: impl std::error::Error + Send + Sync + 'static) -> HistoryError {
    HistoryError::Store {
        path: path.to_owned(),
        source: Box::new(source),
    }
}
