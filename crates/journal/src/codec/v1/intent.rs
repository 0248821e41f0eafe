//! What was wanted, word for word.

use super::value::{
    AccountId, Decimal, OrderKind, Pairs, PositionSide, Sixteen, Text, Time, choice, fields,
};

fields!(Intent {
    tenant: Text,
    intent_id: Text,
    actor: Text,
    occurred_at: Option<Time>,
    request: Request,
});
fields!(OpenPosition {
    account: AccountId,
    symbol: Text,
    side: PositionSide,
    quantity: Decimal,
    order: OrderTerms,
    queue: bool,
    leverage: Option<Decimal>,
    margin: Option<Decimal>,
    stop_loss: Option<Decimal>,
    take_profit: Option<Decimal>,
    max_loss: Option<Decimal>,
    strategy: Option<Text>,
    trader: Option<Text>,
    signal: Option<Signal>,
    context: Pairs<Text, Decimal>,
    metadata: Pairs<Text, Text>,
});
fields!(Signal {
    id: Text,
    source: Option<Text>,
});
fields!(OrderTerms {
    kind: OrderKind,
    price: Option<Decimal>,
});
fields!(PositionFilter {
    account: Option<AccountId>,
    symbol: Option<Text>,
    strategy: Option<Text>,
    side: Option<PositionSide>,
});

choice!(Request {
    0 => OpenPosition(OpenPosition),
    1 => Execute { position_id: Sixteen },
    2 => ExecuteAll { filter: PositionFilter },
    3 => Withdraw { position_id: Sixteen },
    4 => ScaleIn { position_id: Sixteen, quantity: Decimal, order: OrderTerms },
    5 => Reduce { position_id: Sixteen, quantity: Decimal, order: OrderTerms },
    6 => Close { position_id: Sixteen, quantity: Option<Decimal>, order: OrderTerms },
    7 => SetStopLoss { position_id: Sixteen, price: Decimal },
    8 => SetTakeProfit { position_id: Sixteen, price: Decimal },
    9 => ActivateTrailing {
        position_id: Sixteen, activation: Option<Decimal>, callback: Decimal
    },
    10 => StartMonitoring { position_id: Sixteen },
    11 => CancelOrder { client_order_id: Text },
    12 => CloseMany { scope: BulkScope, account: Option<AccountId> },
    13 => Note { position_id: Sixteen, text: Text },
});
choice!(BulkScope {
    0 => All,
    1 => Gaining,
    2 => Losing,
    3 => Strategy(Text),
    4 => Symbol(Text),
});
