//! The `posledger` command.
