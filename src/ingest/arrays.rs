//! Bars from columns in memory.

use super::{BarSeries, Stamp, series::SeriesBuilder};
use crate::{Bar, Error, Result, Timestamp};

/// Columns of equal length, one number a bar.
///
/// ```
/// use tradepit::ingest::BarColumns;
/// let price = [1.0, 2.0];
/// let columns = BarColumns { times_ns: &[60, 120], open: &price, high: &price, low: &price, close: &price, volume: None };
/// assert_eq!(columns.times_ns.len(), 2);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct BarColumns<'a> {
    /// Nanoseconds since 1970-01-01T00:00:00 UTC.
    pub times_ns: &'a [i64],
    /// First prices.
    pub open: &'a [f64],
    /// Highest prices.
    pub high: &'a [f64],
    /// Lowest prices.
    pub low: &'a [f64],
    /// Last prices.
    pub close: &'a [f64],
    /// Units traded; 0 without it.
    pub volume: Option<&'a [f64]>,
}

/// Makes bars of columns; the length of a bar is the smallest step between two rows unless `period_ns` is given.
///
/// ```
/// use tradepit::ingest::{BarColumns, Stamp, bars_from_columns};
/// let price = [10.0, 11.0];
/// let columns = BarColumns {
///     times_ns: &[0, 60_000_000_000], open: &price, high: &price, low: &price, close: &price, volume: None };
/// let series = bars_from_columns(&columns, Stamp::Open, None).unwrap();
/// assert_eq!(series.bars[1].time.to_string(), "1970-01-01T00:02:00Z");
/// ```
///
/// # Errors
/// Names the column whose length differs, or the row, column and value that can't be a bar.
pub fn bars_from_columns(columns: &BarColumns<'_>, stamp: Stamp, period_ns: Option<i64>) -> Result<BarSeries> {
    let BarColumns { times_ns, open, high, low, close, volume } = *columns;
    let len = times_ns.len();
    let lengths = [
        ("open", open.len()),
        ("high", high.len()),
        ("low", low.len()),
        ("close", close.len()),
        ("volume", volume.map_or(len, <[f64]>::len)),
    ];
    if let Some((name, other)) = lengths.into_iter().find(|(_, other)| *other != len) {
        return Err(Error::spec(name, format!("{other} values for {len} times; give one a row")));
    }
    let mut series = SeriesBuilder::new(None);
    let mut bars = Vec::with_capacity(len);
    for row in 0..len {
        let bar = Bar {
            time: Timestamp::from_nanos(times_ns[row]),
            open: open[row],
            high: high[row],
            low: low[row],
            close: close[row],
            volume: volume.map_or(0.0, |volume| volume[row]),
        };
        series.check(row, "time", &bar)?;
        bars.push(bar);
    }
    series.finish(bars, stamp, period_ns, Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_columns_are_named() {
        let price = [10.0, 11.0];
        let good =
            BarColumns { times_ns: &[60, 120], open: &price, high: &price, low: &price, close: &price, volume: None };
        let refused = |columns: BarColumns<'_>| bars_from_columns(&columns, Stamp::Open, None).unwrap_err().to_string();
        assert_eq!(refused(BarColumns { low: &[1.0], ..good }), "low: 1 values for 2 times; give one a row");
        assert!(refused(BarColumns { volume: Some(&[1.0, -2.0]), ..good }).starts_with("row 1, column volume: -2 is"));
        assert!(refused(BarColumns { times_ns: &[60, 60], ..good }).starts_with("row 1, column time: 1970-"));
        let period = bars_from_columns(&good, Stamp::Close, Some(0)).unwrap_err().to_string();
        assert_eq!(period, "period_ns: 0 must be above 0, the length of a bar");
        let close = bars_from_columns(&good, Stamp::Close, None).unwrap();
        assert_eq!((close.bars[0].time.nanos(), close.period_ns), (60, 60));
    }
}
