//! Columns of Arrow: what frames of pandas and polars are inside, and what Parquet is read into.
//!
//! A column of 64-bit floats without nulls is read where it lies. Any other is converted first, one batch at a time:
//! whole numbers and decimals to floats, which refuses those that no float is equal to; nulls to NaN; times to nanoseconds.

mod cells;

use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_schema::Schema;

use super::{
    BarTable, ReadOptions,
    csv::Symbols,
    layout::{Content, Layout},
    prints::{Prints, Quotes, Trades},
    rows::{Fault, Row, Sink},
    when::TimeReader,
};
use crate::{
    Error, Result,
    market::{Quote, Trade},
};
use cells::{numbers, texts, times};

impl BarTable {
    /// The rows of batches of Arrow as they are, sound or not. Columns are found by their names, as
    /// [`read_csv_from`](super::read_csv_from) does; an index of pandas that has no name is the time.
    ///
    /// # Errors
    /// When columns are missing or of a type that is no number or no time, the options don't fit, or the batches end in an
    /// error.
    pub fn from_arrow(batches: impl RecordBatchReader, name: Option<&str>, options: &ReadOptions) -> Result<Self> {
        let mut table = Self::lenient(name.map(str::to_owned), options);
        read_batches(Content::Bars, batches, name, options, &mut table)?;
        Ok(table)
    }
}

/// Trades out of batches of Arrow, as [`read_trades`](super::read_trades).
///
/// # Errors
/// As there.
pub fn trades_from_arrow(
    batches: impl RecordBatchReader,
    name: Option<&str>,
    options: &ReadOptions,
) -> Result<Vec<Trade>> {
    let mut trades = Trades(Prints::new(name));
    read_batches(Content::Trades, batches, name, options, &mut trades)?;
    trades.0.finish()
}

/// Quotes out of batches of Arrow, as [`read_quotes`](super::read_quotes).
///
/// # Errors
/// As there.
pub fn quotes_from_arrow(
    batches: impl RecordBatchReader,
    name: Option<&str>,
    options: &ReadOptions,
) -> Result<Vec<Quote>> {
    let mut quotes = Quotes(Prints::new(name), [None, None]);
    read_batches(Content::Quotes, batches, name, options, &mut quotes)?;
    quotes.0.finish()
}

/// The layout of columns that have these names.
pub(super) fn layout(content: Content, schema: &Schema, options: &ReadOptions, name: Option<&str>) -> Result<Layout> {
    if !options.names.is_empty() || options.delimiter.is_some() {
        let field = if options.names.is_empty() { "delimiter" } else { "names" };
        return Err(Error::spec(field, "is for text files; columns have their names here, leave it out"));
    }
    Layout::by_names(content, schema.fields().iter().map(|field| field.name().as_str()), options, name)
}

/// Reads every row into `sink`.
pub(super) fn read_batches(
    content: Content,
    batches: impl RecordBatchReader,
    name: Option<&str>,
    options: &ReadOptions,
    sink: &mut impl Sink,
) -> Result<()> {
    let layout = layout(content, &batches.schema(), options, name)?;
    let source = name.unwrap_or("the frame");
    sink.begin(&layout);
    let (mut reader, mut symbols) = (TimeReader::new(options)?, Symbols::new(options, source));
    let mut row = 0;
    for batch in batches {
        let batch = batch.map_err(|error| Error::spec(name.unwrap_or("arrow"), error.to_string()))?;
        read_batch(&layout, &batch, &mut row, &mut reader, &mut symbols, sink)?;
    }
    symbols.check()
}

fn read_batch(
    layout: &Layout,
    batch: &RecordBatch,
    row: &mut usize,
    reader: &mut TimeReader,
    symbols: &mut Symbols<'_>,
    sink: &mut impl Sink,
) -> Result<()> {
    let refuse = |column: &str, message: String| Error::spec(column, message);
    let columns = layout
        .numbers
        .iter()
        .map(|place| numbers(batch.column(place.at)).map_err(|message| refuse(&place.name, message)));
    let columns = columns.collect::<Result<Vec<_>>>()?;
    let time_name = layout.time_name.as_str();
    let clock = layout
        .clock
        .map(|at| texts(batch.column(at)).ok_or_else(|| refuse("time", "is no text; join it with the date".into())));
    let clock = clock.transpose()?;
    let time_ns =
        times(batch.column(layout.time), clock.as_deref(), reader).map_err(|message| refuse(time_name, message))?;
    let quote_times = layout
        .quote_time
        .map(|at| times(batch.column(at), None, reader).map_err(|message| refuse("quote_time", message)));
    let quote_times = quote_times.transpose()?;
    let text = |at: usize, column: &str| {
        texts(batch.column(at)).ok_or_else(|| refuse(column, format!("{} is no text", batch.column(at).data_type())))
    };
    let names = layout.symbol.map(|at| text(at, "symbol")).transpose()?;
    let aggressors =
        layout.aggressor.map(|(at, of_maker)| text(at, "side").map(|texts| (texts, of_maker))).transpose()?;
    let mut values = vec![0.0; columns.len()];
    for at in 0..batch.num_rows() {
        let own = *row;
        *row += 1;
        if let Some(names) = &names
            && !symbols.take(names[at].as_bytes())?
        {
            continue;
        }
        let time_ns = match &time_ns[at] {
            Ok(time_ns) => *time_ns,
            Err(message) => {
                sink.fault(Fault::new(own, time_name, message.as_str()))?;
                continue;
            }
        };
        for (value, column) in values.iter_mut().zip(&columns) {
            *value = column[at];
        }
        let none = layout.sides.is_none_or(|[bid, ask]| values[bid].is_nan() && values[ask].is_nan());
        let quote_time_ns = match quote_times.as_ref().filter(|_| !none).map(|times| &times[at]) {
            None => 0,
            Some(Ok(time_ns)) => *time_ns,
            Some(Err(message)) => {
                sink.fault(Fault::new(own, "quote_time", message.as_str()))?;
                continue;
            }
        };
        let aggressor = aggressors.as_ref().map(|(texts, of_maker)| (texts[at].as_bytes(), *of_maker));
        sink.push(&Row { row: own, time_ns, numbers: &values, quote_time_ns, aggressor })?;
    }
    Ok(())
}
