//! Every page of `fixtures/scenarios` on a real disk, straight through and reopened all the time.

use testkit::scenario::{self, Reopening};

use crate::disk::DiskLedger;

fn hold_all(reopening: Reopening) {
    let pages = scenario::pages();
    assert!(pages.len() >= 40, "{} pages", pages.len());
    let mut faults = Vec::new();
    for page in &pages {
        faults.extend(scenario::run(page, &mut DiskLedger::new(), reopening));
    }
    let words: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert!(
        faults.is_empty(),
        "{} faults\n{}",
        faults.len(),
        words.join("\n")
    );
}

#[test]
fn every_page_holds_on_disk() {
    hold_all(Reopening::AsWritten);
}

#[test]
fn every_page_holds_when_the_ledger_is_reopened_after_every_command() {
    hold_all(Reopening::AfterEveryCommand);
}
