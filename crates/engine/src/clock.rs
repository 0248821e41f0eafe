//! Where time enters: nothing else asks the machine what time it is.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use ledger::Timestamp;

/// A source of the present moment.
pub trait Clock: Send + Sync + fmt::Debug {
    /// Now, in UTC. It may go back: the engine never records a moment before the last one.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        // A clock set before 1970 reads as 1970; the moment of recording does not go back then.
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp::from_nanoseconds(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
    }
}
