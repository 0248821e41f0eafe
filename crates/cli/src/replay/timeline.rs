//! Every record of a position, one below the other: what follows from a record is indented under it, and
//! a run of marks is one line.

use std::collections::BTreeSet;

use console::{measure_text_width, truncate_str};
use ledger::{Amount, Event, Flag, Position, Timestamp};

use super::story::{Step, Story};
use super::words::{Words, extremes, flag_tone, flags, label, who, words};
use crate::render::{Look, Tone, moments, numbers};

/// From here on a fact is late, where the ledger was running when it happened.
const LATE_NANOSECONDS: i64 = 60_000_000_000;

/// The widest name of who asked.
const WHO_MAX: usize = 14;

/// So many marks in a row are told in one line.
const MARKS_TOLD: usize = 3;

/// Between two columns.
const GAP: &str = "  ";

/// One step, ready to be laid out.
struct Line {
    sequence: String,
    day: String,
    time: String,
    who: String,
    words: Words,
    /// What is worth a second look, each in its tone.
    marks: Vec<(Tone, String)>,
    /// Quantity, average entry and realized, where they moved.
    numbers: [String; 3],
    realized_tone: Tone,
    is_consequence: bool,
    is_last: bool,
}

/// The whole story as lines.
pub(crate) fn timeline(story: &Story, look: Look) -> String {
    let lines = lines(story);
    let layout = Layout::of(&lines, look);
    let mut text = layout.header();
    let mut day = "";
    for line in &lines {
        if line.day != day {
            text += &format!("{}\n", look.ink.paint(Tone::Strong, &line.day));
            day = &line.day;
        }
        text += &layout.line(line);
    }
    text
}

fn lines(story: &Story) -> Vec<Line> {
    let mut lines = Vec::with_capacity(story.steps.len());
    let mut before: Option<&Position> = None;
    let mut shown: BTreeSet<Flag> = BTreeSet::new();
    let lateness = Lateness::of(story);
    let mut latest = None;
    let runs = story.steps.chunk_by(|a, b| is_mark(a) && is_mark(b));
    let runs = runs.flat_map(|run| {
        // A few marks are told one by one.
        let size = if run.len() < MARKS_TOLD { 1 } else { run.len() };
        run.chunks(size)
    });
    let mut runs = runs.peekable();
    while let Some(run) = runs.next() {
        let (Some(step), Some(last)) = (run.first(), run.last()) else {
            continue;
        };
        let mut marks = Vec::new();
        if !step.is_consequence
            && let Some(late) = lateness.of_step(step, latest)
        {
            marks.push((Tone::Warning, late));
        }
        latest = latest.max(Some(last.record.occurred_at));
        for flag in flags(&step.record.event) {
            // The same oddity of every fill is told once; what is an alarm is told every time.
            if shown.insert(flag) || flag_tone(flag) == Tone::Alarm {
                marks.push((flag_tone(flag), format!("⚑ {}", label(flag.as_str()))));
            }
        }
        let next = runs.peek().and_then(|run| run.first());
        lines.push(Line {
            sequence: step.record.sequence.to_string(),
            day: step.record.occurred_at.day(),
            time: moments::time(step.record.occurred_at),
            who: who(&step.record.actor),
            words: if run.len() > 1 {
                run_of_marks(run)
            } else {
                words(step)
            },
            marks,
            numbers: moved(before, last.position.as_ref()),
            realized_tone: last.position.as_ref().map_or(Tone::Plain, |position| {
                numbers::tone(position.numbers.realized_pnl)
            }),
            is_consequence: step.is_consequence,
            is_last: next.is_none_or(|next| !next.is_consequence),
        });
        before = last.position.as_ref().or(before);
    }
    lines
}

fn is_mark(step: &Step) -> bool {
    matches!(step.record.event, Event::PriceExtremeObserved(_))
}

/// Marks that follow one another, in one line.
fn run_of_marks(run: &[Step]) -> Words {
    let price = |step: Option<&Step>| {
        let Some(Event::PriceExtremeObserved(event)) = step.map(|step| &step.record.event) else {
            return String::new();
        };
        numbers::exact_price(event.mark_price)
    };
    let until = run
        .last()
        .map(|step| moments::time(step.record.occurred_at));
    let before = run.first().map(|step| step.seen).unwrap_or_default();
    let after = run.last().and_then(|step| step.position.as_ref());
    let moved = after.map(|position| extremes(&before, &position.extremes));
    Words {
        text: format!(
            "{} marks to {}, {} → {}{}",
            run.len(),
            until.unwrap_or_default(),
            price(run.first()),
            price(run.last()),
            moved.unwrap_or_default()
        ),
        tone: Tone::Quiet,
    }
}

/// The numbers that a step moved.
fn moved(before: Option<&Position>, after: Option<&Position>) -> [String; 3] {
    let Some(after) = after else {
        return Default::default();
    };
    let part = |number: fn(&Position) -> Option<Amount>, show: fn(Amount) -> String| {
        // What looks the same did not move for a person.
        let was = before.and_then(number).map(show);
        let now = number(after).map(show);
        if now == was {
            String::new()
        } else {
            now.unwrap_or_default()
        }
    };
    let held = |position: &Position| (position.fills > 0).then_some(position.numbers.quantity);
    let realized = |position: &Position| {
        let realized = position.numbers.realized_pnl;
        (!realized.is_zero() || !position.exit_quantity.is_zero()).then_some(realized)
    };
    [
        part(held, numbers::units),
        part(Position::entry_price, numbers::price),
        part(realized, numbers::gain),
    ]
}

/// When a record counts as late.
struct Lateness {
    /// Whether the ledger was running while the position lived, rather than reading it afterwards.
    is_live: bool,
}

impl Lateness {
    fn of(story: &Story) -> Self {
        let delay = |step: &Step| {
            step.record
                .recorded_at
                .nanoseconds_since(step.record.occurred_at)
        };
        Self {
            is_live: story.steps.iter().map(delay).min().unwrap_or_default() < LATE_NANOSECONDS,
        }
    }

    fn of_step(&self, step: &Step, latest: Option<Timestamp>) -> Option<String> {
        let record = &step.record;
        let delay = record.recorded_at.nanoseconds_since(record.occurred_at);
        if self.is_live && delay > LATE_NANOSECONDS {
            return Some(format!("⧗ recorded {} late", moments::span(delay)));
        }
        let behind = latest?.nanoseconds_since(record.occurred_at);
        (behind > 0).then(|| format!("⧗ out of order by {}", moments::span(behind)))
    }
}

/// The widths of the columns.
struct Layout {
    look: Look,
    sequence: usize,
    time: usize,
    who: usize,
    what: usize,
    numbers: [usize; 3],
}

const TITLES: [&str; 3] = ["quantity", "avg entry", "realized"];

impl Layout {
    fn of(lines: &[Line], look: Look) -> Self {
        let widest = |text: &dyn Fn(&Line) -> &str, title: &str| {
            let widths = lines.iter().map(|line| measure_text_width(text(line)));
            widths
                .max()
                .unwrap_or_default()
                .max(measure_text_width(title))
        };
        let sequence = widest(&|line| &line.sequence, "seq");
        let time = widest(&|line| &line.time, "time");
        let who = widest(&|line| &line.who, "who").min(WHO_MAX);
        let number = |at: usize, title: &str| {
            let text = |line: &Line| {
                line.numbers
                    .get(at)
                    .map_or(0, |text| measure_text_width(text))
            };
            let widest = lines.iter().map(text).max().unwrap_or_default();
            // A column in which nothing moved is not there.
            if widest == 0 {
                0
            } else {
                widest.max(measure_text_width(title))
            }
        };
        let [first, second, third] = TITLES;
        let numbers = [number(0, first), number(1, second), number(2, third)];
        let gaps = numbers
            .iter()
            .filter(|width| **width > 0)
            .count()
            .saturating_add(3);
        let used = [sequence, time, who]
            .iter()
            .chain(&numbers)
            .sum::<usize>()
            .saturating_add(gaps.saturating_mul(GAP.len()));
        Self {
            look,
            sequence,
            time,
            who,
            what: look.width.saturating_sub(used).max(24),
            numbers,
        }
    }

    fn header(&self) -> String {
        let (sequence, time, who, what) = (self.sequence, self.time, self.who, self.what);
        let mut text = format!(
            "{:>sequence$}{GAP}{:time$}{GAP}{:who$}{GAP}{:what$}",
            "seq", "time", "who", "what happened"
        );
        for (title, width) in TITLES.iter().zip(self.numbers) {
            if width > 0 {
                text += &format!("{GAP}{title:>width$}");
            }
        }
        let rule = "─".repeat(self.look.width);
        let ink = self.look.ink;
        format!(
            "{}\n{}\n",
            ink.paint(Tone::Quiet, text.trim_end()),
            ink.paint(Tone::Quiet, &rule)
        )
    }

    /// A step: its words in as many lines as they need, its numbers on the first.
    fn line(&self, line: &Line) -> String {
        let ink = self.look.ink;
        let (first, other) = match (line.is_consequence, line.is_last) {
            (false, _) => ("", "  "),
            (true, false) => ("├ ", "│   "),
            (true, true) => ("└ ", "    "),
        };
        let room = self.what.saturating_sub(measure_text_width(other));
        let mut text = String::new();
        for (at, words) in wrap(&line.words.text, room).into_iter().enumerate() {
            let branch = if at == 0 { first } else { other };
            let indented = measure_text_width(branch).saturating_add(measure_text_width(&words));
            let what = ink.paint(Tone::Quiet, branch) + &ink.paint(line.words.tone, &words);
            if at == 0 {
                let padding = " ".repeat(self.what.saturating_sub(indented));
                let start = self.start(line) + &what;
                let end = self.end(line);
                text += &if end.is_empty() {
                    start
                } else {
                    start + &padding + &end
                };
            } else {
                text += &(self.blank() + &what);
            }
            text.push('\n');
        }
        if !line.marks.is_empty() {
            let marks: Vec<String> = line
                .marks
                .iter()
                .map(|(tone, mark)| ink.paint(*tone, mark))
                .collect();
            let branch = ink.paint(Tone::Quiet, other);
            text += &format!("{}{branch}{}\n", self.blank(), marks.join("  "));
        }
        text
    }

    /// Sequence, time and who; what follows from another record shares them.
    fn start(&self, line: &Line) -> String {
        let (sequence, time, who) = (self.sequence, self.time, self.who);
        let ink = self.look.ink;
        let number = ink.paint(Tone::Quiet, &format!("{:>sequence$}", line.sequence));
        if line.is_consequence {
            return format!("{number}{GAP}{:time$}{GAP}{:who$}{GAP}", "", "");
        }
        let name = truncate_str(&line.who, who, "…");
        let padding = " ".repeat(who.saturating_sub(measure_text_width(&name)));
        let name = ink.paint(Tone::Name, &name);
        format!("{number}{GAP}{:time$}{GAP}{name}{padding}{GAP}", line.time)
    }

    fn blank(&self) -> String {
        let start = self
            .sequence
            .saturating_add(self.time)
            .saturating_add(self.who);
        " ".repeat(start.saturating_add(GAP.len().saturating_mul(3)))
    }

    fn end(&self, line: &Line) -> String {
        if line.numbers.iter().all(String::is_empty) {
            return String::new();
        }
        let tones = [Tone::Plain, Tone::Plain, line.realized_tone];
        let cells = line.numbers.iter().zip(self.numbers).zip(tones);
        let cells = cells.filter(|((_, width), _)| *width > 0);
        let mut text = String::new();
        for ((number, width), tone) in cells {
            let number = self.look.ink.paint(tone, &format!("{number:>width$}"));
            text += &format!("{GAP}{number}");
        }
        if self.look.ink.is_enabled() {
            text
        } else {
            text.trim_end().to_owned()
        }
    }
}

/// The text in lines of at most `width`, broken between words but not within a number.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in words_of(text) {
        let Some(line) = lines.last_mut() else { break };
        let needed = measure_text_width(line).saturating_add(measure_text_width(word));
        if line.is_empty() {
            line.push_str(word);
        } else if needed < width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// The words of a text; the groups of a number, as in `66 712.7`, are one word.
fn words_of(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = 0;
    for (at, _) in text.match_indices(' ') {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text
            .get(at.saturating_add(1)..)
            .and_then(|after| after.chars().next());
        let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        if digit(before) && digit(after) {
            continue;
        }
        words.extend(text.get(start..at));
        start = at.saturating_add(1);
    }
    words.extend(text.get(start..));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_not_broken_within_a_number() {
        assert_eq!(
            wrap("sold 0.029 @ 66 712.7 (fill 811, maker)", 20),
            ["sold 0.029 @", "66 712.7 (fill 811,", "maker)"]
        );
        assert_eq!(wrap("", 20), [""]);
        assert_eq!(
            wrap("unbreakablywideword x", 5),
            ["unbreakablywideword", "x"]
        );
    }
}
