//! What a strategy, a trader or an operator wants. An intent can be refused.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::decimal::{Amount, Price, Quantity};
use crate::identity::{
    AccountId, Actor, ClientOrderId, FactKey, IntentId, KeyBuilder, PositionId, Strategy, Symbol,
    Tenant, Trader,
};
use crate::order::OrderKind;
use crate::side::PositionSide;
use crate::time::Timestamp;

/// A request to change exposure, with the caller's own name for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// Who owns the data.
    pub tenant: Tenant,
    /// The caller's name for it; the same name twice is the same intent.
    pub intent_id: IntentId,
    /// Who asked.
    pub actor: Actor,
    /// When the caller says it asked; the moment of recording where it does not.
    pub occurred_at: Option<Timestamp>,
    /// What is wanted.
    pub request: Request,
}

/// What is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// A new position.
    OpenPosition(Box<OpenPosition>),
    /// The entry order of a queued position.
    Execute {
        /// Which.
        position_id: PositionId,
    },
    /// The entry orders of all queued positions that match.
    ExecuteAll {
        /// Which.
        filter: PositionFilter,
    },
    /// A queued position, off the queue.
    Withdraw {
        /// Which.
        position_id: PositionId,
    },
    /// More of an open position.
    ScaleIn {
        /// Which.
        position_id: PositionId,
        /// How much more.
        quantity: Quantity,
        /// At what terms.
        order: OrderTerms,
    },
    /// Less of an open position.
    Reduce {
        /// Which.
        position_id: PositionId,
        /// How much less.
        quantity: Quantity,
        /// At what terms.
        order: OrderTerms,
    },
    /// None of an open position.
    Close {
        /// Which.
        position_id: PositionId,
        /// How much; all that is held where absent.
        quantity: Option<Quantity>,
        /// At what terms.
        order: OrderTerms,
    },
    /// A stop loss, new or moved.
    SetStopLoss {
        /// Whose.
        position_id: PositionId,
        /// Where it triggers.
        price: Price,
    },
    /// A take profit, new or moved.
    SetTakeProfit {
        /// Whose.
        position_id: PositionId,
        /// Where it triggers.
        price: Price,
    },
    /// A trailing stop.
    ActivateTrailing {
        /// Whose.
        position_id: PositionId,
        /// The price from which it trails; at once where absent.
        activation: Option<Price>,
        /// How far it trails behind the best price, in percent of it.
        callback: Amount,
    },
    /// Active management of an open position.
    StartMonitoring {
        /// Which.
        position_id: PositionId,
    },
    /// The end of a working order.
    CancelOrder {
        /// Which.
        client_order_id: ClientOrderId,
    },
    /// The end of many positions.
    CloseMany {
        /// Which.
        scope: BulkScope,
        /// In which account; in all where absent.
        account: Option<AccountId>,
    },
    /// Words about a position.
    Note {
        /// Which.
        position_id: PositionId,
        /// The words.
        text: SmolStr,
    },
}

/// A new position: all its owner wants to find again with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenPosition {
    /// Whose.
    pub account: AccountId,
    /// In what.
    pub symbol: Symbol,
    /// Long or short.
    pub side: PositionSide,
    /// How much; above zero.
    pub quantity: Quantity,
    /// The terms of the entry order.
    pub order: OrderTerms,
    /// Whether it waits for `execute`.
    pub queue: bool,
    /// Leverage, where it matters to the owner.
    pub leverage: Option<Quantity>,
    /// Margin used, in settlement currency; what ROE is measured on.
    pub margin: Option<Quantity>,
    /// Where the stop loss shall be.
    pub stop_loss: Option<Price>,
    /// Where the take profit shall be.
    pub take_profit: Option<Price>,
    /// The most the owner is willing to lose, in settlement currency.
    pub max_loss: Option<Quantity>,
    /// Who decided.
    pub strategy: Option<Strategy>,
    /// The person behind it.
    pub trader: Option<Trader>,
    /// What triggered it.
    pub signal: Option<Signal>,
    /// The market as it looked at entry: vwap, cumulative delta, point of control and so on.
    pub context: EntryContext,
    /// Anything else, in the owner's words.
    pub metadata: BTreeMap<SmolStr, SmolStr>,
}

/// The market as it looked at entry: named numbers.
pub type EntryContext = BTreeMap<SmolStr, Amount>;

/// What triggered a position.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Signal {
    /// Its id at its source.
    pub id: SmolStr,
    /// Where it came from.
    pub source: Option<SmolStr>,
}

/// The terms of an order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderTerms {
    /// Market or limit.
    pub kind: OrderKind,
    /// The limit price; present exactly for a limit order.
    pub price: Option<Price>,
}

/// Which positions are meant; what is absent does not restrict.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PositionFilter {
    /// In this account.
    pub account: Option<AccountId>,
    /// In this symbol.
    pub symbol: Option<Symbol>,
    /// Of this strategy.
    pub strategy: Option<Strategy>,
    /// On this side.
    pub side: Option<PositionSide>,
}

/// Which positions `close_many` closes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BulkScope {
    /// All that are open.
    All,
    /// Those with an unrealized profit at the last mark.
    Gaining,
    /// Those with an unrealized loss at the last mark.
    Losing,
    /// Those of a strategy.
    Strategy(Strategy),
    /// Those in a symbol.
    Symbol(Symbol),
}

impl Request {
    /// Its name on the wire.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::OpenPosition(_) => "open_position",
            Self::Execute { .. } => "execute",
            Self::ExecuteAll { .. } => "execute_all",
            Self::Withdraw { .. } => "withdraw",
            Self::ScaleIn { .. } => "scale_in",
            Self::Reduce { .. } => "reduce",
            Self::Close { .. } => "close",
            Self::SetStopLoss { .. } => "set_stop_loss",
            Self::SetTakeProfit { .. } => "set_take_profit",
            Self::ActivateTrailing { .. } => "activate_trailing",
            Self::StartMonitoring { .. } => "start_monitoring",
            Self::CancelOrder { .. } => "cancel_order",
            Self::CloseMany { .. } => "close_many",
            Self::Note { .. } => "note",
        }
    }

    /// The one position it is about, if it is about one that exists already.
    pub const fn position_id(&self) -> Option<PositionId> {
        match self {
            Self::Execute { position_id }
            | Self::Withdraw { position_id }
            | Self::ScaleIn { position_id, .. }
            | Self::Reduce { position_id, .. }
            | Self::Close { position_id, .. }
            | Self::SetStopLoss { position_id, .. }
            | Self::SetTakeProfit { position_id, .. }
            | Self::ActivateTrailing { position_id, .. }
            | Self::StartMonitoring { position_id }
            | Self::Note { position_id, .. } => Some(*position_id),
            Self::OpenPosition(_)
            | Self::ExecuteAll { .. }
            | Self::CancelOrder { .. }
            | Self::CloseMany { .. } => None,
        }
    }
}

impl Intent {
    /// The identity under which a repeat is recognised: the tenant and the caller's name for it.
    pub fn key(&self) -> FactKey {
        KeyBuilder::new("intent")
            .text(self.tenant.as_str())
            .text(self.intent_id.as_str())
            .finish()
    }

    /// The identity of all it says, for a second intent under a name that is taken.
    pub fn content_key(&self) -> FactKey {
        KeyBuilder::new("intent content")
            .text(self.tenant.as_str())
            .text(&format!("{self:?}"))
            .finish()
    }

    /// The first field in which two intents of one name differ.
    pub fn first_difference(&self, other: &Self) -> Option<&'static str> {
        if self.request.name() != other.request.name() {
            return Some("type");
        }
        let inner = match (&self.request, &other.request) {
            (Request::OpenPosition(a), Request::OpenPosition(b)) => a.first_difference(b),
            (a, b) if a.position_id() != b.position_id() => Some("position_id"),
            (a, b) => (a != b).then_some("content"),
        };
        inner
            .or_else(|| (self.actor != other.actor).then_some("actor"))
            .or_else(|| (self.occurred_at != other.occurred_at).then_some("occurred_at"))
    }
}

impl OpenPosition {
    fn first_difference(&self, other: &Self) -> Option<&'static str> {
        [
            ("account", self.account == other.account),
            ("symbol", self.symbol == other.symbol),
            ("side", self.side == other.side),
            ("quantity", self.quantity == other.quantity),
            ("order", self.order == other.order),
            ("queue", self.queue == other.queue),
            ("leverage", self.leverage == other.leverage),
            ("margin", self.margin == other.margin),
            ("stop_loss", self.stop_loss == other.stop_loss),
            ("take_profit", self.take_profit == other.take_profit),
            ("max_loss", self.max_loss == other.max_loss),
            ("strategy", self.strategy == other.strategy),
            ("trader", self.trader == other.trader),
            ("signal", self.signal == other.signal),
            ("context", self.context == other.context),
            ("metadata", self.metadata == other.metadata),
        ]
        .into_iter()
        .find_map(|(field, same)| (!same).then_some(field))
    }
}
