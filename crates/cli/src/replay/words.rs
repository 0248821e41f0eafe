//! What happened, in words.

use ledger::{
    Actor, AmendedTerms, Amount, BulkScope, Event, Extremes, FillEffect, FillFact, FindingClass,
    Flag, Leg, Liquidity, OpenPosition, Order, OrderFilled, OrderKind, OrderPurpose,
    OrderRequested, OrderUpdated, PositionReported, PositionState, Price, Quantity, Side,
    StateCause,
};

use super::story::Step;
use crate::render::{Tone, numbers};

/// What happened, and how much it matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Words {
    pub(crate) text: String,
    pub(crate) tone: Tone,
}

impl Words {
    fn new(tone: Tone, text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            tone,
        }
    }

    fn plain(text: impl Into<String>) -> Self {
        Self::new(Tone::Plain, text)
    }

    fn quiet(text: impl Into<String>) -> Self {
        Self::new(Tone::Quiet, text)
    }

    fn alarm(text: impl Into<String>) -> Self {
        Self::new(Tone::Alarm, text)
    }

    fn warning(text: impl Into<String>) -> Self {
        Self::new(Tone::Warning, text)
    }
}

/// Who asked, short: the kind of actor is told by what happened.
pub(crate) fn who(actor: &Actor) -> String {
    match actor.as_str().split_once(':') {
        Some(("venue", _)) => "venue".to_owned(),
        Some((_, name)) => name.to_owned(),
        None => actor.to_string(),
    }
}

/// A word of the wire as words for people: `stop_loss` as `stop loss`.
pub(crate) fn label(word: &str) -> String {
    word.replace('_', " ")
}

/// What a step says.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the first part of three: requests and orders"
)]
pub(crate) fn words(step: &Step) -> Words {
    let order = step.order.as_ref();
    match &step.record.event {
        Event::PositionQueued(event) => asked(&event.plan),
        Event::QueueWithdrawn(_) => Words::plain("withdrawn from the queue"),
        Event::EntryRequested(event)
        | Event::ExitRequested(event)
        | Event::StopLossRequested(event)
        | Event::TakeProfitRequested(event) => Words::plain(requested(event)),
        Event::TrailingRequested(event) => {
            Words::plain(trailing(event.trail.activation, event.trail.callback))
        }
        Event::CancelRequested(_) => {
            Words::plain(format!("cancel of the {} requested", name(order)))
        }
        Event::AmendRequested(event) => Words::plain(format!(
            "change of the {} requested: {}",
            name(order),
            terms(&event.terms)
        )),
        Event::MonitoringStarted(_) => Words::plain("active management begins"),
        Event::BulkExecuteRequested(event) => Words::plain(format!(
            "entry of {} queued positions requested",
            event.positions.len()
        )),
        Event::BulkCloseRequested(event) => Words::plain(format!(
            "close of {} requested: {} positions",
            scope(&event.scope),
            event.positions.len()
        )),
        Event::IntentRejected(event) => Words::alarm(format!(
            "intent {} REFUSED: {}",
            event.intent_id,
            label(&event.refusal.code())
        )),
        Event::OrderSubmitted(event) => order_words(Tone::Quiet, order, "sent", event),
        Event::OrderAccepted(event) => {
            order_words(Tone::Plain, order, "accepted by the venue", event)
        }
        Event::OrderRejected(event) => {
            order_words(Tone::Alarm, order, "REJECTED by the venue", event)
        }
        Event::OrderCanceled(event) => order_words(Tone::Plain, order, "canceled", event),
        Event::OrderExpired(event) => order_words(Tone::Warning, order, "expired", event),
        Event::OrderUnknown(event) => {
            order_words(Tone::Alarm, order, "outcome UNKNOWN, ask the venue", event)
        }
        Event::OrderAmended(event) => Words::plain(format!(
            "{} changed by the venue: {}",
            name(order),
            terms(&event.terms)
        )),
        Event::OrderFilled(event) => filled(event, order),
        _ => outcome_words(step),
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the second part of three: money, marks and outcomes"
)]
fn outcome_words(step: &Step) -> Words {
    match &step.record.event {
        Event::FundingSettled(event) => {
            let settlement = &event.settlement;
            money_moved("funding", settlement.amount, settlement.asset.as_str())
        }
        Event::FeeCharged(event) => {
            money_moved("fee", event.charge.amount, event.charge.asset.as_str())
        }
        Event::PositionReported(event) => reported(event),
        Event::PriceExtremeObserved(event) => Words::quiet(format!(
            "mark {}{}",
            numbers::exact_price(event.mark_price),
            extremes(&step.seen, &event.extremes)
        )),
        Event::PositionOpened(event) => Words::new(
            Tone::Strong,
            format!(
                "opens {}{}",
                leg(event.side.as_str(), &event.leg),
                opened(&event.effect)
            ),
        ),
        Event::PositionStateChanged(event) => state_changed(event.from, event.to, event.cause),
        Event::PositionFlipped(event) => {
            Words::new(Tone::Strong, format!("flips from {}", event.closed))
        }
        Event::PositionClosed(event) => {
            let venue = event
                .venue_realized_pnl
                .map(|venue| format!(", the venue says {}", numbers::gain(venue)))
                .unwrap_or_default();
            Words::new(
                Tone::Strong,
                format!(
                    "closed by {}: realized {}{venue}",
                    label(&event.exit_reason),
                    numbers::gain(event.realized_pnl)
                ),
            )
        }
        Event::TrailActivated(event) => Words::plain(match event.mark_price {
            Some(mark) => format!("trailing stop active at {}", numbers::exact_price(mark)),
            None => "trailing stop active".to_owned(),
        }),
        Event::StopMoved(event) => Words::plain(format!(
            "stop loss moved {} → {}",
            numbers::exact_price(event.from),
            numbers::exact_price(event.to)
        )),
        _ => operator_words(step),
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the last part of three; what none of them knows is told by its name"
)]
fn operator_words(step: &Step) -> Words {
    match &step.record.event {
        Event::ExternalOrderAdopted(event) => {
            let side = event
                .side
                .map(|side| format!(" to {side}"))
                .unwrap_or_default();
            let id = event
                .reference
                .venue_order_id
                .as_ref()
                .map(|id| format!(" (venue order {id})"))
                .unwrap_or_default();
            Words::quiet(format!(
                "adopts an order{side} that nobody here asked for{id}"
            ))
        }
        Event::ReconciliationFinding(event) => Words::alarm(finding(
            event.class,
            event.ours.map(numbers::units),
            event.venue.map(numbers::units),
        )),
        Event::AdjustmentProposed(event) => {
            Words::warning(format!("adjustment proposed: {}", event.reason))
        }
        Event::AdjustmentApplied(event) => Words::warning(format!(
            "ADJUSTED: quantity {}, cost {}, realized {}: {}",
            numbers::units(event.quantity),
            numbers::money(event.cost),
            numbers::gain(event.realized_pnl),
            event.reason
        )),
        Event::AcknowledgementQuarantined(event) => Words::alarm(format!(
            "{} QUARANTINED, not applied: {}",
            label(event.acknowledgement.fact.name()),
            label(&event.anomaly.code())
        )),
        Event::QuarantineResolved(event) => Words::plain(format!(
            "quarantine of {} resolved: {}",
            event.quarantined, event.note
        )),
        Event::HaltEngaged(event) => Words::alarm(format!("all intents HALTED: {}", event.reason)),
        Event::HaltReleased(event) => Words::plain(format!("halt released: {}", event.reason)),
        Event::NoteAdded(event) => Words::plain(format!("note: “{}”", event.text)),
        Event::AccountConfigured(_) => Words::quiet("account configured"),
        Event::InstrumentConfigured(event) => {
            Words::quiet(format!("instrument {} configured", event.instrument))
        }
        event => Words::plain(label(event.name())),
    }
}

/// What is odd about a step.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the other events carry no flags"
)]
pub(crate) fn flags(event: &Event) -> Vec<Flag> {
    let flags = match event {
        Event::OrderFilled(event) => &event.flags,
        Event::PositionOpened(event) => &event.flags,
        Event::PositionStateChanged(event) => &event.flags,
        Event::OrderSubmitted(event)
        | Event::OrderAccepted(event)
        | Event::OrderRejected(event)
        | Event::OrderCanceled(event)
        | Event::OrderExpired(event)
        | Event::OrderUnknown(event) => &event.flags,
        Event::OrderAmended(event) => &event.flags,
        Event::FundingSettled(event) => &event.flags,
        Event::FeeCharged(event) => &event.flags,
        _ => return Vec::new(),
    };
    flags.iter().copied().collect()
}

/// How much a flag matters.
pub(crate) const fn flag_tone(flag: Flag) -> Tone {
    match flag {
        Flag::Liquidation
        | Flag::Overfill
        | Flag::ExceedsLeg
        | Flag::FillMissing
        | Flag::OppositeSide
        | Flag::LegModeMismatch
        | Flag::ExitRejected
        | Flag::StopRejected
        | Flag::OrderUnknown
        | Flag::Unprotected
        | Flag::DiffersFromVenue => Tone::Alarm,
        Flag::ExternalOrder
        | Flag::LateFill
        | Flag::FillAfterEnd
        | Flag::UnknownInstrument
        | Flag::Dust
        | Flag::AfterFinal
        | Flag::Reopened
        | Flag::Adjusted
        | Flag::OutOfOrder => Tone::Warning,
    }
}

fn asked(plan: &OpenPosition) -> Words {
    let mut text = format!(
        "{} {} {} asked for {}",
        plan.side,
        numbers::quantity(plan.quantity),
        plan.symbol,
        at(plan.order.kind, plan.order.price)
    );
    for (name, price) in [("stop", plan.stop_loss), ("target", plan.take_profit)] {
        if let Some(price) = price {
            text += &format!(", {name} {}", numbers::exact_price(price));
        }
    }
    if plan.queue {
        text += ", queued";
    }
    Words::plain(text)
}

fn requested(event: &OrderRequested) -> String {
    let what = format!("{} {}", event.side, numbers::quantity(event.quantity));
    let name = match event.purpose {
        OrderPurpose::Entry => "entry",
        OrderPurpose::ScaleIn => "scale-in",
        OrderPurpose::Reduce => "reduction",
        OrderPurpose::Close => "close",
        OrderPurpose::StopLoss => "stop loss",
        OrderPurpose::TakeProfit => "take profit",
        OrderPurpose::Trailing => "trailing stop",
        OrderPurpose::External => "external order",
    };
    match event.trigger_price {
        Some(trigger) => format!(
            "{name} requested at {}: {what}",
            numbers::exact_price(trigger)
        ),
        None => format!("{name} requested: {what} {}", at(event.kind, event.price)),
    }
}

fn at(kind: OrderKind, price: Option<Price>) -> String {
    match price {
        Some(price) => format!(
            "at {} {}",
            label(kind.as_str()),
            numbers::exact_price(price)
        ),
        None => format!("at {}", label(kind.as_str())),
    }
}

fn trailing(activation: Option<Price>, callback: Amount) -> String {
    let from = activation
        .map(|price| format!(", from {}", numbers::exact_price(price)))
        .unwrap_or_default();
    format!(
        "trailing stop requested: {} % behind the best price{from}",
        numbers::exact(callback)
    )
}

/// An order by what it is for.
fn name(order: Option<&Order>) -> String {
    match order.map(|order| order.purpose) {
        Some(OrderPurpose::External) => "external order".to_owned(),
        Some(OrderPurpose::StopLoss) => "stop loss".to_owned(),
        Some(OrderPurpose::TakeProfit) => "take profit".to_owned(),
        Some(OrderPurpose::Trailing) => "trailing stop".to_owned(),
        Some(OrderPurpose::ScaleIn) => "scale-in order".to_owned(),
        Some(purpose @ (OrderPurpose::Entry | OrderPurpose::Reduce | OrderPurpose::Close)) => {
            format!("{} order", purpose.as_str())
        }
        None => "order".to_owned(),
    }
}

fn order_words(tone: Tone, order: Option<&Order>, what: &str, event: &OrderUpdated) -> Words {
    let why = match (&event.code, &event.reason) {
        (Some(code), Some(reason)) => format!(": {code} {reason}"),
        (Some(words), None) | (None, Some(words)) => format!(": {words}"),
        (None, None) => String::new(),
    };
    Words::new(tone, format!("{} {what}{why}", name(order)))
}

fn terms(terms: &AmendedTerms) -> String {
    let price = |name: &str, price: Option<Price>| {
        price.map(|price| format!("{name} {}", numbers::exact_price(price)))
    };
    let quantity = terms
        .quantity
        .map(|units| format!("quantity {}", numbers::quantity(units)));
    let parts: Vec<String> = [
        quantity,
        price("price", terms.price),
        price("trigger", terms.trigger_price),
    ]
    .into_iter()
    .flatten()
    .collect();
    parts.join(", ")
}

fn filled(event: &OrderFilled, order: Option<&Order>) -> Words {
    let fill = &event.fill;
    let verb = match fill.side {
        Side::Buy => "bought",
        Side::Sell => "sold",
    };
    let purpose = order
        .filter(|order| order.purpose != OrderPurpose::External)
        .map(|order| format!(" by {}", label(order.purpose.as_str())))
        .unwrap_or_default();
    let force = if fill.liquidation { "LIQUIDATED: " } else { "" };
    let text = format!(
        "{force}{verb} {} @ {}{purpose} ({})",
        numbers::quantity(fill.quantity),
        numbers::exact_price(fill.price),
        details(fill)
    );
    let excess = event
        .effect
        .as_ref()
        .map_or(Quantity::ZERO, |effect| effect.excess);
    if !excess.is_zero() {
        let excess = numbers::quantity(excess);
        return Words::alarm(format!("{text}: {excess} MORE than was held"));
    }
    if fill.liquidation {
        return Words::alarm(text);
    }
    Words::new(Tone::Strong, text)
}

fn details(fill: &FillFact) -> String {
    let liquidity = fill.liquidity.map(Liquidity::as_str).map(str::to_owned);
    let fee = fill.fee.filter(|fee| !fee.is_zero()).map(|fee| {
        let asset = fill.fee_asset.as_ref();
        let asset = asset.map(|asset| format!(" {asset}")).unwrap_or_default();
        format!("fee {}{asset}", numbers::money(fee))
    });
    let mut parts = vec![format!("fill {}", fill.execution_id)];
    parts.extend([liquidity, fee].into_iter().flatten());
    parts.join(", ")
}

fn opened(effect: &FillEffect) -> String {
    format!(
        " with {}, cost {}",
        numbers::quantity(effect.opened),
        numbers::money(effect.cost_added)
    )
}

/// Which of the extremes moved, and to what.
pub(crate) fn extremes(before: &Extremes, after: &Extremes) -> String {
    let part = |name: &str, before: Amount, after: Amount| {
        (before != after).then(|| format!("{name} {}", numbers::gain(after)))
    };
    let parts: Vec<String> = [
        part("MAE", before.mae, after.mae),
        part("MFE", before.mfe, after.mfe),
    ]
    .into_iter()
    .flatten()
    .collect();
    if parts.is_empty() {
        String::new()
    } else {
        format!(": {}", parts.join(", "))
    }
}

fn leg(side: &str, leg: &Leg) -> String {
    match leg {
        Leg::Ticket(ticket) => format!("{side} (ticket {ticket})"),
        Leg::Net | Leg::Long | Leg::Short | Leg::Pending => side.to_owned(),
    }
}

fn money_moved(what: &str, amount: Amount, asset: &str) -> Words {
    let verb = if amount.is_negative() {
        "paid"
    } else {
        "received"
    };
    let amount = numbers::money(amount.magnitude().as_amount());
    Words::plain(format!("{what} {verb}: {amount} {asset}"))
}

fn reported(event: &PositionReported) -> Words {
    let venue = numbers::units(event.report.quantity);
    let price = event
        .report
        .entry_price
        .map(|price| format!(" @ {}", numbers::exact_price(price)))
        .unwrap_or_default();
    if event.difference.is_zero() {
        return Words::quiet(format!("venue reports {venue}{price}: agrees"));
    }
    Words::alarm(format!(
        "venue reports {venue}{price}, we hold {}: DIFFERS by {}",
        numbers::units(event.ours),
        numbers::units(event.difference)
    ))
}

fn state_changed(from: Option<PositionState>, to: PositionState, cause: StateCause) -> Words {
    let from = from.map_or("new", PositionState::as_str);
    let text = format!("{from} → {to}: {}", label(cause.as_str()));
    let tone = match to {
        PositionState::Failed => Tone::Alarm,
        PositionState::Created
        | PositionState::Submitting
        | PositionState::Open
        | PositionState::Monitoring
        | PositionState::Trailing
        | PositionState::Closing
        | PositionState::Closed
        | PositionState::Canceled => Tone::Name,
    };
    Words::new(tone, text)
}

fn scope(scope: &BulkScope) -> String {
    match scope {
        BulkScope::All => "everything".to_owned(),
        BulkScope::Gaining => "all that gain".to_owned(),
        BulkScope::Losing => "all that lose".to_owned(),
        BulkScope::Strategy(strategy) => format!("all of strategy {strategy}"),
        BulkScope::Symbol(symbol) => format!("all in {symbol}"),
    }
}

fn finding(class: FindingClass, ours: Option<String>, venue: Option<String>) -> String {
    let what = match class {
        FindingClass::Quantity => "quantities differ",
        FindingClass::EntryPrice => "entry prices differ",
        FindingClass::RealizedPnl => "realized PnL differs",
        FindingClass::MissingFill => "a fill is MISSING",
        FindingClass::OpenedOutside => "the venue holds a position that we do not know",
        FindingClass::ClosedOutside => "we hold a position that the venue does not know",
    };
    let unknown = || "unknown".to_owned();
    format!(
        "{what}: ours {}, the venue's {}",
        ours.unwrap_or_else(unknown),
        venue.unwrap_or_else(unknown)
    )
}
