//! A ledger whose journal is a list in memory: the smallest thing that can hold a scenario.

use std::collections::{BTreeMap, BTreeSet};

use ledger::{
    AccountId, Acknowledgement, Amount, Command, Decision, FactKey, Known, Ledger, Moment, Order,
    OrderReference, Position, PositionId, Receipt, Record, Request, Sequence, Symbol, Timestamp,
};

use crate::scenario::Target;
use crate::values::position_id;

/// What the ledger keeps of what is finished.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Memory {
    /// Everything.
    #[default]
    Whole,
    /// Nothing: after every command all that is finished is forgotten, and looked up when it is
    /// needed again, as a daemon does that runs for years.
    Forgetful,
}

/// A ledger over a journal in memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryLedger {
    memory: Memory,
    ledger: Ledger,
    journal: Vec<Record>,
    first: BTreeMap<FactKey, Sequence>,
    finished: BTreeMap<PositionId, Position>,
    orders: BTreeMap<Sequence, Order>,
    positions_made: u64,
}

impl MemoryLedger {
    /// An empty ledger.
    pub fn new(memory: Memory) -> Self {
        Self {
            memory,
            ..Self::default()
        }
    }

    /// The ledger as it is.
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Every record so far.
    pub fn journal(&self) -> &[Record] {
        &self.journal
    }

    /// Every position that ever was, forgotten ones too.
    pub fn all_positions(&self) -> Vec<&Position> {
        let known: BTreeSet<PositionId> = self.ledger.finished().map(|position| position.id).collect();
        self.ledger
            .positions()
            .chain(self.ledger.finished())
            .chain(self.finished.values().filter(|position| !known.contains(&position.id)))
            .collect()
    }

    /// What a command would come to now.
    pub fn decide(&self, command: &Command, at: Timestamp) -> Decision {
        let moment = Moment {
            at,
            position_id: position_id(self.positions_made + 1),
        };
        self.ledger.decide(command, &self.known(command), &moment)
    }

    /// Decides a command and applies its records, each shown to `watch` once it is applied.
    pub fn submit_watched(
        &mut self,
        command: &Command,
        at: Timestamp,
        mut watch: impl FnMut(&Ledger, &Record),
    ) -> Receipt {
        let decision = self.decide(command, at);
        self.positions_made += 1;
        for record in decision.records {
            self.ledger.apply(&record);
            watch(&self.ledger, &record);
            if let Some(key) = record.key {
                self.first.entry(key).or_insert(record.sequence);
            }
            self.journal.push(record);
        }
        if let Command::Mark(mark) = command {
            self.ledger.observe(mark);
        }
        self.archive();
        decision.receipt
    }

    fn archive(&mut self) {
        if self.memory == Memory::Whole {
            return;
        }
        for position in self.ledger.finished() {
            self.finished.insert(position.id, position.clone());
        }
        for order in self.ledger.orders() {
            self.orders.insert(order.number, order.clone());
        }
        self.ledger.forget_through(self.ledger.head());
    }

    fn record(&self, sequence: Sequence) -> Option<&Record> {
        let at = usize::try_from(sequence.get()).ok()?.checked_sub(1)?;
        self.journal.get(at)
    }

    fn known(&self, command: &Command) -> Known {
        let first = command.key().and_then(|key| self.first.get(&key).copied());
        let mut known = Known {
            first: first.and_then(|sequence| self.record(sequence)).cloned(),
            ..Known::default()
        };
        match command {
            Command::Acknowledgement(told) => {
                let conflict = self.first.get(&told.content_key()).copied();
                known.conflict = conflict.filter(|_| told.content_key() != told.key());
                known.order = self.archived_order(told).cloned();
            }
            Command::Intent(intent) => {
                known.position = intent
                    .request
                    .position_id()
                    .and_then(|id| self.finished.get(&id))
                    .cloned();
                if let Request::CancelOrder { client_order_id } = &intent.request {
                    known.order = self
                        .orders
                        .values()
                        .rfind(|order| order.client_order_id.as_ref() == Some(client_order_id))
                        .cloned();
                }
            }
            Command::Mark(_) | Command::Configuration(_) => {}
        }
        known
    }

    fn archived_order(&self, told: &Acknowledgement) -> Option<&Order> {
        find(self.orders.values(), &told.account, &told.symbol, &told.order)
    }
}

/// The newest order with these names; the venue's name counts more than ours.
fn find<'a>(
    orders: impl DoubleEndedIterator<Item = &'a Order> + Clone,
    account: &AccountId,
    symbol: &Symbol,
    reference: &OrderReference,
) -> Option<&'a Order> {
    let mut here = orders
        .rev()
        .filter(|order| order.account == *account && order.symbol == *symbol);
    let by_venue = reference.venue_order_id.as_ref().and_then(|id| {
        here.clone()
            .find(|order| order.venue_order_id.as_ref() == Some(id))
    });
    by_venue.or_else(|| {
        let id = reference.client_order_id.as_ref()?;
        here.find(|order| {
            order.client_order_id.as_ref() == Some(id)
                && (order.venue_order_id.is_none()
                    || reference.venue_order_id.is_none()
                    || order.venue_order_id == reference.venue_order_id)
        })
    })
}

impl Target for MemoryLedger {
    fn submit(&mut self, command: &Command, at: Timestamp) -> Receipt {
        self.submit_watched(command, at, |_, _| {})
    }

    /// Builds the state anew from the journal alone.
    fn reopen(&mut self) {
        self.ledger = Ledger::default();
        for record in &self.journal {
            self.ledger.apply(record);
        }
        self.archive();
    }

    fn position(&self, id: PositionId) -> Option<Position> {
        self.ledger
            .position(id)
            .or_else(|| self.finished.get(&id))
            .cloned()
    }

    fn positions(&self) -> Vec<Position> {
        self.ledger.positions().cloned().collect()
    }

    fn orders_of(&self, id: PositionId) -> Vec<Order> {
        let mut orders: BTreeMap<Sequence, &Order> = self
            .orders
            .values()
            .filter(|order| order.position_id == Some(id))
            .map(|order| (order.number, order))
            .collect();
        orders.extend(self.ledger.orders_of(id).map(|order| (order.number, order)));
        orders.into_values().cloned().collect()
    }

    fn find_order(
        &self,
        account: &AccountId,
        symbol: &Symbol,
        reference: &OrderReference,
    ) -> Option<Order> {
        self.ledger
            .find_order(account, symbol, reference)
            .or_else(|| find(self.orders.values(), account, symbol, reference))
            .cloned()
    }

    fn unrealized_pnl(&self, id: PositionId) -> Option<Amount> {
        let position = self.ledger.position(id)?;
        self.ledger.unrealized_pnl(position)
    }

    fn quarantined(&self) -> usize {
        self.ledger.quarantined()
    }

    fn records_after(&self, sequence: Sequence) -> Vec<Record> {
        self.journal
            .iter()
            .filter(|record| record.sequence > sequence)
            .cloned()
            .collect()
    }

    fn violations(&self) -> Vec<String> {
        self.ledger
            .violations()
            .iter()
            .map(ToString::to_string)
            .collect()
    }
}
