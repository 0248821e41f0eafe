//! How fast lines become commands, and commands lines.
//!
//! `cargo bench -p protocol`

#![expect(clippy::unwrap_used, reason = "a benchmark may stop")]

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use ledger::Tenant;
use protocol::{LINE_BYTES_MAX, Lines, parse_command, to_wire};

fn main() {
    divan::main();
}

const FILL: &str = r#"{"type":"order_filled","venue":"binance-usdm","mode":"live","account":"main","symbol":"BTCUSDT","leg":"short","client_order_id":"pl-018f2b7e7b00","venue_order_id":"8389765521","execution_id":"811223344","side":"sell","price":"66712.7","quantity":"0.029","fee":"0.96733415","fee_asset":"USDT","venue_realized_pnl":"0","occurred_at":"2024-04-22T22:34:32.123Z"}"#;
const ACCEPTED: &str = r#"{"type":"order_accepted","venue":"binance-usdm","mode":"live","account":"main","symbol":"BTCUSDT","client_order_id":"pl-018f2b7e7b00","venue_order_id":"8389765521","occurred_at":"2024-04-22T22:34:32.123Z"}"#;
const OPEN: &str = r#"{"type":"open_position","intent_id":"018f2b7e-7b00-7000-8000-000000000001","venue":"binance-usdm","mode":"live","account":"main","symbol":"BTCUSDT","side":"short","quantity":"0.029","order":{"kind":"limit","price":"66712.7"},"queue":true,"leverage":"10","stop_loss":"67000","take_profit":"65000","strategy":"breakout","signal":{"id":"tv-4711","source":"tradingview"},"context":{"vwap":"66650.5","poc":"66600"},"metadata":{"note":"x"}}"#;
const MARK: &str = r#"{"type":"mark","venue":"binance-usdm","symbol":"BTCUSDT","price":"66712.7","occurred_at":"2024-04-22T22:34:32.123Z"}"#;
const WRONG: &str = r#"{"type":"order_filled","venue":"binance-usdm","mode":"life","account":"main","symbol":"BTCUSDT","execution_id":811,"side":"SELL","price":"66,712.7","quantity":"-0.029","fe":"0.9","occurred_at":"now"}"#;

/// The line of this name.
fn line(name: &str) -> &'static str {
    match name {
        "fill" => FILL,
        "accepted" => ACCEPTED,
        "open" => OPEN,
        "mark" => MARK,
        _ => WRONG,
    }
}

#[divan::bench(args = ["fill", "accepted", "open", "mark", "wrong"])]
fn parse(bencher: Bencher<'_, '_>, name: &str) {
    let line = line(name);
    let tenant = Tenant::default_tenant();
    bencher
        .counter(ItemsCount::new(1_usize))
        .counter(BytesCount::of_str(line))
        .bench_local(|| parse_command(black_box(line.as_bytes()), None, &tenant));
}

#[divan::bench(args = ["fill", "open"])]
fn write(bencher: Bencher<'_, '_>, name: &str) {
    let command = parse_command(line(name).as_bytes(), None, &Tenant::default_tenant()).unwrap();
    bencher
        .counter(ItemsCount::new(1_usize))
        .bench_local(|| to_wire(black_box(&command)));
}

/// A file of 10,000 lines, read as an import reads it.
#[divan::bench]
fn import(bencher: Bencher<'_, '_>) {
    let tenant = Tenant::default_tenant();
    let file = format!("{FILL}\n{ACCEPTED}\n").repeat(5_000);
    bencher
        .counter(ItemsCount::new(10_000_usize))
        .counter(BytesCount::of_str(&file))
        .bench_local(|| {
            let mut lines = Lines::new(file.as_bytes(), LINE_BYTES_MAX);
            let mut read = 0_u64;
            while let Some(Ok(line)) = lines.next_line().unwrap() {
                read += u64::from(black_box(line.parse(None, &tenant)).is_ok());
            }
            assert_eq!(read, 10_000);
        });
}
