//! Real and self-written trade histories: the venue's own numbers must come out.

use std::path::Path;

use ledger::{AccountId, Command, Event, ExecutionId, Fact, Outcome, Position, Timestamp};
use testkit::auditor::Auditor;
use testkit::histories::check::{self, Agreement};
use testkit::histories::{binance, corpus, fixtures, hyperliquid, metatrader};
use testkit::memory::{Memory, MemoryLedger};
use testkit::scenario::Target;

struct Replayed {
    ledger: MemoryLedger,
    auditor: Auditor,
    quarantined: Vec<(AccountId, ExecutionId)>,
}

impl Replayed {
    fn positions(&self) -> Vec<&Position> {
        self.ledger.all_positions()
    }
}

fn replay(commands: &[Command]) -> Replayed {
    let mut ledger = MemoryLedger::new(Memory::Whole);
    let mut auditor = Auditor::default();
    let mut quarantined = Vec::new();
    for command in commands {
        let at = match command {
            Command::Acknowledgement(told) => told.occurred_at,
            Command::Intent(_) | Command::Mark(_) | Command::Configuration(_) => {
                Timestamp::default()
            }
        };
        let receipt = ledger.submit(command, at);
        auditor.read(command);
        assert_ne!(receipt.outcome, Outcome::Duplicate, "{command:?}");
        if let (Outcome::Quarantined, Command::Acknowledgement(told)) = (receipt.outcome, command)
            && let Fact::OrderFilled(fill) = &told.fact
        {
            quarantined.push((told.account.clone(), fill.execution_id.clone()));
        }
    }
    assert_eq!(ledger.violations(), Vec::<String>::new());
    let replayed = Replayed {
        ledger,
        auditor,
        quarantined,
    };
    let differences = replayed.auditor.differences(replayed.positions());
    assert!(differences.is_empty(), "{}", differences[0]);
    replayed
}

fn sound(agreement: Agreement, at_least: usize) -> Agreement {
    assert!(agreement.faults.is_empty(), "{:#?}", agreement.faults);
    assert!(
        agreement.closes >= at_least,
        "only {} closes",
        agreement.closes
    );
    println!(
        "{} closes, {} equal to the last digit, {} within the tolerance",
        agreement.closes, agreement.equal, agreement.within
    );
    agreement
}

fn binance_agrees(folder: &Path, name: &str, at_least: usize) -> Agreement {
    let commands = binance::commands(&folder.join(format!("{name}.jsonl")));
    let oracle = binance::oracle(&folder.join(format!("{name}.oracle.json")));
    let replayed = replay(&commands);
    let agreement = check::binance(
        replayed.ledger.journal(),
        &replayed.positions(),
        &replayed.quarantined,
        &oracle,
    );
    sound(agreement, at_least)
}

#[test]
fn binance_closes_are_the_venues() {
    let agreement = binance_agrees(&fixtures(), "binance_um_leadtraders", 17);
    // One close goes beyond what was opened in the window.
    assert_eq!(agreement.equal, agreement.closes - 1);
    if let Some(corpus) = corpus() {
        let agreement = binance_agrees(&corpus, "binance_um_leadtraders_full", 1_947);
        assert!(agreement.equal >= 1_852, "only {} equal", agreement.equal);
        assert!(
            agreement.within >= 1_944,
            "only {} within",
            agreement.within
        );
    }
}

fn metatrader_agrees(deals: &Path, positions: &Path, at_least: usize) -> usize {
    let replayed = replay(&metatrader::commands(deals, positions));
    assert_eq!(replayed.quarantined, vec![]);
    let agreement = sound(check::metatrader(replayed.ledger.journal()), at_least);
    assert_eq!(agreement.equal, agreement.closes);
    replayed.positions().len()
}

#[test]
fn metatrader_closes_are_the_venues() {
    let fixtures = fixtures();
    let (deals, positions) = (
        fixtures.join("mt5_deals.csv"),
        fixtures.join("mt5_positions_inferred.csv"),
    );
    assert_eq!(metatrader_agrees(&deals, &positions, 8), 6);
    if let Some(corpus) = corpus() {
        let name = "mt5_strategy_tester_xauusd_hedge";
        let (deals, positions) = (
            corpus.join(format!("{name}_deals_first.csv")),
            corpus.join(format!("{name}_positions_inferred_first.csv")),
        );
        assert_eq!(metatrader_agrees(&deals, &positions, 500), 500);
    }
}

fn hyperliquid_agrees(fills: &Path, at_least: usize) -> (Agreement, usize, usize) {
    let replayed = replay(&hyperliquid::commands(fills));
    assert_eq!(replayed.quarantined, vec![]);
    let breaks = hyperliquid::breaks(fills);
    let units = hyperliquid::price_units(fills);
    let agreement = check::hyperliquid(replayed.ledger.journal(), &breaks, &units);
    let flips = replayed.ledger.journal().iter();
    let flips = flips
        .filter(|record| matches!(record.event, Event::PositionFlipped(_)))
        .count();
    (sound(agreement, at_least), breaks.len(), flips)
}

#[test]
fn hyperliquid_closes_flips_and_breaks_are_found() {
    let (agreement, breaks, flips) =
        hyperliquid_agrees(&fixtures().join("hyperliquid_fills.csv"), 7);
    assert_eq!(agreement.within, agreement.closes);
    assert_eq!((breaks, flips), (2, 2));
    if let Some(corpus) = corpus() {
        let fills = corpus.join("hyperliquid_fills_two_wallets.csv");
        let (agreement, breaks, _) = hyperliquid_agrees(&fills, 1_000);
        assert_eq!(agreement.within, agreement.closes);
        assert_eq!(breaks, 14);
    }
}
