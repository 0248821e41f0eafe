//! Exact decimals, and the one place that rounds.
//!
//! Sums and products are exact or an error ([`Inexact`]); only [`proportion`], [`quotient`] and
//! [`round_to`] round, and each says to what.

use std::fmt;
use std::str::FromStr;

use ethnum::I256;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smol_str::{SmolStr, ToSmolStr};

/// The digits after the point that a division keeps, half to even.
pub const DIVISION_SCALE: u32 = 16;

/// A value that a constructor refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} must be {requirement}, not `{value}`")]
pub struct InvalidValue {
    /// The field's name on the wire.
    pub field: &'static str,
    /// What is allowed.
    pub requirement: &'static str,
    /// What was found, cut to 128 bytes.
    pub value: SmolStr,
}

impl InvalidValue {
    /// Says that `value` is not what `field` requires.
    pub fn new(field: &'static str, requirement: &'static str, value: &str) -> Self {
        let cut = value
            .char_indices()
            .map(|(at, _)| at)
            .take_while(|at| *at <= 125)
            .last();
        let value = match cut {
            Some(at) if value.len() > 128 => {
                smol_str::format_smolstr!("{}…", value.get(..at).unwrap_or(""))
            }
            Some(_) | None => value.to_smolstr(),
        };
        Self {
            field,
            requirement,
            value,
        }
    }
}

/// A result that 28 digits cannot hold exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the exact result does not fit in 28 digits")]
pub struct Inexact;

macro_rules! decimal_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Decimal);

        impl $name {
            /// Nothing.
            pub const ZERO: Self = Self(Decimal::ZERO);

            /// The decimal, without trailing zeros.
            pub const fn get(self) -> Decimal {
                self.0
            }

            /// Whether this is nothing.
            pub fn is_zero(self) -> bool {
                self.0.is_zero()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.collect_str(&self.0)
                } else {
                    self.0.serialize().serialize(serializer)
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                use serde::de::Error;
                if deserializer.is_human_readable() {
                    SmolStr::deserialize(deserializer)?.parse().map_err(D::Error::custom)
                } else {
                    let bytes = <[u8; 16]>::deserialize(deserializer)?;
                    let value = Decimal::deserialize(bytes);
                    if value.scale() > Decimal::MAX_SCALE {
                        return Err(D::Error::custom("a decimal with more than 28 digits of scale"));
                    }
                    Self::new(value).map_err(D::Error::custom)
                }
            }
        }
    };
}

/// Reads a decimal exactly; `1e-8` is allowed, a value that would be rounded is not.
pub(crate) fn parse_exact(field: &'static str, text: &str) -> Result<Decimal, InvalidValue> {
    let parsed = if text.contains(['e', 'E']) {
        parse_scientific(text)
    } else {
        Decimal::from_str_exact(text).ok()
    };
    parsed
        .filter(|_| text.len() <= 64)
        .map(|value| value.normalize())
        .ok_or_else(|| InvalidValue::new(field, "a decimal of at most 28 digits", text))
}

/// `from_scientific` rounds in silence, so the mantissa is read exactly and its scale moved.
fn parse_scientific(text: &str) -> Option<Decimal> {
    let (mantissa, exponent) = text.split_once(['e', 'E'])?;
    let mantissa = Decimal::from_str_exact(mantissa).ok()?.normalize();
    let exponent: i32 = exponent.parse().ok()?;
    if mantissa.is_zero() {
        return Some(Decimal::ZERO);
    }
    let scale = i32::try_from(mantissa.scale())
        .ok()?
        .checked_sub(exponent)?;
    if scale >= 0 {
        Decimal::try_from_i128_with_scale(mantissa.mantissa(), u32::try_from(scale).ok()?).ok()
    } else {
        let factor = 10_i128.checked_pow(scale.unsigned_abs())?;
        Decimal::try_from_i128_with_scale(mantissa.mantissa().checked_mul(factor)?, 0).ok()
    }
}

decimal_type!(
    /// Money or a signed quantity: any exact decimal.
    Amount
);
decimal_type!(
    /// A price in quote currency for one unit of the instrument. Some venues report negative ones.
    Price
);
decimal_type!(
    /// A size, zero or more, in units of the instrument (contracts, lots, coins).
    Quantity
);

impl Amount {
    /// Takes any decimal.
    ///
    /// # Errors
    /// Never; the type has the same constructor as its siblings.
    pub fn new(value: Decimal) -> Result<Self, InvalidValue> {
        Ok(Self(value.normalize()))
    }

    /// Takes any decimal.
    pub fn of(value: Decimal) -> Self {
        Self(value.normalize())
    }

    /// The exact sum.
    ///
    /// # Errors
    /// Returns [`Inexact`] if 28 digits cannot hold it.
    pub fn plus(self, other: Self) -> Result<Self, Inexact> {
        exact_sum(self.0, other.0).map(Self).ok_or(Inexact)
    }

    /// The exact difference.
    ///
    /// # Errors
    /// Returns [`Inexact`] if 28 digits cannot hold it.
    pub fn minus(self, other: Self) -> Result<Self, Inexact> {
        self.plus(other.negated())
    }

    /// The exact product.
    ///
    /// # Errors
    /// Returns [`Inexact`] if 28 digits cannot hold it.
    pub fn times(self, other: Self) -> Result<Self, Inexact> {
        exact_product(self.0, other.0).map(Self).ok_or(Inexact)
    }

    /// The same amount with the other sign.
    #[must_use]
    pub fn negated(self) -> Self {
        let mut value = self.0;
        if !value.is_zero() {
            value.set_sign_negative(value.is_sign_positive());
        }
        Self(value)
    }

    /// The amount without its sign.
    #[must_use]
    pub fn magnitude(self) -> Quantity {
        Quantity(self.0.abs())
    }

    /// Whether it is below zero.
    pub fn is_negative(self) -> bool {
        self.0.is_sign_negative() && !self.0.is_zero()
    }

    /// Whether it is above zero.
    pub fn is_positive(self) -> bool {
        self.0.is_sign_positive() && !self.0.is_zero()
    }

    /// Adds a change whose result `decide` has shown to be exact.
    pub(crate) fn accumulate(&mut self, change: Self) {
        // A change that was decided is exact; only a fold over records that `decide` never saw
        // together (by the venue's clock) could leave the range, and keeps its last value then.
        if let Ok(sum) = self.plus(change) {
            *self = sum;
        }
    }
}

impl Price {
    /// Takes any decimal.
    ///
    /// # Errors
    /// Never; the type has the same constructor as its siblings.
    pub fn new(value: Decimal) -> Result<Self, InvalidValue> {
        Ok(Self(value.normalize()))
    }

    /// Whether it is above zero.
    pub fn is_positive(self) -> bool {
        self.0.is_sign_positive() && !self.0.is_zero()
    }
}

impl Quantity {
    /// Takes a decimal that is not negative.
    ///
    /// # Errors
    /// Returns [`InvalidValue`] if it is below zero.
    pub fn new(value: Decimal) -> Result<Self, InvalidValue> {
        if value.is_sign_negative() && !value.is_zero() {
            return Err(InvalidValue::new(
                "quantity",
                "zero or more",
                &value.to_string(),
            ));
        }
        Ok(Self(value.abs().normalize()))
    }

    /// The quantity as a positive amount.
    pub const fn as_amount(self) -> Amount {
        Amount(self.0)
    }

    /// The exact sum.
    ///
    /// # Errors
    /// Returns [`Inexact`] if 28 digits cannot hold it.
    pub fn plus(self, other: Self) -> Result<Self, Inexact> {
        exact_sum(self.0, other.0).map(Self).ok_or(Inexact)
    }

    /// What is left of it without `other`; nothing if `other` is larger.
    ///
    /// # Errors
    /// Returns [`Inexact`] if 28 digits cannot hold it.
    pub fn less(self, other: Self) -> Result<Self, Inexact> {
        if other.0 >= self.0 {
            return Ok(Self::ZERO);
        }
        self.as_amount()
            .minus(other.as_amount())
            .map(Amount::magnitude)
    }
}

impl FromStr for Amount {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        parse_exact("amount", text).map(Self)
    }
}

impl FromStr for Price {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        parse_exact("price", text).map(Self)
    }
}

impl FromStr for Quantity {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        parse_exact("quantity", text).and_then(Self::new)
    }
}

/// The exact sum of two decimals without trailing zeros, or nothing: `Decimal`'s own operator rounds
/// when the digits run out.
fn exact_sum(a: Decimal, b: Decimal) -> Option<Decimal> {
    if a.is_zero() {
        return Some(b);
    }
    if b.is_zero() {
        return Some(a);
    }
    // Both are normalized, so at equal scales or with whole headroom the sum cannot be rounded.
    let scale = a.scale().max(b.scale());
    let sum = a.checked_add(b)?;
    (sum.scale() == scale || sum.is_zero()).then(|| sum.normalize())
}

/// The exact product of two decimals without trailing zeros, or nothing.
fn exact_product(a: Decimal, b: Decimal) -> Option<Decimal> {
    if a.is_zero() || b.is_zero() {
        return Some(Decimal::ZERO);
    }
    let scale = a.scale().checked_add(b.scale())?;
    let product = a.checked_mul(b)?;
    (product.scale() == scale).then(|| product.normalize())
}

/// `whole · part / of`, kept to [`DIVISION_SCALE`] digits, half to even.
///
/// The product is formed in 256 bits, so only the division rounds.
///
/// # Errors
/// Returns [`Inexact`] if `of` is zero or the result does not fit in 28 digits.
pub fn proportion(whole: Amount, part: Amount, of: Amount) -> Result<Amount, Inexact> {
    if part == of && !of.is_zero() {
        return Ok(whole);
    }
    let numerator = I256::new(whole.0.mantissa())
        .checked_mul(I256::new(part.0.mantissa()))
        .ok_or(Inexact)?;
    let scale = whole.0.scale().saturating_add(part.0.scale());
    divide(numerator, scale, of.0)
}

/// `a / b`, kept to [`DIVISION_SCALE`] digits, half to even.
///
/// # Errors
/// Returns [`Inexact`] if `b` is zero or the result does not fit in 28 digits.
pub fn quotient(a: Amount, b: Amount) -> Result<Amount, Inexact> {
    divide(I256::new(a.0.mantissa()), a.0.scale(), b.0)
}

/// `numerator · 10^-scale / divisor`, to [`DIVISION_SCALE`] digits, half to even.
fn divide(numerator: I256, scale: u32, divisor: Decimal) -> Result<Amount, Inexact> {
    if divisor.is_zero() {
        return Err(Inexact);
    }
    let mut numerator = numerator;
    let mut denominator = I256::new(divisor.mantissa());
    let wanted = DIVISION_SCALE.saturating_add(divisor.scale());
    let ten = I256::new(10);
    if wanted >= scale {
        let factor = ten.checked_pow(wanted.abs_diff(scale)).ok_or(Inexact)?;
        numerator = numerator.checked_mul(factor).ok_or(Inexact)?;
    } else {
        let factor = ten.checked_pow(scale.abs_diff(wanted)).ok_or(Inexact)?;
        denominator = denominator.checked_mul(factor).ok_or(Inexact)?;
    }
    if denominator.is_negative() {
        denominator = denominator.checked_neg().ok_or(Inexact)?;
        numerator = numerator.checked_neg().ok_or(Inexact)?;
    }
    let floor = numerator.checked_div_euclid(denominator).ok_or(Inexact)?;
    let remainder = numerator.checked_rem_euclid(denominator).ok_or(Inexact)?;
    let twice = remainder.checked_mul(I256::new(2)).ok_or(Inexact)?;
    let odd = floor.checked_rem_euclid(I256::new(2)).ok_or(Inexact)? == I256::ONE;
    let up = twice > denominator || (twice == denominator && odd);
    let rounded = if up {
        floor.checked_add(I256::ONE).ok_or(Inexact)?
    } else {
        floor
    };
    let mantissa = i128::try_from(rounded).map_err(|_| Inexact)?;
    Decimal::try_from_i128_with_scale(mantissa, DIVISION_SCALE)
        .map(Amount::of)
        .map_err(|_| Inexact)
}

/// How an amount is brought to fewer digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rounding {
    /// Toward zero.
    Truncate,
    /// To the nearest, a half to the even digit.
    HalfEven,
}

/// `amount` with at most `scale` digits after the point.
pub(crate) fn round_to(amount: Amount, scale: u32, rounding: Rounding) -> Amount {
    let strategy = match rounding {
        Rounding::Truncate => RoundingStrategy::ToZero,
        Rounding::HalfEven => RoundingStrategy::MidpointNearestEven,
    };
    Amount::of(amount.0.round_dp_with_strategy(scale, strategy))
}

/// `part / whole · 100`, to 4 digits after the point, half to even; nothing where `whole` is zero.
/// For display only: nothing is computed from it.
pub fn percent(part: Amount, whole: Amount) -> Option<Amount> {
    let hundred = Amount(Decimal::ONE_HUNDRED);
    proportion(part, hundred, whole)
        .ok()
        .map(|value| round_to(value, 4, Rounding::HalfEven))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(text: &str) -> Amount {
        text.parse().unwrap()
    }

    #[test]
    fn a_decimal_is_read_exactly_or_not_at_all() {
        assert_eq!(amount("1e-8").to_string(), "0.00000001");
        assert_eq!(amount("-2.50e2").to_string(), "-250");
        assert_eq!(amount("1.10").to_string(), "1.1");
        assert!("0.00000000000000000000000000001".parse::<Amount>().is_err());
        assert!("1e-40".parse::<Amount>().is_err());
        assert!(
            "99999999999999999999999999999999"
                .parse::<Amount>()
                .is_err()
        );
        assert!("NaN".parse::<Amount>().is_err());
        assert!("-1".parse::<Quantity>().is_err());
    }

    #[test]
    fn a_sum_that_would_round_is_an_error() {
        let large = amount("7000000000000000000000000000");
        let small = amount("0.0000000001");
        assert_eq!(large.plus(small), Err(Inexact));
        assert_eq!(amount("0.1").plus(amount("0.2")), Ok(amount("0.3")));
        assert_eq!(amount("0.5").minus(amount("0.5")), Ok(Amount::ZERO));
        assert_eq!(amount("0.15").plus(amount("0.85")), Ok(amount("1")));
    }

    #[test]
    fn a_product_that_would_round_is_an_error() {
        let small = amount("0.00000000000001");
        assert_eq!(
            small.times(small),
            Ok(amount("0.0000000000000000000000000001"))
        );
        assert_eq!(amount("0.000000000000001").times(small), Err(Inexact));
        assert_eq!(amount("1.5").times(amount("2")), Ok(amount("3")));
    }

    #[test]
    fn only_a_division_rounds_and_half_goes_to_even() {
        assert_eq!(
            proportion(amount("100"), amount("1"), amount("3")),
            Ok(amount("33.3333333333333333"))
        );
        assert_eq!(
            proportion(amount("-200"), amount("1"), amount("3")),
            Ok(amount("-66.6666666666666667"))
        );
        assert_eq!(
            quotient(amount("0.0000000000000001"), amount("2")),
            Ok(Amount::ZERO)
        );
        assert_eq!(
            quotient(amount("0.0000000000000003"), amount("2")),
            Ok(amount("0.0000000000000002"))
        );
        assert_eq!(quotient(amount("1"), Amount::ZERO), Err(Inexact));
        let wide = amount("79228162514264337593.5439503");
        assert_eq!(proportion(wide, wide, wide), Ok(wide));
    }
}
