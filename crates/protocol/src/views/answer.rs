//! Answers that are not about one position, order, fill or event.

use ledger::{Outcome, PositionId, Receipt, Sequence};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use utoipa::ToSchema;

use crate::code::Code;
use crate::problem::Problem;

/// A list at one moment of the ledger, or a part of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// The last record that was counted in.
    #[schema(value_type = u64, example = 4)]
    pub as_of_sequence: Sequence,
    /// The items.
    pub items: Vec<T>,
    /// Where the list goes on; `null` at its end.
    pub next_cursor: Option<String>,
}

/// What became of one intent, acknowledgement, mark or setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptOutcome {
    /// The intent stands.
    Accepted,
    /// The intent is refused; `code` says why.
    Rejected,
    /// The fact, mark or setting is in the ledger.
    Applied,
    /// The same came before; `sequence` is where.
    Duplicate,
    /// The fact is kept, but not applied: a person has to look.
    Quarantined,
    /// It could not be read; nothing was recorded.
    Invalid,
}

impl ReceiptOutcome {
    /// The word used on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Applied => "applied",
            Self::Duplicate => "duplicate",
            Self::Quarantined => "quarantined",
            Self::Invalid => "invalid",
        }
    }
}

/// The reply to one intent, acknowledgement, mark or setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReceiptView {
    /// What became of it.
    pub outcome: ReceiptOutcome,
    /// Its first record in the journal.
    #[schema(value_type = Option<u64>, example = 12)]
    pub sequence: Option<Sequence>,
    /// The position it is about.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub position_id: Option<PositionId>,
    /// Why it was refused or quarantined, as `slot_occupied`; or the number of the error, as
    /// `PL-0401`.
    #[schema(value_type = Option<String>, example = "slot_occupied")]
    pub code: Option<SmolStr>,
    /// All that is wrong with an invalid one.
    pub problems: Vec<Problem>,
}

impl From<Outcome> for ReceiptOutcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Accepted => Self::Accepted,
            Outcome::Rejected => Self::Rejected,
            Outcome::Applied => Self::Applied,
            Outcome::Duplicate => Self::Duplicate,
            Outcome::Quarantined => Self::Quarantined,
        }
    }
}

impl From<&Receipt> for ReceiptView {
    fn from(receipt: &Receipt) -> Self {
        Self {
            outcome: receipt.outcome.into(),
            sequence: receipt.sequence,
            position_id: receipt.position_id,
            code: receipt.code.clone(),
            problems: Vec::new(),
        }
    }
}

impl ReceiptView {
    /// The reply to what could not be read.
    pub fn invalid(problems: Vec<Problem>) -> Self {
        Self {
            outcome: ReceiptOutcome::Invalid,
            sequence: None,
            position_id: None,
            code: problems
                .first()
                .map(|problem| smol_str::format_smolstr!("{}", problem.code)),
            problems,
        }
    }
}

/// The answer to a request that could not be served: not found, a bad query, busy, halted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProblemView {
    /// The number of the error, to be looked up with `posledger explain`.
    #[schema(value_type = String, example = "PL-0404")]
    pub code: Code,
    /// What it means, in one sentence.
    #[schema(example = "nothing has this name")]
    pub title: String,
    /// All that is wrong, each in its place.
    pub problems: Vec<Problem>,
}

/// Whether the process is alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HealthStatus {
    /// It answers.
    Alive,
}

/// The answer of `/health`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// Always `alive`: a process that is not alive does not answer.
    pub status: HealthStatus,
    /// The version of the program.
    #[schema(example = "0.1.0")]
    pub version: String,
}

/// The answer of `/ready`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ready {
    /// Whether intents and acknowledgements are taken: caught up, and not halted.
    pub ready: bool,
    /// Whether an operator, or a failure to write, stopped the ledger.
    pub halted: bool,
    /// Why it is not ready; `null` if it is.
    pub reason: Option<String>,
    /// The last durable record.
    #[schema(value_type = u64, example = 4)]
    pub sequence: Sequence,
}
