//! Which column is which.

use csv::StringRecord;

use crate::{Error, Result};

/// Names of a time column, the surest first; an empty name is what pandas writes for an index without one.
const TIME: [&str; 7] = ["ts", "timestamp", "datetime", "open_time", "date", "time", ""];
/// Columns of a kline dump.
const KLINE: usize = 12;

/// Places of the columns in a record.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) time: usize,
    /// The hour, where the date stands in a column of its own.
    pub(super) clock: Option<usize>,
    pub(super) time_name: String,
    /// Open, high, low, close.
    pub(super) prices: [usize; 4],
    pub(super) volume: Option<usize>,
    pub(super) symbol: Option<usize>,
    /// Bid and ask, where there are both.
    pub(super) quote: Option<QuotePlaces>,
    /// Columns asked for beyond those of a bar.
    pub(super) extra: Vec<usize>,
    /// Whether times are those of the open, whatever the caller says.
    pub(super) open_times: bool,
}

/// Places of the columns of a quote.
#[derive(Clone, Copy, Debug)]
pub(super) struct QuotePlaces {
    /// Bid and ask.
    pub(super) sides: [usize; 2],
    /// Units there.
    pub(super) sizes: [Option<usize>; 2],
    /// When it came.
    pub(super) time: Option<usize>,
}

/// Whether a first record is already data, in the layout of a kline dump: 12 columns and no header.
pub(super) fn is_kline(first: &StringRecord) -> bool {
    let number = |at: usize| first.get(at).is_some_and(|field| field.parse::<f64>().is_ok());
    let whole = |at: usize| first.get(at).is_some_and(|field| field.parse::<i64>().is_ok());
    first.len() == KLINE && whole(0) && (1..6).all(number) && whole(6)
}

impl Header {
    /// The layout of a kline dump: open time, open, high, low, close, volume, close time and five more.
    pub(super) fn kline() -> Self {
        Self {
            time: 0,
            clock: None,
            time_name: "open_time".into(),
            prices: [1, 2, 3, 4],
            volume: Some(5),
            symbol: None,
            quote: None,
            extra: Vec::new(),
            open_times: true,
        }
    }

    pub(super) fn parse(record: &StringRecord, extra: &[String], source_name: &str) -> Result<Self> {
        let names: Vec<String> = record.iter().map(str::to_ascii_lowercase).collect();
        let refuse = |column: &str, message: String| Error::Data {
            source_name: Some(source_name.to_owned()),
            row: 0,
            column: column.to_owned(),
            message,
        };
        let missing = |column: &str, hint: &str| {
            let header = record.iter().take(16).collect::<Vec<_>>().join(",");
            refuse(column, format!("not in the header {header:?}; {hint}"))
        };
        for (at, name) in names.iter().enumerate() {
            if !name.is_empty() && names[..at].contains(name) {
                return Err(refuse(name, "is twice in the header; rename one".into()));
            }
        }
        let place = |name: &str| names.iter().position(|n| n == name);
        let price = |name: &str| place(name).ok_or_else(|| missing(name, "name the column so, in any case"));
        let time = TIME
            .iter()
            .find_map(|name| place(name))
            .ok_or_else(|| missing("ts", "name the time ts, timestamp, datetime, date or time"))?;
        let clock = (names[time] == "date").then(|| place("time")).flatten();
        let extra = extra
            .iter()
            .map(|name| {
                record.iter().position(|n| n == name).ok_or_else(|| missing(name, "ask for a column that is there"))
            })
            .collect::<Result<_>>()?;
        Ok(Self {
            time,
            clock,
            time_name: if names[time].is_empty() { "time".into() } else { names[time].clone() },
            prices: [price("open")?, price("high")?, price("low")?, price("close")?],
            volume: place("volume"),
            symbol: place("symbol"),
            quote: place("bid").zip(place("ask")).map(|sides| QuotePlaces {
                sides: [sides.0, sides.1],
                sizes: [place("bid_size"), place("ask_size")],
                time: place("quote_time"),
            }),
            extra,
            open_times: names[time] == "open_time",
        })
    }
}
