//! The states of a position and the only ways between them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where a position is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PositionState {
    /// Wanted: queued, or its entry order is about to be requested.
    Created,
    /// Its entry order is requested.
    Submitting,
    /// It holds a quantity.
    Open,
    /// It holds a quantity and is actively managed.
    Monitoring,
    /// Its trailing stop is active.
    Trailing,
    /// An exit is on its way.
    Closing,
    /// It held a quantity and holds none. Final.
    Closed,
    /// It was given up before it held anything. Final.
    Canceled,
    /// Its entry failed (final), or its exit did (not final: a quantity is left).
    Failed,
}

impl PositionState {
    /// Every state.
    pub const ALL: [Self; 9] = [
        Self::Created,
        Self::Submitting,
        Self::Open,
        Self::Monitoring,
        Self::Trailing,
        Self::Closing,
        Self::Closed,
        Self::Canceled,
        Self::Failed,
    ];

    /// The word used on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Submitting => "submitting",
            Self::Open => "open",
            Self::Monitoring => "monitoring",
            Self::Trailing => "trailing",
            Self::Closing => "closing",
            Self::Closed => "closed",
            Self::Canceled => "canceled",
            Self::Failed => "failed",
        }
    }

    /// Reads the word used on the wire.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Whether nothing may change any more, given whether a quantity is held.
    pub const fn is_final(self, holds_quantity: bool) -> bool {
        match self {
            Self::Closed | Self::Canceled => true,
            Self::Failed => !holds_quantity,
            Self::Created
            | Self::Submitting
            | Self::Open
            | Self::Monitoring
            | Self::Trailing
            | Self::Closing => false,
        }
    }
}

impl fmt::Display for PositionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why a position changed its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StateCause {
    /// Its entry order was requested.
    EntryRequested,
    /// Somebody took it off the queue.
    Withdrawn,
    /// Its entry was filled for the first time.
    FirstFill,
    /// A fill that nobody here asked for.
    ExternalFill,
    /// The venue refused its entry.
    EntryRejected,
    /// Its entry ran out without a fill.
    EntryExpired,
    /// Its entry was canceled without a fill.
    EntryCanceled,
    /// Active management began.
    MonitoringStarted,
    /// The trailing stop was activated.
    TrailActivated,
    /// An exit was requested.
    ExitRequested,
    /// A protective order began to fill.
    ProtectionFilled,
    /// The venue is closing it by force.
    Liquidation,
    /// The exit ended with a quantity left.
    ExitEnded,
    /// The venue refused the exit.
    ExitRejected,
    /// A fill brought the quantity to zero.
    Flat,
    /// A fill closed it and opened the next.
    Flipped,
    /// An applied adjustment brought the quantity to zero.
    Adjusted,
}

impl StateCause {
    /// The word used on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EntryRequested => "entry_requested",
            Self::Withdrawn => "withdrawn",
            Self::FirstFill => "first_fill",
            Self::ExternalFill => "external_fill",
            Self::EntryRejected => "entry_rejected",
            Self::EntryExpired => "entry_expired",
            Self::EntryCanceled => "entry_canceled",
            Self::MonitoringStarted => "monitoring_started",
            Self::TrailActivated => "trail_activated",
            Self::ExitRequested => "exit_requested",
            Self::ProtectionFilled => "protection_filled",
            Self::Liquidation => "liquidation",
            Self::ExitEnded => "exit_ended",
            Self::ExitRejected => "exit_rejected",
            Self::Flat => "flat",
            Self::Flipped => "flipped",
            Self::Adjusted => "adjusted",
        }
    }
}

/// A change of state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Transition {
    /// The state before; none for a position that begins.
    pub from: Option<PositionState>,
    /// The state after.
    pub to: PositionState,
}

impl Transition {
    /// Whether the lifecycle knows this change. `docs/LIFECYCLE.md` has the same table in words.
    pub const fn is_legal(self) -> bool {
        use PositionState::{
            Canceled, Closed, Closing, Created, Failed, Monitoring, Open, Submitting, Trailing,
        };
        match (self.from, self.to) {
            // A position begins as a wish, or with a fill nobody here asked for.
            (None, Created | Open)
            | (Some(Created), Submitting | Canceled)
            | (Some(Submitting), Open | Failed | Canceled)
            | (Some(Open), Monitoring | Trailing | Closing | Closed)
            | (Some(Monitoring), Trailing | Closing | Closed)
            | (Some(Trailing), Closing | Closed)
            // A canceled exit goes back to where it came from, a rejected one fails.
            | (Some(Closing), Open | Monitoring | Trailing | Failed | Closed)
            // A failed exit may be tried again, or the venue closes the position.
            | (Some(Failed), Closing | Closed) => true,
            (
                None | Some(_),
                Created | Submitting | Open | Monitoring | Trailing | Closing | Closed | Canceled
                | Failed,
            ) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn final_states_lead_nowhere() {
        for from in [PositionState::Closed, PositionState::Canceled] {
            for to in PositionState::ALL {
                assert!(
                    !Transition {
                        from: Some(from),
                        to
                    }
                    .is_legal(),
                    "{from} -> {to}"
                );
            }
        }
    }

    #[test]
    fn the_table_has_the_rows_of_the_lifecycle_page_and_no_other() {
        let legal = std::iter::once(None)
            .chain(PositionState::ALL.map(Some))
            .flat_map(|from| PositionState::ALL.map(|to| Transition { from, to }))
            .filter(|transition| transition.is_legal())
            .count();
        assert_eq!(legal, 23);
    }
}
