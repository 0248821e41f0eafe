//! What every record has beside its event.

use ledger::{Event, Sequence};

use super::Frozen;
use super::intent::Intent;
use super::value::{AccountId, Bytes, Number, Sixteen, Text, Time};
use crate::error::Fault;

/// A record without its sequence, which follows from its place in the frame, and without its event,
/// which comes after it.
#[derive(bincode::Encode, bincode::BorrowDecode)]
pub(in crate::codec) struct Record<'a> {
    recorded_at: Time,
    occurred_at: Time,
    tenant: Text<'a>,
    account: Option<AccountId<'a>>,
    symbol: Option<Text<'a>>,
    position_id: Option<Sixteen>,
    actor: Text<'a>,
    causation: Option<Number>,
    correlation: Text<'a>,
    key: Option<Sixteen>,
    source: Source<'a>,
}

impl<'a> Record<'a> {
    /// Takes a record apart into its form and what is stored elsewhere.
    pub(in crate::codec) fn freeze(record: &'a ledger::Record) -> (Self, Sequence, &'a Event) {
        let ledger::Record {
            sequence,
            recorded_at,
            occurred_at,
            tenant,
            account,
            symbol,
            position_id,
            actor,
            causation,
            correlation,
            key,
            source,
            event,
        } = record;
        let form = Self {
            recorded_at: Frozen::freeze(recorded_at),
            occurred_at: Frozen::freeze(occurred_at),
            tenant: Frozen::freeze(tenant),
            account: Frozen::freeze(account),
            symbol: Frozen::freeze(symbol),
            position_id: Frozen::freeze(position_id),
            actor: Frozen::freeze(actor),
            causation: Frozen::freeze(causation),
            correlation: Frozen::freeze(correlation),
            key: Frozen::freeze(key),
            source: Frozen::freeze(source),
        };
        (form, *sequence, event)
    }

    /// Puts a record together again. Neighbours share most of their names: what is the same as in
    /// the record before is taken from there, which was judged already.
    pub(in crate::codec) fn thaw(
        self,
        sequence: Sequence,
        event: Event,
        before: Option<&ledger::Record>,
    ) -> Result<ledger::Record, Fault> {
        let tenant = match before {
            Some(before) if self.tenant.is(before.tenant.as_str()) => before.tenant.clone(),
            Some(_) | None => self.tenant.thaw()?,
        };
        let account = match (
            self.account,
            before.and_then(|before| before.account.as_ref()),
        ) {
            (Some(form), Some(account)) if form.is(account) => Some(account.clone()),
            (form, _) => form.thaw()?,
        };
        let symbol = match (
            self.symbol,
            before.and_then(|before| before.symbol.as_ref()),
        ) {
            (Some(form), Some(symbol)) if form.is(symbol.as_str()) => Some(symbol.clone()),
            (form, _) => form.thaw()?,
        };
        let actor = match before {
            Some(before) if self.actor.is(before.actor.as_str()) => before.actor.clone(),
            Some(_) | None => self.actor.thaw()?,
        };
        let correlation = match before {
            Some(before) if self.correlation.is(before.correlation.as_str()) => {
                before.correlation.clone()
            }
            Some(_) | None => self.correlation.thaw()?,
        };
        Ok(ledger::Record {
            sequence,
            recorded_at: self.recorded_at.thaw()?,
            occurred_at: self.occurred_at.thaw()?,
            tenant,
            account,
            symbol,
            position_id: self.position_id.thaw()?,
            actor,
            causation: self.causation.thaw()?,
            correlation,
            key: self.key.thaw()?,
            source: self.source.thaw()?,
            event,
        })
    }
}

/// What came from outside.
#[derive(bincode::Encode, bincode::BorrowDecode)]
pub(in crate::codec) enum Source<'a> {
    None,
    Intent(Box<Intent<'a>>),
    Raw(Bytes<'a>),
}

impl<'a> Frozen<'a, ledger::Source> for Source<'a> {
    fn freeze(value: &'a ledger::Source) -> Self {
        match value {
            ledger::Source::None => Self::None,
            ledger::Source::Intent(intent) => Self::Intent(Box::new(Frozen::freeze(intent))),
            ledger::Source::Raw(bytes) => Self::Raw(Frozen::freeze(bytes)),
        }
    }
    fn thaw(self) -> Result<ledger::Source, Fault> {
        Ok(match self {
            Self::None => ledger::Source::None,
            Self::Intent(intent) => ledger::Source::Intent((*intent).thaw()?),
            Self::Raw(bytes) => ledger::Source::Raw(bytes.thaw()?),
        })
    }
}
