//! Names: one type for each, so that two kinds cannot be mixed up.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smol_str::SmolStr;
use uuid::Uuid;

use crate::decimal::InvalidValue;
use crate::time::Timestamp;

/// The longest text an id may have, in bytes.
pub const ID_BYTES_MAX: usize = 128;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $field:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(SmolStr);

        impl $name {
            /// Takes `text` as it is.
            ///
            /// # Errors
            /// Returns [`InvalidValue`] if it is empty, longer than [`ID_BYTES_MAX`] bytes, or
            /// holds a control character.
            pub fn new(text: impl Into<SmolStr>) -> Result<Self, InvalidValue> {
                let text = text.into();
                if text.is_empty() || text.len() > ID_BYTES_MAX || text.chars().any(char::is_control) {
                    return Err(InvalidValue::new(
                        $field,
                        "1 to 128 bytes of text without control characters",
                        text.as_str(),
                    ));
                }
                Ok(Self(text))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.0.as_str())
            }
        }

        impl FromStr for $name {
            type Err = InvalidValue;
            fn from_str(text: &str) -> Result<Self, InvalidValue> {
                Self::new(text)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.0.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::new(SmolStr::deserialize(deserializer)?).map_err(serde::de::Error::custom)
            }
        }
    };
}

text_id!(
    /// Who owns the data; `default` where no authentication is configured.
    Tenant, "tenant"
);
text_id!(
    /// Where an instrument trades, such as `binance-usdm`.
    Venue, "venue"
);
text_id!(
    /// The name of an account at its venue, such as `main`.
    AccountName, "account"
);
text_id!(
    /// What is traded, in the venue's own spelling, such as `BTCUSDT`.
    Symbol, "symbol"
);
text_id!(
    /// A currency or coin, such as `USDT`.
    Asset, "asset"
);
text_id!(
    /// The caller's name for an intent; a repeat with the same name is the same intent.
    IntentId, "intent_id"
);
text_id!(
    /// Our name for an order at the venue (FIX tag 11, `ClOrdID`).
    ClientOrderId, "client_order_id"
);
text_id!(
    /// The venue's name for an order (FIX tag 37).
    VenueOrderId, "venue_order_id"
);
text_id!(
    /// The venue's name for one execution (FIX tag 17, `ExecID`).
    ExecutionId, "execution_id"
);
text_id!(
    /// The venue's name for one fee or funding payment.
    SettlementId, "settlement_id"
);
text_id!(
    /// Who decided: the owner of intents and positions.
    Strategy, "strategy"
);
text_id!(
    /// The person behind a position.
    Trader, "trader"
);
text_id!(
    /// The venue's own id of one position on an account in ticket mode.
    Ticket, "leg"
);
text_id!(
    /// Who asked: `strategy:NAME`, `trader:NAME`, `venue:NAME`, `operator` or `ledger`.
    Actor, "actor"
);
text_id!(
    /// What a record belongs to: the intent that began the work, or the position it happened to.
    Correlation, "correlation"
);

impl Tenant {
    /// The tenant of a ledger without authentication.
    pub fn default_tenant() -> Self {
        Self(SmolStr::new_static("default"))
    }
}

impl Actor {
    /// The ledger itself: an outcome it derived from a fact.
    pub fn ledger() -> Self {
        Self(SmolStr::new_static("ledger"))
    }

    /// A person or program that named neither a strategy nor a trader.
    pub fn operator() -> Self {
        Self(SmolStr::new_static("operator"))
    }

    /// The venue that reported a fact.
    pub fn venue(venue: &Venue) -> Self {
        Self(smol_str::format_smolstr!("venue:{venue}"))
    }

    /// A strategy that asked.
    pub fn strategy(strategy: &Strategy) -> Self {
        Self(smol_str::format_smolstr!("strategy:{strategy}"))
    }

    /// A person who asked.
    pub fn trader(trader: &Trader) -> Self {
        Self(smol_str::format_smolstr!("trader:{trader}"))
    }
}

impl ClientOrderId {
    /// A name made from a key: `pl-` and 24 hexadecimal digits, which every venue's rules allow.
    pub(crate) fn derived(key: &FactKey) -> Self {
        let digits = u128::from_be_bytes(key.0) >> 32;
        Self(smol_str::format_smolstr!("pl-{digits:024x}"))
    }
}

impl Correlation {
    /// The work an intent began.
    pub fn intent(intent: &IntentId) -> Self {
        Self(intent.0.clone())
    }

    /// What happened to a position that no intent began.
    pub fn position(position: PositionId) -> Self {
        Self(smol_str::format_smolstr!("{position}"))
    }

    /// What happened to an instrument, whoever holds it.
    pub fn instrument(instrument: &InstrumentId) -> Self {
        Self(smol_str::format_smolstr!("{instrument}"))
    }

    /// What happened to an account as a whole.
    pub fn account(account: &AccountId) -> Self {
        Self(smol_str::format_smolstr!("{account}"))
    }
}

/// Whether money is at stake; part of an account's identity, so that a simulated position can never
/// be taken for a live one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Real money at a real venue.
    Live,
    /// A real venue's prices, our own fills.
    Paper,
    /// Neither: a simulation or a back-test.
    Sim,
}

impl Mode {
    /// Every mode.
    pub const ALL: [Self; 3] = [Self::Live, Self::Paper, Self::Sim];

    /// The word used on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Paper => "paper",
            Self::Sim => "sim",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Mode {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        Self::ALL
            .into_iter()
            .find(|mode| mode.as_str() == text)
            .ok_or_else(|| InvalidValue::new("mode", "live, paper or sim", text))
    }
}

/// Whose money, at one venue, in one mode; displayed as `binance-usdm:live:main`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AccountId {
    /// Who owns the data.
    pub tenant: Tenant,
    /// Where it trades.
    pub venue: Venue,
    /// Whether money is at stake.
    pub mode: Mode,
    /// The account's name at the venue.
    pub name: AccountName,
}

impl AccountId {
    /// Reads `venue:mode:name`, the way [`Display`](fmt::Display) writes it; the name may hold colons.
    ///
    /// # Errors
    /// Returns [`InvalidValue`] if a part is missing or not valid.
    pub fn parse(tenant: Tenant, text: &str) -> Result<Self, InvalidValue> {
        let mut parts = text.splitn(3, ':');
        let (Some(venue), Some(mode), Some(name)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(InvalidValue::new("account", "venue:mode:name", text));
        };
        Ok(Self {
            tenant,
            venue: venue.parse()?,
            mode: mode.parse()?,
            name: name.parse()?,
        })
    }

    /// The instrument `symbol` at this account's venue.
    pub fn instrument(&self, symbol: &Symbol) -> InstrumentId {
        InstrumentId {
            tenant: self.tenant.clone(),
            venue: self.venue.clone(),
            symbol: symbol.clone(),
        }
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.venue, self.mode, self.name)
    }
}

/// What is traded at a venue.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct InstrumentId {
    /// Who owns the data.
    pub tenant: Tenant,
    /// Where it trades.
    pub venue: Venue,
    /// The venue's own spelling.
    pub symbol: Symbol,
}

impl fmt::Display for InstrumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.venue, self.symbol)
    }
}

/// Which of an account's positions in one symbol is meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Leg {
    /// The one position of a netting account.
    Net,
    /// The long leg of a hedging account.
    Long,
    /// The short leg of a hedging account.
    Short,
    /// One position of an account in ticket mode.
    Ticket(Ticket),
    /// A position in ticket mode whose entry has not been filled, so that it has no ticket yet.
    Pending,
}

impl fmt::Display for Leg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Net => f.pad("net"),
            Self::Long => f.pad("long"),
            Self::Short => f.pad("short"),
            Self::Ticket(ticket) => fmt::Display::fmt(ticket, f),
            Self::Pending => f.pad("pending"),
        }
    }
}

impl FromStr for Leg {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        Ok(match text {
            "net" => Self::Net,
            "long" => Self::Long,
            "short" => Self::Short,
            "pending" => Self::Pending,
            ticket => Self::Ticket(Ticket::new(ticket)?),
        })
    }
}

impl Serialize for Leg {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Leg {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        SmolStr::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// A place that holds at most one unfinished position.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Slot {
    /// Whose.
    pub account: AccountId,
    /// In what.
    pub symbol: Symbol,
    /// Which of the account's positions in it.
    pub leg: Leg,
}

/// A position's permanent id, a `UUIDv7`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PositionId(Uuid);

impl PositionId {
    /// Takes a UUID the shell made.
    pub const fn new(id: Uuid) -> Self {
        Self(id)
    }

    /// The id of the position that the command named `key` opens, if it opens one: a `UUIDv7` made of
    /// when the command happened and of its identity. The same commands give the same ids in every
    /// ledger, so a file of commands can name what its own lines bring about.
    pub(crate) fn derived(key: Option<FactKey>, occurred_at: Timestamp) -> Self {
        let milliseconds = occurred_at.as_nanoseconds().max(0).unsigned_abs() / 1_000_000;
        let mut tail = [0; 10];
        for (byte, from) in tail.iter_mut().zip(key.iter().flat_map(FactKey::as_bytes)) {
            *byte = *from;
        }
        Self(uuid::Builder::from_unix_timestamp_millis(milliseconds, &tail).into_uuid())
    }

    /// The UUID.
    pub const fn as_uuid(self) -> Uuid {
        self.0
    }
}

impl fmt::Display for PositionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for PositionId {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        Uuid::try_parse(text)
            .map(Self)
            .map_err(|_| InvalidValue::new("position_id", "a position's UUID", text))
    }
}

/// A position in the journal: the first record has 1. The only order of replay.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Sequence(u64);

impl Sequence {
    /// Before the first record.
    pub const ZERO: Self = Self(0);
    /// The first record's.
    pub const FIRST: Self = Self(1);

    /// The `number`-th record, counted from one.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number, counted from one.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The record after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The record `count` after this one.
    #[must_use]
    pub const fn plus(self, count: u64) -> Self {
        Self(self.0.saturating_add(count))
    }
}

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The identity under which a repeat of a command is recognised, for ever.
///
/// The first 16 bytes of a BLAKE3 hash over the identifying fields, each with its length before it.
/// It is kept in the record, so that a rebuild does not depend on how it was computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FactKey([u8; 16]);

impl FactKey {
    /// A key read back from a record or an index.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// Builds a [`FactKey`] from fields; lengths are hashed too, so that no two field lists collide.
#[derive(Debug)]
pub(crate) struct KeyBuilder(Vec<u8>);

/// What most keys are made of fits, so that it is gathered without growing and hashed at once.
const KEY_FIELDS_BYTES: usize = 192;

impl KeyBuilder {
    pub(crate) fn new(kind: &str) -> Self {
        Self(Vec::with_capacity(KEY_FIELDS_BYTES)).text(kind)
    }

    #[must_use]
    pub(crate) fn text(mut self, text: &str) -> Self {
        let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
        self.0.extend_from_slice(&length.to_le_bytes());
        self.0.extend_from_slice(text.as_bytes());
        self
    }

    #[must_use]
    pub(crate) fn display(self, value: &impl fmt::Display) -> Self {
        self.text(&smol_str::format_smolstr!("{value}"))
    }

    #[must_use]
    pub(crate) fn optional<T: fmt::Display>(self, value: Option<&T>) -> Self {
        match value {
            None => self.text("-"),
            Some(value) => self.text("+").display(value),
        }
    }

    #[must_use]
    pub(crate) fn account(self, account: &AccountId) -> Self {
        self.text(account.tenant.as_str())
            .text(account.venue.as_str())
            .text(account.mode.as_str())
            .text(account.name.as_str())
    }

    pub(crate) fn finish(self) -> FactKey {
        let hash = blake3::hash(&self.0);
        let mut key = [0; 16];
        for (byte, from) in key.iter_mut().zip(hash.as_bytes()) {
            *byte = *from;
        }
        FactKey(key)
    }
}
