//! What a page expects: pairs of a field and its value, each compared as text.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use ledger::{
    Amount, Asset, Event, Flag, Order, OrderReference, Position, Protection, Record, Sequence,
};

use super::Target;
use super::page::{Unreadable, Words};
use super::run::{Runner, Trouble};

const NOTHING: &str = "-";

impl<T: Target> Runner<'_, T> {
    /// Compares what a page expects, field by field.
    pub(super) fn expect(&self, mut words: Words) -> Result<(), Trouble> {
        let what = words.word("what is expected")?;
        let mut differences = Vec::new();
        if what == "order" {
            let name = words.word("an order")?;
            let order = self.known_order(&name)?;
            while let Some(field) = words.take() {
                let (expected, found) = (words.word(&field)?, order_field(&order, &field)?);
                differences.push((format!("{name} {field}"), expected, found));
            }
        } else if let Some((expected, found)) = self.about_the_ledger(&what, &mut words)? {
            differences.push((what, expected, found));
        } else {
            let position = self.known_position(&what)?;
            while let Some(field) = words.take() {
                let found = self.position_field(&position, &field)?;
                differences.push((format!("{what} {field}"), words.word(&field)?, found));
            }
        }
        words.end()?;
        differences.retain(|(_, expected, found)| expected != found);
        if differences.is_empty() {
            return Ok(());
        }
        let worded = differences
            .into_iter()
            .map(|(field, expected, found)| (format!("{field} {expected}"), found));
        Err(Trouble::Differs(worded.collect()))
    }

    /// What is expected of the last command or of the ledger as a whole, and what is so.
    fn about_the_ledger(
        &self,
        what: &str,
        words: &mut Words,
    ) -> Result<Option<(String, String)>, Unreadable> {
        let found = match what {
            "events" => listed(self.last.iter().map(|record| record.event.name())),
            "flags" => {
                let flags = self.last.iter().flat_map(|record| flags_of(&record.event));
                listed(flags.collect::<BTreeSet<Flag>>())
            }
            "finding" => findings(&self.last),
            "states" => {
                let name = words.word("a position")?;
                self.states(&name)?
            }
            "quarantined" => self.target.quarantined().to_string(),
            "unfinished" => self.target.positions().len().to_string(),
            "none" => {
                let leg = words.value("a leg")?;
                maybe(self.in_slot(&leg).map(|held| held.id))
            }
            _ => return Ok(None),
        };
        Ok(Some((rest(words), found)))
    }

    fn known_order(&self, name: &str) -> Result<Order, Unreadable> {
        let reference: OrderReference = self.order(name)?;
        self.target
            .find_order(&self.account, &self.symbol, &reference)
            .ok_or_else(|| Unreadable(format!("no order is called `{name}`")))
    }

    fn known_position(&self, name: &str) -> Result<Position, Unreadable> {
        let id = self.position_id(name)?;
        self.target
            .position(id)
            .ok_or_else(|| Unreadable(format!("the position {name} ({id}) is not known any more")))
    }

    /// The states of a position from its beginning, out of the records alone.
    fn states(&self, name: &str) -> Result<String, Unreadable> {
        let id = self.position_id(name)?;
        let states = self
            .target
            .records_after(Sequence::ZERO)
            .into_iter()
            .filter_map(|record| {
                let Event::PositionStateChanged(changed) = &record.event else {
                    return None;
                };
                (record.position_id == Some(id)).then(|| changed.to.as_str())
            });
        Ok(listed(states))
    }

    fn position_field(&self, position: &Position, field: &str) -> Result<String, Unreadable> {
        let numbers = &position.numbers;
        Ok(match field {
            "quantity" => text(numbers.quantity),
            "cost" => text(numbers.cost),
            "cash" => text(numbers.cash),
            "realized" => text(numbers.realized_pnl),
            "rounding" => text(numbers.rounding),
            "state" => text(position.state),
            "side" => text(position.side),
            "leg" => text(&position.leg),
            "origin" => position.origin.as_str().to_owned(),
            "entry_quantity" => text(position.entry_quantity),
            "exit_quantity" => text(position.exit_quantity),
            "entry_price" => maybe(position.entry_price()),
            "exit_price" => maybe(position.exit_price()),
            "percent" => maybe(position.realized_pnl_percent()),
            "roe" => maybe(position.return_on_margin()),
            "fees" => assets(&position.fees),
            "funding" => assets(&position.funding),
            "venue_pnl" => maybe(position.venue_realized_pnl),
            "difference" => text(position.venue_difference),
            "unrealized" => maybe(self.target.unrealized_pnl(position.id)),
            "mae" => text(position.extremes.mae),
            "mfe" => text(position.extremes.mfe),
            "best" => maybe(position.extremes.best_price),
            "worst" => maybe(position.extremes.worst_price),
            "stop" => protection(position.stop_loss.as_ref()),
            "target" => protection(position.take_profit.as_ref()),
            "trail" => trail(position),
            "strategy" => maybe(position.strategy.as_ref()),
            "reason" => maybe(position.exit_reason.as_ref()),
            "back_to" => maybe(position.before_closing),
            "fills" => text(position.fills),
            "lots" => listed(
                position
                    .lots
                    .iter()
                    .map(|lot| format!("{}:{}", lot.quantity, lot.cost)),
            ),
            "flags" => listed(position.flags.iter().map(|flag| flag.as_str())),
            "final" => text(position.is_final()),
            other => return Err(Unreadable(format!("a position has no field `{other}`"))),
        })
    }
}

fn order_field(order: &Order, field: &str) -> Result<String, Unreadable> {
    Ok(match field {
        "status" => text(order.status),
        "filled" => text(order.filled_quantity),
        "leaves" => maybe(order.leaves_quantity()),
        "quantity" => maybe(order.quantity),
        "price" => maybe(order.price),
        "trigger" => maybe(order.trigger_price),
        "side" => maybe(order.side),
        "purpose" => order.purpose.as_str().to_owned(),
        "kind" => maybe(order.kind.map(ledger::OrderKind::as_str)),
        "fills" => text(order.fills),
        "reason" => maybe(order.reason.as_ref()),
        "reduce_only" => text(order.reduce_only),
        "strategy" => maybe(order.strategy.as_ref()),
        "venue_id" => maybe(order.venue_order_id.as_ref()),
        "flags" => listed(order.flags.iter().map(|flag| flag.as_str())),
        other => return Err(Unreadable(format!("an order has no field `{other}`"))),
    })
}

fn text(value: impl Display) -> String {
    value.to_string()
}

fn maybe(value: Option<impl Display>) -> String {
    value.map_or_else(|| NOTHING.to_owned(), text)
}

/// Words joined by commas, as a page writes them.
fn listed(words: impl IntoIterator<Item = impl Display>) -> String {
    let words: Vec<String> = words.into_iter().map(text).collect();
    if words.is_empty() {
        NOTHING.to_owned()
    } else {
        words.join(",")
    }
}

/// The rest of a line as such a list; blanks separate too.
fn rest(words: &mut Words) -> String {
    let mut all = Vec::new();
    while let Some(word) = words.take() {
        all.push(word.trim_end_matches(',').to_owned());
    }
    if all.is_empty() {
        NOTHING.to_owned()
    } else {
        all.join(",")
    }
}

fn assets(amounts: &BTreeMap<Asset, Amount>) -> String {
    listed(
        amounts
            .iter()
            .map(|(asset, amount)| format!("{asset}:{amount}")),
    )
}

/// The price, and whether an order works there: `95` or `95(planned)`.
fn protection(protection: Option<&Protection>) -> String {
    protection.map_or_else(
        || NOTHING.to_owned(),
        |protection| match protection.order {
            Some(_) => text(protection.price),
            None => format!("{}(planned)", protection.price),
        },
    )
}

fn trail(position: &Position) -> String {
    position.trail.as_ref().map_or_else(
        || NOTHING.to_owned(),
        |trail| {
            format!(
                "{}{}",
                trail.callback,
                if trail.active { "(active)" } else { "" }
            )
        },
    )
}

/// `quantity:1/2`: what kind, ours and the venue's.
fn findings(records: &[Record]) -> String {
    listed(records.iter().filter_map(|record| {
        let Event::ReconciliationFinding(finding) = &record.event else {
            return None;
        };
        let class = serde_json::to_value(finding.class).ok()?;
        let (ours, venue) = (maybe(finding.ours), maybe(finding.venue));
        Some(format!("{}:{ours}/{venue}", class.as_str()?))
    }))
}

/// The flags of an event, if it is one that has some.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "an event without flags is not worth a line of its own"
)]
pub(super) fn flags_of(event: &Event) -> BTreeSet<Flag> {
    match event {
        Event::OrderFilled(event) => event.flags.clone(),
        Event::PositionOpened(event) => event.flags.clone(),
        Event::PositionStateChanged(event) => event.flags.clone(),
        Event::OrderSubmitted(event)
        | Event::OrderAccepted(event)
        | Event::OrderRejected(event)
        | Event::OrderCanceled(event)
        | Event::OrderExpired(event)
        | Event::OrderUnknown(event) => event.flags.clone(),
        Event::OrderAmended(event) => event.flags.clone(),
        Event::FundingSettled(event) => event.flags.clone(),
        Event::FeeCharged(event) => event.flags.clone(),
        _ => BTreeSet::new(),
    }
}
