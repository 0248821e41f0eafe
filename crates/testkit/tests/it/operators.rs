//! What operators journal: halts and adjustments.

use ledger::{Adjustment, Command, Event, Fact, HaltChanged, Outcome, Request, Side};
use testkit::memory::{Memory, MemoryLedger};
use testkit::scenario::Target;
use testkit::values::{account, acknowledgement, amount, fill, intent, price, symbol, time};

fn bought() -> (MemoryLedger, ledger::PositionId) {
    let mut ledger = MemoryLedger::new(Memory::Whole);
    let fact = Fact::OrderFilled(fill("E1", Side::Buy, "2", "100"));
    let told = acknowledgement(
        &account("a:live:b"),
        &symbol("X"),
        time("2024-05-01T12:00:00Z"),
        fact,
    );
    let receipt = ledger.submit(
        &Command::Acknowledgement(told),
        time("2024-05-01T12:00:00Z"),
    );
    (ledger, receipt.position_id.unwrap())
}

#[test]
fn a_halt_refuses_intents_but_no_fact() {
    let at = time("2024-05-01T12:00:01Z");
    let (mut ledger, position_id) = bought();
    let reason = HaltChanged {
        reason: "numbers differ".into(),
    };
    ledger.journal_event(None, Event::HaltEngaged(reason.clone()), at);
    let stop = Request::SetStopLoss {
        position_id,
        price: price("90"),
    };
    let note = Request::Note {
        position_id,
        text: "looking into it".into(),
    };
    let mut ask = |name: &str, request: &Request| {
        let receipt = ledger.submit(&Command::Intent(intent(name, request.clone())), at);
        (receipt.outcome, receipt.code.map(|code| code.to_string()))
    };
    assert_eq!(
        ask("I1", &stop),
        (Outcome::Rejected, Some("halted".to_owned()))
    );
    assert_eq!(ask("I2", &note), (Outcome::Accepted, None));
    let fact = Fact::OrderFilled(fill("E2", Side::Sell, "1", "101"));
    let told = acknowledgement(&account("a:live:b"), &symbol("X"), at, fact);
    let receipt = ledger.submit(&Command::Acknowledgement(told), at);
    assert_eq!(receipt.outcome, Outcome::Applied);
    ledger.journal_event(None, Event::HaltReleased(reason), at);
    let receipt = ledger.submit(&Command::Intent(intent("I3", stop)), at);
    assert_eq!(receipt.outcome, Outcome::Accepted);
}

#[test]
fn an_adjustment_moves_the_numbers_and_keeps_their_law() {
    let at = time("2024-05-01T12:00:01Z");
    let (mut ledger, id) = bought();
    let adjustment = Adjustment {
        adjustment_id: "lost-fill-7".into(),
        reason: "a fill the venue cannot show any more".into(),
        quantity: amount("-1"),
        cost: amount("-100"),
        realized_pnl: amount("3"),
    };
    ledger.journal_event(Some(id), Event::AdjustmentApplied(adjustment), at);
    let position = ledger.position(id).unwrap();
    assert_eq!(position.numbers.quantity, amount("1"));
    assert_eq!(position.numbers.cost, amount("100"));
    assert_eq!(position.numbers.cash, amount("-97"));
    assert_eq!(ledger.violations(), Vec::<String>::new());
}
