//! Business outcomes as data: why an intent is refused, why a fact is doubtful, what is odd about a
//! position.

use std::fmt;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::lifecycle::PositionState;

/// Why an intent is refused, in order of precedence: the first that holds is the answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "code", content = "detail", rename_all = "snake_case")]
pub enum Refusal {
    /// The same intent id was used before with other content.
    ExistsWithDifferent(SmolStr),
    /// The ledger is halted by an operator.
    Halted,
    /// No position has this id.
    PositionNotFound,
    /// The position is closed, canceled or failed for good.
    PositionFinal(PositionState),
    /// No order has this client order id.
    OrderNotFound,
    /// The order is filled, canceled, rejected or expired.
    OrderFinal,
    /// The slot holds an unfinished position already; scale it in instead.
    SlotOccupied,
    /// The position is not in the queue.
    NotQueued(PositionState),
    /// The position holds no quantity.
    NothingHeld(PositionState),
    /// The position cannot take more: its exit is on its way, or it failed.
    NotOpen(PositionState),
    /// An exit for all that is held is on its way.
    AlreadyClosing,
    /// More than is held and not already on its way out.
    ExceedsHeld,
    /// The position is monitored or trailing already, or its exit is on its way.
    NotMonitorable(PositionState),
    /// The last stop or target of this kind is not acknowledged yet.
    ProtectionInFlight,
    /// The price is on the wrong side of the last mark: it would trigger at once.
    WrongSideOfMark,
    /// Nothing matches.
    NothingMatches,
    /// The position mode or cost basis of an account that holds positions cannot change.
    AccountInUse,
    /// The terms of an instrument that positions are held in cannot change.
    InstrumentInUse,
}

impl Refusal {
    /// The stable code: `exists_with_different_quantity`, `slot_occupied`.
    pub fn code(&self) -> SmolStr {
        let fixed = match self {
            Self::ExistsWithDifferent(field) => {
                return smol_str::format_smolstr!("exists_with_different_{field}");
            }
            Self::Halted => "halted",
            Self::PositionNotFound => "position_not_found",
            Self::PositionFinal(_) => "position_final",
            Self::OrderNotFound => "order_not_found",
            Self::OrderFinal => "order_final",
            Self::SlotOccupied => "slot_occupied",
            Self::NotQueued(_) => "not_queued",
            Self::NothingHeld(_) => "nothing_held",
            Self::NotOpen(_) => "not_open",
            Self::AlreadyClosing => "already_closing",
            Self::ExceedsHeld => "exceeds_held",
            Self::NotMonitorable(_) => "not_monitorable",
            Self::ProtectionInFlight => "protection_in_flight",
            Self::WrongSideOfMark => "wrong_side_of_mark",
            Self::NothingMatches => "nothing_matches",
            Self::AccountInUse => "account_in_use",
            Self::InstrumentInUse => "instrument_in_use",
        };
        SmolStr::new_static(fixed)
    }
}

/// Why an acknowledgement is kept but not applied. A person has to look.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "code", content = "detail", rename_all = "snake_case")]
pub enum Anomaly {
    /// The same identity was reported before with other content.
    ExistsWithDifferent(SmolStr),
    /// A hedging or ticket account, and neither the fact nor its order says which leg.
    LegMissing,
    /// A fill that closes, on a leg or ticket that holds nothing.
    NothingToClose,
    /// A fill that may only reduce would open, grow or flip the position.
    ReduceOnlyWouldGrow,
    /// A price that an inverse instrument cannot have: its value would be a division by zero.
    PriceNotPositive,
    /// The arithmetic cannot be exact in 28 digits.
    Inexact,
}

impl Anomaly {
    /// The stable code.
    pub fn code(&self) -> SmolStr {
        let fixed = match self {
            Self::ExistsWithDifferent(field) => {
                return smol_str::format_smolstr!("exists_with_different_{field}");
            }
            Self::LegMissing => "leg_missing",
            Self::NothingToClose => "nothing_to_close",
            Self::ReduceOnlyWouldGrow => "reduce_only_would_grow",
            Self::PriceNotPositive => "price_not_positive",
            Self::Inexact => "inexact",
        };
        SmolStr::new_static(fixed)
    }
}

/// What is odd about a position, an order or a fill, although it was applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// Its order was not requested here.
    ExternalOrder,
    /// It happened before the last fill of the position.
    LateFill,
    /// The order is filled beyond its quantity.
    Overfill,
    /// The fill closes more than its leg holds; the rest is kept as excess.
    ExceedsLeg,
    /// The order was canceled, rejected or expired before.
    FillAfterEnd,
    /// The cumulative quantity does not follow from the fills we have.
    FillMissing,
    /// The fill came from a forced liquidation or deleveraging.
    Liquidation,
    /// Reported on another side than the intent asked for.
    OppositeSide,
    /// The instrument's terms are not configured: multiplier 1, linear.
    UnknownInstrument,
    /// The leg does not fit the account's position mode.
    LegModeMismatch,
    /// A remainder below the instrument's step.
    Dust,
    /// The venue refused the exit: a quantity is left.
    ExitRejected,
    /// The venue refused the stop loss.
    StopRejected,
    /// The outcome of an order is unknown.
    OrderUnknown,
    /// A quantity is held, no stop loss works, and the account's policy asks for one.
    Unprotected,
    /// It came after the position was final.
    AfterFinal,
    /// The fill that opened it was meant for the position before it in the same slot, which is closed.
    Reopened,
    /// It was adjusted by reconciliation.
    Adjusted,
    /// The venue's last report has another quantity.
    DiffersFromVenue,
    /// The order fact does not fit the order's status; it was kept, the status not changed.
    OutOfOrder,
}

impl Flag {
    /// The word used on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ExternalOrder => "external_order",
            Self::LateFill => "late_fill",
            Self::Overfill => "overfill",
            Self::ExceedsLeg => "exceeds_leg",
            Self::FillAfterEnd => "fill_after_end",
            Self::FillMissing => "fill_missing",
            Self::Liquidation => "liquidation",
            Self::OppositeSide => "opposite_side",
            Self::UnknownInstrument => "unknown_instrument",
            Self::LegModeMismatch => "leg_mode_mismatch",
            Self::Dust => "dust",
            Self::ExitRejected => "exit_rejected",
            Self::StopRejected => "stop_rejected",
            Self::OrderUnknown => "order_unknown",
            Self::Unprotected => "unprotected",
            Self::AfterFinal => "after_final",
            Self::Reopened => "reopened",
            Self::Adjusted => "adjusted",
            Self::DiffersFromVenue => "differs_from_venue",
            Self::OutOfOrder => "out_of_order",
        }
    }
}

impl fmt::Display for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
