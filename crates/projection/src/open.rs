//! The open view: every position that is not final, with who holds how much of it.

use ledger::{Ledger, Position, PositionId, Record, Sequence};
use serde::{Deserialize, Serialize};

use crate::attribution::{AttributionBook, Part, Split};

/// How many records what is finished stays in the open view, so that what usually follows at once
/// (the venue's last word on a filled order) finds it there.
const FINISHED_KEPT: u64 = 1024;

/// The positions that are not final: a ledger that applied exactly the durable records, and the
/// attribution beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenView {
    ledger: Ledger,
    attribution: AttributionBook,
}

/// A position that became final, as it was in its last moment.
#[derive(Clone, Debug)]
pub(crate) struct Finished {
    pub(crate) position: Position,
    pub(crate) split: Split,
}

impl OpenView {
    /// The same fold as the writer's working state.
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The ledger, to keep marks in; records reach it only through the fold.
    pub const fn ledger_mut(&mut self) -> &mut Ledger {
        &mut self.ledger
    }

    /// The last record applied.
    pub const fn head(&self) -> Sequence {
        self.ledger.head()
    }

    /// How a position that is not final is split by strategy.
    pub fn split(&self, position: &Position) -> Split {
        self.attribution.split(position)
    }

    /// A position that is not final, with its parts.
    pub fn position(&self, id: PositionId) -> Option<(&Position, Vec<Part>)> {
        let position = self
            .ledger
            .position(id)
            .filter(|position| !position.is_final())?;
        Some((position, self.split(position).parts(position)))
    }

    /// Adds a record and forgets what is long finished; returns the position that became final.
    pub(crate) fn apply(&mut self, record: &Record) -> Option<Finished> {
        self.forget(record.sequence);
        self.add(record)
    }

    /// Adds a record; returns the position that became final by it.
    pub(crate) fn add(&mut self, record: &Record) -> Option<Finished> {
        self.attribution.observe(record, &self.ledger);
        self.ledger.apply(record);
        self.finished_by(record)
    }

    fn finished_by(&mut self, record: &Record) -> Option<Finished> {
        if !matches!(record.event, ledger::Event::PositionStateChanged(_)) {
            return None;
        }
        let position = self.ledger.position(record.position_id?)?;
        if !position.is_final() {
            return None;
        }
        let position = position.clone();
        let split = self.attribution.close(&position);
        Some(Finished { position, split })
    }

    /// Forgets what is finished at fixed sequences only, so that every fold over the same records
    /// has the same state.
    fn forget(&mut self, next: Sequence) {
        let head = self.ledger.head().get();
        if head / FINISHED_KEPT < next.get() / FINISHED_KEPT {
            self.ledger
                .forget_through(Sequence::new(head.saturating_sub(FINISHED_KEPT)));
        }
    }
}
