//! The fold of a position's own records, step by step.

use std::collections::BTreeSet;

use ledger::{Event, Extremes, Order, Position, PositionId, Record, Sequence};
use projection::{Part, Replayer};
use protocol::views::{
    AttributionView, BadEvent, CorrectionsView, EventView, PositionView, UNATTRIBUTED,
};

/// A record, and what the position was after it.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// What happened.
    pub(crate) record: Record,
    /// The position after it.
    pub(crate) position: Option<Position>,
    /// Who holds how much of it.
    parts: Vec<Part>,
    /// The order it is about, after it.
    pub(crate) order: Option<Order>,
    /// The best and the worst that the position had seen before it.
    pub(crate) seen: Extremes,
    /// Whether it follows from an earlier record of the story.
    pub(crate) is_consequence: bool,
}

/// A position's life, rebuilt from its records alone.
#[derive(Clone, Debug)]
pub(crate) struct Story {
    /// Whose.
    pub(crate) id: PositionId,
    /// Every record, in the order of the journal.
    pub(crate) steps: Vec<Step>,
    /// Fees and funding that came after it was final.
    corrections: CorrectionsView,
}

impl Story {
    /// Folds the records behind `events`.
    ///
    /// # Errors
    /// Returns the first of them that is not what this version writes.
    pub(crate) fn of(id: PositionId, events: &[EventView]) -> Result<Self, (Sequence, BadEvent)> {
        let mut replayer = Replayer::new(id);
        let mut seen: BTreeSet<Sequence> = BTreeSet::new();
        let mut corrections = CorrectionsView::default();
        let mut steps = Vec::with_capacity(events.len());
        let mut extremes = Extremes::default();
        for event in events {
            let record = event
                .clone()
                .into_record()
                .map_err(|error| (event.sequence, error))?;
            correct(&mut corrections, &record);
            let step = replayer.step(record);
            let is_consequence = step
                .record
                .causation
                .is_some_and(|cause| seen.contains(&cause));
            seen.insert(step.record.sequence);
            steps.push(Step {
                order: step.order.or_else(|| known_order(&replayer, &step.record)),
                record: step.record,
                position: step.position,
                parts: step.parts,
                seen: extremes,
                is_consequence,
            });
            extremes = steps
                .last()
                .and_then(|step: &Step| step.position.as_ref())
                .map_or(extremes, |position| position.extremes);
        }
        Ok(Self {
            id,
            steps,
            corrections,
        })
    }

    /// The position after the last step.
    pub(crate) fn position(&self) -> Option<&Position> {
        self.steps.last()?.position.as_ref()
    }

    /// The position after the last step as it travels, without a mark.
    pub(crate) fn view(&self) -> Option<PositionView> {
        let step = self.steps.last()?;
        step.view(self.corrections.clone())
    }
}

impl Step {
    /// The position after this step as it travels.
    pub(crate) fn view(&self, corrections: CorrectionsView) -> Option<PositionView> {
        let position = self.position.as_ref()?;
        let parts = self.parts.iter().map(attribution).collect();
        Some(PositionView::from_position(
            position,
            None,
            None,
            parts,
            corrections,
        ))
    }
}

fn attribution(part: &Part) -> AttributionView {
    let strategy = part.strategy.as_ref();
    AttributionView {
        strategy: strategy
            .map_or(UNATTRIBUTED, |strategy| strategy.as_str())
            .into(),
        quantity: part.share.quantity,
        cost: part.share.cost,
        realized_pnl: part.share.realized_pnl,
        fees: part.share.fees.clone(),
    }
}

/// Adds a fee or funding that came after the position was final.
fn correct(corrections: &mut CorrectionsView, record: &Record) {
    use ledger::Flag::AfterFinal;
    let (sums, asset, amount) = if let Event::FundingSettled(event) = &record.event
        && event.flags.contains(&AfterFinal)
    {
        let settlement = &event.settlement;
        (
            &mut corrections.funding,
            &settlement.asset,
            settlement.amount,
        )
    } else if let Event::FeeCharged(event) = &record.event
        && event.flags.contains(&AfterFinal)
    {
        let charge = &event.charge;
        (
            &mut corrections.fees,
            &charge.asset,
            charge.amount.negated(),
        )
    } else {
        return;
    };
    let sum = sums.entry(asset.clone()).or_default();
    *sum = sum.plus(amount).unwrap_or(*sum);
}

/// The order that a cancel or amend asks about.
fn known_order(replayer: &Replayer, record: &Record) -> Option<Order> {
    let number = if let Event::CancelRequested(event) = &record.event {
        event.order
    } else if let Event::AmendRequested(event) = &record.event {
        event.order
    } else {
        return None;
    };
    replayer.order(number).cloned()
}
