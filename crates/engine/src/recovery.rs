//! How the state is found again: the newest checkpoint that fits, and the records after it.

use std::fs;
use std::path::Path;

use journal::{Checkpoint, CheckpointSearch, Checkpoints, Doubt, Journal, JournalReader};
use ledger::Sequence;
use projection::{History, HistoryError, HistoryWriter, Opened, Projections, StoredThrough};

use crate::error::StartError;
use crate::projector::restore_marks;
use crate::reader::ReadModels;

/// The name of the read models' checkpoints.
const CHECKPOINT_NAME: &str = "models";
/// How their bytes are framed; what is in them has a version of its own.
const CHECKPOINT_VERSION: &str = "1";

/// What recovery found.
pub(crate) struct Recovered {
    pub(crate) models: ReadModels,
    pub(crate) history: History,
    pub(crate) checkpoints: Checkpoints,
    /// The record of the checkpoint that was used.
    pub(crate) checkpoint: Sequence,
    /// How many records were folded after it.
    pub(crate) replayed: u64,
    /// Why read models were thrown away, where they were.
    pub(crate) rebuilt: Option<String>,
}

/// Builds the read models from what is on disk. Whatever of it is doubtful is thrown away and built
/// anew from the journal.
pub(crate) fn recover(dir: &Path, journal: &Journal) -> Result<Recovered, StartError> {
    let reader = journal.reader();
    let (writer, mut rebuilt) = open_history(dir, &reader)?;
    let history = writer.history();
    let checkpoints = Checkpoints::new(dir, CHECKPOINT_NAME, CHECKPOINT_VERSION);
    let search = checkpoints.load(&reader).map_err(StartError::Journal)?;
    refuse_losses(&search)?;
    // A checkpoint relies on the history for all up to its sequence.
    let usable = search
        .found
        .filter(|checkpoint| checkpoint.sequence <= history.through());
    let (mut models, history) = match usable {
        None => (Projections::new(writer), history),
        Some(checkpoint) => match load(&checkpoint, writer) {
            Ok(models) => (models, history),
            Err(reason) => {
                rebuilt.get_or_insert(reason);
                drop(history);
                let (writer, _) = open_history(dir, &reader)?;
                let history = writer.history();
                (Projections::new(writer), history)
            }
        },
    };
    let checkpoint = models.head();
    let replayed = fold_tail(&mut models, &reader)?;
    restore_marks(&mut models, &history).map_err(StartError::Projection)?;
    Ok(Recovered {
        models,
        history,
        checkpoints,
        checkpoint,
        replayed,
        rebuilt,
    })
}

/// What is derived from the journal is never ahead of it, unless the journal has lost something.
fn refuse_losses(search: &CheckpointSearch) -> Result<(), StartError> {
    for (_, doubt) in &search.passed_over {
        if let Doubt::AheadOfJournal { sequence, head } = doubt {
            return Err(StartError::Lost {
                sequence: *sequence,
                head: *head,
            });
        }
    }
    Ok(())
}

/// Opens the history if it followed this journal; else starts a new one.
fn open_history(
    dir: &Path,
    reader: &JournalReader,
) -> Result<(HistoryWriter, Option<String>), StartError> {
    let path = dir.join("history");
    let open = || {
        let genesis = reader.genesis();
        HistoryWriter::open(&path, genesis.as_bytes(), reader.head())
            .map_err(StartError::Projection)
    };
    let (writer, opened) = open()?;
    match opened {
        Opened::Created => Ok((writer, None)),
        Opened::Discarded { reason } => Ok((writer, Some(reason))),
        Opened::Kept(through) if followed(through, reader)? => Ok((writer, None)),
        Opened::Kept(through) => {
            drop(writer);
            fs::remove_dir_all(&path).map_err(|error| {
                let source = Box::new(error);
                StartError::Projection(HistoryError::Store {
                    path: path.clone(),
                    source,
                })
            })?;
            let reason = format!("the history followed another record {}", through.sequence);
            Ok((open()?.0, Some(reason)))
        }
    }
}

/// Whether the record that the history says it ends with is this journal's.
fn followed(through: StoredThrough, reader: &JournalReader) -> Result<bool, StartError> {
    if through.sequence == Sequence::ZERO {
        return Ok(true);
    }
    let record = reader
        .record(through.sequence)
        .map_err(StartError::Journal)?;
    Ok(record.recorded_at == through.recorded_at)
}

fn load(checkpoint: &Checkpoint, writer: HistoryWriter) -> Result<ReadModels, String> {
    let models = Projections::load(&checkpoint.blob, writer).map_err(|error| error.to_string())?;
    if models.head() != checkpoint.sequence {
        return Err(format!("the checkpoint holds {} instead", models.head()));
    }
    Ok(models)
}

fn fold_tail(models: &mut ReadModels, reader: &JournalReader) -> Result<u64, StartError> {
    let mut replayed = 0_u64;
    for record in reader.records_from(models.head().next()) {
        let record = record.map_err(StartError::Journal)?;
        models.apply(&record).map_err(StartError::Projection)?;
        replayed = replayed.saturating_add(1);
    }
    Ok(replayed)
}
