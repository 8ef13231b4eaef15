//! Formats that have no header, known by their first row.

use super::{Content, Layout};
use crate::{
    Result,
    ingest::{
        ReadOptions, Stamp,
        when::{Cut, cut},
    },
};

/// Kline dumps of Binance and those who copy them.
const KLINE: [&str; 12] = ["open_time", "open", "high", "low", "close", "volume", "", "", "", "", "", ""];
/// Dumps of Binance's trades, and of its aggregated ones.
const TRADES: [&str; 7] = ["", "price", "qty", "", "time", "is_buyer_maker", ""];
const AGGREGATED: [&str; 8] = ["", "price", "qty", "", "", "time", "is_buyer_maker", ""];
/// Exports of NinjaTrader: bars, ticks, and ticks with the quote that they met.
const NINJA: [&str; 6] = ["ts", "open", "high", "low", "close", "volume"];
const NINJA_TICKS: [&str; 3] = ["ts", "price", "size"];
const NINJA_QUOTED: [&str; 5] = ["ts", "price", "", "", "size"];

/// The layout of a first row that is data already, if it is one that is known.
pub(in super::super) fn bare(
    content: Content,
    first: &[&str],
    options: &ReadOptions,
    source_name: Option<&str>,
) -> Result<Option<Layout>> {
    let number = |at: usize| first.get(at).is_some_and(|field| field.parse::<f64>().is_ok());
    let whole = |at: usize| first.get(at).is_some_and(|field| field.parse::<i64>().is_ok());
    let truth =
        |at: usize| first.get(at).is_some_and(|field| matches!(field.to_ascii_lowercase().as_str(), "true" | "false"));
    let day = first.first().is_some_and(|time| {
        let bytes = time.as_bytes();
        matches!(cut(bytes), Some(Cut::YearFirst(..))) && bytes.iter().take(8).all(u8::is_ascii_digit)
    });
    let timed = first.first().is_some_and(|time| time.len() > 8);
    let ninja = |names: &'static [&'static str]| day && first.len() == names.len() && (1..names.len()).all(number);
    let (names, stamp): (&[&str], _) = match content {
        Content::Bars if first.len() == KLINE.len() && whole(0) && (1..6).all(number) && whole(6) => {
            (&KLINE, (Stamp::Open, false))
        }
        // A day is named by its date, and closes after it; a minute is named by its close.
        Content::Bars if ninja(&NINJA) => (&NINJA, (if timed { Stamp::Close } else { Stamp::Open }, true)),
        Content::Trades if first.len() == TRADES.len() && (0..5).all(number) && truth(5) => {
            (&TRADES, (Stamp::Open, true))
        }
        Content::Trades if first.len() == AGGREGATED.len() && (0..6).all(number) && truth(6) => {
            (&AGGREGATED, (Stamp::Open, true))
        }
        Content::Trades if timed && ninja(&NINJA_TICKS) => (&NINJA_TICKS, (Stamp::Open, true)),
        Content::Trades if timed && ninja(&NINJA_QUOTED) => (&NINJA_QUOTED, (Stamp::Open, true)),
        Content::Bars | Content::Trades | Content::Quotes => return Ok(None),
    };
    if !options.columns.is_empty() {
        let asked = &options.columns;
        let message = format!("{asked:?}, but a file without header names none; give names, or add a header");
        return Err(crate::Error::spec("columns", message));
    }
    let mut layout = Layout::by_names(content, names.iter().copied(), options, source_name)?;
    layout.stamp = Some(stamp);
    layout.check_stamp(options)?;
    Ok(Some(layout))
}
