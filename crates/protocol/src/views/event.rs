//! A record of the journal, as it travels: out as JSON, and back without a loss.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ledger::{
    AccountId, Actor, Command, Correlation, Event, FactKey, InvalidValue, PositionId, Record,
    Sequence, Source, Symbol, Tenant, Timestamp,
};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use smol_str::SmolStr;
use utoipa::ToSchema;

use super::table::tabular;
use crate::problem::Problem;

/// An entry of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "EventWire")]
pub struct EventView {
    /// Its place in the journal; the first record has 1.
    #[schema(value_type = u64, example = 4)]
    pub sequence: Sequence,
    /// When we recorded it; never earlier than the record before.
    #[schema(value_type = String, format = DateTime)]
    pub recorded_at: Timestamp,
    /// When it happened, by the clock of whoever reported it.
    #[schema(value_type = String, format = DateTime)]
    pub occurred_at: Timestamp,
    /// What happened.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "order_filled")]
    pub kind: SmolStr,
    /// Who owns the data.
    #[schema(value_type = String, example = "default")]
    pub tenant: Tenant,
    /// Whose account, as `venue:mode:name`.
    #[schema(value_type = Option<String>, example = "binance-usdm:live:main")]
    pub account: Option<SmolStr>,
    /// In what, where it is about one instrument of the account.
    #[schema(value_type = Option<String>, example = "BTCUSDT")]
    pub symbol: Option<Symbol>,
    /// Which position, where it is about one.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub position_id: Option<PositionId>,
    /// Who asked.
    #[schema(value_type = String, example = "venue:binance-usdm")]
    pub actor: Actor,
    /// The record that caused it; `null` for what came from outside.
    #[schema(value_type = Option<u64>, example = 3)]
    pub causation: Option<Sequence>,
    /// What it belongs to: the intent that began the work, or the position it happened to.
    #[schema(value_type = String)]
    pub correlation: Correlation,
    /// The version of the shape of `data`.
    #[schema(example = 1)]
    pub schema: u16,
    /// The frame of the journal that holds it.
    pub frame: FrameView,
    /// What happened, with its results; its fields depend on the type.
    #[schema(value_type = Object)]
    pub data: EventData,
    /// The intent as it was asked for, on the first record it led to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub request: Option<serde_json::Value>,
    /// The venue's own bytes, if they are text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
    /// The venue's own bytes in base64, if they are no text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw_base64: Option<String>,
    /// The identity under which a repeat of the command is recognised, in hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// A frame of the journal: what was made durable at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FrameView {
    /// The first record in it.
    #[schema(value_type = u64, example = 1)]
    pub first_sequence: Sequence,
    /// The hash that chains it to the frame before, in hexadecimal digits.
    pub hash: String,
}

/// What happened, without its name: the name travels beside it, as `type`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventData(pub Event);

/// The version of the shape of every event's data so far.
const SCHEMA: u16 = 1;

impl EventView {
    /// What `record` looks like from outside.
    pub fn from_record(record: &Record, frame: FrameView) -> Self {
        let (request, raw) = match &record.source {
            Source::None => (None, None),
            Source::Intent(intent) => (Some(crate::wire::intent(intent)), None),
            Source::Raw(bytes) => (None, Some(bytes)),
        };
        let text = raw.and_then(|bytes| str::from_utf8(bytes).ok());
        Self {
            sequence: record.sequence,
            recorded_at: record.recorded_at,
            occurred_at: record.occurred_at,
            kind: SmolStr::new_static(record.event.name()),
            tenant: record.tenant.clone(),
            account: record
                .account
                .as_ref()
                .map(|account| smol_str::format_smolstr!("{account}")),
            symbol: record.symbol.clone(),
            position_id: record.position_id,
            actor: record.actor.clone(),
            causation: record.causation,
            correlation: record.correlation.clone(),
            schema: SCHEMA,
            frame,
            data: EventData(record.event.clone()),
            request,
            raw: text.map(str::to_owned),
            raw_base64: match text {
                Some(_) => None,
                None => raw.map(|bytes| BASE64.encode(bytes)),
            },
            key: record.key.map(|key| hexadecimal(key.as_bytes())),
        }
    }

    /// The record behind this view, so that it can be folded again.
    ///
    /// # Errors
    /// Returns [`BadEvent`] if a field does not hold what this version writes there.
    pub fn into_record(self) -> Result<Record, BadEvent> {
        let source = match (self.request, self.raw, self.raw_base64) {
            (None, None, None) => Source::None,
            (Some(request), None, None) => intent_source(&request, &self.tenant)?,
            (None, Some(text), None) => Source::Raw(text.into_bytes()),
            (None, None, Some(text)) => {
                Source::Raw(BASE64.decode(text).map_err(|_| BadEvent::Bytes)?)
            }
            (Some(_), Some(_), _) | (Some(_), None, Some(_)) | (None, Some(_), Some(_)) => {
                return Err(BadEvent::Sources);
            }
        };
        Ok(Record {
            sequence: self.sequence,
            recorded_at: self.recorded_at,
            occurred_at: self.occurred_at,
            account: self
                .account
                .map(|account| AccountId::parse(self.tenant.clone(), &account))
                .transpose()?,
            tenant: self.tenant,
            symbol: self.symbol,
            position_id: self.position_id,
            actor: self.actor,
            causation: self.causation,
            correlation: self.correlation,
            key: self.key.as_deref().map(fact_key).transpose()?,
            source,
            event: self.data.0,
        })
    }
}

/// Why a view could not be turned back into a record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadEvent {
    /// The event's data are of another shape; another version of the program wrote them.
    #[error("the data of `{kind}` cannot be read: {words}")]
    Data {
        /// The event's type.
        kind: SmolStr,
        /// What the parser says.
        words: String,
    },
    /// The version of the data's shape is not known here. Use the program that wrote it.
    #[error("schema version {0} is not known here")]
    Schema(u16),
    /// The account or another name is not valid.
    #[error(transparent)]
    Value(#[from] InvalidValue),
    /// The key is not 32 hexadecimal digits.
    #[error("`key` must be 32 hexadecimal digits")]
    Key,
    /// The raw bytes are not base64.
    #[error("`raw_base64` must be base64")]
    Bytes,
    /// More than one of `request`, `raw` and `raw_base64` is present.
    #[error("only one of `request`, `raw` and `raw_base64` may be present")]
    Sources,
    /// The request is not an intent.
    #[error("`request` must be an intent; {} {} in it", .0.len(), if .0.len() == 1 { "problem" } else { "problems" })]
    Request(Vec<Problem>),
}

fn intent_source(request: &serde_json::Value, tenant: &Tenant) -> Result<Source, BadEvent> {
    let line = request.to_string();
    match crate::parse::parse_command(line.as_bytes(), Some(crate::parse::Family::Intent), tenant) {
        Ok(Command::Intent(intent)) => Ok(Source::Intent(Box::new(intent))),
        Ok(Command::Acknowledgement(_) | Command::Mark(_) | Command::Configuration(_)) => {
            Err(BadEvent::Request(Vec::new()))
        }
        Err(problems) => Err(BadEvent::Request(problems)),
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(32), |mut text, byte| {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

fn fact_key(text: &str) -> Result<FactKey, BadEvent> {
    if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(BadEvent::Key);
    }
    u128::from_str_radix(text, 16)
        .map(|number| FactKey::from_bytes(number.to_be_bytes()))
        .map_err(|_| BadEvent::Key)
}

/// The fields of [`EventView`] before the data are read with the help of the type.
#[derive(Deserialize)]
struct EventWire {
    sequence: Sequence,
    recorded_at: Timestamp,
    occurred_at: Timestamp,
    #[serde(rename = "type")]
    kind: SmolStr,
    tenant: Tenant,
    account: Option<SmolStr>,
    symbol: Option<Symbol>,
    position_id: Option<PositionId>,
    actor: Actor,
    causation: Option<Sequence>,
    correlation: Correlation,
    schema: u16,
    frame: FrameView,
    data: Box<RawValue>,
    #[serde(default)]
    request: Option<serde_json::Value>,
    #[serde(default)]
    raw: Option<String>,
    #[serde(default)]
    raw_base64: Option<String>,
    #[serde(default)]
    key: Option<String>,
}

impl TryFrom<EventWire> for EventView {
    type Error = BadEvent;

    fn try_from(wire: EventWire) -> Result<Self, BadEvent> {
        if wire.schema != SCHEMA {
            return Err(BadEvent::Schema(wire.schema));
        }
        // The ledger's own derive reads an event from its name and data side by side.
        let kind = serde_json::to_string(&wire.kind).unwrap_or_default();
        let event = format!(r#"{{"type":{kind},"data":{}}}"#, wire.data.get());
        let event: Event = serde_json::from_str(&event).map_err(|error| BadEvent::Data {
            kind: wire.kind.clone(),
            words: error.to_string(),
        })?;
        Ok(Self {
            sequence: wire.sequence,
            recorded_at: wire.recorded_at,
            occurred_at: wire.occurred_at,
            kind: wire.kind,
            tenant: wire.tenant,
            account: wire.account,
            symbol: wire.symbol,
            position_id: wire.position_id,
            actor: wire.actor,
            causation: wire.causation,
            correlation: wire.correlation,
            schema: wire.schema,
            frame: wire.frame,
            data: EventData(event),
            request: wire.request,
            raw: wire.raw,
            raw_base64: wire.raw_base64,
            key: wire.key,
        })
    }
}

/// Serializes the content of whichever event it is.
macro_rules! data_of {
    ($event:expr, $serializer:ident, $($variant:ident)+) => {
        match $event { $(Event::$variant(data) => data.serialize($serializer)),+ }
    };
}

impl Serialize for EventData {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        data_of!(
            &self.0, serializer,
            PositionQueued QueueWithdrawn EntryRequested ExitRequested StopLossRequested
            TakeProfitRequested TrailingRequested CancelRequested AmendRequested MonitoringStarted
            BulkExecuteRequested BulkCloseRequested IntentRejected OrderSubmitted OrderAccepted
            OrderRejected OrderFilled OrderAmended OrderCanceled OrderExpired OrderUnknown
            FundingSettled FeeCharged PositionReported PriceExtremeObserved PositionOpened
            PositionStateChanged PositionFlipped PositionClosed TrailActivated StopMoved
            ExternalOrderAdopted ReconciliationFinding AdjustmentProposed AdjustmentApplied
            AcknowledgementQuarantined QuarantineResolved HaltEngaged HaltReleased NoteAdded
            AccountConfigured InstrumentConfigured
        )
    }
}

tabular!(EventView {
    sequence,
    recorded_at,
    occurred_at,
    r#type: kind,
    tenant,
    account,
    symbol,
    position_id,
    actor,
    causation,
    correlation,
    schema,
    frame,
    data,
    request,
    raw,
    raw_base64,
    key,
});
