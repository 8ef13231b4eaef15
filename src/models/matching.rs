//! How orders in the book meet a bar.

use serde::{Deserialize, Serialize};

use super::queue::LimitRule;
use crate::{Error, Result};

/// The way that prices took inside a bar, of which only open, high, low and close are known.
///
/// Only the pessimistic one is a bound: on a price without drift no orders earn on it. On the others some do, such as a
/// trailing stop that follows to the high of every bar; they are there to compare with.
///
/// ```
/// use tradepit::models::IntrabarPath;
/// let path: IntrabarPath = serde_json::from_str(r#"{"kind": "open_high_low_close"}"#).unwrap();
/// assert_eq!(path, IntrabarPath::OpenHighLowClose {});
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum IntrabarPath {
    /// The worst for this account, bar by bar (the default), of the two fixed paths and of those that turn to the other
    /// extreme where an order filled, or where a trailing stop follows: a stop comes before a target.
    Pessimistic {},
    /// Up first.
    OpenHighLowClose {},
    /// Down first.
    OpenLowHighClose {},
    /// To the extreme nearer to the open first.
    NearestFirst {},
    /// Along finer bars, in the order in which they came; for rows without any, as [`Pessimistic`](Self::Pessimistic).
    SubBars {
        /// The way inside a finer bar.
        #[serde(default)]
        within: Within,
    },
}

/// The way inside a finer bar, of which nothing finer is known.
///
/// ```
/// use tradepit::models::{IntrabarPath, Within};
/// let path: IntrabarPath = serde_json::from_str(r#"{"kind": "sub_bars"}"#).unwrap();
/// assert_eq!(path, IntrabarPath::SubBars { within: Within::NearestFirst {} });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Within {
    /// To the extreme nearer to the open first (the default).
    NearestFirst {},
    /// Up first.
    OpenHighLowClose {},
    /// Down first.
    OpenLowHighClose {},
}

impl Default for Within {
    fn default() -> Self {
        Self::NearestFirst {}
    }
}

/// What happens to an order that would take at once what is too old.
///
/// ```
/// use tradepit::models::{Matching, Stale};
/// let matching: Matching = serde_json::from_str(r#"{"stale": {"kind": "wait", "after_ns": 60000000000}}"#).unwrap();
/// assert_eq!(matching.stale.after_ns(), Some(60_000_000_000));
/// assert!(Matching { stale: Stale::Refuse { after_ns: -1 }, ..matching }.validate().is_err());
/// ```
///
/// Asked of every order that would trade at once when it comes, and of what an order at the market still wants. Against a
/// quote the age counts from the quote's own time; at the open of a bar from the last close before it, so that an opening
/// gap or a missing bar shows. Inside a bar trades go on: nothing is old. Orders that rest are left alone: their sender
/// has named a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Stale {
    /// It fills, however old (the default).
    None {},
    /// It is rejected; what is left of one that has filled in part is cancelled.
    Refuse {
        /// The greatest age that is good, in nanoseconds, at least 0.
        after_ns: i64,
    },
    /// It waits for the next row.
    Wait {
        /// The greatest age that is good, in nanoseconds, at least 0.
        after_ns: i64,
    },
}

impl Default for Stale {
    fn default() -> Self {
        Self::None {}
    }
}

impl Stale {
    /// The greatest age that is good, in nanoseconds; none where every age is.
    #[must_use]
    pub fn after_ns(self) -> Option<i64> {
        match self {
            Self::None {} => None,
            Self::Refuse { after_ns } | Self::Wait { after_ns } => Some(after_ns),
        }
    }
}

impl Default for IntrabarPath {
    fn default() -> Self {
        Self::Pessimistic {}
    }
}

/// How orders in the book meet a bar: which way prices took, when a limit counts as reached, how much there is.
///
/// ```
/// use tradepit::models::Matching;
/// let matching: Matching = serde_json::from_str(r#"{"participation": 0.1, "limit": {"kind": "touch"}}"#).unwrap();
/// assert!(matching.validate().is_ok() && !matching.is_plain());
/// assert!(Matching { participation: Some(1.5), ..matching }.validate().is_err());
/// ```
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Matching {
    /// The way that prices took inside a bar.
    pub path: IntrabarPath,
    /// When a limit that prices reach inside a bar fills. At the open a limit that is better than the price fills at
    /// the price, whatever the rule.
    pub limit: LimitRule,
    /// The share of a bar's volume that all orders of the account together, and the venue's in a margin call, may take of
    /// it, in (0, 1]; the rest waits.
    pub participation: Option<f64>,
    /// How much worse than the last close an order at the market may fill, in ticks; beyond, it waits.
    pub protection_ticks: Option<f64>,
    /// What happens to an order that would take at once what is too old.
    pub stale: Stale,
}

impl Matching {
    /// Whether a market order fills in whole at the point that the fill rule names, whatever the bar.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.participation.is_none() && self.protection_ticks.is_none() && self.stale == Stale::None {}
    }

    /// Whether every number makes sense.
    ///
    /// # Errors
    /// Names the field, its value and the allowed range.
    pub fn validate(&self) -> Result<()> {
        let check = |field: &str, value: f64, ok: bool, range: &str| {
            if ok && value.is_finite() {
                return Ok(());
            }
            Err(Error::spec(format!("matching.{field}"), format!("{value} must be a finite number {range}")))
        };
        self.limit.validate()?;
        let share = self.participation.unwrap_or(1.0);
        check("participation", share, share > 0.0 && share <= 1.0, "in (0, 1]")?;
        let after_ns = self.stale.after_ns().unwrap_or(0);
        check("stale.after_ns", after_ns as f64, after_ns >= 0, "of at least 0")?;
        let ticks = self.protection_ticks.unwrap_or(0.0);
        check("protection_ticks", ticks, ticks >= 0.0, "of at least 0")
    }
}
