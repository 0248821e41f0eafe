//! The journal's records, as they travel.

use std::collections::VecDeque;

use journal::{FrameInfo, Frames, JournalReader};
use ledger::{PositionId, Record, Sequence};
use projection::Cursor;
use protocol::views::{EventView, FrameView, Page};

use crate::cursor;
use crate::error::QueryError;
use crate::moment::Moment;
use crate::question::{EventQuery, PositionEventsQuery};
use crate::service::{Service, not_found};
use crate::values::Values;

/// The records of the journal from one on, to what was the last when it was asked for. Its memory is
/// one frame.
#[derive(Debug)]
pub struct Events {
    frames: Frames,
    from: Sequence,
    waiting: VecDeque<EventView>,
}

impl Iterator for Events {
    type Item = Result<EventView, QueryError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(Ok(event));
            }
            let frame = match self.frames.next()? {
                Ok(frame) => frame,
                Err(error) => return Some(Err(error.into())),
            };
            let view = frame_view(&frame.info);
            let wanted = frame
                .records
                .iter()
                .filter(|record| record.sequence >= self.from);
            self.waiting
                .extend(wanted.map(|record| EventView::from_record(record, view.clone())));
        }
    }
}

impl Service {
    /// The records from `from` to the last that is durable now.
    pub fn events_from(&self, from: Sequence) -> Events {
        Events {
            frames: self.reader().journal().frames_from(from),
            from,
            waiting: VecDeque::new(),
        }
    }

    /// The first record that `query` asks for.
    ///
    /// # Errors
    /// Returns [`QueryError::Invalid`] if the cursor is not of this question.
    pub fn events_begin(&self, query: &EventQuery) -> Result<Sequence, QueryError> {
        let mut values = Values::default();
        let from = begin(&mut values, query);
        values.finish()?;
        Ok(from)
    }

    /// A page of the journal.
    ///
    /// # Errors
    /// Returns [`QueryError::Invalid`] with every problem of the question.
    pub fn events(&self, query: &EventQuery) -> Result<Page<EventView>, QueryError> {
        let mut values = Values::default();
        let from = begin(&mut values, query);
        let limit = values.limit(query.limit);
        values.finish()?;
        let head = self.head();
        let events = self.events_from(from).take(limit);
        let items = events.collect::<Result<Vec<_>, _>>()?;
        let last = items.last().map(|event| event.sequence);
        Ok(Page {
            as_of_sequence: head,
            items,
            next_cursor: last
                .filter(|last| *last < head)
                .and_then(|last| cursor::write(query, last)),
        })
    }

    /// A page of the records of a position, in order, with the fill that opened it by a flip.
    ///
    /// # Errors
    /// Returns [`QueryError::NotFound`] if there is no such position at that moment.
    pub fn position_events(
        &self,
        id: PositionId,
        query: &PositionEventsQuery,
    ) -> Result<Page<EventView>, QueryError> {
        let mut values = Values::default();
        let moment = self.moment(&mut values, query.as_of.as_deref(), query.clock.as_deref());
        let after: Option<Sequence> = cursor::read(&mut values, query, query.cursor.as_deref());
        let limit = values.limit(query.limit);
        values.finish()?;
        // The index of a position's records is complete once the read models are.
        let head = self.now().head();
        let mut place = Cursor::forward();
        place.after = after;
        let journal = self.reader().journal().clone();
        let sequences = self.reader().history().records_of(id, place);
        let records = sequences.map(|sequence| Ok::<_, QueryError>(journal.record(sequence?)?));
        let records: Box<dyn Iterator<Item = Result<Record, QueryError>>> = match moment {
            Moment::Now => Box::new(records),
            Moment::Past(as_of) => Box::new(as_of.select(records)),
        };
        let mut items = Vec::new();
        let mut goes_on = false;
        for record in records {
            let record = record?;
            if record.tenant != *self.tenant() {
                return Err(not_found(id));
            }
            if items.len() == limit {
                goes_on = true;
                break;
            }
            items.push(event(&journal, &record)?);
        }
        if items.is_empty() && after.is_none() {
            return Err(not_found(id));
        }
        let last = items.last().map(|event: &EventView| event.sequence);
        Ok(Page {
            as_of_sequence: head,
            items,
            next_cursor: last
                .filter(|_| goes_on)
                .and_then(|last| cursor::write(query, last)),
        })
    }
}

fn begin(values: &mut Values, query: &EventQuery) -> Sequence {
    let after: Option<Sequence> = cursor::read(values, query, query.cursor.as_deref());
    let from = after.map_or_else(
        || Sequence::new(query.from.unwrap_or_default()),
        Sequence::next,
    );
    from.max(Sequence::FIRST)
}

fn event(journal: &JournalReader, record: &Record) -> Result<EventView, QueryError> {
    let frame = journal.frame_of(record.sequence)?;
    Ok(EventView::from_record(record, frame_view(&frame)))
}

fn frame_view(frame: &FrameInfo) -> FrameView {
    FrameView {
        first_sequence: frame.first_sequence,
        hash: frame.hash.to_string(),
    }
}
