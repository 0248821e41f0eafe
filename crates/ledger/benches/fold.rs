//! How fast the ledger decides and folds: fills on 100 positions, scaling in and out.

#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "a benchmark may stop"
)]

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use ledger::{
    AccountId, Acknowledgement, Command, Fact, FillFact, Known, Ledger, Moment, OrderReference,
    Record, Side, Symbol, Tenant, Timestamp,
};

const FILLS: u32 = 10_000;

fn main() {
    divan::main();
}

fn fills() -> Vec<Command> {
    let account = AccountId::parse(Tenant::default_tenant(), "binance-usdm:live:main").unwrap();
    let symbols: Vec<Symbol> = (0..100)
        .map(|n| format!("COIN{n}USDT").parse().unwrap())
        .collect();
    (0..FILLS)
        .zip(symbols.iter().cycle())
        .map(|(number, symbol)| {
            // Two in, one out, with prices that do not divide evenly.
            let side = if (number / 100) % 3 == 2 {
                Side::Sell
            } else {
                Side::Buy
            };
            Command::Acknowledgement(Acknowledgement {
                account: account.clone(),
                symbol: symbol.clone(),
                leg: None,
                order: OrderReference::default(),
                occurred_at: Timestamp::from_nanoseconds(i64::from(number) * 1_000_000),
                fact: Fact::OrderFilled(FillFact {
                    execution_id: number.to_string().parse().unwrap(),
                    side,
                    price: format!("{}.{:02}", 50_000 + number % 977, number % 100)
                        .parse()
                        .unwrap(),
                    quantity: format!("0.{:03}", 1 + number % 7).parse().unwrap(),
                    fee: "0.0123".parse().ok(),
                    fee_asset: "USDT".parse().ok(),
                    liquidity: None,
                    venue_realized_pnl: None,
                    reduce_only: false,
                    cumulative_quantity: None,
                    liquidation: false,
                }),
                raw: None,
            })
        })
        .collect()
}

fn decide_all(commands: &[Command], ledger: &mut Ledger, mut keep: impl FnMut(Record)) {
    let known = Known::default();
    for (number, command) in (1_u64..).zip(commands) {
        let at = Timestamp::from_nanoseconds(i64::try_from(number).unwrap());
        let decision = ledger.decide(command, &known, &Moment::of(command, at));
        for record in decision.records {
            ledger.apply(&record);
            keep(record);
        }
    }
}

/// Commands a second: decided and applied.
#[divan::bench]
fn decide_and_apply(bencher: Bencher<'_, '_>) {
    let commands = fills();
    bencher.counter(ItemsCount::new(commands.len())).bench(|| {
        let mut ledger = Ledger::default();
        decide_all(black_box(&commands), &mut ledger, |record| {
            black_box(record);
        });
        ledger
    });
}

/// Records a second: folded into the state.
#[divan::bench]
fn apply(bencher: Bencher<'_, '_>) {
    let mut records = Vec::new();
    decide_all(&fills(), &mut Ledger::default(), |record| {
        records.push(record);
    });
    bencher.counter(ItemsCount::new(records.len())).bench(|| {
        let mut ledger = Ledger::default();
        for record in black_box(&records) {
            ledger.apply(record);
        }
        ledger
    });
}
