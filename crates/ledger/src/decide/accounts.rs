//! What funding, fees, the venue's view of a position and settings come to.

use std::collections::BTreeSet;

use crate::acknowledgement::{Acknowledgement, FeeCharge, ReportedPosition, Settlement};
use crate::command::Command;
use crate::configuration::{AccountSettings, Configuration, Instrument, PositionMode};
use crate::decimal::Amount;
use crate::event::{
    AccountConfigured, Event, FeeCharged, FindingClass, FundingSettled, InstrumentConfigured,
    PositionReported, ReconciliationFinding,
};
use crate::identity::{
    AccountId, Actor, Correlation, FactKey, InstrumentId, Leg, PositionId, Sequence, Slot,
};
use crate::record::Record;
use crate::refusal::{Anomaly, Flag, Refusal};
use crate::state::{Closed, Ledger};
use crate::time::Timestamp;

use super::draft::Draft;
use super::{Decision, Known, Moment, Outcome, Receipt, again};

impl Ledger {
    pub(super) fn funding_records(
        &self,
        ack: &Acknowledgement,
        settlement: &Settlement,
        key: FactKey,
        known: &Known,
        moment: &Moment,
    ) -> Vec<Record> {
        let (position, flags) = self.settled_position(ack, known);
        let mut draft = Draft::acknowledgement(self, ack, key, moment);
        draft.belongs_to(None, position);
        let event = FundingSettled {
            settlement: settlement.clone(),
            leg: ack.leg.clone(),
            flags,
        };
        draft.push(position, Event::FundingSettled(event));
        draft.finish()
    }

    pub(super) fn fee_records(
        &self,
        ack: &Acknowledgement,
        charge: &FeeCharge,
        key: FactKey,
        known: &Known,
        moment: &Moment,
    ) -> Vec<Record> {
        let order = self
            .find_order(&ack.account, &ack.symbol, &ack.order)
            .or(known.order.as_ref());
        let (position, flags) = match order.and_then(|order| order.position_id) {
            // A fee that names its order belongs to that order's position, whatever came after.
            Some(id) if self.positions.contains_key(&id) => (Some(id), BTreeSet::new()),
            Some(id) => (Some(id), BTreeSet::from([Flag::AfterFinal])),
            None => self.settled_position(ack, known),
        };
        let mut draft = Draft::acknowledgement(self, ack, key, moment);
        draft.belongs_to(order.and_then(|order| order.intent_id.as_ref()), position);
        let event = FeeCharged {
            charge: charge.clone(),
            leg: ack.leg.clone(),
            reference: ack.order.clone(),
            flags,
        };
        draft.push(position, Event::FeeCharged(event));
        draft.finish()
    }

    /// The position a payment belongs to: the one that is held, else, as a correction, the one
    /// that was closed last in the slot. None where the venue does not say which leg it means and
    /// more than one could be.
    fn settled_position(
        &self,
        ack: &Acknowledgement,
        known: &Known,
    ) -> (Option<PositionId>, BTreeSet<Flag>) {
        let slot = |leg: Leg| Slot {
            account: ack.account.clone(),
            symbol: ack.symbol.clone(),
            leg,
        };
        let legs = match &ack.leg {
            Some(leg) => vec![leg.clone()],
            None => vec![Leg::Net, Leg::Long, Leg::Short],
        };
        let held: Vec<PositionId> = legs
            .iter()
            .filter_map(|leg| self.position_in(&slot(leg.clone())))
            .filter(|position| position.is_held())
            .map(|position| position.id)
            .collect();
        match held.as_slice() {
            [only] => (Some(*only), BTreeSet::new()),
            [] => {
                let closed: Vec<PositionId> = legs
                    .iter()
                    .filter_map(|leg| {
                        self.last_closed(&slot(leg.clone()), known)
                            .map(|last| last.id)
                    })
                    .collect();
                match closed.as_slice() {
                    [only] => (Some(*only), BTreeSet::from([Flag::AfterFinal])),
                    [] | [_, _, ..] => (None, BTreeSet::new()),
                }
            }
            [_, _, ..] => (None, BTreeSet::new()),
        }
    }

    /// The position that was closed last in a slot; of a forgotten ticket what was looked up.
    pub(super) fn last_closed(&self, slot: &Slot, known: &Known) -> Option<Closed> {
        let state = self.slots.get(slot).and_then(|state| state.last_closed);
        state.or_else(|| {
            let position = known
                .position
                .as_ref()
                .filter(|position| position.slot() == *slot)?;
            Closed::of(position)
        })
    }

    pub(super) fn report_records(
        &self,
        ack: &Acknowledgement,
        report: &ReportedPosition,
        key: FactKey,
        moment: &Moment,
    ) -> Result<Vec<Record>, Anomaly> {
        let leg = match (&ack.leg, self.settings(&ack.account).position_mode) {
            (Some(leg), _) => leg.clone(),
            (None, PositionMode::Netting) => Leg::Net,
            (None, PositionMode::Hedging | PositionMode::Ticket) => {
                return Err(Anomaly::LegMissing);
            }
        };
        let slot = Slot {
            account: ack.account.clone(),
            symbol: ack.symbol.clone(),
            leg: leg.clone(),
        };
        let position = self.position_in(&slot);
        let ours = position.map_or(Amount::ZERO, |position| position.numbers.quantity);
        let difference = report.quantity.minus(ours)?;
        let before = self
            .slots
            .get(&slot)
            .map_or(Amount::ZERO, |state| state.venue_difference);
        let mut draft = Draft::acknowledgement(self, ack, key, moment);
        let id = position.map(|position| position.id);
        draft.belongs_to(None, id);
        let reported = PositionReported {
            report: report.clone(),
            leg: leg.clone(),
            ours,
            difference,
        };
        draft.push(id, Event::PositionReported(reported));
        // A difference is found once, not again with each report that repeats it.
        if difference != before && !difference.is_zero() {
            let class = match (ours.is_zero(), report.quantity.is_zero()) {
                (true, _) => FindingClass::OpenedOutside,
                (false, true) => FindingClass::ClosedOutside,
                (false, false) => FindingClass::Quantity,
            };
            let (ours, venue) = (Some(ours), Some(report.quantity));
            let finding = ReconciliationFinding {
                class,
                leg: Some(leg),
                ours,
                venue,
            };
            draft.push(id, Event::ReconciliationFinding(finding));
        }
        Ok(draft.finish())
    }

    pub(super) fn decide_configuration(
        &self,
        setting: &Configuration,
        known: &Known,
        moment: &Moment,
    ) -> Decision {
        if let Some(first) = &known.first {
            return again(first);
        }
        match setting {
            Configuration::Account {
                account,
                settings,
                occurred_at,
            } => {
                if self.accounts.get(account) == Some(settings) {
                    return Decision::duplicate(None, None, None);
                }
                if self.account_in_use(account, settings) {
                    return refused(&Refusal::AccountInUse);
                }
                let event = Event::AccountConfigured(AccountConfigured {
                    settings: *settings,
                });
                self.configured(setting, Some(account), *occurred_at, event, moment)
            }
            Configuration::Instrument {
                instrument,
                terms,
                occurred_at,
            } => {
                if self.instruments.get(instrument) == Some(terms) {
                    return Decision::duplicate(None, None, None);
                }
                if self.instrument_in_use(instrument, terms) {
                    return refused(&Refusal::InstrumentInUse);
                }
                let event = Event::InstrumentConfigured(InstrumentConfigured {
                    instrument: instrument.clone(),
                    terms: terms.clone(),
                });
                self.configured(setting, None, *occurred_at, event, moment)
            }
        }
    }

    fn configured(
        &self,
        setting: &Configuration,
        account: Option<&AccountId>,
        occurred_at: Option<Timestamp>,
        event: Event,
        moment: &Moment,
    ) -> Decision {
        let at = moment.at.max(self.last_recorded_at());
        let (tenant, correlation) = match setting {
            Configuration::Account { account, .. } => {
                (account.tenant.clone(), Correlation::account(account))
            }
            Configuration::Instrument { instrument, .. } => (
                instrument.tenant.clone(),
                Correlation::instrument(instrument),
            ),
        };
        let occurred_at = occurred_at.unwrap_or(at);
        let mut draft = Draft::of_ledger(self, tenant, correlation, occurred_at, moment);
        draft.asked_by(
            Actor::operator(),
            Command::Configuration(setting.clone()).key(),
        );
        if let Some(account) = account {
            draft.about_account(account);
        }
        draft.push(None, event);
        Decision::of(Outcome::Applied, draft.finish(), None)
    }

    /// Positions are counted by the mode and basis they were opened with; both stay while any is
    /// unfinished.
    fn account_in_use(&self, account: &AccountId, wanted: &AccountSettings) -> bool {
        let now = self.settings(account);
        let changes =
            now.position_mode != wanted.position_mode || now.cost_basis != wanted.cost_basis;
        changes
            && self
                .positions()
                .any(|position| position.account == *account)
    }

    fn instrument_in_use(&self, instrument: &InstrumentId, wanted: &Instrument) -> bool {
        let held = self.by_instrument.get(instrument).into_iter().flatten();
        held.filter_map(|id| self.positions.get(id))
            .any(|position| {
                position.terms.as_ref().is_some_and(|terms| {
                    terms.inverse != wanted.inverse || terms.multiplier != wanted.multiplier
                })
            })
    }
}

/// A setting that is refused changes nothing and is not journaled: asking again asks anew.
fn refused(refusal: &Refusal) -> Decision {
    let receipt = Receipt {
        outcome: Outcome::Rejected,
        sequence: None::<Sequence>,
        position_id: None,
        code: Some(refusal.code()),
    };
    Decision {
        records: Vec::new(),
        receipt,
    }
}
