//! What a strategy, a trader or an operator wants.

use ledger::{
    AccountId, Actor, Amount, BulkScope, ClientOrderId, Intent, IntentId, OpenPosition, OrderKind,
    OrderTerms, PositionFilter, PositionId, PositionSide, Price, Request, Signal, Strategy, Symbol,
    Tenant, Timestamp, Trader,
};
use rust_decimal::Decimal;
use smol_str::SmolStr;

use super::account;
use super::fields::Fields;
use super::value::{Above, AccountText, Read, Scope, TermsKind, Text, Units};
use crate::catalogue::codes;

pub(super) const TYPES: &[&str] = &[
    "open_position",
    "execute",
    "execute_all",
    "withdraw",
    "scale_in",
    "reduce",
    "close",
    "set_stop_loss",
    "set_take_profit",
    "activate_trailing",
    "start_monitoring",
    "cancel_order",
    "close_many",
    "note",
];

/// The most entries that a position's context or metadata may have.
const ENTRIES_MAX: usize = 64;

pub(super) fn read(kind: &str, fields: &mut Fields<'_>, tenant: &Tenant) -> Option<Intent> {
    let intent_id = fields.required::<IntentId>("intent_id");
    let actor = fields.optional::<Actor>("actor");
    let occurred_at = fields.optional::<Timestamp>("occurred_at");
    let request = request(kind, fields, tenant)?;
    Some(Intent {
        tenant: tenant.clone(),
        intent_id: intent_id?,
        actor: actor.unwrap_or_else(|| usual_actor(&request)),
        occurred_at,
        request,
    })
}

/// Who asked, where the intent does not say.
fn usual_actor(request: &Request) -> Actor {
    let Request::OpenPosition(plan) = request else {
        return Actor::operator();
    };
    match (&plan.strategy, &plan.trader) {
        (Some(strategy), _) => Actor::strategy(strategy),
        (None, Some(trader)) => Actor::trader(trader),
        (None, None) => Actor::operator(),
    }
}

fn request(kind: &str, fields: &mut Fields<'_>, tenant: &Tenant) -> Option<Request> {
    match kind {
        "open_position" => return open_position(fields, tenant),
        "execute_all" => return Some(execute_all(fields, tenant)),
        "cancel_order" => {
            let client_order_id = fields.required::<ClientOrderId>("client_order_id")?;
            return Some(Request::CancelOrder { client_order_id });
        }
        "close_many" => return close_many(fields, tenant),
        _ => {}
    }
    let position_id = fields.required::<PositionId>("position_id");
    about_a_position(kind, fields, position_id)
}

/// The intents about one position that exists already. All fields are read before the first `?`.
fn about_a_position(
    kind: &str,
    fields: &mut Fields<'_>,
    position_id: Option<PositionId>,
) -> Option<Request> {
    Some(match kind {
        "execute" => Request::Execute {
            position_id: position_id?,
        },
        "withdraw" => Request::Withdraw {
            position_id: position_id?,
        },
        "start_monitoring" => Request::StartMonitoring {
            position_id: position_id?,
        },
        "scale_in" | "reduce" => {
            let quantity = fields.required::<Units>("quantity");
            let order = order(fields);
            let (position_id, quantity, order) = (position_id?, quantity?.0, order?);
            if kind == "reduce" {
                Request::Reduce {
                    position_id,
                    quantity,
                    order,
                }
            } else {
                Request::ScaleIn {
                    position_id,
                    quantity,
                    order,
                }
            }
        }
        "close" => {
            let quantity = fields.optional::<Units>("quantity").map(|units| units.0);
            let order = order(fields);
            Request::Close {
                position_id: position_id?,
                quantity,
                order: order?,
            }
        }
        "set_stop_loss" | "set_take_profit" => {
            let price = fields.required::<Above<Price>>("price");
            let (position_id, price) = (position_id?, price?.0);
            if kind == "set_stop_loss" {
                Request::SetStopLoss { position_id, price }
            } else {
                Request::SetTakeProfit { position_id, price }
            }
        }
        "activate_trailing" => {
            let activation = above(fields, "activation");
            let callback = fields.required::<Callback>("callback");
            Request::ActivateTrailing {
                position_id: position_id?,
                activation,
                callback: callback?.0,
            }
        }
        _ => {
            let text = fields.required::<Text>("text");
            Request::Note {
                position_id: position_id?,
                text: text?.0,
            }
        }
    })
}

/// How far a trailing stop stays behind, in percent.
struct Callback(Amount);

impl<'a> Read<'a> for Callback {
    const EXPECTED: &'static str = "percent greater than 0 and less than 100";

    fn read(token: super::value::Token<'a>) -> Result<Self, super::value::Fault> {
        let value = Amount::read(token)?;
        if value.is_positive() && value.get() < Decimal::ONE_HUNDRED {
            return Ok(Self(value));
        }
        Err(super::value::Fault {
            code: codes::OUT_OF_RANGE,
            expected: Self::EXPECTED.into(),
            remedy: "half a percent is \"0.5\"".into(),
        })
    }
}

fn open_position(fields: &mut Fields<'_>, tenant: &Tenant) -> Option<Request> {
    let account = account(fields, tenant);
    let symbol = fields.required::<Symbol>("symbol");
    let side = fields.required::<PositionSide>("side");
    let quantity = fields.required::<Units>("quantity");
    let order = order(fields);
    let queue = fields.optional::<bool>("queue").unwrap_or(false);
    let leverage = above(fields, "leverage");
    let margin = above(fields, "margin");
    let stop_loss = above(fields, "stop_loss");
    let take_profit = above(fields, "take_profit");
    let max_loss = above(fields, "max_loss");
    let strategy = fields.optional::<Strategy>("strategy");
    let trader = fields.optional::<Trader>("trader");
    let signal = fields.object("signal", |fields| {
        let id = fields.required::<Text>("id");
        let source = fields.optional::<Text>("source");
        Some(Signal {
            id: id?.0,
            source: source.map(|source| source.0),
        })
    });
    let context = fields.map::<Amount>("context", ENTRIES_MAX);
    let metadata = fields.map::<Text>("metadata", ENTRIES_MAX);
    Some(Request::OpenPosition(Box::new(OpenPosition {
        account: account?,
        symbol: symbol?,
        side: side?,
        quantity: quantity?.0,
        order: order?,
        queue,
        leverage,
        margin,
        stop_loss,
        take_profit,
        max_loss,
        strategy,
        trader,
        signal,
        context: context
            .into_iter()
            .map(|(name, value)| (SmolStr::from(name), value))
            .collect(),
        metadata: metadata
            .into_iter()
            .map(|(name, text)| (SmolStr::from(name), text.0))
            .collect(),
    })))
}

/// The terms of an order; a market order where nothing is said.
fn order(fields: &mut Fields<'_>) -> Option<OrderTerms> {
    if !fields.has("order") {
        // Asked for all the same, so that the name is known and `null` is taken.
        fields.object::<()>("order", |_| None);
        return Some(OrderTerms::default());
    }
    fields.object("order", |fields| {
        let kind = fields.required::<TermsKind>("kind");
        let price = above(fields, "price");
        match kind? {
            TermsKind::Market if fields.has("price") => {
                fields.refuse(
                    codes::CONTRADICTION,
                    "price",
                    "no price with a market order",
                    "leave the price out, or ask for a limit order",
                );
                None
            }
            TermsKind::Market => Some(OrderTerms::default()),
            TermsKind::Limit if !fields.has("price") => {
                fields.missing("price", "a limit order without it", "the limit price");
                None
            }
            TermsKind::Limit => Some(OrderTerms {
                kind: OrderKind::Limit,
                price: Some(price?),
            }),
        }
    })
}

/// The filter stands among the other fields, or in an object of its own.
fn execute_all(fields: &mut Fields<'_>, tenant: &Tenant) -> Request {
    let filter = if fields.has("filters") {
        fields
            .object("filters", |fields| Some(filter(fields, tenant)))
            .unwrap_or_default()
    } else {
        filter(fields, tenant)
    };
    Request::ExecuteAll { filter }
}

fn filter(fields: &mut Fields<'_>, tenant: &Tenant) -> PositionFilter {
    PositionFilter {
        account: maybe_account(fields, tenant),
        symbol: fields.optional::<Symbol>("symbol"),
        strategy: fields.optional::<Strategy>("strategy"),
        side: fields.optional::<PositionSide>("side"),
    }
}

fn close_many(fields: &mut Fields<'_>, tenant: &Tenant) -> Option<Request> {
    let scope = fields.required::<Scope>("scope");
    let scope = match scope {
        Some(Scope::Strategy) => fields
            .required::<Strategy>("value")
            .map(BulkScope::Strategy),
        Some(Scope::Symbol) => fields.required::<Symbol>("value").map(BulkScope::Symbol),
        Some(scope @ (Scope::All | Scope::Gaining | Scope::Losing)) => whole_scope(fields, scope),
        // What the value has to be depends on the scope.
        None => {
            fields.optional::<Text>("value");
            None
        }
    };
    let account = maybe_account(fields, tenant);
    Some(Request::CloseMany {
        scope: scope?,
        account,
    })
}

fn whole_scope(fields: &mut Fields<'_>, scope: Scope) -> Option<BulkScope> {
    if fields.optional::<Text>("value").is_some() {
        fields.refuse(
            codes::CONTRADICTION,
            "value",
            "no value with this scope",
            "leave the value out, or use the scope strategy or symbol",
        );
        return None;
    }
    match scope {
        Scope::All => Some(BulkScope::All),
        Scope::Gaining => Some(BulkScope::Gaining),
        Scope::Losing => Some(BulkScope::Losing),
        Scope::Strategy | Scope::Symbol => None,
    }
}

/// An account, where one is meant: as `venue:mode:name`, or as its three fields.
fn maybe_account(fields: &mut Fields<'_>, tenant: &Tenant) -> Option<AccountId> {
    if fields.has("venue") || fields.has("mode") {
        return account(fields, tenant);
    }
    let AccountText(text) = fields.optional::<AccountText>("account")?;
    let Ok(account) = AccountId::parse(tenant.clone(), &text) else {
        fields.refuse(
            codes::BAD_ID,
            "account",
            AccountText::EXPECTED,
            "as in binance-usdm:live:main; mode is live, paper or sim",
        );
        return None;
    };
    Some(account)
}

fn above<'a, T>(fields: &mut Fields<'a>, name: &'static str) -> Option<T>
where
    Above<T>: Read<'a>,
{
    fields.optional::<Above<T>>(name).map(|value| value.0)
}
