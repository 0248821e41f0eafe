//! A position's story, for the person who has to find out what happened: when, who, what, why, and how
//! the numbers moved.

mod card;
mod diff;
mod path;
mod run;
mod story;
mod timeline;
mod words;

pub(crate) use card::card;
pub(crate) use diff::diff;
pub(crate) use run::{Told, run};
pub(crate) use story::{Step, Story};
pub(crate) use timeline::timeline;
pub(crate) use words::{flag_tone, words};
