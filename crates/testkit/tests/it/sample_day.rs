//! The sample day: the page holds, the committed lines are the page's, and each is read as intended.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use ledger::{Command, Outcome, Tenant, Timestamp};
use testkit::memory::{Memory, MemoryLedger};
use testkit::scenario::{Given, Target, play};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/sample_day")
}

fn played() -> (MemoryLedger, Vec<Given>) {
    let mut ledger = MemoryLedger::new(Memory::Whole);
    let (faults, given) = play(&folder().join("day.ledger"), &mut ledger);
    let report: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert!(
        faults.is_empty(),
        "{} faults\n{}",
        faults.len(),
        report.join("\n")
    );
    (ledger, given)
}

/// `POSLEDGER_BLESS=1` writes the files anew.
fn same_or_blessed(file: &str, lines: &[String]) {
    let path = folder().join(file);
    let text = lines.join("\n") + "\n";
    if std::env::var_os("POSLEDGER_BLESS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap();
    let differing = committed
        .lines()
        .zip(text.lines())
        .position(|(a, b)| a != b);
    assert!(
        committed == text,
        "{file} is not what the page comes to, from line {differing:?}"
    );
}

#[test]
fn the_files_are_what_the_page_comes_to() {
    let (_, given) = played();
    let (config, day): (Vec<&Given>, Vec<&Given>) = given
        .iter()
        .partition(|given| matches!(given.command, Command::Configuration(_)));
    let lines = |given: Vec<&Given>| -> Vec<String> {
        given
            .iter()
            .map(|given| protocol::to_wire(&given.command))
            .collect()
    };
    let (config, day) = (lines(config), lines(day));
    assert!(
        (250..=600).contains(&(config.len() + day.len())),
        "{} lines",
        day.len()
    );
    same_or_blessed("config.jsonl", &config);
    same_or_blessed("day.jsonl", &day);
}

/// Reads the committed files as an importer does, at a moment that has nothing to do with the day.
#[test]
fn every_line_is_read_and_comes_to_what_was_intended() {
    let (played, _) = played();
    let mut ledger = MemoryLedger::new(Memory::Whole);
    let mut outcomes: BTreeMap<&'static str, usize> = BTreeMap::new();
    let now: Timestamp = "2025-01-01T00:00:00Z".parse().unwrap();
    for file in ["config.jsonl", "day.jsonl"] {
        let text = fs::read_to_string(folder().join(file)).unwrap();
        for (at, line) in text.lines().enumerate() {
            let command = protocol::parse_command(line.as_bytes(), None, &Tenant::default_tenant());
            let command =
                command.unwrap_or_else(|problems| panic!("{file}:{}: {problems:?}", at + 1));
            let receipt = ledger.submit(&command, now);
            *outcomes.entry(receipt.outcome.as_str()).or_default() += 1;
        }
    }
    assert_eq!(
        outcomes.get(Outcome::Duplicate.as_str()),
        Some(&1),
        "{outcomes:?}"
    );
    assert_eq!(
        outcomes.get(Outcome::Quarantined.as_str()),
        Some(&2),
        "{outcomes:?}"
    );
    assert_eq!(
        outcomes.get(Outcome::Rejected.as_str()),
        Some(&1),
        "{outcomes:?}"
    );
    let events = |ledger: &MemoryLedger| -> Vec<_> {
        ledger
            .journal()
            .iter()
            .map(|record| record.event.clone())
            .collect()
    };
    assert_eq!(
        events(&ledger),
        events(&played),
        "the lines and the page differ"
    );
}

#[test]
fn the_day_has_all_that_a_demo_needs() {
    let (ledger, _) = played();
    let mut of_position: BTreeMap<_, usize> = BTreeMap::new();
    let mut names: BTreeMap<&'static str, usize> = BTreeMap::new();
    for record in ledger.journal() {
        *names.entry(record.event.name()).or_default() += 1;
        if let Some(id) = record.position_id {
            *of_position.entry(id).or_default() += 1;
        }
    }
    let eventful = of_position.values().max().copied().unwrap_or(0);
    assert!(
        eventful >= 40,
        "the most eventful position has {eventful} events"
    );
    assert!(
        ledger.positions().len() >= 5,
        "only {} are left open",
        ledger.positions().len()
    );
    for name in [
        "position_queued",
        "queue_withdrawn",
        "entry_requested",
        "exit_requested",
        "stop_loss_requested",
        "take_profit_requested",
        "trailing_requested",
        "cancel_requested",
        "amend_requested",
        "monitoring_started",
        "bulk_execute_requested",
        "bulk_close_requested",
        "intent_rejected",
        "order_submitted",
        "order_accepted",
        "order_rejected",
        "order_filled",
        "order_amended",
        "order_canceled",
        "order_expired",
        "order_unknown",
        "funding_settled",
        "fee_charged",
        "position_reported",
        "price_extreme_observed",
        "position_opened",
        "position_flipped",
        "position_closed",
        "trail_activated",
        "stop_moved",
        "external_order_adopted",
        "reconciliation_finding",
        "acknowledgement_quarantined",
        "note_added",
    ] {
        assert!(names.contains_key(name), "the day has no {name}");
    }
}
