//! What a frame costs: to build, to prove and decode, to append to both copies; and what a plain file
//! with `fdatasync` takes for the same bytes, in the same run.

#![expect(clippy::unwrap_used, reason = "a benchmark may stop")]

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use journal::{FrameBuilder, Journal, JournalOptions, MemoryDisk};
use ledger::{
    AccountId, Actor, Amount, Asset, Correlation, Event, ExecutionId, Extremes, FactKey,
    FillEffect, FillFact, Liquidity, OrderFilled, OrderReference, OrderStatus, OrderUpdated,
    PositionId, PositionNumbers, PositionState, PositionStateChanged, Price, Quantity, Record,
    Sequence, Source, StateCause, Symbol, Tenant, Timestamp,
};

fn main() {
    divan::main();
}

fn amount(text: &str) -> Amount {
    text.parse().unwrap()
}

fn quantity(text: &str) -> Quantity {
    text.parse().unwrap()
}

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

fn numbers() -> PositionNumbers {
    PositionNumbers {
        quantity: amount("0.029"),
        cost: amount("1934.6683"),
        cash: amount("-1934.6683"),
        realized_pnl: amount("20.66831"),
        rounding: Amount::ZERO,
    }
}

fn fill(number: u64) -> Event {
    let effect = FillEffect {
        opened: quantity("0.029"),
        closed: Quantity::ZERO,
        excess: Quantity::ZERO,
        value: amount("1934.6683"),
        cost_added: amount("1934.6683"),
        cost_released: Amount::ZERO,
        realized_pnl: Amount::ZERO,
        rounding: Amount::ZERO,
        fee: amount("0.96733415"),
        fee_asset: Some("USDT".parse::<Asset>().unwrap()),
        lots_released: Vec::new(),
        before: PositionNumbers::default(),
        after: numbers(),
        extremes: Extremes {
            best_price: Some(price("66712.7")),
            worst_price: Some(price("66712.7")),
            mae: Amount::ZERO,
            mfe: Amount::ZERO,
        },
    };
    Event::OrderFilled(Box::new(OrderFilled {
        fill: FillFact {
            execution_id: ExecutionId::new(format!("{}", 811_000_000 + number)).unwrap(),
            side: ledger::Side::Sell,
            price: price("66712.7"),
            quantity: quantity("0.029"),
            fee: Some(amount("0.96733415")),
            fee_asset: Some("USDT".parse().unwrap()),
            liquidity: Some(Liquidity::Taker),
            venue_realized_pnl: Some(Amount::ZERO),
            reduce_only: false,
            cumulative_quantity: None,
            liquidation: false,
        },
        leg: None,
        reference: OrderReference {
            client_order_id: None,
            venue_order_id: Some(format!("{}", 34_000_000_000 + number).parse().unwrap()),
        },
        order: Some(Sequence::new(number)),
        order_status: Some(OrderStatus::PartiallyFilled),
        order_filled_quantity: Some(quantity("0.029")),
        strategy: None,
        effect: Some(effect),
        flags: BTreeSet::new(),
    }))
}

/// Two of three records are fills, the rest is what surrounds them.
fn record(sequence: Sequence) -> Record {
    let number = sequence.get();
    let event = match number % 6 {
        0 => Event::OrderAccepted(OrderUpdated {
            order: sequence,
            client_order_id: None,
            venue_order_id: Some(format!("{}", 34_000_000_000 + number).parse().unwrap()),
            status: OrderStatus::Accepted,
            code: None,
            reason: None,
            flags: BTreeSet::new(),
        }),
        1 => Event::PositionStateChanged(PositionStateChanged {
            from: Some(PositionState::Submitting),
            to: PositionState::Open,
            cause: StateCause::FirstFill,
            flags: BTreeSet::new(),
        }),
        _ => fill(number),
    };
    let tenant = Tenant::default_tenant();
    let position = PositionId::new(uuid::Uuid::from_u128(u128::from(number / 8)));
    let nanoseconds = 1_700_000_000_000_000_000 + number.cast_signed() * 1_000_003;
    Record {
        sequence,
        recorded_at: Timestamp::from_nanoseconds(nanoseconds),
        occurred_at: Timestamp::from_nanoseconds(nanoseconds - 20_000_000),
        account: Some(AccountId::parse(tenant.clone(), "binance-usdm:live:main").unwrap()),
        tenant,
        symbol: Some("BTCUSDT".parse::<Symbol>().unwrap()),
        position_id: Some(position),
        actor: Actor::new("venue:binance-usdm").unwrap(),
        causation: None,
        correlation: Correlation::position(position),
        key: Some(FactKey::from_bytes([7; 16])),
        source: Source::None,
        event,
    }
}

fn records(first: Sequence, count: u64) -> Vec<Record> {
    (0..count).map(|step| record(first.plus(step))).collect()
}

#[divan::bench]
fn encode_100(bencher: Bencher<'_, '_>) {
    let records = records(Sequence::FIRST, 100);
    let mut frame = FrameBuilder::new();
    bencher.counter(ItemsCount::new(100_u64)).bench_local(|| {
        frame.clear();
        frame.push_all(black_box(&records)).unwrap()
    });
}

/// A journal in memory with 100,000 records in frames of 100.
fn in_memory() -> Journal {
    let (mut journal, _) = Journal::in_memory(&MemoryDisk::new()).unwrap();
    for _ in 0..1000 {
        let next = journal.head().next();
        journal.append(next, &records(next, 100)).unwrap();
    }
    journal
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn read_100_000(bencher: Bencher<'_, '_>) {
    let journal = in_memory();
    let reader = journal.reader();
    bencher
        .counter(ItemsCount::new(100_000_u64))
        .bench_local(|| {
            reader
                .frames_from(Sequence::FIRST)
                .map(|frame| frame.unwrap().records.len())
                .sum::<usize>()
        });
}

#[divan::bench]
fn read_one_anywhere(bencher: Bencher<'_, '_>) {
    let journal = in_memory();
    let reader = journal.reader();
    let mut at = 1;
    bencher.counter(ItemsCount::new(1_u64)).bench_local(|| {
        at = (at * 48_271) % 99_991 + 1;
        reader.record(Sequence::new(at)).unwrap()
    });
}

/// A folder on the disk that the build is on, and not in memory.
fn folder() -> tempfile::TempDir {
    let parent = Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::create_dir_all(parent).unwrap();
    tempfile::tempdir_in(parent).unwrap()
}

#[divan::bench(args = [1, 100, 300], sample_count = 300, sample_size = 1)]
fn append_both_synced(bencher: Bencher<'_, '_>, count: u64) {
    let dir = folder();
    let (mut journal, _) = Journal::open(dir.path(), &JournalOptions::default()).unwrap();
    // The records are drawn outside of what is measured, one sample after another.
    let mut drawn = Sequence::FIRST;
    bencher
        .counter(ItemsCount::new(count))
        .with_inputs(|| {
            let records = records(drawn, count);
            drawn = drawn.plus(count);
            records
        })
        .bench_local_values(|records| {
            let next = journal.head().next();
            journal.append(next, &records).unwrap()
        });
}

#[divan::bench(args = [1, 100, 300], sample_count = 300, sample_size = 1)]
fn append_plain_file(bencher: Bencher<'_, '_>, count: u64) {
    let dir = folder();
    let (mut memory, _) = Journal::in_memory(&MemoryDisk::new()).unwrap();
    let info = memory
        .append(Sequence::FIRST, &records(Sequence::FIRST, count))
        .unwrap();
    let bytes = vec![0xa5; usize::try_from(info.bytes).unwrap()];
    let path = dir.path().join("plain");
    let mut file: File = OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .unwrap();
    bencher
        .counter(ItemsCount::new(count))
        .counter(BytesCount::new(bytes.len()))
        .bench_local(|| {
            file.write_all(&bytes).unwrap();
            file.sync_data().unwrap();
        });
}
