//! Which order a record is about, and the late news of orders that have ended.

use ledger::{Event, Order, Record, Sequence};

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
    order.apply(record);
}
