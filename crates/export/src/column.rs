//! What a column holds, so that parquet can give it a type.

use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, Decimal128Builder, StringBuilder, TimestampNanosecondBuilder, UInt64Builder,
};
use arrow_array::{ArrayRef, BooleanArray};
use arrow_schema::{DataType, TimeUnit};
use ledger::Timestamp;
use rust_decimal::Decimal;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text, or the JSON of a list or map.
    Text,
    /// An exact decimal.
    Decimal,
    /// A count or a sequence.
    Count,
    /// Yes or no.
    Flag,
    /// A moment in UTC.
    Time,
}

/// The digits of a `Decimal128`.
const PRECISION: u8 = 38;

/// The least scale of a decimal column: enough for every price and average, so that the type of a column
/// is the same from export to export.
const SCALE_MIN: u8 = 18;

impl Kind {
    /// What the column of this name holds. A name that is not known here is text: exact in any case.
    pub fn of(column: &str) -> Self {
        match column {
            "sequence" | "number" | "order" | "causation" | "schema" | "first_sequence"
            | "last_sequence" | "fills" | "trades" | "wins" | "losses" | "open" => Self::Count,
            "reduce_only" | "liquidation" => Self::Flag,
            "recorded_at" | "occurred_at" | "created_at" | "updated_at" | "opened_at"
            | "closed_at" => Self::Time,
            "quantity"
            | "signed_quantity"
            | "cost"
            | "entry_quantity"
            | "entry_value"
            | "entry_price"
            | "exit_quantity"
            | "exit_value"
            | "exit_price"
            | "realized_pnl"
            | "realized_pnl_percent"
            | "roe"
            | "rounding"
            | "venue_realized_pnl"
            | "pnl_difference"
            | "unrealized_pnl"
            | "mark_price"
            | "mae"
            | "mfe"
            | "mae_price"
            | "mfe_price"
            | "mae_percent"
            | "mfe_percent"
            | "worst_price"
            | "best_price"
            | "stop_loss"
            | "take_profit"
            | "leverage"
            | "margin"
            | "max_loss"
            | "venue_difference"
            | "price"
            | "trigger_price"
            | "filled_quantity"
            | "leaves_quantity"
            | "fee"
            | "cumulative_quantity"
            | "opened"
            | "closed"
            | "win_rate"
            | "volume"
            | "gross_profit"
            | "gross_loss"
            | "profit_factor"
            | "average"
            | "best"
            | "worst" => Self::Decimal,
            _ => Self::Text,
        }
    }

    /// What it is called in a message.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Decimal => "decimal",
            Self::Count => "count",
            Self::Flag => "flag",
            Self::Time => "time",
        }
    }
}

/// How many digits the decimals of a column need.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Digits {
    whole: u32,
    fraction: u32,
}

impl Digits {
    /// Takes a value in; false if it is no decimal.
    pub(crate) fn see(&mut self, cell: &str) -> bool {
        let Ok(value) = Decimal::from_str_exact(cell) else {
            return false;
        };
        let digits = value
            .mantissa()
            .unsigned_abs()
            .checked_ilog10()
            .map_or(0, |log| log.saturating_add(1));
        self.fraction = self.fraction.max(value.scale());
        self.whole = self.whole.max(digits.saturating_sub(value.scale()));
        true
    }

    /// The scale that holds all values seen, if 38 digits are enough for them.
    fn scale(self) -> Option<u8> {
        let scale = u8::try_from(self.fraction).ok()?.max(SCALE_MIN);
        let whole = u8::try_from(self.whole).ok()?;
        (whole.checked_add(scale)? <= PRECISION).then_some(scale)
    }
}

/// The parquet type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Text,
    Decimal { scale: u8 },
    Count,
    Flag,
    Time,
}

impl Type {
    pub(crate) fn of(kind: Kind, digits: Digits) -> Self {
        match kind {
            Kind::Text => Self::Text,
            Kind::Decimal => digits
                .scale()
                .map_or(Self::Text, |scale| Self::Decimal { scale }),
            Kind::Count => Self::Count,
            Kind::Flag => Self::Flag,
            Kind::Time => Self::Time,
        }
    }

    pub(crate) fn arrow(self) -> DataType {
        match self {
            Self::Text => DataType::Utf8,
            Self::Decimal { scale } => {
                DataType::Decimal128(PRECISION, i8::try_from(scale).unwrap_or(i8::MAX))
            }
            Self::Count => DataType::UInt64,
            Self::Flag => DataType::Boolean,
            Self::Time => DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())),
        }
    }

    /// The name in the manifest.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::Decimal { scale } => format!("decimal(38,{scale})"),
            Self::Count => "uint64".to_owned(),
            Self::Flag => "boolean".to_owned(),
            Self::Time => "timestamp(ns,UTC)".to_owned(),
        }
    }

    /// The cells as an array; the first cell that is not of this type is the error.
    pub(crate) fn array<'a>(
        self,
        cells: impl Iterator<Item = &'a str>,
    ) -> Result<ArrayRef, &'a str> {
        let cells = cells.map(|cell| (!cell.is_empty()).then_some(cell));
        match self {
            Self::Text => {
                let mut builder = StringBuilder::new();
                cells.for_each(|cell| builder.append_option(cell));
                Ok(Arc::new(builder.finish()))
            }
            Self::Decimal { scale } => {
                let mut builder = Decimal128Builder::new().with_data_type(self.arrow());
                for cell in cells {
                    builder.append_option(read(cell, |cell| mantissa(cell, scale))?);
                }
                Ok(Arc::new(builder.finish()))
            }
            Self::Count => {
                let mut builder = UInt64Builder::new();
                for cell in cells {
                    builder.append_option(read(cell, |cell| cell.parse().ok())?);
                }
                Ok(Arc::new(builder.finish()))
            }
            Self::Flag => flags(cells),
            Self::Time => {
                let mut builder = TimestampNanosecondBuilder::new().with_data_type(self.arrow());
                for cell in cells {
                    let time = read(cell, |cell| cell.parse::<Timestamp>().ok())?;
                    builder.append_option(time.map(Timestamp::as_nanoseconds));
                }
                Ok(Arc::new(builder.finish()))
            }
        }
    }
}

fn flags<'a>(cells: impl Iterator<Item = Option<&'a str>>) -> Result<ArrayRef, &'a str> {
    let mut builder = BooleanBuilder::new();
    for cell in cells {
        builder.append_option(read(cell, |cell| cell.parse().ok())?);
    }
    let array: BooleanArray = builder.finish();
    Ok(Arc::new(array))
}

/// Reads a cell that may be empty; one that cannot be read is the error.
fn read<'a, T>(
    cell: Option<&'a str>,
    read: impl FnOnce(&'a str) -> Option<T>,
) -> Result<Option<T>, &'a str> {
    cell.map(|cell| read(cell).ok_or(cell)).transpose()
}

/// The decimal as a whole number of units of `10^-scale`.
fn mantissa(cell: &str, scale: u8) -> Option<i128> {
    let value = Decimal::from_str_exact(cell).ok()?;
    let shift = u32::from(scale).checked_sub(value.scale())?;
    value.mantissa().checked_mul(10_i128.checked_pow(shift)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind_of(cells: &[&str]) -> Type {
        let mut digits = Digits::default();
        assert!(cells.iter().all(|cell| digits.see(cell)));
        Type::of(Kind::Decimal, digits)
    }

    #[test]
    fn a_decimal_column_has_the_scale_that_its_values_need() {
        assert_eq!(kind_of(&[]), Type::Decimal { scale: 18 });
        assert_eq!(
            kind_of(&["66712.7", "-0.00000001"]),
            Type::Decimal { scale: 18 }
        );
        assert_eq!(
            kind_of(&["0.0000000000000000000001"]),
            Type::Decimal { scale: 22 }
        );
        let wide = "79228162514264337593543950335";
        assert_eq!(kind_of(&[wide]), Type::Text);
        assert_eq!(
            kind_of(&["12345678901", "0.0000000000000000000000000001"]),
            Type::Text
        );
    }

    #[test]
    fn a_mantissa_is_exact_or_nothing() {
        assert_eq!(mantissa("-1.5", 18), Some(-1_500_000_000_000_000_000));
        assert_eq!(mantissa("0", 18), Some(0));
        assert_eq!(mantissa("0.01", 1), None);
    }
}
