//! What records change about orders.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use crate::acknowledgement::OrderReference;
use crate::decimal::Quantity;
use crate::event::{Event, ExternalOrderAdopted, OrderAmended, OrderRequested, OrderUpdated};
use crate::identity::{
    AccountId, ClientOrderId, IntentId, PositionId, Sequence, Strategy, Symbol, VenueOrderId,
};
use crate::order::{Order, OrderKind, OrderPurpose, OrderStatus};
use crate::position::Protection;
use crate::record::Record;
use crate::refusal::Flag;
use crate::side::Side;
use crate::state::Ledger;

impl Ledger {
    pub(super) fn request_order(&mut self, record: &Record, event: &OrderRequested) {
        let Some(position) = record
            .position_id
            .and_then(|id| self.positions.get_mut(&id))
        else {
            return;
        };
        let protection = event.trigger_price.map(|price| Protection {
            price,
            order: Some(record.sequence),
        });
        match event.purpose {
            OrderPurpose::StopLoss => position.stop_loss = protection,
            OrderPurpose::TakeProfit => position.take_profit = protection,
            OrderPurpose::Entry
            | OrderPurpose::ScaleIn
            | OrderPurpose::Reduce
            | OrderPurpose::Close
            | OrderPurpose::Trailing
            | OrderPurpose::External => {}
        }
        let mut order = blank_order(record, &position.account, &position.symbol);
        order.leg = Some(position.leg.clone());
        order.client_order_id = Some(event.client_order_id.clone());
        order.intent_id = Some(event.intent_id.clone());
        order.strategy.clone_from(&event.strategy);
        order.purpose = event.purpose;
        order.side = Some(event.side);
        order.kind = Some(event.kind);
        order.quantity = Some(event.quantity);
        order.price = event.price;
        order.trigger_price = event.trigger_price;
        order.reduce_only = event.reduce_only;
        self.insert_order(order);
    }

    pub(super) fn adopt_order(&mut self, record: &Record, event: &ExternalOrderAdopted) {
        let (Some(account), Some(symbol)) = (&record.account, &record.symbol) else {
            return;
        };
        let mut order = blank_order(record, account, symbol);
        order.leg.clone_from(&event.leg);
        order
            .client_order_id
            .clone_from(&event.reference.client_order_id);
        order
            .venue_order_id
            .clone_from(&event.reference.venue_order_id);
        order.side = event.side;
        order.reduce_only = event.reduce_only;
        order.status = event.status;
        order.filled_quantity = event.filled_quantity;
        order.fills = u32::from(!event.filled_quantity.is_zero());
        order.reason.clone_from(&event.reason);
        order.flags.insert(Flag::ExternalOrder);
        self.insert_order(order);
    }

    fn insert_order(&mut self, order: Order) {
        if let Some(id) = order.position_id {
            self.position_orders
                .entry(id)
                .or_default()
                .insert(order.number);
        }
        self.index_order(&order);
        self.orders.insert(order.number, order);
    }

    /// Takes in what a record says of an order, as long as it is not forgotten.
    pub(super) fn news_of_order(&mut self, record: &Record, number: Option<Sequence>) {
        let Some(mut order) = number.and_then(|number| self.orders.remove(&number)) else {
            return;
        };
        order.apply(record);
        self.index_order(&order);
        if !order.status.is_working() {
            self.end_protection(order.position_id, order.number);
        }
        self.orders.insert(order.number, order);
    }

    /// Lets an order be found by its names, and be forgotten when nothing here depends on it.
    fn index_order(&mut self, order: &Order) {
        if let Some(id) = &order.client_order_id {
            self.by_client_order_id
                .entry(id.clone())
                .or_default()
                .insert(order.number);
        }
        if let Some(id) = &order.venue_order_id {
            self.by_venue_order_id
                .entry(id.clone())
                .or_default()
                .insert(order.number);
        }
        if may_be_forgotten(order) {
            self.recent.orders.insert(order.number);
        }
    }

    /// A stop or target whose order has ended protects nothing; its price stays as a wish.
    fn end_protection(&mut self, id: Option<PositionId>, number: Sequence) {
        let Some(position) = id.and_then(|id| self.positions.get_mut(&id)) else {
            return;
        };
        for protection in [&mut position.stop_loss, &mut position.take_profit]
            .into_iter()
            .flatten()
        {
            protection.order = protection.order.filter(|order| *order != number);
        }
    }

    /// A stop or target is where its order's trigger is.
    pub(super) fn move_protection(&mut self, record: &Record, event: &OrderAmended) {
        let (Some(price), Some(order)) = (event.terms.trigger_price, self.orders.get(&event.order))
        else {
            return;
        };
        let purpose = order.purpose;
        self.change(record, |position| {
            let protection = match purpose {
                OrderPurpose::StopLoss => &mut position.stop_loss,
                OrderPurpose::TakeProfit => &mut position.take_profit,
                OrderPurpose::Entry
                | OrderPurpose::ScaleIn
                | OrderPurpose::Reduce
                | OrderPurpose::Close
                | OrderPurpose::Trailing
                | OrderPurpose::External => return,
            };
            if let Some(protection) = protection {
                protection.price = price;
            }
        });
    }
}

impl Order {
    /// Takes in what a record says of this order: a fill, an amendment, or another fact about it.
    /// What any other record says is not about an order that is there already.
    pub fn apply(&mut self, record: &Record) {
        if let Event::OrderFilled(event) = &record.event {
            self.status = event.order_status.unwrap_or(self.status);
            self.filled_quantity = event.order_filled_quantity.unwrap_or(self.filled_quantity);
            self.fills = self.fills.saturating_add(1);
            self.side = Some(event.fill.side);
            self.flags.extend(&event.flags);
            let OrderReference {
                client_order_id,
                venue_order_id,
            } = &event.reference;
            self.learn(client_order_id.as_ref(), venue_order_id.as_ref());
        } else if let Event::OrderAmended(event) = &record.event {
            self.status = event.status;
            self.quantity = event.terms.quantity.or(self.quantity);
            self.price = event.terms.price.or(self.price);
            self.trigger_price = event.terms.trigger_price.or(self.trigger_price);
            self.flags.extend(&event.flags);
            self.learn(
                event.client_order_id.as_ref(),
                event.venue_order_id.as_ref(),
            );
        } else if let Event::OrderSubmitted(event)
        | Event::OrderAccepted(event)
        | Event::OrderRejected(event)
        | Event::OrderCanceled(event)
        | Event::OrderExpired(event)
        | Event::OrderUnknown(event) = &record.event
        {
            self.status = event.status;
            self.reason = reason_text(event).or(self.reason.take());
            self.flags.extend(&event.flags);
            self.learn(
                event.client_order_id.as_ref(),
                event.venue_order_id.as_ref(),
            );
        }
        self.updated_at = record.recorded_at;
        self.last_sequence = record.sequence;
    }

    /// Learns the names of an order that was known by one of them only.
    fn learn(&mut self, client: Option<&ClientOrderId>, venue: Option<&VenueOrderId>) {
        self.client_order_id = self.client_order_id.take().or_else(|| client.cloned());
        self.venue_order_id = self.venue_order_id.take().or_else(|| venue.cloned());
    }
}

fn blank_order(record: &Record, account: &AccountId, symbol: &Symbol) -> Order {
    Order {
        number: record.sequence,
        account: account.clone(),
        symbol: symbol.clone(),
        leg: None,
        client_order_id: None::<ClientOrderId>,
        venue_order_id: None::<VenueOrderId>,
        position_id: record.position_id,
        intent_id: None::<IntentId>,
        strategy: None::<Strategy>,
        purpose: OrderPurpose::External,
        side: None::<Side>,
        kind: None::<OrderKind>,
        quantity: None,
        price: None,
        trigger_price: None,
        reduce_only: false,
        status: OrderStatus::Requested,
        filled_quantity: Quantity::ZERO,
        fills: 0,
        reason: None,
        flags: BTreeSet::new(),
        created_at: record.recorded_at,
        updated_at: record.recorded_at,
        last_sequence: record.sequence,
    }
}

/// Whether nothing here depends on an order any more, once somebody else keeps it.
fn may_be_forgotten(order: &Order) -> bool {
    order.purpose == OrderPurpose::External || !order.status.is_working()
}

/// The venue's code and words in one line.
fn reason_text(event: &OrderUpdated) -> Option<SmolStr> {
    match (&event.code, &event.reason) {
        (Some(code), Some(reason)) => Some(smol_str::format_smolstr!("{code}: {reason}")),
        (code, reason) => code.clone().or_else(|| reason.clone()),
    }
}
