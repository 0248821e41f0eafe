//! What the tests of this workspace share. Never a normal dependency.
//!
//! - [`auditor`]: a second, deliberately naive ledger that must agree with the first one.
//! - [`histories`]: real and self-written trade histories, with the venue's own numbers.
//! - [`values`]: short ways to write the domain's values.

pub mod auditor;
pub mod histories;
pub mod memory;
pub mod scenario;
pub mod strategies;
pub mod values;
