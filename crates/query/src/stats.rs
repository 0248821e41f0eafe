//! Statistics: what is closed from sums kept for it, what is open from what is held.

use std::collections::{BTreeMap, BTreeSet};

use ledger::{
    AccountId, Amount, Asset, Inexact, Position, PositionState, Strategy, Symbol, Timestamp,
};
use projection::{Cursor, Day, Group, GroupBy, Part, StatsFilter, Tally, Trade};
use protocol::catalogue::codes;
use protocol::views::{Page, StatsView, UNATTRIBUTED};
use serde::{Deserialize, Serialize};

use crate::cursor;
use crate::error::QueryError;
use crate::filter::fits;
use crate::models::{Depth, InMemory, Models};
use crate::question::StatsQuery;
use crate::service::Service;
use crate::values::{AccountMatch, Values, problem};

/// The group of what is open, where closed positions are grouped by the day they were closed.
const OPEN: &str = "open";

/// What is counted together: a group, and what its money is in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct RowKey {
    group: String,
    settlement_asset: Option<Asset>,
}

/// Which positions count, and how they are grouped.
struct Plan {
    by: GroupBy,
    account: Option<AccountMatch>,
    symbol: Option<Symbol>,
    strategy: Option<Strategy>,
    from: Option<Day>,
    to: Option<Day>,
}

/// One row in the making.
#[derive(Default)]
struct Row {
    view: StatsView,
    /// Whether something is open that has no mark.
    unmarked: bool,
}

impl Service {
    /// Statistics, one row for each group and settlement asset.
    ///
    /// # Errors
    /// Returns [`QueryError::Invalid`] with every problem of the question.
    pub fn stats(&self, query: &StatsQuery) -> Result<Page<StatsView>, QueryError> {
        let mut values = Values::default();
        let plan = Plan::read(&mut values, self, query);
        let moment = self.moment(&mut values, query.as_of.as_deref(), query.clock.as_deref());
        let after: Option<RowKey> = cursor::read(&mut values, query, query.cursor.as_deref());
        let limit = values.limit(query.limit);
        values.finish()?;
        let models = self.models(moment, Depth::All)?;
        let (as_of_sequence, rows) = models.look(|memory| {
            let rows = plan.in_memory(self, memory);
            (memory.head(), rows)
        });
        let mut rows = rows?;
        plan.add_gross(&models, as_of_sequence, &mut rows)?;
        let mut assets: BTreeMap<String, usize> = BTreeMap::new();
        for key in rows.keys() {
            let count = assets.entry(key.group.clone()).or_default();
            *count = count.saturating_add(1);
        }
        let mut rest = rows
            .into_iter()
            .filter(|(key, _)| after.as_ref().is_none_or(|after| key > after))
            .peekable();
        let page: Vec<(RowKey, Row)> = rest.by_ref().take(limit).collect();
        let last = page.last().map(|(key, _)| key.clone());
        let next_cursor = last
            .filter(|_| rest.peek().is_some())
            .and_then(|last| cursor::write(query, last));
        let items = page
            .into_iter()
            .map(|(key, row)| row.finish(&key, assets.get(&key.group) == Some(&1)))
            .collect();
        Ok(Page {
            as_of_sequence,
            items,
            next_cursor,
        })
    }
}

impl Plan {
    fn read(values: &mut Values, service: &Service, query: &StatsQuery) -> Self {
        let groups = [
            ("day", GroupBy::Day),
            ("symbol", GroupBy::Symbol),
            ("strategy", GroupBy::Strategy),
            ("account", GroupBy::Account),
        ];
        Self {
            by: values
                .word("by", query.by.as_deref(), &groups)
                .unwrap_or(GroupBy::Total),
            account: values.account(service.tenant(), query.account.as_deref()),
            symbol: values.name("symbol", query.symbol.as_deref()),
            strategy: values.name("strategy", query.strategy.as_deref()),
            from: day(values, "from", query.from.as_deref()),
            to: day(values, "to", query.to.as_deref()),
        }
    }

    /// The rows of what is closed and of what is open.
    fn in_memory(
        &self,
        service: &Service,
        memory: InMemory<'_>,
    ) -> Result<BTreeMap<RowKey, Row>, QueryError> {
        let mut rows: BTreeMap<RowKey, Row> = BTreeMap::new();
        for account in self.accounts(memory) {
            let filter = StatsFilter {
                tenant: Some(service.tenant().clone()),
                account,
                symbol: self.symbol.clone(),
                strategy: self.strategy.clone(),
                from: self.from,
                to: self.to,
            };
            for row in memory.stats.rows(self.by, &filter) {
                let key = RowKey {
                    group: group_name(&row.group),
                    settlement_asset: row.settlement_asset,
                };
                let total = rows.entry(key.clone()).or_default();
                let added = row.tally.and_then(|tally| total.add_closed(&tally));
                added.map_err(|Inexact| inexact(&key.group))?;
            }
        }
        if self.from.is_none() && self.to.is_none() {
            self.add_open(service, memory, &mut rows)?;
        }
        Ok(rows)
    }

    /// The accounts to ask for: all at once, or each that has the name.
    fn accounts(&self, memory: InMemory<'_>) -> Vec<Option<AccountId>> {
        let name = match &self.account {
            None => return vec![None],
            Some(AccountMatch::Whole(account)) => return vec![Some(account.clone())],
            Some(AccountMatch::Name(name)) => name,
        };
        let all = memory.stats.rows(GroupBy::Account, &StatsFilter::default());
        let named: BTreeSet<AccountId> = all
            .into_iter()
            .filter_map(|row| match row.group {
                Group::Account(account) if account.name == *name => Some(account),
                Group::Account(_)
                | Group::Total
                | Group::Day(_)
                | Group::Symbol(_)
                | Group::Strategy(_) => None,
            })
            .collect();
        named.into_iter().map(Some).collect()
    }

    fn is_by_strategy(&self) -> bool {
        self.by == GroupBy::Strategy || self.strategy.is_some()
    }

    fn admits(&self, position: &Position) -> bool {
        let account = self.account.as_ref();
        account.is_none_or(|account| account.admits(&position.account))
            && fits(self.symbol.as_ref(), Some(&position.symbol))
    }

    /// The row of a position or of a part of it.
    fn key(&self, position: &Position, strategy: Option<&Strategy>, closed: Option<Day>) -> RowKey {
        let group = match self.by {
            GroupBy::Total => Group::Total,
            GroupBy::Day => match closed {
                Some(day) => Group::Day(day),
                None => {
                    return RowKey {
                        group: OPEN.to_owned(),
                        settlement_asset: settlement_asset(position),
                    };
                }
            },
            GroupBy::Symbol => Group::Symbol(position.symbol.clone()),
            GroupBy::Strategy => Group::Strategy(strategy.cloned()),
            GroupBy::Account => Group::Account(position.account.clone()),
        };
        RowKey {
            group: group_name(&group),
            settlement_asset: settlement_asset(position),
        }
    }

    /// Adds what is open: what it holds, and what it has realized, paid and traded so far.
    fn add_open(
        &self,
        service: &Service,
        memory: InMemory<'_>,
        rows: &mut BTreeMap<RowKey, Row>,
    ) -> Result<(), QueryError> {
        let ledger = memory.ledger();
        let open = ledger.positions().filter(|position| {
            position.account.tenant == *service.tenant()
                && position.terms.is_some()
                && self.admits(position)
        });
        for position in open {
            let parts = memory.open.split(position).parts(position);
            for (strategy, part) in self.shares(position, parts) {
                let key = self.key(position, strategy.as_ref(), None);
                let unrealized = ledger.unrealized_pnl(&part);
                let row = rows.entry(key.clone()).or_default();
                row.add_open(&part, unrealized)
                    .map_err(|Inexact| inexact(&key.group))?;
            }
        }
        Ok(())
    }

    /// The position as a whole, or the parts that are asked for, each as a position of its own.
    fn shares(&self, position: &Position, parts: Vec<Part>) -> Vec<(Option<Strategy>, Position)> {
        if !self.is_by_strategy() {
            return vec![(position.strategy.clone(), position.clone())];
        }
        let is_whole = parts.len() == 1;
        let wanted = parts
            .into_iter()
            .filter(|part| fits(self.strategy.as_ref(), part.strategy.as_ref()));
        wanted
            .map(|part| {
                let mut share = position.clone();
                share.numbers.quantity = part.share.quantity;
                share.numbers.cost = part.share.cost;
                share.numbers.realized_pnl = part.share.realized_pnl;
                share.entry_value = part.share.entry_value;
                share.exit_value = part.share.exit_value;
                share.fees = part.share.fees;
                share.funding = part.share.funding;
                // What the venue realized is not divided among strategies.
                share.venue_realized_pnl = position.venue_realized_pnl.filter(|_| is_whole);
                (part.strategy, share)
            })
            .collect()
    }

    /// Adds the sums of the profits and of the losses, from the closed positions themselves.
    fn add_gross(
        &self,
        models: &Models,
        head: ledger::Sequence,
        rows: &mut BTreeMap<RowKey, Row>,
    ) -> Result<(), QueryError> {
        let Some(history) = models.history() else {
            return Ok(());
        };
        for trade in history.trades(Cursor::forward()) {
            let trade = trade?;
            if trade.finished > head {
                break;
            }
            let closed = Day::of(trade.position.closed_at.unwrap_or(trade.finished_at));
            let is_meant = trade.position.state == PositionState::Closed
                && self.from.is_none_or(|from| closed >= from)
                && self.to.is_none_or(|to| closed <= to)
                && self.admits(&trade.position);
            if is_meant {
                self.add_gross_of(&trade, closed, rows)?;
            }
        }
        Ok(())
    }

    fn add_gross_of(
        &self,
        trade: &Trade,
        closed: Day,
        rows: &mut BTreeMap<RowKey, Row>,
    ) -> Result<(), QueryError> {
        for (strategy, share) in self.shares(&trade.position, trade.parts()) {
            let key = self.key(&trade.position, strategy.as_ref(), Some(closed));
            // What the sums do not count is of another tenant.
            if let Some(row) = rows.get_mut(&key) {
                row.add_gross(share.numbers.realized_pnl)
                    .map_err(|Inexact| inexact(&key.group))?;
            }
        }
        Ok(())
    }
}

impl Row {
    fn add_closed(&mut self, tally: &Tally) -> Result<(), Inexact> {
        let view = &mut self.view;
        view.trades = view.trades.saturating_add(tally.trades);
        view.wins = view.wins.saturating_add(tally.wins);
        view.losses = view.losses.saturating_add(tally.losses);
        view.realized_pnl = view.realized_pnl.plus(tally.realized_pnl)?;
        view.venue_realized_pnl = sum(view.venue_realized_pnl, tally.venue_realized_pnl)?;
        view.volume = view.volume.plus(tally.volume.magnitude())?;
        add_all(&mut view.fees, &tally.fees)?;
        add_all(&mut view.funding, &tally.funding)?;
        view.best = view.best.max(tally.best);
        view.worst = match (view.worst, tally.worst) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        Ok(())
    }

    fn add_open(&mut self, position: &Position, unrealized: Option<Amount>) -> Result<(), Inexact> {
        let view = &mut self.view;
        view.realized_pnl = view.realized_pnl.plus(position.numbers.realized_pnl)?;
        view.venue_realized_pnl = sum(view.venue_realized_pnl, position.venue_realized_pnl)?;
        let traded = position.entry_value.plus(position.exit_value)?;
        view.volume = view.volume.plus(traded.magnitude())?;
        add_all(&mut view.fees, &position.fees)?;
        add_all(&mut view.funding, &position.funding)?;
        if position.is_held() {
            view.open = view.open.saturating_add(1);
            self.unmarked |= unrealized.is_none();
            view.unrealized_pnl = sum(view.unrealized_pnl, unrealized)?;
        }
        Ok(())
    }

    fn add_gross(&mut self, realized: Amount) -> Result<(), Inexact> {
        let total = if realized.is_negative() {
            &mut self.view.gross_loss
        } else {
            &mut self.view.gross_profit
        };
        *total = total.plus(realized)?;
        Ok(())
    }

    /// The row as it is shown; a group with money of several kinds has a row for each, which says so.
    fn finish(self, key: &RowKey, is_alone: bool) -> StatsView {
        let mut view = self.view;
        view.group = match &key.settlement_asset {
            Some(asset) if !is_alone => format!("{} in {asset}", key.group),
            Some(_) | None => key.group.clone(),
        };
        view.unrealized_pnl = if self.unmarked {
            None
        } else {
            Some(view.unrealized_pnl.unwrap_or_default())
        };
        view.with_ratios()
    }
}

fn settlement_asset(position: &Position) -> Option<Asset> {
    position.terms.as_ref()?.settlement_asset.clone()
}

fn group_name(group: &Group) -> String {
    match group {
        Group::Total => "all".to_owned(),
        Group::Day(day) => day.to_string(),
        Group::Symbol(symbol) => symbol.to_string(),
        Group::Strategy(Some(strategy)) => strategy.to_string(),
        Group::Strategy(None) => UNATTRIBUTED.to_owned(),
        Group::Account(account) => account.to_string(),
    }
}

/// A day, as 2024-05-01, or any time of it.
fn day(values: &mut Values, field: &str, text: Option<&str>) -> Option<Day> {
    let text = text?;
    let time = text
        .parse::<Timestamp>()
        .or_else(|_| format!("{text}T00:00:00Z").parse());
    if time.is_err() {
        values.refuse(
            codes::BAD_TIME,
            field,
            text,
            "a day as in 2024-05-01",
            "days are counted in UTC",
        );
    }
    time.ok().map(Day::of)
}

fn sum(a: Option<Amount>, b: Option<Amount>) -> Result<Option<Amount>, Inexact> {
    match (a, b) {
        (Some(a), Some(b)) => a.plus(b).map(Some),
        (a, b) => Ok(a.or(b)),
    }
}

fn add_all(
    totals: &mut BTreeMap<Asset, Amount>,
    amounts: &BTreeMap<Asset, Amount>,
) -> Result<(), Inexact> {
    for (asset, amount) in amounts {
        let total = totals.entry(asset.clone()).or_default();
        *total = total.plus(*amount)?;
    }
    Ok(())
}

fn inexact(group: &str) -> QueryError {
    QueryError::Invalid(vec![problem(
        codes::NOT_EXACT,
        "by",
        format!("a sum of {group} that 28 digits cannot hold"),
        "sums of at most 28 digits",
        "ask for less at once: by symbol, by account or by day",
    )])
}
