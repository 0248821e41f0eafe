//! Trade histories of real venues with the venue's own realized PnL, as commands.
//!
//! The real ones are not part of the project: they lie in the folder that `POSLEDGER_CORPUS` names,
//! in `histories/`. The self-written ones in `fixtures/histories/` have the same shapes, so that every
//! assertion runs everywhere.

pub mod binance;
pub mod check;
pub mod hyperliquid;
pub mod metatrader;

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use ledger::{
    AccountId, AccountSettings, Acknowledgement, Command, Configuration, Instrument, InstrumentId,
    Quantity, Symbol,
};

use crate::values::value;

/// The folder of the real histories, or nothing (and a line that says so) where there is none.
#[expect(
    clippy::print_stdout,
    reason = "a skipped check must be seen in the test's output"
)]
pub fn corpus() -> Option<PathBuf> {
    let folder = env::var_os("POSLEDGER_CORPUS").map(|folder| Path::new(&folder).join("histories"));
    if folder.is_none() {
        println!("skipped: POSLEDGER_CORPUS is not set");
    }
    folder
}

/// The folder of the self-written histories.
pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/histories")
}

/// Reads a whole file.
///
/// # Panics
/// Panics if it cannot be read.
#[expect(clippy::panic, reason = "a test may stop")]
fn read(path: &Path) -> String {
    fs::read_to_string(path)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
}

/// Reads the rows of a table with a header.
///
/// # Panics
/// Panics if a row does not fit.
#[expect(clippy::panic, reason = "a test may stop")]
fn rows<T: serde::de::DeserializeOwned>(path: &Path) -> Vec<T> {
    csv::Reader::from_reader(read(path).as_bytes())
        .into_deserialize()
        .map(|row| row.unwrap_or_else(|error| panic!("{}: {error}", path.display())))
        .collect()
}

/// Collects commands, each account and instrument configured before its first fact.
#[derive(Debug, Default)]
struct Builder {
    commands: Vec<Command>,
    accounts: BTreeSet<AccountId>,
    instruments: BTreeSet<InstrumentId>,
}

impl Builder {
    fn account(&mut self, account: &AccountId, settings: AccountSettings) {
        if self.accounts.insert(account.clone()) {
            let configuration = Configuration::Account {
                account: account.clone(),
                settings,
                occurred_at: None,
            };
            self.commands.push(Command::Configuration(configuration));
        }
    }

    fn linear(&mut self, account: &AccountId, symbol: &Symbol, multiplier: &str, settles: &str) {
        if self.instruments.insert(account.instrument(symbol)) {
            let configuration = Configuration::Instrument {
                instrument: account.instrument(symbol),
                terms: Instrument {
                    inverse: false,
                    multiplier: value::<Quantity>(multiplier),
                    tick: None,
                    step: None,
                    settlement_asset: Some(value(settles)),
                },
                occurred_at: None,
            };
            self.commands.push(Command::Configuration(configuration));
        }
    }

    fn fact(&mut self, fact: Acknowledgement) {
        self.commands.push(Command::Acknowledgement(fact));
    }
}
