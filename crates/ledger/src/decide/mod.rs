//! Turns a command into records, without changing anything.
//!
//! Idempotency comes first, then the refusals of an intent (or the anomalies of a fact) in order of
//! precedence; after that the decision stands and only adds records.

mod accounts;
mod draft;
mod fills;
mod intents;
mod marks;
mod orders;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::acknowledgement::{Acknowledgement, Fact, OrderReference};
use crate::command::Command;
use crate::event::{AcknowledgementQuarantined, Event, IntentRejected};
use crate::identity::{FactKey, PositionId, Sequence, Tenant};
use crate::intent::Intent;
use crate::order::Order;
use crate::position::Position;
use crate::record::{Record, Source};
use crate::refusal::{Anomaly, Refusal};
use crate::state::Ledger;
use crate::time::Timestamp;
use draft::Draft;

/// What was looked up for a command among what the ledger has forgotten.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The first record of the command's [`key`](Command::key).
    pub first: Option<Record>,
    /// The first record of the command's [`content_key`](Command::content_key), where its key belongs to
    /// other content.
    pub conflict: Option<Sequence>,
    /// The order an acknowledgement names.
    pub order: Option<Order>,
    /// The final position that an intent names, or that an acknowledgement's ticket held last.
    pub position: Option<Position>,
}

/// What a decision needs beside the state and the command.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Now; nothing here knows a clock.
    pub at: Timestamp,
    /// The id of the position that the decision may open.
    pub position_id: PositionId,
}

impl Moment {
    /// The moment `at` for `command`.
    pub fn of(command: &Command, at: Timestamp) -> Self {
        let occurred_at = match command {
            Command::Intent(intent) => intent.occurred_at.unwrap_or(at),
            Command::Acknowledgement(ack) => ack.occurred_at,
            Command::Mark(mark) => mark.occurred_at,
            Command::Configuration(_) => at,
        };
        Self {
            at,
            position_id: PositionId::derived(command.key(), occurred_at),
        }
    }
}

/// What a command comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What is to be journaled, numbered from the ledger's head on; nothing for a duplicate.
    pub records: Vec<Record>,
    /// What the caller is told once they are durable.
    pub receipt: Receipt,
}

/// What became of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// An intent that stands.
    Accepted,
    /// An intent or a setting that does not.
    Rejected,
    /// A fact, a mark or a setting that was taken in.
    Applied,
    /// Seen before; nothing changed.
    Duplicate,
    /// A fact that is kept, but needs a person.
    Quarantined,
}

impl Outcome {
    /// The word used on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Applied => "applied",
            Self::Duplicate => "duplicate",
            Self::Quarantined => "quarantined",
        }
    }
}

/// The reply to a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// What became of it.
    pub outcome: Outcome,
    /// Its first record; for a duplicate the first record of the first time. None where nothing
    /// needed to be journaled.
    pub sequence: Option<Sequence>,
    /// The position it is about.
    pub position_id: Option<PositionId>,
    /// The refusal's or anomaly's code; for a duplicate the first time's.
    pub code: Option<SmolStr>,
}

impl Ledger {
    /// What a command comes to. Pure: the same state, command and moment give the same decision.
    pub fn decide(&self, command: &Command, known: &Known, moment: &Moment) -> Decision {
        match command {
            Command::Intent(intent) => self.decide_intent(intent, known, moment),
            Command::Acknowledgement(ack) => self.decide_acknowledgement(ack, known, moment),
            Command::Mark(mark) => self.decide_mark(mark, moment),
            Command::Configuration(setting) => self.decide_configuration(setting, known, moment),
        }
    }

    fn decide_intent(&self, intent: &Intent, known: &Known, moment: &Moment) -> Decision {
        let key = intent.key();
        let first = known.first.as_ref();
        if let Some(first) = first {
            let difference = match &first.source {
                Source::Intent(before) => intent.first_difference(before),
                Source::None | Source::Raw(_) => Some("content"),
            };
            let Some(field) = difference else {
                return again(first);
            };
            let refusal = Refusal::ExistsWithDifferent(SmolStr::new_static(field));
            let content_key = intent.content_key();
            if let Some(sequence) = known.conflict.or_else(|| self.first_seen(&content_key)) {
                return Decision::duplicate(Some(sequence), None, Some(refusal.code()));
            }
            return self.refuse(intent, refusal, content_key, known, moment);
        }
        match self.intent_records(intent, key, known, moment) {
            Ok(records) => Decision::of(Outcome::Accepted, records, None),
            Err(refusal) => self.refuse(intent, refusal, key, known, moment),
        }
    }

    /// A refusal is journaled too, so that a retry gets the same answer after a restart.
    fn refuse(
        &self,
        intent: &Intent,
        refusal: Refusal,
        key: FactKey,
        known: &Known,
        moment: &Moment,
    ) -> Decision {
        let mut draft = Draft::intent(self, intent, key, moment);
        let named = intent.request.position_id();
        let position = named.and_then(|id| self.position_of(&intent.tenant, id, known));
        if let Some(position) = position {
            draft.about(&position.account, &position.symbol);
        }
        let (code, intent_id) = (refusal.code(), intent.intent_id.clone());
        let event = Event::IntentRejected(IntentRejected { intent_id, refusal });
        draft.push(position.map(|position| position.id), event);
        Decision::of(Outcome::Rejected, draft.finish(), Some(code))
    }

    /// A position of the tenant, forgotten or not.
    fn position_of<'a>(
        &'a self,
        tenant: &Tenant,
        id: PositionId,
        known: &'a Known,
    ) -> Option<&'a Position> {
        self.position(id)
            .or_else(|| known.position.as_ref().filter(|position| position.id == id))
            .filter(|position| position.account.tenant == *tenant)
    }

    fn decide_acknowledgement(
        &self,
        ack: &Acknowledgement,
        known: &Known,
        moment: &Moment,
    ) -> Decision {
        let key = ack.key();
        if let Some(first) = &known.first {
            let before = reported(first);
            let difference = before.and_then(|before| ack.first_difference(&before));
            let Some(field) = difference else {
                return again(first);
            };
            let anomaly = Anomaly::ExistsWithDifferent(SmolStr::new_static(field));
            let content_key = ack.content_key();
            if let Some(sequence) = known.conflict.or_else(|| self.first_seen(&content_key)) {
                return Decision::duplicate(Some(sequence), None, Some(anomaly.code()));
            }
            return self.quarantine(ack, anomaly, Some(first.sequence), content_key, moment);
        }
        let records = match &ack.fact {
            Fact::OrderFilled(fill) => self.fill_records(ack, fill, key, known, moment),
            Fact::OrderSubmitted(_)
            | Fact::OrderAccepted(_)
            | Fact::OrderCanceled(_)
            | Fact::OrderExpired(_)
            | Fact::OrderRejected(_)
            | Fact::OrderUnknown(_)
            | Fact::OrderAmended(_) => Ok(self.order_records(ack, key, known, moment)),
            Fact::FundingSettled(settlement) => {
                Ok(self.funding_records(ack, settlement, key, known, moment))
            }
            Fact::FeeCharged(charge) => Ok(self.fee_records(ack, charge, key, known, moment)),
            Fact::PositionReported(report) => self.report_records(ack, report, key, moment),
        };
        match records {
            Ok(records) => Decision::of(Outcome::Applied, records, None),
            Err(anomaly) => self.quarantine(ack, anomaly, None, key, moment),
        }
    }

    fn quarantine(
        &self,
        ack: &Acknowledgement,
        anomaly: Anomaly,
        first: Option<Sequence>,
        key: FactKey,
        moment: &Moment,
    ) -> Decision {
        let mut draft = Draft::acknowledgement(self, ack, key, moment);
        let code = anomaly.code();
        let acknowledgement = Box::new(Acknowledgement {
            raw: None,
            ..ack.clone()
        });
        let event = AcknowledgementQuarantined {
            anomaly,
            first,
            acknowledgement,
        };
        draft.push(None, Event::AcknowledgementQuarantined(event));
        Decision::of(Outcome::Quarantined, draft.finish(), Some(code))
    }
}

impl Decision {
    fn of(outcome: Outcome, records: Vec<Record>, code: Option<SmolStr>) -> Self {
        let primary = records.first();
        let sequence = primary.map(|record| record.sequence);
        let position_id = records.iter().find_map(|record| record.position_id);
        Self {
            receipt: Receipt {
                outcome,
                sequence,
                position_id,
                code,
            },
            records,
        }
    }

    fn duplicate(
        sequence: Option<Sequence>,
        position_id: Option<PositionId>,
        code: Option<SmolStr>,
    ) -> Self {
        let receipt = Receipt {
            outcome: Outcome::Duplicate,
            sequence,
            position_id,
            code,
        };
        Self {
            records: Vec::new(),
            receipt,
        }
    }
}

/// The first receipt again, marked as a repeat.
fn again(first: &Record) -> Decision {
    let code = if let Event::IntentRejected(event) = &first.event {
        Some(event.refusal.code())
    } else if let Event::AcknowledgementQuarantined(event) = &first.event {
        Some(event.anomaly.code())
    } else {
        None
    };
    Decision::duplicate(Some(first.sequence), first.position_id, code)
}

/// The acknowledgement that a record was made from, without its raw bytes.
fn reported(record: &Record) -> Option<Acknowledgement> {
    let (leg, order, fact) = if let Event::OrderFilled(event) = &record.event {
        (
            &event.leg,
            event.reference.clone(),
            Fact::OrderFilled(event.fill.clone()),
        )
    } else if let Event::FundingSettled(event) = &record.event {
        let fact = Fact::FundingSettled(event.settlement.clone());
        (&event.leg, OrderReference::default(), fact)
    } else if let Event::FeeCharged(event) = &record.event {
        (
            &event.leg,
            event.reference.clone(),
            Fact::FeeCharged(event.charge.clone()),
        )
    } else if let Event::AcknowledgementQuarantined(event) = &record.event {
        return Some((*event.acknowledgement).clone());
    } else {
        // Every other fact is named by all it says: a repeat cannot differ.
        return None;
    };
    Some(Acknowledgement {
        account: record.account.clone()?,
        symbol: record.symbol.clone()?,
        leg: leg.clone(),
        order,
        occurred_at: record.occurred_at,
        fact,
        raw: None,
    })
}
