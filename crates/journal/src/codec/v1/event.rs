//! What happened.

use super::intent::{BulkScope, OpenPosition, PositionFilter};
use super::value::{
    AccountId, Bytes, CostBasis, Decimal, FindingClass, Flags, InstrumentId, Leg, Liquidity, List,
    Number, OrderKind, OrderPurpose, OrderReference, OrderStatus, Origin, PositionMode,
    PositionSide, PositionState, RoundingRule, Side, Sixteen, StateCause, StopPolicy, Text, Time,
    choice, fields,
};

fields!(PositionQueued {
    intent_id: Text,
    leg: Leg,
    plan: OpenPosition,
});
fields!(QueueWithdrawn { intent_id: Text });
fields!(OrderRequested {
    intent_id: Text,
    client_order_id: Text,
    purpose: OrderPurpose,
    side: Side,
    quantity: Decimal,
    kind: OrderKind,
    price: Option<Decimal>,
    trigger_price: Option<Decimal>,
    reduce_only: bool,
    strategy: Option<Text>,
});
fields!(TrailingRequested {
    intent_id: Text,
    trail: Trail,
});
fields!(Trail {
    activation: Option<Decimal>,
    callback: Decimal,
    active: bool,
});
fields!(CancelRequested {
    intent_id: Text,
    order: Number,
    client_order_id: Text,
});
fields!(AmendRequested {
    intent_id: Text,
    order: Number,
    client_order_id: Option<Text>,
    terms: AmendedTerms,
});
fields!(AmendedTerms {
    quantity: Option<Decimal>,
    price: Option<Decimal>,
    trigger_price: Option<Decimal>,
});
fields!(MonitoringStarted { intent_id: Text });
fields!(BulkExecuteRequested {
    intent_id: Text,
    filter: PositionFilter,
    positions: List<Sixteen>,
});
fields!(BulkCloseRequested {
    intent_id: Text,
    scope: BulkScope,
    positions: List<Sixteen>,
});
fields!(IntentRejected {
    intent_id: Text,
    refusal: Refusal,
});

choice!(Refusal {
    0 => ExistsWithDifferent(Text),
    1 => Halted,
    2 => PositionNotFound,
    3 => PositionFinal(PositionState),
    4 => OrderNotFound,
    5 => OrderFinal,
    6 => SlotOccupied,
    7 => NotQueued(PositionState),
    8 => NothingHeld(PositionState),
    9 => AlreadyClosing,
    10 => ExceedsHeld,
    11 => NotMonitorable(PositionState),
    12 => ProtectionInFlight,
    13 => WrongSideOfMark,
    14 => NothingMatches,
    15 => NotOpen(PositionState),
    16 => AccountInUse,
    17 => InstrumentInUse,
});
choice!(Anomaly {
    0 => ExistsWithDifferent(Text),
    1 => LegMissing,
    2 => NothingToClose,
    3 => ReduceOnlyWouldGrow,
    4 => PriceNotPositive,
    5 => Inexact,
});
choice!(Fact {
    0 => OrderSubmitted(OrderFact),
    1 => OrderAccepted(OrderFact),
    2 => OrderCanceled(OrderFact),
    3 => OrderExpired(OrderFact),
    4 => OrderRejected(VenueRefusal),
    5 => OrderUnknown(VenueRefusal),
    6 => OrderAmended(AmendedTerms),
    7 => OrderFilled(FillFact),
    8 => FundingSettled(Settlement),
    9 => FeeCharged(FeeCharge),
    10 => PositionReported(ReportedPosition),
});

fields!(OrderUpdated {
    order: Number,
    client_order_id: Option<Text>,
    venue_order_id: Option<Text>,
    status: OrderStatus,
    code: Option<Text>,
    reason: Option<Text>,
    flags: Flags,
});
fields!(OrderAmended {
    order: Number,
    client_order_id: Option<Text>,
    venue_order_id: Option<Text>,
    terms: AmendedTerms,
    status: OrderStatus,
    flags: Flags,
});
fields!(OrderFilled {
    fill: FillFact,
    leg: Option<Leg>,
    reference: OrderReference,
    order: Option<Number>,
    order_status: Option<OrderStatus>,
    order_filled_quantity: Option<Decimal>,
    strategy: Option<Text>,
    effect: Option<FillEffect>,
    flags: Flags,
});
fields!(FillFact {
    execution_id: Text,
    side: Side,
    price: Decimal,
    quantity: Decimal,
    fee: Option<Decimal>,
    fee_asset: Option<Text>,
    liquidity: Option<Liquidity>,
    venue_realized_pnl: Option<Decimal>,
    reduce_only: bool,
    cumulative_quantity: Option<Decimal>,
    liquidation: bool,
});
fields!(FillEffect {
    opened: Decimal,
    closed: Decimal,
    excess: Decimal,
    value: Decimal,
    cost_added: Decimal,
    cost_released: Decimal,
    realized_pnl: Decimal,
    rounding: Decimal,
    fee: Decimal,
    fee_asset: Option<Text>,
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
fields!(FundingSettled {
    settlement: Settlement,
    leg: Option<Leg>,
    flags: Flags,
});
fields!(Settlement {
    amount: Decimal,
    asset: Text,
    settlement_id: Option<Text>,
});
fields!(FeeCharged {
    charge: FeeCharge,
    leg: Option<Leg>,
    reference: OrderReference,
    flags: Flags,
});
fields!(FeeCharge {
    amount: Decimal,
    asset: Text,
    settlement_id: Option<Text>,
});
fields!(PositionReported {
    report: ReportedPosition,
    leg: Leg,
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
fields!(PositionOpened {
    leg: Leg,
    side: PositionSide,
    origin: Origin,
    terms: Terms,
    strategy: Option<Text>,
    effect: FillEffect,
    flags: Flags,
});
fields!(Terms {
    inverse: bool,
    multiplier: Decimal,
    step: Option<Decimal>,
    settlement_asset: Option<Text>,
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
fields!(PositionClosed {
    exit_reason: Text,
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
fields!(ExternalOrderAdopted {
    reference: OrderReference,
    leg: Option<Leg>,
    side: Option<Side>,
    reduce_only: bool,
    status: OrderStatus,
    filled_quantity: Decimal,
    reason: Option<Text>,
});
fields!(ReconciliationFinding {
    class: FindingClass,
    leg: Option<Leg>,
    ours: Option<Decimal>,
    venue: Option<Decimal>,
});
fields!(Adjustment {
    adjustment_id: Text,
    reason: Text,
    quantity: Decimal,
    cost: Decimal,
    realized_pnl: Decimal,
});
fields!(AcknowledgementQuarantined {
    anomaly: Anomaly,
    first: Option<Number>,
    acknowledgement: Acknowledgement,
});
fields!(Acknowledgement {
    account: AccountId,
    symbol: Text,
    leg: Option<Leg>,
    order: OrderReference,
    occurred_at: Time,
    fact: Fact,
    raw: Option<Bytes>,
});
fields!(OrderFact {
    reason: Option<Text>,
});
fields!(VenueRefusal {
    code: Option<Text>,
    reason: Option<Text>,
});
fields!(QuarantineResolved {
    quarantined: Number,
    applied: bool,
    note: Text,
});
fields!(HaltChanged { reason: Text });
fields!(NoteAdded {
    intent_id: Text,
    text: Text,
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
fields!(InstrumentConfigured {
    instrument: InstrumentId,
    terms: Instrument,
});
fields!(Instrument {
    inverse: bool,
    multiplier: Decimal,
    tick: Option<Decimal>,
    step: Option<Decimal>,
    settlement_asset: Option<Text>,
});
