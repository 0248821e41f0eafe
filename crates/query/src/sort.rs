//! The order of a list, and the part of it that makes a page.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use ledger::{Amount, Position, PositionId, Sequence};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::values::Values;

/// What positions can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Account,
    Symbol,
    Strategy,
    Side,
    State,
    Quantity,
    EntryPrice,
    RealizedPnl,
    RealizedPnlPercent,
    UnrealizedPnl,
    Mae,
    Mfe,
    CreatedAt,
    OpenedAt,
    ClosedAt,
    Fills,
    FirstSequence,
    LastSequence,
}

const FIELDS: [(&str, Field); 18] = [
    ("account", Field::Account),
    ("symbol", Field::Symbol),
    ("strategy", Field::Strategy),
    ("side", Field::Side),
    ("state", Field::State),
    ("quantity", Field::Quantity),
    ("entry_price", Field::EntryPrice),
    ("realized_pnl", Field::RealizedPnl),
    ("realized_pnl_percent", Field::RealizedPnlPercent),
    ("unrealized_pnl", Field::UnrealizedPnl),
    ("mae", Field::Mae),
    ("mfe", Field::Mfe),
    ("created_at", Field::CreatedAt),
    ("opened_at", Field::OpenedAt),
    ("closed_at", Field::ClosedAt),
    ("fills", Field::Fills),
    ("first_sequence", Field::FirstSequence),
    ("last_sequence", Field::LastSequence),
];

/// The value of a field, comparable with other values of the same field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Value {
    Text(SmolStr),
    Number(Amount),
    Count(i64),
}

/// A value in its direction. What has no value comes last in both.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Directed {
    Ascending(Value),
    Descending(Reverse<Value>),
    Missing,
}

/// The place of a position in a list. No two positions have the same, so that an order is the same
/// every time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Rank {
    values: Vec<Directed>,
    first_sequence: Sequence,
    id: PositionId,
}

/// What a list is ordered by; by age where nothing is named.
#[derive(Clone, Debug, Default)]
pub(crate) struct Order {
    fields: Vec<(Field, bool)>,
}

impl Order {
    /// Reads `-unrealized_pnl,symbol`.
    pub(crate) fn read(values: &mut Values, text: Option<&str>) -> Self {
        let Some(text) = text else {
            return Self::default();
        };
        let fields = text
            .split(',')
            .map(str::trim)
            .filter_map(|part| {
                let ascending = part.strip_prefix('-');
                let name = ascending.unwrap_or(part);
                let field = values.word("sort", Some(name), &FIELDS)?;
                Some((field, ascending.is_some()))
            })
            .collect();
        Self { fields }
    }

    /// The place of `position`.
    pub(crate) fn rank(
        &self,
        position: &Position,
        unrealized: impl Fn() -> Option<Amount>,
    ) -> Rank {
        let directed = |(field, descending): &(Field, bool)| match (
            field.value(position, &unrealized),
            descending,
        ) {
            (None, _) => Directed::Missing,
            (Some(value), false) => Directed::Ascending(value),
            (Some(value), true) => Directed::Descending(Reverse(value)),
        };
        Rank {
            values: self.fields.iter().map(directed).collect(),
            first_sequence: position.first_sequence,
            id: position.id,
        }
    }
}

impl Field {
    fn value(self, position: &Position, unrealized: impl Fn() -> Option<Amount>) -> Option<Value> {
        let text = |text: &str| Some(Value::Text(text.into()));
        let count = |number: u64| Some(Value::Count(i64::try_from(number).unwrap_or(i64::MAX)));
        let time = |time: ledger::Timestamp| Value::Count(time.as_nanoseconds());
        match self {
            Self::Account => text(&position.account.to_string()),
            Self::Symbol => text(position.symbol.as_str()),
            Self::Strategy => position.strategy.as_ref().and_then(|it| text(it.as_str())),
            Self::Side => text(position.side.as_str()),
            Self::State => text(position.state.as_str()),
            Self::Quantity => Some(Value::Number(position.held().as_amount())),
            Self::EntryPrice => position.entry_price().map(Value::Number),
            Self::RealizedPnl => Some(Value::Number(position.numbers.realized_pnl)),
            Self::RealizedPnlPercent => position.realized_pnl_percent().map(Value::Number),
            Self::UnrealizedPnl => unrealized().map(Value::Number),
            Self::Mae => Some(Value::Number(position.extremes.mae)),
            Self::Mfe => Some(Value::Number(position.extremes.mfe)),
            Self::CreatedAt => Some(time(position.created_at)),
            Self::OpenedAt => position.opened_at.map(time),
            Self::ClosedAt => position.closed_at.map(time),
            Self::Fills => count(position.fills.into()),
            Self::FirstSequence => count(position.first_sequence.get()),
            Self::LastSequence => count(position.last_sequence.get()),
        }
    }
}

/// The first items of a list after a place, whatever order they are offered in. It holds one page and
/// one more item, which says that the list goes on.
#[derive(Debug)]
pub(crate) struct Selection<T> {
    after: Option<Rank>,
    limit: usize,
    kept: BTreeMap<Rank, T>,
}

impl<T> Selection<T> {
    pub(crate) fn new(after: Option<Rank>, limit: usize) -> Self {
        Self {
            after,
            limit,
            kept: BTreeMap::new(),
        }
    }

    /// Takes an item in if it is among the first.
    pub(crate) fn offer(&mut self, rank: Rank, item: impl FnOnce() -> T) {
        if self.after.as_ref().is_some_and(|after| rank <= *after) {
            return;
        }
        if self.kept.len() > self.limit
            && self
                .kept
                .last_key_value()
                .is_some_and(|(last, _)| rank > *last)
        {
            return;
        }
        self.kept.insert(rank, item());
        if self.kept.len() > self.limit.saturating_add(1) {
            self.kept.pop_last();
        }
    }

    /// The same page of other items, before any was offered.
    pub(crate) fn map_empty<U>(self) -> Selection<U> {
        Selection {
            after: self.after,
            limit: self.limit,
            kept: BTreeMap::new(),
        }
    }

    /// The same places with other items.
    pub(crate) fn map<U>(self, mut convert: impl FnMut(T) -> U) -> Selection<U> {
        Selection {
            after: self.after,
            limit: self.limit,
            kept: self
                .kept
                .into_iter()
                .map(|(rank, item)| (rank, convert(item)))
                .collect(),
        }
    }

    /// The items of the page, and its last place if the list goes on after it.
    pub(crate) fn finish(mut self) -> (Vec<T>, Option<Rank>) {
        let goes_on = self.kept.len() > self.limit;
        if goes_on {
            self.kept.pop_last();
        }
        let last = self.kept.last_key_value().map(|(rank, _)| rank.clone());
        (self.kept.into_values().collect(), last.filter(|_| goes_on))
    }
}
