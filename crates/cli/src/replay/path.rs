//! How a number moved, as one line of bars.

use ledger::Amount;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The numbers as bars, at most `width` of them: where there are more, the last of each share is shown,
/// so that the line always ends with where it ended. Nothing if the numbers did not move.
pub(crate) fn bars(numbers: &[Amount], width: usize) -> Option<String> {
    let low = numbers.iter().min()?.get();
    let high = numbers.iter().max()?.get();
    let range = high.checked_sub(low).filter(|range| !range.is_zero())?;
    let shown = numbers.len().min(width);
    let last_of = |share: usize| {
        let end = share
            .saturating_add(1)
            .saturating_mul(numbers.len())
            .checked_div(shown)?;
        numbers.get(end.checked_sub(1)?)
    };
    let bar = |number: &Amount| {
        let top = Decimal::from(BARS.len().saturating_sub(1));
        let level = number
            .get()
            .checked_sub(low)?
            .checked_mul(top)?
            .checked_div(range)?;
        BARS.get(level.round().to_usize()?).copied()
    };
    (0..shown)
        .map(|share| last_of(share).and_then(bar))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_go_from_the_least_to_the_most_and_end_at_the_end() {
        let amounts = |numbers: &[i64]| -> Vec<Amount> {
            numbers
                .iter()
                .map(|number| Amount::of((*number).into()))
                .collect()
        };
        let bars = |numbers: &[i64], width| super::bars(&amounts(numbers), width);
        assert_eq!(bars(&[0, 7, 3, -7], 9).as_deref(), Some("▅█▆▁"));
        assert_eq!(bars(&[0, 9, 0, 9, 0, 7], 3).as_deref(), Some("██▆"));
        assert_eq!(bars(&[5, 5], 9), None);
        assert_eq!(bars(&[], 9), None);
    }
}
