//! What an intent comes to. Each function lists its refusals in order of precedence; after the last
//! of them the intent stands.

use crate::acknowledgement::AmendedTerms;
use crate::configuration::PositionMode;
use crate::decimal::{Amount, Price, Quantity};
use crate::event::{
    AmendRequested, BulkCloseRequested, BulkExecuteRequested, CancelRequested, Event,
    MonitoringStarted, NoteAdded, OrderRequested, PositionQueued, QueueWithdrawn, TrailActivated,
    TrailingRequested,
};
use crate::identity::{
    ClientOrderId, FactKey, IntentId, KeyBuilder, Leg, PositionId, Slot, Symbol,
};
use crate::intent::{BulkScope, Intent, OpenPosition, OrderTerms, PositionFilter, Request};
use crate::lifecycle::{PositionState, StateCause};
use crate::order::{Order, OrderKind, OrderPurpose, OrderStatus};
use crate::position::{Position, Trail};
use crate::record::Record;
use crate::refusal::Refusal;
use crate::side::PositionSide;
use crate::state::Ledger;

use super::draft::Draft;
use super::{Known, Moment};

type Records = Result<Vec<Record>, Refusal>;

/// What every intent's decision needs.
struct Asked<'a> {
    ledger: &'a Ledger,
    intent: &'a Intent,
    key: FactKey,
    known: &'a Known,
    moment: &'a Moment,
}

impl Ledger {
    pub(super) fn intent_records(
        &self,
        intent: &Intent,
        key: FactKey,
        known: &Known,
        moment: &Moment,
    ) -> Records {
        let asked = Asked {
            ledger: self,
            intent,
            key,
            known,
            moment,
        };
        let is_note = matches!(intent.request, Request::Note { .. });
        if self.is_halted() && !is_note {
            return Err(Refusal::Halted);
        }
        match &intent.request {
            Request::OpenPosition(plan) => asked.open_position(plan),
            Request::Execute { position_id } => asked.execute(*position_id),
            Request::ExecuteAll { filter } => asked.execute_all(filter),
            Request::Withdraw { position_id } => asked.withdraw(*position_id),
            Request::ScaleIn {
                position_id,
                quantity,
                order,
            } => asked.scale_in(*position_id, *quantity, *order),
            Request::Reduce {
                position_id,
                quantity,
                order,
            } => asked.exit(*position_id, Some(*quantity), *order, OrderPurpose::Reduce),
            Request::Close {
                position_id,
                quantity,
                order,
            } => asked.exit(*position_id, *quantity, *order, OrderPurpose::Close),
            Request::SetStopLoss { position_id, price } => {
                asked.protect(*position_id, *price, OrderPurpose::StopLoss)
            }
            Request::SetTakeProfit { position_id, price } => {
                asked.protect(*position_id, *price, OrderPurpose::TakeProfit)
            }
            Request::ActivateTrailing {
                position_id,
                activation,
                callback,
            } => asked.trail(*position_id, *activation, *callback),
            Request::StartMonitoring { position_id } => asked.monitor(*position_id),
            Request::CancelOrder { client_order_id } => asked.cancel(client_order_id),
            Request::CloseMany { scope, account } => asked.close_many(scope, account.as_ref()),
            Request::Note { position_id, text } => asked.note(*position_id, text),
        }
    }
}

impl Asked<'_> {
    fn draft(&self) -> Draft {
        Draft::intent(self.ledger, self.intent, self.key, self.moment)
    }

    fn draft_about(&self, position: &Position) -> Draft {
        let mut draft = self.draft();
        draft.about(&position.account, &position.symbol);
        draft
    }

    fn intent_id(&self) -> IntentId {
        self.intent.intent_id.clone()
    }

    /// The position an intent names, if it belongs to the tenant and is not final.
    fn unfinished(&self, id: PositionId) -> Result<&Position, Refusal> {
        let position = self.any(id)?;
        if position.is_final() {
            return Err(Refusal::PositionFinal(position.state));
        }
        Ok(position)
    }

    fn any(&self, id: PositionId) -> Result<&Position, Refusal> {
        self.ledger
            .position_of(&self.intent.tenant, id, self.known)
            .ok_or(Refusal::PositionNotFound)
    }

    fn held(&self, id: PositionId) -> Result<&Position, Refusal> {
        let position = self.unfinished(id)?;
        if !position.is_held() {
            return Err(Refusal::NothingHeld(position.state));
        }
        Ok(position)
    }

    fn queued(&self, id: PositionId) -> Result<&Position, Refusal> {
        let position = self.unfinished(id)?;
        if position.state != PositionState::Created {
            return Err(Refusal::NotQueued(position.state));
        }
        Ok(position)
    }

    fn open_position(&self, plan: &OpenPosition) -> Records {
        let leg = match self.ledger.settings(&plan.account).position_mode {
            PositionMode::Netting => Leg::Net,
            PositionMode::Ticket => Leg::Pending,
            PositionMode::Hedging => match plan.side {
                PositionSide::Long => Leg::Long,
                PositionSide::Short => Leg::Short,
            },
        };
        let slot = Slot {
            account: plan.account.clone(),
            symbol: plan.symbol.clone(),
            leg: leg.clone(),
        };
        if self.ledger.position_in(&slot).is_some() {
            return Err(Refusal::SlotOccupied);
        }
        let id = self.moment.position_id;
        let mut draft = self.draft();
        draft.about(&plan.account, &plan.symbol);
        let event = PositionQueued {
            intent_id: self.intent_id(),
            leg,
            plan: Box::new(plan.clone()),
        };
        draft.push(Some(id), Event::PositionQueued(event));
        let cause = StateCause::EntryRequested;
        draft.transition(id, None, PositionState::Created, cause, None);
        if !plan.queue {
            let from = Some(PositionState::Created);
            let entry = self.entry(id, plan, plan.quantity, plan.order, OrderPurpose::Entry);
            draft.push(Some(id), Event::EntryRequested(entry));
            draft.transition(id, from, PositionState::Submitting, cause, None);
        }
        Ok(draft.finish())
    }

    fn entry(
        &self,
        id: PositionId,
        plan: &OpenPosition,
        quantity: Quantity,
        terms: OrderTerms,
        purpose: OrderPurpose,
    ) -> OrderRequested {
        let strategy = plan.strategy.clone();
        self.order(
            id,
            plan.side.entry_side(),
            quantity,
            terms,
            purpose,
            strategy,
        )
    }

    fn order(
        &self,
        id: PositionId,
        side: crate::side::Side,
        quantity: Quantity,
        terms: OrderTerms,
        purpose: OrderPurpose,
        strategy: Option<crate::identity::Strategy>,
    ) -> OrderRequested {
        OrderRequested {
            intent_id: self.intent_id(),
            client_order_id: client_order_id(self.intent, id),
            purpose,
            side,
            quantity,
            kind: terms.kind,
            price: terms.price,
            trigger_price: None,
            reduce_only: !purpose.is_entry(),
            strategy,
        }
    }

    fn execute(&self, id: PositionId) -> Records {
        let position = self.queued(id)?;
        let mut draft = self.draft_about(position);
        self.push_entry(&mut draft, position);
        Ok(draft.finish())
    }

    fn push_entry(&self, draft: &mut Draft, position: &Position) {
        let Some(plan) = &position.plan else { return };
        let entry = self.entry(
            position.id,
            plan,
            plan.quantity,
            plan.order,
            OrderPurpose::Entry,
        );
        draft.push(Some(position.id), Event::EntryRequested(entry));
        let cause = StateCause::EntryRequested;
        draft.change_state(position, PositionState::Submitting, cause, None);
    }

    fn execute_all(&self, filter: &PositionFilter) -> Records {
        let queued: Vec<&Position> = self
            .ledger
            .positions()
            .filter(|position| position.state == PositionState::Created)
            .filter(|position| self.matches(position, filter))
            .collect();
        if queued.is_empty() {
            return Err(Refusal::NothingMatches);
        }
        let mut draft = self.draft();
        let event = BulkExecuteRequested {
            intent_id: self.intent_id(),
            filter: filter.clone(),
            positions: queued.iter().map(|position| position.id).collect(),
        };
        draft.push(None, Event::BulkExecuteRequested(event));
        for position in queued {
            draft.about(&position.account, &position.symbol);
            self.push_entry(&mut draft, position);
        }
        Ok(draft.finish())
    }

    fn matches(&self, position: &Position, filter: &PositionFilter) -> bool {
        position.account.tenant == self.intent.tenant
            && filter
                .account
                .as_ref()
                .is_none_or(|account| *account == position.account)
            && filter
                .symbol
                .as_ref()
                .is_none_or(|symbol| *symbol == position.symbol)
            && filter.side.is_none_or(|side| side == position.side)
            && (filter.strategy.is_none() || filter.strategy == position.strategy)
    }

    fn withdraw(&self, id: PositionId) -> Records {
        let position = self.queued(id)?;
        let mut draft = self.draft_about(position);
        let event = QueueWithdrawn {
            intent_id: self.intent_id(),
        };
        draft.push(Some(id), Event::QueueWithdrawn(event));
        draft.change_state(
            position,
            PositionState::Canceled,
            StateCause::Withdrawn,
            None,
        );
        Ok(draft.finish())
    }

    fn scale_in(&self, id: PositionId, quantity: Quantity, terms: OrderTerms) -> Records {
        let position = self.held(id)?;
        let open = matches!(
            position.state,
            PositionState::Open | PositionState::Monitoring | PositionState::Trailing
        );
        if !open {
            return Err(Refusal::NotOpen(position.state));
        }
        let mut draft = self.draft_about(position);
        let (side, purpose) = (position.side.entry_side(), OrderPurpose::ScaleIn);
        let order = self.order(
            id,
            side,
            quantity,
            terms,
            purpose,
            self.strategy_of(position),
        );
        draft.push(Some(id), Event::EntryRequested(order));
        Ok(draft.finish())
    }

    /// Who decided: the strategy that asked, else the position's.
    fn strategy_of(&self, position: &Position) -> Option<crate::identity::Strategy> {
        let named = self.intent.actor.as_str().strip_prefix("strategy:");
        named
            .and_then(|name| name.parse().ok())
            .or_else(|| position.strategy.clone())
    }

    fn exit(
        &self,
        id: PositionId,
        quantity: Option<Quantity>,
        terms: OrderTerms,
        purpose: OrderPurpose,
    ) -> Records {
        let position = self.held(id)?;
        let available = self.available(position);
        if available.is_zero() {
            return Err(Refusal::AlreadyClosing);
        }
        let quantity = quantity.unwrap_or(available);
        if quantity > available {
            return Err(Refusal::ExceedsHeld);
        }
        let mut draft = self.draft_about(position);
        self.push_exit(&mut draft, position, quantity, terms, purpose);
        Ok(draft.finish())
    }

    /// What is held and not on its way out by an exit already.
    fn available(&self, position: &Position) -> Quantity {
        self.ledger
            .orders_of(position.id)
            .filter(|order| order.purpose.is_exit())
            .filter_map(Order::leaves_quantity)
            .fold(position.held(), |left, leaves| {
                left.less(leaves).unwrap_or(Quantity::ZERO)
            })
    }

    fn push_exit(
        &self,
        draft: &mut Draft,
        position: &Position,
        quantity: Quantity,
        terms: OrderTerms,
        purpose: OrderPurpose,
    ) {
        let id = position.id;
        let strategy = self.strategy_of(position);
        let order = self.order(id, position.exit_side(), quantity, terms, purpose, strategy);
        draft.push(Some(id), Event::ExitRequested(order));
        if position.state != PositionState::Closing {
            let cause = StateCause::ExitRequested;
            draft.change_state(position, PositionState::Closing, cause, None);
        }
    }

    fn protect(&self, id: PositionId, price: Price, purpose: OrderPurpose) -> Records {
        let position = self.held(id)?;
        let current = match purpose {
            OrderPurpose::TakeProfit => position.take_profit.as_ref(),
            OrderPurpose::StopLoss
            | OrderPurpose::Entry
            | OrderPurpose::ScaleIn
            | OrderPurpose::Reduce
            | OrderPurpose::Close
            | OrderPurpose::Trailing
            | OrderPurpose::External => position.stop_loss.as_ref(),
        };
        let working = current
            .and_then(|protection| protection.order)
            .and_then(|number| self.ledger.order(number))
            .filter(|order| order.status.is_working());
        if working.is_some_and(|order| !is_acknowledged(order)) {
            return Err(Refusal::ProtectionInFlight);
        }
        if self.triggers_at_once(position, price, purpose) {
            return Err(Refusal::WrongSideOfMark);
        }
        let mut draft = self.draft_about(position);
        let event = match working {
            // One working stop: the old one is moved, never a second one placed beside it.
            Some(order) => Event::AmendRequested(AmendRequested {
                intent_id: self.intent_id(),
                order: order.number,
                client_order_id: order.client_order_id.clone(),
                terms: AmendedTerms {
                    quantity: None,
                    price: None,
                    trigger_price: Some(price),
                },
            }),
            None => self.protective_order(position, price, purpose),
        };
        draft.push(Some(id), event);
        Ok(draft.finish())
    }

    fn protective_order(&self, position: &Position, price: Price, purpose: OrderPurpose) -> Event {
        let side = position.exit_side();
        let terms = OrderTerms::default();
        let (quantity, strategy) = (position.held(), self.strategy_of(position));
        let mut order = self.order(position.id, side, quantity, terms, purpose, strategy);
        order.trigger_price = Some(price);
        if purpose == OrderPurpose::TakeProfit {
            order.kind = OrderKind::TakeProfit;
            Event::TakeProfitRequested(order)
        } else {
            order.kind = OrderKind::Stop;
            Event::StopLossRequested(order)
        }
    }

    fn triggers_at_once(&self, position: &Position, price: Price, purpose: OrderPurpose) -> bool {
        let instrument = position.account.instrument(&position.symbol);
        let Some(mark) = self.ledger.mark(&instrument) else {
            return false;
        };
        let below = price < mark.price;
        let stop = purpose == OrderPurpose::StopLoss;
        // A long's stop lies below the mark and its target above; a short's the other way round.
        let wanted_below = stop == (position.side == PositionSide::Long);
        price == mark.price || below != wanted_below
    }

    fn trail(&self, id: PositionId, activation: Option<Price>, callback: Amount) -> Records {
        let position = self.held(id)?;
        let managed = matches!(
            position.state,
            PositionState::Open | PositionState::Monitoring
        );
        if !managed {
            return Err(Refusal::NotMonitorable(position.state));
        }
        let mut draft = self.draft_about(position);
        let trail = Trail {
            activation,
            callback,
            active: false,
        };
        let event = TrailingRequested {
            intent_id: self.intent_id(),
            trail,
        };
        draft.push(Some(id), Event::TrailingRequested(event));
        if activation.is_none() {
            let event = TrailActivated { mark_price: None };
            draft.push(Some(id), Event::TrailActivated(event));
            let cause = StateCause::TrailActivated;
            draft.change_state(position, PositionState::Trailing, cause, None);
        }
        Ok(draft.finish())
    }

    fn monitor(&self, id: PositionId) -> Records {
        let position = self.held(id)?;
        if position.state != PositionState::Open {
            return Err(Refusal::NotMonitorable(position.state));
        }
        let mut draft = self.draft_about(position);
        let event = MonitoringStarted {
            intent_id: self.intent_id(),
        };
        draft.push(Some(id), Event::MonitoringStarted(event));
        let cause = StateCause::MonitoringStarted;
        draft.change_state(position, PositionState::Monitoring, cause, None);
        Ok(draft.finish())
    }

    fn cancel(&self, client_order_id: &ClientOrderId) -> Records {
        let numbers = self.ledger.by_client_order_id.get(client_order_id);
        let order = numbers
            .into_iter()
            .flatten()
            .rev()
            .filter_map(|number| self.ledger.order(*number))
            .find(|order| order.account.tenant == self.intent.tenant)
            .or(self.known.order.as_ref())
            .ok_or(Refusal::OrderNotFound)?;
        if !order.status.is_working() {
            return Err(Refusal::OrderFinal);
        }
        let mut draft = self.draft();
        draft.about(&order.account, &order.symbol);
        let event = CancelRequested {
            intent_id: self.intent_id(),
            order: order.number,
            client_order_id: client_order_id.clone(),
        };
        draft.push(order.position_id, Event::CancelRequested(event));
        Ok(draft.finish())
    }

    fn close_many(
        &self,
        scope: &BulkScope,
        account: Option<&crate::identity::AccountId>,
    ) -> Records {
        let meant: Vec<(&Position, Quantity)> = self
            .ledger
            .positions()
            .filter(|position| position.is_held())
            .filter(|position| position.account.tenant == self.intent.tenant)
            .filter(|position| account.is_none_or(|account| *account == position.account))
            .filter(|position| self.in_scope(position, scope))
            .map(|position| (position, self.available(position)))
            .filter(|(_, available)| !available.is_zero())
            .collect();
        if meant.is_empty() {
            return Err(Refusal::NothingMatches);
        }
        let mut draft = self.draft();
        let event = BulkCloseRequested {
            intent_id: self.intent_id(),
            scope: scope.clone(),
            positions: meant.iter().map(|(position, _)| position.id).collect(),
        };
        draft.push(None, Event::BulkCloseRequested(event));
        for (position, available) in meant {
            draft.about(&position.account, &position.symbol);
            let terms = OrderTerms::default();
            self.push_exit(&mut draft, position, available, terms, OrderPurpose::Close);
        }
        Ok(draft.finish())
    }

    fn in_scope(&self, position: &Position, scope: &BulkScope) -> bool {
        let unrealized = || self.ledger.unrealized_pnl(position);
        let symbol = |wanted: &Symbol| *wanted == position.symbol;
        match scope {
            BulkScope::All => true,
            BulkScope::Gaining => unrealized().is_some_and(Amount::is_positive),
            BulkScope::Losing => unrealized().is_some_and(Amount::is_negative),
            BulkScope::Strategy(strategy) => position.strategy.as_ref() == Some(strategy),
            BulkScope::Symbol(wanted) => symbol(wanted),
        }
    }

    fn note(&self, id: PositionId, text: &smol_str::SmolStr) -> Records {
        let position = self.any(id)?;
        let mut draft = self.draft_about(position);
        let event = NoteAdded {
            intent_id: self.intent_id(),
            text: text.clone(),
        };
        draft.push(Some(id), Event::NoteAdded(event));
        Ok(draft.finish())
    }
}

/// Whether the venue has answered for an order.
fn is_acknowledged(order: &Order) -> bool {
    matches!(
        order.status,
        OrderStatus::Accepted | OrderStatus::PartiallyFilled
    )
}

/// Our name for the order that an intent asks for on a position: the same intent gives the same
/// name, so the venue recognises a repeat.
fn client_order_id(intent: &Intent, position: PositionId) -> ClientOrderId {
    let key = KeyBuilder::new("order")
        .text(intent.tenant.as_str())
        .text(intent.intent_id.as_str())
        .display(&position)
        .finish();
    ClientOrderId::derived(&key)
}
