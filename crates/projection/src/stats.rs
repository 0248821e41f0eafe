//! Statistics of closed positions: small sums in memory, grouped on demand.
//!
//! A sum that 28 digits cannot hold is an error for its row, never a wrong number. Money in
//! different settlement assets is never added up: each has a row of its own.

use std::collections::BTreeMap;
use std::fmt;

use ledger::{
    AccountId, Amount, Asset, Inexact, PositionState, Strategy, Symbol, Tenant, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::attribution::{Share, Split};
use crate::rows::{Correction, CorrectionKind, Trade};

const NANOSECONDS_A_DAY: i64 = 86_400_000_000_000;

/// A day in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Day(i64);

impl Day {
    /// The day a moment falls on.
    pub const fn of(moment: Timestamp) -> Self {
        Self(moment.as_nanoseconds().div_euclid(NANOSECONDS_A_DAY))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = self.0.saturating_mul(NANOSECONDS_A_DAY);
        f.pad(&Timestamp::from_nanoseconds(start).day())
    }
}

/// What statistics are kept apart by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StatsKey {
    /// The day the position was closed, by the venue's clock.
    pub day: Day,
    /// Whose.
    pub account: AccountId,
    /// In what.
    pub symbol: Symbol,
    /// What profit and loss are paid in, where known.
    pub settlement_asset: Option<Asset>,
    /// Who earned it; none for the whole of a position that several strategies share, and for what
    /// no strategy can be named for.
    pub strategy: Option<Strategy>,
}

/// Sums over closed positions, or over the parts that strategies have in them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Positions.
    pub trades: u64,
    /// With a realized PnL above zero.
    pub wins: u64,
    /// Below zero.
    pub losses: u64,
    /// Of exactly zero.
    pub breakeven: u64,
    /// Realized PnL, fees and funding apart.
    pub realized_pnl: Amount,
    /// What the venue says it realized, as far as it said so.
    pub venue_realized_pnl: Option<Amount>,
    /// Fees by asset; positive when paid.
    pub fees: BTreeMap<Asset, Amount>,
    /// Funding by asset; positive when received.
    pub funding: BTreeMap<Asset, Amount>,
    /// The value of all fills.
    pub volume: Amount,
    /// The best realized PnL of one position.
    pub best: Option<Amount>,
    /// The worst.
    pub worst: Option<Amount>,
    /// Fees and funding that came after a position was final.
    pub corrections: u64,
    /// Those of them whose position could not be found: they are counted on their own day, for no
    /// strategy.
    pub corrections_unmatched: u64,
    inexact: bool,
}

impl Tally {
    /// Whether every sum could be held exactly.
    pub const fn is_exact(&self) -> bool {
        !self.inexact
    }

    fn sum(&mut self, add: impl FnOnce(&mut Self) -> Result<(), Inexact>) {
        if add(self).is_err() {
            self.inexact = true;
        }
    }

    fn add_trade(&mut self, share: &Share, venue_realized_pnl: Option<Amount>) {
        let realized = share.realized_pnl;
        self.trades = self.trades.saturating_add(1);
        let outcome = if realized.is_positive() {
            &mut self.wins
        } else if realized.is_negative() {
            &mut self.losses
        } else {
            &mut self.breakeven
        };
        *outcome = outcome.saturating_add(1);
        self.best = self.best.max(Some(realized));
        self.worst = Some(self.worst.map_or(realized, |worst| worst.min(realized)));
        self.sum(|tally| tally.add_money(share, venue_realized_pnl));
    }

    fn add_money(&mut self, share: &Share, venue: Option<Amount>) -> Result<(), Inexact> {
        self.realized_pnl = self.realized_pnl.plus(share.realized_pnl)?;
        self.volume = self
            .volume
            .plus(share.entry_value)?
            .plus(share.exit_value)?;
        self.venue_realized_pnl = optional_sum(self.venue_realized_pnl, venue)?;
        add_all(&mut self.fees, &share.fees)?;
        add_all(&mut self.funding, &share.funding)
    }

    fn add_correction(&mut self, correction: &Correction) {
        self.corrections = self.corrections.saturating_add(1);
        self.sum(|tally| {
            let (totals, amount) = match correction.kind {
                CorrectionKind::Fee => (&mut tally.fees, correction.amount.negated()),
                CorrectionKind::Funding => (&mut tally.funding, correction.amount),
            };
            add_one(totals, &correction.asset, amount)
        });
    }

    fn merge(&mut self, other: &Self) {
        self.trades = self.trades.saturating_add(other.trades);
        self.wins = self.wins.saturating_add(other.wins);
        self.losses = self.losses.saturating_add(other.losses);
        self.breakeven = self.breakeven.saturating_add(other.breakeven);
        self.corrections = self.corrections.saturating_add(other.corrections);
        self.corrections_unmatched = self
            .corrections_unmatched
            .saturating_add(other.corrections_unmatched);
        self.best = self.best.max(other.best);
        self.worst = match (self.worst, other.worst) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        self.inexact |= other.inexact;
        self.sum(|tally| {
            tally.realized_pnl = tally.realized_pnl.plus(other.realized_pnl)?;
            tally.volume = tally.volume.plus(other.volume)?;
            tally.venue_realized_pnl =
                optional_sum(tally.venue_realized_pnl, other.venue_realized_pnl)?;
            add_all(&mut tally.fees, &other.fees)?;
            add_all(&mut tally.funding, &other.funding)
        });
    }
}

/// What rows of statistics are grouped by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum GroupBy {
    /// One row for everything.
    #[default]
    Total,
    /// The day the positions were closed.
    Day,
    /// The symbol, over all accounts.
    Symbol,
    /// The strategy, by attribution.
    Strategy,
    /// The account.
    Account,
}

/// What one row of statistics is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// Everything.
    Total,
    /// A day.
    Day(Day),
    /// A symbol.
    Symbol(Symbol),
    /// A strategy; none for what no strategy can be named for.
    Strategy(Option<Strategy>),
    /// An account.
    Account(AccountId),
}

/// Which closed positions count; what is absent does not restrict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatsFilter {
    /// Of this tenant.
    pub tenant: Option<Tenant>,
    /// In this account.
    pub account: Option<AccountId>,
    /// In this symbol.
    pub symbol: Option<Symbol>,
    /// The parts of this strategy.
    pub strategy: Option<Strategy>,
    /// Closed on this day or later.
    pub from: Option<Day>,
    /// Closed on this day or earlier.
    pub to: Option<Day>,
}

/// One row of statistics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatsRow {
    /// What it is about.
    pub group: Group,
    /// What its money is in, where known.
    pub settlement_asset: Option<Asset>,
    /// The sums, or that 28 digits cannot hold one of them.
    pub tally: Result<Tally, Inexact>,
}

/// Statistics of all closed positions, by day, account, symbol, settlement asset and strategy.
///
/// A position that several strategies share counts once as a whole and once for each part, and
/// never both in one answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// Positions of one holder.
    sole: BTreeMap<StatsKey, Tally>,
    /// Positions of several strategies, whole.
    shared: BTreeMap<StatsKey, Tally>,
    /// The parts of the same positions.
    parts: BTreeMap<StatsKey, Tally>,
}

impl Stats {
    /// The rows, by group and settlement asset.
    pub fn rows(&self, by: GroupBy, filter: &StatsFilter) -> Vec<StatsRow> {
        let by_strategy = by == GroupBy::Strategy || filter.strategy.is_some();
        let several = if by_strategy {
            &self.parts
        } else {
            &self.shared
        };
        let mut groups: BTreeMap<(Group, Option<Asset>), Tally> = BTreeMap::new();
        let admitted = self
            .sole
            .iter()
            .chain(several)
            .filter(|(key, _)| filter.admits(key));
        for (key, tally) in admitted {
            let group = (Group::of(by, key), key.settlement_asset.clone());
            groups.entry(group).or_default().merge(tally);
        }
        groups
            .into_iter()
            .map(|((group, settlement_asset), tally)| StatsRow {
                group,
                settlement_asset,
                tally: if tally.is_exact() {
                    Ok(tally)
                } else {
                    Err(Inexact)
                },
            })
            .collect()
    }

    /// Counts a position that became final; one that never held anything counts for nothing.
    pub(crate) fn add(&mut self, trade: &Trade) {
        if trade.position.state != PositionState::Closed {
            return;
        }
        let whole = Share::whole(&trade.position);
        let venue = trade.position.venue_realized_pnl;
        match &trade.split {
            Split::Sole(strategy) => {
                let key = key_of(trade, strategy.as_ref());
                self.sole.entry(key).or_default().add_trade(&whole, venue);
            }
            Split::Shared(_) => {
                let key = key_of(trade, None);
                self.shared.entry(key).or_default().add_trade(&whole, venue);
                let parts = trade.parts().into_iter();
                for part in parts.filter(|part| part.strategy.is_some() || !part.share.is_empty()) {
                    let key = key_of(trade, part.strategy.as_ref());
                    self.parts
                        .entry(key)
                        .or_default()
                        .add_trade(&part.share, None);
                }
            }
        }
    }

    /// Counts a fee or funding that came after its position was final. A position that several
    /// strategies shared has it unattributed: nobody holds a unit any more.
    pub(crate) fn correct(&mut self, correction: &Correction, trade: &Trade) {
        if trade.position.state != PositionState::Closed {
            return;
        }
        match &trade.split {
            Split::Sole(strategy) => {
                let key = key_of(trade, strategy.as_ref());
                self.sole.entry(key).or_default().add_correction(correction);
            }
            Split::Shared(_) => {
                let key = key_of(trade, None);
                self.shared
                    .entry(key.clone())
                    .or_default()
                    .add_correction(correction);
                self.parts
                    .entry(key)
                    .or_default()
                    .add_correction(correction);
            }
        }
    }

    /// Counts a fee or funding whose position is not to be found.
    pub(crate) fn correct_unmatched(
        &mut self,
        correction: &Correction,
        account: &AccountId,
        symbol: &Symbol,
    ) {
        let key = StatsKey {
            day: Day::of(correction.occurred_at),
            account: account.clone(),
            symbol: symbol.clone(),
            settlement_asset: None,
            strategy: None,
        };
        let tally = self.sole.entry(key).or_default();
        tally.add_correction(correction);
        tally.corrections_unmatched = tally.corrections_unmatched.saturating_add(1);
    }
}

impl Group {
    fn of(by: GroupBy, key: &StatsKey) -> Self {
        match by {
            GroupBy::Total => Self::Total,
            GroupBy::Day => Self::Day(key.day),
            GroupBy::Symbol => Self::Symbol(key.symbol.clone()),
            GroupBy::Strategy => Self::Strategy(key.strategy.clone()),
            GroupBy::Account => Self::Account(key.account.clone()),
        }
    }
}

impl StatsFilter {
    fn admits(&self, key: &StatsKey) -> bool {
        fn fits<T: PartialEq>(wanted: Option<&T>, found: &T) -> bool {
            wanted.is_none_or(|wanted| wanted == found)
        }
        fits(self.tenant.as_ref(), &key.account.tenant)
            && fits(self.account.as_ref(), &key.account)
            && fits(self.symbol.as_ref(), &key.symbol)
            && (self.strategy.is_none() || self.strategy == key.strategy)
            && self.from.is_none_or(|from| key.day >= from)
            && self.to.is_none_or(|to| key.day <= to)
    }
}

fn key_of(trade: &Trade, strategy: Option<&Strategy>) -> StatsKey {
    let position = &trade.position;
    StatsKey {
        day: Day::of(position.closed_at.unwrap_or(trade.finished_at)),
        account: position.account.clone(),
        symbol: position.symbol.clone(),
        settlement_asset: position
            .terms
            .as_ref()
            .and_then(|terms| terms.settlement_asset.clone()),
        strategy: strategy.cloned(),
    }
}

fn optional_sum(a: Option<Amount>, b: Option<Amount>) -> Result<Option<Amount>, Inexact> {
    match (a, b) {
        (Some(a), Some(b)) => a.plus(b).map(Some),
        (a, b) => Ok(a.or(b)),
    }
}

fn add_all(
    totals: &mut BTreeMap<Asset, Amount>,
    amounts: &BTreeMap<Asset, Amount>,
) -> Result<(), Inexact> {
    amounts
        .iter()
        .try_for_each(|(asset, amount)| add_one(totals, asset, *amount))
}

fn add_one(
    totals: &mut BTreeMap<Asset, Amount>,
    asset: &Asset,
    amount: Amount,
) -> Result<(), Inexact> {
    let total = totals.entry(asset.clone()).or_default();
    *total = total.plus(amount)?;
    Ok(())
}
