//! The contract's questions and their answers, the same over HTTP and on a journal opened directly.
//!
//! ```text
//! query string ──▶ PositionQuery, TradeQuery, … ──▶ Service ──▶ Page<PositionView>, …
//! ```
//!
//! What is open now is answered from memory, what is finished from the history on disk, a moment in the
//! past from a fold over the journal, and one position at any moment from its own records. A page never
//! holds more than [`LIMIT_MAX`] items, and no question needs more memory than its page (a moment in the
//! past also holds what was open then). Nothing here writes.

mod cursor;
mod error;
mod events;
mod filter;
mod history;
mod models;
mod moment;
mod positions;
mod question;
mod service;
mod sort;
mod stats;
mod values;
mod views;

pub use error::QueryError;
pub use events::Events;
pub use question::{
    EventQuery, FillQuery, MomentQuery, OrderQuery, PositionEventsQuery, PositionQuery, Question,
    StatsQuery, TradeQuery,
};
pub use service::Service;

/// How many items a page has, unless asked otherwise.
pub const LIMIT_DEFAULT: u32 = 100;

/// The most items a page may have.
pub const LIMIT_MAX: u32 = 1000;
