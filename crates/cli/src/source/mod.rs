//! Where a command reads: a journal opened here, or a daemon.

mod daemon;
mod directory;

use ledger::{Command, PositionId, Sequence};
use protocol::Problem;
use protocol::catalogue::codes;
use protocol::views::{EventView, Page, PositionView, Ready, ReceiptView, StatsView, Tabular};
use protocol::views::{FillView, OrderView};
use query::{
    EventQuery, FillQuery, MomentQuery, OrderQuery, PositionEventsQuery, PositionQuery, QueryError,
    Question, Service, StatsQuery, TradeQuery,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub(crate) use daemon::Daemon;
pub(crate) use directory::Directory;

use crate::arguments::Target;
use crate::failure::Failure;

/// The most items a page may have.
const PAGE: u32 = query::LIMIT_MAX;

/// Where a command reads.
#[derive(Debug)]
pub(crate) enum Source {
    /// A journal opened here.
    Directory(Box<Directory>),
    /// A daemon.
    Daemon(Daemon),
}

/// A command on its way in, with the line it was read from.
#[derive(Debug)]
pub(crate) struct Submission {
    /// The command.
    pub(crate) command: Command,
    /// The line.
    pub(crate) line: Vec<u8>,
}

/// A question about a list.
pub(crate) trait Ask: Question + Clone {
    /// What the list holds.
    type Item: DeserializeOwned + Serialize + Tabular;
    /// Where a daemon answers it.
    const ROUTE: &'static str;
    /// Answers it here.
    fn ask(&self, service: &Service) -> Result<Page<Self::Item>, QueryError>;
    /// Asks for a page.
    fn page(&mut self, limit: u32, cursor: Option<String>);
}

macro_rules! ask {
    ($($query:ident => $view:ident, $route:literal, $method:ident;)+) => {$(
        impl Ask for $query {
            type Item = $view;
            const ROUTE: &'static str = $route;

            fn ask(&self, service: &Service) -> Result<Page<$view>, QueryError> {
                service.$method(self)
            }

            fn page(&mut self, limit: u32, cursor: Option<String>) {
                self.limit = Some(limit);
                self.cursor = cursor;
            }
        }
    )+};
}

ask! {
    PositionQuery => PositionView, "/v1/positions", positions;
    TradeQuery => PositionView, "/v1/trades", trades;
    OrderQuery => OrderView, "/v1/orders", orders;
    FillQuery => FillView, "/v1/fills", fills;
    StatsQuery => StatsView, "/v1/stats", stats;
    EventQuery => EventView, "/v1/events", events;
}

impl Source {
    /// Opens the journal, or finds the daemon at its first question.
    pub(crate) fn open(target: &Target) -> Result<Self, Failure> {
        match &target.data {
            Some(path) => Ok(Self::Directory(Box::new(Directory::open(path, false)?))),
            None => Daemon::at(&target.url).map(Self::Daemon),
        }
    }

    /// As [`open`](Self::open), for a command that writes: a directory without a journal gets one.
    pub(crate) fn open_to_write(target: &Target) -> Result<Self, Failure> {
        match &target.data {
            Some(path) => Ok(Self::Directory(Box::new(Directory::open(path, true)?))),
            None => Daemon::at(&target.url).map(Self::Daemon),
        }
    }

    /// Lets the journal go.
    pub(crate) fn close(self) -> Result<(), Failure> {
        match self {
            Self::Directory(directory) => directory.close(),
            Self::Daemon(_) => Ok(()),
        }
    }

    /// One page of a list.
    pub(crate) fn page<Q: Ask>(&self, question: &Q) -> Result<Page<Q::Item>, Failure> {
        match self {
            Self::Directory(directory) => Ok(question.ask(directory.service())?),
            Self::Daemon(daemon) => daemon.get(Q::ROUTE, &question.to_pairs()),
        }
    }

    /// A list, page by page, at most `limit` items of it; what `take` gets comes with the sequence that
    /// the first page shows. Returns that sequence, and whether the list goes on.
    pub(crate) fn pages<Q: Ask>(
        &self,
        question: &Q,
        limit: Option<u64>,
        mut take: impl FnMut(Sequence, Vec<Q::Item>) -> Result<(), Failure>,
    ) -> Result<(Sequence, bool), Failure> {
        let mut question = question.clone();
        let mut left = limit.unwrap_or(u64::MAX);
        let mut cursor = None;
        let mut shown = None;
        loop {
            let size = u32::try_from(left).unwrap_or(PAGE).min(PAGE);
            question.page(size, cursor);
            let page = self.page(&question)?;
            let at = *shown.get_or_insert(page.as_of_sequence);
            left = left.saturating_sub(u64::try_from(page.items.len()).unwrap_or(u64::MAX));
            take(at, page.items)?;
            match page.next_cursor {
                None => return Ok((at, false)),
                Some(_) if left == 0 => return Ok((at, true)),
                next => cursor = next,
            }
        }
    }

    /// The position that a person means: an id, the beginning of one, or `@N`, the one that record N is
    /// about.
    pub(crate) fn resolve(&self, text: &str) -> Result<PositionId, Failure> {
        if let Some(number) = text.strip_prefix('@') {
            return self.position_of_record(text, number);
        }
        match self {
            Self::Directory(directory) => Ok(directory.service().resolve_position(text)?),
            Self::Daemon(daemon) => daemon.resolve(text),
        }
    }

    fn position_of_record(&self, text: &str, number: &str) -> Result<PositionId, Failure> {
        let problem = |expected: &str| {
            Failure::Problems(vec![Problem {
                code: codes::BAD_ID,
                line: None,
                field: "position".to_owned(),
                found: format!("{text:?}"),
                expected: expected.to_owned(),
                remedy: "take it from a list of positions, or from `posledger events`".to_owned(),
            }])
        };
        let Ok(number) = number.parse::<u64>() else {
            return Err(problem("@ and the number of a record, as @812"));
        };
        let question = EventQuery {
            from: Some(number),
            limit: Some(1),
            ..EventQuery::default()
        };
        let page = self.page(&question)?;
        page.items
            .first()
            .filter(|event| event.sequence.get() == number)
            .and_then(|event| event.position_id)
            .ok_or_else(|| problem("the number of a record that is about a position"))
    }

    /// One position.
    pub(crate) fn position(
        &self,
        id: PositionId,
        moment: &MomentQuery,
    ) -> Result<PositionView, Failure> {
        match self {
            Self::Directory(directory) => Ok(directory.service().position(id, moment)?),
            Self::Daemon(daemon) => daemon.get(&format!("/v1/positions/{id}"), &moment.to_pairs()),
        }
    }

    /// All records of one position, in order.
    pub(crate) fn position_events(
        &self,
        id: PositionId,
        moment: &MomentQuery,
    ) -> Result<Vec<EventView>, Failure> {
        let mut question = PositionEventsQuery {
            as_of: moment.as_of.clone(),
            clock: moment.clock.clone(),
            limit: Some(PAGE),
            cursor: None,
        };
        let mut events = Vec::new();
        loop {
            let page = match self {
                Self::Directory(directory) => directory.service().position_events(id, &question)?,
                Self::Daemon(daemon) => {
                    daemon.get(&format!("/v1/positions/{id}/events"), &question.to_pairs())?
                }
            };
            events.extend(page.items);
            match page.next_cursor {
                None => return Ok(events),
                next => question.cursor = next,
            }
        }
    }

    /// Whether commands are taken, and the last durable record.
    pub(crate) fn ready(&self) -> Result<Ready, Failure> {
        match self {
            Self::Directory(directory) => Ok(directory.service().ready()),
            Self::Daemon(daemon) => daemon.ready(),
        }
    }

    /// Hands commands in and waits until they are durable; the receipts are in the same order.
    pub(crate) fn submit(&self, batch: Vec<Submission>) -> Result<Vec<ReceiptView>, Failure> {
        match self {
            Self::Directory(directory) => directory.submit(batch),
            Self::Daemon(daemon) => daemon.submit(&batch),
        }
    }
}
