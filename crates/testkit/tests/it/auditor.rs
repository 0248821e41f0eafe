//! The auditor sees a difference where there is one, and none where there is none.

use ledger::{Command, Fact, Leg, Position, Side, Slot};
use testkit::auditor::{Auditor, Exact};
use testkit::memory::{Memory, MemoryLedger};
use testkit::scenario::Target;
use testkit::values::{account, acknowledgement, amount, fill, symbol, time, value};

fn fills() -> Vec<Command> {
    let fills = [
        ("E1", Side::Buy, "3", "33.33"),
        ("E2", Side::Buy, "4", "10.01"),
        ("E3", Side::Sell, "1", "30"),
        ("E4", Side::Sell, "9", "31"),
        ("E4", Side::Sell, "9", "31"),
    ];
    fills
        .map(|(execution, side, units, price)| {
            let mut told = fill(execution, side, units, price);
            told.fee = Some(amount("0.07"));
            told.fee_asset = Some(value("USDT"));
            let at = time("2024-05-01T12:00:00Z");
            let fact = Fact::OrderFilled(told);
            let told = acknowledgement(&account("a:live:b"), &symbol("X"), at, fact);
            Command::Acknowledgement(told)
        })
        .to_vec()
}

fn both() -> (Auditor, Vec<Position>) {
    let mut auditor = Auditor::default();
    let mut ledger = MemoryLedger::new(Memory::Whole);
    for command in fills() {
        auditor.read(&command);
        ledger.submit(&command, time("2024-05-01T12:00:00Z"));
    }
    let positions = ledger.all_positions().into_iter().cloned().collect();
    (auditor, positions)
}

#[test]
fn a_life_is_counted_by_hand() {
    let (auditor, positions) = both();
    let slot = Slot {
        account: account("a:live:b"),
        symbol: symbol("X"),
        leg: Leg::Net,
    };
    let [first, second] = auditor.lives(&slot) else {
        unreachable!("a flip makes two lives");
    };
    // 7 bought for 140.03; 1 sold at 30 and 6 at 31.
    assert_eq!(first.realized_pnl(), Exact::from(amount("75.97")));
    assert_eq!(first.held(), Exact::zero());
    assert_eq!(second.quantity(), Exact::from(amount("-3")));
    assert_eq!(second.cost(), Exact::from(amount("-93")));
    assert_eq!(auditor.differences(&positions), vec![]);
}

type Plant = (&'static str, fn(&mut Position));

/// What the ledger could get wrong, one number at a time.
#[test]
fn every_planted_difference_is_named() {
    let plants: [Plant; 6] = [
        ("quantity", |position| {
            position.numbers.quantity = position.numbers.quantity.plus(amount("1e-12")).unwrap();
        }),
        ("cost", |position| {
            position.numbers.cost = position.numbers.cost.plus(amount("1e-12")).unwrap();
        }),
        ("cash", |position| {
            position.numbers.cash = position.numbers.cash.plus(amount("1e-12")).unwrap();
        }),
        ("realized + rounding", |position| {
            position.numbers.rounding = position.numbers.rounding.plus(amount("1e-12")).unwrap();
        }),
        ("fees in USDT", |position| {
            position.fees.insert(value("USDT"), amount("0.2"));
        }),
        ("funding in USDT", |position| {
            position.funding.insert(value("USDT"), amount("0.2"));
        }),
    ];
    for (field, plant) in plants {
        let (auditor, mut positions) = both();
        plant(&mut positions[0]);
        let differences = auditor.differences(&positions);
        assert!(
            differences
                .iter()
                .any(|difference| difference.field == field),
            "{field}: {differences:?}"
        );
    }
    let (auditor, mut positions) = both();
    positions.pop();
    assert_eq!(auditor.differences(&positions)[0].field, "positions");
}
