//! Where frames are kept.

pub(crate) mod memory;
pub(crate) mod mirror;
pub(crate) mod segments;
pub(crate) mod sled_store;

use std::fmt::Debug;
use std::sync::Arc;

use ledger::Sequence;

use crate::error::JournalError;
use crate::frame::{Frame, Head};

/// A sequence of frames that only grows. Narrow, because a replicated store will stand behind it one
/// day.
pub(crate) trait Store: Debug + Send {
    /// Where the history ends.
    fn head(&self) -> Head;

    /// Appends a frame at the sequence it starts with; it is durable on return. After an error it is
    /// not known whether the frame is there: nothing more may be appended.
    fn append(&mut self, frame: &Arc<Frame>) -> Result<(), JournalError>;

    /// The frame that starts at `first`, proved by its own checksum and hash; none if there is none.
    fn read(&self, first: Sequence) -> Result<Option<Frame>, JournalError>;
}

/// Whether `frame` is what comes after `head`.
pub(crate) fn admit(head: Head, frame: &Frame) -> Result<(), JournalError> {
    if frame.info.first_sequence == head.sequence.next() && frame.previous == head.hash {
        Ok(())
    } else {
        Err(JournalError::SequenceConflict {
            expected: frame.info.first_sequence,
            actual: head.sequence.next(),
        })
    }
}
