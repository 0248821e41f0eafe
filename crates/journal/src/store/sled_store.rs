//! The copy in sled, with all that sled needs to be durable and all that it needs to be believed.
//!
//! Sled's `flush` does not reach the disk on Linux, it panics on damage, and large values go to files
//! that it never syncs. So every flush is followed by a sync of its file through a second handle,
//! every call is guarded, every value is small, and every frame is proved when it is read.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ledger::Sequence;

use super::{Store, admit};
use crate::directory::patiently;
use crate::error::{CopyName, Fault, JournalError};
use crate::files;
use crate::frame::{Frame, FrameHash, FrameView, Head, HeaderClaim};
use crate::guard;

/// With its own 512 KiB sled overwrites freed segments before what replaces them is durable.
const SLED_SEGMENT_BYTES: usize = 8 << 20;
/// No value is larger. One of 64 KiB would go to sled's `blobs`, which are never synced; and sled thinks
/// of letting pages go from memory only after some 16,000 of them were touched, so that small pages
/// keep it small: after a million records in frames of 60 KiB the daemon took 415 MB with a value for
/// each frame, and 212 MB with these.
const CHUNK_BYTES: usize = 8 << 10;

/// The copy in sled.
#[derive(Debug)]
pub(crate) struct SledStore {
    db: sled::Db,
    /// A second handle on sled's file, for the sync that sled does not do.
    data: File,
    path: PathBuf,
    head: Head,
}

/// Calls sled; a panic, which is how sled reports damage, becomes an error.
fn guarded<T>(
    action: &'static str,
    call: impl FnOnce() -> sled::Result<T>,
) -> Result<T, JournalError> {
    match guard::guarded(call) {
        Some(Ok(value)) => Ok(value),
        Some(Err(err)) => Err(JournalError::Store { action, err }),
        None => Err(JournalError::Panicked { action }),
    }
}

/// The key of a frame's first bytes.
const fn key_of(first: Sequence) -> [u8; 8] {
    first.get().to_be_bytes()
}

/// The key of what does not fit in the first value.
fn chunk_key(first: Sequence, number: u32) -> [u8; 12] {
    let mut key = [0; 12];
    let (head, tail) = key.split_at_mut(8);
    head.copy_from_slice(&key_of(first));
    tail.copy_from_slice(&number.to_be_bytes());
    key
}

/// The frame that a key belongs to.
fn first_of(key: &[u8]) -> Option<Sequence> {
    key.first_chunk::<8>()
        .map(|first| Sequence::new(u64::from_be_bytes(*first)))
}

impl SledStore {
    /// Whether there is anything that sled could open.
    pub(crate) fn exists(dir: &Path) -> bool {
        dir.join("db").exists()
    }

    /// Makes an empty store and makes it durable, which sled does not: a power cut that loses `conf`
    /// would keep it from ever opening again.
    pub(crate) fn create(
        dir: &Path,
        cache_bytes: u64,
        genesis: FrameHash,
    ) -> Result<Self, JournalError> {
        files::create_dir(dir)?;
        let store = Self::open(dir, cache_bytes, genesis)?;
        guarded("flush", || store.db.flush())?;
        files::sync_file(&dir.join("db"))?;
        files::sync_file(&dir.join("conf"))?;
        files::sync_dir(&dir.join("blobs"))?;
        files::sync_dir(dir)?;
        dir.parent().map_or(Ok(()), files::sync_dir)?;
        Ok(store)
    }

    /// Opens the store and finds its last frame that is whole.
    pub(crate) fn open(
        dir: &Path,
        cache_bytes: u64,
        genesis: FrameHash,
    ) -> Result<Self, JournalError> {
        let config = sled::Config::new()
            .path(dir)
            .segment_size(SLED_SEGMENT_BYTES)
            .flush_every_ms(None)
            .cache_capacity(cache_bytes);
        let opened = patiently(|| match guarded("open", || config.open()) {
            Err(JournalError::Store { err, .. }) if is_lock(&err) => None,
            result => Some(result),
        });
        let db = opened.unwrap_or_else(|| {
            Err(JournalError::Locked {
                path: dir.to_path_buf(),
                holder: "another program".to_owned(),
            })
        })?;
        let path = dir.join("db");
        let data = File::open(&path).map_err(files::failed("open", &path))?;
        let mut store = Self {
            db,
            data,
            path,
            head: Head::start(genesis),
        };
        store.head = store.find_head(genesis)?;
        Ok(store)
    }

    /// The last frame that is whole. One that is not may be there: an append that was cut off.
    fn find_head(&self, genesis: FrameHash) -> Result<Head, JournalError> {
        let mut broken = None;
        loop {
            let last = guarded("find its last key", || self.db.last())?;
            let Some(first) = last.and_then(|(key, _)| first_of(&key)) else {
                return Ok(Head::start(genesis));
            };
            match (self.read(first), broken) {
                (Ok(Some(frame)), _) => return Ok(Head::after(&frame.info)),
                (Ok(None) | Err(JournalError::Corrupt { .. }), None) => broken = Some(first),
                (Ok(None), Some(_)) => return Err(corrupt(first, Fault::Missing)),
                (Err(error), _) => return Err(error),
            }
            self.forget(first)?;
        }
    }

    /// Removes all values of the frame that starts at `first`.
    fn forget(&self, first: Sequence) -> Result<(), JournalError> {
        guarded("remove a frame", || {
            self.db
                .scan_prefix(key_of(first))
                .keys()
                .try_for_each(|key| self.db.remove(key?).map(drop))
        })
    }

    /// The first sequence that a frame has after `after`.
    pub(crate) fn first_after(&self, after: Sequence) -> Result<Option<Sequence>, JournalError> {
        let found = guarded("find a key", || {
            self.db.range(key_of(after.next())..).next().transpose()
        })?;
        Ok(found.and_then(|(key, _)| first_of(&key)))
    }

    /// Appends a frame without making it durable.
    pub(crate) fn put(&mut self, frame: &Frame) -> Result<(), JournalError> {
        admit(self.head, frame)?;
        let first = frame.info.first_sequence;
        let mut chunks = frame.bytes.chunks(CHUNK_BYTES);
        let head = chunks.next().unwrap_or_default();
        guarded("append", || {
            if frame.bytes.len() <= CHUNK_BYTES {
                return self.db.insert(key_of(first), head).map(drop);
            }
            let mut batch = sled::Batch::default();
            batch.insert(&key_of(first), head);
            for (number, chunk) in (1..).zip(chunks) {
                batch.insert(&chunk_key(first, number), chunk);
            }
            self.db.apply_batch(batch)
        })?;
        self.head = Head::after(&frame.info);
        Ok(())
    }

    /// Makes all that was put durable.
    pub(crate) fn sync(&mut self) -> Result<(), JournalError> {
        guarded("flush", || self.db.flush())?;
        self.data.sync_data().map_err(files::unsynced(&self.path))
    }
}

impl Store for SledStore {
    fn head(&self) -> Head {
        self.head
    }

    fn append(&mut self, frame: &Arc<Frame>) -> Result<(), JournalError> {
        self.put(frame)?;
        self.sync()
    }

    fn read(&self, first: Sequence) -> Result<Option<Frame>, JournalError> {
        let get = |key: &[u8]| guarded("read", || self.db.get(key));
        let Some(value) = get(&key_of(first))? else {
            return Ok(None);
        };
        let claim = HeaderClaim::read(&value).map_err(|fault| corrupt(first, fault))?;
        let mut bytes = value.to_vec();
        for number in 1.. {
            if bytes.len() >= claim.bytes {
                break;
            }
            let Some(value) = get(&chunk_key(first, number))? else {
                return Err(corrupt(first, Fault::CutOff));
            };
            bytes.extend_from_slice(&value);
        }
        let view = FrameView::parse(&bytes).map_err(|fault| corrupt(first, fault))?;
        if view.info.first_sequence != first {
            let found = view.info.first_sequence;
            return Err(corrupt(first, Fault::OutOfSequence { found }));
        }
        if view.bytes.len() != bytes.len() {
            return Err(corrupt(first, Fault::Trailing));
        }
        Ok(Some(Frame::from(view)))
    }
}

fn is_lock(err: &sled::Error) -> bool {
    // Sled has no other way to tell.
    matches!(err, sled::Error::Io(err) if err.to_string().contains("could not acquire lock"))
}

fn corrupt(sequence: Sequence, fault: Fault) -> JournalError {
    if let Fault::UnknownFormat(version) = fault {
        return JournalError::UnknownFormat {
            version,
            known: crate::frame::FORMAT,
        };
    }
    JournalError::Corrupt {
        copy: CopyName::Sled,
        sequence,
        fault,
    }
}
