//! How fast records fold into the read models, and how fast the history answers.
#![expect(clippy::unwrap_used, reason = "a benchmark may stop")]

use std::sync::LazyLock;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use ledger::{Command, Fact, FactKey, Ledger, Record, Side, Timestamp};
use projection::{Cursor, HistoryWriter, NoHistory, Projections};
use testkit::memory::{Memory, MemoryLedger};
use testkit::scenario::Target;
use testkit::values::{account, acknowledgement, fill, symbol, time, value};

fn main() {
    divan::main();
}

/// Positions in twenty symbols, each scaled in, reduced and closed by external fills with a fee.
static RECORDS: LazyLock<Vec<Record>> = LazyLock::new(|| {
    let mut memory = MemoryLedger::new(Memory::Forgetful);
    let account = account("test:sim:main");
    let start = time("2024-05-01T00:00:00Z").as_nanoseconds();
    for number in 0..20_000_i64 {
        let symbol = symbol(&format!("SYMBOL{}", number % 20));
        let (side, units) = match number / 20 % 4 {
            0 => (Side::Buy, "1.5"),
            1 => (Side::Buy, "0.25"),
            2 => (Side::Sell, "0.75"),
            _ => (Side::Sell, "1"),
        };
        let price = format!("{}.{:02}", 100 + number % 7, number % 100);
        let mut fact = fill(&format!("E{number}"), side, units, &price);
        fact.fee = Some(value("0.0123"));
        fact.fee_asset = Some(value("USDT"));
        let at = Timestamp::from_nanoseconds(start + number * 1_000_000_000);
        let mut told = acknowledgement(&account, &symbol, at, Fact::OrderFilled(fact));
        told.order.venue_order_id = Some(value(&format!("O{number}")));
        memory.submit(&Command::Acknowledgement(told), at);
    }
    memory.journal().to_vec()
});

#[divan::bench(sample_count = 10)]
fn ledger_alone(bencher: Bencher<'_, '_>) {
    bencher.counter(ItemsCount::new(RECORDS.len())).bench(|| {
        let mut ledger = Ledger::default();
        for record in RECORDS.iter() {
            ledger.apply(record);
            if record.sequence.get() % 1024 == 0 {
                ledger.forget_through(record.sequence);
            }
        }
        ledger
    });
}

#[divan::bench(sample_count = 10)]
fn projections_without_history(bencher: Bencher<'_, '_>) {
    bencher
        .counter(ItemsCount::new(RECORDS.len()))
        .bench(|| folded(NoHistory));
}

#[divan::bench(sample_count = 5)]
fn projections_with_history_on_disk(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().unwrap();
    bencher.counter(ItemsCount::new(RECORDS.len())).bench(|| {
        let mut projections = folded(HistoryWriter::temporary(folder.path()).unwrap());
        projections.history_mut().flush().unwrap();
        projections
    });
}

fn folded<S: projection::HistorySink>(history: S) -> Projections<S> {
    let mut projections = Projections::new(history);
    for record in RECORDS.iter() {
        projections.apply(record).unwrap();
    }
    projections
}

fn stored(folder: &std::path::Path) -> Projections<HistoryWriter> {
    let mut projections = folded(HistoryWriter::temporary(folder).unwrap());
    projections.history_mut().flush().unwrap();
    projections
}

#[divan::bench]
fn first_seen_of_what_is_new(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().unwrap();
    let history = stored(folder.path()).into_history().history();
    let mut number = 0_u64;
    bencher.bench_local(|| {
        number += 1;
        let mut key = [0xA5; 16];
        key.get_mut(..8)
            .unwrap()
            .copy_from_slice(&number.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
        history
            .first_seen(black_box(&FactKey::from_bytes(key)))
            .unwrap()
    });
}

#[divan::bench]
fn first_seen_of_a_repeat(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().unwrap();
    let history = stored(folder.path()).into_history().history();
    let mut keys = RECORDS.iter().filter_map(|record| record.key).cycle();
    bencher.bench_local(|| {
        history
            .first_seen(black_box(&keys.next().unwrap()))
            .unwrap()
    });
}

#[divan::bench]
fn a_finished_position(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().unwrap();
    let history = stored(folder.path()).into_history().history();
    let mut ids = RECORDS
        .iter()
        .filter_map(|record| record.position_id)
        .cycle();
    bencher.bench_local(|| history.position(black_box(ids.next().unwrap())).unwrap());
}

#[divan::bench]
fn a_page_of_the_newest_hundred_trades(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().unwrap();
    let history = stored(folder.path()).into_history().history();
    bencher.bench_local(|| history.trades(Cursor::backward()).take(100).count());
}
