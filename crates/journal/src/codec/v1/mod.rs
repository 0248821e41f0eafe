//! The first forms on disk. **Released: do not edit, add a v2.**
//!
//! A form has the name of the domain type it stands for and lists what is stored, in this order. A
//! form and its domain type are taken apart without `..`, so that a new field in the domain does not
//! compile until a new version of the form knows it.

mod event;
mod intent;
mod record;
mod value;

pub(super) use event::*;
pub(super) use record::{read_record, write_record};
pub(super) use value::Frozen;
