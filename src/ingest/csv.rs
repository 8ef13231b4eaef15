//! Comma-separated values, and text that is separated otherwise.

mod fields;

use std::{collections::BTreeSet, fs, io::Read, path::Path};

use super::{
    BarSeries, BarTable, ReadOptions, Stamp,
    layout::{Content, Layout, bare},
    rows::{Fault, Row, Sink},
    when::TimeReader,
};
use crate::{Error, Instrument, MarketData, Result, market::Calendar};
use fields::Fields;

/// Reads a file of bars; with the feature `compressed` also one packed by gzip, or alone in a zip archive.
///
/// ```
/// use tradepit::{ingest::{ReadOptions, read_csv}, time::MINUTE_NS};
/// let series = read_csv("python/tradepit/samples/eurusd_1h.csv", &ReadOptions::default()).unwrap();
/// assert_eq!(series.period_ns, 60 * MINUTE_NS);
/// ```
///
/// # Errors
/// As [`read_csv_from`], and when the file can't be opened.
pub fn read_csv(path: impl AsRef<Path>, options: &ReadOptions) -> Result<BarSeries> {
    let (name, text) = load(path)?;
    read_csv_from(text.as_slice(), &name, options)
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
    read_csv(path, &ReadOptions { stamp: Some(stamp), ..ReadOptions::default() })?.into_data(instrument, calendar)
}

/// Reads bars from anything that can be read; `name` stands in error messages.
///
/// ```
/// use tradepit::ingest::{ReadOptions, read_csv_from};
/// let text = "Date;Open;High;Low;Close;Volume\n2024-03-01;10;11;9;10;7\n2024-03-04;10;12;10;11;8\n2024-03-05;11;11;10;10;9\n";
/// let series = read_csv_from(text.as_bytes(), "inline", &ReadOptions::default()).unwrap();
/// assert_eq!(series.bars[0].time.to_string(), "2024-03-02T00:00:00Z"); // a day, stamped by its open
/// let error = read_csv_from(text.replace("12", "9.5").as_bytes(), "x.csv", &ReadOptions::default()).unwrap_err();
/// assert!(error.to_string().starts_with("x.csv: row 1, column high: high 9.5 is below low 10"));
/// ```
///
/// The first line names the columns, in any case and order: the time (`ts`, `timestamp`, `datetime`, `date`, `date` and
/// `time` together, or `time`), `open`, `high`, `low`, `close`; `volume` (0 without such a column, or when no row has any)
/// and `symbol` if there are any. The delimiter is the one of comma, semicolon, tab and bar that this line holds most.
///
/// Without a header, kline dumps of 12 columns (open times) and exports of NinjaTrader (`yyyyMMdd HHmmss;o;h;l;c;v`, close
/// times, UTC) are known by their first row; of any other file [`ReadOptions::names`] gives the names.
///
/// Times are ISO 8601 or like it (`2024/03/01 14:30`, `20240301 143000`, `2024-03-01 2:30 PM`), or whole seconds, milli-,
/// micro- or nanoseconds since 1970, told apart by their size. Dates whose year is last (`03/01/2024`) are read with the day
/// or the month first as the first row says that can't be the other. Times without an offset are those of
/// [`ReadOptions::time_zone`], else UTC.
///
/// # Errors
/// [`Error::Data`] with name, row (from 0, without the header), column and value for what can't be read or can't be a
/// bar; [`Error::Spec`] when the options don't fit the file, or it could be read in two ways: then it names the option to
/// set; [`Error::TooLittleData`] when there is no row, or one row and no `period_ns`; [`Error::Io`].
///
/// Where there are columns `bid` and `ask` they are quotes, with `bid_size` and `ask_size` if there are any. Both are empty
/// where no new quote came. `quote_time` says when one came, as times do; without it a quote is of the moment that
/// [`ReadOptions::quotes`] names.
pub fn read_csv_from(mut reader: impl Read, name: &str, options: &ReadOptions) -> Result<BarSeries> {
    let mut text = Vec::new();
    reader.read_to_end(&mut text).map_err(|source| Error::Io { path: name.to_owned(), source })?;
    let mut table = BarTable::strict(Some(name.to_owned()), options);
    read_rows(Content::Bars, &text, name, options, &mut table)?;
    table.into_series()
}

impl BarTable {
    /// The rows of a text file as they are, sound or not.
    ///
    /// ```
    /// use tradepit::ingest::{BarTable, ReadOptions};
    /// let text = "ts,open,high,low,close\n2024-03-01T14:30Z,10,11,9,10\n2024-03-01T14:31Z,10,x,9,10\n";
    /// let table = BarTable::from_csv_text(text.as_bytes(), "inline", &ReadOptions::default()).unwrap();
    /// assert_eq!(table.len(), 2);
    /// assert!(table.into_series().unwrap_err().to_string().starts_with("inline: row 1, column high: \"x\" is not"));
    /// ```
    ///
    /// # Errors
    /// When columns are missing or the options don't fit the file.
    pub fn from_csv_text(text: &[u8], name: &str, options: &ReadOptions) -> Result<Self> {
        let mut table = Self::lenient(Some(name.to_owned()), options);
        read_rows(Content::Bars, text, name, options, &mut table)?;
        Ok(table)
    }
}

/// The name of a file, for messages, and what is in it.
pub(super) fn load(path: impl AsRef<Path>) -> Result<(String, Vec<u8>)> {
    let path = path.as_ref();
    let name = path.display().to_string();
    let text = fs::read(path).map_err(|source| Error::Io { path: name.clone(), source })?;
    #[cfg(feature = "compressed")]
    let text = super::packed::unpack(text, &name)?;
    Ok((name, text))
}

/// Reads every row into `sink`.
pub(super) fn read_rows(
    content: Content,
    text: &[u8],
    name: &str,
    options: &ReadOptions,
    sink: &mut impl Sink,
) -> Result<()> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let delimiter = delimiter(text, options)?;
    let mut fields = Fields::new(text, delimiter);
    if !fields.next()? {
        return Err(Error::TooLittleData(format!("{name}: the file is empty")));
    }
    let first: Vec<String> = fields.iter().map(|field| String::from_utf8_lossy(field).into_owned()).collect();
    let first: Vec<&str> = first.iter().map(String::as_str).collect();
    let given = || options.names.iter().map(String::as_str);
    let (layout, headed) = if !options.names.is_empty() {
        (Layout::by_names(content, given(), options, Some(name))?, false)
    } else if let Some(layout) = bare(content, &first, options, Some(name))? {
        (layout, false)
    } else {
        (Layout::by_names(content, first.iter().copied(), options, Some(name))?, true)
    };
    sink.begin(&layout);
    let mut more = if headed { fields.next()? } else { true };
    let mut times = TimeReader::new(options)?;
    if more && fields.len() == layout.width && times.needs_order(fields.get(layout.time)) {
        let mut ahead = Fields::new(text, delimiter);
        let all =
            std::iter::from_fn(|| ahead.next().ok().filter(|more| *more).map(|_| ahead.get(layout.time).to_vec()));
        let all: Vec<Vec<u8>> = all.skip(usize::from(headed)).collect();
        times.find_order(all.iter().map(Vec::as_slice))?;
    }
    let mut symbols = Symbols::new(options, name);
    let mut numbers = vec![0.0; layout.numbers.len()];
    let mut row = 0;
    while more {
        match read_row(&layout, &fields, row, &mut times, &mut symbols, &mut numbers, sink) {
            Ok(()) => {}
            Err(Stop::Fault(fault)) => sink.fault(fault)?,
            Err(Stop::Error(error)) => return Err(error),
        }
        row += 1;
        more = fields.next()?;
    }
    symbols.check()
}

/// Why a row is not handed on.
enum Stop {
    Fault(Fault),
    Error(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

fn read_row(
    layout: &Layout,
    fields: &Fields<'_>,
    row: usize,
    times: &mut TimeReader,
    symbols: &mut Symbols<'_>,
    numbers: &mut [f64],
    sink: &mut impl Sink,
) -> std::result::Result<(), Stop> {
    if fields.len() != layout.width {
        let (len, width) = (fields.len(), layout.width);
        let message = format!("{len} fields where the first line has {width}; is a delimiter missing?");
        return Err(Stop::Fault(Fault::new(row, "all", message)));
    }
    if let Some(at) = layout.symbol
        && !symbols.take(fields.get(at))?
    {
        return Ok(());
    }
    let clock = layout.clock.map(|at| fields.get(at));
    let time = times.read(fields.get(layout.time), clock);
    let time_ns = time.map_err(|message| Stop::Fault(Fault::new(row, layout.time_name.as_str(), message)))?;
    for (place, number) in layout.numbers.iter().zip(&mut *numbers) {
        let field = fields.get(place.at);
        let message = match fast_float2::parse::<f64, _>(field) {
            Ok(value) => {
                *number = value;
                continue;
            }
            Err(_) if field.is_empty() && place.optional => {
                *number = f64::NAN;
                continue;
            }
            Err(_) if field.is_empty() => "is empty; fill or drop the row".to_owned(),
            Err(_) => format!("{:?} is not a number such as 4512.25", String::from_utf8_lossy(field)),
        };
        *number = f64::NAN;
        sink.fault(Fault::new(row, place.name.as_str(), message))?;
    }
    let mut quote_time_ns = 0;
    if let (Some(at), Some([bid, ask])) = (layout.quote_time, layout.sides)
        && !(numbers[bid].is_nan() && numbers[ask].is_nan())
    {
        let time = times.read(fields.get(at), None);
        quote_time_ns = time.map_err(|message| Stop::Fault(Fault::new(row, "quote_time", message)))?;
    }
    let aggressor = layout.aggressor.map(|(at, of_maker)| (fields.get(at), of_maker));
    sink.push(&Row { row, time_ns, numbers, quote_time_ns, aggressor })?;
    Ok(())
}

fn delimiter(text: &[u8], options: &ReadOptions) -> Result<u8> {
    if let Some(given) = options.delimiter {
        let refused = |_| Error::spec("delimiter", format!("{given:?} must be a single byte, such as ';'"));
        return u8::try_from(given).map_err(refused);
    }
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |delimiter: u8| line.iter().filter(|&&byte| byte == delimiter).count();
    // Of equal counts the last wins: a line without any is read as one column of commas.
    Ok([b'|', b'\t', b';', b','].into_iter().max_by_key(|&delimiter| count(delimiter)).unwrap_or(b','))
}

/// The instruments of a source, of which one is taken.
#[derive(Debug)]
pub(super) struct Symbols<'a> {
    wanted: Option<&'a str>,
    seen: BTreeSet<Vec<u8>>,
    last: Vec<u8>,
    name: &'a str,
}

impl<'a> Symbols<'a> {
    pub(super) fn new(options: &'a ReadOptions, name: &'a str) -> Self {
        Self { wanted: options.symbol.as_deref(), seen: BTreeSet::new(), last: Vec::new(), name }
    }

    /// Whether rows of that instrument are asked for.
    ///
    /// # Errors
    /// When there are several and none was named.
    pub(super) fn take(&mut self, symbol: &[u8]) -> Result<bool> {
        if (self.last != symbol || self.seen.is_empty()) && self.seen.insert(symbol.to_vec()) {
            if self.wanted.is_none() && self.seen.len() > 1 {
                let message = format!("{} holds several, {}; choose one", self.name, self.list());
                return Err(Error::spec("symbol", message));
            }
            self.last = symbol.to_vec();
        }
        Ok(self.wanted.is_none_or(|wanted| wanted.as_bytes() == symbol))
    }

    /// # Errors
    /// When the one that was asked for never came.
    pub(super) fn check(&self) -> Result<()> {
        match self.wanted {
            Some(symbol) if !self.seen.contains(symbol.as_bytes()) => {
                Err(Error::spec("symbol", format!("{symbol:?} is not in {}, which has {}", self.name, self.list())))
            }
            _ => Ok(()),
        }
    }

    fn list(&self) -> String {
        let all = self.seen.iter().map(|symbol| String::from_utf8_lossy(symbol).into_owned());
        let mut names: Vec<String> = all.take(10).collect();
        if self.seen.len() > names.len() {
            names.push("...".into());
        }
        names.join(", ")
    }
}

#[cfg(test)]
mod tests;
