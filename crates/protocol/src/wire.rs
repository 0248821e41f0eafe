//! Commands as the lines they are read from: the way back from [`parse_command`](crate::parse_command).

use std::collections::BTreeMap;

use ledger::{
    AccountId, AccountSettings, Acknowledgement, BulkScope, Command, Configuration, Fact,
    FeeCharge, FillFact, Instrument, Intent, Mark, OpenPosition, OrderKind, OrderTerms, Request,
    Settlement,
};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

/// One line of JSON without its end, from which the same command is read again.
///
/// The tenant does not travel: whoever reads says whose it is. Raw bytes that are not UTF-8 cannot
/// travel as JSON text; they are left out.
pub fn to_wire(command: &Command) -> String {
    // Only texts, numbers and booleans under names that are texts: nothing here can fail.
    serde_json::to_string(&Wire(command)).unwrap_or_default()
}

/// An intent in its wire form.
pub(crate) fn intent(intent: &Intent) -> serde_json::Value {
    serde_json::to_value(WireIntent(intent)).unwrap_or_default()
}

struct Wire<'a>(&'a Command);
struct WireIntent<'a>(&'a Intent);

impl Serialize for Wire<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Command::Intent(intent) => WireIntent(intent).serialize(serializer),
            Command::Acknowledgement(acknowledgement) => Fields::write(serializer, |fields| {
                write_acknowledgement(fields, acknowledgement)
            }),
            Command::Mark(mark) => Fields::write(serializer, |fields| write_mark(fields, mark)),
            Command::Configuration(setting) => {
                Fields::write(serializer, |fields| write_setting(fields, setting))
            }
        }
    }
}

impl Serialize for WireIntent<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Fields::write(serializer, |fields| write_intent(fields, self.0))
    }
}

/// An object that is being written.
struct Fields<M>(M);

impl Fields<()> {
    fn write<S: Serializer>(
        serializer: S,
        content: impl FnOnce(&mut Fields<S::SerializeMap>) -> Result<(), S::Error>,
    ) -> Result<S::Ok, S::Error> {
        let mut fields = Fields(serializer.serialize_map(None)?);
        content(&mut fields)?;
        fields.0.end()
    }
}

impl<M: SerializeMap> Fields<M> {
    fn put(&mut self, name: &str, value: &(impl Serialize + ?Sized)) -> Result<(), M::Error> {
        self.0.serialize_entry(name, value)
    }

    /// Writes what is there; an absent field is read as absent.
    fn maybe(&mut self, name: &str, value: Option<&impl Serialize>) -> Result<(), M::Error> {
        value.map_or(Ok(()), |value| self.put(name, value))
    }

    /// Writes what is not the default.
    fn flag(&mut self, name: &str, value: bool) -> Result<(), M::Error> {
        if value { self.put(name, &true) } else { Ok(()) }
    }

    fn account(&mut self, account: &AccountId) -> Result<(), M::Error> {
        self.put("venue", &account.venue)?;
        self.put("mode", &account.mode)?;
        self.put("account", &account.name)
    }
}

fn write_intent<M: SerializeMap>(fields: &mut Fields<M>, intent: &Intent) -> Result<(), M::Error> {
    fields.put("type", intent.request.name())?;
    fields.put("intent_id", &intent.intent_id)?;
    fields.put("actor", &intent.actor)?;
    fields.maybe("occurred_at", intent.occurred_at.as_ref())?;
    fields.maybe("position_id", intent.request.position_id().as_ref())?;
    match &intent.request {
        Request::OpenPosition(plan) => write_plan(fields, plan),
        Request::Execute { .. } | Request::Withdraw { .. } | Request::StartMonitoring { .. } => {
            Ok(())
        }
        Request::ExecuteAll { filter } => {
            fields.maybe(
                "account",
                filter.account.as_ref().map(ToString::to_string).as_ref(),
            )?;
            fields.maybe("symbol", filter.symbol.as_ref())?;
            fields.maybe("strategy", filter.strategy.as_ref())?;
            fields.maybe("side", filter.side.as_ref())
        }
        Request::ScaleIn {
            quantity, order, ..
        }
        | Request::Reduce {
            quantity, order, ..
        } => {
            fields.put("quantity", quantity)?;
            fields.put("order", &WireTerms(order))
        }
        Request::Close {
            quantity, order, ..
        } => {
            fields.maybe("quantity", quantity.as_ref())?;
            fields.put("order", &WireTerms(order))
        }
        Request::SetStopLoss { price, .. } | Request::SetTakeProfit { price, .. } => {
            fields.put("price", price)
        }
        Request::ActivateTrailing {
            activation,
            callback,
            ..
        } => {
            fields.maybe("activation", activation.as_ref())?;
            fields.put("callback", callback)
        }
        Request::CancelOrder { client_order_id } => fields.put("client_order_id", client_order_id),
        Request::CloseMany { scope, account } => {
            write_scope(fields, scope)?;
            fields.maybe(
                "account",
                account.as_ref().map(ToString::to_string).as_ref(),
            )
        }
        Request::Note { text, .. } => fields.put("text", text),
    }
}

fn write_plan<M: SerializeMap>(
    fields: &mut Fields<M>,
    plan: &OpenPosition,
) -> Result<(), M::Error> {
    let OpenPosition {
        account,
        symbol,
        side,
        quantity,
        order,
        queue,
        leverage,
        margin,
        stop_loss,
        take_profit,
        max_loss,
        strategy,
        trader,
        signal,
        context,
        metadata,
    } = plan;
    fields.account(account)?;
    fields.put("symbol", symbol)?;
    fields.put("side", side)?;
    fields.put("quantity", quantity)?;
    fields.put("order", &WireTerms(order))?;
    fields.flag("queue", *queue)?;
    fields.maybe("leverage", leverage.as_ref())?;
    fields.maybe("margin", margin.as_ref())?;
    fields.maybe("stop_loss", stop_loss.as_ref())?;
    fields.maybe("take_profit", take_profit.as_ref())?;
    fields.maybe("max_loss", max_loss.as_ref())?;
    fields.maybe("strategy", strategy.as_ref())?;
    fields.maybe("trader", trader.as_ref())?;
    fields.maybe("signal", signal.as_ref())?;
    write_map(fields, "context", context)?;
    write_map(fields, "metadata", metadata)
}

fn write_map<M: SerializeMap, K: Serialize, V: Serialize>(
    fields: &mut Fields<M>,
    name: &str,
    map: &BTreeMap<K, V>,
) -> Result<(), M::Error> {
    if map.is_empty() {
        return Ok(());
    }
    fields.put(name, map)
}

fn write_scope<M: SerializeMap>(fields: &mut Fields<M>, scope: &BulkScope) -> Result<(), M::Error> {
    match scope {
        BulkScope::All => fields.put("scope", "all"),
        BulkScope::Gaining => fields.put("scope", "gaining"),
        BulkScope::Losing => fields.put("scope", "losing"),
        BulkScope::Strategy(strategy) => {
            fields.put("scope", "strategy")?;
            fields.put("value", strategy)
        }
        BulkScope::Symbol(symbol) => {
            fields.put("scope", "symbol")?;
            fields.put("value", symbol)
        }
    }
}

/// The terms of an order; the price only where there is one.
struct WireTerms<'a>(&'a OrderTerms);

impl Serialize for WireTerms<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let OrderTerms { kind, price } = self.0;
        Fields::write(serializer, |fields| {
            let kind: &OrderKind = kind;
            fields.put("kind", kind)?;
            fields.maybe("price", price.as_ref())
        })
    }
}

fn write_acknowledgement<M: SerializeMap>(
    fields: &mut Fields<M>,
    acknowledgement: &Acknowledgement,
) -> Result<(), M::Error> {
    let Acknowledgement {
        account,
        symbol,
        leg,
        order,
        occurred_at,
        fact,
        raw,
    } = acknowledgement;
    fields.put("type", fact.name())?;
    fields.account(account)?;
    fields.put("symbol", symbol)?;
    fields.maybe("leg", leg.as_ref())?;
    fields.maybe("client_order_id", order.client_order_id.as_ref())?;
    fields.maybe("venue_order_id", order.venue_order_id.as_ref())?;
    write_fact(fields, fact)?;
    fields.put("occurred_at", occurred_at)?;
    fields.maybe(
        "raw",
        raw.as_deref()
            .and_then(|bytes| str::from_utf8(bytes).ok())
            .as_ref(),
    )
}

fn write_fact<M: SerializeMap>(fields: &mut Fields<M>, fact: &Fact) -> Result<(), M::Error> {
    match fact {
        Fact::OrderSubmitted(fact)
        | Fact::OrderAccepted(fact)
        | Fact::OrderCanceled(fact)
        | Fact::OrderExpired(fact) => fields.maybe("reason", fact.reason.as_ref()),
        Fact::OrderRejected(refusal) | Fact::OrderUnknown(refusal) => {
            fields.maybe("code", refusal.code.as_ref())?;
            fields.maybe("reason", refusal.reason.as_ref())
        }
        Fact::OrderAmended(terms) => {
            fields.maybe("quantity", terms.quantity.as_ref())?;
            fields.maybe("price", terms.price.as_ref())?;
            fields.maybe("trigger_price", terms.trigger_price.as_ref())
        }
        Fact::OrderFilled(fill) => write_fill(fields, fill),
        Fact::FundingSettled(Settlement {
            amount,
            asset,
            settlement_id,
        })
        | Fact::FeeCharged(FeeCharge {
            amount,
            asset,
            settlement_id,
        }) => {
            fields.put("amount", amount)?;
            fields.put("asset", asset)?;
            fields.maybe("settlement_id", settlement_id.as_ref())
        }
        Fact::PositionReported(report) => {
            fields.put("quantity", &report.quantity)?;
            fields.maybe("entry_price", report.entry_price.as_ref())?;
            fields.maybe("mark_price", report.mark_price.as_ref())
        }
    }
}

fn write_fill<M: SerializeMap>(fields: &mut Fields<M>, fill: &FillFact) -> Result<(), M::Error> {
    let FillFact {
        execution_id,
        side,
        price,
        quantity,
        fee,
        fee_asset,
        liquidity,
        venue_realized_pnl,
        reduce_only,
        cumulative_quantity,
        liquidation,
    } = fill;
    fields.put("execution_id", execution_id)?;
    fields.put("side", side)?;
    fields.put("price", price)?;
    fields.put("quantity", quantity)?;
    fields.maybe("fee", fee.as_ref())?;
    fields.maybe("fee_asset", fee_asset.as_ref())?;
    fields.maybe("liquidity", liquidity.as_ref())?;
    fields.maybe("venue_realized_pnl", venue_realized_pnl.as_ref())?;
    fields.flag("reduce_only", *reduce_only)?;
    fields.maybe("cumulative_quantity", cumulative_quantity.as_ref())?;
    fields.flag("liquidation", *liquidation)
}

fn write_mark<M: SerializeMap>(fields: &mut Fields<M>, mark: &Mark) -> Result<(), M::Error> {
    fields.put("type", "mark")?;
    fields.put("venue", &mark.instrument.venue)?;
    fields.put("symbol", &mark.instrument.symbol)?;
    fields.put("price", &mark.price)?;
    fields.put("occurred_at", &mark.occurred_at)
}

fn write_setting<M: SerializeMap>(
    fields: &mut Fields<M>,
    setting: &Configuration,
) -> Result<(), M::Error> {
    match setting {
        Configuration::Account {
            account,
            settings,
            occurred_at,
        } => {
            let AccountSettings {
                position_mode,
                cost_basis,
                pnl_rounding,
                stop_policy,
            } = settings;
            fields.put("type", "account_configured")?;
            fields.account(account)?;
            fields.put("position_mode", position_mode)?;
            fields.put("cost_basis", cost_basis)?;
            fields.put("pnl_rounding", pnl_rounding)?;
            fields.put("stop_policy", stop_policy)?;
            fields.maybe("occurred_at", occurred_at.as_ref())
        }
        Configuration::Instrument {
            instrument,
            terms,
            occurred_at,
        } => {
            let Instrument {
                inverse,
                multiplier,
                tick,
                step,
                settlement_asset,
            } = terms;
            fields.put("type", "instrument_configured")?;
            fields.put("venue", &instrument.venue)?;
            fields.put("symbol", &instrument.symbol)?;
            fields.put("inverse", inverse)?;
            fields.put("multiplier", multiplier)?;
            fields.maybe("tick", tick.as_ref())?;
            fields.maybe("step", step.as_ref())?;
            fields.maybe("settlement_asset", settlement_asset.as_ref())?;
            fields.maybe("occurred_at", occurred_at.as_ref())
        }
    }
}
