//! The state of the ledger, and where it finds what it needs.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::acknowledgement::OrderReference;
use crate::command::Mark;
use crate::configuration::{AccountSettings, Instrument};
use crate::decimal::Amount;
use crate::identity::{
    AccountId, ClientOrderId, FactKey, InstrumentId, Leg, PositionId, Sequence, Slot, Symbol,
    Ticket, VenueOrderId,
};
use crate::lifecycle::PositionState;
use crate::marks::MarkBook;
use crate::mathematics;
use crate::order::Order;
use crate::position::Position;
use crate::side::PositionSide;
use crate::time::Timestamp;

/// Everything that follows from the records applied so far.
///
/// What is unfinished is always here. What is finished (positions, orders, and the identities under
/// which repeats are recognised) stays until [`Ledger::forget_through`] says that somebody else keeps
/// it; the engine then hands it back with each decision, as [`Known`](crate::Known).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    pub(crate) head: Sequence,
    pub(crate) last_recorded_at: Timestamp,
    pub(crate) halted: bool,
    pub(crate) accounts: BTreeMap<AccountId, AccountSettings>,
    pub(crate) instruments: BTreeMap<InstrumentId, Instrument>,
    pub(crate) positions: BTreeMap<PositionId, Position>,
    pub(crate) slots: BTreeMap<Slot, SlotState>,
    pub(crate) orders: BTreeMap<Sequence, Order>,
    pub(crate) by_client_order_id: BTreeMap<ClientOrderId, BTreeSet<Sequence>>,
    pub(crate) by_venue_order_id: BTreeMap<VenueOrderId, BTreeSet<Sequence>>,
    pub(crate) position_orders: BTreeMap<PositionId, BTreeSet<Sequence>>,
    pub(crate) by_instrument: BTreeMap<InstrumentId, BTreeSet<PositionId>>,
    pub(crate) quarantined: BTreeSet<Sequence>,
    pub(crate) recent: Recent,
    /// Marks do not follow from the records: they are not part of what a checkpoint keeps.
    #[serde(skip)]
    pub(crate) marks: MarkBook,
}

/// What a slot holds and what it held last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SlotState {
    /// The unfinished position.
    pub(crate) position: Option<PositionId>,
    /// The last one that was closed: late fees and funding are corrections of it.
    pub(crate) last_closed: Option<Closed>,
    /// The venue's last report of the quantity less ours.
    pub(crate) venue_difference: Amount,
}

/// What has to be known of the position that was closed last in a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Closed {
    pub(crate) id: PositionId,
    pub(crate) side: PositionSide,
    /// By the venue's clock.
    pub(crate) at: Timestamp,
}

/// What is finished, until somebody else keeps it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Recent {
    /// Identity of a command → its first record.
    pub(crate) facts: BTreeMap<FactKey, Sequence>,
    /// Positions that are final.
    pub(crate) finished: BTreeMap<PositionId, Position>,
    /// Orders that have ended, and those nobody here asked for: of many of those nobody ever says how
    /// much they were for in all, so that their end cannot be seen.
    pub(crate) orders: BTreeSet<Sequence>,
}

impl Closed {
    /// What has to be known of `position`, if it was closed.
    pub(crate) fn of(position: &Position) -> Option<Self> {
        let at = position.closed_at?;
        (position.state == PositionState::Closed).then_some(Self {
            id: position.id,
            side: position.side,
            at,
        })
    }
}

impl Ledger {
    /// The last record applied.
    pub const fn head(&self) -> Sequence {
        self.head
    }

    /// When the last record applied was recorded.
    pub const fn last_recorded_at(&self) -> Timestamp {
        self.last_recorded_at
    }

    /// Whether an operator stopped all intents.
    pub const fn is_halted(&self) -> bool {
        self.halted
    }

    /// All positions that are not final.
    pub fn positions(&self) -> impl Iterator<Item = &Position> {
        self.positions.values()
    }

    /// A position that is not final, or final and not forgotten.
    pub fn position(&self, id: PositionId) -> Option<&Position> {
        self.positions
            .get(&id)
            .or_else(|| self.recent.finished.get(&id))
    }

    /// The positions that are final and not forgotten.
    pub fn finished(&self) -> impl Iterator<Item = &Position> {
        self.recent.finished.values()
    }

    /// The orders of ours that work, and of all others those that are not forgotten.
    pub fn orders(&self) -> impl Iterator<Item = &Order> {
        self.orders.values()
    }

    /// The order with this number.
    pub fn order(&self, number: Sequence) -> Option<&Order> {
        self.orders.get(&number)
    }

    /// The order that has one of these names; the newest, since venues let names be used again.
    pub fn find_order(
        &self,
        account: &AccountId,
        symbol: &Symbol,
        reference: &OrderReference,
    ) -> Option<&Order> {
        let venue_order_id = reference.venue_order_id.as_ref();
        let by_venue = venue_order_id.and_then(|id| self.by_venue_order_id.get(id));
        let by_client = || {
            let id = reference.client_order_id.as_ref()?;
            self.by_client_order_id.get(id)
        };
        let newest = |numbers: &BTreeSet<Sequence>| {
            numbers
                .iter()
                .rev()
                .filter_map(|number| self.orders.get(number))
                .find(|order| order.account == *account && order.symbol == *symbol)
        };
        by_venue.and_then(newest).or_else(|| {
            // The same name of ours with another name of the venue is another order.
            by_client().and_then(newest).filter(|order| {
                order.venue_order_id.is_none()
                    || venue_order_id.is_none()
                    || order.venue_order_id.as_ref() == venue_order_id
            })
        })
    }

    /// The orders of a position, oldest first.
    pub fn orders_of(&self, id: PositionId) -> impl Iterator<Item = &Order> {
        self.position_orders
            .get(&id)
            .into_iter()
            .flatten()
            .filter_map(|number| self.orders.get(number))
    }

    /// An account's settings; the defaults where none are configured.
    pub fn settings(&self, account: &AccountId) -> AccountSettings {
        self.accounts.get(account).copied().unwrap_or_default()
    }

    /// The accounts that are configured.
    pub fn accounts(&self) -> impl Iterator<Item = (&AccountId, &AccountSettings)> {
        self.accounts.iter()
    }

    /// An instrument's terms, where configured.
    pub fn instrument(&self, id: &InstrumentId) -> Option<&Instrument> {
        self.instruments.get(id)
    }

    /// The instruments that are configured.
    pub fn instruments(&self) -> impl Iterator<Item = (&InstrumentId, &Instrument)> {
        self.instruments.iter()
    }

    /// The last mark of an instrument.
    pub fn mark(&self, id: &InstrumentId) -> Option<&Mark> {
        self.marks.last(id)
    }

    /// All last marks.
    pub fn marks(&self) -> impl Iterator<Item = &Mark> {
        self.marks.iter()
    }

    /// A position's unrealized PnL at the last mark, in settlement currency.
    pub fn unrealized_pnl(&self, position: &Position) -> Option<Amount> {
        let mark = self.mark(&position.account.instrument(&position.symbol))?;
        let terms = position.terms.as_ref()?;
        mathematics::unrealized(terms, &position.numbers, mark.price).ok()
    }

    /// How many quarantined facts nobody has resolved.
    pub fn quarantined(&self) -> usize {
        self.quarantined.len()
    }

    /// The first record of an identity, as long as it is not forgotten.
    pub fn first_seen(&self, key: &FactKey) -> Option<Sequence> {
        self.recent.facts.get(key).copied()
    }

    /// Whether a ticket's position is here, finished or not.
    pub fn knows_ticket(&self, account: &AccountId, symbol: &Symbol, ticket: &Ticket) -> bool {
        let (account, symbol) = (account.clone(), symbol.clone());
        let slot = Slot {
            account,
            symbol,
            leg: Leg::Ticket(ticket.clone()),
        };
        self.slots.contains_key(&slot)
    }

    /// The unfinished position in a slot.
    pub(crate) fn position_in(&self, slot: &Slot) -> Option<&Position> {
        let id = self.slots.get(slot)?.position?;
        self.positions.get(&id)
    }

    /// Keeps a mark. It is not journaled: only what it moves is.
    ///
    /// Returns whether it is newer than the one before.
    pub fn observe(&mut self, mark: &Mark) -> bool {
        if !self.marks.advance(mark) {
            return false;
        }
        let ids = self
            .by_instrument
            .get(&mark.instrument)
            .into_iter()
            .flatten();
        for position in ids.filter_map(|id| self.positions.get(id)) {
            if position.is_held()
                && position
                    .last_fill_at
                    .is_none_or(|at| at <= mark.occurred_at)
            {
                self.marks.note(position, mark.price);
            }
        }
        true
    }

    /// Drops what is finished and was last changed at or before `sequence`, because somebody else
    /// keeps it now and will bring it back as [`Known`](crate::Known).
    pub fn forget_through(&mut self, sequence: Sequence) {
        self.recent.facts.retain(|_, first| *first > sequence);
        self.recent
            .finished
            .retain(|_, position| position.last_sequence > sequence);
        let settled = |number: &Sequence| {
            self.orders
                .get(number)
                .is_none_or(|order| order.last_sequence <= sequence)
        };
        let orders: Vec<Sequence> = self.recent.orders.iter().copied().filter(settled).collect();
        for number in orders {
            self.recent.orders.remove(&number);
            self.forget_order(number);
        }
        let kept = &self.recent.finished;
        // A ticket is never used again; its slot would only gather dust.
        self.slots.retain(|slot, state| {
            !matches!(slot.leg, Leg::Ticket(_))
                || state.position.is_some()
                || state
                    .last_closed
                    .is_some_and(|closed| kept.contains_key(&closed.id))
        });
    }

    fn forget_order(&mut self, number: Sequence) {
        let Some(order) = self.orders.remove(&number) else {
            return;
        };
        if let Some(id) = &order.client_order_id {
            remove_from(&mut self.by_client_order_id, id, &number);
        }
        if let Some(id) = &order.venue_order_id {
            remove_from(&mut self.by_venue_order_id, id, &number);
        }
        if let Some(id) = &order.position_id {
            remove_from(&mut self.position_orders, id, &number);
        }
    }
}

/// Takes `value` out of the set under `key`, and the set with it when it is the last.
pub(crate) fn remove_from<K: Ord, V: Ord>(sets: &mut BTreeMap<K, BTreeSet<V>>, key: &K, value: &V) {
    if let Some(set) = sets.get_mut(key) {
        set.remove(value);
        if set.is_empty() {
            sets.remove(key);
        }
    }
}
