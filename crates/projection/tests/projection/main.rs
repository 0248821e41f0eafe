//! The read models against a ledger that forgets nothing, on generated lives of an account.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

mod as_of;
mod attribution;
mod history;
mod rebuild;
mod stats;

use std::convert::Infallible;

use ledger::{Event, Ledger, Record, Sequence};
use projection::{Cursor, HistoryWriter, Projections};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use testkit::memory::{Memory, MemoryLedger};
use testkit::scenario::Target;
use testkit::strategies::{Action, Driver, action, corners};
use testkit::values::value;

/// The records that actions lead to, and the ledger that forgot nothing.
///
/// Fills are given to three strategies and nobody in turn, so that positions are shared.
fn life(actions: &[Action]) -> (Vec<Record>, Ledger) {
    let (mut driver, configuration) = Driver::new(corners());
    let mut memory = MemoryLedger::new(Memory::Forgetful);
    let submit = |memory: &mut MemoryLedger, command, at| {
        memory.submit(&command, at);
    };
    for command in configuration {
        submit(&mut memory, command, driver.now());
    }
    for action in actions {
        for command in driver.play(*action, memory.ledger()) {
            submit(&mut memory, command, driver.now());
        }
    }
    let mut records = memory.journal().to_vec();
    for record in &mut records {
        share(record);
    }
    let mut whole = Ledger::default();
    for record in &records {
        whole.apply(record);
    }
    (records, whole)
}

fn share(record: &mut Record) {
    let traders = [None, Some("alpha"), Some("beta"), Some("gamma")];
    if let Event::OrderFilled(filled) = &mut record.event {
        let turn = usize::try_from(record.sequence.get() % 4).unwrap();
        filled.strategy = traders[turn].map(value);
    }
}

fn actions(most: usize) -> impl Strategy<Value = Vec<Action>> {
    proptest::collection::vec(action(), 1..most)
}

/// A long life, always the same.
fn long_life(length: usize) -> (Vec<Record>, Ledger) {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut all = Vec::new();
    while all.len() < length {
        all.extend(actions(200).new_tree(&mut runner).unwrap().current());
    }
    life(&all)
}

fn ok(records: &[Record]) -> impl Iterator<Item = Result<Record, Infallible>> + '_ {
    records.iter().cloned().map(Ok)
}

/// A fold of `records` into a history of its own, and all that the history tells, in order.
fn folded(records: &[Record], folder: &std::path::Path) -> Projections<HistoryWriter> {
    let mut projections = Projections::new(HistoryWriter::temporary(folder).unwrap());
    for record in records {
        projections.apply(record).unwrap();
    }
    projections
}

/// All rows of a history.
#[derive(Debug, PartialEq)]
struct Listing {
    trades: Vec<projection::Trade>,
    orders: Vec<ledger::Order>,
    fills: Vec<projection::FillRow>,
}

fn listing(history: &projection::History) -> Listing {
    let all = Cursor::forward();
    Listing {
        trades: history.trades(all).collect::<Result<_, _>>().unwrap(),
        orders: history.orders(all).collect::<Result<_, _>>().unwrap(),
        fills: history.fills(all).collect::<Result<_, _>>().unwrap(),
    }
}

fn few() -> ProptestConfig {
    ProptestConfig {
        cases: 16,
        ..ProptestConfig::default()
    }
}

fn head(records: &[Record]) -> Sequence {
    records
        .last()
        .map_or(Sequence::ZERO, |record| record.sequence)
}
