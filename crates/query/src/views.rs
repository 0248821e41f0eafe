//! Read models as views.

use ledger::{Amount, Asset, Ledger, Position};
use projection::{AsOf, Correction, CorrectionKind, FillRow, Part, PositionEffect, Trade};
use protocol::views::{
    AttributionView, CorrectionsView, FillEffectView, FillParts, FillView, PositionView,
    UNATTRIBUTED,
};
use std::collections::BTreeMap;

/// What a position that is not final looks like, at the last mark.
pub(crate) fn open_position(
    ledger: &Ledger,
    position: &Position,
    parts: Vec<Part>,
) -> PositionView {
    let mark = ledger.mark(&position.account.instrument(&position.symbol));
    let unrealized = ledger.unrealized_pnl(position);
    let parts = parts.into_iter().map(attribution).collect();
    PositionView::from_position(
        position,
        mark,
        unrealized,
        parts,
        CorrectionsView::default(),
    )
}

/// What a finished position looks like.
pub(crate) fn trade(trade: &Trade) -> PositionView {
    finished_position(&trade.position, trade.parts(), &trade.corrections)
}

/// What a finished position looks like, with what came after it was final.
pub(crate) fn finished_position(
    position: &Position,
    parts: Vec<Part>,
    later: &[Correction],
) -> PositionView {
    let parts = parts.into_iter().map(attribution).collect();
    PositionView::from_position(position, None, None, parts, corrections(later))
}

fn attribution(part: Part) -> AttributionView {
    AttributionView {
        strategy: part
            .strategy
            .map_or_else(|| UNATTRIBUTED.into(), |strategy| strategy.as_str().into()),
        quantity: part.share.quantity,
        cost: part.share.cost,
        realized_pnl: part.share.realized_pnl,
        fees: part.share.fees,
    }
}

fn corrections(later: &[Correction]) -> CorrectionsView {
    let mut view = CorrectionsView::default();
    for correction in later {
        match correction.kind {
            CorrectionKind::Fee => add(&mut view.fees, correction, correction.amount.negated()),
            CorrectionKind::Funding => add(&mut view.funding, correction, correction.amount),
        }
    }
    view
}

fn add(totals: &mut BTreeMap<Asset, Amount>, correction: &Correction, amount: Amount) {
    let total = totals.entry(correction.asset.clone()).or_default();
    // A sum beyond 28 digits stays at what could be held; each payment is in the journal.
    *total = total.plus(amount).unwrap_or(*total);
}

/// Whether a correction had come at a moment.
pub(crate) fn had_come(correction: &Correction, as_of: AsOf) -> bool {
    match as_of {
        AsOf::Sequence(last) => correction.sequence <= last,
        AsOf::RecordedAt(time) => correction.recorded_at <= time,
        AsOf::OccurredAt(time) => correction.occurred_at <= time,
    }
}

/// What a fill looks like; nothing if the row is not about an account and a symbol, as every fill is.
pub(crate) fn fill(row: FillRow) -> Option<FillView> {
    Some(FillView::from(FillParts {
        sequence: row.sequence,
        recorded_at: row.recorded_at,
        occurred_at: row.occurred_at,
        account: row.account?,
        symbol: row.symbol?,
        leg: row.leg,
        fill: row.fill,
        reference: row.reference,
        order: row.order,
        strategy: row.strategy,
        flags: row.flags,
        effects: row.effects.into_iter().map(effect).collect(),
    }))
}

fn effect(effect: PositionEffect) -> FillEffectView {
    FillEffectView {
        position_id: effect.position_id,
        opened: effect.opened,
        closed: effect.closed,
        excess: effect.excess,
        value: effect.value,
        cost_added: effect.cost_added,
        cost_released: effect.cost_released,
        realized_pnl: effect.realized_pnl,
        rounding: effect.rounding,
        fee: effect.fee,
        fee_asset: effect.fee_asset,
    }
}
