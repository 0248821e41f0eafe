//! Reads a page from top to bottom: each line becomes a command or a question.

use std::collections::BTreeMap;
use std::path::Path;

use ledger::{
    AccountId, Command, Event, InstrumentId, Intent, Leg, Mark, Outcome, PositionId, Receipt,
    Record, Request, Sequence, Symbol, Timestamp,
};

use super::command::{account_of, duration};
use super::expect::flags_of;
use super::page::{Line, Unreadable, Words, parse, read};
use super::{Fault, Given, Reopening, Target};
use crate::values::{account, position_id, symbol, time};

/// A command that a line gave, so that a later line can give it again.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) command: Command,
    sequence: Option<Sequence>,
}

pub(super) struct Runner<'t, T> {
    pub(super) target: &'t mut T,
    pub(super) account: AccountId,
    pub(super) symbol: Symbol,
    pub(super) now: Timestamp,
    pub(super) positions: BTreeMap<String, PositionId>,
    pub(super) told: BTreeMap<String, Told>,
    marks: BTreeMap<InstrumentId, Mark>,
    /// The records of the last command.
    pub(super) last: Vec<Record>,
    pub(super) given: Vec<Given>,
    /// Whether intents say when they were asked for.
    pub(super) stamped: bool,
    reopening: Reopening,
}

pub(super) const SECOND: i64 = 1_000_000_000;
/// The name of whatever was given last.
pub(super) const LAST: &str = "the last command";

pub(super) fn run(
    page: &Path,
    target: &mut impl Target,
    reopening: Reopening,
) -> (Vec<Fault>, Vec<Given>) {
    let mut runner = Runner {
        target,
        account: account("test:live:main"),
        symbol: symbol("BTC-PERP"),
        now: time("2024-05-01T12:00:00Z"),
        positions: BTreeMap::new(),
        told: BTreeMap::new(),
        marks: BTreeMap::new(),
        last: Vec::new(),
        given: Vec::new(),
        stamped: false,
        reopening,
    };
    let mut faults = Vec::new();
    for line in read(page) {
        let fault = |expected: String, found: String| Fault {
            file: page.to_owned(),
            line: line.number,
            expected,
            found,
        };
        match runner.line(&line) {
            Ok(()) => {}
            Err(Trouble::Unreadable(Unreadable(problem))) => {
                faults.push(fault(
                    format!("a line that can be read: {}", line.text),
                    problem,
                ));
            }
            Err(Trouble::Differs(differences)) => {
                for (expected, found) in differences {
                    faults.push(fault(expected, found));
                }
            }
        }
    }
    (faults, runner.given)
}

/// Why a line does not hold.
pub(super) enum Trouble {
    Unreadable(Unreadable),
    /// What was expected and what was found.
    Differs(Vec<(String, String)>),
}

impl From<Unreadable> for Trouble {
    fn from(unreadable: Unreadable) -> Self {
        Self::Unreadable(unreadable)
    }
}

impl<T: Target> Runner<'_, T> {
    fn line(&mut self, line: &Line) -> Result<(), Trouble> {
        let mut words = line.words.clone();
        let mut verb = words.word("a verb")?;
        if verb.starts_with(|first: char| first.is_ascii_digit()) {
            self.now = parse(&format!("{}T{verb}Z", self.now.day()), "a time of the day")?;
            verb = words.word("a verb")?;
        }
        match verb.as_str() {
            "with" => self.switch(words)?,
            "time" => self.now = words.value("a time")?,
            "wait" => self.now = later(self.now, duration(&words.word("how long")?)?),
            "stamped" => self.stamped = true,
            "reopen" => self.reopen(),
            // What marks showed and nothing journaled yet ends with the process.
            "uninterrupted" => self.reopening = Reopening::AsWritten,
            "call" => self.call(words)?,
            "expect" => return self.expect(words),
            "again" => {
                let command = self.repeat(words)?;
                return self.give(&command, LAST, line);
            }
            _ => {
                let (name, command) = self.command(&verb, words)?;
                return self.give(&command, &name, line);
            }
        }
        Ok(())
    }

    fn switch(&mut self, mut words: Words) -> Result<(), Unreadable> {
        self.account = account_of(&words.word("an account")?)?;
        if let Some(name) = words.take() {
            self.symbol = parse(&name, "a symbol")?;
        }
        words.end()
    }

    fn call(&mut self, mut words: Words) -> Result<(), Unreadable> {
        let name = words.word("a name")?;
        let leg: Leg = words.value("a leg")?;
        let held = self
            .in_slot(&leg)
            .ok_or_else(|| Unreadable(format!("nothing is held in the leg {leg}")))?;
        self.positions.insert(name, held.id);
        words.end()
    }

    pub(super) fn in_slot(&self, leg: &Leg) -> Option<ledger::Position> {
        self.target.positions().into_iter().find(|position| {
            position.account == self.account
                && position.symbol == self.symbol
                && position.leg == *leg
        })
    }

    /// A restart forgets the marks; a feed sends them again.
    fn reopen(&mut self) {
        self.target.reopen();
        for mark in self.marks.values() {
            self.target.submit(&Command::Mark(mark.clone()), self.now);
        }
    }

    pub(super) fn position_id(&self, name: &str) -> Result<PositionId, Unreadable> {
        if name == "nobody" {
            return Ok(position_id(u64::MAX));
        }
        self.positions
            .get(name)
            .copied()
            .ok_or_else(|| Unreadable(format!("no position is called `{name}`")))
    }

    fn give(&mut self, command: &Command, name: &str, line: &Line) -> Result<(), Trouble> {
        let head = self.head();
        let receipt = self.target.submit(command, self.now);
        self.given.push(Given {
            command: command.clone(),
            at: self.now,
            receipt: receipt.clone(),
        });
        self.now = later(self.now, SECOND);
        self.last = self.target.records_after(head);
        if let Command::Mark(mark) = command {
            self.marks.insert(mark.instrument.clone(), mark.clone());
        }
        let fresh = receipt.outcome != Outcome::Duplicate;
        if let Some(id) = receipt.position_id.filter(|_| fresh && is_open(command)) {
            self.positions.entry(name.to_owned()).or_insert(id);
        }
        let checked = self.check(command, &receipt, line);
        let told = Told {
            command: command.clone(),
            sequence: receipt.sequence,
        };
        if fresh && name != LAST {
            self.told.insert(name.to_owned(), told.clone());
        }
        self.told.insert(LAST.to_owned(), told);
        if self.reopening == Reopening::AfterEveryCommand {
            self.reopen();
        }
        checked?;
        self.sound(fresh)
    }

    /// What must hold after every line: no invariant is broken, and a duplicate leaves nothing.
    fn sound(&self, fresh: bool) -> Result<(), Trouble> {
        let mut differences = Vec::new();
        if !fresh && !self.last.is_empty() {
            let left = format!("{} records", self.last.len());
            differences.push(("a duplicate that leaves no record".to_owned(), left));
        }
        let violations = self.target.violations();
        if !violations.is_empty() {
            differences.push(("no invariant broken".to_owned(), violations.join("; ")));
        }
        if differences.is_empty() {
            return Ok(());
        }
        Err(Trouble::Differs(differences))
    }

    pub(super) fn head(&self) -> Sequence {
        self.target
            .records_after(Sequence::ZERO)
            .last()
            .map_or(Sequence::ZERO, |record| record.sequence)
    }

    fn check(&self, command: &Command, receipt: &Receipt, line: &Line) -> Result<(), Trouble> {
        let mut words = line.outcome.clone();
        let usual = match command {
            Command::Intent(_) => "accepted",
            Command::Acknowledgement(_) | Command::Mark(_) | Command::Configuration(_) => "applied",
        };
        let outcome = words.take().unwrap_or_else(|| usual.to_owned());
        let mut expected = outcome.clone();
        let mut found = receipt.outcome.as_str().to_owned();
        match outcome.as_str() {
            "rejected" | "quarantined" => {
                if let Some(code) = words.take() {
                    expected = format!("{outcome} {code}");
                }
                if let Some(code) = &receipt.code {
                    found = format!("{found} {code}");
                }
            }
            "duplicate" => {
                if let Some(name) = words.option("of")? {
                    let first = self.told.get(&name).and_then(|told| told.sequence);
                    expected = format!("duplicate of {}", sequence_word(first));
                    found = format!("{found} of {}", sequence_word(receipt.sequence));
                }
            }
            _ => {
                while let Some(word) = words.take() {
                    expected = format!("{expected} {word}");
                    if self.has_sign(&word) {
                        found = format!("{found} {word}");
                    }
                }
            }
        }
        words.end()?;
        if expected == found {
            return Ok(());
        }
        if let Some(code) = receipt
            .code
            .as_ref()
            .filter(|code| !found.contains(code.as_str()))
        {
            found = format!("{found} ({code})");
        }
        Err(Trouble::Differs(vec![(
            format!("{expected}, for {}", line.text),
            found,
        )]))
    }

    /// `flip`, or a flag that the last command left in its records.
    fn has_sign(&self, word: &str) -> bool {
        self.last.iter().any(|record| {
            let flips = matches!(record.event, Event::PositionFlipped(_));
            let mut flags = flags_of(&record.event).into_iter();
            flips && word == "flip" || flags.any(|flag| flag.as_str() == word)
        })
    }
}

pub(super) fn later(moment: Timestamp, nanoseconds: i64) -> Timestamp {
    Timestamp::from_nanoseconds(moment.as_nanoseconds() + nanoseconds)
}

fn sequence_word(sequence: Option<Sequence>) -> String {
    sequence.map_or_else(|| "nothing".to_owned(), |sequence| sequence.to_string())
}

fn is_open(command: &Command) -> bool {
    matches!(
        command,
        Command::Intent(Intent {
            request: Request::OpenPosition(_),
            ..
        })
    )
}
