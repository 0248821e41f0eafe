//! The export as a whole: written aside, made durable, renamed.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use protocol::views::Tabular;
use tempfile::TempDir;

use crate::error::ExportError;
use crate::manifest::{MANIFEST_FILE, MANIFEST_SCHEMA, Manifest, Moment, TableFile};
use crate::table::{Format, HashedFile, TableWriter};

/// An export that is being written. Dropped before [`finish`](Self::finish), it leaves nothing behind.
#[derive(Debug)]
pub struct Export {
    target: PathBuf,
    aside: TempDir,
    format: Format,
    tables: Vec<TableFile>,
}

impl Export {
    /// Begins an export into `target`, which must not exist or be empty.
    ///
    /// # Errors
    /// Returns [`ExportError`] if it holds something, or the disk refuses.
    pub fn begin(target: &Path, format: Format) -> Result<Self, ExportError> {
        require_empty(target)?;
        let target = std::path::absolute(target).map_err(ExportError::disk("find", target))?;
        let parent = target.parent().unwrap_or(&target).to_owned();
        fs::create_dir_all(&parent).map_err(ExportError::disk("create", &parent))?;
        let mut builder = tempfile::Builder::new();
        builder.prefix(".posledger-export-");
        // The finished export is as readable as any other new directory, not as private as a temporary
        // one.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
        let aside = builder
            .tempdir_in(&parent)
            .map_err(ExportError::disk("create a directory in", &parent))?;
        Ok(Self {
            target,
            aside,
            format,
            tables: Vec::new(),
        })
    }

    /// Begins a table of views of one type.
    ///
    /// # Errors
    /// Returns [`ExportError`] if the disk refuses.
    pub fn table<T: Tabular>(&mut self, name: &str) -> Result<TableWriter<'_>, ExportError> {
        TableWriter::create::<T>(self.aside.path(), self.format, name, &mut self.tables)
    }

    /// Writes the manifest, makes all durable and gives the directory its name.
    ///
    /// # Errors
    /// Returns [`ExportError`] if the disk refuses, or somebody filled the directory meanwhile.
    pub fn finish(self, moment: Moment) -> Result<Manifest, ExportError> {
        let manifest = Manifest {
            schema: MANIFEST_SCHEMA,
            format: self.format,
            moment,
            tables: self.tables,
        };
        let path = self.aside.path().join(MANIFEST_FILE);
        let mut file = HashedFile::create(&path)?;
        serde_json::to_writer_pretty(&mut file, &manifest).map_err(|source| ExportError::Json {
            table: MANIFEST_FILE.to_owned(),
            source,
        })?;
        file.finish()?;
        sync_directory(self.aside.path())?;
        require_empty(&self.target)?;
        fs::rename(self.aside.path(), &self.target)
            .map_err(ExportError::disk("rename the export to", &self.target))?;
        let _ = self.aside.keep();
        if let Some(parent) = self.target.parent() {
            sync_directory(parent)?;
        }
        Ok(manifest)
    }
}

fn require_empty(target: &Path) -> Result<(), ExportError> {
    match fs::read_dir(target) {
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => Err(ExportError::NotEmpty {
                path: target.to_owned(),
            }),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => {
            Err(ExportError::NotADirectory {
                path: target.to_owned(),
            })
        }
        Err(error) => Err(ExportError::disk("read", target)(error)),
    }
}

/// A new name is durable only once its directory is.
fn sync_directory(path: &Path) -> Result<(), ExportError> {
    File::open(path)
        .and_then(|directory| directory.sync_all())
        .map_err(ExportError::disk("make durable", path))
}
