//! What the engine receives: an intent, an acknowledgement, a mark or a setting.

use serde::{Deserialize, Serialize};

use crate::acknowledgement::Acknowledgement;
use crate::configuration::Configuration;
use crate::decimal::Price;
use crate::identity::{FactKey, InstrumentId, KeyBuilder};
use crate::intent::Intent;
use crate::time::Timestamp;

/// Anything that may change the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// What somebody wants.
    Intent(Intent),
    /// What a venue says.
    Acknowledgement(Acknowledgement),
    /// A price.
    Mark(Mark),
    /// A setting.
    Configuration(Configuration),
}

/// The price an instrument is valued at. A mark is journaled only where it moves an extreme.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Of what.
    pub instrument: InstrumentId,
    /// In quote currency for one unit; above zero.
    pub price: Price,
    /// The time of the price.
    pub occurred_at: Timestamp,
}

impl Command {
    /// The identity of all that an intent or acknowledgement says. It names the report where
    /// [`key`](Self::key) belongs to another report of other content.
    pub fn content_key(&self) -> Option<FactKey> {
        match self {
            Self::Intent(intent) => Some(intent.content_key()),
            Self::Acknowledgement(acknowledgement) => Some(acknowledgement.content_key()),
            Self::Mark(_) | Self::Configuration(_) => None,
        }
    }

    /// The identity under which a repeat is recognised; a mark, and a setting without a time, have none.
    pub fn key(&self) -> Option<FactKey> {
        match self {
            Self::Intent(intent) => Some(intent.key()),
            Self::Acknowledgement(acknowledgement) => Some(acknowledgement.key()),
            Self::Configuration(configuration) => configuration.key(),
            Self::Mark(_) => None,
        }
    }
}

impl Configuration {
    /// A setting with a time is the same setting when it comes again; without one it is compared
    /// with what is in force.
    fn key(&self) -> Option<FactKey> {
        let key = KeyBuilder::new("configuration");
        match self {
            Self::Account {
                account,
                settings,
                occurred_at: Some(at),
            } => Some(
                key.account(account)
                    .display(at)
                    .text(&format!("{settings:?}"))
                    .finish(),
            ),
            Self::Instrument {
                instrument,
                terms,
                occurred_at: Some(at),
            } => Some(
                key.text(instrument.tenant.as_str())
                    .display(instrument)
                    .display(at)
                    .text(&format!("{terms:?}"))
                    .finish(),
            ),
            Self::Account { .. } | Self::Instrument { .. } => None,
        }
    }
}
