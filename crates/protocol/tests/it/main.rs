//! What others rely on: the wire both ways, bad input, views, the catalogue.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

mod bad_input;
mod commands;
mod events;
mod hostile;
mod pages;
mod reading;
mod views;
