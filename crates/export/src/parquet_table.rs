//! A table as parquet: from the rows that wait as csv, in one row group at a time.

use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{Field, Schema};
use csv::StringRecord;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use crate::column::{Digits, Kind, Type};
use crate::error::ExportError;
use crate::manifest::Column;
use crate::table::{Hashed, HashedFile, cell_error, csv_error};

/// Rows turned into columns at once.
const BATCH_ROWS: usize = 1024;

/// Bytes of a row group in memory, before it is written.
const ROW_GROUP_BYTES: usize = 32 << 20;

pub(crate) fn write(
    table: &str,
    columns: &'static [&'static str],
    digits: &[Digits],
    waiting: &Path,
    path: &Path,
) -> Result<(Hashed, Vec<Column>), ExportError> {
    let failed = |source| ExportError::Parquet {
        table: table.to_owned(),
        source,
    };
    let types: Vec<Type> = columns
        .iter()
        .zip(digits)
        .map(|(column, digits)| Type::of(Kind::of(column), *digits))
        .collect();
    let fields = columns
        .iter()
        .zip(&types)
        .map(|(column, kind)| Field::new(*column, kind.arrow(), true))
        .collect::<Vec<_>>();
    let schema = Arc::new(Schema::new(fields));
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_created_by("posledger".to_owned())
        .build();
    let file = HashedFile::create(path)?;
    let mut writer =
        ArrowWriter::try_new(file, Arc::clone(&schema), Some(properties)).map_err(failed)?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_path(waiting)
        .map_err(|source| csv_error(table, source))?;
    let mut records = reader.records();
    loop {
        let batch = records
            .by_ref()
            .take(BATCH_ROWS)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|source| csv_error(table, source))?;
        if batch.is_empty() {
            break;
        }
        let arrays = arrays(table, columns, &types, &batch)?;
        let batch = RecordBatch::try_new(Arc::clone(&schema), arrays)
            .map_err(|error| failed(ParquetError::from(error)))?;
        writer.write(&batch).map_err(failed)?;
        if writer.in_progress_size() > ROW_GROUP_BYTES {
            writer.flush().map_err(failed)?;
        }
    }
    let hashed = writer.into_inner().map_err(failed)?.finish()?;
    let columns = columns
        .iter()
        .zip(&types)
        .map(|(name, kind)| Column {
            name: (*name).to_owned(),
            kind: kind.name(),
        })
        .collect();
    Ok((hashed, columns))
}

fn arrays(
    table: &str,
    columns: &'static [&'static str],
    types: &[Type],
    rows: &[StringRecord],
) -> Result<Vec<ArrayRef>, ExportError> {
    columns
        .iter()
        .zip(types)
        .enumerate()
        .map(|(at, (column, kind))| {
            let cells = rows.iter().map(|row| row.get(at).unwrap_or_default());
            kind.array(cells)
                .map_err(|cell| cell_error(table, column, cell))
        })
        .collect()
}
