//! What a fill comes to: the one place where quantity, cost and realized PnL are decided.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use crate::acknowledgement::{Acknowledgement, FillFact};
use crate::configuration::PositionMode;
use crate::decimal::{Amount, Inexact, Quantity, proportion};
use crate::event::{
    Event, FillEffect, FindingClass, OrderFilled, PositionClosed, PositionFlipped, PositionOpened,
    ReconciliationFinding,
};
use crate::identity::{Asset, FactKey, Leg, PositionId, Slot};
use crate::lifecycle::{PositionState, StateCause};
use crate::mathematics::{Held, Share};
use crate::order::{Order, OrderFactKind, OrderPurpose, OrderStatus};
use crate::position::{Origin, Position, Terms};
use crate::record::Record;
use crate::refusal::{Anomaly, Flag};
use crate::side::{PositionSide, Side};
use crate::state::{Closed, Ledger};

use super::draft::Draft;
use super::orders::adoption;
use super::{Known, Moment};

impl From<Inexact> for Anomaly {
    fn from(_: Inexact) -> Self {
        Self::Inexact
    }
}

/// All that is known about a fill before its effect is worked out.
struct Context<'a> {
    ledger: &'a Ledger,
    ack: &'a Acknowledgement,
    fill: &'a FillFact,
    key: FactKey,
    known: &'a Known,
    order: Option<&'a Order>,
    leg: Leg,
    position: Option<&'a Position>,
    terms: Terms,
    flags: BTreeSet<Flag>,
    progress: Option<Progress>,
    moment: &'a Moment,
}

/// Where the order is after the fill.
#[derive(Clone, Copy)]
struct Progress {
    status: OrderStatus,
    filled: Quantity,
}

/// What a fill does to the slot it falls into.
enum Course<'a> {
    /// It opens a position, or gives a position that was asked for its first quantity.
    Open(Option<&'a Position>),
    /// It adds to what is held.
    Add(&'a Position),
    /// It takes from what is held; the excess is part of nothing.
    Reduce {
        position: &'a Position,
        quantity: Quantity,
        excess: Quantity,
    },
    /// It takes all that is held and opens the other side with the rest.
    Flip {
        position: &'a Position,
        quantity: Quantity,
        rest: Quantity,
    },
}

impl Ledger {
    pub(super) fn fill_records(
        &self,
        ack: &Acknowledgement,
        fill: &FillFact,
        key: FactKey,
        known: &Known,
        moment: &Moment,
    ) -> Result<Vec<Record>, Anomaly> {
        let order = self
            .find_order(&ack.account, &ack.symbol, &ack.order)
            .or(known.order.as_ref());
        let leg = self.leg_of(ack, order)?;
        let position = self.position_for(ack, &leg, order);
        let terms = position
            .and_then(|position| position.terms.clone())
            .unwrap_or_else(|| self.terms(ack));
        if terms.inverse && !fill.price.is_positive() {
            return Err(Anomaly::PriceNotPositive);
        }
        let progress = match order {
            Some(order) => Some(progress(order, fill)?),
            None if ack.order.is_empty() => None,
            // An order nobody here asked for: how much it is for in all is not known.
            None => Some(Progress {
                status: OrderStatus::PartiallyFilled,
                filled: fill.quantity,
            }),
        };
        let flags = self.fill_flags(ack, fill, order, &leg, position, progress);
        let context = Context {
            ledger: self,
            ack,
            fill,
            key,
            known,
            order,
            leg,
            position,
            terms,
            flags,
            progress,
            moment,
        };
        let course = context.course()?;
        context.records(&course)
    }

    /// The leg a fill falls into.
    fn leg_of(&self, ack: &Acknowledgement, order: Option<&Order>) -> Result<Leg, Anomaly> {
        if let Some(leg) = &ack.leg {
            return Ok(leg.clone());
        }
        let ordered = order.and_then(|order| {
            let position = order.position_id.and_then(|id| self.positions.get(&id));
            position
                .map(|position| position.leg.clone())
                .or_else(|| order.leg.clone())
        });
        match (ordered, self.settings(&ack.account).position_mode) {
            (Some(leg), _) if leg != Leg::Pending => Ok(leg),
            (_, PositionMode::Netting) => Ok(Leg::Net),
            (_, PositionMode::Hedging | PositionMode::Ticket) => Err(Anomaly::LegMissing),
        }
    }

    /// The unfinished position a fill belongs to, whoever ordered it.
    fn position_for(
        &self,
        ack: &Acknowledgement,
        leg: &Leg,
        order: Option<&Order>,
    ) -> Option<&Position> {
        let slot = Slot {
            account: ack.account.clone(),
            symbol: ack.symbol.clone(),
            leg: leg.clone(),
        };
        self.position_in(&slot).or_else(|| {
            // A position that waits for its ticket is found by its order.
            let position = self.positions.get(&order?.position_id?)?;
            (position.leg == Leg::Pending && matches!(leg, Leg::Ticket(_))).then_some(position)
        })
    }

    /// The terms a position would be counted by if it opened now.
    fn terms(&self, ack: &Acknowledgement) -> Terms {
        let settings = self.settings(&ack.account);
        let instrument = self.instrument(&ack.account.instrument(&ack.symbol));
        Terms {
            inverse: instrument.is_some_and(|instrument| instrument.inverse),
            multiplier: instrument.map_or_else(
                || Amount::of(rust_decimal::Decimal::ONE).magnitude(),
                |i| i.multiplier,
            ),
            step: instrument.and_then(|instrument| instrument.step),
            settlement_asset: instrument.and_then(|i| i.settlement_asset.clone()),
            cost_basis: settings.cost_basis,
            pnl_rounding: settings.pnl_rounding,
        }
    }

    fn fill_flags(
        &self,
        ack: &Acknowledgement,
        fill: &FillFact,
        order: Option<&Order>,
        leg: &Leg,
        position: Option<&Position>,
        progress: Option<Progress>,
    ) -> BTreeSet<Flag> {
        let mode = self
            .accounts
            .get(&ack.account)
            .map(|settings| settings.position_mode);
        let fits = match (mode, leg) {
            (None, _)
            | (Some(PositionMode::Netting), Leg::Net)
            | (Some(PositionMode::Hedging), Leg::Long | Leg::Short)
            | (Some(PositionMode::Ticket), Leg::Ticket(_)) => true,
            (Some(_), _) => false,
        };
        let total = order.and_then(|order| order.quantity);
        let after = progress.map(|progress| progress.filled);
        let known_instrument = self
            .instruments
            .contains_key(&ack.account.instrument(&ack.symbol));
        [
            (
                Flag::ExternalOrder,
                order.is_none_or(|o| o.purpose == OrderPurpose::External),
            ),
            (
                Flag::LateFill,
                position.is_some_and(|p| p.last_fill_at.is_some_and(|at| ack.occurred_at < at)),
            ),
            (
                Flag::Overfill,
                total
                    .zip(after)
                    .is_some_and(|(total, filled)| filled > total),
            ),
            (
                Flag::FillAfterEnd,
                order.is_some_and(|order| ended_unfilled(order.status)),
            ),
            (
                Flag::FillMissing,
                fill.cumulative_quantity
                    .zip(after)
                    .is_some_and(|(told, ours)| told > ours),
            ),
            (Flag::Liquidation, fill.liquidation),
            (Flag::UnknownInstrument, !known_instrument),
            (Flag::LegModeMismatch, !fits),
        ]
        .into_iter()
        .filter_map(|(flag, holds)| holds.then_some(flag))
        .collect()
    }
}

/// Whether an order ended before all of it was filled.
fn ended_unfilled(status: OrderStatus) -> bool {
    matches!(
        status,
        OrderStatus::Canceled | OrderStatus::Rejected | OrderStatus::Expired
    )
}

/// Where an order is after a fill.
fn progress(order: &Order, fill: &FillFact) -> Result<Progress, Anomaly> {
    let filled = order.filled_quantity.plus(fill.quantity)?;
    let whole = order.quantity.is_some_and(|quantity| filled >= quantity);
    let fact = if whole {
        OrderFactKind::WhollyFilled
    } else {
        OrderFactKind::PartlyFilled
    };
    Ok(Progress {
        status: order.status.after(fact).unwrap_or(order.status),
        filled,
    })
}

impl<'a> Context<'a> {
    /// What the fill does to its slot. Anomalies in order of precedence.
    fn course(&self) -> Result<Course<'a>, Anomaly> {
        let reduce_only =
            self.fill.reduce_only || self.order.is_some_and(|order| order.reduce_only);
        let Some(position) = self.position.filter(|position| position.is_held()) else {
            if self.closes_a_leg() {
                return Err(Anomaly::NothingToClose);
            }
            if reduce_only {
                return Err(Anomaly::ReduceOnlyWouldGrow);
            }
            return Ok(Course::Open(self.position));
        };
        if self.fill.side == position.side.entry_side() {
            if reduce_only {
                return Err(Anomaly::ReduceOnlyWouldGrow);
            }
            return Ok(Course::Add(position));
        }
        let held = position.held();
        if self.fill.quantity <= held {
            let (quantity, excess) = (self.fill.quantity, Quantity::ZERO);
            return Ok(Course::Reduce {
                position,
                quantity,
                excess,
            });
        }
        let rest = self.fill.quantity.less(held)?;
        match (&self.leg, reduce_only) {
            (Leg::Net, false) => Ok(Course::Flip {
                position,
                quantity: held,
                rest,
            }),
            (Leg::Net, true) => Err(Anomaly::ReduceOnlyWouldGrow),
            // A leg or ticket cannot change sides: what it held is closed, the rest is kept in view.
            (Leg::Long | Leg::Short | Leg::Ticket(_) | Leg::Pending, _) => Ok(Course::Reduce {
                position,
                quantity: held,
                excess: rest,
            }),
        }
    }

    /// Whether the fill can only be a close by the side of its leg, with nothing held.
    fn closes_a_leg(&self) -> bool {
        match &self.leg {
            Leg::Net | Leg::Pending => false,
            Leg::Long => self.fill.side == Side::Sell,
            Leg::Short => self.fill.side == Side::Buy,
            // A ticket is never used again: a fill against its last position closes nothing.
            Leg::Ticket(_) => self
                .last_closed()
                .is_some_and(|last| last.side.exit_side() == self.fill.side),
        }
    }

    /// The position before this one in the slot.
    fn last_closed(&self) -> Option<Closed> {
        let slot = Slot {
            account: self.ack.account.clone(),
            symbol: self.ack.symbol.clone(),
            leg: self.leg.clone(),
        };
        self.ledger.last_closed(&slot, self.known)
    }

    fn records(mut self, course: &Course<'a>) -> Result<Vec<Record>, Anomaly> {
        match course {
            Course::Open(position) => self.open(*position),
            Course::Add(position) => {
                let effect = self
                    .held(position)?
                    .open(self.share(self.fill.quantity, self.fee()))?;
                Ok(self.add(position, effect))
            }
            Course::Reduce {
                position,
                quantity,
                excess,
            } => {
                if !excess.is_zero() {
                    self.flags.insert(Flag::ExceedsLeg);
                }
                let mut share = self.share(*quantity, self.fee());
                share.excess = *excess;
                let effect = self.held(position)?.close(share)?;
                self.flag_dust(&effect);
                Ok(self.reduce(position, effect))
            }
            Course::Flip {
                position,
                quantity,
                rest,
            } => self.flip(position, *quantity, *rest),
        }
    }

    fn held<'b>(&self, position: &'b Position) -> Result<Held<'b>, Anomaly> {
        let seen = self.ledger.marks.seen(position.id);
        position
            .as_held(seen)
            .ok_or(Anomaly::Inexact)?
            .map_err(Anomaly::from)
    }

    fn fee(&self) -> Amount {
        self.fill.fee.unwrap_or_default()
    }

    fn share(&self, quantity: Quantity, fee: Amount) -> Share {
        let fee_asset = self
            .fill
            .fee
            .filter(|fee| !fee.is_zero())
            .and_then(|_| self.fee_asset());
        Share {
            side: self.fill.side,
            quantity,
            excess: Quantity::ZERO,
            price: self.fill.price,
            fee,
            fee_asset,
        }
    }

    /// The venue's word, else what the instrument settles in; a fee in nothing is kept as `unknown`.
    fn fee_asset(&self) -> Option<Asset> {
        let asset = self
            .fill
            .fee_asset
            .clone()
            .or_else(|| self.terms.settlement_asset.clone());
        asset.or_else(|| Asset::new("unknown").ok())
    }

    /// A draft whose first record is the fill.
    fn draft(&self, position: PositionId, effect: Option<FillEffect>) -> Draft {
        let mut draft = Draft::acknowledgement(self.ledger, self.ack, self.key, self.moment);
        draft.belongs_to(
            self.order.and_then(|o| o.intent_id.as_ref()),
            Some(position),
        );
        let adopts = self.order.is_none() && !self.ack.order.is_empty();
        let adopted = adopts.then(|| draft.number(1));
        let strategy = self.order.and_then(|order| order.strategy.clone());
        let event = OrderFilled {
            fill: self.fill.clone(),
            leg: self.ack.leg.clone(),
            reference: self.ack.order.clone(),
            order: self.order.map(|order| order.number).or(adopted),
            order_status: self.progress.map(|progress| progress.status),
            order_filled_quantity: self.progress.map(|progress| progress.filled),
            strategy,
            effect,
            flags: self.flags.clone(),
        };
        draft.push(Some(position), Event::OrderFilled(Box::new(event)));
        if adopts {
            let status = OrderStatus::PartiallyFilled;
            let mut adopted = adoption(self.ack, status, self.fill.reduce_only);
            adopted.side = Some(self.fill.side);
            adopted.filled_quantity = self.fill.quantity;
            draft.push(Some(position), Event::ExternalOrderAdopted(adopted));
        }
        self.report_missing_fill(&mut draft, position);
        draft
    }

    fn report_missing_fill(&self, draft: &mut Draft, position: PositionId) {
        if self.flags.contains(&Flag::FillMissing) {
            let finding = ReconciliationFinding {
                class: FindingClass::MissingFill,
                leg: Some(self.leg.clone()),
                ours: self.progress.map(|progress| progress.filled.as_amount()),
                venue: self.fill.cumulative_quantity.map(Quantity::as_amount),
            };
            draft.push(Some(position), Event::ReconciliationFinding(finding));
        }
    }

    /// The first fill of a position, asked for or not.
    fn open(&self, planned: Option<&Position>) -> Result<Vec<Record>, Anomaly> {
        let side = self.fill.side.opens();
        let share = self.share(self.fill.quantity, self.fee());
        let effect = Held::nothing(&self.terms, side).open(share)?;
        let id = planned.map_or(self.moment.position_id, |position| position.id);
        let mut draft = self.draft(id, None);
        let from = planned.map(|position| position.state);
        let entry = self.order.is_some_and(|order| order.purpose.is_entry());
        let cause = if entry {
            StateCause::FirstFill
        } else {
            StateCause::ExternalFill
        };
        if from == Some(PositionState::Created) {
            draft.transition(id, from, PositionState::Submitting, cause, None);
        }
        let mut opened = self.opening(side, planned, effect);
        if planned.is_none() && self.belongs_to_the_last() {
            opened.flags.insert(Flag::Reopened);
        }
        if planned.is_some_and(|position| position.side != side) {
            opened.flags.insert(Flag::OppositeSide);
        }
        draft.push(Some(id), Event::PositionOpened(Box::new(opened)));
        let from = planned.map(|_| PositionState::Submitting);
        draft.transition(id, from, PositionState::Open, cause, None);
        Ok(draft.finish())
    }

    /// Whether the fill was meant for the position before this one: its order was that position's, or
    /// it happened before that position was closed.
    fn belongs_to_the_last(&self) -> bool {
        let ordered = self.order.and_then(|order| order.position_id);
        self.last_closed()
            .is_some_and(|last| ordered == Some(last.id) || self.ack.occurred_at < last.at)
    }

    fn opening(
        &self,
        side: PositionSide,
        planned: Option<&Position>,
        effect: FillEffect,
    ) -> PositionOpened {
        let ordered = self.order.and_then(|order| order.strategy.clone());
        PositionOpened {
            leg: self.leg.clone(),
            side,
            origin: planned.map_or(Origin::External, |position| position.origin),
            terms: self.terms.clone(),
            strategy: planned
                .and_then(|position| position.strategy.clone())
                .or(ordered),
            effect,
            flags: self.flags.clone(),
        }
    }

    fn add(&self, position: &Position, effect: FillEffect) -> Vec<Record> {
        let mut draft = self.draft(position.id, Some(effect));
        self.exit_ended(&mut draft, position);
        draft.finish()
    }

    fn reduce(&self, position: &Position, effect: FillEffect) -> Vec<Record> {
        let flat = effect.after.quantity.is_zero();
        let realized_pnl = effect.after.realized_pnl;
        let mut draft = self.draft(position.id, Some(effect));
        if flat {
            self.close(&mut draft, position, realized_pnl, StateCause::Flat);
        } else {
            self.venue_closes(&mut draft, position);
            self.exit_ended(&mut draft, position);
        }
        draft.finish()
    }

    fn close(&self, draft: &mut Draft, position: &Position, realized: Amount, cause: StateCause) {
        let reported = match (position.venue_realized_pnl, self.fill.venue_realized_pnl) {
            (Some(before), Some(now)) => before.plus(now).ok(),
            (before, now) => before.or(now),
        };
        let event = PositionClosed {
            exit_reason: self.exit_reason(cause),
            realized_pnl: realized,
            venue_realized_pnl: reported,
        };
        draft.push(Some(position.id), Event::PositionClosed(event));
        draft.change_state(position, PositionState::Closed, cause, None);
    }

    fn exit_reason(&self, cause: StateCause) -> SmolStr {
        let purpose = self
            .order
            .map_or(OrderPurpose::External, |order| order.purpose);
        SmolStr::new_static(match (self.fill.liquidation, cause, purpose) {
            (true, _, _) => "liquidation",
            (false, StateCause::Flipped, _) => "flip",
            (false, _, OrderPurpose::Entry | OrderPurpose::ScaleIn) => "opposite_entry",
            (false, _, purpose) => purpose.as_str(),
        })
    }

    /// A protective order, or the venue itself, began to take the position out.
    fn venue_closes(&self, draft: &mut Draft, position: &Position) {
        let working = self
            .progress
            .is_some_and(|progress| progress.status.is_working());
        let protects = self
            .order
            .is_some_and(|order| order.purpose.is_protection());
        let managed = matches!(
            position.state,
            PositionState::Open | PositionState::Monitoring | PositionState::Trailing
        );
        if managed && working && (protects || self.fill.liquidation) {
            let cause = if self.fill.liquidation {
                StateCause::Liquidation
            } else {
                StateCause::ProtectionFilled
            };
            draft.change_state(position, PositionState::Closing, cause, None);
        }
    }

    /// The last exit order is filled, and a quantity is left: back to where the exit came from.
    fn exit_ended(&self, draft: &mut Draft, position: &Position) {
        let ended = self
            .progress
            .is_some_and(|progress| !progress.status.is_working());
        if let Some(order) = self.order.filter(|_| ended) {
            self.ledger.leave_closing(draft, position, order);
        }
    }

    fn flip(
        &mut self,
        position: &Position,
        quantity: Quantity,
        rest: Quantity,
    ) -> Result<Vec<Record>, Anomaly> {
        let fee = self.fee();
        let closing_fee = proportion(fee, quantity.as_amount(), self.fill.quantity.as_amount())?;
        let opening_fee = fee.minus(closing_fee)?;
        let closing = self
            .held(position)?
            .close(self.share(quantity, closing_fee))?;
        let terms = self.ledger.terms(self.ack);
        let side = self.fill.side.opens();
        let opening = Held::nothing(&terms, side).open(self.share(rest, opening_fee))?;
        let realized = closing.after.realized_pnl;
        let mut draft = self.draft(position.id, Some(closing));
        self.close(&mut draft, position, realized, StateCause::Flipped);
        let next = self.moment.position_id;
        let flipped = PositionFlipped {
            closed: position.id,
            opened: next,
        };
        draft.push(Some(next), Event::PositionFlipped(flipped));
        self.terms = terms;
        let opened = self.opening(side, None, opening);
        draft.push(Some(next), Event::PositionOpened(Box::new(opened)));
        draft.transition(next, None, PositionState::Open, StateCause::Flipped, None);
        Ok(draft.finish())
    }

    fn flag_dust(&mut self, effect: &FillEffect) {
        let left = effect.after.quantity.magnitude();
        if self
            .terms
            .step
            .is_some_and(|step| !left.is_zero() && left < step)
        {
            self.flags.insert(Flag::Dust);
        }
    }
}
