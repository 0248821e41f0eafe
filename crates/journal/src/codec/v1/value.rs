//! The forms of single values, and the macros that write the rest.

use std::collections::{BTreeMap, BTreeSet};

use bincode::de::read::Reader;
use bincode::de::{BorrowDecode, BorrowDecoder};
use bincode::enc::write::Writer;
use bincode::enc::{Encode, Encoder};
use bincode::error::{DecodeError, EncodeError};
use rust_decimal::Decimal as Exact;
use smol_str::SmolStr;

use crate::error::Fault;

/// A form on disk of the domain type `D`. Freezing borrows; thawing lets the domain's own
/// constructors judge, so that a damaged value is a [`Fault`] and never a wrong number.
pub(in crate::codec) trait Frozen<'a, D>:
    Encode + BorrowDecode<'a, ()> + Sized
{
    /// The form of `value`.
    fn freeze(value: &'a D) -> Self;
    /// The value of the form.
    fn thaw(self) -> Result<D, Fault>;
}

/// A form with the fields of its domain type.
macro_rules! fields {
    ($name:ident<'a> { $($field:ident: $form:ty,)* }) => {
        #[allow(clippy::struct_field_names, reason = "a form has the names of its domain type")]
        #[derive(bincode::Encode, bincode::BorrowDecode)]
        pub(in crate::codec) struct $name<'a> { $($field: $form,)* }
        impl<'a> $crate::codec::v1::Frozen<'a, ledger::$name> for $name<'a> {
            $crate::codec::v1::value::fields!(@both $name { $($field,)* });
        }
    };
    ($name:ident { $($field:ident: $form:ty,)* }) => {
        #[allow(clippy::struct_field_names, reason = "a form has the names of its domain type")]
        #[derive(bincode::Encode, bincode::BorrowDecode)]
        pub(in crate::codec) struct $name { $($field: $form,)* }
        impl<'a> $crate::codec::v1::Frozen<'a, ledger::$name> for $name {
            $crate::codec::v1::value::fields!(@both $name { $($field,)* });
        }
    };
    (@both $name:ident { $($field:ident,)* }) => {
        #[inline]
        fn freeze(value: &'a ledger::$name) -> Self {
            let ledger::$name { $($field,)* } = value;
            Self { $($field: $crate::codec::v1::Frozen::freeze($field),)* }
        }
        #[inline]
        fn thaw(self) -> Result<ledger::$name, $crate::error::Fault> {
            let Self { $($field,)* } = self;
            Ok(ledger::$name { $($field: $crate::codec::v1::Frozen::thaw($field)?,)* })
        }
    };
}
pub(super) use fields;

/// A form of one byte for a domain type that is a choice without content.
macro_rules! codes {
    ($name:ident { $($code:literal => $variant:ident,)* }) => {
        #[derive(bincode::Encode, bincode::BorrowDecode)]
        pub(in crate::codec) struct $name(u8);
        impl<'a> $crate::codec::v1::Frozen<'a, ledger::$name> for $name {
            #[inline]
            fn freeze(value: &'a ledger::$name) -> Self {
                Self(match value { $(ledger::$name::$variant => $code,)* })
            }
            #[inline]
            fn thaw(self) -> Result<ledger::$name, $crate::error::Fault> {
                match self.0 {
                    $($code => Ok(ledger::$name::$variant),)*
                    code => Err($crate::error::Fault::UnknownCode {
                        what: stringify!($name),
                        code: u64::from(code),
                    }),
                }
            }
        }
    };
}

/// Text: its length in bytes, then UTF-8.
#[derive(bincode::Encode, bincode::BorrowDecode)]
pub(in crate::codec) struct Text<'a>(&'a str);

impl Text<'_> {
    /// Whether it is this text.
    pub(super) fn is(&self, text: &str) -> bool {
        self.0 == text
    }
}

macro_rules! text_forms {
    ($($name:ident)*) => {$(
        impl<'a> Frozen<'a, ledger::$name> for Text<'a> {
            #[inline]
            fn freeze(value: &'a ledger::$name) -> Self {
                Self(value.as_str())
            }
            #[inline]
            fn thaw(self) -> Result<ledger::$name, Fault> {
                Ok(ledger::$name::new(self.0)?)
            }
        }
    )*};
}
text_forms!(
    Tenant Venue AccountName Symbol Asset IntentId ClientOrderId VenueOrderId ExecutionId
    SettlementId Strategy Trader Ticket Actor Correlation
);

impl<'a> Frozen<'a, SmolStr> for Text<'a> {
    #[inline]
    fn freeze(value: &'a SmolStr) -> Self {
        Self(value.as_str())
    }
    #[inline]
    fn thaw(self) -> Result<SmolStr, Fault> {
        Ok(SmolStr::new(self.0))
    }
}

/// Bytes: their number, then they.
#[derive(bincode::Encode, bincode::BorrowDecode)]
pub(in crate::codec) struct Bytes<'a>(&'a [u8]);

impl<'a> Frozen<'a, Vec<u8>> for Bytes<'a> {
    fn freeze(value: &'a Vec<u8>) -> Self {
        Self(value)
    }
    fn thaw(self) -> Result<Vec<u8>, Fault> {
        Ok(self.0.to_vec())
    }
}

/// Sixteen bytes as they are.
pub(in crate::codec) struct Sixteen([u8; 16]);

impl Encode for Sixteen {
    #[inline]
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        encoder.writer().write(&self.0)
    }
}

impl<'de, C> BorrowDecode<'de, C> for Sixteen {
    #[inline]
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(
        decoder: &mut D,
    ) -> Result<Self, DecodeError> {
        let mut bytes = [0; 16];
        decoder.claim_bytes_read(bytes.len())?;
        decoder.reader().read(&mut bytes)?;
        Ok(Self(bytes))
    }
}

impl<'a> Frozen<'a, ledger::PositionId> for Sixteen {
    #[inline]
    fn freeze(value: &'a ledger::PositionId) -> Self {
        Self(value.as_uuid().into_bytes())
    }
    #[inline]
    fn thaw(self) -> Result<ledger::PositionId, Fault> {
        Ok(ledger::PositionId::new(uuid::Uuid::from_bytes(self.0)))
    }
}

impl<'a> Frozen<'a, ledger::FactKey> for Sixteen {
    #[inline]
    fn freeze(value: &'a ledger::FactKey) -> Self {
        Self(*value.as_bytes())
    }
    #[inline]
    fn thaw(self) -> Result<ledger::FactKey, Fault> {
        Ok(ledger::FactKey::from_bytes(self.0))
    }
}

/// A decimal: one byte with its scale and, in the highest bit, its sign; then the mantissa, of
/// variable length. What a ledger counts has few digits: most decimals take two to six bytes, where
/// `rust_decimal`'s own form always takes sixteen.
pub(in crate::codec) struct Decimal(Exact);

const NEGATIVE: u8 = 0x80;

impl Encode for Decimal {
    #[inline]
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        let sign = if self.0.is_sign_negative() {
            NEGATIVE
        } else {
            0
        };
        // A scale is at most 28.
        let scale = u8::try_from(self.0.scale()).unwrap_or(u8::MAX);
        (scale | sign).encode(encoder)?;
        self.0.mantissa().unsigned_abs().encode(encoder)
    }
}

impl<'de, C> BorrowDecode<'de, C> for Decimal {
    #[inline]
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(
        decoder: &mut D,
    ) -> Result<Self, DecodeError> {
        let head = u8::borrow_decode(decoder)?;
        let mantissa = u128::borrow_decode(decoder)?;
        let scale = u32::from(head & !NEGATIVE);
        if scale > Exact::MAX_SCALE || mantissa >> 96 != 0 {
            return Err(DecodeError::Other(
                "a scale or a mantissa that no decimal has",
            ));
        }
        let word = |at: u32| u32::try_from(mantissa >> at & 0xffff_ffff).unwrap_or_default();
        let negative = head & NEGATIVE != 0;
        Ok(Self(Exact::from_parts(
            word(0),
            word(32),
            word(64),
            negative,
            scale,
        )))
    }
}

macro_rules! decimal_forms {
    ($($name:ident)*) => {$(
        impl<'a> Frozen<'a, ledger::$name> for Decimal {
            #[inline]
            fn freeze(value: &'a ledger::$name) -> Self {
                Self(value.get())
            }
            #[inline]
            fn thaw(self) -> Result<ledger::$name, Fault> {
                if self.0.is_zero() {
                    return Ok(ledger::$name::ZERO);
                }
                Ok(ledger::$name::new(self.0)?)
            }
        }
    )*};
}
decimal_forms!(Amount Price Quantity);

/// A sequence, of variable length.
#[derive(bincode::Encode, bincode::BorrowDecode)]
pub(in crate::codec) struct Number(u64);

impl<'a> Frozen<'a, ledger::Sequence> for Number {
    #[inline]
    fn freeze(value: &'a ledger::Sequence) -> Self {
        Self(value.get())
    }
    #[inline]
    fn thaw(self) -> Result<ledger::Sequence, Fault> {
        Ok(ledger::Sequence::new(self.0))
    }
}

/// Nanoseconds since 1970-01-01T00:00:00Z: eight bytes, little-endian, signed.
pub(in crate::codec) struct Time(i64);

impl Encode for Time {
    #[inline]
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        encoder.writer().write(&self.0.to_le_bytes())
    }
}

impl<'de, C> BorrowDecode<'de, C> for Time {
    #[inline]
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(
        decoder: &mut D,
    ) -> Result<Self, DecodeError> {
        let mut bytes = [0; 8];
        decoder.claim_bytes_read(bytes.len())?;
        decoder.reader().read(&mut bytes)?;
        Ok(Self(i64::from_le_bytes(bytes)))
    }
}

impl<'a> Frozen<'a, ledger::Timestamp> for Time {
    #[inline]
    fn freeze(value: &'a ledger::Timestamp) -> Self {
        Self(value.as_nanoseconds())
    }
    #[inline]
    fn thaw(self) -> Result<ledger::Timestamp, Fault> {
        Ok(ledger::Timestamp::from_nanoseconds(self.0))
    }
}

macro_rules! plain_forms {
    ($($name:ty)*) => {$(
        impl<'a> Frozen<'a, $name> for $name {
            #[inline]
            fn freeze(value: &'a $name) -> Self {
                *value
            }
            #[inline]
            fn thaw(self) -> Result<$name, Fault> {
                Ok(self)
            }
        }
    )*};
}
plain_forms!(bool u32);

impl<'a, D, F: Frozen<'a, D>> Frozen<'a, Option<D>> for Option<F> {
    #[inline]
    fn freeze(value: &'a Option<D>) -> Self {
        value.as_ref().map(F::freeze)
    }
    #[inline]
    fn thaw(self) -> Result<Option<D>, Fault> {
        self.map(F::thaw).transpose()
    }
}

impl<'a, D, F: Frozen<'a, D>> Frozen<'a, Box<D>> for F {
    #[inline]
    fn freeze(value: &'a Box<D>) -> Self {
        F::freeze(value)
    }
    #[inline]
    fn thaw(self) -> Result<Box<D>, Fault> {
        F::thaw(self).map(Box::new)
    }
}

/// Values one after another: their number, then they. It grows as it is read, so that a damaged
/// number cannot ask for memory that the bytes do not fill.
pub(in crate::codec) struct List<F>(Vec<F>);

impl<F: Encode> Encode for List<F> {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        u64::encode(&u64::try_from(self.0.len()).unwrap_or(u64::MAX), encoder)?;
        self.0.iter().try_for_each(|value| value.encode(encoder))
    }
}

impl<'de, C, F: BorrowDecode<'de, C>> BorrowDecode<'de, C> for List<F> {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(
        decoder: &mut D,
    ) -> Result<Self, DecodeError> {
        let count = u64::borrow_decode(decoder)?;
        let mut values = Vec::new();
        for _ in 0..count {
            values.push(F::borrow_decode(decoder)?);
        }
        Ok(Self(values))
    }
}

impl<'a, D, F: Frozen<'a, D>> Frozen<'a, Vec<D>> for List<F> {
    fn freeze(value: &'a Vec<D>) -> Self {
        Self(value.iter().map(F::freeze).collect())
    }
    fn thaw(self) -> Result<Vec<D>, Fault> {
        self.0.into_iter().map(F::thaw).collect()
    }
}

/// Pairs in ascending order of their first halves.
pub(in crate::codec) type Pairs<K, V> = List<Pair<K, V>>;

/// A key and its value.
#[derive(bincode::Encode, bincode::BorrowDecode)]
pub(in crate::codec) struct Pair<K, V>(K, V);

impl<'a, DK, DV, K, V> Frozen<'a, BTreeMap<DK, DV>> for Pairs<K, V>
where
    DK: Ord,
    K: Frozen<'a, DK>,
    V: Frozen<'a, DV>,
{
    fn freeze(value: &'a BTreeMap<DK, DV>) -> Self {
        Self(
            value
                .iter()
                .map(|(key, value)| Pair(K::freeze(key), V::freeze(value)))
                .collect(),
        )
    }
    fn thaw(self) -> Result<BTreeMap<DK, DV>, Fault> {
        let mut map = BTreeMap::new();
        for Pair(key, value) in self.0 {
            if map.insert(key.thaw()?, value.thaw()?).is_some() {
                return Err(Fault::RepeatedKey);
            }
        }
        Ok(map)
    }
}

/// A set of flags: one bit each.
#[derive(bincode::Encode, bincode::BorrowDecode)]
pub(in crate::codec) struct Flags(u64);

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

impl<'a> Frozen<'a, BTreeSet<ledger::Flag>> for Flags {
    #[inline]
    fn freeze(value: &'a BTreeSet<ledger::Flag>) -> Self {
        Self(value.iter().fold(0, |bits, flag| bits | bit_of(*flag)))
    }
    #[inline]
    fn thaw(self) -> Result<BTreeSet<ledger::Flag>, Fault> {
        if self.0 == 0 {
            return Ok(BTreeSet::new());
        }
        let known = ALL_FLAGS.iter().fold(0, |bits, flag| bits | bit_of(*flag));
        if self.0 & !known != 0 {
            return Err(Fault::UnknownCode {
                what: "Flag",
                code: self.0,
            });
        }
        Ok(ALL_FLAGS
            .iter()
            .copied()
            .filter(|flag| self.0 & bit_of(*flag) != 0)
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

impl AccountId<'_> {
    /// Whether it is this account.
    pub(super) fn is(&self, account: &ledger::AccountId) -> bool {
        self.tenant.is(account.tenant.as_str())
            && self.venue.is(account.venue.as_str())
            && self.mode.0 == Mode::freeze(&account.mode).0
            && self.name.is(account.name.as_str())
    }
}

fields!(AccountId<'a> {
    tenant: Text<'a>,
    venue: Text<'a>,
    mode: Mode,
    name: Text<'a>,
});
fields!(InstrumentId<'a> {
    tenant: Text<'a>,
    venue: Text<'a>,
    symbol: Text<'a>,
});
fields!(OrderReference<'a> {
    client_order_id: Option<Text<'a>>,
    venue_order_id: Option<Text<'a>>,
});

/// Which of an account's positions.
#[derive(bincode::Encode, bincode::BorrowDecode)]
pub(in crate::codec) enum Leg<'a> {
    Net,
    Long,
    Short,
    Ticket(Text<'a>),
    Pending,
}

impl<'a> Frozen<'a, ledger::Leg> for Leg<'a> {
    #[inline]
    fn freeze(value: &'a ledger::Leg) -> Self {
        match value {
            ledger::Leg::Net => Self::Net,
            ledger::Leg::Long => Self::Long,
            ledger::Leg::Short => Self::Short,
            ledger::Leg::Ticket(ticket) => Self::Ticket(Text::freeze(ticket)),
            ledger::Leg::Pending => Self::Pending,
        }
    }
    #[inline]
    fn thaw(self) -> Result<ledger::Leg, Fault> {
        Ok(match self {
            Self::Net => ledger::Leg::Net,
            Self::Long => ledger::Leg::Long,
            Self::Short => ledger::Leg::Short,
            Self::Ticket(ticket) => ledger::Leg::Ticket(ticket.thaw()?),
            Self::Pending => ledger::Leg::Pending,
        })
    }
}
