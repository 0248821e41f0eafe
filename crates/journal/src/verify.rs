//! Proves a whole journal, both copies, and names everything that is wrong with it at once.

use std::path::Path;
use std::sync::Arc;

use ledger::Sequence;

use crate::codec;
use crate::directory::{self, DirectoryLock, segments_dir, sled_dir};
use crate::error::{CopyName, Fault, JournalError};
use crate::frame::{Frame, FrameHash, FrameView, Head};
use crate::journal::JournalOptions;
use crate::store::Store;
use crate::store::memory::MemoryDisk;
use crate::store::segments::{Scan, Segment, Segments};
use crate::store::sled_store::SledStore;

/// One thing that is wrong.
#[derive(Debug)]
pub struct Finding {
    /// In which copy.
    pub copy: CopyName,
    /// The first record that it concerns.
    pub sequence: Sequence,
    /// What it is.
    pub fault: Fault,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            copy,
            sequence,
            fault,
        } = self;
        write!(f, "{copy}: record {sequence}: {fault}")?;
        let mut source = std::error::Error::source(fault);
        while let Some(err) = source {
            write!(f, ": {err}")?;
            source = err.source();
        }
        Ok(())
    }
}

/// How far a verification is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// In which copy.
    pub copy: CopyName,
    /// The last record that was looked at.
    pub sequence: Sequence,
}

/// Proves both copies of the journal in `dir`: every checksum, every hash, the chain, the sequence
/// without a gap, and that every record can be read. Nothing is repaired.
///
/// # Errors
/// Returns [`JournalError::NotAJournal`] and [`JournalError::Locked`], and [`JournalError::File`] if
/// the folders cannot be read. What is wrong with the journal is a finding, not an error.
pub fn verify(
    dir: impl AsRef<Path>,
    options: &JournalOptions,
    mut on_progress: impl FnMut(Progress),
) -> Result<Vec<Finding>, JournalError> {
    let dir = dir.as_ref();
    if !directory::is_journal(dir) {
        return Err(JournalError::NotAJournal {
            path: dir.to_path_buf(),
        });
    }
    let _lock = DirectoryLock::take(dir, &options.program)?;
    let mut findings = Vec::new();
    let genesis = directory::identity(dir)?;
    if genesis.is_none() {
        findings.push(Finding {
            copy: CopyName::Segments,
            sequence: Sequence::ZERO,
            fault: Fault::Identity,
        });
    }
    let genesis = match genesis {
        Some(genesis) => Some(genesis),
        None => directory::genesis_by_first_frame(dir)?,
    };
    let unknown = FrameHash::from_bytes([0; 32]);
    let segments = Segments::open(&segments_dir(dir), genesis.unwrap_or(unknown))?;
    let mut check = Verification {
        copy: CopyName::Segments,
        // Without a genesis the first frame is believed, and the finding above says so.
        head: genesis.map(Head::start),
        findings,
        on_progress: &mut on_progress,
    };
    check.segments(&segments);
    let end = check.head;
    check.copy = CopyName::Sled;
    check.head = genesis.map(Head::start);
    check.sled(
        &sled_dir(dir),
        options.cache_bytes,
        genesis.unwrap_or(unknown),
        &segments,
    );
    check.compare_ends(end);
    Ok(check.findings)
}

/// Proves what is on a disk in memory.
pub fn verify_memory(disk: &MemoryDisk) -> Vec<Finding> {
    let segments = disk.segments();
    let mut check = Verification {
        copy: CopyName::Memory,
        head: Some(Head::start(disk.genesis())),
        findings: Vec::new(),
        on_progress: &mut |_| {},
    };
    check.segments(&segments);
    check.findings
}

struct Verification<'p> {
    copy: CopyName,
    /// Where what was read so far ends; none while nothing is known.
    head: Option<Head>,
    findings: Vec<Finding>,
    on_progress: &'p mut dyn FnMut(Progress),
}

impl Verification<'_> {
    fn found(&mut self, sequence: Sequence, fault: Fault) {
        self.findings.push(Finding {
            copy: self.copy,
            sequence,
            fault,
        });
    }

    fn next(&self) -> Sequence {
        self.head
            .map_or(Sequence::FIRST, |head| head.sequence.next())
    }

    fn segments(&mut self, segments: &Segments) {
        for segment in segments.all() {
            // A segment says by its name where it starts; what is missing before is one finding.
            if segment.first != self.next() {
                let found = segment.first;
                self.found(self.next(), Fault::OutOfSequence { found });
                self.head = None;
            }
            self.segment(&segment);
        }
    }

    /// One segment to its end; after damage from the next frame that is whole.
    fn segment(&mut self, segment: &Arc<Segment>) {
        let mut scan = Scan::new(Arc::clone(segment), 0, None);
        loop {
            let fault = match scan.next() {
                Ok(None) => return,
                Ok(Some(view)) => {
                    self.frame(&view);
                    continue;
                }
                Err(fault) => fault,
            };
            let at = scan.offset;
            self.found(self.next(), fault);
            match segment.next_sound(at.saturating_add(1)) {
                Ok(Some((offset, _))) => {
                    // What the damage swallowed is part of the finding above.
                    self.head = None;
                    scan = Scan::new(Arc::clone(segment), offset, None);
                }
                Ok(None) => return,
                Err(fault) => return self.found(self.next(), fault),
            }
        }
    }

    /// A frame that proves itself: its place and its records.
    fn frame(&mut self, view: &FrameView<'_>) {
        if let Some(head) = self.head
            && let Err(fault) = head.admits(view)
        {
            self.found(head.sequence.next(), fault);
        }
        for stored in view.stored() {
            match stored {
                Ok((sequence, stored)) => {
                    if let Err(fault) = codec::decode(sequence, stored, None) {
                        self.found(sequence, fault);
                    }
                }
                Err((sequence, fault)) => self.found(sequence, fault),
            }
        }
        self.head = Some(Head::after(&view.info));
        (self.on_progress)(Progress {
            copy: self.copy,
            sequence: view.info.last_sequence,
        });
    }

    fn sled(&mut self, dir: &Path, cache_bytes: u64, genesis: FrameHash, segments: &Segments) {
        if !SledStore::exists(dir) {
            return self.found(Sequence::FIRST, Fault::Missing);
        }
        let sled = match SledStore::open(dir, cache_bytes, genesis) {
            Ok(sled) => sled,
            Err(error) => return self.found(Sequence::FIRST, fault_of(error)),
        };
        let mut next = Sequence::FIRST;
        loop {
            match sled.read(next) {
                Ok(Some(frame)) => {
                    self.stored_frame(&frame, segments);
                    next = frame.info.last_sequence.next();
                    continue;
                }
                Ok(None) if sled.head().sequence < next => return,
                Ok(None) => self.found(next, Fault::Missing),
                Err(error) => self.found(next, fault_of(error)),
            }
            self.head = None;
            match sled.first_after(next) {
                Ok(Some(first)) => next = first,
                Ok(None) => return,
                Err(error) => return self.found(next, fault_of(error)),
            }
        }
    }

    /// A frame of sled, and that the segments have the same.
    fn stored_frame(&mut self, frame: &Frame, segments: &Segments) {
        match FrameView::parse(&frame.bytes) {
            Ok(view) => self.frame(&view),
            Err(fault) => self.found(frame.info.first_sequence, fault),
        }
        // What is wrong with the segments themselves has been found there.
        if let Ok(Some(other)) = segments.read(frame.info.first_sequence)
            && other.info.hash != frame.info.hash
        {
            self.found(frame.info.first_sequence, Fault::Differs);
        }
    }

    /// Both copies have to end in the same frame.
    fn compare_ends(&mut self, segments: Option<Head>) {
        let start = Sequence::ZERO;
        let segments = segments.map_or(start, |head| head.sequence);
        let sled = self.head.map_or(start, |head| head.sequence);
        if segments < sled {
            self.copy = CopyName::Segments;
            self.found(segments.next(), Fault::Missing);
        } else if sled < segments {
            self.found(sled.next(), Fault::Missing);
        }
    }
}

/// What an error of sled says about its frame.
fn fault_of(error: JournalError) -> Fault {
    match error {
        JournalError::Corrupt { fault, .. } => fault,
        JournalError::Store { err, .. } => Fault::Store(err),
        JournalError::UnknownFormat { version, .. } => Fault::UnknownFormat(version),
        JournalError::File { err, .. } | JournalError::Sync { err, .. } => Fault::Read(err),
        JournalError::Panicked { .. }
        | JournalError::SequenceConflict { .. }
        | JournalError::Gap { .. }
        | JournalError::Empty
        | JournalError::TooLarge { .. }
        | JournalError::Encode { .. }
        | JournalError::NoSuchRecord { .. }
        | JournalError::CopiesDiffer { .. }
        | JournalError::BothDamaged { .. }
        | JournalError::NotAJournal { .. }
        | JournalError::Identity { .. }
        | JournalError::Locked { .. }
        | JournalError::Poisoned => Fault::Panicked,
    }
}
