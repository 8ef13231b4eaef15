//! How to read a source.

use serde::{Deserialize, Serialize};

use super::Stamp;
use crate::market::QuotesAt;

/// How to read a file or a frame; what is left out is detected, or has the default that is named.
///
/// ```
/// use tradepit::ingest::{ReadOptions, Stamp};
/// let options: ReadOptions = serde_json::from_str(r#"{"stamp": "close", "time_zone": "America/New_York"}"#).unwrap();
/// assert_eq!((options.stamp, options.symbol, options.period_ns), (Some(Stamp::Close), None, None));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReadOptions {
    /// What the times mean; the open unless the format says otherwise, as NinjaTrader's does.
    pub stamp: Option<Stamp>,
    /// Length of a bar in nanoseconds; the smallest step between two rows without it.
    pub period_ns: Option<i64>,
    /// The one to take, where a column `symbol` names several instruments.
    pub symbol: Option<String>,
    /// Which moment of a row its quote is from, where the source has `bid` and `ask`.
    pub quotes: QuotesAt,
    /// Further columns to keep, by their names in the source; an empty cell is NaN.
    pub columns: Vec<String>,
    /// Names of the columns of a text file without a header, in order; an empty name passes its column over.
    pub names: Vec<String>,
    /// What stands between the fields of a text file; the most frequent of comma, semicolon, tab and bar without it.
    pub delimiter: Option<char>,
    /// How times are written: `day_first` or `month_first` (03/01/2024), `s`, `ms`, `us` or `ns` (whole numbers since 1970),
    /// or a pattern of `strftime`, as in `%d %b %Y %H:%M`. Detected without it, as [`read_csv_from`](super::read_csv_from)
    /// says.
    pub time_format: Option<String>,
    /// The zone of times that are written without an offset, by its IANA name; UTC without it.
    pub time_zone: Option<String>,
}
