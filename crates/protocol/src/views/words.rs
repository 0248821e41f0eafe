//! The ledger's words as OpenAPI knows them: each list by name, so that a generated client has an
//! enumeration and not just a string.

use std::borrow::Cow;

use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

macro_rules! words {
    ($($name:ident: $type:ident [$($variant:ident)+])+) => {
        $(
            /// The schema of the words of this type; never a value.
            #[derive(Debug)]
            pub(super) struct $name;

            impl PartialSchema for $name {
                fn schema() -> RefOr<Schema> {
                    let words = [$(ledger::$type::$variant),+]
                        .map(|word| serde_json::to_value(word).unwrap_or_default());
                    ObjectBuilder::new()
                        .schema_type(Type::String)
                        .enum_values(Some(words))
                        .build()
                        .into()
                }
            }

            impl ToSchema for $name {
                fn name() -> Cow<'static, str> {
                    Cow::Borrowed(stringify!($type))
                }
            }
        )+

        #[cfg(test)]
        mod tests {
            $(
                /// A new word does not compile until it is in the list.
                #[expect(non_snake_case, dead_code, reason = "only its exhaustive match counts")]
                fn $name(word: ledger::$type) {
                    match word {
                        $(ledger::$type::$variant => {}),+
                    }
                }
            )+
        }
    };
}

words! {
    ModeWord: Mode [Live Paper Sim]
    SideWord: Side [Buy Sell]
    PositionSideWord: PositionSide [Long Short]
    PositionStateWord: PositionState [
        Created Submitting Open Monitoring Trailing Closing Closed Canceled Failed
    ]
    OriginWord: Origin [Intent External]
    LiquidityWord: Liquidity [Maker Taker]
    OrderPurposeWord: OrderPurpose [
        Entry ScaleIn Reduce Close StopLoss TakeProfit Trailing External
    ]
    OrderKindWord: OrderKind [Market Limit Stop TakeProfit TrailingStop]
    OrderStatusWord: OrderStatus [
        Requested Submitted Accepted PartiallyFilled Filled Canceled Rejected Expired Unknown
    ]
    CostBasisWord: CostBasis [Average Fifo Lifo PerTicket AverageOfOpens]
    FlagWord: Flag [
        ExternalOrder LateFill Overfill ExceedsLeg FillAfterEnd FillMissing Liquidation OppositeSide UnknownInstrument LegModeMismatch Dust ExitRejected StopRejected OrderUnknown Unprotected AfterFinal Reopened Adjusted DiffersFromVenue OutOfOrder
    ]
}
