//! The folder of a journal: whose it is, who has it open, and how it begins.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ledger::Sequence;

use crate::error::{Fault, JournalError};
use crate::files;
use crate::frame::{FORMAT, FrameHash, genesis_of};
use crate::journal::{JournalOptions, Missing, OpenReport, Repair};
use crate::store::segments::Segments;
use crate::store::sled_store::SledStore;

/// How long to wait for a program that was killed to let go.
pub(crate) const LOCK_PATIENCE: Duration = Duration::from_secs(2);
/// How often to try meanwhile.
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// The folder with the two copies.
pub(crate) fn journal_dir(dir: &Path) -> PathBuf {
    dir.join("journal")
}

/// The copy in sled.
pub(crate) fn sled_dir(dir: &Path) -> PathBuf {
    journal_dir(dir).join("sled")
}

/// The copy in plain files.
pub(crate) fn segments_dir(dir: &Path) -> PathBuf {
    journal_dir(dir).join("segments")
}

fn identity_path(dir: &Path) -> PathBuf {
    journal_dir(dir).join("JOURNAL")
}

/// Whether there is a journal in `dir`, damaged or not. It comes into being by one rename.
pub(crate) fn is_journal(dir: &Path) -> bool {
    journal_dir(dir).is_dir()
}

/// Keeps other programs out of a folder until it is dropped.
#[derive(Debug)]
pub(crate) struct DirectoryLock {
    _file: File,
}

impl DirectoryLock {
    /// Takes the lock of `dir` and leaves our name in it.
    pub(crate) fn take(dir: &Path, program: &str) -> Result<Self, JournalError> {
        let path = dir.join("LOCK");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(files::failed("open", &path))?;
        let taken = patiently(|| match file.try_lock() {
            Ok(()) => Some(Ok(())),
            Err(TryLockError::WouldBlock) => None,
            Err(TryLockError::Error(err)) => Some(Err(files::failed("lock", &path)(err))),
        });
        match taken {
            Some(result) => result?,
            None => {
                return Err(JournalError::Locked {
                    path: dir.to_path_buf(),
                    holder: holder_of(&mut file),
                });
            }
        }
        let name = format!("{program} (process {})\n", std::process::id());
        file.set_len(0)
            .and_then(|()| file.write_all(name.as_bytes()))
            .map_err(files::failed("write", &path))?;
        Ok(Self { _file: file })
    }
}

fn holder_of(file: &mut File) -> String {
    let mut name = String::new();
    let read = file
        .rewind()
        .and_then(|()| file.take(256).read_to_string(&mut name));
    match (read, name.trim()) {
        (Err(_), _) | (Ok(_), "") => "another program".to_owned(),
        (Ok(_), name) => name.to_owned(),
    }
}

/// Asks again and again for [`LOCK_PATIENCE`].
pub(crate) fn patiently<T>(mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    loop {
        let answer = ask();
        if answer.is_some() || start.elapsed() >= LOCK_PATIENCE {
            return answer;
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "a file lock cannot be waited for with a limit; it is held for milliseconds after a kill"
        )]
        std::thread::sleep(LOCK_PAUSE);
    }
}

/// Takes the lock of `dir`, and makes a journal there if there is none.
pub(crate) fn enter(
    dir: &Path,
    options: &JournalOptions,
    report: &mut OpenReport,
) -> Result<DirectoryLock, JournalError> {
    if !is_journal(dir) {
        if options.missing == Missing::Refuse {
            return Err(JournalError::NotAJournal {
                path: dir.to_path_buf(),
            });
        }
        files::create_dir(dir)?;
    }
    let lock = DirectoryLock::take(dir, &options.program)?;
    if !is_journal(dir) {
        create(dir, options)?;
        report.created = true;
    }
    Ok(lock)
}

/// Makes an empty journal beside its place and moves it there when all of it is durable, so that a
/// journal is there whole or not at all.
fn create(dir: &Path, options: &JournalOptions) -> Result<(), JournalError> {
    let place = journal_dir(dir);
    let draft = dir.join("journal.new");
    if draft.exists() {
        fs::remove_dir_all(&draft).map_err(files::failed("remove", &draft))?;
    }
    files::create_dir(&draft.join("segments"))?;
    let mut random = [0; 32];
    getrandom::fill(&mut random)
        .map_err(|err| files::failed("find a random name for", &place)(err.into()))?;
    let genesis = genesis_of(&random);
    SledStore::create(&draft.join("sled"), options.cache_bytes, genesis)?;
    write_identity(&draft.join("JOURNAL"), genesis)?;
    files::sync_dir(&draft.join("segments"))?;
    files::sync_dir(&draft)?;
    fs::rename(&draft, &place).map_err(files::failed("rename", &draft))?;
    files::sync_dir(dir)?;
    // The folder may be new itself.
    match fs::canonicalize(dir)
        .map_err(files::failed("find", dir))?
        .parent()
    {
        Some(parent) => files::sync_dir(parent),
        None => Ok(()),
    }
}

fn write_identity(path: &Path, genesis: FrameHash) -> Result<(), JournalError> {
    let text = format!("posledger journal\nformat {FORMAT}\ngenesis {genesis}\n");
    let check = format!("check {:08x}\n", crc32c::crc32c(text.as_bytes()));
    files::write_atomically(path, &[text.as_bytes(), check.as_bytes()])
}

/// What an identity file says; none if it is damaged.
fn parse_identity(text: &str) -> Option<Result<FrameHash, JournalError>> {
    let (rest, check) = text.strip_suffix('\n')?.rsplit_once("check ")?;
    if u32::from_str_radix(check, 16).ok()? != crc32c::crc32c(rest.as_bytes()) {
        return None;
    }
    let mut lines = rest.lines();
    if lines.next()? != "posledger journal" {
        return None;
    }
    let version: u16 = lines.next()?.strip_prefix("format ")?.parse().ok()?;
    if version != FORMAT {
        let known = FORMAT;
        return Some(Err(JournalError::UnknownFormat { version, known }));
    }
    FrameHash::from_hex(lines.next()?.strip_prefix("genesis ")?).map(Ok)
}

/// Which journal is in `dir`, by its identity file; none if the file is lost or damaged.
pub(crate) fn identity(dir: &Path) -> Result<Option<FrameHash>, JournalError> {
    let path = identity_path(dir);
    let mut text = String::new();
    // It has some 120 bytes; what is much longer is no identity.
    let read = File::open(&path).and_then(|file| file.take(1024).read_to_string(&mut text));
    match read {
        Ok(_) => parse_identity(&text).transpose(),
        Err(err)
            if matches!(
                err.kind(),
                std::io::ErrorKind::NotFound | std::io::ErrorKind::InvalidData
            ) =>
        {
            Ok(None)
        }
        Err(err) => Err(files::failed("read", &path)(err)),
    }
}

/// Which journal is in `dir`; where the file that says so is damaged, the first frame says it too,
/// and the file is written anew.
pub(crate) fn identify(dir: &Path, report: &mut OpenReport) -> Result<FrameHash, JournalError> {
    if let Some(genesis) = identity(dir)? {
        return Ok(genesis);
    }
    let path = identity_path(dir);
    let genesis =
        genesis_by_first_frame(dir)?.ok_or(JournalError::Identity { path: path.clone() })?;
    write_identity(&path, genesis)?;
    report.repairs.push(Repair::IdentityRestored);
    Ok(genesis)
}

/// The hash that the first frame of the segments continues.
pub(crate) fn genesis_by_first_frame(dir: &Path) -> Result<Option<FrameHash>, JournalError> {
    let unknown = FrameHash::from_bytes([0; 32]);
    let segments = Segments::open(&segments_dir(dir), unknown)?;
    match segments.read(Sequence::FIRST) {
        Ok(frame) => Ok(frame.map(|frame| frame.previous)),
        Err(JournalError::Corrupt {
            fault: Fault::Read(err),
            ..
        }) => Err(files::failed("read", &segments_dir(dir))(err)),
        Err(_) => Ok(None),
    }
}
