//! Every page of `fixtures/scenarios`, in three ways.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use ledger::{Event, PositionState, Transition};
use testkit::memory::{Memory, MemoryLedger};
use testkit::scenario::{Fault, Reopening, pages, run};

fn hold(memory: Memory, reopening: Reopening) {
    let pages = pages();
    assert!(pages.len() >= 40, "only {} pages", pages.len());
    let faults: Vec<Fault> = pages
        .iter()
        .flat_map(|page| run(page, &mut MemoryLedger::new(memory), reopening))
        .collect();
    let report: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert!(
        faults.is_empty(),
        "{} faults\n{}",
        faults.len(),
        report.join("\n")
    );
}

#[test]
fn every_page_holds_in_memory() {
    hold(Memory::Whole, Reopening::AsWritten);
}

#[test]
fn every_page_holds_after_reopening() {
    hold(Memory::Whole, Reopening::AfterEveryCommand);
}

#[test]
fn every_page_holds_when_what_is_finished_is_forgotten() {
    hold(Memory::Forgetful, Reopening::AsWritten);
}

/// Adding a code or a row to the lifecycle without a page for it turns this red.
#[test]
fn every_row_of_the_lifecycle_has_a_page() {
    let mut seen = Vec::new();
    for page in pages() {
        let mut ledger = MemoryLedger::new(Memory::Whole);
        run(&page, &mut ledger, Reopening::AsWritten);
        for record in ledger.journal() {
            if let Event::PositionStateChanged(event) = &record.event {
                seen.push((event.from, event.to));
            }
        }
    }
    let froms = std::iter::once(None).chain(PositionState::ALL.map(Some));
    let missing: Vec<_> = froms
        .flat_map(|from| PositionState::ALL.map(|to| Transition { from, to }))
        .filter(|row| row.is_legal() && !seen.contains(&(row.from, row.to)))
        .collect();
    assert!(missing.is_empty(), "no page shows {missing:?}");
}

#[test]
fn every_refusal_and_every_anomaly_has_a_page() {
    let text: String = pages()
        .iter()
        .map(|page| fs::read_to_string(page).unwrap())
        .collect();
    let shown: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| {
            line.split_once("-> rejected ")
                .or(line.split_once("-> quarantined "))
        })
        .map(|(_, code)| code.trim())
        .collect();
    let codes = [
        // `halted` has no page: no command halts yet. See `a_halt_refuses_intents_but_no_fact`.
        "position_not_found",
        "position_final",
        "order_not_found",
        "order_final",
        "slot_occupied",
        "not_queued",
        "nothing_held",
        "not_open",
        "already_closing",
        "exceeds_held",
        "not_monitorable",
        "protection_in_flight",
        "wrong_side_of_mark",
        "nothing_matches",
        "account_in_use",
        "instrument_in_use",
        "exists_with_different_quantity",
        "leg_missing",
        "nothing_to_close",
        "reduce_only_would_grow",
        "price_not_positive",
        "inexact",
    ];
    for code in codes {
        assert!(shown.contains(code), "no page shows {code}");
    }
}

fn faults_of(name: &str, page: &str) -> Vec<Fault> {
    let path: PathBuf = std::env::temp_dir().join(format!("{}-{name}.ledger", std::process::id()));
    fs::write(&path, page).unwrap();
    let faults = run(
        &path,
        &mut MemoryLedger::new(Memory::Whole),
        Reopening::AsWritten,
    );
    fs::remove_file(&path).unwrap();
    faults
}

/// A page that is wrong must be seen to be wrong, and where.
#[test]
fn a_wrong_page_is_told_line_by_line() {
    let page = "# wrong\n\
        account a:live:b netting\n\
        fill E1 buy 2 @ 100 -> rejected slot_occupied\n\
        call P1 net\n\
        expect P1 quantity 3 cost 200 state closed\n\
        expect P1 colour red\n\
        fill E2 sideways 2 @ 100\n\
        fill E1 buy 2 @ 100\n\
        expect events order_filled\n";
    let found: Vec<(usize, String, String)> = faults_of("wrong", page)
        .into_iter()
        .map(|fault| (fault.line, fault.expected, fault.found))
        .collect();
    let words =
        |line: usize, expected: &str, found: &str| (line, expected.to_owned(), found.to_owned());
    assert_eq!(
        found,
        [
            words(
                3,
                "rejected slot_occupied, for fill E1 buy 2 @ 100 -> rejected slot_occupied",
                "applied"
            ),
            words(5, "P1 quantity 3", "2"),
            words(5, "P1 state closed", "open"),
            words(
                6,
                "a line that can be read: expect P1 colour red",
                "a position has no field `colour`"
            ),
            words(
                7,
                "a line that can be read: fill E2 sideways 2 @ 100",
                "a side is buy or sell, not `sideways`"
            ),
            // The clock has moved on, so this is the same name at another time.
            words(
                8,
                "applied, for fill E1 buy 2 @ 100",
                "quarantined (exists_with_different_occurred_at)"
            ),
            words(9, "events order_filled", "acknowledgement_quarantined"),
        ]
    );
}
