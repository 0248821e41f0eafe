//! What was wanted, word for word.

use super::Frozen;
use super::value::{
    AccountId, Decimal, OrderKind, Pairs, PositionSide, Sixteen, Text, Time, fields,
};
use crate::error::Fault;

fields!(Intent<'a> {
    tenant: Text<'a>,
    intent_id: Text<'a>,
    actor: Text<'a>,
    occurred_at: Option<Time>,
    request: Request<'a>,
});
fields!(OpenPosition<'a> {
    account: AccountId<'a>,
    symbol: Text<'a>,
    side: PositionSide,
    quantity: Decimal,
    order: OrderTerms,
    queue: bool,
    leverage: Option<Decimal>,
    margin: Option<Decimal>,
    stop_loss: Option<Decimal>,
    take_profit: Option<Decimal>,
    max_loss: Option<Decimal>,
    strategy: Option<Text<'a>>,
    trader: Option<Text<'a>>,
    signal: Option<Signal<'a>>,
    context: Pairs<Text<'a>, Decimal>,
    metadata: Pairs<Text<'a>, Text<'a>>,
});
fields!(Signal<'a> {
    id: Text<'a>,
    source: Option<Text<'a>>,
});
fields!(OrderTerms {
    kind: OrderKind,
    price: Option<Decimal>,
});
fields!(PositionFilter<'a> {
    account: Option<AccountId<'a>>,
    symbol: Option<Text<'a>>,
    strategy: Option<Text<'a>>,
    side: Option<PositionSide>,
});

/// A choice whose variants store their fields in this order.
macro_rules! requests {
    ($($variant:ident { $($field:ident: $form:ty),* },)*) => {
        /// What is wanted.
        #[derive(bincode::Encode, bincode::BorrowDecode)]
        pub(in crate::codec) enum Request<'a> {
            OpenPosition(Box<OpenPosition<'a>>),
            $($variant($($form),*),)*
        }

        impl<'a> Frozen<'a, ledger::Request> for Request<'a> {
            fn freeze(value: &'a ledger::Request) -> Self {
                match value {
                    ledger::Request::OpenPosition(plan) => {
                        Self::OpenPosition(Box::new(Frozen::freeze(plan)))
                    }
                    $(ledger::Request::$variant { $($field),* } => {
                        Self::$variant($(Frozen::freeze($field)),*)
                    })*
                }
            }
            fn thaw(self) -> Result<ledger::Request, Fault> {
                Ok(match self {
                    Self::OpenPosition(plan) => ledger::Request::OpenPosition((*plan).thaw()?),
                    $(Self::$variant($($field),*) => {
                        ledger::Request::$variant { $($field: $field.thaw()?),* }
                    })*
                })
            }
        }
    };
}
requests! {
    Execute { position_id: Sixteen },
    ExecuteAll { filter: PositionFilter<'a> },
    Withdraw { position_id: Sixteen },
    ScaleIn { position_id: Sixteen, quantity: Decimal, order: OrderTerms },
    Reduce { position_id: Sixteen, quantity: Decimal, order: OrderTerms },
    Close { position_id: Sixteen, quantity: Option<Decimal>, order: OrderTerms },
    SetStopLoss { position_id: Sixteen, price: Decimal },
    SetTakeProfit { position_id: Sixteen, price: Decimal },
    ActivateTrailing { position_id: Sixteen, activation: Option<Decimal>, callback: Decimal },
    StartMonitoring { position_id: Sixteen },
    CancelOrder { client_order_id: Text<'a> },
    CloseMany { scope: BulkScope<'a>, account: Option<AccountId<'a>> },
    Note { position_id: Sixteen, text: Text<'a> },
}

/// Which positions `close_many` closes.
#[derive(bincode::Encode, bincode::BorrowDecode)]
pub(in crate::codec) enum BulkScope<'a> {
    All,
    Gaining,
    Losing,
    Strategy(Text<'a>),
    Symbol(Text<'a>),
}

impl<'a> Frozen<'a, ledger::BulkScope> for BulkScope<'a> {
    fn freeze(value: &'a ledger::BulkScope) -> Self {
        match value {
            ledger::BulkScope::All => Self::All,
            ledger::BulkScope::Gaining => Self::Gaining,
            ledger::BulkScope::Losing => Self::Losing,
            ledger::BulkScope::Strategy(strategy) => Self::Strategy(Text::freeze(strategy)),
            ledger::BulkScope::Symbol(symbol) => Self::Symbol(Text::freeze(symbol)),
        }
    }
    fn thaw(self) -> Result<ledger::BulkScope, Fault> {
        Ok(match self {
            Self::All => ledger::BulkScope::All,
            Self::Gaining => ledger::BulkScope::Gaining,
            Self::Losing => ledger::BulkScope::Losing,
            Self::Strategy(strategy) => ledger::BulkScope::Strategy(strategy.thaw()?),
            Self::Symbol(symbol) => ledger::BulkScope::Symbol(symbol.thaw()?),
        })
    }
}
