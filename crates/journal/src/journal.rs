//! The journal: one writer, and as many readers as want to.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ledger::{Record, Sequence};

use crate::directory::{self, DirectoryLock};
use crate::error::{CopyName, JournalError};
use crate::frame::{FrameBuilder, FrameHash, FrameInfo};
use crate::reader::JournalReader;
use crate::store::Store;
use crate::store::memory::{MemoryDisk, MemoryStore};
use crate::store::mirror;
use crate::store::segments::SEGMENT_BYTES;

/// How a journal is opened.
#[derive(Clone, Debug)]
pub struct JournalOptions {
    /// What to do if there is none.
    pub missing: Missing,
    /// How much of it to prove before it is used.
    pub check: Check,
    /// What sled may keep in memory.
    pub cache_bytes: u64,
    /// A segment file is closed when it would grow beyond this.
    pub segment_bytes: u64,
    /// The program's name, for whoever finds the journal in use.
    pub program: String,
}

/// What to do if there is no journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Make one.
    Create,
    /// Refuse with [`JournalError::NotAJournal`].
    Refuse,
}

/// How much of a journal is proved before it is used. What is not proved then is proved when it is
/// read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// The last segment, its place, and that both copies end in the same frame.
    Tail,
    /// Every frame of both copies; each damaged one is taken from the other copy.
    All,
}

impl Default for JournalOptions {
    fn default() -> Self {
        Self {
            missing: Missing::Create,
            check: Check::Tail,
            cache_bytes: 64 << 20,
            segment_bytes: SEGMENT_BYTES,
            program: std::env::args_os()
                .next()
                .and_then(|name| Some(Path::new(&name).file_name()?.to_string_lossy().into_owned()))
                .unwrap_or_default(),
        }
    }
}

impl JournalOptions {
    /// Refuses where there is no journal.
    pub fn existing() -> Self {
        Self {
            missing: Missing::Refuse,
            ..Self::default()
        }
    }
}

/// What was found and done when a journal was opened.
#[derive(Debug, Default)]
pub struct OpenReport {
    /// Whether it was made just now.
    pub created: bool,
    /// What one copy did for the other. Each is worth an operator's look.
    pub repairs: Vec<Repair>,
}

/// What was repaired.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Repair {
    /// An append that was cut off had left bytes behind; nothing that was acknowledged.
    TornTail {
        /// In which copy.
        copy: CopyName,
        /// The last record before them.
        after: Sequence,
        /// How many bytes.
        bytes: u64,
    },
    /// A copy was shorter and got the frames it lacked from the other.
    Extended {
        /// Which copy.
        copy: CopyName,
        /// The first record it lacked.
        from: Sequence,
        /// The last.
        through: Sequence,
    },
    /// A segment was damaged and written anew from sled; the old file is kept beside it.
    SegmentReplaced {
        /// Its first record.
        first: Sequence,
        /// The damaged file.
        kept: PathBuf,
    },
    /// Sled could not be used and was written anew from the segments; the old folder is kept.
    SledReplaced {
        /// What was wrong.
        reason: String,
        /// The old folder, if there was one.
        kept: Option<PathBuf>,
    },
    /// Sled's `snap` files, a cache, kept it from opening and were removed.
    SledCacheRemoved,
    /// The file that says which journal this is was damaged; the first frame says it too.
    IdentityRestored,
}

impl std::fmt::Display for Repair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TornTail { copy, after, bytes } => write!(
                f,
                "cut {bytes} bytes of an interrupted append off the {copy} copy, after record {after}"
            ),
            Self::Extended {
                copy,
                from,
                through,
            } => write!(
                f,
                "gave records {from} to {through} to the {copy} copy, which lacked them"
            ),
            Self::SegmentReplaced { first, kept } => write!(
                f,
                "wrote the damaged segment from record {first} on anew from sled; the old one is `{}`",
                kept.display()
            ),
            Self::SledReplaced { reason, kept } => {
                write!(f, "wrote sled anew from the segments: {reason}")?;
                kept.as_ref().map_or(Ok(()), |kept| {
                    write!(f, "; the old one is `{}`", kept.display())
                })
            }
            Self::SledCacheRemoved => f.write_str("removed sled's cache, which it could not read"),
            Self::IdentityRestored => f.write_str("wrote the journal's identity file anew"),
        }
    }
}

/// The one durable sequence of records. There is one writer: this.
#[derive(Debug)]
pub struct Journal {
    store: Box<dyn Store>,
    reader: JournalReader,
    builder: FrameBuilder,
    poisoned: bool,
    _lock: Option<DirectoryLock>,
}

impl Journal {
    /// Opens the journal in `dir`, where each copy repairs what the other lost.
    ///
    /// # Errors
    /// Every variant of [`JournalError`] that says that a journal cannot be used.
    pub fn open(
        dir: impl AsRef<Path>,
        options: &JournalOptions,
    ) -> Result<(Self, OpenReport), JournalError> {
        let dir = dir.as_ref();
        let mut report = OpenReport::default();
        let lock = directory::enter(dir, options, &mut report)?;
        let store = mirror::open(dir, options, &mut report)?;
        let segments = store.segments();
        let journal = Self::new(Box::new(store), segments, Some(lock));
        for repair in &report.repairs {
            tracing::warn!(%repair, "the journal was repaired");
        }
        tracing::info!(
            head = %journal.head(),
            genesis = %journal.genesis(),
            created = report.created,
            "journal open"
        );
        Ok((journal, report))
    }

    /// Opens the journal on a disk in memory.
    ///
    /// # Errors
    /// Returns [`JournalError::Corrupt`] if the disk is damaged before its tail.
    pub fn in_memory(disk: &MemoryDisk) -> Result<(Self, OpenReport), JournalError> {
        let (store, bytes) = MemoryStore::open(disk)?;
        let segments = store.segments();
        let journal = Self::new(Box::new(store), segments, None);
        let mut report = OpenReport::default();
        if bytes > 0 {
            report.repairs.push(Repair::TornTail {
                copy: CopyName::Memory,
                after: journal.head(),
                bytes,
            });
        }
        Ok((journal, report))
    }

    fn new(
        store: Box<dyn Store>,
        segments: Arc<crate::store::segments::Segments>,
        lock: Option<DirectoryLock>,
    ) -> Self {
        let reader = JournalReader::new(segments, store.head().sequence);
        Self {
            store,
            reader,
            builder: FrameBuilder::new(),
            poisoned: false,
            _lock: lock,
        }
    }

    /// Appends `records` as one frame. They are durable in both copies on return.
    ///
    /// `expected` is the sequence that the first of them has; the journal must end right before it.
    ///
    /// # Errors
    /// Nothing is recorded by [`JournalError::SequenceConflict`], [`JournalError::Gap`],
    /// [`JournalError::Empty`], [`JournalError::TooLarge`] and [`JournalError::Encode`], and the
    /// journal goes on. Any other error leaves it unknown what is recorded: the journal takes no
    /// more ([`JournalError::Poisoned`]) until it is opened again.
    pub fn append(
        &mut self,
        expected: Sequence,
        records: &[Record],
    ) -> Result<FrameInfo, JournalError> {
        let mut builder = std::mem::take(&mut self.builder);
        builder.clear();
        // An empty frame takes any group that fits at all.
        let result = builder
            .push_all(records)
            .and_then(|_| self.append_frame(expected, &mut builder));
        self.builder = builder;
        result
    }

    /// Appends what `frame` holds, and empties it. As [`append`](Self::append), without encoding
    /// anything again.
    ///
    /// # Errors
    /// As [`append`](Self::append); where nothing was recorded, the frame still holds its records.
    pub fn append_frame(
        &mut self,
        expected: Sequence,
        frame: &mut FrameBuilder,
    ) -> Result<FrameInfo, JournalError> {
        if self.poisoned {
            return Err(JournalError::Poisoned);
        }
        let head = self.store.head();
        let next = head.sequence.next();
        if expected != next {
            return Err(JournalError::SequenceConflict {
                expected,
                actual: next,
            });
        }
        match frame.first_sequence() {
            None => return Err(JournalError::Empty),
            Some(found) if found != next => {
                return Err(JournalError::Gap {
                    expected: next,
                    found,
                });
            }
            Some(_) => {}
        }
        let frame = Arc::new(frame.seal(head.hash));
        if let Err(error) = self.store.append(&frame) {
            self.poisoned = true;
            return Err(error);
        }
        self.reader.publish(frame.info.last_sequence);
        Ok(frame.info)
    }

    /// The last record; [`Sequence::ZERO`] if there is none.
    pub fn head(&self) -> Sequence {
        self.store.head().sequence
    }

    /// What tells this journal from every other.
    pub fn genesis(&self) -> FrameHash {
        self.reader.genesis()
    }

    /// Reads what is durable.
    pub fn reader(&self) -> JournalReader {
        self.reader.clone()
    }

    /// Whether an append failed in a way that leaves doubt.
    pub const fn is_poisoned(&self) -> bool {
        self.poisoned
    }
}
