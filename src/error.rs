//! What can go wrong in a market.

/// An error of the market; its text names the field, the value and what to do.
///
/// ```
/// use tradepit::{Instrument, market::MarketData};
/// let error = MarketData::builder(vec![Instrument::es()]).build().unwrap_err();
/// assert!(error.to_string().contains("no bars"));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A value of the data is unusable.
    #[error("{file}row {row}, column {column}: {message}", file = source_name.as_ref().map(|s| format!("{s}: ")).unwrap_or_default())]
    Data {
        /// The file, if there is one.
        source_name: Option<String>,
        /// Row, counted from 0 without the header.
        row: usize,
        /// Column name.
        column: String,
        /// The value and what to do.
        message: String,
    },
    /// A field of a specification is out of range.
    #[error("{field}: {message}")]
    Spec {
        /// Path of the field, as in `slippage.bps`.
        field: String,
        /// The value, the allowed range, what to do.
        message: String,
    },
    /// An order that no venue would take.
    #[error("order for instrument {instrument}: {message}")]
    Order {
        /// The instrument's index.
        instrument: u32,
        /// What is wrong with it.
        message: String,
    },
    /// There is not enough data for what was asked.
    #[error("too little data: {0}")]
    TooLittleData(String),
    /// A replay left the recorded road.
    #[error("replay diverged at {at}: {message}")]
    Diverged {
        /// Time of the decision.
        at: crate::Timestamp,
        /// What was recorded and what came.
        message: String,
    },
    /// The venue can't go on: a broker is gone, a journal is full, a channel closed.
    #[error("venue: {0}")]
    Venue(String),
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
}

impl Error {
    /// A [`Error::Spec`] from its parts.
    #[must_use]
    pub fn spec(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Spec { field: field.into(), message: message.into() }
    }
}

/// Shorthand.
pub type Result<T> = std::result::Result<T, Error>;
