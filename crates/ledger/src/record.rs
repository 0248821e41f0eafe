//! An event with all that says when, who, why and in what order.

use serde::{Deserialize, Serialize};

use crate::event::Event;
use crate::identity::{
    AccountId, Actor, Correlation, FactKey, PositionId, Sequence, Symbol, Tenant,
};
use crate::intent::Intent;
use crate::time::Timestamp;

/// One entry of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its place in the journal.
    pub sequence: Sequence,
    /// When we recorded it; never earlier than the record before.
    pub recorded_at: Timestamp,
    /// When it happened, by the clock of whoever reported it.
    pub occurred_at: Timestamp,
    /// Who owns the data.
    pub tenant: Tenant,
    /// Whose account, where it is about one.
    pub account: Option<AccountId>,
    /// In what, where it is about one instrument of the account.
    pub symbol: Option<Symbol>,
    /// Which position, where it is about one.
    pub position_id: Option<PositionId>,
    /// Who asked.
    pub actor: Actor,
    /// The record that caused this one; none for what came from outside.
    pub causation: Option<Sequence>,
    /// What it belongs to.
    pub correlation: Correlation,
    /// The identity under which a repeat of the command is recognised; only on a command's first record.
    pub key: Option<FactKey>,
    /// What came from outside, as it came; only on a command's first record.
    pub source: Source,
    /// What happened.
    pub event: Event,
}

/// What came from outside, as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Nothing: the record follows from the one that caused it.
    #[default]
    None,
    /// An intent, word for word.
    Intent(Box<Intent>),
    /// A venue's own bytes.
    Raw(Vec<u8>),
}
