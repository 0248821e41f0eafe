//! The engine: the single writer of the ledger, and the read side that follows it.
//!
//! One thread decides, applies, appends and publishes; one thread folds what is durable into the read
//! models. Nothing is answered, published or shown before it is durable, and any doubt halts.

mod clock;
mod engine;
mod error;
mod inbox;
mod projector;
mod publish;
mod reader;
mod recovery;
mod writer;

pub use clock::{Clock, SystemClock};
pub use engine::{Engine, Options, StartReport};
pub use error::{HaltReason, StartError, SubmitError};
pub use inbox::Handle;
pub use reader::{ReadModels, Reader, Status};
