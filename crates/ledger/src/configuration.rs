//! Settings of accounts and instruments. They are events too: replay depends on nothing outside.

use serde::{Deserialize, Serialize};

use crate::decimal::{Amount, Quantity, Rounding, round_to};
use crate::identity::{AccountId, Asset, InstrumentId};
use crate::time::Timestamp;

/// How many positions an account may hold in one symbol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PositionMode {
    /// One, long or short.
    #[default]
    Netting,
    /// One long and one short leg.
    Hedging,
    /// One for each ticket the venue gives out, as on a `MetaTrader` hedging account.
    Ticket,
}

/// Which part of the cost a close releases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CostBasis {
    /// The closed share of all that is held.
    #[default]
    Average,
    /// The oldest lots first.
    Fifo,
    /// The newest lots first.
    Lifo,
    /// The ticket's own cost; each ticket is a position of its own.
    PerTicket,
    /// The average over all opens of the position, not reduced by closes (dYdX v4).
    AverageOfOpens,
}

/// How a realized PnL is brought to the venue's digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoundingRule {
    /// Not at all.
    #[default]
    Exact,
    /// Toward zero.
    Truncate,
    /// To the nearest, a half to the even digit.
    HalfEven,
}

/// The venue's rule for realized PnL; what it cuts off is kept beside it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PnlRounding {
    /// Digits after the point; without meaning for `exact`.
    #[serde(default)]
    pub scale: u32,
    /// The rule.
    pub rule: RoundingRule,
}

impl PnlRounding {
    /// `amount` by this rule.
    pub(crate) fn apply(self, amount: Amount) -> Amount {
        match self.rule {
            RoundingRule::Exact => amount,
            RoundingRule::Truncate => round_to(amount, self.scale, Rounding::Truncate),
            RoundingRule::HalfEven => round_to(amount, self.scale, Rounding::HalfEven),
        }
    }
}

/// What is done about an open position without a working stop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopPolicy {
    /// Nothing is expected.
    #[default]
    None,
    /// The position is flagged `unprotected`.
    Alarm,
}

/// The settings of an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AccountSettings {
    /// How many positions it may hold in one symbol.
    pub position_mode: PositionMode,
    /// Which part of the cost a close releases.
    pub cost_basis: CostBasis,
    /// The venue's rule for realized PnL.
    pub pnl_rounding: PnlRounding,
    /// What is done about an open position without a working stop.
    pub stop_policy: StopPolicy,
}

/// The terms of an instrument.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Instrument {
    /// Whether its value is in the base coin: quantity · multiplier / price.
    pub inverse: bool,
    /// What one unit of quantity stands for; above zero.
    pub multiplier: Quantity,
    /// The smallest change of price, where known.
    pub tick: Option<Quantity>,
    /// The smallest change of quantity, where known.
    pub step: Option<Quantity>,
    /// What profit and loss are paid in, where known.
    pub settlement_asset: Option<Asset>,
}

/// A setting, as asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Configuration {
    /// An account's settings, whole.
    Account {
        /// Whose.
        account: AccountId,
        /// What they shall be.
        settings: AccountSettings,
        /// When it was asked for, where the caller says so.
        occurred_at: Option<Timestamp>,
    },
    /// An instrument's terms, whole.
    Instrument {
        /// Which.
        instrument: InstrumentId,
        /// What they are.
        terms: Instrument,
        /// When it was asked for, where the caller says so.
        occurred_at: Option<Timestamp>,
    },
}
