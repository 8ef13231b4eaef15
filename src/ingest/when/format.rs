//! Ways to write times that can't be told from the text alone.

use crate::{Error, Result};

/// How times are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TimeFormat {
    /// ISO 8601 and its kin, or whole numbers told apart by their size.
    Detect,
    /// 31/12/2024, with any separator.
    DayFirst,
    /// 12/31/2024, with any separator.
    MonthFirst,
    /// Whole numbers since 1970, of so many nanoseconds.
    Epoch(i64),
    /// A pattern of `strftime`.
    Pattern(String),
}

impl TimeFormat {
    pub(super) fn parse(text: &str) -> Result<Self> {
        Ok(match text {
            "day_first" => Self::DayFirst,
            "month_first" => Self::MonthFirst,
            "s" => Self::Epoch(1_000_000_000),
            "ms" => Self::Epoch(1_000_000),
            "us" => Self::Epoch(1_000),
            "ns" => Self::Epoch(1),
            pattern if pattern.contains('%') => Self::Pattern(pattern.to_owned()),
            other => {
                let known = "day_first, month_first, s, ms, us, ns, or a pattern as in %Y-%m-%d %H:%M:%S";
                return Err(Error::spec("time_format", format!("{other:?} is unknown; say {known}")));
            }
        })
    }

    /// Nanoseconds of one, where times are whole numbers.
    pub(super) fn unit(&self) -> Option<i64> {
        match self {
            Self::Epoch(unit) => Some(*unit),
            Self::Detect | Self::DayFirst | Self::MonthFirst | Self::Pattern(_) => None,
        }
    }
}
