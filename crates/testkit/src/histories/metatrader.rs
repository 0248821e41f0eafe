//! Deals of a `MetaTrader` 5 hedging account, with the position each belongs to in a second table.

use std::collections::BTreeMap;
use std::path::Path;

use ledger::{
    AccountId, AccountSettings, Acknowledgement, Amount, Command, CostBasis, Fact, FillFact, Leg,
    OrderReference, PnlRounding, PositionMode, StopPolicy, Timestamp,
};
use serde::Deserialize;

use super::binance::side;
use super::{Builder, rows};
use crate::values::{account, acknowledgement, amount, fill, symbol, value};

#[derive(Debug, Deserialize)]
struct Deal {
    time: String,
    #[serde(rename = "deal")]
    number: String,
    symbol: String,
    #[serde(rename = "type")]
    kind: String,
    volume: String,
    price: String,
    order: String,
    commission: String,
    swap: String,
    profit: String,
}

#[derive(Debug, Deserialize)]
struct Inferred {
    deal: String,
    position_inferred: String,
}

/// The one account of these files.
pub fn account_id() -> AccountId {
    account("metatrader5:sim:tester")
}

/// Reads the deals and the positions they belong to. Deposits are not about a position and left out.
///
/// # Panics
/// Panics if a row does not fit.
pub fn commands(deals: &Path, positions: &Path) -> Vec<Command> {
    let tickets: BTreeMap<String, String> = rows::<Inferred>(positions)
        .into_iter()
        .map(|row| (row.deal, row.position_inferred))
        .collect();
    let account = account_id();
    let mut builder = Builder::default();
    builder.account(
        &account,
        AccountSettings {
            position_mode: PositionMode::Ticket,
            cost_basis: CostBasis::PerTicket,
            pnl_rounding: PnlRounding::default(),
            stop_policy: StopPolicy::None,
        },
    );
    for deal in rows::<Deal>(deals)
        .iter()
        .filter(|deal| deal.kind != "balance")
    {
        // One lot of gold is 100 ounces.
        builder.linear(&account, &symbol(&deal.symbol), "100", "USD");
        builder.fact(fact(&account, deal, tickets.get(&deal.number)));
    }
    builder.commands
}

#[expect(clippy::unwrap_used, reason = "a test may stop")]
fn fact(account: &AccountId, deal: &Deal, ticket: Option<&String>) -> Acknowledgement {
    let charged = amount(&deal.commission).plus(amount(&deal.swap)).unwrap();
    let told = FillFact {
        fee: (!charged.is_zero()).then(|| charged.negated()),
        fee_asset: (!charged.is_zero()).then(|| value("USD")),
        venue_realized_pnl: Some(value::<Amount>(&deal.profit)),
        ..fill(&deal.number, side(&deal.kind), &deal.volume, &deal.price)
    };
    Acknowledgement {
        leg: Some(Leg::Ticket(value(ticket.unwrap()))),
        order: OrderReference {
            client_order_id: None,
            venue_order_id: Some(value(&deal.order)),
        },
        ..acknowledgement(
            account,
            &symbol(&deal.symbol),
            moment(&deal.time),
            Fact::OrderFilled(told),
        )
    }
}

/// `2024.01.02 01:35:00`, in the server's time; it is read as UTC, since only its order matters here.
fn moment(text: &str) -> Timestamp {
    value(&format!("{}Z", text.replace('.', "-").replace(' ', "T")))
}
