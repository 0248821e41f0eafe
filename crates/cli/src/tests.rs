//! What people see of a small fixed journal, as files in `tests/snapshots`. After an intended change:
//! `POSLEDGER_BLESS=1 cargo test -p cli`, and look at the difference.

use std::path::{Path, PathBuf};

use ledger::{Event, PositionId, Record};
use protocol::views::{
    CorrectionsView, EventView, FillView, FrameView, OrderView, PositionView, StatsView,
};
use testkit::memory::{Memory, MemoryLedger};
use testkit::scenario;

use crate::explain::{Explanation, Field};
use crate::render::table::Table;
use crate::render::{Ink, Look, listings};
use crate::replay::{Story, Told, card, diff, timeline};

/// A journal in memory, played from a page.
struct Day {
    ledger: MemoryLedger,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

impl Day {
    fn play(page: &Path) -> Self {
        let mut ledger = MemoryLedger::new(Memory::Whole);
        let (faults, _) = scenario::play(page, &mut ledger);
        assert!(faults.is_empty(), "{faults:?}");
        Self { ledger }
    }

    fn story() -> Self {
        Self::play(&folder().join("story.ledger"))
    }

    /// The records of a position, with the fill that opened it by a flip.
    fn events(&self, id: PositionId) -> Vec<EventView> {
        let records = self.ledger.journal();
        let cause = records
            .iter()
            .find(|record| {
                matches!(&record.event, Event::PositionFlipped(event) if event.opened == id)
            })
            .and_then(|record| record.causation);
        let of_story =
            |record: &&Record| record.position_id == Some(id) || Some(record.sequence) == cause;
        let view = |record| EventView::from_record(record, FrameView::default());
        records.iter().filter(of_story).map(view).collect()
    }

    /// The positions, oldest first.
    fn ids(&self) -> Vec<PositionId> {
        let mut positions = self.ledger.all_positions();
        positions.sort_by_key(|position| position.first_sequence);
        positions.into_iter().map(|position| position.id).collect()
    }

    fn told(&self, number: usize) -> Told {
        let id = self.ids()[number];
        let events = self.events(id);
        let story = Story::of(id, &events).unwrap();
        let mut shown = story.view().unwrap();
        let ledger = self.ledger.ledger();
        let position = ledger.position(id).unwrap();
        if !position.is_final() {
            shown.unrealized_pnl = ledger.unrealized_pnl(position);
            let mark = ledger.mark(&position.account.instrument(&position.symbol));
            shown.mark_price = mark.map(|mark| mark.price);
        }
        Told {
            story,
            events,
            shown,
        }
    }

    fn positions(&self) -> Vec<PositionView> {
        (0..self.ids().len())
            .map(|number| self.told(number).shown)
            .collect()
    }

    fn fills(&self) -> Vec<FillView> {
        let records = self.ledger.journal();
        let opened = |fill: &Record| {
            records.iter().find(|record| {
                record.causation == Some(fill.sequence)
                    && matches!(record.event, Event::PositionOpened(_))
            })
        };
        records
            .iter()
            .filter_map(|record| FillView::from_records(record, opened(record)))
            .collect()
    }
}

const PLAIN: Look = Look {
    width: 100,
    ink: Ink::new(false),
};

/// Compares with the file, or writes it.
fn check(name: &str, found: &str) {
    let path = folder().join("snapshots").join(name);
    if std::env::var_os("POSLEDGER_BLESS").is_some() {
        std::fs::write(&path, found).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "{} differs; if this is intended, run again with POSLEDGER_BLESS=1\n{found}",
        path.display()
    );
    let widest = found
        .lines()
        .map(console::measure_text_width)
        .max()
        .unwrap_or_default();
    assert!(widest <= PLAIN.width, "{widest} columns");
}

fn replay(told: &Told, look: Look) -> String {
    let view = told.rebuilt().unwrap();
    format!(
        "{}\n{}",
        card(&view, &told.story, look),
        timeline(&told.story, look)
    )
}

#[test]
fn a_replay_tells_the_story() {
    let day = Day::story();
    check("replay_long.txt", &replay(&day.told(0), PLAIN));
    check("replay_flipped.txt", &replay(&day.told(1), PLAIN));
    check("replay_flip.txt", &replay(&day.told(2), PLAIN));
}

#[test]
fn a_story_in_colour_has_the_same_words() {
    let told = Day::story().told(0);
    let ink = Ink::new(true);
    let colored = replay(&told, Look { ink, ..PLAIN });
    assert!(colored.contains("\u{1b}[31m"));
    let plain = console::strip_ansi_codes(&colored);
    let trimmed = |text: &str| {
        text.lines()
            .map(|line| line.trim_end().to_owned())
            .collect()
    };
    let (plain, expected): (Vec<String>, Vec<String>) =
        (trimmed(&plain), trimmed(&replay(&told, PLAIN)));
    assert_eq!(plain, expected);
}

#[test]
fn a_diff_shows_what_each_record_changed() {
    check_wide("diff_long.txt", &diff(&Day::story().told(0).story, PLAIN));
}

/// A diff has values of any length.
fn check_wide(name: &str, found: &str) {
    let path = folder().join("snapshots").join(name);
    if std::env::var_os("POSLEDGER_BLESS").is_some() {
        std::fs::write(&path, found).unwrap();
    }
    assert_eq!(found, std::fs::read_to_string(&path).unwrap_or_default());
}

#[test]
fn every_number_is_explained_by_its_events() {
    let day = Day::story();
    let mut text = String::new();
    for number in 0..3 {
        let told = day.told(number);
        for field in Field::ALL {
            let explanation = Explanation::of(field, &told);
            assert!(explanation.agrees, "{explanation:?}");
            if number == 0 || field == Field::RealizedPnl || field == Field::UnrealizedPnl {
                text += &explanation.render(&told.shown, PLAIN);
                text += "\n\n";
            }
        }
    }
    check("explain.txt", &text);
}

#[test]
fn an_explanation_that_does_not_end_in_what_is_shown_says_so() {
    let mut told = Day::story().told(0);
    told.shown.realized_pnl = "1".parse().unwrap();
    let explanation = Explanation::of(Field::RealizedPnl, &told);
    assert!(!explanation.agrees);
    assert!(
        explanation
            .render(&told.shown, PLAIN)
            .contains("but the ledger shows 1:")
    );
}

#[test]
fn listings_fit_and_align() {
    let day = Day::story();
    let positions = day.positions();
    let orders: Vec<OrderView> = day.ledger.ledger().orders().map(OrderView::from).collect();
    let stats = StatsView {
        group: "BTCUSDT".to_owned(),
        trades: 12,
        wins: 7,
        losses: 5,
        open: 1,
        realized_pnl: "1240.5".parse().unwrap(),
        unrealized_pnl: "-3.2".parse().ok(),
        gross_profit: "1400".parse().unwrap(),
        gross_loss: "-159.5".parse().unwrap(),
        ..StatsView::default()
    };
    let render = |table: Table, width| {
        let (text, hidden) = table.render(Look { width, ..PLAIN });
        format!("{text}({} hidden)\n\n", hidden.join(", "))
    };
    let text = render(listings::positions(&positions), 100)
        + &render(listings::positions(&positions), 70)
        + &render(listings::trades(&positions[..2]), 100)
        + &render(listings::orders(&orders), 100)
        + &render(listings::fills(&day.fills()), 100)
        + &render(listings::stats(&[stats.with_ratios()]), 100);
    check("listings.txt", &text);
}

#[test]
fn late_corrections_are_shown_apart() {
    let told = Day::story().told(0);
    let corrections: &CorrectionsView = &told.shown.corrections;
    assert_eq!(corrections.fees.len(), 1);
    assert!(card(&told.shown, &told.story, PLAIN).contains("0.25 USDT after the end"));
}
