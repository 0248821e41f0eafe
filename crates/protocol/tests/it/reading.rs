//! What a line may look like, and what it means.

use ledger::{
    Acknowledgement, Actor, BulkScope, Command, Fact, Intent, Leg, OrderKind, Request, Tenant,
};
use protocol::{Lines, Shape, parse_command, split_body};

fn read(line: &str) -> Command {
    parse_command(line.as_bytes(), None, &Tenant::default_tenant())
        .unwrap_or_else(|problems| panic!("{line}: {problems:#?}"))
}

fn acknowledgement(more: &str) -> Acknowledgement {
    let line = format!(
        r#"{{"type":"order_filled","venue":"binance-usdm","mode":"live","account":"main",
        "symbol":"BTCUSDT","execution_id":"811","side":"sell","price":"66712.7",
        "quantity":"0.029","occurred_at":"2024-04-22T22:34:32Z"{more}}}"#
    );
    match read(&line) {
        Command::Acknowledgement(acknowledgement) => acknowledgement,
        other => panic!("{other:?}"),
    }
}

fn intent(kind: &str, fields: &str) -> Intent {
    match read(&format!(
        r#"{{"type":"{kind}","intent_id":"i-1",{fields}}}"#
    )) {
        Command::Intent(intent) => intent,
        other => panic!("{other:?}"),
    }
}

const POSITION: &str = r#""position_id":"018f2b7e-7b00-7000-8000-000000000001""#;
const PLAN: &str =
    r#""venue":"v","mode":"sim","account":"a","symbol":"S","side":"long","quantity":1"#;

#[test]
fn the_line_in_the_contract_is_read() {
    let line = r#"{"type":"order_filled","venue":"binance-usdm","mode":"live","account":"main","symbol":"BTCUSDT","leg":"short","execution_id":"811","side":"sell",
 "price":"66712.7","quantity":"0.029","fee":"0.96733415","fee_asset":"USDT","venue_realized_pnl":"0","occurred_at":"2024-04-22T22:34:32Z"}"#;
    let Command::Acknowledgement(acknowledgement) = read(line) else {
        panic!("an acknowledgement");
    };
    assert_eq!(
        acknowledgement.account.to_string(),
        "binance-usdm:live:main"
    );
    assert_eq!(acknowledgement.account.tenant, Tenant::default_tenant());
    assert_eq!(acknowledgement.leg, Some(Leg::Short));
    let Fact::OrderFilled(fill) = acknowledgement.fact else {
        panic!("a fill");
    };
    assert_eq!(fill.fee.unwrap().to_string(), "0.96733415");
}

#[test]
fn a_leg_is_read_as_venues_write_it() {
    let leg = |word: &str| acknowledgement(&format!(r#","leg":"{word}""#)).leg;
    assert_eq!(acknowledgement("").leg, None);
    for word in ["net", "both", "BOTH"] {
        assert_eq!(leg(word), Some(Leg::Net), "{word}");
    }
    assert_eq!(leg("LONG"), Some(Leg::Long));
    assert_eq!(leg("Short"), Some(Leg::Short));
    assert_eq!(leg("50123456").unwrap().to_string(), "50123456");
}

#[test]
fn raw_is_kept_byte_for_byte() {
    let raw = |value: &str| {
        let bytes = acknowledgement(&format!(r#","raw":{value}"#)).raw.unwrap();
        String::from_utf8(bytes).unwrap()
    };
    assert_eq!(raw(r#""8=FIX.4.4\u0001""#), "8=FIX.4.4\u{1}");
    assert_eq!(
        raw(r#"{"e":1.0, "z":[1e5,"\u00e9"]}"#),
        r#"{"e":1.0, "z":[1e5,"\u00e9"]}"#
    );
    assert_eq!(raw("17"), "17");
    assert_eq!(raw("\"\""), "");
    assert_eq!(raw(r#""\"""#), "\"");
}

#[test]
fn decimals_keep_their_digits() {
    let price = |value: &str| {
        let fill = acknowledgement(&format!(r#","venue_realized_pnl":{value}"#)).fact;
        match fill {
            Fact::OrderFilled(fill) => fill.venue_realized_pnl.unwrap().to_string(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(price("1e-8"), "0.00000001");
    assert_eq!(price("0.1"), "0.1");
    assert_eq!(price("-0"), "0");
    assert_eq!(price("\"-0.00\""), "0");
    assert_eq!(price("\"1.50E+3\""), "1500");
    assert_eq!(price("9007199254740993"), "9007199254740993");
    assert_eq!(
        price("0.1234567890123456789012345678"),
        "0.1234567890123456789012345678"
    );
}

#[test]
fn whoever_asks_is_known() {
    let actor = |more: &str| intent("open_position", &format!("{PLAN}{more}")).actor;
    assert_eq!(
        actor(r#","strategy":"breakout","trader":"anna""#).as_str(),
        "strategy:breakout"
    );
    assert_eq!(actor(r#","trader":"anna""#).as_str(), "trader:anna");
    assert_eq!(actor(""), Actor::operator());
    assert_eq!(actor(r#","actor":"desk","trader":"anna""#).as_str(), "desk");
    assert_eq!(intent("execute", POSITION).actor, Actor::operator());
}

#[test]
fn an_order_is_a_market_order_unless_it_says_otherwise() {
    let order = |more: &str| match intent("close", &format!("{POSITION}{more}")).request {
        Request::Close { order, .. } => order,
        other => panic!("{other:?}"),
    };
    assert_eq!(order("").kind, OrderKind::Market);
    assert_eq!(order(r#","order":null"#).kind, OrderKind::Market);
    assert_eq!(
        order(r#","order":{"kind":"market","price":null}"#).price,
        None
    );
    let limit = order(r#","order":{"kind":"limit","price":2.5}"#);
    assert_eq!(
        (limit.kind, limit.price.unwrap().to_string()),
        (OrderKind::Limit, "2.5".into())
    );
}

#[test]
fn filters_stand_alone_or_among_the_fields() {
    let flat = intent("execute_all", r#""symbol":"S","account":"v:live:a:b""#);
    let nested = intent(
        "execute_all",
        r#""filters":{"symbol":"S","account":"v:live:a:b"}"#,
    );
    let fields = intent(
        "execute_all",
        r#""symbol":"S","venue":"v","mode":"live","account":"a:b""#,
    );
    assert_eq!(flat, nested);
    assert_eq!(flat, fields);
    let all = intent("close_many", r#""scope":"symbol","value":"S""#);
    let Request::CloseMany {
        scope,
        account: None,
    } = all.request
    else {
        panic!("close_many");
    };
    assert_eq!(scope, BulkScope::Symbol("S".parse().unwrap()));
}

#[test]
fn a_body_is_one_object_or_a_list_or_lines() {
    let shape = |text: &str, lines| {
        let body = split_body(text.as_bytes(), lines).unwrap();
        (body.shape, body.items.len())
    };
    assert_eq!(shape(" {\n} ", false), (Shape::One, 1));
    assert_eq!(shape("[{}, {}]", false), (Shape::List, 2));
    assert_eq!(shape("[]", false), (Shape::List, 0));
    assert_eq!(shape("{}\r\n\r\n{}\n", true), (Shape::Lines, 2));
    let body = split_body(b"\n\n{}\n", true).unwrap();
    assert_eq!(body.items[0].as_ref().unwrap().line, Some(3));
    assert!(split_body(b"[{}", false).is_err());
}

#[test]
fn lines_are_counted_as_an_editor_counts_them() {
    let mut lines = Lines::new("{1}\r\n\n  \n{2}\n{3}".as_bytes(), 100);
    let mut seen = Vec::new();
    while let Some(line) = lines.next_line().unwrap() {
        let line = line.unwrap();
        seen.push((line.number, String::from_utf8(line.bytes.to_vec()).unwrap()));
    }
    assert_eq!(
        seen,
        [
            (1, "{1}\r".to_owned()),
            (4, "{2}".to_owned()),
            (5, "{3}".to_owned())
        ]
    );
    assert_eq!(lines.count(), 5);
}
