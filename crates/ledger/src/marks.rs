//! The last mark of each instrument, and what marks showed that is not journaled yet.

use std::collections::BTreeMap;

use crate::command::Mark;
use crate::decimal::Price;
use crate::identity::{InstrumentId, PositionId};
use crate::position::Position;
use crate::side::PositionSide;
use crate::time::Timestamp;

/// The least time between two journaled extremes of a position, by the marks' own clock.
pub(crate) const EXTREME_INTERVAL_NANOSECONDS: i64 = 100_000_000;

/// Marks are working information: they do not follow from the records, and the state of two ledgers
/// is the same whatever marks they saw.
#[derive(Clone, Debug, Default)]
pub(crate) struct MarkBook {
    last: BTreeMap<InstrumentId, Mark>,
    seen: BTreeMap<PositionId, Seen>,
}

/// What marks showed a position since its last journaled extreme.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) best: Option<Price>,
    pub(crate) worst: Option<Price>,
    pub(crate) journaled_at: Option<Timestamp>,
}

impl PartialEq for MarkBook {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for MarkBook {}

impl MarkBook {
    pub(crate) fn last(&self, instrument: &InstrumentId) -> Option<&Mark> {
        self.last.get(instrument)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Mark> {
        self.last.values()
    }

    /// Takes a mark if it is newer than the one we have.
    pub(crate) fn advance(&mut self, mark: &Mark) -> bool {
        if self
            .last
            .get(&mark.instrument)
            .is_some_and(|last| last.occurred_at >= mark.occurred_at)
        {
            return false;
        }
        self.last.insert(mark.instrument.clone(), mark.clone());
        true
    }

    pub(crate) fn seen(&self, id: PositionId) -> Option<&Seen> {
        self.seen.get(&id)
    }

    /// Widens what `position` has seen by `price`.
    pub(crate) fn note(&mut self, position: &Position, price: Price) {
        let seen = self.seen.entry(position.id).or_insert(Seen {
            best: None,
            worst: None,
            journaled_at: None,
        });
        seen.best = Some(
            seen.best
                .map_or(price, |best| better(position.side, best, price)),
        );
        seen.worst = Some(
            seen.worst
                .map_or(price, |worst| worse(position.side, worst, price)),
        );
    }

    /// Starts anew: what was seen is in the journal now.
    pub(crate) fn journaled(&mut self, id: PositionId, at: Timestamp) {
        self.seen.insert(
            id,
            Seen {
                best: None,
                worst: None,
                journaled_at: Some(at),
            },
        );
    }

    /// Starts anew after a fill: what was seen is in its effect.
    pub(crate) fn filled(&mut self, id: PositionId) {
        if let Some(seen) = self.seen.get_mut(&id) {
            seen.best = None;
            seen.worst = None;
        }
    }

    pub(crate) fn forget(&mut self, id: PositionId) {
        self.seen.remove(&id);
    }
}

/// The price that is better for a position on `side`.
pub(crate) fn better(side: PositionSide, a: Price, b: Price) -> Price {
    match side {
        PositionSide::Long => a.max(b),
        PositionSide::Short => a.min(b),
    }
}

/// The price that is worse for a position on `side`.
pub(crate) fn worse(side: PositionSide, a: Price, b: Price) -> Price {
    match side {
        PositionSide::Long => a.min(b),
        PositionSide::Short => a.max(b),
    }
}
