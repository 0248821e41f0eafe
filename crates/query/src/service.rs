//! Who answers.

use std::fmt;
use std::sync::Arc;

use engine::Reader;
use ledger::{PositionId, Sequence, Tenant};
use projection::Cursor;
use protocol::catalogue::codes;
use protocol::views::Ready;
use tokio::sync::watch;

use crate::error::QueryError;
use crate::models::{Depth, Models, Pasts};
use crate::moment::Moment;
use crate::values::{Values, problem};

/// The fewest digits of a position's id that are looked up.
const PREFIX_DIGITS_MIN: usize = 4;

/// Answers questions. Cheap to clone; every answer counts in all that was durable when it was asked.
///
/// A question may read the disk or wait for the read models: ask it where a thread may block.
#[derive(Clone)]
pub struct Service {
    reader: Reader,
    tenant: Tenant,
    pasts: Arc<Pasts>,
}

impl Service {
    /// Answers from what `reader` reads.
    pub fn new(reader: Reader) -> Self {
        Self {
            reader,
            tenant: Tenant::default_tenant(),
            pasts: Arc::default(),
        }
    }

    /// Whether intents and acknowledgements are taken.
    pub fn ready(&self) -> Ready {
        let status = self.reader.status();
        let reason = match &status.halted {
            Some(reason) => Some(chain(reason)),
            None => self
                .now()
                .look(|memory| memory.ledger().is_halted())
                .then(|| "an operator has halted the ledger".to_owned()),
        };
        Ready {
            ready: reason.is_none(),
            halted: reason.is_some(),
            reason,
            sequence: status.durable_head,
        }
    }

    /// The last durable record, and every change of it.
    pub fn follow(&self) -> watch::Receiver<Sequence> {
        self.reader.follow()
    }

    /// The position that `prefix` is the beginning of; hyphens do not count.
    ///
    /// # Errors
    /// Returns [`QueryError::NotFound`] if there is none, and [`QueryError::Invalid`] if there are
    /// several or it is no beginning of an id.
    pub fn resolve_position(&self, prefix: &str) -> Result<PositionId, QueryError> {
        if let Ok(id) = prefix.parse::<PositionId>() {
            return Ok(id);
        }
        let digits = prefix.replace('-', "").to_ascii_lowercase();
        let is_prefix = (PREFIX_DIGITS_MIN..32).contains(&digits.len())
            && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        if !is_prefix {
            return Err(QueryError::Invalid(vec![problem(
                codes::BAD_ID,
                "position",
                prefix,
                format!("a position's UUID, or at least its first {PREFIX_DIGITS_MIN} digits"),
                "take it from a receipt or from a list of positions",
            )]));
        }
        let fits = |id: &PositionId| id.as_uuid().simple().to_string().starts_with(&digits);
        let (mut found, head): (Vec<PositionId>, Sequence) = self.now().look(|memory| {
            let open = memory.ledger().positions().map(|position| position.id);
            (open.filter(fits).take(2).collect(), memory.head())
        });
        for trade in self.reader.history().trades(Cursor::backward()) {
            if found.len() > 1 {
                break;
            }
            let trade = trade?;
            if trade.finished <= head && fits(&trade.position.id) {
                found.push(trade.position.id);
            }
        }
        match found.as_slice() {
            [] => Err(not_found(prefix)),
            [id] => Ok(*id),
            several => Err(QueryError::Invalid(vec![problem(
                codes::BAD_ID,
                "position",
                prefix,
                "the beginning of one position's id only",
                format!(
                    "more than one begins so: {}",
                    several
                        .iter()
                        .map(ToString::to_string)
                        .collect::<Vec<_>>()
                        .join(", ")
                ),
            )])),
        }
    }

    pub(crate) const fn reader(&self) -> &Reader {
        &self.reader
    }

    pub(crate) const fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    pub(crate) fn now(&self) -> Models {
        Models::Now(self.reader.clone())
    }

    /// Reads the moment that a question is about.
    pub(crate) fn moment(
        &self,
        values: &mut Values,
        as_of: Option<&str>,
        clock: Option<&str>,
    ) -> Moment {
        Moment::read(values, as_of, clock, self.head())
    }

    pub(crate) fn models(&self, moment: Moment, depth: Depth) -> Result<Models, QueryError> {
        self.pasts.models(&self.reader, moment, depth)
    }

    pub(crate) fn head(&self) -> Sequence {
        self.reader.journal().head()
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").finish_non_exhaustive()
    }
}

/// Nothing is called so.
pub(crate) fn not_found(id: impl fmt::Display) -> QueryError {
    QueryError::NotFound(problem(
        codes::NOT_FOUND,
        "position",
        id.to_string(),
        "the id of a position in this ledger, at this moment",
        "take it from a receipt or from a list of positions; state=all lists them all",
    ))
}

/// An error with all that led to it, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        words.push_str(": ");
        words.push_str(&error.to_string());
        source = error.source();
    }
    words
}
