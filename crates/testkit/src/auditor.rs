//! A second ledger, deliberately naive: raw fills and settlements in, lives of positions out.
//!
//! It shares no arithmetic with the first one. It counts in rational numbers, so it never rounds,
//! and knows nothing of intents, orders, states or records. Where both read the same facts they must
//! come to the same quantities and fees exactly, and to the same money within what the first one
//! rounds: half a unit of the 16th digit for each division it makes.

mod exact;
mod life;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use ledger::{
    AccountId, AccountSettings, Acknowledgement, Amount, Asset, Command, Configuration,
    ExecutionId, Fact, FillFact, Instrument, InstrumentId, Leg, Mark, Position, PositionMode,
    PositionSide, Price, SettlementId, Side, Slot, Symbol, Timestamp,
};

pub use exact::Exact;
pub use life::{Extremes, Life};
use life::{Share, Terms};

/// The naive ledger.
#[derive(Clone, Debug, Default)]
pub struct Auditor {
    settings: BTreeMap<AccountId, AccountSettings>,
    instruments: BTreeMap<InstrumentId, Instrument>,
    executions: BTreeSet<(AccountId, Symbol, ExecutionId)>,
    settlements: BTreeSet<(AccountId, Symbol, &'static str, Asset, SettlementId)>,
    unnamed: Vec<Acknowledgement>,
    slots: BTreeMap<Slot, Vec<Life>>,
    marks: BTreeMap<InstrumentId, Option<Timestamp>>,
}

/// One number in which the two ledgers differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where.
    pub slot: Slot,
    /// The how-manieth position of the slot, counted from one.
    pub life: usize,
    /// Which number.
    pub field: String,
    /// What the ledger says.
    pub ledger: String,
    /// What the auditor says.
    pub auditor: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Slot {
            account,
            symbol,
            leg,
        } = &self.slot;
        write!(
            f,
            "{account} {symbol} {leg} #{}: {} is {} in the ledger and {} for the auditor",
            self.life, self.field, self.ledger, self.auditor
        )
    }
}

impl Auditor {
    /// Reads one command. What says nothing about money is passed over.
    pub fn read(&mut self, command: &Command) {
        match command {
            Command::Acknowledgement(acknowledgement) => self.acknowledge(acknowledgement),
            Command::Configuration(Configuration::Account {
                account, settings, ..
            }) => {
                self.settings.insert(account.clone(), *settings);
            }
            Command::Configuration(Configuration::Instrument {
                instrument, terms, ..
            }) => {
                self.instruments.insert(instrument.clone(), terms.clone());
            }
            Command::Mark(mark) => self.mark(mark),
            Command::Intent(_) => {}
        }
    }

    /// A mark that is not newer than the one before says nothing.
    fn mark(&mut self, mark: &Mark) {
        let last = self.marks.entry(mark.instrument.clone()).or_insert(None);
        if last.is_some_and(|at| at >= mark.occurred_at) {
            return;
        }
        *last = Some(mark.occurred_at);
        let price = Exact::from(Amount::of(mark.price.get()));
        for (slot, lives) in &mut self.slots {
            if let Some(life) = lives.last_mut()
                && slot.account.instrument(&slot.symbol) == mark.instrument
            {
                life.mark(&price, mark.occurred_at);
            }
        }
    }

    /// The lives of a slot, oldest first.
    pub fn lives(&self, slot: &Slot) -> &[Life] {
        self.slots.get(slot).map_or(&[], Vec::as_slice)
    }

    /// Every slot that ever held something.
    pub fn slots(&self) -> impl Iterator<Item = (&Slot, &[Life])> {
        self.slots
            .iter()
            .map(|(slot, lives)| (slot, lives.as_slice()))
    }

    fn acknowledge(&mut self, acknowledgement: &Acknowledgement) {
        match &acknowledgement.fact {
            Fact::OrderFilled(fill) => self.fill(acknowledgement, fill),
            Fact::FundingSettled(funding) => {
                let identity = funding.settlement_id.as_ref();
                if self.is_new("funding", acknowledgement, &funding.asset, identity) {
                    let amount = Exact::from(funding.amount);
                    self.settle(acknowledgement, |life| {
                        life.receive_funding(&funding.asset, &amount);
                    });
                }
            }
            Fact::FeeCharged(charge) => {
                let identity = charge.settlement_id.as_ref();
                if self.is_new("fee", acknowledgement, &charge.asset, identity) {
                    let paid = -Exact::from(charge.amount);
                    self.settle(acknowledgement, |life| life.pay_fee(&charge.asset, &paid));
                }
            }
            Fact::OrderSubmitted(_)
            | Fact::OrderAccepted(_)
            | Fact::OrderCanceled(_)
            | Fact::OrderExpired(_)
            | Fact::OrderRejected(_)
            | Fact::OrderUnknown(_)
            | Fact::OrderAmended(_)
            | Fact::PositionReported(_) => {}
        }
    }

    /// Whether a payment is told for the first time: by its name, or where it has none by all it says.
    fn is_new(
        &mut self,
        kind: &'static str,
        told: &Acknowledgement,
        asset: &Asset,
        id: Option<&SettlementId>,
    ) -> bool {
        if let Some(id) = id {
            return self.settlements.insert((
                told.account.clone(),
                told.symbol.clone(),
                kind,
                asset.clone(),
                id.clone(),
            ));
        }
        let told = Acknowledgement {
            raw: None,
            ..told.clone()
        };
        let new = !self.unnamed.contains(&told);
        if new {
            self.unnamed.push(told);
        }
        new
    }

    /// A payment belongs to what the slot holds; what comes later is a correction of nothing here.
    fn settle(&mut self, told: &Acknowledgement, pay: impl FnOnce(&mut Life)) {
        let mode = self.mode(&told.account);
        let mut held = self
            .slots
            .iter_mut()
            .filter(|(slot, _)| slot.account == told.account && slot.symbol == told.symbol)
            .filter(|(slot, _)| match (mode, &told.leg) {
                (_, Some(leg)) => slot.leg == *leg,
                (PositionMode::Netting, None) => slot.leg == Leg::Net,
                (PositionMode::Hedging | PositionMode::Ticket, None) => {
                    matches!(slot.leg, Leg::Net | Leg::Long | Leg::Short)
                }
            })
            .filter_map(|(_, lives)| lives.last_mut().filter(|life| life.is_open()));
        // Where two legs are held and none is named, nobody can say whose payment it is.
        if let (Some(only), None) = (held.next(), held.next()) {
            pay(only);
        }
    }

    fn fill(&mut self, told: &Acknowledgement, fill: &FillFact) {
        let (account, symbol) = (&told.account, &told.symbol);
        let identity = (account.clone(), symbol.clone(), fill.execution_id.clone());
        if self.executions.contains(&identity) {
            return;
        }
        let terms = self.terms(account, symbol);
        if terms.inverse && !fill.price.is_positive() {
            return;
        }
        let Some(slot) = self.slot(told) else {
            return;
        };
        let held = self.slots.entry(slot.clone()).or_default();
        // What is put aside has taken its name all the same.
        self.executions.insert(identity);
        if !may_fill(&slot.leg, fill, held.last()) {
            return;
        }
        let open = held.last_mut().filter(|life| life.is_open());
        let flips = slot.leg == Leg::Net;
        let fill = Share::of(fill, told.occurred_at, &terms);
        match open {
            Some(life) if life.side == fill.side.opens() => life.open(&fill),
            Some(life) => {
                let rest = life.close(&fill);
                if let Some(rest) = rest.filter(|_| flips) {
                    life.fees_rest_moves(&rest);
                    held.push(Life::begin(terms, &rest));
                }
            }
            None => held.push(Life::begin(terms, &fill)),
        }
    }

    fn mode(&self, account: &AccountId) -> PositionMode {
        self.settings
            .get(account)
            .copied()
            .unwrap_or_default()
            .position_mode
    }

    fn terms(&self, account: &AccountId, symbol: &Symbol) -> Terms {
        let settings = self.settings.get(account).copied().unwrap_or_default();
        let instrument = self.instruments.get(&account.instrument(symbol));
        Terms {
            inverse: instrument.is_some_and(|terms| terms.inverse),
            multiplier: instrument.map_or_else(Exact::one, |terms| {
                Exact::from(terms.multiplier.as_amount())
            }),
            settlement_asset: instrument.and_then(|terms| terms.settlement_asset.clone()),
            basis: settings.cost_basis,
        }
    }

    /// The leg the venue names; a netting account needs no name for its only one.
    fn slot(&self, told: &Acknowledgement) -> Option<Slot> {
        let leg = match (&told.leg, self.mode(&told.account)) {
            (Some(leg), _) => leg.clone(),
            (None, PositionMode::Netting) => Leg::Net,
            (None, PositionMode::Hedging | PositionMode::Ticket) => return None,
        };
        Some(Slot {
            account: told.account.clone(),
            symbol: told.symbol.clone(),
            leg,
        })
    }

    /// Compares with the ledger's positions, finished ones included, in any order.
    pub fn differences<'a>(
        &self,
        positions: impl IntoIterator<Item = &'a Position>,
    ) -> Vec<Difference> {
        let mut theirs: BTreeMap<Slot, Vec<&Position>> = BTreeMap::new();
        for position in positions {
            // What was canceled before it held anything never reached the raw fills.
            if position.fills > 0 {
                theirs.entry(position.slot()).or_default().push(position);
            }
        }
        for positions in theirs.values_mut() {
            positions.sort_by_key(|position| position.first_sequence);
        }
        let mut found = Vec::new();
        for slot in self
            .slots
            .keys()
            .chain(theirs.keys())
            .collect::<BTreeSet<_>>()
        {
            let positions = theirs.get(slot).map_or(&[][..], Vec::as_slice);
            let lives = self.lives(slot);
            let mut note = Notes {
                slot,
                life: 0,
                found: &mut found,
            };
            note.exactly("positions", &positions.len(), &lives.len());
            for (number, (position, life)) in positions.iter().zip(lives).enumerate() {
                note.life = number + 1;
                note.compare(position, life);
            }
        }
        found
    }
}

/// Whether a fill can be applied to a leg: what cannot is put aside by the ledger too.
fn may_fill(leg: &Leg, fill: &FillFact, last: Option<&Life>) -> bool {
    let opens = fill.side.opens();
    let open = last.filter(|life| life.is_open());
    let closes = open.is_some_and(|life| life.side != opens);
    let within = open.is_some_and(|life| Exact::from(fill.quantity.as_amount()) <= life.held());
    let can_open = match leg {
        Leg::Net | Leg::Pending => true,
        Leg::Long => fill.side == Side::Buy,
        Leg::Short => fill.side == Side::Sell,
        // A ticket is never used again: what is against its last position closes nothing.
        Leg::Ticket(_) => last.is_none_or(|life| life.is_open() || life.side == opens),
    };
    // On a leg nothing can flip, so the rest of a reducing fill is excess, not growth.
    let may_reduce = closes && (within || *leg != Leg::Net);
    (can_open || open.is_some()) && (!fill.reduce_only || may_reduce)
}

struct Notes<'a> {
    slot: &'a Slot,
    life: usize,
    found: &'a mut Vec<Difference>,
}

impl Notes<'_> {
    fn exactly<T: PartialEq + fmt::Display>(&mut self, field: &str, ledger: &T, auditor: &T) {
        if ledger != auditor {
            self.found.push(Difference {
                slot: self.slot.clone(),
                life: self.life,
                field: field.to_owned(),
                ledger: ledger.to_string(),
                auditor: auditor.to_string(),
            });
        }
    }

    fn within(&mut self, bound: &Exact, field: &str, ledger: &Exact, auditor: &Exact) {
        if (ledger - auditor).abs() > *bound {
            self.exactly(field, ledger, auditor);
        }
    }

    fn compare(&mut self, position: &Position, life: &Life) {
        let numbers = &position.numbers;
        let bound = life.rounding_bound();
        self.exactly("side", &side_word(position.side), &side_word(life.side));
        self.exactly("open", &position.is_held(), &life.is_open());
        self.exactly("quantity", &Exact::from(numbers.quantity), &life.quantity());
        let realized = Exact::from(numbers.realized_pnl) + Exact::from(numbers.rounding);
        self.within(
            &bound,
            "realized + rounding",
            &realized,
            &life.realized_pnl(),
        );
        self.within(&bound, "cost", &Exact::from(numbers.cost), &life.cost());
        self.within(&bound, "cash", &Exact::from(numbers.cash), &life.cash());
        // What marks showed is journaled now and then, and at the latest with the fill that closes.
        if !life.is_open() {
            self.extremes(position, life);
        }
        self.assets(&life.fee_bound(), "fees", &position.fees, life.fees());
        self.assets(&Exact::zero(), "funding", &position.funding, life.funding());
    }

    fn extremes(&mut self, position: &Position, life: &Life) {
        let (theirs, ours) = (&position.extremes, life.extremes());
        let price = |price: Option<Price>| {
            price.map_or_else(Exact::zero, |price| Exact::from(Amount::of(price.get())))
        };
        let (best, worst) = match life.side {
            PositionSide::Long => (&ours.highest, &ours.lowest),
            PositionSide::Short => (&ours.lowest, &ours.highest),
        };
        self.exactly("best price", &price(theirs.best_price), best);
        self.exactly("worst price", &price(theirs.worst_price), worst);
        let bound = life.rounding_bound();
        self.within(&bound, "mae", &Exact::from(theirs.mae), &ours.mae);
        self.within(&bound, "mfe", &Exact::from(theirs.mfe), &ours.mfe);
    }

    fn assets(
        &mut self,
        bound: &Exact,
        field: &str,
        theirs: &BTreeMap<Asset, Amount>,
        ours: &BTreeMap<Asset, Exact>,
    ) {
        for asset in theirs.keys().chain(ours.keys()).collect::<BTreeSet<_>>() {
            let ledger = theirs
                .get(asset)
                .map_or_else(Exact::zero, |&sum| sum.into());
            let auditor = ours.get(asset).cloned().unwrap_or_else(Exact::zero);
            self.within(bound, &format!("{field} in {asset}"), &ledger, &auditor);
        }
    }
}

fn side_word(side: PositionSide) -> &'static str {
    side.as_str()
}
