//! The read models a question is answered from: those of now, or a fold over the journal.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use engine::Reader;
use ledger::{Ledger, Sequence};
use projection::{
    AsOf, FoldError, History, HistoryWriter, LookUpOnly, OpenView, Projections, Stats, fold_as_of,
};

use crate::error::QueryError;
use crate::moment::Moment;

/// How many moments of the past are kept, so that the pages of one list cost one fold.
const PASTS_MAX: usize = 4;

/// How much of a moment a question needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Depth {
    /// What was open.
    Open,
    /// What was finished too.
    All,
}

/// The read models of one moment.
#[derive(Clone, Debug)]
pub(crate) enum Models {
    /// Those that the engine keeps up to date.
    Now(Reader),
    /// Those of a moment in the past.
    Past(Arc<Past>),
}

/// A moment in the past, folded from the journal.
#[derive(Debug)]
pub(crate) enum Past {
    /// What was open.
    Open(Projections<LookUpOnly>),
    /// What was finished too, in a store of its own that is gone with it.
    All(Projections<HistoryWriter>, History),
}

impl Past {
    const fn depth(&self) -> Depth {
        match self {
            Self::Open(_) => Depth::Open,
            Self::All(..) => Depth::All,
        }
    }
}

/// What is in memory at a moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InMemory<'a> {
    pub(crate) open: &'a OpenView,
    pub(crate) stats: &'a Stats,
}

impl<'a> InMemory<'a> {
    pub(crate) const fn ledger(self) -> &'a Ledger {
        self.open.ledger()
    }

    /// The last record that is counted in.
    pub(crate) const fn head(self) -> Sequence {
        self.open.head()
    }
}

impl Models {
    /// Looks at what is in memory.
    pub(crate) fn look<T>(&self, look: impl FnOnce(InMemory<'_>) -> T) -> T {
        fn of<S>(models: &Projections<S>) -> InMemory<'_> {
            InMemory {
                open: models.open(),
                stats: models.stats(),
            }
        }
        match self {
            Self::Now(reader) => reader.read(|models| look(of(models))),
            Self::Past(past) => match past.as_ref() {
                Past::Open(models) => look(of(models)),
                Past::All(models, _) => look(of(models)),
            },
        }
    }

    /// The last record that is counted in.
    pub(crate) fn head(&self) -> Sequence {
        match self {
            Self::Now(reader) => reader.read(Projections::head),
            Self::Past(past) => match past.as_ref() {
                Past::Open(models) => models.head(),
                Past::All(models, _) => models.head(),
            },
        }
    }

    /// What is finished; nothing where a question needs only what was open.
    pub(crate) fn history(&self) -> Option<&History> {
        match self {
            Self::Now(reader) => Some(reader.history()),
            Self::Past(past) => match past.as_ref() {
                Past::Open(_) => None,
                Past::All(_, history) => Some(history),
            },
        }
    }
}

/// The moments of the past that were asked for last.
#[derive(Debug, Default)]
pub(crate) struct Pasts {
    /// Newest last, each with the head of the journal it was folded from.
    kept: Mutex<VecDeque<(AsOf, Sequence, Arc<Past>)>>,
}

impl Pasts {
    /// The read models at `moment`. One fold runs at a time: it is the dearest thing that can be asked
    /// for.
    pub(crate) fn models(
        &self,
        reader: &Reader,
        moment: Moment,
        depth: Depth,
    ) -> Result<Models, QueryError> {
        let as_of = match moment {
            Moment::Now => return Ok(Models::Now(reader.clone())),
            Moment::Past(as_of) => as_of,
        };
        let head = reader.journal().head();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter().rposition(|(known, known_head, past)| {
            *known == as_of && past.depth() >= depth && is_settled(as_of, *known_head, head)
        });
        if let Some((.., past)) = found.and_then(|at| kept.get(at)) {
            return Ok(Models::Past(Arc::clone(past)));
        }
        let past = Arc::new(fold(reader, as_of, depth)?);
        if kept.len() >= PASTS_MAX {
            kept.pop_front();
        }
        kept.push_back((as_of, head, Arc::clone(&past)));
        Ok(Models::Past(past))
    }
}

/// Whether what was folded when the journal ended at `then` still stands now that it ends at `now`.
fn is_settled(as_of: AsOf, then: Sequence, now: Sequence) -> bool {
    match as_of {
        AsOf::Sequence(_) => true,
        // What comes later may have happened before the moment, or be recorded in its nanosecond.
        AsOf::RecordedAt(_) | AsOf::OccurredAt(_) => then == now,
    }
}

fn fold(reader: &Reader, as_of: AsOf, depth: Depth) -> Result<Past, QueryError> {
    let records = reader.journal().records_from(Sequence::FIRST);
    match depth {
        Depth::Open => Ok(Past::Open(
            fold_as_of(records, as_of, LookUpOnly(reader.history().clone())).map_err(failed)?,
        )),
        Depth::All => {
            let store = HistoryWriter::temporary(&std::env::temp_dir())?;
            let history = store.history();
            let models = fold_as_of(records, as_of, store).map_err(failed)?;
            Ok(Past::All(models, history))
        }
    }
}

fn failed(error: FoldError<journal::JournalError>) -> QueryError {
    match error {
        FoldError::Records(error) => error.into(),
        FoldError::History(error) => error.into(),
    }
}
