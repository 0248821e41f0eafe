//! What is wrong with an input: where it is, what was found, what is allowed, what to do.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::code::Code;

/// One thing that is wrong with an input. An input's problems are reported all at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// The number of the error, to be looked up with `posledger explain`.
    #[schema(value_type = String, example = "PL-0104")]
    pub code: Code,
    /// The line of the input, counted from one, where it came in lines.
    pub line: Option<u64>,
    /// The place in the object, such as `order.price`; empty where the whole is meant.
    #[schema(example = "quantity")]
    pub field: String,
    /// What was found.
    #[schema(example = "\"-5\"")]
    pub found: String,
    /// What is allowed.
    #[schema(example = "a decimal greater than zero")]
    pub expected: String,
    /// What to do about it.
    #[schema(example = "a sell is side:\"sell\" with a positive quantity")]
    pub remedy: String,
}
