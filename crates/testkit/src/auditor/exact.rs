//! A rational number that can be read from the domain's decimals.

use std::fmt;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

use ledger::Amount;
use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed, ToPrimitive, Zero};

/// A number without any rounding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exact(BigRational);

impl Exact {
    /// Nothing.
    pub fn zero() -> Self {
        Self(BigRational::zero())
    }

    /// One.
    pub fn one() -> Self {
        Self(BigRational::one())
    }

    /// `count` units of the `scale`-th digit after the point.
    pub fn units(count: usize, scale: u32) -> Self {
        Self(BigRational::new(
            BigInt::from(count),
            BigInt::from(10).pow(scale),
        ))
    }

    /// Whether this is nothing.
    pub fn is_zero(&self) -> bool {
        self.0.is_zero()
    }

    /// Whether it is below zero.
    pub fn is_negative(&self) -> bool {
        self.0.is_negative()
    }

    /// Without its sign.
    #[must_use]
    pub fn abs(&self) -> Self {
        Self(self.0.abs())
    }
}

impl From<Amount> for Exact {
    fn from(amount: Amount) -> Self {
        let decimal = amount.get();
        let unit = BigInt::from(10).pow(decimal.scale());
        Self(BigRational::new(BigInt::from(decimal.mantissa()), unit))
    }
}

/// Twenty digits are enough to see a difference; `≈` says that there are more.
impl fmt::Display for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scaled = &self.0 * BigRational::from(BigInt::from(10).pow(20));
        let whole = scaled.to_integer();
        let text = match whole.to_i128() {
            Some(digits) => match rust_decimal::Decimal::try_from_i128_with_scale(digits, 20) {
                Ok(decimal) => decimal.normalize().to_string(),
                Err(_) => format!("{whole}e-20"),
            },
            None => format!("{whole}e-20"),
        };
        let more = if scaled.is_integer() { "" } else { "≈" };
        write!(f, "{more}{text}")
    }
}

macro_rules! operator {
    ($trait:ident, $method:ident, $op:tt) => {
        impl $trait for Exact {
            type Output = Self;
            fn $method(self, other: Self) -> Self {
                Self(self.0 $op other.0)
            }
        }

        impl $trait for &Exact {
            type Output = Exact;
            fn $method(self, other: Self) -> Exact {
                Exact(&self.0 $op &other.0)
            }
        }
    };
}

operator!(Add, add, +);
operator!(Sub, sub, -);
operator!(Mul, mul, *);
operator!(Div, div, /);

impl Neg for Exact {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl AddAssign<&Self> for Exact {
    fn add_assign(&mut self, other: &Self) {
        self.0 += &other.0;
    }
}

impl SubAssign<&Self> for Exact {
    fn sub_assign(&mut self, other: &Self) {
        self.0 -= &other.0;
    }
}
