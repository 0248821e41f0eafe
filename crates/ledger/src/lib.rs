//! The pure domain of a position ledger.
//!
//! A [`Command`] is what somebody wants ([`Intent`]), what a venue says ([`Acknowledgement`]), a
//! price ([`Mark`]) or a setting ([`Configuration`]). [`Ledger::decide`] turns it into [`Record`]s
//! that carry their results; [`Ledger::apply`] adds them to the state. Nothing here knows a clock, a
//! file, a task or a random number: time and new ids come in with each decision.
//!
//! ```text
//! command ── decide(&ledger, known, moment) ──▶ records ── apply ──▶ ledger
//! ```

mod acknowledgement;
mod apply;
mod command;
mod configuration;
mod decide;
mod decimal;
mod event;
mod identity;
mod intent;
mod invariants;
mod lifecycle;
mod marks;
mod mathematics;
mod order;
mod position;
mod record;
mod refusal;
mod side;
mod state;
#[cfg(test)]
mod tests;
mod time;

pub use acknowledgement::{
    Acknowledgement, AmendedTerms, Fact, FeeCharge, FillFact, Liquidity, OrderFact, OrderReference,
    ReportedPosition, Settlement, VenueRefusal,
};
pub use command::{Command, Mark};
pub use configuration::{
    AccountSettings, Configuration, CostBasis, Instrument, PnlRounding, PositionMode, RoundingRule,
    StopPolicy,
};
pub use decide::{Decision, Known, Moment, Outcome, Receipt};
pub use decimal::{
    Amount, DIVISION_SCALE, Inexact, InvalidValue, Price, Quantity, percent, proportion, quotient,
};
pub use event::*;
pub use identity::*;
pub use intent::{
    BulkScope, EntryContext, Intent, OpenPosition, OrderTerms, PositionFilter, Request, Signal,
};
pub use invariants::{Invariant, Violation};
pub use lifecycle::{PositionState, StateCause, Transition};
pub use order::{Order, OrderFactKind, OrderKind, OrderPurpose, OrderStatus};
pub use position::{Extremes, Lot, Origin, Position, PositionNumbers, Protection, Terms, Trail};
pub use record::{Record, Source};
pub use refusal::{Anomaly, Flag, Refusal};
pub use side::{PositionSide, Side};
pub use state::Ledger;
pub use time::Timestamp;
