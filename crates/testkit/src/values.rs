//! Short ways to write the domain's values in a test. A text that is not valid stops the test.

use std::fmt;
use std::str::FromStr;

use ledger::{
    AccountId, Acknowledgement, Actor, Amount, Fact, FillFact, Intent, OrderReference, PositionId,
    Price, Quantity, Request, Side, Symbol, Tenant, Timestamp,
};
use uuid::Uuid;

/// Reads any of the domain's values.
///
/// # Panics
/// Panics if the text is not valid.
#[expect(clippy::panic, reason = "a test may stop")]
pub fn value<T: FromStr<Err: fmt::Display>>(text: &str) -> T {
    text.parse()
        .unwrap_or_else(|problem| panic!("a value of a test: {problem}"))
}

/// Reads `venue:mode:name` as an account of the default tenant.
///
/// # Panics
/// Panics if the text is not valid.
#[expect(clippy::panic, reason = "a test may stop")]
pub fn account(text: &str) -> AccountId {
    AccountId::parse(Tenant::default_tenant(), text)
        .unwrap_or_else(|problem| panic!("an account of a test: {problem}"))
}

/// Reads a symbol.
pub fn symbol(text: &str) -> Symbol {
    value(text)
}

/// Reads a price.
pub fn price(text: &str) -> Price {
    value(text)
}

/// Reads a quantity.
pub fn quantity(text: &str) -> Quantity {
    value(text)
}

/// Reads an amount.
pub fn amount(text: &str) -> Amount {
    value(text)
}

/// Reads a time in RFC 3339.
pub fn time(text: &str) -> Timestamp {
    value(text)
}

/// The `number`-th position id of a test; later numbers sort later, as the real ones do.
pub fn position_id(number: u64) -> PositionId {
    PositionId::new(Uuid::from_u64_pair(number, 0x8000_0000_0000_0000))
}

/// A fill with nothing but its execution.
pub fn fill(execution: &str, side: Side, units: &str, at_price: &str) -> FillFact {
    FillFact {
        execution_id: value(execution),
        side,
        price: price(at_price),
        quantity: quantity(units),
        fee: None,
        fee_asset: None,
        liquidity: None,
        venue_realized_pnl: None,
        reduce_only: false,
        cumulative_quantity: None,
        liquidation: false,
    }
}

/// A fact about an account's symbol, of no order and no leg.
pub fn acknowledgement(
    account: &AccountId,
    symbol: &Symbol,
    occurred_at: Timestamp,
    fact: Fact,
) -> Acknowledgement {
    Acknowledgement {
        account: account.clone(),
        symbol: symbol.clone(),
        leg: None,
        order: OrderReference::default(),
        occurred_at,
        fact,
        raw: None,
    }
}

/// An operator's intent.
pub fn intent(intent_id: &str, request: Request) -> Intent {
    Intent {
        tenant: Tenant::default_tenant(),
        intent_id: value(intent_id),
        actor: Actor::operator(),
        occurred_at: None,
        request,
    }
}
