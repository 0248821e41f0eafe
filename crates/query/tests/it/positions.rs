use query::{MomentQuery, PositionQuery, QueryError};
use serde_json::json;

use crate::{Ledger, problems, some, symbols, time};

/// A long position with a gain, a short one with a loss, one without a mark, and one that is closed.
fn four_positions() -> Ledger {
    let ledger = Ledger::new();
    ledger.fill("GAIN", "buy", "1", "100", 1);
    ledger.fill("LOSS", "sell", "2", "50", 2);
    ledger.fill("BLIND", "buy", "3", "10", 3);
    ledger.fill("DONE", "buy", "1", "10", 4);
    ledger.fill("DONE", "sell", "1", "12", 5);
    ledger.mark("GAIN", "110", 6);
    ledger.mark("LOSS", "51", 6);
    ledger
}

#[test]
fn the_open_view_is_the_default_and_values_at_the_last_mark() {
    let ledger = four_positions();
    let page = ledger.positions(|_| {});
    assert_eq!(symbols(&page), ["GAIN", "LOSS", "BLIND"]);
    let unrealized: Vec<Option<String>> = page
        .items
        .iter()
        .map(|item| item.unrealized_pnl.map(|pnl| pnl.to_string()))
        .collect();
    assert_eq!(unrealized, [some("10"), some("-2"), None]);
    assert_eq!(page.next_cursor, None);
    assert_eq!(page.items[0].attribution.len(), 1);
}

#[test]
fn each_filter_restricts() {
    let ledger = four_positions();
    ledger.fill("EVEN", "buy", "1", "10", 7);
    ledger.mark("EVEN", "10", 8);
    ledger.send(&json!({
        "type": "open_position", "intent_id": "i1", "venue": "sim", "mode": "sim", "account": "other",
        "symbol": "PLAN", "side": "long", "quantity": "1", "queue": true, "strategy": "breakout",
        "trader": "anna", "signal": {"id": "s-7", "source": "tv"},
    }));
    let check = |change: &dyn Fn(&mut PositionQuery), expected: &[&str]| {
        assert_eq!(symbols(&ledger.positions(change)), expected);
    };
    check(&|q| q.state = some("closed"), &["DONE"]);
    check(&|q| q.state = some("created, closed"), &["DONE", "PLAN"]);
    check(
        &|q| q.state = some("all"),
        &["GAIN", "LOSS", "BLIND", "DONE", "EVEN", "PLAN"],
    );
    check(&|q| q.account = some("sim:sim:other"), &["PLAN"]);
    check(&|q| q.account = some("other"), &["PLAN"]);
    check(&|q| q.account = some("sim:live:other"), &[]);
    check(&|q| q.symbol = some("LOSS"), &["LOSS"]);
    check(&|q| q.strategy = some("breakout"), &["PLAN"]);
    check(&|q| q.trader = some("anna"), &["PLAN"]);
    check(&|q| q.signal = some("s-7"), &["PLAN"]);
    check(&|q| q.side = some("short"), &["LOSS"]);
    check(&|q| q.profit = some("gaining"), &["GAIN"]);
    check(&|q| q.profit = some("losing"), &["LOSS"]);
    check(
        &|q| {
            q.profit = some("gaining");
            q.state = some("closed");
        },
        &["DONE"],
    );
}

#[test]
fn a_failed_exit_with_quantity_stays_in_the_open_view() {
    let ledger = Ledger::new();
    let id = ledger.fill("STUCK", "buy", "1", "100", 1);
    ledger.send(&json!({"type": "close", "intent_id": "c", "position_id": id.to_string()}));
    let order = ledger
        .service
        .orders(&query::OrderQuery::default())
        .unwrap();
    let closing = order
        .items
        .iter()
        .find(|order| order.intent_id.is_some())
        .unwrap();
    ledger.send(&json!({
        "type": "order_rejected", "venue": "sim", "mode": "sim", "account": "main", "symbol": "STUCK",
        "client_order_id": closing.client_order_id, "reason": "no", "occurred_at": time(2),
    }));
    let page = ledger.positions(|_| {});
    assert_eq!(page.items[0].state.as_str(), "failed");
    assert_eq!(
        symbols(&ledger.positions(|q| q.state = some("failed"))),
        ["STUCK"]
    );
}

#[test]
fn an_order_is_stable_and_what_has_no_value_comes_last_both_ways() {
    let ledger = four_positions();
    let by = |sort: &str| {
        let page = ledger.positions(|q| q.sort = some(sort));
        symbols(&page).join(" ")
    };
    assert_eq!(by("unrealized_pnl"), "LOSS GAIN BLIND");
    assert_eq!(by("-unrealized_pnl"), "GAIN LOSS BLIND");
    assert_eq!(by("-symbol"), "LOSS GAIN BLIND");
    assert_eq!(by("side,-quantity"), "BLIND GAIN LOSS");
}

#[test]
fn pages_follow_one_another_while_the_list_grows() {
    let ledger = Ledger::new();
    for number in 0..7 {
        ledger.fill(&format!("S{number}"), "buy", "1", "10", number);
    }
    for sort in [None, some("-symbol"), some("quantity,symbol")] {
        let all = ledger.positions(|q| q.sort.clone_from(&sort));
        let mut seen = Vec::new();
        let mut cursor = None;
        loop {
            let page = ledger.positions(|q| {
                q.sort.clone_from(&sort);
                q.limit = Some(3);
                q.cursor.clone_from(&cursor);
            });
            seen.extend(page.items.iter().map(|item| item.symbol.to_string()));
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
            // What comes meanwhile does not move what was not given yet.
            ledger.mark("S0", "11", u32::try_from(seen.len()).unwrap() + 100);
        }
        assert_eq!(seen, symbols(&all));
    }
}

#[test]
fn finished_positions_come_in_the_order_in_which_they_finished() {
    let ledger = Ledger::new();
    for symbol in ["A", "B", "C"] {
        ledger.fill(symbol, "buy", "1", "10", 1);
    }
    for symbol in ["C", "A", "B"] {
        ledger.fill(symbol, "sell", "1", "11", 2);
    }
    let first = ledger.positions(|q| {
        q.state = some("closed");
        q.limit = Some(2);
    });
    assert_eq!(symbols(&first), ["C", "A"]);
    ledger.fill("D", "buy", "1", "10", 3);
    ledger.fill("D", "sell", "1", "10", 4);
    let second = ledger.positions(|q| {
        q.state = some("closed");
        q.cursor.clone_from(&first.next_cursor);
    });
    assert_eq!(symbols(&second), ["B", "D"]);
}

#[test]
fn every_problem_of_a_question_is_named() {
    let ledger = Ledger::new();
    let query = PositionQuery {
        state: some("opened,closed"),
        account: some("sim:lif:main"),
        symbol: some("bad\u{7}"),
        side: some("Long"),
        profit: some("winning"),
        sort: some("-pnl"),
        as_of: some("yesterday"),
        clock: some("wall"),
        limit: Some(0),
        cursor: some("?"),
        ..PositionQuery::default()
    };
    let mut fields = problems(ledger.service.positions(&query));
    fields.sort();
    assert_eq!(
        fields,
        [
            "account", "as_of", "clock", "cursor", "limit", "profit", "side", "sort", "state",
            "symbol"
        ]
    );
}

#[test]
fn a_cursor_belongs_to_its_question() {
    let ledger = four_positions();
    let page = ledger.positions(|q| q.limit = Some(1));
    let other = PositionQuery {
        side: some("long"),
        cursor: page.next_cursor,
        ..PositionQuery::default()
    };
    assert_eq!(problems(ledger.service.positions(&other)), ["cursor"]);
}

#[test]
fn a_position_is_found_by_the_beginning_of_its_id() {
    let ledger = four_positions();
    let open = ledger.positions(|q| q.symbol = some("GAIN")).items[0].position_id;
    let done = ledger.positions(|q| q.state = some("closed")).items[0].position_id;
    for id in [open, done] {
        let text = id.to_string();
        assert_eq!(ledger.service.resolve_position(&text).unwrap(), id);
        assert_eq!(ledger.service.resolve_position(&text[..30]).unwrap(), id);
        let plain = text.replace('-', "").to_uppercase();
        assert_eq!(ledger.service.resolve_position(&plain[..28]).unwrap(), id);
        let view = ledger
            .service
            .position(id, &MomentQuery::default())
            .unwrap();
        assert_eq!(view.position_id, id);
    }
    // All were made within seconds: their ids begin alike.
    assert_eq!(
        problems(ledger.service.resolve_position(&open.to_string()[..6])),
        ["position"]
    );
    assert_eq!(problems(ledger.service.resolve_position("0")), ["position"]);
    let nobody = ledger.service.resolve_position("ffffff");
    assert!(matches!(nobody, Err(QueryError::NotFound(_))));
    let nobody = "01890000-0000-7000-8000-000000000000".parse().unwrap();
    let answer = ledger.service.position(nobody, &MomentQuery::default());
    assert!(matches!(answer, Err(QueryError::NotFound(_))));
}
