//! All read models in one fold.

use ledger::{Record, Sequence};
use serde::{Deserialize, Serialize};

use crate::codec::{self, CodecError};
use crate::history::HistoryError;
use crate::open::OpenView;
use crate::rows::{HistorySink, RowMaker, Trade};
use crate::stats::Stats;

/// What a checkpoint begins with. Any change of the ledger's or this crate's types is a new version.
const VERSION: &[u8] = b"posledger projections 1\n";

/// The read models: open positions and statistics in memory, the history wherever the sink keeps it.
#[derive(Clone, Debug, Default)]
pub struct Projections<S> {
    state: State,
    history: S,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    open: OpenView,
    stats: Stats,
    maker: RowMaker,
}

/// Why a checkpoint cannot be used. The projections can always be rebuilt from the journal.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// It was written by another version. Rebuild.
    #[error("the checkpoint is of another version")]
    Version,
    /// Its bytes are damaged. Rebuild.
    #[error("the checkpoint is damaged")]
    Damaged(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl<S: HistorySink> Projections<S> {
    /// Before the first record.
    pub fn new(history: S) -> Self {
        Self {
            state: State::default(),
            history,
        }
    }

    /// Adds a durable record.
    ///
    /// # Errors
    /// Returns [`HistoryError`] if the history could not take it in. The history is behind the other
    /// read models then: throw them away and rebuild.
    pub fn apply(&mut self, record: &Record) -> Result<(), HistoryError> {
        let finished = self.state.open.apply(record);
        let mut rows = self.state.maker.rows(record, self.state.open.ledger());
        if let Some(finished) = finished {
            let trade = Trade {
                finished: record.sequence,
                finished_at: record.recorded_at,
                position: finished.position,
                split: finished.split,
                corrections: Vec::new(),
            };
            self.state.stats.add(&trade);
            rows.trade = Some(trade);
        }
        let correction = rows.correction.clone();
        let corrected = self.history.accept(record, rows)?;
        if let Some(correction) = correction {
            match (corrected, &record.account, &record.symbol) {
                (Some(trade), _, _) => self.state.stats.correct(&correction, &trade),
                (None, Some(account), Some(symbol)) => {
                    self.state
                        .stats
                        .correct_unmatched(&correction, account, symbol);
                }
                (None, _, _) => {}
            }
        }
        Ok(())
    }

    /// Reads a checkpoint; `history` must hold at least all up to its head.
    ///
    /// # Errors
    /// Returns [`CheckpointError`] if the bytes are not a checkpoint of this version.
    pub fn load(checkpoint: &[u8], history: S) -> Result<Self, CheckpointError> {
        let bytes = checkpoint
            .strip_prefix(VERSION)
            .ok_or(CheckpointError::Version)?;
        let state = codec::decode(bytes).map_err(damaged)?;
        Ok(Self { state, history })
    }
}

impl<S> Projections<S> {
    /// The last record applied.
    pub const fn head(&self) -> Sequence {
        self.state.open.head()
    }

    /// Open positions.
    pub const fn open(&self) -> &OpenView {
        &self.state.open
    }

    /// Open positions, to keep marks in.
    pub const fn open_mut(&mut self) -> &mut OpenView {
        &mut self.state.open
    }

    /// Statistics of closed positions.
    pub const fn stats(&self) -> &Stats {
        &self.state.stats
    }

    /// Where the history goes.
    pub const fn history(&self) -> &S {
        &self.history
    }

    /// Where the history goes, to flush it.
    pub const fn history_mut(&mut self) -> &mut S {
        &mut self.history
    }

    /// Only the history.
    pub fn into_history(self) -> S {
        self.history
    }

    /// All that is in memory, as bytes: the same for the same records. The history is not in it: it
    /// must be durable up to the head first.
    ///
    /// # Errors
    /// Returns [`CheckpointError::Damaged`] if the state cannot be encoded.
    pub fn save(&self) -> Result<Vec<u8>, CheckpointError> {
        let bytes = codec::encode(&self.state).map_err(damaged)?;
        Ok([VERSION, &bytes].concat())
    }

    /// Whether two folds came to the same state in memory.
    pub fn agrees_with<T>(&self, other: &Projections<T>) -> bool {
        self.state == other.state
    }
}

fn damaged(error: CodecError) -> CheckpointError {
    CheckpointError::Damaged(Box::new(error))
}
