//! The forms of single values, and the macros that write the rest.

use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;

use bincode::de::read::Reader;
use bincode::de::{BorrowDecode, BorrowDecoder, Decode};
use bincode::enc::write::Writer;
use bincode::enc::{Encode, Encoder};
use bincode::error::EncodeError;
use rust_decimal::Decimal as Exact;
use smol_str::SmolStr;

use crate::error::Fault;

/// A form on disk of the domain type `D`. It is written from the domain and read into it without a
/// copy in between. The domain's own constructors judge what is read, so that a damaged value is a
/// [`Fault`] and never a wrong number.
pub(in crate::codec) trait Frozen<D> {
    /// Writes `value` in this form.
    fn write<E: Encoder>(value: &D, encoder: &mut E) -> Result<(), EncodeError>;
    /// Reads a value in this form.
    fn read<'de, R: BorrowDecoder<'de>>(decoder: &mut R) -> Result<D, Fault>;
}

/// A form with the fields of its domain type.
macro_rules! fields {
    ($name:ident { $($field:ident: $form:ty),* $(,)? }) => {
        pub(in crate::codec) struct $name;
        impl $crate::codec::v1::Frozen<ledger::$name> for $name {
            #[inline]
            fn write<E: bincode::enc::Encoder>(
                value: &ledger::$name,
                encoder: &mut E,
            ) -> Result<(), bincode::error::EncodeError> {
                // Without `..`, so that a new field in the domain does not compile here.
                let ledger::$name { $($field,)* } = value;
                $(<$form as $crate::codec::v1::Frozen<_>>::write($field, encoder)?;)*
                Ok(())
            }
            #[inline]
            fn read<'de, R: bincode::de::BorrowDecoder<'de>>(
                decoder: &mut R,
            ) -> Result<ledger::$name, $crate::error::Fault> {
                Ok(ledger::$name {
                    $($field: <$form as $crate::codec::v1::Frozen<_>>::read(decoder)?,)*
                })
            }
        }
    };
}
pub(super) use fields;

/// A form of one byte for a domain type that is a choice without content.
macro_rules! codes {
    ($name:ident { $($code:literal => $variant:ident,)* }) => {
        pub(in crate::codec) struct $name;
        impl Frozen<ledger::$name> for $name {
            #[inline]
            fn write<E: Encoder>(
                value: &ledger::$name,
                encoder: &mut E,
            ) -> Result<(), EncodeError> {
                let code: u8 = match value { $(ledger::$name::$variant => $code,)* };
                code.encode(encoder)
            }
            #[inline]
            fn read<'de, R: BorrowDecoder<'de>>(decoder: &mut R) -> Result<ledger::$name, Fault> {
                match u8::decode(decoder)? {
                    $($code => Ok(ledger::$name::$variant),)*
                    code => Err(Fault::UnknownCode {
                        what: stringify!($name),
                        code: u64::from(code),
                    }),
                }
            }
        }
    };
}

/// A form that is a number and the content of the variant with that number.
macro_rules! choice {
    ($name:ident { $(
        $code:literal => $variant:ident
            $(($form:ty))?
            $({ $($field:ident: $field_form:ty),* })?,
    )* }) => {
        pub(in crate::codec) struct $name;
        impl $crate::codec::v1::Frozen<ledger::$name> for $name {
            fn write<E: bincode::enc::Encoder>(
                value: &ledger::$name,
                encoder: &mut E,
            ) -> Result<(), bincode::error::EncodeError> {
                match value {
                    $($crate::codec::v1::value::choice!(
                        @pattern $name $variant, content $(, $form)? $({ $($field),* })?
                    ) => {
                        bincode::Encode::encode(&{ let code: u32 = $code; code }, encoder)?;
                        $(<$form as $crate::codec::v1::Frozen<_>>::write(content, encoder)?;)?
                        $($(<$field_form as $crate::codec::v1::Frozen<_>>::write($field, encoder)?;)*)?
                    })*
                }
                Ok(())
            }
            fn read<'de, R: bincode::de::BorrowDecoder<'de>>(
                decoder: &mut R,
            ) -> Result<ledger::$name, $crate::error::Fault> {
                let code: u32 = bincode::Decode::decode(decoder)?;
                match code {
                    $($code => Ok(
                        ledger::$name::$variant
                        $((<$form as $crate::codec::v1::Frozen<_>>::read(decoder)?))?
                        $({ $($field: <$field_form as $crate::codec::v1::Frozen<_>>::read(decoder)?),* })?
                    ),)*
                    code => Err($crate::error::Fault::UnknownCode {
                        what: stringify!($name),
                        code: u64::from(code),
                    }),
                }
            }
        }
    };
    (@pattern $name:ident $variant:ident, $content:ident) => { ledger::$name::$variant };
    (@pattern $name:ident $variant:ident, $content:ident, $form:ty) => {
        ledger::$name::$variant($content)
    };
    (@pattern $name:ident $variant:ident, $content:ident { $($field:ident),* }) => {
        ledger::$name::$variant { $($field),* }
    };
}
pub(super) use choice;

/// Text: its length in bytes, then UTF-8.
pub(in crate::codec) struct Text;

impl Text {
    /// Reads the bytes of a text, which may not be UTF-8.
    #[inline]
    pub(super) fn bytes<'de, R: BorrowDecoder<'de>>(decoder: &mut R) -> Result<&'de [u8], Fault> {
        Ok(<&[u8]>::borrow_decode(decoder)?)
    }

    /// The text that the bytes are.
    #[inline]
    pub(super) fn checked(bytes: &[u8]) -> Result<&str, Fault> {
        std::str::from_utf8(bytes).map_err(|_| Fault::NotText)
    }
}

macro_rules! text_forms {
    ($($name:ident)*) => {$(
        impl Frozen<ledger::$name> for Text {
            #[inline]
            fn write<E: Encoder>(
                value: &ledger::$name,
                encoder: &mut E,
            ) -> Result<(), EncodeError> {
                value.as_str().encode(encoder)
            }
            #[inline]
            fn read<'de, R: BorrowDecoder<'de>>(decoder: &mut R) -> Result<ledger::$name, Fault> {
                Ok(ledger::$name::new(Self::checked(Self::bytes(decoder)?)?)?)
            }
        }
    )*};
}
text_forms!(
    Tenant Venue AccountName Symbol Asset IntentId ClientOrderId VenueOrderId ExecutionId
    SettlementId Strategy Trader Ticket Actor Correlation
);

/// A form of one value: how it is written, and how it is read.
macro_rules! value_forms {
    ($($form:ident: $domain:ty {
        |$value:ident, $encoder:ident| $write:expr,
        |$decoder:ident| $read:expr $(,)?
    })*) => {$(
        impl Frozen<$domain> for $form {
            #[inline]
            fn write<E: Encoder>($value: &$domain, $encoder: &mut E) -> Result<(), EncodeError> {
                $write
            }
            #[inline]
            fn read<'de, R: BorrowDecoder<'de>>($decoder: &mut R) -> Result<$domain, Fault> {
                Ok($read)
            }
        }
    )*};
}

/// Bytes: their number, then they.
pub(in crate::codec) struct Bytes;

/// Sixteen bytes as they are.
pub(in crate::codec) struct Sixteen;

/// A sequence, of variable length.
pub(in crate::codec) struct Number;

/// Nanoseconds since 1970-01-01T00:00:00Z: eight bytes, little-endian, signed.
pub(in crate::codec) struct Time;

value_forms! {
    Text: SmolStr {
        |value, encoder| value.as_str().encode(encoder),
        |decoder| SmolStr::new(Self::checked(Self::bytes(decoder)?)?)
    }
    Bytes: Vec<u8> {
        |value, encoder| value.as_slice().encode(encoder),
        |decoder| <&[u8]>::borrow_decode(decoder)?.to_vec()
    }
    Sixteen: ledger::PositionId {
        |value, encoder| encoder.writer().write(value.as_uuid().as_bytes()),
        |decoder| ledger::PositionId::new(uuid::Uuid::from_bytes(fixed(decoder)?))
    }
    Sixteen: ledger::FactKey {
        |value, encoder| encoder.writer().write(value.as_bytes()),
        |decoder| ledger::FactKey::from_bytes(fixed(decoder)?)
    }
    Number: ledger::Sequence {
        |value, encoder| value.get().encode(encoder),
        |decoder| ledger::Sequence::new(u64::decode(decoder)?)
    }
    Time: ledger::Timestamp {
        |value, encoder| encoder.writer().write(&value.as_nanoseconds().to_le_bytes()),
        |decoder| ledger::Timestamp::from_nanoseconds(i64::from_le_bytes(fixed(decoder)?))
    }
    bool: bool {
        |value, encoder| value.encode(encoder),
        |decoder| Self::decode(decoder)?
    }
    u32: u32 {
        |value, encoder| value.encode(encoder),
        |decoder| Self::decode(decoder)?
    }
}

/// Reads bytes whose number is fixed.
#[inline]
fn fixed<'de, const N: usize, R: BorrowDecoder<'de>>(decoder: &mut R) -> Result<[u8; N], Fault> {
    let mut bytes = [0; N];
    decoder.claim_bytes_read(N)?;
    decoder.reader().read(&mut bytes)?;
    Ok(bytes)
}

/// A decimal: one byte with its scale and, in the highest bit, its sign; then the mantissa, of
/// variable length. What a ledger counts has few digits: most decimals take two to six bytes, where
/// `rust_decimal`'s own form always takes sixteen.
pub(in crate::codec) struct Decimal;

const NEGATIVE: u8 = 0x80;

impl Decimal {
    #[inline]
    fn put<E: Encoder>(value: Exact, encoder: &mut E) -> Result<(), EncodeError> {
        let sign = if value.is_sign_negative() {
            NEGATIVE
        } else {
            0
        };
        // A scale is at most 28.
        let scale = u8::try_from(value.scale()).unwrap_or(u8::MAX);
        (scale | sign).encode(encoder)?;
        value.mantissa().unsigned_abs().encode(encoder)
    }

    #[inline]
    fn take<'de, R: BorrowDecoder<'de>>(decoder: &mut R) -> Result<Exact, Fault> {
        let head = u8::decode(decoder)?;
        let mantissa = u128::decode(decoder)?;
        let scale = u32::from(head & !NEGATIVE);
        if scale > Exact::MAX_SCALE || mantissa >> 96 != 0 {
            return Err(Fault::NotADecimal);
        }
        let word = |at: u32| u32::try_from(mantissa >> at & 0xffff_ffff).unwrap_or_default();
        let negative = head & NEGATIVE != 0;
        Ok(Exact::from_parts(
            word(0),
            word(32),
            word(64),
            negative,
            scale,
        ))
    }
}

macro_rules! decimal_forms {
    ($($name:ident)*) => {$(
        impl Frozen<ledger::$name> for Decimal {
            #[inline]
            fn write<E: Encoder>(
                value: &ledger::$name,
                encoder: &mut E,
            ) -> Result<(), EncodeError> {
                Self::put(value.get(), encoder)
            }
            #[inline]
            fn read<'de, R: BorrowDecoder<'de>>(decoder: &mut R) -> Result<ledger::$name, Fault> {
                let value = Self::take(decoder)?;
                if value.is_zero() {
                    return Ok(ledger::$name::ZERO);
                }
                Ok(ledger::$name::new(value)?)
            }
        }
    )*};
}
decimal_forms!(Amount Price Quantity);

impl<D, F: Frozen<D>> Frozen<Option<D>> for Option<F> {
    #[inline]
    fn write<E: Encoder>(value: &Option<D>, encoder: &mut E) -> Result<(), EncodeError> {
        match value {
            None => 0_u8.encode(encoder),
            Some(value) => {
                1_u8.encode(encoder)?;
                F::write(value, encoder)
            }
        }
    }
    #[inline]
    fn read<'de, R: BorrowDecoder<'de>>(decoder: &mut R) -> Result<Option<D>, Fault> {
        match u8::decode(decoder)? {
            0 => Ok(None),
            1 => F::read(decoder).map(Some),
            code => Err(Fault::UnknownCode {
                what: "Option",
                code: u64::from(code),
            }),
        }
    }
}

impl<D, F: Frozen<D>> Frozen<Box<D>> for F {
    #[inline]
    fn write<E: Encoder>(value: &Box<D>, encoder: &mut E) -> Result<(), EncodeError> {
        F::write(value, encoder)
    }
    #[inline]
    fn read<'de, R: BorrowDecoder<'de>>(decoder: &mut R) -> Result<Box<D>, Fault> {
        F::read(decoder).map(Box::new)
    }
}

/// Values one after another: their number, then they. What is read grows value by value, so that a
/// damaged number cannot ask for memory that the bytes do not fill.
pub(in crate::codec) struct List<F>(PhantomData<F>);

impl<D, F: Frozen<D>> Frozen<Vec<D>> for List<F> {
    fn write<E: Encoder>(values: &Vec<D>, encoder: &mut E) -> Result<(), EncodeError> {
        put_count(values.len(), encoder)?;
        values.iter().try_for_each(|value| F::write(value, encoder))
    }
    fn read<'de, R: BorrowDecoder<'de>>(decoder: &mut R) -> Result<Vec<D>, Fault> {
        let count = u64::decode(decoder)?;
        let mut values = Vec::new();
        for _ in 0..count {
            values.push(F::read(decoder)?);
        }
        Ok(values)
    }
}

/// Keys with their values, in ascending order of the keys: their number, then they.
pub(in crate::codec) struct Pairs<K, V>(PhantomData<(K, V)>);

impl<DK: Ord, DV, K: Frozen<DK>, V: Frozen<DV>> Frozen<BTreeMap<DK, DV>> for Pairs<K, V> {
    fn write<E: Encoder>(map: &BTreeMap<DK, DV>, encoder: &mut E) -> Result<(), EncodeError> {
        put_count(map.len(), encoder)?;
        map.iter().try_for_each(|(key, value)| {
            K::write(key, encoder)?;
            V::write(value, encoder)
        })
    }
    fn read<'de, R: BorrowDecoder<'de>>(decoder: &mut R) -> Result<BTreeMap<DK, DV>, Fault> {
        let count = u64::decode(decoder)?;
        let mut map = BTreeMap::new();
        for _ in 0..count {
            if map.insert(K::read(decoder)?, V::read(decoder)?).is_some() {
                return Err(Fault::RepeatedKey);
            }
        }
        Ok(map)
    }
}

fn put_count<E: Encoder>(count: usize, encoder: &mut E) -> Result<(), EncodeError> {
    u64::try_from(count).unwrap_or(u64::MAX).encode(encoder)
}

/// A set of flags: one bit each.
pub(in crate::codec) struct Flags;

/// Flag and bit, both ways.
macro_rules! flag_bits {
    ($($bit:literal => $flag:ident,)*) => {
        const fn bit_of(flag: ledger::Flag) -> u64 {
            match flag { $(ledger::Flag::$flag => 1 << $bit,)* }
        }
        const ALL_FLAGS: &[ledger::Flag] = &[$(ledger::Flag::$flag,)*];
    };
}
flag_bits! {
    0 => ExternalOrder,
    1 => LateFill,
    2 => Overfill,
    3 => ExceedsLeg,
    4 => FillAfterEnd,
    5 => FillMissing,
    6 => Liquidation,
    7 => OppositeSide,
    8 => UnknownInstrument,
    9 => LegModeMismatch,
    10 => Dust,
    11 => ExitRejected,
    12 => StopRejected,
    13 => OrderUnknown,
    14 => Unprotected,
    15 => AfterFinal,
    16 => Reopened,
    17 => Adjusted,
    18 => DiffersFromVenue,
    19 => OutOfOrder,
}

impl Frozen<BTreeSet<ledger::Flag>> for Flags {
    #[inline]
    fn write<E: Encoder>(
        flags: &BTreeSet<ledger::Flag>,
        encoder: &mut E,
    ) -> Result<(), EncodeError> {
        let bits = flags.iter().fold(0, |bits, flag| bits | bit_of(*flag));
        bits.encode(encoder)
    }
    #[inline]
    fn read<'de, R: BorrowDecoder<'de>>(decoder: &mut R) -> Result<BTreeSet<ledger::Flag>, Fault> {
        let bits = u64::decode(decoder)?;
        if bits == 0 {
            return Ok(BTreeSet::new());
        }
        let known = ALL_FLAGS.iter().fold(0, |bits, flag| bits | bit_of(*flag));
        if bits & !known != 0 {
            return Err(Fault::UnknownCode {
                what: "Flag",
                code: bits,
            });
        }
        Ok(ALL_FLAGS
            .iter()
            .copied()
            .filter(|flag| bits & bit_of(*flag) != 0)
            .collect())
    }
}

codes!(Side { 0 => Buy, 1 => Sell, });
codes!(PositionSide { 0 => Long, 1 => Short, });
codes!(Mode { 0 => Live, 1 => Paper, 2 => Sim, });
codes!(OrderKind {
    0 => Market,
    1 => Limit,
    2 => Stop,
    3 => TakeProfit,
    4 => TrailingStop,
});
codes!(OrderPurpose {
    0 => Entry,
    1 => ScaleIn,
    2 => Reduce,
    3 => Close,
    4 => StopLoss,
    5 => TakeProfit,
    6 => Trailing,
    7 => External,
});
codes!(OrderStatus {
    0 => Requested,
    1 => Submitted,
    2 => Accepted,
    3 => PartiallyFilled,
    4 => Filled,
    5 => Canceled,
    6 => Rejected,
    7 => Expired,
    8 => Unknown,
});
codes!(PositionState {
    0 => Created,
    1 => Submitting,
    2 => Open,
    3 => Monitoring,
    4 => Trailing,
    5 => Closing,
    6 => Closed,
    7 => Canceled,
    8 => Failed,
});
codes!(StateCause {
    0 => EntryRequested,
    1 => Withdrawn,
    2 => FirstFill,
    3 => ExternalFill,
    4 => EntryRejected,
    5 => EntryExpired,
    6 => EntryCanceled,
    7 => MonitoringStarted,
    8 => TrailActivated,
    9 => ExitRequested,
    10 => ProtectionFilled,
    11 => Liquidation,
    12 => ExitEnded,
    13 => ExitRejected,
    14 => Flat,
    15 => Flipped,
    16 => Adjusted,
});
codes!(Origin { 0 => Intent, 1 => External, });
codes!(Liquidity { 0 => Maker, 1 => Taker, });
codes!(PositionMode { 0 => Netting, 1 => Hedging, 2 => Ticket, });
codes!(CostBasis {
    0 => Average,
    1 => Fifo,
    2 => Lifo,
    3 => PerTicket,
    4 => AverageOfOpens,
});
codes!(RoundingRule { 0 => Exact, 1 => Truncate, 2 => HalfEven, });
codes!(StopPolicy { 0 => None, 1 => Alarm, });
codes!(FindingClass {
    0 => Quantity,
    1 => EntryPrice,
    2 => RealizedPnl,
    3 => MissingFill,
    4 => OpenedOutside,
    5 => ClosedOutside,
});

fields!(AccountId {
    tenant: Text,
    venue: Text,
    mode: Mode,
    name: Text,
});
fields!(InstrumentId {
    tenant: Text,
    venue: Text,
    symbol: Text,
});
fields!(OrderReference {
    client_order_id: Option<Text>,
    venue_order_id: Option<Text>,
});

choice!(Leg {
    0 => Net,
    1 => Long,
    2 => Short,
    3 => Ticket(Text),
    4 => Pending,
});
