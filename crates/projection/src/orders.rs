//! Which order a record is about, and the late news of orders that have ended.

use ledger::{
    AmendedTerms, ClientOrderId, Event, Order, OrderUpdated, Record, Sequence, VenueOrderId,
};

/// The number of the order that a record changes.
pub(crate) fn order_number(record: &Record) -> Option<Sequence> {
    match &record.event {
        Event::EntryRequested(_)
        | Event::ExitRequested(_)
        | Event::StopLossRequested(_)
        | Event::TakeProfitRequested(_)
        | Event::ExternalOrderAdopted(_) => Some(record.sequence),
        Event::OrderSubmitted(event)
        | Event::OrderAccepted(event)
        | Event::OrderRejected(event)
        | Event::OrderCanceled(event)
        | Event::OrderExpired(event)
        | Event::OrderUnknown(event) => Some(event.order),
        Event::OrderAmended(event) => Some(event.order),
        Event::OrderFilled(event) => event.order,
        Event::PositionQueued(_)
        | Event::QueueWithdrawn(_)
        | Event::TrailingRequested(_)
        | Event::CancelRequested(_)
        | Event::AmendRequested(_)
        | Event::MonitoringStarted(_)
        | Event::BulkExecuteRequested(_)
        | Event::BulkCloseRequested(_)
        | Event::IntentRejected(_)
        | Event::FundingSettled(_)
        | Event::FeeCharged(_)
        | Event::PositionReported(_)
        | Event::PriceExtremeObserved(_)
        | Event::PositionOpened(_)
        | Event::PositionStateChanged(_)
        | Event::PositionFlipped(_)
        | Event::PositionClosed(_)
        | Event::TrailActivated(_)
        | Event::StopMoved(_)
        | Event::ReconciliationFinding(_)
        | Event::AdjustmentProposed(_)
        | Event::AdjustmentApplied(_)
        | Event::AcknowledgementQuarantined(_)
        | Event::QuarantineResolved(_)
        | Event::HaltEngaged(_)
        | Event::HaltReleased(_)
        | Event::NoteAdded(_)
        | Event::AccountConfigured(_)
        | Event::InstrumentConfigured(_) => None,
    }
}

/// Brings an order up to date that has ended and that no ledger holds any more. What a record says
/// twice, because a store is ahead of the fold after a restart, is taken in once.
pub(crate) fn bring_up_to_date(order: &mut Order, record: &Record) {
    if order.last_sequence >= record.sequence {
        return;
    }
    if let Event::OrderFilled(filled) = &record.event {
        order.status = filled.order_status.unwrap_or(order.status);
        order.filled_quantity = filled
            .order_filled_quantity
            .unwrap_or(order.filled_quantity);
        order.fills = order.fills.saturating_add(1);
        order.flags.extend(&filled.flags);
        learn(
            order,
            filled.reference.client_order_id.as_ref(),
            filled.reference.venue_order_id.as_ref(),
        );
    }
    if let Event::OrderAmended(amended) = &record.event {
        order.status = amended.status;
        amend(order, &amended.terms);
        order.flags.extend(&amended.flags);
        learn(
            order,
            amended.client_order_id.as_ref(),
            amended.venue_order_id.as_ref(),
        );
    }
    if let Event::OrderSubmitted(updated)
    | Event::OrderAccepted(updated)
    | Event::OrderRejected(updated)
    | Event::OrderCanceled(updated)
    | Event::OrderExpired(updated)
    | Event::OrderUnknown(updated) = &record.event
    {
        order.status = updated.status;
        order.reason = reason(updated).or(order.reason.take());
        order.flags.extend(&updated.flags);
        learn(
            order,
            updated.client_order_id.as_ref(),
            updated.venue_order_id.as_ref(),
        );
    }
    order.updated_at = record.recorded_at;
    order.last_sequence = record.sequence;
}

fn amend(order: &mut Order, terms: &AmendedTerms) {
    order.quantity = terms.quantity.or(order.quantity);
    order.price = terms.price.or(order.price);
    order.trigger_price = terms.trigger_price.or(order.trigger_price);
}

fn learn(order: &mut Order, client: Option<&ClientOrderId>, venue: Option<&VenueOrderId>) {
    order.client_order_id = order.client_order_id.take().or_else(|| client.cloned());
    order.venue_order_id = order.venue_order_id.take().or_else(|| venue.cloned());
}

fn reason(updated: &OrderUpdated) -> Option<smol_str::SmolStr> {
    match (&updated.code, &updated.reason) {
        (Some(code), Some(reason)) => Some(smol_str::format_smolstr!("{code}: {reason}")),
        (code, reason) => code.clone().or_else(|| reason.clone()),
    }
}
