//! Rows in memory, until they are on disk.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ledger::{
    AccountId, ClientOrderId, Event, FactKey, Leg, Mark, Order, Position, PositionId, Record,
    Sequence, Symbol, Tenant, Ticket, VenueOrderId,
};

use super::scan::{Cursor, directed};
use super::{Marks, StoredThrough};
use crate::rows::{FillRow, Rows, Trade};

/// A hash of the name of an order or a ticket, with its account and symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name([u8; 16]);

impl Name {
    pub(super) fn client(account: &AccountId, symbol: &Symbol, id: &ClientOrderId) -> Self {
        Self::of(account, symbol, "client", id.as_str())
    }

    pub(super) fn venue(account: &AccountId, symbol: &Symbol, id: &VenueOrderId) -> Self {
        Self::of(account, symbol, "venue", id.as_str())
    }

    /// A ticket, whose number is that of the record that made its last position final.
    pub(super) fn ticket(account: &AccountId, symbol: &Symbol, ticket: &Ticket) -> Self {
        Self::of(account, symbol, "ticket", ticket.as_str())
    }

    /// Our own name for an order, where neither account nor symbol is said.
    pub(super) fn ours(tenant: &Tenant, id: &ClientOrderId) -> Self {
        Self::hash(&[tenant.as_str(), "ours", id.as_str()])
    }

    fn of(account: &AccountId, symbol: &Symbol, kind: &str, id: &str) -> Self {
        let AccountId {
            tenant,
            venue,
            mode,
            name,
        } = account;
        let (tenant, venue) = (tenant.as_str(), venue.as_str());
        Self::hash(&[
            tenant,
            venue,
            mode.as_str(),
            name.as_str(),
            symbol.as_str(),
            kind,
            id,
        ])
    }

    fn hash(fields: &[&str]) -> Self {
        let mut hasher = blake3::Hasher::new();
        // No id holds a zero byte, so no two lists of fields run together.
        for field in fields {
            hasher.update(field.as_bytes()).update(&[0]);
        }
        let mut name = [0; 16];
        hasher.finalize_xof().fill(&mut name);
        Self(name)
    }

    pub(super) const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// The rows of some records in a row, those of a later one in place of an earlier one's.
#[derive(Debug, Default)]
pub(super) struct Tail {
    through: StoredThrough,
    records: usize,
    facts: BTreeMap<FactKey, Sequence>,
    position_records: BTreeSet<(PositionId, Sequence)>,
    trades: BTreeMap<Sequence, Arc<Trade>>,
    finished: BTreeMap<PositionId, Sequence>,
    orders: BTreeMap<Sequence, Arc<Order>>,
    names: BTreeMap<Name, Sequence>,
    fills: BTreeMap<Sequence, Arc<FillRow>>,
    marks: Marks,
}

impl Tail {
    /// Nothing yet, after what went up to `through`.
    pub(super) fn after(through: StoredThrough) -> Self {
        Self {
            through,
            ..Self::default()
        }
    }

    /// Takes in what a record adds.
    pub(super) fn take(&mut self, record: &Record, rows: Rows) {
        if record.sequence > self.through.sequence {
            self.through = StoredThrough {
                sequence: record.sequence,
                recorded_at: record.recorded_at,
            };
        }
        self.records = self.records.saturating_add(1);
        if let Some(key) = record.key {
            self.facts.entry(key).or_insert(record.sequence);
        }
        if let Some(id) = record.position_id {
            self.position_records.insert((id, record.sequence));
            // The fill that opens a position after a flip is a record of the position it closed.
            if let (Event::PositionOpened(_), Some(fill)) = (&record.event, record.causation) {
                self.position_records.insert((id, fill));
            }
        }
        if let Some(trade) = rows.trade {
            self.finished.insert(trade.position.id, trade.finished);
            if let Leg::Ticket(ticket) = &trade.position.leg {
                let Position {
                    account, symbol, ..
                } = &trade.position;
                self.names
                    .insert(Name::ticket(account, symbol, ticket), trade.finished);
            }
            self.trades.insert(trade.finished, Arc::new(trade));
        }
        if let Some(order) = rows.order {
            self.take_order(order);
        }
        if let Some(fill) = rows.fill {
            self.fills.insert(fill.sequence, Arc::new(fill));
        }
    }

    fn take_order(&mut self, order: Order) {
        let known = self.orders.get(&order.number);
        let renamed = known.is_none_or(|known| {
            known.client_order_id != order.client_order_id
                || known.venue_order_id != order.venue_order_id
        });
        if renamed {
            for name in names(&order) {
                let newest = self.names.entry(name).or_insert(order.number);
                *newest = order.number.max(*newest);
            }
        }
        self.orders.insert(order.number, Arc::new(order));
    }

    pub(super) fn keep_mark(&mut self, mark: &Mark) {
        self.marks.insert(mark.instrument.clone(), mark.clone());
    }

    pub(super) const fn through(&self) -> StoredThrough {
        self.through
    }

    pub(super) const fn records(&self) -> usize {
        self.records
    }

    pub(super) fn is_empty(&self) -> bool {
        self.records == 0 && self.marks.is_empty()
    }

    pub(super) fn first_seen(&self, key: &FactKey) -> Option<Sequence> {
        self.facts.get(key).copied()
    }

    pub(super) fn named(&self, name: &Name) -> Option<Sequence> {
        self.names.get(name).copied()
    }

    pub(super) fn finished(&self, id: PositionId) -> Option<Sequence> {
        self.finished.get(&id).copied()
    }

    pub(super) fn records_of(
        &self,
        id: PositionId,
        cursor: Cursor,
        limit: usize,
    ) -> Vec<(Sequence, Sequence)> {
        let (from, to) = cursor.bounds();
        let range = (
            from.map(|sequence| (id, sequence)),
            to.map(|sequence| (id, sequence)),
        );
        directed(self.position_records.range(range), cursor.direction)
            .take(limit)
            .map(|(_, sequence)| (*sequence, *sequence))
            .collect()
    }

    pub(super) fn marks(&self) -> Marks {
        self.marks.clone()
    }

    pub(super) const fn trades(&self) -> &BTreeMap<Sequence, Arc<Trade>> {
        &self.trades
    }

    pub(super) const fn orders(&self) -> &BTreeMap<Sequence, Arc<Order>> {
        &self.orders
    }

    pub(super) const fn fills(&self) -> &BTreeMap<Sequence, Arc<FillRow>> {
        &self.fills
    }

    pub(super) const fn facts(&self) -> &BTreeMap<FactKey, Sequence> {
        &self.facts
    }

    pub(super) const fn position_records(&self) -> &BTreeSet<(PositionId, Sequence)> {
        &self.position_records
    }

    pub(super) const fn all_finished(&self) -> &BTreeMap<PositionId, Sequence> {
        &self.finished
    }

    pub(super) const fn names(&self) -> &BTreeMap<Name, Sequence> {
        &self.names
    }
}

/// All names an order can be found by.
fn names(order: &Order) -> impl Iterator<Item = Name> {
    let Order {
        account,
        symbol,
        client_order_id,
        venue_order_id,
        ..
    } = order;
    let client = client_order_id.as_ref();
    let venue = venue_order_id.as_ref();
    client
        .map(|id| Name::client(account, symbol, id))
        .into_iter()
        .chain(client.map(|id| Name::ours(&account.tenant, id)))
        .chain(venue.map(|id| Name::venue(account, symbol, id)))
}
