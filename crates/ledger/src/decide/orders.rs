//! What the other facts about an order come to.

use std::collections::BTreeSet;

use crate::acknowledgement::{Acknowledgement, AmendedTerms, Fact};
use crate::decimal::Quantity;
use crate::event::{Event, ExternalOrderAdopted, OrderAmended, OrderUpdated, StopMoved};
use crate::identity::FactKey;
use crate::lifecycle::{PositionState, StateCause};
use crate::order::{Order, OrderFactKind, OrderPurpose, OrderStatus};
use crate::position::Position;
use crate::record::Record;
use crate::refusal::Flag;
use crate::state::Ledger;

use super::draft::Draft;
use super::{Known, Moment};

impl Ledger {
    pub(super) fn order_records(
        &self,
        ack: &Acknowledgement,
        key: FactKey,
        known: &Known,
        moment: &Moment,
    ) -> Vec<Record> {
        let mut draft = Draft::acknowledgement(self, ack, key, moment);
        let order = self
            .find_order(&ack.account, &ack.symbol, &ack.order)
            .or(known.order.as_ref());
        let kind = kind_of(&ack.fact);
        let Some(order) = order else {
            self.adopt(&mut draft, ack, kind);
            return draft.finish();
        };
        draft.belongs_to(order.intent_id.as_ref(), order.position_id);
        let next = order.status.after(kind);
        let status = next.unwrap_or(order.status);
        let mut flags = BTreeSet::new();
        if next.is_none() {
            flags.insert(Flag::OutOfOrder);
        }
        if next.is_some() && kind == OrderFactKind::Unknown {
            flags.insert(Flag::OrderUnknown);
        }
        let rejected = next == Some(OrderStatus::Rejected);
        if rejected && order.purpose == OrderPurpose::StopLoss {
            flags.insert(Flag::StopRejected);
        }
        let event = update(ack, order.number, Some(order), status, flags);
        draft.push(order.position_id, event);
        self.stop_moved(&mut draft, ack, order);
        if next.is_some_and(|status| !status.is_working()) {
            self.order_ended(&mut draft, order, kind);
        }
        draft.finish()
    }

    /// Takes in an order nobody here asked for. Its number is that of the record after the fact.
    fn adopt(&self, draft: &mut Draft, ack: &Acknowledgement, kind: OrderFactKind) {
        let status = OrderStatus::Requested
            .after(kind)
            .unwrap_or(OrderStatus::Unknown);
        let number = draft.number(1);
        let position = ack.leg.as_ref().and_then(|leg| {
            let slot = crate::identity::Slot {
                account: ack.account.clone(),
                symbol: ack.symbol.clone(),
                leg: leg.clone(),
            };
            self.position_in(&slot).map(|position| position.id)
        });
        let flags = BTreeSet::from([Flag::ExternalOrder]);
        draft.push(position, update(ack, number, None, status, flags));
        draft.push(
            position,
            Event::ExternalOrderAdopted(adoption(ack, status, false)),
        );
    }

    fn stop_moved(&self, draft: &mut Draft, ack: &Acknowledgement, order: &Order) {
        let Fact::OrderAmended(AmendedTerms {
            trigger_price: Some(to),
            ..
        }) = &ack.fact
        else {
            return;
        };
        let stop = order
            .position_id
            .and_then(|id| self.positions.get(&id))
            .and_then(|position| position.stop_loss.as_ref())
            .filter(|stop| stop.order == Some(order.number) && stop.price != *to);
        if let Some(stop) = stop {
            let moved = StopMoved {
                from: stop.price,
                to: *to,
            };
            draft.push(order.position_id, Event::StopMoved(moved));
        }
    }

    /// What the end of an order means for its position.
    fn order_ended(&self, draft: &mut Draft, order: &Order, kind: OrderFactKind) {
        let Some(position) = order.position_id.and_then(|id| self.positions.get(&id)) else {
            return;
        };
        if order.purpose == OrderPurpose::Entry && position.state == PositionState::Submitting {
            let (to, cause) = match kind {
                OrderFactKind::Rejected => (PositionState::Failed, StateCause::EntryRejected),
                OrderFactKind::Expired => (PositionState::Failed, StateCause::EntryExpired),
                OrderFactKind::Submitted
                | OrderFactKind::Accepted
                | OrderFactKind::PartlyFilled
                | OrderFactKind::WhollyFilled
                | OrderFactKind::Amended
                | OrderFactKind::Canceled
                | OrderFactKind::Unknown => (PositionState::Canceled, StateCause::EntryCanceled),
            };
            draft.change_state(position, to, cause, None);
        } else if order.purpose.is_exit() && kind == OrderFactKind::Rejected {
            if position.state == PositionState::Closing && !self.exits_besides(position, order) {
                let flag = Some(Flag::ExitRejected);
                let cause = StateCause::ExitRejected;
                draft.change_state(position, PositionState::Failed, cause, flag);
            }
        } else {
            self.leave_closing(draft, position, order);
        }
    }

    /// The last order that took the position out has ended and a quantity is left: back to where
    /// the exit came from.
    pub(super) fn leave_closing(&self, draft: &mut Draft, position: &Position, order: &Order) {
        let took_out = order.purpose.is_exit()
            || order.purpose.is_protection()
            || order.purpose == OrderPurpose::External;
        if position.state == PositionState::Closing
            && took_out
            && !self.exits_besides(position, order)
        {
            let back = match position.before_closing {
                Some(state @ (PositionState::Monitoring | PositionState::Trailing)) => state,
                Some(
                    PositionState::Created
                    | PositionState::Submitting
                    | PositionState::Open
                    | PositionState::Closing
                    | PositionState::Closed
                    | PositionState::Canceled
                    | PositionState::Failed,
                )
                | None => PositionState::Open,
            };
            draft.change_state(position, back, StateCause::ExitEnded, None);
        }
    }

    /// Whether another exit of the position still works.
    fn exits_besides(&self, position: &Position, order: &Order) -> bool {
        self.orders_of(position.id).any(|other| {
            other.number != order.number && other.purpose.is_exit() && other.status.is_working()
        })
    }
}

/// What can be said of an order that is taken in with a fact.
pub(super) fn adoption(
    ack: &Acknowledgement,
    status: OrderStatus,
    reduce_only: bool,
) -> ExternalOrderAdopted {
    let reason = match &ack.fact {
        Fact::OrderSubmitted(fact)
        | Fact::OrderAccepted(fact)
        | Fact::OrderCanceled(fact)
        | Fact::OrderExpired(fact) => fact.reason.clone(),
        Fact::OrderRejected(refusal) | Fact::OrderUnknown(refusal) => refusal.reason.clone(),
        Fact::OrderAmended(_)
        | Fact::OrderFilled(_)
        | Fact::FundingSettled(_)
        | Fact::FeeCharged(_)
        | Fact::PositionReported(_) => None,
    };
    ExternalOrderAdopted {
        reference: ack.order.clone(),
        leg: ack.leg.clone(),
        side: None,
        reduce_only,
        status,
        filled_quantity: Quantity::ZERO,
        reason,
    }
}

fn kind_of(fact: &Fact) -> OrderFactKind {
    match fact {
        Fact::OrderSubmitted(_) => OrderFactKind::Submitted,
        Fact::OrderAccepted(_) => OrderFactKind::Accepted,
        Fact::OrderCanceled(_) => OrderFactKind::Canceled,
        Fact::OrderExpired(_) => OrderFactKind::Expired,
        Fact::OrderRejected(_) => OrderFactKind::Rejected,
        Fact::OrderAmended(_) => OrderFactKind::Amended,
        Fact::OrderFilled(_) => OrderFactKind::PartlyFilled,
        Fact::OrderUnknown(_)
        | Fact::FundingSettled(_)
        | Fact::FeeCharged(_)
        | Fact::PositionReported(_) => OrderFactKind::Unknown,
    }
}

/// The event of a fact, with the status it leads to.
fn update(
    ack: &Acknowledgement,
    number: crate::identity::Sequence,
    order: Option<&Order>,
    status: OrderStatus,
    flags: BTreeSet<Flag>,
) -> Event {
    let known = order.map(|order| (&order.client_order_id, &order.venue_order_id));
    let client_order_id = known
        .and_then(|(client, _)| client.clone())
        .or_else(|| ack.order.client_order_id.clone());
    let venue_order_id = known
        .and_then(|(_, venue)| venue.clone())
        .or_else(|| ack.order.venue_order_id.clone());
    let updated = |code, reason| OrderUpdated {
        order: number,
        client_order_id: client_order_id.clone(),
        venue_order_id: venue_order_id.clone(),
        status,
        code,
        reason,
        flags: flags.clone(),
    };
    match &ack.fact {
        Fact::OrderSubmitted(fact) => Event::OrderSubmitted(updated(None, fact.reason.clone())),
        Fact::OrderAccepted(fact) => Event::OrderAccepted(updated(None, fact.reason.clone())),
        Fact::OrderCanceled(fact) => Event::OrderCanceled(updated(None, fact.reason.clone())),
        Fact::OrderExpired(fact) => Event::OrderExpired(updated(None, fact.reason.clone())),
        Fact::OrderRejected(no) => {
            Event::OrderRejected(updated(no.code.clone(), no.reason.clone()))
        }
        Fact::OrderAmended(terms) => Event::OrderAmended(OrderAmended {
            order: number,
            client_order_id,
            venue_order_id,
            terms: terms.clone(),
            status,
            flags,
        }),
        Fact::OrderUnknown(silence) => {
            Event::OrderUnknown(updated(silence.code.clone(), silence.reason.clone()))
        }
        // Fills and settlements have events of their own and never come here.
        Fact::OrderFilled(_)
        | Fact::FundingSettled(_)
        | Fact::FeeCharged(_)
        | Fact::PositionReported(_) => Event::OrderUnknown(updated(None, None)),
    }
}
