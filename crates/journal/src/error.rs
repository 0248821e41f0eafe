//! What can go wrong, and what the operator should do about it.

use std::io;
use std::path::PathBuf;

use ledger::{InvalidValue, Sequence};

use crate::frame::FrameHash;

/// Why the journal cannot go on. Every variant's page says what to do; none is to be retried blindly.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// Someone else wrote first. Reload and decide again; nothing was recorded.
    #[error("expected to append at sequence {expected}, but the journal is at {actual}")]
    SequenceConflict {
        /// Where the caller wanted to write.
        expected: Sequence,
        /// The sequence that the next record has.
        actual: Sequence,
    },
    /// The records do not follow one another. A bug of the caller, or a segment file is missing:
    /// nothing was recorded; run `posledger verify`.
    #[error("expected record {expected}, found {found}")]
    Gap {
        /// The sequence that had to come.
        expected: Sequence,
        /// The sequence that came.
        found: Sequence,
    },
    /// An append without records. A bug of the caller; nothing was recorded.
    #[error("there is nothing to append")]
    Empty,
    /// What belongs together does not fit in one frame. Ask for less at once; nothing was recorded.
    #[error("{bytes} bytes from sequence {sequence} on do not fit in one frame of {limit}")]
    TooLarge {
        /// The first record.
        sequence: Sequence,
        /// What it and its companions take.
        bytes: usize,
        /// What a frame may take.
        limit: usize,
    },
    /// A value that the disk form cannot hold. A bug; nothing was recorded.
    #[error("record {sequence} cannot be written")]
    Encode {
        /// Which.
        sequence: Sequence,
        /// Why.
        #[source]
        fault: Fault,
    },
    /// Nobody asked for has this sequence yet. Ask for one up to the head.
    #[error("there is no record {sequence}; the journal ends at {head}")]
    NoSuchRecord {
        /// Which was asked for.
        sequence: Sequence,
        /// The last there is.
        head: Sequence,
    },
    /// A copy of the journal is damaged, and the other could not repair it. Run `posledger verify`:
    /// it names all that is damaged. Restore a backup, or open with a check of the whole journal,
    /// which takes each damaged frame from the other copy.
    #[error("the {copy} copy of the journal is damaged at record {sequence}")]
    Corrupt {
        /// Which copy.
        copy: CopyName,
        /// The first record that cannot be trusted.
        sequence: Sequence,
        /// How it shows.
        #[source]
        fault: Fault,
    },
    /// The two copies are both whole, and tell different histories: one does not belong here. Nothing
    /// is repaired; find out which folder was copied or edited, and put the right one back.
    #[error(
        "the copies of the journal differ from record {sequence} on: sled has {sled}, the segments have {segments}"
    )]
    CopiesDiffer {
        /// The first frame in which they differ, as far as known.
        sequence: Sequence,
        /// The hash in sled.
        sled: FrameHash,
        /// The hash in the segments.
        segments: FrameHash,
    },
    /// Sled cannot be opened and the segments end in bytes that are no frame, so neither can vouch
    /// for the other. Restore a backup; or, if the newest records may be lost, move `sled` away.
    #[error(
        "both copies of the journal are damaged: sled cannot be opened ({sled}), and the segments are damaged after record {segments}"
    )]
    BothDamaged {
        /// What sled said.
        sled: String,
        /// The last record that the segments have whole.
        segments: Sequence,
    },
    /// Written by a newer program. Use that program; nothing was changed.
    #[error("the journal has format {version}, this program reads up to {known}")]
    UnknownFormat {
        /// What was found.
        version: u16,
        /// What is known here.
        known: u16,
    },
    /// There is no journal here. Check the path; nothing was created.
    #[error("there is no journal in `{}`", path.display())]
    NotAJournal {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The folder says that it is another kind of thing, or the file that says what it is is
    /// damaged, and no frame is there to say it instead.
    #[error("`{}` does not say which journal this is", path.display())]
    Identity {
        /// The file.
        path: PathBuf,
    },
    /// Another program has the journal open. Stop it, or ask it over HTTP.
    #[error("the journal in `{}` is in use by {holder}", path.display())]
    Locked {
        /// The journal's folder.
        path: PathBuf,
        /// Who has it, as far as known.
        holder: String,
    },
    /// A file could not be read or written. Look at the disk and the rights; then start again.
    #[error("cannot {action} `{}`", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        err: io::Error,
    },
    /// Sled refused. Look at the disk and the rights; then start again.
    #[error("sled cannot {action}")]
    Store {
        /// What was tried.
        action: &'static str,
        /// What sled said.
        #[source]
        err: sled::Error,
    },
    /// Sled stopped with a panic, which it does on damage. Start again: the segments repair it.
    #[error("sled panicked when asked to {action}")]
    Panicked {
        /// What was tried.
        action: &'static str,
    },
    /// It is not known what is on the disk: a sync that failed is never tried again. Start again;
    /// what is durable is read back then.
    #[error("cannot make `{}` durable", path.display())]
    Sync {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        err: io::Error,
    },
    /// An earlier append failed in a way that leaves doubt. Start again.
    #[error("an earlier append failed, so the journal takes no more")]
    Poisoned,
}

/// One of the two copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CopyName {
    /// The copy in sled.
    Sled,
    /// The copy in plain files.
    Segments,
    /// The only copy, in memory.
    Memory,
}

impl std::fmt::Display for CopyName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Sled => "sled",
            Self::Segments => "segments",
            Self::Memory => "memory",
        })
    }
}

/// How damage shows.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// A frame begins with other bytes.
    #[error("no frame begins here")]
    Magic,
    /// The frame's format is not known.
    #[error("format {0} is not known")]
    UnknownFormat(u16),
    /// A frame is longer than any may be.
    #[error("a length beyond all limits")]
    Length,
    /// The bytes end within a frame.
    #[error("the bytes end within a frame")]
    CutOff,
    /// The frame's CRC32C does not fit its bytes.
    #[error("the checksum does not fit the bytes")]
    Checksum,
    /// The frame's hash does not fit its bytes.
    #[error("the hash does not fit the bytes")]
    Hash,
    /// The frame does not continue the one before.
    #[error("the hash of the frame before is not the one that it continues")]
    Chain,
    /// The frame starts at another sequence.
    #[error("the frame starts at record {found}")]
    OutOfSequence {
        /// Where it starts.
        found: Sequence,
    },
    /// There is no frame where one has to be.
    #[error("the frame is missing")]
    Missing,
    /// The other copy has another frame.
    #[error("the other copy has another frame here")]
    Differs,
    /// The file that says which journal this is is lost or damaged.
    #[error("the file that says which journal this is is lost or damaged")]
    Identity,
    /// The records do not fill their frame.
    #[error("the records do not fill their frame")]
    Count,
    /// The record's form is not known.
    #[error("form {version} of a record is not known")]
    UnknownRecord {
        /// Its version.
        version: u8,
    },
    /// The event's form is not known.
    #[error("form {version} of event {tag} is not known")]
    UnknownEvent {
        /// The event's tag.
        tag: u16,
        /// Its version.
        version: u8,
    },
    /// The bytes are not the form.
    #[error("the bytes are not a record")]
    Decode(#[from] bincode::error::DecodeError),
    /// A form cannot be written.
    #[error("the record has no bytes")]
    Encode(#[from] bincode::error::EncodeError),
    /// Bytes are left over.
    #[error("bytes are left over")]
    Trailing,
    /// A scale or a mantissa that no decimal has.
    #[error("a scale or a mantissa that no decimal has")]
    NotADecimal,
    /// The domain refuses a value.
    #[error("a value is not valid")]
    Invalid(#[from] InvalidValue),
    /// A choice that does not exist.
    #[error("{what} has no choice {code}")]
    UnknownCode {
        /// Of what.
        what: &'static str,
        /// Its number.
        code: u64,
    },
    /// A text that is not UTF-8.
    #[error("a text is not UTF-8")]
    NotText,
    /// A key occurs twice.
    #[error("a key occurs twice")]
    RepeatedKey,
    /// The file cannot be read.
    #[error("the file cannot be read")]
    Read(#[source] io::Error),
    /// Sled cannot be read.
    #[error("sled cannot be read")]
    Store(#[source] sled::Error),
    /// Sled panicked, which it does on damage.
    #[error("sled panicked")]
    Panicked,
}
