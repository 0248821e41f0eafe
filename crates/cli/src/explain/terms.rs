//! The events and the arithmetic behind a number: each contributes a term, and the terms end in what the
//! ledger shows.

use std::collections::BTreeMap;

use ledger::{Amount, Asset, PositionId, Sequence, Timestamp};
use protocol::views::PositionView;
use serde::Serialize;

use super::Field;
use super::arithmetic::{Terms, average, value};
use crate::render::table::{Cell, Column, Table};
use crate::render::{Look, Tone, moments, numbers};
use crate::replay::Told;

/// What one event adds to a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Term {
    /// The record.
    pub(crate) sequence: Sequence,
    /// When it happened.
    pub(crate) occurred_at: Timestamp,
    /// What happened.
    pub(crate) what: String,
    /// How the term comes about.
    pub(crate) arithmetic: String,
    /// What it adds.
    pub(crate) amount: Amount,
    /// What it is added in, where that is not the settlement currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) asset: Option<Asset>,
    /// The number after it.
    pub(crate) total: Amount,
}

/// Where a number comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Explanation {
    /// Of which position.
    position_id: PositionId,
    /// Which number.
    field: &'static str,
    /// What it is.
    meaning: &'static str,
    /// What it is made of, in the order of the journal.
    terms: Vec<Term>,
    /// What becomes of the terms' total, where that is not the number itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    conclusion: Option<String>,
    /// The number as worked out here.
    result: BTreeMap<String, Amount>,
    /// The number as the ledger shows it.
    shown: BTreeMap<String, Amount>,
    /// Whether the two are the same.
    pub(crate) agrees: bool,
}

/// The name of a result that is not in an asset.
pub(super) const VALUE: &str = "value";

impl Explanation {
    /// Works the number out from the story's events.
    pub(crate) fn of(field: Field, told: &Told) -> Self {
        let shown = shown(field, &told.shown);
        let mut terms = Terms::default();
        let mut conclusion = None;
        let result = match field {
            Field::Quantity => terms.quantity(told),
            Field::Cost => terms.cost(told),
            Field::RealizedPnl => terms.realized(told),
            Field::VenueRealizedPnl => terms.venue(told),
            Field::Fees => terms.fees(told),
            Field::Funding => terms.funding(told),
            Field::Mae => terms.extremes(told, |extremes| extremes.mae),
            Field::Mfe => terms.extremes(told, |extremes| extremes.mfe),
            Field::EntryPrice => {
                let units = terms.values(told, |effect| effect.opened);
                average(terms.total, units, told, &mut conclusion)
            }
            Field::ExitPrice => {
                let units = terms.values(told, |effect| effect.closed);
                average(terms.total, units, told, &mut conclusion)
            }
            Field::RealizedPnlPercent => terms.percent(told, &mut conclusion),
            Field::UnrealizedPnl => terms.unrealized(told, &mut conclusion),
        };
        Self {
            position_id: told.story.id,
            field: field.as_str(),
            meaning: field.meaning(),
            terms: terms.list,
            conclusion,
            agrees: result == shown,
            result,
            shown,
        }
    }

    /// The explanation for people.
    pub(crate) fn render(&self, view: &PositionView, look: Look) -> String {
        let title = format!("{} of {} {}", self.field, view.symbol, view.side);
        let mut text = format!(
            "{}  {}\n{}\n\n",
            look.ink.paint(Tone::Strong, &title),
            look.ink.paint(Tone::Quiet, &self.position_id.to_string()),
            self.meaning
        );
        if self.terms.is_empty() {
            text += "no event has moved it yet\n";
        } else {
            text += &self.table(look);
        }
        if let Some(conclusion) = &self.conclusion {
            text += &format!("\n{conclusion}\n");
        }
        let value = |values: &BTreeMap<String, Amount>| {
            let parts: Vec<String> = values
                .iter()
                .map(|(asset, amount)| match asset.as_str() {
                    VALUE => numbers::exact(*amount),
                    asset => format!("{} {asset}", numbers::exact(*amount)),
                })
                .collect();
            if parts.is_empty() {
                "nothing".to_owned()
            } else {
                parts.join(", ")
            }
        };
        let line = if self.agrees {
            let text = format!(
                "{} = {}, as the ledger shows it",
                self.field,
                value(&self.shown)
            );
            look.ink.paint(Tone::Good, &text)
        } else {
            let text = format!(
                "{} = {} by these events, but the ledger shows {}: run `posledger verify`",
                self.field,
                value(&self.result),
                value(&self.shown)
            );
            look.ink.paint(Tone::Alarm, &text)
        };
        text + &format!("\n{line}\n")
    }

    fn table(&self, look: Look) -> String {
        let mut table = Table::new(vec![
            Column::number("SEQ"),
            Column::text("TIME").expendable(2),
            Column::text("WHAT").expendable(1),
            Column::text("ARITHMETIC"),
            Column::number("TERM"),
            Column::number("TOTAL"),
            Column::text("ASSET"),
        ]);
        for term in &self.terms {
            let sign = if term.amount.is_positive() { "+" } else { "" };
            table.push(vec![
                Cell::toned(Tone::Quiet, term.sequence.to_string()),
                Cell::new(moments::moment(term.occurred_at)),
                Cell::new(term.what.as_str()),
                Cell::new(term.arithmetic.as_str()),
                Cell::toned(
                    numbers::tone(term.amount),
                    format!("{sign}{}", numbers::exact(term.amount)),
                ),
                Cell::new(numbers::exact(term.total)),
                Cell::new(
                    term.asset
                        .as_ref()
                        .map(ToString::to_string)
                        .unwrap_or_default(),
                ),
            ]);
        }
        table.render(look).0
    }
}

/// The number as the ledger shows it.
fn shown(field: Field, view: &PositionView) -> BTreeMap<String, Amount> {
    let assets = |sums: &BTreeMap<Asset, Amount>| {
        sums.iter()
            .map(|(asset, amount)| (asset.to_string(), *amount))
            .collect()
    };
    match field {
        Field::Quantity => value(Some(view.signed_quantity)),
        Field::Cost => value(Some(view.cost)),
        Field::EntryPrice => value(view.entry_price),
        Field::ExitPrice => value(view.exit_price),
        Field::RealizedPnl => value(Some(view.realized_pnl)),
        Field::RealizedPnlPercent => value(view.realized_pnl_percent),
        Field::UnrealizedPnl => value(view.unrealized_pnl),
        Field::VenueRealizedPnl => value(view.venue_realized_pnl),
        Field::Fees => assets(&view.fees),
        Field::Funding => assets(&view.funding),
        Field::Mae => value(Some(view.mae)),
        Field::Mfe => value(Some(view.mfe)),
    }
}
