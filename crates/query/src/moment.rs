//! The moment a question is about.

use ledger::{Sequence, Timestamp};
use projection::AsOf;
use protocol::catalogue::codes;

use crate::values::Values;

/// The moment a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// As it is.
    Now,
    /// As it was.
    Past(AsOf),
}

/// By which clock a time is meant.
#[derive(Clone, Copy)]
enum ClockName {
    Recorded,
    Occurred,
}

impl Moment {
    /// Reads `as_of` and `clock`; nobody has recorded what comes after `head`.
    pub(crate) fn read(
        values: &mut Values,
        as_of: Option<&str>,
        clock: Option<&str>,
        head: Sequence,
    ) -> Self {
        let clocks = [
            ("recorded", ClockName::Recorded),
            ("occurred", ClockName::Occurred),
        ];
        let clock = values.word("clock", clock, &clocks);
        let Some(text) = as_of else {
            return Self::Now;
        };
        if text.bytes().all(|byte| byte.is_ascii_digit())
            && let Ok(number) = text.parse().map(Sequence::new)
        {
            if number > head {
                values.refuse(
                    codes::AS_OF_AHEAD,
                    "as_of",
                    text,
                    format!("a sequence from 0 to {head}"),
                    "leave it out for the present",
                );
            }
            return Self::Past(AsOf::Sequence(number));
        }
        // A plus that was not escaped in a query string arrives as a space.
        let Ok(time) = text.replace(' ', "+").parse::<Timestamp>() else {
            values.refuse(
                codes::BAD_TIME,
                "as_of",
                text,
                "a sequence as in 120, or a time as in 2024-05-01T12:00:00Z",
                "RFC 3339 with an offset or Z, between the years 1678 and 2262",
            );
            return Self::Now;
        };
        Self::Past(match clock.unwrap_or(ClockName::Recorded) {
            ClockName::Recorded => AsOf::RecordedAt(time),
            ClockName::Occurred => AsOf::OccurredAt(time),
        })
    }
}
