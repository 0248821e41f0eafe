//! Files and folders, and the errors that name them.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::error::JournalError;

/// Takes so many bytes off the front; none if there are fewer.
pub(crate) fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (front, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*front)
}

/// The error for what could not be done to `path`.
pub(crate) fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> JournalError {
    move |err| JournalError::File {
        action,
        path: path.to_path_buf(),
        err,
    }
}

/// The error for a sync of `path` that failed.
pub(crate) fn unsynced(path: &Path) -> impl FnOnce(io::Error) -> JournalError {
    move |err| JournalError::Sync {
        path: path.to_path_buf(),
        err,
    }
}

/// Makes the names in a folder durable.
pub(crate) fn sync_dir(path: &Path) -> Result<(), JournalError> {
    File::open(path)
        .and_then(|dir| dir.sync_all())
        .map_err(unsynced(path))
}

/// Makes a file's content durable.
pub(crate) fn sync_file(path: &Path) -> Result<(), JournalError> {
    File::open(path)
        .and_then(|file| file.sync_all())
        .map_err(unsynced(path))
}

/// Makes a folder, its parents too.
pub(crate) fn create_dir(path: &Path) -> Result<(), JournalError> {
    fs::create_dir_all(path).map_err(failed("create", path))
}

/// What is in a folder; nothing if there is no folder.
pub(crate) fn read_dir(path: &Path) -> Result<Vec<PathBuf>, JournalError> {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(err) => return Err(failed("list", path)(err)),
    };
    entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .map_err(failed("list", path))
}

/// Writes a file that is there whole or not at all, whenever the power fails.
pub(crate) fn write_atomically(path: &Path, parts: &[&[u8]]) -> Result<(), JournalError> {
    let draft = path.with_extension("tmp");
    let mut file = File::create(&draft).map_err(failed("create", &draft))?;
    for part in parts {
        file.write_all(part).map_err(failed("write", &draft))?;
    }
    file.sync_all().map_err(unsynced(&draft))?;
    fs::rename(&draft, path).map_err(failed("rename", &draft))?;
    path.parent().map_or(Ok(()), sync_dir)
}
