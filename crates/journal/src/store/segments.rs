//! The plain copy: frames one after another in files named after their first sequence.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use ledger::Sequence;

use super::{Store, admit};
use crate::error::{CopyName, Fault, JournalError};
use crate::files;
use crate::frame::{Frame, FrameHash, FrameView, HEADER_BYTES, Head, HeaderClaim, MAGIC};

/// A segment is closed when it would grow beyond this.
pub(crate) const SEGMENT_BYTES: u64 = 64 << 20;
/// How far the marks of the sparse index are apart.
const MARK_BYTES: u64 = 64 << 10;
/// How much a scan reads at once.
const READ_BYTES: usize = 1 << 20;

/// The name of the segment file that starts with `first`.
pub(crate) fn file_name(first: Sequence) -> String {
    format!("{:020}.frames", first.get())
}

fn first_of(name: &str) -> Option<Sequence> {
    let digits = name.strip_suffix(".frames")?;
    (digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| digits.parse().ok().map(Sequence::new))
        .flatten()
}

/// The segment files in `dir`, in order.
pub(crate) fn list(dir: &Path) -> Result<Vec<(Sequence, PathBuf)>, JournalError> {
    let mut found = Vec::new();
    for entry in files::read_dir(dir)? {
        if let Some(first) = entry.file_name().and_then(|name| first_of(name.to_str()?)) {
            found.push((first, entry));
        }
    }
    found.sort();
    Ok(found)
}

/// One run of frames that can be read at any place by anybody at any time.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) first: Sequence,
    bytes: Bytes,
    index: Mutex<Index>,
}

#[derive(Debug)]
enum Bytes {
    File(File),
    Memory(Arc<RwLock<Vec<u8>>>),
}

/// Where some of the frames are, in order of their sequence; the rest is found from there.
#[derive(Debug)]
struct Index {
    marks: Vec<Place>,
    /// As far as the headers have been followed.
    end: Place,
}

/// A frame starts with this sequence at this offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) first: Sequence,
    pub(crate) offset: u64,
}

impl Segment {
    fn new(first: Sequence, bytes: Bytes) -> Self {
        let start = Place { first, offset: 0 };
        Self {
            first,
            bytes,
            index: Mutex::new(Index {
                marks: vec![start],
                end: start,
            }),
        }
    }

    pub(crate) fn memory(bytes: Arc<RwLock<Vec<u8>>>) -> Self {
        Self::new(Sequence::FIRST, Bytes::Memory(bytes))
    }

    pub(crate) fn file(first: Sequence, path: &Path) -> Result<Self, JournalError> {
        let file = File::open(path).map_err(files::failed("open", path))?;
        Ok(Self::new(first, Bytes::File(file)))
    }

    /// How long it is now.
    pub(crate) fn len(&self) -> io::Result<u64> {
        match &self.bytes {
            Bytes::File(file) => file.metadata().map(|metadata| metadata.len()),
            Bytes::Memory(bytes) => {
                Ok(bytes.read().unwrap_or_else(PoisonError::into_inner).len() as u64)
            }
        }
    }

    /// Reads what there is at `offset`, at most all of `buffer`.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        match &self.bytes {
            Bytes::File(file) => {
                let mut filled = 0;
                while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
                    match file.read_at(rest, offset + filled as u64) {
                        Ok(0) => break,
                        Ok(count) => filled += count,
                        Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
                        Err(err) => return Err(err),
                    }
                }
                Ok(filled)
            }
            Bytes::Memory(bytes) => {
                let bytes = bytes.read().unwrap_or_else(PoisonError::into_inner);
                let start = usize::try_from(offset)
                    .unwrap_or(usize::MAX)
                    .min(bytes.len());
                let rest = bytes.get(start..).unwrap_or_default();
                let count = rest.len().min(buffer.len());
                if let (Some(to), Some(from)) = (buffer.get_mut(..count), rest.get(..count)) {
                    to.copy_from_slice(from);
                }
                Ok(count)
            }
        }
    }

    /// How many bytes there are at `offset`, up to `most`.
    fn left_at(&self, offset: u64, most: usize) -> Result<usize, Fault> {
        let left = self.len().map_err(Fault::Read)?.saturating_sub(offset);
        Ok(usize::try_from(left).unwrap_or(usize::MAX).min(most))
    }

    /// The header at `offset`; none at the end.
    fn claim_at(&self, offset: u64) -> Result<Option<HeaderClaim>, Fault> {
        let mut header = [0; HEADER_BYTES];
        match self.read_at(&mut header, offset).map_err(Fault::Read)? {
            0 => Ok(None),
            HEADER_BYTES => HeaderClaim::read(&header).map(Some),
            _ => Err(Fault::CutOff),
        }
    }

    /// Reads and proves the frame at `offset` into `buffer`; none at the end.
    pub(crate) fn frame_at<'b>(
        &self,
        offset: u64,
        buffer: &'b mut Vec<u8>,
    ) -> Result<Option<FrameView<'b>>, Fault> {
        let Some(claim) = self.claim_at(offset)? else {
            return Ok(None);
        };
        buffer.resize(self.left_at(offset, claim.bytes)?, 0);
        let count = self.read_at(buffer, offset).map_err(Fault::Read)?;
        buffer.truncate(count);
        FrameView::parse(buffer).map(Some)
    }

    /// Where the frame is that holds `sequence`, by the headers alone; `Err` names the first record
    /// that cannot be reached.
    pub(crate) fn locate(&self, sequence: Sequence) -> Result<Option<Place>, (Sequence, Fault)> {
        let mut index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        let mut place = if sequence >= index.end.first {
            index.end
        } else {
            let after = index.marks.partition_point(|mark| mark.first <= sequence);
            match after.checked_sub(1).and_then(|at| index.marks.get(at)) {
                Some(mark) => *mark,
                None => return Ok(None),
            }
        };
        loop {
            let Some(claim) = self
                .claim_at(place.offset)
                .map_err(|fault| (place.first, fault))?
            else {
                return Ok(None);
            };
            if claim.first != place.first {
                return Err((place.first, Fault::OutOfSequence { found: claim.first }));
            }
            if sequence <= claim.last() {
                return Ok(Some(place));
            }
            place = Place {
                first: claim.last().next(),
                offset: place.offset + claim.bytes as u64,
            };
            if place.first > index.end.first {
                index.end = place;
                let apart = index
                    .marks
                    .last()
                    .map_or(0, |mark| place.offset - mark.offset);
                if apart >= MARK_BYTES {
                    index.marks.push(place);
                }
            }
        }
    }

    /// The next frame after `offset` that can be proved, wherever it is.
    pub(crate) fn next_sound(&self, mut offset: u64) -> Result<Option<(u64, Frame)>, Fault> {
        let mut window = vec![0; self.left_at(offset, READ_BYTES)?];
        let mut buffer = Vec::new();
        loop {
            let count = self.read_at(&mut window, offset).map_err(Fault::Read)?;
            if count < HEADER_BYTES {
                return Ok(None);
            }
            let read = window.get(..count).unwrap_or_default();
            for (at, bytes) in read.windows(MAGIC.len()).enumerate() {
                if bytes == MAGIC
                    && let Ok(Some(view)) = self.frame_at(offset + at as u64, &mut buffer)
                {
                    return Ok(Some((offset + at as u64, Frame::from(view))));
                }
            }
            // A frame that begins across two windows is seen in the second.
            offset += (count - MAGIC.len() + 1) as u64;
        }
    }
}

/// All segments of one copy, in order. What is read is always proved first.
#[derive(Debug)]
pub(crate) struct Segments {
    pub(crate) copy: CopyName,
    pub(crate) genesis: FrameHash,
    list: RwLock<Vec<Arc<Segment>>>,
}

/// What was found at the end of the last segment.
#[derive(Debug)]
pub(crate) struct Tail {
    /// Where the sound part ends.
    pub(crate) head: Head,
    /// The same as an offset in the last segment.
    pub(crate) end: u64,
    /// What comes after the sound part.
    pub(crate) rest: Rest,
}

/// What comes after the sound part of a copy.
#[derive(Debug)]
pub(crate) enum Rest {
    /// Nothing.
    Nothing,
    /// Bytes that are no frame: an append that was cut off.
    Torn(u64),
    /// Damage, and after it frames that are whole: up to this record.
    Damaged { through: Sequence, fault: Fault },
}

impl Tail {
    /// How many bytes an interrupted append left behind.
    ///
    /// # Errors
    /// [`JournalError::Corrupt`] if it is damage and not an interrupted append.
    pub(crate) fn cut_off(self, copy: CopyName) -> Result<u64, JournalError> {
        match self.rest {
            Rest::Nothing => Ok(0),
            Rest::Torn(bytes) => Ok(bytes),
            Rest::Damaged { fault, .. } => Err(JournalError::Corrupt {
                copy,
                sequence: self.head.sequence.next(),
                fault,
            }),
        }
    }
}

impl Segments {
    pub(crate) fn new(copy: CopyName, genesis: FrameHash, list: Vec<Arc<Segment>>) -> Self {
        Self {
            copy,
            genesis,
            list: RwLock::new(list),
        }
    }

    /// Opens all segment files in `dir`.
    pub(crate) fn open(dir: &Path, genesis: FrameHash) -> Result<Self, JournalError> {
        let segments = list(dir)?
            .into_iter()
            .map(|(first, path)| Segment::file(first, &path).map(Arc::new))
            .collect::<Result<_, _>>()?;
        Ok(Self::new(CopyName::Segments, genesis, segments))
    }

    pub(crate) fn all(&self) -> Vec<Arc<Segment>> {
        self.list
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn push(&self, segment: Segment) {
        self.list
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Arc::new(segment));
    }

    /// The segment that holds `sequence`, if any does.
    pub(crate) fn holding(&self, sequence: Sequence) -> Option<Arc<Segment>> {
        let list = self.list.read().unwrap_or_else(PoisonError::into_inner);
        let after = list.partition_point(|segment| segment.first <= sequence);
        after.checked_sub(1).and_then(|at| list.get(at)).cloned()
    }

    pub(crate) fn corrupt(&self, sequence: Sequence, fault: Fault) -> JournalError {
        if let Fault::UnknownFormat(version) = fault {
            return JournalError::UnknownFormat {
                version,
                known: crate::frame::FORMAT,
            };
        }
        JournalError::Corrupt {
            copy: self.copy,
            sequence,
            fault,
        }
    }

    /// The frame that holds `sequence`, proved by its own checksum and hash.
    pub(crate) fn frame_holding(&self, sequence: Sequence) -> Result<Option<Frame>, JournalError> {
        let Some(segment) = self.holding(sequence) else {
            return Ok(None);
        };
        let Some(place) = segment
            .locate(sequence)
            .map_err(|(at, fault)| self.corrupt(at, fault))?
        else {
            return Ok(None);
        };
        let mut buffer = Vec::new();
        let Some(view) = segment
            .frame_at(place.offset, &mut buffer)
            .map_err(|fault| self.corrupt(place.first, fault))?
        else {
            return Ok(None);
        };
        if view.info.first_sequence > sequence || view.info.last_sequence < sequence {
            let found = view.info.first_sequence;
            return Err(self.corrupt(place.first, Fault::OutOfSequence { found }));
        }
        let (info, previous) = (view.info, view.previous);
        Ok(Some(Frame {
            info,
            previous,
            bytes: buffer,
        }))
    }

    /// The frame that starts at `first`.
    pub(crate) fn read(&self, first: Sequence) -> Result<Option<Frame>, JournalError> {
        match self.frame_holding(first)? {
            Some(frame) if frame.info.first_sequence == first => Ok(Some(frame)),
            Some(frame) => {
                let found = frame.info.first_sequence;
                Err(self.corrupt(first, Fault::OutOfSequence { found }))
            }
            None => Ok(None),
        }
    }

    /// Where the history ends before the segment at `position` in the list.
    fn head_before(&self, all: &[Arc<Segment>], position: usize) -> Result<Head, JournalError> {
        let Some(before) = position.checked_sub(1).and_then(|at| all.get(at)) else {
            return Ok(Head::start(self.genesis));
        };
        // Following the headers to the end finds the last frame, which proves itself.
        let next = all
            .get(position)
            .map_or(Sequence::FIRST, |segment| segment.first);
        let last = Sequence::new(next.get().saturating_sub(1));
        match self.frame_holding(last)? {
            Some(frame) if frame.info.last_sequence == last => Ok(Head::after(&frame.info)),
            Some(frame) => Err(JournalError::Gap {
                expected: frame.info.last_sequence.next(),
                found: next,
            }),
            None => Err(self.corrupt(before.first, Fault::Missing)),
        }
    }

    /// Proves the last segment, and that it continues the one before.
    pub(crate) fn check_tail(&self) -> Result<Tail, JournalError> {
        let all = self.all();
        let Some((position, segment)) = all.iter().enumerate().next_back() else {
            return Ok(Tail {
                head: Head::start(self.genesis),
                end: 0,
                rest: Rest::Nothing,
            });
        };
        let head = self.head_before(&all, position)?;
        self.check_segment(segment, head)
    }

    /// Proves every frame of one segment, which continues `head`.
    pub(crate) fn check_segment(
        &self,
        segment: &Arc<Segment>,
        head: Head,
    ) -> Result<Tail, JournalError> {
        let mut scan = Scan::new(Arc::clone(segment), 0, Some(head));
        let fault = loop {
            match scan.next() {
                Ok(Some(_)) => {}
                Ok(None) => break None,
                Err(fault) => break Some(fault),
            }
        };
        let head = scan.head.unwrap_or(head);
        let end = scan.offset;
        let rest = match fault {
            None => Rest::Nothing,
            Some(fault @ (Fault::Read(_) | Fault::UnknownFormat(_))) => {
                // A format of the future is not damage, and an unreadable file is not an end.
                return Err(self.corrupt(head.sequence.next(), fault));
            }
            Some(fault) => {
                let read = |fault| self.corrupt(head.sequence.next(), fault);
                let mut through = None;
                let mut at = end + 1;
                while let Some((offset, frame)) = segment.next_sound(at).map_err(read)? {
                    through = Some(frame.info.last_sequence);
                    at = offset + frame.info.bytes;
                }
                match through {
                    Some(through) => Rest::Damaged { through, fault },
                    None => Rest::Torn(segment.len().map_err(Fault::Read).map_err(read)? - end),
                }
            }
        };
        Ok(Tail { head, end, rest })
    }
}

/// Reads one segment from front to back, each frame proved and in its place.
#[derive(Debug)]
pub(crate) struct Scan {
    segment: Arc<Segment>,
    /// Of the next frame.
    pub(crate) offset: u64,
    /// What the next frame must continue, where known.
    pub(crate) head: Option<Head>,
    buffer: Vec<u8>,
    /// Where the next frame begins in the buffer.
    start: usize,
}

impl Scan {
    pub(crate) fn new(segment: Arc<Segment>, offset: u64, head: Option<Head>) -> Self {
        Self {
            segment,
            offset,
            head,
            buffer: Vec::new(),
            start: 0,
        }
    }

    /// Has at least `bytes` in the buffer, unless the segment ends before.
    fn fill(&mut self, bytes: usize) -> Result<(), Fault> {
        let held = self.buffer.len() - self.start;
        if held >= bytes {
            return Ok(());
        }
        self.buffer.drain(..self.start);
        self.start = 0;
        // No length beyond the limit of a frame gets here, so this is bounded.
        let wanted = self.segment.left_at(self.offset, bytes.max(READ_BYTES))?;
        self.buffer.resize(wanted.max(held), 0);
        let count = match self.buffer.get_mut(held..) {
            Some(rest) => self
                .segment
                .read_at(rest, self.offset + held as u64)
                .map_err(Fault::Read)?,
            None => 0,
        };
        self.buffer.truncate(held + count);
        Ok(())
    }

    /// The next frame; none at the end. After a fault the scan stays where it is.
    pub(crate) fn next(&mut self) -> Result<Option<FrameView<'_>>, Fault> {
        self.fill(HEADER_BYTES)?;
        if self.buffer.len() == self.start {
            return Ok(None);
        }
        let claim = HeaderClaim::read(self.buffer.get(self.start..).unwrap_or_default())?;
        self.fill(claim.bytes)?;
        let view = FrameView::parse(self.buffer.get(self.start..).unwrap_or_default())?;
        if let Some(head) = self.head {
            head.admits(&view)?;
        }
        self.head = Some(Head::after(&view.info));
        self.start += view.bytes.len();
        self.offset += view.info.bytes;
        Ok(Some(view))
    }
}

/// Appends to the last segment.
#[derive(Debug)]
pub(crate) struct SegmentWriter {
    dir: PathBuf,
    segments: Arc<Segments>,
    head: Head,
    /// The last segment; none while there is none.
    last: Option<(PathBuf, File)>,
    end: u64,
    rotate_at: u64,
}

impl SegmentWriter {
    /// Continues after the sound part that `tail` found; what comes after it is cut off.
    pub(crate) fn resume(
        dir: &Path,
        segments: Arc<Segments>,
        tail: &Tail,
        rotate_at: u64,
    ) -> Result<Self, JournalError> {
        let last = match segments.all().last() {
            None => None,
            Some(segment) => {
                let path = dir.join(file_name(segment.first));
                let file = OpenOptions::new()
                    .write(true)
                    .open(&path)
                    .map_err(files::failed("open", &path))?;
                if !matches!(tail.rest, Rest::Nothing) {
                    file.set_len(tail.end)
                        .map_err(files::failed("cut", &path))?;
                    file.sync_all().map_err(files::unsynced(&path))?;
                }
                Some((path, file))
            }
        };
        Ok(Self {
            dir: dir.to_path_buf(),
            segments,
            head: tail.head,
            last,
            end: tail.end,
            rotate_at,
        })
    }

    pub(crate) fn segments(&self) -> Arc<Segments> {
        Arc::clone(&self.segments)
    }

    /// Begins a new file with the frame that comes next.
    fn rotate(&mut self) -> Result<(), JournalError> {
        self.sync()?;
        let first = self.head.sequence.next();
        let path = self.dir.join(file_name(first));
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&path)
            .map_err(files::failed("create", &path))?;
        files::sync_dir(&self.dir)?;
        self.segments.push(Segment::file(first, &path)?);
        self.last = Some((path, file));
        self.end = 0;
        Ok(())
    }

    /// Appends a frame without making it durable.
    pub(crate) fn put(&mut self, frame: &Frame) -> Result<(), JournalError> {
        admit(self.head, frame)?;
        let full = self.end > 0 && self.end + frame.info.bytes > self.rotate_at;
        if full || self.last.is_none() {
            self.rotate()?;
        }
        if let Some((path, file)) = &self.last {
            file.write_all_at(&frame.bytes, self.end)
                .map_err(files::failed("append to", path))?;
        }
        self.end += frame.info.bytes;
        self.head = Head::after(&frame.info);
        Ok(())
    }

    /// Makes all that was put durable.
    pub(crate) fn sync(&self) -> Result<(), JournalError> {
        match &self.last {
            Some((path, file)) => file.sync_data().map_err(files::unsynced(path)),
            None => Ok(()),
        }
    }
}

impl Store for SegmentWriter {
    fn head(&self) -> Head {
        self.head
    }

    fn append(&mut self, frame: &Arc<Frame>) -> Result<(), JournalError> {
        self.put(frame)?;
        self.sync()
    }

    fn read(&self, first: Sequence) -> Result<Option<Frame>, JournalError> {
        self.segments.read(first)
    }
}
