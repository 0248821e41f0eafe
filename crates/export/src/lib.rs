//! A consistent snapshot of all projections as files: jsonl, csv or parquet, with a manifest.
//!
//! Whoever exports pushes rows, table by table; nothing is held in memory but the row at hand (and, for
//! parquet, one row group). All is written into a directory beside the wanted one, made durable, and
//! renamed, so that a directory with a `manifest.json` is always whole.
//!
//! ```text
//! Export::begin ── table ── push, push, … ── finish ──▶ … ── Export::finish ──▶ manifest.json
//! ```
//!
//! # What a cell is
//!
//! The three formats have equal content. A csv cell is the text of [`Tabular`](protocol::views::Tabular);
//! a jsonl line is the view itself; parquet has a type for each column ([`Kind`]):
//!
//! | kind | jsonl | csv | parquet |
//! |---|---|---|---|
//! | text, list or map | string, array or object | the text, or the JSON | `Utf8` |
//! | decimal | string | all its digits | `Decimal128(38, s)`, else `Utf8` |
//! | count, sequence | number | digits | `UInt64` |
//! | flag | boolean | `true`, `false` | `Boolean` |
//! | time | RFC 3339 string | the same | `Timestamp(ns, UTC)` |
//! | nothing | `null` | empty | null |
//!
//! A decimal is never a float. Its parquet scale `s` is 18, or more where a value of the column has more
//! digits after the point; a column whose values do not fit in 38 digits together is written as text. The
//! manifest says which.

mod column;
mod error;
mod manifest;
mod parquet_table;
mod snapshot;
mod table;

pub use column::Kind;
pub use error::ExportError;
pub use manifest::{
    Column, MANIFEST_FILE, Manifest, ManifestProblem, Moment, TableFile, verify_manifest,
};
pub use snapshot::Export;
pub use table::{Format, TableWriter, UnknownFormat};
