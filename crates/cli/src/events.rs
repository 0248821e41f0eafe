//! The journal as JSONL.

use std::io::BufRead;

use ledger::Sequence;
use query::EventQuery;

use crate::Outcome;
use crate::arguments::Events;
use crate::failure::Failure;
use crate::screen::Screen;
use crate::source::Source;

pub(crate) fn run(
    events: &Events,
    source: &Source,
    screen: &mut Screen<'_>,
) -> Result<Outcome, Failure> {
    match (source, events.follow) {
        (Source::Directory(_), true) => Err(Failure::NotHere(
            "--follow needs a running daemon: nobody else writes to a journal that is opened with --data",
        )),
        (Source::Directory(directory), false) => {
            for event in directory.events_from(Sequence::new(events.from)) {
                screen.print_json(&event?)?;
            }
            Ok(Outcome::Done)
        }
        (Source::Daemon(daemon), true) => {
            let mut lines = daemon.follow(events.from)?;
            let mut line = String::new();
            loop {
                line.clear();
                let read = lines
                    .read_line(&mut line)
                    .map_err(|source| Failure::BrokenOff {
                        url: daemon.url().to_owned(),
                        source,
                    })?;
                if read == 0 {
                    return Ok(Outcome::Done);
                }
                screen.print(&line)?;
                // Whoever follows wants to see it now.
                screen.flush()?;
            }
        }
        (Source::Daemon(_), false) => {
            let question = EventQuery {
                from: Some(events.from),
                ..EventQuery::default()
            };
            source.pages(&question, None, |_, items| {
                items.iter().try_for_each(|event| screen.print_json(event))
            })?;
            Ok(Outcome::Done)
        }
    }
}
