//! One table on its way into a file.

use std::fmt;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use protocol::views::Tabular;
use serde::{Deserialize, Serialize};

use crate::column::{Digits, Kind};
use crate::error::ExportError;
use crate::manifest::{Column, TableFile};
use crate::parquet_table;

/// How the files are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// One JSON object in a line.
    Jsonl,
    /// Comma-separated, with a header; quoted as RFC 4180 says.
    Csv,
    /// Apache Parquet, compressed with zstd.
    Parquet,
}

/// Text that names no format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no export format; there are jsonl, csv and parquet")]
pub struct UnknownFormat(String);

impl Format {
    /// Every format.
    pub const ALL: [Self; 3] = [Self::Jsonl, Self::Csv, Self::Parquet];

    /// Its name, and the ending of its files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Parquet => "parquet",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        Self::ALL
            .into_iter()
            .find(|format| format.as_str() == text)
            .ok_or_else(|| UnknownFormat(text.to_owned()))
    }
}

/// Takes the rows of one table.
#[derive(Debug)]
pub struct TableWriter<'a> {
    pub(crate) name: String,
    pub(crate) columns: &'static [&'static str],
    file: String,
    rows: u64,
    rows_of: Rows,
    tables: &'a mut Vec<TableFile>,
}

/// Where rows go until the table is finished.
#[derive(Debug)]
enum Rows {
    Jsonl(HashedFile),
    Csv(Box<csv::Writer<HashedFile>>),
    /// Parquet needs to know the digits of all rows before the first is written, so they wait as csv.
    Parquet {
        waiting: Box<csv::Writer<File>>,
        waiting_path: PathBuf,
        path: PathBuf,
        digits: Vec<Digits>,
    },
}

impl<'a> TableWriter<'a> {
    pub(crate) fn create<T: Tabular>(
        directory: &Path,
        format: Format,
        name: &str,
        tables: &'a mut Vec<TableFile>,
    ) -> Result<Self, ExportError> {
        let file = format!("{name}.{format}");
        let path = directory.join(&file);
        let rows_of = match format {
            Format::Jsonl => Rows::Jsonl(HashedFile::create(&path)?),
            Format::Csv => {
                let mut writer = csv::Writer::from_writer(HashedFile::create(&path)?);
                writer
                    .write_record(T::COLUMNS)
                    .map_err(|source| csv_error(name, source))?;
                Rows::Csv(Box::new(writer))
            }
            Format::Parquet => {
                let waiting_path = directory.join(format!(".{name}.rows"));
                let waiting = File::create_new(&waiting_path)
                    .map_err(ExportError::disk("create", &waiting_path))?;
                Rows::Parquet {
                    waiting: Box::new(csv::Writer::from_writer(waiting)),
                    waiting_path,
                    path,
                    digits: vec![Digits::default(); T::COLUMNS.len()],
                }
            }
        };
        Ok(Self {
            name: name.to_owned(),
            columns: T::COLUMNS,
            file,
            rows: 0,
            rows_of,
            tables,
        })
    }

    /// Adds a row. Rows keep their order.
    ///
    /// # Errors
    /// Returns [`ExportError`] if the disk refuses.
    pub fn push<T: Tabular + Serialize>(&mut self, row: &T) -> Result<(), ExportError> {
        self.rows = self.rows.saturating_add(1);
        match &mut self.rows_of {
            Rows::Jsonl(file) => {
                serde_json::to_writer(&mut *file, row).map_err(|source| ExportError::Json {
                    table: self.name.clone(),
                    source,
                })?;
                file.line_end()
            }
            Rows::Csv(writer) => writer
                .write_record(row.row())
                .map_err(|source| csv_error(&self.name, source)),
            Rows::Parquet {
                waiting, digits, ..
            } => {
                let cells = row.row();
                let columns = self.columns.iter().zip(&cells).zip(digits);
                for ((column, cell), digits) in columns {
                    let decimal = Kind::of(column) == Kind::Decimal && !cell.is_empty();
                    if decimal && !digits.see(cell) {
                        return Err(cell_error(&self.name, column, cell));
                    }
                }
                waiting
                    .write_record(cells)
                    .map_err(|source| csv_error(&self.name, source))
            }
        }
    }

    /// Completes the file and makes it durable.
    ///
    /// # Errors
    /// Returns [`ExportError`] if the disk refuses.
    pub fn finish(self) -> Result<(), ExportError> {
        let Self {
            name,
            columns,
            file,
            rows,
            rows_of,
            tables,
        } = self;
        let texts = |name: fn(Kind) -> &'static str| {
            let column = |column: &&str| Column {
                name: (*column).to_owned(),
                kind: name(Kind::of(column)).to_owned(),
            };
            columns.iter().map(column).collect::<Vec<_>>()
        };
        let (hashed, columns) = match rows_of {
            Rows::Jsonl(file) => (file.finish()?, texts(Kind::as_str)),
            Rows::Csv(writer) => {
                let file = writer.into_inner().map_err(|error| ExportError::Csv {
                    table: name.clone(),
                    source: error.into_error().into(),
                })?;
                (file.finish()?, texts(Kind::as_str))
            }
            Rows::Parquet {
                mut waiting,
                waiting_path,
                path,
                digits,
            } => {
                waiting
                    .flush()
                    .map_err(ExportError::disk("write", &waiting_path))?;
                drop(waiting);
                let written = parquet_table::write(&name, columns, &digits, &waiting_path, &path)?;
                std::fs::remove_file(&waiting_path)
                    .map_err(ExportError::disk("remove", &waiting_path))?;
                written
            }
        };
        tables.push(TableFile {
            table: name,
            file,
            rows,
            bytes: hashed.bytes,
            blake3: hashed.blake3,
            columns,
        });
        Ok(())
    }
}

pub(crate) fn csv_error(table: &str, source: csv::Error) -> ExportError {
    ExportError::Csv {
        table: table.to_owned(),
        source,
    }
}

pub(crate) fn cell_error(table: &str, column: &'static str, cell: &str) -> ExportError {
    ExportError::Cell {
        table: table.to_owned(),
        column,
        cell: cell.to_owned(),
        kind: Kind::of(column).as_str(),
    }
}

/// A file that is hashed while it is written.
#[derive(Debug)]
pub(crate) struct HashedFile {
    path: PathBuf,
    file: BufWriter<File>,
    hasher: Box<blake3::Hasher>,
    bytes: u64,
}

/// What a finished file holds.
#[derive(Debug)]
pub(crate) struct Hashed {
    pub(crate) bytes: u64,
    pub(crate) blake3: String,
}

impl HashedFile {
    pub(crate) fn create(path: &Path) -> Result<Self, ExportError> {
        let file = File::create_new(path).map_err(ExportError::disk("create", path))?;
        Ok(Self {
            path: path.to_owned(),
            file: BufWriter::with_capacity(1 << 16, file),
            hasher: Box::new(blake3::Hasher::new()),
            bytes: 0,
        })
    }

    fn line_end(&mut self) -> Result<(), ExportError> {
        self.write_all(b"\n")
            .map_err(ExportError::disk("write", &self.path))
    }

    /// Makes the file durable.
    pub(crate) fn finish(mut self) -> Result<Hashed, ExportError> {
        self.file
            .flush()
            .and_then(|()| self.file.get_ref().sync_all())
            .map_err(ExportError::disk("write", &self.path))?;
        Ok(Hashed {
            bytes: self.bytes,
            blake3: self.hasher.finalize().to_hex().to_string(),
        })
    }
}

impl Write for HashedFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.hasher.update(bytes.get(..count).unwrap_or(bytes));
        self.bytes = self
            .bytes
            .saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        Ok(count)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}
