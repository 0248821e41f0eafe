//! The questions, as they stand in a query string.
//!
//! Values are texts until the question is answered, so that every problem of a question is reported at
//! once, with the value and what is allowed.

use std::borrow::Cow;

use protocol::Problem;
use protocol::catalogue::codes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::IntoParams;

use crate::error::QueryError;

/// Which positions. Without `state`: all that are not final, a failed exit with quantity left included.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PositionQuery {
    /// One or more states, with commas between them, or `all`.
    #[param(example = "open,closing")]
    pub state: Option<String>,
    /// `venue:mode:name`, or the name alone.
    #[param(example = "binance-usdm:live:main")]
    pub account: Option<String>,
    /// In the venue's own spelling.
    #[param(example = "BTCUSDT")]
    pub symbol: Option<String>,
    /// Whose position it is, or who has a share in it.
    pub strategy: Option<String>,
    /// The person behind it.
    pub trader: Option<String>,
    /// The id of the signal behind it.
    pub signal: Option<String>,
    /// `long` or `short`.
    pub side: Option<String>,
    /// `gaining` or `losing`: by unrealized PnL at the last mark, or by realized PnL where finished.
    pub profit: Option<String>,
    /// What to order by, with commas between several, `-` in front for descending, as `-unrealized_pnl`.
    /// By default what is open comes by age, and what is finished in the order in which it finished.
    #[param(example = "-unrealized_pnl")]
    pub sort: Option<String>,
    /// The moment: a sequence, or a time as in 2024-05-01T12:00:00Z.
    pub as_of: Option<String>,
    /// By which clock a time is meant: `recorded` (ours, the default) or `occurred` (the venue's).
    pub clock: Option<String>,
    /// How many items at most; 100 by default.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
    /// Where the list goes on: `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// Which finished positions, of those that held a quantity; in the order in which they finished.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TradeQuery {
    /// `venue:mode:name`, or the name alone.
    #[param(example = "binance-usdm:live:main")]
    pub account: Option<String>,
    /// In the venue's own spelling.
    #[param(example = "BTCUSDT")]
    pub symbol: Option<String>,
    /// Whose position it was, or who had a share in it.
    pub strategy: Option<String>,
    /// The person behind it.
    pub trader: Option<String>,
    /// The id of the signal behind it.
    pub signal: Option<String>,
    /// `long` or `short`.
    pub side: Option<String>,
    /// `gaining` or `losing`, by realized PnL.
    pub profit: Option<String>,
    /// Whether the newest come first.
    pub newest_first: Option<bool>,
    /// The moment: a sequence, or a time as in 2024-05-01T12:00:00Z.
    pub as_of: Option<String>,
    /// By which clock a time is meant: `recorded` (ours, the default) or `occurred` (the venue's).
    pub clock: Option<String>,
    /// How many items at most; 100 by default.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
    /// Where the list goes on: `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// Which orders, by number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OrderQuery {
    /// The position it belongs to: its id, or as much of its beginning as is unambiguous.
    pub position: Option<String>,
    /// `venue:mode:name`, or the name alone.
    pub account: Option<String>,
    /// In the venue's own spelling.
    pub symbol: Option<String>,
    /// Who decided.
    pub strategy: Option<String>,
    /// One or more statuses, with commas between them, or `working`.
    #[param(example = "working")]
    pub status: Option<String>,
    /// Our name for it.
    pub client_order_id: Option<String>,
    /// The venue's name for it.
    pub venue_order_id: Option<String>,
    /// Whether the newest come first.
    pub newest_first: Option<bool>,
    /// The moment: a sequence, or a time as in 2024-05-01T12:00:00Z.
    pub as_of: Option<String>,
    /// By which clock a time is meant: `recorded` (ours, the default) or `occurred` (the venue's).
    pub clock: Option<String>,
    /// How many items at most; 100 by default.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
    /// Where the list goes on: `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// Which fills, in the order in which they were recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FillQuery {
    /// The position it moved: its id, or as much of its beginning as is unambiguous.
    pub position: Option<String>,
    /// `venue:mode:name`, or the name alone.
    pub account: Option<String>,
    /// In the venue's own spelling.
    pub symbol: Option<String>,
    /// The strategy of its order.
    pub strategy: Option<String>,
    /// `buy` or `sell`.
    pub side: Option<String>,
    /// The venue's name for it.
    pub execution_id: Option<String>,
    /// Whether the newest come first.
    pub newest_first: Option<bool>,
    /// The moment: a sequence, or a time as in 2024-05-01T12:00:00Z.
    pub as_of: Option<String>,
    /// By which clock a time is meant: `recorded` (ours, the default) or `occurred` (the venue's).
    pub clock: Option<String>,
    /// How many items at most; 100 by default.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
    /// Where the list goes on: `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// Which statistics: one row for each group and settlement asset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StatsQuery {
    /// `day` (of closing, in UTC; what is open has the row `open`), `symbol`, `strategy` or `account`;
    /// one row for all by default.
    pub by: Option<String>,
    /// `venue:mode:name`, or the name alone.
    pub account: Option<String>,
    /// In the venue's own spelling.
    pub symbol: Option<String>,
    /// The shares of this strategy.
    pub strategy: Option<String>,
    /// Closed on this day or later, as 2024-05-01; what is open does not count then.
    pub from: Option<String>,
    /// Closed on this day or earlier; what is open does not count then.
    pub to: Option<String>,
    /// The moment: a sequence, or a time as in 2024-05-01T12:00:00Z.
    pub as_of: Option<String>,
    /// By which clock a time is meant: `recorded` (ours, the default) or `occurred` (the venue's).
    pub clock: Option<String>,
    /// How many rows at most; 100 by default.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
    /// Where the list goes on: `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// At which moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MomentQuery {
    /// The moment: a sequence, or a time as in 2024-05-01T12:00:00Z.
    pub as_of: Option<String>,
    /// By which clock a time is meant: `recorded` (ours, the default) or `occurred` (the venue's).
    pub clock: Option<String>,
}

/// Which records of one position, in order; the fill that opened it by a flip included.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PositionEventsQuery {
    /// The moment: a sequence, or a time as in 2024-05-01T12:00:00Z.
    pub as_of: Option<String>,
    /// By which clock a time is meant: `recorded` (ours, the default) or `occurred` (the venue's).
    pub clock: Option<String>,
    /// How many items at most; 100 by default.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
    /// Where the list goes on: `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// Which records of the journal, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventQuery {
    /// The first sequence wanted; 1 by default.
    #[param(minimum = 1)]
    pub from: Option<u64>,
    /// How many items at most; 100 by default. A stream has no limit by default.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
    /// Where the list goes on: `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// Whether a stream stays open and goes on with every new record.
    pub follow: Option<bool>,
}

/// A question that can be read from the pairs of a query string.
pub trait Question: Default + Serialize + DeserializeOwned {
    /// Reads the question from its names and values; an empty value is the same as none.
    ///
    /// # Errors
    /// Returns [`QueryError::Invalid`] with every name that is not known or comes twice, and every value
    /// of another kind. What a text may be is checked when the question is answered.
    fn from_pairs<'a>(
        pairs: impl IntoIterator<Item = (Cow<'a, str>, Cow<'a, str>)>,
    ) -> Result<Self, QueryError> {
        let known = names(&Self::default());
        let mut values = Map::new();
        let mut problems = Vec::new();
        for (name, text) in pairs {
            if text.is_empty() && known.contains(&name.to_string()) {
                continue;
            }
            match read::<Self>(&known, &values, &name, &text) {
                Ok(value) => {
                    values.insert(name.into_owned(), value);
                }
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() {
            // Each value was read in its place above.
            Ok(serde_json::from_value(Value::Object(values)).unwrap_or_default())
        } else {
            Err(QueryError::Invalid(problems))
        }
    }

    /// The pairs of the query string that asks this question.
    fn to_pairs(&self) -> Vec<(String, String)> {
        let Ok(Value::Object(values)) = serde_json::to_value(self) else {
            return Vec::new();
        };
        values
            .into_iter()
            .filter_map(|(name, value)| match value {
                Value::Null => None,
                Value::String(text) => Some((name, text)),
                Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                    Some((name, value.to_string()))
                }
            })
            .collect()
    }
}

macro_rules! questions {
    ($($name:ident)+) => { $(impl Question for $name {})+ };
}

questions!(
    PositionQuery TradeQuery OrderQuery FillQuery StatsQuery MomentQuery PositionEventsQuery
    EventQuery
);

/// The names that a question knows.
fn names(question: &impl Serialize) -> Vec<String> {
    if let Ok(Value::Object(fields)) = serde_json::to_value(question) {
        fields.into_iter().map(|(name, _)| name).collect()
    } else {
        Vec::new()
    }
}

/// The value of one name, in the form in which the question takes it.
fn read<Q: DeserializeOwned>(
    known: &[String],
    values: &Map<String, Value>,
    name: &str,
    text: &str,
) -> Result<Value, Problem> {
    let problem = |code, found: String, expected: String, remedy: String| Problem {
        code,
        line: None,
        field: name.to_owned(),
        found,
        expected,
        remedy,
    };
    if !known.iter().any(|known| known == name) {
        let near = known
            .iter()
            .min_by_key(|known| strsim::damerau_levenshtein(known, name))
            .filter(|known| strsim::damerau_levenshtein(known, name) <= 2);
        return Err(problem(
            codes::FIELD_UNKNOWN,
            format!("{name:?}"),
            known.join(", "),
            near.map_or_else(
                || "leave it out".to_owned(),
                |near| format!("did you mean {near}?"),
            ),
        ));
    }
    if values.contains_key(name) {
        return Err(problem(
            codes::FIELD_TWICE,
            format!("{name:?} twice"),
            "each name once".to_owned(),
            "several states go into one value, with commas between them".to_owned(),
        ));
    }
    let fits = |value: &Value| {
        let alone = Map::from_iter([(name.to_owned(), value.clone())]);
        serde_json::from_value::<Q>(Value::Object(alone)).is_ok()
    };
    let as_text = Value::String(text.to_owned());
    if fits(&as_text) {
        return Ok(as_text);
    }
    let as_scalar = serde_json::from_str(text).ok().filter(fits);
    as_scalar.ok_or_else(|| {
        let is_flag = fits(&Value::Bool(true));
        problem(
            codes::BAD_QUERY,
            format!("{text:?}"),
            if is_flag {
                "true or false".to_owned()
            } else {
                "a whole number".to_owned()
            },
            "write it without quotation marks, signs or separators".to_owned(),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<TradeQuery, Vec<(String, String)>> {
        let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
        TradeQuery::from_pairs(pairs.map(|(name, value)| (name.into(), value.into()))).map_err(
            |error| match error {
                QueryError::Invalid(problems) => problems
                    .into_iter()
                    .map(|problem| (problem.field, problem.found))
                    .collect(),
                QueryError::NotFound(_) | QueryError::Journal(_) | QueryError::History(_) => {
                    Vec::new()
                }
            },
        )
    }

    #[test]
    fn a_question_is_read_with_its_texts_numbers_and_flags() {
        let query = read("symbol=12&limit=5&newest_first=true&account=").unwrap();
        assert_eq!(query.symbol.as_deref(), Some("12"));
        assert_eq!((query.limit, query.newest_first), (Some(5), Some(true)));
        assert_eq!(query.account, None);
        let pairs = query.to_pairs();
        let again = TradeQuery::from_pairs(
            pairs
                .iter()
                .map(|(name, value)| (name.as_str().into(), value.as_str().into())),
        );
        assert_eq!(again.unwrap(), query);
    }

    #[test]
    fn every_problem_is_reported_at_once() {
        let problems = read("symbl=A&limit=-3&newest_first=1&side=long&side=short").unwrap_err();
        let fields: Vec<&str> = problems.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(fields, ["symbl", "limit", "newest_first", "side"]);
    }
}
