//! The `export` command: all projections at one sequence.

use export::{Export, TableWriter};
use indicatif::ProgressBar;
use ledger::{Sequence, Timestamp};
use query::{EventQuery, FillQuery, OrderQuery, PositionQuery, StatsQuery, TradeQuery};

use crate::Outcome;
use crate::arguments;
use crate::failure::Failure;
use crate::render::{Tone, numbers};
use crate::screen::{Screen, Unit};
use crate::source::{Ask, Source};

/// What statistics are grouped by, each in a file of its own.
const GROUPS: [&str; 4] = ["day", "symbol", "strategy", "account"];

/// The moment that all tables show.
struct Moment {
    as_of: Option<String>,
    clock: Option<String>,
}

/// Writes tables, all of one moment.
struct Snapshot<'a> {
    source: &'a Source,
    moment: Moment,
    export: Export,
    bar: ProgressBar,
}

pub(crate) fn run(
    arguments: &arguments::Export,
    source: &Source,
    screen: &mut Screen<'_>,
) -> Result<Outcome, Failure> {
    let export = Export::begin(&arguments.out, arguments.format)?;
    let head = source.ready()?.sequence;
    // A daemon goes on while its pages are read, so that a moment is named for all of them; a journal
    // opened here stands still, and what is there now is there without a fold over the past.
    let as_of = match (&arguments.when.as_of, source) {
        (Some(as_of), _) => Some(as_of.clone()),
        (None, Source::Daemon(_)) => Some(head.to_string()),
        (None, Source::Directory(_)) => None,
    };
    let moment = Moment {
        as_of,
        clock: arguments.when.clock(),
    };
    let bar = screen.progress("exporting", 0, Unit::Records);
    let mut snapshot = Snapshot {
        source,
        moment,
        export,
        bar,
    };
    let sequence = snapshot.tables()?;
    if arguments.events {
        snapshot.events(sequence)?;
    }
    let Snapshot { export, bar, .. } = snapshot;
    bar.finish_and_clear();
    let manifest = export.finish(export::Moment {
        sequence,
        journal_hash: hash_at(sequence, source)?,
        genesis: match source {
            Source::Directory(directory) => Some(directory.reader().status().genesis.to_string()),
            Source::Daemon(_) => None,
        },
        created_at: now(),
        as_of: arguments.when.as_of.clone(),
        clock: arguments.when.clock(),
    })?;
    for table in &manifest.tables {
        let rows = numbers::count(table.rows);
        screen.print(&format!("{rows:>12}  {}\n", table.file))?;
    }
    let text = format!(
        "as of record {sequence}, in `{}`; manifest.json has the hashes",
        arguments.out.display()
    );
    screen.flush()?;
    screen.note(Tone::Quiet, &text);
    Ok(Outcome::Done)
}

impl Snapshot<'_> {
    /// Every projection; returns the sequence that they show.
    fn tables(&mut self) -> Result<Sequence, Failure> {
        let (as_of, clock) = (self.moment.as_of.clone(), self.moment.clock.clone());
        let positions = PositionQuery {
            as_of: as_of.clone(),
            clock: clock.clone(),
            ..PositionQuery::default()
        };
        let trades = TradeQuery {
            as_of: as_of.clone(),
            clock: clock.clone(),
            ..TradeQuery::default()
        };
        let orders = OrderQuery {
            as_of: as_of.clone(),
            clock: clock.clone(),
            ..OrderQuery::default()
        };
        let fills = FillQuery {
            as_of: as_of.clone(),
            clock: clock.clone(),
            ..FillQuery::default()
        };
        let sequence = self.table("positions", &positions)?;
        self.table("trades", &trades)?;
        self.table("orders", &orders)?;
        self.table("fills", &fills)?;
        for group in GROUPS {
            let stats = StatsQuery {
                by: Some(group.to_owned()),
                as_of: as_of.clone(),
                clock: clock.clone(),
                ..StatsQuery::default()
            };
            self.table(&format!("stats_by_{group}"), &stats)?;
        }
        Ok(sequence)
    }

    fn table<Q: Ask>(&mut self, name: &str, question: &Q) -> Result<Sequence, Failure> {
        let bar = &self.bar;
        let mut table: TableWriter<'_> = self.export.table::<Q::Item>(name)?;
        let (sequence, _) = self.source.pages(question, None, |_, items| {
            let count = u64::try_from(items.len()).unwrap_or(u64::MAX);
            bar.inc_length(count);
            for item in &items {
                table.push(item)?;
            }
            bar.inc(count);
            Ok(())
        })?;
        table.finish()?;
        Ok(sequence)
    }

    /// The journal up to `last`.
    fn events(&mut self, last: Sequence) -> Result<(), Failure> {
        let bar = &self.bar;
        bar.inc_length(last.get());
        let mut table = self.export.table::<protocol::views::EventView>("events")?;
        let mut from = Sequence::FIRST;
        while from <= last {
            let question = EventQuery {
                from: Some(from.get()),
                limit: Some(query::LIMIT_MAX),
                ..EventQuery::default()
            };
            let page = self.source.page(&question)?;
            let Some(end) = page.items.last().map(|event| event.sequence) else {
                break;
            };
            for event in page.items.iter().filter(|event| event.sequence <= last) {
                table.push(event)?;
                bar.inc(1);
            }
            from = end.next();
        }
        Ok(table.finish()?)
    }
}

/// The hash of the frame that holds the record, which chains it to all before it.
fn hash_at(sequence: Sequence, source: &Source) -> Result<Option<String>, Failure> {
    let question = EventQuery {
        from: Some(sequence.get()),
        limit: Some(1),
        ..EventQuery::default()
    };
    if sequence == Sequence::ZERO {
        return Ok(None);
    }
    let page = source.page(&question)?;
    Ok(page.items.first().map(|event| event.frame.hash.clone()))
}

fn now() -> Timestamp {
    use engine::Clock as _;
    engine::SystemClock.now()
}
