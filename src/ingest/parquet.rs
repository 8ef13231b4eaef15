//! Files of Parquet.

use std::{
    fs::File,
    io::Read as _,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_schema::{ArrowError, SchemaRef};
use parquet::{
    arrow::{
        ProjectionMask,
        arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder},
    },
    errors::ParquetError,
    file::reader::ChunkReader,
};

use super::{
    BarSeries, BarTable, ReadOptions,
    arrow::{layout, read_batches},
    layout::Content,
    rows::Sink,
};
use crate::{Error, Result};

/// Rows that are decoded at a time.
const BATCH: usize = 16_384;

/// Reads a Parquet file of bars; its columns are named as those of a text file, times are timestamps, dates, text or whole
/// numbers. Only the columns that are needed are read.
///
/// # Errors
/// As [`read_csv_from`](super::read_csv_from), and when the file is damaged.
pub fn read_parquet(path: impl AsRef<Path>, options: &ReadOptions) -> Result<BarSeries> {
    let path = path.as_ref();
    let mut table = BarTable::strict(Some(path.display().to_string()), options);
    read_rows(Content::Bars, path, options, &mut table)?;
    table.into_series()
}

impl BarTable {
    /// The rows of a Parquet file in memory as they are, sound or not.
    ///
    /// # Errors
    /// As [`BarTable::from_arrow`], and when the file is damaged.
    pub fn from_parquet_bytes(bytes: Vec<u8>, name: &str, options: &ReadOptions) -> Result<Self> {
        let mut table = Self::lenient(Some(name.to_owned()), options);
        read_chunks(Content::Bars, bytes::Bytes::from(bytes), name, options, &mut table)?;
        Ok(table)
    }
}

/// Whether a file says that it is one of Parquet.
pub(super) fn is_parquet(path: &Path) -> bool {
    let mut magic = [0; 4];
    File::open(path).and_then(|mut file| file.read_exact(&mut magic)).is_ok() && &magic == b"PAR1"
}

/// Reads every row into `sink`.
pub(super) fn read_rows(content: Content, path: &Path, options: &ReadOptions, sink: &mut impl Sink) -> Result<()> {
    let name = path.display().to_string();
    let file = File::open(path).map_err(|source| Error::Io { path: name.clone(), source })?;
    read_chunks(content, file, &name, options, sink)
}

fn read_chunks(
    content: Content,
    chunks: impl ChunkReader + 'static,
    name: &str,
    options: &ReadOptions,
    sink: &mut impl Sink,
) -> Result<()> {
    let damaged = |error: ParquetError| Error::Io {
        path: name.to_owned(),
        source: std::io::Error::new(std::io::ErrorKind::InvalidData, error),
    };
    let builder =
        guarded(|| ParquetRecordBatchReaderBuilder::try_new(chunks)).and_then(|made| made).map_err(damaged)?;
    let whole = layout(content, builder.schema(), options, Some(name))?;
    let schema = builder.schema();
    let nested = schema.fields().iter().any(|field| field.data_type().is_nested());
    // Leaves are columns only where no column is made of several.
    let mask =
        if nested { ProjectionMask::all() } else { ProjectionMask::leaves(builder.parquet_schema(), whole.places()) };
    let builder = builder.with_projection(mask).with_batch_size(BATCH);
    let reader = guarded(|| builder.build()).and_then(|made| made).map_err(damaged)?;
    read_batches(content, Guarded { schema: reader.schema(), reader: Some(reader) }, Some(name), options, sink)
}

/// The decoder panics on some damaged files (an index into a dictionary that is not there, as an example).
fn guarded<T>(work: impl FnOnce() -> T) -> std::result::Result<T, ParquetError> {
    // What was half done is dropped with the error.
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| ParquetError::General("it is damaged".into()))
}

/// Batches until the first damage.
struct Guarded {
    schema: SchemaRef,
    reader: Option<ParquetRecordBatchReader>,
}

impl Iterator for Guarded {
    type Item = std::result::Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut reader = self.reader.take()?;
        match guarded(|| reader.next()) {
            Ok(next) => {
                self.reader = Some(reader);
                next
            }
            Err(error) => Some(Err(error.into())),
        }
    }
}

impl RecordBatchReader for Guarded {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }
}
