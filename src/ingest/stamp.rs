//! What the time of a source's row means.

use serde::{Deserialize, Serialize};

/// Whether a source stamps its bars by the open or by the close of the interval.
///
/// ```
/// use tradepit::ingest::Stamp;
/// assert_eq!(serde_json::from_str::<Stamp>("\"close\"").unwrap(), Stamp::Close);
/// assert_eq!(Stamp::default(), Stamp::Open);
/// ```
///
/// Taking one for the other shows every bar a whole interval early, or late.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stamp {
    /// The first moment of the interval: what most files, frames and kline dumps hold.
    #[default]
    Open,
    /// The last moment of the interval.
    Close,
}
