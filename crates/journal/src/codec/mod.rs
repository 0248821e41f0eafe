//! Records as bytes, and back.
//!
//! A record is stored as
//!
//! | bytes | what |
//! |---|---|
//! | 4 | length of what follows these eight bytes, little-endian |
//! | 2 | tag of the event, little-endian |
//! | 1 | version of the record's form |
//! | 1 | version of the event's form |
//! | … | the record's form, then the event's, in bincode |
//!
//! Its sequence follows from its place in the frame.

mod v1;

#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;

use bincode::config::{Configuration, Limit, LittleEndian, Varint};
use bincode::de::read::{Reader, SliceReader};
use bincode::de::{BorrowDecoder, Decoder, DecoderImpl};
use bincode::enc::write::Writer;
use bincode::enc::{Encoder, EncoderImpl};
use bincode::error::EncodeError;
use ledger::{Event, Record, Sequence};

use self::v1::Frozen;
use crate::error::Fault;
use crate::files::take;

/// The bytes in front of every record.
pub(crate) const RECORD_HEADER_BYTES: usize = 8;

/// The most bytes one frame, and so one record, may have. Nothing larger is written, and no length
/// beyond it is believed.
pub const FRAME_BYTES_LIMIT: usize = 16 << 20;

/// How bincode writes, for ever: little-endian, integers of variable length, never more than a
/// frame.
type Layout = Configuration<LittleEndian, Varint, Limit<FRAME_BYTES_LIMIT>>;
const CONFIGURATION: Layout = bincode::config::standard()
    .with_little_endian()
    .with_variable_int_encoding()
    .with_limit::<FRAME_BYTES_LIMIT>();

/// The version of the record's form that is written.
const RECORD_VERSION: u8 = 1;

/// Tags and versions, in one place: what is written for an event, and what is read for a tag and a
/// version. A number is never used twice. A second form of an event gets its own line, with version
/// 2, and its own way up to the domain; the first stays.
macro_rules! event_table {
    ($($variant:ident: $tag:literal $version:literal $form:ident,)*) => {
        /// The tag and the version that an event is written with.
        pub(crate) const fn tag_of(event: &Event) -> (u16, u8) {
            match event { $(Event::$variant(_) => ($tag, $version),)* }
        }

        fn write_event<E: Encoder>(event: &Event, encoder: &mut E) -> Result<(), EncodeError> {
            match event {
                $(Event::$variant(data) => v1::$form::write(data, encoder),)*
            }
        }

        fn read_event<'de, R: BorrowDecoder<'de>>(
            tag: u16,
            version: u8,
            decoder: &mut R,
        ) -> Result<Event, Fault> {
            match (tag, version) {
                $(($tag, $version) => v1::$form::read(decoder).map(Event::$variant),)*
                (tag, version) => Err(Fault::UnknownEvent { tag, version }),
            }
        }
    };
}
event_table! {
    // Intents, accepted or refused.
    PositionQueued: 1 1 PositionQueued,
    QueueWithdrawn: 2 1 QueueWithdrawn,
    EntryRequested: 3 1 OrderRequested,
    ExitRequested: 4 1 OrderRequested,
    StopLossRequested: 5 1 OrderRequested,
    TakeProfitRequested: 6 1 OrderRequested,
    TrailingRequested: 7 1 TrailingRequested,
    CancelRequested: 8 1 CancelRequested,
    AmendRequested: 9 1 AmendRequested,
    MonitoringStarted: 10 1 MonitoringStarted,
    BulkExecuteRequested: 11 1 BulkExecuteRequested,
    BulkCloseRequested: 12 1 BulkCloseRequested,
    IntentRejected: 13 1 IntentRejected,

    // What venues said.
    OrderSubmitted: 101 1 OrderUpdated,
    OrderAccepted: 102 1 OrderUpdated,
    OrderRejected: 103 1 OrderUpdated,
    OrderFilled: 104 1 OrderFilled,
    OrderAmended: 105 1 OrderAmended,
    OrderCanceled: 106 1 OrderUpdated,
    OrderExpired: 107 1 OrderUpdated,
    OrderUnknown: 108 1 OrderUpdated,
    FundingSettled: 109 1 FundingSettled,
    FeeCharged: 110 1 FeeCharged,
    PositionReported: 111 1 PositionReported,

    // What we saw.
    PriceExtremeObserved: 201 1 PriceExtremeObserved,

    // Outcomes.
    PositionOpened: 301 1 PositionOpened,
    PositionStateChanged: 302 1 PositionStateChanged,
    PositionFlipped: 303 1 PositionFlipped,
    PositionClosed: 304 1 PositionClosed,
    TrailActivated: 305 1 TrailActivated,
    StopMoved: 306 1 StopMoved,

    // Operators and reconciliation.
    ExternalOrderAdopted: 401 1 ExternalOrderAdopted,
    ReconciliationFinding: 402 1 ReconciliationFinding,
    AdjustmentProposed: 403 1 Adjustment,
    AdjustmentApplied: 404 1 Adjustment,
    AcknowledgementQuarantined: 405 1 AcknowledgementQuarantined,
    QuarantineResolved: 406 1 QuarantineResolved,
    HaltEngaged: 407 1 HaltChanged,
    HaltReleased: 408 1 HaltChanged,
    NoteAdded: 409 1 NoteAdded,
    AccountConfigured: 410 1 AccountConfigured,
    InstrumentConfigured: 411 1 InstrumentConfigured,
}

/// The version of an event's form that is written; the `schema` of its wire form.
pub const fn schema_of(event: &Event) -> u8 {
    tag_of(event).1
}

/// Appends the bytes of `record` to `into`.
pub(crate) fn encode(record: &Record, into: &mut Vec<u8>) -> Result<(), Fault> {
    let start = into.len();
    let (tag, version) = tag_of(&record.event);
    into.extend_from_slice(&[0; 4]);
    into.extend_from_slice(&tag.to_le_bytes());
    into.extend_from_slice(&[RECORD_VERSION, version]);
    let mut encoder = EncoderImpl::new(Sink(into), CONFIGURATION);
    v1::write_record(record, &mut encoder)?;
    write_event(&record.event, &mut encoder)?;
    let length = into.len() - start - RECORD_HEADER_BYTES;
    let length = u32::try_from(length).map_err(|_| Fault::Length)?;
    if let Some(place) = into.get_mut(start..start + 4) {
        place.copy_from_slice(&length.to_le_bytes());
    }
    Ok(())
}

/// Reads the record with `sequence` from its bytes, all of them. The record before it, where it is at
/// hand, makes that faster and changes nothing.
pub(crate) fn decode(
    sequence: Sequence,
    stored: StoredRecord<'_>,
    before: Option<&Record>,
) -> Result<Record, Fault> {
    let StoredRecord {
        tag,
        record_version,
        event_version,
        payload,
    } = stored;
    let mut decoder = DecoderImpl::new(SliceReader::new(payload), CONFIGURATION, ());
    let event = |decoder: &mut _| read_event(tag, event_version, decoder);
    // The one place that chooses by the version of the record's form.
    let record = match record_version {
        1 => v1::read_record(&mut decoder, sequence, before, event)?,
        version => return Err(Fault::UnknownRecord { version }),
    };
    // Bincode itself ignores what is left over.
    if decoder.reader().peek_read(1).is_some() {
        return Err(Fault::Trailing);
    }
    Ok(record)
}

/// A record's bytes, taken apart but not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StoredRecord<'a> {
    pub(crate) tag: u16,
    pub(crate) record_version: u8,
    pub(crate) event_version: u8,
    pub(crate) payload: &'a [u8],
}

impl<'a> StoredRecord<'a> {
    /// Takes the first record off `bytes`; none if they do not hold it whole.
    pub(crate) fn split_off(bytes: &mut &'a [u8]) -> Option<Self> {
        let length = usize::try_from(u32::from_le_bytes(take(bytes)?)).ok()?;
        let tag = u16::from_le_bytes(take(bytes)?);
        let [record_version, event_version] = take(bytes)?;
        let (payload, rest) = bytes.split_at_checked(length)?;
        *bytes = rest;
        Some(Self {
            tag,
            record_version,
            event_version,
            payload,
        })
    }
}

/// Where bincode writes to.
struct Sink<'a>(&'a mut Vec<u8>);

impl Writer for Sink<'_> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}
