//! An order as we know it, and the one table that says how facts move it.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::decimal::{Price, Quantity};
use crate::identity::{
    AccountId, ClientOrderId, IntentId, Leg, PositionId, Sequence, Strategy, Symbol, VenueOrderId,
};
use crate::refusal::Flag;
use crate::side::Side;
use crate::time::Timestamp;

/// Market or limit, and the two that rest until a price is reached.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum OrderKind {
    /// At whatever price.
    #[default]
    Market,
    /// At a price or better.
    Limit,
    /// A market order once the price moves against the position to the trigger.
    Stop,
    /// A market order once the price moves in favour of the position to the trigger.
    TakeProfit,
    /// A stop whose trigger follows the price.
    TrailingStop,
}

/// What an order is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderPurpose {
    /// Opens the position.
    Entry,
    /// Adds to it.
    ScaleIn,
    /// Reduces it.
    Reduce,
    /// Closes it.
    Close,
    /// Its stop loss.
    StopLoss,
    /// Its take profit.
    TakeProfit,
    /// Its trailing stop.
    Trailing,
    /// Nobody here asked for it.
    External,
}

/// Where an order is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Journaled; not on the wire.
    Requested,
    /// On the wire.
    Submitted,
    /// The venue works it.
    Accepted,
    /// Some of it is filled.
    PartiallyFilled,
    /// All of it is filled.
    Filled,
    /// Off the book.
    Canceled,
    /// The venue refused it.
    Rejected,
    /// It ran out.
    Expired,
    /// Nobody can know until the venue is asked.
    Unknown,
}

/// What can happen to an order, without the details.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OrderFactKind {
    /// It was sent.
    Submitted,
    /// The venue took it.
    Accepted,
    /// A fill that leaves a rest.
    PartlyFilled,
    /// A fill that leaves none.
    WhollyFilled,
    /// Its terms changed.
    Amended,
    /// It was taken off the book.
    Canceled,
    /// The venue refused it.
    Rejected,
    /// It ran out.
    Expired,
    /// It timed out on the way.
    Unknown,
}

impl OrderStatus {
    /// Every status.
    pub const ALL: [Self; 9] = [
        Self::Requested,
        Self::Submitted,
        Self::Accepted,
        Self::PartiallyFilled,
        Self::Filled,
        Self::Canceled,
        Self::Rejected,
        Self::Expired,
        Self::Unknown,
    ];

    /// The word used on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Submitted => "submitted",
            Self::Accepted => "accepted",
            Self::PartiallyFilled => "partially_filled",
            Self::Filled => "filled",
            Self::Canceled => "canceled",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Unknown => "unknown",
        }
    }

    /// Whether the order may still be filled, as far as we know.
    pub const fn is_working(self) -> bool {
        match self {
            Self::Requested
            | Self::Submitted
            | Self::Accepted
            | Self::PartiallyFilled
            | Self::Unknown => true,
            Self::Filled | Self::Canceled | Self::Rejected | Self::Expired => false,
        }
    }

    /// The status after `fact`, or nothing if the fact says nothing new about a status that is
    /// further on. Such a fact is kept and flagged, never refused: venues reorder their messages.
    pub const fn after(self, fact: OrderFactKind) -> Option<Self> {
        use OrderStatus as S;
        match fact {
            OrderFactKind::Submitted => match self {
                S::Requested => Some(S::Submitted),
                S::Submitted
                | S::Accepted
                | S::PartiallyFilled
                | S::Filled
                | S::Canceled
                | S::Rejected
                | S::Expired
                | S::Unknown => None,
            },
            // An acceptance may overtake the note that the order was sent, and it answers the
            // question that a timeout left open.
            OrderFactKind::Accepted => match self {
                S::Requested | S::Submitted | S::Unknown => Some(S::Accepted),
                S::Accepted
                | S::PartiallyFilled
                | S::Filled
                | S::Canceled
                | S::Rejected
                | S::Expired => None,
            },
            // A fill is the strongest fact: it stands after a cancel that it overtook, after an
            // expiry that cut the rest, and even after a rejection that was a mistake. But the
            // rest of an ended order does not come back to life with it.
            OrderFactKind::WhollyFilled => Some(S::Filled),
            OrderFactKind::PartlyFilled => match self {
                S::Requested | S::Submitted | S::Accepted | S::PartiallyFilled | S::Unknown => {
                    Some(S::PartiallyFilled)
                }
                S::Rejected => Some(S::Canceled),
                S::Filled | S::Canceled | S::Expired => Some(self),
            },
            OrderFactKind::Amended => match self {
                S::Requested | S::Submitted | S::Unknown => Some(S::Accepted),
                S::Accepted | S::PartiallyFilled => Some(self),
                S::Filled | S::Canceled | S::Rejected | S::Expired => None,
            },
            OrderFactKind::Canceled if self.is_working() => Some(S::Canceled),
            OrderFactKind::Expired if self.is_working() => Some(S::Expired),
            OrderFactKind::Canceled | OrderFactKind::Expired => None,
            // What has a fill was not refused.
            OrderFactKind::Rejected => match self {
                S::Requested | S::Submitted | S::Unknown | S::Accepted => Some(S::Rejected),
                S::PartiallyFilled | S::Filled | S::Canceled | S::Rejected | S::Expired => None,
            },
            OrderFactKind::Unknown => match self {
                S::Requested | S::Submitted => Some(S::Unknown),
                S::Accepted
                | S::PartiallyFilled
                | S::Filled
                | S::Canceled
                | S::Rejected
                | S::Expired
                | S::Unknown => None,
            },
        }
    }
}

impl fmt::Display for OrderStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl OrderKind {
    /// The word used on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Market => "market",
            Self::Limit => "limit",
            Self::Stop => "stop",
            Self::TakeProfit => "take_profit",
            Self::TrailingStop => "trailing_stop",
        }
    }
}

impl OrderPurpose {
    /// The word used on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Entry => "entry",
            Self::ScaleIn => "scale_in",
            Self::Reduce => "reduce",
            Self::Close => "close",
            Self::StopLoss => "stop_loss",
            Self::TakeProfit => "take_profit",
            Self::Trailing => "trailing",
            Self::External => "external",
        }
    }

    /// Whether it takes the position out on somebody's request.
    pub const fn is_exit(self) -> bool {
        matches!(self, Self::Reduce | Self::Close)
    }

    /// Whether it brings the position in.
    pub const fn is_entry(self) -> bool {
        matches!(self, Self::Entry | Self::ScaleIn)
    }

    /// Whether it rests at the venue to protect the position.
    pub const fn is_protection(self) -> bool {
        matches!(self, Self::StopLoss | Self::TakeProfit | Self::Trailing)
    }
}

/// An order as we know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Its own number: the sequence of the record that first named it.
    pub number: Sequence,
    /// Whose.
    pub account: AccountId,
    /// In what.
    pub symbol: Symbol,
    /// Which of the account's positions, where known.
    pub leg: Option<Leg>,
    /// Our name for it.
    pub client_order_id: Option<ClientOrderId>,
    /// The venue's name for it.
    pub venue_order_id: Option<VenueOrderId>,
    /// The position it belongs to, where there is one.
    pub position_id: Option<PositionId>,
    /// The intent that asked for it.
    pub intent_id: Option<IntentId>,
    /// Who decided.
    pub strategy: Option<Strategy>,
    /// What it is for.
    pub purpose: OrderPurpose,
    /// Bought or sold, where known.
    pub side: Option<Side>,
    /// Market, limit, stop, where known.
    pub kind: Option<OrderKind>,
    /// How much in all, where known.
    pub quantity: Option<Quantity>,
    /// The limit price.
    pub price: Option<Price>,
    /// The trigger price.
    pub trigger_price: Option<Price>,
    /// Whether it may only reduce.
    pub reduce_only: bool,
    /// Where it is in its life.
    pub status: OrderStatus,
    /// Filled so far, by the fills we have.
    pub filled_quantity: Quantity,
    /// How many fills.
    pub fills: u32,
    /// The venue's code and words for the last refusal, cancel or expiry.
    pub reason: Option<SmolStr>,
    /// What is odd about it.
    pub flags: BTreeSet<Flag>,
    /// When it was first named, by our clock.
    pub created_at: Timestamp,
    /// When it last changed, by our clock.
    pub updated_at: Timestamp,
    /// The last record that changed it.
    pub last_sequence: Sequence,
}

impl Order {
    /// What may still be filled (FIX tag 151); nothing once it has ended.
    pub fn leaves_quantity(&self) -> Option<Quantity> {
        if !self.status.is_working() {
            return Some(Quantity::ZERO);
        }
        self.quantity
            .and_then(|quantity| quantity.less(self.filled_quantity).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ended_order_never_works_again() {
        let facts = [
            OrderFactKind::Submitted,
            OrderFactKind::Accepted,
            OrderFactKind::PartlyFilled,
            OrderFactKind::WhollyFilled,
            OrderFactKind::Amended,
            OrderFactKind::Canceled,
            OrderFactKind::Rejected,
            OrderFactKind::Expired,
            OrderFactKind::Unknown,
        ];
        for status in OrderStatus::ALL
            .into_iter()
            .filter(|status| !status.is_working())
        {
            for fact in facts {
                if let Some(next) = status.after(fact) {
                    assert!(!next.is_working(), "{status} after {fact:?} works again");
                }
            }
        }
    }
}
