//! The read models as of a moment, on either clock.

use ledger::{Record, Sequence, Timestamp};

use crate::history::HistoryError;
use crate::projections::Projections;
use crate::rows::HistorySink;

/// A moment in the life of a ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsOf {
    /// After this record.
    Sequence(Sequence),
    /// After the last record recorded at or before this time: what was known then.
    RecordedAt(Timestamp),
    /// After all that happened at or before this time by the clocks of those who reported it, however
    /// late they did: what was the case then, as far as known today.
    OccurredAt(Timestamp),
}

/// What to do with a record.
enum Admission {
    Take,
    Skip,
    Stop,
}

impl AsOf {
    fn admission(self, record: &Record) -> Admission {
        let (within, otherwise) = match self {
            Self::Sequence(last) => (record.sequence <= last, Admission::Stop),
            // Recorded times never go back.
            Self::RecordedAt(time) => (record.recorded_at <= time, Admission::Stop),
            Self::OccurredAt(time) => (record.occurred_at <= time, Admission::Skip),
        };
        if within { Admission::Take } else { otherwise }
    }

    /// The records of `records` that belong to this moment, in order; the rest is not read where the
    /// clock allows it.
    pub fn select<E>(
        self,
        records: impl IntoIterator<Item = Result<Record, E>>,
    ) -> impl Iterator<Item = Result<Record, E>> {
        records
            .into_iter()
            .map_while(move |record| {
                let admission = record
                    .as_ref()
                    .map_or(Admission::Take, |record| self.admission(record));
                match admission {
                    Admission::Take => Some(Some(record)),
                    Admission::Skip => Some(None),
                    Admission::Stop => None,
                }
            })
            .flatten()
    }
}

/// Why a fold could not be finished.
#[derive(Debug, thiserror::Error)]
pub enum FoldError<E: std::error::Error + 'static> {
    /// The records could not be read.
    #[error("the records cannot be read")]
    Records(#[source] E),
    /// The history could not be kept.
    #[error("the history cannot be kept")]
    History(#[from] HistoryError),
}

/// Folds the records up to a moment. Open positions and statistics are in memory; what is finished
/// goes to `history` row by row, so that the fold is bounded by what is open.
///
/// # Errors
/// Returns [`FoldError`] if a record cannot be read or the history cannot be kept.
pub fn fold_as_of<S, E>(
    records: impl IntoIterator<Item = Result<Record, E>>,
    as_of: AsOf,
    history: S,
) -> Result<Projections<S>, FoldError<E>>
where
    S: HistorySink,
    E: std::error::Error + 'static,
{
    let mut projections = Projections::new(history);
    for record in as_of.select(records) {
        projections.apply(&record.map_err(FoldError::Records)?)?;
    }
    Ok(projections)
}
