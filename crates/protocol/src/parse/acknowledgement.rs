//! Facts a venue tells us.

use ledger::{
    Acknowledgement, AmendedTerms, Amount, Asset, ClientOrderId, ExecutionId, Fact, FeeCharge,
    FillFact, Leg, Liquidity, OrderFact, OrderReference, Price, Quantity, ReportedPosition,
    Settlement, SettlementId, Side, Symbol, Tenant, Timestamp, VenueOrderId, VenueRefusal,
};
use smol_str::SmolStr;

use super::account;
use super::fields::Fields;
use super::value::{Raw, Text, Units};

pub(super) const TYPES: &[&str] = &[
    "order_submitted",
    "order_accepted",
    "order_rejected",
    "order_filled",
    "order_amended",
    "order_canceled",
    "order_expired",
    "order_unknown",
    "funding_settled",
    "fee_charged",
    "position_reported",
];

pub(super) fn read(
    kind: &str,
    fields: &mut Fields<'_>,
    tenant: &Tenant,
) -> Option<Acknowledgement> {
    let account = account(fields, tenant);
    let symbol = fields.required::<Symbol>("symbol");
    let leg = fields.optional::<Leg>("leg");
    let order = OrderReference {
        client_order_id: fields.optional::<ClientOrderId>("client_order_id"),
        venue_order_id: fields.optional::<VenueOrderId>("venue_order_id"),
    };
    let occurred_at = fields.required::<Timestamp>("occurred_at");
    let raw = fields.optional::<Raw>("raw").map(|raw| raw.0);
    let fact = fact(kind, fields);
    Some(Acknowledgement {
        account: account?,
        symbol: symbol?,
        leg,
        order,
        occurred_at: occurred_at?,
        fact: fact?,
        raw,
    })
}

fn fact(kind: &str, fields: &mut Fields<'_>) -> Option<Fact> {
    Some(match kind {
        "order_submitted" => Fact::OrderSubmitted(order_fact(fields)),
        "order_accepted" => Fact::OrderAccepted(order_fact(fields)),
        "order_canceled" => Fact::OrderCanceled(order_fact(fields)),
        "order_expired" => Fact::OrderExpired(order_fact(fields)),
        "order_rejected" => Fact::OrderRejected(refusal(fields)),
        "order_unknown" => Fact::OrderUnknown(refusal(fields)),
        "order_amended" => Fact::OrderAmended(AmendedTerms {
            quantity: units(fields, "quantity"),
            price: fields.optional::<Price>("price"),
            trigger_price: fields.optional::<Price>("trigger_price"),
        }),
        "order_filled" => Fact::OrderFilled(fill(fields)?),
        "funding_settled" => payment(fields).map(|(amount, asset, settlement_id)| {
            Fact::FundingSettled(Settlement {
                amount,
                asset,
                settlement_id,
            })
        })?,
        "fee_charged" => payment(fields).map(|(amount, asset, settlement_id)| {
            Fact::FeeCharged(FeeCharge {
                amount,
                asset,
                settlement_id,
            })
        })?,
        _ => reported(fields).map(Fact::PositionReported)?,
    })
}

fn order_fact(fields: &mut Fields<'_>) -> OrderFact {
    OrderFact {
        reason: text(fields, "reason"),
    }
}

fn refusal(fields: &mut Fields<'_>) -> VenueRefusal {
    VenueRefusal {
        code: text(fields, "code"),
        reason: text(fields, "reason"),
    }
}

fn fill(fields: &mut Fields<'_>) -> Option<FillFact> {
    let execution_id = fields.required::<ExecutionId>("execution_id");
    let side = fields.required::<Side>("side");
    // Some markets have traded below zero, so that a fill's price may.
    let price = fields.required::<Price>("price");
    let quantity = fields.required::<Units>("quantity");
    let fee = fields.optional::<Amount>("fee");
    let fee_asset = fields.optional::<Asset>("fee_asset");
    if fee.is_some_and(|fee| !fee.is_zero()) && !fields.has("fee_asset") {
        fields.missing("fee_asset", "a fee without it", "what the fee was paid in");
    }
    let liquidity = fields.optional::<Liquidity>("liquidity");
    let venue_realized_pnl = fields.optional::<Amount>("venue_realized_pnl");
    let reduce_only = fields.optional::<bool>("reduce_only").unwrap_or(false);
    let cumulative_quantity = units(fields, "cumulative_quantity");
    let liquidation = fields.optional::<bool>("liquidation").unwrap_or(false);
    Some(FillFact {
        execution_id: execution_id?,
        side: side?,
        price: price?,
        quantity: quantity?.0,
        fee,
        fee_asset,
        liquidity,
        venue_realized_pnl,
        reduce_only,
        cumulative_quantity,
        liquidation,
    })
}

fn payment(fields: &mut Fields<'_>) -> Option<(Amount, Asset, Option<SettlementId>)> {
    let amount = fields.required::<Amount>("amount");
    let asset = fields.required::<Asset>("asset");
    let settlement_id = fields.optional::<SettlementId>("settlement_id");
    Some((amount?, asset?, settlement_id))
}

fn reported(fields: &mut Fields<'_>) -> Option<ReportedPosition> {
    let quantity = fields.required::<Amount>("quantity");
    let entry_price = fields.optional::<Price>("entry_price");
    let mark_price = fields.optional::<Price>("mark_price");
    Some(ReportedPosition {
        quantity: quantity?,
        entry_price,
        mark_price,
    })
}

fn units(fields: &mut Fields<'_>, name: &'static str) -> Option<Quantity> {
    fields.optional::<Units>(name).map(|quantity| quantity.0)
}

fn text(fields: &mut Fields<'_>, name: &'static str) -> Option<SmolStr> {
    fields.optional::<Text>(name).map(|text| text.0)
}
