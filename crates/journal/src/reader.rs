//! Reads what is durable, from anywhere in the journal, by as many as want to.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ledger::{Record, Sequence};

use crate::codec;
use crate::error::{Fault, JournalError};
use crate::frame::{Frame, FrameHash, FrameInfo, FrameView, Head};
use crate::store::segments::{Scan, Segments};

/// A frame with its records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodedFrame {
    /// What it is.
    pub info: FrameInfo,
    /// Its records, in order.
    pub records: Vec<Record>,
}

/// Reads the durable part of a journal, while it grows. Cheap to clone; each clone remembers the
/// frame that it read last.
#[derive(Debug)]
pub struct JournalReader {
    segments: Arc<Segments>,
    head: Arc<AtomicU64>,
    last: Mutex<Option<Arc<Frame>>>,
}

impl Clone for JournalReader {
    fn clone(&self) -> Self {
        Self {
            segments: Arc::clone(&self.segments),
            head: Arc::clone(&self.head),
            last: Mutex::new(None),
        }
    }
}

impl JournalReader {
    pub(crate) fn new(segments: Arc<Segments>, head: Sequence) -> Self {
        Self {
            segments,
            head: Arc::new(AtomicU64::new(head.get())),
            last: Mutex::new(None),
        }
    }

    /// Says that everything up to `head` is durable.
    pub(crate) fn publish(&self, head: Sequence) {
        self.head.store(head.get(), Ordering::Release);
    }

    /// The last record that is durable; [`Sequence::ZERO`] if there is none.
    pub fn head(&self) -> Sequence {
        Sequence::new(self.head.load(Ordering::Acquire))
    }

    /// What tells this journal from every other; the hash that its first frame continues.
    pub fn genesis(&self) -> FrameHash {
        self.segments.genesis
    }

    /// The record with `sequence`. Neighbours are cheap to read one after another.
    ///
    /// # Errors
    /// Returns [`JournalError::NoSuchRecord`] beyond the head, [`JournalError::Corrupt`] on damage.
    pub fn record(&self, sequence: Sequence) -> Result<Record, JournalError> {
        let frame = self.frame(sequence)?;
        for stored in frame.stored() {
            let (at, stored) = stored.map_err(|(at, fault)| self.segments.corrupt(at, fault))?;
            if at == sequence {
                return codec::decode(at, stored, None)
                    .map_err(|fault| self.segments.corrupt(at, fault));
            }
        }
        Err(self.segments.corrupt(sequence, Fault::Count))
    }

    /// The frame that holds `sequence`.
    ///
    /// # Errors
    /// As [`record`](Self::record).
    pub fn frame_of(&self, sequence: Sequence) -> Result<FrameInfo, JournalError> {
        self.frame(sequence).map(|frame| frame.info)
    }

    /// The records from `sequence` to what is the head now.
    pub fn records_from(&self, sequence: Sequence) -> Records {
        Records {
            frames: self.frames_from(sequence),
            from: sequence,
            current: Vec::new().into_iter(),
        }
    }

    /// The frames from the one that holds `sequence` to the one that holds what is the head now.
    /// Each is proved, and that it continues the one before.
    pub fn frames_from(&self, sequence: Sequence) -> Frames {
        Frames {
            segments: Arc::clone(&self.segments),
            next: sequence.max(Sequence::FIRST),
            head: self.head(),
            scan: None,
            chain: None,
        }
    }

    fn frame(&self, sequence: Sequence) -> Result<Arc<Frame>, JournalError> {
        let head = self.head();
        if sequence == Sequence::ZERO || sequence > head {
            return Err(JournalError::NoSuchRecord { sequence, head });
        }
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(frame) = last.as_ref()
            && (frame.info.first_sequence..=frame.info.last_sequence).contains(&sequence)
        {
            return Ok(Arc::clone(frame));
        }
        let frame = self
            .segments
            .frame_holding(sequence)?
            .map(Arc::new)
            .ok_or_else(|| self.segments.corrupt(sequence, Fault::Missing))?;
        *last = Some(Arc::clone(&frame));
        Ok(frame)
    }
}

/// The frames of a journal in order. It ends after the first error.
#[derive(Debug)]
pub struct Frames {
    segments: Arc<Segments>,
    next: Sequence,
    head: Sequence,
    scan: Option<Scan>,
    /// Where the frames read so far end.
    chain: Option<Head>,
}

impl Frames {
    /// Starts in the segment that holds the next sequence.
    fn enter(&mut self) -> Result<Scan, JournalError> {
        let missing = || self.segments.corrupt(self.next, Fault::Missing);
        let segment = self.segments.holding(self.next).ok_or_else(missing)?;
        let place = segment
            .locate(self.next)
            .map_err(|(at, fault)| self.segments.corrupt(at, fault))?
            .ok_or_else(missing)?;
        // The first frame of a journal has to continue its genesis.
        let chain = self.chain.or_else(|| {
            (place.first == Sequence::FIRST).then(|| Head::start(self.segments.genesis))
        });
        Ok(Scan::new(segment, place.offset, chain))
    }

    /// Has `read` look at the next frame.
    fn step<T>(
        &mut self,
        read: impl FnOnce(&FrameView<'_>) -> Result<T, (Sequence, Fault)>,
    ) -> Result<Option<T>, JournalError> {
        while self.next <= self.head {
            let mut scan = match self.scan.take() {
                Some(scan) => scan,
                None => self.enter()?,
            };
            match scan.next() {
                Ok(Some(view)) => {
                    let info = view.info;
                    let inside = info.first_sequence..=info.last_sequence;
                    if !inside.contains(&self.next) {
                        let found = info.first_sequence;
                        let fault = Fault::OutOfSequence { found };
                        return Err(self.segments.corrupt(self.next, fault));
                    }
                    let value =
                        read(&view).map_err(|(at, fault)| self.segments.corrupt(at, fault))?;
                    self.chain = Some(Head::after(&info));
                    self.next = info.last_sequence.next();
                    self.scan = Some(scan);
                    return Ok(Some(value));
                }
                // The end of a segment; the next one is entered, or found missing.
                Ok(None) => {
                    let entered = self.segments.holding(self.next);
                    if entered.is_none_or(|segment| segment.first != self.next) {
                        return Err(self.segments.corrupt(self.next, Fault::Missing));
                    }
                }
                Err(fault) => return Err(self.segments.corrupt(self.next, fault)),
            }
        }
        Ok(None)
    }

    /// Ends the iteration after an error.
    fn fused<T>(
        &mut self,
        result: Result<Option<T>, JournalError>,
    ) -> Option<Result<T, JournalError>> {
        if result.is_err() {
            self.head = Sequence::ZERO;
        }
        result.transpose()
    }
}

impl Iterator for Frames {
    type Item = Result<DecodedFrame, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        let result = self.step(|view| {
            let mut records = Vec::with_capacity(view.records_at_most());
            view.decode_into(&mut records)?;
            Ok(DecodedFrame {
                info: view.info,
                records,
            })
        });
        self.fused(result)
    }
}

/// The records of a journal in order. It ends after the first error.
#[derive(Debug)]
pub struct Records {
    frames: Frames,
    from: Sequence,
    current: std::vec::IntoIter<Record>,
}

impl Iterator for Records {
    type Item = Result<Record, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(record) = self.current.next() {
                if record.sequence >= self.from {
                    return Some(Ok(record));
                }
                continue;
            }
            match self.frames.next()? {
                Ok(frame) => self.current = frame.records.into_iter(),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
