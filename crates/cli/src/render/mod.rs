//! How things look to people. Pure: views in, text out; what a terminal can do comes in as [`Look`].

pub(crate) mod ink;
pub(crate) mod listings;
pub(crate) mod moments;
pub(crate) mod numbers;
pub(crate) mod table;

pub(crate) use ink::{Ink, Tone};

/// What the output can show.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    /// Columns to fit into.
    pub(crate) width: usize,
    /// Whether colours are wanted.
    pub(crate) ink: Ink,
}
