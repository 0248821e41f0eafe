//! The background process of the position ledger.

fn main() {}
