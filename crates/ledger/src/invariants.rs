//! The invariants of the ledger as named checks: run after every event in tests, and over a whole
//! journal by `posledger verify`.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::decimal::Amount;
use crate::event::{Event, FillEffect};
use crate::identity::{Leg, PositionId, Sequence};
use crate::lifecycle::Transition;
use crate::order::OrderPurpose;
use crate::position::Position;
use crate::record::Record;
use crate::side::PositionSide;
use crate::state::Ledger;

/// What must always hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Invariant {
    /// A slot holds at most one unfinished position.
    OneUnfinishedPositionPerSlot,
    /// A position has at most one working stop loss.
    OneWorkingStopPerPosition,
    /// A final position never changes.
    FinalNeverChanges,
    /// States change only as the lifecycle allows, from the state the position is in.
    LegalTransition,
    /// Records follow each other without a gap.
    NoSequenceGap,
    /// The moment of recording never goes back.
    RecordedAtNeverGoesBack,
    /// Realized PnL and what rounding cut off are cash and cost, exactly.
    RealizedIsCashPlusCost,
    /// A flat position has no cost.
    FlatHasNoCost,
    /// The sign of the quantity is the side of the position.
    QuantityFitsSide,
    /// The lots sum to the position.
    LotsSumToPosition,
    /// An event's numbers before and after are the position's.
    EffectFitsPosition,
    /// A fill that may only reduce does not grow a position.
    ReduceOnlyNeverGrows,
}

impl Invariant {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OneUnfinishedPositionPerSlot => "one_unfinished_position_per_slot",
            Self::OneWorkingStopPerPosition => "one_working_stop_per_position",
            Self::FinalNeverChanges => "final_never_changes",
            Self::LegalTransition => "legal_transition",
            Self::NoSequenceGap => "no_sequence_gap",
            Self::RecordedAtNeverGoesBack => "recorded_at_never_goes_back",
            Self::RealizedIsCashPlusCost => "realized_is_cash_plus_cost",
            Self::FlatHasNoCost => "flat_has_no_cost",
            Self::QuantityFitsSide => "quantity_fits_side",
            Self::LotsSumToPosition => "lots_sum_to_position",
            Self::EffectFitsPosition => "effect_fits_position",
            Self::ReduceOnlyNeverGrows => "reduce_only_never_grows",
        }
    }
}

/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// Which.
    pub invariant: Invariant,
    /// At which record.
    pub sequence: Sequence,
    /// Of which position.
    pub position_id: Option<PositionId>,
    /// With which numbers.
    pub detail: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} at sequence {}",
            self.invariant.as_str(),
            self.sequence
        )?;
        if let Some(id) = self.position_id {
            write!(f, ", position {id}")?;
        }
        write!(f, ": {}", self.detail)
    }
}

impl Ledger {
    /// What does not hold in the state as it is.
    pub fn violations(&self) -> Vec<Violation> {
        self.positions()
            .flat_map(|position| self.violations_of(position))
            .collect()
    }

    /// What does not hold for one position as it is.
    pub fn violations_of(&self, position: &Position) -> Vec<Violation> {
        let violation = |(invariant, detail)| Violation {
            invariant,
            sequence: self.head(),
            position_id: Some(position.id),
            detail,
        };
        [
            self.check_slot(position),
            self.check_stops(position),
            check_conservation(position),
            check_flat(position),
            check_side(position),
            check_lots(position),
        ]
        .into_iter()
        .flatten()
        .map(violation)
        .collect()
    }

    /// What would not hold if `record` were applied to the state as it is.
    pub fn violations_by(&self, record: &Record) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut note = |invariant, detail| {
            found.push(Violation {
                invariant,
                sequence: record.sequence,
                position_id: record.position_id,
                detail,
            });
        };
        if record.sequence != self.head().next() {
            let detail = format!("expected {}, found {}", self.head().next(), record.sequence);
            note(Invariant::NoSequenceGap, detail);
        }
        if record.recorded_at < self.last_recorded_at() {
            let detail = format!("{} after {}", record.recorded_at, self.last_recorded_at());
            note(Invariant::RecordedAtNeverGoesBack, detail);
        }
        let position = record.position_id.and_then(|id| self.position(id));
        let broken = [
            check_transition(position, record),
            self.check_final(record),
            check_effect(position, record),
            check_reduce_only(position, record),
        ];
        for (invariant, detail) in broken.into_iter().flatten() {
            note(invariant, detail);
        }
        found
    }

    fn check_final(&self, record: &Record) -> Option<(Invariant, String)> {
        let position = self.recent.finished.get(&record.position_id?)?;
        let changes = effect_of(record).is_some()
            || matches!(
                record.event,
                Event::PositionStateChanged(_)
                    | Event::PositionClosed(_)
                    | Event::PriceExtremeObserved(_)
                    | Event::AdjustmentApplied(_)
            );
        changes.then(|| {
            let event = record.event.name();
            let detail = format!("{event} on a position that is {}", position.state);
            (Invariant::FinalNeverChanges, detail)
        })
    }

    fn check_slot(&self, position: &Position) -> Option<(Invariant, String)> {
        if position.leg == Leg::Pending {
            return None;
        }
        let holder = self
            .slots
            .get(&position.slot())
            .and_then(|slot| slot.position);
        (holder != Some(position.id)).then(|| {
            let holder = holder.map_or_else(|| "nothing".to_owned(), |id| id.to_string());
            (
                Invariant::OneUnfinishedPositionPerSlot,
                format!("its slot holds {holder}"),
            )
        })
    }

    fn check_stops(&self, position: &Position) -> Option<(Invariant, String)> {
        let working = self
            .orders_of(position.id)
            .filter(|order| order.purpose == OrderPurpose::StopLoss && order.status.is_working())
            .count();
        (working > 1).then(|| {
            (
                Invariant::OneWorkingStopPerPosition,
                format!("{working} stop losses work"),
            )
        })
    }
}

fn check_conservation(position: &Position) -> Option<(Invariant, String)> {
    let numbers = &position.numbers;
    let left = numbers.realized_pnl.plus(numbers.rounding);
    let right = numbers.cash.plus(numbers.cost);
    (left != right || left.is_err()).then(|| {
        let detail = format!(
            "realized {} + rounding {} is not cash {} + cost {}",
            numbers.realized_pnl, numbers.rounding, numbers.cash, numbers.cost
        );
        (Invariant::RealizedIsCashPlusCost, detail)
    })
}

fn check_flat(position: &Position) -> Option<(Invariant, String)> {
    let numbers = &position.numbers;
    (numbers.quantity.is_zero() && !numbers.cost.is_zero()).then(|| {
        (
            Invariant::FlatHasNoCost,
            format!("flat with a cost of {}", numbers.cost),
        )
    })
}

fn check_side(position: &Position) -> Option<(Invariant, String)> {
    let quantity = position.numbers.quantity;
    let fits = match position.side {
        PositionSide::Long => !quantity.is_negative(),
        PositionSide::Short => !quantity.is_positive(),
    };
    (!fits).then(|| {
        (
            Invariant::QuantityFitsSide,
            format!("{} with a quantity of {quantity}", position.side),
        )
    })
}

fn check_lots(position: &Position) -> Option<(Invariant, String)> {
    if position.lots.is_empty() {
        return None;
    }
    let quantity = position
        .lots
        .iter()
        .try_fold(crate::decimal::Quantity::ZERO, |sum, lot| {
            sum.plus(lot.quantity)
        });
    let cost = position
        .lots
        .iter()
        .try_fold(Amount::ZERO, |sum, lot| sum.plus(lot.cost));
    let fits = quantity == Ok(position.held()) && cost == Ok(position.numbers.cost);
    (!fits).then(|| {
        let detail = format!(
            "lots of {quantity:?} at {cost:?}, position of {} at {}",
            position.held(),
            position.numbers.cost
        );
        (Invariant::LotsSumToPosition, detail)
    })
}

fn check_transition(position: Option<&Position>, record: &Record) -> Option<(Invariant, String)> {
    let Event::PositionStateChanged(event) = &record.event else {
        return None;
    };
    let transition = Transition {
        from: event.from,
        to: event.to,
    };
    let here = position.map(|position| position.state);
    // A position is created by the record before the one that names its first state.
    let fits = event.from.is_none() || event.from == here;
    (!transition.is_legal() || !fits).then(|| {
        let detail = format!("{:?} to {:?} in state {here:?}", event.from, event.to);
        (Invariant::LegalTransition, detail)
    })
}

fn effect_of(record: &Record) -> Option<&FillEffect> {
    if let Event::OrderFilled(event) = &record.event {
        event.effect.as_ref()
    } else if let Event::PositionOpened(event) = &record.event {
        Some(&event.effect)
    } else {
        None
    }
}

fn check_effect(position: Option<&Position>, record: &Record) -> Option<(Invariant, String)> {
    let effect = effect_of(record)?;
    let mut after = match (position, &record.event) {
        (Some(position), _) => position.clone(),
        (None, _) => return effect_on_nothing(effect),
    };
    if let Event::PositionOpened(event) = &record.event {
        after.side = event.side;
        after.terms = Some(event.terms.clone());
    }
    let before = after.numbers;
    after.add_effect(effect, record.sequence);
    let fits = before == effect.before && after.numbers == effect.after;
    (!fits).then(|| {
        let detail = format!(
            "before {before:?} (recorded {:?}), after {:?} (recorded {:?})",
            effect.before, after.numbers, effect.after
        );
        (Invariant::EffectFitsPosition, detail)
    })
}

fn effect_on_nothing(effect: &FillEffect) -> Option<(Invariant, String)> {
    let nothing = crate::position::PositionNumbers::default();
    (effect.before != nothing).then(|| {
        let detail = format!("before {:?} on a position that is not there", effect.before);
        (Invariant::EffectFitsPosition, detail)
    })
}

fn check_reduce_only(position: Option<&Position>, record: &Record) -> Option<(Invariant, String)> {
    let reduce_only = matches!(&record.event, Event::OrderFilled(event) if event.fill.reduce_only);
    let grew = effect_of(record).is_some_and(|effect| {
        effect.after.quantity.magnitude() > effect.before.quantity.magnitude()
    });
    (reduce_only && grew).then(|| {
        let held = position.map(Position::held).unwrap_or_default();
        (Invariant::ReduceOnlyNeverGrows, format!("grew from {held}"))
    })
}
