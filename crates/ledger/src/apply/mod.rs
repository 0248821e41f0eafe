//! Adds a record to the state. Total: it never fails and decides nothing; all results are in the
//! record. A fold may leave records out (one position's story, or all up to a venue's time), so what
//! a record refers to may be missing; then there is nothing to add.

mod orders;

use std::collections::BTreeSet;

use crate::decimal::{Amount, Quantity};
use crate::event::{Event, OrderFilled, PositionOpened, PositionQueued, PositionStateChanged};
use crate::identity::{AccountId, Leg, PositionId, Slot, Symbol};
use crate::lifecycle::PositionState;
use crate::position::{Extremes, Origin, Position, PositionNumbers, Protection};
use crate::record::Record;
use crate::refusal::Flag;
use crate::state::{Closed, Ledger, remove_from};

impl Ledger {
    /// Adds a record to the state.
    pub fn apply(&mut self, record: &Record) {
        self.head = record.sequence;
        self.last_recorded_at = record.recorded_at;
        if let Some(key) = record.key {
            self.recent.facts.entry(key).or_insert(record.sequence);
        }
        self.apply_event(record);
        if let Some(position) = record
            .position_id
            .and_then(|id| self.positions.get_mut(&id))
        {
            position.last_sequence = record.sequence;
        }
    }

    fn apply_event(&mut self, record: &Record) {
        match &record.event {
            Event::PositionQueued(event) => self.queue(record, event),
            Event::EntryRequested(event)
            | Event::ExitRequested(event)
            | Event::StopLossRequested(event)
            | Event::TakeProfitRequested(event) => self.request_order(record, event),
            Event::OrderSubmitted(event)
            | Event::OrderAccepted(event)
            | Event::OrderRejected(event)
            | Event::OrderCanceled(event)
            | Event::OrderExpired(event)
            | Event::OrderUnknown(event) => {
                self.change(record, |position| position.flags.extend(&event.flags));
                self.news_of_order(record, Some(event.order));
            }
            Event::OrderAmended(event) => {
                self.news_of_order(record, Some(event.order));
                self.move_protection(record, event);
            }
            Event::OrderFilled(event) => self.fill(record, event),
            Event::ExternalOrderAdopted(event) => self.adopt_order(record, event),
            Event::PositionOpened(event) => self.open(record, event),
            Event::PositionStateChanged(event) => self.change_state(record, event),
            Event::PositionReported(event) => self.report(record, &event.leg, event.difference),
            Event::PriceExtremeObserved(event) => {
                self.change(record, |position| position.extremes = event.extremes);
                self.journaled_extremes(record);
            }
            Event::TrailingRequested(_)
            | Event::TrailActivated(_)
            | Event::PositionClosed(_)
            | Event::FundingSettled(_)
            | Event::FeeCharged(_)
            | Event::AdjustmentApplied(_) => {
                self.change(record, |position| position.add(record));
            }
            Event::AcknowledgementQuarantined(_)
            | Event::QuarantineResolved(_)
            | Event::HaltEngaged(_)
            | Event::HaltReleased(_)
            | Event::AccountConfigured(_)
            | Event::InstrumentConfigured(_) => self.operate(record),
            // What these lead to is in the records that follow them.
            Event::QueueWithdrawn(_)
            | Event::CancelRequested(_)
            | Event::AmendRequested(_)
            | Event::MonitoringStarted(_)
            | Event::BulkExecuteRequested(_)
            | Event::BulkCloseRequested(_)
            | Event::IntentRejected(_)
            | Event::PositionFlipped(_)
            | Event::StopMoved(_)
            | Event::ReconciliationFinding(_)
            | Event::AdjustmentProposed(_)
            | Event::NoteAdded(_) => {}
        }
    }

    /// What operators and settings change.
    fn operate(&mut self, record: &Record) {
        if let Event::AcknowledgementQuarantined(_) = &record.event {
            self.quarantined.insert(record.sequence);
        } else if let Event::QuarantineResolved(event) = &record.event {
            self.quarantined.remove(&event.quarantined);
        } else if let Event::HaltEngaged(_) = &record.event {
            self.halted = true;
        } else if let Event::HaltReleased(_) = &record.event {
            self.halted = false;
        } else if let (Event::AccountConfigured(event), Some(account)) =
            (&record.event, &record.account)
        {
            self.accounts.insert(account.clone(), event.settings);
        } else if let Event::InstrumentConfigured(event) = &record.event {
            self.instruments
                .insert(event.instrument.clone(), event.terms.clone());
        }
    }

    /// Changes the record's position, as long as it is not final.
    pub(super) fn change(&mut self, record: &Record, change: impl FnOnce(&mut Position)) {
        if let Some(position) = record
            .position_id
            .and_then(|id| self.positions.get_mut(&id))
        {
            change(position);
        }
    }

    fn queue(&mut self, record: &Record, event: &PositionQueued) {
        let Some(id) = record.position_id else { return };
        let plan = &event.plan;
        let planned = |price| Protection { price, order: None };
        let mut position = begin(
            record,
            id,
            &plan.account,
            &plan.symbol,
            event.leg.clone(),
            plan.side,
            Origin::Intent,
        );
        position.strategy.clone_from(&plan.strategy);
        position.stop_loss = plan.stop_loss.map(planned);
        position.take_profit = plan.take_profit.map(planned);
        position.plan = Some(plan.clone());
        self.insert(position);
    }

    fn insert(&mut self, position: Position) {
        self.hold(&position);
        let instrument = position.account.instrument(&position.symbol);
        self.by_instrument
            .entry(instrument)
            .or_default()
            .insert(position.id);
        self.positions.insert(position.id, position);
    }

    /// Takes the position's slot; a position that waits for its ticket has none yet.
    fn hold(&mut self, position: &Position) {
        if position.leg != Leg::Pending {
            self.slots.entry(position.slot()).or_default().position = Some(position.id);
        }
    }

    fn open(&mut self, record: &Record, event: &PositionOpened) {
        let (Some(id), Some(account), Some(symbol)) =
            (record.position_id, &record.account, &record.symbol)
        else {
            return;
        };
        if !self.positions.contains_key(&id) {
            let leg = event.leg.clone();
            let mut position = begin(record, id, account, symbol, leg, event.side, event.origin);
            position.state = PositionState::Open;
            position.strategy.clone_from(&event.strategy);
            self.insert(position);
        }
        let Some(mut position) = self.positions.remove(&id) else {
            return;
        };
        position.leg = event.leg.clone();
        position.side = event.side;
        position.terms = Some(event.terms.clone());
        position.opened_at = Some(record.occurred_at);
        position.last_fill_at = Some(record.occurred_at);
        position.flags.extend(&event.flags);
        position.add_effect(&event.effect, record.sequence);
        self.hold(&position);
        self.positions.insert(id, position);
        self.marks.filled(id);
    }

    fn fill(&mut self, record: &Record, event: &OrderFilled) {
        self.news_of_order(record, event.order);
        let Some(effect) = &event.effect else { return };
        self.change(record, |position| {
            position.add_effect(effect, record.sequence);
            position.last_fill_at = position.last_fill_at.max(Some(record.occurred_at));
            position.flags.extend(&event.flags);
            if let Some(reported) = event.fill.venue_realized_pnl {
                position
                    .venue_realized_pnl
                    .get_or_insert_default()
                    .accumulate(reported);
            }
        });
        if let Some(id) = record.position_id {
            self.marks.filled(id);
        }
    }

    fn change_state(&mut self, record: &Record, event: &PositionStateChanged) {
        let Some(id) = record.position_id else { return };
        let Some(position) = self.positions.get_mut(&id) else {
            return;
        };
        position.before_closing = match event.to {
            PositionState::Closing => event.from,
            PositionState::Created
            | PositionState::Submitting
            | PositionState::Open
            | PositionState::Monitoring
            | PositionState::Trailing
            | PositionState::Closed
            | PositionState::Canceled
            | PositionState::Failed => None,
        };
        position.state = event.to;
        position.flags.extend(&event.flags);
        position.last_sequence = record.sequence;
        if position.is_final() {
            self.finish(id);
        }
    }

    /// Takes a final position out of the unfinished ones.
    fn finish(&mut self, id: PositionId) {
        let Some(position) = self.positions.remove(&id) else {
            return;
        };
        let instrument = position.account.instrument(&position.symbol);
        remove_from(&mut self.by_instrument, &instrument, &id);
        if position.leg != Leg::Pending {
            let slot = self.slots.entry(position.slot()).or_default();
            slot.position = slot.position.filter(|held| *held != id);
            slot.last_closed = Closed::of(&position).or(slot.last_closed);
        }
        self.marks.forget(id);
        self.recent.finished.insert(id, position);
    }

    fn report(&mut self, record: &Record, leg: &Leg, difference: Amount) {
        if let (Some(account), Some(symbol)) = (&record.account, &record.symbol) {
            let slot = Slot {
                account: account.clone(),
                symbol: symbol.clone(),
                leg: leg.clone(),
            };
            self.slots.entry(slot).or_default().venue_difference = difference;
        }
        self.change(record, |position| {
            position.venue_difference = difference;
            if difference.is_zero() {
                position.flags.remove(&Flag::DiffersFromVenue);
            } else {
                position.flags.insert(Flag::DiffersFromVenue);
            }
        });
    }

    fn journaled_extremes(&mut self, record: &Record) {
        if let Some(id) = record
            .position_id
            .filter(|id| self.positions.contains_key(id))
        {
            self.marks.journaled(id, record.occurred_at);
        }
    }
}

impl Position {
    /// Adds what concerns this position alone.
    fn add(&mut self, record: &Record) {
        if let Event::FundingSettled(event) = &record.event {
            let total = self
                .funding
                .entry(event.settlement.asset.clone())
                .or_default();
            total.accumulate(event.settlement.amount);
        } else if let Event::FeeCharged(event) = &record.event {
            let total = self.fees.entry(event.charge.asset.clone()).or_default();
            total.accumulate(event.charge.amount.negated());
        } else if let Event::TrailingRequested(event) = &record.event {
            self.trail = Some(event.trail.clone());
        } else if let (Event::TrailActivated(_), Some(trail)) = (&record.event, &mut self.trail) {
            trail.active = true;
        } else if let Event::PositionClosed(event) = &record.event {
            self.closed_at = Some(record.occurred_at);
            self.exit_reason = Some(event.exit_reason.clone());
        } else if let Event::AdjustmentApplied(event) = &record.event {
            let numbers = &mut self.numbers;
            numbers.quantity.accumulate(event.quantity);
            numbers.cost.accumulate(event.cost);
            numbers.realized_pnl.accumulate(event.realized_pnl);
            numbers.cash.accumulate(event.realized_pnl);
            numbers.cash.accumulate(event.cost.negated());
            self.flags.insert(Flag::Adjusted);
        }
    }
}

fn begin(
    record: &Record,
    id: PositionId,
    account: &AccountId,
    symbol: &Symbol,
    leg: Leg,
    side: crate::side::PositionSide,
    origin: Origin,
) -> Position {
    Position {
        id,
        account: account.clone(),
        symbol: symbol.clone(),
        leg,
        side,
        state: PositionState::Created,
        before_closing: None,
        origin,
        plan: None,
        strategy: None,
        terms: None,
        numbers: PositionNumbers::default(),
        entry_quantity: Quantity::ZERO,
        entry_value: Amount::ZERO,
        exit_quantity: Quantity::ZERO,
        exit_value: Amount::ZERO,
        fees: std::collections::BTreeMap::new(),
        funding: std::collections::BTreeMap::new(),
        venue_realized_pnl: None,
        lots: Vec::new(),
        extremes: Extremes::default(),
        stop_loss: None,
        take_profit: None,
        trail: None,
        created_at: record.recorded_at,
        opened_at: None,
        last_fill_at: None,
        closed_at: None,
        exit_reason: None,
        fills: 0,
        flags: BTreeSet::new(),
        venue_difference: Amount::ZERO,
        first_sequence: record.causation.unwrap_or(record.sequence),
        last_sequence: record.sequence,
    }
}
