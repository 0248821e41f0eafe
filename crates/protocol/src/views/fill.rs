//! A fill and what it did, as it travels.

use std::collections::BTreeSet;

use ledger::{
    AccountId, AccountName, Amount, Asset, ClientOrderId, Event, ExecutionId, FillEffect, FillFact,
    Flag, Leg, Liquidity, Mode, OrderReference, PositionId, Price, Quantity, Record, Sequence,
    Side, Strategy, Symbol, Tenant, Timestamp, Venue, VenueOrderId,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::table::tabular;
use super::words::{FlagWord, LiquidityWord, ModeWord, SideWord};

/// One execution, as reported, and what it did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FillView {
    /// Its record in the journal.
    #[schema(value_type = u64, example = 1)]
    pub sequence: Sequence,
    /// When we recorded it.
    #[schema(value_type = String, format = DateTime)]
    pub recorded_at: Timestamp,
    /// When it happened, by the venue's clock.
    #[schema(value_type = String, format = DateTime)]
    pub occurred_at: Timestamp,
    /// Who owns the data.
    #[schema(value_type = String, example = "default")]
    pub tenant: Tenant,
    /// Where it traded.
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
    /// Which of the account's positions, where the venue said so.
    #[schema(value_type = Option<String>, example = "short")]
    pub leg: Option<Leg>,
    /// The venue's name for it.
    #[schema(value_type = String, example = "811")]
    pub execution_id: ExecutionId,
    /// `buy` or `sell`.
    #[schema(value_type = SideWord)]
    pub side: Side,
    /// The price of one unit.
    #[schema(value_type = String, example = "66712.7")]
    pub price: Price,
    /// Units.
    #[schema(value_type = String, example = "0.029")]
    pub quantity: Quantity,
    /// The fee; positive when paid.
    #[schema(value_type = Option<String>, example = "0.96733415")]
    pub fee: Option<Amount>,
    /// What the fee was paid in.
    #[schema(value_type = Option<String>, example = "USDT")]
    pub fee_asset: Option<Asset>,
    /// `maker` or `taker`, where known.
    #[schema(value_type = Option<LiquidityWord>)]
    pub liquidity: Option<Liquidity>,
    /// Whether the venue says that it may only reduce.
    pub reduce_only: bool,
    /// Whether the venue closed the position by force.
    pub liquidation: bool,
    /// Filled of the order so far, by the venue's count.
    #[schema(value_type = Option<String>, example = "0.029")]
    pub cumulative_quantity: Option<Quantity>,
    /// Our name for its order.
    #[schema(value_type = Option<String>)]
    pub client_order_id: Option<ClientOrderId>,
    /// The venue's name for its order.
    #[schema(value_type = Option<String>, example = "8389765")]
    pub venue_order_id: Option<VenueOrderId>,
    /// The number of its order, where it has one.
    #[schema(value_type = Option<u64>, example = 2)]
    pub order: Option<Sequence>,
    /// The strategy of its order.
    #[schema(value_type = Option<String>, example = "breakout")]
    pub strategy: Option<Strategy>,
    /// The position it moved; of a flip, the one it closed.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub position_id: Option<PositionId>,
    /// What it did, position by position: two of them for a flip.
    pub effects: Vec<FillEffectView>,
    /// Units it added, in all.
    #[schema(value_type = String, example = "0.029")]
    pub opened: Quantity,
    /// Units it took away, in all.
    #[schema(value_type = String, example = "0")]
    pub closed: Quantity,
    /// What it realized, without fees and funding.
    #[schema(value_type = String, example = "0")]
    pub realized_pnl: Amount,
    /// What the venue says it realized.
    #[schema(value_type = Option<String>, example = "0")]
    pub venue_realized_pnl: Option<Amount>,
    /// The venue's realized PnL less ours.
    #[schema(value_type = Option<String>, example = "0")]
    pub pnl_difference: Option<Amount>,
    /// What is odd about it.
    #[schema(value_type = Vec<FlagWord>)]
    pub flags: BTreeSet<Flag>,
}

/// What a fill, or a share of it, did to one position. Either `opened` or `closed` is zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FillEffectView {
    /// Which.
    #[schema(value_type = String, format = Uuid)]
    pub position_id: PositionId,
    /// Units it added.
    #[schema(value_type = String, example = "0.029")]
    pub opened: Quantity,
    /// Units it took away.
    #[schema(value_type = String, example = "0")]
    pub closed: Quantity,
    /// Units reported beyond what the leg held.
    #[schema(value_type = String, example = "0")]
    pub excess: Quantity,
    /// Its value in settlement currency.
    #[schema(value_type = String, example = "1934.6683")]
    pub value: Amount,
    /// What it added to the cost, signed as the position.
    #[schema(value_type = String, example = "-1934.6683")]
    pub cost_added: Amount,
    /// What it released of the cost, signed as the position.
    #[schema(value_type = String, example = "0")]
    pub cost_released: Amount,
    /// What it realized, without fees and funding.
    #[schema(value_type = String, example = "0")]
    pub realized_pnl: Amount,
    /// What the account's rounding rule cut off.
    #[schema(value_type = String, example = "0")]
    pub rounding: Amount,
    /// The share of the fee that belongs to it; positive when paid.
    #[schema(value_type = String, example = "0.96733415")]
    pub fee: Amount,
    /// What the fee was paid in.
    #[schema(value_type = Option<String>, example = "USDT")]
    pub fee_asset: Option<Asset>,
}

impl FillEffectView {
    fn new(position_id: PositionId, effect: &FillEffect) -> Self {
        Self {
            position_id,
            opened: effect.opened,
            closed: effect.closed,
            excess: effect.excess,
            value: effect.value,
            cost_added: effect.cost_added,
            cost_released: effect.cost_released,
            realized_pnl: effect.realized_pnl,
            rounding: effect.rounding,
            fee: effect.fee,
            fee_asset: effect.fee_asset.clone(),
        }
    }
}

/// What a fill is known by, from wherever it is read.
#[derive(Clone, Debug)]
pub struct FillParts {
    /// Its record in the journal.
    pub sequence: Sequence,
    /// When we recorded it.
    pub recorded_at: Timestamp,
    /// When it happened, by the venue's clock.
    pub occurred_at: Timestamp,
    /// Whose.
    pub account: AccountId,
    /// In what.
    pub symbol: Symbol,
    /// The leg as reported.
    pub leg: Option<Leg>,
    /// The fill as reported.
    pub fill: FillFact,
    /// The order's names as reported.
    pub reference: OrderReference,
    /// The number of its order.
    pub order: Option<Sequence>,
    /// The strategy of its order.
    pub strategy: Option<Strategy>,
    /// What is odd about it.
    pub flags: BTreeSet<Flag>,
    /// What it did to each position it moved: one, or two for a flip.
    pub effects: Vec<FillEffectView>,
}

impl From<FillParts> for FillView {
    fn from(parts: FillParts) -> Self {
        let FillParts {
            account,
            fill,
            reference,
            effects,
            ..
        } = parts;
        let realized_pnl = total(&effects, |effect| effect.realized_pnl);
        Self {
            sequence: parts.sequence,
            recorded_at: parts.recorded_at,
            occurred_at: parts.occurred_at,
            tenant: account.tenant,
            venue: account.venue,
            mode: account.mode,
            account: account.name,
            symbol: parts.symbol,
            leg: parts.leg,
            execution_id: fill.execution_id,
            side: fill.side,
            price: fill.price,
            quantity: fill.quantity,
            fee: fill.fee,
            fee_asset: fill.fee_asset,
            liquidity: fill.liquidity,
            reduce_only: fill.reduce_only,
            liquidation: fill.liquidation,
            cumulative_quantity: fill.cumulative_quantity,
            client_order_id: reference.client_order_id,
            venue_order_id: reference.venue_order_id,
            order: parts.order,
            strategy: parts.strategy,
            position_id: effects.first().map(|effect| effect.position_id),
            opened: total(&effects, |effect| effect.opened.as_amount()).magnitude(),
            closed: total(&effects, |effect| effect.closed.as_amount()).magnitude(),
            realized_pnl,
            venue_realized_pnl: fill.venue_realized_pnl,
            pnl_difference: fill
                .venue_realized_pnl
                .and_then(|venue| venue.minus(realized_pnl).ok()),
            flags: parts.flags,
            effects,
        }
    }
}

impl FillView {
    /// The fill that `record` reports, with the share of it that opened a position: in the
    /// `PositionOpened` it caused, if there is one. Nothing if `record` is not an `OrderFilled`.
    pub fn from_records(record: &Record, opened: Option<&Record>) -> Option<Self> {
        let Event::OrderFilled(filled) = &record.event else {
            return None;
        };
        let closing = record.position_id.zip(filled.effect.as_ref());
        let opening = opened.and_then(|record| match (&record.position_id, &record.event) {
            (Some(id), Event::PositionOpened(opened)) => Some((*id, &opened.effect)),
            _ => None,
        });
        let view = Self::from(FillParts {
            sequence: record.sequence,
            recorded_at: record.recorded_at,
            occurred_at: record.occurred_at,
            account: record.account.clone()?,
            symbol: record.symbol.clone()?,
            leg: filled.leg.clone(),
            fill: filled.fill.clone(),
            reference: filled.reference.clone(),
            order: filled.order,
            strategy: filled.strategy.clone(),
            flags: filled.flags.clone(),
            effects: closing
                .into_iter()
                .chain(opening)
                .map(|(id, effect)| FillEffectView::new(id, effect))
                .collect(),
        });
        let position_id = view.position_id.or(record.position_id);
        Some(Self {
            position_id,
            ..view
        })
    }
}

/// The sum over both positions of a flip. Only one of them realizes, opens or closes units, so the
/// sum is always exact. Where the cost basis is the average of opens, an opening fill realizes too.
fn total(effects: &[FillEffectView], part: fn(&FillEffectView) -> Amount) -> Amount {
    effects.iter().map(part).fold(Amount::ZERO, |sum, part| {
        if part.is_zero() {
            sum
        } else {
            sum.plus(part).unwrap_or(sum)
        }
    })
}

tabular!(FillView {
    sequence,
    recorded_at,
    occurred_at,
    tenant,
    venue,
    mode,
    account,
    symbol,
    leg,
    execution_id,
    side,
    price,
    quantity,
    fee,
    fee_asset,
    liquidity,
    reduce_only,
    liquidation,
    cumulative_quantity,
    client_order_id,
    venue_order_id,
    order,
    strategy,
    position_id,
    effects,
    opened,
    closed,
    realized_pnl,
    venue_realized_pnl,
    pnl_difference,
    flags,
});
