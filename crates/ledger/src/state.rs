//! The state of the ledger, and where it finds what it needs.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::command::Mark;
use crate::configuration::{AccountSettings, Instrument};
use crate::identity::{
    AccountId, ClientOrderId, FactKey, InstrumentId, PositionId, Sequence, Slot, Symbol,
    VenueOrderId,
};
use crate::marks::MarkBook;
use crate::order::Order;
use crate::position::Position;
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
    pub(crate) by_client_order_id: BTreeMap<(AccountId, Symbol, ClientOrderId), Sequence>,
    pub(crate) by_venue_order_id: BTreeMap<(AccountId, Symbol, VenueOrderId), Sequence>,
    pub(crate) position_orders: BTreeMap<PositionId, BTreeSet<Sequence>>,
    pub(crate) by_instrument: BTreeMap<InstrumentId, BTreeSet<PositionId>>,
    pub(crate) quarantined: BTreeSet<Sequence>,
    pub(crate) recent: Recent,
    pub(crate) marks: MarkBook,
}

/// What a slot holds and what it held last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SlotState {
    /// The unfinished position.
    pub(crate) position: Option<PositionId>,
    /// The last one that was closed: late fees and funding are corrections of it.
    pub(crate) last_closed: Option<PositionId>,
    /// The venue's last report of the quantity less ours.
    pub(crate) venue_difference: crate::decimal::Amount,
}

/// What is finished, until somebody else keeps it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Recent {
    /// Identity of a command → its first record.
    pub(crate) facts: BTreeMap<FactKey, Sequence>,
    /// Positions that are final.
    pub(crate) finished: BTreeMap<PositionId, Position>,
    /// Orders that have ended, by the record that ended them.
    pub(crate) ended: BTreeSet<Sequence>,
}
