//! The command line of the position ledger.

fn main() {}
