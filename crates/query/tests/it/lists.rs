use ledger::Sequence;
use query::{EventQuery, FillQuery, OrderQuery, TradeQuery};
use serde_json::json;

use crate::{Ledger, problems, some, time};

fn five_fills() -> Ledger {
    let ledger = Ledger::new();
    for (symbol, side, quantity, minute) in [
        ("A", "buy", "1", 1),
        ("B", "buy", "1", 2),
        ("A", "sell", "3", 3),
        ("B", "sell", "1", 4),
        ("A", "buy", "2", 5),
    ] {
        ledger.fill(symbol, side, quantity, "10", minute);
    }
    ledger
}

#[test]
fn fills_are_filtered_and_come_from_either_end() {
    let ledger = five_fills();
    let symbols = |query: &FillQuery| {
        let page = ledger.service.fills(query).unwrap();
        let symbols: Vec<String> = page
            .items
            .iter()
            .map(|fill| fill.symbol.to_string())
            .collect();
        symbols.join("")
    };
    let all = FillQuery::default();
    assert_eq!(symbols(&all), "ABABA");
    let mut newest = FillQuery {
        newest_first: Some(true),
        limit: Some(2),
        ..all
    };
    let mut minutes = Vec::new();
    for _ in 0..3 {
        let page = ledger.service.fills(&newest).unwrap();
        minutes.extend(page.items.iter().map(|fill| fill.occurred_at.to_string()));
        newest.cursor = page.next_cursor;
    }
    assert_eq!(minutes, [5, 4, 3, 2, 1].map(time));
    assert_eq!(newest.cursor, None);
    let check = |change: &dyn Fn(&mut FillQuery), expected: &str| {
        let mut query = FillQuery::default();
        change(&mut query);
        assert_eq!(symbols(&query), expected);
    };
    check(&|q| q.symbol = some("B"), "BB");
    check(&|q| q.side = some("sell"), "AB");
    check(&|q| q.account = some("main"), "ABABA");
    check(&|q| q.account = some("nobody"), "");
    check(&|q| q.execution_id = some("A-3-sell-3"), "A");
    check(&|q| q.strategy = some("none"), "");
}

/// By the average of opens a fill that opens moves the average of what was closed before, and so
/// realizes: the list says so, as the position does.
#[test]
fn a_fill_that_opens_may_realize() {
    let ledger = Ledger::new();
    ledger.send(&json!({
        "type": "account_configured", "venue": "sim", "mode": "sim", "account": "main",
        "position_mode": "netting", "cost_basis": "average_of_opens",
    }));
    ledger.fill("A", "buy", "2", "100", 1);
    ledger.fill("A", "sell", "1", "110", 2);
    ledger.fill("A", "buy", "1", "130", 3);
    let page = ledger.service.fills(&FillQuery::default()).unwrap();
    let realized: Vec<String> = page
        .items
        .iter()
        .map(|fill| fill.realized_pnl.to_string())
        .collect();
    // (2 · 100 + 130) / 3 is 110, the price of the exit.
    assert_eq!(realized, ["0", "10", "-10"]);
    let position = &ledger.positions(|_| ()).items[0];
    assert_eq!(position.realized_pnl.to_string(), "0");
}

#[test]
fn the_fills_of_a_position_include_the_one_that_flipped_into_it() {
    let ledger = five_fills();
    let flips = ledger
        .service
        .fills(&FillQuery {
            execution_id: some("A-3-sell-3"),
            ..FillQuery::default()
        })
        .unwrap();
    let flip = &flips.items[0];
    assert_eq!(flip.effects.len(), 2);
    assert_eq!(
        (flip.opened.to_string(), flip.closed.to_string()),
        ("2".to_owned(), "1".to_owned())
    );
    for (effect, expected) in flip
        .effects
        .iter()
        .zip([["A-1-buy-1", "A-3-sell-3"], ["A-3-sell-3", "A-5-buy-2"]])
    {
        let page = ledger
            .service
            .fills(&FillQuery {
                position: Some(effect.position_id.to_string()),
                ..FillQuery::default()
            })
            .unwrap();
        let ids: Vec<&str> = page
            .items
            .iter()
            .map(|fill| fill.execution_id.as_str())
            .collect();
        assert_eq!(ids, expected);
        assert!(page.items.contains(flip));
    }
}

#[test]
fn trades_are_what_was_held_and_is_closed() {
    let ledger = five_fills();
    let queued = ledger.send(&json!({
        "type": "open_position", "intent_id": "q", "venue": "sim", "mode": "sim", "account": "main",
        "symbol": "Q", "side": "long", "quantity": "1", "queue": true,
    }));
    ledger.send(&json!({
        "type": "withdraw", "intent_id": "w", "position_id": queued.position_id.unwrap().to_string(),
    }));
    let page = ledger.service.trades(&TradeQuery::default()).unwrap();
    let symbols: Vec<&str> = page
        .items
        .iter()
        .map(|trade| trade.symbol.as_str())
        .collect();
    assert_eq!(symbols, ["A", "B", "A"]);
    let newest = TradeQuery {
        newest_first: Some(true),
        limit: Some(1),
        ..TradeQuery::default()
    };
    let last = ledger.service.trades(&newest).unwrap();
    assert_eq!(last.items[0], page.items[2]);
    let canceled = ledger.positions(|q| q.state = some("canceled"));
    assert_eq!(canceled.items[0].symbol.as_str(), "Q");
    let shorts = TradeQuery {
        side: some("short"),
        ..TradeQuery::default()
    };
    assert_eq!(ledger.service.trades(&shorts).unwrap().items.len(), 1);
}

#[test]
fn orders_are_filtered_by_status_name_and_position() {
    let ledger = Ledger::new();
    let first = ledger.send(&json!({
        "type": "open_position", "intent_id": "a", "venue": "sim", "mode": "sim", "account": "main",
        "symbol": "A", "side": "long", "quantity": "1", "strategy": "one",
    }));
    ledger.send(&json!({
        "type": "open_position", "intent_id": "b", "venue": "sim", "mode": "sim", "account": "main",
        "symbol": "B", "side": "short", "quantity": "1", "strategy": "two",
    }));
    let all = ledger.service.orders(&OrderQuery::default()).unwrap();
    assert_eq!(all.items.len(), 2);
    ledger.send(&json!({
        "type": "order_rejected", "venue": "sim", "mode": "sim", "account": "main", "symbol": "B",
        "client_order_id": all.items[1].client_order_id, "reason": "no margin", "occurred_at": time(1),
    }));
    let check = |change: &dyn Fn(&mut OrderQuery), expected: &str| {
        let mut query = OrderQuery::default();
        change(&mut query);
        let page = ledger.service.orders(&query).unwrap();
        let symbols: Vec<&str> = page
            .items
            .iter()
            .map(|order| order.symbol.as_str())
            .collect();
        assert_eq!(symbols.join(""), expected);
    };
    check(&|q| q.status = some("working"), "A");
    check(&|q| q.status = some("rejected,filled"), "B");
    check(&|q| q.strategy = some("two"), "B");
    check(&|q| q.newest_first = Some(true), "BA");
    check(
        &|q| {
            q.client_order_id = all.items[0]
                .client_order_id
                .as_ref()
                .map(ToString::to_string);
        },
        "A",
    );
    let id = first.position_id.unwrap().to_string();
    check(&|q| q.position = Some(id.clone()), "A");
    let bad = OrderQuery {
        status: some("open"),
        position: some("x"),
        ..OrderQuery::default()
    };
    let mut fields = problems(ledger.service.orders(&bad));
    fields.sort();
    assert_eq!(fields, ["position", "status"]);
}

#[test]
fn the_journal_is_read_page_by_page_and_as_a_stream() {
    let ledger = five_fills();
    let all: Vec<_> = ledger
        .service
        .events_from(Sequence::FIRST)
        .collect::<Result<_, _>>()
        .unwrap();
    let numbers: Vec<u64> = all.iter().map(|event| event.sequence.get()).collect();
    let head = u64::try_from(all.len()).unwrap();
    assert_eq!(numbers, (1..=head).collect::<Vec<_>>());
    let mut query = EventQuery {
        from: Some(3),
        limit: Some(4),
        ..EventQuery::default()
    };
    let mut seen = Vec::new();
    loop {
        let page = ledger.service.events(&query).unwrap();
        seen.extend(page.items);
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, all[2..]);
    let after = EventQuery {
        from: Some(head + 1),
        ..EventQuery::default()
    };
    assert!(ledger.service.events(&after).unwrap().items.is_empty());
}
