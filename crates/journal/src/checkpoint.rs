//! Checkpoints: named blobs that save work and prove nothing. Any of them can be thrown away.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use ledger::Sequence;

use crate::error::JournalError;
use crate::files::{self, take};
use crate::frame::FrameHash;
use crate::reader::JournalReader;

const MAGIC: &[u8; 16] = b"posledger check1";
/// Magic, length of the rest of the header, sequence, hash of its frame, genesis, length of the blob.
const HEADER_BYTES: usize = 16 + 4 + 8 + 32 + 32 + 8;
/// BLAKE3 over all before it.
const SEAL_BYTES: usize = 32;
/// How many are kept of each name.
const KEPT: usize = 2;
/// No longer version string is written or believed.
const VERSION_BYTES_MAX: usize = 255;

/// The checkpoints of one name in a folder.
#[derive(Clone, Debug)]
pub struct Checkpoints {
    dir: PathBuf,
    name: String,
    version: String,
}

/// A checkpoint that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The last record that is in it.
    pub sequence: Sequence,
    /// What was saved.
    pub blob: Vec<u8>,
}

/// What was found when a checkpoint was looked for.
#[derive(Debug, Default)]
pub struct CheckpointSearch {
    /// The newest that can be used.
    pub found: Option<Checkpoint>,
    /// The newer ones, and why they cannot be used.
    pub passed_over: Vec<(PathBuf, Doubt)>,
}

/// Why a checkpoint is not used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Doubt {
    /// The file cannot be read.
    #[error("the file cannot be read")]
    Read(#[source] std::io::Error),
    /// The file is cut off, or is another kind of file.
    #[error("the file is not a whole checkpoint")]
    NotWhole,
    /// The content is not what was written.
    #[error("the seal does not fit the content")]
    Seal,
    /// Written by another version of the program.
    #[error("it has version `{found}`")]
    Version {
        /// Its version.
        found: String,
    },
    /// Of another journal.
    #[error("it is not of this journal")]
    OtherJournal,
    /// Of this journal, and of records that it does not have any more: it has lost what was durable.
    #[error("it holds record {sequence}, but the journal ends at {head}")]
    AheadOfJournal {
        /// The last record that is in it.
        sequence: Sequence,
        /// The journal's last.
        head: Sequence,
    },
    /// The journal cannot be read where the checkpoint was taken.
    #[error("the journal cannot be read at record {sequence}")]
    Journal {
        /// Where.
        sequence: Sequence,
        /// Why.
        #[source]
        err: Box<JournalError>,
    },
}

impl Checkpoints {
    /// The checkpoints called `name` in the data folder `dir`. `version` says how the blob is to be
    /// read: one with another version is not used.
    pub fn new(dir: impl AsRef<Path>, name: &str, version: &str) -> Self {
        let mut version = version.to_owned();
        let end = version.floor_char_boundary(VERSION_BYTES_MAX);
        version.truncate(end);
        Self {
            dir: dir.as_ref().join("checkpoints"),
            name: name.to_owned(),
            version,
        }
    }

    /// Saves `blob` as what follows from all records up to `sequence`, and removes all but the last
    /// two.
    ///
    /// # Errors
    /// Returns [`JournalError`] if the journal cannot be read there or the file cannot be written.
    /// The checkpoints that are there stay usable.
    pub fn save(
        &self,
        journal: &JournalReader,
        sequence: Sequence,
        blob: &[u8],
    ) -> Result<(), JournalError> {
        let hash = frame_hash(journal, sequence)?;
        let mut header = Vec::with_capacity(HEADER_BYTES + self.version.len());
        header.extend_from_slice(MAGIC);
        let version_bytes = u32::try_from(self.version.len()).unwrap_or(u32::MAX);
        header.extend_from_slice(&version_bytes.to_le_bytes());
        header.extend_from_slice(&sequence.get().to_le_bytes());
        header.extend_from_slice(hash.as_bytes());
        header.extend_from_slice(journal.genesis().as_bytes());
        header.extend_from_slice(&(blob.len() as u64).to_le_bytes());
        header.extend_from_slice(self.version.as_bytes());
        let mut hasher = blake3::Hasher::new();
        hasher.update(&header);
        hasher.update(blob);
        let seal = *hasher.finalize().as_bytes();
        files::create_dir(&self.dir)?;
        let path = self
            .dir
            .join(format!("{}-{:020}.checkpoint", self.name, sequence.get()));
        files::write_atomically(&path, &[&header, blob, &seal])?;
        for (_, old) in self.list()?.into_iter().rev().skip(KEPT) {
            fs::remove_file(&old).map_err(files::failed("remove", &old))?;
        }
        Ok(())
    }

    /// The newest checkpoint that is whole, of this version, and of this journal.
    ///
    /// # Errors
    /// Returns [`JournalError::File`] if the folder cannot be listed. What is wrong with a single
    /// file is in the answer, not an error.
    pub fn load(&self, journal: &JournalReader) -> Result<CheckpointSearch, JournalError> {
        let mut search = CheckpointSearch::default();
        for (sequence, path) in self.list()?.into_iter().rev() {
            match self.read(&path, sequence, journal) {
                Ok(checkpoint) => {
                    search.found = Some(checkpoint);
                    break;
                }
                Err(doubt) => {
                    tracing::warn!(path = %path.display(), %doubt, "checkpoint not used");
                    search.passed_over.push((path, doubt));
                }
            }
        }
        Ok(search)
    }

    /// The files, oldest first.
    fn list(&self) -> Result<Vec<(Sequence, PathBuf)>, JournalError> {
        let mut found: Vec<_> = files::read_dir(&self.dir)?
            .into_iter()
            .filter_map(|path| {
                let name = path.file_name()?.to_str()?.strip_suffix(".checkpoint")?;
                let (name, digits) = name.rsplit_once('-')?;
                let sequence = digits.parse().ok().map(Sequence::new)?;
                (name == self.name).then_some((sequence, path))
            })
            .collect();
        found.sort();
        Ok(found)
    }

    fn read(
        &self,
        path: &Path,
        named: Sequence,
        journal: &JournalReader,
    ) -> Result<Checkpoint, Doubt> {
        let mut file = File::open(path).map_err(Doubt::Read)?;
        let file_bytes = file.metadata().map_err(Doubt::Read)?.len();
        let mut header = [0; HEADER_BYTES];
        read_whole(&mut file, &mut header)?;
        let mut rest = header.as_slice();
        if take(&mut rest) != Some(*MAGIC) {
            return Err(Doubt::NotWhole);
        }
        let version_bytes = u64::from(take(&mut rest).map_or(0, u32::from_le_bytes));
        let sequence = Sequence::new(take(&mut rest).map_or(0, u64::from_le_bytes));
        let hash = take(&mut rest).map(FrameHash::from_bytes);
        let genesis = take(&mut rest).map(FrameHash::from_bytes);
        let blob_bytes = take(&mut rest).map_or(0, u64::from_le_bytes);
        // Nothing is allocated that the file does not have.
        let claimed = (HEADER_BYTES as u64 + SEAL_BYTES as u64)
            .checked_add(version_bytes)
            .and_then(|bytes| bytes.checked_add(blob_bytes));
        if claimed != Some(file_bytes) || version_bytes > VERSION_BYTES_MAX as u64 {
            return Err(Doubt::NotWhole);
        }
        let mut version = vec![0; usize::try_from(version_bytes).map_err(|_| Doubt::NotWhole)?];
        read_whole(&mut file, &mut version)?;
        let mut blob = vec![0; usize::try_from(blob_bytes).map_err(|_| Doubt::NotWhole)?];
        read_whole(&mut file, &mut blob)?;
        let mut seal = [0; SEAL_BYTES];
        read_whole(&mut file, &mut seal)?;
        let mut hasher = blake3::Hasher::new();
        hasher.update(&header);
        hasher.update(&version);
        hasher.update(&blob);
        if *hasher.finalize().as_bytes() != seal {
            return Err(Doubt::Seal);
        }
        if version != self.version.as_bytes() {
            let found = String::from_utf8_lossy(&version).into_owned();
            return Err(Doubt::Version { found });
        }
        if sequence != named || genesis != Some(journal.genesis()) {
            return Err(Doubt::OtherJournal);
        }
        let head = journal.head();
        if sequence > head {
            return Err(Doubt::AheadOfJournal { sequence, head });
        }
        let here = frame_hash(journal, sequence).map_err(|err| Doubt::Journal {
            sequence,
            err: Box::new(err),
        })?;
        if hash != Some(here) {
            return Err(Doubt::OtherJournal);
        }
        Ok(Checkpoint { sequence, blob })
    }
}

/// The hash of the frame that holds `sequence`; of an empty journal its genesis.
fn frame_hash(journal: &JournalReader, sequence: Sequence) -> Result<FrameHash, JournalError> {
    if sequence == Sequence::ZERO {
        return Ok(journal.genesis());
    }
    journal.frame_of(sequence).map(|info| info.hash)
}

fn read_whole(file: &mut File, buffer: &mut [u8]) -> Result<(), Doubt> {
    file.read_exact(buffer).map_err(|err| {
        if err.kind() == std::io::ErrorKind::UnexpectedEof {
            Doubt::NotWhole
        } else {
            Doubt::Read(err)
        }
    })
}
