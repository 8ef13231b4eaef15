//! Trades and quotes, one a row.

use std::path::Path;

use super::{
    BarSeries, ReadOptions,
    csv::{load, read_rows},
    layout::{Content, Layout},
    rows::{Fault, Row, Sink},
};
use crate::{
    Error, Result, Timestamp,
    market::{Aggressor, BarBuilder, BarRule, Quote, Trade},
};

/// Reads a file of trades: a time, `price` (or `last`), `size` (or `volume`, `qty`, `quantity`, `amount`), and who met the
/// other's order if there is a column `side` (`buy` or `sell`, `b` or `s`, 1 or -1) or `is_buyer_maker`. Dumps of Binance's
/// trades and exports of NinjaTrader's ticks need no header.
///
/// ```
/// use tradepit::{ingest::{ReadOptions, read_trades_text}, market::Aggressor};
/// let text = "ts,price,size,side\n2024-03-01T14:30:00.25Z,10.5,3,sell\n2024-03-01T14:30:00.25Z,10.75,1,buy\n";
/// let trades = read_trades_text(text.as_bytes(), "inline", &ReadOptions::default()).unwrap();
/// assert_eq!((trades.len(), trades[0].aggressor, trades[1].price), (2, Aggressor::Seller, 10.75));
/// ```
///
/// # Errors
/// As [`read_csv_from`](super::read_csv_from); times may repeat, but not go back.
pub fn read_trades_text(text: &[u8], name: &str, options: &ReadOptions) -> Result<Vec<Trade>> {
    let mut trades = Trades(Prints::new(Some(name)));
    read_rows(Content::Trades, text, name, options, &mut trades)?;
    trades.0.finish()
}

/// Reads a file of quotes: a time, `bid` and `ask`, and `bid_size` and `ask_size` if there are any.
///
/// ```
/// use tradepit::ingest::{ReadOptions, read_quotes_text};
/// let text = "ts,bid,ask,ask_size\n2024-03-01T14:30:00Z,10.5,10.75,3\n";
/// let quotes = read_quotes_text(text.as_bytes(), "inline", &ReadOptions::default()).unwrap();
/// assert_eq!((quotes[0].spread(), quotes[0].ask_size, quotes[0].bid_size), (0.25, 3.0, 0.0));
/// ```
///
/// # Errors
/// As [`read_csv_from`](super::read_csv_from); times may repeat, but not go back.
pub fn read_quotes_text(text: &[u8], name: &str, options: &ReadOptions) -> Result<Vec<Quote>> {
    let mut quotes = Quotes(Prints::new(Some(name)), [None, None]);
    read_rows(Content::Quotes, text, name, options, &mut quotes)?;
    quotes.0.finish()
}

/// As [`read_trades_text`], of a file of text, or of Parquet where that is switched on.
///
/// # Errors
/// As there, and when the file can't be opened.
pub fn read_trades(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Vec<Trade>> {
    #[cfg(feature = "parquet")]
    if super::parquet::is_parquet(path.as_ref()) {
        let mut trades = Trades(Prints::new(path.as_ref().to_str()));
        super::parquet::read_rows(Content::Trades, path.as_ref(), options, &mut trades)?;
        return trades.0.finish();
    }
    let (name, text) = load(path)?;
    read_trades_text(&text, &name, options)
}

/// As [`read_quotes_text`], of a file of text, or of Parquet where that is switched on.
///
/// # Errors
/// As there, and when the file can't be opened.
pub fn read_quotes(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Vec<Quote>> {
    #[cfg(feature = "parquet")]
    if super::parquet::is_parquet(path.as_ref()) {
        let mut quotes = Quotes(Prints::new(path.as_ref().to_str()), [None, None]);
        super::parquet::read_rows(Content::Quotes, path.as_ref(), options, &mut quotes)?;
        return quotes.0.finish();
    }
    let (name, text) = load(path)?;
    read_quotes_text(&text, &name, options)
}

/// Bars of trades, without the unfinished one at the end. The length of a bar that is not one of time is the median of the
/// steps between them.
///
/// ```
/// use tradepit::{ingest::{ReadOptions, bars_from_trades, read_trades_text}, market::{BarRule, TickBars}};
/// let text = "ts,price,size\n2024-03-01T14:30Z,10,3\n2024-03-01T14:31Z,11,1\n2024-03-01T14:35Z,9,1\n";
/// let trades = read_trades_text(text.as_bytes(), "inline", &ReadOptions::default()).unwrap();
/// let series = bars_from_trades(&trades, &BarRule::Ticks(TickBars { count: 1 })).unwrap();
/// assert_eq!((series.bars.len(), series.period_ns / 60_000_000_000), (3, 4));
/// ```
///
/// # Errors
/// When the rule is out of its range, a trade can't be one, or no bar is filled.
pub fn bars_from_trades(trades: &[Trade], rule: &BarRule) -> Result<BarSeries> {
    let mut builder = BarBuilder::new(rule.clone())?;
    let mut bars = Vec::new();
    for trade in trades {
        bars.extend(builder.push(trade)?);
    }
    if bars.is_empty() {
        return Err(Error::TooLittleData(format!("{} trades fill no bar", trades.len())));
    }
    let period_ns = match rule {
        BarRule::Time(rule) => rule.period_ns,
        BarRule::Ticks(_) | BarRule::Volume(_) | BarRule::Dollar(_) | BarRule::Imbalance(_) => {
            let mut steps: Vec<i64> = bars.windows(2).map(|pair| pair[1].time.nanos() - pair[0].time.nanos()).collect();
            steps.sort_unstable();
            steps.get(steps.len() / 2).copied().unwrap_or(1)
        }
    };
    Ok(BarSeries { bars, period_ns, columns: Vec::new(), quotes: None, sub_bars: Vec::new(), source_name: None })
}

/// What one row says, in order of time.
#[derive(Debug)]
pub(super) struct Prints<T> {
    all: Vec<T>,
    last: Option<Timestamp>,
    source_name: Option<String>,
    time_name: String,
}

impl<T> Prints<T> {
    pub(super) fn new(source_name: Option<&str>) -> Self {
        let source_name = source_name.map(str::to_owned);
        Self { all: Vec::new(), last: None, source_name, time_name: "time".into() }
    }

    fn refuse(&self, row: usize, column: &str, message: impl Into<String>) -> Error {
        Fault::new(row, column, message).into_error(self.source_name.as_deref())
    }

    fn push(&mut self, row: usize, time: Timestamp, print: T) -> Result<()> {
        time.check().map_err(|message| self.refuse(row, &self.time_name, message))?;
        if let Some(last) = self.last.filter(|last| time < *last) {
            let message = format!("{time} is before {last} of the row before; sort the rows");
            return Err(self.refuse(row, &self.time_name, message));
        }
        self.last = Some(time);
        self.all.push(print);
        Ok(())
    }

    pub(super) fn finish(self) -> Result<Vec<T>> {
        if self.all.is_empty() {
            let source = self.source_name.map(|name| format!("{name}: ")).unwrap_or_default();
            return Err(Error::TooLittleData(format!("{source}no rows")));
        }
        Ok(self.all)
    }
}

/// Trades as they come.
#[derive(Debug)]
pub(super) struct Trades(pub(super) Prints<Trade>);

impl Sink for Trades {
    fn begin(&mut self, layout: &Layout) {
        self.0.time_name.clone_from(&layout.time_name);
    }

    fn push(&mut self, row: &Row<'_>) -> Result<()> {
        let aggressor = match row.aggressor {
            None => Aggressor::Unknown,
            Some((text, of_maker)) => aggressor(text, of_maker).ok_or_else(|| {
                let text = String::from_utf8_lossy(text);
                let column = if of_maker { "is_buyer_maker" } else { "side" };
                self.0.refuse(
                    row.row,
                    column,
                    format!("{text:?} is neither side; write buy or sell, or drop the column"),
                )
            })?,
        };
        let (time, price, size) = (Timestamp::from_nanos(row.time_ns), row.numbers[0], row.numbers[1]);
        let trade = Trade { time, price, size, aggressor };
        trade.check().map_err(|(column, message)| self.0.refuse(row.row, column, message))?;
        self.0.push(row.row, time, trade)
    }

    fn fault(&mut self, fault: Fault) -> Result<()> {
        Err(fault.into_error(self.0.source_name.as_deref()))
    }
}

/// Quotes as they come, with the places of their sizes.
#[derive(Debug)]
pub(super) struct Quotes(pub(super) Prints<Quote>, pub(super) [Option<usize>; 2]);

impl Sink for Quotes {
    fn begin(&mut self, layout: &Layout) {
        self.0.time_name.clone_from(&layout.time_name);
        self.1 = layout.sizes;
    }

    fn push(&mut self, row: &Row<'_>) -> Result<()> {
        let size = |at: Option<usize>| at.map_or(0.0, |at| row.numbers[at]);
        let (time, [bid_size, ask_size]) = (Timestamp::from_nanos(row.time_ns), self.1.map(size));
        let quote = Quote { time, bid: row.numbers[0], ask: row.numbers[1], bid_size, ask_size };
        quote.check().map_err(|(column, message)| self.0.refuse(row.row, column, message))?;
        self.0.push(row.row, time, quote)
    }

    fn fault(&mut self, fault: Fault) -> Result<()> {
        Err(fault.into_error(self.0.source_name.as_deref()))
    }
}

/// Who met the other's order. Where the buyer was the maker, a seller did.
fn aggressor(text: &[u8], of_maker: bool) -> Option<Aggressor> {
    let text = text.to_ascii_lowercase();
    Some(match (text.as_slice(), of_maker) {
        (b"true" | b"1", true) | (b"sell" | b"s" | b"seller" | b"-1", false) => Aggressor::Seller,
        (b"false" | b"0", true) | (b"buy" | b"b" | b"buyer" | b"1", false) => Aggressor::Buyer,
        (b"", _) => Aggressor::Unknown,
        _ => return None,
    })
}
