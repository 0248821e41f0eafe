//! The rows of the history, and who takes them in.

use std::collections::{BTreeMap, BTreeSet};

use ledger::{
    AccountId, Amount, Asset, Event, FillEffect, FillFact, Flag, Inexact, Ledger, Leg, Order,
    OrderFilled, OrderReference, Position, PositionId, Quantity, Record, Sequence, SettlementId,
    Strategy, Symbol, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::attribution::{Part, Split};
use crate::history::{History, HistoryError};
use crate::orders::order_number;

/// A finished position, and what came after it was final.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trade {
    /// The record that made it final; trades are ordered by it.
    pub finished: Sequence,
    /// When that was recorded.
    pub finished_at: Timestamp,
    /// The position, as it was in its last moment.
    pub position: Position,
    /// How it is split by strategy.
    pub split: Split,
    /// Fees and funding that came later, oldest first.
    pub corrections: Vec<Correction>,
}

/// A fee or funding payment for a position that was final already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// The record.
    pub sequence: Sequence,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// The venue's time.
    pub occurred_at: Timestamp,
    /// The position it corrects.
    pub position_id: PositionId,
    /// Fee or funding.
    pub kind: CorrectionKind,
    /// Positive when received.
    pub amount: Amount,
    /// What it was paid in.
    pub asset: Asset,
    /// The venue's name for it.
    pub settlement_id: Option<SettlementId>,
}

/// What a correction adds to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CorrectionKind {
    /// The fees.
    Fee,
    /// The funding.
    Funding,
}

impl Trade {
    /// The parts that strategies have in it, without corrections.
    pub fn parts(&self) -> Vec<Part> {
        self.split.parts(&self.position)
    }

    /// The trade as it was known after `sequence`, without later corrections.
    #[must_use]
    pub fn as_of(mut self, sequence: Sequence) -> Self {
        self.corrections
            .retain(|correction| correction.sequence <= sequence);
        self
    }

    /// Fees by asset, corrections included; positive when paid.
    ///
    /// # Errors
    /// Returns [`Inexact`] if 28 digits cannot hold a sum.
    pub fn fees(&self) -> Result<BTreeMap<Asset, Amount>, Inexact> {
        self.corrected(&self.position.fees, CorrectionKind::Fee, Amount::negated)
    }

    /// Funding by asset, corrections included; positive when received.
    ///
    /// # Errors
    /// Returns [`Inexact`] if 28 digits cannot hold a sum.
    pub fn funding(&self) -> Result<BTreeMap<Asset, Amount>, Inexact> {
        self.corrected(&self.position.funding, CorrectionKind::Funding, |amount| {
            amount
        })
    }

    fn corrected(
        &self,
        base: &BTreeMap<Asset, Amount>,
        kind: CorrectionKind,
        signed: impl Fn(Amount) -> Amount,
    ) -> Result<BTreeMap<Asset, Amount>, Inexact> {
        let mut totals = base.clone();
        for correction in self
            .corrections
            .iter()
            .filter(|correction| correction.kind == kind)
        {
            let total = totals.entry(correction.asset.clone()).or_default();
            *total = total.plus(signed(correction.amount))?;
        }
        Ok(totals)
    }

    /// Adds a correction, once.
    pub(crate) fn correct(&mut self, correction: &Correction) {
        if self
            .corrections
            .iter()
            .all(|known| known.sequence < correction.sequence)
        {
            self.corrections.push(correction.clone());
        }
    }
}

/// One execution and what it did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FillRow {
    /// The record; fills are ordered by it.
    pub sequence: Sequence,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// The venue's time.
    pub occurred_at: Timestamp,
    /// Whose.
    pub account: Option<AccountId>,
    /// In what.
    pub symbol: Option<Symbol>,
    /// The leg as reported.
    pub leg: Option<Leg>,
    /// The fill as reported.
    pub fill: FillFact,
    /// The order's names as reported.
    pub reference: OrderReference,
    /// The number of its order, where it has one.
    pub order: Option<Sequence>,
    /// The strategy of its order.
    pub strategy: Option<Strategy>,
    /// What is odd about it.
    pub flags: BTreeSet<Flag>,
    /// What it did to each position it moved: one, or two for a flip.
    pub effects: Vec<PositionEffect>,
}

/// What a fill did to one position. The whole effect is in the journal; these are its results.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PositionEffect {
    /// Which position.
    pub position_id: PositionId,
    /// Units it added.
    pub opened: Quantity,
    /// Units it took away.
    pub closed: Quantity,
    /// Units beyond what the leg held.
    pub excess: Quantity,
    /// Its value.
    pub value: Amount,
    /// What it added to the cost.
    pub cost_added: Amount,
    /// What it released of the cost.
    pub cost_released: Amount,
    /// What it realized.
    pub realized_pnl: Amount,
    /// What the rounding rule cut off.
    pub rounding: Amount,
    /// The share of the fee.
    pub fee: Amount,
    /// What the fee was paid in.
    pub fee_asset: Option<Asset>,
}

impl PositionEffect {
    fn new(position_id: PositionId, effect: &FillEffect) -> Self {
        Self {
            position_id,
            opened: effect.opened,
            closed: effect.closed,
            excess: effect.excess,
            value: effect.value,
            cost_added: effect.cost_added,
            cost_released: effect.cost_released,
            realized_pnl: effect.realized_pnl,
            rounding: effect.rounding,
            fee: effect.fee,
            fee_asset: effect.fee_asset.clone(),
        }
    }
}

impl FillRow {
    fn new(record: &Record, filled: &OrderFilled) -> Self {
        let effect = record.position_id.zip(filled.effect.as_ref());
        Self {
            sequence: record.sequence,
            recorded_at: record.recorded_at,
            occurred_at: record.occurred_at,
            account: record.account.clone(),
            symbol: record.symbol.clone(),
            leg: filled.leg.clone(),
            fill: filled.fill.clone(),
            reference: filled.reference.clone(),
            order: filled.order,
            strategy: filled.strategy.clone(),
            flags: filled.flags.clone(),
            effects: effect
                .map(|(id, effect)| PositionEffect::new(id, effect))
                .into_iter()
                .collect(),
        }
    }
}

/// What one record adds to the history: at most one row of a kind.
///
/// That the record belongs to its position, and the identity it carries, is in the record itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// An order, as it is after the record.
    pub order: Option<Order>,
    /// An order that the open view has forgotten, and that the record is about.
    pub late_order: Option<Sequence>,
    /// A fill, as far as known after the record.
    pub fill: Option<FillRow>,
    /// A position that the record made final.
    pub trade: Option<Trade>,
    /// A fee or funding for a position that is final.
    pub correction: Option<Correction>,
}

/// Takes in the rows of the history, one record after the other.
pub trait HistorySink {
    /// Takes in what `record` adds.
    ///
    /// Returns the trade that a correction belongs to, where the sink can find it.
    ///
    /// # Errors
    /// Returns [`HistoryError`] if the store failed. Nothing of the record may be kept then, or all.
    fn accept(&mut self, record: &Record, rows: Rows) -> Result<Option<Trade>, HistoryError>;
}

/// Keeps no history: for a fold of which only the open view is wanted.
///
/// A late fee or funding cannot find its trade then; the statistics say so.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHistory;

impl HistorySink for NoHistory {
    fn accept(&mut self, _: &Record, _: Rows) -> Result<Option<Trade>, HistoryError> {
        Ok(None)
    }
}

/// Keeps no history, and finds the trades of late fees and funding in one that is there: for a fold
/// into the past of which only the open view and the statistics are wanted.
#[derive(Clone, Debug)]
pub struct LookUpOnly(pub History);

impl HistorySink for LookUpOnly {
    fn accept(&mut self, _: &Record, rows: Rows) -> Result<Option<Trade>, HistoryError> {
        match rows.correction {
            Some(correction) => self.0.position(correction.position_id),
            None => Ok(None),
        }
    }
}

/// Collects what records add, with what has to be remembered between a fill and its opening.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RowMaker {
    fill: Option<FillRow>,
}

impl RowMaker {
    /// The rows of a record that `ledger` has applied, a final position apart.
    pub(crate) fn rows(&mut self, record: &Record, ledger: &Ledger) -> Rows {
        let number = order_number(record);
        let order = number.and_then(|number| ledger.order(number)).cloned();
        Rows {
            // The fill that makes an order known names the record that takes the order in next.
            late_order: number.filter(|number| order.is_none() && *number < record.sequence),
            order,
            fill: self.fill_row(record),
            trade: None,
            correction: correction(record).filter(|correction| {
                // By the venue's clock it may have come before the position was final.
                let position = ledger.position(correction.position_id);
                position.is_none_or(Position::is_final)
            }),
        }
    }

    /// The row of a fill, and again with what it opened once that is known.
    fn fill_row(&mut self, record: &Record) -> Option<FillRow> {
        if let Event::OrderFilled(filled) = &record.event {
            self.fill = Some(FillRow::new(record, filled));
            return self.fill.clone();
        }
        let Event::PositionOpened(opened) = &record.event else {
            return None;
        };
        let fill = self
            .fill
            .as_mut()
            .filter(|fill| record.causation == Some(fill.sequence))?;
        fill.effects
            .push(PositionEffect::new(record.position_id?, &opened.effect));
        self.fill.clone()
    }
}

/// The correction that a record is, if it is one.
fn correction(record: &Record) -> Option<Correction> {
    let (kind, amount, asset, settlement_id, flags) =
        if let Event::FundingSettled(event) = &record.event {
            let settled = &event.settlement;
            (
                CorrectionKind::Funding,
                settled.amount,
                &settled.asset,
                &settled.settlement_id,
                &event.flags,
            )
        } else if let Event::FeeCharged(event) = &record.event {
            let charge = &event.charge;
            (
                CorrectionKind::Fee,
                charge.amount,
                &charge.asset,
                &charge.settlement_id,
                &event.flags,
            )
        } else {
            return None;
        };
    flags.contains(&Flag::AfterFinal).then_some(())?;
    Some(Correction {
        sequence: record.sequence,
        recorded_at: record.recorded_at,
        occurred_at: record.occurred_at,
        position_id: record.position_id?,
        kind,
        amount,
        asset: asset.clone(),
        settlement_id: settlement_id.clone(),
    })
}
