//! The one durable sequence of records: appended as frames, kept twice, proved whenever it is read.
//!
//! [`Journal`] is the single writer. An append is one frame with all the records of one commit; it
//! returns when the frame is durable in sled and in plain segment files. [`JournalReader`] reads what
//! is durable, by as many as want to, while the journal grows. Each copy repairs what the other lost;
//! where that cannot be done without a guess, the journal refuses to open and says why.
//!
//! ```text
//! records ── FrameBuilder ──▶ frame ── append ──▶ sled + segments ──▶ JournalReader
//!            (codec)          (hash, chain)        (both synced)       (proved again)
//! ```
//!
//! `docs/DURABILITY.md` says what is promised, `docs/FORMAT.md` what is on the disk.
//!
//! # Example: a journal in memory
//! ```
//! use journal::{Journal, MemoryDisk};
//! use ledger::Sequence;
//!
//! let disk = MemoryDisk::new();
//! let (journal, report) = Journal::in_memory(&disk)?;
//! assert_eq!(journal.head(), Sequence::ZERO);
//! assert!(report.repairs.is_empty());
//! # Ok::<(), journal::JournalError>(())
//! ```

mod checkpoint;
mod codec;
mod directory;
mod error;
mod files;
mod frame;
mod guard;
mod journal;
mod reader;
mod store;
#[cfg(test)]
mod tests;
mod verify;

pub use checkpoint::{Checkpoint, CheckpointSearch, Checkpoints, Doubt};
pub use codec::{FRAME_BYTES_LIMIT, schema_of};
pub use error::{CopyName, Fault, JournalError};
pub use frame::{FRAME_BYTES_MAX, Fit, FrameBuilder, FrameHash, FrameInfo, encoded_len};
pub use guard::keep_caught_panics_quiet;
pub use journal::{Check, Journal, JournalOptions, Missing, OpenReport, Repair};
pub use reader::{DecodedFrame, Frames, JournalReader, Records};
pub use store::memory::{InjectedFault, MemoryDisk};
pub use verify::{Finding, Progress, verify, verify_memory};
