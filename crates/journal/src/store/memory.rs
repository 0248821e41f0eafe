//! A journal without a disk, and with every way a disk can fail.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use ledger::Sequence;

use super::segments::{Segment, Segments};
use super::{Store, admit};
use crate::error::{CopyName, JournalError};
use crate::frame::{Frame, FrameHash, Head, genesis_of};

/// What stands in for a disk in tests: it outlives the journal that writes to it, and fails when
/// told to.
#[derive(Clone, Debug)]
pub struct MemoryDisk(Arc<Disk>);

#[derive(Debug)]
struct Disk {
    genesis: FrameHash,
    bytes: Arc<RwLock<Vec<u8>>>,
    plan: Mutex<Plan>,
}

#[derive(Debug, Default)]
struct Plan {
    appends: u64,
    fault: Option<InjectedFault>,
}

/// How a [`MemoryDisk`] shall fail. Appends are counted from one, over the disk's whole life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InjectedFault {
    /// The append writes nothing.
    Append(u64),
    /// The append writes all, and its sync fails.
    Sync(u64),
    /// The append writes only so many bytes.
    Torn {
        /// Which append.
        append: u64,
        /// How many bytes reach the disk.
        bytes: usize,
    },
}

impl Default for MemoryDisk {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryDisk {
    /// An empty disk.
    pub fn new() -> Self {
        Self(Arc::new(Disk {
            genesis: genesis_of(&[0; 32]),
            bytes: Arc::default(),
            plan: Mutex::default(),
        }))
    }

    /// Lets it fail once.
    pub fn inject(&self, fault: InjectedFault) {
        self.plan().fault = Some(fault);
    }

    /// How many appends it has seen.
    pub fn appends(&self) -> u64 {
        self.plan().appends
    }

    /// Changes what is on it, as damage would.
    pub fn damage(&self, change: impl FnOnce(&mut Vec<u8>)) {
        change(&mut self.0.bytes.write().unwrap_or_else(PoisonError::into_inner));
    }

    pub(crate) fn genesis(&self) -> FrameHash {
        self.0.genesis
    }

    /// What is on it, to be read.
    pub(crate) fn segments(&self) -> Segments {
        let segment = Segment::memory(Arc::clone(&self.0.bytes));
        Segments::new(CopyName::Memory, self.genesis(), vec![Arc::new(segment)])
    }

    fn plan(&self) -> std::sync::MutexGuard<'_, Plan> {
        self.0.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The store on a [`MemoryDisk`].
#[derive(Debug)]
pub(crate) struct MemoryStore {
    disk: MemoryDisk,
    segments: Arc<Segments>,
    head: Head,
}

impl MemoryStore {
    /// Opens the disk; a torn tail is cut off. Returns how many bytes that were.
    pub(crate) fn open(disk: &MemoryDisk) -> Result<(Self, u64), JournalError> {
        let segments = Arc::new(disk.segments());
        let tail = segments.check_tail()?;
        let (head, end) = (tail.head, tail.end);
        let cut = tail.cut_off(CopyName::Memory)?;
        let length = usize::try_from(end).unwrap_or(usize::MAX);
        disk.damage(|bytes| bytes.truncate(length));
        let store = Self {
            disk: disk.clone(),
            segments,
            head,
        };
        Ok((store, cut))
    }

    pub(crate) fn segments(&self) -> Arc<Segments> {
        Arc::clone(&self.segments)
    }
}

impl Store for MemoryStore {
    fn head(&self) -> Head {
        self.head
    }

    fn append(&mut self, frame: &Arc<Frame>) -> Result<(), JournalError> {
        admit(self.head, frame)?;
        let mut plan = self.disk.plan();
        plan.appends = plan.appends.saturating_add(1);
        let now = plan.appends;
        let failed = |action| {
            Err(JournalError::File {
                action,
                path: "memory".into(),
                err: std::io::Error::other("injected"),
            })
        };
        match plan.fault {
            Some(InjectedFault::Append(at)) if at == now => return failed("append to"),
            Some(InjectedFault::Torn { append, bytes }) if append == now => {
                let torn = frame.bytes.get(..bytes).unwrap_or(&frame.bytes);
                self.disk.damage(|all| all.extend_from_slice(torn));
                return failed("append all to");
            }
            Some(
                InjectedFault::Append(_) | InjectedFault::Sync(_) | InjectedFault::Torn { .. },
            )
            | None => self.disk.damage(|all| all.extend_from_slice(&frame.bytes)),
        }
        if plan.fault == Some(InjectedFault::Sync(now)) {
            return Err(JournalError::Sync {
                path: "memory".into(),
                err: std::io::Error::other("injected"),
            });
        }
        self.head = Head::after(&frame.info);
        Ok(())
    }

    fn read(&self, first: Sequence) -> Result<Option<Frame>, JournalError> {
        self.segments.read(first)
    }
}
