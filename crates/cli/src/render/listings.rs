//! The tables of the listings: what matters to a person, the rest is in json and csv.

use std::collections::{BTreeMap, BTreeSet};

use ledger::{Amount, Asset, Flag, Mode, PositionId, PositionSide, PositionState, Sequence, Side};
use protocol::views::{FillView, OrderView, PositionView, StatsView};

use super::moments::{Minutes, Seconds};
use super::table::{Cell, Column, Table};
use super::{Tone, moments, numbers};
use crate::replay::flag_tone;

/// How much of an id is shown: it begins with the milliseconds of the position's first moment, 13
/// characters of it, and less than that would often be the beginning of another position's id, too.
const ID_LENGTHS: [usize; 2] = [13, 18];

/// The title of the column of flags.
const FLAGS: &str = "⚑";

/// Positions that are not final, and finished ones that were asked for with them.
pub(crate) fn positions(views: &[PositionView]) -> Table {
    let since = |view: &PositionView| view.opened_at.unwrap_or(view.created_at);
    let opened = Minutes::of(views.iter().map(since));
    let mut table = Table::new(vec![
        Column::text("POSITION"),
        Column::text("ACCOUNT").expendable(6),
        Column::text("MODE"),
        Column::text("SYMBOL"),
        Column::text("SIDE"),
        Column::text("STATE"),
        Column::number("QUANTITY"),
        Column::number("ENTRY"),
        Column::number("MARK").expendable(2),
        Column::number("UNREALIZED"),
        Column::number("REALIZED").expendable(1),
        Column::number("STOP").expendable(3),
        Column::number("TARGET").expendable(4),
        Column::text("STRATEGY").expendable(5),
        Column::text("TRADER").expendable(8),
        Column::text(opened.title("OPENED")).expendable(9),
        Column::text(FLAGS),
    ]);
    let names = names(views.iter().map(|view| view.position_id));
    let has_several_accounts = several(views.iter().map(account_of_position));
    let has_other_modes = views.iter().any(|view| view.mode != Mode::Live);
    for view in views {
        let quantity = if view.fills == 0 {
            view.entry_quantity
        } else {
            view.quantity
        };
        table.push(vec![
            Cell::toned(Tone::Name, names.name(view.position_id, view.last_sequence)),
            only_if(has_several_accounts, account_of_position(view)),
            mode(has_other_modes, view.mode),
            Cell::new(view.symbol.as_str()),
            side(view.side),
            state(view.state),
            if view.fills == 0 {
                Cell::empty()
            } else {
                Cell::new(numbers::quantity(quantity))
            },
            optional(view.entry_price, numbers::price),
            optional(view.mark_price, |mark| {
                numbers::price(Amount::of(mark.get()))
            }),
            gained(view.unrealized_pnl),
            gained(Some(view.realized_pnl).filter(|_| view.fills > 0)),
            optional(view.stop_loss, numbers::exact_price),
            optional(view.take_profit, numbers::exact_price),
            Cell::new(
                view.strategy
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
            ),
            Cell::new(
                view.trader
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
            ),
            Cell::new(opened.show(since(view))),
            flags(&view.flags),
        ]);
    }
    table
}

/// Finished positions.
pub(crate) fn trades(views: &[PositionView]) -> Table {
    let closed = Minutes::of(views.iter().filter_map(|view| view.closed_at));
    let fees = Sums::of(views.iter().map(|view| &view.fees));
    let mut table = Table::new(vec![
        Column::text("POSITION"),
        Column::text(closed.title("CLOSED")).expendable(1),
        Column::text("ACCOUNT").expendable(6),
        Column::text("MODE"),
        Column::text("SYMBOL"),
        Column::text("SIDE"),
        Column::number("QUANTITY"),
        Column::number("ENTRY"),
        Column::number("EXIT"),
        Column::number("REALIZED"),
        Column::number("%").expendable(3),
        Column::number(fees.title("FEES")).expendable(2),
        Column::text("HELD").expendable(4),
        Column::text("BY").expendable(5),
        Column::text("STRATEGY").expendable(7),
        Column::text("TRADER").expendable(8),
        Column::text(FLAGS),
    ]);
    let names = names(views.iter().map(|view| view.position_id));
    let has_several_accounts = several(views.iter().map(account_of_position));
    let has_other_modes = views.iter().any(|view| view.mode != Mode::Live);
    for view in views {
        let held = view.opened_at.zip(view.closed_at);
        let held = held.map(|(opened, closed)| moments::span(closed.nanoseconds_since(opened)));
        table.push(vec![
            Cell::toned(Tone::Name, names.name(view.position_id, view.last_sequence)),
            optional(view.closed_at, |at| closed.show(at)),
            only_if(has_several_accounts, account_of_position(view)),
            mode(has_other_modes, view.mode),
            Cell::new(view.symbol.as_str()),
            side(view.side),
            Cell::new(numbers::quantity(view.entry_quantity)),
            optional(view.entry_price, numbers::price),
            optional(view.exit_price, numbers::price),
            gained(Some(view.realized_pnl)),
            optional(view.realized_pnl_percent, |percent| {
                numbers::percent(percent).trim_end_matches(" %").to_owned()
            }),
            Cell::new(fees.show(&view.fees)),
            Cell::new(held.unwrap_or_default()),
            Cell::new(
                view.exit_reason
                    .as_deref()
                    .unwrap_or_default()
                    .replace('_', " "),
            ),
            Cell::new(
                view.strategy
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
            ),
            Cell::new(
                view.trader
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
            ),
            flags(&view.flags),
        ]);
    }
    table
}

/// Orders.
pub(crate) fn orders(views: &[OrderView]) -> Table {
    let created = Minutes::of(views.iter().map(|view| view.created_at));
    let mut table = Table::new(vec![
        Column::number("ORDER"),
        Column::text(created.title("CREATED")).expendable(5),
        Column::text("ACCOUNT").expendable(7),
        Column::text("MODE"),
        Column::text("SYMBOL"),
        Column::text("FOR"),
        Column::text("SIDE"),
        Column::text("KIND").expendable(4),
        Column::number("QUANTITY"),
        Column::number("FILLED"),
        Column::number("PRICE").expendable(1),
        Column::number("TRIGGER").expendable(2),
        Column::text("STATUS"),
        Column::text("VENUE ID").expendable(6),
        Column::text("STRATEGY").expendable(8),
        Column::text("REASON").expendable(3),
        Column::text(FLAGS),
    ]);
    let account = |view: &OrderView| format!("{}:{}:{}", view.venue, view.mode, view.account);
    let has_several_accounts = several(views.iter().map(account));
    let has_other_modes = views.iter().any(|view| view.mode != Mode::Live);
    for view in views {
        table.push(vec![
            Cell::toned(Tone::Name, view.number.to_string()),
            Cell::new(created.show(view.created_at)),
            only_if(has_several_accounts, account(view)),
            mode(has_other_modes, view.mode),
            Cell::new(view.symbol.as_str()),
            Cell::new(view.purpose.as_str().replace('_', " ")),
            optional(view.side, |side| side.to_string()),
            optional(view.kind, |kind| kind.as_str().replace('_', " ")),
            optional(view.quantity, numbers::quantity),
            Cell::new(numbers::quantity(view.filled_quantity)),
            optional(view.price, numbers::exact_price),
            optional(view.trigger_price, numbers::exact_price),
            status(view.status),
            Cell::new(
                view.venue_order_id
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
            ),
            Cell::new(
                view.strategy
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
            ),
            Cell::new(view.reason.as_deref().unwrap_or_default()),
            flags(&view.flags),
        ]);
    }
    table
}

/// Fills.
pub(crate) fn fills(views: &[FillView]) -> Table {
    let times = Seconds::of(views.iter().map(|view| view.occurred_at));
    let fee_of = |view: &FillView| -> BTreeMap<Asset, Amount> {
        view.fee_asset.clone().zip(view.fee).into_iter().collect()
    };
    let all_fees: Vec<BTreeMap<Asset, Amount>> = views.iter().map(fee_of).collect();
    let fees = Sums::of(all_fees.iter());
    let mut table = Table::new(vec![
        Column::number("SEQ"),
        Column::text(times.title("TIME")),
        Column::text("ACCOUNT").expendable(5),
        Column::text("MODE"),
        Column::text("SYMBOL"),
        Column::text("SIDE"),
        Column::number("QUANTITY"),
        Column::number("PRICE"),
        Column::number(fees.title("FEE")),
        Column::number("REALIZED"),
        Column::text("EXECUTION").expendable(2),
        Column::text("POSITION").expendable(3),
        Column::text("LIQUIDITY").expendable(6),
        Column::text("STRATEGY").expendable(4),
        Column::text(FLAGS),
    ]);
    let account = |view: &FillView| format!("{}:{}:{}", view.venue, view.mode, view.account);
    let has_several_accounts = several(views.iter().map(account));
    let has_other_modes = views.iter().any(|view| view.mode != Mode::Live);
    let names = names(views.iter().filter_map(|view| view.position_id));
    for view in views {
        let side = match view.side {
            Side::Buy => Cell::toned(Tone::Good, "buy"),
            Side::Sell => Cell::toned(Tone::Bad, "sell"),
        };
        table.push(vec![
            Cell::toned(Tone::Quiet, view.sequence.to_string()),
            Cell::new(times.show(view.occurred_at)),
            only_if(has_several_accounts, account(view)),
            mode(has_other_modes, view.mode),
            Cell::new(view.symbol.as_str()),
            side,
            Cell::new(numbers::quantity(view.quantity)),
            Cell::new(numbers::exact_price(view.price)),
            Cell::new(fees.show(&fee_of(view))),
            gained(Some(view.realized_pnl).filter(|_| !view.closed.is_zero())),
            Cell::new(view.execution_id.as_str()),
            Cell::toned(
                Tone::Name,
                view.position_id
                    .map(|id| names.name(id, view.sequence))
                    .unwrap_or_default(),
            ),
            optional(view.liquidity, |liquidity| liquidity.as_str().to_owned()),
            Cell::new(
                view.strategy
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
            ),
            flags(&view.flags),
        ]);
    }
    table
}

/// Statistics.
pub(crate) fn stats(views: &[StatsView]) -> Table {
    let fees = Sums::of(views.iter().map(|view| &view.fees));
    let funding = Sums::of(views.iter().map(|view| &view.funding));
    let mut table = Table::new(vec![
        Column::text("GROUP"),
        Column::number("TRADES"),
        Column::number("WON"),
        Column::number("REALIZED"),
        Column::number("UNREALIZED"),
        Column::number(fees.title("FEES")),
        Column::number(funding.title("FUNDING")).expendable(4),
        Column::number("FACTOR").expendable(3),
        Column::number("MEAN").expendable(1),
        Column::number("BEST").expendable(5),
        Column::number("WORST").expendable(6),
        Column::number("OPEN").expendable(2),
        Column::number("VOLUME").expendable(7),
    ]);
    for view in views {
        let won = view
            .win_rate
            .map(|rate| numbers::percent(rate).trim_start_matches('+').to_owned());
        table.push(vec![
            Cell::toned(Tone::Name, view.group.as_str()),
            Cell::new(numbers::count(view.trades)),
            Cell::new(won.unwrap_or_default()),
            gained(Some(view.realized_pnl)),
            gained(view.unrealized_pnl.filter(|_| view.open > 0)),
            Cell::new(fees.show(&view.fees)),
            Cell::new(funding.show(&view.funding)),
            optional(view.profit_factor, numbers::money),
            gained(view.average),
            gained(view.best),
            gained(view.worst),
            if view.open == 0 {
                Cell::empty()
            } else {
                Cell::new(numbers::count(view.open))
            },
            Cell::new(numbers::money(view.volume.as_amount())),
        ]);
    }
    table
}

/// How positions are called in a table: by the beginning of their id where that is short and
/// unambiguous, else by a record that is about them.
struct Names {
    length: Option<usize>,
}

fn names(positions: impl Iterator<Item = PositionId>) -> Names {
    let ids: BTreeSet<String> = positions.map(|id| id.to_string()).collect();
    let is_enough = |length: &usize| {
        let beginnings: BTreeSet<&str> = ids.iter().filter_map(|id| id.get(..*length)).collect();
        beginnings.len() == ids.len()
    };
    Names {
        length: ID_LENGTHS.into_iter().find(is_enough),
    }
}

impl Names {
    fn name(&self, id: PositionId, record: Sequence) -> String {
        match self.length {
            Some(length) => id.to_string().chars().take(length).collect(),
            None => format!("@{record}"),
        }
    }
}

fn account_of_position(view: &PositionView) -> String {
    format!("{}:{}:{}", view.venue, view.mode, view.account)
}

fn several(values: impl Iterator<Item = String>) -> bool {
    let mut values: Vec<String> = values.collect();
    values.dedup();
    values.len() > 1
}

/// A table in which not all is real says of each row whether it is.
fn mode(is_told: bool, mode: Mode) -> Cell {
    match mode {
        _ if !is_told => Cell::empty(),
        Mode::Live => Cell::new(mode.as_str()),
        Mode::Paper | Mode::Sim => Cell::toned(Tone::Warning, mode.as_str()),
    }
}

fn only_if(wanted: bool, text: String) -> Cell {
    if wanted {
        Cell::new(text)
    } else {
        Cell::empty()
    }
}

fn optional<T>(value: Option<T>, show: impl FnOnce(T) -> String) -> Cell {
    Cell::new(value.map(show).unwrap_or_default())
}

fn gained(amount: Option<Amount>) -> Cell {
    amount.map_or_else(Cell::empty, |amount| {
        Cell::toned(numbers::tone(amount), numbers::gain(amount))
    })
}

fn side(side: PositionSide) -> Cell {
    let tone = match side {
        PositionSide::Long => Tone::Good,
        PositionSide::Short => Tone::Bad,
    };
    Cell::toned(tone, side.as_str())
}

fn state(state: PositionState) -> Cell {
    let tone = match state {
        PositionState::Failed => Tone::Alarm,
        PositionState::Closing | PositionState::Submitting => Tone::Warning,
        PositionState::Created
        | PositionState::Open
        | PositionState::Monitoring
        | PositionState::Trailing
        | PositionState::Closed
        | PositionState::Canceled => Tone::Plain,
    };
    Cell::toned(tone, state.as_str())
}

fn status(status: ledger::OrderStatus) -> Cell {
    use ledger::OrderStatus as S;
    let tone = match status {
        S::Rejected | S::Unknown => Tone::Alarm,
        S::Requested | S::Submitted | S::Accepted | S::PartiallyFilled => Tone::Name,
        S::Filled | S::Canceled | S::Expired => Tone::Plain,
    };
    Cell::toned(tone, status.as_str().replace('_', " "))
}

/// How many flags there are, red where one of them is an alarm; which they are is in `replay`, json and
/// csv.
fn flags(flags: &BTreeSet<Flag>) -> Cell {
    if flags.is_empty() {
        return Cell::empty();
    }
    let is_alarm = flags.iter().any(|flag| flag_tone(*flag) == Tone::Alarm);
    let tone = if is_alarm { Tone::Alarm } else { Tone::Warning };
    Cell::toned(tone, flags.len().to_string())
}

/// How sums by asset are written in a column: without the asset where it is the same for all, and in the
/// title.
struct Sums {
    asset: Option<Asset>,
}

impl Sums {
    fn of<'a>(sums: impl Iterator<Item = &'a BTreeMap<Asset, Amount>>) -> Self {
        let mut assets: Vec<&Asset> = sums.flat_map(BTreeMap::keys).collect();
        assets.dedup();
        let one = assets.pop().filter(|_| assets.is_empty());
        Self {
            asset: one.cloned(),
        }
    }

    fn title(&self, name: &str) -> String {
        let asset = self.asset.as_ref().map(|asset| format!(" {asset}"));
        format!("{name}{}", asset.unwrap_or_default())
    }

    fn show(&self, sums: &BTreeMap<Asset, Amount>) -> String {
        let sums: Vec<String> = sums
            .iter()
            .map(|(asset, amount)| match &self.asset {
                Some(_) => numbers::money(*amount),
                None => format!("{} {asset}", numbers::money(*amount)),
            })
            .collect();
        sums.join(", ")
    }
}
