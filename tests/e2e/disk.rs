//! A ledger on disk, as a target for the pages of `fixtures/scenarios`.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use engine::{Clock, Engine, Options};
use ledger::{
    AccountId, Amount, Command, Order, OrderReference, Position, PositionId, Receipt, Record,
    Sequence, Symbol, Timestamp,
};
use projection::Cursor;
use tempfile::TempDir;
use testkit::scenario::Target;

/// A clock that the page sets.
#[derive(Debug, Default)]
struct PageClock(AtomicI64);

impl Clock for PageClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_nanoseconds(self.0.load(Ordering::Relaxed))
    }
}

/// A running engine over a directory of its own.
#[derive(Debug)]
pub(crate) struct DiskLedger {
    dir: TempDir,
    clock: Arc<PageClock>,
    engine: Option<Engine>,
}

impl DiskLedger {
    pub(crate) fn new() -> Self {
        let mut ledger = Self {
            dir: TempDir::new().unwrap(),
            clock: Arc::default(),
            engine: None,
        };
        ledger.open();
        ledger
    }

    fn open(&mut self) {
        let clock = Arc::<PageClock>::clone(&self.clock);
        let options = Options {
            checkpoint_every_records: 16,
            ..Options::default()
        };
        self.engine = Some(Engine::open(self.dir.path(), &options, clock).unwrap().0);
    }

    fn engine(&self) -> &Engine {
        self.engine.as_ref().unwrap()
    }
}

impl Target for DiskLedger {
    fn submit(&mut self, command: &Command, at: Timestamp) -> Receipt {
        self.clock.0.store(at.as_nanoseconds(), Ordering::Relaxed);
        let receipts = self
            .engine()
            .handle()
            .submit_blocking(vec![command.clone()])
            .unwrap();
        receipts.into_iter().next().unwrap()
    }

    fn reopen(&mut self) {
        self.engine.take().unwrap().stop().unwrap();
        self.open();
    }

    fn position(&self, id: PositionId) -> Option<Position> {
        let reader = self.engine().reader();
        let live = reader.read(|models| models.open().ledger().position(id).cloned());
        live.or_else(|| {
            reader
                .history()
                .position(id)
                .unwrap()
                .map(|trade| trade.position)
        })
    }

    fn positions(&self) -> Vec<Position> {
        let reader = self.engine().reader();
        reader.read(|models| models.open().ledger().positions().cloned().collect())
    }

    fn orders_of(&self, id: PositionId) -> Vec<Order> {
        let reader = self.engine().reader();
        reader.read(|_| ());
        reader
            .history()
            .orders(Cursor::forward())
            .map(Result::unwrap)
            .filter(|order| order.position_id == Some(id))
            .collect()
    }

    fn find_order(
        &self,
        account: &AccountId,
        symbol: &Symbol,
        reference: &OrderReference,
    ) -> Option<Order> {
        let reader = self.engine().reader();
        reader.read(|_| ());
        reader
            .history()
            .find_order(account, symbol, reference)
            .unwrap()
    }

    fn unrealized_pnl(&self, id: PositionId) -> Option<Amount> {
        self.engine().reader().read(|models| {
            let ledger = models.open().ledger();
            ledger.unrealized_pnl(ledger.position(id)?)
        })
    }

    fn quarantined(&self) -> usize {
        self.engine()
            .reader()
            .read(|models| models.open().ledger().quarantined())
    }

    fn records_after(&self, sequence: Sequence) -> Vec<Record> {
        let records = self
            .engine()
            .reader()
            .journal()
            .records_from(sequence.next());
        records.map(Result::unwrap).collect()
    }

    fn violations(&self) -> Vec<String> {
        self.engine().reader().read(|models| {
            models
                .open()
                .ledger()
                .violations()
                .iter()
                .map(ToString::to_string)
                .collect()
        })
    }
}
