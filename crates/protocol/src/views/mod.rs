//! Every answer, as it travels: decimals as strings, times in RFC 3339, `null` where nothing is known.
//!
//! Each view is also a row of a table ([`Tabular`]): the columns of its csv, in a fixed order.

mod answer;
mod event;
mod fill;
mod order;
mod position;
mod stats;
mod table;

pub use answer::{Health, HealthStatus, Page, ProblemView, Ready, ReceiptOutcome, ReceiptView};
pub use event::{BadEvent, EventData, EventView, FrameView};
pub use fill::{FillEffectView, FillView};
pub use order::OrderView;
pub use position::{
    AttributionView, CorrectionsView, PositionView, SignalView, TermsView, TrailView, UNATTRIBUTED,
};
pub use stats::StatsView;
pub use table::Tabular;

/// Percent of `whole` that `part` is, to four digits after the point, half to even; for display only.
fn percent(part: ledger::Amount, whole: ledger::Amount) -> Option<ledger::Amount> {
    use rust_decimal::{Decimal, RoundingStrategy::MidpointNearestEven};
    part.get()
        .checked_mul(Decimal::ONE_HUNDRED)?
        .checked_div(whole.get())
        .map(|value| ledger::Amount::of(value.round_dp_with_strategy(4, MidpointNearestEven)))
}
