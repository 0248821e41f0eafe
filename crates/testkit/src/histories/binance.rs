//! Fills of public lead accounts on Binance USDⓈ-M futures, one JSON object a line.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use ledger::{
    AccountId, AccountSettings, Acknowledgement, Amount, Command, CostBasis, Fact, FillFact, Leg,
    Liquidity, PnlRounding, PositionMode, RoundingRule, Side, StopPolicy, Timestamp,
};
use serde::Deserialize;

use super::{Builder, read};
use crate::values::{account, acknowledgement, amount, fill, symbol, value};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    account: String,
    seq: u64,
    /// Milliseconds since 1970, to the second.
    time: i64,
    symbol: String,
    side: String,
    price: String,
    /// Negative when paid.
    fee: String,
    fee_asset: String,
    quantity_asset: String,
    realized_profit: String,
    qty: String,
    position_side: String,
    active_buy: bool,
}

/// What the venue reported in sum for one account, symbol and position side.
#[derive(Clone, Debug, Deserialize)]
pub struct Sums {
    /// How many fills.
    pub fills: usize,
    /// How many of them realized something.
    pub closes: usize,
    /// What they realized, by the venue.
    #[serde(rename = "sum_realizedProfit")]
    pub realized_profit: String,
    /// The fees, negative when paid.
    pub sum_fee: String,
    /// What is held at the end, if nothing was held before the first fill.
    #[serde(rename = "final_qty_if_flat_at_start")]
    pub final_quantity: String,
    /// How many closes average cost explains.
    #[serde(rename = "closes_within_2e-8")]
    pub closes_within: usize,
    /// How many closes belong to a position that was opened before the first fill.
    pub closes_without_known_open: usize,
}

/// A close that average cost does not explain to 2e-8.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Residual {
    /// Whose.
    pub account: String,
    /// Its execution id.
    pub seq: u64,
    /// In what.
    pub symbol: String,
}

/// What an independent count came to.
#[derive(Clone, Debug, Deserialize)]
pub struct Oracle {
    /// By `account|symbol|position side`.
    pub keys: BTreeMap<String, Sums>,
    /// The closes that are known not to fit.
    pub residuals: Vec<Residual>,
}

/// The account behind a number in the file.
pub fn account_of(number: &str) -> AccountId {
    account(&format!("binance-usdm:live:{number}"))
}

/// Reads an oracle file.
///
/// # Panics
/// Panics if it is not one.
#[expect(clippy::unwrap_used, reason = "a test may stop")]
pub fn oracle(path: &Path) -> Oracle {
    serde_json::from_str(&read(path)).unwrap()
}

/// Reads a file of fills.
///
/// # Panics
/// Panics if a line does not fit.
#[expect(clippy::unwrap_used, reason = "a test may stop")]
pub fn commands(path: &Path) -> Vec<Command> {
    let rows: Vec<Row> = read(path)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let hedging: BTreeSet<String> = rows
        .iter()
        .filter(|row| row.position_side != "BOTH")
        .map(|row| row.account.clone())
        .collect();
    let mut builder = Builder::default();
    for row in &rows {
        let account = account_of(&row.account);
        let settings = AccountSettings {
            position_mode: if hedging.contains(&row.account) {
                PositionMode::Hedging
            } else {
                PositionMode::Netting
            },
            cost_basis: CostBasis::Average,
            pnl_rounding: PnlRounding {
                scale: 8,
                rule: RoundingRule::Truncate,
            },
            stop_policy: StopPolicy::None,
        };
        builder.account(&account, settings);
        builder.linear(&account, &symbol(&row.symbol), "1", &row.quantity_asset);
        builder.fact(fact(&account, row));
    }
    builder.commands
}

fn fact(account: &AccountId, row: &Row) -> Acknowledgement {
    let side = side(&row.side);
    let taker = row.active_buy == (side == Side::Buy);
    let told = FillFact {
        fee: Some(amount(&row.fee).negated()),
        fee_asset: Some(value(&row.fee_asset)),
        liquidity: Some(if taker {
            Liquidity::Taker
        } else {
            Liquidity::Maker
        }),
        venue_realized_pnl: Some(value::<Amount>(&row.realized_profit)),
        ..fill(&row.seq.to_string(), side, &row.qty, &row.price)
    };
    let occurred_at = Timestamp::from_nanoseconds(row.time * 1_000_000);
    Acknowledgement {
        leg: Some(leg(&row.position_side)),
        ..acknowledgement(
            account,
            &symbol(&row.symbol),
            occurred_at,
            Fact::OrderFilled(told),
        )
    }
}

/// The side in the venue's word.
///
/// # Panics
/// Panics on any other word.
#[expect(clippy::panic, reason = "a test may stop")]
pub(super) fn side(word: &str) -> Side {
    match word {
        "BUY" | "buy" => Side::Buy,
        "SELL" | "sell" => Side::Sell,
        other => panic!("a side is BUY or SELL, not `{other}`"),
    }
}

/// The leg behind the venue's position side.
///
/// # Panics
/// Panics on any other word.
#[expect(clippy::panic, reason = "a test may stop")]
pub fn leg(position_side: &str) -> Leg {
    match position_side {
        "BOTH" => Leg::Net,
        "LONG" => Leg::Long,
        "SHORT" => Leg::Short,
        other => panic!("a position side is BOTH, LONG or SHORT, not `{other}`"),
    }
}
