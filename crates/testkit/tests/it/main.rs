//! The tests of the ledger by what this crate brings: histories, scenarios, properties, a sample day.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

mod auditor;
mod histories;
mod operators;
mod properties;
mod sample_day;
mod scenarios;
