//! One position from its first fill to flat, counted by lots.

use std::collections::BTreeMap;

use ledger::{Amount, Asset, CostBasis, FillFact, PositionSide, Side, Timestamp};

use super::exact::Exact;

/// How a life is counted.
#[derive(Clone, Debug)]
pub(super) struct Terms {
    pub(super) inverse: bool,
    pub(super) multiplier: Exact,
    pub(super) settlement_asset: Option<Asset>,
    pub(super) basis: CostBasis,
}

impl Terms {
    fn value_of_one(&self, price: &Exact) -> Exact {
        if self.inverse {
            &self.multiplier / price
        } else {
            &self.multiplier * price
        }
    }
}

/// A fill, or the part of one that is left for the next life.
#[derive(Clone, Debug)]
pub(super) struct Share {
    pub(super) side: Side,
    quantity: Exact,
    price: Exact,
    value_of_one: Exact,
    occurred_at: Timestamp,
    fee: Exact,
    fee_asset: Option<Asset>,
}

impl Share {
    pub(super) fn of(fill: &FillFact, occurred_at: Timestamp, terms: &Terms) -> Self {
        let price = Exact::from(Amount::of(fill.price.get()));
        let asset = fill.fee_asset.clone();
        Self {
            side: fill.side,
            quantity: fill.quantity.as_amount().into(),
            value_of_one: terms.value_of_one(&price),
            price,
            occurred_at,
            fee: fill.fee.map_or_else(Exact::zero, Exact::from),
            fee_asset: asset.or_else(|| terms.settlement_asset.clone()),
        }
    }

    fn value(&self) -> Exact {
        &self.quantity * &self.value_of_one
    }
}

/// What one opening fill brought.
#[derive(Clone, Debug)]
struct Lot {
    quantity: Exact,
    value: Exact,
}

impl Lot {
    fn nothing() -> Self {
        Self {
            quantity: Exact::zero(),
            value: Exact::zero(),
        }
    }

    fn add(&mut self, quantity: &Exact, value: &Exact) {
        self.quantity += quantity;
        self.value += value;
    }
}

/// One position as the raw fills tell it.
#[derive(Clone, Debug)]
pub struct Life {
    /// Long or short.
    pub side: PositionSide,
    terms: Terms,
    lots: Vec<Lot>,
    opened: Lot,
    closed: Lot,
    realized_pnl: Exact,
    cash: Exact,
    fees: BTreeMap<Asset, Exact>,
    funding: BTreeMap<Asset, Exact>,
    extremes: Extremes,
    last_fill_at: Timestamp,
    divisions: usize,
    fee_splits: usize,
}

/// The best and the worst that a life has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extremes {
    /// The highest price.
    pub highest: Exact,
    /// The lowest price.
    pub lowest: Exact,
    /// The worst unrealized PnL, zero or less.
    pub mae: Exact,
    /// The best unrealized PnL, zero or more.
    pub mfe: Exact,
}

impl Life {
    pub(super) fn begin(terms: Terms, share: &Share) -> Self {
        let mut life = Self {
            side: share.side.opens(),
            terms,
            lots: Vec::new(),
            opened: Lot::nothing(),
            closed: Lot::nothing(),
            realized_pnl: Exact::zero(),
            cash: Exact::zero(),
            fees: BTreeMap::new(),
            funding: BTreeMap::new(),
            extremes: Extremes {
                highest: share.price.clone(),
                lowest: share.price.clone(),
                mae: Exact::zero(),
                mfe: Exact::zero(),
            },
            last_fill_at: share.occurred_at,
            divisions: 0,
            fee_splits: 1,
        };
        life.open(share);
        life
    }

    pub(super) fn open(&mut self, share: &Share) {
        self.witness(share);
        let value = share.value();
        self.opened.add(&share.quantity, &value);
        self.move_cash(&value, self.pays_to_open());
        self.lots.push(Lot {
            quantity: share.quantity.clone(),
            value,
        });
        self.divisions += 1;
        self.take_fee(share);
    }

    /// Takes what is held, and gives back what is left of the fill.
    pub(super) fn close(&mut self, share: &Share) -> Option<Share> {
        self.witness(share);
        let held = self.held();
        let closed = if share.quantity < held {
            share.quantity.clone()
        } else {
            held.clone()
        };
        let released = if closed == held {
            self.lots
                .drain(..)
                .fold(Exact::zero(), |sum, lot| sum + lot.value)
        } else {
            self.release(&closed)
        };
        let value = &closed * &share.value_of_one;
        self.closed.add(&closed, &value);
        self.move_cash(&value, !self.pays_to_open());
        // Who pays to open gains what comes back above that; who is paid to open, what is left.
        self.realized_pnl += &if self.pays_to_open() {
            value - released
        } else {
            released - value
        };
        self.divisions += 2;
        self.take_fee(share);
        let rest = &share.quantity - &closed;
        (!rest.is_zero()).then(|| Share {
            fee: &(&share.fee * &rest) / &share.quantity,
            quantity: rest,
            ..share.clone()
        })
    }

    /// A fill shows a price to what was held before it.
    fn witness(&mut self, share: &Share) {
        if self.is_open() {
            self.see(&share.price);
        }
        self.last_fill_at = self.last_fill_at.max(share.occurred_at);
    }

    /// A mark shows a price, unless it is from before the last fill.
    pub(super) fn mark(&mut self, price: &Exact, occurred_at: Timestamp) {
        if self.is_open() && self.last_fill_at <= occurred_at {
            self.see(price);
        }
    }

    fn see(&mut self, price: &Exact) {
        if self.terms.inverse && price.is_zero() {
            return;
        }
        let worth = self.held() * self.terms.value_of_one(price);
        let signed = if self.pays_to_open() { worth } else { -worth };
        let unrealized = signed - self.cost();
        let seen = &mut self.extremes;
        seen.highest = seen.highest.clone().max(price.clone());
        seen.lowest = seen.lowest.clone().min(price.clone());
        seen.mae = seen.mae.clone().min(unrealized.clone());
        seen.mfe = seen.mfe.clone().max(unrealized);
    }

    /// The value that a close of less than all that is held uses up.
    fn release(&mut self, closed: &Exact) -> Exact {
        match self.terms.basis {
            CostBasis::Fifo => self.use_up(closed, 0),
            CostBasis::Lifo => self.use_up(closed, usize::MAX),
            CostBasis::Average | CostBasis::PerTicket | CostBasis::AverageOfOpens => {
                let held = self.pool();
                let released = &(&held.value * closed) / &held.quantity;
                self.keep(closed, &released);
                released
            }
        }
    }

    /// Uses up whole lots from one end, and a share of the last.
    fn use_up(&mut self, closed: &Exact, end: usize) -> Exact {
        let mut left = closed.clone();
        let mut released = Exact::zero();
        while !left.is_zero() && !self.lots.is_empty() {
            let at = end.min(self.lots.len() - 1);
            let mut lot = self.lots.remove(at);
            if lot.quantity <= left {
                left -= &lot.quantity;
                released += &lot.value;
            } else {
                let part = &(&lot.value * &left) / &lot.quantity;
                lot.value -= &part;
                lot.quantity -= &left;
                released += &part;
                left = Exact::zero();
                self.lots.insert(at, lot);
            }
        }
        released
    }

    fn pool(&self) -> Lot {
        let mut pool = Lot::nothing();
        for lot in &self.lots {
            pool.quantity += &lot.quantity;
            pool.value += &lot.value;
        }
        pool
    }

    fn keep(&mut self, closed: &Exact, released: &Exact) {
        let mut pool = self.pool();
        pool.quantity -= closed;
        pool.value -= released;
        self.lots = vec![pool];
    }

    fn take_fee(&mut self, share: &Share) {
        if let Some(asset) = &share.fee_asset {
            self.pay_fee(asset, &share.fee);
        }
    }

    /// The part of a flip's fee that belongs to the next life.
    pub(super) fn fees_rest_moves(&mut self, rest: &Share) {
        if let Some(asset) = &rest.fee_asset {
            self.pay_fee(asset, &-rest.fee.clone());
        }
        self.fee_splits += 1;
    }

    /// Adds a fee; below zero it is a rebate.
    pub(super) fn pay_fee(&mut self, asset: &Asset, paid: &Exact) {
        *self.fees.entry(asset.clone()).or_insert_with(Exact::zero) += paid;
    }

    /// Adds funding; below zero it was paid.
    pub(super) fn receive_funding(&mut self, asset: &Asset, received: &Exact) {
        *self
            .funding
            .entry(asset.clone())
            .or_insert_with(Exact::zero) += received;
    }

    /// A linear long and an inverse short pay their value to open.
    fn pays_to_open(&self) -> bool {
        (self.side == PositionSide::Long) != self.terms.inverse
    }

    fn move_cash(&mut self, value: &Exact, pays: bool) {
        if pays {
            self.cash -= value;
        } else {
            self.cash += value;
        }
    }

    /// Whether it holds something.
    pub fn is_open(&self) -> bool {
        !self.lots.is_empty()
    }

    /// What it holds, without a sign.
    pub fn held(&self) -> Exact {
        self.pool().quantity
    }

    /// What it holds; negative when short.
    pub fn quantity(&self) -> Exact {
        match self.side {
            PositionSide::Long => self.held(),
            PositionSide::Short => -self.held(),
        }
    }

    /// What was paid for what it holds; negative where it was received.
    pub fn cost(&self) -> Exact {
        let value = match self.terms.basis {
            CostBasis::AverageOfOpens => self.at_average_of_opens(&self.held()),
            CostBasis::Average | CostBasis::Fifo | CostBasis::Lifo | CostBasis::PerTicket => {
                self.pool().value
            }
        };
        if self.pays_to_open() { value } else { -value }
    }

    /// The value of a quantity at the average of all that ever opened this position.
    fn at_average_of_opens(&self, quantity: &Exact) -> Exact {
        &(&self.opened.value * quantity) / &self.opened.quantity
    }

    /// All that came in less all that went out.
    pub fn cash(&self) -> Exact {
        self.cash.clone()
    }

    /// What its closes gained. At the average of all opens, a later open moves that of earlier closes.
    pub fn realized_pnl(&self) -> Exact {
        if self.terms.basis != CostBasis::AverageOfOpens {
            return self.realized_pnl.clone();
        }
        let entered = self.at_average_of_opens(&self.closed.quantity);
        if self.pays_to_open() {
            &self.closed.value - &entered
        } else {
            &entered - &self.closed.value
        }
    }

    /// Fees by asset; positive when paid.
    pub fn fees(&self) -> &BTreeMap<Asset, Exact> {
        &self.fees
    }

    /// Funding by asset; positive when received.
    pub fn funding(&self) -> &BTreeMap<Asset, Exact> {
        &self.funding
    }

    /// The best and the worst it has seen, by fills and marks.
    pub const fn extremes(&self) -> &Extremes {
        &self.extremes
    }

    /// What a ledger may be off that rounds each division to 16 digits, half to even.
    pub(super) fn rounding_bound(&self) -> Exact {
        Exact::units(self.divisions, 16)
    }

    /// Only a flip divides a fee; every other fee is exact.
    pub(super) fn fee_bound(&self) -> Exact {
        Exact::units(self.fee_splits, 16)
    }
}
