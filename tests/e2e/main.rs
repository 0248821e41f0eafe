//! The whole, from outside: pages of a ledger on a real disk, kills in the middle of an import, and
//! the same story from the daemon and from the command line.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test may stop"
)]

mod crash;
mod daemon;
mod disk;
mod import;
mod scenarios;
