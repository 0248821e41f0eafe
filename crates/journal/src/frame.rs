//! The frame: all the records of one commit, with what proves that they are whole, unchanged and in
//! their place. `docs/FORMAT.md` has the layout.

use std::fmt;

use ledger::{Record, Sequence};

use crate::codec::{self, FRAME_BYTES_LIMIT, RECORD_HEADER_BYTES, StoredRecord};
use crate::error::{Fault, JournalError};
use crate::files::take;

/// The first bytes of every frame.
pub(crate) const MAGIC: [u8; 4] = *b"PLJF";
/// The format that is written, and the newest that can be read.
pub(crate) const FORMAT: u16 = 1;
/// The bytes in front of the records.
pub(crate) const HEADER_BYTES: usize = 92;
/// The part of the header that says what is in the frame; it is hashed with the records.
const PREFIX_BYTES: usize = 24;
/// Where the hash of the frame before stands.
const PREVIOUS_AT: usize = PREFIX_BYTES;
/// Where the hash of this frame stands.
const HASH_AT: usize = PREVIOUS_AT + 32;
/// Where the checksum stands: over all before it, and the records.
const CHECKSUM_AT: usize = HASH_AT + 32;
/// What keeps a frame's hash from being anything else's.
const DOMAIN: &[u8] = b"posledger journal frame 1\0";

/// The most bytes a frame should have. A group of records that is larger has a frame of its own.
///
/// A value of sled below 64 KiB stays in its log; a larger one would go to a file that sled never
/// syncs.
pub const FRAME_BYTES_MAX: usize = 60 << 10;

/// The hash of a frame, and with it of all the journal up to there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrameHash([u8; 32]);

impl FrameHash {
    /// A hash read back from somewhere.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads the 64 hexadecimal digits that [`Display`](fmt::Display) writes.
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        let digits: &[u8; 64] = text.as_bytes().try_into().ok()?;
        let (pairs, _) = digits.as_chunks::<2>();
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            let high = char::from(*high).to_digit(16)?;
            let low = char::from(*low).to_digit(16)?;
            *byte = u8::try_from(high << 4 | low).ok()?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for FrameHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for FrameHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FrameHash({self})")
    }
}

/// What a frame is, without its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FrameInfo {
    /// Its first record.
    pub first_sequence: Sequence,
    /// Its last record.
    pub last_sequence: Sequence,
    /// The hash that proves it and all before it.
    pub hash: FrameHash,
    /// What it takes in each copy.
    pub bytes: u64,
}

/// Where a history ends: the last sequence, and the hash of the frame that holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) sequence: Sequence,
    pub(crate) hash: FrameHash,
}

impl Head {
    /// Before the first record of the journal that begins with `genesis`.
    pub(crate) const fn start(genesis: FrameHash) -> Self {
        Self {
            sequence: Sequence::ZERO,
            hash: genesis,
        }
    }

    /// After the frame.
    pub(crate) const fn after(info: &FrameInfo) -> Self {
        Self {
            sequence: info.last_sequence,
            hash: info.hash,
        }
    }

    /// Whether `frame` is what comes next.
    pub(crate) fn admits(&self, frame: &FrameView<'_>) -> Result<(), Fault> {
        if frame.info.first_sequence != self.sequence.next() {
            return Err(Fault::OutOfSequence {
                found: frame.info.first_sequence,
            });
        }
        if frame.previous != self.hash {
            return Err(Fault::Chain);
        }
        Ok(())
    }
}

/// What can be read off a frame's header without looking at the records. Nothing here is proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HeaderClaim {
    pub(crate) first: Sequence,
    pub(crate) count: u32,
    /// Of the whole frame.
    pub(crate) bytes: usize,
}

impl HeaderClaim {
    /// Reads the header.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Fault> {
        let prefix: &[u8; PREFIX_BYTES] = bytes.first_chunk().ok_or(Fault::CutOff)?;
        let mut rest = prefix.as_slice();
        if take(&mut rest) != Some(MAGIC) {
            return Err(Fault::Magic);
        }
        let format = take(&mut rest).map_or(0, u16::from_le_bytes);
        let reserved = take(&mut rest);
        if format != FORMAT || reserved != Some([0, 0]) {
            return Err(Fault::UnknownFormat(format));
        }
        let first = Sequence::new(take(&mut rest).map_or(0, u64::from_le_bytes));
        let count = take(&mut rest).map_or(0, u32::from_le_bytes);
        let length = take(&mut rest).map_or(0, u32::from_le_bytes);
        let bytes = usize::try_from(length)
            .ok()
            .and_then(|length| length.checked_add(HEADER_BYTES))
            .filter(|bytes| *bytes <= FRAME_BYTES_LIMIT)
            .ok_or(Fault::Length)?;
        if count == 0 || first == Sequence::ZERO {
            return Err(Fault::Count);
        }
        Ok(Self {
            first,
            count,
            bytes,
        })
    }

    pub(crate) const fn last(&self) -> Sequence {
        // A count is never zero, so that the last record is `count - 1` after the first.
        self.first.plus(self.count.saturating_sub(1) as u64)
    }
}

/// A frame whose bytes are proved: its checksum and its hash fit. Whether it is in its place is for
/// [`Head::admits`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct FrameView<'a> {
    pub(crate) info: FrameInfo,
    /// The hash of the frame that it continues.
    pub(crate) previous: FrameHash,
    pub(crate) bytes: &'a [u8],
}

impl<'a> FrameView<'a> {
    /// Proves the frame at the beginning of `bytes`.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, Fault> {
        let claim = HeaderClaim::read(bytes)?;
        let bytes = bytes.get(..claim.bytes).ok_or(Fault::CutOff)?;
        let header: &[u8; HEADER_BYTES] = bytes.first_chunk().ok_or(Fault::CutOff)?;
        let body = bytes.get(HEADER_BYTES..).ok_or(Fault::CutOff)?;
        let (sealed, checksum) = header.split_last_chunk::<4>().ok_or(Fault::CutOff)?;
        if checksum_of(sealed, body) != u32::from_le_bytes(*checksum) {
            return Err(Fault::Checksum);
        }
        let (sealed, hash) = sealed.split_last_chunk::<32>().ok_or(Fault::CutOff)?;
        let (prefix, previous) = sealed.split_last_chunk::<32>().ok_or(Fault::CutOff)?;
        let previous = FrameHash(*previous);
        let hash = FrameHash(*hash);
        if hash_of(&previous, prefix, body) != hash {
            return Err(Fault::Hash);
        }
        Ok(Self {
            info: FrameInfo {
                first_sequence: claim.first,
                last_sequence: claim.last(),
                hash,
                bytes: claim.bytes as u64,
            },
            previous,
            bytes,
        })
    }

    /// The stored records, in order. A frame that was parsed proves who wrote it, not that the
    /// writer was right: a body that does not hold its records is a fault.
    pub(crate) fn stored(&self) -> StoredRecords<'a> {
        StoredRecords::of(&self.info, self.bytes)
    }

    /// How many records there are, but never more than the bytes could hold.
    pub(crate) fn records_at_most(&self) -> usize {
        let claimed = self.info.last_sequence.get() - self.info.first_sequence.get();
        let fitting = self.bytes.len() / RECORD_HEADER_BYTES;
        usize::try_from(claimed).map_or(fitting, |claimed| fitting.min(claimed + 1))
    }

    /// Decodes every record into `records`.
    pub(crate) fn decode_into(&self, records: &mut Vec<Record>) -> Result<(), (Sequence, Fault)> {
        for stored in self.stored() {
            let (sequence, stored) = stored?;
            let record = codec::decode(sequence, stored, records.last());
            records.push(record.map_err(|fault| (sequence, fault))?);
        }
        Ok(())
    }
}

/// The records of a frame, not yet decoded.
#[derive(Clone, Debug)]
pub(crate) struct StoredRecords<'a> {
    next: Sequence,
    last: Sequence,
    rest: &'a [u8],
}

impl<'a> StoredRecords<'a> {
    fn of(info: &FrameInfo, bytes: &'a [u8]) -> Self {
        Self {
            next: info.first_sequence,
            last: info.last_sequence,
            rest: bytes.get(HEADER_BYTES..).unwrap_or_default(),
        }
    }
}

impl<'a> Iterator for StoredRecords<'a> {
    type Item = Result<(Sequence, StoredRecord<'a>), (Sequence, Fault)>;

    fn next(&mut self) -> Option<Self::Item> {
        let sequence = self.next;
        if sequence > self.last {
            let trailing = !std::mem::take(&mut self.rest).is_empty();
            return trailing.then_some(Err((sequence, Fault::Count)));
        }
        let Some(stored) = StoredRecord::split_off(&mut self.rest) else {
            (self.next, self.rest) = (self.last.next(), &[]);
            return Some(Err((sequence, Fault::Count)));
        };
        self.next = sequence.next();
        Some(Ok((sequence, stored)))
    }
}

fn hash_of(previous: &FrameHash, prefix: &[u8], body: &[u8]) -> FrameHash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(DOMAIN);
    hasher.update(&previous.0);
    hasher.update(prefix);
    hasher.update(body);
    FrameHash(*hasher.finalize().as_bytes())
}

fn checksum_of(sealed: &[u8], body: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(sealed), body)
}

/// The hash that the first frame continues: what tells one journal from every other.
pub(crate) fn genesis_of(random: &[u8; 32]) -> FrameHash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"posledger journal genesis 1\0");
    hasher.update(random);
    FrameHash(*hasher.finalize().as_bytes())
}

/// A finished frame with its bytes.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) info: FrameInfo,
    pub(crate) previous: FrameHash,
    pub(crate) bytes: Vec<u8>,
}

impl Frame {
    /// The stored records, in order.
    pub(crate) fn stored(&self) -> StoredRecords<'_> {
        StoredRecords::of(&self.info, &self.bytes)
    }
}

impl From<FrameView<'_>> for Frame {
    fn from(view: FrameView<'_>) -> Self {
        Self {
            info: view.info,
            previous: view.previous,
            bytes: view.bytes.to_vec(),
        }
    }
}

/// Whether a group of records went into a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Fit {
    /// It did.
    Taken,
    /// The frame is as large as it should be: append it, and push the group again.
    Full,
}

/// Collects records for one frame and encodes each once.
///
/// What must not be torn apart, the records of one decision, is pushed together.
#[derive(Debug)]
pub struct FrameBuilder {
    bytes: Vec<u8>,
    first: Sequence,
    count: u32,
}

impl Default for FrameBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl FrameBuilder {
    /// A frame without records.
    pub fn new() -> Self {
        Self {
            bytes: vec![0; HEADER_BYTES],
            first: Sequence::ZERO,
            count: 0,
        }
    }

    /// Adds one record.
    ///
    /// # Errors
    /// As [`push_all`](Self::push_all).
    pub fn push(&mut self, record: &Record) -> Result<Fit, JournalError> {
        self.push_all(std::slice::from_ref(record))
    }

    /// Adds all of `records` or none of them. A group that is larger than [`FRAME_BYTES_MAX`] is
    /// taken by an empty frame, up to [`FRAME_BYTES_LIMIT`].
    ///
    /// # Errors
    /// Returns [`JournalError::TooLarge`] if the group fits in no frame, [`JournalError::Gap`] if a
    /// record does not follow the one before, [`JournalError::Encode`] if one has no bytes. The
    /// frame is as it was then.
    pub fn push_all(&mut self, records: &[Record]) -> Result<Fit, JournalError> {
        let before = (self.bytes.len(), self.first, self.count);
        let result = self.take(records);
        if !matches!(result, Ok(Fit::Taken)) {
            self.bytes.truncate(before.0);
            (self.first, self.count) = (before.1, before.2);
        }
        result
    }

    fn take(&mut self, records: &[Record]) -> Result<Fit, JournalError> {
        let start = self.bytes.len();
        let alone = self.count == 0;
        for record in records {
            let sequence = record.sequence;
            if self.count == 0 {
                self.first = sequence;
            }
            let expected = self.first.plus(u64::from(self.count));
            if sequence != expected || sequence == Sequence::ZERO {
                return Err(JournalError::Gap {
                    expected,
                    found: sequence,
                });
            }
            codec::encode(record, &mut self.bytes)
                .map_err(|fault| JournalError::Encode { sequence, fault })?;
            self.count = self.count.checked_add(1).ok_or(JournalError::TooLarge {
                sequence,
                bytes: self.bytes.len(),
                limit: FRAME_BYTES_LIMIT,
            })?;
            if !alone && self.bytes.len() > FRAME_BYTES_MAX {
                return Ok(Fit::Full);
            }
            if self.bytes.len() > FRAME_BYTES_LIMIT {
                return Err(JournalError::TooLarge {
                    sequence: records.first().map_or(sequence, |record| record.sequence),
                    bytes: self.bytes.len() - start,
                    limit: FRAME_BYTES_LIMIT - HEADER_BYTES,
                });
            }
        }
        Ok(Fit::Taken)
    }

    /// The first record, if there is one.
    pub fn first_sequence(&self) -> Option<Sequence> {
        (self.count > 0).then_some(self.first)
    }

    /// How many records there are.
    pub const fn len(&self) -> usize {
        self.count as usize
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// What the frame takes so far, its header included.
    pub const fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Forgets the records.
    pub fn clear(&mut self) {
        self.bytes.truncate(HEADER_BYTES);
        (self.first, self.count) = (Sequence::ZERO, 0);
    }

    /// Seals the frame as the one after `previous`. The builder is empty then.
    pub(crate) fn seal(&mut self, previous: FrameHash) -> Frame {
        let first = self.first;
        let length = u32::try_from(self.bytes.len() - HEADER_BYTES).unwrap_or(u32::MAX);
        let claim = HeaderClaim {
            first,
            count: self.count,
            bytes: self.bytes.len(),
        };
        let mut header = Vec::with_capacity(HEADER_BYTES);
        header.extend_from_slice(&MAGIC);
        header.extend_from_slice(&FORMAT.to_le_bytes());
        header.extend_from_slice(&[0; 2]);
        header.extend_from_slice(&first.get().to_le_bytes());
        header.extend_from_slice(&self.count.to_le_bytes());
        header.extend_from_slice(&length.to_le_bytes());
        let body = self.bytes.get(HEADER_BYTES..).unwrap_or_default();
        let hash = hash_of(&previous, &header, body);
        header.extend_from_slice(&previous.0);
        header.extend_from_slice(&hash.0);
        header.extend_from_slice(&checksum_of(&header, body).to_le_bytes());
        debug_assert_eq!(header.len(), CHECKSUM_AT + 4);
        let fresh = Vec::with_capacity(self.bytes.len().min(FRAME_BYTES_MAX * 2));
        let mut bytes = std::mem::replace(&mut self.bytes, fresh);
        self.bytes.resize(HEADER_BYTES, 0);
        self.clear();
        if let Some(place) = bytes.get_mut(..HEADER_BYTES) {
            place.copy_from_slice(&header);
        }
        Frame {
            info: FrameInfo {
                first_sequence: first,
                last_sequence: claim.last(),
                hash,
                bytes: bytes.len() as u64,
            },
            previous,
            bytes,
        }
    }
}

/// What `record` takes in a frame.
///
/// # Errors
/// Returns [`JournalError::Encode`] if it has no bytes.
pub fn encoded_len(record: &Record) -> Result<usize, JournalError> {
    let mut bytes = Vec::new();
    codec::encode(record, &mut bytes).map_err(|fault| JournalError::Encode {
        sequence: record.sequence,
        fault,
    })?;
    Ok(bytes.len())
}
