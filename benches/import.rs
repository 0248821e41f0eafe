//! An import from end to end: lines are read, parsed, decided, appended to both copies of the journal
//! and shown, in batches as the command line sends them. Beside it, in the same run, the same lines
//! written to a plain file with one `fdatasync` a batch: what a program without a ledger would do.

#![expect(clippy::unwrap_used, reason = "a benchmark may stop")]

use std::fs::File;
use std::io::Write as _;
use std::sync::Arc;

use divan::Bencher;
use divan::counter::ItemsCount;
use engine::{Engine, Options, SystemClock};
use ledger::{Command, Tenant};
use tempfile::TempDir;

const LINES: usize = 50_000;

fn main() {
    divan::main();
}

/// Fills of 100 symbols, in and out.
fn lines() -> Vec<String> {
    (0..LINES)
        .map(|number| {
            let symbol = number % 100;
            let side = if (number / 100) % 3 == 2 {
                "sell"
            } else {
                "buy"
            };
            let price = format!("{}.{:02}", 50_000 + number % 977, number % 100);
            let quantity = 1 + number % 7;
            format!(
                concat!(
                    r#"{{"type":"order_filled","venue":"binance-usdm","mode":"live","#,
                    r#""account":"main","symbol":"COIN{}USDT","execution_id":"{}","side":"{}","#,
                    r#""price":"{}","quantity":"0.00{}","fee":"0.0123","fee_asset":"USDT","#,
                    r#""occurred_at":"2026-01-05T10:00:00Z"}}"#
                ),
                symbol, number, side, price, quantity
            )
        })
        .collect()
}

/// Lines a second into the ledger, durable; all that is derived is built beside it.
#[divan::bench(args = [1, 100, 2_000], sample_count = 5)]
fn into_the_ledger(bencher: Bencher<'_, '_>, batch: usize) {
    let lines = lines();
    let lines = lines.get(..LINES.min(batch * 2_000)).unwrap();
    let tenant = Tenant::default_tenant();
    bencher
        .counter(ItemsCount::new(lines.len()))
        .with_inputs(|| {
            let dir = TempDir::new().unwrap();
            let engine = Engine::open(dir.path(), &Options::default(), Arc::new(SystemClock))
                .unwrap()
                .0;
            (dir, engine)
        })
        .bench_local_values(|(dir, engine)| {
            let handle = engine.handle();
            for part in lines.chunks(batch) {
                let commands: Vec<Command> = part
                    .iter()
                    .map(|line| protocol::parse_command(line.as_bytes(), None, &tenant).unwrap())
                    .collect();
                handle.submit_blocking(commands).unwrap();
            }
            (dir, engine)
        });
}

/// Lines a second into a plain file.
#[divan::bench(args = [1, 100, 2_000], sample_count = 5)]
fn into_a_plain_file(bencher: Bencher<'_, '_>, batch: usize) {
    let lines = lines();
    let lines = lines.get(..LINES.min(batch * 2_000)).unwrap();
    bencher
        .counter(ItemsCount::new(lines.len()))
        .with_inputs(|| {
            let dir = TempDir::new().unwrap();
            let file = File::create(dir.path().join("lines")).unwrap();
            (dir, file)
        })
        .bench_local_values(|(dir, mut file)| {
            for part in lines.chunks(batch) {
                file.write_all(part.join("\n").as_bytes()).unwrap();
                file.sync_data().unwrap();
            }
            (dir, file)
        });
}
