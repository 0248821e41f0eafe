//! What happened. Events are immutable and carry their results; the list grows, nothing in it is ever
//! edited or removed.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::acknowledgement::{
    Acknowledgement, AmendedTerms, FeeCharge, FillFact, OrderReference, ReportedPosition,
    Settlement,
};
use crate::configuration::{AccountSettings, Instrument};
use crate::decimal::{Amount, Price, Quantity};
use crate::identity::{
    Asset, ClientOrderId, InstrumentId, IntentId, Leg, PositionId, Sequence, Strategy, VenueOrderId,
};
use crate::intent::{BulkScope, OpenPosition, PositionFilter};
use crate::lifecycle::{PositionState, StateCause};
use crate::order::{OrderKind, OrderPurpose, OrderStatus};
use crate::position::{Extremes, Origin, PositionNumbers, Terms, Trail};
use crate::refusal::{Anomaly, Flag, Refusal};
use crate::side::{PositionSide, Side};

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub enum Event {
    // Intents that were accepted, and the one kind that was not.
    /// An open intent was accepted; the position is created.
    PositionQueued(PositionQueued),
    /// A queued position was taken off the queue.
    QueueWithdrawn(QueueWithdrawn),
    /// An order that brings the position in was asked for.
    EntryRequested(OrderRequested),
    /// An order that takes the position out was asked for.
    ExitRequested(OrderRequested),
    /// A stop loss order was asked for.
    StopLossRequested(OrderRequested),
    /// A take profit order was asked for.
    TakeProfitRequested(OrderRequested),
    /// A trailing stop was asked for.
    TrailingRequested(TrailingRequested),
    /// The end of an order was asked for.
    CancelRequested(CancelRequested),
    /// Other terms for an order were asked for.
    AmendRequested(AmendRequested),
    /// Active management began.
    MonitoringStarted(MonitoringStarted),
    /// The entries of many queued positions were asked for; each follows as its own event.
    BulkExecuteRequested(BulkExecuteRequested),
    /// The end of many positions was asked for; each follows as its own event.
    BulkCloseRequested(BulkCloseRequested),
    /// An intent was refused.
    IntentRejected(IntentRejected),

    // What venues said.
    /// The order is on the wire.
    OrderSubmitted(OrderUpdated),
    /// The venue works the order.
    OrderAccepted(OrderUpdated),
    /// The venue refused the order.
    OrderRejected(OrderUpdated),
    /// An execution.
    OrderFilled(Box<OrderFilled>),
    /// The order's terms changed.
    OrderAmended(OrderAmended),
    /// The order is off the book.
    OrderCanceled(OrderUpdated),
    /// The order ran out.
    OrderExpired(OrderUpdated),
    /// Nobody can know what became of the order until the venue is asked.
    OrderUnknown(OrderUpdated),
    /// Funding was paid or received.
    FundingSettled(FundingSettled),
    /// A fee or rebate that belongs to no fill.
    FeeCharged(FeeCharged),
    /// The venue's own view of a position.
    PositionReported(PositionReported),

    // What we saw.
    /// A mark moved the best or worst price of a position, or its MAE or MFE.
    PriceExtremeObserved(PriceExtremeObserved),

    // Outcomes, beside their cause.
    /// A position holds its first quantity.
    PositionOpened(Box<PositionOpened>),
    /// A position went from one state to another.
    PositionStateChanged(PositionStateChanged),
    /// One fill closed a position and opens the next.
    PositionFlipped(PositionFlipped),
    /// A position holds nothing any more.
    PositionClosed(PositionClosed),
    /// The trailing stop is active.
    TrailActivated(TrailActivated),
    /// The stop loss is at another price.
    StopMoved(StopMoved),

    // Operators and reconciliation.
    /// An order nobody here asked for was taken in.
    ExternalOrderAdopted(ExternalOrderAdopted),
    /// Our view and the venue's differ.
    ReconciliationFinding(ReconciliationFinding),
    /// A repair was proposed.
    AdjustmentProposed(Adjustment),
    /// A repair was applied.
    AdjustmentApplied(Adjustment),
    /// A fact is kept, but not applied: a person has to look.
    AcknowledgementQuarantined(AcknowledgementQuarantined),
    /// A person has looked.
    QuarantineResolved(QuarantineResolved),
    /// An operator stopped all intents.
    HaltEngaged(HaltChanged),
    /// An operator let intents pass again.
    HaltReleased(HaltChanged),
    /// Words about a position.
    NoteAdded(NoteAdded),
    /// An account's settings.
    AccountConfigured(AccountConfigured),
    /// An instrument's terms.
    InstrumentConfigured(InstrumentConfigured),
}

/// An open intent was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PositionQueued {
    /// The caller's name for the intent.
    pub intent_id: IntentId,
    /// The leg it will hold; `pending` where the venue gives out tickets.
    pub leg: Leg,
    /// All that was asked for.
    pub plan: Box<OpenPosition>,
}

/// A queued position was taken off the queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueWithdrawn {
    /// The caller's name for the intent.
    pub intent_id: IntentId,
}

/// An order was asked for. Its number is the sequence of the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRequested {
    /// The caller's name for the intent.
    pub intent_id: IntentId,
    /// Our name for the order, derived from the intent, so that the venue recognises a repeat.
    pub client_order_id: ClientOrderId,
    /// What it is for.
    pub purpose: OrderPurpose,
    /// Buy or sell.
    pub side: Side,
    /// Units.
    pub quantity: Quantity,
    /// Market, limit or stop.
    pub kind: OrderKind,
    /// The limit price.
    pub price: Option<Price>,
    /// The trigger price.
    pub trigger_price: Option<Price>,
    /// Whether it may only reduce.
    pub reduce_only: bool,
    /// Who decided.
    pub strategy: Option<Strategy>,
}

/// A trailing stop was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrailingRequested {
    /// The caller's name for the intent.
    pub intent_id: IntentId,
    /// The trail.
    pub trail: Trail,
}

/// The end of an order was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelRequested {
    /// The caller's name for the intent.
    pub intent_id: IntentId,
    /// The order's number.
    pub order: Sequence,
    /// Our name for the order.
    pub client_order_id: ClientOrderId,
}

/// Other terms for an order were asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AmendRequested {
    /// The caller's name for the intent.
    pub intent_id: IntentId,
    /// The order's number.
    pub order: Sequence,
    /// Our name for the order.
    pub client_order_id: Option<ClientOrderId>,
    /// The terms; what is absent stays.
    pub terms: AmendedTerms,
}

/// Active management began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MonitoringStarted {
    /// The caller's name for the intent.
    pub intent_id: IntentId,
}

/// The entries of many queued positions were asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkExecuteRequested {
    /// The caller's name for the intent.
    pub intent_id: IntentId,
    /// Which were meant.
    pub filter: PositionFilter,
    /// Which they were: the plan, frozen.
    pub positions: Vec<PositionId>,
}

/// The end of many positions was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkCloseRequested {
    /// The caller's name for the intent.
    pub intent_id: IntentId,
    /// Which were meant.
    pub scope: BulkScope,
    /// Which they were: the plan, frozen.
    pub positions: Vec<PositionId>,
}

/// An intent was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntentRejected {
    /// The caller's name for the intent.
    pub intent_id: IntentId,
    /// Why.
    pub refusal: Refusal,
}

/// A fact about an order, and the status it leads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderUpdated {
    /// The order's number.
    pub order: Sequence,
    /// Our name for it, as far as known now.
    pub client_order_id: Option<ClientOrderId>,
    /// The venue's name for it, as far as known now.
    pub venue_order_id: Option<VenueOrderId>,
    /// The status after this fact.
    pub status: OrderStatus,
    /// The venue's code.
    pub code: Option<SmolStr>,
    /// The venue's words.
    pub reason: Option<SmolStr>,
    /// What is odd about it.
    pub flags: BTreeSet<Flag>,
}

/// An order's terms changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderAmended {
    /// The order's number.
    pub order: Sequence,
    /// Our name for it, as far as known now.
    pub client_order_id: Option<ClientOrderId>,
    /// The venue's name for it, as far as known now.
    pub venue_order_id: Option<VenueOrderId>,
    /// The terms; what is absent stays.
    pub terms: AmendedTerms,
    /// The status after this fact.
    pub status: OrderStatus,
    /// What is odd about it.
    pub flags: BTreeSet<Flag>,
}

/// An execution, as reported, and what it did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderFilled {
    /// The fill as reported.
    pub fill: FillFact,
    /// The leg as reported.
    pub leg: Option<Leg>,
    /// The order's names as reported.
    pub reference: OrderReference,
    /// The number of the order, where it has one.
    pub order: Option<Sequence>,
    /// The order's status after this fill.
    pub order_status: Option<OrderStatus>,
    /// Filled of the order after this fill.
    pub order_filled_quantity: Option<Quantity>,
    /// The strategy of its order.
    pub strategy: Option<Strategy>,
    /// What it did to the position that was there; none if there was none, or none with a quantity:
    /// what it did then is in the [`PositionOpened`] that follows.
    pub effect: Option<FillEffect>,
    /// What is odd about it.
    pub flags: BTreeSet<Flag>,
}

/// What a fill, or a share of it, did to one position. Either `opened` or `closed` is zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FillEffect {
    /// Units it added.
    pub opened: Quantity,
    /// Units it took away.
    pub closed: Quantity,
    /// Units reported beyond what the leg held; they are part of nothing.
    pub excess: Quantity,
    /// Its value: quantity · price · multiplier, or quantity · multiplier / price if inverse.
    pub value: Amount,
    /// What it added to the cost, signed as the position.
    pub cost_added: Amount,
    /// What it released of the cost, signed as the position.
    pub cost_released: Amount,
    /// What it realized, by the account's rounding rule; without fees and funding.
    pub realized_pnl: Amount,
    /// What the rounding rule cut off.
    pub rounding: Amount,
    /// The share of the fee that belongs to it; positive when paid.
    pub fee: Amount,
    /// What the fee was paid in; none where there is no fee.
    pub fee_asset: Option<Asset>,
    /// Whose cost it released, where the cost basis knows lots.
    pub lots_released: Vec<LotRelease>,
    /// The position's numbers before it.
    pub before: PositionNumbers,
    /// The position's numbers after it.
    pub after: PositionNumbers,
    /// The position's extremes after it.
    pub extremes: Extremes,
}

/// A share of a lot that a close used up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LotRelease {
    /// The record that opened the lot.
    pub lot: Sequence,
    /// Units.
    pub quantity: Quantity,
    /// Cost, signed as the position.
    pub cost: Amount,
}

/// Funding, and the position it belongs to where there is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FundingSettled {
    /// The payment.
    pub settlement: Settlement,
    /// The leg as reported.
    pub leg: Option<Leg>,
    /// `after_final` for a correction of a position that is final.
    pub flags: BTreeSet<Flag>,
}

/// A fee or rebate, and the position it belongs to where there is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeeCharged {
    /// The payment; positive when received.
    pub charge: FeeCharge,
    /// The leg as reported.
    pub leg: Option<Leg>,
    /// The order's names as reported.
    pub reference: OrderReference,
    /// `after_final` for a correction of a position that is final.
    pub flags: BTreeSet<Flag>,
}

/// The venue's view of a position beside ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PositionReported {
    /// The venue's view.
    pub report: ReportedPosition,
    /// The leg it is about.
    pub leg: Leg,
    /// Our quantity at that moment, signed.
    pub ours: Amount,
    /// The venue's quantity less ours.
    pub difference: Amount,
}

/// A mark moved an extreme.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceExtremeObserved {
    /// The last mark.
    pub mark_price: Price,
    /// The position's extremes after it.
    pub extremes: Extremes,
}

/// A position holds its first quantity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PositionOpened {
    /// The leg it holds.
    pub leg: Leg,
    /// Long or short.
    pub side: PositionSide,
    /// Who began it.
    pub origin: Origin,
    /// The terms it is counted by, for its whole life.
    pub terms: Terms,
    /// Who decided.
    pub strategy: Option<Strategy>,
    /// What the fill did.
    pub effect: FillEffect,
    /// What is odd about it.
    pub flags: BTreeSet<Flag>,
}

/// A position went from one state to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PositionStateChanged {
    /// The state before; none for a position that begins.
    pub from: Option<PositionState>,
    /// The state after.
    pub to: PositionState,
    /// Why.
    pub cause: StateCause,
    /// What is odd about it.
    pub flags: BTreeSet<Flag>,
}

/// One fill closed a position and opens the next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PositionFlipped {
    /// The position that ended.
    pub closed: PositionId,
    /// The position that begins.
    pub opened: PositionId,
}

/// A position holds nothing any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PositionClosed {
    /// What took it out: the purpose of the order (`close`, `reduce`, `stop_loss`, `take_profit`,
    /// `trailing`, `external`), or `liquidation`, `flip`, or `opposite_entry`.
    pub exit_reason: SmolStr,
    /// What it realized in all, without fees and funding.
    pub realized_pnl: Amount,
    /// What the venue says it realized in all, where it said so of every close.
    pub venue_realized_pnl: Option<Amount>,
}

/// The trailing stop is active.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrailActivated {
    /// The mark that reached the activation price, or none if it was active at once.
    pub mark_price: Option<Price>,
}

/// The stop loss is at another price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopMoved {
    /// Where it was.
    pub from: Price,
    /// Where it is.
    pub to: Price,
}

/// An order nobody here asked for was taken in. Its number is the sequence of the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalOrderAdopted {
    /// Its names.
    pub reference: OrderReference,
    /// The leg, where reported.
    pub leg: Option<Leg>,
    /// Bought or sold, where known.
    pub side: Option<Side>,
    /// Whether the venue says that it may only reduce.
    pub reduce_only: bool,
    /// Its status after the fact that made it known.
    pub status: OrderStatus,
    /// Filled of it after that fact.
    pub filled_quantity: Quantity,
    /// The venue's words with that fact.
    pub reason: Option<SmolStr>,
}

/// What kind of difference reconciliation found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingClass {
    /// Quantities differ.
    Quantity,
    /// Average entry prices differ.
    EntryPrice,
    /// Realized PnL differs.
    RealizedPnl,
    /// The cumulative quantity of an order shows that a fill is missing.
    MissingFill,
    /// The venue holds a position that we do not know.
    OpenedOutside,
    /// We hold a position that the venue does not know.
    ClosedOutside,
}

/// Our view and the venue's differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReconciliationFinding {
    /// What kind of difference.
    pub class: FindingClass,
    /// The leg it is about.
    pub leg: Option<Leg>,
    /// Ours.
    pub ours: Option<Amount>,
    /// The venue's.
    pub venue: Option<Amount>,
}

/// A repair of a position's numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adjustment {
    /// Derived from what it repairs, so that proposing twice changes nothing.
    pub adjustment_id: SmolStr,
    /// Why.
    pub reason: SmolStr,
    /// What it adds to the signed quantity.
    pub quantity: Amount,
    /// What it adds to the cost.
    pub cost: Amount,
    /// What it adds to the realized PnL; cash moves by this less the cost.
    pub realized_pnl: Amount,
}

/// A fact that is kept, but not applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcknowledgementQuarantined {
    /// Why.
    pub anomaly: Anomaly,
    /// The first report of the same identity, where there was one.
    pub first: Option<Sequence>,
    /// The fact, whole; its raw bytes are with the record.
    pub acknowledgement: Box<Acknowledgement>,
}

/// A person has looked at a quarantined fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantineResolved {
    /// The record that put it there.
    pub quarantined: Sequence,
    /// Whether it was applied in the end.
    pub applied: bool,
    /// In the person's words.
    pub note: SmolStr,
}

/// An operator stopped all intents, or let them pass again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HaltChanged {
    /// In the operator's words.
    pub reason: SmolStr,
}

/// Words about a position.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteAdded {
    /// The caller's name for the intent.
    pub intent_id: IntentId,
    /// The words.
    pub text: SmolStr,
}

/// An account's settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountConfigured {
    /// The settings, whole.
    pub settings: AccountSettings,
}

/// An instrument's terms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstrumentConfigured {
    /// Which.
    pub instrument: InstrumentId,
    /// Its terms, whole.
    pub terms: Instrument,
}

impl Event {
    /// Its name on the wire and in the docs.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::PositionQueued(_) => "position_queued",
            Self::QueueWithdrawn(_) => "queue_withdrawn",
            Self::EntryRequested(_) => "entry_requested",
            Self::ExitRequested(_) => "exit_requested",
            Self::StopLossRequested(_) => "stop_loss_requested",
            Self::TakeProfitRequested(_) => "take_profit_requested",
            Self::TrailingRequested(_) => "trailing_requested",
            Self::CancelRequested(_) => "cancel_requested",
            Self::AmendRequested(_) => "amend_requested",
            Self::MonitoringStarted(_) => "monitoring_started",
            Self::BulkExecuteRequested(_) => "bulk_execute_requested",
            Self::BulkCloseRequested(_) => "bulk_close_requested",
            Self::IntentRejected(_) => "intent_rejected",
            Self::OrderSubmitted(_) => "order_submitted",
            Self::OrderAccepted(_) => "order_accepted",
            Self::OrderRejected(_) => "order_rejected",
            Self::OrderFilled(_) => "order_filled",
            Self::OrderAmended(_) => "order_amended",
            Self::OrderCanceled(_) => "order_canceled",
            Self::OrderExpired(_) => "order_expired",
            Self::OrderUnknown(_) => "order_unknown",
            Self::FundingSettled(_) => "funding_settled",
            Self::FeeCharged(_) => "fee_charged",
            Self::PositionReported(_) => "position_reported",
            Self::PriceExtremeObserved(_) => "price_extreme_observed",
            Self::PositionOpened(_) => "position_opened",
            Self::PositionStateChanged(_) => "position_state_changed",
            Self::PositionFlipped(_) => "position_flipped",
            Self::PositionClosed(_) => "position_closed",
            Self::TrailActivated(_) => "trail_activated",
            Self::StopMoved(_) => "stop_moved",
            Self::ExternalOrderAdopted(_) => "external_order_adopted",
            Self::ReconciliationFinding(_) => "reconciliation_finding",
            Self::AdjustmentProposed(_) => "adjustment_proposed",
            Self::AdjustmentApplied(_) => "adjustment_applied",
            Self::AcknowledgementQuarantined(_) => "acknowledgement_quarantined",
            Self::QuarantineResolved(_) => "quarantine_resolved",
            Self::HaltEngaged(_) => "halt_engaged",
            Self::HaltReleased(_) => "halt_released",
            Self::NoteAdded(_) => "note_added",
            Self::AccountConfigured(_) => "account_configured",
            Self::InstrumentConfigured(_) => "instrument_configured",
        }
    }
}
