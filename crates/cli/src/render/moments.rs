//! Moments and spans of time for people. All are UTC.

use ledger::Timestamp;

const MILLISECOND: i64 = 1_000_000;
const SECOND: i64 = 1_000 * MILLISECOND;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// `22:34:32`, or with milliseconds where there are some: `22:34:32.120`.
pub(crate) fn time(moment: Timestamp) -> String {
    let text = moment.to_string();
    let time = text
        .split_once('T')
        .map_or(text.as_str(), |(_, time)| time)
        .trim_end_matches('Z');
    match time.split_once('.') {
        None => time.to_owned(),
        Some((seconds, fraction)) => {
            let milliseconds: String = fraction.chars().take(3).collect();
            if milliseconds.chars().all(|digit| digit == '0') {
                seconds.to_owned()
            } else {
                format!("{seconds}.{milliseconds}")
            }
        }
    }
}

/// `2024-04-22 22:34:32`.
pub(crate) fn moment(moment: Timestamp) -> String {
    let time = time(moment);
    let seconds = time
        .split_once('.')
        .map_or(time.as_str(), |(seconds, _)| seconds);
    format!("{} {seconds}", moment.day())
}

/// How moments are written in a column: without the year where all are of one, which is in the title.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Minutes {
    year: Option<String>,
}

/// As [`Minutes`], to the second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seconds(Minutes);

impl Seconds {
    /// How to write these moments.
    pub(crate) fn of(moments: impl Iterator<Item = Timestamp>) -> Self {
        Self(Minutes::of(moments))
    }

    /// The title of the column.
    pub(crate) fn title(&self, name: &str) -> String {
        self.0.title(name)
    }

    /// `2024-04-22 22:34:32`, or `04-22 22:34:32`.
    pub(crate) fn show(&self, at: Timestamp) -> String {
        moment(at)
            .get(self.0.from()..)
            .unwrap_or_default()
            .to_owned()
    }
}

impl Minutes {
    /// How to write these moments.
    pub(crate) fn of(moments: impl Iterator<Item = Timestamp>) -> Self {
        let mut years: Vec<String> = moments
            .map(|at| at.day().chars().take(4).collect())
            .collect();
        years.dedup();
        Self {
            year: if years.len() == 1 { years.pop() } else { None },
        }
    }

    /// The title of the column.
    pub(crate) fn title(&self, name: &str) -> String {
        let year = self.year.as_deref().map(|year| format!(" {year}"));
        format!("{name}{}", year.unwrap_or_default())
    }

    /// `2024-04-22 22:34`, or `04-22 22:34`.
    pub(crate) fn show(&self, at: Timestamp) -> String {
        let text = moment(at);
        text.get(self.from().."2024-04-22 22:34".len())
            .unwrap_or_default()
            .to_owned()
    }

    /// Where the text begins.
    const fn from(&self) -> usize {
        if self.year.is_some() {
            "2024-".len()
        } else {
            0
        }
    }
}

/// The two largest parts of a span: `2 h 35 m`.
pub(crate) fn span(nanoseconds: i64) -> String {
    let left = nanoseconds.saturating_abs();
    let parts = [
        (DAY, "d"),
        (HOUR, "h"),
        (MINUTE, "m"),
        (SECOND, "s"),
        (MILLISECOND, "ms"),
    ];
    let Some(first) = parts.iter().position(|(unit, _)| left >= *unit) else {
        return "0 s".to_owned();
    };
    let mut left = left;
    let mut words = Vec::new();
    for (unit, name) in parts.iter().skip(first).take(2) {
        let number = left.checked_div(*unit).unwrap_or_default();
        left = left.checked_rem(*unit).unwrap_or_default();
        // Milliseconds matter only where there is nothing larger.
        if number > 0 && (*name != "ms" || words.is_empty()) {
            words.push(format!("{number} {name}"));
        }
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_two_parts_and_times_no_empty_fraction() {
        assert_eq!(span(2 * HOUR + 35 * MINUTE + 12 * SECOND), "2 h 35 m");
        assert_eq!(span(DAY), "1 d");
        assert_eq!(span(-90 * SECOND), "1 m 30 s");
        assert_eq!(span(3 * SECOND + 5 * MILLISECOND), "3 s");
        assert_eq!(span(850 * MILLISECOND), "850 ms");
        assert_eq!(span(0), "0 s");
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(time(at("2024-04-22T22:34:32Z")), "22:34:32");
        assert_eq!(time(at("2024-04-22T22:34:32.0001Z")), "22:34:32");
        assert_eq!(time(at("2024-04-22T22:34:32.12Z")), "22:34:32.120");
        assert_eq!(moment(at("2024-04-22T22:34:32.12Z")), "2024-04-22 22:34:32");
        let minutes = |moments: [&str; 2]| Minutes::of(moments.map(at).into_iter());
        let one = minutes(["2024-04-22T22:34:32Z", "2024-12-31T00:00:00Z"]);
        assert_eq!(one.title("OPENED"), "OPENED 2024");
        assert_eq!(one.show(at("2024-04-22T22:34:32Z")), "04-22 22:34");
        let two = minutes(["2024-04-22T22:34:32Z", "2025-12-31T00:00:00Z"]);
        assert_eq!(two.title("OPENED"), "OPENED");
        assert_eq!(two.show(at("2024-04-22T22:34:32Z")), "2024-04-22 22:34");
    }
}
