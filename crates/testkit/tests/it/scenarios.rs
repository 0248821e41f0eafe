//! Every page of `fixtures/scenarios`, in three ways.

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
