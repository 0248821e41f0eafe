//! The read models of a position ledger: each a fold over [`ledger::Record`]s, each disposable and
//! rebuilt from the journal alone.
//!
//! ```text
//!                       ┌──▶ OpenView   what is not final, and who holds how much of it
//! record ─▶ Projections ┼──▶ Stats      sums over what is closed
//!                       └──▶ HistorySink ──▶ History   trades, orders, fills, on disk
//! ```
//!
//! Live, [`Projections`] feeds a [`HistoryWriter`], whose rows any number of [`History`] handles read.
//! For a moment in the past, [`fold_as_of`] runs the same fold over a part of the records, into a
//! [`HistoryWriter::temporary`], [`LookUpOnly`], [`NoHistory`], or whatever takes the rows. For one position,
//! [`replay_position`] runs it over that position's records.
//!
//! Nothing here influences a decision, and nothing is counted twice: the history is idempotent, so
//! that after a crash a fold may hand it rows again that it has already.

mod as_of;
mod attribution;
mod codec;
mod history;
mod open;
mod orders;
mod projections;
mod replay;
mod rows;
mod stats;

pub use as_of::{AsOf, FoldError, fold_as_of};
pub use attribution::{AttributionBook, Part, Share, Split};
pub use history::{
    Cursor, Direction, History, HistoryError, HistoryWriter, Opened, PendingFlush, Scan,
    StoredThrough,
};
pub use open::OpenView;
pub use projections::{CheckpointError, Projections};
pub use replay::{Replay, Replayer, Step, replay_position};
pub use rows::{
    Correction, CorrectionKind, FillRow, HistorySink, LookUpOnly, NoHistory, PositionEffect, Rows,
    Trade,
};
pub use stats::{Day, Group, GroupBy, Stats, StatsFilter, StatsKey, StatsRow, Tally};
