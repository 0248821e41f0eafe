//! Input that nobody would send on purpose, or somebody would.

use ledger::Tenant;
use proptest::prelude::*;
use protocol::{parse_command, split_body};

fn codes(line: &[u8]) -> Vec<String> {
    parse_command(line, None, &Tenant::default_tenant())
        .unwrap_err()
        .iter()
        .map(|problem| problem.code.to_string())
        .collect()
}

const FILL: &str = r#"{"type":"order_filled","venue":"v","mode":"sim","account":"a","symbol":"S","execution_id":"1","side":"buy","price":"1","quantity":"1","fee":"0.1","fee_asset":"USDT","leg":"long","raw":{"a":[1,"x"]},"occurred_at":"2024-05-01T12:00:00Z"}"#;

const OPEN: &str = r#"{"type":"open_position","intent_id":"i","venue":"v","mode":"sim","account":"a","symbol":"S","side":"long","quantity":"1","order":{"kind":"limit","price":"2"},"signal":{"id":"s"},"context":{"vwap":"1"},"metadata":{"k":"v"}}"#;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
        let _ = parse_command(&bytes, None, &Tenant::default_tenant());
        let _ = split_body(&bytes, false);
        let _ = split_body(&bytes, true);
    }

    /// A good line with some bytes replaced, put in or taken out: read, or reported with a reason.
    #[test]
    fn a_damaged_line_is_read_or_reported(
        which in any::<bool>(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..3), 1..4),
        printable in any::<bool>(),
    ) {
        let mut line = if which { FILL } else { OPEN }.as_bytes().to_vec();
        for (index, byte, how) in changes {
            let at = index.index(line.len());
            let byte = if printable { 0x20 + byte % 0x5f } else { byte };
            match how {
                0 => line[at] = byte,
                1 => line.insert(at, byte),
                _ => { line.remove(at); }
            }
        }
        if let Err(problems) = parse_command(&line, None, &Tenant::default_tenant()) {
            prop_assert!(!problems.is_empty(), "{}", String::from_utf8_lossy(&line));
        }
    }

    /// Values of any type in any field.
    #[test]
    fn any_value_in_any_field_is_read_or_reported(
        field in 0_usize..14,
        value in prop::sample::select(vec![
            "null", "true", "0", "-1", "1e400", "1e-400", "\"\"", "\"\\ud800\"", "[]", "{}",
            "{\"kind\":{}}", "{\"\\ud800\":1}", "[[[[]]]]", "\"\\u0000\"", "1E+2147483647",
            "\"1e-2147483648\"", "-0.0e-0",
        ]),
    ) {
        let names = [
            "type", "intent_id", "venue", "mode", "account", "symbol", "side", "quantity", "order",
            "signal", "context", "metadata", "queue", "stop_loss",
        ];
        let name = names[field];
        let mut object: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(OPEN).unwrap();
        object.remove(name);
        let rest = serde_json::to_string(&object).unwrap();
        let line = format!("{{\"{name}\":{value},{}", &rest[1..]);
        if let Err(problems) = parse_command(line.as_bytes(), None, &Tenant::default_tenant()) {
            prop_assert!(!problems.is_empty(), "{line}");
        }
    }
}

#[test]
fn nesting_does_not_reach_the_stack() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let line = format!(
            "{{\"type\":\"mark\",\"raw\":{}1{}}}",
            open.repeat(100_000),
            close.repeat(100_000)
        );
        assert_eq!(codes(line.as_bytes()), ["PL-0105"]);
    }
    assert_eq!(codes("[".repeat(100_000).as_bytes()), ["PL-0101"]);
    assert_eq!(codes("{\"a\":".repeat(100_000).as_bytes()), ["PL-0101"]);
}

#[test]
fn many_fields_are_reported_in_bounded_time() {
    let fields: Vec<String> = (0..20_000).map(|n| format!("\"f{n}\":1")).collect();
    let line = format!("{{\"type\":\"mark\",{}}}", fields.join(","));
    let problems = codes(line.as_bytes());
    assert!(problems.len() < 200, "{} problems", problems.len());
}

#[test]
fn other_encodings_are_named() {
    let utf_16: Vec<u8> = FILL.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let found = |bytes: &[u8]| {
        let problems = parse_command(bytes, None, &Tenant::default_tenant()).unwrap_err();
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].code.to_string(), "PL-0102");
        problems[0].found.clone()
    };
    assert_eq!(found(&utf_16), "UTF-16");
    assert_eq!(
        found(&[&[0xff, 0xfe][..], &utf_16].concat()),
        "UTF-16 with a byte order mark"
    );
    assert_eq!(
        found(&[&[0xef, 0xbb, 0xbf][..], FILL.as_bytes()].concat()),
        "UTF-8 with a byte order mark"
    );
    assert_eq!(found(b"{\"type\":\"\xff\"}"), "byte 0xff at column 10");
}
