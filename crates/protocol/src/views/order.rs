//! An order, as it travels.

use std::collections::BTreeSet;

use ledger::{
    AccountName, ClientOrderId, Flag, IntentId, Leg, Mode, Order, OrderKind, OrderPurpose,
    OrderStatus, PositionId, Price, Quantity, Sequence, Side, Strategy, Symbol, Tenant, Timestamp,
    Venue, VenueOrderId,
};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use utoipa::ToSchema;

use super::table::tabular;
use super::words::{
    FlagWord, ModeWord, OrderKindWord, OrderPurposeWord, OrderStatusWord, SideWord,
};

/// An order as we know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OrderView {
    /// Its own number: the sequence of the record that first named it.
    #[schema(value_type = u64, example = 2)]
    pub number: Sequence,
    /// Who owns the data.
    #[schema(value_type = String, example = "default")]
    pub tenant: Tenant,
    /// Where it trades.
    #[schema(value_type = String, example = "binance-usdm")]
    pub venue: Venue,
    /// Whether money is at stake: `live`, `paper` or `sim`.
    #[schema(value_type = ModeWord)]
    pub mode: Mode,
    /// The account's name at the venue.
    #[schema(value_type = String, example = "main")]
    pub account: AccountName,
    /// In what, in the venue's own spelling.
    #[schema(value_type = String, example = "BTCUSDT")]
    pub symbol: Symbol,
    /// Which of the account's positions, where known.
    #[schema(value_type = Option<String>, example = "net")]
    pub leg: Option<Leg>,
    /// Our name for it.
    #[schema(value_type = Option<String>, example = "pl-7f3a")]
    pub client_order_id: Option<ClientOrderId>,
    /// The venue's name for it.
    #[schema(value_type = Option<String>, example = "8389765")]
    pub venue_order_id: Option<VenueOrderId>,
    /// The position it belongs to.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub position_id: Option<PositionId>,
    /// The intent that asked for it.
    #[schema(value_type = Option<String>)]
    pub intent_id: Option<IntentId>,
    /// Who decided.
    #[schema(value_type = Option<String>, example = "breakout")]
    pub strategy: Option<Strategy>,
    /// What it is for.
    #[schema(value_type = OrderPurposeWord)]
    pub purpose: OrderPurpose,
    /// `buy` or `sell`, where known.
    #[schema(value_type = Option<SideWord>)]
    pub side: Option<Side>,
    /// Market, limit or stop, where known.
    #[schema(value_type = Option<OrderKindWord>)]
    pub kind: Option<OrderKind>,
    /// How much in all, where known.
    #[schema(value_type = Option<String>, example = "0.029")]
    pub quantity: Option<Quantity>,
    /// The limit price.
    #[schema(value_type = Option<String>, example = "66712.7")]
    pub price: Option<Price>,
    /// The trigger price.
    #[schema(value_type = Option<String>, example = "66000")]
    pub trigger_price: Option<Price>,
    /// Whether it may only reduce.
    pub reduce_only: bool,
    /// Where it is in its life.
    #[schema(value_type = OrderStatusWord)]
    pub status: OrderStatus,
    /// Filled so far, by the fills we have.
    #[schema(value_type = String, example = "0.029")]
    pub filled_quantity: Quantity,
    /// What may still be filled, where known.
    #[schema(value_type = Option<String>, example = "0")]
    pub leaves_quantity: Option<Quantity>,
    /// How many fills.
    #[schema(example = 1)]
    pub fills: u32,
    /// The venue's code and words for the last refusal, cancel or expiry.
    #[schema(value_type = Option<String>)]
    pub reason: Option<SmolStr>,
    /// What is odd about it.
    #[schema(value_type = Vec<FlagWord>)]
    pub flags: BTreeSet<Flag>,
    /// When it was first named, by our clock.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it last changed, by our clock.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// The last record that changed it.
    #[schema(value_type = u64, example = 3)]
    pub last_sequence: Sequence,
}

impl From<&Order> for OrderView {
    fn from(order: &Order) -> Self {
        Self {
            number: order.number,
            tenant: order.account.tenant.clone(),
            venue: order.account.venue.clone(),
            mode: order.account.mode,
            account: order.account.name.clone(),
            symbol: order.symbol.clone(),
            leg: order.leg.clone(),
            client_order_id: order.client_order_id.clone(),
            venue_order_id: order.venue_order_id.clone(),
            position_id: order.position_id,
            intent_id: order.intent_id.clone(),
            strategy: order.strategy.clone(),
            purpose: order.purpose,
            side: order.side,
            kind: order.kind,
            quantity: order.quantity,
            price: order.price,
            trigger_price: order.trigger_price,
            reduce_only: order.reduce_only,
            status: order.status,
            filled_quantity: order.filled_quantity,
            leaves_quantity: order.leaves_quantity(),
            fills: order.fills,
            reason: order.reason.clone(),
            flags: order.flags.clone(),
            created_at: order.created_at,
            updated_at: order.updated_at,
            last_sequence: order.last_sequence,
        }
    }
}

tabular!(OrderView {
    number,
    tenant,
    venue,
    mode,
    account,
    symbol,
    leg,
    client_order_id,
    venue_order_id,
    position_id,
    intent_id,
    strategy,
    purpose,
    side,
    kind,
    quantity,
    price,
    trigger_price,
    reduce_only,
    status,
    filled_quantity,
    leaves_quantity,
    fills,
    reason,
    flags,
    created_at,
    updated_at,
    last_sequence,
});
