//! JSON values into the ledger's types, each with what it expects and what to do if it is something
//! else.

use std::borrow::Cow;
use std::str::FromStr;

use ledger::{
    AccountName, Actor, Amount, Asset, ClientOrderId, ExecutionId, IntentId, InvalidValue, Leg,
    PositionId, Price, Quantity, SettlementId, Strategy, Symbol, Timestamp, Trader, Venue,
    VenueOrderId,
};
use serde_json::value::RawValue;
use smol_str::SmolStr;

use super::fields::{list, nearest};
use crate::catalogue::codes;
use crate::code::Code;
use crate::problem::Problem;

/// The longest free text (a reason, a note, an entry of the metadata), in bytes.
pub(super) const TEXT_BYTES_MAX: usize = 4096;

/// The longest name of an entry of the context or metadata, in bytes.
const NAME_BYTES_MAX: usize = 128;

/// A JSON value as it stands in the line.
#[derive(Clone, Copy)]
pub(super) enum Token<'a> {
    Null,
    Bool(bool),
    /// With all its digits.
    Number(&'a str),
    /// With its quotation marks.
    Text(&'a str),
    List(&'a str),
    Object(&'a str),
}

impl<'a> Token<'a> {
    pub(super) fn of(value: &'a RawValue) -> Self {
        let text = value.get();
        match text.as_bytes().first() {
            Some(b'"') => Self::Text(text),
            Some(b'{') => Self::Object(text),
            Some(b'[') => Self::List(text),
            Some(b't') => Self::Bool(true),
            Some(b'f') => Self::Bool(false),
            Some(b'n') | None => Self::Null,
            Some(_) => Self::Number(text),
        }
    }

    pub(super) const fn is_null(self) -> bool {
        matches!(self, Self::Null)
    }

    pub(super) const fn is_nested(self) -> bool {
        matches!(self, Self::List(_) | Self::Object(_))
    }

    pub(super) const fn object(self) -> Option<&'a str> {
        match self {
            Self::Object(text) => Some(text),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) | Self::List(_) => None,
        }
    }

    /// The value as it stands in the line.
    pub(super) const fn source(self) -> &'a str {
        match self {
            Self::Null => "null",
            Self::Bool(true) => "true",
            Self::Bool(false) => "false",
            Self::Number(text) | Self::Text(text) | Self::List(text) | Self::Object(text) => text,
        }
    }

    /// The text between the quotation marks, unescaped; borrowed where nothing is escaped.
    pub(super) fn text(self) -> Result<Cow<'a, str>, Fault> {
        let Self::Text(quoted) = self else {
            return Err(Fault {
                code: codes::WRONG_TYPE,
                expected: "a string".into(),
                remedy: match self {
                    Self::Number(_) | Self::Bool(_) => "put it in quotation marks".into(),
                    Self::Null | Self::Text(_) | Self::List(_) | Self::Object(_) => {
                        "send a string".into()
                    }
                },
            });
        };
        let inner = quoted.trim_matches('"');
        // Trimming took one mark on each side unless marks were escaped, and then a backslash shows.
        if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
            return Ok(Cow::Borrowed(inner));
        }
        serde_json::from_str(quoted)
            .map(Cow::Owned)
            .map_err(|_| Fault {
                code: codes::BAD_TEXT,
                expected: "text that can be written in Unicode".into(),
                remedy: r"a surrogate such as \ud83d is only half of a character".into(),
            })
    }
}

/// What is wrong with a value, without its place.
pub(super) struct Fault {
    pub(super) code: Code,
    pub(super) expected: Cow<'static, str>,
    pub(super) remedy: Cow<'static, str>,
}

impl Fault {
    /// A value of another JSON type.
    pub(super) fn shape(expected: &'static str) -> Self {
        Self {
            code: codes::WRONG_TYPE,
            expected: expected.into(),
            remedy: format!("send {expected}").into(),
        }
    }

    /// A word that is not in the list.
    fn word(found: &str, allowed: &[&'static str]) -> Self {
        Self {
            code: codes::UNKNOWN_WORD,
            expected: list(allowed).into(),
            remedy: match nearest(found, allowed) {
                Some(near) => format!("did you mean \"{near}\"?").into(),
                None => "use one of these words, in lower case".into(),
            },
        }
    }

    pub(super) fn at(&self, field: String, source: &str) -> Problem {
        Problem {
            code: self.code,
            line: None,
            field,
            found: quote(source).into_owned(),
            expected: self.expected.clone().into_owned(),
            remedy: self.remedy.clone().into_owned(),
        }
    }
}

/// `source` fit for a report: on one line, and cut where it is long.
pub(super) fn quote(source: &str) -> Cow<'_, str> {
    const CHARACTERS_MAX: usize = 80;
    let cut = source.char_indices().nth(CHARACTERS_MAX).map(|(at, _)| at);
    let clean = !source.chars().take(CHARACTERS_MAX).any(char::is_control);
    match cut {
        None if clean => Cow::Borrowed(source),
        cut => {
            let kept = cut.and_then(|at| source.get(..at)).unwrap_or(source);
            let mut text: String = kept
                .chars()
                .map(|c| if c.is_control() { '\u{fffd}' } else { c })
                .collect();
            if cut.is_some() {
                text.push('…');
            }
            Cow::Owned(text)
        }
    }
}

/// A type that can be read from a JSON value.
pub(super) trait Read<'a>: Sized {
    /// What the value has to be, where it is missing.
    const EXPECTED: &'static str;

    fn read(token: Token<'a>) -> Result<Self, Fault>;
}

impl<'a> Read<'a> for bool {
    const EXPECTED: &'static str = "true or false";

    fn read(token: Token<'a>) -> Result<Self, Fault> {
        match token {
            Token::Bool(value) => Ok(value),
            Token::Null | Token::Number(_) | Token::Text(_) | Token::List(_) | Token::Object(_) => {
                Err(Fault {
                    code: codes::WRONG_TYPE,
                    expected: Self::EXPECTED.into(),
                    remedy: "write true or false, without quotation marks".into(),
                })
            }
        }
    }
}

/// Digits after the point.
pub(super) struct Scale(pub(super) u32);

impl<'a> Read<'a> for Scale {
    const EXPECTED: &'static str = "a whole number from 0 to 28";

    fn read(token: Token<'a>) -> Result<Self, Fault> {
        let number = match token {
            Token::Number(text) => text.parse().ok().filter(|scale| *scale <= 28),
            Token::Null | Token::Bool(_) | Token::Text(_) | Token::List(_) | Token::Object(_) => {
                return Err(Fault::shape(Self::EXPECTED));
            }
        };
        number.map(Self).ok_or(Fault {
            code: codes::OUT_OF_RANGE,
            expected: Self::EXPECTED.into(),
            remedy: "a decimal has at most 28 digits after the point".into(),
        })
    }
}

macro_rules! read_name {
    ($($name:ident)+) => {
        $(impl<'a> Read<'a> for $name {
            const EXPECTED: &'static str = "1 to 128 bytes of text";

            fn read(token: Token<'a>) -> Result<Self, Fault> {
                Self::new(SmolStr::from(token.text()?)).map_err(|invalid| bad_text(&invalid))
            }
        })+
    };
}

read_name!(
    AccountName Actor Asset ClientOrderId ExecutionId IntentId SettlementId Strategy Symbol Trader
    VenueOrderId
);

fn bad_text(invalid: &InvalidValue) -> Fault {
    Fault {
        code: codes::BAD_TEXT,
        expected: invalid.requirement.into(),
        remedy: "use the name as its owner writes it".into(),
    }
}

impl<'a> Read<'a> for Venue {
    const EXPECTED: &'static str = "1 to 128 bytes of text without a colon";

    fn read(token: Token<'a>) -> Result<Self, Fault> {
        let text = token.text()?;
        if text.contains(':') {
            // `venue:mode:name` could not be read back.
            return Err(Fault {
                code: codes::BAD_TEXT,
                expected: Self::EXPECTED.into(),
                remedy: "send venue, mode and account as three fields".into(),
            });
        }
        Self::new(SmolStr::from(text)).map_err(|invalid| bad_text(&invalid))
    }
}

/// An account as one text.
pub(super) struct AccountText(pub(super) SmolStr);

impl<'a> Read<'a> for AccountText {
    const EXPECTED: &'static str = "an account as venue:mode:name";

    fn read(token: Token<'a>) -> Result<Self, Fault> {
        token.text().map(|text| Self(text.into()))
    }
}

impl<'a> Read<'a> for PositionId {
    const EXPECTED: &'static str = "a position's UUID";

    fn read(token: Token<'a>) -> Result<Self, Fault> {
        token.text()?.parse().map_err(|_| Fault {
            code: codes::BAD_ID,
            expected: Self::EXPECTED.into(),
            remedy: "take the position_id from the receipt or from `posledger positions`".into(),
        })
    }
}

impl<'a> Read<'a> for Timestamp {
    const EXPECTED: &'static str = "a time as in 2024-05-01T12:00:00Z";

    fn read(token: Token<'a>) -> Result<Self, Fault> {
        let fault = |code, remedy: &'static str| Fault {
            code,
            expected: Self::EXPECTED.into(),
            remedy: remedy.into(),
        };
        match token {
            Token::Number(_) => Err(fault(
                codes::BAD_TIME,
                "convert the number of seconds or milliseconds to RFC 3339",
            )),
            Token::Null | Token::Bool(_) | Token::Text(_) | Token::List(_) | Token::Object(_) => {
                token.text()?.parse().map_err(|_| {
                    fault(
                        codes::BAD_TIME,
                        "RFC 3339 with an offset or Z, between the years 1678 and 2262",
                    )
                })
            }
        }
    }
}

impl<'a> Read<'a> for Leg {
    const EXPECTED: &'static str = "net, long, short or the venue's ticket";

    fn read(token: Token<'a>) -> Result<Self, Fault> {
        let text = token.text()?;
        let is = |word: &str| text.eq_ignore_ascii_case(word);
        if is("net") || is("both") {
            Ok(Self::Net)
        } else if is("long") {
            Ok(Self::Long)
        } else if is("short") {
            Ok(Self::Short)
        } else if is("pending") {
            Err(Fault {
                code: codes::UNKNOWN_WORD,
                expected: Self::EXPECTED.into(),
                remedy: "only the ledger says pending: leave the leg out until there is a ticket"
                    .into(),
            })
        } else {
            text.parse().map_err(|invalid| bad_text(&invalid))
        }
    }
}

/// Free text of limited length.
pub(super) struct Text(pub(super) SmolStr);

impl<'a> Read<'a> for Text {
    const EXPECTED: &'static str = "at most 4096 bytes of text";

    fn read(token: Token<'a>) -> Result<Self, Fault> {
        let text = token.text()?;
        if text.len() > TEXT_BYTES_MAX {
            return Err(Fault {
                code: codes::BAD_TEXT,
                expected: Self::EXPECTED.into(),
                remedy: "shorten it, or keep the whole in \"raw\"".into(),
            });
        }
        Ok(Self(text.into()))
    }
}

/// A name of an entry in the context or metadata.
pub(super) fn check_name(name: &str) -> Result<(), Fault> {
    if name.is_empty() || name.len() > NAME_BYTES_MAX || name.chars().any(char::is_control) {
        return Err(Fault {
            code: codes::BAD_TEXT,
            expected: "a name of 1 to 128 bytes without control characters".into(),
            remedy: "use a short name".into(),
        });
    }
    Ok(())
}

/// A venue's own bytes: the text of a string, or any other JSON value as it stands in the line.
pub(super) struct Raw(pub(super) Vec<u8>);

impl<'a> Read<'a> for Raw {
    const EXPECTED: &'static str = "the venue's message";

    fn read(token: Token<'a>) -> Result<Self, Fault> {
        match token {
            Token::Text(_) => token
                .text()
                .map(|text| Self(text.into_owned().into_bytes())),
            Token::Null | Token::Bool(_) | Token::Number(_) | Token::List(_) | Token::Object(_) => {
                Ok(Self(token.source().as_bytes().to_vec()))
            }
        }
    }
}

/// A decimal type of the ledger.
pub(super) trait Decimal: FromStr<Err = InvalidValue> {
    /// What to do about one that is too small.
    const TOO_SMALL: &'static str;

    fn is_above_zero(&self) -> bool;
}

impl Decimal for Amount {
    const TOO_SMALL: &'static str = "give it without a sign";

    fn is_above_zero(&self) -> bool {
        self.is_positive()
    }
}

impl Decimal for Price {
    const TOO_SMALL: &'static str = "a price has no sign; leave an optional one out";

    fn is_above_zero(&self) -> bool {
        self.is_positive()
    }
}

impl Decimal for Quantity {
    const TOO_SMALL: &'static str = "it has no sign; leave an optional one out";

    fn is_above_zero(&self) -> bool {
        !self.is_zero()
    }
}

macro_rules! read_decimal {
    ($($name:ident: $expected:literal),+) => {
        $(impl<'a> Read<'a> for $name {
            const EXPECTED: &'static str = $expected;

            fn read(token: Token<'a>) -> Result<Self, Fault> {
                read_decimal(token, Self::EXPECTED)
            }
        })+
    };
}

read_decimal!(Amount: "a decimal", Price: "a decimal", Quantity: "a decimal of zero or more");

/// What is bought, sold or held: units above zero.
pub(super) struct Units(pub(super) Quantity);

impl<'a> Read<'a> for Units {
    const EXPECTED: &'static str = Above::<Quantity>::EXPECTED;

    fn read(token: Token<'a>) -> Result<Self, Fault> {
        match Above::read(token) {
            Ok(Above(quantity)) => Ok(Self(quantity)),
            Err(fault) if fault.code == codes::OUT_OF_RANGE => Err(Fault {
                remedy: "a sell is side:\"sell\" with a positive quantity".into(),
                ..fault
            }),
            Err(fault) => Err(fault),
        }
    }
}

/// A decimal above zero.
pub(super) struct Above<T>(pub(super) T);

impl<'a, T: Decimal> Read<'a> for Above<T> {
    const EXPECTED: &'static str = "a decimal greater than zero";

    fn read(token: Token<'a>) -> Result<Self, Fault> {
        let value: T = read_decimal(token, Self::EXPECTED)?;
        if value.is_above_zero() {
            Ok(Self(value))
        } else {
            Err(too_small::<T>(Self::EXPECTED))
        }
    }
}

fn read_decimal<T: Decimal>(token: Token<'_>, expected: &'static str) -> Result<T, Fault> {
    let text = match token {
        Token::Number(digits) => Cow::Borrowed(digits),
        Token::Text(_) => token.text()?,
        Token::Null | Token::Bool(_) | Token::List(_) | Token::Object(_) => {
            return Err(Fault {
                code: codes::WRONG_TYPE,
                expected: expected.into(),
                remedy: "send a decimal as a string, such as \"66712.7\"".into(),
            });
        }
    };
    if !is_decimal(text.as_bytes()) {
        return Err(Fault {
            code: codes::NOT_A_DECIMAL,
            expected: expected.into(),
            remedy: "digits with a point, such as \"66712.7\" or \"1e-8\"; no separators".into(),
        });
    }
    text.parse().map_err(|invalid: InvalidValue| {
        if invalid.requirement == "zero or more" {
            too_small::<T>(expected)
        } else {
            Fault {
                code: codes::NOT_EXACT,
                expected: "a decimal of at most 28 digits".into(),
                remedy: "the ledger does not round: send the digits that the venue sent".into(),
            }
        }
    })
}

fn too_small<T: Decimal>(expected: &'static str) -> Fault {
    Fault {
        code: codes::OUT_OF_RANGE,
        expected: expected.into(),
        remedy: T::TOO_SMALL.into(),
    }
}

/// Whether `text` is written as JSON writes a number; leading zeros are let pass.
fn is_decimal(text: &[u8]) -> bool {
    let unsigned = text.strip_prefix(b"-").unwrap_or(text);
    let (mantissa, exponent) = match memchr::memchr2(b'e', b'E', unsigned) {
        Some(at) => (unsigned.get(..at), unsigned.get(at.saturating_add(1)..)),
        None => (Some(unsigned), None),
    };
    let digits = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    let mantissa_is_good = mantissa.is_some_and(|mantissa| {
        let mut parts = mantissa.splitn(2, |byte| *byte == b'.');
        parts.next().is_some_and(digits) && parts.next().is_none_or(digits)
    });
    let exponent_is_good = exponent.is_none_or(|exponent| {
        let unsigned = exponent
            .strip_prefix(b"-")
            .or_else(|| exponent.strip_prefix(b"+"))
            .unwrap_or(exponent);
        digits(unsigned)
    });
    mantissa_is_good && exponent_is_good
}

/// A word out of a list.
pub(super) trait Word: Copy + 'static {
    const ALL: &'static [(&'static str, Self)];
    const WORDS: &'static [&'static str];
}

macro_rules! words {
    ($($name:ty: $expected:literal { $($word:literal => $value:expr),+ $(,)? })+) => {
        $(
            impl Word for $name {
                const ALL: &'static [(&'static str, Self)] = &[$(($word, $value)),+];
                const WORDS: &'static [&'static str] = &[$($word),+];
            }

            impl<'a> Read<'a> for $name {
                const EXPECTED: &'static str = $expected;

                fn read(token: Token<'a>) -> Result<Self, Fault> {
                    read_word(token)
                }
            }
        )+
    };
}

fn read_word<'a, T: Word + Read<'a>>(token: Token<'a>) -> Result<T, Fault> {
    let text = token.text().map_err(|fault| Fault {
        expected: T::EXPECTED.into(),
        ..fault
    })?;
    T::ALL
        .iter()
        .find(|(word, _)| *word == text)
        .map(|(_, value)| *value)
        .ok_or_else(|| Fault::word(&text, T::WORDS))
}

/// Which positions `close_many` closes, before its value is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    All,
    Gaining,
    Losing,
    Strategy,
    Symbol,
}

/// The kinds of order that an intent may ask for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum TermsKind {
    Market,
    Limit,
}

words! {
    ledger::Mode: "live, paper or sim" {
        "live" => Self::Live, "paper" => Self::Paper, "sim" => Self::Sim,
    }
    ledger::Side: "buy or sell" { "buy" => Self::Buy, "sell" => Self::Sell }
    ledger::PositionSide: "long or short" { "long" => Self::Long, "short" => Self::Short }
    ledger::Liquidity: "maker or taker" { "maker" => Self::Maker, "taker" => Self::Taker }
    TermsKind: "market or limit" { "market" => Self::Market, "limit" => Self::Limit }
    Scope: "all, gaining, losing, strategy or symbol" {
        "all" => Self::All, "gaining" => Self::Gaining, "losing" => Self::Losing,
        "strategy" => Self::Strategy, "symbol" => Self::Symbol,
    }
    ledger::PositionMode: "netting, hedging or ticket" {
        "netting" => Self::Netting, "hedging" => Self::Hedging, "ticket" => Self::Ticket,
    }
    ledger::CostBasis: "average, fifo, lifo, per_ticket or average_of_opens" {
        "average" => Self::Average, "fifo" => Self::Fifo, "lifo" => Self::Lifo,
        "per_ticket" => Self::PerTicket, "average_of_opens" => Self::AverageOfOpens,
    }
    ledger::RoundingRule: "exact, truncate or half_even" {
        "exact" => Self::Exact, "truncate" => Self::Truncate, "half_even" => Self::HalfEven,
    }
    ledger::StopPolicy: "none or alarm" { "none" => Self::None, "alarm" => Self::Alarm }
}
