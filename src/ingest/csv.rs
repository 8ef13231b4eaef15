//! Comma-separated values.

mod quotes;

use std::{
    collections::BTreeSet,
    fs::File,
    io::{BufRead, BufReader, Cursor, Read},
    path::Path,
};

use csv::{ReaderBuilder, StringRecord, Trim};
use serde::{Deserialize, Serialize};

use super::{
    BarSeries, Stamp,
    header::{Header, is_kline},
    series::SeriesBuilder,
    when::parse_time,
};
use crate::{
    Bar, Error, Instrument, MarketData, Result,
    market::{Calendar, QuotesAt},
};
use quotes::QuoteTable;

/// How to read a file of comma-separated values.
///
/// ```
/// use tradepit::ingest::{CsvOptions, Stamp};
/// let options: CsvOptions = serde_json::from_str(r#"{"stamp": "close", "symbol": "IBM"}"#).unwrap();
/// assert_eq!((options.stamp, options.symbol.as_deref(), options.period_ns), (Stamp::Close, Some("IBM"), None));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CsvOptions {
    /// What the times mean.
    pub stamp: Stamp,
    /// Length of a bar in nanoseconds; the smallest step between two rows without it.
    pub period_ns: Option<i64>,
    /// The one to take, where a column `symbol` names several instruments.
    pub symbol: Option<String>,
    /// Which moment of a row its quote is from, where the file has `bid` and `ask`.
    pub quotes: QuotesAt,
    /// Further columns to keep, by their names in the header; an empty cell is NaN.
    pub columns: Vec<String>,
}

/// Reads a file of bars.
///
/// ```
/// use tradepit::{ingest::{CsvOptions, read_csv}, time::MINUTE_NS};
/// let series = read_csv("python/tradepit/samples/eurusd_1h.csv", &CsvOptions::default()).unwrap();
/// assert_eq!(series.period_ns, 60 * MINUTE_NS);
/// ```
///
/// # Errors
/// As [`read_csv_from`], and when the file can't be opened.
pub fn read_csv(path: impl AsRef<Path>, options: &CsvOptions) -> Result<BarSeries> {
    let path = path.as_ref();
    let name = path.display().to_string();
    let file = File::open(path).map_err(|source| Error::Io { path: name.clone(), source })?;
    read_csv_from(file, &name, options)
}

/// Reads a file of bars of one instrument, and gives its market.
///
/// ```
/// use tradepit::{Instrument, ingest::{Stamp, load_csv}, market::Calendar};
/// let path = "python/tradepit/samples/es_1m.csv";
/// let data = load_csv(path, Instrument::es(), Calendar::Cme, Stamp::Open).unwrap();
/// assert_eq!(data.len(), 2_264);
/// ```
///
/// # Errors
/// As [`read_csv`] and [`BarSeries::into_data`].
pub fn load_csv(
    path: impl AsRef<Path>,
    instrument: Instrument,
    calendar: Calendar,
    stamp: Stamp,
) -> Result<MarketData> {
    read_csv(path, &CsvOptions { stamp, ..CsvOptions::default() })?.into_data(instrument, calendar)
}

/// Reads bars from anything that can be read; `name` stands in error messages.
///
/// ```
/// use tradepit::ingest::{CsvOptions, read_csv_from};
/// let text = "Date;Open;High;Low;Close;Volume\n2024-03-01;10;11;9;10;7\n2024-03-04;10;12;10;11;8\n2024-03-05;11;11;10;10;9\n";
/// let series = read_csv_from(text.as_bytes(), "inline", &CsvOptions::default()).unwrap();
/// assert_eq!(series.bars[0].time.to_string(), "2024-03-02T00:00:00Z"); // a day, stamped by its open
/// let error = read_csv_from(text.replace("12", "9.5").as_bytes(), "x.csv", &CsvOptions::default()).unwrap_err();
/// assert!(error.to_string().starts_with("x.csv: row 1, column high: high 9.5 is below low 10"));
/// ```
///
/// The first line names the columns, in any case and order: the time (`ts`, `timestamp`, `datetime`, `date`, `date` and
/// `time` together, or `time`), `open`, `high`, `low`, `close`; `volume` (0 without such a column) and `symbol` if there
/// are any. The delimiter is the one of comma, semicolon, tab and bar that this line holds most. Kline dumps of 12 columns
/// have no header and are known by that. Times are ISO 8601 (UTC where they have no offset), or whole seconds, milli-,
/// micro- or nanoseconds since 1970, told apart by their size.
///
/// # Errors
/// [`Error::Data`] with name, row (from 0, without the header), column and value for what can't be read or can't be a
/// bar; [`Error::Spec`] when the options don't fit the file; [`Error::TooLittleData`] when there is no row, or one row
/// and no `period_ns`; [`Error::Io`].
///
/// Where there are columns `bid` and `ask` they are quotes, with `bid_size` and `ask_size` if there are any. Both are empty
/// where no new quote came. `quote_time` says when one came, as times do; without it a quote is of the moment that
/// [`CsvOptions::quotes`] names.
pub fn read_csv_from(reader: impl Read, name: &str, options: &CsvOptions) -> Result<BarSeries> {
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    reader.read_until(b'\n', &mut line).map_err(|source| Error::Io { path: name.to_owned(), source })?;
    let mut records = ReaderBuilder::new()
        .delimiter(delimiter(&line))
        .has_headers(false)
        .trim(Trim::All)
        .from_reader(Cursor::new(line).chain(reader));
    let mut record = StringRecord::new();
    let mut series = SeriesBuilder::new(Some(name.to_owned()), 0);
    let mut row = 0;
    let mut next = |record: &mut StringRecord, row: usize| {
        records.read_record(record).map_err(|error| unreadable(error, name, row))
    };
    if !next(&mut record, 0)? {
        return Err(Error::TooLittleData(format!("{name}: the file is empty")));
    }
    let kline = is_kline(&record);
    let header = if kline { Header::kline() } else { Header::parse(&record, &options.columns, name)? };
    check_options(&header, kline, options)?;
    let mut columns: Vec<(String, Vec<f32>)> = options.columns.iter().map(|c| (c.clone(), Vec::new())).collect();
    let mut symbols = BTreeSet::new();
    let mut quotes = header.quote.map(|places| (places, QuoteTable::default()));
    let mut more = kline || next(&mut record, row)?;
    while more {
        if take_symbol(&header, &record, options, &mut symbols, name)? {
            let bar = parse_bar(&header, &record).map_err(|(column, message)| series.refuse(row, column, message))?;
            series.push(row, &header.time_name, bar)?;
            if let Some((places, table)) = &mut quotes {
                table.push(places, &record).map_err(|(column, message)| series.refuse(row, column, message))?;
            }
            for (&at, (column, values)) in header.extra.iter().zip(&mut columns) {
                let field = record.get(at).unwrap_or_default();
                let value = if field.is_empty() { Ok(f32::NAN) } else { field.parse() };
                values.push(value.map_err(|_| series.refuse(row, column, format!("{field:?} is not a number")))?);
            }
        }
        row += 1;
        more = next(&mut record, row)?;
    }
    if let Some(symbol) = options.symbol.as_ref().filter(|symbol| !symbols.contains(*symbol)) {
        return Err(Error::spec("symbol", format!("{symbol:?} is not in {name}, which has {}", list(&symbols))));
    }
    let series = series.finish(options.stamp, options.period_ns, columns)?;
    match quotes {
        Some((places, table)) => series.with_quotes(&table.columns(places.time.is_some()), options.quotes),
        None => Ok(series),
    }
}

fn check_options(header: &Header, kline: bool, options: &CsvOptions) -> Result<()> {
    if header.open_times && options.stamp == Stamp::Close {
        return Err(Error::spec("stamp", "\"close\", but the file holds open times (klines); use \"open\""));
    }
    if kline && !options.columns.is_empty() {
        let asked = &options.columns;
        return Err(Error::spec("columns", format!("{asked:?}, but a kline dump without header names none; add one")));
    }
    if header.symbol.is_none() && options.symbol.is_some() {
        let symbol = options.symbol.as_deref().unwrap_or_default();
        return Err(Error::spec("symbol", format!("{symbol:?}, but the file has no column symbol; leave it out")));
    }
    Ok(())
}

/// Whether the record is of the instrument that was asked for.
fn take_symbol(
    header: &Header,
    record: &StringRecord,
    options: &CsvOptions,
    symbols: &mut BTreeSet<String>,
    name: &str,
) -> Result<bool> {
    let Some(symbol) = header.symbol.and_then(|at| record.get(at)) else { return Ok(true) };
    if !symbols.contains(symbol) {
        symbols.insert(symbol.to_owned());
        if options.symbol.is_none() && symbols.len() > 1 {
            return Err(Error::spec("symbol", format!("{name} holds several, {}; choose one", list(symbols))));
        }
    }
    Ok(options.symbol.as_deref().is_none_or(|wanted| wanted == symbol))
}

fn list(symbols: &BTreeSet<String>) -> String {
    let mut names: Vec<&str> = symbols.iter().map(String::as_str).take(10).collect();
    if symbols.len() > names.len() {
        names.push("...");
    }
    names.join(", ")
}

fn parse_bar<'a>(header: &'a Header, record: &StringRecord) -> std::result::Result<Bar, (&'a str, String)> {
    let field = |at: usize| record.get(at).unwrap_or_default();
    let time = match header.clock {
        Some(clock) => parse_time(&format!("{} {}", field(header.time), field(clock))),
        None => parse_time(field(header.time)),
    };
    let number = |at: usize, column: &'static str| match field(at) {
        "" => Err((column, "is empty; fill or drop the row, or drop the column volume if it has none".to_owned())),
        text => text.parse::<f64>().map_err(|_| (column, format!("{text:?} is not a number such as 4512.25"))),
    };
    let [open, high, low, close] = header.prices;
    Ok(Bar {
        time: time.map_err(|message| (header.time_name.as_str(), message))?,
        open: number(open, "open")?,
        high: number(high, "high")?,
        low: number(low, "low")?,
        close: number(close, "close")?,
        volume: header.volume.map_or(Ok(0.0), |at| number(at, "volume"))?,
    })
}

fn delimiter(line: &[u8]) -> u8 {
    let count = |delimiter: u8| line.iter().filter(|&&byte| byte == delimiter).count();
    // Of equal counts the last wins: a line without any is read as one column of commas.
    [b'|', b'\t', b';', b','].into_iter().max_by_key(|&delimiter| count(delimiter)).unwrap_or(b',')
}

fn unreadable(error: csv::Error, name: &str, row: usize) -> Error {
    let message = error.to_string();
    match error.into_kind() {
        csv::ErrorKind::Io(source) => Error::Io { path: name.to_owned(), source },
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => Error::Data {
            source_name: Some(name.to_owned()),
            row,
            column: "all".into(),
            message: format!("{len} fields where the first line has {expected_len}; is a delimiter missing?"),
        },
        _ => Error::Data { source_name: Some(name.to_owned()), row, column: "all".into(), message },
    }
}

#[cfg(test)]
mod tests;
