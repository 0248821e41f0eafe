//! Listings by sequence, in pages, in both directions.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::ops::Bound;

use ledger::Sequence;

use super::HistoryError;

/// Rows fetched at once: few at first, since many listings end early.
const PAGE_MIN: usize = 32;
const PAGE_MAX: usize = 512;

/// Which way a listing goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Oldest first.
    #[default]
    Forward,
    /// Newest first.
    Backward,
}

/// Where a listing begins, and which way it goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Cursor {
    /// The row before the first one, in the direction of the listing; the very first where absent.
    pub after: Option<Sequence>,
    /// Which way.
    pub direction: Direction,
}

impl Cursor {
    /// From the oldest row on.
    pub const fn forward() -> Self {
        Self {
            after: None,
            direction: Direction::Forward,
        }
    }

    /// From the newest row back.
    pub const fn backward() -> Self {
        Self {
            after: None,
            direction: Direction::Backward,
        }
    }

    /// The same direction, from after `sequence` on.
    #[must_use]
    pub const fn after(self, sequence: Sequence) -> Self {
        Self {
            after: Some(sequence),
            direction: self.direction,
        }
    }

    /// The sequences that may still come.
    pub(super) fn bounds(self) -> (Bound<Sequence>, Bound<Sequence>) {
        let all = (
            Bound::Included(Sequence::ZERO),
            Bound::Included(Sequence::new(u64::MAX)),
        );
        match (self.direction, self.after) {
            (_, None) => all,
            (Direction::Forward, Some(after)) => (Bound::Excluded(after), all.1),
            (Direction::Backward, Some(after)) => (all.0, Bound::Excluded(after)),
        }
    }

    /// The rows of `map` that may still come, in order.
    pub(super) fn range<T>(
        self,
        map: &BTreeMap<Sequence, T>,
    ) -> impl Iterator<Item = (&Sequence, &T)> {
        directed(map.range(self.bounds()), self.direction)
    }
}

/// `rows` in this direction.
pub(super) fn directed<T>(
    rows: impl DoubleEndedIterator<Item = T>,
    direction: Direction,
) -> impl Iterator<Item = T> {
    let mut rows = rows;
    std::iter::from_fn(move || match direction {
        Direction::Forward => rows.next(),
        Direction::Backward => rows.next_back(),
    })
}

/// One page of what waits in memory and what is stored. Where both have a row, the one that comes
/// first in `waiting` is the newest.
pub(super) fn merge<T>(
    waiting: Vec<(Sequence, T)>,
    stored: Vec<(Sequence, T)>,
    cursor: Cursor,
    limit: usize,
) -> Vec<(Sequence, T)> {
    let mut rows = BTreeMap::new();
    for (sequence, row) in waiting.into_iter().chain(stored) {
        rows.entry(sequence).or_insert(row);
    }
    directed(rows.into_iter(), cursor.direction)
        .take(limit)
        .collect()
}

type Fetch<T> =
    Box<dyn FnMut(Cursor, usize) -> Result<Vec<(Sequence, T)>, HistoryError> + Send + Sync>;

/// A listing that reads page by page as it goes on. Its memory is one page.
pub struct Scan<T> {
    fetch: Fetch<T>,
    cursor: Cursor,
    page: usize,
    rows: VecDeque<T>,
    ended: bool,
}

impl<T> Scan<T> {
    pub(super) fn new(
        cursor: Cursor,
        fetch: impl FnMut(Cursor, usize) -> Result<Vec<(Sequence, T)>, HistoryError>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        Self {
            fetch: Box::new(fetch),
            cursor,
            page: PAGE_MIN,
            rows: VecDeque::new(),
            ended: false,
        }
    }

    fn fill(&mut self) -> Result<(), HistoryError> {
        let rows = (self.fetch)(self.cursor, self.page)?;
        self.ended = rows.len() < self.page;
        if let Some((last, _)) = rows.last() {
            self.cursor = self.cursor.after(*last);
        }
        self.page = self.page.saturating_mul(2).min(PAGE_MAX);
        self.rows = rows.into_iter().map(|(_, row)| row).collect();
        Ok(())
    }
}

impl<T> Iterator for Scan<T> {
    type Item = Result<T, HistoryError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rows.is_empty()
            && !self.ended
            && let Err(error) = self.fill()
        {
            self.ended = true;
            return Some(Err(error));
        }
        self.rows.pop_front().map(Ok)
    }
}

impl<T> fmt::Debug for Scan<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scan")
            .field("cursor", &self.cursor)
            .finish_non_exhaustive()
    }
}
