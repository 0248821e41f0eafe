//! The commands as they are written in the reference. `protocol` reads them; a test holds both to the
//! same fields.
#![expect(
    dead_code,
    clippy::large_enum_variant,
    reason = "only the schemas of these types are used: none of them is ever made"
)]

use std::collections::BTreeMap;

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};

/// A decimal as text, as `"66712.7"`. A JSON number is accepted where it is exact.
#[derive(ToSchema)]
#[schema(example = "66712.7", pattern = r"^-?\d+(\.\d+)?([eE][+-]?\d+)?$")]
pub(crate) struct Decimal(String);

/// A time in RFC 3339.
#[derive(ToSchema)]
#[schema(format = DateTime, example = "2024-04-22T22:34:32Z")]
pub(crate) struct Time(String);

/// 1 to 128 bytes of text without control characters, as its owner writes it.
#[derive(ToSchema)]
#[schema(min_length = 1, max_length = 128)]
pub(crate) struct Name(String);

/// Any JSON value.
pub(crate) struct Raw;

impl PartialSchema for Raw {
    fn schema() -> RefOr<Schema> {
        let kinds = [
            Type::String,
            Type::Object,
            Type::Array,
            Type::Number,
            Type::Boolean,
        ];
        ObjectBuilder::new()
            .schema_type(SchemaType::from_iter(kinds))
            .description(Some("Any JSON value."))
            .into()
    }
}

impl ToSchema for Raw {}

/// Whether money is at stake; part of an account's identity.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum Mode {
    Live,
    Paper,
    Sim,
}

/// The side of a position.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum PositionSide {
    Long,
    Short,
}

/// The side of a fill.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum Side {
    Buy,
    Sell,
}

/// Market or limit.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum OrderKind {
    Market,
    Limit,
}

/// Whether a fill added to the book or took from it.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum Liquidity {
    Maker,
    Taker,
}

/// The terms of an order.
#[derive(ToSchema)]
pub(crate) struct OrderTerms {
    kind: OrderKind,
    /// The limit price; exactly with a limit order.
    price: Option<Decimal>,
}

/// What triggered a position.
#[derive(ToSchema)]
pub(crate) struct Signal {
    /// Its id at its source.
    id: String,
    /// Where it came from.
    source: Option<String>,
}

macro_rules! intents {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })+) => { $(
        $(#[$doc])*
        #[derive(ToSchema)]
        pub(crate) struct $name {
            /// The caller's own name for it; the same name twice is the same intent.
            intent_id: Name,
            /// Who asks; by default the strategy or trader it names, or `operator`.
            actor: Option<Name>,
            /// When it was asked for; the moment of recording by default.
            occurred_at: Option<Time>,
            $($(#[$field_doc])* $field: $type,)*
        }
    )+ };
}

intents! {
    /// A new position.
    OpenPosition {
        /// Where it trades.
        venue: Name,
        mode: Mode,
        /// The account's name at the venue.
        account: Name,
        /// In the venue's own spelling.
        symbol: Name,
        side: PositionSide,
        /// How much; above zero.
        quantity: Decimal,
        /// The terms of the entry order; a market order by default.
        order: Option<OrderTerms>,
        /// Whether it waits for `execute`.
        queue: Option<bool>,
        leverage: Option<Decimal>,
        /// Margin used, in settlement currency; what the return on margin is measured on.
        margin: Option<Decimal>,
        stop_loss: Option<Decimal>,
        take_profit: Option<Decimal>,
        /// The most its owner is willing to lose, in settlement currency.
        max_loss: Option<Decimal>,
        strategy: Option<Name>,
        trader: Option<Name>,
        signal: Option<Signal>,
        /// The market as it looked at entry: named numbers, 64 at most.
        context: Option<BTreeMap<String, Decimal>>,
        /// Anything else, in its owner's words, 64 entries at most.
        metadata: Option<BTreeMap<String, String>>,
    }
    /// The entry order of a queued position.
    Execute {
        #[schema(format = Uuid)]
        position_id: String,
    }
    /// The entry orders of all queued positions that match. The filters stand here or in `filters`.
    ExecuteAll {
        /// The filters in an object of their own.
        filters: Option<Filters>,
        /// `venue:mode:name`; or the name alone, with `venue` and `mode`.
        account: Option<String>,
        venue: Option<Name>,
        mode: Option<Mode>,
        symbol: Option<Name>,
        strategy: Option<Name>,
        side: Option<PositionSide>,
    }
    /// A queued position, off the queue.
    Withdraw {
        #[schema(format = Uuid)]
        position_id: String,
    }
    /// More of an open position.
    ScaleIn {
        #[schema(format = Uuid)]
        position_id: String,
        /// How much more; above zero.
        quantity: Decimal,
        /// A market order by default.
        order: Option<OrderTerms>,
    }
    /// Less of an open position.
    Reduce {
        #[schema(format = Uuid)]
        position_id: String,
        /// How much less; above zero.
        quantity: Decimal,
        /// A market order by default.
        order: Option<OrderTerms>,
    }
    /// None of an open position.
    Close {
        #[schema(format = Uuid)]
        position_id: String,
        /// How much; all that is held by default.
        quantity: Option<Decimal>,
        /// A market order by default.
        order: Option<OrderTerms>,
    }
    /// A stop loss, new or moved.
    SetStopLoss {
        #[schema(format = Uuid)]
        position_id: String,
        price: Decimal,
    }
    /// A take profit, new or moved.
    SetTakeProfit {
        #[schema(format = Uuid)]
        position_id: String,
        price: Decimal,
    }
    /// A trailing stop.
    ActivateTrailing {
        #[schema(format = Uuid)]
        position_id: String,
        /// The price from which it trails; at once by default.
        activation: Option<Decimal>,
        /// How far it trails behind the best price, in percent of it.
        callback: Decimal,
    }
    /// Active management of an open position.
    StartMonitoring {
        #[schema(format = Uuid)]
        position_id: String,
    }
    /// The end of a working order.
    CancelOrder {
        client_order_id: Name,
    }
    /// The end of many positions.
    CloseMany {
        scope: Scope,
        /// The strategy or symbol, with these scopes.
        value: Option<Name>,
        /// `venue:mode:name`; or the name alone, with `venue` and `mode`. All accounts by default.
        account: Option<String>,
        venue: Option<Name>,
        mode: Option<Mode>,
    }
    /// Words about a position.
    Note {
        #[schema(format = Uuid)]
        position_id: String,
        text: String,
    }
}

/// Which queued positions; what is absent does not restrict.
#[derive(ToSchema)]
pub(crate) struct Filters {
    /// `venue:mode:name`; or the name alone, with `venue` and `mode`.
    account: Option<String>,
    venue: Option<Name>,
    mode: Option<Mode>,
    symbol: Option<Name>,
    strategy: Option<Name>,
    side: Option<PositionSide>,
}

/// Which positions are closed.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum Scope {
    All,
    Gaining,
    Losing,
    Strategy,
    Symbol,
}

/// What somebody wants. It can be refused.
#[derive(ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum IntentRequest {
    OpenPosition(OpenPosition),
    Execute(Execute),
    ExecuteAll(ExecuteAll),
    Withdraw(Withdraw),
    ScaleIn(ScaleIn),
    Reduce(Reduce),
    Close(Close),
    SetStopLoss(SetStopLoss),
    SetTakeProfit(SetTakeProfit),
    ActivateTrailing(ActivateTrailing),
    StartMonitoring(StartMonitoring),
    CancelOrder(CancelOrder),
    CloseMany(CloseMany),
    Note(Note),
}

macro_rules! acknowledgements {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })+) => { $(
        $(#[$doc])*
        #[derive(ToSchema)]
        pub(crate) struct $name {
            /// Where it happened.
            venue: Name,
            mode: Mode,
            /// The account's name at the venue.
            account: Name,
            /// In the venue's own spelling.
            symbol: Name,
            /// When it happened, by the venue's clock.
            occurred_at: Time,
            /// `net`, `long`, `short`, or the venue's ticket, on accounts with more than one position a
            /// symbol.
            leg: Option<Name>,
            /// Our name for the order.
            client_order_id: Option<Name>,
            /// The venue's name for the order.
            venue_order_id: Option<Name>,
            /// The venue's own message: a text is kept as it is, any other value as it stands in the line.
            raw: Option<Raw>,
            $($(#[$field_doc])* $field: $type,)*
        }
    )+ };
}

acknowledgements! {
    /// The order is on the wire.
    OrderSubmitted {
        reason: Option<String>,
    }
    /// The venue works the order.
    OrderAccepted {
        reason: Option<String>,
    }
    /// The venue refused the order.
    OrderRejected {
        code: Option<String>,
        reason: Option<String>,
    }
    /// One execution. Without an order we know it opens or changes an external position.
    OrderFilled {
        /// The venue's name for it.
        execution_id: Name,
        side: Side,
        price: Decimal,
        /// Units; above zero.
        quantity: Decimal,
        /// Positive when paid; with `fee_asset`.
        fee: Option<Decimal>,
        fee_asset: Option<Name>,
        liquidity: Option<Liquidity>,
        /// What the venue says it realized.
        venue_realized_pnl: Option<Decimal>,
        reduce_only: Option<bool>,
        /// Filled of the order so far.
        cumulative_quantity: Option<Decimal>,
        /// Whether the venue closes the position by force.
        liquidation: Option<bool>,
    }
    /// The terms of the order changed; what is absent did not.
    OrderAmended {
        quantity: Option<Decimal>,
        price: Option<Decimal>,
        trigger_price: Option<Decimal>,
    }
    /// The order is off the book.
    OrderCanceled {
        reason: Option<String>,
    }
    /// The order ran out.
    OrderExpired {
        reason: Option<String>,
    }
    /// Nobody can know until the venue is asked: a timeout on the way is not a rejection.
    OrderUnknown {
        code: Option<String>,
        reason: Option<String>,
    }
    /// A funding payment.
    FundingSettled {
        /// Positive when received.
        amount: Decimal,
        asset: Name,
        settlement_id: Option<Name>,
    }
    /// A fee that belongs to no fill.
    FeeCharged {
        /// Positive when received, so that a fee that was paid is negative.
        amount: Decimal,
        asset: Name,
        settlement_id: Option<Name>,
    }
    /// The venue's own view of a position, for reconciliation.
    PositionReported {
        /// Negative when short.
        quantity: Decimal,
        entry_price: Option<Decimal>,
        mark_price: Option<Decimal>,
    }
}

/// What a venue says. It is never refused.
#[derive(ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum AcknowledgementRequest {
    OrderSubmitted(OrderSubmitted),
    OrderAccepted(OrderAccepted),
    OrderRejected(OrderRejected),
    OrderFilled(OrderFilled),
    OrderAmended(OrderAmended),
    OrderCanceled(OrderCanceled),
    OrderExpired(OrderExpired),
    OrderUnknown(OrderUnknown),
    FundingSettled(FundingSettled),
    FeeCharged(FeeCharged),
    PositionReported(PositionReported),
}

/// The price an instrument is valued at.
#[derive(ToSchema)]
pub(crate) struct Mark {
    /// Where it trades.
    venue: Name,
    /// In the venue's own spelling.
    symbol: Name,
    /// Above zero.
    price: Decimal,
    /// The time of the price; an older mark than the last is passed over.
    occurred_at: Time,
}

/// A price.
#[derive(ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum MarkRequest {
    Mark(Mark),
}

/// How many positions an account has in one symbol.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum PositionMode {
    /// One.
    Netting,
    /// One long and one short leg.
    Hedging,
    /// One for each ticket of the venue.
    Ticket,
}

/// Which part of the cost a close releases.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum CostBasis {
    Average,
    Fifo,
    Lifo,
    PerTicket,
    AverageOfOpens,
}

/// How realized PnL is brought to the venue's digits.
#[derive(ToSchema)]
pub(crate) struct PnlRounding {
    rule: RoundingRule,
    /// Digits after the point; not with `exact`.
    #[schema(maximum = 28)]
    scale: Option<u32>,
}

/// How digits are cut.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum RoundingRule {
    Exact,
    Truncate,
    HalfEven,
}

/// Whether a position without a stop loss raises an alarm.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum StopPolicy {
    None,
    Alarm,
}

/// The settings of an account; what is absent has its default.
#[derive(ToSchema)]
pub(crate) struct AccountConfigured {
    /// Where it trades.
    venue: Name,
    mode: Mode,
    /// The account's name at the venue.
    account: Name,
    position_mode: Option<PositionMode>,
    cost_basis: Option<CostBasis>,
    pnl_rounding: Option<PnlRounding>,
    stop_policy: Option<StopPolicy>,
    /// With a time, the same setting sent again is recognised as a repeat.
    occurred_at: Option<Time>,
}

/// The terms of an instrument.
#[derive(ToSchema)]
pub(crate) struct InstrumentConfigured {
    /// Where it trades.
    venue: Name,
    /// In the venue's own spelling.
    symbol: Name,
    /// Whether its value is in the base coin.
    inverse: Option<bool>,
    /// What one unit of quantity stands for.
    multiplier: Decimal,
    /// The smallest change of price.
    tick: Option<Decimal>,
    /// The smallest change of quantity.
    step: Option<Decimal>,
    settlement_asset: Option<Name>,
    /// With a time, the same setting sent again is recognised as a repeat.
    occurred_at: Option<Time>,
}

/// A setting.
#[derive(ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ConfigurationRequest {
    AccountConfigured(AccountConfigured),
    InstrumentConfigured(InstrumentConfigured),
}
