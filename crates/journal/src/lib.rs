//! The one durable journal.

mod checkpoint;
mod codec;
mod directory;
mod error;
mod files;
mod frame;
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
pub use journal::{Check, Journal, JournalOptions, Missing, OpenReport, Repair};
pub use reader::{DecodedFrame, Frames, JournalReader, Records};
pub use store::memory::{InjectedFault, MemoryDisk};
pub use verify::{Finding, Progress, verify, verify_memory};
