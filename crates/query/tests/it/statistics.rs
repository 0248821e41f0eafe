use protocol::views::StatsView;
use query::StatsQuery;
use serde_json::json;

use crate::{Ledger, problems, some, time};

fn rows(ledger: &Ledger, change: impl FnOnce(&mut StatsQuery)) -> Vec<StatsView> {
    let mut query = StatsQuery::default();
    change(&mut query);
    ledger.service.stats(&query).unwrap().items
}

/// Two wins and a loss, and one that is open with a gain of 4 at the mark, after a gain of 1.
fn traded() -> Ledger {
    let ledger = Ledger::new();
    for (symbol, exit, minute) in [("A", "13", 1), ("B", "8", 3), ("A", "15", 5)] {
        ledger.fill(symbol, "buy", "1", "10", minute);
        ledger.fill(symbol, "sell", "1", exit, minute + 1);
    }
    ledger.fill("C", "buy", "3", "10", 24 * 60 - 61);
    ledger.fill("C", "sell", "1", "11", 24 * 60 - 60);
    ledger.mark("C", "12", 24 * 60 - 59);
    ledger
}

#[test]
fn all_counts_what_is_closed_and_what_is_open() {
    let ledger = traded();
    let rows = rows(&ledger, |_| {});
    assert_eq!(rows.len(), 1);
    let shown = serde_json::to_value(&rows[0]).unwrap();
    let expected = json!({
        "group": "all", "trades": 3, "wins": 2, "losses": 1, "open": 1, "win_rate": "66.6667",
        "realized_pnl": "7", "unrealized_pnl": "4", "fees": {"USDT": "0.8"}, "volume": "107",
        "gross_profit": "8", "gross_loss": "-2", "profit_factor": "4", "average": "2",
        "best": "5", "worst": "-2",
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(shown[name], *value, "{name}");
    }
}

#[test]
fn groups_sum_to_the_whole() {
    let ledger = traded();
    let whole = rows(&ledger, |_| {}).remove(0);
    for by in ["day", "symbol", "strategy", "account"] {
        let groups = rows(&ledger, |q| q.by = some(by));
        let sum = |part: fn(&StatsView) -> ledger::Amount| {
            groups
                .iter()
                .map(part)
                .fold(ledger::Amount::ZERO, |sum, part| sum.plus(part).unwrap())
        };
        assert_eq!(
            groups.iter().map(|row| row.trades).sum::<u64>(),
            whole.trades,
            "{by}"
        );
        assert_eq!(sum(|row| row.realized_pnl), whole.realized_pnl, "{by}");
        assert_eq!(sum(|row| row.gross_profit), whole.gross_profit, "{by}");
        assert_eq!(sum(|row| row.gross_loss), whole.gross_loss, "{by}");
        assert_eq!(
            sum(|row| row.volume.as_amount()),
            whole.volume.as_amount(),
            "{by}"
        );
    }
    let days = rows(&ledger, |q| q.by = some("day"));
    let names: Vec<&str> = days.iter().map(|row| row.group.as_str()).collect();
    assert_eq!(names, ["2024-04-01", "open"]);
    let accounts = rows(&ledger, |q| q.by = some("account"));
    assert_eq!(accounts[0].group, "sim:sim:main");
}

#[test]
fn filters_and_pages_restrict() {
    let ledger = traded();
    let symbols = |change: &dyn Fn(&mut StatsQuery)| {
        let rows = rows(&ledger, |q| {
            q.by = some("symbol");
            change(q);
        });
        rows.into_iter().map(|row| row.group).collect::<String>()
    };
    assert_eq!(symbols(&|_| {}), "ABC");
    assert_eq!(symbols(&|q| q.symbol = some("B")), "B");
    assert_eq!(symbols(&|q| q.account = some("main")), "ABC");
    assert_eq!(symbols(&|q| q.account = some("sim:sim:main")), "ABC");
    assert_eq!(symbols(&|q| q.account = some("nobody")), "");
    // With days, what is open does not count.
    assert_eq!(symbols(&|q| q.from = some("2024-04-01")), "AB");
    assert_eq!(symbols(&|q| q.to = some("2024-03-31")), "");
    let page = ledger.service.stats(&StatsQuery {
        by: some("symbol"),
        limit: Some(2),
        ..StatsQuery::default()
    });
    let page = page.unwrap();
    assert_eq!(page.items.len(), 2);
    assert_eq!(symbols(&|q| q.cursor.clone_from(&page.next_cursor)), "C");
}

#[test]
fn without_a_mark_nobody_knows_what_is_unrealized() {
    let ledger = traded();
    ledger.fill("D", "buy", "1", "10", 30);
    assert_eq!(rows(&ledger, |_| {})[0].unrealized_pnl, None);
    let by_symbol = rows(&ledger, |q| q.by = some("symbol"));
    assert_eq!(by_symbol[2].unrealized_pnl.unwrap().to_string(), "4");
    assert_eq!(by_symbol[0].unrealized_pnl.unwrap().to_string(), "0");
    assert_eq!(by_symbol[3].unrealized_pnl, None);
}

#[test]
fn money_of_two_kinds_is_never_added_up() {
    let ledger = Ledger::new();
    for (symbol, asset) in [("A", "USDT"), ("B", "BTC")] {
        ledger.send(&json!({
            "type": "instrument_configured", "venue": "sim", "symbol": symbol, "multiplier": "1",
            "settlement_asset": asset,
        }));
        ledger.fill(symbol, "buy", "1", "10", 1);
        ledger.fill(symbol, "sell", "1", "11", 2);
    }
    let groups: Vec<String> = rows(&ledger, |_| {})
        .into_iter()
        .map(|row| row.group)
        .collect();
    assert_eq!(groups, ["all in BTC", "all in USDT"]);
}

#[test]
fn statistics_have_a_past() {
    let ledger = Ledger::new();
    ledger.fill("A", "buy", "1", "10", 1);
    ledger.fill("A", "sell", "1", "12", 2);
    let query = StatsQuery::default();
    let then = ledger.service.stats(&query).unwrap();
    ledger.fill("A", "buy", "1", "10", 3);
    ledger.fill("A", "sell", "1", "15", 4);
    let past = StatsQuery {
        as_of: Some(then.as_of_sequence.to_string()),
        ..query
    };
    assert_eq!(ledger.service.stats(&past).unwrap(), then);
}

#[test]
fn every_problem_is_named() {
    let ledger = Ledger::new();
    let query = StatsQuery {
        by: some("week"),
        from: some(&time(1).replace('T', "_")),
        ..StatsQuery::default()
    };
    assert_eq!(problems(ledger.service.stats(&query)), ["by", "from"]);
}
