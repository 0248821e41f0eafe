//! Who of several strategies holds how much of one position, and what it earned with it.
//!
//! The rules, where more than one strategy trades the same position:
//!
//! - An **opening** fill belongs to the strategy of its order, with its cost, value and fee.
//! - A **closing** fill releases the part of the strategy of its order first. What goes beyond that
//!   is taken from the unattributed rest, and then from the other strategies in the order of their
//!   names. Cash, rounding and fee of the fill go with the units that were released.
//! - A strategy releases **its own** cost: what its units cost it, in proportion. So a strategy that
//!   closes what it opened earns what it would have earned alone, whatever the others paid.
//! - **Fees and funding** that belong to no fill go by the units held.
//! - The **unattributed** rest is the whole less all parts, so that the sums are exact by definition.
//!   While strategies with different entry prices share a position it also holds what averaging has
//!   moved between cost and realized PnL; that is zero again as soon as the position is flat.
//!
//! A position that only one strategy (or nobody) ever opened needs none of this: all of it is theirs.
//! Where 28 digits cannot hold a part, the parts are given up and all is unattributed.

use std::collections::BTreeMap;

use ledger::{
    Adjustment, Amount, Asset, Event, FillEffect, Inexact, Ledger, OrderFilled, Position,
    PositionId, Record, Sequence, Strategy, proportion,
};
use serde::{Deserialize, Serialize};

/// The whole of a position, or the part that one strategy has in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// Units held; negative when short.
    pub quantity: Amount,
    /// What they cost, signed as the position's cost.
    pub cost: Amount,
    /// What closing realized, without fees and funding.
    pub realized_pnl: Amount,
    /// What the account's rounding rule cut off.
    pub rounding: Amount,
    /// The value of the fills that brought it in.
    pub entry_value: Amount,
    /// The value of the fills that took it out.
    pub exit_value: Amount,
    /// Fees by asset; positive when paid.
    pub fees: BTreeMap<Asset, Amount>,
    /// Funding by asset; positive when received.
    pub funding: BTreeMap<Asset, Amount>,
}

/// A share and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The strategy; none for what no strategy can be named for.
    pub strategy: Option<Strategy>,
    /// Its share.
    pub share: Share,
}

/// How a position is split, apart from what follows from the position itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Split {
    /// All of it belongs to one strategy, or to none.
    Sole(Option<Strategy>),
    /// These strategies have these parts; the rest is unattributed.
    Shared(BTreeMap<Strategy, Share>),
}

impl Split {
    /// The parts of `position`. They always sum to the whole exactly; with several strategies the
    /// unattributed rest comes last, where there is any.
    pub fn parts(&self, position: &Position) -> Vec<Part> {
        let whole = Share::whole(position);
        let shares = match self {
            Self::Sole(strategy) => {
                return vec![Part {
                    strategy: strategy.clone(),
                    share: whole,
                }];
            }
            Self::Shared(shares) => shares,
        };
        let Ok(rest) = shares.values().try_fold(whole.clone(), Share::less) else {
            return vec![Part {
                strategy: None,
                share: whole,
            }];
        };
        shares
            .iter()
            .map(|(strategy, share)| Part {
                strategy: Some(strategy.clone()),
                share: share.clone(),
            })
            .chain((!rest.is_empty()).then_some(Part {
                strategy: None,
                share: rest,
            }))
            .collect()
    }
}

impl Share {
    /// All of a position.
    pub fn whole(position: &Position) -> Self {
        let numbers = &position.numbers;
        Self {
            quantity: numbers.quantity,
            cost: numbers.cost,
            realized_pnl: numbers.realized_pnl,
            rounding: numbers.rounding,
            entry_value: position.entry_value,
            exit_value: position.exit_value,
            fees: position.fees.clone(),
            funding: position.funding.clone(),
        }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        let money = [
            self.cost,
            self.realized_pnl,
            self.rounding,
            self.entry_value,
            self.exit_value,
        ];
        let paid = self.fees.values().chain(self.funding.values());
        self.quantity.is_zero() && money.iter().chain(paid).all(|amount| amount.is_zero())
    }

    fn less(mut self, part: &Self) -> Result<Self, Inexact> {
        self.quantity = self.quantity.minus(part.quantity)?;
        self.cost = self.cost.minus(part.cost)?;
        self.realized_pnl = self.realized_pnl.minus(part.realized_pnl)?;
        self.rounding = self.rounding.minus(part.rounding)?;
        self.entry_value = self.entry_value.minus(part.entry_value)?;
        self.exit_value = self.exit_value.minus(part.exit_value)?;
        for (total, amounts) in [
            (&mut self.fees, &part.fees),
            (&mut self.funding, &part.funding),
        ] {
            for (asset, amount) in amounts {
                add(total, asset, amount.negated())?;
            }
        }
        Ok(self)
    }
}

/// The splits of all positions that are not final.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttributionBook {
    splits: BTreeMap<PositionId, Split>,
    /// The last fill: whose order it was, for the position it opens.
    last_fill: Option<(Sequence, Option<Strategy>)>,
}

impl AttributionBook {
    /// How a position is split; what no fill has moved yet belongs to whoever wanted it.
    pub fn split(&self, position: &Position) -> Split {
        self.splits
            .get(&position.id)
            .cloned()
            .unwrap_or_else(|| Split::Sole(position.strategy.clone()))
    }

    /// Takes out how a position is split that is final now.
    pub(crate) fn close(&mut self, position: &Position) -> Split {
        self.splits
            .remove(&position.id)
            .unwrap_or_else(|| Split::Sole(position.strategy.clone()))
    }

    /// Takes in a record that `ledger` has not applied yet.
    pub(crate) fn observe(&mut self, record: &Record, ledger: &Ledger) {
        if let Event::OrderFilled(filled) = &record.event {
            self.last_fill = Some((record.sequence, filled.strategy.clone()));
        }
        let Some(id) = record.position_id else { return };
        if let Event::PositionOpened(opened) = &record.event {
            let strategy = match &self.last_fill {
                Some((sequence, strategy)) if record.causation == Some(*sequence) => strategy,
                Some(_) | None => &opened.strategy,
            };
            self.splits.insert(id, Split::Sole(strategy.clone()));
            return;
        }
        let Some(split) = self.splits.get_mut(&id) else {
            return;
        };
        if !concerns(split, record) {
            return;
        }
        let Some(position) = ledger.position(id).filter(|position| !position.is_final()) else {
            return;
        };
        let mut shares = match std::mem::replace(split, Split::Sole(None)) {
            Split::Shared(shares) => shares,
            Split::Sole(None) => BTreeMap::new(),
            Split::Sole(Some(strategy)) => BTreeMap::from([(strategy, Share::whole(position))]),
        };
        if divide(&mut shares, record, position).is_ok() {
            *split = Split::Shared(shares);
        }
    }
}

/// Whether `record` changes `split`. One holder stays the only one whoever closes or charges.
fn concerns(split: &Split, record: &Record) -> bool {
    let Split::Sole(holder) = split else {
        return true;
    };
    let Event::OrderFilled(filled) = &record.event else {
        return false;
    };
    let opens = filled
        .effect
        .as_ref()
        .is_some_and(|effect| !effect.opened.is_zero());
    opens && *holder != filled.strategy
}

fn divide(
    shares: &mut BTreeMap<Strategy, Share>,
    record: &Record,
    position: &Position,
) -> Result<(), Inexact> {
    if let Event::OrderFilled(filled) = &record.event {
        return match &filled.effect {
            Some(effect) if effect.closed.is_zero() => open(shares, filled, effect, position),
            Some(effect) => close(
                shares,
                filled.strategy.as_ref(),
                &Release::of_fill(effect)?,
                position,
            ),
            None => Ok(()),
        };
    }
    if let Event::FundingSettled(event) = &record.event {
        let settled = &event.settlement;
        return spread(shares, position, settled.amount, |share, amount| {
            add(&mut share.funding, &settled.asset, amount)
        });
    }
    if let Event::FeeCharged(event) = &record.event {
        let charge = &event.charge;
        return spread(
            shares,
            position,
            charge.amount.negated(),
            |share, amount| add(&mut share.fees, &charge.asset, amount),
        );
    }
    if let Event::AdjustmentApplied(adjustment) = &record.event {
        return adjust(shares, adjustment, position);
    }
    Ok(())
}

fn open(
    shares: &mut BTreeMap<Strategy, Share>,
    filled: &OrderFilled,
    effect: &FillEffect,
    position: &Position,
) -> Result<(), Inexact> {
    let Some(strategy) = &filled.strategy else {
        return Ok(());
    };
    let share = shares.entry(strategy.clone()).or_default();
    let opened = position.side.entry_side().signed(effect.opened);
    share.quantity = share.quantity.plus(opened)?;
    share.cost = share.cost.plus(effect.cost_added)?;
    share.entry_value = share.entry_value.plus(effect.value)?;
    if let Some(asset) = &effect.fee_asset {
        add(&mut share.fees, asset, effect.fee)?;
    }
    Ok(())
}

/// A repair that takes units away closes for nobody; one that adds units is unattributed.
fn adjust(
    shares: &mut BTreeMap<Strategy, Share>,
    adjustment: &Adjustment,
    position: &Position,
) -> Result<(), Inexact> {
    let held = position.numbers.quantity;
    let takes_away = held.is_negative() != adjustment.quantity.is_negative();
    if adjustment.quantity.is_zero() || held.is_zero() || !takes_away {
        return Ok(());
    }
    if adjustment.quantity.magnitude() > held.magnitude() {
        // It turned the position round: nobody asked for what is held now.
        return Err(Inexact);
    }
    let released = adjustment.cost.negated();
    let release = Release {
        units: adjustment.quantity.magnitude().as_amount(),
        cash: adjustment.realized_pnl.plus(released)?,
        cost: released,
        rounding: Amount::ZERO,
        value: Amount::ZERO,
        fee: Amount::ZERO,
        fee_asset: None,
    };
    close(shares, None, &release, position)
}

/// What a close took out of a position.
struct Release<'a> {
    units: Amount,
    /// What flowed in: realized PnL and rounding and the cost released.
    cash: Amount,
    cost: Amount,
    rounding: Amount,
    value: Amount,
    fee: Amount,
    fee_asset: Option<&'a Asset>,
}

impl<'a> Release<'a> {
    fn of_fill(effect: &'a FillEffect) -> Result<Self, Inexact> {
        let gain = effect.realized_pnl.plus(effect.rounding)?;
        Ok(Self {
            units: effect.closed.as_amount(),
            cash: gain.plus(effect.cost_released)?,
            cost: effect.cost_released,
            rounding: effect.rounding,
            value: effect.value,
            fee: effect.fee,
            fee_asset: effect.fee_asset.as_ref(),
        })
    }
}

fn close(
    shares: &mut BTreeMap<Strategy, Share>,
    by: Option<&Strategy>,
    release: &Release<'_>,
    position: &Position,
) -> Result<(), Inexact> {
    let takes = takes(shares, by, release.units, position)?;
    let cash = portions(release.cash, &takes, release.units)?;
    let rounding = portions(release.rounding, &takes, release.units)?;
    let value = portions(release.value, &takes, release.units)?;
    let fee = portions(release.fee, &takes, release.units)?;
    let money = cash.into_iter().zip(rounding).zip(value).zip(fee);
    for ((holder, units), (((cash, rounding), value), fee)) in takes.iter().zip(money) {
        let Some(share) = holder
            .as_ref()
            .and_then(|strategy| shares.get_mut(strategy))
        else {
            continue;
        };
        let cost = own_cost(share, *units, release, position)?;
        let signed = position.side.exit_side().signed(units.magnitude());
        share.quantity = share.quantity.plus(signed)?;
        share.cost = share.cost.minus(cost)?;
        share.realized_pnl = share
            .realized_pnl
            .plus(cash.minus(cost)?.minus(rounding)?)?;
        share.rounding = share.rounding.plus(rounding)?;
        share.exit_value = share.exit_value.plus(value)?;
        if let Some(asset) = release.fee_asset {
            add(&mut share.fees, asset, fee)?;
        }
    }
    Ok(())
}

/// What `units` of a share cost. Who holds the whole position releases what the position does, by
/// its cost basis; who holds a part of it, that part's average.
fn own_cost(
    share: &Share,
    units: Amount,
    release: &Release<'_>,
    position: &Position,
) -> Result<Amount, Inexact> {
    let held = share.quantity.magnitude().as_amount();
    if units == held {
        return Ok(share.cost);
    }
    if share.quantity == position.numbers.quantity {
        let averaged = position.numbers.cost.minus(share.cost)?;
        return release.cost.minus(proportion(averaged, units, held)?);
    }
    proportion(share.cost, units, held)
}

/// Who gives how many of the closed units: the closer, then nobody's, then the others by name.
fn takes(
    shares: &BTreeMap<Strategy, Share>,
    by: Option<&Strategy>,
    units: Amount,
    position: &Position,
) -> Result<Vec<(Option<Strategy>, Amount)>, Inexact> {
    let own = shares.iter().filter(|(strategy, _)| Some(*strategy) == by);
    let others = shares.iter().filter(|(strategy, _)| Some(*strategy) != by);
    let part = |(strategy, share): (&Strategy, &Share)| {
        (
            Some(strategy.clone()),
            share.quantity.magnitude().as_amount(),
        )
    };
    let holders = own
        .map(part)
        .chain([(None, unattributed(shares, position)?)])
        .chain(others.map(part));
    let mut left = units;
    let mut takes = Vec::new();
    for (holder, held) in holders {
        let taken = left.min(held);
        if taken.is_positive() {
            left = left.minus(taken)?;
            takes.push((holder, taken));
        }
    }
    if left.is_positive() {
        // More than anybody holds: a fold that left records out.
        takes.push((None, left));
    }
    Ok(takes)
}

/// The units that no strategy holds.
fn unattributed(
    shares: &BTreeMap<Strategy, Share>,
    position: &Position,
) -> Result<Amount, Inexact> {
    let held = position.numbers.quantity.magnitude().as_amount();
    shares.values().try_fold(held, |rest, share| {
        rest.minus(share.quantity.magnitude().as_amount())
    })
}

/// Spreads an amount over all holders by the units they hold.
fn spread(
    shares: &mut BTreeMap<Strategy, Share>,
    position: &Position,
    amount: Amount,
    mut give: impl FnMut(&mut Share, Amount) -> Result<(), Inexact>,
) -> Result<(), Inexact> {
    let held = position.numbers.quantity.magnitude().as_amount();
    let takes = takes(shares, None, held, position)?;
    for ((holder, _), portion) in takes.iter().zip(portions(amount, &takes, held)?) {
        if let Some(share) = holder
            .as_ref()
            .and_then(|strategy| shares.get_mut(strategy))
        {
            give(share, portion)?;
        }
    }
    Ok(())
}

/// `total` in proportion to the units taken of `units`; the last gets what rounding left.
fn portions(
    total: Amount,
    takes: &[(Option<Strategy>, Amount)],
    units: Amount,
) -> Result<Vec<Amount>, Inexact> {
    let mut left = total;
    let mut portions = Vec::with_capacity(takes.len());
    for (position, (_, taken)) in takes.iter().enumerate() {
        let portion = if position.saturating_add(1) == takes.len() {
            left
        } else {
            proportion(total, *taken, units)?
        };
        left = left.minus(portion)?;
        portions.push(portion);
    }
    Ok(portions)
}

fn add(total: &mut BTreeMap<Asset, Amount>, asset: &Asset, amount: Amount) -> Result<(), Inexact> {
    let entry = total.entry(asset.clone()).or_default();
    *entry = entry.plus(amount)?;
    Ok(())
}
