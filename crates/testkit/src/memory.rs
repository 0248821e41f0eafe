//! A ledger whose journal is a list in memory: the smallest thing that can hold a scenario.

use std::collections::BTreeMap;

use ledger::{
    AccountId, Acknowledgement, Actor, Amount, Command, Decision, Event, FactKey, Known, Ledger,
    Leg, Moment, Order, OrderReference, Position, PositionId, Receipt, Record, Request, Sequence,
    Source, Symbol, Tenant, Timestamp,
};

use crate::scenario::Target;
use crate::values::value;

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
    /// Never forgets: what the forgetful one looks things up in.
    archive: Ledger,
    journal: Vec<Record>,
    first: BTreeMap<FactKey, Sequence>,
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
        self.archive
            .positions()
            .chain(self.archive.finished())
            .collect()
    }

    /// What a command would come to now.
    pub fn decide(&self, command: &Command, at: Timestamp) -> Decision {
        let moment = Moment::of(command, at);
        self.ledger.decide(command, &self.known(command), &moment)
    }

    /// Journals an operator's event that no command asks for, such as a halt or an adjustment.
    pub fn journal_event(&mut self, position_id: Option<PositionId>, event: Event, at: Timestamp) {
        let recorded_at = at.max(self.ledger.last_recorded_at());
        let position = position_id.and_then(|id| self.ledger.position(id));
        let record = Record {
            sequence: self.ledger.head().next(),
            recorded_at,
            occurred_at: at,
            tenant: Tenant::default_tenant(),
            account: position.map(|position| position.account.clone()),
            symbol: position.map(|position| position.symbol.clone()),
            position_id,
            actor: Actor::operator(),
            causation: None,
            correlation: value("operator"),
            key: None,
            source: Source::None,
            event,
        };
        self.take(record);
    }

    fn take(&mut self, record: Record) {
        self.ledger.apply(&record);
        self.archive.apply(&record);
        if let Some(key) = record.key {
            self.first.entry(key).or_insert(record.sequence);
        }
        self.journal.push(record);
    }

    fn forget(&mut self) {
        if self.memory == Memory::Forgetful {
            self.ledger.forget_through(self.ledger.head());
        }
    }

    fn first_record(&self, key: FactKey) -> Option<&Record> {
        let sequence = self.first.get(&key)?;
        let at = usize::try_from(sequence.get()).ok()?.checked_sub(1)?;
        self.journal.get(at)
    }

    /// The last position of the ticket that a fact names: nothing else is left of a closed ticket.
    fn last_of_ticket(&self, told: &Acknowledgement) -> Option<&Position> {
        let leg = told
            .leg
            .as_ref()
            .filter(|leg| matches!(leg, Leg::Ticket(_)))?;
        let of_ticket = |position: &&Position| {
            position.account == told.account
                && position.symbol == told.symbol
                && position.leg == *leg
        };
        let finished = self.archive.finished().filter(of_ticket);
        finished.max_by_key(|position| position.last_sequence)
    }

    /// The first record of a content whose name belongs to another.
    fn other(&self, name: FactKey, content: FactKey) -> Option<Sequence> {
        self.first
            .get(&content)
            .copied()
            .filter(|_| content != name)
    }

    fn known(&self, command: &Command) -> Known {
        let first = command.key().and_then(|key| self.first_record(key));
        let mut known = Known {
            first: first.cloned(),
            ..Known::default()
        };
        match command {
            Command::Acknowledgement(told) => {
                known.conflict = self.other(told.key(), told.content_key());
                known.order = self
                    .archive
                    .find_order(&told.account, &told.symbol, &told.order)
                    .cloned();
                known.position = self.last_of_ticket(told).cloned();
            }
            Command::Intent(intent) => {
                known.conflict = self.other(intent.key(), intent.content_key());
                let id = intent.request.position_id();
                known.position = id.and_then(|id| self.archive.position(id)).cloned();
                if let Request::CancelOrder { client_order_id } = &intent.request {
                    let named =
                        |order: &&Order| order.client_order_id.as_ref() == Some(client_order_id);
                    known.order = self.archive.orders().filter(named).last().cloned();
                }
            }
            Command::Mark(_) | Command::Configuration(_) => {}
        }
        known
    }
}

impl Target for MemoryLedger {
    fn submit(&mut self, command: &Command, at: Timestamp) -> Receipt {
        let decision = self.decide(command, at);
        for record in decision.records {
            self.take(record);
        }
        if let Command::Mark(mark) = command {
            self.ledger.observe(mark);
        }
        self.forget();
        decision.receipt
    }

    /// Builds the state anew from the journal alone.
    fn reopen(&mut self) {
        self.ledger = Ledger::default();
        for record in &self.journal {
            self.ledger.apply(record);
        }
        self.forget();
    }

    fn position(&self, id: PositionId) -> Option<Position> {
        self.ledger
            .position(id)
            .or_else(|| self.archive.position(id))
            .cloned()
    }

    fn positions(&self) -> Vec<Position> {
        self.ledger.positions().cloned().collect()
    }

    fn orders_of(&self, id: PositionId) -> Vec<Order> {
        self.archive.orders_of(id).cloned().collect()
    }

    fn find_order(
        &self,
        account: &AccountId,
        symbol: &Symbol,
        reference: &OrderReference,
    ) -> Option<Order> {
        self.ledger
            .find_order(account, symbol, reference)
            .or_else(|| self.archive.find_order(account, symbol, reference))
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
        let from = usize::try_from(sequence.get()).unwrap_or(usize::MAX);
        self.journal.get(from..).unwrap_or_default().to_vec()
    }

    fn violations(&self) -> Vec<String> {
        let broken = self.ledger.violations();
        broken.iter().map(ToString::to_string).collect()
    }
}
