//! What an export says about itself, and whether that is so.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use ledger::{Sequence, Timestamp};
use serde::{Deserialize, Serialize};

use crate::table::Format;

/// The file that makes a directory an export.
pub const MANIFEST_FILE: &str = "manifest.json";

/// The version of the manifest's own shape, and of the columns.
pub(crate) const MANIFEST_SCHEMA: u16 = 1;

/// What an export says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of its own shape, and of the columns.
    pub schema: u16,
    /// How the files are written.
    pub format: Format,
    /// The moment of the ledger it shows.
    #[serde(flatten)]
    pub moment: Moment,
    /// The files.
    pub tables: Vec<TableFile>,
}

/// The moment of the ledger that an export shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// The last record that was counted in.
    pub sequence: Sequence,
    /// The hash that chains the frame of that record to all before it, in hexadecimal digits; `null` for
    /// a journal without a record.
    pub journal_hash: Option<String>,
    /// The id of the journal, where it is known.
    pub genesis: Option<String>,
    /// When the export was made.
    pub created_at: Timestamp,
    /// The moment that was asked for, as it was asked for; `null` for now.
    pub as_of: Option<String>,
    /// Whose time `as_of` is: `recorded` is ours, `occurred` the venue's.
    pub clock: Option<String>,
}

/// One file of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableFile {
    /// What it holds.
    pub table: String,
    /// Its name in the directory.
    pub file: String,
    /// How many rows.
    pub rows: u64,
    /// How many bytes.
    pub bytes: u64,
    /// The BLAKE3 hash of its bytes, in hexadecimal digits.
    pub blake3: String,
    /// Its columns, in order.
    pub columns: Vec<Column>,
}

/// One column of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds: in parquet its type, else its kind.
    #[serde(rename = "type")]
    pub kind: String,
}

/// Where an export is not what its manifest says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestProblem {
    /// The file.
    pub file: String,
    /// What is wrong with it.
    pub detail: String,
}

impl fmt::Display for ManifestProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.detail)
    }
}

/// Checks every file of an export against its manifest: bytes, hashes, rows, and that none is missing or
/// too many.
///
/// # Errors
/// Returns all that is wrong.
pub fn verify_manifest(directory: &Path) -> Result<Manifest, Vec<ManifestProblem>> {
    let manifest = read(directory).map_err(|detail| vec![problem(MANIFEST_FILE, detail)])?;
    let mut problems = Vec::new();
    for table in &manifest.tables {
        if let Err(detail) = check(directory, table, manifest.format) {
            problems.push(problem(&table.file, detail));
        }
    }
    let known: BTreeSet<&str> = manifest
        .tables
        .iter()
        .map(|table| table.file.as_str())
        .chain([MANIFEST_FILE])
        .collect();
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !known.contains(name.as_str()) {
            problems.push(problem(&name, "the manifest does not know it".to_owned()));
        }
    }
    if problems.is_empty() {
        Ok(manifest)
    } else {
        Err(problems)
    }
}

fn problem(file: &str, detail: String) -> ManifestProblem {
    ManifestProblem {
        file: file.to_owned(),
        detail,
    }
}

fn read(directory: &Path) -> Result<Manifest, String> {
    let text = fs::read(directory.join(MANIFEST_FILE)).map_err(|error| error.to_string())?;
    let manifest: Manifest = serde_json::from_slice(&text).map_err(|error| error.to_string())?;
    if manifest.schema != MANIFEST_SCHEMA {
        return Err(format!(
            "schema {} is not known here, only {MANIFEST_SCHEMA}",
            manifest.schema
        ));
    }
    Ok(manifest)
}

fn check(directory: &Path, table: &TableFile, format: Format) -> Result<(), String> {
    let path = directory.join(&table.file);
    let mut file = File::open(&path).map_err(|error| error.to_string())?;
    let mut hasher = blake3::Hasher::new();
    let bytes = io::copy(&mut file, &mut hasher).map_err(|error| error.to_string())?;
    if bytes != table.bytes {
        return Err(format!("{bytes} bytes, expected {}", table.bytes));
    }
    let hash = hasher.finalize().to_hex();
    if hash.as_str() != table.blake3 {
        return Err(format!("hash {hash}, expected {}", table.blake3));
    }
    let rows = count(&path, format)?;
    if rows != table.rows {
        return Err(format!("{rows} rows, expected {}", table.rows));
    }
    Ok(())
}

fn count(path: &Path, format: Format) -> Result<u64, String> {
    let open = || File::open(path).map_err(|error| error.to_string());
    let count = match format {
        Format::Jsonl => {
            let mut reader = BufReader::new(open()?);
            let mut lines = 0_u64;
            while reader
                .skip_until(b'\n')
                .map_err(|error| error.to_string())?
                > 0
            {
                lines = lines.saturating_add(1);
            }
            return Ok(lines);
        }
        Format::Csv => {
            let mut reader = csv::Reader::from_reader(open()?);
            let mut row = csv::ByteRecord::new();
            let mut rows = 0_u64;
            while reader
                .read_byte_record(&mut row)
                .map_err(|error| error.to_string())?
            {
                rows = rows.saturating_add(1);
            }
            return Ok(rows);
        }
        Format::Parquet => {
            use parquet::file::reader::FileReader as _;
            parquet::file::reader::SerializedFileReader::new(open()?)
                .map_err(|error| error.to_string())?
                .metadata()
                .file_metadata()
                .num_rows()
        }
    };
    u64::try_from(count).map_err(|error| error.to_string())
}
