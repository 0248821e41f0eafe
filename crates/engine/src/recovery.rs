//! How the state is found again: the newest checkpoint that fits, and the records after it.

use std::path::Path;

use journal::{Checkpoints, FrameInfo, Journal};
use ledger::Sequence;
use projection::{History, HistoryWriter};

use crate::error::StartError;
use crate::reader::ReadModels;

/// What recovery found.
pub(crate) struct Recovered {
    pub(crate) models: ReadModels,
    pub(crate) history: History,
    pub(crate) checkpoints: Checkpoints,
    pub(crate) checkpoint: Sequence,
    pub(crate) replayed: u64,
    pub(crate) rebuilt: Option<String>,
    pub(crate) last: Option<FrameInfo>,
}
