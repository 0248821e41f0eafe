//! The records of one decision, as they are put together.

use crate::acknowledgement::Acknowledgement;
use crate::event::{Event, PositionStateChanged};
use crate::identity::{
    AccountId, Actor, Correlation, FactKey, IntentId, PositionId, Sequence, Symbol, Tenant,
};
use crate::intent::Intent;
use crate::lifecycle::{PositionState, StateCause};
use crate::position::Position;
use crate::record::{Record, Source};
use crate::refusal::Flag;
use crate::state::Ledger;
use crate::time::Timestamp;

use super::Moment;

/// The records of one decision. The first is the primary: it carries the key and the source, and
/// causes all others.
#[derive(Debug)]
pub(super) struct Draft {
    first: Sequence,
    recorded_at: Timestamp,
    occurred_at: Timestamp,
    tenant: Tenant,
    account: Option<AccountId>,
    symbol: Option<Symbol>,
    actor: Actor,
    correlation: Correlation,
    key: Option<FactKey>,
    source: Source,
    records: Vec<Record>,
}

impl Draft {
    pub(super) fn intent(ledger: &Ledger, intent: &Intent, key: FactKey, moment: &Moment) -> Self {
        let recorded_at = moment.at.max(ledger.last_recorded_at());
        Self {
            first: ledger.head().next(),
            recorded_at,
            occurred_at: intent.occurred_at.unwrap_or(recorded_at),
            tenant: intent.tenant.clone(),
            account: None,
            symbol: None,
            actor: intent.actor.clone(),
            correlation: Correlation::intent(&intent.intent_id),
            key: Some(key),
            source: Source::Intent(Box::new(intent.clone())),
            records: Vec::new(),
        }
    }

    pub(super) fn acknowledgement(
        ledger: &Ledger,
        ack: &Acknowledgement,
        key: FactKey,
        moment: &Moment,
    ) -> Self {
        Self {
            first: ledger.head().next(),
            recorded_at: moment.at.max(ledger.last_recorded_at()),
            occurred_at: ack.occurred_at,
            tenant: ack.account.tenant.clone(),
            account: Some(ack.account.clone()),
            symbol: Some(ack.symbol.clone()),
            actor: Actor::venue(&ack.account.venue),
            correlation: Correlation::account(&ack.account),
            key: Some(key),
            source: ack.raw.clone().map_or(Source::None, Source::Raw),
            records: Vec::new(),
        }
    }

    pub(super) fn of_ledger(
        ledger: &Ledger,
        tenant: Tenant,
        correlation: Correlation,
        occurred_at: Timestamp,
        moment: &Moment,
    ) -> Self {
        Self {
            first: ledger.head().next(),
            recorded_at: moment.at.max(ledger.last_recorded_at()),
            occurred_at,
            tenant,
            account: None,
            symbol: None,
            actor: Actor::ledger(),
            correlation,
            key: None,
            source: Source::None,
            records: Vec::new(),
        }
    }

    /// What the records from here on are about.
    pub(super) fn about(&mut self, account: &AccountId, symbol: &Symbol) {
        self.account = Some(account.clone());
        self.symbol = Some(symbol.clone());
    }

    /// Names the account without an instrument.
    pub(super) fn about_account(&mut self, account: &AccountId) {
        self.account = Some(account.clone());
        self.symbol = None;
    }

    pub(super) fn belongs_to(&mut self, intent: Option<&IntentId>, position: Option<PositionId>) {
        if let Some(intent) = intent {
            self.correlation = Correlation::intent(intent);
        } else if let Some(position) = position {
            self.correlation = Correlation::position(position);
        }
    }

    /// Who asked, and under which identity a repeat is recognised.
    pub(super) fn asked_by(&mut self, actor: Actor, key: Option<FactKey>) {
        self.actor = actor;
        self.key = key;
    }

    /// The number of the record `ahead` places after the next one.
    pub(super) fn number(&self, ahead: u64) -> Sequence {
        let pushed = u64::try_from(self.records.len()).unwrap_or(u64::MAX);
        self.first.plus(pushed).plus(ahead)
    }

    pub(super) fn push(&mut self, position_id: Option<PositionId>, event: Event) {
        let primary = self.records.is_empty();
        let record = Record {
            sequence: self.number(0),
            recorded_at: self.recorded_at,
            occurred_at: self.occurred_at,
            tenant: self.tenant.clone(),
            account: self.account.clone(),
            symbol: self.symbol.clone(),
            position_id,
            actor: self.actor.clone(),
            causation: (!primary).then_some(self.first),
            correlation: self.correlation.clone(),
            key: if primary { self.key } else { None },
            source: if primary {
                std::mem::take(&mut self.source)
            } else {
                Source::None
            },
            event,
        };
        self.records.push(record);
    }

    /// A change of state, from where `position` is.
    pub(super) fn change_state(
        &mut self,
        position: &Position,
        to: PositionState,
        cause: StateCause,
        flag: Option<Flag>,
    ) {
        self.transition(position.id, Some(position.state), to, cause, flag);
    }

    pub(super) fn transition(
        &mut self,
        id: PositionId,
        from: Option<PositionState>,
        to: PositionState,
        cause: StateCause,
        flag: Option<Flag>,
    ) {
        let flags = flag.into_iter().collect();
        let event = PositionStateChanged {
            from,
            to,
            cause,
            flags,
        };
        self.push(Some(id), Event::PositionStateChanged(event));
    }

    pub(super) fn finish(self) -> Vec<Record> {
        self.records
    }
}
