//! The whole, from outside: pages of a ledger on a real disk, kills in the middle of an import, and
//! the same story from the daemon and from the command line.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may stop")]

mod crash;
mod daemon;
mod disk;
mod scenarios;
