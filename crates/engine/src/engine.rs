//! The engine as a whole: how it starts and how it stops.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use journal::{FrameBuilder, Journal, JournalOptions, Missing, Repair};
use ledger::Sequence;
use tokio::sync::{mpsc, watch};

use crate::clock::Clock;
use crate::error::{HaltReason, StartError};
use crate::inbox::{Handle, Message};
use crate::projector::Projector;
use crate::publish::{PUBLICATIONS_MAX, Publisher};
use crate::reader::{Reader, Shared};
use crate::recovery::{self, Recovered};
use crate::writer::Writer;

/// How the engine runs.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether a folder without a journal gets one.
    pub create: bool,
    /// How many submissions may wait; one more is answered with `Busy`.
    pub inbox_max: usize,
    /// How many records lie between two checkpoints.
    pub checkpoint_every_records: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            create: true,
            inbox_max: 4096,
            checkpoint_every_records: 50_000,
        }
    }
}

/// What was found and done at the start.
#[derive(Clone, Debug)]
pub struct StartReport {
    /// Whether the journal was made just now.
    pub created: bool,
    /// The last durable record.
    pub head: Sequence,
    /// What one copy of the journal did for the other.
    pub repairs: Vec<Repair>,
    /// The record of the checkpoint that was used; zero without one.
    pub checkpoint: Sequence,
    /// How many records were folded after it.
    pub replayed: u64,
    /// Why read models were thrown away and built anew, where they were.
    pub rebuilt: Option<String>,
    /// How long it took.
    pub took: Duration,
}

/// A running ledger.
#[derive(Debug)]
pub struct Engine {
    handle: Handle,
    reader: Reader,
    writer: JoinHandle<()>,
    projector: JoinHandle<()>,
}

impl Engine {
    /// Opens the ledger in `dir`: takes its lock, repairs what one copy of the journal lost, reads
    /// the newest checkpoint and folds the tail.
    ///
    /// # Errors
    /// Returns [`StartError`] if it cannot be trusted or is in use; nothing was changed then.
    pub fn open(
        dir: &Path,
        options: &Options,
        clock: Arc<dyn Clock>,
    ) -> Result<(Self, StartReport), StartError> {
        let started = Instant::now();
        let missing = if options.create {
            Missing::Create
        } else {
            Missing::Refuse
        };
        let journal_options = JournalOptions {
            missing,
            ..JournalOptions::default()
        };
        let (journal, opened) =
            Journal::open(dir, &journal_options).map_err(StartError::Journal)?;
        let (engine, mut report) = Self::over(journal, dir, options, clock)?;
        report.created = opened.created;
        report.repairs = opened.repairs;
        report.took = started.elapsed();
        tracing::info!(
            head = %report.head,
            checkpoint = %report.checkpoint,
            replayed = report.replayed,
            took_ms = report.took.as_millis(),
            "engine ready"
        );
        Ok((engine, report))
    }

    /// Runs over a journal that is open already; `dir` is for what is derived from it.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn over(
        journal: Journal,
        dir: &Path,
        options: &Options,
        clock: Arc<dyn Clock>,
    ) -> Result<(Self, StartReport), StartError> {
        let started = Instant::now();
        let recovered = recovery::recover(dir, &journal)?;
        let report = StartReport {
            created: false,
            head: journal.head(),
            repairs: Vec::new(),
            checkpoint: recovered.checkpoint,
            replayed: recovered.replayed,
            rebuilt: recovered.rebuilt.clone(),
            took: started.elapsed(),
        };
        let engine = Self::start(journal, recovered, options, clock)?;
        Ok((engine, report))
    }

    fn start(
        journal: Journal,
        recovered: Recovered,
        options: &Options,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StartError> {
        let (halted, is_halted) = watch::channel(None);
        let (head, follow) = watch::channel(journal.head());
        let (inbox, waiting) = mpsc::channel(options.inbox_max);
        let (queue, published) = std::sync::mpsc::sync_channel(PUBLICATIONS_MAX);
        let published_count = Arc::new(AtomicU64::new(0));
        let archived = Arc::new(AtomicU64::new(recovered.history.through().get()));
        let ledger = recovered.models.open().ledger().clone();
        let shared = Arc::new(Shared::new(recovered.models));
        let handle = Handle {
            inbox,
            halted: is_halted.clone(),
        };
        let reader = Reader {
            shared: Arc::clone(&shared),
            history: recovered.history.clone(),
            journal: journal.reader(),
            head: follow,
            published: Arc::clone(&published_count),
            halted: is_halted,
            handle: handle.clone(),
        };
        let guard = || HaltOnPanic {
            halted: halted.clone(),
            shared: Arc::clone(&reader.shared),
        };
        let projector = Projector {
            queue: published,
            shared,
            history: recovered.history.clone(),
            archived: Arc::clone(&archived),
            checkpoints: recovered.checkpoints,
            checkpoint_every_records: options.checkpoint_every_records,
            halted: halted.clone(),
            journal: journal.reader(),
            saved: recovered.checkpoint,
        };
        let writer = Writer {
            ledger,
            reader: journal.reader(),
            journal,
            history: recovered.history,
            clock,
            inbox: waiting,
            publisher: Publisher {
                queue,
                head,
                published: published_count,
                archived,
            },
            halted: halted.clone(),
            frame: FrameBuilder::new(),
            pending: Vec::new(),
            marks: Vec::new(),
            forgotten: Sequence::ZERO,
        };
        let projector = spawn("projector", guard(), move || projector.run())?;
        let writer = spawn("writer", guard(), move || writer.run())?;
        Ok(Self {
            handle,
            reader,
            writer,
            projector,
        })
    }

    /// Takes commands.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Answers questions.
    pub fn reader(&self) -> Reader {
        self.reader.clone()
    }

    /// Does what waits, leaves a checkpoint and lets go of the directory.
    ///
    /// # Errors
    /// Returns why the engine had halted, if it had.
    pub fn stop(self) -> Result<(), HaltReason> {
        // A full inbox takes the stop after what waits; a closed one has stopped already.
        let _ = self.handle.inbox.blocking_send(Message::Stop);
        let writer = self.writer.join();
        let projector = self.projector.join();
        if let Some(reason) = self.handle.halted.borrow().clone() {
            return Err(reason);
        }
        writer.and(projector).map_err(|_| HaltReason::Panicked)
    }
}

/// Halts the engine when the thread that holds it panics.
struct HaltOnPanic {
    halted: watch::Sender<Option<HaltReason>>,
    shared: Arc<Shared>,
}

impl Drop for HaltOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.halted.send_modify(|halted| {
                halted.get_or_insert(HaltReason::Panicked);
            });
            self.shared.give_up();
        }
    }
}

fn spawn(
    name: &str,
    guard: HaltOnPanic,
    run: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle<()>, StartError> {
    let guarded = move || {
        let _guard = guard;
        run();
    };
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(guarded)
        .map_err(StartError::Thread)
}
