//! Decimals for people: grouped, and cut to the digits that matter. Exact ones are in json and csv.

use ledger::{Amount, Price, Quantity};
use rust_decimal::{Decimal, RoundingStrategy};

use super::Tone;

/// Digits after the point that a quantity shows at most.
const QUANTITY_SCALE: u32 = 8;

/// Digits that an average price shows, but at least two after the point.
const PRICE_DIGITS: u32 = 7;

/// Money: two digits after the point; below one, three digits that are not zero.
pub(crate) fn money(amount: Amount) -> String {
    let value = amount.get();
    if value.is_zero() {
        return "0".to_owned();
    }
    let scale = if value.abs() >= Decimal::ONE {
        2
    } else {
        leading_zeros(value).saturating_add(3).max(2)
    };
    let rounded = round(value, scale);
    let mut text = rounded.normalize().to_string();
    if value.abs() >= Decimal::ONE {
        text = format!("{rounded:.2}");
    }
    grouped(&text)
}

/// Money with its sign, `+` included.
pub(crate) fn gain(amount: Amount) -> String {
    let text = money(amount);
    if amount.is_positive() {
        format!("+{text}")
    } else {
        text
    }
}

/// The colour of a gain or loss.
pub(crate) fn tone(amount: Amount) -> Tone {
    if amount.is_positive() {
        Tone::Good
    } else if amount.is_negative() {
        Tone::Bad
    } else {
        Tone::Plain
    }
}

/// A price as it was reported, or an average cut to seven digits.
pub(crate) fn price(value: Amount) -> String {
    let value = value.get();
    let whole = value.abs().trunc();
    let scale = if whole.is_zero() {
        leading_zeros(value).saturating_add(PRICE_DIGITS)
    } else {
        PRICE_DIGITS.saturating_sub(digits(whole)).max(2)
    };
    grouped(&round(value, scale).normalize().to_string())
}

/// A reported price, exactly.
pub(crate) fn exact_price(price: Price) -> String {
    grouped(&price.get().normalize().to_string())
}

/// A signed quantity.
pub(crate) fn units(amount: Amount) -> String {
    let value = amount.get();
    let scale = QUANTITY_SCALE.max(leading_zeros(value).saturating_add(2));
    grouped(&round(value, scale).normalize().to_string())
}

/// A quantity.
pub(crate) fn quantity(quantity: Quantity) -> String {
    units(quantity.as_amount())
}

/// Percent, two digits after the point.
pub(crate) fn percent(amount: Amount) -> String {
    let sign = if amount.is_positive() { "+" } else { "" };
    format!(
        "{sign}{} %",
        grouped(&format!("{:.2}", round(amount.get(), 2)))
    )
}

/// A count.
pub(crate) fn count(number: u64) -> String {
    grouped(&number.to_string())
}

/// All digits, grouped: for arithmetic that can be checked by hand.
pub(crate) fn exact(amount: Amount) -> String {
    grouped(&amount.get().normalize().to_string())
}

fn round(value: Decimal, scale: u32) -> Decimal {
    value.round_dp_with_strategy(scale, RoundingStrategy::MidpointNearestEven)
}

/// Digits of a whole number.
fn digits(whole: Decimal) -> u32 {
    whole
        .mantissa()
        .unsigned_abs()
        .checked_ilog10()
        .map_or(1, |log| log.saturating_add(1))
        .saturating_sub(whole.scale())
}

/// Zeros between the point and the first other digit of a value below one.
fn leading_zeros(value: Decimal) -> u32 {
    let digits = value
        .mantissa()
        .unsigned_abs()
        .checked_ilog10()
        .map_or(0, |log| log.saturating_add(1));
    value.scale().saturating_sub(digits)
}

/// `66712.7` as `66 712.7`.
fn grouped(text: &str) -> String {
    let (sign, text) = text
        .strip_prefix('-')
        .map_or(("", text), |rest| ("-", rest));
    let (whole, fraction) = text
        .split_once('.')
        .map_or((text, None), |(w, f)| (w, Some(f)));
    let mut result = String::from(sign);
    let length = whole.len();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && length.saturating_sub(at).is_multiple_of(3) {
            result.push(' ');
        }
        result.push(digit);
    }
    if let Some(fraction) = fraction {
        result.push('.');
        result.push_str(fraction);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(show: impl Fn(Amount) -> String, cases: &[(&str, &str)]) {
        for (value, expected) in cases {
            assert_eq!(show(value.parse().unwrap()), *expected, "{value}");
        }
    }

    #[test]
    fn money_shows_the_digits_that_matter() {
        check(
            money,
            &[
                ("0", "0"),
                ("20.6683", "20.67"),
                ("-1934.665", "-1 934.66"),
                ("5", "5.00"),
                ("0.96733415", "0.967"),
                ("-0.0000123456", "-0.0000123"),
                ("1234567.5", "1 234 567.50"),
                ("0.9999", "1"),
            ],
        );
        check(gain, &[("20.6683", "+20.67"), ("-1", "-1.00"), ("0", "0")]);
    }

    #[test]
    fn prices_keep_seven_digits() {
        check(
            price,
            &[
                ("66712.7", "66 712.7"),
                ("66712.7345678901", "66 712.73"),
                ("0.00001234567890123", "0.00001234568"),
                ("1.5", "1.5"),
                ("123456789.987", "123 456 789.99"),
                ("0", "0"),
            ],
        );
        check(
            units,
            &[
                ("0.029", "0.029"),
                ("-1234.5", "-1 234.5"),
                ("0.123456789", "0.12345679"),
            ],
        );
        check(
            percent,
            &[("1.0683", "+1.07 %"), ("-0.5", "-0.50 %"), ("0", "0.00 %")],
        );
    }
}
