//! Fills of Hyperliquid wallets, with the position that the venue saw before each.

use std::collections::BTreeMap;
use std::path::Path;

use ledger::{
    AccountId, AccountSettings, Acknowledgement, Amount, Command, Fact, FillFact, OrderReference,
    Quantity, ReportedPosition, Side, Symbol, Timestamp,
};
use serde::Deserialize;

use super::binance::side;
use super::{Builder, rows};
use crate::auditor::Exact;
use crate::values::{account, acknowledgement, amount, fill, quantity, symbol, value};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    account: String,
    coin: String,
    #[serde(rename = "Execution Price")]
    price: String,
    #[serde(rename = "Size Tokens")]
    size: String,
    side: String,
    /// Indian time, to the minute.
    #[serde(rename = "Timestamp IST")]
    time: String,
    #[serde(rename = "Start Position")]
    start_position: String,
    #[serde(rename = "Closed PnL")]
    closed_pnl: String,
    #[serde(rename = "Transaction Hash")]
    hash: String,
    #[serde(rename = "Order ID")]
    order: String,
    crossed: String,
    fee: String,
}

/// A place where the venue's start position does not follow from the fills before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Break {
    /// Whose.
    pub account: AccountId,
    /// In what.
    pub symbol: Symbol,
    /// The venue's quantity less what the fills come to.
    pub difference: Exact,
}

/// The account behind a wallet.
pub fn account_of(wallet: &str) -> AccountId {
    account(&format!("hyperliquid:live:{wallet}"))
}

/// Reads a file of fills: before each fill the venue's report of what was held.
///
/// # Panics
/// Panics if a row does not fit.
pub fn commands(path: &Path) -> Vec<Command> {
    let mut builder = Builder::default();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for row in rows::<Row>(path) {
        let account = account_of(&row.account);
        builder.account(&account, AccountSettings::default());
        builder.linear(&account, &symbol(&row.coin), "1", "USDC");
        // The venue's trade ids are spoilt in the file, and one transaction has many fills.
        let nth = seen.entry(row.hash.clone()).or_default();
        *nth += 1;
        let execution = format!("{}:{nth}", row.hash);
        builder.fact(report(&account, &row));
        builder.fact(execution_of(&account, &row, &execution));
    }
    builder.commands
}

/// Looks for breaks in the file alone: wherever the gap between the venue's start position and the sum
/// of the fills before it changes.
///
/// # Panics
/// Panics if a row does not fit.
pub fn breaks(path: &Path) -> Vec<Break> {
    let mut held: BTreeMap<(String, String), (Exact, Exact)> = BTreeMap::new();
    let mut found = Vec::new();
    for row in rows::<Row>(path) {
        let key = (row.account.clone(), row.coin.clone());
        let (sum, gap) = held
            .entry(key)
            .or_insert_with(|| (Exact::zero(), Exact::zero()));
        let start = Exact::from(amount(&row.start_position));
        let difference = &start - &*sum;
        if difference != *gap {
            found.push(Break {
                account: account_of(&row.account),
                symbol: symbol(&row.coin),
                difference: difference.clone(),
            });
            *gap = difference;
        }
        let received = Exact::from(received(&row).as_amount());
        match side(&row.side) {
            Side::Buy => *sum += &received,
            Side::Sell => *sum -= &received,
        }
    }
    found
}

/// What the venue rounds an entry price to, by symbol: it allows six digits (eight for spot pairs) less
/// those of the size, which the file shows.
///
/// # Panics
/// Panics if a row does not fit.
pub fn price_units(path: &Path) -> BTreeMap<Symbol, Exact> {
    let mut size_digits: BTreeMap<String, usize> = BTreeMap::new();
    for row in rows::<Row>(path) {
        let digits = row
            .size
            .split_once('.')
            .map_or(0, |(_, digits)| digits.len());
        let most = size_digits.entry(row.coin).or_default();
        *most = digits.max(*most);
    }
    size_digits
        .into_iter()
        .map(|(coin, digits)| {
            let most: u32 = if coin.starts_with('@') { 8 } else { 6 };
            let left = most.saturating_sub(u32::try_from(digits).unwrap_or(u32::MAX));
            (symbol(&coin), Exact::units(1, left))
        })
        .collect()
}

fn report(account: &AccountId, row: &Row) -> Acknowledgement {
    acknowledgement(
        account,
        &symbol(&row.coin),
        moment(&row.time),
        Fact::PositionReported(ReportedPosition {
            quantity: amount(&row.start_position),
            entry_price: None,
            mark_price: None,
        }),
    )
}

fn execution_of(account: &AccountId, row: &Row, execution: &str) -> Acknowledgement {
    let fee_asset = if pays_fee_in_coin(row) {
        &row.coin
    } else {
        "USDC"
    };
    let told = FillFact {
        quantity: received(row),
        fee: Some(amount(&row.fee)),
        fee_asset: Some(value(fee_asset)),
        liquidity: Some(if row.crossed == "TRUE" {
            ledger::Liquidity::Taker
        } else {
            ledger::Liquidity::Maker
        }),
        venue_realized_pnl: Some(value::<Amount>(&row.closed_pnl)),
        ..fill(execution, side(&row.side), &row.size, &row.price)
    };
    Acknowledgement {
        order: OrderReference {
            client_order_id: None,
            venue_order_id: Some(value(&row.order)),
        },
        ..acknowledgement(
            account,
            &symbol(&row.coin),
            moment(&row.time),
            Fact::OrderFilled(told),
        )
    }
}

/// A spot pair is written `@107`; a buy of one pays its fee in the coin bought.
fn pays_fee_in_coin(row: &Row) -> bool {
    row.coin.starts_with('@') && side(&row.side) == Side::Buy
}

/// What the fill really moved: the fee of a spot buy never arrives.
#[expect(clippy::unwrap_used, reason = "a test may stop")]
fn received(row: &Row) -> Quantity {
    if pays_fee_in_coin(row) {
        quantity(&row.size).less(quantity(&row.fee)).unwrap()
    } else {
        quantity(&row.size)
    }
}

/// `29-11-2024 7:14` in India, five and a half hours ahead.
#[expect(clippy::panic, reason = "a test may stop")]
fn moment(text: &str) -> Timestamp {
    let parts: Vec<&str> = text.split(['-', ' ']).collect();
    let [day, month, year, clock] = parts.as_slice() else {
        panic!("a time is `29-11-2024 7:14`, not `{text}`");
    };
    value(&format!("{year}-{month}-{day}T{clock:0>5}:00+05:30"))
}
