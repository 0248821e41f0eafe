//! Both copies as one store: written side by side, compared and repaired when they are opened.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use ledger::Sequence;

use super::segments::{Rest, SegmentWriter, Segments, Tail, file_name, list};
use super::sled_store::SledStore;
use super::{Store, admit};
use crate::directory::{identify, segments_dir, sled_dir};
use crate::error::{CopyName, Fault, JournalError};
use crate::files;
use crate::frame::{Frame, FrameHash, FrameView, Head};
use crate::journal::{Check, JournalOptions, OpenReport, Repair};
use crate::store::segments::Scan;

/// Both copies. The segments are written by a thread of their own while sled is written here; an
/// append is done when both are durable.
#[derive(Debug)]
pub(crate) struct Mirror {
    sled: SledStore,
    segments: Arc<Segments>,
    /// To the thread; none once the mirror is being dropped.
    frames: Option<SyncSender<Arc<Frame>>>,
    results: Receiver<Result<(), JournalError>>,
    thread: Option<JoinHandle<()>>,
}

impl Mirror {
    fn start(sled: SledStore, mut writer: SegmentWriter) -> Result<Self, JournalError> {
        let segments = writer.segments();
        let (frames, inbox) = sync_channel::<Arc<Frame>>(1);
        let (outbox, results) = sync_channel(1);
        let thread = std::thread::Builder::new()
            .name("journal-segments".to_owned())
            .spawn(move || {
                for frame in inbox {
                    if outbox.send(writer.append(&frame)).is_err() {
                        break;
                    }
                }
            })
            .map_err(|err| JournalError::File {
                action: "start the thread that writes",
                path: PathBuf::from("segments"),
                err,
            })?;
        Ok(Self {
            sled,
            segments,
            frames: Some(frames),
            results,
            thread: Some(thread),
        })
    }

    pub(crate) fn segments(&self) -> Arc<Segments> {
        Arc::clone(&self.segments)
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        self.frames = None;
        if let Some(thread) = self.thread.take() {
            // It can only have panicked, and whoever waited for it has been told.
            let _ = thread.join();
        }
    }
}

impl Store for Mirror {
    fn head(&self) -> Head {
        self.sled.head()
    }

    fn append(&mut self, frame: &Arc<Frame>) -> Result<(), JournalError> {
        admit(self.sled.head(), frame)?;
        let sent = self
            .frames
            .as_ref()
            .is_some_and(|frames| frames.send(Arc::clone(frame)).is_ok());
        let here = self.sled.append(frame);
        let there = if sent {
            self.results.recv().unwrap_or(Err(JournalError::Poisoned))
        } else {
            Err(JournalError::Poisoned)
        };
        match (here, there) {
            (Ok(()), there) => there,
            (Err(here), Ok(())) => Err(here),
            (Err(here), Err(there)) => {
                tracing::error!(error = %there, "the segments could not be written either");
                Err(here)
            }
        }
    }

    fn read(&self, first: Sequence) -> Result<Option<Frame>, JournalError> {
        self.segments.read(first)
    }
}

/// What sled is good for.
enum SledSide {
    Usable(SledStore),
    /// It is not there, by somebody's decision: a power cut cannot do that.
    Absent,
    /// It is there, and cannot be used.
    Unusable(String),
}

/// Opens both copies, lets the longer repair the shorter, and refuses where they contradict.
pub(crate) fn open(
    dir: &Path,
    options: &JournalOptions,
    report: &mut OpenReport,
) -> Result<Mirror, JournalError> {
    let genesis = identify(dir, report)?;
    files::create_dir(&segments_dir(dir))?;
    let recovery = Recovery {
        segments_dir: segments_dir(dir),
        sled_dir: sled_dir(dir),
        genesis,
        options,
    };
    let sled = recovery.open_sled(report)?;
    let (segments, tail) = recovery.sound_segments(&sled, report)?;
    recovery.judge_tail(&sled, &tail, report)?;
    let mut writer = SegmentWriter::resume(
        &recovery.segments_dir,
        Arc::new(segments),
        &tail,
        options.segment_bytes,
    )?;
    let sled = match sled {
        SledSide::Usable(sled) => recovery.level(sled, &mut writer, report)?,
        SledSide::Absent => recovery.replace_sled("it was missing", &writer, report)?,
        SledSide::Unusable(reason) => recovery.replace_sled(&reason, &writer, report)?,
    };
    Mirror::start(sled, writer)
}

struct Recovery<'o> {
    segments_dir: PathBuf,
    sled_dir: PathBuf,
    genesis: FrameHash,
    options: &'o JournalOptions,
}

impl Recovery<'_> {
    /// Opens sled; if it will not, without its cache.
    fn open_sled(&self, report: &mut OpenReport) -> Result<SledSide, JournalError> {
        let dir = &self.sled_dir;
        if !SledStore::exists(dir) {
            return Ok(SledSide::Absent);
        }
        let open = || SledStore::open(dir, self.options.cache_bytes, self.genesis);
        let reason = match open() {
            Ok(sled) => return Ok(SledSide::Usable(sled)),
            Err(error @ (JournalError::Locked { .. } | JournalError::UnknownFormat { .. })) => {
                return Err(error);
            }
            Err(error) => described(&error),
        };
        let caches: Vec<_> = files::read_dir(dir)?
            .into_iter()
            .filter(|path| {
                path.file_name()
                    .is_some_and(|name| name.to_string_lossy().starts_with("snap."))
            })
            .collect();
        if caches.is_empty() {
            return Ok(SledSide::Unusable(reason));
        }
        for cache in caches {
            fs::remove_file(&cache).map_err(files::failed("remove", &cache))?;
        }
        Ok(match open() {
            Ok(sled) => {
                report.repairs.push(Repair::SledCacheRemoved);
                SledSide::Usable(sled)
            }
            Err(error) => SledSide::Unusable(described(&error)),
        })
    }

    /// The segments, each damaged one before the last written anew from sled.
    fn sound_segments(
        &self,
        sled: &SledSide,
        report: &mut OpenReport,
    ) -> Result<(Segments, Tail), JournalError> {
        let open = || Segments::open(&self.segments_dir, self.genesis);
        let segments = open()?;
        let starts_first = segments
            .all()
            .first()
            .is_none_or(|segment| segment.first == Sequence::FIRST);
        if starts_first && self.options.check == Check::Tail {
            match segments.check_tail() {
                Ok(tail) => return Ok((segments, tail)),
                Err(JournalError::Corrupt { .. } | JournalError::Gap { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        self.replace_damaged_segments(&segments, sled, report)?;
        let segments = open()?;
        let tail = segments.check_tail()?;
        Ok((segments, tail))
    }

    /// Proves all segments; one that is damaged or missing is written from sled, but for the last,
    /// whose end is the end of the journal.
    fn replace_damaged_segments(
        &self,
        segments: &Segments,
        sled: &SledSide,
        report: &mut OpenReport,
    ) -> Result<(), JournalError> {
        let mut head = Head::start(self.genesis);
        let all = segments.all();
        for (position, segment) in all.iter().enumerate() {
            if segment.first > head.sequence.next() {
                head = self.replace_segment(head, segment.first, Fault::Missing, sled, report)?;
            }
            let tail = segments.check_segment(segment, head)?;
            let Some(next) = all.get(position + 1) else {
                break;
            };
            head = match tail.rest {
                Rest::Nothing if tail.head.sequence.next() == next.first => tail.head,
                Rest::Nothing | Rest::Torn(_) => {
                    self.replace_segment(head, next.first, Fault::CutOff, sled, report)?
                }
                Rest::Damaged { fault, .. } => {
                    self.replace_segment(head, next.first, fault, sled, report)?
                }
            };
        }
        Ok(())
    }

    /// Writes the segment that continues `head` up to before `next` from sled.
    fn replace_segment(
        &self,
        mut head: Head,
        next: Sequence,
        fault: Fault,
        sled: &SledSide,
        report: &mut OpenReport,
    ) -> Result<Head, JournalError> {
        let first = head.sequence.next();
        let mut fault = Some(fault);
        let mut lost = |sequence| JournalError::Corrupt {
            copy: CopyName::Segments,
            sequence,
            fault: fault.take().unwrap_or(Fault::Missing),
        };
        let SledSide::Usable(sled) = sled else {
            return Err(lost(first));
        };
        let path = self.segments_dir.join(file_name(first));
        let draft = path.with_extension("new");
        let mut file = fs::File::create(&draft).map_err(files::failed("create", &draft))?;
        while head.sequence.next() < next {
            let at = head.sequence.next();
            let frame = match sled.read(at) {
                Ok(Some(frame)) => frame,
                Ok(None) | Err(JournalError::Corrupt { .. }) => return Err(lost(at)),
                Err(error) => return Err(error),
            };
            if frame.previous != head.hash || frame.info.last_sequence >= next {
                return Err(JournalError::CopiesDiffer {
                    sequence: at,
                    sled: frame.info.hash,
                    segments: head.hash,
                });
            }
            std::io::Write::write_all(&mut file, &frame.bytes)
                .map_err(files::failed("write", &draft))?;
            head = Head::after(&frame.info);
        }
        file.sync_all().map_err(files::unsynced(&draft))?;
        let kept = free_name(&path.with_extension("damaged"));
        if path.exists() {
            fs::rename(&path, &kept).map_err(files::failed("rename", &path))?;
        }
        fs::rename(&draft, &path).map_err(files::failed("rename", &draft))?;
        files::sync_dir(&self.segments_dir)?;
        report.repairs.push(Repair::SegmentReplaced { first, kept });
        Ok(head)
    }

    /// What comes after the sound part of the segments may be cut off only if sled vouches that
    /// nothing acknowledged is in it.
    fn judge_tail(
        &self,
        sled: &SledSide,
        tail: &Tail,
        report: &mut OpenReport,
    ) -> Result<(), JournalError> {
        let after = tail.head.sequence;
        let needed = match &tail.rest {
            Rest::Nothing => return Ok(()),
            Rest::Torn(_) => after,
            Rest::Damaged { through, .. } => *through,
        };
        let vouched = match sled {
            SledSide::Usable(sled) if sled.head().sequence >= needed => Ok(()),
            SledSide::Usable(sled) => Err(format!("it ends at record {}", sled.head().sequence)),
            SledSide::Unusable(reason) => Err(reason.clone()),
            SledSide::Absent if matches!(tail.rest, Rest::Torn(_)) => Ok(()),
            SledSide::Absent => Err("it is missing".to_owned()),
        };
        if let Err(sled) = vouched {
            return Err(JournalError::BothDamaged {
                sled,
                segments: after,
            });
        }
        if let Rest::Torn(bytes) = tail.rest {
            report.repairs.push(Repair::TornTail {
                copy: CopyName::Segments,
                after,
                bytes,
            });
        } else {
            self.keep_damaged_tail(after, report)?;
        }
        Ok(())
    }

    /// Copies the last segment aside before its damaged end is cut off.
    fn keep_damaged_tail(
        &self,
        after: Sequence,
        report: &mut OpenReport,
    ) -> Result<(), JournalError> {
        let Some((_, path)) = list(&self.segments_dir)?.pop() else {
            return Ok(());
        };
        let kept = free_name(&path.with_extension("damaged"));
        fs::copy(&path, &kept).map_err(files::failed("copy", &path))?;
        report.repairs.push(Repair::SegmentReplaced {
            first: after.next(),
            kept,
        });
        Ok(())
    }

    /// Brings both copies to the same end.
    fn level(
        &self,
        mut sled: SledStore,
        writer: &mut SegmentWriter,
        report: &mut OpenReport,
    ) -> Result<SledStore, JournalError> {
        let (here, there) = (sled.head(), writer.head());
        if there.sequence < here.sequence {
            extend_segments(&sled, writer)?;
            report
                .repairs
                .push(extended(CopyName::Segments, there, here));
        } else if here.sequence < there.sequence {
            // One append may have been interrupted. A sled that lacks more has lost what was
            // acknowledged, and what is written to such a one may be lost with it.
            let first = here.sequence.next();
            let missing = frame_after(&writer.segments(), here)?;
            if missing.info.last_sequence < there.sequence {
                let reason = format!("it ended before record {first}, which it had acknowledged");
                drop(sled);
                return self.replace_sled(&reason, writer, report);
            }
            sled.append(&Arc::new(missing))?;
            report.repairs.push(extended(CopyName::Sled, here, there));
        }
        if sled.head().hash != writer.head().hash {
            return Err(JournalError::CopiesDiffer {
                sequence: sled.head().sequence,
                sled: sled.head().hash,
                segments: writer.head().hash,
            });
        }
        if self.options.check == Check::All
            && let Some(reason) = first_difference(&sled, &writer.segments())?
        {
            drop(sled);
            return self.replace_sled(&reason, writer, report);
        }
        Ok(sled)
    }

    /// Puts what is there of sled aside, and writes it anew from the segments.
    fn replace_sled(
        &self,
        reason: &str,
        writer: &SegmentWriter,
        report: &mut OpenReport,
    ) -> Result<SledStore, JournalError> {
        // An unusable sled may have held what the segments never did only if they are empty; a
        // journal never is while its sled is not.
        if writer.head().sequence == Sequence::ZERO && SledStore::exists(&self.sled_dir) {
            return Err(JournalError::BothDamaged {
                sled: reason.to_owned(),
                segments: Sequence::ZERO,
            });
        }
        // Nothing is moved before it is certain that all of it can be written anew.
        prove(&writer.segments())?;
        let kept = if self.sled_dir.exists() {
            let kept = free_name(&self.sled_dir.with_extension("damaged"));
            fs::rename(&self.sled_dir, &kept).map_err(files::failed("rename", &self.sled_dir))?;
            Some(kept)
        } else {
            None
        };
        let mut sled = SledStore::create(&self.sled_dir, self.options.cache_bytes, self.genesis)?;
        fill_sled(&writer.segments(), &mut sled)?;
        report.repairs.push(Repair::SledReplaced {
            reason: reason.to_owned(),
            kept,
        });
        Ok(sled)
    }
}

fn extended(copy: CopyName, had: Head, has: Head) -> Repair {
    Repair::Extended {
        copy,
        from: had.sequence.next(),
        through: has.sequence,
    }
}

/// Gives the segments what only sled has.
fn extend_segments(sled: &SledStore, writer: &mut SegmentWriter) -> Result<(), JournalError> {
    while writer.head().sequence < sled.head().sequence {
        let head = writer.head();
        let first = head.sequence.next();
        let frame = sled.read(first)?.ok_or(JournalError::Corrupt {
            copy: CopyName::Sled,
            sequence: first,
            fault: Fault::Missing,
        })?;
        if frame.previous != head.hash {
            return Err(JournalError::CopiesDiffer {
                sequence: head.sequence,
                sled: frame.previous,
                segments: head.hash,
            });
        }
        writer.put(&frame)?;
    }
    writer.sync()
}

/// The frame of the segments that continues what sled ends with.
fn frame_after(segments: &Segments, sled: Head) -> Result<Frame, JournalError> {
    let first = sled.sequence.next();
    let frame = segments
        .frame_holding(first)?
        .ok_or_else(|| segments.corrupt(first, Fault::Missing))?;
    if frame.info.first_sequence != first || frame.previous != sled.hash {
        return Err(JournalError::CopiesDiffer {
            sequence: sled.sequence,
            sled: sled.hash,
            segments: frame.previous,
        });
    }
    Ok(frame)
}

/// Proves every frame of the segments.
fn prove(segments: &Segments) -> Result<(), JournalError> {
    let mut head = Head::start(segments.genesis);
    for segment in segments.all() {
        let mut scan = Scan::new(segment, 0, Some(head));
        while let Some(view) = scan
            .next()
            .map_err(|fault| segments.corrupt(head.sequence.next(), fault))?
        {
            head = Head::after(&view.info);
        }
    }
    Ok(())
}

/// Gives an empty sled all that the segments have.
fn fill_sled(segments: &Segments, sled: &mut SledStore) -> Result<(), JournalError> {
    for segment in segments.all() {
        let mut scan = Scan::new(segment, 0, Some(sled.head()));
        loop {
            let next = sled.head().sequence.next();
            match scan.next().map_err(|fault| segments.corrupt(next, fault))? {
                Some(view) => sled.put(&Frame::from(view))?,
                None => break,
            }
        }
    }
    sled.sync()
}

/// Where sled is not what the segments are, in words.
fn first_difference(sled: &SledStore, segments: &Segments) -> Result<Option<String>, JournalError> {
    for segment in segments.all() {
        let mut scan = Scan::new(segment, 0, None);
        loop {
            let next = scan
                .head
                .map_or(Sequence::FIRST, |head| head.sequence.next());
            let same = |view: FrameView<'_>| {
                let first = view.info.first_sequence;
                match sled.read(first) {
                    Ok(Some(frame)) if frame.bytes == view.bytes => None,
                    Ok(_) => Some(format!("its frame at record {first} is not the right one")),
                    Err(error) => Some(described(&error)),
                }
            };
            match scan.next().map_err(|fault| segments.corrupt(next, fault))? {
                None => break,
                Some(view) => {
                    if let Some(reason) = same(view) {
                        return Ok(Some(reason));
                    }
                }
            }
        }
    }
    Ok(None)
}

/// A name that nothing has yet.
fn free_name(path: &Path) -> PathBuf {
    let mut free = path.to_path_buf();
    let mut number = 1_u32;
    while free.exists() {
        number = number.saturating_add(1);
        let mut name = path.as_os_str().to_owned();
        name.push(format!("-{number}"));
        free = PathBuf::from(name);
    }
    free
}

/// An error with all that is behind it, as one sentence.
fn described(error: &JournalError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(err) = source {
        text.push_str(": ");
        text.push_str(&err.to_string());
        source = err.source();
    }
    text
}
