//! What a mark comes to: nothing, unless it moves an extreme or reaches a trail's activation.

use crate::command::Mark;
use crate::decimal::Amount;
use crate::event::{Event, PriceExtremeObserved, TrailActivated};
use crate::identity::{Actor, Correlation};
use crate::lifecycle::{PositionState, StateCause};
use crate::marks::EXTREME_INTERVAL_NANOSECONDS;
use crate::mathematics::{extremes_at, extremes_seen};
use crate::position::{Extremes, Position};
use crate::side::PositionSide;
use crate::state::Ledger;

use super::draft::Draft;
use super::{Decision, Moment, Outcome};

impl Ledger {
    pub(super) fn decide_mark(&self, mark: &Mark, moment: &Moment) -> Decision {
        let instrument = &mark.instrument;
        if self
            .mark(instrument)
            .is_some_and(|last| last.occurred_at >= mark.occurred_at)
        {
            return Decision::duplicate(None, None, None);
        }
        let correlation = Correlation::instrument(instrument);
        let tenant = instrument.tenant.clone();
        let mut draft = Draft::of_ledger(self, tenant, correlation, mark.occurred_at, moment);
        draft.asked_by(Actor::venue(&instrument.venue), None);
        let ids = self.by_instrument.get(instrument).into_iter().flatten();
        for position in ids.filter_map(|id| self.positions.get(id)) {
            // A mark from before the last fill says nothing about what is held now.
            let current = position
                .last_fill_at
                .is_none_or(|at| at <= mark.occurred_at);
            if !position.is_held() || !current {
                continue;
            }
            draft.about(&position.account, &position.symbol);
            if let Some(extremes) = self.moved_extremes(position, mark) {
                let event = PriceExtremeObserved {
                    mark_price: mark.price,
                    extremes,
                };
                draft.push(Some(position.id), Event::PriceExtremeObserved(event));
            }
            if activates(position, mark) {
                let event = TrailActivated {
                    mark_price: Some(mark.price),
                };
                draft.push(Some(position.id), Event::TrailActivated(event));
                if matches!(
                    position.state,
                    PositionState::Open | PositionState::Monitoring
                ) {
                    let cause = StateCause::TrailActivated;
                    draft.change_state(position, PositionState::Trailing, cause, None);
                }
            }
        }
        Decision::of(Outcome::Applied, draft.finish(), None)
    }

    /// The position's extremes, if what marks have shown moves them and the last journaled ones are
    /// old enough. What comes too soon is kept and journaled with a later mark or fill.
    fn moved_extremes(&self, position: &Position, mark: &Mark) -> Option<Extremes> {
        let seen = self.marks.seen(position.id);
        let last = seen.and_then(|seen| seen.journaled_at);
        let due = last.is_none_or(|at| {
            mark.occurred_at.nanoseconds_since(at) >= EXTREME_INTERVAL_NANOSECONDS
        });
        if !due {
            return None;
        }
        let terms = position.terms.as_ref()?;
        // A mark that cannot be valued exactly is no extreme; the fill at that price would be
        // quarantined.
        let extremes = extremes_seen(terms, position, seen).ok()?;
        let extremes = extremes_at(
            terms,
            position.side,
            &position.numbers,
            extremes,
            mark.price,
        )
        .ok()?;
        (extremes != position.extremes).then_some(extremes)
    }
}

/// Whether the mark reaches the price from which the position trails.
fn activates(position: &Position, mark: &Mark) -> bool {
    let waiting = position.trail.as_ref().filter(|trail| !trail.active);
    let Some(activation) = waiting.and_then(|trail| trail.activation) else {
        return false;
    };
    let (price, activation) = (Amount::of(mark.price.get()), Amount::of(activation.get()));
    match position.side {
        PositionSide::Long => price >= activation,
        PositionSide::Short => price <= activation,
    }
}
