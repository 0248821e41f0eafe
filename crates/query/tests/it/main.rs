//! Questions asked of a ledger that runs.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may stop")]

mod lists;
mod moments;
mod positions;
mod statistics;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use engine::{Clock, Engine, Options};
use ledger::{PositionId, Receipt, Tenant, Timestamp};
use protocol::parse_command;
use protocol::views::{Page, PositionView};
use query::{PositionQuery, QueryError, Service};
use serde_json::{Value, json};

/// A clock that moves on by a second with each look.
#[derive(Debug, Default)]
struct SteppingClock(AtomicI64);

/// 2024-05-01T00:00:00Z.
const BEGINNING: i64 = 1_714_521_600_000_000_000;

impl Clock for SteppingClock {
    fn now(&self) -> Timestamp {
        let steps = self.0.fetch_add(1, Ordering::Relaxed);
        Timestamp::from_nanoseconds(BEGINNING + steps * 1_000_000_000)
    }
}

/// A ledger in a directory of its own.
struct Ledger {
    engine: Option<Engine>,
    service: Service,
    _dir: tempfile::TempDir,
}

impl Ledger {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(SteppingClock::default());
        let (engine, _) = Engine::open(dir.path(), &Options::default(), clock).unwrap();
        let service = Service::new(engine.reader());
        Self {
            engine: Some(engine),
            service,
            _dir: dir,
        }
    }

    fn send(&self, command: &Value) -> Receipt {
        let text = command.to_string();
        let command = parse_command(text.as_bytes(), None, &Tenant::default_tenant());
        let command = command.unwrap_or_else(|problems| panic!("{problems:?}"));
        let handle = self.engine.as_ref().unwrap().handle();
        handle.submit_blocking(vec![command]).unwrap().remove(0)
    }

    /// A fill of the account `main`, that happens `minute` minutes after the beginning.
    fn fill(
        &self,
        symbol: &str,
        side: &str,
        quantity: &str,
        price: &str,
        minute: u32,
    ) -> PositionId {
        let execution = format!("{symbol}-{minute}-{side}-{quantity}");
        let receipt = self.send(&json!({
            "type": "order_filled", "venue": "sim", "mode": "sim", "account": "main", "symbol": symbol,
            "execution_id": execution, "side": side, "price": price, "quantity": quantity,
            "fee": "0.1", "fee_asset": "USDT", "occurred_at": time(minute),
        }));
        receipt.position_id.unwrap()
    }

    /// A mark. Whoever has its receipt sees it, although it is not journaled.
    fn mark(&self, symbol: &str, price: &str, minute: u32) {
        self.send(&json!({
            "type": "mark", "venue": "sim", "symbol": symbol, "price": price, "occurred_at": time(minute),
        }));
        let page = self.positions(|query| query.symbol = some(symbol));
        let mut marks = page.items.iter().filter_map(|item| item.mark_price);
        assert!(
            marks.any(|mark| mark.to_string() == price),
            "the mark is not seen"
        );
    }

    fn positions(&self, change: impl FnOnce(&mut PositionQuery)) -> Page<PositionView> {
        let mut query = PositionQuery::default();
        change(&mut query);
        self.service.positions(&query).unwrap()
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        if let Some(engine) = self.engine.take() {
            engine.stop().unwrap();
        }
    }
}

fn time(minute: u32) -> String {
    format!("2024-04-01T{:02}:{:02}:00Z", minute / 60, minute % 60)
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "every field of a question is optional"
)]
fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn symbols(page: &Page<PositionView>) -> Vec<&str> {
    page.items.iter().map(|item| item.symbol.as_str()).collect()
}

/// The fields of all problems of a question.
fn problems<T: std::fmt::Debug>(answer: Result<T, QueryError>) -> Vec<String> {
    match answer.unwrap_err() {
        QueryError::Invalid(problems) => {
            problems.into_iter().map(|problem| problem.field).collect()
        }
        error @ (QueryError::NotFound(_) | QueryError::Journal(_) | QueryError::History(_)) => {
            panic!("{error}")
        }
    }
}
