//! What a replayed history must come to.

use std::collections::BTreeMap;

use ledger::{AccountId, Amount, Event, ExecutionId, FindingClass, Leg, Position, Record, Symbol};

use super::binance::{self, Oracle};
use super::hyperliquid::Break;
use crate::auditor::Exact;
use crate::values::symbol;

/// A fill that took something out of a position, with both sides' number for what it realized.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close {
    /// Whose.
    pub account: AccountId,
    /// In what.
    pub symbol: Symbol,
    /// The leg as reported.
    pub leg: Option<Leg>,
    /// Its name.
    pub execution_id: ExecutionId,
    /// By the ledger.
    pub ours: Amount,
    /// By the venue.
    pub venue: Amount,
}

impl Close {
    /// How far the two are apart.
    pub fn distance(&self) -> Exact {
        (Exact::from(self.ours) - Exact::from(self.venue)).abs()
    }
}

/// Every close of the records that the venue put a number to.
pub fn closes<'a>(records: impl IntoIterator<Item = &'a Record>) -> Vec<Close> {
    records
        .into_iter()
        .filter_map(|record| {
            let Event::OrderFilled(filled) = &record.event else {
                return None;
            };
            let effect = filled
                .effect
                .as_ref()
                .filter(|effect| !effect.closed.is_zero())?;
            Some(Close {
                account: record.account.clone()?,
                symbol: record.symbol.clone()?,
                leg: filled.leg.clone(),
                execution_id: filled.fill.execution_id.clone(),
                ours: effect.realized_pnl,
                venue: filled.fill.venue_realized_pnl?,
            })
        })
        .collect()
}

/// How the closes of a history compare with the venue's own numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agreement {
    /// How many closes.
    pub closes: usize,
    /// How many to the last digit.
    pub equal: usize,
    /// How many within the tolerance, those included.
    pub within: usize,
    /// What is wrong, in words; empty if nothing is.
    pub faults: Vec<String>,
}

fn compare(closes: &[Close], tolerance: &Exact) -> Agreement {
    Agreement {
        closes: closes.len(),
        equal: closes
            .iter()
            .filter(|close| close.ours == close.venue)
            .count(),
        within: closes
            .iter()
            .filter(|close| close.distance() <= *tolerance)
            .count(),
        faults: Vec::new(),
    }
}

fn apart(close: &Close) -> String {
    format!(
        "{} {} {}: realized {} by us, {} by the venue",
        close.account, close.symbol, close.execution_id, close.ours, close.venue
    )
}

/// Binance: every close is within 2e-8, but for the known residuals; for every key the sums of realized
/// PnL and fees and the final quantity are those of the oracle.
pub fn binance(
    records: &[Record],
    positions: &[&Position],
    quarantined: &[(AccountId, ExecutionId)],
    oracle: &Oracle,
) -> Agreement {
    let tolerance = Exact::units(2, 8);
    let closes = closes(records);
    let mut agreement = compare(&closes, &tolerance);
    let is_known = |account: &AccountId, execution: &ExecutionId| {
        oracle.residuals.iter().any(|residual| {
            binance::account_of(&residual.account) == *account
                && residual.seq.to_string() == execution.as_str()
        })
    };
    for close in &closes {
        if close.distance() > tolerance && !is_known(&close.account, &close.execution_id) {
            agreement.faults.push(apart(close));
        }
    }
    for (account, execution) in quarantined {
        if !is_known(account, execution) {
            agreement
                .faults
                .push(format!("{account} {execution}: quarantined"));
        }
    }
    for (key, sums) in &oracle.keys {
        agreement
            .faults
            .extend(binance_key(key, sums, positions, &closes));
    }
    agreement
}

/// One key of the oracle. Where it says that a close has no known open, realized PnL and fees of the
/// fills that went beyond cannot be compared, and only the quantity is.
#[expect(clippy::panic, reason = "a test may stop")]
fn binance_key(
    key: &str,
    sums: &binance::Sums,
    positions: &[&Position],
    closes: &[Close],
) -> Vec<String> {
    let parts: Vec<&str> = key.split('|').collect();
    let [account, name, position_side] = parts.as_slice() else {
        panic!("an oracle's key is account|symbol|side, not `{key}`");
    };
    let (account, name, leg) = (
        binance::account_of(account),
        symbol(name),
        binance::leg(position_side),
    );
    let mut quantity = Exact::zero();
    let mut realized = Exact::zero();
    let mut fees = Exact::zero();
    for position in positions.iter().filter(|position| {
        position.account == account && position.symbol == name && position.leg == leg
    }) {
        quantity += &Exact::from(position.numbers.quantity);
        realized += &Exact::from(position.numbers.realized_pnl);
        for fee in position.fees.values() {
            fees += &Exact::from(*fee);
        }
    }
    let mut faults = Vec::new();
    let mut demand = |what: &str, found: &Exact, expected: &str, tolerance: &Exact| {
        let expected = Exact::from(crate::values::amount(expected));
        if (found - &expected).abs() > *tolerance {
            faults.push(format!(
                "{key}: {what} is {found}, the oracle says {expected}"
            ));
        }
    };
    demand(
        "the final quantity",
        &quantity.abs(),
        &sums.final_quantity,
        &Exact::zero(),
    );
    if sums.closes_without_known_open == 0 {
        let counted = closes
            .iter()
            .filter(|close| {
                close.account == account && close.symbol == name && close.leg.as_ref() == Some(&leg)
            })
            .collect::<Vec<_>>();
        let beyond = counted
            .iter()
            .filter(|close| close.distance() > Exact::units(2, 8))
            .fold(Exact::zero(), |sum, close| sum + close.distance());
        let tolerance = &Exact::units(2 * sums.closes.max(1), 8) + &beyond;
        demand("realized PnL", &realized, &sums.realized_profit, &tolerance);
        demand("the fee", &-fees, &sums.sum_fee, &Exact::units(1, 12));
    }
    faults
}

/// `MetaTrader` 5: every close is exact.
pub fn metatrader(records: &[Record]) -> Agreement {
    let closes = closes(records);
    let mut agreement = compare(&closes, &Exact::zero());
    agreement.faults = closes
        .iter()
        .filter(|close| close.ours != close.venue)
        .map(apart)
        .collect();
    agreement
}

/// Hyperliquid: every break in the venue's start positions is a finding, and nothing else is; until
/// an account's symbol breaks, every close is within what the venue rounds its entry price by.
pub fn hyperliquid(
    records: &[Record],
    breaks: &[Break],
    price_units: &BTreeMap<Symbol, Exact>,
) -> Agreement {
    let mut first_break: BTreeMap<(AccountId, Symbol), u64> = BTreeMap::new();
    let mut findings = Vec::new();
    for record in records {
        let Event::ReconciliationFinding(finding) = &record.event else {
            continue;
        };
        let (Some(account), Some(symbol)) = (&record.account, &record.symbol) else {
            continue;
        };
        let key = (account.clone(), symbol.clone());
        first_break.entry(key).or_insert(record.sequence.get());
        if finding.class == FindingClass::EntryPrice || finding.class == FindingClass::RealizedPnl {
            continue;
        }
        let exact = |amount: Option<Amount>| amount.map_or_else(Exact::zero, Exact::from);
        findings.push(Break {
            account: account.clone(),
            symbol: symbol.clone(),
            difference: exact(finding.venue) - exact(finding.ours),
        });
    }
    let sound: Vec<Record> = records
        .iter()
        .filter(|record| {
            let key = record.account.clone().zip(record.symbol.clone());
            let broken = key.and_then(|key| first_break.get(&key).copied());
            broken.is_none_or(|sequence| record.sequence.get() < sequence)
        })
        .cloned()
        .collect();
    let mut agreement = Agreement::default();
    for (record, close) in sound.iter().flat_map(|record| {
        closes(std::iter::once(record))
            .into_iter()
            .map(move |close| (record, close))
    }) {
        let tolerance = hyperliquid_tolerance(record, price_units.get(&close.symbol));
        agreement.closes += 1;
        agreement.equal += usize::from(close.ours == close.venue);
        if close.distance() <= tolerance {
            agreement.within += 1;
        } else {
            agreement.faults.push(apart(&close));
        }
    }
    if findings != breaks {
        agreement.faults.push(format!(
            "the ledger found the breaks {findings:#?}, an independent scan {breaks:#?}"
        ));
    }
    agreement
}

/// The venue cuts the average entry price, and prints ten digits.
fn hyperliquid_tolerance(record: &Record, price_unit: Option<&Exact>) -> Exact {
    let Event::OrderFilled(filled) = &record.event else {
        return Exact::zero();
    };
    let closed = filled
        .effect
        .as_ref()
        .map_or_else(Exact::zero, |effect| effect.closed.as_amount().into());
    let unit = price_unit.cloned().unwrap_or_else(Exact::zero);
    closed * unit + Exact::units(1, 5)
}
