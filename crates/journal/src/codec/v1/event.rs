//! What happened.

use super::Frozen;
use super::intent::{BulkScope, OpenPosition, PositionFilter};
use super::value::{
    AccountId, CostBasis, Decimal, FindingClass, Flags, InstrumentId, Leg, Liquidity, List, Number,
    OrderKind, OrderPurpose, OrderReference, OrderStatus, Origin, PositionMode, PositionSide,
    PositionState, RoundingRule, Side, Sixteen, StateCause, StopPolicy, Text, Time, fields,
};
use crate::error::Fault;

fields!(PositionQueued<'a> {
    intent_id: Text<'a>,
    leg: Leg<'a>,
    plan: OpenPosition<'a>,
});
fields!(QueueWithdrawn<'a> {
    intent_id: Text<'a>,
});
fields!(OrderRequested<'a> {
    intent_id: Text<'a>,
    client_order_id: Text<'a>,
    purpose: OrderPurpose,
    side: Side,
    quantity: Decimal,
    kind: OrderKind,
    price: Option<Decimal>,
    trigger_price: Option<Decimal>,
    reduce_only: bool,
    strategy: Option<Text<'a>>,
});
fields!(TrailingRequested<'a> {
    intent_id: Text<'a>,
    trail: Trail,
});
fields!(Trail {
    activation: Option<Decimal>,
    callback: Decimal,
    active: bool,
});
fields!(CancelRequested<'a> {
    intent_id: Text<'a>,
    order: Number,
    client_order_id: Text<'a>,
});
fields!(AmendRequested<'a> {
    intent_id: Text<'a>,
    order: Number,
    client_order_id: Option<Text<'a>>,
    terms: AmendedTerms,
});
fields!(AmendedTerms {
    quantity: Option<Decimal>,
    price: Option<Decimal>,
    trigger_price: Option<Decimal>,
});
fields!(MonitoringStarted<'a> {
    intent_id: Text<'a>,
});
fields!(BulkExecuteRequested<'a> {
    intent_id: Text<'a>,
    filter: PositionFilter<'a>,
    positions: List<Sixteen>,
});
fields!(BulkCloseRequested<'a> {
    intent_id: Text<'a>,
    scope: BulkScope<'a>,
    positions: List<Sixteen>,
});
fields!(IntentRejected<'a> {
    intent_id: Text<'a>,
    refusal: Refusal<'a>,
});

/// A form that is a choice in which some variants carry one value.
macro_rules! choice {
    ($name:ident<'a> { $($variant:ident $(($form:ty))?,)* }) => {
        #[derive(bincode::Encode, bincode::BorrowDecode)]
        pub(in crate::codec) enum $name<'a> { $($variant $(($form))?,)* }
        impl<'a> Frozen<'a, ledger::$name> for $name<'a> {
            fn freeze(value: &'a ledger::$name) -> Self {
                match value {
                    $(choice!(@pattern ledger::$name::$variant, value $(, $form)?) => {
                        choice!(@freeze Self::$variant, value $(, $form)?)
                    })*
                }
            }
            fn thaw(self) -> Result<ledger::$name, Fault> {
                Ok(match self {
                    $(choice!(@pattern Self::$variant, value $(, $form)?) => {
                        choice!(@thaw ledger::$name::$variant, value $(, $form)?)
                    })*
                })
            }
        }
    };
    (@pattern $path:path, $value:ident) => { $path };
    (@pattern $path:path, $value:ident, $form:ty) => { $path($value) };
    (@freeze $path:path, $value:ident) => { $path };
    (@freeze $path:path, $value:ident, $form:ty) => { $path(<$form>::freeze($value)) };
    (@thaw $path:path, $value:ident) => { $path };
    (@thaw $path:path, $value:ident, $form:ty) => { $path($value.thaw()?) };
}

choice!(Refusal<'a> {
    ExistsWithDifferent(Text<'a>),
    Halted,
    PositionNotFound,
    PositionFinal(PositionState),
    OrderNotFound,
    OrderFinal,
    SlotOccupied,
    NotQueued(PositionState),
    NothingHeld(PositionState),
    AlreadyClosing,
    ExceedsHeld,
    NotMonitorable(PositionState),
    ProtectionInFlight,
    WrongSideOfMark,
    NothingMatches,
    NotOpen(PositionState),
    AccountInUse,
    InstrumentInUse,
});
choice!(Anomaly<'a> {
    ExistsWithDifferent(Text<'a>),
    LegMissing,
    NothingToClose,
    ReduceOnlyWouldGrow,
    PriceNotPositive,
    Inexact,
});
choice!(Fact<'a> {
    OrderSubmitted(OrderFact<'a>),
    OrderAccepted(OrderFact<'a>),
    OrderCanceled(OrderFact<'a>),
    OrderExpired(OrderFact<'a>),
    OrderRejected(VenueRefusal<'a>),
    OrderUnknown(VenueRefusal<'a>),
    OrderAmended(AmendedTerms),
    OrderFilled(FillFact<'a>),
    FundingSettled(Settlement<'a>),
    FeeCharged(FeeCharge<'a>),
    PositionReported(ReportedPosition),
});

fields!(OrderUpdated<'a> {
    order: Number,
    client_order_id: Option<Text<'a>>,
    venue_order_id: Option<Text<'a>>,
    status: OrderStatus,
    code: Option<Text<'a>>,
    reason: Option<Text<'a>>,
    flags: Flags,
});
fields!(OrderAmended<'a> {
    order: Number,
    client_order_id: Option<Text<'a>>,
    venue_order_id: Option<Text<'a>>,
    terms: AmendedTerms,
    status: OrderStatus,
    flags: Flags,
});
fields!(OrderFilled<'a> {
    fill: FillFact<'a>,
    leg: Option<Leg<'a>>,
    reference: OrderReference<'a>,
    order: Option<Number>,
    order_status: Option<OrderStatus>,
    order_filled_quantity: Option<Decimal>,
    strategy: Option<Text<'a>>,
    effect: Option<FillEffect<'a>>,
    flags: Flags,
});
fields!(FillFact<'a> {
    execution_id: Text<'a>,
    side: Side,
    price: Decimal,
    quantity: Decimal,
    fee: Option<Decimal>,
    fee_asset: Option<Text<'a>>,
    liquidity: Option<Liquidity>,
    venue_realized_pnl: Option<Decimal>,
    reduce_only: bool,
    cumulative_quantity: Option<Decimal>,
    liquidation: bool,
});
fields!(FillEffect<'a> {
    opened: Decimal,
    closed: Decimal,
    excess: Decimal,
    value: Decimal,
    cost_added: Decimal,
    cost_released: Decimal,
    realized_pnl: Decimal,
    rounding: Decimal,
    fee: Decimal,
    fee_asset: Option<Text<'a>>,
    lots_released: List<LotRelease>,
    before: PositionNumbers,
    after: PositionNumbers,
    extremes: Extremes,
});
fields!(LotRelease {
    lot: Number,
    quantity: Decimal,
    cost: Decimal,
});
fields!(PositionNumbers {
    quantity: Decimal,
    cost: Decimal,
    cash: Decimal,
    realized_pnl: Decimal,
    rounding: Decimal,
});
fields!(Extremes {
    best_price: Option<Decimal>,
    worst_price: Option<Decimal>,
    mae: Decimal,
    mfe: Decimal,
});
fields!(FundingSettled<'a> {
    settlement: Settlement<'a>,
    leg: Option<Leg<'a>>,
    flags: Flags,
});
fields!(Settlement<'a> {
    amount: Decimal,
    asset: Text<'a>,
    settlement_id: Option<Text<'a>>,
});
fields!(FeeCharged<'a> {
    charge: FeeCharge<'a>,
    leg: Option<Leg<'a>>,
    reference: OrderReference<'a>,
    flags: Flags,
});
fields!(FeeCharge<'a> {
    amount: Decimal,
    asset: Text<'a>,
    settlement_id: Option<Text<'a>>,
});
fields!(PositionReported<'a> {
    report: ReportedPosition,
    leg: Leg<'a>,
    ours: Decimal,
    difference: Decimal,
});
fields!(ReportedPosition {
    quantity: Decimal,
    entry_price: Option<Decimal>,
    mark_price: Option<Decimal>,
});
fields!(PriceExtremeObserved {
    mark_price: Decimal,
    extremes: Extremes,
});
fields!(PositionOpened<'a> {
    leg: Leg<'a>,
    side: PositionSide,
    origin: Origin,
    terms: Terms<'a>,
    strategy: Option<Text<'a>>,
    effect: FillEffect<'a>,
    flags: Flags,
});
fields!(Terms<'a> {
    inverse: bool,
    multiplier: Decimal,
    step: Option<Decimal>,
    settlement_asset: Option<Text<'a>>,
    cost_basis: CostBasis,
    pnl_rounding: PnlRounding,
});
fields!(PnlRounding {
    scale: u32,
    rule: RoundingRule,
});
fields!(PositionStateChanged {
    from: Option<PositionState>,
    to: PositionState,
    cause: StateCause,
    flags: Flags,
});
fields!(PositionFlipped {
    closed: Sixteen,
    opened: Sixteen,
});
fields!(PositionClosed<'a> {
    exit_reason: Text<'a>,
    realized_pnl: Decimal,
    venue_realized_pnl: Option<Decimal>,
});
fields!(TrailActivated {
    mark_price: Option<Decimal>,
});
fields!(StopMoved {
    from: Decimal,
    to: Decimal,
});
fields!(ExternalOrderAdopted<'a> {
    reference: OrderReference<'a>,
    leg: Option<Leg<'a>>,
    side: Option<Side>,
    reduce_only: bool,
    status: OrderStatus,
    filled_quantity: Decimal,
    reason: Option<Text<'a>>,
});
fields!(ReconciliationFinding<'a> {
    class: FindingClass,
    leg: Option<Leg<'a>>,
    ours: Option<Decimal>,
    venue: Option<Decimal>,
});
fields!(Adjustment<'a> {
    adjustment_id: Text<'a>,
    reason: Text<'a>,
    quantity: Decimal,
    cost: Decimal,
    realized_pnl: Decimal,
});
fields!(AcknowledgementQuarantined<'a> {
    anomaly: Anomaly<'a>,
    first: Option<Number>,
    acknowledgement: Acknowledgement<'a>,
});
fields!(Acknowledgement<'a> {
    account: AccountId<'a>,
    symbol: Text<'a>,
    leg: Option<Leg<'a>>,
    order: OrderReference<'a>,
    occurred_at: Time,
    fact: Fact<'a>,
    raw: Option<super::value::Bytes<'a>>,
});
fields!(OrderFact<'a> {
    reason: Option<Text<'a>>,
});
fields!(VenueRefusal<'a> {
    code: Option<Text<'a>>,
    reason: Option<Text<'a>>,
});
fields!(QuarantineResolved<'a> {
    quarantined: Number,
    applied: bool,
    note: Text<'a>,
});
fields!(HaltChanged<'a> {
    reason: Text<'a>,
});
fields!(NoteAdded<'a> {
    intent_id: Text<'a>,
    text: Text<'a>,
});
fields!(AccountConfigured {
    settings: AccountSettings,
});
fields!(AccountSettings {
    position_mode: PositionMode,
    cost_basis: CostBasis,
    pnl_rounding: PnlRounding,
    stop_policy: StopPolicy,
});
fields!(InstrumentConfigured<'a> {
    instrument: InstrumentId<'a>,
    terms: Instrument<'a>,
});
fields!(Instrument<'a> {
    inverse: bool,
    multiplier: Decimal,
    tick: Option<Decimal>,
    step: Option<Decimal>,
    settlement_asset: Option<Text<'a>>,
});
