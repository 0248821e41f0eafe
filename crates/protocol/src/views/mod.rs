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
mod words;

pub use answer::{Health, HealthStatus, Page, ProblemView, Ready, ReceiptOutcome, ReceiptView};
pub use event::{BadEvent, EventData, EventView, FrameView};
pub use fill::{FillEffectView, FillParts, FillView};
pub use order::OrderView;
pub use position::{
    AttributionView, CorrectionsView, PositionView, SignalView, TermsView, TrailView, UNATTRIBUTED,
};
pub use stats::StatsView;
pub use table::Tabular;
