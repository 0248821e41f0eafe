//! A journal that this process opens itself.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use engine::{Engine, Options, Reader, SystemClock};
use ledger::{Outcome, Receipt};
use protocol::views::{ReceiptOutcome, ReceiptView};
use query::{Events, Service};

use super::Submission;
use crate::failure::Failure;

/// A journal that this process opened itself: no daemon has it meanwhile.
pub(crate) struct Directory {
    engine: Engine,
    reader: Reader,
    service: Service,
    created: bool,
}

impl Directory {
    /// Opens the journal in `path`; makes one there if `create` and there is none.
    pub(crate) fn open(path: &Path, create: bool) -> Result<Self, Failure> {
        let options = Options {
            create,
            ..Options::default()
        };
        let (engine, report) = Engine::open(path, &options, Arc::new(SystemClock))
            .map_err(|error| Failure::of_start(path, error))?;
        let reader = engine.reader();
        Ok(Self {
            service: Service::new(reader.clone()),
            reader,
            engine,
            created: report.created,
        })
    }

    /// Whether the journal was made just now.
    pub(crate) const fn was_created(&self) -> bool {
        self.created
    }

    pub(crate) const fn service(&self) -> &Service {
        &self.service
    }

    pub(crate) const fn reader(&self) -> &Reader {
        &self.reader
    }

    pub(crate) fn events_from(&self, from: ledger::Sequence) -> Events {
        self.service.events_from(from)
    }

    pub(crate) fn submit(&self, batch: Vec<Submission>) -> Result<Vec<ReceiptView>, Failure> {
        let commands = batch
            .into_iter()
            .map(|submission| submission.command)
            .collect();
        let receipts = self.engine.handle().submit_blocking(commands)?;
        Ok(receipts.into_iter().map(view).collect())
    }

    pub(crate) fn close(self) -> Result<(), Failure> {
        let Self {
            engine,
            reader,
            service,
            created: _,
        } = self;
        drop((reader, service));
        engine.stop().map_err(Failure::Halted)
    }
}

fn view(receipt: Receipt) -> ReceiptView {
    ReceiptView {
        outcome: match receipt.outcome {
            Outcome::Accepted => ReceiptOutcome::Accepted,
            Outcome::Rejected => ReceiptOutcome::Rejected,
            Outcome::Applied => ReceiptOutcome::Applied,
            Outcome::Duplicate => ReceiptOutcome::Duplicate,
            Outcome::Quarantined => ReceiptOutcome::Quarantined,
        },
        sequence: receipt.sequence,
        position_id: receipt.position_id,
        code: receipt.code,
        problems: Vec::new(),
    }
}

impl fmt::Debug for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Directory")
            .field("engine", &self.engine)
            .finish_non_exhaustive()
    }
}
