//! What the tests of this workspace share. Never a normal dependency.
//!
//! - [`auditor`]: a second, deliberately naive ledger that must agree with the first one.
//! - [`histories`]: real and self-written trade histories, with the venue's own numbers.
//! - [`memory`]: a ledger over a journal in memory, with or without its memory of what is finished.
//! - [`scenario`]: pages of a ledger in plain text, and the runner that holds a target to them.
//! - [`strategies`]: generators of what may happen, edges included.
//! - [`values`]: short ways to write the domain's values.
//!
//! `mutants/` holds planted bugs; `tests/mutants.sh` demands that each of them turns a test red.

pub mod auditor;
pub mod histories;
pub mod memory;
pub mod scenario;
pub mod strategies;
pub mod values;
