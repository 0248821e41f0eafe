//! The `replay` command.

use ledger::PositionId;
use protocol::views::{EventView, PositionView};
use query::MomentQuery;
use serde::Serialize;

use super::{Story, card, diff, timeline};
use crate::Outcome;
use crate::arguments::{Replay, TextFormat, When};
use crate::failure::Failure;
use crate::render::Tone;
use crate::screen::Screen;
use crate::source::Source;

/// A position with all that happened to it.
#[derive(Serialize)]
struct Document<'a> {
    position: &'a PositionView,
    events: &'a [EventView],
}

/// A story with what the ledger shows of the same position at the same moment.
pub(crate) struct Told {
    pub(crate) story: Story,
    pub(crate) events: Vec<EventView>,
    pub(crate) shown: PositionView,
}

impl Told {
    /// Reads a position's records and folds them.
    pub(crate) fn of(name: &str, when: &When, source: &Source) -> Result<Self, Failure> {
        let id: PositionId = source.resolve(name)?;
        let moment = MomentQuery {
            as_of: when.as_of.clone(),
            clock: when.clock(),
        };
        let shown = source.position(id, &moment)?;
        let events = source.position_events(id, &moment)?;
        let story = Story::of(id, &events)
            .map_err(|(sequence, source)| Failure::Event { sequence, source })?;
        Ok(Self {
            story,
            events,
            shown,
        })
    }

    /// The position rebuilt from its records, with the mark that the ledger has.
    pub(crate) fn rebuilt(&self) -> Option<PositionView> {
        let mut view = self.story.view()?;
        view.mark_price = self.shown.mark_price;
        view.unrealized_pnl = self.shown.unrealized_pnl;
        Some(view)
    }
}

pub(crate) fn run(
    replay: &Replay,
    source: &Source,
    screen: &mut Screen<'_>,
) -> Result<Outcome, Failure> {
    let told = Told::of(&replay.position, &replay.when, source)?;
    let rebuilt = told.rebuilt();
    let view = rebuilt.as_ref().unwrap_or(&told.shown);
    match replay.format {
        TextFormat::Json => screen.print_json(&Document {
            position: view,
            events: &told.events,
        })?,
        TextFormat::Text => {
            let look = screen.look();
            let body = if replay.diff {
                diff(&told.story, look)
            } else {
                timeline(&told.story, look)
            };
            let card = card(view, &told.story, look);
            screen.print(&format!("{card}\n{body}"))?;
        }
    }
    screen.flush()?;
    Ok(agree(rebuilt.as_ref(), &told, screen))
}

/// Whether the ledger shows what the journal says.
fn agree(rebuilt: Option<&PositionView>, told: &Told, screen: &mut Screen<'_>) -> Outcome {
    let records = told.story.steps.len();
    let is_same = rebuilt.is_some_and(|rebuilt| {
        // Records between the fold and the question are no difference.
        rebuilt.last_sequence != told.shown.last_sequence || *rebuilt == told.shown
    });
    if is_same {
        let text = format!("rebuilt from {records} records; the ledger shows the same");
        screen.note(Tone::Quiet, &text);
        return Outcome::Done;
    }
    let text = format!(
        "rebuilt from {records} records, and the ledger shows something ELSE: run `posledger verify`"
    );
    screen.note(Tone::Alarm, &text);
    Outcome::Findings
}
