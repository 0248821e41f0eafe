//! The arithmetic behind each number: what every event of a story adds to it.

use std::collections::BTreeMap;

use ledger::{
    Amount, Asset, Event, Extremes, FillEffect, Flag, Position, Price, Quantity, Record, percent,
    quotient,
};

use super::terms::{Term, VALUE};
use crate::render::numbers;
use crate::replay::{Step, Told, words};

/// What the fills of a story did to its position, each with its price.
struct Moved<'a> {
    record: &'a Record,
    effect: &'a FillEffect,
    price: Option<Price>,
    what: String,
}

pub(super) fn value(amount: Option<Amount>) -> BTreeMap<String, Amount> {
    amount
        .map(|amount| (VALUE.to_owned(), amount))
        .into_iter()
        .collect()
}

/// What the fills did to the position, in order.
fn effects(told: &Told) -> impl Iterator<Item = Moved<'_>> {
    let steps = &told.story.steps;
    let of_story = |record: &Record| record.position_id == Some(told.story.id);
    steps.iter().filter_map(move |step| {
        let record = &step.record;
        if let Event::OrderFilled(event) = &record.event {
            let effect = event.effect.as_ref().filter(|_| of_story(record))?;
            return Some(Moved {
                record,
                effect,
                price: Some(event.fill.price),
                what: brief(step),
            });
        }
        let Event::PositionOpened(event) = &record.event else {
            return None;
        };
        // The fill that opened it is right before it, and has the price.
        let cause = steps
            .iter()
            .find(|step| Some(step.record.sequence) == record.causation);
        let price = cause.and_then(|cause| {
            if let Event::OrderFilled(fill) = &cause.record.event {
                Some(fill.fill.price)
            } else {
                None
            }
        });
        Some(Moved {
            record,
            effect: &event.effect,
            price,
            what: brief(cause.unwrap_or(step)),
        })
    })
}

/// What a step says, without the details in parentheses.
fn brief(step: &Step) -> String {
    let text = words(step).text;
    text.split_once(" (")
        .map_or(text.as_str(), |(text, _)| text)
        .to_owned()
}

/// The adjustments that were applied.
fn adjustments(told: &Told) -> impl Iterator<Item = (&Record, &ledger::Adjustment)> {
    told.story.steps.iter().filter_map(|step| {
        if let Event::AdjustmentApplied(adjustment) = &step.record.event {
            Some((&step.record, adjustment))
        } else {
            None
        }
    })
}

/// Terms as they are gathered.
#[derive(Default)]
pub(super) struct Terms {
    pub(super) list: Vec<Term>,
    pub(super) total: Amount,
    totals: BTreeMap<String, Amount>,
}

impl Terms {
    fn add(&mut self, record: &Record, what: String, arithmetic: String, amount: Amount) {
        self.total = self.total.plus(amount).unwrap_or(self.total);
        self.push(record, what, arithmetic, amount, self.total, None);
    }

    /// Adds to the sum of an asset; a correction is told, but the final position does not count it.
    fn add_asset(
        &mut self,
        record: &Record,
        what: String,
        amount: Amount,
        asset: &Asset,
        counts: bool,
    ) {
        let total = self.totals.get(asset.as_str()).copied();
        let sum = match (counts, total.unwrap_or_default().plus(amount)) {
            (true, Ok(sum)) => {
                self.totals.insert(asset.to_string(), sum);
                sum
            }
            (_, _) => total.unwrap_or_default(),
        };
        let arithmetic = if counts {
            ""
        } else {
            "after the end: a correction, not added"
        };
        self.push(
            record,
            what,
            arithmetic.to_owned(),
            amount,
            sum,
            Some(asset.clone()),
        );
    }

    fn push(
        &mut self,
        record: &Record,
        what: String,
        arithmetic: String,
        amount: Amount,
        total: Amount,
        asset: Option<Asset>,
    ) {
        self.list.push(Term {
            sequence: record.sequence,
            occurred_at: record.occurred_at,
            what,
            arithmetic,
            amount,
            asset,
            total,
        });
    }

    /// In the order of the journal, with the totals in that order.
    fn sorted(&mut self) {
        self.list.sort_by_key(|term| term.sequence);
        let mut total = Amount::ZERO;
        for term in &mut self.list {
            total = total.plus(term.amount).unwrap_or(total);
            term.total = total;
        }
    }

    pub(super) fn quantity(&mut self, told: &Told) -> BTreeMap<String, Amount> {
        for Moved {
            record,
            effect,
            what,
            ..
        } in effects(told)
        {
            let moved = effect
                .after
                .quantity
                .minus(effect.before.quantity)
                .unwrap_or_default();
            self.add(record, what, String::new(), moved);
        }
        for (record, adjustment) in adjustments(told) {
            self.add(
                record,
                adjustment.reason.to_string(),
                String::new(),
                adjustment.quantity,
            );
        }
        self.sorted();
        value(Some(self.total))
    }

    pub(super) fn cost(&mut self, told: &Told) -> BTreeMap<String, Amount> {
        for Moved {
            record,
            effect,
            what,
            price,
        } in effects(told)
        {
            let (amount, arithmetic) = if effect.closed.is_zero() {
                (effect.cost_added, valued(effect.opened, price, told))
            } else {
                (effect.cost_released.negated(), released(effect))
            };
            self.add(record, what, arithmetic, amount);
        }
        for (record, adjustment) in adjustments(told) {
            self.add(
                record,
                adjustment.reason.to_string(),
                String::new(),
                adjustment.cost,
            );
        }
        self.sorted();
        value(Some(self.total))
    }

    /// What a close realizes is what flowed and what the cost changed by.
    pub(super) fn realized(&mut self, told: &Told) -> BTreeMap<String, Amount> {
        for Moved {
            record,
            effect,
            what,
            ..
        } in effects(told)
        {
            let (before, after) = (effect.before, effect.after);
            if effect.closed.is_zero() && effect.realized_pnl.is_zero() {
                continue;
            }
            let flow = after.cash.minus(before.cash).unwrap_or_default();
            let cost = after.cost.minus(before.cost).unwrap_or_default();
            let mut arithmetic = format!("{} {}", numbers::exact(flow), signed(cost));
            if !effect.rounding.is_zero() {
                arithmetic += &format!(" {} rounding", signed(effect.rounding.negated()));
            }
            self.add(record, what, arithmetic, effect.realized_pnl);
        }
        for (record, adjustment) in adjustments(told) {
            self.add(
                record,
                adjustment.reason.to_string(),
                String::new(),
                adjustment.realized_pnl,
            );
        }
        self.sorted();
        value(Some(self.total))
    }

    pub(super) fn venue(&mut self, told: &Told) -> BTreeMap<String, Amount> {
        let mut said = false;
        for Moved { record, what, .. } in effects(told) {
            let Event::OrderFilled(event) = &record.event else {
                continue;
            };
            if let Some(amount) = event.fill.venue_realized_pnl {
                said = true;
                self.add(record, what, String::new(), amount);
            }
        }
        value(said.then_some(self.total))
    }

    pub(super) fn fees(&mut self, told: &Told) -> BTreeMap<String, Amount> {
        let mut effects = effects(told).peekable();
        for step in &told.story.steps {
            let record = &step.record;
            if let Some(Moved { effect, what, .. }) =
                effects.next_if(|effect| effect.record.sequence == record.sequence)
                && let Some(asset) = &effect.fee_asset
            {
                self.add_asset(record, what, effect.fee, asset, true);
            }
            if let Event::FeeCharged(event) = &record.event {
                let counts = !event.flags.contains(&Flag::AfterFinal);
                let amount = event.charge.amount.negated();
                self.add_asset(record, brief(step), amount, &event.charge.asset, counts);
            }
        }
        std::mem::take(&mut self.totals)
    }

    pub(super) fn funding(&mut self, told: &Told) -> BTreeMap<String, Amount> {
        for step in &told.story.steps {
            if let Event::FundingSettled(event) = &step.record.event {
                let counts = !event.flags.contains(&Flag::AfterFinal);
                let settlement = &event.settlement;
                let what = brief(step);
                self.add_asset(
                    &step.record,
                    what,
                    settlement.amount,
                    &settlement.asset,
                    counts,
                );
            }
        }
        std::mem::take(&mut self.totals)
    }

    /// Every event that moved an extreme.
    pub(super) fn extremes(
        &mut self,
        told: &Told,
        part: fn(&Extremes) -> Amount,
    ) -> BTreeMap<String, Amount> {
        for step in &told.story.steps {
            let Some(position) = &step.position else {
                continue;
            };
            let now = part(&position.extremes);
            if now == self.total {
                continue;
            }
            let moved = now.minus(self.total).unwrap_or_default();
            let arithmetic = at_price(step.position.as_ref(), &step.record, now);
            self.add(&step.record, brief(step), arithmetic, moved);
            self.total = now;
        }
        value(Some(self.total))
    }

    /// The values of what was opened or closed; returns the units.
    pub(super) fn values(&mut self, told: &Told, units: fn(&FillEffect) -> Quantity) -> Quantity {
        let mut sum = Quantity::ZERO;
        for Moved {
            record,
            effect,
            what,
            price,
        } in effects(told)
        {
            let units = units(effect);
            if units.is_zero() {
                continue;
            }
            sum = sum.plus(units).unwrap_or(sum);
            self.add(record, what, valued(units, price, told), effect.value);
        }
        sum
    }

    pub(super) fn percent(
        &mut self,
        told: &Told,
        conclusion: &mut Option<String>,
    ) -> BTreeMap<String, Amount> {
        let _ = self.realized(told);
        let opened = told
            .story
            .position()
            .map(|position| position.entry_value)
            .unwrap_or_default();
        let result = percent(self.total, opened);
        *conclusion = result.map(|result| {
            format!(
                "{} / {} opened × 100 = {} %",
                numbers::exact(self.total),
                numbers::exact(opened),
                numbers::exact(result)
            )
        });
        value(result)
    }

    pub(super) fn unrealized(
        &mut self,
        told: &Told,
        conclusion: &mut Option<String>,
    ) -> BTreeMap<String, Amount> {
        let _ = self.cost(told);
        let worked_out = told
            .shown
            .mark_price
            .zip(told.story.position())
            .and_then(|(mark, position)| Some((mark, worth(position, mark)?)));
        let Some((mark, worth)) = worked_out else {
            *conclusion = Some("there is no mark, or nothing is held".to_owned());
            return BTreeMap::new();
        };
        let result = worth.minus(self.total).unwrap_or_default();
        *conclusion = Some(format!(
            "worth {} at the mark {}, less the cost of {} = {}",
            numbers::exact(worth),
            numbers::exact_price(mark),
            numbers::exact(self.total),
            numbers::exact(result)
        ));
        value(Some(result))
    }
}

/// What is held would bring this in at `price`.
fn worth(position: &Position, price: Price) -> Option<Amount> {
    let terms = position.terms.as_ref().filter(|_| position.is_held())?;
    let units = position
        .numbers
        .quantity
        .times(terms.multiplier.as_amount())
        .ok()?;
    let price = Amount::of(price.get());
    if terms.inverse {
        // The base coin is what is owed by a long.
        quotient(units, price).ok().map(Amount::negated)
    } else {
        units.times(price).ok()
    }
}

/// Which part of the cost a close releases.
fn released(effect: &FillEffect) -> String {
    if effect.lots_released.is_empty() {
        let closed = numbers::quantity(effect.closed);
        let held = numbers::quantity(effect.before.quantity.magnitude());
        return format!("{closed} / {held} of the cost");
    }
    let lots: Vec<String> = effect
        .lots_released
        .iter()
        .map(|lot| format!("{} of lot {}", numbers::quantity(lot.quantity), lot.lot))
        .collect();
    lots.join(", ")
}

/// `quantity × price`, with the multiplier where it is not one.
fn valued(units: Quantity, price: Option<Price>, told: &Told) -> String {
    let Some(price) = price.map(numbers::exact_price) else {
        return String::new();
    };
    let units = numbers::exact(units.as_amount());
    let terms = told
        .story
        .position()
        .and_then(|position| position.terms.as_ref());
    let multiplier = terms
        .map(|terms| terms.multiplier)
        .filter(|multiplier| multiplier.get() != rust_decimal::Decimal::ONE)
        .map(|multiplier| format!(" × {multiplier}"))
        .unwrap_or_default();
    if terms.is_some_and(|terms| terms.inverse) {
        format!("{units}{multiplier} / {price}")
    } else {
        format!("{units} × {price}{multiplier}")
    }
}

/// The average price behind a value.
pub(super) fn average(
    total: Amount,
    units: Quantity,
    told: &Told,
    conclusion: &mut Option<String>,
) -> BTreeMap<String, Amount> {
    let Some(terms) = told
        .story
        .position()
        .and_then(|position| position.terms.as_ref())
    else {
        return BTreeMap::new();
    };
    let Ok(weighted) = units.as_amount().times(terms.multiplier.as_amount()) else {
        return BTreeMap::new();
    };
    let (above, below) = if terms.inverse {
        (weighted, total)
    } else {
        (total, weighted)
    };
    let result = quotient(above, below).ok();
    *conclusion = result.map(|result| {
        format!(
            "{} / {} = {}",
            numbers::exact(above),
            numbers::exact(below),
            numbers::exact(result)
        )
    });
    value(result)
}

/// `+ 5` or `- 5`.
fn signed(amount: Amount) -> String {
    let sign = if amount.is_negative() { "-" } else { "+" };
    format!("{sign} {}", numbers::exact(amount.magnitude().as_amount()))
}

/// Where an extreme comes from.
fn at_price(position: Option<&Position>, record: &Record, now: Amount) -> String {
    let mut held = position
        .map(|position| position.numbers.quantity)
        .unwrap_or_default();
    let price = if let Event::PriceExtremeObserved(event) = &record.event {
        Some(event.mark_price)
    } else if let Event::OrderFilled(event) = &record.event {
        // A fill's price is seen with what was held before it.
        held = event
            .effect
            .as_ref()
            .map_or(held, |effect| effect.before.quantity);
        Some(event.fill.price)
    } else {
        None
    };
    price
        .map(|price| {
            format!(
                "{} held at {}: {}",
                numbers::units(held),
                numbers::exact_price(price),
                numbers::exact(now)
            )
        })
        .unwrap_or_default()
}
