//! What holds for every life of a ledger.

use std::collections::BTreeMap;

use ledger::{Amount, Command, Event, FactKey, Ledger, Outcome, Record, Sequence, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use testkit::auditor::Auditor;
use testkit::memory::{Memory, MemoryLedger};
use testkit::scenario::Target;
use testkit::strategies::{Driver, Story, fills, stories};

/// A life as it was lived.
struct Life {
    ledger: MemoryLedger,
    auditor: Auditor,
    given: Vec<(Command, Timestamp)>,
}

/// Plays the actions, and checks every invariant at every record.
fn live(story: &Story) -> Result<Life, TestCaseError> {
    let mut ledger = MemoryLedger::new(Memory::Whole);
    let mut auditor = Auditor::default();
    let mut given = Vec::new();
    let (mut driver, configurations) = Driver::new(story.corners.clone());
    for command in configurations {
        step(&mut ledger, &mut auditor, &command, driver.now())?;
        given.push((command, driver.now()));
    }
    for action in &story.actions {
        for command in driver.play(*action, ledger.ledger()) {
            step(&mut ledger, &mut auditor, &command, driver.now())?;
            given.push((command, driver.now()));
        }
    }
    Ok(Life {
        ledger,
        auditor,
        given,
    })
}

fn step(
    ledger: &mut MemoryLedger,
    auditor: &mut Auditor,
    command: &Command,
    at: Timestamp,
) -> TestCaseResult {
    let decision = ledger.decide(command, at);
    prop_assert_eq!(&decision, &ledger.decide(command, at), "decide is not pure");
    let mut shadow = ledger.ledger().clone();
    for record in &decision.records {
        let broken = shadow.violations_by(record);
        prop_assert!(broken.is_empty(), "{} by {record:#?}", broken[0]);
        shadow.apply(record);
        let broken = shadow.violations();
        prop_assert!(broken.is_empty(), "{} after {record:#?}", broken[0]);
        conserved(&shadow)?;
        fill_is_whole(record)?;
    }
    let receipt = ledger.submit(command, at);
    prop_assert_eq!(&receipt, &decision.receipt);
    prop_assert_eq!(ledger.ledger(), &shadow, "apply over a clone differs");
    if receipt.outcome == Outcome::Duplicate {
        prop_assert!(decision.records.is_empty(), "a duplicate left records");
    }
    auditor.read(command);
    Ok(())
}

/// Realized PnL and what rounding cut off are cash and cost, to the last digit.
fn conserved(ledger: &Ledger) -> TestCaseResult {
    for position in ledger.positions().chain(ledger.finished()) {
        let numbers = &position.numbers;
        let flowed: Amount = numbers.cash.plus(numbers.cost).unwrap();
        prop_assert_eq!(numbers.realized_pnl.plus(numbers.rounding).unwrap(), flowed);
        if numbers.quantity.is_zero() {
            prop_assert!(
                numbers.cost.is_zero(),
                "flat with a cost of {}",
                numbers.cost
            );
        }
    }
    Ok(())
}

/// What a fill opened, closed and left over is what was reported, fee included.
fn fill_is_whole(record: &Record) -> TestCaseResult {
    if let Event::OrderFilled(filled) = &record.event
        && let Some(effect) = &filled.effect
    {
        let moved = effect.opened.plus(effect.closed).unwrap();
        prop_assert!(moved.plus(effect.excess).unwrap() <= filled.fill.quantity);
        prop_assert!(effect.opened.is_zero() || effect.closed.is_zero());
        prop_assert!(effect.extremes.mae <= Amount::ZERO && effect.extremes.mfe >= Amount::ZERO);
    }
    Ok(())
}

fn audited(life: &Life) -> TestCaseResult {
    let differences = life.auditor.differences(life.ledger.all_positions());
    prop_assert!(differences.is_empty(), "{}", differences[0]);
    Ok(())
}

fn replayed(life: &Life) -> TestCaseResult {
    let replay = || {
        let mut ledger = Ledger::default();
        for record in life.ledger.journal() {
            ledger.apply(record);
        }
        ledger
    };
    let first = replay();
    prop_assert_eq!(&first, &replay());
    prop_assert_eq!(&first, life.ledger.ledger());
    let sequences = life
        .ledger
        .journal()
        .iter()
        .map(|record| record.sequence.get());
    prop_assert!(sequences.eq(1..=life.ledger.journal().len() as u64));
    Ok(())
}

/// Every command once more, in any order: nothing may change.
fn repeated(life: &mut Life) -> TestCaseResult {
    let before = life.ledger.ledger().clone();
    let mut first: BTreeMap<FactKey, Sequence> = BTreeMap::new();
    for record in life.ledger.journal() {
        if let Some(key) = record.key {
            first.entry(key).or_insert(record.sequence);
        }
    }
    let again: Vec<(Command, Timestamp)> = life.given.iter().rev().cloned().collect();
    for (command, at) in again {
        let decision = life.ledger.decide(&command, at);
        prop_assert_eq!(
            decision.receipt.outcome,
            Outcome::Duplicate,
            "{:?}",
            command
        );
        prop_assert!(decision.records.is_empty());
        if let Some(sequence) = decision.receipt.sequence {
            let first = decision_keys(&command).map(|key| first.get(&key).copied());
            prop_assert!(
                first.contains(&Some(sequence)),
                "{command:?} is no duplicate of {sequence}"
            );
        }
    }
    prop_assert_eq!(&before, life.ledger.ledger());
    Ok(())
}

/// The name of a command, and that of its content: one of them was taken by the first of its kind.
fn decision_keys(command: &Command) -> [FactKey; 2] {
    match command {
        Command::Intent(intent) => [intent.key(), intent.content_key()],
        Command::Acknowledgement(told) => [told.key(), told.content_key()],
        Command::Mark(_) | Command::Configuration(_) => [FactKey::from_bytes([0; 16]); 2],
    }
}

/// A ledger that forgets all that is finished decides the same, word for word.
fn forgotten(life: &Life) -> TestCaseResult {
    let mut forgetful = MemoryLedger::new(Memory::Forgetful);
    for (command, at) in &life.given {
        forgetful.submit(command, *at);
    }
    for (whole, forgetful) in life.ledger.journal().iter().zip(forgetful.journal()) {
        let [whole, forgetful] = [whole, forgetful].map(|record| format!("{record:#?}"));
        let differing = whole.lines().zip(forgetful.lines()).find(|(a, b)| a != b);
        prop_assert!(
            whole == forgetful,
            "{differing:?} in {whole}\nand\n{forgetful}"
        );
    }
    prop_assert_eq!(life.ledger.journal().len(), forgetful.journal().len());
    Ok(())
}

/// `PROPTEST_CASES` asks for more; nothing is kept, since a failure prints the story itself.
fn config() -> ProptestConfig {
    let usual = ProptestConfig::default();
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    ProptestConfig {
        cases: if asked { usual.cases } else { 96 },
        failure_persistence: None,
        ..usual
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_life_is_sound_and_agrees_with_the_auditor(story in stories(120)) {
        let life = live(&story)?;
        audited(&life)?;
        replayed(&life)?;
    }

    #[test]
    fn long_lives_of_fills_agree_with_the_auditor(story in fills(200)) {
        audited(&live(&story)?)?;
    }

    #[test]
    fn a_duplicate_anywhere_changes_nothing(story in stories(80)) {
        repeated(&mut live(&story)?)?;
    }

    #[test]
    fn what_is_forgotten_is_decided_as_if_it_were_known(story in stories(80)) {
        forgotten(&live(&story)?)?;
    }
}

/// The properties are worth nothing if the stories never reach the edges.
#[test]
fn the_stories_reach_every_edge() {
    use proptest::strategy::{Strategy, ValueTree};
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut seen: BTreeMap<&'static str, usize> = BTreeMap::new();
    let mut duplicates = 0;
    for _ in 0..60 {
        let story = stories(150).new_tree(&mut runner).unwrap().current();
        let life = live(&story).unwrap();
        for record in life.ledger.journal() {
            *seen.entry(record.event.name()).or_default() += 1;
        }
        duplicates += life.given.len().saturating_sub(
            life.ledger
                .journal()
                .iter()
                .filter(|record| record.causation.is_none())
                .count(),
        );
    }
    for edge in [
        "position_flipped",
        "position_closed",
        "acknowledgement_quarantined",
        "intent_rejected",
        "order_filled",
        "external_order_adopted",
        "reconciliation_finding",
        "price_extreme_observed",
        "trail_activated",
        "stop_moved",
        "funding_settled",
        "fee_charged",
        "bulk_close_requested",
        "bulk_execute_requested",
        "queue_withdrawn",
        "cancel_requested",
        "order_unknown",
    ] {
        assert!(
            seen.get(edge).copied().unwrap_or(0) >= 1,
            "{edge}: {seen:#?}"
        );
    }
    assert!(duplicates > 50, "only {duplicates} duplicates");
}
