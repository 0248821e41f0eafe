use query::{MomentQuery, OrderQuery, PositionEventsQuery, PositionQuery, QueryError, TradeQuery};
use serde_json::json;

use crate::{Ledger, problems, some, symbols, time};

fn at(as_of: &str, clock: Option<&str>) -> MomentQuery {
    MomentQuery {
        as_of: some(as_of),
        clock: clock.map(str::to_owned),
    }
}

#[test]
fn a_list_as_of_every_sequence_is_what_it_was_then() {
    let ledger = Ledger::new();
    let mut then = Vec::new();
    for (symbol, side, minute) in [
        ("A", "buy", 1),
        ("B", "sell", 2),
        ("A", "sell", 3),
        ("C", "buy", 4),
        ("B", "buy", 5),
    ] {
        ledger.fill(symbol, side, "1", "10", minute);
        then.push((
            ledger.positions(|_| {}),
            ledger.positions(|q| q.state = some("closed")),
        ));
    }
    for (open, closed) in then {
        let as_of = Some(open.as_of_sequence.to_string());
        let again = ledger.positions(|q| q.as_of.clone_from(&as_of));
        assert_eq!(again, open);
        let again = ledger.positions(|q| {
            q.as_of.clone_from(&as_of);
            q.state = some("closed");
        });
        assert_eq!(again, closed);
    }
}

#[test]
fn the_two_clocks_differ_for_a_fact_that_came_late() {
    let ledger = Ledger::new();
    ledger.fill("EARLY", "buy", "1", "10", 10);
    // Recorded second, but it happened first.
    ledger.fill("LATE", "buy", "1", "10", 5);
    let list = |as_of: &str, clock: &str| {
        let page = ledger.positions(|q| {
            q.as_of = some(as_of);
            q.clock = some(clock);
        });
        symbols(&page).join(" ")
    };
    assert_eq!(list(&time(7), "occurred"), "LATE");
    assert_eq!(list(&time(10), "occurred"), "EARLY LATE");
    // Our clock began a month later.
    assert_eq!(list(&time(10), "recorded"), "");
    assert_eq!(list("2024-05-01T00:00:00Z", "recorded"), "EARLY");
    assert_eq!(list("2024-05-01T02:00:01+02:00", "recorded"), "EARLY LATE");
    // A plus sign that was not escaped.
    assert_eq!(list("2024-05-01T02:00:01 02:00", "recorded"), "EARLY LATE");
}

#[test]
fn one_position_is_folded_from_its_own_records() {
    let ledger = Ledger::new();
    let id = ledger.fill("A", "buy", "2", "10", 1);
    let opened = ledger
        .service
        .position(id, &MomentQuery::default())
        .unwrap();
    ledger.fill("B", "buy", "1", "10", 2);
    ledger.fill("A", "sell", "1", "12", 3);
    let reduced = ledger
        .service
        .position(id, &MomentQuery::default())
        .unwrap();
    ledger.fill("A", "sell", "1", "12", 4);
    let closed = ledger
        .service
        .position(id, &MomentQuery::default())
        .unwrap();
    for view in [&opened, &reduced, &closed] {
        let moment = at(&view.last_sequence.to_string(), None);
        assert_eq!(ledger.service.position(id, &moment).unwrap(), *view);
    }
    let by_venue = ledger
        .service
        .position(id, &at(&time(3), Some("occurred")))
        .unwrap();
    assert_eq!(by_venue, reduced);
    let before = ledger.service.position(id, &at("0", None));
    assert!(matches!(before, Err(QueryError::NotFound(_))));
    let ahead = ledger.service.position(id, &at("999", None));
    assert_eq!(problems(ahead), ["as_of"]);
}

#[test]
fn a_late_fee_is_a_correction_also_in_the_past() {
    let ledger = Ledger::new();
    let id = ledger.fill("A", "buy", "1", "10", 1);
    ledger.fill("A", "sell", "1", "12", 2);
    let closed = ledger
        .service
        .position(id, &MomentQuery::default())
        .unwrap();
    let late = ledger.send(&json!({
        "type": "fee_charged", "venue": "sim", "mode": "sim", "account": "main", "symbol": "A",
        "amount": "-0.5", "asset": "USDT", "settlement_id": "f1", "occurred_at": time(3),
    }));
    let now = ledger
        .service
        .position(id, &MomentQuery::default())
        .unwrap();
    assert_eq!(now.fees, closed.fees);
    assert_eq!(
        serde_json::to_value(&now.corrections.fees).unwrap(),
        json!({"USDT": "0.5"})
    );
    let then = at(&closed.last_sequence.to_string(), None);
    assert_eq!(ledger.service.position(id, &then).unwrap(), closed);
    let later = at(&late.sequence.unwrap().to_string(), None);
    assert_eq!(ledger.service.position(id, &later).unwrap(), now);
}

#[test]
fn orders_and_trades_have_a_past_too() {
    let ledger = Ledger::new();
    let receipt = ledger.send(&json!({
        "type": "open_position", "intent_id": "i1", "venue": "sim", "mode": "sim", "account": "main",
        "symbol": "A", "side": "long", "quantity": "1",
    }));
    let requested = ledger.service.orders(&OrderQuery::default()).unwrap();
    let order = requested.items[0].clone();
    assert_eq!(order.status.as_str(), "requested");
    ledger.send(&json!({
        "type": "order_filled", "venue": "sim", "mode": "sim", "account": "main", "symbol": "A",
        "client_order_id": order.client_order_id, "execution_id": "1", "side": "buy", "price": "10",
        "quantity": "1", "occurred_at": time(1),
    }));
    let now = ledger.service.orders(&OrderQuery::default()).unwrap();
    assert_eq!(now.items[0].status.as_str(), "filled");
    let as_of = Some(requested.as_of_sequence.to_string());
    let then = OrderQuery {
        as_of: as_of.clone(),
        ..OrderQuery::default()
    };
    assert_eq!(ledger.service.orders(&then).unwrap(), requested);
    let id = receipt.position_id.unwrap();
    ledger.fill("A", "sell", "1", "11", 2);
    let trades = ledger.service.trades(&TradeQuery::default()).unwrap();
    assert_eq!(trades.items[0].position_id, id);
    let none = TradeQuery {
        as_of,
        ..TradeQuery::default()
    };
    assert!(ledger.service.trades(&none).unwrap().items.is_empty());
}

#[test]
fn the_events_of_a_position_have_pages_and_a_past() {
    let ledger = Ledger::new();
    let id = ledger.fill("A", "buy", "1", "10", 1);
    ledger.fill("B", "buy", "1", "10", 2);
    ledger.fill("A", "sell", "3", "12", 3);
    let all = PositionEventsQuery::default();
    let all = ledger.service.position_events(id, &all).unwrap();
    assert!(all.items.len() > 3);
    assert!(all.items.iter().all(|event| !event.frame.hash.is_empty()));
    let mut seen = Vec::new();
    let mut query = PositionEventsQuery {
        limit: Some(2),
        ..PositionEventsQuery::default()
    };
    loop {
        let page = ledger.service.position_events(id, &query).unwrap();
        seen.extend(page.items);
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, all.items);
    // The position that the flip opened begins with the fill that caused it.
    let flipped = ledger.positions(|q| q.symbol = some("A")).items[0].position_id;
    assert_ne!(flipped, id);
    let events = ledger
        .service
        .position_events(flipped, &PositionEventsQuery::default())
        .unwrap();
    assert_eq!(events.items[0].kind, "order_filled");
    let past = PositionEventsQuery {
        as_of: some("3"),
        ..PositionEventsQuery::default()
    };
    let past = ledger.service.position_events(id, &past).unwrap();
    assert_eq!(past.items, all.items[..3]);
    let nobody = ledger.service.position_events(
        flipped,
        &PositionEventsQuery {
            as_of: some("1"),
            ..PositionEventsQuery::default()
        },
    );
    assert!(matches!(nobody, Err(QueryError::NotFound(_))));
}

#[test]
fn the_past_of_an_empty_ledger_is_empty() {
    let ledger = Ledger::new();
    for as_of in ["0", "2024-05-01T00:00:00Z"] {
        assert!(ledger.positions(|q| q.as_of = some(as_of)).items.is_empty());
    }
    let ahead = PositionQuery {
        as_of: some("1"),
        ..PositionQuery::default()
    };
    assert_eq!(problems(ledger.service.positions(&ahead)), ["as_of"]);
}

#[test]
fn a_moment_that_is_not_over_yet_is_not_remembered() {
    let ledger = Ledger::new();
    for (symbol, clock) in [
        ("A", "recorded"),
        ("B", "recorded"),
        ("C", "occurred"),
        ("D", "occurred"),
    ] {
        ledger.fill(symbol, "buy", "1", "10", 1);
        let page = ledger.positions(|q| {
            q.as_of = some("2100-01-01T00:00:00Z");
            q.clock = some(clock);
        });
        assert!(symbols(&page).contains(&symbol), "{symbol}");
    }
}
