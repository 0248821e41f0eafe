//! Why an export could not be made.

use std::io;
use std::path::{Path, PathBuf};

/// An export could not be made. Nothing of it is left behind.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The directory holds something already. Choose another one, or empty it.
    #[error("`{}` is not empty; an export only goes into a new or empty directory", path.display())]
    NotEmpty {
        /// The directory.
        path: PathBuf,
    },
    /// The path is a file. Choose another one.
    #[error("`{}` is not a directory", path.display())]
    NotADirectory {
        /// The path.
        path: PathBuf,
    },
    /// The disk refused. Check its space and permissions.
    #[error("cannot {operation} `{}`", path.display())]
    Disk {
        /// What was tried.
        operation: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A row could not be written as csv.
    #[error("cannot write a row of `{table}` as csv")]
    Csv {
        /// The table.
        table: String,
        /// Why not.
        #[source]
        source: csv::Error,
    },
    /// A row could not be written as JSON.
    #[error("cannot write a row of `{table}` as JSON")]
    Json {
        /// The table.
        table: String,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
    /// A table could not be written as parquet.
    #[error("cannot write `{table}` as parquet")]
    Parquet {
        /// The table.
        table: String,
        /// Why not.
        #[source]
        source: parquet::errors::ParquetError,
    },
    /// A cell is not what its column holds. This is a defect of the program; report it.
    #[error("`{cell}` in column `{column}` of `{table}` is no {kind}")]
    Cell {
        /// The table.
        table: String,
        /// The column.
        column: &'static str,
        /// What was found.
        cell: String,
        /// What the column holds.
        kind: &'static str,
    },
}

impl ExportError {
    /// Says what the disk refused, for `map_err`.
    pub(crate) fn disk(
        operation: &'static str,
        path: &Path,
    ) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Disk {
            operation,
            path,
            source,
        }
    }
}
