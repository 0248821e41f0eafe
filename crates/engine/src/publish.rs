//! The way from the writer to the read side: a bounded queue of what is durable.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;

use ledger::{Mark, Record, Sequence};
use tokio::sync::watch;

/// How many frames may be on their way before the writer waits for the read side.
pub(crate) const PUBLICATIONS_MAX: usize = 256;

/// What readers may see.
#[derive(Debug)]
pub(crate) enum Publication {
    /// Records that are durable: all of one frame.
    Records(Vec<Record>),
    /// Marks, which are not journaled.
    Marks(Vec<Mark>),
}

/// The writer's end.
#[derive(Debug)]
pub(crate) struct Publisher {
    pub(crate) queue: SyncSender<Publication>,
    pub(crate) head: watch::Sender<Sequence>,
    /// How many publications there were, for whoever waits to see the last.
    pub(crate) published: Arc<AtomicU64>,
    pub(crate) archived: Arc<AtomicU64>,
}

impl Publisher {
    /// Shows durable records.
    pub(crate) fn publish(&self, head: Sequence, records: Vec<Record>) {
        self.head.send_replace(head);
        self.send(Publication::Records(records));
    }

    pub(crate) fn publish_marks(&self, marks: Vec<Mark>) {
        if !marks.is_empty() {
            self.send(Publication::Marks(marks));
        }
    }

    /// Counts first: whoever reads from then on waits for it.
    fn send(&self, publication: Publication) {
        self.published.fetch_add(1, Ordering::Release);
        // The read side is gone only when it has halted the engine; then nothing is shown any more.
        let _ = self.queue.send(publication);
    }

    /// The last record that the history keeps on disk.
    pub(crate) fn archived_through(&self) -> Sequence {
        Sequence::new(self.archived.load(Ordering::Acquire))
    }
}
