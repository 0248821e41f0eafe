//! Positions: lists of them, and one.

use ledger::{Position, PositionId};
use projection::{AsOf, Cursor, Part, Trade, replay_position};
use protocol::views::{Page, PositionView};
use serde::{Deserialize, Serialize};

use crate::cursor;
use crate::error::QueryError;
use crate::filter::{PositionFilter, Sources};
use crate::history::Listing;
use crate::models::{Depth, InMemory, Models};
use crate::moment::Moment;
use crate::question::{MomentQuery, PositionQuery, TradeQuery};
use crate::service::{Service, not_found};
use crate::sort::{Order, Rank, Selection};
use crate::values::Values;
use crate::views;

/// The last item of a page of positions.
#[derive(Debug, Serialize, Deserialize)]
enum Place {
    /// In the order asked for.
    Ranked(Rank),
    /// In the order in which they finished.
    Finished(ledger::Sequence),
}

impl Service {
    /// Positions; those that are not final, unless states are named.
    ///
    /// # Errors
    /// Returns [`QueryError::Invalid`] with every problem of the question.
    pub fn positions(&self, query: &PositionQuery) -> Result<Page<PositionView>, QueryError> {
        let mut values = Values::default();
        let (filter, sources) = PositionFilter::of_positions(&mut values, self.tenant(), query);
        let order = Order::read(&mut values, query.sort.as_deref());
        let moment = self.moment(&mut values, query.as_of.as_deref(), query.clock.as_deref());
        let limit = values.limit(query.limit);
        let place: Option<Place> = cursor::read(&mut values, query, query.cursor.as_deref());
        values.finish()?;
        let depth = if sources.finished {
            Depth::All
        } else {
            Depth::Open
        };
        let models = self.models(moment, depth)?;
        if !sources.open && query.sort.is_none() {
            let listing = Listing {
                after: match place {
                    Some(Place::Finished(sequence)) => Some(sequence),
                    Some(Place::Ranked(_)) | None => None,
                },
                newest_first: false,
                limit,
            };
            let page = finished(&models, &filter, listing)?;
            return Ok(page.with_cursor(|last| cursor::write(query, Place::Finished(last))));
        }
        let after = match place {
            Some(Place::Ranked(rank)) => Some(rank),
            Some(Place::Finished(_)) | None => None,
        };
        let selection = Selection::new(after, limit);
        let (as_of_sequence, selection) = select(&models, &filter, &order, sources, selection)?;
        let (items, last) = selection.finish();
        Ok(Page {
            as_of_sequence,
            items,
            next_cursor: last.and_then(|last| cursor::write(query, Place::Ranked(last))),
        })
    }

    /// Finished positions that held a quantity, in the order in which they finished.
    ///
    /// # Errors
    /// Returns [`QueryError::Invalid`] with every problem of the question.
    pub fn trades(&self, query: &TradeQuery) -> Result<Page<PositionView>, QueryError> {
        let mut values = Values::default();
        let filter = PositionFilter::of_trades(&mut values, self.tenant(), query);
        let moment = self.moment(&mut values, query.as_of.as_deref(), query.clock.as_deref());
        let listing = Listing {
            after: cursor::read(&mut values, query, query.cursor.as_deref()),
            newest_first: query.newest_first.unwrap_or(false),
            limit: values.limit(query.limit),
        };
        values.finish()?;
        let models = self.models(moment, Depth::All)?;
        let page = finished(&models, &filter, listing)?;
        Ok(page.with_cursor(|last| cursor::write(query, last)))
    }

    /// One position, as it is or as it was: the past of one position is folded from its own records.
    ///
    /// # Errors
    /// Returns [`QueryError::NotFound`] if there was none at that moment.
    pub fn position(
        &self,
        id: PositionId,
        moment: &MomentQuery,
    ) -> Result<PositionView, QueryError> {
        let mut values = Values::default();
        let moment = self.moment(
            &mut values,
            moment.as_of.as_deref(),
            moment.clock.as_deref(),
        );
        values.finish()?;
        let view = match moment {
            Moment::Now => self.position_now(id)?,
            Moment::Past(as_of) => self.position_then(id, as_of)?,
        };
        view.filter(|view| view.tenant == *self.tenant())
            .ok_or_else(|| not_found(id))
    }

    fn position_now(&self, id: PositionId) -> Result<Option<PositionView>, QueryError> {
        let open = self.now().look(|memory| {
            let (position, parts) = memory.open.position(id)?;
            Some(views::open_position(memory.ledger(), position, parts))
        });
        if open.is_some() {
            return Ok(open);
        }
        let trade = self.reader().history().position(id)?;
        Ok(trade.as_ref().map(views::trade))
    }

    fn position_then(
        &self,
        id: PositionId,
        as_of: AsOf,
    ) -> Result<Option<PositionView>, QueryError> {
        let history = self.reader().history();
        let sequences = history.records_of(id, Cursor::forward());
        let records = sequences.map(|sequence| {
            let record = self.reader().journal().record(sequence?)?;
            Ok::<_, QueryError>(record)
        });
        let replay = replay_position(id, as_of.select(records))?;
        let Some(position) = replay.position else {
            return Ok(None);
        };
        let later = match history.position(id)? {
            Some(trade) if position.is_final() => trade.corrections,
            Some(_) | None => Vec::new(),
        };
        let later: Vec<_> = later
            .into_iter()
            .filter(|correction| views::had_come(correction, as_of))
            .collect();
        Ok(Some(views::finished_position(
            &position,
            replay.parts,
            &later,
        )))
    }
}

/// One page of the positions that are meant, in the order asked for.
fn select(
    models: &Models,
    filter: &PositionFilter,
    order: &Order,
    sources: Sources,
    selection: Selection<PositionView>,
) -> Result<(ledger::Sequence, Selection<PositionView>), QueryError> {
    let (head, mut selection) = models.look(|memory| {
        let selection = if sources.open {
            select_open(memory, filter, order, selection)
        } else {
            selection
        };
        (memory.head(), selection)
    });
    let history = models.history().filter(|_| sources.finished);
    if let Some(history) = history {
        for trade in history.trades(Cursor::forward()) {
            let trade = trade?;
            if trade.finished > head {
                break;
            }
            if is_admitted(filter, &trade) {
                let rank = order.rank(&trade.position, || None);
                selection.offer(rank, || views::trade(&trade));
            }
        }
    }
    Ok((head, selection))
}

/// The page among what is open. Only what is in it becomes a view: there may be many positions, and
/// whoever looks at the read models keeps them from going on.
fn select_open(
    memory: InMemory<'_>,
    filter: &PositionFilter,
    order: &Order,
    empty: Selection<PositionView>,
) -> Selection<PositionView> {
    let ledger = memory.ledger();
    let mut selection: Selection<&Position> = empty.map_empty();
    for position in ledger.positions() {
        let pnl = || ledger.unrealized_pnl(position);
        if filter.admits(position, pnl, || memory.open.split(position)) {
            selection.offer(order.rank(position, pnl), || position);
        }
    }
    selection.map(|position| {
        let parts: Vec<Part> = memory.open.split(position).parts(position);
        views::open_position(ledger, position, parts)
    })
}

fn is_admitted(filter: &PositionFilter, trade: &Trade) -> bool {
    let pnl = || Some(trade.position.numbers.realized_pnl);
    filter.admits(&trade.position, pnl, || trade.split.clone())
}

/// One page of finished positions, in the order in which they finished.
fn finished(
    models: &Models,
    filter: &PositionFilter,
    listing: Listing,
) -> Result<crate::history::Part<PositionView>, QueryError> {
    let head = models.head();
    let Some(history) = models.history() else {
        return Ok(crate::history::Part::empty(head));
    };
    let trades = history.trades(listing.cursor(head));
    listing.page(head, trades, |trade| {
        let view =
            (trade.finished <= head && is_admitted(filter, &trade)).then(|| views::trade(&trade));
        (trade.finished, view)
    })
}
