//! Orders and fills: lists by sequence.

use ledger::{Event, OrderStatus, PositionId, Sequence, Side};
use projection::{Cursor, Direction, FillRow, History};
use protocol::views::{FillView, OrderView, Page};

use crate::cursor;
use crate::error::QueryError;
use crate::filter::fits;
use crate::models::Depth;
use crate::question::{FillQuery, OrderQuery};
use crate::service::Service;
use crate::values::{AccountMatch, Values};
use crate::views;

/// Which part of a list by sequence is wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listing {
    pub(crate) after: Option<Sequence>,
    pub(crate) newest_first: bool,
    pub(crate) limit: usize,
}

/// A page whose cursor is still the sequence of its last item.
#[derive(Debug)]
pub(crate) struct Part<T> {
    as_of_sequence: Sequence,
    items: Vec<T>,
    /// The last item's, if the list goes on after it.
    last: Option<Sequence>,
}

impl<T> Part<T> {
    pub(crate) const fn empty(as_of_sequence: Sequence) -> Self {
        Self {
            as_of_sequence,
            items: Vec::new(),
            last: None,
        }
    }

    pub(crate) fn with_cursor(self, write: impl FnOnce(Sequence) -> Option<String>) -> Page<T> {
        Page {
            as_of_sequence: self.as_of_sequence,
            items: self.items,
            next_cursor: self.last.and_then(write),
        }
    }
}

impl Listing {
    /// Where the history has to be read; nothing after `head` is given.
    pub(crate) fn cursor(self, head: Sequence) -> Cursor {
        let direction = if self.newest_first {
            Direction::Backward
        } else {
            Direction::Forward
        };
        let newest = self.newest_first.then(|| head.next());
        Cursor {
            after: self.after.or(newest),
            direction,
        }
    }

    /// Takes rows until the page is full and it is known whether the list goes on. `admit` says where a
    /// row is in the list, and what it looks like if it is meant.
    pub(crate) fn page<R, T, E: Into<QueryError>>(
        self,
        head: Sequence,
        rows: impl Iterator<Item = Result<R, E>>,
        mut admit: impl FnMut(R) -> (Sequence, Option<T>),
    ) -> Result<Part<T>, QueryError> {
        let mut part = Part::empty(head);
        let mut last = None;
        for row in rows {
            let (sequence, item) = admit(row.map_err(Into::into)?);
            if sequence > head && !self.newest_first {
                break;
            }
            let Some(item) = item else { continue };
            if part.items.len() == self.limit {
                part.last = last;
                break;
            }
            part.items.push(item);
            last = Some(sequence);
        }
        Ok(part)
    }
}

/// Which orders are meant.
struct OrderFilter {
    position: Option<PositionId>,
    account: Option<AccountMatch>,
    symbol: Option<ledger::Symbol>,
    strategy: Option<ledger::Strategy>,
    statuses: Option<Vec<OrderStatus>>,
    client_order_id: Option<ledger::ClientOrderId>,
    venue_order_id: Option<ledger::VenueOrderId>,
}

impl OrderFilter {
    fn read(
        values: &mut Values,
        service: &Service,
        query: &OrderQuery,
    ) -> Result<Self, QueryError> {
        Ok(Self {
            position: position(values, service, query.position.as_deref())?,
            account: values.account(service.tenant(), query.account.as_deref()),
            symbol: values.name("symbol", query.symbol.as_deref()),
            strategy: values.name("strategy", query.strategy.as_deref()),
            statuses: statuses(values, query.status.as_deref()),
            client_order_id: values.name("client_order_id", query.client_order_id.as_deref()),
            venue_order_id: values.name("venue_order_id", query.venue_order_id.as_deref()),
        })
    }

    fn admits(&self, order: &ledger::Order) -> bool {
        fits(self.position.as_ref(), order.position_id.as_ref())
            && self
                .account
                .as_ref()
                .is_none_or(|account| account.admits(&order.account))
            && fits(self.symbol.as_ref(), Some(&order.symbol))
            && fits(self.strategy.as_ref(), order.strategy.as_ref())
            && self
                .statuses
                .as_ref()
                .is_none_or(|wanted| wanted.contains(&order.status))
            && fits(
                self.client_order_id.as_ref(),
                order.client_order_id.as_ref(),
            )
            && fits(self.venue_order_id.as_ref(), order.venue_order_id.as_ref())
    }
}

/// Which fills are meant.
struct FillFilter {
    account: Option<AccountMatch>,
    symbol: Option<ledger::Symbol>,
    strategy: Option<ledger::Strategy>,
    side: Option<Side>,
    execution_id: Option<ledger::ExecutionId>,
}

impl FillFilter {
    fn read(values: &mut Values, service: &Service, query: &FillQuery) -> Self {
        let sides = [("buy", Side::Buy), ("sell", Side::Sell)];
        Self {
            account: values.account(service.tenant(), query.account.as_deref()),
            symbol: values.name("symbol", query.symbol.as_deref()),
            strategy: values.name("strategy", query.strategy.as_deref()),
            side: values.word("side", query.side.as_deref(), &sides),
            execution_id: values.name("execution_id", query.execution_id.as_deref()),
        }
    }

    fn admits(&self, row: &FillRow) -> bool {
        let account = row.account.as_ref();
        self.account
            .as_ref()
            .is_none_or(|wanted| account.is_some_and(|account| wanted.admits(account)))
            && fits(self.symbol.as_ref(), row.symbol.as_ref())
            && fits(self.strategy.as_ref(), row.strategy.as_ref())
            && fits(self.side.as_ref(), Some(&row.fill.side))
            && fits(self.execution_id.as_ref(), Some(&row.fill.execution_id))
    }
}

impl Service {
    /// Orders, by number.
    ///
    /// # Errors
    /// Returns [`QueryError::Invalid`] with every problem of the question.
    pub fn orders(&self, query: &OrderQuery) -> Result<Page<OrderView>, QueryError> {
        let mut values = Values::default();
        let filter = OrderFilter::read(&mut values, self, query)?;
        let moment = self.moment(&mut values, query.as_of.as_deref(), query.clock.as_deref());
        let listing = Listing {
            after: cursor::read(&mut values, query, query.cursor.as_deref()),
            newest_first: query.newest_first.unwrap_or(false),
            limit: values.limit(query.limit),
        };
        values.finish()?;
        let models = self.models(moment, Depth::All)?;
        let head = models.head();
        let Some(history) = models.history() else {
            return Ok(Part::empty(head).with_cursor(|_| None));
        };
        let tenant = self.tenant();
        let admit = |order: ledger::Order| {
            let is_meant = order.account.tenant == *tenant && filter.admits(&order);
            (order.number, is_meant.then(|| OrderView::from(&order)))
        };
        let cursor = listing.cursor(head);
        let part = match filter.position {
            None => listing.page(head, history.orders(cursor), admit)?,
            // The records of a position name its orders.
            Some(id) => {
                let numbers = history.records_of(id, cursor);
                let orders = numbers.filter_map(|number| {
                    let order = number.and_then(|number| history.order(number));
                    order.transpose()
                });
                listing.page(head, orders, admit)?
            }
        };
        Ok(part.with_cursor(|last| cursor::write(query, last)))
    }

    /// Fills, in the order in which they were recorded.
    ///
    /// # Errors
    /// Returns [`QueryError::Invalid`] with every problem of the question.
    pub fn fills(&self, query: &FillQuery) -> Result<Page<FillView>, QueryError> {
        let mut values = Values::default();
        let filter = FillFilter::read(&mut values, self, query);
        let position = position(&mut values, self, query.position.as_deref())?;
        let moment = self.moment(&mut values, query.as_of.as_deref(), query.clock.as_deref());
        let listing = Listing {
            after: cursor::read(&mut values, query, query.cursor.as_deref()),
            newest_first: query.newest_first.unwrap_or(false),
            limit: values.limit(query.limit),
        };
        values.finish()?;
        let models = self.models(moment, Depth::All)?;
        let head = models.head();
        let Some(history) = models.history() else {
            return Ok(Part::empty(head).with_cursor(|_| None));
        };
        let tenant = self.tenant();
        let admit = |row: FillRow| {
            let is_meant = row
                .account
                .as_ref()
                .is_some_and(|account| account.tenant == *tenant)
                && filter.admits(&row);
            let sequence = row.sequence;
            (sequence, is_meant.then(|| views::fill(row)).flatten())
        };
        let cursor = listing.cursor(head);
        let part = match position {
            None => listing.page(head, history.fills(cursor), admit)?,
            // The records of a position name its fills.
            Some(id) => {
                let sequences = history.records_of(id, cursor);
                let rows = sequences.filter_map(|sequence| match sequence {
                    Ok(sequence) => fill_at(self, history, sequence).transpose(),
                    Err(error) => Some(Err(error.into())),
                });
                listing.page(head, rows, admit)?
            }
        };
        Ok(part.with_cursor(|last| cursor::write(query, last)))
    }
}

/// The fill of a record, if it reports one.
fn fill_at(
    service: &Service,
    history: &History,
    sequence: Sequence,
) -> Result<Option<FillRow>, QueryError> {
    let record = service.reader().journal().record(sequence)?;
    if !matches!(record.event, Event::OrderFilled(_)) {
        return Ok(None);
    }
    let before = Sequence::new(sequence.get().saturating_sub(1));
    let row = history
        .fills(Cursor::forward().after(before))
        .next()
        .transpose()?;
    Ok(row.filter(|row| row.sequence == sequence))
}

/// The position that `text` names.
fn position(
    values: &mut Values,
    service: &Service,
    text: Option<&str>,
) -> Result<Option<PositionId>, QueryError> {
    let Some(text) = text else { return Ok(None) };
    values.also(service.resolve_position(text))
}

fn statuses(values: &mut Values, text: Option<&str>) -> Option<Vec<OrderStatus>> {
    let text = text?;
    let mut allowed: Vec<(&str, Option<OrderStatus>)> = OrderStatus::ALL
        .map(|status| (status.as_str(), Some(status)))
        .to_vec();
    allowed.push(("working", None));
    let chosen = values.words("status", text, &allowed);
    let working = OrderStatus::ALL
        .into_iter()
        .filter(|status| status.is_working() && chosen.contains(&None));
    Some(chosen.iter().flatten().copied().chain(working).collect())
}
