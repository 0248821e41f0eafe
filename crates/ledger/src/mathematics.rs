//! The mathematics of a position. Everything follows from exact values; only a division rounds.
//!
//! A fill **pays** its signed value: for a linear instrument a buy pays `quantity · price ·
//! multiplier` and a sell receives it; for an inverse one the value is `quantity · multiplier /
//! price` of the base coin and the signs are the other way round, because what is held is a debt in
//! that coin. Cash falls by what is paid, cost rises by it, and a close releases cost; so
//! `realized = cash + cost` holds at every prefix, for both kinds, by one algorithm.

use crate::configuration::CostBasis;
use crate::decimal::{Amount, Inexact, Price, Quantity, proportion, quotient};
use crate::event::{FillEffect, LotRelease};
use crate::identity::{Asset, Sequence};
use crate::marks::{Seen, better, worse};
use crate::position::{Extremes, Lot, Position, PositionNumbers, Terms};
use crate::side::{PositionSide, Side};

/// The value of a quantity at a price: in quote currency, or in the base coin if inverse.
///
/// # Errors
/// Returns [`Inexact`] if 28 digits cannot hold it, or at a price of zero for an inverse instrument.
pub(crate) fn value(terms: &Terms, quantity: Quantity, price: Price) -> Result<Amount, Inexact> {
    let units = quantity.as_amount().times(terms.multiplier.as_amount())?;
    let price = Amount::of(price.get());
    if terms.inverse {
        quotient(units, price)
    } else {
        units.times(price)
    }
}

/// What a fill pays: positive where money flows out.
fn paid(terms: &Terms, side: Side, value: Amount) -> Amount {
    match (side, terms.inverse) {
        (Side::Buy, false) | (Side::Sell, true) => value,
        (Side::Sell, false) | (Side::Buy, true) => value.negated(),
    }
}

/// The unrealized PnL at a price: what the holding is worth less what it cost.
pub(crate) fn unrealized(
    terms: &Terms,
    numbers: &PositionNumbers,
    price: Price,
) -> Result<Amount, Inexact> {
    let side = if numbers.quantity.is_negative() {
        Side::Sell
    } else {
        Side::Buy
    };
    let worth = paid(
        terms,
        side,
        value(terms, numbers.quantity.magnitude(), price)?,
    );
    worth.minus(numbers.cost)
}

/// A position's extremes after it has also seen `price`.
pub(crate) fn extremes_at(
    terms: &Terms,
    side: PositionSide,
    numbers: &PositionNumbers,
    extremes: Extremes,
    price: Price,
) -> Result<Extremes, Inexact> {
    let pnl = unrealized(terms, numbers, price)?;
    Ok(Extremes {
        best_price: Some(
            extremes
                .best_price
                .map_or(price, |best| better(side, best, price)),
        ),
        worst_price: Some(
            extremes
                .worst_price
                .map_or(price, |worst| worse(side, worst, price)),
        ),
        mae: extremes.mae.min(pnl),
        mfe: extremes.mfe.max(pnl),
    })
}

/// A position's extremes with all that marks have shown since they were journaled last.
pub(crate) fn extremes_seen(
    terms: &Terms,
    position: &Position,
    seen: Option<&Seen>,
) -> Result<Extremes, Inexact> {
    let prices = seen
        .into_iter()
        .flat_map(|seen| [seen.best, seen.worst])
        .flatten();
    prices
        .into_iter()
        .try_fold(position.extremes, |extremes, price| {
            extremes_at(terms, position.side, &position.numbers, extremes, price)
        })
}

/// The share of a fill that falls to one position.
#[derive(Clone, Debug)]
pub(crate) struct Share {
    pub(crate) side: Side,
    pub(crate) quantity: Quantity,
    pub(crate) excess: Quantity,
    pub(crate) price: Price,
    pub(crate) fee: Amount,
    pub(crate) fee_asset: Option<Asset>,
}

/// What a position brings to the calculation of a fill.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held<'a> {
    pub(crate) terms: &'a Terms,
    pub(crate) side: PositionSide,
    pub(crate) numbers: PositionNumbers,
    pub(crate) entry_quantity: Quantity,
    pub(crate) entry_value: Amount,
    pub(crate) lots: &'a [Lot],
    pub(crate) extremes: Extremes,
}

impl<'a> Held<'a> {
    /// Nothing held yet.
    pub(crate) fn nothing(terms: &'a Terms, side: PositionSide) -> Self {
        Self {
            terms,
            side,
            numbers: PositionNumbers::default(),
            entry_quantity: Quantity::ZERO,
            entry_value: Amount::ZERO,
            lots: &[],
            extremes: Extremes::default(),
        }
    }

    /// What adding `share` to the position does.
    ///
    /// # Errors
    /// Returns [`Inexact`] if a result does not fit in 28 digits.
    pub(crate) fn open(self, share: Share) -> Result<FillEffect, Inexact> {
        let value = value(self.terms, share.quantity, share.price)?;
        let paid = paid(self.terms, share.side, value);
        let added = share.side.signed(share.quantity);
        let quantity = self.numbers.quantity.plus(added)?;
        let cost = match self.terms.cost_basis {
            CostBasis::AverageOfOpens => {
                let entries = self.entry_quantity.plus(share.quantity)?;
                let entry_value = self.entry_value.plus(value)?;
                self.average_of_opens(entry_value, entries, quantity.magnitude())?
            }
            CostBasis::Average | CostBasis::Fifo | CostBasis::Lifo | CostBasis::PerTicket => {
                self.numbers.cost.plus(paid)?
            }
        };
        let opened = share.quantity;
        let (cost_added, cost_released) = (cost.minus(self.numbers.cost)?, Amount::ZERO);
        let change = Change {
            paid,
            cost_added,
            cost_released,
            quantity,
        };
        self.effect(share, value, opened, Quantity::ZERO, change, Vec::new())
    }

    /// What taking `share` from the position does; the share is at most what is held.
    ///
    /// # Errors
    /// Returns [`Inexact`] if a result does not fit in 28 digits.
    pub(crate) fn close(self, share: Share) -> Result<FillEffect, Inexact> {
        let value = value(self.terms, share.quantity, share.price)?;
        let paid = paid(self.terms, share.side, value);
        let quantity = self
            .numbers
            .quantity
            .plus(share.side.signed(share.quantity))?;
        let (cost_released, lots) = self.release(share.quantity, quantity.magnitude())?;
        let closed = share.quantity;
        let change = Change {
            paid,
            cost_added: Amount::ZERO,
            cost_released,
            quantity,
        };
        self.effect(share, value, Quantity::ZERO, closed, change, lots)
    }

    /// The cost that closing `closed` releases, and from which lots.
    fn release(
        &self,
        closed: Quantity,
        left: Quantity,
    ) -> Result<(Amount, Vec<LotRelease>), Inexact> {
        // The last close releases the exact rest, so that no rounding is left behind.
        let cost = self.numbers.cost;
        match self.terms.cost_basis {
            CostBasis::Average | CostBasis::PerTicket => {
                let held = self.numbers.quantity.magnitude().as_amount();
                Ok((proportion(cost, closed.as_amount(), held)?, Vec::new()))
            }
            CostBasis::AverageOfOpens => {
                let rest = self.average_of_opens(self.entry_value, self.entry_quantity, left)?;
                Ok((cost.minus(rest)?, Vec::new()))
            }
            CostBasis::Fifo => release_lots(self.lots.iter(), closed),
            CostBasis::Lifo => release_lots(self.lots.iter().rev(), closed),
        }
    }

    /// The cost of `held` units at the average of all opens.
    fn average_of_opens(
        &self,
        entry_value: Amount,
        entries: Quantity,
        held: Quantity,
    ) -> Result<Amount, Inexact> {
        let all = paid(self.terms, self.side.entry_side(), entry_value);
        proportion(all, held.as_amount(), entries.as_amount())
    }

    fn effect(
        self,
        share: Share,
        value: Amount,
        opened: Quantity,
        closed: Quantity,
        change: Change,
        lots_released: Vec<LotRelease>,
    ) -> Result<FillEffect, Inexact> {
        let before = self.numbers;
        let cost = before
            .cost
            .plus(change.cost_added)?
            .minus(change.cost_released)?;
        let cash = before.cash.minus(change.paid)?;
        let exact = cost.minus(before.cost)?.minus(change.paid)?;
        let realized_pnl = self.terms.pnl_rounding.apply(exact);
        let rounding = exact.minus(realized_pnl)?;
        let after = PositionNumbers {
            quantity: change.quantity,
            cost,
            cash,
            realized_pnl: before.realized_pnl.plus(realized_pnl)?,
            rounding: before.rounding.plus(rounding)?,
        };
        // The fill's price is seen with what was held before it, or with what it opened.
        let seen = if before.quantity.is_zero() {
            &after
        } else {
            &before
        };
        let extremes = extremes_at(self.terms, self.side, seen, self.extremes, share.price)?;
        Ok(FillEffect {
            opened,
            closed,
            excess: share.excess,
            value,
            cost_added: change.cost_added,
            cost_released: change.cost_released,
            realized_pnl,
            rounding,
            fee: share.fee,
            fee_asset: share.fee_asset,
            lots_released,
            before,
            after,
            extremes,
        })
    }
}

/// How a fill moves a position's numbers.
#[derive(Clone, Copy, Debug)]
struct Change {
    paid: Amount,
    cost_added: Amount,
    cost_released: Amount,
    quantity: Amount,
}

/// Uses up lots in the given order.
fn release_lots<'a>(
    lots: impl Iterator<Item = &'a Lot>,
    closed: Quantity,
) -> Result<(Amount, Vec<LotRelease>), Inexact> {
    let mut left = closed;
    let mut released = Amount::ZERO;
    let mut releases = Vec::new();
    for lot in lots {
        if left.is_zero() {
            break;
        }
        let quantity = left.min(lot.quantity);
        let cost = proportion(lot.cost, quantity.as_amount(), lot.quantity.as_amount())?;
        released = released.plus(cost)?;
        left = left.less(quantity)?;
        releases.push(LotRelease {
            lot: lot.opened,
            quantity,
            cost,
        });
    }
    Ok((released, releases))
}

impl Position {
    /// What this position brings to the calculation of a fill, or nothing if it never opened.
    pub(crate) fn as_held(&self, seen: Option<&Seen>) -> Option<Result<Held<'_>, Inexact>> {
        let terms = self.terms.as_ref()?;
        Some(extremes_seen(terms, self, seen).map(|extremes| Held {
            terms,
            side: self.side,
            numbers: self.numbers,
            entry_quantity: self.entry_quantity,
            entry_value: self.entry_value,
            lots: &self.lots,
            extremes,
        }))
    }

    /// Adds the results of a fill. Overflow and rounding were ruled out when it was decided.
    pub(crate) fn add_effect(&mut self, effect: &FillEffect, record: Sequence) {
        let side = self.side.entry_side();
        let numbers = &mut self.numbers;
        numbers.quantity.accumulate(side.signed(effect.opened));
        numbers
            .quantity
            .accumulate(side.opposite().signed(effect.closed));
        numbers.cost.accumulate(effect.cost_added);
        numbers.cost.accumulate(effect.cost_released.negated());
        for part in [
            effect.realized_pnl,
            effect.rounding,
            effect.cost_added.negated(),
            effect.cost_released,
        ] {
            numbers.cash.accumulate(part);
        }
        numbers.realized_pnl.accumulate(effect.realized_pnl);
        numbers.rounding.accumulate(effect.rounding);
        self.extremes = effect.extremes;
        self.fills = self.fills.saturating_add(1);
        if !effect.opened.is_zero() {
            self.entry_quantity = self
                .entry_quantity
                .plus(effect.opened)
                .unwrap_or(self.entry_quantity);
            self.entry_value.accumulate(effect.value);
            self.add_lot(effect, record);
        }
        if !effect.closed.is_zero() {
            self.exit_quantity = self
                .exit_quantity
                .plus(effect.closed)
                .unwrap_or(self.exit_quantity);
            self.exit_value.accumulate(effect.value);
            self.take_lots(effect);
        }
        if let Some(asset) = &effect.fee_asset {
            self.fees
                .entry(asset.clone())
                .or_default()
                .accumulate(effect.fee);
        }
    }

    fn add_lot(&mut self, effect: &FillEffect, opened: Sequence) {
        let basis = self.terms.as_ref().map(|terms| terms.cost_basis);
        if matches!(basis, Some(CostBasis::Fifo | CostBasis::Lifo)) {
            self.lots.push(Lot {
                opened,
                quantity: effect.opened,
                cost: effect.cost_added,
            });
        }
    }

    fn take_lots(&mut self, effect: &FillEffect) {
        for release in &effect.lots_released {
            if let Some(lot) = self.lots.iter_mut().find(|lot| lot.opened == release.lot) {
                lot.quantity = lot
                    .quantity
                    .less(release.quantity)
                    .unwrap_or(Quantity::ZERO);
                lot.cost.accumulate(release.cost.negated());
            }
        }
        self.lots.retain(|lot| !lot.quantity.is_zero());
    }
}
