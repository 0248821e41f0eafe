//! A position: what is held, what it cost, what it realized, and all its owner wants to know of it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::configuration::{CostBasis, PnlRounding};
use crate::decimal::{Amount, Price, Quantity, percent, quotient};
use crate::identity::{AccountId, Asset, Leg, PositionId, Sequence, Slot, Strategy, Symbol};
use crate::intent::OpenPosition;
use crate::lifecycle::PositionState;
use crate::refusal::Flag;
use crate::side::{PositionSide, Side};
use crate::time::Timestamp;

/// Who began a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// An intent.
    Intent,
    /// A fill nobody here asked for.
    External,
}

impl Origin {
    /// The word used on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Intent => "intent",
            Self::External => "external",
        }
    }
}

/// The terms a position is counted by, fixed when it opens: a later setting never rewrites it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Whether its value is in the base coin.
    pub inverse: bool,
    /// What one unit of quantity stands for.
    pub multiplier: Quantity,
    /// The smallest change of quantity, where known.
    pub step: Option<Quantity>,
    /// What profit and loss are paid in, where known.
    pub settlement_asset: Option<Asset>,
    /// Which part of the cost a close releases.
    pub cost_basis: CostBasis,
    /// The venue's rule for realized PnL.
    pub pnl_rounding: PnlRounding,
}

/// The numbers that every fill moves. At every prefix of a position's life
/// `realized_pnl + rounding = cash + cost`, exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PositionNumbers {
    /// What is held, in units; negative when short.
    pub quantity: Amount,
    /// What was paid for it; for a linear instrument positive when long, for an inverse one when
    /// short.
    pub cost: Amount,
    /// All that flowed in less all that flowed out, fees and funding apart.
    pub cash: Amount,
    /// What closing realized, by the account's rounding rule.
    pub realized_pnl: Amount,
    /// What the rounding rule cut off in all.
    pub rounding: Amount,
}

/// The best and the worst that a position has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extremes {
    /// The price most in its favour.
    pub best_price: Option<Price>,
    /// The price most against it.
    pub worst_price: Option<Price>,
    /// Maximum adverse excursion: the worst unrealized PnL, zero or less, in settlement currency.
    pub mae: Amount,
    /// Maximum favourable excursion: the best unrealized PnL, zero or more, in settlement currency.
    pub mfe: Amount,
}

/// What one opening fill bought, where the cost basis keeps lots apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lot {
    /// The record that opened it.
    pub opened: Sequence,
    /// Units left.
    pub quantity: Quantity,
    /// Cost left, signed as the position's.
    pub cost: Amount,
}

/// A stop loss or take profit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Protection {
    /// Where it triggers.
    pub price: Price,
    /// The number of the working order; none while it is only planned, or after the order ended.
    pub order: Option<Sequence>,
}

/// A trailing stop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trail {
    /// The price from which it trails; at once where absent.
    pub activation: Option<Price>,
    /// How far it trails behind the best price, in percent of it.
    pub callback: Amount,
    /// Whether it trails already.
    pub active: bool,
}

/// A position, open or finished.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Its permanent id.
    pub id: PositionId,
    /// Whose.
    pub account: AccountId,
    /// In what.
    pub symbol: Symbol,
    /// Which of the account's positions in it.
    pub leg: Leg,
    /// Long or short; for a position that holds nothing yet, what was asked for.
    pub side: PositionSide,
    /// Where it is in its life.
    pub state: PositionState,
    /// Where a canceled exit leads back to.
    pub before_closing: Option<PositionState>,
    /// Who began it.
    pub origin: Origin,
    /// What was asked for, where an intent began it.
    pub plan: Option<Box<OpenPosition>>,
    /// Who decided.
    pub strategy: Option<Strategy>,
    /// The terms it is counted by; none until it opens.
    pub terms: Option<Terms>,
    /// The numbers that every fill moves.
    pub numbers: PositionNumbers,
    /// Units that brought it in.
    pub entry_quantity: Quantity,
    /// Their value.
    pub entry_value: Amount,
    /// Units that took it out.
    pub exit_quantity: Quantity,
    /// Their value.
    pub exit_value: Amount,
    /// Fees by asset; positive when paid.
    pub fees: BTreeMap<Asset, Amount>,
    /// Funding by asset; positive when received.
    pub funding: BTreeMap<Asset, Amount>,
    /// What the venue says it realized, as far as it said so.
    pub venue_realized_pnl: Option<Amount>,
    /// The lots left, oldest first, where the cost basis keeps them apart.
    pub lots: Vec<Lot>,
    /// The best and the worst it has seen.
    pub extremes: Extremes,
    /// Its stop loss.
    pub stop_loss: Option<Protection>,
    /// Its take profit.
    pub take_profit: Option<Protection>,
    /// Its trailing stop.
    pub trail: Option<Trail>,
    /// When it was asked for or opened, by our clock.
    pub created_at: Timestamp,
    /// When it first held a quantity, by the venue's clock.
    pub opened_at: Option<Timestamp>,
    /// When its last fill happened, by the venue's clock.
    pub last_fill_at: Option<Timestamp>,
    /// When it last came to hold nothing, by the venue's clock.
    pub closed_at: Option<Timestamp>,
    /// What took it out.
    pub exit_reason: Option<SmolStr>,
    /// How many fills moved it.
    pub fills: u32,
    /// What is odd about it.
    pub flags: BTreeSet<Flag>,
    /// The venue's last report of its quantity less ours.
    pub venue_difference: Amount,
    /// The first record about it.
    pub first_sequence: Sequence,
    /// The last record about it.
    pub last_sequence: Sequence,
}

impl Position {
    /// Whether nothing about it may change any more.
    pub fn is_final(&self) -> bool {
        self.state.is_final(!self.numbers.quantity.is_zero())
    }

    /// Whether it holds a quantity.
    pub fn is_held(&self) -> bool {
        !self.numbers.quantity.is_zero()
    }

    /// What is held, without its sign.
    pub fn held(&self) -> Quantity {
        self.numbers.quantity.magnitude()
    }

    /// The place it holds.
    pub fn slot(&self) -> Slot {
        Slot {
            account: self.account.clone(),
            symbol: self.symbol.clone(),
            leg: self.leg.clone(),
        }
    }

    /// The average price of all that brought it in, for display.
    pub fn entry_price(&self) -> Option<Amount> {
        self.price_of(self.entry_value, self.entry_quantity)
    }

    /// The average price of all that took it out, for display.
    pub fn exit_price(&self) -> Option<Amount> {
        self.price_of(self.exit_value, self.exit_quantity)
    }

    fn price_of(&self, value: Amount, quantity: Quantity) -> Option<Amount> {
        let terms = self.terms.as_ref()?;
        let units = quantity
            .as_amount()
            .times(terms.multiplier.as_amount())
            .ok()?;
        if terms.inverse {
            quotient(units, value).ok()
        } else {
            quotient(value, units).ok()
        }
    }

    /// Realized PnL in percent of the cost of what brought it in.
    pub fn realized_pnl_percent(&self) -> Option<Amount> {
        percent(self.numbers.realized_pnl, self.entry_value)
    }

    /// Realized PnL in percent of the margin, where the margin is known (ROE).
    pub fn return_on_margin(&self) -> Option<Amount> {
        let margin = self.plan.as_ref()?.margin?;
        percent(self.numbers.realized_pnl, margin.as_amount())
    }

    /// The side of a fill that takes from it.
    pub const fn exit_side(&self) -> Side {
        self.side.exit_side()
    }
}
