//! Facts a venue tells us. They can be duplicates or doubtful, but never refused.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::decimal::{Amount, Price, Quantity};
use crate::identity::{
    AccountId, Asset, ClientOrderId, ExecutionId, FactKey, KeyBuilder, Leg, SettlementId, Symbol,
    VenueOrderId,
};
use crate::side::Side;
use crate::time::Timestamp;

/// A fact about an order, a position or an account, as one venue reported it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgement {
    /// Whose.
    pub account: AccountId,
    /// In what.
    pub symbol: Symbol,
    /// Which of the account's positions, where the venue says so.
    pub leg: Option<Leg>,
    /// Which order, where the fact is about one.
    pub order: OrderReference,
    /// The venue's time.
    pub occurred_at: Timestamp,
    /// What happened.
    pub fact: Fact,
    /// The venue's own bytes.
    pub raw: Option<Vec<u8>>,
}

/// The names an order has; either, both or none may be known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct OrderReference {
    /// Ours.
    pub client_order_id: Option<ClientOrderId>,
    /// The venue's.
    pub venue_order_id: Option<VenueOrderId>,
}

impl OrderReference {
    /// Whether no name is known.
    pub const fn is_empty(&self) -> bool {
        self.client_order_id.is_none() && self.venue_order_id.is_none()
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fact {
    /// The order is on the wire.
    OrderSubmitted(OrderFact),
    /// The venue works the order.
    OrderAccepted(OrderFact),
    /// The order is off the book.
    OrderCanceled(OrderFact),
    /// The order ran out.
    OrderExpired(OrderFact),
    /// The venue refused the order.
    OrderRejected(VenueRefusal),
    /// Nobody can know what became of the order until the venue is asked.
    OrderUnknown(VenueRefusal),
    /// The order's terms changed.
    OrderAmended(AmendedTerms),
    /// An execution.
    OrderFilled(FillFact),
    /// Funding was paid or received.
    FundingSettled(Settlement),
    /// A fee or rebate that belongs to no fill.
    FeeCharged(FeeCharge),
    /// The venue's own view of a position.
    PositionReported(ReportedPosition),
}

/// A fact about an order that needs no fields of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderFact {
    /// Why, in the venue's words.
    pub reason: Option<SmolStr>,
}

/// A venue's no, or its silence.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VenueRefusal {
    /// The venue's code.
    pub code: Option<SmolStr>,
    /// The venue's words.
    pub reason: Option<SmolStr>,
}

/// The terms an order has after an amendment; what is absent did not change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AmendedTerms {
    /// The whole quantity, what is filled included.
    pub quantity: Option<Quantity>,
    /// The limit price.
    pub price: Option<Price>,
    /// The trigger price.
    pub trigger_price: Option<Price>,
}

/// Whether a fill took liquidity or made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Liquidity {
    /// The order rested in the book.
    Maker,
    /// The order took from the book.
    Taker,
}

/// One execution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FillFact {
    /// The venue's name for it; with the account and symbol its permanent identity.
    pub execution_id: ExecutionId,
    /// Bought or sold.
    pub side: Side,
    /// The price of one unit.
    pub price: Price,
    /// Units; above zero.
    pub quantity: Quantity,
    /// The fee; positive when paid.
    pub fee: Option<Amount>,
    /// What the fee was paid in.
    pub fee_asset: Option<Asset>,
    /// Taker or maker.
    pub liquidity: Option<Liquidity>,
    /// What the venue says the fill realized.
    pub venue_realized_pnl: Option<Amount>,
    /// Whether the venue says that it may only reduce.
    pub reduce_only: bool,
    /// Filled of the order so far, this fill included (FIX tag 14).
    pub cumulative_quantity: Option<Quantity>,
    /// Whether the venue closed the position by force.
    pub liquidation: bool,
}

/// Funding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    /// Positive when received by us.
    pub amount: Amount,
    /// What it was paid in.
    pub asset: Asset,
    /// The venue's name for it, where it has one.
    pub settlement_id: Option<SettlementId>,
}

/// A fee or rebate that belongs to no fill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeeCharge {
    /// Positive when received by us.
    pub amount: Amount,
    /// What it was paid in.
    pub asset: Asset,
    /// The venue's name for it, where it has one.
    pub settlement_id: Option<SettlementId>,
}

/// The venue's own view of a position.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedPosition {
    /// Signed: negative when short.
    pub quantity: Amount,
    /// The venue's average entry price.
    pub entry_price: Option<Price>,
    /// The venue's mark.
    pub mark_price: Option<Price>,
}

impl Fact {
    /// Its name on the wire.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::OrderSubmitted(_) => "order_submitted",
            Self::OrderAccepted(_) => "order_accepted",
            Self::OrderCanceled(_) => "order_canceled",
            Self::OrderExpired(_) => "order_expired",
            Self::OrderRejected(_) => "order_rejected",
            Self::OrderUnknown(_) => "order_unknown",
            Self::OrderAmended(_) => "order_amended",
            Self::OrderFilled(_) => "order_filled",
            Self::FundingSettled(_) => "funding_settled",
            Self::FeeCharged(_) => "fee_charged",
            Self::PositionReported(_) => "position_reported",
        }
    }
}

impl Acknowledgement {
    /// The identity under which a repeat is recognised.
    ///
    /// A fill is (account, symbol, execution id), a settlement (account, kind, symbol, asset,
    /// settlement id). Every other fact has no name of its own: it is the same when all it says is.
    pub fn key(&self) -> FactKey {
        match &self.fact {
            Fact::OrderFilled(fill) => KeyBuilder::new("fill")
                .account(&self.account)
                .text(self.symbol.as_str())
                .text(fill.execution_id.as_str())
                .finish(),
            Fact::FundingSettled(Settlement {
                settlement_id: Some(id),
                asset,
                ..
            })
            | Fact::FeeCharged(FeeCharge {
                settlement_id: Some(id),
                asset,
                ..
            }) => KeyBuilder::new(self.fact.name())
                .account(&self.account)
                .text(self.symbol.as_str())
                .text(asset.as_str())
                .text(id.as_str())
                .finish(),
            Fact::OrderSubmitted(_)
            | Fact::OrderAccepted(_)
            | Fact::OrderCanceled(_)
            | Fact::OrderExpired(_)
            | Fact::OrderRejected(_)
            | Fact::OrderUnknown(_)
            | Fact::OrderAmended(_)
            | Fact::FundingSettled(_)
            | Fact::FeeCharged(_)
            | Fact::PositionReported(_) => self.content_key(),
        }
    }

    /// The identity of all it says, the raw bytes apart.
    pub fn content_key(&self) -> FactKey {
        let key = KeyBuilder::new("content")
            .text(self.fact.name())
            .account(&self.account)
            .text(self.symbol.as_str())
            .optional(self.leg.as_ref())
            .optional(self.order.client_order_id.as_ref())
            .optional(self.order.venue_order_id.as_ref())
            .display(&self.occurred_at);
        match &self.fact {
            Fact::OrderSubmitted(fact)
            | Fact::OrderAccepted(fact)
            | Fact::OrderCanceled(fact)
            | Fact::OrderExpired(fact) => key.optional(fact.reason.as_ref()),
            Fact::OrderRejected(refusal) | Fact::OrderUnknown(refusal) => key
                .optional(refusal.code.as_ref())
                .optional(refusal.reason.as_ref()),
            Fact::OrderAmended(terms) => key
                .optional(terms.quantity.as_ref())
                .optional(terms.price.as_ref())
                .optional(terms.trigger_price.as_ref()),
            Fact::OrderFilled(fill) => fill.absorb(key),
            Fact::FundingSettled(Settlement {
                amount,
                asset,
                settlement_id,
            })
            | Fact::FeeCharged(FeeCharge {
                amount,
                asset,
                settlement_id,
            }) => key
                .display(amount)
                .text(asset.as_str())
                .optional(settlement_id.as_ref()),
            Fact::PositionReported(report) => key
                .display(&report.quantity)
                .optional(report.entry_price.as_ref())
                .optional(report.mark_price.as_ref()),
        }
        .finish()
    }

    /// The first field in which two reports of one fact differ; the raw bytes do not count.
    pub fn first_difference(&self, other: &Self) -> Option<&'static str> {
        match (&self.fact, &other.fact) {
            (Fact::OrderFilled(a), Fact::OrderFilled(b)) => a.first_difference(b),
            (a, b) => (a != b).then_some("content"),
        }
        .or_else(|| (self.leg != other.leg).then_some("leg"))
        .or_else(|| (self.order != other.order).then_some("order"))
        .or_else(|| (self.occurred_at != other.occurred_at).then_some("occurred_at"))
    }
}

impl FillFact {
    fn absorb(&self, key: KeyBuilder) -> KeyBuilder {
        key.text(self.execution_id.as_str())
            .text(self.side.as_str())
            .display(&self.price)
            .display(&self.quantity)
            .optional(self.fee.as_ref())
            .optional(self.fee_asset.as_ref())
            .optional(self.liquidity.map(Liquidity::as_str).as_ref())
            .optional(self.venue_realized_pnl.as_ref())
            .display(&self.reduce_only)
            .optional(self.cumulative_quantity.as_ref())
            .display(&self.liquidation)
    }

    fn first_difference(&self, other: &Self) -> Option<&'static str> {
        [
            ("side", self.side == other.side),
            ("price", self.price == other.price),
            ("quantity", self.quantity == other.quantity),
            ("fee", self.fee == other.fee),
            ("fee_asset", self.fee_asset == other.fee_asset),
            ("liquidity", self.liquidity == other.liquidity),
            (
                "venue_realized_pnl",
                self.venue_realized_pnl == other.venue_realized_pnl,
            ),
            ("reduce_only", self.reduce_only == other.reduce_only),
            (
                "cumulative_quantity",
                self.cumulative_quantity == other.cumulative_quantity,
            ),
            ("liquidation", self.liquidation == other.liquidation),
        ]
        .into_iter()
        .find_map(|(field, same)| (!same).then_some(field))
    }
}

impl Liquidity {
    /// The word used on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Maker => "maker",
            Self::Taker => "taker",
        }
    }
}
