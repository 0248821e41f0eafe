//! The ledger over HTTP.
//!
//! ```text
//! request ── limits ──▶ bytes ── protocol ──▶ commands ── engine ──▶ receipts ──▶ reply
//!                  └──▶ query string ── query ──▶ page ──▶ reply
//! ```
//!
//! A reply to a command is given only once all that it led to is durable. A stream of lines is answered
//! by a stream of lines, in the same order and in bounded memory: whoever sends faster than the disk
//! takes is slowed down. No request can stop the process; a doubt about the journal does.

mod arguments;
mod body;
mod commands;
mod events;
mod failure;
mod limits;
mod lines;
mod listings;
mod log;
mod metrics;
mod openapi;
mod routes;
mod run;
mod server;
mod settings;
mod state;

pub use arguments::Arguments;
pub use log::init_log;
pub use run::{RunError, run};
pub use server::{Server, ServerError};
pub use settings::{Limits, LogFormat, Settings};
