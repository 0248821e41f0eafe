//! The single writer: the straight line from a command to its receipt.
//!
//! ```text
//! decide   the ledger, pure: idempotency, refusals, then records that carry their results
//! apply    the working state, seen by nobody yet
//! append   one frame for all that waited, durable in both copies, or halt
//! publish  the read side
//! reply    receipts
//! ```

use std::sync::Arc;

use journal::{Fit, FrameBuilder, Journal, JournalError, JournalReader};
use ledger::{
    Acknowledgement, Command, Decision, FactKey, Intent, Known, Ledger, Leg, Mark, Moment, Outcome,
    Receipt, Record, Request, Sequence,
};
use projection::{History, HistoryError};
use smol_str::SmolStr;
use tokio::sync::{mpsc, watch};

use crate::clock::Clock;
use crate::error::HaltReason;
use crate::inbox::{Message, Submission};
use crate::publish::Publisher;

/// The most commands that share one commit.
const COMMIT_COMMANDS_MAX: usize = 4096;

/// The code of a command whose records do not fit in one frame. Nothing of it is recorded.
const TOO_LARGE: &str = "too_large";

pub(crate) struct Writer {
    pub(crate) ledger: Ledger,
    pub(crate) journal: Journal,
    pub(crate) reader: JournalReader,
    pub(crate) history: History,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) inbox: mpsc::Receiver<Message>,
    pub(crate) publisher: Publisher,
    pub(crate) halted: watch::Sender<Option<HaltReason>>,
    pub(crate) frame: FrameBuilder,
    /// The records of the frame that is being built.
    pub(crate) pending: Vec<Record>,
    /// The marks since the last commit.
    pub(crate) marks: Vec<Mark>,
    /// What was already forgotten, because the history keeps it.
    pub(crate) forgotten: Sequence,
}

impl Writer {
    /// Runs until it is told to stop or something leaves a doubt.
    pub(crate) fn run(mut self) {
        while let Some(Message::Submit(first)) = self.inbox.blocking_recv() {
            let batch = self.gather(first);
            match self.commit(&batch) {
                Ok(receipts) => reply(batch, receipts),
                Err(reason) => return self.halt(reason, batch),
            }
            if self.halted.borrow().is_some() {
                // The read side has failed: what is durable stays, but nothing more is taken.
                return;
            }
            self.forget();
        }
    }

    /// What waits now, up to a commit's worth. After a stop nothing more comes in.
    fn gather(&mut self, first: Submission) -> Vec<Submission> {
        let mut commands = first.commands.len();
        let mut batch = vec![first];
        while commands < COMMIT_COMMANDS_MAX
            && let Ok(message) = self.inbox.try_recv()
        {
            match message {
                Message::Submit(next) => {
                    commands = commands.saturating_add(next.commands.len());
                    batch.push(next);
                }
                Message::Stop => self.inbox.close(),
            }
        }
        batch
    }

    /// One commit for all that waited. The receipts are for after it only.
    fn commit(&mut self, batch: &[Submission]) -> Result<Vec<Vec<Receipt>>, HaltReason> {
        let mut receipts = Vec::with_capacity(batch.len());
        for submission in batch {
            let taken: Result<Vec<Receipt>, HaltReason> = submission
                .commands
                .iter()
                .map(|command| self.take(command))
                .collect();
            receipts.push(taken?);
        }
        self.append()?;
        self.publisher
            .publish_marks(std::mem::take(&mut self.marks));
        Ok(receipts)
    }

    /// Decides one command and applies it to the working state.
    fn take(&mut self, command: &Command) -> Result<Receipt, HaltReason> {
        let known = self.look_up(command)?;
        let moment = Moment::of(command, self.clock.now());
        let Decision { records, receipt } = self.ledger.decide(command, &known, &moment);
        if !self.fits(&records)? {
            return Ok(too_large());
        }
        for record in &records {
            self.ledger.apply(record);
        }
        self.pending.extend(records);
        if let Command::Mark(mark) = command
            && self.ledger.observe(mark)
        {
            self.marks.push(mark.clone());
        }
        Ok(receipt)
    }

    /// Puts a decision's records into the frame; what belongs together stays together.
    fn fits(&mut self, records: &[Record]) -> Result<bool, HaltReason> {
        match self.frame.push_all(records) {
            Ok(Fit::Taken) => return Ok(true),
            Ok(Fit::Full) => self.append()?,
            Err(JournalError::TooLarge { .. }) => return Ok(false),
            Err(error) => return Err(HaltReason::Journal(Arc::new(error))),
        }
        match self.frame.push_all(records) {
            Ok(Fit::Taken) => Ok(true),
            Ok(Fit::Full) | Err(JournalError::TooLarge { .. }) => Ok(false),
            Err(error) => Err(HaltReason::Journal(Arc::new(error))),
        }
    }

    /// Makes the frame durable, then shows it.
    fn append(&mut self) -> Result<(), HaltReason> {
        let Some(first) = self.frame.first_sequence() else {
            return Ok(());
        };
        let info = self
            .journal
            .append_frame(first, &mut self.frame)
            .map_err(|error| HaltReason::Journal(Arc::new(error)))?;
        self.publisher
            .publish(info.last_sequence, std::mem::take(&mut self.pending));
        Ok(())
    }

    /// What the ledger has forgotten and this command asks about.
    fn look_up(&self, command: &Command) -> Result<Known, HaltReason> {
        let mut known = Known::default();
        if let Some(key) = command.key()
            && let Some(first) = self.first_seen(&key)?
        {
            known.first = Some(self.record(first)?);
            if let Some(content) = command.content_key().filter(|content| *content != key) {
                known.conflict = self.first_seen(&content)?;
            }
        }
        match command {
            Command::Acknowledgement(ack) => self.look_up_acknowledged(ack, &mut known),
            Command::Intent(intent) => self.look_up_named(intent, &mut known),
            Command::Mark(_) | Command::Configuration(_) => Ok(()),
        }
        .map_err(projection)?;
        Ok(known)
    }

    /// The order that an acknowledgement names, and what its ticket held last.
    fn look_up_acknowledged(
        &self,
        ack: &Acknowledgement,
        known: &mut Known,
    ) -> Result<(), HistoryError> {
        let (account, symbol) = (&ack.account, &ack.symbol);
        if !ack.order.is_empty()
            && self
                .ledger
                .find_order(account, symbol, &ack.order)
                .is_none()
        {
            known.order = self.history.find_order(account, symbol, &ack.order)?;
        }
        if let Some(Leg::Ticket(ticket)) = &ack.leg
            && !self.ledger.knows_ticket(account, symbol, ticket)
        {
            let trade = self.history.last_of_ticket(account, symbol, ticket)?;
            known.position = trade.map(|trade| trade.position);
        }
        Ok(())
    }

    /// The position or the order that an intent names.
    fn look_up_named(&self, intent: &Intent, known: &mut Known) -> Result<(), HistoryError> {
        let asked = intent.request.position_id();
        if let Some(id) = asked.filter(|id| self.ledger.position(*id).is_none()) {
            let trade = self.history.position(id)?;
            known.position = trade.map(|trade| trade.position);
        }
        if let Request::CancelOrder { client_order_id } = &intent.request {
            known.order = self
                .history
                .find_own_order(&intent.tenant, client_order_id)?;
        }
        Ok(())
    }

    fn first_seen(&self, key: &FactKey) -> Result<Option<Sequence>, HaltReason> {
        match self.ledger.first_seen(key) {
            Some(first) => Ok(Some(first)),
            None => self.history.first_seen(key).map_err(projection),
        }
    }

    /// A record, durable or of the frame that is being built.
    fn record(&self, sequence: Sequence) -> Result<Record, HaltReason> {
        let waiting = self
            .pending
            .iter()
            .find(|record| record.sequence == sequence);
        match waiting {
            Some(record) => Ok(record.clone()),
            None => self
                .reader
                .record(sequence)
                .map_err(|error| HaltReason::Read(Arc::new(error))),
        }
    }

    /// Lets go of what the history keeps now.
    fn forget(&mut self) {
        let through = self.publisher.archived_through();
        if through > self.forgotten {
            self.ledger.forget_through(through);
            self.forgotten = through;
        }
    }

    /// Stops for good. The working state dies here, and whoever waits learns why.
    fn halt(mut self, reason: HaltReason, unanswered: Vec<Submission>) {
        tracing::error!(error = &reason as &dyn std::error::Error, "halted");
        self.halted.send_modify(|halted| {
            halted.get_or_insert(reason);
        });
        // Only now, so that nobody who is left without a receipt takes the halt for a stop.
        drop(unanswered);
        self.inbox.close();
        while self.inbox.try_recv().is_ok() {}
    }
}

fn reply(batch: Vec<Submission>, receipts: Vec<Vec<Receipt>>) {
    for (submission, receipts) in batch.into_iter().zip(receipts) {
        // A caller that went away gets its receipts when it asks again.
        let _ = submission.reply.send(receipts);
    }
}

fn projection(error: HistoryError) -> HaltReason {
    HaltReason::Projection(Arc::new(error))
}

fn too_large() -> Receipt {
    Receipt {
        outcome: Outcome::Rejected,
        sequence: None,
        position_id: None,
        code: Some(SmolStr::new_static(TOO_LARGE)),
    }
}
