//! Pages of a ledger in plain text, and the runner that holds a target to them.
//!
//! A page (`fixtures/scenarios/*.ledger`) is read from top to bottom; `#` begins a comment. Every line
//! that commands says after `->` what becomes of it; where it says nothing, an intent must be
//! accepted and everything else applied.
//!
//! ```text
//! # A sell larger than the long closes it and opens a short with the rest.
//! account    test:live:main netting
//! instrument BTC-PERP linear step 0.001 settles USDT
//! fill       E1 buy 2 @ 100                -> applied
//! fill       E2 sell 5 @ 110 fee 5 USDT    -> applied flip
//! call       P2 net
//! expect     P2 quantity -3 cost -330 fees USDT:3
//! fill       E2 sell 4 @ 110               -> quarantined exists_with_different_quantity
//! ```
//!
//! | line | meaning |
//! |---|---|
//! | `account A [mode] [basis] [exact\|truncate N\|half_even N] [alarm]` | configures the account and goes on with it |
//! | `instrument S [linear\|inverse] [multiplier X] [tick X] [step X] [settles ASSET]` | configures the symbol and goes on with it |
//! | `with A [S]` | goes on with another account or symbol, configures nothing |
//! | `open P long\|short Q [@ PRICE] [queue] [stop X] [target X] …` | an open intent; `P` names the intent and its position |
//! | `execute P` `withdraw P` `monitor P` `scale_in P Q [@ X]` `reduce P Q [@ X]` `close P [Q] [@ X]` `stop P X` `target P X` `trail P CALLBACK [from X]` `cancel ORDER` `note P "TEXT"` `execute_all …` `close_many SCOPE` | the other intents; `as NAME` names one |
//! | `submitted` `accepted` `canceled` `expired` `rejected` `unknown` `amended ORDER …` | facts about an order |
//! | `fill E buy\|sell Q @ X [of ORDER] [leg L] [fee F ASSET] …` | an execution |
//! | `funding A ASSET [id N]` `fee A ASSET [id N]` `reported Q [entry X] [mark X]` | the other facts |
//! | `mark X [S]` | a price |
//! | `again [NAME] [with FIELD VALUE]` | the same command, or with other content |
//! | `time T` `wait 5s` `reopen` `call P LEG` | moves the clock, reopens the ledger, names a slot's position |
//! | `stamped` | from here on intents say when they were asked for |
//! | `uninterrupted` | this page is about what a restart loses: reopen only where it says so |
//! | `expect …` | what must hold now |
//!
//! A line may begin with a time of the day: `07:58:12.412 fill E1 …`.
//!
//! An `ORDER` is `P.entry`, `P.scale_in`, `P.reduce`, `P.close`, `P.stop_loss`, `P.take_profit` (the newest
//! of the position), `client:ID` or `venue:ID`; two of them joined by `/` give both names.

mod command;
mod expect;
mod orders;
mod page;
mod repeat;
mod run;

use std::fmt;
use std::path::{Path, PathBuf};

use ledger::{
    AccountId, Amount, Command, Order, OrderReference, Position, PositionId, Receipt, Record,
    Sequence, Symbol, Timestamp,
};

/// What a page can be held against: a ledger in memory, on disk, or behind a wire.
pub trait Target {
    /// Takes a command at a moment, and gives its receipt once it is durable.
    fn submit(&mut self, command: &Command, at: Timestamp) -> Receipt;
    /// Closes the ledger and opens it again from what it keeps.
    fn reopen(&mut self);
    /// A position, finished or not.
    fn position(&self, id: PositionId) -> Option<Position>;
    /// All positions that are not final.
    fn positions(&self) -> Vec<Position>;
    /// The orders of a position, oldest first, ended ones too.
    fn orders_of(&self, id: PositionId) -> Vec<Order>;
    /// The order with these names.
    fn find_order(
        &self,
        account: &AccountId,
        symbol: &Symbol,
        reference: &OrderReference,
    ) -> Option<Order>;
    /// The unrealized PnL of a position at the last mark.
    fn unrealized_pnl(&self, id: PositionId) -> Option<Amount>;
    /// How many quarantined facts wait for a person.
    fn quarantined(&self) -> usize;
    /// The records after `sequence`.
    fn records_after(&self, sequence: Sequence) -> Vec<Record>;
    /// What the invariants say, in words.
    fn violations(&self) -> Vec<String>;
}

/// When a run closes the ledger and opens it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reopening {
    /// Only where the page says so.
    AsWritten,
    /// After every command too.
    AfterEveryCommand,
}

/// Where a page and the target differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which page.
    pub file: PathBuf,
    /// Which line, counted from one.
    pub line: usize,
    /// What the page says.
    pub expected: String,
    /// What the target did.
    pub found: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            line,
            expected,
            found,
        } = self;
        write!(
            f,
            "{}:{line}\n  expected {expected}\n  found    {found}",
            file.display()
        )
    }
}

/// The folder of the pages.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/scenarios")
}

/// All pages, by name.
///
/// # Panics
/// Panics if the folder cannot be read.
#[expect(clippy::unwrap_used, reason = "a test may stop")]
pub fn pages() -> Vec<PathBuf> {
    let mut pages: Vec<PathBuf> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "ledger")
        })
        .collect();
    pages.sort();
    pages
}

/// Holds `target` to a page; every fault at once.
///
/// # Panics
/// Panics if the page cannot be read.
pub fn run(page: &Path, target: &mut impl Target, reopening: Reopening) -> Vec<Fault> {
    run::run(page, target, reopening).0
}

/// A command of a page, and what became of it.
#[derive(Clone, Debug)]
pub struct Given {
    /// What was given.
    pub command: Command,
    /// When.
    pub at: Timestamp,
    /// What became of it.
    pub receipt: Receipt,
}

/// Holds `target` to a page, and gives back every command that the page came to.
///
/// # Panics
/// Panics if the page cannot be read.
pub fn play(page: &Path, target: &mut impl Target) -> (Vec<Fault>, Vec<Given>) {
    run::run(page, target, Reopening::AsWritten)
}
