//! A position, as it travels.

use std::collections::{BTreeMap, BTreeSet};

use ledger::{
    AccountName, Amount, Asset, CostBasis, EntryContext, Flag, Leg, Mark, Mode, OpenPosition,
    Origin, PnlRounding, Position, PositionId, PositionSide, PositionState, Price, Quantity,
    Sequence, Strategy, Symbol, Tenant, Terms, Timestamp, Trader, Venue, percent,
};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use utoipa::ToSchema;

use super::table::tabular;
use super::words::{
    CostBasisWord, FlagWord, ModeWord, OriginWord, PositionSideWord, PositionStateWord,
};

/// The share of a position that no strategy ordered.
pub const UNATTRIBUTED: &str = "unattributed";

/// A position, open or finished. A finished one is a trade.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PositionView {
    /// Its permanent id.
    #[schema(value_type = String, format = Uuid)]
    pub position_id: PositionId,
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
    /// `net`, `long`, `short`, or the venue's ticket; `pending` before the venue gave one.
    #[schema(value_type = String, example = "short")]
    pub leg: Leg,
    /// `long` or `short`.
    #[schema(value_type = PositionSideWord)]
    pub side: PositionSide,
    /// Where it is in its life.
    #[schema(value_type = PositionStateWord)]
    pub state: PositionState,
    /// Who began it: `intent` or `external`.
    #[schema(value_type = OriginWord)]
    pub origin: Origin,
    /// What is held, in units, without a sign.
    #[schema(value_type = String, example = "0")]
    pub quantity: Quantity,
    /// What is held, in units; negative when short.
    #[schema(value_type = String, example = "0")]
    pub signed_quantity: Amount,
    /// What was paid for what is held.
    #[schema(value_type = String, example = "0")]
    pub cost: Amount,
    /// Units that brought it in.
    #[schema(value_type = String, example = "0.029")]
    pub entry_quantity: Quantity,
    /// Their value.
    #[schema(value_type = String, example = "1934.6683")]
    pub entry_value: Amount,
    /// Their average price.
    #[schema(value_type = Option<String>, example = "66712.7")]
    pub entry_price: Option<Amount>,
    /// Units that took it out.
    #[schema(value_type = String, example = "0.029")]
    pub exit_quantity: Quantity,
    /// Their value.
    #[schema(value_type = String, example = "1914")]
    pub exit_value: Amount,
    /// Their average price.
    #[schema(value_type = Option<String>, example = "66000")]
    pub exit_price: Option<Amount>,
    /// What closing realized, without fees and funding.
    #[schema(value_type = String, example = "20.6683")]
    pub realized_pnl: Amount,
    /// The same in percent of the entry value.
    #[schema(value_type = Option<String>, example = "1.0683")]
    pub realized_pnl_percent: Option<Amount>,
    /// Return on margin: the realized PnL in percent of the margin, where the margin is known.
    #[schema(value_type = Option<String>, example = "10.68")]
    pub roe: Option<Amount>,
    /// What the account's rounding rule cut off the realized PnL.
    #[schema(value_type = String, example = "0")]
    pub rounding: Amount,
    /// Fees by asset; positive when paid.
    #[schema(value_type = BTreeMap<String, String>, example = json!({"USDT": "1.9"}))]
    pub fees: BTreeMap<Asset, Amount>,
    /// Funding by asset; positive when received.
    #[schema(value_type = BTreeMap<String, String>, example = json!({}))]
    pub funding: BTreeMap<Asset, Amount>,
    /// Fees and funding that came after the position was final.
    pub corrections: CorrectionsView,
    /// What the venue says it realized, as far as it said so.
    #[schema(value_type = Option<String>, example = "20.6683")]
    pub venue_realized_pnl: Option<Amount>,
    /// The venue's realized PnL less ours.
    #[schema(value_type = Option<String>, example = "0")]
    pub pnl_difference: Option<Amount>,
    /// The gain or loss if it were closed at the mark.
    #[schema(value_type = Option<String>, example = "-3.2")]
    pub unrealized_pnl: Option<Amount>,
    /// The last mark of the instrument; `null` for a finished position.
    #[schema(value_type = Option<String>, example = "66800")]
    pub mark_price: Option<Price>,
    /// The worst unrealized PnL, in money; zero or less.
    #[schema(value_type = String, example = "0")]
    pub mae: Amount,
    /// The best unrealized PnL, in money; zero or more.
    #[schema(value_type = String, example = "20.6683")]
    pub mfe: Amount,
    /// How far the price went against it, for one unit; zero or less.
    #[schema(value_type = Option<String>, example = "0")]
    pub mae_price: Option<Amount>,
    /// How far the price went in its favour, for one unit; zero or more.
    #[schema(value_type = Option<String>, example = "712.7")]
    pub mfe_price: Option<Amount>,
    /// `mae_price` in percent of the entry price.
    #[schema(value_type = Option<String>, example = "0")]
    pub mae_percent: Option<Amount>,
    /// `mfe_price` in percent of the entry price.
    #[schema(value_type = Option<String>, example = "1.0683")]
    pub mfe_percent: Option<Amount>,
    /// The price most against it.
    #[schema(value_type = Option<String>, example = "66712.7")]
    pub worst_price: Option<Price>,
    /// The price most in its favour.
    #[schema(value_type = Option<String>, example = "66000")]
    pub best_price: Option<Price>,
    /// Where its stop loss triggers.
    #[schema(value_type = Option<String>, example = "67000")]
    pub stop_loss: Option<Price>,
    /// Where its take profit triggers.
    #[schema(value_type = Option<String>, example = "65000")]
    pub take_profit: Option<Price>,
    /// Its trailing stop.
    pub trail: Option<TrailView>,
    /// Leverage, where its owner said so.
    #[schema(value_type = Option<String>, example = "10")]
    pub leverage: Option<Quantity>,
    /// Margin used, where its owner said so.
    #[schema(value_type = Option<String>, example = "193.5")]
    pub margin: Option<Quantity>,
    /// The most its owner is willing to lose.
    #[schema(value_type = Option<String>, example = "50")]
    pub max_loss: Option<Quantity>,
    /// Who decided.
    #[schema(value_type = Option<String>, example = "breakout")]
    pub strategy: Option<Strategy>,
    /// The person behind it.
    #[schema(value_type = Option<String>, example = "anna")]
    pub trader: Option<Trader>,
    /// What triggered it.
    pub signal: Option<SignalView>,
    /// The market as it looked at entry: named numbers.
    #[schema(value_type = BTreeMap<String, String>, example = json!({"vwap": "66650.5"}))]
    pub context: EntryContext,
    /// Anything else, in its owner's words.
    #[schema(value_type = BTreeMap<String, String>, example = json!({}))]
    pub metadata: BTreeMap<SmolStr, SmolStr>,
    /// How it divides among the strategies that ordered its fills; the shares sum to the whole.
    pub attribution: Vec<AttributionView>,
    /// The terms it is counted by; `null` until it opens.
    pub terms: Option<TermsView>,
    /// The venue's last report of the quantity less ours.
    #[schema(value_type = String, example = "0")]
    pub venue_difference: Amount,
    /// When it was asked for or opened, by our clock.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it first held a quantity, by the venue's clock.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub opened_at: Option<Timestamp>,
    /// When it last came to hold nothing, by the venue's clock.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub closed_at: Option<Timestamp>,
    /// What took it out: `close`, `stop_loss`, `take_profit`, `trailing`, `liquidation`, `flip`,
    /// `adjustment` or `external`.
    #[schema(value_type = Option<String>, example = "external")]
    pub exit_reason: Option<SmolStr>,
    /// How many fills moved it.
    #[schema(example = 2)]
    pub fills: u32,
    /// What is odd about it.
    #[schema(value_type = Vec<FlagWord>)]
    pub flags: BTreeSet<Flag>,
    /// The first record about it.
    #[schema(value_type = u64, example = 1)]
    pub first_sequence: Sequence,
    /// The last record about it.
    #[schema(value_type = u64, example = 4)]
    pub last_sequence: Sequence,
}

/// Fees and funding that came after a position was final.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CorrectionsView {
    /// Fees by asset; positive when paid.
    #[schema(value_type = BTreeMap<String, String>)]
    pub fees: BTreeMap<Asset, Amount>,
    /// Funding by asset; positive when received.
    #[schema(value_type = BTreeMap<String, String>)]
    pub funding: BTreeMap<Asset, Amount>,
}

/// The share of a position that belongs to one strategy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AttributionView {
    /// The strategy, or `unattributed`.
    #[schema(value_type = String, example = "breakout")]
    pub strategy: SmolStr,
    /// Its share of what is held; negative when short.
    #[schema(value_type = String, example = "-0.01")]
    pub quantity: Amount,
    /// Its share of the cost.
    #[schema(value_type = String, example = "-667.127")]
    pub cost: Amount,
    /// Its share of what closing realized.
    #[schema(value_type = String, example = "0")]
    pub realized_pnl: Amount,
    /// Its share of the fees, by asset; positive when paid.
    #[schema(value_type = BTreeMap<String, String>)]
    pub fees: BTreeMap<Asset, Amount>,
}

/// What triggered a position.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SignalView {
    /// Its id at its source.
    #[schema(value_type = String, example = "tv-4711")]
    pub id: SmolStr,
    /// Where it came from.
    #[schema(value_type = Option<String>, example = "tradingview")]
    pub source: Option<SmolStr>,
}

/// A trailing stop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TrailView {
    /// The price from which it trails; at once where `null`.
    #[schema(value_type = Option<String>, example = "65500")]
    pub activation: Option<Price>,
    /// How far it trails behind the best price, in percent of it.
    #[schema(value_type = String, example = "0.5")]
    pub callback: Amount,
    /// Whether it trails already.
    pub active: bool,
}

/// The terms a position is counted by, fixed when it opens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TermsView {
    /// Whether its value is in the base coin.
    pub inverse: bool,
    /// What one unit of quantity stands for.
    #[schema(value_type = String, example = "1")]
    pub multiplier: Quantity,
    /// The smallest change of quantity, where known.
    #[schema(value_type = Option<String>, example = "0.001")]
    pub step: Option<Quantity>,
    /// What profit and loss are paid in, where known.
    #[schema(value_type = Option<String>, example = "USDT")]
    pub settlement_asset: Option<Asset>,
    /// Which part of the cost a close releases.
    #[schema(value_type = CostBasisWord)]
    pub cost_basis: CostBasis,
    /// How realized PnL is brought to the venue's digits: `scale` and `rule`.
    #[schema(value_type = Object, example = json!({"scale": 0, "rule": "exact"}))]
    pub pnl_rounding: PnlRounding,
}

impl From<&Terms> for TermsView {
    fn from(terms: &Terms) -> Self {
        Self {
            inverse: terms.inverse,
            multiplier: terms.multiplier,
            step: terms.step,
            settlement_asset: terms.settlement_asset.clone(),
            cost_basis: terms.cost_basis,
            pnl_rounding: terms.pnl_rounding,
        }
    }
}

/// How far a price is from the entry, for one unit, in favour of the position, and in percent of the
/// entry price.
struct Excursion {
    per_unit: Amount,
    percent: Option<Amount>,
}

impl Excursion {
    fn of(position: &Position, price: Option<Price>) -> Option<Self> {
        let entry = position.entry_price()?;
        let price = Amount::of(price?.get());
        let per_unit = match position.side {
            PositionSide::Long => price.minus(entry),
            PositionSide::Short => entry.minus(price),
        }
        .ok()?;
        Some(Self {
            per_unit,
            percent: percent(per_unit, entry.magnitude().as_amount()),
        })
    }

    /// The price never went against the position: scaling in moved the entry past its worst price.
    fn adverse(self) -> Self {
        if self.per_unit.is_positive() {
            Self::none()
        } else {
            self
        }
    }

    /// The price never went in favour of the position.
    fn favourable(self) -> Self {
        if self.per_unit.is_negative() {
            Self::none()
        } else {
            self
        }
    }

    const fn none() -> Self {
        Self {
            per_unit: Amount::ZERO,
            percent: Some(Amount::ZERO),
        }
    }
}

impl PositionView {
    /// What `position` looks like at `mark`, with what projections know of it beyond its own state.
    #[expect(
        clippy::too_many_lines,
        reason = "one line for each field: splitting would hide that none is missing"
    )]
    pub fn from_position(
        position: &Position,
        mark: Option<&Mark>,
        unrealized: Option<Amount>,
        attribution: Vec<AttributionView>,
        corrections: CorrectionsView,
    ) -> Self {
        let plan = position.plan.as_deref();
        let planned = |field: fn(&OpenPosition) -> Option<Quantity>| plan.and_then(field);
        let adverse =
            Excursion::of(position, position.extremes.worst_price).map(Excursion::adverse);
        let favourable =
            Excursion::of(position, position.extremes.best_price).map(Excursion::favourable);
        Self {
            position_id: position.id,
            tenant: position.account.tenant.clone(),
            venue: position.account.venue.clone(),
            mode: position.account.mode,
            account: position.account.name.clone(),
            symbol: position.symbol.clone(),
            leg: position.leg.clone(),
            side: position.side,
            state: position.state,
            origin: position.origin,
            quantity: position.held(),
            signed_quantity: position.numbers.quantity,
            cost: position.numbers.cost,
            entry_quantity: position.entry_quantity,
            entry_value: position.entry_value,
            entry_price: position.entry_price(),
            exit_quantity: position.exit_quantity,
            exit_value: position.exit_value,
            exit_price: position.exit_price(),
            realized_pnl: position.numbers.realized_pnl,
            realized_pnl_percent: position.realized_pnl_percent(),
            roe: position.return_on_margin(),
            rounding: position.numbers.rounding,
            fees: position.fees.clone(),
            funding: position.funding.clone(),
            corrections,
            venue_realized_pnl: position.venue_realized_pnl,
            pnl_difference: position
                .venue_realized_pnl
                .and_then(|venue| venue.minus(position.numbers.realized_pnl).ok()),
            unrealized_pnl: unrealized,
            mark_price: mark.map(|mark| mark.price),
            mae: position.extremes.mae,
            mfe: position.extremes.mfe,
            mae_price: adverse.as_ref().map(|excursion| excursion.per_unit),
            mfe_price: favourable.as_ref().map(|excursion| excursion.per_unit),
            mae_percent: adverse.and_then(|excursion| excursion.percent),
            mfe_percent: favourable.and_then(|excursion| excursion.percent),
            worst_price: position.extremes.worst_price,
            best_price: position.extremes.best_price,
            stop_loss: position.stop_loss.as_ref().map(|stop| stop.price),
            take_profit: position.take_profit.as_ref().map(|target| target.price),
            trail: position.trail.as_ref().map(|trail| TrailView {
                activation: trail.activation,
                callback: trail.callback,
                active: trail.active,
            }),
            leverage: planned(|plan| plan.leverage),
            margin: planned(|plan| plan.margin),
            max_loss: planned(|plan| plan.max_loss),
            strategy: position.strategy.clone(),
            trader: plan.and_then(|plan| plan.trader.clone()),
            signal: plan
                .and_then(|plan| plan.signal.as_ref())
                .map(|signal| SignalView {
                    id: signal.id.clone(),
                    source: signal.source.clone(),
                }),
            context: plan.map(|plan| plan.context.clone()).unwrap_or_default(),
            metadata: plan.map(|plan| plan.metadata.clone()).unwrap_or_default(),
            attribution,
            terms: position.terms.as_ref().map(TermsView::from),
            venue_difference: position.venue_difference,
            created_at: position.created_at,
            opened_at: position.opened_at,
            closed_at: position.closed_at,
            exit_reason: position.exit_reason.clone(),
            fills: position.fills,
            flags: position.flags.clone(),
            first_sequence: position.first_sequence,
            last_sequence: position.last_sequence,
        }
    }
}

tabular!(PositionView {
    position_id,
    tenant,
    venue,
    mode,
    account,
    symbol,
    leg,
    side,
    state,
    origin,
    quantity,
    signed_quantity,
    cost,
    entry_quantity,
    entry_value,
    entry_price,
    exit_quantity,
    exit_value,
    exit_price,
    realized_pnl,
    realized_pnl_percent,
    roe,
    rounding,
    fees,
    funding,
    corrections,
    venue_realized_pnl,
    pnl_difference,
    unrealized_pnl,
    mark_price,
    mae,
    mfe,
    mae_price,
    mfe_price,
    mae_percent,
    mfe_percent,
    worst_price,
    best_price,
    stop_loss,
    take_profit,
    trail,
    leverage,
    margin,
    max_loss,
    strategy,
    trader,
    signal,
    context,
    metadata,
    attribution,
    terms,
    venue_difference,
    created_at,
    opened_at,
    closed_at,
    exit_reason,
    fills,
    flags,
    first_sequence,
    last_sequence,
});
