use ledger::{
    AccountSettings, Amount, Command, Configuration, CostBasis, Event, Fact, Position, Side,
};
use projection::{NoHistory, Part, Projections, Share, Split};
use proptest::prelude::*;
use testkit::memory::{Memory, MemoryLedger};
use testkit::scenario::Target;
use testkit::values::{account, acknowledgement, amount, fill, symbol, time, value};

use crate::{actions, life};

fn sum(parts: &[Part], number: impl Fn(&Share) -> Amount) -> Amount {
    parts.iter().fold(Amount::ZERO, |sum, part| {
        sum.plus(number(&part.share)).unwrap()
    })
}

fn assert_whole(position: &Position, parts: &[Part]) {
    let whole = Share::whole(position);
    let numbers: [fn(&Share) -> Amount; 6] = [
        |share| share.quantity,
        |share| share.cost,
        |share| share.realized_pnl,
        |share| share.rounding,
        |share| share.entry_value,
        |share| share.exit_value,
    ];
    for number in numbers {
        assert_eq!(sum(parts, number), number(&whole), "of {parts:#?}");
    }
    for asset in whole.fees.keys() {
        let fee = |share: &Share| share.fees.get(asset).copied().unwrap_or_default();
        assert_eq!(sum(parts, fee), whole.fees[asset]);
    }
    for asset in whole.funding.keys() {
        let funding = |share: &Share| share.funding.get(asset).copied().unwrap_or_default();
        assert_eq!(sum(parts, funding), whole.funding[asset]);
    }
    for part in parts {
        let held = part.share.quantity;
        assert!(held.is_zero() || held.is_negative() == position.numbers.quantity.is_negative());
        assert!(
            position.is_held() || part.share.cost.is_zero(),
            "flat, with a cost: {part:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// At every prefix the parts of every position sum to the whole, nobody holds the other side, and
    /// a flat position has no cost left with anybody.
    #[test]
    fn parts_sum_to_the_whole(actions in actions(160)) {
        let (records, whole) = life(&actions);
        let mut projections = Projections::new(NoHistory);
        for record in &records {
            let split = |projections: &Projections<NoHistory>| {
                let position = projections.open().ledger().position(record.position_id?)?;
                Some(projections.open().split(position))
            };
            let before = split(&projections);
            projections.apply(record).unwrap();
            let Some(id) = record.position_id else { continue };
            if let Some((position, parts)) = projections.open().position(id) {
                assert_whole(position, &parts);
            } else if let (Some(Split::Shared(_)), Some(position)) = (before, whole.position(id)) {
                // Final by this record; the fill before it was split already.
                prop_assert!(position.is_final());
            }
        }
    }
}

/// Plays fills (strategy, side, units, price) with a fee of one each, and returns the parts of the one
/// position after the last; `-` is a fill that no strategy ordered.
fn parts_after(cost_basis: CostBasis, fills: &[(&str, Side, &str, &str)]) -> Vec<Part> {
    let mut memory = MemoryLedger::new(Memory::Whole);
    let (account, symbol) = (account("test:sim:main"), symbol("BTC"));
    let at = time("2024-05-01T00:00:00Z");
    let configuration = Configuration::Account {
        account: account.clone(),
        settings: AccountSettings {
            cost_basis,
            ..AccountSettings::default()
        },
        occurred_at: None,
    };
    memory.submit(&Command::Configuration(configuration), at);
    for (number, (_, side, units, price)) in fills.iter().enumerate() {
        let mut fact = fill(&format!("E{number}"), *side, units, price);
        fact.fee = Some(amount("1"));
        fact.fee_asset = Some(value("USDT"));
        let ack = acknowledgement(&account, &symbol, at, Fact::OrderFilled(fact));
        memory.submit(&Command::Acknowledgement(ack), at);
    }
    let mut strategies = fills.iter().map(|(strategy, ..)| strategy);
    let mut trades = Collected::default();
    let mut projections = Projections::new(&mut trades);
    let mut id = None;
    for mut record in memory.journal().iter().cloned() {
        if let Event::OrderFilled(filled) = &mut record.event {
            let strategy = strategies.next().unwrap();
            filled.strategy = (*strategy != "-").then(|| value(strategy));
        }
        id = id.or(record.position_id);
        projections.apply(&record).unwrap();
    }
    let open = projections
        .open()
        .position(id.unwrap())
        .map(|(position, parts)| {
            assert_whole(position, &parts);
            parts
        });
    open.unwrap_or_else(|| {
        let trade = &trades.0[0];
        assert_whole(&trade.position, &trade.parts());
        trade.parts()
    })
}

/// Keeps the trades.
#[derive(Default)]
struct Collected(Vec<projection::Trade>);

impl projection::HistorySink for &mut Collected {
    fn accept(
        &mut self,
        _: &ledger::Record,
        rows: projection::Rows,
    ) -> Result<Option<projection::Trade>, projection::HistoryError> {
        self.0.extend(rows.trade);
        Ok(None)
    }
}

/// `strategy quantity cost realized fee`, one line a part.
fn check(fills: &[(&str, Side, &str, &str)], expected: &[&str]) {
    check_by(CostBasis::Average, fills, expected);
}

fn check_by(cost_basis: CostBasis, fills: &[(&str, Side, &str, &str)], expected: &[&str]) {
    let found: Vec<String> = parts_after(cost_basis, fills)
        .iter()
        .map(|Part { strategy, share }| {
            let name = strategy.as_ref().map_or("-", |strategy| strategy.as_str());
            let fee = share.fees.values().next().copied().unwrap_or_default();
            format!(
                "{name} {} {} {} {fee}",
                share.quantity, share.cost, share.realized_pnl
            )
        })
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn one_strategy_has_all_of_it() {
    check(
        &[
            ("alpha", Side::Buy, "3", "100"),
            ("-", Side::Sell, "1", "110"),
        ],
        &["alpha 2 200 10 2"],
    );
}

#[test]
fn each_earns_what_it_would_have_earned_alone() {
    check(
        &[
            ("alpha", Side::Buy, "1", "100"),
            ("beta", Side::Buy, "1", "110"),
            ("beta", Side::Sell, "1", "120"),
        ],
        // The position released its average, 105; the five are nobody's until it is flat.
        &["alpha 1 100 0 1", "beta 0 0 10 2", "- 0 5 5 0"],
    );
    check(
        &[
            ("alpha", Side::Buy, "1", "100"),
            ("beta", Side::Buy, "1", "110"),
            ("beta", Side::Sell, "1", "120"),
            ("alpha", Side::Sell, "1", "90"),
        ],
        &["alpha 0 0 -10 2", "beta 0 0 10 2"],
    );
}

#[test]
fn who_holds_all_that_is_left_releases_cost_as_the_position_does() {
    check_by(
        CostBasis::Fifo,
        &[
            ("alpha", Side::Buy, "1", "100"),
            ("alpha", Side::Buy, "1", "200"),
            ("beta", Side::Buy, "1", "100"),
            ("beta", Side::Sell, "1", "100"),
            // The oldest lot left cost 200.
            ("alpha", Side::Sell, "1", "250"),
        ],
        &["alpha 1 100 50 3", "beta 0 0 0 2"],
    );
}

#[test]
fn a_close_takes_its_own_part_then_nobodys_then_the_others_by_name() {
    check(
        &[
            ("beta", Side::Sell, "1", "100"),
            ("-", Side::Sell, "1", "100"),
            ("alpha", Side::Sell, "1", "100"),
            ("gamma", Side::Sell, "1", "100"),
            ("gamma", Side::Buy, "2.5", "90"),
        ],
        &[
            "alpha -0.5 -50 5 1.2",
            "beta -1 -100 0 1",
            "gamma 0 0 10 1.4",
            "- 0 0 10 1.4",
        ],
    );
}

#[test]
fn what_rounding_leaves_goes_to_the_last_who_gives() {
    check(
        &[
            ("alpha", Side::Buy, "1", "100"),
            ("beta", Side::Buy, "1", "100"),
            ("gamma", Side::Buy, "1", "100"),
            ("alpha", Side::Sell, "3", "110"),
        ],
        &[
            "alpha 0 0 10 1.3333333333333333",
            "beta 0 0 10 1.3333333333333333",
            "gamma 0 0 10 1.3333333333333334",
        ],
    );
}

#[test]
fn a_flip_begins_anew_for_who_flipped() {
    let fills = [
        ("alpha", Side::Buy, "1", "100"),
        ("beta", Side::Sell, "3", "110"),
    ];
    check(&fills, &["alpha 0 0 10 1.3333333333333333"]);
}
