//! The listings: pages in, a table, a JSON document or csv out.

use ledger::Sequence;
use protocol::views::{PositionView, Tabular};
use query::{FillQuery, OrderQuery, PositionQuery, StatsQuery, TradeQuery};

use crate::Outcome;
use crate::arguments::{Fills, ListFormat, Orders, Output, Positions, Stats, Trades};
use crate::failure::Failure;
use crate::render::table::Table;
use crate::render::{Tone, listings};
use crate::screen::Screen;
use crate::source::{Ask, Source};

/// Rows of a table, unless told otherwise.
const TABLE_ROWS: u64 = 200;

/// What a list is of, and how it looks.
struct List<Q: Ask> {
    question: Q,
    /// What is said where there is nothing.
    nothing: &'static str,
    hint: &'static str,
    table: fn(&[Q::Item]) -> Table,
    /// Whether the question was turned round, so that a table of the newest ends with the newest.
    turned: bool,
}

pub(crate) fn positions(
    list: Positions,
    source: &Source,
    screen: &mut Screen<'_>,
) -> Result<Outcome, Failure> {
    let clock = list.when.clock();
    let filter = list.filter;
    let question = PositionQuery {
        state: list.state,
        account: filter.account,
        symbol: filter.symbol,
        strategy: filter.strategy,
        trader: filter.trader,
        signal: filter.signal,
        side: filter.side,
        profit: filter.profit,
        sort: list.sort,
        as_of: list.when.as_of,
        clock,
        limit: None,
        cursor: None,
    };
    List {
        question,
        nothing: "no such position",
        hint: "without --state only unfinished positions are listed; --state all lists all of them, \
               `posledger trades` those that are finished",
        table: listings::positions,
        turned: false,
    }
    .show(source, screen, &list.output)
}

pub(crate) fn trades(
    list: Trades,
    source: &Source,
    screen: &mut Screen<'_>,
) -> Result<Outcome, Failure> {
    let turned = turns(&list.output, list.newest_first);
    let clock = list.when.clock();
    let filter = list.filter;
    let question = TradeQuery {
        account: filter.account,
        symbol: filter.symbol,
        strategy: filter.strategy,
        trader: filter.trader,
        signal: filter.signal,
        side: filter.side,
        profit: filter.profit,
        newest_first: Some(list.newest_first || turned),
        as_of: list.when.as_of,
        clock,
        limit: None,
        cursor: None,
    };
    List {
        question,
        nothing: "no such trade",
        hint: "a trade is a position that held a quantity and is closed; `posledger positions` lists \
               what is open",
        table: listings::trades as fn(&[PositionView]) -> Table,
        turned,
    }
    .show(source, screen, &list.output)
}

pub(crate) fn orders(
    list: Orders,
    source: &Source,
    screen: &mut Screen<'_>,
) -> Result<Outcome, Failure> {
    let turned = turns(&list.output, list.newest_first);
    let clock = list.when.clock();
    let question = OrderQuery {
        position: position(list.position, source)?,
        account: list.account,
        symbol: list.symbol,
        strategy: list.strategy,
        status: list.status,
        client_order_id: list.client_order_id,
        venue_order_id: list.venue_order_id,
        newest_first: Some(list.newest_first || turned),
        as_of: list.when.as_of,
        clock,
        limit: None,
        cursor: None,
    };
    List {
        question,
        nothing: "no such order",
        hint: "a venue that reports only fills leaves no orders; `posledger fills` lists those",
        table: listings::orders,
        turned,
    }
    .show(source, screen, &list.output)
}

pub(crate) fn fills(
    list: Fills,
    source: &Source,
    screen: &mut Screen<'_>,
) -> Result<Outcome, Failure> {
    let turned = turns(&list.output, list.newest_first);
    let clock = list.when.clock();
    let question = FillQuery {
        position: position(list.position, source)?,
        account: list.account,
        symbol: list.symbol,
        strategy: list.strategy,
        side: list.side,
        execution_id: list.execution_id,
        newest_first: Some(list.newest_first || turned),
        as_of: list.when.as_of,
        clock,
        limit: None,
        cursor: None,
    };
    List {
        question,
        nothing: "no such fill",
        hint: "`posledger import FILE` brings fills in; `posledger events` shows all that is recorded",
        table: listings::fills,
        turned,
    }
    .show(source, screen, &list.output)
}

pub(crate) fn stats(
    list: Stats,
    source: &Source,
    screen: &mut Screen<'_>,
) -> Result<Outcome, Failure> {
    let clock = list.when.clock();
    let question = StatsQuery {
        by: list.by,
        account: list.account,
        symbol: list.symbol,
        strategy: list.strategy,
        from: list.from,
        to: list.to,
        as_of: list.when.as_of,
        clock,
        limit: None,
        cursor: None,
    };
    List {
        question,
        nothing: "nothing was traded",
        hint: "leave filters out, or look at `posledger positions`",
        table: listings::stats,
        turned: false,
    }
    .show(source, screen, &list.output)
}

/// Of a table that shows only the newest, the newest is last: it stays in view.
fn turns(output: &Output, newest_first: bool) -> bool {
    output.format == ListFormat::Table && !newest_first
}

/// The whole id of a position that was named by a part of it.
fn position(name: Option<String>, source: &Source) -> Result<Option<String>, Failure> {
    let id = name.map(|name| source.resolve(&name)).transpose()?;
    Ok(id.map(|id| id.to_string()))
}

impl<Q: Ask> List<Q> {
    fn show(
        &self,
        source: &Source,
        screen: &mut Screen<'_>,
        output: &Output,
    ) -> Result<Outcome, Failure> {
        let all = (output.format != ListFormat::Table).then_some(0);
        let limit = output.limit.or(all).unwrap_or(TABLE_ROWS);
        let limit = (limit > 0).then_some(limit);
        match output.format {
            ListFormat::Table => self.table(source, screen, limit)?,
            ListFormat::Json => self.json(source, screen, limit)?,
            ListFormat::Csv => self.csv(source, screen, limit)?,
        }
        Ok(Outcome::Done)
    }

    fn table(
        &self,
        source: &Source,
        screen: &mut Screen<'_>,
        limit: Option<u64>,
    ) -> Result<(), Failure> {
        let mut rows = Vec::new();
        let (_, goes_on) = source.pages(&self.question, limit, |_, items| {
            rows.extend(items);
            Ok(())
        })?;
        if rows.is_empty() {
            screen.note(Tone::Plain, self.nothing);
            screen.note(Tone::Quiet, &format!("  {}", self.hint));
            return Ok(());
        }
        if self.turned {
            rows.reverse();
        }
        let table = (self.table)(&rows);
        let (text, hidden) = table.render(screen.look());
        screen.print(&text)?;
        screen.flush()?;
        if goes_on {
            let which = if self.turned { "newest" } else { "first" };
            let text = format!("the {which} {} of more; --limit 0 lists all", rows.len());
            screen.note(Tone::Quiet, &text);
        }
        if !hidden.is_empty() {
            let names = hidden.join(", ").to_lowercase();
            let text = format!("not shown: {names} (--format csv has all)");
            screen.note(Tone::Quiet, &text);
        }
        Ok(())
    }

    /// One document in the shape of the HTTP reply, an item a line.
    fn json(
        &self,
        source: &Source,
        screen: &mut Screen<'_>,
        limit: Option<u64>,
    ) -> Result<(), Failure> {
        let mut is_first = true;
        source.pages(&self.question, limit, |at, items| {
            for item in items {
                screen.print(&if is_first { head(at) } else { ",\n".to_owned() })?;
                is_first = false;
                let text = serde_json::to_string(&item).unwrap_or_default();
                screen.print(&text)?;
            }
            if is_first {
                is_first = false;
                screen.print(head(at).trim_end())?;
            }
            Ok(())
        })?;
        screen.print("],\"next_cursor\":null}\n")
    }

    fn csv(
        &self,
        source: &Source,
        screen: &mut Screen<'_>,
        limit: Option<u64>,
    ) -> Result<(), Failure> {
        let failed = |error: csv::Error| Failure::Output(error.into());
        let mut writer = csv::Writer::from_writer(screen.out());
        writer.write_record(Q::Item::COLUMNS).map_err(failed)?;
        source.pages(&self.question, limit, |_, items| {
            items
                .iter()
                .try_for_each(|item| writer.write_record(item.row()).map_err(failed))
        })?;
        writer.flush().map_err(Failure::Output)
    }
}

/// The beginning of a JSON document.
fn head(at: Sequence) -> String {
    format!("{{\"as_of_sequence\":{at},\"items\":[\n")
}
