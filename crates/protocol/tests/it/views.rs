//! What the answers look like.

use std::collections::{BTreeMap, BTreeSet};

use ledger::{
    Amount, Event, Extremes, FillEffect, FillFact, Leg, Mark, Order, OrderFilled, OrderPurpose,
    OrderReference, OrderStatus, Origin, Outcome, Position, PositionId, PositionNumbers,
    PositionOpened, PositionSide, PositionState, Receipt, Record, Sequence, Side, Source, Terms,
    Timestamp,
};
use protocol::Problem;
use protocol::catalogue::codes;
use protocol::views::{
    AttributionView, CorrectionsView, EventView, FillView, Health, OrderView, Page, PositionView,
    ProblemView, Ready, ReceiptView, StatsView, Tabular, UNATTRIBUTED,
};
use serde::Serialize;
use serde_json::Value;
use utoipa::OpenApi;

fn of<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().unwrap()
}

fn account() -> ledger::AccountId {
    ledger::AccountId::parse(ledger::Tenant::default_tenant(), "binance-usdm:live:main").unwrap()
}

/// The position of the contract: a short, sold at 66712.7 and bought back at 66000.
fn position() -> Position {
    Position {
        id: PositionId::new(uuid::Uuid::from_u128(7)),
        account: account(),
        symbol: of("BTCUSDT"),
        leg: Leg::Short,
        side: PositionSide::Short,
        state: PositionState::Closed,
        before_closing: None,
        origin: Origin::External,
        plan: None,
        strategy: None,
        terms: Some(Terms {
            inverse: false,
            multiplier: of("1"),
            step: None,
            settlement_asset: None,
            cost_basis: ledger::CostBasis::Average,
            pnl_rounding: ledger::PnlRounding::default(),
        }),
        numbers: PositionNumbers {
            realized_pnl: of("20.6683"),
            cash: of("20.6683"),
            ..PositionNumbers::default()
        },
        entry_quantity: of("0.029"),
        entry_value: of("1934.6683"),
        exit_quantity: of("0.029"),
        exit_value: of("1914"),
        fees: BTreeMap::from([(of("USDT"), of("1.9"))]),
        funding: BTreeMap::new(),
        venue_realized_pnl: Some(of("20.6683")),
        lots: Vec::new(),
        extremes: Extremes {
            best_price: Some(of("66000")),
            worst_price: Some(of("66712.7")),
            mae: Amount::ZERO,
            mfe: of("20.6683"),
        },
        stop_loss: None,
        take_profit: None,
        trail: None,
        created_at: Timestamp::from_nanoseconds(0),
        opened_at: Some(Timestamp::from_nanoseconds(1)),
        last_fill_at: None,
        closed_at: Some(Timestamp::from_nanoseconds(2)),
        exit_reason: Some("external".into()),
        fills: 2,
        flags: BTreeSet::new(),
        venue_difference: Amount::ZERO,
        first_sequence: Sequence::new(1),
        last_sequence: Sequence::new(4),
    }
}

fn view(position: &Position) -> PositionView {
    PositionView::from_position(position, None, None, Vec::new(), CorrectionsView::default())
}

fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

#[test]
fn a_position_looks_as_in_the_contract() {
    let contract: Value = serde_json::from_str(
        r#"{"position_id":"00000000-0000-0000-0000-000000000007","tenant":"default",
        "venue":"binance-usdm","mode":"live","account":"main","symbol":"BTCUSDT","leg":"short",
        "side":"short","state":"closed","origin":"external","quantity":"0",
        "entry_quantity":"0.029","entry_price":"66712.7","exit_quantity":"0.029",
        "exit_price":"66000","realized_pnl":"20.6683","realized_pnl_percent":"1.0683",
        "fees":{"USDT":"1.9"},"funding":{},"venue_realized_pnl":"20.6683","unrealized_pnl":null,
        "mark_price":null,"mae":"0","mfe":"20.6683","stop_loss":null,"take_profit":null,
        "strategy":null,"trader":null,"signal":null,"opened_at":"1970-01-01T00:00:00.000000001Z",
        "closed_at":"1970-01-01T00:00:00.000000002Z","exit_reason":"external","fills":2,"flags":[],
        "first_sequence":1,"last_sequence":4}"#,
    )
    .unwrap();
    let found = json(&view(&position()));
    for (name, value) in contract.as_object().unwrap() {
        assert_eq!(found.get(name), Some(value), "{name}");
    }
    assert_eq!(found["mae_price"], "0");
    assert_eq!(found["mfe_price"], "712.7");
    assert_eq!(found["mfe_percent"], "1.0683");
    assert_eq!(found["pnl_difference"], "0");
    assert_eq!(found["terms"]["cost_basis"], "average");
}

#[test]
fn a_position_comes_back_from_its_json() {
    let mark = Mark {
        instrument: account().instrument(&of("BTCUSDT")),
        price: of("66800"),
        occurred_at: Timestamp::from_nanoseconds(5),
    };
    let share = AttributionView {
        strategy: UNATTRIBUTED.into(),
        quantity: of("-0.029"),
        cost: of("-1934.6683"),
        realized_pnl: Amount::ZERO,
        fees: BTreeMap::from([(of("USDT"), of("1"))]),
    };
    let view = PositionView::from_position(
        &position(),
        Some(&mark),
        Some(of("-2.5317")),
        vec![share],
        CorrectionsView::default(),
    );
    let text = serde_json::to_string(&view).unwrap();
    assert_eq!(serde_json::from_str::<PositionView>(&text).unwrap(), view);
    assert_eq!(json(&view)["mark_price"], "66800");
    assert_eq!(json(&view)["unrealized_pnl"], "-2.5317");
}

#[test]
fn an_excursion_is_never_on_the_wrong_side_of_zero() {
    // The worst price was below the entry, as it became with later fills: good for a short.
    let mut position = position();
    position.extremes.worst_price = Some(of("66000"));
    position.extremes.best_price = Some(of("67000"));
    let view = view(&position);
    assert_eq!(view.mae_price, Some(Amount::ZERO));
    assert_eq!(view.mfe_price, Some(Amount::ZERO));
    assert_eq!(view.mae_percent, Some(Amount::ZERO));
}

fn order() -> Order {
    Order {
        number: Sequence::new(2),
        account: account(),
        symbol: of("BTCUSDT"),
        leg: None,
        client_order_id: Some(of("c-1")),
        venue_order_id: None,
        position_id: None,
        intent_id: None,
        strategy: None,
        purpose: OrderPurpose::Entry,
        side: Some(Side::Buy),
        kind: None,
        quantity: Some(of("2")),
        price: None,
        trigger_price: None,
        reduce_only: false,
        status: OrderStatus::PartiallyFilled,
        filled_quantity: of("0.5"),
        fills: 1,
        reason: Some("a \"b\"\nc".into()),
        flags: BTreeSet::new(),
        created_at: Timestamp::from_nanoseconds(0),
        updated_at: Timestamp::from_nanoseconds(0),
        last_sequence: Sequence::new(3),
    }
}

/// The columns of a view are its fields on the wire, none more and none less, and in no other order.
fn check_columns<T: Tabular + Serialize>(view: &T) {
    let text = serde_json::to_string(view).unwrap();
    let object = json(view);
    let names: BTreeSet<&str> = object
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(names, T::COLUMNS.iter().copied().collect::<BTreeSet<_>>());
    let places: Vec<Option<usize>> = T::COLUMNS
        .iter()
        .map(|column| text.find(&format!("\"{column}\":")))
        .collect();
    assert!(places.iter().all(Option::is_some));
    let row = view.row();
    assert_eq!(row.len(), T::COLUMNS.len());
    for (column, cell) in T::COLUMNS.iter().zip(row) {
        let expected = match &object[*column] {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            value @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                serde_json::to_string(value).unwrap()
            }
        };
        let cell_value: Option<Value> = serde_json::from_str(&cell).ok();
        let expected_value: Option<Value> = serde_json::from_str(&expected).ok();
        assert!(
            cell == expected || (cell_value.is_some() && cell_value == expected_value),
            "{column}: {cell} is not {expected}"
        );
    }
}

#[test]
fn a_row_has_every_field_of_its_view() {
    check_columns(&view(&position()));
    check_columns(&OrderView::from(&order()));
    check_columns(&StatsView::default());
    let row = OrderView::from(&order()).row();
    let reason = OrderView::COLUMNS
        .iter()
        .position(|column| *column == "reason")
        .unwrap();
    assert_eq!(row[reason], "a \"b\"\nc");
}

fn effect(opened: &str, closed: &str, realized_pnl: &str) -> FillEffect {
    FillEffect {
        opened: of(opened),
        closed: of(closed),
        excess: of("0"),
        value: of("1"),
        cost_added: Amount::ZERO,
        cost_released: Amount::ZERO,
        realized_pnl: of(realized_pnl),
        rounding: Amount::ZERO,
        fee: of("0.1"),
        fee_asset: None,
        lots_released: Vec::new(),
        before: PositionNumbers::default(),
        after: PositionNumbers::default(),
        extremes: Extremes::default(),
    }
}

fn record(sequence: u64, position: u128, event: Event) -> Record {
    Record {
        sequence: Sequence::new(sequence),
        recorded_at: Timestamp::from_nanoseconds(0),
        occurred_at: Timestamp::from_nanoseconds(0),
        tenant: ledger::Tenant::default_tenant(),
        account: Some(account()),
        symbol: Some(of("BTCUSDT")),
        position_id: Some(PositionId::new(uuid::Uuid::from_u128(position))),
        actor: ledger::Actor::ledger(),
        causation: None,
        correlation: of("c"),
        key: None,
        source: Source::None,
        event,
    }
}

fn filled(effect: Option<FillEffect>) -> Event {
    Event::OrderFilled(Box::new(OrderFilled {
        fill: FillFact {
            execution_id: of("811"),
            side: Side::Sell,
            price: of("100"),
            quantity: of("5"),
            fee: None,
            fee_asset: None,
            liquidity: None,
            venue_realized_pnl: Some(of("21")),
            reduce_only: false,
            cumulative_quantity: None,
            liquidation: false,
        },
        leg: None,
        reference: OrderReference::default(),
        order: None,
        order_status: None,
        order_filled_quantity: None,
        strategy: None,
        effect,
        flags: BTreeSet::new(),
    }))
}

fn opened(effect: FillEffect) -> Event {
    Event::PositionOpened(Box::new(PositionOpened {
        leg: Leg::Net,
        side: PositionSide::Short,
        origin: Origin::External,
        terms: position().terms.unwrap(),
        strategy: None,
        effect,
        flags: BTreeSet::new(),
    }))
}

#[test]
fn a_flip_shows_what_it_did_to_both_positions() {
    let closing = record(4, 1, filled(Some(effect("0", "2", "20"))));
    let opening = record(8, 2, opened(effect("3", "0", "0")));
    let view = FillView::from_records(&closing, Some(&opening)).unwrap();
    assert_eq!((view.closed, view.opened), (of("2"), of("3")));
    assert_eq!(view.position_id, closing.position_id);
    let positions: Vec<_> = view
        .effects
        .iter()
        .map(|effect| Some(effect.position_id))
        .collect();
    assert_eq!(positions, [closing.position_id, opening.position_id]);
    assert_eq!(view.realized_pnl, of("20"));
    assert_eq!(view.pnl_difference, Some(of("1")));
    check_columns(&view);
    let text = serde_json::to_string(&view).unwrap();
    assert_eq!(serde_json::from_str::<FillView>(&text).unwrap(), view);
}

#[test]
fn a_first_fill_shows_the_position_it_opened() {
    let fill = Record {
        position_id: None,
        ..record(1, 1, filled(None))
    };
    let opening = record(2, 2, opened(effect("5", "0", "0")));
    let view = FillView::from_records(&fill, Some(&opening)).unwrap();
    assert_eq!(view.position_id, opening.position_id);
    assert_eq!((view.opened, view.closed), (of("5"), of("0")));
    assert_eq!(FillView::from_records(&opening, None), None);
}

/// Every view, as the server lists them.
#[derive(OpenApi)]
#[openapi(components(schemas(
    PositionView, OrderView, FillView, StatsView, EventView, ReceiptView, ProblemView, Health, Ready,
    Page<PositionView>
)))]
struct Document;

#[test]
fn the_schemas_say_that_decimals_are_strings_and_words_are_lists() {
    let document: Value = serde_json::from_str(&Document::openapi().to_json().unwrap()).unwrap();
    let schemas = &document["components"]["schemas"];
    let position = &schemas["PositionView"]["properties"];
    for column in PositionView::COLUMNS {
        assert!(position.get(*column).is_some(), "{column}");
    }
    assert_eq!(position["quantity"]["type"], "string");
    assert_eq!(position["fees"]["additionalProperties"]["type"], "string");
    assert_eq!(position["first_sequence"]["type"], "integer");
    assert_eq!(
        schemas["PositionState"]["enum"].as_array().unwrap().len(),
        9
    );
    assert_eq!(schemas["OrderStatus"]["enum"][3], "partially_filled");
    assert_eq!(schemas["Flag"]["type"], "string");
    assert_eq!(schemas["EventView"]["properties"]["data"]["type"], "object");
    let text = document.to_string();
    for (at, _) in text.match_indices("#/components/schemas/") {
        let name: String = text[at + "#/components/schemas/".len()..]
            .chars()
            .take_while(|c| *c != '"')
            .collect();
        assert!(
            schemas.get(&name).is_some(),
            "{name} is not in the document"
        );
    }
}

#[test]
fn ratios_follow_from_the_counts() {
    let stats = StatsView {
        trades: 3,
        wins: 2,
        losses: 1,
        gross_profit: of("10"),
        gross_loss: of("-4"),
        ..StatsView::default()
    }
    .with_ratios();
    assert_eq!(stats.win_rate, Some(of("66.6667")));
    assert_eq!(stats.profit_factor, Some(of("2.5")));
    assert_eq!(stats.average, Some(of("2")));
    let none = StatsView::default().with_ratios();
    assert_eq!(
        (none.win_rate, none.profit_factor, none.average),
        (None, None, None)
    );
}

#[test]
fn a_receipt_says_all_it_knows() {
    let receipt = Receipt {
        outcome: Outcome::Rejected,
        sequence: Some(Sequence::new(12)),
        position_id: None,
        code: Some("slot_occupied".into()),
    };
    assert_eq!(
        serde_json::to_string(&ReceiptView::from(&receipt)).unwrap(),
        r#"{"outcome":"rejected","sequence":12,"position_id":null,"code":"slot_occupied","problems":[]}"#
    );
    let problem = Problem {
        code: codes::NOT_JSON,
        line: Some(2),
        field: String::new(),
        found: "x".to_owned(),
        expected: "y".to_owned(),
        remedy: "z".to_owned(),
    };
    let invalid = json(&ReceiptView::invalid(vec![problem]));
    assert_eq!(invalid["outcome"], "invalid");
    assert_eq!(invalid["code"], "PL-0101");
    assert_eq!(invalid["problems"][0]["line"], 2);
}
