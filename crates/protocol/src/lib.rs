//! The wire: what travels as JSON, in both directions.
//!
//! ```text
//! bytes ── parse_command ──▶ ledger::Command ── to_wire ──▶ bytes
//! ledger's types ── views ──▶ JSON, rows of a table
//! ```
//!
//! Bad input comes back as [`Problem`]s, all at once: each with its place, what was found, what is
//! allowed, what to do, and the number of a page in the [`catalogue`]. Nothing here knows a socket, a
//! file or the journal.
//!
//! # Example: a line, and what is wrong with it
//!
//! ```
//! use ledger::Tenant;
//! use protocol::{parse_command, report};
//!
//! let line = br#"{"type":"mark","venue":"dydx","symbol":"BTC-USD","prise":"1"}"#;
//! let problems = parse_command(line, None, &Tenant::default_tenant()).unwrap_err();
//!
//! let fields: Vec<&str> = problems.iter().map(|problem| problem.field.as_str()).collect();
//! assert_eq!(fields, ["price", "occurred_at", "prise"]);
//! assert_eq!(
//!     report(&problems[0], Some("day.jsonl")),
//!     "error[PL-0109] day.jsonl: price\n  \
//!      found nothing, expected a decimal greater than zero\n  \
//!      add \"price\"    (posledger explain PL-0109)\n",
//! );
//! ```

pub mod catalogue;
mod code;
mod parse;
mod problem;
mod report;
pub mod views;
mod wire;

pub use code::{Code, NotACode};
pub use parse::{
    Body, Family, Item, LINE_BYTES_MAX, Line, Lines, Shape, parse_command, split_body,
};
pub use problem::Problem;
pub use report::{closing_line, report};
pub use wire::to_wire;
