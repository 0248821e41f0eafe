//! A story as changes only: for each record the fields it moved, from what to what.

use console::measure_text_width;
use protocol::views::{CorrectionsView, PositionView, Tabular};

use super::story::Story;
use super::words::{who, words};
use crate::render::{Look, Tone, moments};

/// Fields that change with every record and say nothing.
const UNTOLD: [&str; 1] = ["last_sequence"];

/// How a field says that nothing is in it.
const NOTHING: [&str; 4] = ["0", "{}", "[]", r#"{"fees":{},"funding":{}}"#];

/// Each step with the fields that it changed.
pub(crate) fn diff(story: &Story, look: Look) -> String {
    let mut text = String::new();
    let mut before: Vec<String> = vec![String::new(); PositionView::COLUMNS.len()];
    for step in &story.steps {
        let words = words(step);
        let head = format!(
            "{:>6}  {} {}  {}",
            step.record.sequence.to_string(),
            step.record.occurred_at.day(),
            moments::time(step.record.occurred_at),
            who(&step.record.actor)
        );
        let head = look.ink.paint(Tone::Quiet, &head);
        text += &format!("{head}  {}\n", look.ink.paint(words.tone, &words.text));
        let Some(view) = step.view(CorrectionsView::default()) else {
            continue;
        };
        let after = view.row();
        text += &changes(&before, &after, look);
        before = after;
    }
    text
}

fn changes(before: &[String], after: &[String], look: Look) -> String {
    let changed: Vec<(&str, &str, &str)> = PositionView::COLUMNS
        .iter()
        .zip(before.iter().zip(after))
        .filter(|(column, (before, after))| before != after && !UNTOLD.contains(column))
        // That a new position has nothing in a field is no news.
        .filter(|(_, (before, after))| !(before.is_empty() && NOTHING.contains(&after.as_str())))
        .map(|(column, (before, after))| (*column, before.as_str(), after.as_str()))
        .collect();
    let names = changed
        .iter()
        .map(|(column, _, _)| measure_text_width(column));
    let width = names.max().unwrap_or_default();
    let mut text = String::new();
    for (column, before, after) in changed {
        let name = look.ink.paint(Tone::Name, &format!("{column:width$}"));
        let from = look
            .ink
            .paint(Tone::Quiet, if before.is_empty() { "–" } else { before });
        let to = if after.is_empty() { "–" } else { after };
        text += &format!("        {name}  {from} → {to}\n");
    }
    text
}
