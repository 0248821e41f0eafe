//! The head of a story: what the position was and what it came to.

use std::collections::BTreeMap;

use console::measure_text_width;
use ledger::{
    Amount, Asset, Event, FillEffect, Mode, Origin, Position, PositionSide, PositionState, Price,
};
use protocol::views::PositionView;

use super::path::bars;
use super::story::{Step, Story};
use super::words::{flag_tone, label};
use crate::render::{Look, Tone, moments, numbers};

/// The width of a name in the card.
const NAME: usize = 10;

/// Bars in a path at most.
const PATH: usize = 48;

/// One fact of the card.
struct Entry {
    name: &'static str,
    text: String,
    tone: Tone,
}

/// The card of `view`; the paths come from the story's steps.
pub(crate) fn card(view: &PositionView, story: &Story, look: Look) -> String {
    let mut text = headline(view, look);
    let id = format!("position {}", view.position_id);
    text += &format!("{}\n", look.ink.paint(Tone::Quiet, &id));
    text += &format!("{}\n", look.ink.paint(Tone::Quiet, &"─".repeat(look.width)));
    let origin = format!(
        " · {}",
        if view.origin == Origin::External {
            "not asked for here"
        } else {
            "by intent"
        }
    );
    let mut entries = Entries::default();
    entries.add(
        "account",
        format!("{}:{}:{}{origin}", view.venue, view.mode, view.account),
    );
    entries.maybe("strategy", view.strategy.as_ref());
    entries.maybe("trader", view.trader.as_ref());
    entries.maybe(
        "signal",
        view.signal.as_ref().map(|signal| match &signal.source {
            Some(source) => format!("{} from {source}", signal.id),
            None => signal.id.to_string(),
        }),
    );
    times(view, &mut entries);
    quantities(view, &mut entries);
    results(view, &mut entries);
    protections(view, &mut entries);
    entries.maybe(
        "context",
        list(&view.context, |value| numbers::price(*value)),
    );
    entries.maybe("metadata", list(&view.metadata, ToString::to_string));
    shares(view, &mut entries);
    text += &entries.grid(look);
    text += &flags(view, look);
    text += &paths(story, look);
    text
}

/// Symbol, side and state on the left, the result on the right.
fn headline(view: &PositionView, look: Look) -> String {
    let side = match view.side {
        PositionSide::Long => Tone::Good,
        PositionSide::Short => Tone::Bad,
    };
    let state = match view.state {
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
    let mut left = vec![
        (Tone::Strong, view.symbol.to_string()),
        (side, view.side.to_string().to_uppercase()),
        (state, view.state.to_string()),
    ];
    if view.mode != Mode::Live {
        // What is not real must not be taken for it.
        left.push((Tone::Warning, view.mode.to_string().to_uppercase()));
    }
    let unrealized = view.unrealized_pnl.filter(|_| !view.quantity.is_zero());
    let result = if view.fills == 0 {
        "never held".to_owned()
    } else if let Some(unrealized) = unrealized {
        format!(
            "{}{} unrealized",
            numbers::gain(unrealized),
            settlement(view)
        )
    } else {
        let percent = view
            .realized_pnl_percent
            .filter(|_| !view.realized_pnl.is_zero())
            .map(|percent| format!("  {}", numbers::percent(percent)))
            .unwrap_or_default();
        let unit = settlement(view);
        format!("{}{unit}{percent}", numbers::gain(view.realized_pnl))
    };
    let plain: Vec<&str> = left.iter().map(|(_, text)| text.as_str()).collect();
    let used = measure_text_width(&plain.join("  ")).saturating_add(measure_text_width(&result));
    let left: Vec<String> = left
        .iter()
        .map(|(tone, text)| look.ink.paint(*tone, text))
        .collect();
    format!(
        "{}{}{}\n",
        left.join("  "),
        " ".repeat(look.width.saturating_sub(used).max(2)),
        look.ink.paint(
            numbers::tone(unrealized.unwrap_or(view.realized_pnl)),
            &result
        )
    )
}

fn settlement(view: &PositionView) -> String {
    let asset = view
        .terms
        .as_ref()
        .and_then(|terms| terms.settlement_asset.as_ref());
    asset.map(|asset| format!(" {asset}")).unwrap_or_default()
}

fn times(view: &PositionView, entries: &mut Entries) {
    match view.opened_at {
        Some(at) => entries.add("opened", moments::moment(at)),
        None => entries.add("asked for", moments::moment(view.created_at)),
    }
    let Some(closed) = view.closed_at else { return };
    let after = view
        .opened_at
        .map(|opened| format!(" after {}", moments::span(closed.nanoseconds_since(opened))))
        .unwrap_or_default();
    let by = view
        .exit_reason
        .as_ref()
        .map(|reason| format!(", by {}", label(reason)))
        .unwrap_or_default();
    entries.add("closed", format!("{}{after}{by}", moments::moment(closed)));
}

fn quantities(view: &PositionView, entries: &mut Entries) {
    let average = |units, price: Option<Amount>| {
        let price = price
            .map(|price| format!(" @ {}", numbers::price(price)))
            .unwrap_or_default();
        format!("{}{price}", numbers::quantity(units))
    };
    if !view.entry_quantity.is_zero() {
        entries.add("in", average(view.entry_quantity, view.entry_price));
    }
    if !view.exit_quantity.is_zero() {
        entries.add("out", average(view.exit_quantity, view.exit_price));
    }
    if !view.quantity.is_zero() {
        let cost = numbers::money(view.cost);
        entries.add(
            "held",
            format!("{}, cost {cost}", numbers::units(view.signed_quantity)),
        );
        let mark = view
            .mark_price
            .map(|mark| format!(" at mark {}", numbers::exact_price(mark)));
        if let Some(unrealized) = view.unrealized_pnl {
            let text = numbers::gain(unrealized) + &mark.unwrap_or_default();
            entries.toned("unrealized", numbers::tone(unrealized), text);
        }
    }
}

fn results(view: &PositionView, entries: &mut Entries) {
    if view.fills > 0 {
        let roe = view
            .roe
            .map(|roe| format!(", {} of margin", numbers::percent(roe)));
        let text = numbers::gain(view.realized_pnl) + &settlement(view) + &roe.unwrap_or_default();
        entries.toned("realized", numbers::tone(view.realized_pnl), text);
    }
    if let Some(venue) = view.venue_realized_pnl {
        let difference = view.pnl_difference.unwrap_or_default();
        let (tone, text) = if difference.is_zero() {
            (Tone::Plain, "the same".to_owned())
        } else {
            (
                Tone::Warning,
                format!(
                    "{}, differs by {}",
                    numbers::gain(venue),
                    numbers::gain(difference)
                ),
            )
        };
        entries.toned("venue says", tone, text);
    }
    entries.maybe("fees paid", assets(&view.fees, &view.corrections.fees));
    entries.maybe("funding", assets(&view.funding, &view.corrections.funding));
    if view.fills > 0 {
        let excursion = |money: Amount, percent: Option<Amount>| {
            // Scaling in moves the entry that the percentage is of, but not what was seen.
            let percent = percent.filter(|_| !money.is_zero());
            let percent = percent.map(|percent| format!(" ({})", numbers::percent(percent)));
            numbers::gain(money) + &percent.unwrap_or_default()
        };
        let mae = excursion(view.mae, view.mae_percent);
        entries.add(
            "MAE / MFE",
            format!("{mae} / {}", excursion(view.mfe, view.mfe_percent)),
        );
    }
}

fn protections(view: &PositionView, entries: &mut Entries) {
    entries.maybe("stop loss", view.stop_loss.map(numbers::exact_price));
    entries.maybe("target", view.take_profit.map(numbers::exact_price));
    entries.maybe(
        "trail",
        view.trail.as_ref().map(|trail| {
            let active = if trail.active {
                ", active"
            } else {
                ", not active"
            };
            format!("{} %{active}", numbers::exact(trail.callback))
        }),
    );
    entries.maybe(
        "leverage",
        view.leverage.map(|leverage| format!("{leverage}×")),
    );
    entries.maybe(
        "margin",
        view.margin.map(|margin| numbers::money(margin.as_amount())),
    );
    entries.maybe(
        "max loss",
        view.max_loss.map(|loss| numbers::money(loss.as_amount())),
    );
}

/// How the position divides among strategies, where there are several.
fn shares(view: &PositionView, entries: &mut Entries) {
    if view.attribution.len() < 2 {
        return;
    }
    for share in &view.attribution {
        let text = format!(
            "{}: {} held, realized {}",
            share.strategy,
            numbers::units(share.quantity),
            numbers::gain(share.realized_pnl)
        );
        entries.add("share", text);
    }
}

/// Sums by asset, with what came after the end.
fn assets(sums: &BTreeMap<Asset, Amount>, late: &BTreeMap<Asset, Amount>) -> Option<String> {
    let amount =
        |(asset, amount): (&Asset, &Amount)| format!("{} {asset}", numbers::money(*amount));
    let late = late
        .iter()
        .map(|sum| format!("{} after the end", amount(sum)));
    let parts: Vec<String> = sums.iter().map(amount).chain(late).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn list<K: AsRef<str>, V>(map: &BTreeMap<K, V>, show: impl Fn(&V) -> String) -> Option<String> {
    let parts: Vec<String> = map
        .iter()
        .map(|(name, value)| format!("{} {}", name.as_ref(), show(value)))
        .collect();
    (!parts.is_empty()).then(|| parts.join(" · "))
}

fn flags(view: &PositionView, look: Look) -> String {
    if view.flags.is_empty() {
        return String::new();
    }
    let flags: Vec<String> = view
        .flags
        .iter()
        .map(|flag| {
            look.ink
                .paint(flag_tone(*flag), &format!("⚑ {}", label(flag.as_str())))
        })
        .collect();
    let name = look.ink.paint(Tone::Quiet, &format!("{:NAME$} ", "flags"));
    format!("{name}{}\n", flags.join("  "))
}

/// How price, holding and result moved.
fn paths(story: &Story, look: Look) -> String {
    let prices: Vec<Amount> = story.steps.iter().filter_map(price_seen).collect();
    let states = || story.steps.iter().filter_map(|step| step.position.as_ref());
    let moved = |number: fn(&Position) -> Amount| {
        let mut numbers: Vec<Amount> = states().map(number).collect();
        numbers.dedup();
        numbers
    };
    let held = moved(|position| position.held().as_amount());
    let realized = moved(|position| position.numbers.realized_pnl);
    let range = |numbers: &[Amount], show: fn(Amount) -> String| {
        let ends = numbers
            .iter()
            .min()
            .copied()
            .zip(numbers.iter().max().copied());
        ends.map(|(low, high)| format!("{} … {}", show(low), show(high)))
            .unwrap_or_default()
    };
    let lines = [
        ("price", bars(&prices, PATH), range(&prices, numbers::price)),
        ("held", bars(&held, PATH), range(&held, numbers::units)),
        (
            "realized",
            bars(&realized, PATH),
            range(&realized, numbers::gain),
        ),
    ];
    let mut text = String::new();
    for (name, bars, range) in lines {
        // Two points are no path.
        let Some(bars) = bars.filter(|bars| bars.chars().count() > 2) else {
            continue;
        };
        let name = look.ink.paint(Tone::Quiet, &format!("{name:NAME$} "));
        text += &format!("{name}{}  {}\n", look.ink.paint(Tone::Name, &bars), range);
    }
    text
}

/// The price that a step shows.
fn price_seen(step: &Step) -> Option<Amount> {
    let price: Price = if let Event::OrderFilled(event) = &step.record.event {
        event.fill.price
    } else if let Event::PriceExtremeObserved(event) = &step.record.event {
        event.mark_price
    } else if let Event::PositionOpened(event) = &step.record.event {
        // The first half of a flip is in another position's story.
        return (!step.is_consequence)
            .then(|| opening_price(&event.effect))
            .flatten();
    } else {
        return None;
    };
    Some(Amount::of(price.get()))
}

fn opening_price(effect: &FillEffect) -> Option<Amount> {
    effect
        .extremes
        .best_price
        .map(|price| Amount::of(price.get()))
}

#[derive(Default)]
struct Entries(Vec<Entry>);

impl Entries {
    fn add(&mut self, name: &'static str, text: impl Into<String>) {
        self.toned(name, Tone::Plain, text);
    }

    fn toned(&mut self, name: &'static str, tone: Tone, text: impl Into<String>) {
        let text = text.into();
        self.0.push(Entry { name, text, tone });
    }

    fn maybe(&mut self, name: &'static str, text: Option<impl ToString>) {
        if let Some(text) = text {
            self.add(name, text.to_string());
        }
    }

    /// Two entries in a line where both fit in a half of it.
    fn grid(&self, look: Look) -> String {
        let half = look.width.checked_div(2).unwrap_or_default();
        let room = half.saturating_sub(NAME.saturating_add(3));
        let mut text = String::new();
        let mut entries = self.0.iter().peekable();
        while let Some(entry) = entries.next() {
            text += &shown(entry, look);
            let width = measure_text_width(&entry.text);
            let pair =
                entries.next_if(|next| width <= room && measure_text_width(&next.text) <= room);
            if let Some(next) = pair {
                let used = width.saturating_add(NAME).saturating_add(1);
                text += &" ".repeat(half.saturating_sub(used));
                text += &shown(next, look);
            }
            text.push('\n');
        }
        text
    }
}

fn shown(entry: &Entry, look: Look) -> String {
    let name = look
        .ink
        .paint(Tone::Quiet, &format!("{:NAME$} ", entry.name));
    format!("{name}{}", look.ink.paint(entry.tone, &entry.text))
}
