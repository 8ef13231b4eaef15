//! One thing that is wrong or odd.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// How bad a finding is.
///
/// ```
/// use tradepit::market::check::{FindingKind, Severity};
/// assert!(Severity::Fatal > Severity::Doubtful && Severity::Doubtful > Severity::Note);
/// assert_eq!(FindingKind::Unsorted.severity(), Severity::Fatal);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// To be known; common in sound data.
    Note,
    /// To be looked at: sound data rarely look so.
    Doubtful,
    /// Data can't be made of it.
    Fatal,
}

/// What kind of thing it is.
///
/// ```
/// use tradepit::market::check::FindingKind;
/// assert_eq!(FindingKind::OffTick.name(), "off_tick");
/// assert_eq!(serde_json::to_string(&FindingKind::OffTick).unwrap(), "\"off_tick\"");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// A cell that is no time or no number.
    Unreadable,
    /// A value that is missing or infinite.
    NotFinite,
    /// A high below the low, or an open or close outside them.
    Ohlc,
    /// A volume below 0.
    NegativeVolume,
    /// A quote that can't be one: crossed, one-sided, of a negative size.
    Quote,
    /// A time before that of the row above it.
    Unsorted,
    /// The time of another row once more.
    Duplicate,
    /// Bars missing while the market was open; the value counts them.
    Gap,
    /// Sessions without any bar, holidays unless the calendar knows them; the value counts them.
    MissingSession,
    /// The smallest step between rows is not the usual one; the value is the smallest, in seconds.
    Irregular,
    /// A price between two ticks.
    OffTick,
    /// No unit was traded, where other rows have volume.
    ZeroVolume,
    /// No row has volume: the source has none.
    NoVolume,
    /// A price that jumps away and comes back; the value is the price.
    Outlier,
    /// A ratio of two sessions' prices like that of a split; the value is the ratio.
    Split,
    /// Prices that look adjusted for rolls, splits or dividends.
    BackAdjusted,
    /// A bar while the market was closed.
    ClosedHours,
    /// Times that look as if they were in another zone; the value is the shift in hours.
    TimeZone,
    /// Times that look as if they were those of the other end of the bar.
    Stamp,
}

impl FindingKind {
    /// As it is written in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::NotFinite => "not_finite",
            Self::Ohlc => "ohlc",
            Self::NegativeVolume => "negative_volume",
            Self::Quote => "quote",
            Self::Unsorted => "unsorted",
            Self::Duplicate => "duplicate",
            Self::Gap => "gap",
            Self::MissingSession => "missing_session",
            Self::Irregular => "irregular",
            Self::OffTick => "off_tick",
            Self::ZeroVolume => "zero_volume",
            Self::NoVolume => "no_volume",
            Self::Outlier => "outlier",
            Self::Split => "split",
            Self::BackAdjusted => "back_adjusted",
            Self::ClosedHours => "closed_hours",
            Self::TimeZone => "time_zone",
            Self::Stamp => "stamp",
        }
    }

    /// How bad it is, where nothing else is said.
    #[must_use]
    pub fn severity(self) -> Severity {
        match self {
            Self::Unreadable
            | Self::NotFinite
            | Self::Ohlc
            | Self::NegativeVolume
            | Self::Quote
            | Self::Unsorted
            | Self::Duplicate => Severity::Fatal,
            Self::Gap
            | Self::Irregular
            | Self::OffTick
            | Self::ZeroVolume
            | Self::Outlier
            | Self::Split
            | Self::BackAdjusted
            | Self::ClosedHours
            | Self::TimeZone
            | Self::Stamp => Severity::Doubtful,
            Self::MissingSession | Self::NoVolume => Severity::Note,
        }
    }
}

/// One thing that is wrong or odd, and where.
///
/// ```
/// use tradepit::market::check::{Finding, FindingKind};
/// let finding = Finding::new(FindingKind::ZeroVolume, 7, "2024-03-01T14:30:00Z".parse().unwrap(), "no unit traded");
/// assert_eq!(finding.to_string(), "row 7, 2024-03-01T14:30:00Z: zero_volume: no unit traded");
/// let json = serde_json::to_string(&finding).unwrap();
/// assert_eq!(serde_json::from_str::<Finding>(&json).unwrap(), finding);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// What kind of thing it is.
    pub kind: FindingKind,
    /// How bad it is.
    pub severity: Severity,
    /// Row of the source, counted from 0 without the header.
    pub row: usize,
    /// Close of the row's bar, or what the row has for it; ISO 8601 in JSON.
    #[serde(with = "iso")]
    pub time: Timestamp,
    /// The column, where it is one.
    #[serde(default)]
    pub column: Option<String>,
    /// The value, where it is one and finite.
    #[serde(default)]
    pub value: Option<f64>,
    /// What was seen, and what to do.
    pub message: String,
}

impl Finding {
    /// A finding without column and value, as bad as its kind.
    #[must_use]
    pub fn new(kind: FindingKind, row: usize, time: Timestamp, message: impl Into<String>) -> Self {
        Self { kind, severity: kind.severity(), row, time, column: None, value: None, message: message.into() }
    }

    /// With the column that it is about.
    #[must_use]
    pub fn column(mut self, column: impl Into<String>) -> Self {
        self.column = Some(column.into());
        self
    }

    /// With the value that it is about; what is not finite is left out, because JSON can't hold it.
    #[must_use]
    pub fn value(mut self, value: f64) -> Self {
        self.value = Some(value).filter(|value| value.is_finite());
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {}, {}: {}", self.row, self.time, self.kind.name())?;
        if let Some(column) = &self.column {
            write!(f, ", {column}")?;
        }
        write!(f, ": {}", self.message)
    }
}

/// Times as people read them.
pub(super) mod iso {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use crate::Timestamp;

    pub(crate) fn serialize<S: Serializer>(time: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(time)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}
