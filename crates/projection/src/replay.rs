//! One position, rebuilt from its own records: the same fold as everywhere, step by step.

use ledger::{Order, Position, PositionId, Record, Sequence};

use crate::attribution::Part;
use crate::open::OpenView;
use crate::orders::order_number;

/// A record, and what the position was after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The record.
    pub record: Record,
    /// The position after it; none before it exists.
    pub position: Option<Position>,
    /// The order that the record changed, after it.
    pub order: Option<Order>,
    /// Who holds how much after it.
    pub parts: Vec<Part>,
}

/// A position's life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// Every record and what it led to.
    pub steps: Vec<Step>,
    /// The position after the last; none if the records do not make one.
    pub position: Option<Position>,
    /// Who holds how much of it.
    pub parts: Vec<Part>,
    /// Its orders, oldest first.
    pub orders: Vec<Order>,
}

/// Replays one position, a step at a time: for stories too long to hold.
#[derive(Clone, Debug)]
pub struct Replayer {
    id: PositionId,
    view: OpenView,
    /// The position in its last moment, once it is final.
    last: Option<(Position, Vec<Part>)>,
}

impl Replayer {
    /// Before the first record of `id`.
    pub fn new(id: PositionId) -> Self {
        Self {
            id,
            view: OpenView::default(),
            last: None,
        }
    }

    /// Adds the next record of the position.
    pub fn step(&mut self, record: Record) -> Step {
        let finished = self
            .view
            .add(&record)
            .filter(|finished| finished.position.id == self.id);
        if let Some(finished) = finished {
            let parts = finished.split.parts(&finished.position);
            self.last = Some((finished.position, parts));
        }
        let (position, parts) = self.position().unzip();
        let order = order_number(&record)
            .and_then(|number| self.order(number))
            .cloned();
        Step {
            record,
            position,
            order,
            parts: parts.unwrap_or_default(),
        }
    }

    /// The position as it is now, with its parts.
    pub fn position(&self) -> Option<(Position, Vec<Part>)> {
        let open = self.view.position(self.id);
        open.map(|(position, parts)| (position.clone(), parts))
            .or_else(|| self.last.clone())
    }

    /// An order of the position.
    pub fn order(&self, number: Sequence) -> Option<&Order> {
        self.view.ledger().order(number)
    }

    /// The orders of the position, oldest first.
    pub fn orders(&self) -> impl Iterator<Item = &Order> {
        self.view.ledger().orders()
    }
}

/// Replays a position from its records, which the history's index names.
///
/// # Errors
/// Returns the first error of `records`.
pub fn replay_position<E>(
    id: PositionId,
    records: impl IntoIterator<Item = Result<Record, E>>,
) -> Result<Replay, E> {
    let mut replayer = Replayer::new(id);
    let steps = records
        .into_iter()
        .map(|record| record.map(|record| replayer.step(record)))
        .collect::<Result<_, E>>()?;
    let (position, parts) = replayer.position().unzip();
    Ok(Replay {
        steps,
        position,
        parts: parts.unwrap_or_default(),
        orders: replayer.orders().cloned().collect(),
    })
}
